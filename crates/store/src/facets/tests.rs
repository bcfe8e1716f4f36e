//! Boundary cases of the facets and their keys, as data.

use std::borrow::Cow;

use akson_fhir::definitions::ResourceType;

use super::value::{LONG_MILLISECONDS, shortened};
use super::*;
use crate::keys::PatientNumber;

fn key(number: u64) -> ResourceKey {
    ResourceKey::new(PatientNumber(7), ResourceType(3), number)
}

fn token(system: Option<&'static str>, code: Option<&'static str>) -> SearchValue<'static> {
    let cow = |s: Option<&'static str>| s.map(Cow::Borrowed);
    SearchValue::Token { system: cow(system), code: cow(code), text: None }
}

fn reference(reference: &str) -> SearchValue<'_> {
    SearchValue::Reference {
        reference: Some(reference),
        type_name: None,
        identifier_system: None,
        identifier_value: None,
    }
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect()
}

fn entries(value: SearchValue<'_>) -> Vec<String> {
    let facets = encode(&[(SlotId(9), value)], "x", Some("p1"));
    Facets::of(&facets).unwrap().iter().map(|entry| shown(entry.value)).collect()
}

fn key_values(value: SearchValue<'_>) -> Vec<String> {
    let facets = encode(&[(SlotId(9), value)], "x", Some("p1"));
    let keys = index_keys(&facets, key(1));
    keys.iter().map(|key| shown(&key[3..key.len() - 10])).collect()
}

#[test]
fn golden_table_of_values_and_their_keys() {
    let date = |start, end| SearchValue::Date { start, end };
    let quantity = |value, code, system, unit| SearchValue::Quantity {
        value,
        comparator: None,
        system,
        code,
        unit,
    };
    let logical = SearchValue::Reference {
        reference: Some("Patient/2"),
        type_name: None,
        identifier_system: Some("urn:s"),
        identifier_value: Some("v"),
    };
    let cases: Vec<(SearchValue<'_>, &[&str], &[&str])> = vec![
        (token(Some("s"), Some("c")), &[r"c\x00s"], &[r"c\x00s\x00"]),
        (token(None, Some("c")), &[r"c\x00"], &[r"c\x00\x00"]),
        (token(Some("s"), None), &[r"\x00s"], &[r"\x00s\x00"]),
        (token(None, None), &[r"\x00"], &[r"\x00\x00"]),
        (SearchValue::String("ola".into()), &["ola"], &[r"ola\x00"]),
        (SearchValue::String("Ola N.".into()), &[r"ola n\x00Ola N."], &[r"ola n\x00"]),
        (
            date(0, 1),
            &[r"\x80\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x01"],
            &[r"\x00\x80\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x01"],
        ),
        (SearchValue::Number("5.4"), &[r"\x81\x80\x017\x00"], &[r"\x81\x80\x017\x00"]),
        (
            quantity("5.4", Some("mg"), Some("ucum"), None),
            &[r"\x81\x80\x017\x00mg\x00ucum\x00"],
            &[r"\x00\x81\x80\x017\x00", r"\x01mg\x00\x81\x80\x017\x00ucum\x00"],
        ),
        (
            quantity("5.4", Some("mg"), None, Some("milligram")),
            &[r"\x81\x80\x017\x00mg\x00\x00milligram"],
            &[
                r"\x00\x81\x80\x017\x00",
                r"\x01mg\x00\x81\x80\x017\x00\x00",
                r"\x01milligram\x00\x81\x80\x017\x00\x01\x00",
            ],
        ),
        (
            quantity("0", Some("mg"), Some("ucum"), Some("mg")),
            &[r"\x80mg\x00ucum\x00mg"],
            &[r"\x00\x80", r"\x01mg\x00\x80ucum\x00"],
        ),
        (quantity("0", None, None, None), &[r"\x80\x00\x00"], &[r"\x00\x80"]),
        (reference("Patient/p1"), &["P"], &[]),
        (reference("Patient/p1/_history/4"), &[r"P\x004"], &[]),
        (reference("Group/p1"), &[r"Rp1\x00Group"], &[r"Rp1\x00Group\x00"]),
        (reference("Patient/2/_history/3"), &[r"R2\x00Patient\x003"], &[r"R2\x00Patient\x00"]),
        (reference("http://a/Patient/2"), &["Uhttp://a/Patient/2"], &[r"Uhttp://a/Patient/2\x00"]),
        (
            reference("http://a/Patient/2/_history/3"),
            &[r"Uhttp://a/Patient/2\x003"],
            &[r"Uhttp://a/Patient/2\x00"],
        ),
        (reference("urn:uuid:1"), &["Uurn:uuid:1"], &[r"Uurn:uuid:1\x00"]),
        (reference("#c"), &["C"], &[]),
        (logical, &[r"Lv\x00urn:s", r"R2\x00Patient"], &[r"Lv\x00urn:s\x00", r"R2\x00Patient\x00"]),
        (SearchValue::Uri("http://a/b"), &["http://a/b"], &[r"http://a/b\x00"]),
    ];
    for (value, in_facets, in_keys) in cases {
        assert_eq!(entries(value.clone()), in_facets, "{value:?}");
        assert_eq!(key_values(value.clone()), in_keys, "{value:?}");
    }
}

