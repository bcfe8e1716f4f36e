//! What users read, by key, from the message files in `messages/`.
//!
//! A key is `table.name` in the TOML file. Texts of codes (encounter classes, well-known analyses)
//! stand in tables named `code-…` and are looked up with [`code`].
//! Not here: dates and numbers (`dates`, `numbers`).
//!
//! A test proves that every key used exists and that none is unused. A further language is a
//! further file of the same keys.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Bokmål.
static NB: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| parse(include_str!("../messages/nb.toml")));

/// The file as `table.key` to text. A file that is not TOML gives no texts; the tests refuse it.
pub(crate) fn parse(file: &str) -> HashMap<String, String> {
    let tables: HashMap<String, HashMap<String, String>> = toml::from_str(file).unwrap_or_default();
    tables
        .into_iter()
        .flat_map(|(table, texts)| {
            texts.into_iter().map(move |(key, text)| (format!("{table}.{key}"), text))
        })
        .collect()
}

/// The text of a key; the key itself when there is none (which the tests do not let through).
pub(crate) fn t(key: &'static str) -> &'static str {
    NB.get(key).map_or(key, String::as_str)
}

/// The text of a key with `{name}` replaced by each value.
pub(crate) fn tf(key: &'static str, values: &[(&str, &str)]) -> String {
    let mut text = t(key).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// The text of a code, if the table `code-<table>` has one.
pub(crate) fn code(table: &str, code: &str) -> Option<&'static str> {
    NB.get(&format!("code-{table}.{code}")).map(String::as_str)
}
