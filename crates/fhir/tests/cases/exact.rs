//! JSON values compared exactly: members by name in any order, items in order, numbers by digits.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A JSON value whose numbers keep their digits.
#[derive(Debug, PartialEq)]
pub(crate) enum Exact {
    Object(BTreeMap<String, Exact>),
    Array(Vec<Exact>),
    String(String),
    /// A number, `true`, `false` or `null`, as written.
    Word(String),
}

impl Exact {
    /// Reads with serde_json, a reader that is not ours.
    pub(crate) fn read(text: &str) -> Self {
        match text.trim_start().as_bytes()[0] {
            b'{' => {
                let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
                Self::Object(members.into_iter().map(|(k, v)| (k, Self::read(v.get()))).collect())
            }
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
                Self::Array(items.iter().map(|v| Self::read(v.get())).collect())
            }
            b'"' => Self::String(serde_json::from_str(text).unwrap()),
            _ => Self::Word(text.trim().to_string()),
        }
    }

    /// The path of the first place where they differ.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Object(a), Self::Object(b)) => {
                if let Some(key) =
                    a.keys().chain(b.keys()).find(|k| !a.contains_key(*k) || !b.contains_key(*k))
                {
                    return Some(format!(".{key} is only in one"));
                }
                a.iter().find_map(|(k, v)| Some(format!(".{k}{}", v.first_difference(&b[k])?)))
            }
            (Self::Array(a), Self::Array(b)) if a.len() == b.len() => a
                .iter()
                .zip(b)
                .enumerate()
                .find_map(|(i, (x, y))| Some(format!("[{i}]{}", x.first_difference(y)?))),
            _ => (self != other).then(|| format!(": {self:?} is not {other:?}")),
        }
    }
}
