//! What an item may be answered with: its options, or the concepts of a value set that the form holds.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerOption>

use serde_json::{Value, json};

use crate::answer::{Answer, Coding};
use crate::element::{extension_flag, extension_value, flag, list, text, value, weight};
use crate::finding::Finding;
use crate::limits::ITEM_OPTIONS_MAX;

/// One option.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerOption {
    /// What choosing it answers.
    pub value: Answer,
    /// What stands before it, `a)`; empty when there is nothing.
    pub prefix: String,
    /// Whether nothing else may be chosen with it.
    pub is_exclusive: bool,
    /// Whether it is chosen to begin with.
    pub is_initial: bool,
}

impl AnswerOption {
    /// What it says.
    pub fn label(&self) -> String {
        self.value.words()
    }

    fn of_coding(coding: &Value) -> Self {
        let value = Answer::Coding(Coding::of_json(coding));
        Self { value, prefix: String::new(), is_exclusive: false, is_initial: false }
    }
}

/// The options of an item, from `answerOption` or a contained value set.
pub(crate) fn options(
    item: &Value,
    contained: &[Value],
    link_id: &str,
    findings: &mut Vec<Finding>,
) -> Vec<AnswerOption> {
    let own = list(item, "answerOption");
    let set = text(item, "answerValueSet");
    let mut found = Vec::new();
    for option in own.iter().take(ITEM_OPTIONS_MAX + 1) {
        match read(option) {
            Some(option) => found.push(option),
            None => findings.push(Finding::of_form(
                "option-wrong",
                link_id,
                "An option has no value that can be an answer. Give it valueCoding, valueString, valueInteger, valueDate, valueTime or valueReference.",
            )),
        }
    }
    if !set.is_empty() {
        match of_value_set(set, contained, link_id) {
            Ok(concepts) => found.extend(concepts),
            Err(finding) => findings.push(finding),
        }
    }
    if found.len() > ITEM_OPTIONS_MAX {
        let message = format!("There are more than {ITEM_OPTIONS_MAX} options. Offer fewer.");
        findings.push(
            Finding::of_form("too-many-options", link_id, message)
                .with(ITEM_OPTIONS_MAX.to_string()),
        );
        found.truncate(ITEM_OPTIONS_MAX);
    }
    found
}

fn read(option: &Value) -> Option<AnswerOption> {
    let (kind, given) = value(option, "value")?;
    let mut answer = Answer::of_json(kind, given)?;
    // The weight may stand on the option, or on its Coding.
    if let Answer::Coding(coding) = &mut answer
        && coding.weight.is_none()
        && let Some(outer) = weight(option)
    {
        coding.weight = Coding::of_json(&json!({"extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": outer}]}))
        .weight;
    }
    let prefix = extension_value(option, "questionnaire-optionPrefix")
        .or_else(|| extension_value(given, "questionnaire-optionPrefix"));
    Some(AnswerOption {
        value: answer,
        prefix: prefix.and_then(Value::as_str).unwrap_or_default().to_owned(),
        is_exclusive: extension_flag(option, "questionnaire-optionExclusive"),
        is_initial: flag(option, "initialSelected"),
    })
}

/// The concepts of a value set that the form contains.
fn of_value_set(
    address: &str,
    contained: &[Value],
    link_id: &str,
) -> Result<Vec<AnswerOption>, Finding> {
    let Some(id) = address.strip_prefix('#') else {
        let message = format!(
            "The value set {address} is outside the form, and there is no terminology server to ask. Put its concepts into the form: as answerOption, or as a contained ValueSet that is named #id."
        );
        return Err(Finding::of_form("value-set-outside", link_id, message).with(address));
    };
    let set = contained
        .iter()
        .find(|one| text(one, "resourceType") == "ValueSet" && text(one, "id") == id)
        .ok_or_else(|| {
            let message = format!(
                "There is no contained ValueSet with the id {id}. Put it into the form's contained resources."
            );
            Finding::of_form("value-set-missing", link_id, message).with(address)
        })?;
    let mut found = Vec::new();
    match set.get("expansion") {
        Some(expansion) => expanded(list(expansion, "contains"), 0, &mut found),
        None => composed(set, &mut found),
    }
    if found.is_empty() {
        let message = format!(
            "The contained ValueSet {id} lists no concepts. Give it an expansion, or list them in compose.include.concept."
        );
        return Err(Finding::of_form("value-set-not-listed", link_id, message).with(address));
    }
    Ok(found)
}

fn expanded(contains: &[Value], depth: usize, found: &mut Vec<AnswerOption>) {
    for concept in contains {
        if found.len() > ITEM_OPTIONS_MAX {
            return;
        }
        if !flag(concept, "abstract") && !text(concept, "code").is_empty() {
            found.push(AnswerOption::of_coding(concept));
        }
        if depth < crate::limits::ITEM_DEPTH_MAX {
            expanded(list(concept, "contains"), depth + 1, found);
        }
    }
}

/// The listed concepts. An include that names a whole system or a filter would need a terminology server,
/// and makes the set one that is not listed.
fn composed(set: &Value, found: &mut Vec<AnswerOption>) {
    let compose = set.get("compose").unwrap_or(&Value::Null);
    let includes = list(compose, "include");
    let is_listed = |include: &Value| {
        !list(include, "concept").is_empty()
            && list(include, "filter").is_empty()
            && list(include, "valueSet").is_empty()
    };
    if !list(compose, "exclude").is_empty() || !includes.iter().all(is_listed) {
        return;
    }
    for include in includes {
        for concept in list(include, "concept").iter().take(ITEM_OPTIONS_MAX + 1) {
            let mut coding = concept.clone();
            if let (Some(members), Some(system)) = (coding.as_object_mut(), include.get("system")) {
                members.insert("system".into(), system.clone());
            }
            found.push(AnswerOption::of_coding(&coding));
        }
    }
}
