//! One searched value as a predicate on the bytes of the facets, and the index ranges outside
//! which nothing can pass it.
//!
//! The same predicate judges facets, index keys (as far as they tell) and the parts of composites.
//! Not here: reading values from a query (`values`), choosing ranges to drive from (`plan`).

use akson_fhir::definitions::SearchKind;
use akson_fhir::search::{Extractor, SlotId};

use super::date::DateTest;
use super::number::NumberTest;
use super::quantity::UnitTest;
use crate::engine::Range;
use crate::facets::decimal;
use crate::facets::value::{
    self, KEY_VALUE_BYTES_MAX, REFERENCE_ABSOLUTE, REFERENCE_LOGICAL, REFERENCE_OWNER,
    REFERENCE_RELATIVE, ValueKind, key_prefix, shortened, split_zero,
};
use crate::keys::{self, PatientNumber};

/// What a token must be; an absent part does not matter, an empty system must be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenTest {
    pub(crate) system: Option<Box<[u8]>>,
    pub(crate) code: Option<Box<[u8]>>,
}

impl TokenTest {
    /// A code of any system.
    pub(crate) fn is_code_only(&self) -> bool {
        self.code.is_some() && self.system.is_none()
    }

    fn accepts(&self, value: &[u8]) -> bool {
        let (code, system) = split_zero(value);
        self.code.as_deref().is_none_or(|wanted| wanted == code)
            && self.system.as_deref().is_none_or(|wanted| wanted == system)
    }
}

/// What a string must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    /// The comparable form begins so.
    Starts(Vec<u8>),
    /// The comparable form contains this.
    Contains(Vec<u8>),
    /// The original is exactly this; `form` is its comparable form.
    Exact { original: Box<str>, form: Vec<u8> },
}

/// What a reference must point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceTest {
    /// A resource of this server. `owner` is the patient's number when it can be a patient.
    Resource {
        id: Box<str>,
        type_name: Option<Box<str>>,
        version: Option<Box<str>>,
        owner: Option<PatientNumber>,
    },
    /// An absolute url, or a canonical one whose version does not matter.
    Url { url: Box<str>, version: Option<Box<str>> },
    /// The logical identifier beside or instead of it.
    Identifier(TokenTest),
}

/// What a uri must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UriTest {
    Exact(Box<str>),
    /// This one or anything below it.
    Below(Box<str>),
    /// This one or anything above it.
    Above(Box<str>),
}

/// One searched value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matcher {
    Token(TokenTest),
    Text(TextTest),
    Date(DateTest),
    Number(NumberTest),
    Quantity(NumberTest, UnitTest),
    Reference(ReferenceTest),
    Uri(UriTest),
    /// Any value at all, of a kind that has index keys.
    Anything,
}

/// Where a driver may look for the values that pass.
pub(crate) struct Ranges {
    pub(crate) ranges: Vec<Range>,
    /// Whether each resource can be met at most once in all of them, and everything met passes
    /// that its key does not refute ([`Matcher::refutes_key`]). Does not hold for a key that had to
    /// be cut.
    pub(crate) once: bool,
}

/// The beginning of index keys: `I slot value`.
pub(crate) fn index_prefix(slot: SlotId, value: &[u8]) -> Vec<u8> {
    [b"I".as_slice(), &slot.0.to_be_bytes(), value].concat()
}

/// All index keys of a slot.
pub(crate) fn whole_slot(slot: SlotId) -> Range {
    keys::under(&index_prefix(slot, &[]))
}

/// Index keys of a slot that have every value once: not the further keys of dates and quantities.
pub(crate) fn every_value(slot: SlotId) -> Range {
    let kind = Extractor::r4().slot(slot).map(|slot| slot.kind);
    let further = match kind {
        Some(SearchKind::Date) => value::DATE_BY_END,
        Some(SearchKind::Quantity) => value::QUANTITY_BY_UNIT,
        _ => return whole_slot(slot),
    };
    Range { end: index_prefix(slot, &[further]), ..whole_slot(slot) }
}

/// Whether a resource has at most one value of the slot.
fn is_single(slot: SlotId) -> bool {
    Extractor::r4().slot(slot).is_some_and(|slot| slot.single)
}

fn begins(slot: SlotId, prefix: &[u8]) -> Range {
    keys::under(&index_prefix(slot, key_prefix(prefix)))
}

fn exactly(slot: SlotId, value: &[u8]) -> Range {
    keys::under(&index_prefix(slot, &shortened(value, &[0])))
}

/// Whether the value part of an index key is not the whole value.
pub(crate) fn is_cut(key_value: &[u8]) -> bool {
    key_value.len() > KEY_VALUE_BYTES_MAX
}

