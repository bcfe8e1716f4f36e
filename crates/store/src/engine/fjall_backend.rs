//! The one `fjall` keyspace: opening, reading, writing a batch, flushing, making files small.
//!
//! Not here: who may write (only `committer` does) and whether what was opened is everything that
//! was acknowledged (`fjall_engine`).
//!
//! One keyspace, so that no two can disagree after a crash: <https://docs.rs/fjall/3>.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use bytes::Bytes;
use fjall::{AbstractTree, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};

use super::fjall_engine::Options;
use super::folder::full_problem;
use super::{Direction, Op, Range, Snapshot};

const KEYSPACE: &str = "record";
/// How long settling waits for readers to let go before it leaves the journal as it is.
const READERS_SECONDS_MAX: u64 = 2;
/// How long settling waits for the engine's own flush.
const FLUSH_SECONDS_MAX: u64 = 120;
/// Full memtables that may wait to be flushed; the engine itself stops at one more than the next.
const SEALED_MEMTABLES_MAX: usize = 2;
/// Runs of the newest level; the engine itself stops at 30.
const L0_RUNS_MAX: usize = 18;

/// An open keyspace. Dropping the last reference closes the engine.
pub(crate) struct Open {
    pub(crate) keyspace: Keyspace,
    pub(crate) database: Database,
}

/// The keyspace, or nothing while it is being reopened.
pub(crate) struct Backend {
    path: PathBuf,
    options: Options,
    open: RwLock<Option<Arc<Open>>>,
}

impl Backend {
    /// Opens the engine's folder, or makes it.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, Problem> {
        let open = open(path, options)?;
        Ok(Self {
            path: path.to_path_buf(),
            options: options.clone(),
            open: RwLock::new(Some(Arc::new(open))),
        })
    }

    /// The open keyspace.
    pub(crate) fn get(&self) -> Result<Arc<Open>, Problem> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(|| Problem::fault("STO-061", "the engine's files are closed"))
    }

    /// A consistent view of everything committed.
    pub(crate) fn snapshot(&self) -> FjallSnapshot {
        let open = self.get();
        let view = open.map(|open| View { snapshot: open.database.snapshot(), open });
        FjallSnapshot { view }
    }

    /// Writes one atomic batch and waits until it is on the disk.
    pub(crate) fn write(&self, ops: impl Iterator<Item = Op>, count: usize) -> Result<(), Problem> {
        let open = self.get()?;
        wait_for_room(&open)?;
        let mut batch = fjall::OwnedWriteBatch::with_capacity(open.database.clone(), count)
            .durability(Some(PersistMode::SyncData));
        for op in ops {
            match op {
                Op::Put { key, value, .. } => batch.insert(&open.keyspace, key, value),
                Op::Delete { key } => batch.remove(&open.keyspace, key),
            }
        }
        guarded("write", || batch.commit()).map_err(|e| self.write_problem(&e))
    }

    fn write_problem(&self, error: &fjall::Error) -> Problem {
        let full =
            matches!(error, fjall::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull);
        if full {
            let mut problem = full_problem(&self.path);
            problem.code = "STO-056";
            problem.for_log =
                format!("the disk became full during a write ({error}): free space, then restart");
            return problem;
        }
        Problem::fault(
            "STO-056",
            format!("the disk failed during a write ({error}); nothing is written until a restart"),
        )
    }

    /// Writes what is in memory into tables, merges them when that is cheap, and empties the
    /// journal. Only the committer may call this, since nothing may be written meanwhile.
    pub(crate) fn settle(&self, room: u64) -> Result<(), Problem> {
        let flushed = {
            let open = self.get()?;
            flush(&open)?;
            let tables = open.keyspace.disk_space();
            if tables <= self.options.merge_bytes_max && tables.saturating_mul(2) < room {
                guarded("compact", || open.keyspace.major_compact()).map_err(|e| damaged(&e))?;
            }
            is_flushed(&open)
        };
        if flushed && journal_bytes(&self.path) > 1 << 20 { self.shrink() } else { Ok(()) }
    }

    /// Closes the engine with everything in tables, so that the next start has nothing to replay.
    pub(crate) fn close(&self) {
        let flushed = self.get().is_ok_and(|open| flush(&open).is_ok() && is_flushed(&open));
        if self.take().is_some_and(|open| close(open)) && flushed {
            empty_journals(&self.path).unwrap_or_else(|e| tracing::warn!("journal left: {e}"));
        }
    }

    /// Closes, empties the journal, opens again. The engine itself gives a journal's bytes back only
    /// when the next one is full.
    fn shrink(&self) -> Result<(), Problem> {
        let mut place = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = place.take() else { return Ok(()) };
        let open = match wait_for_readers(open) {
            Ok(open) => open,
            Err(used) => {
                *place = Some(used);
                return Ok(());
            }
        };
        drop(open);
        empty_journals(&self.path)
            .map_err(|e| super::folder::io_problem("empty the journal", &self.path, &e))?;
        *place = Some(Arc::new(self::open(&self.path, &self.options)?));
        Ok(())
    }

    fn take(&self) -> Option<Arc<Open>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Waits until nobody else holds `open`; gives it back when that takes too long.
