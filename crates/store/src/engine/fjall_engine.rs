//! The embedded engine: a data folder with one `fjall` keyspace in it.
//!
//! Here: opening, with every check that decides whether what is on the disk is everything that was
//! acknowledged; and the parts put together. Not here: how commits are made (`committer`).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use akson_base::{Clock, Kind, Problem};

use super::chain;
use super::committer::{Committer, Counters, Shared};
use super::disk;
use super::fjall_backend::{self, Backend};
use super::folder::DataFolder;
use super::high_water::{HighWater, Mark};
use super::inspection::Inspection;
use super::queue::{Limits, Queue};
use super::{Committed, Done, Engine, Snapshot, Transaction};
use crate::keys;

/// How the engine uses memory and disk. The defaults are for one small server; how they were
/// chosen is in `docs/decisions`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Blocks of tables kept in memory.
    pub cache_bytes: u64,
    /// Locators, heads and facets kept in memory as they were read.
    pub row_cache_bytes: u64,
    /// Newest entries kept in memory before they are written as a table. Fixed when a folder is
    /// made.
    pub memtable_bytes: u64,
    /// Journals kept before the oldest entries in memory are written out; at least 64 MiB.
    pub journal_bytes_max: u64,
    /// Threads for writing and merging tables.
    pub workers: usize,
    /// Tables of the newest level before they are merged. Fixed when a folder is made.
    pub l0_threshold: u8,
    /// How large a table grows. Fixed when a folder is made.
    pub table_bytes: u64,
    /// Free space that writes leave for the engine's own work. A quarter of it is kept even from
    /// the log of reads.
    pub reserve_bytes: u64,
    /// Up to how many bytes of tables [`Engine::settle`] merges them all.
    pub merge_bytes_max: u64,
    /// Transactions that may wait.
    pub waiting_max: usize,
    /// Bytes of transactions that may wait.
    pub waiting_bytes_max: usize,
    /// Transactions in one commit.
    pub group_max: usize,
    /// Bytes of transactions in one commit; a larger transaction gets a commit of its own.
    pub group_bytes_max: usize,
    /// Shortest time between two commits when many wait, so that they share one; microseconds.
    pub group_interval_microseconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 32 << 20,
            row_cache_bytes: 32 << 20,
            memtable_bytes: 16 << 20,
            journal_bytes_max: 128 << 20,
            workers: 2,
            l0_threshold: 4,
            table_bytes: 16 << 20,
            reserve_bytes: 512 << 20,
            merge_bytes_max: 256 << 20,
            waiting_max: 16_384,
            waiting_bytes_max: 512 << 20,
            group_max: 1_024,
            group_bytes_max: 8 << 20,
            group_interval_microseconds: 800,
        }
    }
}

/// The embedded engine. Dropping it finishes what waits, writes out memory and closes the folder.
pub struct FjallEngine {
    // Before `folder`: the lock is given back last.
    committer: Committer,
    folder: DataFolder,
}

impl FjallEngine {
    /// Opens a data folder, or makes one where there is none.
    ///
    /// # Errors
    /// `STO-054` in use by another process; `STO-055` not a data folder of a known format;
    /// `STO-051`, `STO-053`, `STO-062`, `STO-065`, `STO-066`, `STO-067` damaged files or missing
    /// commits, each saying which;
    /// `STO-052` the disk refuses.
    pub fn open(path: &Path, options: &Options, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        Self::open_in(DataFolder::open(path)?, options, clock)
    }

