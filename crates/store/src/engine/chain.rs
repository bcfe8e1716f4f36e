//! The commit record and the chain: what each commit leaves behind under `C | number`.
//!
//! A record names the digest of the record before it, so no commit can be taken out, put in or
//! altered without every later digest changing; the newest digest also stands outside the engine
//! ([`super::high_water`]). Not here: what a log entry says (`audit`), or when a record is written
//! (`committer`).
//!
//! Layout of the stored value, integers big-endian:
//!
//! ```text
//! form 1 | digest 32 | number 8 | time 8 | previous 32 | body
//!                      \______ digest = SHA-256 of this, body uncompressed ______/
//! form 1: body as it is     form 2: length of the body 4, then the body as one zstd frame
//! body: count, then per change  resource 10 | version | flags 1 | digest of the stored body 16
//!       count, then per entry   length | bytes            (counts, versions, lengths: LEB128)
//! ```

use std::cell::RefCell;

use akson_base::Problem;
use sha2::{Digest, Sha256};

use super::{Change, Direction, Range, Snapshot, Transaction};
use crate::keys;

/// A SHA-256 digest.
pub type RecordDigest = [u8; 32];

/// What the first commit names as the digest before it.
pub const GENESIS: RecordDigest = [0; 32];

/// Bodies longer than this are compressed.
const COMPRESS_FROM_BYTES: usize = 256;
/// The longest body that is believed when read: far above what one commit can hold.
const BODY_BYTES_MAX: usize = 1 << 30;
/// Form, digest, number, time, previous.
const HEAD_BYTES: usize = 1 + 32 + 8 + 8 + 32;
/// Where the content that is hashed begins.
const CONTENT_AT: usize = 33;
const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;

/// One commit, as the chain tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRecord {
    /// The commit's number.
    pub commit: u64,
    /// Its time, milliseconds since 1970.
    pub time: i64,
    /// The digest of the commit before it.
    pub previous: RecordDigest,
    /// SHA-256 of number, time, previous and body.
    pub digest: RecordDigest,
    /// The resource versions it made, in order.
    pub changes: Vec<Change>,
    /// Its access-log entries, in order, as `audit` encoded them.
    pub log: Vec<Vec<u8>>,
}

/// Where a verified stretch of the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// Records read.
    pub records: u64,
    /// The last commit's number.
    pub commit: u64,
    /// The last commit's time.
    pub time: i64,
    /// The last commit's digest.
    pub digest: RecordDigest,
}

/// Writes records; keeps its buffers and the compressor between commits.
#[derive(Default)]
pub(crate) struct RecordEncoder {
    body: Vec<u8>,
    compressor: Option<zstd::bulk::Compressor<'static>>,
}

impl RecordEncoder {
    /// The stored value of one commit and its digest.
    pub(crate) fn encode<'a, I>(
        &mut self,
        commit: u64,
        time: i64,
        previous: &RecordDigest,
        transactions: I,
    ) -> (Vec<u8>, RecordDigest)
    where
        I: Iterator<Item = &'a Transaction> + Clone,
    {
        self.write_body(transactions);
        let mut value = Vec::with_capacity(HEAD_BYTES + 4 + self.body.len());
        value.push(PLAIN);
        value.extend_from_slice(&GENESIS);
        value.extend_from_slice(&commit.to_be_bytes());
        value.extend_from_slice(&time.to_be_bytes());
        value.extend_from_slice(previous);
        let mut hash = Sha256::new();
        hash.update(value.get(CONTENT_AT..).unwrap_or_default());
        hash.update(&self.body);
        let digest: RecordDigest = hash.finalize().into();
        if let Some(place) = value.get_mut(1..CONTENT_AT) {
            place.copy_from_slice(&digest);
        }
        match self.compressed() {
            Some(frame) => {
                if let Some(form) = value.first_mut() {
                    *form = COMPRESSED;
                }
                let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
                value.extend_from_slice(&length.to_be_bytes());
                value.extend_from_slice(&frame);
            }
            None => value.extend_from_slice(&self.body),
        }
        (value, digest)
    }

    fn write_body<'a, I>(&mut self, transactions: I)
    where
        I: Iterator<Item = &'a Transaction> + Clone,
    {
        let body = &mut self.body;
        body.clear();
        body.shrink_to(1 << 20);
        put_number(body, transactions.clone().map(|t| t.changes.len() as u64).sum());
        for change in transactions.clone().flat_map(|t| &t.changes) {
            body.extend_from_slice(&change.resource);
            put_number(body, u64::from(change.version));
            body.push(u8::from(change.deleted));
            body.extend_from_slice(&change.body_digest);
        }
        put_number(body, transactions.clone().map(|t| t.log.len() as u64).sum());
        for entry in transactions.flat_map(|t| &t.log) {
            put_number(body, entry.len() as u64);
            body.extend_from_slice(entry);
        }
    }

    /// The body as a zstd frame, when that is shorter.
    fn compressed(&mut self) -> Option<Vec<u8>> {
        if self.body.len() < COMPRESS_FROM_BYTES || self.body.len() > BODY_BYTES_MAX {
            return None;
        }
        if self.compressor.is_none() {
            self.compressor = zstd::bulk::Compressor::new(1).ok();
        }
        let frame = self.compressor.as_mut()?.compress(&self.body).ok()?;
        (frame.len() + 4 < self.body.len()).then_some(frame)
    }
}

