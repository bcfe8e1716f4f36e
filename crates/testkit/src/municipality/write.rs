//! JSON written in the order it is built, and the transaction Bundles that carry it.
//!
//! A tree of its own, since the order of elements and the digits of decimals must not depend on
//! which features some other crate turns on in a JSON library. Absent values and empty lists and
//! objects are left out, as FHIR requires (<https://hl7.org/fhir/R4/json.html>).

use std::borrow::Cow;

/// A JSON value under construction.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Absent,
    Bool(bool),
    Whole(i64),
    /// Digits as they are to be written.
    Digits(String),
    Text(Cow<'static, str>),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// `object! { "status": "final", "note": None::<String> }`: an object in that order.
macro_rules! object {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::municipality::write::Json::Object(
            vec![$(($key, $crate::municipality::write::Json::from($value))),*]
        )
    };
}
pub(crate) use object;

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}
impl From<i32> for Json {
    fn from(value: i32) -> Json {
        Json::Whole(value.into())
    }
}
impl From<&'static str> for Json {
    fn from(value: &'static str) -> Json {
        Json::Text(Cow::Borrowed(value))
    }
}
impl From<String> for Json {
    fn from(value: String) -> Json {
        Json::Text(Cow::Owned(value))
    }
}
impl From<&String> for Json {
    fn from(value: &String) -> Json {
        Json::Text(Cow::Owned(value.clone()))
    }
}
impl From<Vec<Json>> for Json {
    fn from(value: Vec<Json>) -> Json {
        Json::List(value)
    }
}
impl<const N: usize> From<[Json; N]> for Json {
    fn from(value: [Json; N]) -> Json {
        Json::List(value.into())
    }
}
impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Absent, Into::into)
    }
}

impl Json {
    /// A decimal with exactly this many decimals, as a laboratory reports it.
    pub(crate) fn decimal(value: f64, decimals: usize) -> Json {
        Json::Digits(format!("{value:.decimals$}"))
    }

    fn is_absent(&self) -> bool {
        match self {
            Json::Absent => true,
            Json::List(items) => items.iter().all(Json::is_absent),
            Json::Object(members) => members.iter().all(|(_, value)| value.is_absent()),
            Json::Bool(_) | Json::Whole(_) | Json::Digits(_) | Json::Text(_) => false,
        }
    }

    /// Append the text of this value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Absent => out.extend_from_slice(b"null"),
            Json::Bool(true) => out.extend_from_slice(b"true"),
            Json::Bool(false) => out.extend_from_slice(b"false"),
            Json::Whole(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Json::Digits(digits) => out.extend_from_slice(digits.as_bytes()),
            Json::Text(text) => write_text(text, out),
            Json::List(items) => {
                let mut mark = b'[';
                for item in items.iter().filter(|item| !item.is_absent()) {
                    out.push(mark);
                    item.write(out);
                    mark = b',';
                }
                out.push(b']');
            }
            Json::Object(members) => {
                let mut mark = b'{';
                for (key, value) in members.iter().filter(|(_, value)| !value.is_absent()) {
                    out.push(mark);
                    write_text(key, out);
                    out.push(b':');
                    value.write(out);
                    mark = b',';
                }
                out.push(b'}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// One resource with its place: `PUT <kind>/<id>`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    /// Everything after `resourceType` and `id`.
    pub(crate) members: Json,
}

/// A transaction Bundle that creates or replaces every entry under its own id.
pub(crate) fn transaction(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * 900 + 64);
    out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":");
    let mut mark = b'[';
    for Entry { kind, id, members } in entries {
        out.push(mark);
        mark = b',';
        out.extend_from_slice(b"{\"resource\":{\"resourceType\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"id\":\"");
        out.extend_from_slice(id.as_bytes());
        out.push(b'"');
        if let Json::Object(members) = members {
            for (key, value) in members.iter().filter(|(_, value)| !value.is_absent()) {
                out.push(b',');
                write_text(key, &mut out);
                out.push(b':');
                value.write(&mut out);
            }
        }
        out.extend_from_slice(b"},\"request\":{\"method\":\"PUT\",\"url\":\"");
        out.extend_from_slice(format!("{kind}/{id}\"}}}}").as_bytes());
    }
    out.extend_from_slice(b"]}");
    out
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `base64Binary` of some bytes, padded (RFC 4648, section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0u8; 3];
        for (slot, byte) in group.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        let [a, b, c] = group.map(usize::from);
        let sextets = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
        for (place, sextet) in sextets.into_iter().enumerate() {
            let letter = ALPHABET.get(sextet).copied().unwrap_or(b'=');
            out.push(char::from(if place <= chunk.len() { letter } else { b'=' }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_the_vectors_of_the_standard() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in vectors {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn order_digits_and_absence() {
        let value = object! {
            "z": "a \"b\"\n",
            "none": None::<i32>,
            "empty": Vec::new(),
            "hollow": object! { "x": None::<i32> },
            "a": Json::decimal(4.0, 1),
        };
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"z":"a \"b\"\n","a":4.0}"#);
    }
}