#[test]
fn only_intervals_longer_than_a_day_have_a_key_by_end() {
    let keys = |end| key_values(SearchValue::Date { start: 0, end }).len();
    assert_eq!(keys(LONG_MILLISECONDS), 1);
    assert_eq!(keys(LONG_MILLISECONDS + 1), 2);
    assert_eq!(key_values(SearchValue::Date { start: i64::MIN, end: i64::MAX }).len(), 2);
}

#[test]
fn long_values_are_cut_and_still_told_apart() {
    let long = |last: char| format!("{}{last}", "x".repeat(200));
    let (a, b) = (long('a'), long('b'));
    let (a, b) = (shortened(a.as_bytes(), &[0]), shortened(b.as_bytes(), &[0]));
    assert_ne!(a, b);
    assert_eq!(a.len(), value::KEY_VALUE_BYTES_MAX + 1);
    assert!(a.starts_with(value::key_prefix("x".repeat(150).as_bytes())));
}

#[test]
fn long_names_of_units_are_told_apart_and_leave_the_value_in_order() {
    let unit = |last: char| format!("{}{last}", "x".repeat(150));
    let key = |value: &'static str, unit: &str| {
        let quantity = SearchValue::Quantity {
            value,
            comparator: None,
            system: None,
            code: Some(unit),
            unit: None,
        };
        let keys = index_keys(&encode(&[(SlotId(9), quantity)], "x", None), key(1));
        assert_eq!(keys.len(), 2);
        keys[1].clone()
    };
    let (a, b) = (unit('a'), unit('b'));
    let begins =
        |key: &[u8], unit: &str| key[3..].starts_with(&value::unit_prefix(unit.as_bytes()));
    assert!(begins(&key("1", &a), &a) && !begins(&key("1", &a), &b));
    assert!(key("9", &a) < key("10", &a) && key("-1", &a) < key("0", &a));
}

#[test]
fn facets_are_sorted_without_repeats_and_know_id_and_stamp() {
    let values = [
        (SlotId(300), token(None, Some("b"))),
        (SlotId(2), token(None, Some("z"))),
        (SlotId(300), token(None, Some("a"))),
        (SlotId(300), token(None, Some("b"))),
    ];
    let mut bytes = encode(&values, "the-id", None);
    bytes[..8].copy_from_slice(&77_u64.to_be_bytes());
    bytes[8..16].copy_from_slice(&(-5_i64).to_be_bytes());
    let facets = Facets::of(&bytes).unwrap();
    assert_eq!((facets.id(), facets.commit(), facets.time()), ("the-id", 77, -5));
    let all: Vec<_> = facets.iter().map(|e| (e.slot.0, shown(e.value))).collect();
    let expected = [(2, r"z\x00"), (300, r"a\x00"), (300, r"b\x00")];
    assert_eq!(all, expected.map(|(slot, value)| (slot, value.to_string())));
    assert_eq!(facets.slot(SlotId(300)).count(), 2);
    assert_eq!(facets.slot(SlotId(3)).count(), 0);
}

#[test]
fn a_long_text_survives_its_length_prefix() {
    let text = "å".repeat(40_000);
    let bytes = encode(&[(SlotId(1), SearchValue::String(text.as_str().into()))], "i", None);
    let facets = Facets::of(&bytes).unwrap();
    let entry = facets.iter().next().unwrap();
    assert_eq!(value::split_zero(entry.value).1, text.as_bytes());
}

#[test]
fn cut_bytes_never_panic() {
    let values = [(SlotId(1), token(Some("s"), Some("c"))), (SlotId(2), reference("Patient/2"))];
    let bytes = encode(&values, "id", None);
    for length in 0..bytes.len() {
        if let Some(facets) = Facets::of(&bytes[..length]) {
            assert!(facets.iter().count() <= 2);
        }
    }
}

#[test]
fn a_diff_names_only_what_changes() {
    let encode = |codes: &[&'static str]| {
        let values: Vec<_> = codes.iter().map(|c| (SlotId(1), token(None, Some(c)))).collect();
        encode(&values, "x", None)
    };
    let (old, new) = (encode(&["a", "b"]), encode(&["b", "c"]));
    let changed = diff(Some((&old, key(1))), Some((&new, key(1))));
    assert_eq!(changed.puts, index_keys(&encode(&["c"]), key(1)));
    assert_eq!(changed.deletes, index_keys(&encode(&["a"]), key(1)));
    // Moved to another patient: every key is another.
    let moved = diff(Some((&old, key(1))), Some((&old, key(2))));
    assert_eq!((moved.puts.len(), moved.deletes.len()), (2, 2));
    assert_eq!(diff(None, Some((&new, key(1)))).puts.len(), 2);
    assert_eq!(diff(Some((&old, key(1))), None).deletes.len(), 2);
}