/// Reads a commit record and checks it against its own digest.
///
/// # Errors
/// `STO-050` when the bytes are not a whole, unaltered record.
pub fn decode(value: &[u8]) -> Result<CommitRecord, Problem> {
    read(value).ok_or_else(|| {
        Problem::fault("STO-050", "a commit record is damaged: it does not decode")
    })?
}

/// The time of a stored record, read without checking or unpacking the rest.
pub fn time_of(value: &[u8]) -> Option<i64> {
    let time = value.get(CONTENT_AT + 8..)?.first_chunk::<8>()?;
    Some(i64::from_be_bytes(*time))
}

fn read(value: &[u8]) -> Option<Result<CommitRecord, Problem>> {
    let (&form, rest) = value.split_first()?;
    let (digest, content) = rest.split_first_chunk::<32>()?;
    let (commit, rest) = content.split_first_chunk::<8>()?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let (previous, stored) = rest.split_first_chunk::<32>()?;
    let commit = u64::from_be_bytes(*commit);
    let unpacked;
    let body = match form {
        PLAIN => stored,
        COMPRESSED => {
            let (length, frame) = stored.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            if length > BODY_BYTES_MAX {
                return None;
            }
            unpacked = decompress(frame, length)?;
            &unpacked
        }
        _ => return None,
    };
    let mut hash = Sha256::new();
    hash.update(content.get(..48)?);
    hash.update(body);
    if hash.finalize().as_slice() != digest {
        let text = format!("the record of commit {commit} does not have its own digest");
        return Some(Err(Problem::fault("STO-050", text)));
    }
    let (changes, log) = read_body(body)?;
    Some(Ok(CommitRecord {
        commit,
        time: i64::from_be_bytes(*time),
        previous: *previous,
        digest: *digest,
        changes,
        log,
    }))
}

/// Unpacks a record's body. A context costs more to make than most bodies to unpack, so each thread
/// keeps one.
fn decompress(frame: &[u8], length: usize) -> Option<Vec<u8>> {
    thread_local! {
        static CONTEXT: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
            const { RefCell::new(None) };
    }
    CONTEXT.with_borrow_mut(|slot| {
        let context = match slot {
            Some(context) => context,
            None => slot.insert(zstd::bulk::Decompressor::new().ok()?),
        };
        context.decompress(frame, length).ok()
    })
}

fn read_body(mut body: &[u8]) -> Option<(Vec<Change>, Vec<Vec<u8>>)> {
    let count = usize::try_from(take_number(&mut body)?).ok()?;
    // A change takes at least 28 bytes: a count that cannot be true reserves nothing.
    let mut changes = Vec::with_capacity(count.min(body.len() / 28));
    for _ in 0..count {
        let (resource, rest) = body.split_first_chunk::<10>()?;
        body = rest;
        let version = u32::try_from(take_number(&mut body)?).ok()?;
        let (&flags, rest) = body.split_first()?;
        let (body_digest, rest) = rest.split_first_chunk::<16>()?;
        body = rest;
        changes.push(Change {
            resource: *resource,
            version,
            deleted: flags & 1 == 1,
            body_digest: *body_digest,
        });
    }
    let count = usize::try_from(take_number(&mut body)?).ok()?;
    let mut log = Vec::with_capacity(count.min(body.len()));
    for _ in 0..count {
        let length = usize::try_from(take_number(&mut body)?).ok()?;
        log.push(body.get(..length)?.to_vec());
        body = body.get(length..)?;
    }
    body.is_empty().then_some((changes, log))
}

