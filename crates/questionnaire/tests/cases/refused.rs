//! Forms that cannot be filled in here, and what is told about them.

use serde_json::{Value, json};

use super::{formula, parse};

fn told(items: Value) -> Vec<String> {
    let findings = parse(items).err().unwrap_or_default();
    findings.iter().map(|finding| format!("{} {}", finding.link_id, finding.code)).collect()
}

#[test]
fn what_is_wrong_with_a_form_is_told_where_it_is() {
    let when = |question: &str| json!([{"question": question, "operator": "exists", "answerBoolean": true}]);
    let cases: [(Value, &[&str]); 10] = [
        (
            json!([{"linkId": "1", "type": "string"}, {"linkId": "1", "type": "string"}]),
            &["1 link-id-twice"],
        ),
        (json!([{"linkId": "1", "type": "question"}]), &["1 type-unknown"]),
        (json!([{"linkId": "1", "type": "choice"}]), &["1 choice-without-options"]),
        (
            json!([{"linkId": "1", "type": "choice", "answerValueSet": "http://example.org/vs"}]),
            &["1 value-set-outside"],
        ),
        (
            json!([{"linkId": "1", "type": "choice", "answerValueSet": "#vs"}]),
            &["1 value-set-missing"],
        ),
        (
            json!([{"linkId": "1", "type": "string", "enableWhen": when("2")}]),
            &["1 condition-question"],
        ),
        (
            json!([{"linkId": "1", "type": "string", "enableWhen": when("2")},
            {"linkId": "2", "type": "string", "enableWhen": when("1")}]),
            &["1 condition-circular", "2 condition-circular"],
        ),
        (json!([{"linkId": "1", "type": "reference"}]), &["1 reference-target"]),
        (
            json!([{"linkId": "1", "type": "integer", "extension":
            [formula("sdc-questionnaire-calculatedExpression", "1 +")]}]),
            &["1 expression-wrong"],
        ),
        (
            json!([{"linkId": "1", "type": "integer", "initial": [{"valueString": "a"}]}]),
            &["1 initial-wrong"],
        ),
    ];
    for (items, expected) in cases {
        assert_eq!(told(items.clone()), expected, "{items}");
    }
}

#[test]
fn a_form_that_is_too_large_is_refused() {
    let question = json!([{"linkId": "q", "type": "string"}]);
    let deep = (0..17).fold(
        question,
        |below, number| json!([{"linkId": number.to_string(), "type": "group", "item": below}]),
    );
    assert_eq!(told(deep), [" too-deep"]);
    let many: Vec<Value> =
        (0..2_001).map(|number| json!({"linkId": number.to_string(), "type": "string"})).collect();
    assert_eq!(told(many.into()), [" too-many-items"]);
    let min = json!([{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs", "valueInteger": 50}]);
    let nested = (0..4).fold(json!([{"linkId": "q", "type": "string"}]), |below, number| {
        json!([{"linkId": number.to_string(), "type": "group", "repeats": true, "extension": min, "item": below}])
    });
    assert_eq!(told(nested), [" too-many-repeats"]);
}
