//! One file per part of the engine.

mod corpus;
mod filling;
mod hostile;
mod refused;
mod shipped;

use akson_base::Instant;
use akson_questionnaire::{Answer, Answers, Live, Questionnaire, Surroundings};
use serde_json::{Value, json};

/// 2026-11-22T12:00:00Z.
pub(crate) const NOW: Instant = Instant(1_795_348_800_000);

pub(crate) const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";
pub(crate) const SDC: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/";

pub(crate) fn form(items: Value) -> Questionnaire {
    parse(items).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

pub(crate) fn parse(items: Value) -> Result<Questionnaire, Vec<akson_questionnaire::Finding>> {
    Questionnaire::parse(&json!({
        "resourceType": "Questionnaire", "status": "active", "url": "https://example.org/form",
        "version": "1", "title": "Form", "item": items}))
}

pub(crate) fn scored(link_id: &str) -> Value {
    let option = |code: &str, display: &str, weight: i32| {
        json!({"valueCoding": {"system": "https://example.org/how-often", "code": code, "display": display,
            "extension": [{"url": ORDINAL, "valueDecimal": weight}]}})
    };
    json!({"linkId": link_id, "text": link_id, "type": "choice", "required": true, "answerOption": [
        option("a", "Not at all", 0), option("b", "Several days", 1), option("c", "Most days", 2)]})
}

pub(crate) fn formula(name: &str, expression: &str) -> Value {
    json!({"url": format!("{SDC}{name}"),
        "valueExpression": {"language": "text/fhirpath", "expression": expression}})
}

/// Types into the field at a path, as a page does.
pub(crate) fn put(form: &Questionnaire, answers: &mut Answers, path: &str, typed: &str) {
    let (item, node) = answers.node_mut(form, path).unwrap();
    let value = match item.options.iter().find(|option| option.label() == typed) {
        Some(option) => option.value.clone(),
        None => Answer::typed(item, typed).unwrap(),
    };
    node.answer(item, vec![value]);
}

pub(crate) fn seen<'q>(form: &'q Questionnaire, answers: &mut Answers) -> Live<'q> {
    form.evaluate(answers, &Surroundings::at(NOW))
}

pub(crate) fn codes(live: &Live<'_>) -> Vec<String> {
    let told = live.faults();
    told.iter().map(|finding| format!("{} {}", finding.link_id, finding.code)).collect()
}
