//! What must outlive a restart and is no resource: entries under a digest, each with a time at which
//! it is over. Changed by compare-and-set, in the engine's own atomic commits.
//!
//! Key `K space digest`, where the space is one byte that the owner chooses and the digest is 32
//! bytes (never the secret that it is of). Value: the commit's number and time 16, end 8, content.
//! The stamp is new with every commit, so a compare-and-set compares it alone.
//! Not here: what the entries mean (`smart` keeps tokens here). They are no part of the commit
//! chain: it tells of resources and of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use akson_base::limits::{KEPT_CONTENT_BYTES_MAX, KEPT_ENTRIES_MAX};
use akson_base::{Instant, Kind, Problem};
use bytes::Bytes;

use crate::Store;
use crate::engine::{CommitError, Direction, Op, Precondition, Transaction};
use crate::keys;

const STAMP_BYTES: usize = 16;
const HEAD_BYTES: usize = STAMP_BYTES + 8;
/// Entries removed by one commit of [`Kept::sweep`].
const SWEPT_AT_ONCE: usize = 1_000;

/// Where an entry is: the owner's space and a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Of the owner's choosing; entries of different spaces never meet.
    pub space: u8,
    /// SHA-256 of what the entry is about.
    pub digest: [u8; 32],
}

impl Place {
    fn key(self) -> Vec<u8> {
        [b"K".as_slice(), &[self.space], &self.digest].concat()
    }
}

/// Which version of an entry was read, for the compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([u8; STAMP_BYTES]);

/// An entry that is not over.
#[derive(Clone, Debug)]
pub struct Entry {
    /// For a change that must meet this very version.
    pub stamp: Stamp,
    /// When it is over.
    pub until: Instant,
    /// What the owner wrote.
    pub content: Bytes,
}

/// One change. All of a call happen together, or none.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes an entry where there is none; one that is over counts as one.
    New(Place, Instant, Vec<u8>),
    /// Writes over the version that was read.
    Replace(Place, Stamp, Instant, Vec<u8>),
    /// Writes, whatever is there.
    Set(Place, Instant, Vec<u8>),
    /// Removes, whatever is there.
    Remove(Place),
}

/// Called once with the outcome: whether the change happened (`false`: something else was there
/// than was expected), or why nothing can be written.
pub type Done = Box<dyn FnOnce(Result<bool, Problem>) + Send>;

