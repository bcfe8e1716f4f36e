//! Moving a whole record from one engine to another: every entry of one snapshot, in order, then
//! counted and hashed on both sides.
//!
//! Versions, history, the access log, sessions and tokens are entries like all others. Not here: how a
//! place is filled and gone on with after a kill ([`super::filling`]).

use std::collections::BTreeMap;

use akson_base::Problem;
use sha2::{Digest, Sha256};

use super::chain;
use super::filling::{Entry, Filling, Reached};
use super::high_water::Mark;
use super::queue::KEY_BYTES_MAX;
use super::{Direction, Range, Snapshot};

/// Bytes that are put down together.
const BATCH_BYTES: usize = 1 << 20;
/// How often `progress` is called.
const TELL_EVERY: u64 = 1_000;

/// What a snapshot holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Entries by the first byte of their keys (`keys`).
    pub kinds: BTreeMap<u8, u64>,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// SHA-256 of all entries in order, each key and value with its length before it.
    pub hash: [u8; 32],
}

impl Content {
    /// All entries.
    pub fn entries(&self) -> u64 {
        self.kinds.values().sum()
    }
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The newest commit; 0 for an empty record.
    pub commit: u64,
    /// What is on both sides.
    pub content: Content,
}

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An earlier try is gone on with; it had put down so many entries.
    GoesOn(u64),
    /// Entries put down.
    Copied(u64),
    /// Entries compared.
    Compared(u64),
    /// Commits of the chain that were verified in the copy.
    Commits(u64),
}

/// Copies everything in a snapshot into the place that `begin` prepares for it.
///
/// # Errors
/// Those of `begin`; `STO-085` when the two sides are not the same in the end, which is then left
/// unfinished; `STO-051` when the chain does not hold.
pub fn copy(
    source: &dyn Snapshot,
    begin: impl FnOnce(Mark) -> Result<Box<dyn Filling>, Problem>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Copied, Problem> {
    let mark = mark_of(source)?;
    let mut target = begin(mark)?;
    if let Some(reached) = target.reached() {
        progress(Progress::GoesOn(reached.entries));
    }
    fill(source, target.as_mut(), mark, progress)?;
    let there = target.snapshot()?;
    let content = compare(source, &*there, progress)?;
    prove_chain(&*there, &mark, &mut |commit| progress(Progress::Commits(commit)))?;
    drop(there);
    target.finish()?;
    Ok(Copied { commit: mark.commit, content })
}

/// Whether `there` is a finished copy of `source`: its newest commit is the same, and so is every entry.
///
/// # Errors
/// `STO-085` when the newest commit is the same and something else is not.
pub fn is_there(
    source: &dyn Snapshot,
    there: &dyn Snapshot,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<Copied>, Problem> {
    let mark = mark_of(source)?;
    if mark_of(there)? != mark {
        return Ok(None);
    }
    let content = compare(source, there, progress)?;
    Ok(Some(Copied { commit: mark.commit, content }))
}

/// The newest commit in a snapshot.
pub(super) fn mark_of(snapshot: &dyn Snapshot) -> Result<Mark, Problem> {
    let newest = chain::newest(snapshot)?;
    Ok(newest.map_or(Mark::NONE, |r| Mark { commit: r.commit, time: r.time, digest: r.digest }))
}

/// Every key that a record can have.
pub(super) fn everything() -> Range {
    Range { start: vec![1], end: vec![0xff; KEY_BYTES_MAX] }
}

/// Verifies the chain from the first commit to the one that is to be the newest.
///
/// # Errors
/// `STO-051` when it does not hold, or ends with another commit.
pub(super) fn prove_chain(
    snapshot: &dyn Snapshot,
    mark: &Mark,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Problem> {
    let end = chain::verify_chain(snapshot, 1, mark.commit, progress)?;
    let is_newest = mark_of(snapshot)? == *mark;
    if is_newest && end.is_none_or(|end| end.digest == mark.digest) {
        return Ok(());
    }
    let text = format!("the newest commit is not {} as it was acknowledged", mark.commit);
    Err(Problem::fault("STO-051", text))
}

fn fill(
    source: &dyn Snapshot,
    target: &mut dyn Filling,
    mark: Mark,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Problem> {
    let mut range = everything();
    let mut entries = 0;
    if let Some(reached) = target.reached() {
        range.go_on_behind(Direction::Ascending, &reached.key);
        entries = reached.entries;
    }
    let mut batch = Batch::default();
    source.visit(&range, Direction::Ascending, &mut |key, value| {
        batch.add(key, value);
        entries += 1;
        if batch.bytes >= BATCH_BYTES {
            batch.put(target, mark, entries)?;
            progress(Progress::Copied(entries));
        }
        Ok(true)
    })?;
    batch.put(target, mark, entries)?;
    progress(Progress::Copied(entries));
    Ok(())
}

#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.bytes += key.len() + value.len();
        self.entries.push((key.to_vec().into(), value.to_vec().into()));
    }

    fn put(&mut self, target: &mut dyn Filling, of: Mark, entries: u64) -> Result<(), Problem> {
        let Some((key, _)) = self.entries.last() else { return Ok(()) };
        let reached = Reached { of, key: key.to_vec(), entries };
        self.bytes = 0;
        target.put(std::mem::take(&mut self.entries), Some(reached))
    }
}

/// Reads both sides, each on a thread of its own, and answers what is in them.
fn compare(
    source: &dyn Snapshot,
    copy: &dyn Snapshot,
    progress: &mut dyn FnMut(Progress),
) -> Result<Content, Problem> {
    let (ours, theirs) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| content(source, &mut |_| {}));
        let theirs = content(copy, &mut |entries| progress(Progress::Compared(entries)));
        let gone = |_| Err(Problem::fault("STO-068", "a reading thread ended without an answer"));
        (ours.join().unwrap_or_else(gone), theirs)
    });
    let (ours, theirs) = (ours?, theirs?);
    if ours == theirs {
        return Ok(ours);
    }
    Err(Problem::fault(
        "STO-085",
        format!(
            "the copy is not the same as what was copied: {} entries of {} bytes there, {} of {} here",
            theirs.entries(),
            theirs.bytes,
            ours.entries(),
            ours.bytes
        ),
    ))
}

/// Counts and hashes everything in a snapshot.
///
/// # Errors
/// When it cannot be read.
pub fn content(snapshot: &dyn Snapshot, progress: &mut dyn FnMut(u64)) -> Result<Content, Problem> {
    let (mut content, mut hash, mut entries) = (Content::default(), Sha256::new(), 0u64);
    snapshot.visit(&everything(), Direction::Ascending, &mut |key, value| {
        for part in [key, value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
            content.bytes += part.len() as u64;
        }
        *content.kinds.entry(key.first().copied().unwrap_or_default()).or_default() += 1;
        entries += 1;
        if entries.is_multiple_of(TELL_EVERY) {
            progress(entries);
        }
        Ok(true)
    })?;
    content.hash = hash.finalize().into();
    Ok(content)
}
