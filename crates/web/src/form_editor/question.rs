//! One item as the editor asks for it: read from the Questionnaire, and what was typed put back onto it.
//!
//! What the editor does not ask for (codes, extensions of others) stays as it is. Not here: where the item
//! stands (`tree`), the score's expression (`score`), HTML (`pages::form_item_fields`).
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item>

use akson_base::Problem;
use serde_json::{Value, json};

use super::score::{Score, calculated, with_score};
use super::tree::{below, is_help, link_id};
use crate::fields::{list, text};
use crate::forms::Form;
use crate::writing::{set, unset};

/// Longest question, explanation or option, characters.
const WORDS_CHARACTERS_MAX: usize = 4_000;
/// Longest unit or limit, characters.
const SHORT_CHARACTERS_MAX: usize = 60;

const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/";
const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";

/// What an item can be, as the editor offers it; titles are in `code-form-kind`.
pub(crate) const KINDS: [&str; 15] = [
    "choice",
    "choices",
    "boolean",
    "string",
    "text",
    "integer",
    "decimal",
    "date",
    "dateTime",
    "time",
    "open-choice",
    "attachment",
    "score",
    "group",
    "display",
];

/// One option of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The code that answers carry; empty for one that is new, `#3` for one that is no code.
    pub code: String,
    pub words: String,
    /// As typed; empty when it counts in no score.
    pub points: String,
}

/// One item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Question {
    pub link: String,
    pub words: String,
    /// One of [`KINDS`], or another type of FHIR that an imported form has.
    pub kind: String,
    pub is_required: bool,
    pub repeats: bool,
    pub options: Vec<Choice>,
    /// `enableWhen` as it stands.
    pub conditions: Vec<Value>,
    pub any_condition: bool,
    pub help: String,
    pub unit: String,
    pub min: String,
    pub max: String,
    pub score: Score,
    /// Whether the answer becomes an observation in the journal.
    pub is_observed: bool,
}

/// Whether a kind has options.
pub(crate) fn has_options(kind: &str) -> bool {
    matches!(kind, "choice" | "choices" | "open-choice")
}

/// Whether a kind is a number.
pub(crate) fn is_number(kind: &str) -> bool {
    matches!(kind, "integer" | "decimal" | "quantity")
}

/// Whether a kind is answered by people.
pub(crate) fn is_asked(kind: &str) -> bool {
    !matches!(kind, "group" | "display" | "score")
}

/// The kind of an item.
pub(crate) fn kind_of(item: &Value) -> &str {
    match text(item, "/type") {
        _ if calculated(item).is_some() => "score",
        "choice" if flag(item, "/repeats") => "choices",
        kind => kind,
    }
}

/// The explanation of an item.
pub(crate) fn help_of(item: &Value) -> &str {
    below(item).iter().find(|one| is_help(one)).map_or("", |help| text(help, "/text"))
}

fn flag(item: &Value, pointer: &str) -> bool {
    item.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The extension of an item by the end of its name.
fn extension<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    let mut all = list(item, "/extension").iter();
    all.find(|one| text(one, "/url").rsplit('/').next() == Some(name))
}

/// The options of an item.
pub(crate) fn options_of(item: &Value) -> Vec<Choice> {
    let all = list(item, "/answerOption").iter().enumerate();
    all.map(|(index, option)| {
        let coding = option.get("valueCoding");
        let weight = [coding, Some(option)].into_iter().flatten().find_map(|from| {
            let ordinal = extension(from, "ordinalValue")?;
            Some(ordinal.get("valueDecimal")?.as_number()?.to_string())
        });
        let points = weight.unwrap_or_default().replace('.', ",");
        match coding {
            Some(coding) => {
                let code = text(coding, "/code").to_owned();
                let words = match text(coding, "/display") {
                    "" => code.clone(),
                    display => display.to_owned(),
                };
                Choice { code, words, points }
            }
            None => Choice { code: format!("#{index}"), words: plain(option), points },
        }
    })
    .collect()
}