    /// As [`FjallEngine::open`], in a folder that is locked already.
    pub(crate) fn open_in(
        folder: DataFolder,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Problem> {
        let (high_water, reading) = HighWater::open(&folder.high_water_path())?;
        let inspection = Inspection::prepare(folder.path(), &reading.mark)?;
        let backend = Backend::open(&folder.engine_path(), options)?;
        let last = compare(&backend.snapshot(), &reading.mark, inspection.replayed)
            .map_err(|problem| inspection.with_evidence(problem))?;
        inspection.forget_evidence();
        let limits = Limits {
            waiting_max: options.waiting_max,
            waiting_bytes_max: options.waiting_bytes_max,
            group_max: options.group_max.max(1),
            group_bytes_max: options.group_bytes_max,
            group_interval: Duration::from_micros(options.group_interval_microseconds),
        };
        let shared = Arc::new(Shared {
            queue: Queue::new(limits),
            backend,
            acknowledged: Mutex::new(Committed { commit: last.commit, time: last.time }),
            counters: Counters::default(),
            failed: AtomicBool::new(false),
            may_return: AtomicBool::new(false),
            folder: folder.path().to_path_buf(),
            reserve_bytes: options.reserve_bytes,
        });
        let committer = Committer::start(shared, clock, high_water, last)?;
        Ok(Self { committer, folder })
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Compares what the engine holds with the high-water mark, and what it replayed from its journals
/// with the chain; answers the newest commit.
pub(crate) fn compare(
    store: &dyn Snapshot,
    mark: &Mark,
    replayed: Option<(u64, u64)>,
) -> Result<Mark, Problem> {
    let newest = chain::newest(store)?;
    let last =
        newest.map_or(Mark::NONE, |r| Mark { commit: r.commit, time: r.time, digest: r.digest });
    if last.commit < mark.commit {
        return Err(missing(last.commit, mark.commit));
    }
    if mark.commit > 0 {
        let value = store.get(&keys::commit(mark.commit))?;
        let record = value.as_deref().map(chain::decode).transpose()?;
        match record {
            None => return Err(missing(mark.commit - 1, mark.commit)),
            Some(record) if record.digest != mark.digest => return Err(different(mark.commit)),
            Some(_) => {}
        }
    }
    if let Some((first, last)) = replayed {
        chain::verify_chain(store, first, last, &mut |_| {})?;
    }
    Ok(last)
}

/// Acknowledged commits are not there.
pub(crate) fn missing(last: u64, mark: u64) -> Problem {
    let gap = match mark - last {
        1 => format!("commit {mark} was acknowledged but is missing from the store"),
        _ => format!(
            "commits {} to {mark} were acknowledged but are missing from the store",
            last + 1
        ),
    };
    Problem::new(
        Kind::Fault,
        "STO-065",
        format!(
            "The store is not whole: {gap}. It was not opened for use. Restore it from a backup, \
             or put back the files that were lost."
        ),
    )
}

fn different(commit: u64) -> Problem {
    Problem::new(
        Kind::Fault,
        "STO-066",
        format!(
            "The store is not the one that was acknowledged: commit {commit} has another content \
             than its high-water mark says. It was not opened for use. Restore it from a backup."
        ),
    )
}

impl Engine for FjallEngine {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(self.committer.shared.backend.snapshot())
    }

    fn submit(&self, transaction: Transaction, done: Done) {
        self.committer.shared.queue.submit(transaction, done);
    }

    fn last_commit(&self) -> Committed {
        *self.committer.shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> Result<(), Problem> {
        if !self.committer.shared.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        // The committer tries to come back when it next has something to do.
        self.submit(Transaction::default(), Box::new(|_| {}));
        Err(fjall_backend::stopped())
    }

    fn stats(&self) -> Vec<(&'static str, u64)> {
        let shared = &self.committer.shared;
        let counters = &shared.counters;
        let (waiting, waiting_bytes) = shared.queue.waiting();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let mut stats = vec![
            ("commit", self.last_commit().commit),
            ("groups", read(&counters.groups)),
            ("transactions", read(&counters.transactions)),
            ("transactions_refused", read(&counters.refused)),
            ("write_microseconds", read(&counters.write_microseconds)),
            ("write_microseconds_max", read(&counters.longest_write_microseconds)),
            ("mark_microseconds", read(&counters.mark_microseconds)),
            ("row_cache_bytes", shared.backend.row_cache_bytes()),
            ("waiting", waiting as u64),
            ("waiting_bytes", waiting_bytes as u64),
            ("disk_bytes", disk::used_bytes(&shared.folder)),
            ("disk_available_bytes", disk::available_bytes(&shared.folder).unwrap_or_default()),
        ];
        if let Ok(open) = shared.backend.get() {
            stats.extend(fjall_backend::stats(&open));
        }
        stats
    }

    fn settle(&self) -> Result<(), Problem> {
        let (tell, told) = sync_channel(1);
        self.committer.shared.queue.settle(tell)?;
        told.recv().unwrap_or_else(|_| Err(Problem::fault("STO-063", "the committer has stopped")))
    }
}

#[cfg(test)]
mod tests {
    use akson_base::{FixedClock, Instant};

    use super::*;
    use crate::engine::{Op, Precondition};

    fn open(path: &Path) -> Result<FjallEngine, Problem> {
        let options = Options { reserve_bytes: 1 << 20, ..Options::default() };
        FjallEngine::open(path, &options, Arc::new(FixedClock::at(Instant(1000))))
    }

    fn put(key: &str, value: &str) -> Op {
        Op::Put { key: key.into(), value: value.into(), stamp_key_at: None, stamp_value_at: None }
    }

    fn commit(engine: &FjallEngine, transaction: Transaction) -> Result<Committed, String> {
        let (tell, told) = sync_channel(1);
        engine.submit(transaction, Box::new(move |r| tell.send(r).unwrap()));
        told.recv().unwrap().map_err(|e| format!("{e:?}"))
    }

    #[test]
    fn what_is_committed_is_there_after_settling_and_after_opening_again() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path()).unwrap();
        for n in 0..100 {
            let ops = vec![put(&format!("k{n:03}"), "v")];
            let preconditions = vec![Precondition::Absent(format!("k{n:03}").into())];
            let made = Transaction { ops, preconditions, ..Transaction::default() };
            assert_eq!(commit(&engine, made.clone()).unwrap().commit, n + 1);
            assert!(commit(&engine, made).is_err());
            if n % 40 == 0 {
                engine.settle().unwrap();
            }
        }
        assert_eq!(engine.last_commit(), Committed { commit: 100, time: 1000 });
        drop(engine);
        let engine = open(dir.path()).unwrap();
        assert_eq!(engine.last_commit(), Committed { commit: 100, time: 1000 });
        let found = engine
            .snapshot()
            .scan(&keys::under(b"k"), crate::engine::Direction::Descending, 7)
            .unwrap();
        assert_eq!(found.len(), 7);
        assert_eq!(found[0].0, "k099");
        let end = chain::verify_chain(&*engine.snapshot(), 1, 100, &mut |_| {}).unwrap().unwrap();
        assert_eq!(end.records, 100);
    }
}
