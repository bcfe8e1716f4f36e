//! `encode decode escape unescape`.
//!
//! Standard: <https://hl7.org/fhirpath/#additional-string-functions>

use super::string::text_item;
use super::{Function, Invocation, function};
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::value::Collection;

pub(super) static FUNCTIONS: [Function; 4] = [
    function("encode", 1, 1, |call| convert(call, encode, "base64, urlbase64 or hex")),
    function("decode", 1, 1, |call| convert(call, decode, "base64, urlbase64 or hex")),
    function("escape", 1, 1, |call| convert(call, escape, "html or json")),
    function("unescape", 1, 1, |call| convert(call, unescape, "html or json")),
];

/// What became of a text.
enum Converted {
    Text(String),
    /// The text is not in this form, so there is no answer.
    Unreadable,
    UnknownForm,
}

fn convert<'a>(
    call: Invocation<'_, '_, 'a>,
    change: fn(&str, &str) -> Converted,
    forms: &str,
) -> Output<'a> {
    let (Some(text), Some(form)) = (call.one_text()?, call.text(0)?) else {
        return Ok(Collection::new());
    };
    match change(&text, &form) {
        Converted::Text(text) => text_item(text, call.at),
        Converted::Unreadable => Ok(Collection::new()),
        Converted::UnknownForm => Err(call.error(format!("the form must be {forms}."))),
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(text: &str, form: &str) -> Converted {
    match form {
        "hex" => Converted::Text(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        "base64" => Converted::Text(to_base64(text.as_bytes())),
        "urlbase64" => {
            Converted::Text(to_base64(text.as_bytes()).replace('+', "-").replace('/', "_"))
        }
        _ => Converted::UnknownForm,
    }
}

fn decode(text: &str, form: &str) -> Converted {
    let bytes = match form {
        "hex" => from_hex(text),
        "base64" => from_base64(text),
        "urlbase64" => from_base64(&text.replace('-', "+").replace('_', "/")),
        _ => return Converted::UnknownForm,
    };
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => Converted::Text(text),
        None => Converted::Unreadable,
    }
}

fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let padded = chunk.iter().chain([&0, &0]).take(3);
        let group = padded.fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte));
        for position in 0..4 {
            let digit = (group >> (18 - 6 * position)) as usize & 63;
            let known = position <= chunk.len();
            out.push(BASE64.get(digit).filter(|_| known).map_or('=', |byte| char::from(*byte)));
        }
    }
    out
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut group) = (0u32, 0u32);
    for byte in digits.bytes() {
        let digit = BASE64.iter().position(|known| *known == byte)? as u32;
        group = (group << 6) | digit;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    (bits < 6).then_some(out)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

const HTML: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];

fn escape(text: &str, form: &str) -> Converted {
    let mut out = String::with_capacity(text.len());
    match form {
        "html" => {
            for c in text.chars() {
                match HTML.iter().find(|(plain, _)| *plain == c) {
                    Some((_, escaped)) => out.push_str(escaped),
                    None => out.push(c),
                }
            }
        }
        "json" => {
            for c in text.chars() {
                match c {
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                    c => out.push(c),
                }
            }
        }
        _ => return Converted::UnknownForm,
    }
    Converted::Text(out)
}

fn unescape(text: &str, form: &str) -> Converted {
    match form {
        // The ampersand last: what it makes must not be read again.
        "html" => {
            Converted::Text(HTML.iter().rev().fold(text.to_owned(), |text, (plain, escaped)| {
                text.replace(escaped, plain.encode_utf8(&mut [0; 4]))
            }))
        }
        "json" => match unescape_json(text) {
            Some(text) => Converted::Text(text),
            None => Converted::Unreadable,
        },
        _ => Converted::UnknownForm,
    }
}

fn unescape_json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            c @ ('"' | '\\' | '/') => c,
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length_comes_back() {
        for text in ["", "a", "ab", "abc", "abcd", "æøå"] {
            assert_eq!(from_base64(&to_base64(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(to_base64(b"test"), "dGVzdA==");
        assert_eq!(from_base64("a"), None);
    }
}