fn wait_for_readers(mut open: Arc<Open>) -> Result<Open, Arc<Open>> {
    let until = Instant::now() + Duration::from_secs(READERS_SECONDS_MAX);
    loop {
        open = match Arc::try_unwrap(open) {
            Ok(open) => return Ok(open),
            Err(used) if Instant::now() >= until => return Err(used),
            Err(used) => used,
        };
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn close(open: Arc<Open>) -> bool {
    match wait_for_readers(open) {
        Ok(open) => catch_unwind(AssertUnwindSafe(|| drop(open))).is_ok(),
        Err(_) => false,
    }
}

fn open(path: &Path, options: &Options) -> Result<Open, Problem> {
    let builder = Database::builder(path)
        .cache_size(options.cache_bytes)
        .max_journaling_size(options.journal_bytes_max.max(64 << 20))
        .worker_threads(options.workers.max(1))
        // Values come compressed, and the journal check reads them as they are.
        .journal_compression(fjall::CompressionType::None)
        .manual_journal_persist(true);
    guarded("open", || {
        let database = builder.open()?;
        let keyspace = database.keyspace(KEYSPACE, || keyspace_options(options))?;
        Ok(Open { keyspace, database })
    })
    .map_err(|e| match e {
        fjall::Error::Io(e) => super::folder::io_problem("open the engine", path, &e),
        other => damaged(&other),
    })
}

fn keyspace_options(options: &Options) -> KeyspaceCreateOptions {
    use fjall::CompressionType::{Lz4, None};
    use fjall::config::CompressionPolicy;
    KeyspaceCreateOptions::default()
        .manual_journal_persist(true)
        .max_memtable_size(options.memtable_bytes)
        // What lies longest is read most and costs most room: all but the newest is compressed.
        .data_block_compression_policy(CompressionPolicy::new([None, Lz4]))
        .compaction_strategy(Arc::new(
            fjall::compaction::Leveled::default()
                .with_l0_threshold(options.l0_threshold)
                .with_table_target_size(options.table_bytes),
        ))
}

/// Runs engine code that may panic on files it does not expect.
fn guarded<T>(
    what: &str,
    run: impl FnOnce() -> Result<T, fjall::Error>,
) -> Result<T, fjall::Error> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(panic) => {
            let why = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no reason given");
            Err(fjall::Error::Io(std::io::Error::other(format!("{what}: engine panic: {why}"))))
        }
    }
}

/// The engine's files do not read as they were written.
pub(crate) fn damaged(error: &fjall::Error) -> Problem {
    Problem::fault(
        "STO-062",
        format!(
            "the store's files are damaged: {error}. Run `akson check` to see which; restore from \
             a backup"
        ),
    )
}

