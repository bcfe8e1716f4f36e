//! Codes and titles are those of the national editions, where these are at hand.

use super::town::{charts, strings};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Code (without its point) and title, or `None` with a plain word when the corpora are absent.
fn edition(file: &str) -> Option<HashMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let path = root.join("terminology/norwegian").join(file);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {file} is not there");
        return None;
    };
    let list: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
    let pair = |entry: &Value| {
        (entry["code"].as_str().unwrap().to_owned(), entry["text"].as_str().unwrap().to_owned())
    };
    Some(list.iter().map(pair).collect())
}

fn codings<'a>(value: &'a Value, system: &str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::Object(members) => {
            if members.get("system").and_then(Value::as_str) == Some(system) {
                let member = |name| members.get(name).and_then(Value::as_str).unwrap_or_default();
                found.push((member("code"), member("display")));
            }
            members.values().for_each(|value| codings(value, system, found));
        }
        Value::Array(items) => items.iter().for_each(|item| codings(item, system, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn compare(file: &str, system: &str, at_least: usize) {
    let Some(edition) = edition(file) else { return };
    let mut found = Vec::new();
    for resource in charts().iter().flatten() {
        codings(resource, system, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.len() >= at_least, "only {} different codes", found.len());
    for (code, display) in found {
        let title = edition.get(&code.replace('.', ""));
        assert_eq!(title.map(String::as_str), Some(display), "{code} in {file}");
    }
}

#[test]
fn icpc_2_codes_and_titles_are_the_edition_s() {
    compare("ICPC2.json", "http://hl7.org/fhir/sid/icpc-2", 60);
}

#[test]
fn icd_10_codes_and_titles_are_the_edition_s() {
    compare("ICD10.json", "http://hl7.org/fhir/sid/icd-10-no", 10);
}

#[test]
fn documents_hold_norwegian_text() {
    let mut letters = 0;
    for resource in charts().iter().flatten() {
        let mut found = Vec::new();
        strings(resource, "", &mut found);
        for (_, data) in found.iter().filter(|(name, _)| *name == "data") {
            let bytes = decode(data);
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.len() > 20, "{text}");
            assert!(!text.contains("  \n") && !text.contains(".."), "{text}");
            letters += usize::from(text.starts_with("EPIKRISE"));
        }
    }
    assert!(letters > 20, "{letters}");
}

fn decode(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        b'a'..=b'z' => u32::from(letter - b'a') + 26,
        b'0'..=b'9' => u32::from(letter - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => 0,
    };
    let mut out = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let bits = group.iter().fold(0, |bits, letter| bits << 6 | value(*letter));
        let padding = group.iter().filter(|letter| **letter == b'=').count();
        out.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    out
}