/// An option that is no code, in words.
fn plain(option: &Value) -> String {
    let members = option.as_object().into_iter().flatten();
    let mut values = members.filter(|(name, _)| name.starts_with("value"));
    match values.next() {
        Some((_, Value::String(words))) => words.clone(),
        Some((_, value)) => {
            let display = text(value, "/display");
            if display.is_empty() { value.to_string() } else { display.to_owned() }
        }
        None => String::new(),
    }
}

impl Question {
    /// Reads an item.
    pub(crate) fn of(item: &Value) -> Self {
        let number = |name: &str| {
            let members = extension(item, name).and_then(Value::as_object).into_iter().flatten();
            let mut values = members.filter(|(name, _)| name.starts_with("value"));
            let value = values.next().and_then(|(_, value)| value.as_number());
            value.map(|value| value.to_string().replace('.', ",")).unwrap_or_default()
        };
        let unit = extension(item, "questionnaire-unit").map_or("", |unit| {
            match text(unit, "/valueCoding/display") {
                "" => text(unit, "/valueCoding/code"),
                display => display,
            }
        });
        Self {
            link: link_id(item).to_owned(),
            words: text(item, "/text").to_owned(),
            kind: kind_of(item).to_owned(),
            is_required: flag(item, "/required"),
            repeats: flag(item, "/repeats"),
            options: options_of(item),
            conditions: list(item, "/enableWhen").to_vec(),
            any_condition: text(item, "/enableBehavior") == "any",
            help: help_of(item).to_owned(),
            unit: unit.to_owned(),
            min: number("minValue"),
            max: number("maxValue"),
            score: Score::of(item),
            is_observed: extension(item, "sdc-questionnaire-observationExtract")
                .is_some_and(|extension| flag(extension, "/valueBoolean")),
        }
    }

    /// What a form holds about one item.
    ///
    /// # Errors
    /// `WEB-113` for what is too long.
    pub(crate) fn typed(form: &Form) -> Result<Self, Problem> {
        let short = |name| form.typed(name, SHORT_CHARACTERS_MAX).map(str::to_owned);
        let words = |name| form.typed(name, WORDS_CHARACTERS_MAX).map(|t| t.replace("\r\n", "\n"));
        let (texts, points, codes) =
            (form.all("alt-tekst"), form.all("alt-poeng"), form.all("alt-kode"));
        let options = texts.iter().enumerate().filter(|(_, words)| !words.trim().is_empty());
        let options = options.map(|(index, words)| Choice {
            code: codes.get(index).copied().unwrap_or_default().to_owned(),
            words: words.trim().to_owned(),
            points: points.get(index).copied().unwrap_or_default().trim().to_owned(),
        });
        let (asked, compared) = (form.all("vilkar"), form.all("vilkar-verdi"));
        let conditions = asked.iter().enumerate().filter_map(|(index, condition)| {
            condition_of(condition, compared.get(index).copied().unwrap_or_default())
        });
        Ok(Self {
            link: form.field("punkt").to_owned(),
            words: words("tekst")?,
            kind: short("type")?,
            is_required: !form.field("pakrevd").is_empty(),
            repeats: !form.field("gjentas").is_empty(),
            options: options.collect(),
            conditions: conditions.collect(),
            any_condition: form.field("vilkar-enig") == "any",
            help: words("hjelp")?,
            unit: short("enhet")?,
            min: short("min")?,
            max: short("maks")?,
            score: Score::typed(form)?,
            is_observed: !form.field("observasjon").is_empty(),
        })
    }

