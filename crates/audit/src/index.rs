//! "Who has opened this journal": from a patient to the commits whose log names the patient.
//!
//! Derived data under `A`, made from the chain behind the writers' backs: for each patient and each
//! block of 64 commits one key whose value marks the commits. What is not indexed yet is read from
//! the chain itself, so an answer is always complete.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use akson_access::ReadPermit;
use akson_base::{Instant, Problem};
use akson_store::Store;
use akson_store::engine::{
    CommitError, Direction, Op, Precondition, Range, Snapshot, Transaction, chain, commit_and_wait,
};
use akson_store::keys::{self, PatientNumber};

use crate::entry::Entry;

const WATERMARK: &str = "accesses-indexed";
const COMMITS_PER_BLOCK: u64 = 64;
/// Commits read in one go by [`AccessIndex::catch_up`].
const COMMITS_PER_STEP: usize = 4_096;

/// One look at, or change of, a patient's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// When it became durable.
    pub time: Instant,
    /// Where it stands in the log.
    pub place: Place,
    /// The entry.
    pub entry: Entry,
}

/// A place in the log. Ordered as the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Commit number.
    pub commit: u64,
    /// Position among the commit's entries.
    pub position: u32,
}

impl Place {
    /// After everything.
    pub const END: Self = Self { commit: u64::MAX, position: 0 };
    /// Before everything.
    pub const NONE: Self = Self { commit: 0, position: 0 };
}

/// The index over one store.
pub struct AccessIndex {
    store: Arc<Store>,
    stepping: Mutex<()>,
}

fn damaged(what: &str) -> Problem {
    Problem::fault("AUD-003", format!("{what}: run akson check"))
}

impl AccessIndex {
    /// The index of a store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, stepping: Mutex::new(()) }
    }

    /// One entry, wherever it is about; `None` when there is none at this place.
    pub fn at(&self, permit: &ReadPermit, place: Place) -> Result<Option<Access>, Problem> {
        let _ = permit;
        let snapshot = self.store.snapshot();
        let Some(value) = snapshot.get(&keys::commit(place.commit))? else { return Ok(None) };
        let record = chain::decode(&value)?;
        let Some(bytes) = record.log.get(place.position as usize) else { return Ok(None) };
        let entry = Entry::decode(bytes)?;
        Ok(Some(Access { time: Instant(record.time), place, entry }))
    }

    /// The accesses to a patient's journal before a place, newest first, at most `limit`.
    pub fn accesses(
        &self,
        permit: &ReadPermit,
        patient: PatientNumber,
        before: Place,
        limit: usize,
    ) -> Result<Vec<Access>, Problem> {
        let _ = permit;
        let snapshot = self.store.snapshot();
        let indexed = watermark(snapshot.as_ref())?;
        let mut found = Vec::new();
        let end = before.commit.saturating_add(1);
        let tail = Range { start: keys::commit(indexed + 1), end: keys::commit(end) };
        if indexed < before.commit {
            snapshot.visit(&tail, Direction::Descending, &mut |_, value| {
                collect(value, patient, before, limit, &mut found)
            })?;
        }
        if found.len() < limit {
            let prefix = [b"A".as_slice(), &patient.0.to_be_bytes()].concat();
            let mut range = keys::under(&prefix);
            if before != Place::END {
                range.end = keys::accesses(patient, before.commit / COMMITS_PER_BLOCK + 1);
            }
            snapshot.visit(&range, Direction::Descending, &mut |key, value| {
                for commit in marked(key, value)? {
                    if commit > before.commit || commit > indexed {
                        continue;
                    }
                    let record = snapshot
                        .get(&keys::commit(commit))?
                        .ok_or_else(|| damaged("an access names a commit that is not there"))?;
                    if !collect(&record, patient, before, limit, &mut found)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })?;
        }
        Ok(found)
    }

    /// Every entry since a moment and after a place, oldest first, until `take` fails.
    pub fn visit(
        &self,
        permit: &ReadPermit,
        since: Instant,
        after: Place,
        take: &mut dyn FnMut(Access) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let _ = permit;
        let snapshot = self.store.snapshot();
        let newest = chain::newest(snapshot.as_ref())?.map_or(0, |record| record.commit);
        let first = first_since(snapshot.as_ref(), newest, since)?;
        let start = keys::commit(first.max(after.commit));
        let range = Range { start, end: keys::commit(u64::MAX) };
        snapshot.visit(&range, Direction::Ascending, &mut |_, value| {
            let record = chain::decode(value)?;
            for (position, bytes) in record.log.iter().enumerate() {
                let place = Place { commit: record.commit, position: position as u32 };
                if place > after {
                    let entry = Entry::decode(bytes)?;
                    take(Access { time: Instant(record.time), place, entry })?;
                }
            }
            Ok(true)
        })
    }

    /// Indexes what has been logged since the last time; answers how many commits were read. Call
    /// again while it answers more than 0.
    pub fn catch_up(&self) -> Result<usize, Problem> {
        let _one = self.stepping.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.store.snapshot();
        let from = watermark(snapshot.as_ref())? + 1;
        let range = Range { start: keys::commit(from), end: keys::commit(u64::MAX) };
        let mut read = 0;
        let mut last = 0;
        let mut marks: HashMap<(u32, u64), u64> = HashMap::new();
        snapshot.visit(&range, Direction::Ascending, &mut |_, value| {
            let record = chain::decode(value)?;
            last = record.commit;
            read += 1;
            for bytes in &record.log {
                for PatientNumber(patient) in Entry::decode_patients(bytes)? {
                    let block = record.commit / COMMITS_PER_BLOCK;
                    *marks.entry((patient, block)).or_default() |=
                        1 << (record.commit % COMMITS_PER_BLOCK);
                }
            }
            Ok(read < COMMITS_PER_STEP)
        })?;
        if marks.is_empty() {
            // Nothing to keep: moving the mark alone would be a commit that begets a commit.
            return Ok(0);
        }
        Ok(if self.write(snapshot.as_ref(), marks, last)? { read } else { 0 })
    }

    /// Writes marks and mark together; `false` when another server on the database was first, who has
    /// seen to these commits then.
    fn write(
        &self,
        snapshot: &dyn Snapshot,
        marks: HashMap<(u32, u64), u64>,
        last: u64,
    ) -> Result<bool, Problem> {
        let mut transaction = Transaction::default();
        let key = keys::meta(WATERMARK);
        transaction.preconditions.push(match snapshot.get(&key)? {
            None => Precondition::Absent(key),
            Some(before) => Precondition::Begins(key, before.to_vec()),
        });
        for ((patient, block), mut bits) in marks {
            let key = keys::accesses(PatientNumber(patient), block);
            if let Some(before) = snapshot.get(&key)? {
                bits |= bitmap(&before)?;
            }
            transaction.ops.push(put(key, bits.to_be_bytes().to_vec()));
        }
        transaction.ops.push(put(keys::meta(WATERMARK), last.to_be_bytes().to_vec()));
        match commit_and_wait(self.store.engine(), transaction) {
            Ok(_) => Ok(true),
            Err(CommitError::Precondition { .. }) => Ok(false),
            Err(CommitError::Problem(_)) => {
                Err(Problem::fault("AUD-004", "the access index could not be written"))
            }
        }
    }
}

