//! Filling in: conditions, scores, repeats, what is wrong, drafts, and what comes of it.

use akson_questionnaire::{About, Answer, Answers, Surroundings};
use serde_json::{Value, json};

use super::{NOW, SDC, codes, form, formula, put, scored, seen};

fn depression() -> Value {
    let sum = "%resource.item.where(linkId.startsWith('q')).answer.value.weight().sum()";
    json!([
        scored("q1"), scored("q2"),
        {"linkId": "hard", "text": "How hard?", "type": "string", "required": true,
            "enableWhen": [{"question": "q2", "operator": "exists", "answerBoolean": true},
                {"question": "q2", "operator": "!=", "answerCoding":
                    {"system": "https://example.org/how-often", "code": "a"}}],
            "enableBehavior": "all"},
        {"linkId": "sum", "text": "Sum", "type": "integer", "readOnly": true,
            "code": [{"system": "http://loinc.org", "code": "44261-6", "display": "PHQ-9"}],
            "extension": [formula("sdc-questionnaire-calculatedExpression", sum),
                {"url": format!("{SDC}sdc-questionnaire-observationExtract"), "valueBoolean": true}]},
        {"linkId": "plan", "text": "Plan", "type": "text",
            "extension": [formula("sdc-questionnaire-enableWhenExpression",
                "%resource.item.where(linkId='sum').answer.value >= 2")]}
    ])
}

#[test]
fn a_score_follows_the_answers_and_opens_what_depends_on_it() {
    let form = form(depression());
    let mut answers = Answers::empty(&form);
    let live = seen(&form, &mut answers);
    assert_eq!(codes(&live), ["q1 required", "q2 required"]);
    assert!(!live.items[2].is_enabled && !live.items[4].is_enabled);
    put(&form, &mut answers, "0", "Several days");
    put(&form, &mut answers, "1", "Most days");
    let live = seen(&form, &mut answers);
    assert_eq!(live.answer("sum"), Some(&Answer::Integer(3)));
    assert!(live.items[2].is_enabled && live.items[4].is_enabled);
    assert_eq!(codes(&live), ["hard required"]);
    assert_eq!(live.progress(), (2, 4));
    put(&form, &mut answers, "1", "Not at all");
    let live = seen(&form, &mut answers);
    assert_eq!(live.answer("sum"), Some(&Answer::Integer(1)));
    assert!(!live.items[2].is_enabled && !live.items[4].is_enabled);
    assert!(codes(&live).is_empty());
}

#[test]
fn what_is_not_asked_is_kept_in_a_draft_and_left_out_at_the_end() {
    let form = form(depression());
    let mut answers = Answers::empty(&form);
    put(&form, &mut answers, "1", "Most days");
    put(&form, &mut answers, "2", "Very");
    put(&form, &mut answers, "1", "Not at all");
    let complete = seen(&form, &mut answers).complete();
    assert!(!json!(complete).to_string().contains("Very"));
    let draft = json!({"resourceType": "QuestionnaireResponse", "item": answers.draft(&form)});
    assert!(draft.to_string().contains("Very"));
    let (again, findings) = form.read(&draft);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(again, answers);
}

#[test]
fn a_score_becomes_an_observation() {
    let form = form(depression());
    let mut answers = Answers::empty(&form);
    put(&form, &mut answers, "0", "Most days");
    let about = About {
        subject: "Patient/1".into(),
        response: "QuestionnaireResponse/2".into(),
        effective: "2026-11-22T12:00:00Z".into(),
        issued: "2026-11-22T12:00:00Z".into(),
        ..About::default()
    };
    let found = seen(&form, &mut answers).extract(&about);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["valueInteger"], 2);
    assert_eq!(found[0]["code"]["coding"][0]["code"], "44261-6");
    assert_eq!(found[0]["derivedFrom"][0]["reference"], "QuestionnaireResponse/2");
    akson_fhir::json::parse(found[0].to_string().as_bytes()).unwrap();
}

