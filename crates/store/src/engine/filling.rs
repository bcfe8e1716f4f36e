//! Filling an empty place with the entries of another: outside of commits, in the order of keys, with
//! how far it came kept beside them.
//!
//! Until it is finished nothing opens the place as a record (`STO-084`). What is cut short goes on
//! where it was, when what it is filled from has not changed; else from the beginning.
//! Not here: where entries come from ([`super::copy`], [`super::backup`]); how each engine takes them
//! (`fjall_filling`, `postgres::filling`).

use std::path::Path;
use std::sync::Arc;

use akson_base::{Clock, Problem};
use bytes::Bytes;

use super::Snapshot;
use super::fjall_engine::Options;
use super::fjall_filling::FolderFilling;
use super::high_water::Mark;
use super::postgres::filling::PostgresFilling;

/// A key and its value.
pub type Entry = (Bytes, Bytes);

/// How far an earlier try came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The newest commit of what it was filled from: says what exactly that was.
    pub of: Mark,
    /// The last key that is there; every earlier one is, too.
    pub key: Vec<u8>,
    /// Entries that are there.
    pub entries: u64,
}

/// Whether an earlier try that was cut short is gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Where it was, if it was filled from the same.
    GoOn,
    /// What it left is removed.
    Anew,
}

/// A place that is being filled.
pub trait Filling {
    /// How far an earlier try came; this one goes on behind that.
    fn reached(&self) -> Option<&Reached>;

    /// Adds entries whose keys come after all there are. `reached`: what to remember of it, in the
    /// same atomic write.
    ///
    /// # Errors
    /// The disk's or the database's; what was added before stays.
    fn put(&mut self, entries: Vec<Entry>, reached: Option<Reached>) -> Result<(), Problem>;

    /// What is there.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem>;

    /// Makes it a record that can be opened, `mark` its newest commit, and proves that it can.
    fn finish(self: Box<Self>) -> Result<(), Problem>;
}

/// Begins to fill a data folder from what has this newest commit.
///
/// # Errors
/// `STO-055` when the folder holds something, `STO-054` when another process has it.
pub fn folder(
    path: &Path,
    options: &Options,
    clock: Arc<dyn Clock>,
    (mark, again): (Mark, Again),
) -> Result<Box<dyn Filling>, Problem> {
    Ok(Box::new(FolderFilling::begin(path, options, clock, mark, again)?))
}

/// Begins to fill a PostgreSQL database from what has this newest commit.
///
/// # Errors
/// `STO-083` when there is a record in it, `STO-054` when another process fills it, and as opening it.
pub fn database(url: &str, (mark, again): (Mark, Again)) -> Result<Box<dyn Filling>, Problem> {
    Ok(Box::new(PostgresFilling::begin(url, mark, again)?))
}

impl Reached {
    /// Bytes that [`Reached::decode`] reads.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(56 + self.key.len());
        bytes.extend_from_slice(&self.of.commit.to_be_bytes());
        bytes.extend_from_slice(&self.of.time.to_be_bytes());
        bytes.extend_from_slice(&self.of.digest);
        bytes.extend_from_slice(&self.entries.to_be_bytes());
        bytes.extend_from_slice(&self.key);
        bytes
    }

    /// `None` for anything that [`Reached::encode`] did not write.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (commit, rest) = bytes.split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk()?;
        let (digest, rest) = rest.split_first_chunk::<32>()?;
        let (entries, key) = rest.split_first_chunk()?;
        let of = Mark {
            commit: u64::from_be_bytes(*commit),
            time: i64::from_be_bytes(*time),
            digest: *digest,
        };
        Some(Self { of, key: key.to_vec(), entries: u64::from_be_bytes(*entries) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_came_is_read_as_written() {
        let of = Mark { commit: 7, time: -3, digest: [9; 32] };
        let reached = Reached { of, key: b"Habc".to_vec(), entries: 12 };
        assert_eq!(Reached::decode(&reached.encode()), Some(reached.clone()));
        assert_eq!(Reached::decode(&reached.encode()[..50]), None);
    }
}
