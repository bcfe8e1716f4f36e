//! One item of a form: a group, a text, or a question with everything that is asked of its answer.
//!
//! Not here: the whole form (`questionnaire`). Standard:
//! <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item>

use akson_fhir::fhirpath::Decimal;
use serde_json::{Map, Value};

use crate::answer::{Answer, Number};
use crate::condition::Condition;
use crate::element::text;
use crate::formula::Formula;
use crate::options::AnswerOption;
use crate::questionnaire::Constraint;

/// An item's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Holds other items.
    Group,
    /// A text that is not answered.
    Display,
    /// Yes or no.
    Boolean,
    /// A number with decimals.
    Decimal,
    /// A whole number.
    Integer,
    /// A date.
    Date,
    /// A date with or without a time.
    DateTime,
    /// A time of day.
    Time,
    /// Words on one line.
    String,
    /// Words on several lines.
    Text,
    /// An address on the web.
    Url,
    /// One of the options.
    Choice,
    /// One of the options, or something else in words.
    OpenChoice,
    /// A file.
    Attachment,
    /// Somebody or something in the record.
    Reference,
    /// A number with a unit.
    Quantity,
}

impl Kind {
    /// By its code in FHIR. `question` is abstract and is none.
    pub fn named(code: &str) -> Option<Self> {
        Some(match code {
            "group" => Self::Group,
            "display" => Self::Display,
            "boolean" => Self::Boolean,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "time" => Self::Time,
            "string" => Self::String,
            "text" => Self::Text,
            "url" => Self::Url,
            "choice" => Self::Choice,
            "open-choice" => Self::OpenChoice,
            "attachment" => Self::Attachment,
            "reference" => Self::Reference,
            "quantity" => Self::Quantity,
            _ => return None,
        })
    }

    /// Whether it is answered.
    pub fn is_question(self) -> bool {
        !matches!(self, Self::Group | Self::Display)
    }

    /// Whether one chooses among options.
    pub fn is_choice(self) -> bool {
        matches!(self, Self::Choice | Self::OpenChoice)
    }
}

/// How an item is drawn (`questionnaire-itemControl`). Controls that are not offered are drawn as
/// `Plain`, which shows the same and asks the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// As its type suggests.
    #[default]
    Plain,
    /// Options below each other.
    RadioButton,
    /// Options of which several may be chosen.
    CheckBox,
    /// A list that opens.
    DropDown,
    /// A number between two ends.
    Slider,
    /// A text that explains the item above it.
    Help,
    /// A text that is the unit of the item above it.
    Unit,
}

impl Control {
    pub(crate) fn named(code: &str) -> Self {
        match code {
            "radio-button" => Self::RadioButton,
            "check-box" => Self::CheckBox,
            "drop-down" | "autocomplete" | "lookup" => Self::DropDown,
            "slider" => Self::Slider,
            "help" | "flyover" => Self::Help,
            "unit" => Self::Unit,
            _ => Self::Plain,
        }
    }
}

/// The unit of a quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// The code's system, `http://unitsofmeasure.org`; empty when there is none.
    pub system: String,
    /// `kg`; empty when there is none.
    pub code: String,
    /// As people write it; empty when there is none.
    pub display: String,
}

impl Unit {
    /// As people write it.
    pub fn name(&self) -> &str {
        if self.display.is_empty() { &self.code } else { &self.display }
    }

    pub(crate) fn of_coding(coding: &Value) -> Self {
        let of = |name: &str| text(coding, name).to_owned();
        Self { system: of("system"), code: of("code"), display: of("display") }
    }

    pub(crate) fn of_quantity(quantity: &Value) -> Self {
        let of = |name: &str| text(quantity, name).to_owned();
        Self { system: of("system"), code: of("code"), display: of("unit") }
    }

    /// A Quantity with this unit.
    pub(crate) fn quantity(&self, value: Value) -> Value {
        let mut quantity = Map::new();
        quantity.insert("value".into(), value);
        let code = if self.system.is_empty() { "" } else { self.code.as_str() };
        for (name, text) in [("unit", self.name()), ("system", &self.system), ("code", code)] {
            if !text.is_empty() {
                quantity.insert(name.into(), text.into());
            }
        }
        Value::Object(quantity)
    }
}

