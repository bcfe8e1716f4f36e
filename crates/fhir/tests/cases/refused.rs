//! What the reader refuses, and what it says: one line per case in `golden/refused.txt`.
//!
//! A case is a line of JSON and the lines that it is answered with. `UPDATE_GOLDEN=1` rewrites the
//! answers.

use std::fmt::Write;

use akson_base::{Kind, Problem, limits};
use akson_fhir::json::{self, ISSUES_MAX, Rule};

use super::corpora::{golden, root};

#[test]
fn every_case_is_refused_with_its_message() {
    let path = root().join("crates/fhir/tests/golden/refused.txt");
    let cases = std::fs::read_to_string(path).unwrap();
    let mut actual = String::new();
    let mut refused = 0;
    for line in cases.lines() {
        if line.starts_with("    ") {
            continue;
        }
        actual.push_str(line);
        actual.push('\n');
        if !line.starts_with('{') && !line.starts_with('[') {
            continue;
        }
        let issues = json::parse(line.as_bytes()).expect_err(line);
        for issue in issues.iter() {
            let (number, code) = (issue.rule.number(), issue.code());
            writeln!(actual, "    {number} {code} {issue}").unwrap();
        }
        refused += 1;
    }
    assert!(refused > 80, "{refused}");
    golden("refused.txt", &actual);
}

#[test]
fn what_the_rules_allow_is_accepted() {
    for json in [
        r#"{"resourceType":"Patient"}"#,
        "\u{feff} {\"resourceType\" : \"Patient\" }\n",
        r#"{"id":"x","resourceType":"Patient"}"#,
        r#"{"resourceType":"Patient","birthDate":"2024-02-29","_birthDate":{"id":"a"}}"#,
        r#"{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"x"}]}}"#,
        r#"{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"b"}]}]}"#,
        r#"{"resourceType":"Patient","name":[{"_given":[null,{"id":"b"}],"given":["a",null]}]}"#,
        r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#o"}}"##,
        r#"{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}"#,
        r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"},{"system":"http://x","code":"y"}]}}"#,
        r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"string"}]}]}"#,
        r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient"}}]}"#,
        r#"{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":1.10e-3}]}"#,
    ] {
        assert_eq!(json::parse(json.as_bytes()).err().map(|e| e.to_string()), None, "{json}");
    }
}

#[test]
fn numbers_keep_their_digits_and_values_are_found() {
    let json = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10,"unit":"m\u00e5"},"component":[{"code":{"text":"c"},"valueInteger":0}]}"#;
    let resource = json::parse(json.as_bytes()).unwrap();
    let root = resource.root();
    assert_eq!(root.path(&["value", "value"]).unwrap().text(), Some("1.10"));
    assert_eq!(root.path(&["value", "unit"]).unwrap().text(), Some("må"));
    let component = root.path(&["component", "value"]).unwrap();
    assert_eq!(component.location(), "Observation.component[0].value");
    assert_eq!((component.type_name(), component.json_name()), ("integer", "valueInteger".into()));
    let mut written = Vec::new();
    json::write(&resource, &mut written);
    assert_eq!(String::from_utf8(written).unwrap(), json.replace("\\u00e5", "å"));
}

#[test]
fn head_and_tail_make_the_whole_resource() {
    let json = r#"{"resourceType":"Patient","id":"old","_id":{"extension":[{"url":"u"}]},"meta":{"versionId":"9","lastUpdated":"2000-01-01T00:00:00Z","profile":["http://p"]},"active":true}"#;
    let whole = |json: &str| {
        let resource = json::parse(json.as_bytes()).unwrap();
        let mut out = Vec::new();
        json::write_head("Patient", "new", 3, akson_base::Instant(0), &mut out);
        out.extend_from_slice(&json::write_tail(&resource));
        json::parse(&out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let head = r#"{"resourceType":"Patient","id":"new","meta":{"versionId":"3","lastUpdated":"1970-01-01T00:00:00.000Z""#;
    let rest = r#","profile":["http://p"]},"_id":{"extension":[{"url":"u"}]},"active":true}"#;
    assert_eq!(whole(json), format!("{head}{rest}"));
    assert_eq!(whole(r#"{"resourceType":"Patient"}"#), format!("{head}}}}}"));
}

#[test]
fn limits_are_refusals() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"url":"u","extension":["#.repeat(depth), "]}".repeat(depth));
        format!(r#"{{"resourceType":"Patient","extension":[{open}{{"url":"u"}}{close}]}}"#)
    };
    assert!(json::parse(nested(limits::JSON_DEPTH_MAX / 2 - 2).as_bytes()).is_ok());
    let issues = json::parse(nested(limits::JSON_DEPTH_MAX).as_bytes()).unwrap_err();
    assert_eq!(issues[0].rule, Rule::TooDeep);
    let large = vec![b' '; limits::RESOURCE_BYTES_MAX + 1];
    let problem = Problem::from(json::parse(&large).unwrap_err());
    assert_eq!((problem.kind, problem.code), (Kind::TooLarge, "FHR-003"));
    let many = vec![r#"{"familyx":"a"}"#; 200].join(",");
    let many = format!(r#"{{"resourceType":"Patient","name":[{many}]}}"#);
    assert_eq!(json::parse(many.as_bytes()).unwrap_err().len(), ISSUES_MAX);
    let long = "x".repeat(1024 * 1024 + 1);
    let long = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{long}"}}]}}"#);
    assert_eq!(json::parse(long.as_bytes()).unwrap_err()[0].rule, Rule::Primitive);
}

#[test]
fn messages_do_not_repeat_values() {
    let json = r#"{"resourceType":"Patient","birthDate":"01011980","gender":"Kari Nordmann 01018012345","name":"Kari","active":"Kari"}"#;
    let issues = json::parse(json.as_bytes()).unwrap_err();
    assert_eq!(issues.len(), 4);
    let text = issues.to_string();
    assert!(!text.contains("Kari") && !text.contains("0101"), "{text}");
}

#[test]
fn many_issues_become_one_problem() {
    let json = r#"{"resourceType":"Patient","birthDate":"x","gender":"x"}"#;
    let problem = Problem::from(json::parse(json.as_bytes()).unwrap_err());
    assert_eq!((problem.kind, problem.code), (Kind::Invalid, "FHR-012"));
    assert_eq!(problem.locations, ["Patient.birthDate"]);
    assert_eq!(problem.further.len(), 1);
    assert_eq!(problem.further[0].1, "Patient.gender");
}

#[test]
fn long_arrays_of_nulls_are_read_in_linear_time() {
    let nulls = vec!["null"; 300_000].join(",");
    let json = format!(
        r#"{{"resourceType":"Patient","name":[{{"given":[{nulls}],"_given":[{nulls}]}}]}}"#
    );
    assert_eq!(json::parse(json.as_bytes()).unwrap_err().len(), ISSUES_MAX);
}