impl Matcher {
    /// Whether a value passes. `patient` is the number under which its resource lies.
    pub(crate) fn accepts(&self, kind: ValueKind, value: &[u8], patient: PatientNumber) -> bool {
        match (self, kind) {
            (Self::Anything, _) => true,
            (Self::Token(test), ValueKind::Token) => test.accepts(value),
            (Self::Text(test), ValueKind::String) => test.accepts(value),
            (Self::Date(test), ValueKind::Date) => {
                value::interval(value).is_some_and(|(start, end)| test.accepts(start, end))
            }
            (Self::Number(test), ValueKind::Number) => test.accepts(value),
            (Self::Quantity(test, unit), ValueKind::Quantity) => decimal::split(value)
                .is_some_and(|(number, rest)| test.accepts(number) && unit.accepts(rest)),
            (Self::Reference(test), ValueKind::Reference) => test.accepts(value, patient),
            (Self::Uri(test), ValueKind::Uri) => test.accepts(value),
            _ => false,
        }
    }

    /// Whether the value part of an index key shows that its value does not pass, or, walking
    /// ascending, that it was met before, without looking at the facets.
    pub(crate) fn refutes_key(&self, key_value: &[u8], ascending: bool) -> bool {
        if is_cut(key_value) {
            return false;
        }
        let unended = || key_value.split_last().map_or(key_value, |(_, value)| value);
        match self {
            Self::Token(test) => !test.accepts(unended()),
            Self::Quantity(number, unit) => unit.refutes_key(number, key_value),
            Self::Uri(test) => !test.accepts(unended()),
            Self::Number(test) => !test.accepts(key_value),
            Self::Text(test @ (TextTest::Starts(_) | TextTest::Contains(_))) => {
                !test.accepts(unended())
            }
            Self::Date(test) => test.refutes_key(key_value, ascending),
            // Keys have neither the original spelling nor the version of a reference.
            Self::Text(TextTest::Exact { .. }) | Self::Reference(_) | Self::Anything => false,
        }
    }

    /// Whether it asks for one value exactly, which few resources are likely to have.
    pub(crate) fn is_exact(&self) -> bool {
        match self {
            Self::Token(test) => test.code.is_some(),
            Self::Text(TextTest::Exact { .. })
            | Self::Uri(UriTest::Exact(_))
            | Self::Reference(_) => true,
            Self::Text(TextTest::Starts(_) | TextTest::Contains(_))
            | Self::Uri(UriTest::Below(_) | UriTest::Above(_))
            | Self::Date(_)
            | Self::Number(_)
            | Self::Quantity(..)
            | Self::Anything => false,
        }
    }

    /// The index ranges of a slot outside which nothing passes. References to an owner are not
    /// in the index: see [`Matcher::owner`].
    pub(crate) fn ranges(&self, slot: SlotId) -> Ranges {
        let many = |ranges| Ranges { ranges, once: false };
        let told = |ranges| Ranges { ranges, once: is_single(slot) };
        match self {
            Self::Anything => told(vec![every_value(slot)]),
            Self::Token(TokenTest { code: None, .. }) => told(vec![whole_slot(slot)]),
            Self::Token(TokenTest { code: Some(code), system: None }) => {
                told(vec![begins(slot, &[code, [0].as_slice()].concat())])
            }
            Self::Token(TokenTest { code: Some(code), system: Some(system) }) => {
                once(slot, &[code, [0].as_slice(), system].concat())
            }
            Self::Text(TextTest::Starts(form)) => told(vec![begins(slot, form)]),
            Self::Text(TextTest::Exact { form, .. }) => many(vec![exactly(slot, form)]),
            Self::Text(TextTest::Contains(_)) => told(vec![whole_slot(slot)]),
            Self::Date(test) => told(test.ranges(slot)),
            Self::Number(test) => told(test.ranges(&index_prefix(slot, &[]))),
            Self::Quantity(number, unit) => Ranges {
                ranges: unit.ranges(number, slot),
                once: unit.is_in_keys() && is_single(slot),
            },
            Self::Reference(test) => test.ranges(slot),
            Self::Uri(UriTest::Exact(uri)) => once(slot, uri.as_bytes()),
            Self::Uri(UriTest::Below(uri)) => told(vec![begins(slot, uri.as_bytes())]),
            Self::Uri(UriTest::Above(uri)) => {
                many(levels(uri).map(|level| exactly(slot, level.as_bytes())).collect())
            }
        }
    }

    /// The patient whose own resources pass by lying under the patient's number.
    pub(crate) fn owner(&self) -> Option<PatientNumber> {
        match self {
            Self::Reference(ReferenceTest::Resource { owner, .. }) => *owner,
            Self::Reference(ReferenceTest::Url { .. } | ReferenceTest::Identifier(_))
            | Self::Token(_)
            | Self::Text(_)
            | Self::Date(_)
            | Self::Number(_)
            | Self::Quantity(..)
            | Self::Uri(_)
            | Self::Anything => None,
        }
    }
}