    /// The item with what was typed. `form_key` names the form in the codes of what it observes.
    pub(crate) fn onto(&self, old: &Value, form_key: &str) -> Value {
        let mut item = old.clone();
        set(&mut item, "linkId", json!(self.link));
        match self.words.is_empty() {
            true => unset(&mut item, "text"),
            false => set(&mut item, "text", json!(self.words)),
        }
        let kind = match self.kind.as_str() {
            "choices" => "choice",
            // A calculated yes or no of an imported form stays one.
            "score" if calculated(old).is_some() => text(old, "/type"),
            "score" => "decimal",
            kind => kind,
        };
        set(&mut item, "type", json!(kind));
        let is_shown = matches!(self.kind.as_str(), "display");
        mark(&mut item, "required", self.is_required && is_asked(&self.kind));
        let repeats = self.kind == "choices" || (self.repeats && self.kind != "choice");
        mark(&mut item, "repeats", repeats && !is_shown && self.kind != "score");
        self.put_options(&mut item, old);
        self.put_conditions(&mut item);
        self.put_limits(&mut item);
        put_help(&mut item, &self.help, &self.link);
        with_score(&mut item, (self.kind == "score").then_some(&self.score));
        self.put_observation(&mut item, form_key);
        if is_shown {
            unset(&mut item, "item");
        }
        item
    }

    fn put_options(&self, item: &mut Value, old: &Value) {
        unset(item, "answerOption");
        if !has_options(&self.kind) {
            return;
        }
        // A set of values that came with an imported form is not touched.
        if self.options.is_empty() {
            return;
        }
        let before = list(old, "/answerOption");
        let mut codes: Vec<String> = self.options.iter().map(|one| one.code.clone()).collect();
        let options: Vec<Value> =
            self.options.iter().map(|choice| option(choice, before, &mut codes)).collect();
        set(item, "answerOption", json!(options));
    }

    fn put_conditions(&self, item: &mut Value) {
        unset(item, "enableWhen");
        unset(item, "enableBehavior");
        if self.conditions.is_empty() {
            return;
        }
        set(item, "enableWhen", json!(self.conditions));
        if self.conditions.len() > 1 {
            set(item, "enableBehavior", json!(if self.any_condition { "any" } else { "all" }));
        }
    }

    fn put_limits(&self, item: &mut Value) {
        let is_number = is_number(&self.kind);
        let name = if self.kind == "integer" { "valueInteger" } else { "valueDecimal" };
        for (url, typed) in [("minValue", &self.min), ("maxValue", &self.max)] {
            if matches!(self.kind.as_str(), "date" | "dateTime" | "time") {
                continue;
            }
            let number = number_of(typed).filter(|_| is_number);
            put_extension(item, &format!("{EXTENSION}{url}"), number.map(|n| json!({name: n})));
        }
        let old = extension(item, "questionnaire-unit").cloned();
        let unit = Some(self.unit.as_str()).filter(|unit| is_number && !unit.is_empty());
        let value = unit.map(|unit| match old {
            // The code stays as long as its text is the same.
            Some(old) if text(&old, "/valueCoding/display") == unit => {
                json!({"valueCoding": old.pointer("/valueCoding")})
            }
            Some(_) | None => json!({"valueCoding": {"display": unit}}),
        });
        put_extension(item, &format!("{EXTENSION}questionnaire-unit"), value);
    }

    fn put_observation(&self, item: &mut Value, form_key: &str) {
        const EXTRACT: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/\
                               sdc-questionnaire-observationExtract";
        let may = is_number(&self.kind) || self.kind == "score" || has_options(&self.kind);
        let is_observed = self.is_observed && may;
        put_extension(item, EXTRACT, is_observed.then(|| json!({"valueBoolean": true})));
        if is_observed && list(item, "/code").is_empty() {
            let code = format!("{form_key}-{}", self.link);
            let own = "https://akson.no/fhir/CodeSystem/form-score";
            set(item, "code", json!([{"system": own, "code": code, "display": self.words}]));
        }
    }
}

/// A condition as the editor's lists have it: an `enableWhen` as JSON, or one that lacks the number.
fn condition_of(chosen: &str, number: &str) -> Option<Value> {
    let mut condition: Value = serde_json::from_str(chosen).ok()?;
    let members = condition.as_object_mut()?;
    members.retain(|name, _| {
        matches!(name.as_str(), "question" | "operator") || name.starts_with("answer")
    });
    let kind = match text(&condition, "/answer") {
        "" => return Some(condition),
        kind => kind.to_owned(),
    };
    unset(&mut condition, "answer");
    let number = number_of(number).unwrap_or_else(|| json!(0));
    let name = match kind.as_str() {
        "integer" => "answerInteger",
        "quantity" => {
            set(&mut condition, "answerQuantity", json!({"value": number}));
            return Some(condition);
        }
        _ => "answerDecimal",
    };
    set(&mut condition, name, number);
    Some(condition)
}