/// The entries of a store.
pub struct Kept {
    store: Arc<Store>,
    /// About how many there are: bounds them, and is exact after each sweep.
    count: AtomicUsize,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Kept {
    /// The entries of this store, counted.
    pub fn open(store: Arc<Store>) -> Result<Self, Problem> {
        let mut count = 0;
        store.snapshot().visit(&keys::under(b"K"), Direction::Ascending, &mut |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(Self { store, count: AtomicUsize::new(count) })
    }

    /// The entry at a place, if it is not over.
    pub fn get(&self, place: Place) -> Result<Option<Entry>, Problem> {
        let Some(value) = self.store.snapshot().get(&place.key())? else { return Ok(None) };
        let entry = decode(&value)?;
        Ok((self.store.clock().now() < entry.until).then_some(entry))
    }

    /// Makes changes, together and durably; `done` hears of it from the engine's thread, or at once
    /// when it cannot be.
    ///
    /// # Errors
    /// Through `done`: `STO-073` when there are [`KEPT_ENTRIES_MAX`] already, `STO-074` for content
    /// that is too long; else as the engine says.
    pub fn change(&self, changes: &[Change], done: Done) {
        match self.transaction(changes) {
            Ok(None) => done(Ok(false)),
            Ok(Some(transaction)) => self.store.submit(
                transaction,
                Box::new(move |outcome| {
                    done(match outcome {
                        Ok(_) => Ok(true),
                        Err(CommitError::Precondition { .. }) => Ok(false),
                        Err(CommitError::Problem(problem)) => Err(problem),
                    });
                }),
            ),
            Err(problem) => done(Err(problem)),
        }
    }

    /// What is to be committed; `None` when it cannot be, by what is there now.
    fn transaction(&self, changes: &[Change]) -> Result<Option<Transaction>, Problem> {
        let snapshot = self.store.snapshot();
        let now = self.store.clock().now();
        let mut transaction = Transaction::default();
        let mut more = 0;
        for change in changes {
            let (place, written) = match change {
                Change::New(place, until, content) => {
                    let expected = match snapshot.get(&place.key())? {
                        None => Precondition::Absent(place.key()),
                        Some(value) => {
                            let entry = decode(&value)?;
                            if now < entry.until {
                                return Ok(None);
                            }
                            Precondition::Begins(place.key(), entry.stamp.0.to_vec())
                        }
                    };
                    more += 1;
                    transaction.preconditions.push(expected);
                    (place, Some((until, content)))
                }
                Change::Replace(place, stamp, until, content) => {
                    let expected = Precondition::Begins(place.key(), stamp.0.to_vec());
                    transaction.preconditions.push(expected);
                    (place, Some((until, content)))
                }
                Change::Set(place, until, content) => {
                    more += 1;
                    (place, Some((until, content)))
                }
                Change::Remove(place) => (place, None),
            };
            transaction.ops.push(match written {
                Some((until, content)) => put(*place, *until, content)?,
                None => Op::Delete { key: place.key() },
            });
        }
        self.make_room(more)?;
        Ok(Some(transaction))
    }

    fn make_room(&self, more: usize) -> Result<(), Problem> {
        let before = self.count.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) <= KEPT_ENTRIES_MAX || more == 0 {
            return Ok(());
        }
        self.count.fetch_sub(more, Ordering::Relaxed);
        Err(Problem::new(
            Kind::Busy,
            "STO-073",
            "As many tokens are remembered as there is room for. Try again later.",
        ))
    }

    /// Removes what is over, and counts what is left. To be called now and then, from a thread that
    /// may wait for the disk; `done` of each commit is not waited for.
    pub fn sweep(&self) -> Result<usize, Problem> {
        let now = self.store.clock().now();
        let (mut left, mut over) = (0, Vec::new());
        self.store.snapshot().visit(
            &keys::under(b"K"),
            Direction::Ascending,
            &mut |key, value| {
                let until = value.get(STAMP_BYTES..HEAD_BYTES).and_then(|end| end.try_into().ok());
                // What cannot be read is nobody's: it goes too.
                if until.is_none_or(|end| i64::from_be_bytes(end) <= now.0) {
                    let stamp = value.get(..STAMP_BYTES).unwrap_or_default().to_vec();
                    over.push((key.to_vec(), stamp));
                } else {
                    left += 1;
                }
                Ok(true)
            },
        )?;
        let swept = over.len();
        self.count.store(left, Ordering::Relaxed);
        for group in over.chunks(SWEPT_AT_ONCE) {
            let mut transaction = Transaction::default();
            for (key, stamp) in group {
                let still = Precondition::Begins(key.clone(), stamp.clone());
                transaction.preconditions.push(still);
                transaction.ops.push(Op::Delete { key: key.clone() });
            }
            // One of them written again meanwhile: the group waits for the next sweep.
            self.store.submit(transaction, Box::new(drop));
        }
        Ok(swept)
    }
}

fn put(place: Place, until: Instant, content: &[u8]) -> Result<Op, Problem> {
    if content.len() > KEPT_CONTENT_BYTES_MAX {
        return Err(Problem::new(
            Kind::TooLarge,
            "STO-074",
            format!("A kept entry has at most {KEPT_CONTENT_BYTES_MAX} bytes."),
        ));
    }
    let mut value = vec![0; STAMP_BYTES];
    value.extend_from_slice(&until.0.to_be_bytes());
    value.extend_from_slice(content);
    Ok(Op::Put { key: place.key(), value, stamp_key_at: None, stamp_value_at: Some(0) })
}

fn decode(value: &Bytes) -> Result<Entry, Problem> {
    let damaged = || Problem::fault("STO-075", "a kept entry is damaged");
    let stamp = value.first_chunk::<STAMP_BYTES>().ok_or_else(damaged)?;
    let end = value.get(STAMP_BYTES..HEAD_BYTES).and_then(|end| end.try_into().ok());
    let until = Instant(i64::from_be_bytes(end.ok_or_else(damaged)?));
    Ok(Entry { stamp: Stamp(*stamp), until, content: value.slice(HEAD_BYTES..) })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use akson_base::{Clock, FixedClock};

    use super::*;
    use crate::engine::backup;
    use crate::engine::fjall_engine::Options;

    const START: i64 = 1_795_298_880_000;

    fn open(folder: &std::path::Path) -> (Kept, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(Instant(START)));
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::open(folder, &Options::default(), shared).unwrap();
        (Kept::open(Arc::new(store)).unwrap(), clock)
    }