/// Reads the chain from commit `first` to commit `last`, both included, and checks that no number
/// is missing, that every record has its digest, that each names the one before it and that time
/// never goes back. `progress` hears every commit's number.
///
/// # Errors
/// `STO-051` names the first commit where the chain does not hold.
pub fn verify_chain(
    snapshot: &dyn Snapshot,
    first: u64,
    last: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<ChainEnd>, Problem> {
    let mut end: Option<ChainEnd> = None;
    if first > last {
        return Ok(None);
    }
    let range = Range { start: keys::commit(first), end: after(last) };
    snapshot.visit(&range, Direction::Ascending, &mut |key, value| {
        let expected = end.map_or(first, |e| e.commit + 1);
        if key != keys::commit(expected) {
            return Err(broken(expected, "it is missing from the store"));
        }
        let record = decode(value).map_err(|e| broken(expected, &e.for_log))?;
        if record.commit != expected {
            return Err(broken(expected, "its record is another commit's"));
        }
        let previous = match end {
            Some(end) => Some((end.digest, end.time)),
            None if first == 1 => Some((GENESIS, i64::MIN)),
            None => None,
        };
        if let Some((digest, time)) = previous {
            if record.previous != digest {
                return Err(broken(expected, "it does not name the commit before it"));
            }
            if record.time < time {
                return Err(broken(expected, "its time is before the commit before it"));
            }
        }
        let records = end.map_or(1, |e| e.records + 1);
        end =
            Some(ChainEnd { records, commit: expected, time: record.time, digest: record.digest });
        progress(expected);
        Ok(true)
    })?;
    let reached = end.map_or(first - 1, |e| e.commit);
    if reached < last {
        return Err(broken(reached + 1, "it is missing from the store"));
    }
    Ok(end)
}

/// The newest commit record of a snapshot.
///
/// # Errors
/// `STO-050` when it is damaged.
pub fn newest(snapshot: &dyn Snapshot) -> Result<Option<CommitRecord>, Problem> {
    let found = snapshot.scan(&keys::under(b"C"), Direction::Descending, 1)?;
    found.first().map(|(_, value)| decode(value)).transpose()
}

fn after(commit: u64) -> Vec<u8> {
    commit.checked_add(1).map_or_else(|| keys::under(b"C").end, keys::commit)
}

fn broken(commit: u64, why: &str) -> Problem {
    Problem::fault("STO-051", format!("the chain is broken at commit {commit}: {why}"))
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(changes: usize, log: usize) -> Transaction {
        Transaction {
            changes: (0..changes)
                .map(|i| Change {
                    resource: [i as u8; 10],
                    version: i as u32 * 1000,
                    deleted: i % 2 == 1,
                    body_digest: [7; 16],
                })
                .collect(),
            log: (0..log).map(|i| vec![i as u8; i * 3]).collect(),
            ..Transaction::default()
        }
    }

    #[test]
    fn records_come_back_as_written_short_and_long() {
        let mut encoder = RecordEncoder::default();
        for (changes, log) in [(0, 0), (1, 0), (0, 1), (3, 40), (200, 200)] {
            let transactions = [transaction(changes, log), transaction(1, 1)];
            let (value, digest) = encoder.encode(7, -5, &[9; 32], transactions.iter());
            let record = decode(&value).unwrap();
            assert_eq!((record.commit, record.time), (7, -5));
            assert_eq!((record.previous, record.digest), ([9; 32], digest));
            let changes: Vec<_> = transactions.iter().flat_map(|t| t.changes.clone()).collect();
            let log: Vec<_> = transactions.iter().flat_map(|t| t.log.clone()).collect();
            assert_eq!((record.changes, record.log), (changes, log));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        for (changes, log) in [(2, 3), (60, 60)] {
            let (value, _) =
                RecordEncoder::default().encode(1, 1, &GENESIS, [transaction(changes, log)].iter());
            let good = decode(&value).unwrap();
            for at in 0..value.len() {
                let mut bad = value.clone();
                bad[at] ^= 1 << (at % 8);
                // The frame's own bookkeeping may hold bits that carry no content.
                if let Ok(record) = decode(&bad) {
                    assert_eq!(record, good, "byte {at}");
                }
                assert!(decode(&value[..at]).is_err(), "cut at {at}");
            }
        }
    }
}
