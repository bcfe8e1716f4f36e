//! The value under `H` and `V`: one version of one resource.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | commit number, big-endian (stamped by the committer) |
//! | 8 | commit time, milliseconds since 1970, big-endian (stamped) |
//! | 4 | version, big-endian |
//! | 1 | flags: 1 = this version is a deletion, 2 = moved to another patient |
//! | 2 | number of the dictionary the body is compressed with, 0 = none |
//! | 4 | length of the body before compression |
//! | 1 | length of the id |
//! | n | the id |
//! | … | the body: `akson_fhir::json::write_tail`, compressed; or the new resource key when moved |

use akson_base::{Instant, Problem};

use crate::keys::ResourceKey;

/// Length of the stamp that begins every head; unique per version of a resource.
pub(crate) const STAMP_BYTES: usize = 16;
const FIXED_BYTES: usize = 28;
const DELETED: u8 = 1;
const MOVED: u8 = 2;

/// A decoded head; the body is still compressed.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Commit that made this version.
    pub commit: u64,
    /// `meta.lastUpdated`.
    pub time: Instant,
    /// `meta.versionId`.
    pub version: u32,
    /// Whether this version is a deletion.
    pub deleted: bool,
    /// Where the resource lives now, when its patient changed.
    pub moved_to: Option<ResourceKey>,
    /// Logical id.
    pub id: &'a str,
    pub(crate) dictionary: u16,
    pub(crate) body_bytes: usize,
    pub(crate) body: &'a [u8],
    pub(crate) stamp: &'a [u8],
}

fn damaged() -> Problem {
    Problem::fault("STO-001", "a stored head is shorter than its own lengths say: run akson check")
}

impl<'a> Head<'a> {
    /// Reads a stored value.
    pub fn decode(value: &'a [u8]) -> Result<Self, Problem> {
        let (fixed, rest) = value.split_first_chunk::<FIXED_BYTES>().ok_or_else(damaged)?;
        let [
            c0,
            c1,
            c2,
            c3,
            c4,
            c5,
            c6,
            c7,
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            t6,
            t7,
            v0,
            v1,
            v2,
            v3,
            flags,
            d0,
            d1,
            l0,
            l1,
            l2,
            l3,
            id_bytes,
        ] = *fixed;
        let (id, body) = rest.split_at_checked(usize::from(id_bytes)).ok_or_else(damaged)?;
        let moved_to = if flags & MOVED == 0 {
            None
        } else {
            Some(ResourceKey::from_start(body).ok_or_else(damaged)?)
        };
        Ok(Self {
            commit: u64::from_be_bytes([c0, c1, c2, c3, c4, c5, c6, c7]),
            time: Instant(i64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7])),
            version: u32::from_be_bytes([v0, v1, v2, v3]),
            deleted: flags & DELETED != 0,
            moved_to,
            id: std::str::from_utf8(id).map_err(|_| damaged())?,
            dictionary: u16::from_be_bytes([d0, d1]),
            body_bytes: u32::from_be_bytes([l0, l1, l2, l3]) as usize,
            body,
            stamp: value.get(..STAMP_BYTES).ok_or_else(damaged)?,
        })
    }
}

/// A head about to be written; the stamp is zero until the committer fills it.
pub(crate) struct NewHead<'a> {
    pub(crate) version: u32,
    pub(crate) id: &'a str,
    pub(crate) content: Content<'a>,
}

/// What a new version is.
pub(crate) enum Content<'a> {
    /// A body compressed with this dictionary.
    Body { dictionary: u16, body_bytes: usize, compressed: &'a [u8] },
    /// A deletion.
    Deleted,
    /// The resource now lives under another patient.
    Moved(ResourceKey),
}

impl NewHead<'_> {
    /// The bytes to store, stamp position 0.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (flags, dictionary, body_bytes, body): (u8, u16, usize, &[u8]) = match &self.content {
            Content::Body { dictionary, body_bytes, compressed } => {
                (0, *dictionary, *body_bytes, compressed)
            }
            Content::Deleted => (DELETED, 0, 0, &[]),
            Content::Moved(key) => (MOVED, 0, 0, &key.0),
        };
        let mut out = Vec::with_capacity(FIXED_BYTES + self.id.len() + body.len());
        out.extend_from_slice(&[0; STAMP_BYTES]);
        out.extend_from_slice(&self.version.to_be_bytes());
        out.push(flags);
        out.extend_from_slice(&dictionary.to_be_bytes());
        out.extend_from_slice(&(body_bytes as u32).to_be_bytes());
        // Ids are at most 64 characters by the standard's regex, checked at the door.
        out.push(self.id.len() as u8);
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(body);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_as_written() {
        let bytes = NewHead {
            version: 7,
            id: "abc-1",
            content: Content::Body { dictionary: 3, body_bytes: 1000, compressed: b"xyz" },
        }
        .encode();
        let head = Head::decode(&bytes).unwrap();
        assert_eq!((head.version, head.id, head.dictionary), (7, "abc-1", 3));
        assert_eq!((head.body_bytes, head.body), (1000, b"xyz".as_slice()));
        assert!(!head.deleted && head.moved_to.is_none());
    }

    #[test]
    fn a_deletion_and_a_move_are_told_apart() {
        let deleted = NewHead { version: 2, id: "a", content: Content::Deleted }.encode();
        assert!(Head::decode(&deleted).unwrap().deleted);
        let key = ResourceKey([1; 10]);
        let moved = NewHead { version: 2, id: "a", content: Content::Moved(key) }.encode();
        assert_eq!(Head::decode(&moved).unwrap().moved_to, Some(key));
    }

    #[test]
    fn short_values_are_a_fault_and_not_a_panic() {
        let bytes = NewHead { version: 2, id: "abc", content: Content::Deleted }.encode();
        for cut in 0..bytes.len() {
            assert_eq!(Head::decode(&bytes[..cut]).unwrap_err().code, "STO-001");
        }
    }
}
