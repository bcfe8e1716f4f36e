//! One search value as bytes: as it stands in the facets, and as it stands in an index key.
//!
//! | kind | in the facets | in index keys |
//! |---|---|---|
//! | token | `code 00 system` | the same, `00` |
//! | string | comparable form, `00 original` unless it is the same | comparable form, `00` |
//! | date | start (8), end (8) | `00` start end; if longer than a day also `01` end start |
//! | number | sortable decimal | the same |
//! | quantity | sortable decimal, `code 00 system 00 unit` | `00` decimal; for each name of its unit also `01 name 00` decimal, then `system 00` for the code and `01 00` for the unit as text when it differs |
//! | reference | `R id 00 type`, `U url`, `C` (contained), `P` (the owner), each `00 version` if it has one; `L value 00 system` | `R id 00 type 00`, `U url 00`, `L value 00 system 00`; nothing for `C` and `P` |
//! | uri | the uri | the uri, `00` |
//!
//! The owner is the patient under whose number the resource lies: the range of the patient's
//! facets answers for it, so it needs no index key.
//! Not here: which values a query wants (`search::matcher`).

use std::borrow::Cow;

use akson_fhir::reference::is_id;
use akson_fhir::search::SearchValue;
use xxhash_rust::xxh3::xxh3_64;

use super::{decimal, text};

/// How the bytes of a value are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum ValueKind {
    Token,
    String,
    Date,
    Number,
    Quantity,
    Reference,
    Uri,
}

impl ValueKind {
    /// In three bits.
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Token => 0,
            Self::String => 1,
            Self::Date => 2,
            Self::Number => 3,
            Self::Quantity => 4,
            Self::Reference => 5,
            Self::Uri => 6,
        }
    }

    pub(super) fn of_code(code: u32) -> Option<Self> {
        let all = [
            Self::Token,
            Self::String,
            Self::Date,
            Self::Number,
            Self::Quantity,
            Self::Reference,
            Self::Uri,
        ];
        all.get(code as usize).copied()
    }
}

/// First byte of a literal reference of the form `Type/id`.
pub const REFERENCE_RELATIVE: u8 = b'R';
/// First byte of any other literal reference.
pub const REFERENCE_ABSOLUTE: u8 = b'U';
/// First byte of a logical reference.
pub const REFERENCE_LOGICAL: u8 = b'L';
/// A reference to a contained resource, which no one else can refer to.
pub const REFERENCE_CONTAINED: u8 = b'C';
/// First byte of a reference to the patient under whose number the resource lies.
pub const REFERENCE_OWNER: u8 = b'P';

/// Index keys ordered by start.
pub const DATE_BY_START: u8 = 0;
/// Further index keys of long intervals, ordered by end.
pub const DATE_BY_END: u8 = 1;
/// Intervals longer than this have a key by their end: 25 hours, so that a day never has, not even
/// the one on which summer time ends.
pub const LONG_MILLISECONDS: i64 = 25 * 60 * 60 * 1000;

/// Index keys of quantities ordered by value, whatever the unit.
pub const QUANTITY_BY_VALUE: u8 = 0;
/// Further index keys of quantities, ordered by unit and then by value.
pub const QUANTITY_BY_UNIT: u8 = 1;
/// Stands for the system where an index key is about the unit as text.
pub const UNIT_AS_TEXT: &[u8] = &[1];
/// Longest name of a unit in an index key; of a longer one the key has the beginning and a hash.
const UNIT_BYTES_MAX: usize = 48;

/// Longest value in an index key; a longer one is cut and its hash stands for the rest.
pub const KEY_VALUE_BYTES_MAX: usize = 120;
/// Bytes of a long value that its key form keeps.
pub const KEY_PREFIX_BYTES: usize = KEY_VALUE_BYTES_MAX - 8;

/// Eight bytes that sort as the number.
pub fn sortable(number: i64) -> [u8; 8] {
    ((number as u64) ^ (1 << 63)).to_be_bytes()
}

/// The number of eight sortable bytes.
pub fn of_sortable(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)) as i64
}

/// Start and end of a date in the facets.
pub fn interval(value: &[u8]) -> Option<(i64, i64)> {
    let (start, rest) = value.split_first_chunk::<8>()?;
    Some((of_sortable(*start), of_sortable(*rest.first_chunk::<8>()?)))
}