/// A number as people write it; nothing when it is none.
pub(crate) fn number_of(typed: &str) -> Option<Value> {
    let digits = typed.trim().replace(',', ".").replace('−', "-");
    let number: serde_json::Number = serde_json::from_str(&digits).ok()?;
    (!digits.contains(['e', 'E'])).then_some(Value::Number(number))
}

fn mark(item: &mut Value, name: &str, is_so: bool) {
    match is_so {
        true => set(item, name, json!(true)),
        false => unset(item, name),
    }
}

/// Sets an extension's value, or takes the extension out; whatever else it carries goes along.
pub(crate) fn put_extension(item: &mut Value, url: &str, value: Option<Value>) {
    let mut all = list(item, "/extension").to_vec();
    let place = all.iter().position(|one| text(one, "/url") == url);
    all.retain(|one| text(one, "/url") != url);
    if let Some(Value::Object(value)) = value {
        let mut extension = json!({"url": url});
        for (name, value) in value {
            set(&mut extension, &name, value);
        }
        all.insert(place.unwrap_or(all.len()).min(all.len()), extension);
    }
    match all.is_empty() {
        true => unset(item, "extension"),
        false => set(item, "extension", json!(all)),
    }
}

fn put_help(item: &mut Value, words: &str, link: &str) {
    let mut all = below(item).to_vec();
    let old = all.iter().position(is_help);
    match (words, old) {
        ("", None) => return,
        ("", Some(at)) => drop(all.remove(at)),
        (words, Some(at)) => {
            if let Some(help) = all.get_mut(at) {
                set(help, "text", json!(words));
            }
        }
        (words, None) => all.insert(
            0,
            json!({
                "extension": [{"url": format!("{EXTENSION}questionnaire-itemControl"),
                    "valueCodeableConcept": {"coding": [{
                        "system": "http://hl7.org/fhir/questionnaire-item-control", "code": "help"}]}}],
                "linkId": format!("{link}-help"), "text": words, "type": "display",
            }),
        ),
    }
    match all.is_empty() {
        true => unset(item, "item"),
        false => set(item, "item", json!(all)),
    }
}

/// An option: the old one of its code with the new words and points, or a new one.
fn option(choice: &Choice, before: &[Value], codes: &mut Vec<String>) -> Value {
    let at = choice.code.strip_prefix('#').and_then(|index| index.parse::<usize>().ok());
    let old = match at {
        Some(index) => before.get(index).filter(|old| plain(old) == choice.words),
        None => before
            .iter()
            .find(|one| !choice.code.is_empty() && text(one, "/valueCoding/code") == choice.code),
    };
    let points = number_of(&choice.points).map(|number| json!({"valueDecimal": number}));
    if let Some(old) = old {
        let mut option = old.clone();
        if let Some(coding) = option.get_mut("valueCoding") {
            set(coding, "display", json!(choice.words));
            put_extension(coding, ORDINAL, points);
            put_extension(&mut option, ORDINAL, None);
        } else {
            put_extension(&mut option, ORDINAL, points);
        }
        return option;
    }
    let code = new_code(codes);
    let mut coding = json!({"code": code, "display": choice.words});
    put_extension(&mut coding, ORDINAL, points);
    json!({"valueCoding": coding})
}