fn once(slot: SlotId, value: &[u8]) -> Ranges {
    // Of a cut value the key does not tell everything.
    Ranges { ranges: vec![exactly(slot, value)], once: value.len() <= KEY_VALUE_BYTES_MAX }
}

impl TextTest {
    fn accepts(&self, value: &[u8]) -> bool {
        let (form, original) = split_zero(value);
        match self {
            Self::Starts(wanted) => form.starts_with(wanted),
            Self::Contains(wanted) => {
                wanted.is_empty() || form.windows(wanted.len()).any(|window| window == wanted)
            }
            Self::Exact { original: wanted, .. } => {
                let written = if form.len() == value.len() { form } else { original };
                written == wanted.as_bytes()
            }
        }
    }
}

impl ReferenceTest {
    fn accepts(&self, value: &[u8], patient: PatientNumber) -> bool {
        let Some((tag, rest)) = value.split_first() else {
            return false;
        };
        match self {
            Self::Identifier(test) => *tag == REFERENCE_LOGICAL && test.accepts(rest),
            Self::Resource { id, type_name, version, owner } => {
                let found = if *tag == REFERENCE_OWNER {
                    (*owner == Some(patient)).then_some(rest)
                } else if *tag == REFERENCE_RELATIVE {
                    let (found_id, rest) = split_zero(rest);
                    let (found_type, rest) = split_zero(rest);
                    let right = found_id == id.as_bytes()
                        && type_name.as_ref().is_none_or(|name| name.as_bytes() == found_type);
                    right.then_some(rest)
                } else {
                    None
                };
                found.is_some_and(|found| is_version(found, version.as_deref()))
            }
            Self::Url { url, version } => {
                let (found, found_version) = split_zero(rest);
                *tag == REFERENCE_ABSOLUTE
                    && is_version(found_version, version.as_deref())
                    && found.strip_prefix(url.as_bytes()).is_some_and(|rest| {
                        rest.is_empty() || (rest.starts_with(b"|") && !url.contains('|'))
                    })
            }
        }
    }

    fn ranges(&self, slot: SlotId) -> Ranges {
        match self {
            Self::Identifier(TokenTest { code, system }) => {
                let mut value = vec![REFERENCE_LOGICAL];
                if let Some(code) = code {
                    value.extend_from_slice(code);
                    value.push(0);
                    if let Some(system) = system {
                        value.extend_from_slice(system);
                        return once(slot, &value);
                    }
                }
                Ranges { ranges: vec![begins(slot, &value)], once: false }
            }
            Self::Resource { id, type_name, version, .. } => {
                let mut value = vec![REFERENCE_RELATIVE];
                value.extend_from_slice(id.as_bytes());
                value.push(0);
                let Some(type_name) = type_name else {
                    return Ranges { ranges: vec![begins(slot, &value)], once: false };
                };
                value.extend_from_slice(type_name.as_bytes());
                Ranges { once: version.is_none(), ..once(slot, &value) }
            }
            Self::Url { url, .. } => {
                let value = [&[REFERENCE_ABSOLUTE], url.as_bytes()].concat();
                let versions = [&value, b"|".as_slice()].concat();
                let ranges = vec![exactly(slot, &value), begins(slot, &versions)];
                Ranges { ranges, once: false }
            }
        }
    }
}

/// Stored version bytes may carry the separator that came before them.
fn is_version(found: &[u8], wanted: Option<&str>) -> bool {
    let found = found.strip_prefix(&[0]).unwrap_or(found);
    wanted.is_none_or(|wanted| wanted.as_bytes() == found)
}

impl UriTest {
    fn accepts(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(uri) => uri.as_bytes() == value,
            Self::Below(uri) => is_below(value, uri.as_bytes()),
            Self::Above(uri) => is_below(uri.as_bytes(), value),
        }
    }
}

/// Whether `uri` is `above` or continues it after a `/`.
fn is_below(uri: &[u8], above: &[u8]) -> bool {
    uri.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || above.ends_with(b"/") || rest.starts_with(b"/"))
}

/// A uri and everything above it, with and without the slash at the end.
fn levels(uri: &str) -> impl Iterator<Item = &str> {
    let cut = |at: usize| [uri.get(..at), uri.get(..=at)];
    let above = uri.match_indices('/').flat_map(move |(at, _)| cut(at)).flatten();
    let whole = (!uri.ends_with('/')).then_some(uri);
    above.filter(|level| !level.is_empty()).chain(whole)
}
