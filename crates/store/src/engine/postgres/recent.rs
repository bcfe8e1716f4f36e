//! Resources read by id lately, kept in memory: the locator's value and the head that it leads to. A read of
//! one that is kept asks the database for the newest commit alone, which all who wait share.
//!
//! Nothing stale is answered. What is kept carries the commit as of which it was read, and `News` notes
//! here, per stripe of resources, up to which commit something was told of them, before it counts that
//! commit as heard of. A read is answered as of the newest commit that the database has just named, after
//! this process has heard of everything up to it; what is kept holds for that commit if nothing was told
//! of its resource beyond the commit that it was read as of. So no order of reading, hearing and keeping
//! matters: what was read before a change and kept after it carries a number that is too small. Who shares
//! a stripe, or was told of together with later commits, is now and then read again without need.
//!
//! That a locator's resource is told of whenever the locator changes is the store's part (`drafts`): a
//! locator is written only beside the head of the resource that it leads to, and when that is another one
//! than before, beside the pointer that takes the place of the old head. Locators that lead nowhere are not
//! kept: what is not there is asked for each time. When the database names a newest commit that is older than
//! what was heard of, nothing that was kept until then holds any more; whoever brings a database back to an
//! earlier moment stops the servers all the same (`docs/operate/postgresql.md`).
//!
//! Not here: divided tables, whose reads ask the database each time (`divided::reads`).

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::{Lead, Touched};
use crate::keys::LOCATOR_LEAD;

/// Stripes of resources; a power of two.
const STRIPES: usize = 1 << 16;
/// What one costs besides its own bytes: two allocations and its place in the table.
const OVERHEAD_BYTES: u64 = 128;
/// What one takes, about; for the size of the table.
const USUAL_BYTES: u64 = 640;

/// A locator's value and its head's, as of a commit.
#[derive(Clone)]
pub(super) struct Kept {
    /// One after the other.
    values: Bytes,
    locator_bytes: usize,
    /// The commit as of which they were read.
    at: u64,
}