/// A code that no other option of the item has.
fn new_code(codes: &mut Vec<String>) -> String {
    let number = |code: &String| code.strip_prefix('a').and_then(|rest| rest.parse::<u32>().ok());
    let largest = codes.iter().filter_map(number).max().unwrap_or(0);
    let code = format!("a{}", largest + 1);
    codes.push(code.clone());
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(code: &str, words: &str, points: &str) -> Choice {
        Choice { code: code.into(), words: words.into(), points: points.into() }
    }

    fn base() -> Value {
        json!({"linkId": "s1", "text": "Hvor ofte?", "type": "choice", "prefix": "1.",
            "code": [{"system": "http://loinc.org", "code": "44250-9"}],
            "answerOption": [
                {"valueCoding": {"extension": [{"url": ORDINAL, "valueDecimal": 0}],
                    "system": "http://loinc.org", "code": "LA6568-5", "display": "Aldri"}},
                {"valueString": "Vet ikke"}]})
    }

    #[test]
    fn what_is_read_and_put_back_is_the_same() {
        for json in akson_questionnaire::shipped::SHIPPED {
            let form: Value = serde_json::from_str(json).unwrap();
            for row in super::super::tree::rows(&form) {
                let again = Question::of(row.item).onto(row.item, "x");
                assert_eq!(again, *row.item, "{}", link_id(row.item));
            }
        }
    }

    #[test]
    fn options_keep_their_codes_when_their_words_and_points_change() {
        let mut question = Question::of(&base());
        assert_eq!(
            question.options,
            [choice("LA6568-5", "Aldri", "0"), choice("#1", "Vet ikke", "")]
        );
        question.options = vec![
            choice("", "Ofte", "2,5"),
            choice("LA6568-5", "Aldri i det hele tatt", "1"),
            choice("#1", "Vet ikke", ""),
            choice("", "Alltid", ""),
        ];
        let item = question.onto(&base(), "x");
        let options = list(&item, "/answerOption");
        assert_eq!(text(&options[0], "/valueCoding/code"), "a1");
        assert_eq!(
            options[0].pointer("/valueCoding/extension/0/valueDecimal").unwrap().to_string(),
            "2.5"
        );
        assert_eq!(text(&options[1], "/valueCoding/system"), "http://loinc.org");
        assert_eq!(text(&options[1], "/valueCoding/display"), "Aldri i det hele tatt");
        assert_eq!(text(&options[2], "/valueString"), "Vet ikke");
        assert_eq!(text(&options[3], "/valueCoding/code"), "a2");
        assert_eq!(text(&item, "/prefix"), "1.", "what is not asked for stays");
        assert_eq!(text(&item, "/code/0/code"), "44250-9");
    }

    #[test]
    fn another_kind_takes_along_what_it_can_have() {
        let mut question = Question::of(&base());
        question.kind = "integer".into();
        (question.min, question.max, question.unit) = ("0".into(), "10".into(), "kg".into());
        question.is_observed = true;
        let item = question.onto(&base(), "vekt");
        assert_eq!(item.get("answerOption"), None);
        let read = Question::of(&item);
        assert_eq!((read.min.as_str(), read.max.as_str(), read.unit.as_str()), ("0", "10", "kg"));
        assert!(read.is_observed);
        question.kind = "display".into();
        let item = question.onto(&item, "vekt");
        assert_eq!(item.get("extension"), None, "{item}");
    }

    #[test]
    fn a_condition_that_lacks_its_number_gets_the_one_beside_it() {
        let chosen = r#"{"question":"s1","operator":">=","answer":"integer"}"#;
        let expected = json!({"question": "s1", "operator": ">=", "answerInteger": 4});
        assert_eq!(condition_of(chosen, "4"), Some(expected));
        let chosen = r#"{"question":"s1","operator":"exists","answerBoolean":true,"x":1}"#;
        let expected = json!({"question": "s1", "operator": "exists", "answerBoolean": true});
        assert_eq!(condition_of(chosen, ""), Some(expected));
        assert_eq!(condition_of("", "4"), None);
    }

    #[test]
    fn an_explanation_is_added_changed_and_taken_out() {
        let mut question = Question::of(&base());
        question.help = "Tenk på de siste to ukene.".into();
        let item = question.onto(&base(), "x");
        assert_eq!(help_of(&item), "Tenk på de siste to ukene.");
        assert_eq!(text(&item, "/item/0/linkId"), "s1-help");
        question.help.clear();
        assert_eq!(question.onto(&item, "x"), question.onto(&base(), "x"));
    }
}
