//! Values read lately, kept in memory by their key: a lookup in the tables costs many times more.
//!
//! Each kept value carries the number of the write after which it was read. A value is good for a
//! snapshot if it was read at that snapshot or an earlier one and its key has not been written
//! since. Whether it has is told per stripe of keys, so that a write costs one store: now and then
//! a value that is still good is read again. Nothing is ever taken for good that is not.
//! Not here: blocks of tables, which the engine below keeps.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64;

/// Stripes of keys; a power of two.
const STRIPES: usize = 1 << 16;
/// What a kept value costs besides its own bytes: two allocations and its place in the table.
const OVERHEAD_BYTES: u64 = 128;
/// What one kept value takes, about; for the size of the table.
const USUAL_BYTES: u64 = 384;

#[derive(Clone)]
struct Row {
    value: Bytes,
    /// The write after which it was read.
    at: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, Row> for ByBytes {
    fn weight(&self, key: &Box<[u8]>, row: &Row) -> u64 {
        (key.len() + row.value.len()) as u64 + OVERHEAD_BYTES
    }
}

/// The kept values of one engine.
pub(crate) struct Rows {
    cache: Cache<Box<[u8]>, Row, ByBytes, FxBuildHasher>,
    /// Per stripe, the newest write to any of its keys.
    written: Box<[AtomicU64]>,
}

impl Rows {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        Self {
            cache: Cache::with(items, bytes, ByBytes, FxBuildHasher, DefaultLifecycle::default()),
            written: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Only what is looked up by its whole key is kept: locators, heads, facets.
    fn keeps(key: &[u8]) -> bool {
        matches!(key.first(), Some(b'L' | b'H' | b'F'))
    }

    fn stripe(&self, key: &[u8]) -> Option<&AtomicU64> {
        self.written.get(xxh3_64(key) as usize & (STRIPES - 1))
    }

    /// The value of a key in the snapshot made after write number `at`, if it is kept.
    pub(crate) fn get(&self, key: &[u8], at: u64) -> Option<Bytes> {
        if !Self::keeps(key) {
            return None;
        }
        let row = self.cache.get(key)?;
        // Whoever holds a snapshot sees what was noted before that snapshot was given out.
        let written = self.stripe(key)?.load(Ordering::Relaxed);
        (row.at <= at && written <= row.at).then_some(row.value)
    }

    /// Keeps what was read in the snapshot made after write number `at`.
    pub(crate) fn keep(&self, key: &[u8], value: &[u8], at: u64) {
        if Self::keeps(key) {
            // A copy: the value in hand holds a whole block of a table in memory.
            self.cache.insert(key.into(), Row { value: Bytes::copy_from_slice(value), at });
        }
    }

    /// Notes that write number `at` changes a key. To be called before any snapshot made after that
    /// write is given out.
    pub(crate) fn note_written(&self, key: &[u8], at: u64) {
        if Self::keeps(key)
            && let Some(stripe) = self.stripe(key)
        {
            stripe.store(at, Ordering::Relaxed);
        }
    }

    /// Bytes kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_good_from_the_write_it_was_read_after_until_its_key_is_written() {
        let rows = Rows::new(1 << 20);
        rows.keep(b"Hk", b"one", 5);
        assert_eq!(rows.get(b"Hk", 5).as_deref(), Some(b"one".as_slice()));
        assert_eq!(rows.get(b"Hk", 9).as_deref(), Some(b"one".as_slice()));
        assert_eq!(rows.get(b"Hk", 4), None, "an older snapshot may hold another value");
        rows.note_written(b"Hk", 10);
        assert_eq!(rows.get(b"Hk", 10), None);
        rows.keep(b"Hk", b"old", 9);
        assert_eq!(rows.get(b"Hk", 10), None, "read before the write and kept after it");
        rows.keep(b"Hk", b"two", 10);
        assert_eq!(rows.get(b"Hk", 11).as_deref(), Some(b"two".as_slice()));
    }

    #[test]
    fn only_what_is_looked_up_by_its_key_is_kept_and_never_more_than_there_is_room_for() {
        let rows = Rows::new(64 << 10);
        rows.keep(b"Ik", b"", 1);
        rows.keep(b"", b"", 1);
        assert_eq!((rows.get(b"Ik", 1), rows.bytes()), (None, 0));
        for n in 0..10_000u32 {
            rows.keep(&[b"H".as_slice(), &n.to_be_bytes()].concat(), &[7; 300], 1);
        }
        assert!((1..=64 << 10).contains(&rows.bytes()), "{}", rows.bytes());
    }
}
