//! What is different between two versions of a form, item by item and in words.
//!
//! Items are the same when they have the same `linkId`. Not here: differences within a text
//! (`notes::difference`), HTML (`pages::form_versions_page`).

use serde_json::Value;

use super::question::{KINDS, Question, has_options, is_number};
use super::saving::ABOUT;
use super::tree::{Row, find, link_id, place_of, rows};
use crate::fields::text;
use crate::messages::{code, t, tf};

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Removed,
    Altered,
    Moved,
}

impl Change {
    /// Its word in `code-form-change`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Altered => "altered",
            Self::Moved => "moved",
        }
    }
}

/// One item, or the form's own texts, that differ.
#[derive(Clone, Debug)]
pub(crate) struct Different {
    pub change: Change,
    /// Where it stands; empty for the form's own texts.
    pub number: String,
    pub name: String,
    /// Described before and after, a line for each thing; empty when it was not there.
    pub before: String,
    pub after: String,
}

/// The title of a kind.
pub(crate) fn kind_name(kind: &str) -> &str {
    debug_assert!(KINDS.iter().all(|kind| code("form-kind", kind).is_some()));
    code("form-kind", kind).unwrap_or(kind)
}

/// The words of a condition: `Bruker du medisiner? er Ja`.
pub(crate) fn condition_words(root: &Value, condition: &Value) -> String {
    let question = text(condition, "/question");
    let asked = find(root, question).map_or(question, |item| text(item, "/text"));
    let operator = match (text(condition, "/operator"), condition.pointer("/answerBoolean")) {
        ("exists", Some(Value::Bool(false))) => {
            return tf("definition.if-empty", &[("question", asked)]);
        }
        ("exists", _) => return tf("definition.if-answered", &[("question", asked)]),
        (operator, _) => code("form-operator", operator).unwrap_or_default(),
    };
    let answer = compared(root, question, condition);
    format!("{} {operator} {answer}", quoted(asked))
}

fn quoted(words: &str) -> String {
    tf("my.quoted", &[("text", words)])
}

/// What a condition compares with, in words.
fn compared(root: &Value, question: &str, condition: &Value) -> String {
    let members = condition.as_object().into_iter().flatten();
    let mut answers = members.filter(|(name, _)| name.starts_with("answer"));
    match answers.next() {
        Some((_, Value::Bool(true))) => t("definition.yes").to_owned(),
        Some((_, Value::Bool(false))) => t("definition.no").to_owned(),
        Some((_, Value::String(words))) => words.clone(),
        Some((_, Value::Number(number))) => number.to_string().replace('.', ","),
        Some((_, answer)) => {
            let wanted = text(answer, "/code");
            let options = find(root, question).map(Question::of).unwrap_or_default().options;
            let known = options.into_iter().find(|one| !wanted.is_empty() && one.code == wanted);
            let number = answer.pointer("/value").map(|value| value.to_string().replace('.', ","));
            known.map(|one| quoted(&one.words)).or(number).unwrap_or_else(|| {
                let display = text(answer, "/display");
                if display.is_empty() { wanted.to_owned() } else { display.to_owned() }
            })
        }
        None => String::new(),
    }
}

/// An item in words, a line for each thing.
pub(crate) fn described(root: &Value, item: &Value) -> String {
    let question = Question::of(item);
    let mut lines = vec![question.words.clone(), kind_name(&question.kind).to_owned()];
    if question.is_required {
        lines.push(t("definition.required").to_owned());
    }
    if question.repeats && question.kind != "choices" {
        lines.push(t("definition.repeats").to_owned());
    }
    if has_options(&question.kind) {
        lines.extend(question.options.iter().map(|option| match option.points.as_str() {
            "" => format!("– {}", option.words),
            points => {
                tf("definition.option-points", &[("option", &option.words), ("points", points)])
            }
        }));
    }
    if is_number(&question.kind) {
        let ends = [
            ("definition.min", &question.min),
            ("definition.max", &question.max),
            ("definition.unit", &question.unit),
        ];
        let given = ends.into_iter().filter(|(_, value)| !value.is_empty());
        lines.extend(given.map(|(label, value)| format!("{}: {value}", t(label))));
    }
    let conditions: Vec<String> =
        question.conditions.iter().map(|one| condition_words(root, one)).collect();
    if !conditions.is_empty() {
        let between = if question.any_condition { t("definition.or") } else { t("definition.and") };
        lines.push(tf(
            "definition.asked-if",
            &[("conditions", &conditions.join(&format!(" {between} ")))],
        ));
    }
    if question.kind == "score" {
        lines.push(score_words(root, &question));
    }
    if !question.help.is_empty() {
        lines.push(tf("definition.help-is", &[("help", &question.help)]));
    }
    lines.join("\n")
}

