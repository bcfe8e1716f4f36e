//! The standard's own examples: every form is read or refused for a reason that is named here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use akson_questionnaire::{Answers, Questionnaire};
use serde_json::{Value, json};

use super::seen;

/// Why forms of the standard are refused: they choose from value sets of a terminology server, refer
/// to anything, have choices without options, or use a linkId twice.
const REASONS: [&str; 7] = [
    "link-id-twice",
    "value-set-outside",
    "value-set-missing",
    "value-set-not-listed",
    "choice-without-options",
    "reference-target",
    "not-fhir",
];

fn examples() -> Option<Vec<(String, Value)>> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let archive = root.join("../shared/corpora/r4-examples/r4-examples.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: the standard's examples are not there ({})", archive.display());
        return None;
    }
    let folder = root.join("target/corpora/questionnaire-examples");
    std::fs::create_dir_all(&folder).unwrap();
    let packed = std::fs::canonicalize(archive).unwrap();
    let done = Command::new("tar")
        .arg("--overwrite")
        .arg("-xJf")
        .arg(packed)
        .arg("-C")
        .arg(&folder)
        .status()
        .unwrap();
    assert!(done.success());
    let files = std::fs::read_dir(folder.join("r4-examples")).unwrap();
    let read = files.filter_map(|file| {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        Some((file.file_name().to_string_lossy().into_owned(), value))
    });
    Some(read.collect())
}

/// The forms of the standard are made by a program, and none can be filled in as it stands: items have no
/// linkId or one that is used twice, choices nothing to choose from, references no type. Mended, each can.
fn mend(items: &mut Value, next: &mut usize) {
    for item in items.as_array_mut().into_iter().flatten() {
        *next += 1;
        item["linkId"] = format!("no-{next}").into();
        let has_options = item["answerOption"].is_array() || item["answerValueSet"].is_string();
        let is_choice = item["type"].as_str().is_some_and(|kind| kind.contains("choice"));
        if item["type"] == "reference" || is_choice && !has_options {
            item["type"] = "string".into();
        }
        if item["item"].is_array() {
            mend(&mut item["item"], next);
        }
    }
}

#[test]
fn the_standards_forms_are_refused_for_known_reasons_and_read_when_mended() {
    let Some(examples) = examples() else { return };
    let (mut read, mut reasons) = (0, BTreeMap::<&str, usize>::new());
    for (name, form) in examples.iter().filter(|(_, one)| one["resourceType"] == "Questionnaire") {
        let findings = Questionnaire::parse(form).err().unwrap_or_default();
        for finding in findings {
            assert!(REASONS.contains(&finding.code), "{name}: {finding}");
            *reasons.entry(finding.code).or_default() += 1;
        }
        let mut form = form.clone();
        mend(&mut form["item"], &mut 0);
        match Questionnaire::parse(&form) {
            Ok(form) => {
                seen(&form, &mut Answers::empty(&form));
                read += 1;
            }
            Err(findings) => {
                let told: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
                assert!(
                    told.iter()
                        .all(|code| matches!(*code, "value-set-outside" | "condition-question")),
                    "{name}: {told:?}"
                );
            }
        }
    }
    println!("{read} forms are read; reasons of the forms as they stand: {reasons:?}");
    assert!(read >= 80, "only {read} forms are read");
}

/// The form that a response must have come from, when the corpus does not have it.
fn form_of(response: &Value) -> Value {
    fn items(given: &[Value]) -> Vec<Value> {
        let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
        let mut ids: Vec<&Value> = Vec::new();
        for one in given {
            if !ids.contains(&&one["linkId"]) {
                ids.push(&one["linkId"]);
            }
        }
        let of = |id: &&Value| {
            let own: Vec<&Value> = given.iter().filter(|one| one["linkId"] == **id).collect();
            let answers: Vec<Value> = own.iter().flat_map(|one| list(&one["answer"])).collect();
            let mut below: Vec<Value> = own.iter().flat_map(|one| list(&one["item"])).collect();
            below.extend(answers.iter().flat_map(|answer| list(&answer["item"])));
            let mut item = json!({"linkId": id, "type": "group", "repeats": true});
            let value = |answer: &Value| {
                let name =
                    answer.as_object()?.keys().find(|name| name.starts_with("value"))?.clone();
                Some((name.clone(), answer[&name].clone()))
            };
            let values: Vec<(String, Value)> = answers.iter().filter_map(value).collect();
            if let Some((name, _)) = values.first() {
                item["type"] = name["value".len()..].to_lowercase().into();
            }
            let codings = values.iter().filter(|(name, _)| name == "valueCoding");
            let options: Vec<Value> = codings.map(|(_, one)| json!({"valueCoding": one})).collect();
            if !options.is_empty() {
                item["type"] = "open-choice".into();
                item["answerOption"] = options.into();
            }
            if !below.is_empty() {
                item["item"] = items(&below).into();
            }
            item
        };
        ids.iter().map(of).collect()
    }
    let given = response["item"].as_array().cloned().unwrap_or_default();
    json!({"resourceType": "Questionnaire", "status": "active", "item": items(&given)})
}

/// One example uses the same linkId below different items, which no form may: each gets its own.
fn with_own_ids(items: &Value, above: &str) -> Value {
    match items {
        Value::Array(values) => {
            values.iter().map(|one| with_own_ids(one, above)).collect::<Vec<_>>().into()
        }
        Value::Object(members) => {
            let id = members.get("linkId").and_then(Value::as_str).unwrap_or_default();
            let above = if id.is_empty() { above.to_owned() } else { format!("{above}/{id}") };
            let own = members.iter().map(|(name, value)| {
                let value = match name.as_str() {
                    "linkId" => above.clone().into(),
                    "item" | "answer" => with_own_ids(value, &above),
                    _ => value.clone(),
                };
                (name.clone(), value)
            });
            own.collect::<serde_json::Map<_, _>>().into()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            other.clone()
        }
    }
}

/// Without texts and definitions, which the form gives.
fn bare(items: &Value) -> Value {
    match items {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "text" | "definition"))
            .map(|(name, value)| (name.clone(), bare(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(bare).collect::<Vec<_>>().into(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            other.clone()
        }
    }
}

#[test]
fn the_standards_responses_come_back_as_they_were() {
    let Some(examples) = examples() else { return };
    let mut count = 0;
    for (name, response) in
        examples.iter().filter(|(_, one)| one["resourceType"] == "QuestionnaireResponse")
    {
        let mut response = response.clone();
        response["item"] = with_own_ids(&response["item"], "");
        let form = Questionnaire::parse(&form_of(&response))
            .unwrap_or_else(|told| panic!("{name}: {told:?}"));
        let (answers, findings) = form.read(&response);
        assert!(findings.is_empty(), "{name}: {findings:?}");
        assert_eq!(bare(&json!(answers.draft(&form))), bare(&response["item"]), "{name}");
        count += 1;
    }
    assert!(count >= 3, "only {count} responses");
}
