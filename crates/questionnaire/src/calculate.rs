//! Expressions over the answers: conditions, calculated and initial values, constraints.
//!
//! Standard: <https://hl7.org/fhir/uv/sdc/STU3/expressions.html#fhirpath-context>

use std::cell::Cell;

use akson_fhir::fhirpath::{Collection, Context, Item as PathItem, Value as PathValue};
use akson_fhir::json;
use akson_fhir::model::{NodeRef, Resource};
use serde_json::json;

use crate::answer::{Answer, Coding, Number};
use crate::formula::Formula;
use crate::item::{Item, Kind, Unit};
use crate::prefill::Surroundings;
use crate::questionnaire::Questionnaire;
use crate::response::fitted;
use crate::slots::{Layout, Slot};

/// Expressions that are evaluated for one look at a form.
const EVALUATIONS_MAX: usize = 20_000;

/// A response that expressions look at.
pub(crate) struct Looked {
    resource: Resource,
    /// Each slot's item in it, as a node's number.
    nodes: Vec<Option<u32>>,
}

impl Looked {
    pub(crate) fn of(layout: Layout) -> Option<Self> {
        let response = json!({
            "resourceType": "QuestionnaireResponse", "status": "in-progress", "item": layout.items,
        });
        let resource = json::parse_stored(response.to_string().as_bytes()).ok()?;
        let items: Vec<u32> =
            resource.nodes().filter(|node| node.name() == "item").map(NodeRef::index).collect();
        let nodes = layout
            .entries
            .iter()
            .map(|entry| entry.and_then(|entry| items.get(entry).copied()))
            .collect();
        Some(Self { resource, nodes })
    }

    fn node(&self, slot: usize) -> Option<NodeRef<'_>> {
        self.nodes.get(slot).copied().flatten().and_then(|index| self.resource.node(index))
    }
}

/// Variables by name, and what they stand for.
type Known<'a> = [(&'a str, &'a [PathItem<'a>])];
/// What is done with an answer; `Err` says in English why there is none.
type Then<'t> = dyn FnMut(Result<&[PathItem<'_>], String>) + 't;

/// What is evaluated in one round.
pub(crate) struct Evaluation<'e> {
    form: &'e Questionnaire,
    surroundings: &'e Surroundings,
    looked: &'e Looked,
    slots: &'e [Slot<'e, 'e>],
    left: Cell<usize>,
}

impl<'e> Evaluation<'e> {
    pub(crate) fn of(
        form: &'e Questionnaire,
        surroundings: &'e Surroundings,
        looked: &'e Looked,
        slots: &'e [Slot<'e, 'e>],
    ) -> Self {
        Self { form, surroundings, looked, slots, left: Cell::new(EVALUATIONS_MAX) }
    }

