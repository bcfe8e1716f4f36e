//! What must outlive a request and is no resource: entries under a digest, each with a time at which
//! it is over. Changed by compare-and-set, in the engine's own atomic commits.
//!
//! Key `K space digest`, where the space is one byte that the owner chooses and the digest is 32
//! bytes (never the secret that it is of). Value: the commit's number and time 16, end 8, content.
//! The stamp is new with every commit, so a compare-and-set compares it alone.
//! Not here: what the entries mean, and which spaces there are (`base::kept`). They are no part of the
//! commit chain: it tells of resources and of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use akson_base::kept::STAMP_BYTES;
pub use akson_base::kept::{Change, Done, Entry, Keeping, Place, Stamp};
use akson_base::limits::{KEPT_CONTENT_BYTES_MAX, KEPT_ENTRIES_MAX};
use akson_base::{Instant, Kind, Problem};
use bytes::Bytes;

use crate::Store;
use crate::engine::{CommitError, Direction, Op, Precondition, Transaction};
use crate::keys;

const HEAD_BYTES: usize = STAMP_BYTES + 8;
/// Where the digest begins in a key.
const DIGEST_AT: usize = 2;
/// Entries removed by one commit of [`Kept::sweep`].
const SWEPT_AT_ONCE: usize = 1_000;
/// How often a space that seems full is counted anew.
const COUNTED_AGAIN_MILLISECONDS: i64 = 10_000;

fn key(place: Place) -> Vec<u8> {
    [b"K".as_slice(), &[place.space], &place.digest].concat()
}

/// About how many entries each space has: bounds them, and is exact after each sweep.
#[derive(Debug)]
struct Counts([AtomicUsize; 256]);

impl Counts {
    #[expect(clippy::indexing_slicing, reason = "there is a count for every byte")]
    fn of(&self, space: u8) -> &AtomicUsize {
        &self.0[usize::from(space)]
    }