#[test]
fn every_type_is_typed_and_told_when_it_is_wrong() {
    let cases = [
        ("integer", "12", "valueInteger", json!(12)),
        ("decimal", "36,6", "valueDecimal", json!(36.6)),
        ("date", "22.11.2026", "valueDate", json!("2026-11-22")),
        ("dateTime", "2026-11-22T08:30", "valueDateTime", json!("2026-11-22T08:30:00+01:00")),
        ("time", "8.30", "valueTime", json!("08:30:00")),
        ("string", " a ", "valueString", json!("a")),
        ("url", "https://example.org", "valueUri", json!("https://example.org")),
        ("boolean", "true", "valueBoolean", json!(true)),
    ];
    for (kind, typed, name, expected) in cases {
        let form = form(json!([{"linkId": "1", "type": kind}]));
        let mut answers = Answers::empty(&form);
        put(&form, &mut answers, "0", typed);
        let items = seen(&form, &mut answers).complete();
        assert_eq!(items[0]["answer"][0][name], expected, "{kind}");
        let item = form.item("1").unwrap();
        if kind != "string" {
            assert_eq!(Answer::typed(item, "§ nothing"), None, "{kind}");
        }
    }
}

#[test]
fn limits_of_an_answer_are_told_at_its_field() {
    let fhir = |name: &str, value: Value| {
        let mut one = value;
        one["url"] = format!("http://hl7.org/fhir/StructureDefinition/{name}").into();
        one
    };
    let cases = [
        (
            json!({"type": "integer", "extension": [fhir("minValue", json!({"valueInteger": 3}))]}),
            "2",
            "too-small",
        ),
        (
            json!({"type": "decimal", "extension": [fhir("maxValue", json!({"valueDecimal": 3.5}))]}),
            "3,6",
            "too-large",
        ),
        (
            json!({"type": "decimal", "extension": [fhir("maxDecimalPlaces", json!({"valueInteger": 1}))]}),
            "3,61",
            "too-many-decimals",
        ),
        (json!({"type": "string", "maxLength": 3}), "long", "too-long"),
        (
            json!({"type": "string", "extension": [fhir("regex", json!({"valueString": "[0-9]+"}))]}),
            "12a",
            "pattern",
        ),
        (
            json!({"type": "date", "extension": [fhir("minValue", json!({"valueDate": "2026-01-01"}))]}),
            "2025-12-31",
            "too-small",
        ),
    ];
    for (item, typed, code) in cases {
        let mut item = item;
        item["linkId"] = "1".into();
        let form = form(json!([item]));
        let mut answers = Answers::empty(&form);
        put(&form, &mut answers, "0", typed);
        assert_eq!(codes(&seen(&form, &mut answers)), [format!("1 {code}")]);
    }
}

#[test]
fn groups_and_questions_repeat() {
    let form = form(json!([{"linkId": "g", "type": "group", "repeats": true, "item": [
        {"linkId": "name", "type": "string", "required": true, "repeats": true},
        {"linkId": "more", "type": "string", "enableWhen":
            [{"question": "name", "operator": "=", "answerString": "Kari"}]}]}]));
    let mut answers = Answers::empty(&form);
    let (item, node) = answers.node_mut(&form, "0").unwrap();
    assert!(node.add(item));
    put(&form, &mut answers, "0.0.0", "Kari");
    put(&form, &mut answers, "0.1.0", "Ola");
    let (item, node) = answers.node_mut(&form, "0.1.0").unwrap();
    node.add(item);
    node.occurrences[1].value = Answer::typed(item, "Per");
    let live = seen(&form, &mut answers);
    let enabled = |group: usize| live.items[0].occurrences[group].items[1].is_enabled;
    assert!(enabled(0) && !enabled(1));
    let items = live.complete();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1]["item"][0]["answer"][1]["valueString"], "Per");
    let response = json!({"resourceType": "QuestionnaireResponse", "item": answers.draft(&form)});
    assert_eq!(form.read(&response).0, answers);
    let (item, node) = answers.node_mut(&form, "0").unwrap();
    node.remove(item, 0);
    assert_eq!(node.occurrences.len(), 1);
}