    /// Evaluates an expression where a slot is; of the whole form without one.
    fn evaluate(&self, formula: &Formula, slot: Option<usize>, then: &mut Then<'_>) {
        let form = [PathItem::Node(self.form.resource.root())];
        let launch: Vec<[PathItem<'_>; 1]> = (self.surroundings.launch.iter())
            .map(|(_, resource)| [PathItem::Node(resource.root())])
            .collect();
        let mut known: Vec<(&str, &[PathItem<'_>])> = vec![("questionnaire", &form)];
        for ((name, _), items) in self.surroundings.launch.iter().zip(&launch) {
            known.push((name.as_str(), items));
        }
        // What is named further out is named first.
        let mut chain: Vec<(&Formula, Option<usize>)> = Vec::new();
        let mut next = slot;
        while let Some((number, slot)) =
            next.and_then(|number| self.slots.get(number).map(|slot| (number, slot)))
        {
            chain.extend(slot.item.variables.iter().rev().map(|one| (one, Some(number))));
            next = slot.parent;
        }
        chain.extend(self.form.variables.iter().rev().map(|one| (one, None)));
        chain.reverse();
        self.with(&known, &chain, (formula, slot), then);
    }

    /// Gives one variable after the other its value, then evaluates. A variable that has no value is empty.
    fn with(
        &self,
        known: &Known<'_>,
        chain: &[(&Formula, Option<usize>)],
        last: (&Formula, Option<usize>),
        then: &mut Then<'_>,
    ) {
        let Some(((variable, slot), rest)) = chain.split_first() else {
            match self.run(last.0, last.1, known) {
                Ok(items) => then(Ok(&items)),
                Err(message) => then(Err(message)),
            }
            return;
        };
        let value: Vec<PathItem<'_>> = match self.run(variable, *slot, known) {
            Ok(items) => items.into_iter().collect(),
            Err(_) => Vec::new(),
        };
        let mut more: Vec<(&str, &[PathItem<'_>])> = known.to_vec();
        more.retain(|(name, _)| *name != variable.name);
        more.push((variable.name.as_str(), &value));
        self.with(&more, rest, last, then);
    }

    fn run<'a>(
        &'a self,
        formula: &'a Formula,
        slot: Option<usize>,
        variables: &'a Known<'a>,
    ) -> Result<Collection<'a>, String> {
        let left = self.left.get().checked_sub(1);
        let left = left.ok_or_else(|| format!("more than {EVALUATIONS_MAX} evaluations"))?;
        self.left.set(left);
        let root = self.looked.resource.root();
        let node = slot.and_then(|slot| self.looked.node(slot)).unwrap_or(root);
        let context = Context {
            now: self.surroundings.now,
            resource: Some(root),
            root_resource: Some(root),
            resolver: None,
            variables,
        };
        formula.compiled.evaluate(&context, node).map_err(|error| error.message)
    }

    /// Whether it holds: `None` when it says nothing.
    pub(crate) fn truth(
        &self,
        formula: &Formula,
        slot: Option<usize>,
    ) -> Result<Option<bool>, String> {
        let mut truth = Ok(None);
        self.evaluate(formula, slot, &mut |items| {
            truth =
                items.and_then(|items| match items {
                    [] => Ok(None),
                    [item] => Ok(match item.value() {
                        Some(PathValue::Boolean(value)) => Some(value),
                        Some(_) | None => Some(true),
                    }),
                    _ => Err("the expression answers several values where one boolean is expected"
                        .into()),
                });
        });
        truth
    }

    /// The answers that it gives an item.
    pub(crate) fn answers(
        &self,
        formula: &Formula,
        slot: Option<usize>,
        item: &Item,
    ) -> Result<Vec<Answer>, String> {
        let mut answers = Ok(Vec::new());
        self.evaluate(formula, slot, &mut |items| {
            answers = items.and_then(|items| {
                let most = if item.repeats { item.occurs_max } else { 1 };
                let read = items.iter().take(most).map(|one| {
                    answer_of(one, item).ok_or_else(|| {
                        let (_, given) = one.type_name();
                        format!("the expression answers {given}, which is no answer of this item")
                    })
                });
                read.collect()
            });
        });
        answers
    }
}

/// What an expression says, as an answer of the item.
fn answer_of(one: &PathItem<'_>, item: &Item) -> Option<Answer> {
    if let Some(node) = one.node()
        && node.type_name() == "Coding"
    {
        let of =
            |name: &str| node.first(name).and_then(NodeRef::text).unwrap_or_default().to_owned();
        let coding =
            Coding { system: of("system"), code: of("code"), display: of("display"), weight: None };
        return fitted(item, Answer::Coding(coding));
    }
    let value = one.value()?;
    let words = value.to_string();
    let answer = match (value, item.kind) {
        (PathValue::Boolean(value), Kind::Boolean) => Answer::Boolean(value),
        (PathValue::Integer(value), Kind::Integer) => Answer::Integer(i32::try_from(value).ok()?),
        (PathValue::Decimal(value), Kind::Integer) => {
            let whole = value.truncate().filter(|_| {
                value
                    .remainder(akson_fhir::fhirpath::Decimal::ONE)
                    .is_none_or(|rest| rest.is_zero())
            })?;
            Answer::Integer(i32::try_from(whole).ok()?)
        }
        (PathValue::Integer(_), Kind::Decimal) => Answer::Decimal(Number::parse(&words)?),
        (PathValue::Decimal(value), Kind::Decimal) => Answer::Decimal(rounded(value, item)),
        (PathValue::Integer(_), Kind::Quantity) => Answer::Quantity(
            Number::parse(&words)?,
            item.units.first().cloned().unwrap_or_default(),
        ),
        (PathValue::Decimal(value), Kind::Quantity) => {
            let unit = item.units.first().cloned().unwrap_or_default();
            Answer::Quantity(rounded(value, item), unit)
        }
        (PathValue::Quantity(value), Kind::Quantity) => quantity(&value, item),
        (PathValue::Quantity(value), Kind::Decimal) => Answer::Decimal(rounded(value.value, item)),
        (PathValue::Date(_), Kind::Date) => Answer::Date(words),
        (PathValue::DateTime(_), Kind::Date) => Answer::Date(words.get(..10)?.to_owned()),
        (PathValue::Date(_) | PathValue::DateTime(_), Kind::DateTime) => Answer::DateTime(words),
        (PathValue::Time(_), Kind::Time) => Answer::Time(words),
        (_, Kind::String | Kind::Text) => Answer::String(words),
        (PathValue::String(_), Kind::Url) => Answer::Uri(words),
        (_, Kind::Choice | Kind::OpenChoice) => return chosen(&words, item),
        _ => return None,
    };
    Some(answer)
}

/// As many decimals as the item takes.
fn rounded(value: akson_fhir::fhirpath::Decimal, item: &Item) -> Number {
    let scale = item.decimals_max.and_then(|most| u8::try_from(most).ok());
    Number::of_decimal(scale.and_then(|scale| value.round(scale)).unwrap_or(value))
}

fn quantity(value: &akson_fhir::fhirpath::Quantity<'_>, item: &Item) -> Answer {
    let code = match &value.unit {
        akson_fhir::fhirpath::Unit::Calendar(unit) => unit.word().to_owned(),
        akson_fhir::fhirpath::Unit::Ucum(code) => code.to_string(),
    };
    let known = item.units.iter().find(|unit| unit.code == code).cloned();
    let unit = known.unwrap_or_else(|| Unit {
        system: "http://unitsofmeasure.org".to_owned(),
        code,
        display: String::new(),
    });
    Answer::Quantity(rounded(value.value, item), unit)
}

/// The option with this code or these words; of an open choice else the words.
fn chosen(words: &str, item: &Item) -> Option<Answer> {
    let is_it = |answer: &Answer| {
        let is_code = matches!(answer, Answer::Coding(coding) if coding.code == words);
        is_code || answer.words() == words
    };
    let option = item.options.iter().find(|option| is_it(&option.value));
    match option {
        Some(option) => Some(option.value.clone()),
        None if item.kind == Kind::OpenChoice => Some(Answer::String(words.to_owned())),
        None => None,
    }
}
