//! The one `fjall` keyspace: opening, reading, writing a batch, flushing, making files small.
//!
//! Not here: who may write (only `committer` does) and whether what was opened is everything that
//! was acknowledged (`fjall_engine`).
//!
//! One keyspace, so that no two can disagree after a crash: <https://docs.rs/fjall/3>.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use bytes::Bytes;
use fjall::{AbstractTree, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};

use super::fjall_engine::Options;
use super::folder::io_problem;
use super::journal_ahead::JournalAhead;
use super::rows::Rows;
use super::{Direction, Op, Range, Snapshot, Visit};

const KEYSPACE: &str = "record";
/// What the journal holds beside keys and values: of each batch, and of each of its items.
const BATCH_BYTES: u64 = 26;
const ITEM_BYTES: u64 = 21;
/// How long settling waits for readers to let go before it leaves the journal as it is.
const READERS_SECONDS_MAX: u64 = 2;
/// How long new readers are kept waiting for earlier ones to let go.
const READERS_LOCKED_MAX: Duration = Duration::from_millis(50);
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

/// A keyspace as it stood after a commit.
struct View {
    // Before `open`: a snapshot must not outlive its database.
    snapshot: fjall::Snapshot,
    open: Arc<Open>,
    /// The number of the write it stands after.
    at: u64,
}

impl View {
    fn of(open: Arc<Open>, at: u64) -> Arc<Self> {
        Arc::new(Self { snapshot: open.database.snapshot(), open, at })
    }
}

/// The keyspace, or nothing while it is being reopened.
pub(crate) struct Backend {
    path: PathBuf,
    options: Options,
    /// What readers see. Made only between two writes: the engine's own "now" moves on when a flush
    /// or a merge ends, even in the middle of a batch, and would show half of it.
    view: RwLock<Option<Arc<View>>>,
    memtables: Memtables,
    journal: Mutex<JournalAhead>,
    rows: Arc<Rows>,
    /// Writes begun since it was opened.
    writes: AtomicU64,
}

impl Backend {
    /// Opens the engine's folder, or makes it.
    pub(crate) fn open(path: &Path, options: &Options) -> Result<Self, Problem> {
        let open = Arc::new(open_keyspace(path, options)?);
        Ok(Self {
            path: path.to_path_buf(),
            options: options.clone(),
            view: RwLock::new(Some(View::of(open, 0))),
            memtables: Memtables::default(),
            journal: Mutex::default(),
            rows: Arc::new(Rows::new(options.row_cache_bytes)),
            writes: AtomicU64::new(0),
        })
    }

