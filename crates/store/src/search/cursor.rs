//! `_cursor`: where a page ended, so that the next one goes on exactly there.
//!
//! It names the search it belongs to, what the planner chose, and the last key taken. Opaque to
//! clients, checked against accidental damage; it gives no right to anything.

use akson_base::{Kind, Problem};
use xxhash_rust::xxh3::xxh3_64;

use super::plan::{Choice, Order};

const FORM: u8 = 1;

/// A place in the results of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the search (`Query::fingerprint`).
    pub(super) fingerprint: u64,
    /// Position in the types searched.
    pub(super) part: u16,
    pub(super) choice: Choice,
    /// Position in the plan's stages.
    pub(super) stage: u8,
    /// The newest commit when the first page was made.
    pub(super) commit: u64,
    /// The number of matches, when it was told.
    pub(super) total: Option<u64>,
    /// The last key taken; for a sort in memory the sort key and resource of the last.
    pub(super) position: Vec<u8>,
}

impl Cursor {
    pub(super) fn encode(&self) -> String {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.fingerprint.to_be_bytes());
        bytes.extend_from_slice(&self.part.to_be_bytes());
        bytes.extend_from_slice(&self.choice.option.to_be_bytes());
        bytes.push(match self.choice.order {
            Order::Driver => 0,
            Order::Memory => 1,
            Order::Index => 2,
        });
        bytes.push(self.stage);
        bytes.extend_from_slice(&self.commit.to_be_bytes());
        bytes.extend_from_slice(&self.total.unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.position);
        let check = xxh3_64(&bytes) as u32;
        bytes.extend_from_slice(&check.to_be_bytes());
        base64url(&bytes)
    }

    /// Reads a cursor of the search with this fingerprint.
    pub(super) fn decode(text: &str, fingerprint: u64) -> Result<Self, Problem> {
        let cursor = of_base64url(text).and_then(|bytes| Self::read(&bytes)).ok_or_else(|| {
            let text = "\"_cursor\" is not one that this server gave. Follow the links of a page as \
                        they are, or search again from the start.";
            Problem::new(Kind::Invalid, "SEA-021", text)
        })?;
        if cursor.fingerprint != fingerprint {
            let text = "\"_cursor\" belongs to another search. Follow the links of a page as they \
                        are, or search again from the start.";
            return Err(Problem::new(Kind::Invalid, "SEA-022", text));
        }
        Ok(cursor)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (content, check) = bytes.split_last_chunk::<4>()?;
        if u32::from_be_bytes(*check) != xxh3_64(content) as u32 {
            return None;
        }
        let (&FORM, rest) = content.split_first()? else {
            return None;
        };
        let (fingerprint, rest) = rest.split_first_chunk::<8>()?;
        let (part, rest) = rest.split_first_chunk::<2>()?;
        let (option, rest) = rest.split_first_chunk::<2>()?;
        let (order, rest) = rest.split_first()?;
        let (stage, rest) = rest.split_first()?;
        let (commit, rest) = rest.split_first_chunk::<8>()?;
        let (total, position) = rest.split_first_chunk::<8>()?;
        let order = match order {
            0 => Order::Driver,
            1 => Order::Memory,
            2 => Order::Index,
            _ => return None,
        };
        let total = u64::from_be_bytes(*total);
        Some(Self {
            fingerprint: u64::from_be_bytes(*fingerprint),
            part: u16::from_be_bytes(*part),
            choice: Choice { option: u16::from_be_bytes(*option), order },
            stage: *stage,
            commit: u64::from_be_bytes(*commit),
            total: (total != u64::MAX).then_some(total),
            position: position.to_vec(),
        })
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            let index = (word >> (18 - 6 * digit)) as usize & 63;
            out.extend(ALPHABET.get(index).map(|byte| char::from(*byte)));
        }
    }
    out
}

fn of_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0_u32;
        for byte in chunk {
            word = word << 6 | ALPHABET.iter().position(|digit| digit == byte)? as u32;
        }
        let bytes = (word << (6 * (4 - chunk.len()))).to_be_bytes();
        let [_, rest @ ..] = bytes;
        match chunk.len() {
            1 => return None,
            length => out.extend(rest.get(..length - 1)?),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            fingerprint: 0x1234_5678_9abc_def0,
            part: 3,
            choice: Choice { option: 9, order: Order::Index },
            stage: 1,
            commit: 77,
            total: Some(5),
            position: b"I\x00\x01value".to_vec(),
        }
    }

    #[test]
    fn a_cursor_reads_back_as_written() {
        for length in 0..9 {
            let cursor = Cursor { position: vec![0xff; length], ..cursor() };
            assert_eq!(Cursor::decode(&cursor.encode(), cursor.fingerprint).unwrap(), cursor);
        }
    }

    #[test]
    fn damage_and_strangers_are_refused() {
        let text = cursor().encode();
        assert_eq!(Cursor::decode(&text, 1).unwrap_err().code, "SEA-022");
        for at in 0..text.len() {
            let mut broken = text.clone().into_bytes();
            broken[at] = if broken[at] == b'A' { b'B' } else { b'A' };
            let broken = String::from_utf8(broken).unwrap();
            assert_eq!(Cursor::decode(&broken, cursor().fingerprint).unwrap_err().code, "SEA-021");
            let cut = &text[..at];
            assert_eq!(Cursor::decode(cut, cursor().fingerprint).unwrap_err().code, "SEA-021");
        }
        assert_eq!(Cursor::decode("ø", 0).unwrap_err().code, "SEA-021");
    }
}