    fn at(number: u8) -> Place {
        Place { space: b'a', digest: [number; 32] }
    }

    fn change(kept: &Kept, changes: &[Change]) -> Result<bool, &'static str> {
        let (tell, told) = sync_channel(1);
        kept.change(changes, Box::new(move |outcome| tell.send(outcome).unwrap()));
        told.recv().unwrap().map_err(|problem| problem.code)
    }

    const LATER: Instant = Instant(START + 1000);

    #[test]
    fn entries_are_there_until_they_are_over_and_after_a_restart() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, clock) = open(folder.path());
        assert_eq!(change(&kept, &[Change::New(at(1), LATER, b"one".to_vec())]), Ok(true));
        assert_eq!(change(&kept, &[Change::New(at(1), LATER, b"two".to_vec())]), Ok(false));
        drop(kept);
        let (kept, _) = (open(folder.path()).0, clock);
        assert_eq!(&*kept.get(at(1)).unwrap().unwrap().content, b"one");
        assert!(kept.get(Place { space: b'b', ..at(1) }).unwrap().is_none());
    }

    #[test]
    fn what_was_withdrawn_after_a_backup_does_not_come_back_with_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, clock) = open(&folder.path().join("a"));
        change(&kept, &[Change::New(at(1), LATER, b"one".to_vec())]).unwrap();
        let mut archive = Vec::new();
        backup::backup(&*kept.store.engine, &mut archive, &mut |_| {}).unwrap();
        let path = folder.path().join("b");
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let options = Options::default();
        backup::restore(&path, &mut &archive[..], &options, shared, &mut |_| {}).unwrap();
        let (restored, _) = open(&path);
        assert!(kept.get(at(1)).unwrap().is_some());
        assert!(restored.get(at(1)).unwrap().is_none());
        assert_eq!(restored.count.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_over_is_not_there_and_its_place_is_free() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, clock) = open(folder.path());
        change(&kept, &[Change::New(at(1), LATER, Vec::new())]).unwrap();
        clock.advance_milliseconds(999);
        assert!(kept.get(at(1)).unwrap().is_some());
        clock.advance_milliseconds(1);
        assert!(kept.get(at(1)).unwrap().is_none());
        let again = Instant(LATER.0 + 1000);
        assert_eq!(change(&kept, &[Change::New(at(1), again, b"two".to_vec())]), Ok(true));
        assert_eq!(kept.sweep().unwrap(), 0);
        clock.advance_milliseconds(1000);
        assert_eq!(kept.sweep().unwrap(), 1);
        // The sweep's commit is in the queue before this one.
        change(&kept, &[Change::Remove(at(9))]).unwrap();
        assert_eq!(kept.sweep().unwrap(), 0);
    }

    #[test]
    fn of_two_who_replace_the_same_version_one_wins_and_all_or_nothing_happens() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, _) = open(folder.path());
        change(&kept, &[Change::New(at(1), LATER, b"one".to_vec())]).unwrap();
        let read = kept.get(at(1)).unwrap().unwrap();
        let replace = |text: &str| Change::Replace(at(1), read.stamp, LATER, text.into());
        assert_eq!(change(&kept, &[replace("two")]), Ok(true));
        let other = Change::New(at(2), LATER, Vec::new());
        assert_eq!(change(&kept, &[other, replace("three")]), Ok(false));
        assert!(kept.get(at(2)).unwrap().is_none());
        assert_eq!(&*kept.get(at(1)).unwrap().unwrap().content, b"two");
        assert_eq!(change(&kept, &[Change::Remove(at(1))]), Ok(true));
        assert!(kept.get(at(1)).unwrap().is_none());
        let long = vec![0; KEPT_CONTENT_BYTES_MAX + 1];
        assert_eq!(change(&kept, &[Change::Set(at(3), LATER, long)]), Err("STO-074"));
    }
}