    fn view(&self) -> Result<Arc<View>, Problem> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner).clone();
        view.ok_or_else(|| {
            let text = "The store's files are closed: the server is stopping, or its disk failed.";
            Problem::new(Kind::Busy, "STO-061", text)
        })
    }

    /// The open keyspace.
    pub(crate) fn get(&self) -> Result<Arc<Open>, Problem> {
        self.view().map(|view| Arc::clone(&view.open))
    }

    /// A consistent view of everything committed.
    pub(crate) fn snapshot(&self) -> FjallSnapshot {
        FjallSnapshot { view: self.view(), rows: Arc::clone(&self.rows) }
    }

    /// Writes one atomic batch and waits until it is on the disk. Only one thread may write.
    pub(crate) fn write(&self, ops: impl Iterator<Item = Op>, count: usize) -> Result<(), Problem> {
        let open = self.get()?;
        wait_for_room(&open)?;
        let at = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        let mut batch = fjall::OwnedWriteBatch::with_capacity(open.database.clone(), count)
            .durability(Some(PersistMode::SyncData));
        let mut bytes = BATCH_BYTES;
        for op in ops {
            self.rows.note_written(op.key(), at);
            bytes += op.bytes() + ITEM_BYTES;
            match op {
                Op::Put { key, value, .. } => batch.insert(&open.keyspace, key, value),
                Op::Delete { key } => batch.remove(&open.keyspace, key),
            }
        }
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).prepare(&self.path, bytes);
        guarded("write", || batch.commit()).map_err(|e| self.write_problem(&e))?;
        self.memtables.keep(&open);
        let mut next = Some(View::of(open, at));
        std::mem::swap(&mut *self.view.write().unwrap_or_else(PoisonError::into_inner), &mut next);
        // `next`, now the view before, is given up here, outside the lock.
        Ok(())
    }

    /// Bytes of values kept as they were read.
    pub(crate) fn row_cache_bytes(&self) -> u64 {
        self.rows.bytes()
    }

    /// Frees memory that the engine no longer uses; answers whether there is more to wait for.
    pub(crate) fn free_memtables(&self) -> bool {
        self.memtables.free(self.get().ok().as_deref())
    }

    fn write_problem(&self, error: &fjall::Error) -> Problem {
        let full =
            matches!(error, fjall::Error::Io(e) if e.kind() == std::io::ErrorKind::StorageFull);
        if full {
            return Problem::new(
                Kind::Busy,
                "STO-056",
                "The disk became full during this write: whether it is stored is not known. Nothing \
                 is written, and no patient data read, until the operator frees space.",
            )
            .with_log(format!("the disk became full during a write ({error}): free space"));
        }
        if matches!(error, fjall::Error::Poisoned) {
            let text = "a thread of the engine gave up flushing or merging; its log says why";
            return stopped().with_log(text);
        }
        Problem::fault(
            "STO-056",
            format!("the disk failed during a write ({error}); nothing is written until a restart"),
        )
    }

    /// Writes what is in memory into tables, merges them when that is cheap, and empties the
    /// journal. Only the committer may call this, since nothing may be written meanwhile.
    pub(crate) fn settle(&self, room: u64) -> Result<(), Problem> {
        let (flushed, merged) = {
            let open = self.get()?;
            flush(&open)?;
            let tables = open.keyspace.disk_space();
            let merge = tables <= self.options.merge_bytes_max
                && tables.saturating_mul(2) < room
                && !is_merged(&open);
            if merge {
                guarded("compact", || open.keyspace.major_compact()).map_err(|e| damaged(&e))?;
            }
            (is_flushed(&open), merge)
        };
        if flushed && (merged || journal_bytes(&self.path) > 1 << 20) {
            self.reopen()?;
        }
        self.free_memtables();
        Ok(())
    }

    /// Closes the engine with everything in tables, so that the next start has nothing to replay.
    pub(crate) fn close(&self) {
        let flushed = self.get().is_ok_and(|open| flush(&open).is_ok() && is_flushed(&open));
        if self.take().is_some_and(close) && flushed {
            remove_journals(&self.path).unwrap_or_else(|e| tracing::warn!("journal left: {e}"));
        }
    }

    /// Closes, removes the journal, opens again. The engine itself gives a journal's bytes back only
    /// when the next one is full, and merged tables' only with the next flush.
    ///
    /// Does nothing when readers never let go: the room comes back at the next clean stop.
    fn reopen(&self) -> Result<(), Problem> {
        let Some(mut place) = self.closed()? else { return Ok(()) };
        *place = Some(self.view_of(Arc::new(self.opened_without_journal()?)));
        Ok(())
    }

    /// Opens the engine's files anew after a failed write, with the checks of a start: `inspect` runs
    /// while nobody has them open, `judge` on what was opened.
    ///
    /// The system may hold a failed write in memory and show it without ever bringing it to the disk.
    /// So what was opened is written into tables and the journal is removed before anything follows
    /// it. Answers `None` when readers do not let go of the old files. After an error the files stay
    /// closed; this may be called again. Only the committer may call it.
    pub(crate) fn renew<I, J>(
        &self,
        inspect: impl FnOnce() -> Result<I, Problem>,
        judge: impl FnOnce(&dyn Snapshot, I) -> Result<J, Problem>,
    ) -> Result<Option<J>, Problem> {
        let Some(mut place) = self.closed()? else { return Ok(None) };
        let inspected = inspect()?;
        let open = Arc::new(open_keyspace(&self.path, &self.options)?);
        let judged = {
            let rows = Arc::clone(&self.rows);
            judge(&FjallSnapshot { view: Ok(self.view_of(Arc::clone(&open))), rows }, inspected)?
        };
        flush(&open)?;
        if !is_flushed(&open) || !close(open) {
            return Err(Problem::fault("STO-063", "the engine did not write out what it holds"));
        }
        *place = Some(self.view_of(Arc::new(self.opened_without_journal()?)));
        Ok(Some(judged))
    }

    /// Closes the engine's files and keeps readers waiting; `None` when those who read now do not let
    /// go. Files that are closed already stay so.
    fn closed(&self) -> Result<Option<RwLockWriteGuard<'_, Option<Arc<View>>>>, Problem> {
        let until = Instant::now() + Duration::from_secs(READERS_SECONDS_MAX);
        while Instant::now() < until {
            let mut place = self.view.write().unwrap_or_else(PoisonError::into_inner);
            // New readers wait for the lock meanwhile: some hundredths of a second.
            let patience = Instant::now() + READERS_LOCKED_MAX;
            loop {
                let Some(view) = place.take() else { return Ok(Some(place)) };
                match alone(view) {
                    Ok(open) => {
                        catch_unwind(AssertUnwindSafe(|| drop(open)))
                            .map_err(|_| Problem::fault("STO-063", "the engine did not close"))?;
                        return Ok(Some(place));
                    }
                    Err(used) => *place = Some(used),
                }
                if Instant::now() >= patience {
                    break;
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
            drop(place);
            std::thread::park_timeout(Duration::from_millis(2));
        }
        Ok(None)
    }

    /// The keyspace as it stands after the newest write, a failed one too: its keys were noted.
    fn view_of(&self, open: Arc<Open>) -> Arc<View> {
        View::of(open, self.writes.load(Ordering::Relaxed))
    }

    /// The keyspace, everything of which is in tables.
    fn opened_without_journal(&self) -> Result<Open, Problem> {
        // The removed file's room comes back only when nobody has it open.
        *self.journal.lock().unwrap_or_else(PoisonError::into_inner) = JournalAhead::default();
        remove_journals(&self.path)
            .map_err(|e| io_problem("remove the journal", &self.path, &e))?;
        open_keyspace(&self.path, &self.options)
    }

    /// Bytes of the engine's journals: what a flush may write at most.
    pub(crate) fn journal_bytes(&self) -> u64 {
        journal_bytes(&self.path)
    }

    fn take(&self) -> Option<Arc<Open>> {
        let view = self.view.write().unwrap_or_else(PoisonError::into_inner).take();
        view.map(|view| Arc::clone(&view.open))
    }
}