/// Up to the first zero byte, and what is behind it (nothing when there is none).
pub fn split_zero(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (bytes.get(..at).unwrap_or(bytes), bytes.get(at + 1..).unwrap_or(&[])),
        None => (bytes, &[]),
    }
}

/// `Type/id` taken apart, with the version that may follow; `None` for any other form.
pub fn relative(reference: &str) -> Option<(&str, &str, Option<&str>)> {
    let (type_name, rest) = reference.split_once('/')?;
    let (id, version) = match rest.split_once("/_history/") {
        Some((id, version)) => (id, Some(version)),
        None => (rest, None),
    };
    let is_type = type_name.starts_with(|c: char| c.is_ascii_uppercase())
        && type_name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_type && is_id(id)).then_some((type_name, id, version))
}

fn joined(out: &mut Vec<u8>, parts: &[Option<&str>]) {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            out.push(0);
        }
        // A zero byte cannot stand in FHIR text; should one have slipped in, it must not become a
        // separator.
        out.extend(part.unwrap_or_default().bytes().filter(|byte| *byte != 0));
    }
}

fn encode_reference(reference: &str, owner: Option<&str>, out: &mut Vec<u8>) {
    let version = if reference.starts_with('#') {
        out.push(REFERENCE_CONTAINED);
        None
    } else if let Some((type_name, id, version)) = relative(reference) {
        if type_name == "Patient" && owner == Some(id) {
            out.push(REFERENCE_OWNER);
        } else {
            out.push(REFERENCE_RELATIVE);
            joined(out, &[Some(id), Some(type_name)]);
        }
        version
    } else {
        let (url, version) = match reference.split_once("/_history/") {
            Some((url, version)) => (url, Some(version)),
            None => (reference, None),
        };
        out.push(REFERENCE_ABSOLUTE);
        joined(out, &[Some(url)]);
        version
    };
    if let Some(version) = version {
        out.push(0);
        joined(out, &[Some(version)]);
    }
}

/// Encodes one value; `put` hears of each form that the facets keep (two for a reference that is
/// both literal and logical, none for an empty one).
pub(crate) fn encode(
    value: &SearchValue<'_>,
    owner: Option<&str>,
    buffer: &mut Vec<u8>,
    put: &mut dyn FnMut(ValueKind, &[u8]),
) {
    buffer.clear();
    match value {
        SearchValue::Token { system, code, text: _ } => {
            // One that is text only is kept too: it is there, as `:missing` must know.
            joined(buffer, &[code.as_deref(), system.as_deref()]);
            put(ValueKind::Token, buffer);
        }
        SearchValue::String(original) => {
            text::normalise_into(original, buffer);
            if buffer != original.as_bytes() {
                buffer.push(0);
                joined(buffer, &[Some(original)]);
            }
            put(ValueKind::String, buffer);
        }
        SearchValue::Date { start, end } => {
            buffer.extend_from_slice(&sortable(*start));
            buffer.extend_from_slice(&sortable(*end));
            put(ValueKind::Date, buffer);
        }
        SearchValue::Number(digits) => {
            if decimal::encode_into(digits, buffer) {
                put(ValueKind::Number, buffer);
            }
        }
        SearchValue::Quantity { value, comparator: _, system, code, unit } => {
            if decimal::encode_into(value, buffer) {
                joined(buffer, &[*code, *system, *unit]);
                put(ValueKind::Quantity, buffer);
            }
        }
        SearchValue::Reference { reference, identifier_system, identifier_value, .. } => {
            if let Some(reference) = reference {
                encode_reference(reference, owner, buffer);
                put(ValueKind::Reference, buffer);
            }
            if identifier_system.is_some() || identifier_value.is_some() {
                buffer.clear();
                buffer.push(REFERENCE_LOGICAL);
                joined(buffer, &[*identifier_value, *identifier_system]);
                put(ValueKind::Reference, buffer);
            }
        }
        SearchValue::Uri(uri) => {
            joined(buffer, &[Some(uri)]);
            put(ValueKind::Uri, buffer);
        }
    }
}

