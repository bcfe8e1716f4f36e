//! Facets: every search value of a current resource in key-comparable bytes, so that a candidate
//! is judged without its body and index keys are derived without extracting again.
//!
//! Layout: stamp (16: commit number and time of the current version, written by the committer),
//! id (varint length, bytes), then entries sorted by slot and value: slot (2, big-endian), varint
//! of `length × 8 + kind`, value bytes.
//! Not here: where values come from (`akson_fhir::search`), what a query asks of them (`search`).

pub mod decimal;
pub mod target;
pub mod text;
pub mod value;

use akson_base::Instant;
use akson_fhir::search::{SearchValue, SlotId};

pub use value::{ValueKind, key_form};

use crate::keys::{self, ResourceKey};

/// Where the committer writes commit number and time in a facets value.
pub const STAMP_AT: usize = 0;
pub(crate) const STAMP_BYTES: usize = 16;

/// Encodes the search values of a resource. `owner` is the id of the patient under whose number
/// the resource lies, if any: references to that patient become a marker without an index key.
/// The result begins with 16 zero bytes for the stamp (`Op::Put::stamp_value_at` =
/// [`STAMP_AT`]).
pub fn encode(values: &[(SlotId, SearchValue<'_>)], id: &str, owner: Option<&str>) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(values.len() * 24);
    let mut entries: Vec<(SlotId, ValueKind, usize, usize)> = Vec::with_capacity(values.len());
    let mut buffer = Vec::new();
    for (slot, value) in values {
        value::encode(value, owner, &mut buffer, &mut |kind, encoded| {
            let begin = bytes.len();
            bytes.extend_from_slice(encoded);
            entries.push((*slot, kind, begin, bytes.len()));
        });
    }
    let of = |begin: usize, end: usize| bytes.get(begin..end).unwrap_or_default();
    entries.sort_unstable_by(|a, b| (a.0, of(a.2, a.3)).cmp(&(b.0, of(b.2, b.3))));
    entries.dedup_by(|a, b| a.0 == b.0 && of(a.2, a.3) == of(b.2, b.3));

    let mut out = Vec::with_capacity(STAMP_BYTES + 2 + id.len() + bytes.len() + entries.len() * 3);
    out.resize(STAMP_BYTES, 0);
    push_varint(&mut out, id.len() as u32);
    out.extend_from_slice(id.as_bytes());
    for (slot, kind, begin, end) in entries {
        out.extend_from_slice(&slot.0.to_be_bytes());
        push_varint(&mut out, ((end - begin) as u32) << 3 | kind.code());
        out.extend_from_slice(of(begin, end));
    }
    out
}

/// Writes into encoded facets when their version was made: of what is not stored yet the committer
/// has not done it.
pub fn set_time(bytes: &mut [u8], time: Instant) {
    if let Some(place) = bytes.get_mut(STAMP_BYTES - 8..STAMP_BYTES) {
        place.copy_from_slice(&time.0.to_be_bytes());
    }
}

fn push_varint(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut number = 0;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        number |= u32::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(position + 1..)?));
        }
    }
    None
}

/// A view of encoded facets.
#[derive(Clone, Copy, Debug)]
pub struct Facets<'a> {
    stamp: &'a [u8],
    id: &'a str,
    entries: &'a [u8],
}

/// One search value in the facets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Which expression found it.
    pub slot: SlotId,
    /// How `value` is to be understood.
    pub kind: ValueKind,
    /// Its bytes, as pictured in [`value`].
    pub value: &'a [u8],
}

impl<'a> Facets<'a> {
    /// Looks at encoded facets; `None` when they are not.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (stamp, rest) = bytes.split_at_checked(STAMP_BYTES)?;
        let (length, rest) = varint(rest)?;
        let (id, entries) = rest.split_at_checked(length as usize)?;
        Some(Self { stamp, id: std::str::from_utf8(id).ok()?, entries })
    }

    /// The commit that made the current version.
    pub fn commit(&self) -> u64 {
        self.stamp.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// When the current version was made: milliseconds since 1970.
    pub fn time(&self) -> i64 {
        self.stamp.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
    }

    /// The resource's id.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// All values, ordered by slot and bytes.
    pub fn iter(&self) -> Iter<'a> {
        Iter { rest: self.entries }
    }

    /// The values of one slot, in order of their bytes.
    pub fn slot(&self, slot: SlotId) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.iter().skip_while(move |e| e.slot < slot).take_while(move |e| e.slot == slot)
    }
}

impl<'a> IntoIterator for Facets<'a> {
    type Item = Entry<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Walks the entries of [`Facets`]; stops at bytes that are not an entry.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (slot, rest) = self.rest.split_first_chunk::<2>()?;
        let (head, rest) = varint(rest)?;
        let (value, rest) = rest.split_at_checked((head >> 3) as usize)?;
        self.rest = rest;
        let kind = ValueKind::of_code(head & 7)?;
        Some(Entry { slot: SlotId(u16::from_be_bytes(*slot)), kind, value })
    }
}

impl Entry<'_> {
    /// Calls `visit` with every index key of this value.
    pub(crate) fn visit_keys(&self, resource: ResourceKey, visit: &mut dyn FnMut(Vec<u8>)) {
        if let Some(form) = key_form(self.kind, self.value) {
            visit(keys::index(self.slot, &form, resource));
        }
        value::further_key_forms(self.kind, self.value, &mut |form| {
            visit(keys::index(self.slot, form, resource));
        });
    }
}

/// The index keys of encoded facets, sorted, each once.
pub fn index_keys(facets: &[u8], resource: ResourceKey) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if let Some(facets) = Facets::of(facets) {
        for entry in facets {
            entry.visit_keys(resource, &mut |key| all.push(key));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// How the index must change when a resource does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Keys to set, with empty values.
    pub puts: Vec<Vec<u8>>,
    /// Keys to remove.
    pub deletes: Vec<Vec<u8>>,
}

/// Compares the facets before and after a write, each with the resource's key at that time
/// (`None`: it did not exist, or is deleted).
pub fn diff(old: Option<(&[u8], ResourceKey)>, new: Option<(&[u8], ResourceKey)>) -> Diff {
    let keys = |side: Option<(&[u8], ResourceKey)>| {
        side.map_or_else(Vec::new, |(facets, resource)| index_keys(facets, resource))
    };
    let (old, new) = (keys(old), keys(new));
    let deletes = old.iter().filter(|key| new.binary_search(key).is_err()).cloned().collect();
    let puts = new.into_iter().filter(|key| old.binary_search(key).is_err()).collect();
    Diff { puts, deletes }
}

#[cfg(test)]
mod tests;
