//! The form of each primitive type: R4's regular expressions and ranges, by hand and in one pass.
//!
//! Not here: whether a code is known (bindings, in `parse`).
//! Standard: <https://hl7.org/fhir/R4/datatypes.html#primitive>

use crate::date::{DateError, DateTime, TimeOfDay};
use crate::definitions::Primitive;
use crate::reference::is_id;

use super::narrative;

/// Longest string, in bytes of UTF-8.
const STRING_BYTES_MAX: usize = 1024 * 1024;

/// The JSON type that carries a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Bool,
    Number,
    String,
}

pub(crate) fn carrier(primitive: Primitive) -> Carrier {
    match primitive {
        Primitive::Boolean => Carrier::Bool,
        Primitive::Decimal
        | Primitive::Integer
        | Primitive::PositiveInt
        | Primitive::UnsignedInt => Carrier::Number,
        Primitive::Base64Binary
        | Primitive::Canonical
        | Primitive::Code
        | Primitive::Date
        | Primitive::DateTime
        | Primitive::Id
        | Primitive::Instant
        | Primitive::Markdown
        | Primitive::Oid
        | Primitive::String
        | Primitive::Time
        | Primitive::Uri
        | Primitive::Url
        | Primitive::Uuid
        | Primitive::Xhtml => Carrier::String,
    }
}

/// Whether a text is a value of the type; if not, what would be.
pub(crate) fn check(primitive: Primitive, text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("a value cannot be an empty string: leave the element out");
    }
    match primitive {
        Primitive::Boolean => Ok(()),
        Primitive::Decimal => Ok(()),
        Primitive::Integer => whole(text, i64::from(i32::MIN), INTEGER),
        Primitive::UnsignedInt => whole(text, 0, UNSIGNED),
        Primitive::PositiveInt => whole(text, 1, POSITIVE),
        Primitive::String => string(text, STRING),
        Primitive::Markdown => string(text, STRING),
        Primitive::Code => when(is_code(text), CODE),
        Primitive::Id => when(is_id(text), ID),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => {
            when(!text.contains(char::is_whitespace), URI)
        }
        Primitive::Oid => when(is_oid(text), OID),
        Primitive::Uuid => when(is_uuid(text), UUID),
        Primitive::Base64Binary => when(is_base64(text), BASE64),
        Primitive::Date => date(DateTime::parse_date(text), DATE),
        Primitive::DateTime => date(DateTime::parse_date_time(text), DATE_TIME),
        Primitive::Instant => date(DateTime::parse_instant(text), INSTANT),
        Primitive::Time => when(TimeOfDay::parse(text).is_ok(), TIME),
        Primitive::Xhtml => narrative::check(text),
    }
}

const INTEGER: &str = "an integer is a whole number from -2147483648 to 2147483647";
const UNSIGNED: &str = "an unsignedInt is a whole number from 0 to 2147483647";
const POSITIVE: &str = "a positiveInt is a whole number from 1 to 2147483647";
const STRING: &str = "a string has no control characters other than tab, line feed and return";
const TOO_LONG: &str = "a string has at most 1048576 bytes";
const CODE: &str = "a code has no white space at its ends and single spaces at most inside";
const ID: &str = "an id is 1 to 64 of the letters A-Z and a-z, digits, '-' and '.'";
const URI: &str = "a uri has no white space";
const OID: &str = "an oid is written urn:oid:1.2.3";
const UUID: &str = "a uuid is written urn:uuid:c757873d-ec9a-4326-a141-556f43239520, in lower case";
const BASE64: &str = "base64 is groups of four characters, the last filled up with '='";
const DATE: &str = "a date is written YYYY, YYYY-MM or YYYY-MM-DD";
const DATE_TIME: &str =
    "a dateTime is written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz";