fn score_words(root: &Value, question: &Question) -> String {
    if question.score.of.is_empty() {
        return tf("definition.calculated-as", &[("expression", &question.score.expression)]);
    }
    let all = rows(root);
    let number = |link: &String| {
        let row = all.iter().find(|row| link_id(row.item) == link);
        row.map_or_else(|| link.clone(), |row| row.number.clone())
    };
    let numbers: Vec<String> = question.score.of.iter().map(number).collect();
    tf("definition.sum-of", &[("numbers", &numbers.join(", "))])
}

/// What is different, in the order of the later version; what was removed comes last.
pub(crate) fn differences(old: &Value, new: &Value) -> Vec<Different> {
    let mut found = Vec::new();
    let about = |root: &Value| {
        let of = |(_, element): &(&str, &str)| root.get(element).and_then(Value::as_str);
        ABOUT.iter().filter_map(of).collect::<Vec<_>>().join("\n")
    };
    if about(old) != about(new) {
        let (before, after) = (about(old), about(new));
        let name = t("definition.about").to_owned();
        found.push(Different {
            change: Change::Altered,
            number: String::new(),
            name,
            before,
            after,
        });
    }
    let (before, after) = (rows(old), rows(new));
    found.extend(after.iter().filter_map(|row| of_row(old, new, row)));
    for row in &before {
        if find(new, link_id(row.item)).is_none() {
            let before = described(old, row.item);
            found.push(different(Change::Removed, row, before, String::new()));
        }
    }
    found
}

fn of_row(old: &Value, new: &Value, row: &Row<'_>) -> Option<Different> {
    let link = link_id(row.item);
    let after = described(new, row.item);
    let Some(before) = find(old, link) else {
        return Some(different(Change::Added, row, String::new(), after));
    };
    let words = described(old, before);
    if words != after {
        return Some(different(Change::Altered, row, words, after));
    }
    is_moved(old, new, link).then(|| different(Change::Moved, row, words, after))
}

fn different(change: Change, row: &Row<'_>, before: String, after: String) -> Different {
    let name = text(row.item, "/text").to_owned();
    Different { change, number: row.number.clone(), name, before, after }
}

/// Whether an item stands below another item, or in another order among those that were there before.
fn is_moved(old: &Value, new: &Value, link: &str) -> bool {
    let parent = |root: &Value| place_of(root, link).and_then(|place| place.parent);
    if parent(old) != parent(new) {
        return true;
    }
    let before = |root: &Value, other: &Value| {
        let order: Vec<String> = rows(root)
            .iter()
            .map(|row| link_id(row.item).to_owned())
            .filter(|one| find(other, one).is_some())
            .collect();
        order.iter().take_while(|one| *one != link).last().cloned()
    };
    before(old, new) != before(new, old)
}

/// How many items were added, changed, removed and moved, in words.
pub(crate) fn summary(old: &Value, new: &Value) -> String {
    let all = differences(old, new);
    let count = |change: Change| all.iter().filter(|one| one.change == change).count();
    let parts = [
        (Change::Added, "definition.count-added"),
        (Change::Altered, "definition.count-altered"),
        (Change::Removed, "definition.count-removed"),
        (Change::Moved, "definition.count-moved"),
    ];
    let said = parts.into_iter().filter_map(|(change, key)| match count(change) {
        0 => None,
        n => Some(tf(key, &[("n", &n.to_string())])),
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { t("definition.no-difference").to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_added_changed_moved_and_removed_is_told() {
        let item =
            |link: &str, words: &str| json!({"linkId": link, "type": "string", "text": words});
        let old =
            json!({"title": "A", "item": [item("s1", "En"), item("s2", "To"), item("s3", "Tre")]});
        let new = json!({"title": "B", "item": [item("s3", "Tre"), item("s1", "Én"), item("s4", "Fire")]});
        let told: Vec<_> =
            differences(&old, &new).iter().map(|one| (one.change, one.name.clone())).collect();
        let expected = [
            (Change::Altered, t("definition.about")),
            (Change::Moved, "Tre"),
            (Change::Altered, "Én"),
            (Change::Added, "Fire"),
            (Change::Removed, "To"),
        ];
        assert_eq!(told, expected.map(|(change, name)| (change, name.to_owned())));
        assert!(differences(&old, &old).is_empty());
    }

    #[test]
    fn an_item_is_described_with_options_points_and_conditions() {
        let form = json!({"item": [
            {"linkId": "s1", "type": "boolean", "text": "Røyker du?"},
            {"linkId": "s2", "type": "choice", "text": "Hvor mye?", "required": true,
             "enableWhen": [{"question": "s1", "operator": "=", "answerBoolean": true}],
             "answerOption": [{"valueCoding": {"code": "a1", "display": "Litt", "extension": [{
                "url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 1}]}}]}]});
        let words = described(&form, find(&form, "s2").unwrap());
        for part in ["Hvor mye?", "Litt", "1 poeng", "«Røyker du?» er Ja", t("definition.required")]
        {
            assert!(words.contains(part), "{part} in {words}");
        }
    }
}