/// What stands for a value in index keys (by start, for a date); `None` when it has no key.
pub fn key_form(kind: ValueKind, value: &[u8]) -> Option<Cow<'_, [u8]>> {
    match kind {
        ValueKind::Token | ValueKind::Uri => Some(shortened(value, &[0])),
        ValueKind::Quantity => {
            let (number, _) = decimal::split(value)?;
            Some(Cow::Owned(shortened(&[&[QUANTITY_BY_VALUE], number].concat(), &[]).into_owned()))
        }
        ValueKind::String => Some(shortened(split_zero(value).0, &[0])),
        ValueKind::Date => Some(Cow::Owned([&[DATE_BY_START], value].concat())),
        ValueKind::Number => Some(shortened(value, &[])),
        ValueKind::Reference => match *value.first()? {
            REFERENCE_RELATIVE => {
                let (id, rest) = split_zero(value);
                let type_name = split_zero(rest).0;
                let unversioned = value.get(..id.len() + 1 + type_name.len()).unwrap_or(value);
                Some(shortened(unversioned, &[0]))
            }
            REFERENCE_ABSOLUTE => Some(shortened(split_zero(value).0, &[0])),
            REFERENCE_LOGICAL => Some(shortened(value, &[0])),
            _ => None,
        },
    }
}

/// Visits the key forms that a value has besides [`key_form`]: by its end, for a long interval; by
/// each name of its unit, for a quantity.
pub fn further_key_forms(kind: ValueKind, value: &[u8], visit: &mut dyn FnMut(&[u8])) {
    match kind {
        ValueKind::Date => {
            if let Some(form) = by_end(value) {
                visit(&form);
            }
        }
        ValueKind::Quantity => by_unit(value, visit),
        ValueKind::Token
        | ValueKind::String
        | ValueKind::Number
        | ValueKind::Reference
        | ValueKind::Uri => {}
    }
}

fn by_end(value: &[u8]) -> Option<[u8; 17]> {
    let (start, end) = interval(value)?;
    if end.saturating_sub(start) <= LONG_MILLISECONDS {
        return None;
    }
    let mut key = [0; 17];
    let (tag, bytes) = key.split_first_mut()?;
    *tag = DATE_BY_END;
    let (by_end, by_start) = bytes.split_first_chunk_mut::<8>()?;
    *by_end = sortable(end);
    by_start.copy_from_slice(&sortable(start));
    Some(key)
}

fn by_unit(value: &[u8], visit: &mut dyn FnMut(&[u8])) {
    let Some((number, unit)) = decimal::split(value) else { return };
    let (code, rest) = split_zero(unit);
    let (system, text) = split_zero(rest);
    let mut put = |name: &[u8], system: &[u8]| {
        let mut form = unit_prefix(name);
        form.extend_from_slice(number);
        form.extend_from_slice(system);
        visit(&shortened(&form, &[0]));
    };
    if !code.is_empty() {
        put(code, system);
    }
    if !text.is_empty() && text != code {
        put(text, UNIT_AS_TEXT);
    }
}

/// The beginning of a quantity's key forms by a name of its unit.
pub fn unit_prefix(name: &[u8]) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(KEY_VALUE_BYTES_MAX);
    prefix.push(QUANTITY_BY_UNIT);
    if name.len() <= UNIT_BYTES_MAX {
        prefix.extend_from_slice(name);
    } else {
        // The hash in digits: no byte of it may be taken for the end.
        prefix.extend_from_slice(name.get(..UNIT_BYTES_MAX - 16).unwrap_or(name));
        prefix.extend_from_slice(format!("{:016x}", xxh3_64(name)).as_bytes());
    }
    prefix.push(0);
    prefix
}

/// A value with its terminator, cut to [`KEY_VALUE_BYTES_MAX`] with a hash for the rest.
pub fn shortened<'a>(value: &'a [u8], terminator: &[u8]) -> Cow<'a, [u8]> {
    if value.len() <= KEY_VALUE_BYTES_MAX {
        return if terminator.is_empty() {
            Cow::Borrowed(value)
        } else {
            Cow::Owned([value, terminator].concat())
        };
    }
    let kept = value.get(..KEY_PREFIX_BYTES).unwrap_or(value);
    Cow::Owned([kept, &xxh3_64(value).to_be_bytes(), terminator].concat())
}

/// The longest beginning that all key forms of values beginning with `prefix` share.
pub fn key_prefix(prefix: &[u8]) -> &[u8] {
    prefix.get(..KEY_PREFIX_BYTES).unwrap_or(prefix)
}
