//! Nothing that comes from outside makes it panic, and nothing that is answered is lost.

use akson_questionnaire::{Answer, Answers, Questionnaire};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{form, scored, seen};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z#|.:0-9]{0,8}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("linkId"),
        Just("type"),
        Just("item"),
        Just("answer"),
        Just("valueCoding"),
        Just("valueInteger"),
        Just("extension"),
        Just("url"),
        Just("enableWhen"),
        Just("question"),
        Just("answerOption"),
        Just("operator"),
        Just("code"),
        Just("text"),
    ];
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..5).prop_map(|members| {
                Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_form_is_read_or_refused(items in any_json()) {
        let whole = json!({"resourceType": "Questionnaire", "status": "draft", "item": items});
        if let Ok(form) = Questionnaire::parse(&whole) {
            let mut answers = Answers::empty(&form);
            seen(&form, &mut answers);
        }
    }

    #[test]
    fn any_response_is_read(item in any_json(), paths in prop::collection::vec("[0-9.]{0,6}", 0..4)) {
        let form = form(json!([scored("a"), {"linkId": "g", "type": "group", "repeats": true,
            "item": [{"linkId": "b", "type": "decimal", "repeats": true}]}]));
        let (mut answers, _) = form.read(&json!({"item": item}));
        for path in paths {
            if let Some((item, node)) = answers.node_mut(&form, &path) {
                node.add(item);
            }
        }
        seen(&form, &mut answers).complete();
    }

    #[test]
    fn what_is_typed_is_an_answer_or_is_not(typed in "\\PC{0,20}") {
        for kind in ["integer", "decimal", "date", "dateTime", "time", "url", "text", "quantity"] {
            let form = form(json!([{"linkId": "1", "type": kind}]));
            let item = form.item("1").unwrap();
            let Some(answer) = Answer::typed(item, &typed) else { continue };
            let mut answers = Answers::empty(&form);
            answers.nodes[0].answer(item, vec![answer]);
            let items = answers.draft(&form);
            let whole = json!({"resourceType": "QuestionnaireResponse", "status": "in-progress", "item": items});
            prop_assert!(akson_fhir::json::parse(whole.to_string().as_bytes()).is_ok(), "{kind} {typed:?}");
            prop_assert_eq!(form.read(&whole).0, answers);
        }
    }
}
