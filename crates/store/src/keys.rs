//! The key layout: order-preserving bytes, patient first. Pictured in `docs/store.md`.
//!
//! | prefix | key | value |
//! |---|---|---|
//! | `M` | name | settings, counters, fingerprints |
//! | `P` | patient id | patient number (4) |
//! | `L` | type (1), id | resource key (10), flags (1: 1 = deleted) |
//! | `H` | resource key | head: see [`crate::heads`] |
//! | `V` | resource key, !version (4) | a superseded version, as `H` |
//! | `F` | resource key | facets: see [`crate::facets`] |
//! | `I` | slot (2), value, resource key | empty |
//! | `Y` | type (1), commit (8), resource key, version (4) | empty: every version ever made |
//! | `C` | commit (8) | commit record: the chain |
//! | `A` | patient number (4), commit block (8) | which commits of the block looked at the patient |
//! | `D` | type (1), dictionary number (2) | a trained zstd dictionary |
//! | `K` | space (1), digest (32) | what is no resource and has an end: see [`crate::kept`] |

use akson_fhir::definitions::ResourceType;
use akson_fhir::search::SlotId;

use crate::engine::{Lead, Range};

/// Where a resource lives: patient number (4), type (1), resource number (5), big-endian. A
/// patient's resources lie together, by type, in order of creation. Patient number 0 holds what
/// belongs to no patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey(pub [u8; 10]);

/// A patient's number inside this store; 0 is "no patient".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatientNumber(pub u32);

/// "No patient".
pub const NO_PATIENT: PatientNumber = PatientNumber(0);
/// The highest number that a patient can have. Those above it stand for lists of the access log
/// that are not about a patient.
pub const PATIENT_NUMBER_MAX: u32 = u32::MAX - 16;

impl ResourceKey {
    /// Puts a key together. `number` uses its low 40 bits.
    pub fn new(patient: PatientNumber, resource_type: ResourceType, number: u64) -> Self {
        let [p0, p1, p2, p3] = patient.0.to_be_bytes();
        let [_, _, _, n0, n1, n2, n3, n4] = number.to_be_bytes();
        Self([p0, p1, p2, p3, resource_type.0, n0, n1, n2, n3, n4])
    }

    /// Reads a key from the last ten bytes of an index key.
    pub fn from_end(key: &[u8]) -> Option<Self> {
        key.last_chunk::<10>().map(|bytes| Self(*bytes))
    }

    /// Reads a key from the first ten bytes of a value.
    pub fn from_start(value: &[u8]) -> Option<Self> {
        value.first_chunk::<10>().map(|bytes| Self(*bytes))
    }

    /// Twenty hexadecimal digits, for cursors.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`ResourceKey::to_hex`] wrote; `None` for anything else.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 20 || !hex.is_ascii() {
            return None;
        }
        let mut key = [0; 10];
        for (position, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(position * 2..position * 2 + 2)?, 16).ok()?;
        }
        Some(Self(key))
    }

    /// Whose it is.
    pub fn patient(self) -> PatientNumber {
        let [p0, p1, p2, p3, ..] = self.0;
        PatientNumber(u32::from_be_bytes([p0, p1, p2, p3]))
    }

    /// Its resource type.
    pub fn resource_type(self) -> ResourceType {
        let [_, _, _, _, t, ..] = self.0;
        ResourceType(t)
    }

    /// Its number, unique over all types.
    pub fn number(self) -> u64 {
        let [_, _, _, _, _, n0, n1, n2, n3, n4] = self.0;
        u64::from_be_bytes([0, 0, 0, n0, n1, n2, n3, n4])
    }
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().map(|p| p.len()).sum());
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// `M name`.
pub fn meta(name: &str) -> Vec<u8> {
    join(&[b"M", name.as_bytes()])
}

/// `P id`.
pub fn patient(id: &str) -> Vec<u8> {
    join(&[b"P", id.as_bytes()])
}

/// `L type id`.
pub fn locator(resource_type: ResourceType, id: &str) -> Vec<u8> {
    join(&[b"L", &[resource_type.0], id.as_bytes()])
}

/// A locator's value begins with the resource, whose head is at `H resource`.
pub(crate) const LOCATOR_LEAD: Lead = Lead { letter: b'H', bytes: 10 };

/// `H resource`.
pub fn head(resource: ResourceKey) -> Vec<u8> {
    join(&[b"H", &resource.0])
}

/// `V resource !version`: newest first.
pub fn version(resource: ResourceKey, version: u32) -> Vec<u8> {
    join(&[b"V", &resource.0, &(!version).to_be_bytes()])
}

/// `F resource`.
pub fn facets(resource: ResourceKey) -> Vec<u8> {
    join(&[b"F", &resource.0])
}

/// `I slot value resource`; `value` must already be in key form (`facets::key_form`).
pub fn index(slot: SlotId, value: &[u8], resource: ResourceKey) -> Vec<u8> {
    join(&[b"I", &slot.0.to_be_bytes(), value, &resource.0])
}

/// `Y type commit resource version`; the commit number is zero here, to be stamped at
/// [`CHANGED_STAMP_AT`].
pub fn changed(resource: ResourceKey, version: u32) -> Vec<u8> {
    join(&[b"Y", &[resource.resource_type().0], &[0; 8], &resource.0, &version.to_be_bytes()])
}

/// Where the commit number stands in a `Y` key.
pub const CHANGED_STAMP_AT: usize = 2;

/// `C commit`.
pub fn commit(number: u64) -> Vec<u8> {
    join(&[b"C", &number.to_be_bytes()])
}

/// `A patient block`.
pub fn accesses(patient: PatientNumber, block: u64) -> Vec<u8> {
    join(&[b"A", &patient.0.to_be_bytes(), &block.to_be_bytes()])
}

/// `D type number`.
pub fn dictionary(resource_type: ResourceType, number: u16) -> Vec<u8> {
    join(&[b"D", &[resource_type.0], &number.to_be_bytes()])
}

/// Whether a key comes back from a backup. Tokens and the like do not: what was withdrawn after the
/// backup was made would work again.
pub fn is_restored(key: &[u8]) -> bool {
    !key.starts_with(b"K")
}

/// All keys that begin with `prefix`.
pub fn under(prefix: &[u8]) -> Range {
    let start = prefix.to_vec();
    let mut end = start.clone();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    Range { start, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_patient_type_and_creation() {
        let key = |p, t, n| ResourceKey::new(PatientNumber(p), ResourceType(t), n);
        let mut keys = vec![key(2, 1, 0), key(1, 9, 1), key(1, 3, 256), key(1, 3, 255)];
        keys.sort_unstable();
        assert_eq!(keys, [key(1, 3, 255), key(1, 3, 256), key(1, 9, 1), key(2, 1, 0)]);
        assert_eq!(keys[1].number(), 256);
        assert_eq!(keys[1].patient(), PatientNumber(1));
        assert_eq!(keys[1].resource_type(), ResourceType(3));
    }

    #[test]
    fn the_range_under_a_prefix_ends_after_its_last_key() {
        assert_eq!(under(b"Ab").end, b"Ac");
        assert_eq!(under(&[b'A', 255]).end, b"B");
    }
}
