//! The raw query string: pairs, percent-encoding, and the escapes inside a value.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#escaping>

use akson_base::{Kind, Problem};

/// Takes a query string apart into decoded names and values, in order. Empty pairs are dropped.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| not_decodable("a parameter's name"))?;
            let value =
                decode(value).ok_or_else(|| not_decodable(&format!("the value of \"{name}\"")))?;
            Ok((name, value))
        })
        .collect()
}

fn not_decodable(what: &str) -> Problem {
    let text = format!("The query cannot be read: {what} is not percent-encoded UTF-8.");
    Problem::new(Kind::Invalid, "SEA-001", text)
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(out).ok().filter(|text| !text.contains('\0'))
}

/// Percent-encodes what may not stand in a query string as it is.
pub(super) fn encode_into(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/,|$@*!()".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.extend(DIGITS.get(usize::from(half)).map(|digit| char::from(*digit)));
            }
        }
    }
}

/// Splits at every `separator` that has no backslash before it. The pieces keep their escapes.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            pieces.extend(text.get(begin..at));
            begin = at + c.len_utf8();
        }
    }
    pieces.extend(text.get(begin..));
    pieces
}

/// Takes the backslash from `\,`, `\$`, `\|` and `\\`; any other backslash stands for itself.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ (',' | '$' | '|' | '\\'))) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_in_order() {
        let query = "name=Ole+B%C3%B8rge&&_id=1&flag&code:not=a%7Cb%26c";
        let expected = [("name", "Ole Børge"), ("_id", "1"), ("flag", ""), ("code:not", "a|b&c")];
        let expected = expected.map(|(name, value)| (name.to_string(), value.to_string()));
        assert_eq!(pairs(query).unwrap(), expected);
        for broken in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%00"] {
            assert_eq!(pairs(broken).unwrap_err().code, "SEA-001", "{broken}");
        }
    }

    #[test]
    fn separators_may_be_escaped() {
        assert_eq!(split(r"a\,b,c,", ','), [r"a\,b", "c", ""]);
        assert_eq!(split(r"a\\,b", ','), [r"a\\", "b"]);
        assert_eq!(unescape(r"a\,b\$c\|d\\e\x"), r"a,b$c|d\e\x");
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let text = "Ole Børge & \"co\" 100%+\u{1f600}|,$";
        let mut encoded = String::new();
        encode_into(text, &mut encoded);
        assert_eq!(decode(&encoded).unwrap(), text);
    }
}