/// One item.
#[derive(Clone, Debug)]
pub struct Item {
    /// Unique in the form.
    pub link_id: String,
    /// `1.`, `a)`; empty when there is none.
    pub prefix: String,
    /// The question, the heading or the text.
    pub text: String,
    /// The element that it asks for, as an address; empty when there is none.
    pub definition: String,
    /// Its type.
    pub kind: Kind,
    /// How it is drawn.
    pub control: Control,
    /// Whether it must be answered, or for a group: some of it.
    pub is_required: bool,
    /// Whether it may be answered several times.
    pub repeats: bool,
    /// Whether people may not answer it: it is calculated or pre-filled.
    pub is_read_only: bool,
    /// Whether it is not shown.
    pub is_hidden: bool,
    /// Most characters.
    pub length_max: Option<usize>,
    /// Fewest times, when it is more than `is_required` says.
    pub occurs_min: usize,
    /// Most times.
    pub occurs_max: usize,
    /// Smallest and largest answer.
    pub min: Option<Answer>,
    /// See `min`.
    pub max: Option<Answer>,
    /// Most decimals.
    pub decimals_max: Option<usize>,
    /// What words must look like, and the pattern as written.
    pub pattern: Option<String>,
    /// What one may choose among.
    pub options: Vec<AnswerOption>,
    /// The unit, or those one may choose among.
    pub units: Vec<Unit>,
    /// What it is answered with to begin with.
    pub initial: Vec<Answer>,
    /// When it is asked.
    pub conditions: Vec<Condition>,
    /// Whether one of the conditions is enough.
    pub any_condition: bool,
    /// When it is asked, as an expression.
    pub enable_when: Option<Formula>,
    /// What its answer is.
    pub calculated: Option<Formula>,
    /// What it is answered with to begin with, as an expression.
    pub initial_formula: Option<Formula>,
    /// Named values for what is below.
    pub variables: Vec<Formula>,
    /// What must hold for its answers.
    pub constraints: Vec<Constraint>,
    /// What it asks, as Codings.
    pub codes: Vec<Value>,
    /// Whether its answer becomes an Observation.
    pub is_extracted: bool,
    /// The category of that Observation, as a CodeableConcept.
    pub category: Option<Value>,
    /// How old an Observation may be that answers it to begin with, in milliseconds.
    pub look_back: Option<i64>,
    /// The types that a reference may be to; empty for any.
    pub targets: Vec<String>,
    /// What explains it, from its children with the control `Help`.
    pub help: String,
    /// Its unit as text, from its children with the control `Unit`.
    pub unit_text: String,
    /// What is below it.
    pub items: Vec<Item>,
}

impl Item {
    /// The option with this number, as a form names it.
    pub fn option(&self, number: usize) -> Option<&AnswerOption> {
        self.options.get(number)
    }

    /// The option that this answer is.
    pub fn option_of(&self, answer: &Answer) -> Option<usize> {
        self.options.iter().position(|option| option.value == *answer)
    }

    /// Whether several options of one question are chosen together.
    pub fn is_multiple_choice(&self) -> bool {
        self.repeats && !self.options.is_empty()
    }

    /// The unit to show beside its number.
    pub fn unit(&self) -> &str {
        match (self.unit_text.as_str(), self.units.as_slice()) {
            ("", [unit]) => unit.name(),
            (text, _) => text,
        }
    }

    /// Whether people answer it here.
    pub fn is_asked(&self) -> bool {
        self.kind.is_question() && !self.is_read_only && self.calculated.is_none()
    }

    /// This item and all below it.
    pub fn all<'a>(&'a self, found: &mut Vec<&'a Item>) {
        found.push(self);
        for item in &self.items {
            item.all(found);
        }
    }
}

impl Answer {
    /// Its number, when it is one.
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(number) | Self::Quantity(number, _) => number.decimal(),
            Self::Integer(number) => Some(Decimal::from_integer(i64::from(*number))),
            Self::Coding(_)
            | Self::Boolean(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Time(_)
            | Self::String(_)
            | Self::Uri(_)
            | Self::Attachment(_)
            | Self::Reference(..) => None,
        }
    }

    /// How many decimals it has, when it is a number.
    pub fn decimals(&self) -> Option<usize> {
        match self {
            Self::Decimal(number) | Self::Quantity(number, _) => Some(Number::decimals(number)),
            Self::Boolean(_)
            | Self::Integer(_)
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Time(_)
            | Self::String(_)
            | Self::Uri(_)
            | Self::Coding(_)
            | Self::Attachment(_)
            | Self::Reference(..) => None,
        }
    }
}