/// Waits while flushing and merging are behind. The engine would wait by itself, but in sleeps of
/// 100 ms, and for ever when the thread it waits for has died.
fn wait_for_room(open: &Open) -> Result<(), Problem> {
    let behind = || {
        open.keyspace.sealed_memtable_count() > SEALED_MEMTABLES_MAX
            || open.keyspace.tree.l0_run_count() > L0_RUNS_MAX
    };
    while behind() {
        if is_dead(open) {
            return Err(stopped());
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether one of the engine's own threads has given up.
fn is_dead(open: &Open) -> bool {
    open.database.persist(PersistMode::Buffer).is_err()
}

fn flush(open: &Open) -> Result<(), Problem> {
    if is_dead(open) {
        return Err(stopped());
    }
    guarded("flush", || open.keyspace.rotate_memtable()).map_err(|e| damaged(&e))?;
    let until = Instant::now() + Duration::from_secs(FLUSH_SECONDS_MAX);
    while open.keyspace.sealed_memtable_count() > 0 {
        if is_dead(open) {
            return Err(stopped());
        }
        if Instant::now() >= until {
            let text = "the engine did not flush its memory in time; its log says why";
            return Err(Problem::fault("STO-063", text));
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether nothing is in memory only.
fn is_flushed(open: &Open) -> bool {
    open.keyspace.sealed_memtable_count() == 0 && open.keyspace.tree.active_memtable().is_empty()
}

/// The engine's journals, oldest first.
pub(crate) fn journals(path: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "jnl") {
            let number = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok());
            found.push((number.unwrap_or(u64::MAX), path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn journal_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let journals = journals(path).unwrap_or_default();
    journals.iter().filter_map(|(_, p)| p.metadata().ok()).map(|m| m.blocks() * 512).sum()
}

fn empty_journals(path: &Path) -> std::io::Result<()> {
    for (_, journal) in journals(path)? {
        let file = std::fs::OpenOptions::new().write(true).open(journal)?;
        // Emptied, not removed: with no journal at all the engine would count from zero again.
        file.set_len(0)?;
        file.sync_all()?;
    }
    Ok(())
}

struct View {
    snapshot: fjall::Snapshot,
    open: Arc<Open>,
}

/// A consistent view.
pub(crate) struct FjallSnapshot {
    view: Result<View, Problem>,
}

impl FjallSnapshot {
    fn view(&self) -> Result<&View, Problem> {
        self.view.as_ref().map_err(Clone::clone)
    }

    fn entries(
        &self,
        range: &Range,
        direction: Direction,
        each: &mut dyn FnMut(Bytes, Bytes) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        if range.start >= range.end {
            return Ok(());
        }
        let view = self.view()?;
        let mut entries =
            view.snapshot.range(&view.open.keyspace, range.start.as_slice()..range.end.as_slice());
        loop {
            let next = match direction {
                Direction::Ascending => entries.next(),
                Direction::Descending => entries.next_back(),
            };
            let Some(next) = next else { return Ok(()) };
            let (key, value) = next.into_inner().map_err(|e| damaged(&e))?;
            if !each(key.into(), value.into())? {
                return Ok(());
            }
        }
    }
}

impl Snapshot for FjallSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        let view = self.view()?;
        let value = view.snapshot.get(&view.open.keyspace, key).map_err(|e| damaged(&e))?;
        Ok(value.map(Bytes::from))
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, Problem> {
        let mut found = Vec::with_capacity(limit.min(64));
        if limit > 0 {
            self.entries(range, direction, &mut |key, value| {
                found.push((key, value));
                Ok(found.len() < limit)
            })?;
        }
        Ok(found)
    }

    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        self.entries(range, direction, &mut |key, value| visit(&key, &value))
    }
}

/// Numbers for operators.
pub(crate) fn stats(open: &Open) -> [(&'static str, u64); 7] {
    let keyspace = &open.keyspace;
    [
        ("table_bytes", keyspace.disk_space()),
        ("tables", keyspace.table_count() as u64),
        ("l0_tables", keyspace.l0_table_count() as u64),
        ("memtable_bytes", open.database.write_buffer_size()),
        ("sealed_memtables", keyspace.sealed_memtable_count() as u64),
        ("journals", open.database.journal_count() as u64),
        ("cache_bytes", open.database.cache_size()),
    ]
}

/// A problem for what cannot be written now.
pub(crate) fn stopped() -> Problem {
    Problem::new(
        Kind::Busy,
        "STO-064",
        "The server has stopped writing because its disk failed; the operator's log says how. \
         Reading goes on.",
    )
}