/// Memtables that the engine may still use. It would free a full one, entry by entry, while it
/// holds the lock that every read and write needs; kept here too, it is freed here, without.
#[derive(Default)]
struct Memtables(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl Memtables {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<dyn Any + Send + Sync>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, open: &Open) {
        let active: Arc<dyn Any + Send + Sync> = open.keyspace.tree.active_memtable();
        let mut kept = self.lock();
        if kept.last().is_none_or(|last| !Arc::ptr_eq(last, &active)) {
            kept.push(active);
        }
    }

    fn free(&self, open: Option<&Open>) -> bool {
        let mut unused = Vec::new();
        let mut kept = self.lock();
        kept.retain(|memtable| {
            let used = Arc::strong_count(memtable) > 1;
            if !used {
                unused.push(Arc::clone(memtable));
            }
            used
        });
        let active: Option<Arc<dyn Any + Send + Sync>> =
            open.map(|open| open.keyspace.tree.active_memtable() as Arc<dyn Any + Send + Sync>);
        let more = kept.iter().any(|m| active.as_ref().is_none_or(|a| !Arc::ptr_eq(m, a)));
        drop(kept);
        more
    }
}

/// The keyspace, if no reader holds this view or an earlier one.
fn alone(view: Arc<View>) -> Result<Open, Arc<View>> {
    let View { snapshot, open, at } = Arc::try_unwrap(view)?;
    drop(snapshot);
    Arc::try_unwrap(open).map_err(|open| View::of(open, at))
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

fn open_keyspace(path: &Path, options: &Options) -> Result<Open, Problem> {
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
        let open = Open { keyspace, database };
        count_on(&open);
        Ok(open)
    })
    .map_err(|e| {
        if let fjall::Error::Io(e) = &e {
            return io_problem("open the engine", path, e);
        }
        damaged(&e)
    })
}

fn keyspace_options(options: &Options) -> KeyspaceCreateOptions {
    use fjall::CompressionType::{Lz4, None};
    use fjall::config::{CompressionPolicy, PartitioningPolicy, PinningPolicy};
    KeyspaceCreateOptions::default()
        .manual_journal_persist(true)
        .max_memtable_size(options.memtable_bytes)
        // What lies longest is read most and costs most room: all but the newest is compressed.
        .data_block_compression_policy(CompressionPolicy::new([None, Lz4]))
        // What is looked up by its key is nearly always there: a filter in the last level, which
        // holds nine tenths of everything, would be asked for nothing. Its index, a hundredth of
        // the data, stays in memory in one piece.
        .expect_point_read_hits(true)
        .index_block_partitioning_policy(PartitioningPolicy::all(false))
        .index_block_pinning_policy(PinningPolicy::all(true))
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

/// Whether all tables are in the last level already.
fn is_merged(open: &Open) -> bool {
    let levels = (0..7).filter_map(|n| open.keyspace.tree.level_table_count(n));
    levels.rev().skip(1).all(|tables| tables == 0)
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

/// Removes journals whose every entry is in a table. The engine makes a new one of full length when
/// it opens; one that it finds it would append to, which costs each commit a wait more.
fn remove_journals(path: &Path) -> std::io::Result<()> {
    for (_, journal) in journals(path)? {
        std::fs::remove_file(journal)?;
    }
    std::fs::File::open(path)?.sync_all()
}

/// Without a journal the engine counts its writes from zero again, and would take what it has for
/// newer than what comes: it is told where it was.
fn count_on(open: &Open) {
    let next = open.keyspace.tree.get_highest_seqno().map_or(0, |number| number + 1);
    open.database.supervisor.seqno.fetch_max(next);
    let now = open.database.supervisor.seqno.get();
    open.database.supervisor.snapshot_tracker.set(now);
}

/// A consistent view.
pub(crate) struct FjallSnapshot {
    view: Result<Arc<View>, Problem>,
    rows: Arc<Rows>,
}

impl FjallSnapshot {
    fn view(&self) -> Result<&View, Problem> {
        self.view.as_deref().map_err(Clone::clone)
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
        if let Some(value) = self.rows.get(key, view.at) {
            return Ok(Some(value));
        }
        let value = view.snapshot.get(&view.open.keyspace, key).map_err(|e| damaged(&e))?;
        if let Some(value) = &value {
            self.rows.keep(key, value, view.at);
        }
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
        visit: &mut Visit<'_>,
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
        "The server has stopped writing because its disk failed or was full; the operator's log says \
         how. No patient data can be read either, since every read is entered in the access log.",
    )
}