    fn less(&self, space: u8, count: usize) {
        let less = |before: usize| Some(before.saturating_sub(count));
        let _ = self.of(space).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn set(&self, counted: &[usize; 256]) {
        for (count, counted) in self.0.iter().zip(counted) {
            count.store(*counted, Ordering::Relaxed);
        }
    }
}

/// The entries of a store.
pub struct Kept {
    store: Arc<Store>,
    counts: Arc<Counts>,
    /// When a space that seemed full was last counted anew.
    counted: AtomicI64,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Kept {
    /// The entries of this store, counted.
    pub fn open(store: Arc<Store>) -> Result<Self, Problem> {
        let mut counted = [0; 256];
        store.snapshot().visit(&keys::under(b"K"), Direction::Ascending, &mut |key, _| {
            count_one(&mut counted, key);
            Ok(true)
        })?;
        let counts = Arc::new(Counts(std::array::from_fn(|_| AtomicUsize::new(0))));
        counts.set(&counted);
        Ok(Self { store, counts, counted: AtomicI64::new(i64::MIN) })
    }

    /// The entry at a place, if it is not over.
    pub fn get(&self, place: Place) -> Result<Option<Entry>, Problem> {
        let Some(value) = self.store.snapshot().get(&key(place))? else { return Ok(None) };
        let entry = decode(&value)?;
        Ok((self.store.clock().now() < entry.until).then_some(entry))
    }

    /// Makes changes, together and durably; `done` hears of it from the engine's thread, or at once
    /// when it cannot be.
    ///
    /// # Errors
    /// Through `done`: `STO-073` when a space has [`KEPT_ENTRIES_MAX`] already, `STO-074` for content
    /// that is too long; else as the engine says.
    pub fn change(&self, changes: &[Change], done: Done) {
        let room = match self.make_room(changes) {
            Ok(room) => room,
            Err(problem) => return done(Err(problem)),
        };
        let (counts, fewer) = (Arc::clone(&self.counts), taken(changes));
        let done: Done = Box::new(move |outcome| {
            let back = if matches!(outcome, Ok(true)) { fewer } else { room };
            back.into_iter().for_each(|space| counts.less(space, 1));
            done(outcome);
        });
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
        for change in changes {
            let (place, written) = match change {
                Change::New(place, until, content) => {
                    let expected = match snapshot.get(&key(*place))? {
                        None => Precondition::Absent(key(*place)),
                        Some(value) => {
                            let entry = decode(&value)?;
                            if now < entry.until {
                                return Ok(None);
                            }
                            Precondition::Begins(key(*place), entry.stamp.0.to_vec())
                        }
                    };
                    transaction.preconditions.push(expected);
                    (place, Some((until, content)))
                }
                Change::Replace(place, stamp, until, content) => {
                    transaction.preconditions.push(still(*place, *stamp));
                    (place, Some((until, content)))
                }
                Change::Set(place, until, content) => (place, Some((until, content))),
                Change::Take(place, stamp) => {
                    transaction.preconditions.push(still(*place, *stamp));
                    (place, None)
                }
                Change::Remove(place) => (place, None),
            };
            transaction.ops.push(match written {
                Some((until, content)) => put(*place, *until, content)?,
                None => Op::Delete { key: key(*place) },
            });
        }
        Ok(Some(transaction))
    }

    /// Counts what is to be added, and answers with the space of each.
    fn make_room(&self, changes: &[Change]) -> Result<Vec<u8>, Problem> {
        let mut added = Vec::new();
        for change in changes {
            let space = match change {
                Change::New(place, ..) | Change::Set(place, ..) => place.space,
                Change::Replace(..) | Change::Take(..) | Change::Remove(_) => continue,
            };
            if self.counts.of(space).fetch_add(1, Ordering::Relaxed) >= KEPT_ENTRIES_MAX {
                self.counts.less(space, 1);
                added.into_iter().for_each(|space| self.counts.less(space, 1));
                return Err(Problem::new(
                    Kind::Busy,
                    "STO-073",
                    "As many tokens are remembered as there is room for. Try again later.",
                ));
            }
            added.push(space);
        }
        Ok(added)
    }

    /// What is not over of a range, in the order of keys.
    fn living(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Problem> {
        let now = self.store.clock().now();
        self.store.snapshot().visit(
            &keys::under(prefix),
            Direction::Ascending,
            &mut |key, value| {
                if end_of(value).is_some_and(|end| now.0 < end) {
                    each(key, value);
                }
                Ok(true)
            },
        )
    }

    /// Removes what is over, and counts what is left. To be called now and then, from a thread that
    /// may wait for the disk; `done` of each commit is not waited for.
    pub fn sweep(&self) -> Result<usize, Problem> {
        let now = self.store.clock().now();
        let (mut left, mut over) = ([0; 256], Vec::new());
        self.store.snapshot().visit(
            &keys::under(b"K"),
            Direction::Ascending,
            &mut |key, value| {
                // What cannot be read is nobody's: it goes too.
                if end_of(value).is_none_or(|end| end <= now.0) {
                    let stamp = value.get(..STAMP_BYTES).unwrap_or_default().to_vec();
                    over.push((key.to_vec(), stamp));
                } else {
                    count_one(&mut left, key);
                }
                Ok(true)
            },
        )?;
        let swept = over.len();
        self.counts.set(&left);
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

impl Keeping for Kept {
    fn get(&self, place: Place) -> Result<Option<Entry>, Problem> {
        Self::get(self, place)
    }

    fn get_all(&self, places: &[Place]) -> Result<Vec<Option<Entry>>, Problem> {
        let keys: Vec<_> = places.iter().map(|place| key(*place)).collect();
        let values = self.store.snapshot().multi_get(&keys)?;
        let now = self.store.clock().now();
        let read = |value: Option<Bytes>| {
            let entry = value.map(|value| decode(&value)).transpose()?;
            Ok(entry.filter(|entry| now < entry.until))
        };
        values.into_iter().map(read).collect()
    }

    fn under(&self, space: u8, prefix: &[u8]) -> Result<Vec<([u8; 32], Entry)>, Problem> {
        let prefix = [b"K".as_slice(), &[space], prefix].concat();
        let mut found = Vec::new();
        self.living(&prefix, &mut |key, value| {
            let digest = key.get(DIGEST_AT..).and_then(|digest| digest.try_into().ok());
            let entry = decode(&Bytes::copy_from_slice(value)).ok();
            found.extend(digest.zip(entry));
        })?;
        Ok(found)
    }

    fn change(&self, changes: &[Change], done: Done) {
        Self::change(self, changes, done);
    }

    fn has_room(&self, space: u8, count_max: usize) -> Result<bool, Problem> {
        let count = self.counts.of(space);
        if count.load(Ordering::Relaxed) < count_max {
            return Ok(true);
        }
        let (now, before) = (self.store.clock().now().0, self.counted.load(Ordering::Relaxed));
        if (0..COUNTED_AGAIN_MILLISECONDS).contains(&now.saturating_sub(before)) {
            return Ok(false);
        }
        self.counted.store(now, Ordering::Relaxed);
        let mut living = 0;
        self.living(&[b'K', space], &mut |_, _| living += 1)?;
        count.store(living, Ordering::Relaxed);
        Ok(living < count_max)
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }
}

/// The spaces of what changes take away for sure.
fn taken(changes: &[Change]) -> Vec<u8> {
    let taken = |change: &Change| match change {
        Change::Take(place, _) => Some(place.space),
        Change::New(..) | Change::Replace(..) | Change::Set(..) | Change::Remove(_) => None,
    };
    changes.iter().filter_map(taken).collect()
}

fn still(place: Place, stamp: Stamp) -> Precondition {
    Precondition::Begins(key(place), stamp.0.to_vec())
}

fn count_one(counted: &mut [usize; 256], key: &[u8]) {
    let count = key.get(1).and_then(|space| counted.get_mut(usize::from(*space)));
    count.into_iter().for_each(|count| *count += 1);
}

fn end_of(value: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(value.get(STAMP_BYTES..HEAD_BYTES)?.try_into().ok()?))
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
    Ok(Op::Put { key: key(place), value, stamp_key_at: None, stamp_value_at: Some(0) })
}

fn decode(value: &Bytes) -> Result<Entry, Problem> {
    let damaged = || Problem::fault("STO-075", "a kept entry is damaged");
    let stamp = value.first_chunk::<STAMP_BYTES>().ok_or_else(damaged)?;
    let until = Instant(end_of(value).ok_or_else(damaged)?);
    Ok(Entry { stamp: Stamp(*stamp), until, content: value.slice(HEAD_BYTES..) })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use akson_base::{Clock, FixedClock};

    use super::*;
    use crate::engine::backup;
    use crate::engine::filling::{self, Again};
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
        let begin = |mark| filling::folder(&path, &options, shared, (mark, Again::Anew));
        backup::restore(&mut &archive[..], begin, &mut |_| {}).unwrap();
        let (restored, _) = open(&path);
        assert!(kept.get(at(1)).unwrap().is_some());
        assert!(restored.get(at(1)).unwrap().is_none());
        assert!(restored.has_room(b'a', 1).unwrap());
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
        change(&kept, &[Change::Set(at(4), LATER, b"four".to_vec())]).unwrap();
        let taken = Change::Take(at(4), kept.get(at(4)).unwrap().unwrap().stamp);
        assert_eq!(change(&kept, std::slice::from_ref(&taken)), Ok(true));
        assert_eq!(change(&kept, &[taken]), Ok(false), "of two who take it one has it");
        assert_eq!(change(&kept, &[Change::Set(at(3), LATER, long)]), Err("STO-074"));
    }
    #[test]
    fn a_space_is_full_by_itself_and_time_and_taking_make_room() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, clock) = open(folder.path());
        let entry = |number| change(&kept, &[Change::New(at(number), LATER, Vec::new())]);
        assert_eq!((entry(1), entry(2)), (Ok(true), Ok(true)));
        assert_eq!(entry(2), Ok(false), "and that one is not counted");
        assert!(kept.has_room(b'a', 3).unwrap() && !kept.has_room(b'a', 2).unwrap());
        assert!(kept.has_room(b'b', 1).unwrap());
        let stamp = kept.get(at(1)).unwrap().unwrap().stamp;
        assert_eq!(change(&kept, &[Change::Take(at(1), stamp)]), Ok(true));
        assert!(kept.has_room(b'a', 2).unwrap() && !kept.has_room(b'a', 1).unwrap());
        clock.advance_milliseconds(COUNTED_AGAIN_MILLISECONDS);
        assert!(kept.has_room(b'a', 1).unwrap(), "it is over");
    }

    #[test]
    fn entries_are_found_by_how_their_digests_begin() {
        let folder = tempfile::TempDir::new().unwrap();
        let (kept, clock) = open(folder.path());
        let place = |first, last| {
            let mut digest = [first; 32];
            digest[31] = last;
            Place { space: b'a', digest }
        };
        for (first, last, until) in [(1, 1, 1000), (1, 2, 2000), (2, 1, 2000)] {
            let until = Instant(START + until);
            change(&kept, &[Change::New(place(first, last), until, vec![last])]).unwrap();
        }
        let found = |prefix: &[u8]| {
            let found = kept.under(b'a', prefix).unwrap();
            found.iter().map(|(digest, one)| (digest[0], one.content[0])).collect::<Vec<_>>()
        };
        assert_eq!(found(&[1; 16]), [(1, 1), (1, 2)]);
        clock.advance_milliseconds(1000);
        assert_eq!(found(&[1; 16]), [(1, 2)]);
        assert_eq!(found(&[]), [(1, 2), (2, 1)]);
        assert!(kept.under(b'b', &[]).unwrap().is_empty());
    }
}