impl Kept {
    /// The locator's value, and its head's.
    pub(super) fn values(&self) -> [Bytes; 2] {
        let mut locator = self.values.clone();
        let head = locator.split_off(self.locator_bytes.min(locator.len()));
        [locator, head]
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, Kept> for ByBytes {
    fn weight(&self, key: &Box<[u8]>, kept: &Kept) -> u64 {
        (key.len() + kept.values.len()) as u64 + OVERHEAD_BYTES
    }
}

/// What one process has read by id lately.
pub(super) struct Recent {
    cache: Cache<Box<[u8]>, Kept, ByBytes, FxBuildHasher>,
    /// Per stripe, up to which commit something was told of one of its resources.
    touched: Box<[AtomicU64]>,
    /// Up to which commit it was told that anything may have changed.
    anything: AtomicU64,
}

impl Recent {
    /// Room for so many bytes.
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        Self {
            cache: Cache::with(items, bytes, ByBytes, FxBuildHasher, DefaultLifecycle::default()),
            touched: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            anything: AtomicU64::new(0),
        }
    }

    /// Only what leads from a locator to a head: of nothing else it is told what changed.
    fn keeps(key: &[u8], lead: Lead) -> bool {
        lead == LOCATOR_LEAD && key.first() == Some(&b'L')
    }

    fn stripe(&self, resource: &[u8]) -> Option<&AtomicU64> {
        self.touched.get(xxh3_64(resource) as usize & (STRIPES - 1))
    }

    /// What is kept of a locator, if nothing was told of it since.
    pub(super) fn get(&self, key: &[u8], lead: Lead) -> Option<Kept> {
        if !Self::keeps(key, lead) {
            return None;
        }
        self.cache.get(key).filter(|kept| self.holds(kept, u64::MAX))
    }

    /// Whether it holds as of a commit, which this process must have heard of.
    pub(super) fn holds(&self, kept: &Kept, commit: u64) -> bool {
        // Whoever knows that a commit was heard of sees what was noted before it was.
        let touched = kept.values.get(..LOCATOR_LEAD.bytes).and_then(|of| self.stripe(of));
        let touched = touched.map_or(u64::MAX, |number| number.load(Ordering::Relaxed));
        kept.at <= commit && touched <= kept.at && self.anything.load(Ordering::Relaxed) <= kept.at
    }

    /// Keeps what was read as of a commit.
    pub(super) fn keep(&self, key: &[u8], lead: Lead, [locator, head]: [&[u8]; 2], at: u64) {
        if Self::keeps(key, lead) {
            let kept =
                Kept { values: [locator, head].concat().into(), locator_bytes: locator.len(), at };
            self.cache.insert(key.into(), kept);
        }
    }

    /// Notes what changed up to a commit. To be called before that counts as heard of.
    pub(super) fn note(&self, touched: &Touched<'_>, commit: u64) {
        match touched {
            Touched::Anything => {
                self.anything.fetch_max(commit, Ordering::Relaxed);
            }
            Touched::Resources(resources) => {
                for stripe in resources.iter().filter_map(|resource| self.stripe(resource)) {
                    stripe.fetch_max(commit, Ordering::Relaxed);
                }
            }
        }
    }

    /// Bytes kept.
    pub(super) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCE: [u8; 10] = [7; 10];

    fn keep(recent: &Recent, head: &[u8], at: u64) {
        recent.keep(b"Lone", LOCATOR_LEAD, [&[&RESOURCE[..], &[0]].concat(), head], at);
    }

    fn head(recent: &Recent, commit: u64) -> Option<Bytes> {
        let kept = recent.get(b"Lone", LOCATOR_LEAD)?;
        let [locator, head] = kept.values();
        assert_eq!(*locator, [&RESOURCE[..], &[0]].concat());
        recent.holds(&kept, commit).then_some(head)
    }

    #[test]
    fn what_is_kept_holds_from_the_commit_it_was_read_as_of_until_its_resource_is_touched() {
        let recent = Recent::new(1 << 20);
        keep(&recent, b"first", 5);
        assert_eq!(head(&recent, 5).as_deref(), Some(b"first".as_slice()));
        assert_eq!(head(&recent, 9).as_deref(), Some(b"first".as_slice()));
        assert_eq!(head(&recent, 4), None, "an earlier commit may hold another one");
        recent.note(&Touched::Resources(&[[8; 10]]), 6);
        assert_eq!(head(&recent, 9).as_deref(), Some(b"first".as_slice()), "another's");
        let before = recent.get(b"Lone", LOCATOR_LEAD).unwrap();
        recent.note(&Touched::Resources(&[[8; 10], RESOURCE]), 10);
        assert!(!recent.holds(&before, 10), "looked up before it was told of");
        assert_eq!(head(&recent, 10), None);
        keep(&recent, b"first", 9);
        assert_eq!(head(&recent, 10), None, "read before it was told of and kept after");
        keep(&recent, b"second", 10);
        recent.note(&Touched::Resources(&[RESOURCE]), 10);
        assert_eq!(head(&recent, 11).as_deref(), Some(b"second".as_slice()), "told of once more");
        recent.note(&Touched::Anything, 12);
        assert_eq!(head(&recent, 12), None);
        keep(&recent, b"third", 12);
        assert_eq!(head(&recent, 13).as_deref(), Some(b"third".as_slice()));
    }

    #[test]
    fn only_locators_are_kept_and_never_more_than_there_is_room_for() {
        let recent = Recent::new(64 << 10);
        recent.keep(b"Mone", LOCATOR_LEAD, [&RESOURCE, b"x"], 1);
        recent.keep(b"Lone", Lead { letter: b'F', bytes: 10 }, [&RESOURCE, b"x"], 1);
        assert_eq!(recent.bytes(), 0);
        for n in 0..10_000u32 {
            let key = [b"L".as_slice(), &n.to_be_bytes()].concat();
            recent.keep(&key, LOCATOR_LEAD, [&RESOURCE, &[7; 300]], 1);
        }
        assert!((1..=64 << 10).contains(&recent.bytes()), "{}", recent.bytes());
    }
}