/// The first commit that is not before a moment. Commits are numbered without gaps and their times
/// never go back.
fn first_since(snapshot: &dyn Snapshot, last: u64, since: Instant) -> Result<u64, Problem> {
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low.midpoint(high);
        let value = snapshot.get(&keys::commit(middle))?;
        let time = value.and_then(|value| chain::time_of(&value));
        if time.is_none_or(|time| time < since.0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn put(key: Vec<u8>, value: Vec<u8>) -> Op {
    Op::Put { key, value, stamp_key_at: None, stamp_value_at: None }
}

fn bitmap(value: &[u8]) -> Result<u64, Problem> {
    <[u8; 8]>::try_from(value)
        .map(u64::from_be_bytes)
        .map_err(|_| damaged("an access mark has the wrong length"))
}

fn watermark(snapshot: &dyn Snapshot) -> Result<u64, Problem> {
    snapshot.get(&keys::meta(WATERMARK))?.map_or(Ok(0), |value| bitmap(&value))
}

/// The commits that one `A` entry marks, newest first.
fn marked(key: &[u8], value: &[u8]) -> Result<Vec<u64>, Problem> {
    let block = key
        .last_chunk::<8>()
        .map(|b| u64::from_be_bytes(*b))
        .ok_or_else(|| damaged("an access key is too short"))?;
    let bits = bitmap(value)?;
    Ok((0..COMMITS_PER_BLOCK)
        .rev()
        .filter(|bit| bits >> bit & 1 == 1)
        .map(|bit| block * COMMITS_PER_BLOCK + bit)
        .collect())
}

/// Adds a commit's entries about the patient, newest first; `false` when there are enough.
fn collect(
    value: &[u8],
    patient: PatientNumber,
    before: Place,
    limit: usize,
    found: &mut Vec<Access>,
) -> Result<bool, Problem> {
    let record = chain::decode(value)?;
    for (position, bytes) in record.log.iter().enumerate().rev() {
        let place = Place { commit: record.commit, position: position as u32 };
        if place >= before || found.len() >= limit {
            continue;
        }
        if Entry::decode_patients(bytes)?.any(|number| number == patient) {
            found.push(Access { time: Instant(record.time), place, entry: Entry::decode(bytes)? });
        }
    }
    Ok(found.len() < limit)
}
