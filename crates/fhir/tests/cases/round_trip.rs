//! Every official example is read and written back equal: same members, same order of items,
//! numbers digit for digit.

use std::fmt::Write;
use std::path::Path;

use akson_fhir::json;
use akson_fhir::model::Resource;

use super::corpora::{corpus, files, golden, unpacked};
use super::exact::Exact;

/// Reads strictly and trustingly, writes, and compares. `Err` tells why the input is refused.
fn round_trip(bytes: &[u8], what: &str) -> Result<(), String> {
    let resource = json::parse(bytes).map_err(|issues| issues.to_string())?;
    let mut written = Vec::new();
    json::write(&resource, &mut written);
    let text = std::str::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}');
    let (before, after) = (Exact::read(text), Exact::read(std::str::from_utf8(&written).unwrap()));
    assert_eq!(before.first_difference(&after), None, "{what}");
    let stored = json::parse_stored(&written).unwrap();
    let mut again = Vec::new();
    json::write(&stored, &mut again);
    assert_eq!(written, again, "{what}: what is written is read back as the same tree");
    Ok(())
}

/// What breaks a rule is still kept as it is by the trusting reader.
fn written_equal(bytes: &[u8], what: &str) {
    let Ok(resource) = json::parse_stored(bytes) else { return };
    let mut written = Vec::new();
    json::write(&resource, &mut written);
    let before = Exact::read(std::str::from_utf8(bytes).unwrap());
    let after = Exact::read(std::str::from_utf8(&written).unwrap());
    assert_eq!(before.first_difference(&after), None, "{what}");
}

pub(crate) fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_r4_example_is_written_back_equal() {
    let Some(folder) = unpacked("r4-examples/r4-examples.tar.xz") else { return };
    let all = files(&folder, ".json");
    assert_eq!(all.len(), 1451);
    let mut invalid = String::from(
        "# R4 examples that break R4's own rules, with what is wrong in each. All others are read\n\
         # and written back equal.\n",
    );
    for path in &all {
        let bytes = std::fs::read(path).unwrap();
        if let Err(why) = round_trip(&bytes, file_name(path)) {
            written_equal(&bytes, file_name(path));
            let (first, more) = (why.lines().next().unwrap(), why.lines().count() - 1);
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            writeln!(invalid, "{}: {first}{more}", file_name(path)).unwrap();
        }
    }
    golden("r4-examples-invalid.txt", &invalid);
}

#[test]
fn the_json_half_of_the_pairs_is_written_back_equal() {
    let Some(folder) = corpus("r4-json-xml-pairs") else { return };
    let mut invalid = String::from("# JSON of the JSON and XML pairs that breaks R4's rules.\n");
    let all = files(&folder, ".json");
    assert!(!all.is_empty());
    for path in &all {
        if let Err(why) = round_trip(&std::fs::read(path).unwrap(), file_name(path)) {
            writeln!(invalid, "{}: {}", file_name(path), why.lines().next().unwrap()).unwrap();
        }
    }
    golden("r4-json-xml-pairs-invalid.txt", &invalid);
}

#[test]
fn what_is_left_out_of_a_reading_is_not_there_and_the_rest_is_as_it_was() {
    let text = r#"{"resourceType":"Observation","id":"o","meta":{"versionId":"2"},"status":"final",
        "code":{"text":"a \"b\""},"subject":{"reference":"Patient/p"},"contained":[{"resourceType":
        "Patient","id":"c","meta":{"versionId":"1"}}],"valueString":"5"}"#;
    let whole = json::parse_stored(text.as_bytes()).unwrap();
    let part = json::parse_stored_without(text.as_bytes(), &["meta", "subject"]).unwrap();
    let names = |resource: &Resource| -> Vec<&str> {
        resource.root().children().map(|child| child.name()).collect()
    };
    assert_eq!(names(&whole), ["id", "meta", "status", "code", "subject", "contained", "value"]);
    assert_eq!(names(&part), ["id", "status", "code", "contained", "value"]);
    let at = |names: &[&str]| part.root().path(names).and_then(|node| node.text());
    assert_eq!(at(&["code", "text"]), Some("a \"b\""));
    assert_eq!(at(&["value"]), Some("5"));
    // Of what is within, nothing is left out.
    assert_eq!(at(&["contained", "meta", "versionId"]), Some("1"));
    assert!(
        json::parse_stored_without(b"{\"resourceType\":\"Patient\",\"meta\":{", &["meta"]).is_err()
    );
}