const INSTANT: &str = "an instant is written YYYY-MM-DDThh:mm:ss.sss+zz:zz";
const TIME: &str = "a time is written hh:mm:ss, without a zone";
const NO_SUCH_DAY: &str = "the calendar has no such day";
const NO_ZONE: &str = "a dateTime with a time of day needs a time zone: Z or +hh:mm";

fn when(right: bool, what: &'static str) -> Result<(), &'static str> {
    if right { Ok(()) } else { Err(what) }
}

fn date(parsed: Result<DateTime, DateError>, what: &'static str) -> Result<(), &'static str> {
    match parsed {
        Ok(_) => Ok(()),
        Err(DateError::Form) => Err(what),
        Err(DateError::NoSuchDay) => Err(NO_SUCH_DAY),
        Err(DateError::NoZone) => Err(NO_ZONE),
    }
}

fn whole(text: &str, least: i64, what: &'static str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && text != "-0";
    let value = text.parse::<i64>().ok().filter(|v| (least..=i64::from(i32::MAX)).contains(v));
    when(plain && value.is_some(), what)
}

fn string(text: &str, what: &'static str) -> Result<(), &'static str> {
    if text.len() > STRING_BYTES_MAX {
        return Err(TOO_LONG);
    }
    when(text.bytes().all(|b| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r')), what)
}

fn is_code(text: &str) -> bool {
    let mut after_space = true;
    for c in text.chars() {
        let space = c.is_whitespace();
        if space && after_space {
            return false;
        }
        after_space = space;
    }
    !after_space
}

fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else {
        return false;
    };
    let mut count = 0;
    for arc in arcs.split('.') {
        let digits = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
        let first = count > 0 || matches!(arc, "0" | "1" | "2");
        if !digits || !first || (arc.len() > 1 && arc.starts_with('0')) {
            return false;
        }
        count += 1;
    }
    count > 1
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else {
        return false;
    };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn is_base64(text: &str) -> bool {
    let mut letters = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => letters += 1,
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    letters > 0 && padding <= 2 && (letters + padding).is_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_knows_its_form() {
        use Primitive as P;
        let cases: &[(Primitive, &[&str], &[&str])] = &[
            (P::Integer, &["0", "-5", "2147483647"], &["2147483648", "-0", "1.0", "1e2"]),
            (P::UnsignedInt, &["0", "7"], &["-1", "2147483648"]),
            (P::PositiveInt, &["1"], &["0", "-1"]),
            (P::String, &["a", " ", "a\tb\r\n"], &["", "a\u{0}", "\u{b}"]),
            (P::Markdown, &["# a\n\n- b"], &[""]),
            (P::Code, &["a", "a b", "in-progress"], &["", " a", "a ", "a  b", "a\u{a0} b"]),
            (P::Id, &["a", "A-1.b", "0123456789"], &["a_b", "a b", "", "å"]),
            (P::Uri, &["http://x", "urn:x", "a"], &["a b", "http://x y"]),
            (P::Oid, &["urn:oid:1.2.3", "urn:oid:2.16.0"], &["1.2", "urn:oid:1", "urn:oid:3.1"]),
            (
                P::Uuid,
                &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
                &["urn:uuid:1", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"],
            ),
            (P::Base64Binary, &["AAAA", "QQ==", "QUI=\r\n"], &["A", "A=AA", "====", "AA!A"]),
            (P::Date, &["2024", "2024-02-29"], &["2023-02-29", "29.02.2024"]),
            (P::DateTime, &["2024-02", "2024-02-29T10:00:00Z"], &["2024-02-29T10:00:00"]),
            (P::Instant, &["2024-02-29T10:00:00.1+01:00"], &["2024-02-29"]),
            (P::Time, &["10:00:00"], &["10:00", "10:00:00Z"]),
        ];
        for (primitive, good, bad) in cases {
            for text in *good {
                assert_eq!(check(*primitive, text), Ok(()), "{primitive:?} {text}");
            }
            for text in *bad {
                assert!(check(*primitive, text).is_err(), "{primitive:?} {text}");
            }
        }
    }
}
