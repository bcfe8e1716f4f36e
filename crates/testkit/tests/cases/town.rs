//! A small town, read back as JSON values.

use akson_testkit::municipality::{self, Options};
use serde_json::Value;
use std::sync::OnceLock;

pub(crate) const TODAY: &str = "2026-11-21";

pub(crate) fn options(people: usize, seed: u64) -> Options {
    Options { people, seed, today: jiff::civil::date(2026, 11, 21) }
}

pub(crate) fn bundles(people: usize, seed: u64) -> Vec<Vec<u8>> {
    municipality::generate(&options(people, seed)).collect()
}

/// The resources of each bundle of a town with 400 people, made once.
pub(crate) fn charts() -> &'static [Vec<Value>] {
    static CHARTS: OnceLock<Vec<Vec<Value>>> = OnceLock::new();
    CHARTS.get_or_init(|| read(400))
}

fn read(people: usize) -> Vec<Vec<Value>> {
    bundles(people, 1)
        .iter()
        .map(|bytes| {
            let bundle: Value = serde_json::from_slice(bytes).unwrap();
            let entries = bundle["entry"].as_array().unwrap();
            entries.iter().map(|entry| entry["resource"].clone()).collect()
        })
        .collect()
}

pub(crate) fn kind(resource: &Value) -> &str {
    resource["resourceType"].as_str().unwrap()
}

pub(crate) fn of_kind<'a>(chart: &'a [Value], wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    chart.iter().filter(move |resource| kind(resource) == wanted)
}

/// The first ten characters of a date or time: they compare as days.
pub(crate) fn day(value: &Value) -> &str {
    &value.as_str().unwrap()[..10]
}

/// All strings with the name of their member.
pub(crate) fn strings<'a>(value: &'a Value, name: &'a str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((name, text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, name, found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| strings(value, name, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