#[test]
fn what_was_typed_and_is_no_number_stays_in_the_draft() {
    let form = form(json!([{"linkId": "1", "type": "integer"}]));
    let mut answers = Answers::empty(&form);
    answers.nodes[0].occurrences[0].typed = Some("about four".into());
    assert_eq!(codes(&seen(&form, &mut answers)), ["1 not-integer"]);
    let items = answers.draft(&form);
    let response = json!({"resourceType": "QuestionnaireResponse", "item": items});
    let whole =
        json!({"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": items});
    akson_fhir::json::parse(whole.to_string().as_bytes()).unwrap();
    assert_eq!(form.read(&response).0, answers);
}

#[test]
fn answers_that_do_not_fit_are_told_and_kept() {
    let form = form(json!([{"linkId": "1", "type": "integer"}]));
    let response = json!({"item": [
        {"linkId": "1", "answer": [{"valueString": "x"}]},
        {"linkId": "gone", "answer": [{"valueString": "y"}]}]});
    let (answers, findings) = form.read(&response);
    let told: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(told, ["answer-unfit", "item-unknown"]);
    let kept = json!(answers.draft(&form)).to_string();
    assert!(kept.contains("\"x\"") && kept.contains("\"y\""));
}

#[test]
fn a_form_begins_with_what_is_known() {
    let form = form(json!([
        {"linkId": "born", "type": "date",
            "extension": [formula("sdc-questionnaire-initialExpression", "%patient.birthDate")]},
        {"linkId": "weight", "type": "decimal", "code": [{"system": "http://loinc.org", "code": "29463-7"}],
            "extension": [{"url": format!("{SDC}sdc-questionnaire-observationLinkPeriod"),
                "valueDuration": {"value": 1, "code": "mo", "system": "http://unitsofmeasure.org"}}]},
        {"linkId": "yes", "type": "boolean", "initial": [{"valueBoolean": true}]}]));
    let patient = json!({"resourceType": "Patient", "birthDate": "1950-02-03"});
    let weighed = |day: &str, value: f64| {
        json!({"status": "final", "effectiveDateTime": day, "valueQuantity": {"value": value},
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}})
    };
    let surroundings = Surroundings::at(NOW).with("patient", &patient);
    let begin = |observation| {
        let mut answers = form.begin(&surroundings, &[observation]);
        let live = form.evaluate(&mut answers, &surroundings);
        ["born", "weight", "yes"].map(|id| live.answer(id).map(Answer::words))
    };
    let text = |text: &str| Some(text.to_owned());
    let recent = begin(weighed("2026-11-01T08:00:00Z", 71.5));
    assert_eq!(recent, [text("1950-02-03"), text("71.5"), text("true")]);
    assert_eq!(begin(weighed("2026-01-01T08:00:00Z", 71.5))[1], None);
    assert_eq!(form.observed_codes(), ["http://loinc.org|29463-7"]);
}

#[test]
fn a_calculation_that_never_settles_is_told() {
    let next = "iif(%context.answer.value.exists(), %context.answer.value + 1, 1)";
    let form = form(json!([{"linkId": "1", "type": "integer",
        "extension": [formula("sdc-questionnaire-calculatedExpression", next)]}]));
    let mut answers = Answers::empty(&form);
    assert_eq!(codes(&seen(&form, &mut answers)), ["1 unsettled"]);
}

#[test]
fn variables_and_constraints_are_evaluated() {
    let constraint = json!({"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint",
        "extension": [{"url": "key", "valueId": "c"}, {"url": "severity", "valueCode": "error"},
            {"url": "expression", "valueString": "%twice < 10"},
            {"url": "human", "valueString": "Twice of it must be below ten."}]});
    let variable = json!({"url": "http://hl7.org/fhir/StructureDefinition/variable",
        "valueExpression": {"name": "twice", "language": "text/fhirpath",
            "expression": "%resource.item.where(linkId='1').answer.value * 2"}});
    let form =
        form(json!([{"linkId": "1", "type": "integer", "extension": [variable, constraint]}]));
    let mut answers = Answers::empty(&form);
    put(&form, &mut answers, "0", "4");
    assert!(codes(&seen(&form, &mut answers)).is_empty());
    put(&form, &mut answers, "0", "5");
    let live = seen(&form, &mut answers);
    assert_eq!(codes(&live), ["1 constraint"]);
    assert_eq!(
        live.items[0].occurrences[0].findings[0].arguments,
        ["Twice of it must be below ten."]
    );
}
