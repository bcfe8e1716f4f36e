//! Group commit: many waiting transactions become one durable commit.
//!
//! Three threads. The committer takes what waits, checks preconditions, stamps the commit's number
//! and time, writes the commit record and everything else as one atomic batch and waits for the
//! disk. The acknowledger then moves the high-water mark, waits for the disk again, and calls each
//! `done`, while the committer is already at the next group. Nothing is acknowledged before both
//! are on the disk, and acknowledgements keep the order of the queue. The third frees the engine's
//! used-up memory where nobody waits for it.

mod recovery;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use akson_base::{Clock, Kind, Problem};

use super::chain::{RecordDigest, RecordEncoder};
use super::disk;
use super::fjall_backend::{self, Backend};
use super::folder::{full_problem, unlogged_problem};
use super::high_water::{HighWater, Mark};
use super::overlay::Overlay;
use super::queue::{Next, Queue, Waiting};
use super::{CommitError, Committed, Done, Op, Precondition, Snapshot, Transaction};
use crate::keys;

/// Groups that may be durable and not yet acknowledged.
const GROUPS_IN_FLIGHT_MAX: usize = 4;

/// How often used-up memory is looked for while commits come in.
const FREE_PAUSE: Duration = Duration::from_millis(20);

type Outcome = Result<Committed, CommitError>;

/// One group on its way to acknowledgement.
struct Group {
    /// The mark to write first; `None` when the group wrote nothing.
    mark: Option<Mark>,
    told: Vec<(Done, Outcome)>,
}

/// Counters for operators.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) groups: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) write_microseconds: AtomicU64,
    pub(crate) mark_microseconds: AtomicU64,
    pub(crate) longest_write_microseconds: AtomicU64,
}

/// What both threads and the engine share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) backend: Backend,
    pub(crate) acknowledged: Mutex<Committed>,
    pub(crate) counters: Counters,
    /// A write failed: nothing more is written until the engine's files are opened again.
    pub(crate) failed: AtomicBool,
    /// It failed for lack of room, or a thread of the engine's own gave up: the files may be opened
    /// again when there is room (`recovery`).
    pub(crate) may_return: AtomicBool,
    pub(crate) folder: PathBuf,
    pub(crate) reserve_bytes: u64,
}

/// The threads; dropping it finishes what waits and stops them.
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Committer {
    /// Starts the threads, going on after `mark`.
    pub(crate) fn start(
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
        high_water: HighWater,
        mark: Mark,
    ) -> Result<Self, Problem> {
        let (send, receive) = sync_channel(GROUPS_IN_FLIGHT_MAX);
        let (wake_send, wake) = sync_channel(1);
        let freeing = Arc::clone(&shared);
        let writer = Writer {
            shared: Arc::clone(&shared),
            clock,
            encoder: RecordEncoder::default(),
            commit: mark.commit,
            time: mark.time,
            digest: mark.digest,
            send,
            wake: wake_send,
            tried: None,
        };
        let acknowledger = Acknowledger { shared: Arc::clone(&shared), high_water, receive };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .map_err(|e| Problem::fault("STO-052", format!("could not start a thread: {e}")))
        };
        let threads = vec![
            spawn("akson-commit", Box::new(move || writer.run_guarded()))?,
            spawn("akson-acknowledge", Box::new(move || acknowledger.run()))?,
            spawn("akson-free", Box::new(move || free_memtables(&freeing, &wake)))?,
        ];
        Ok(Self { shared, threads })
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.shared.queue.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has told its waiting callers nothing; there is no more to do.
            let _ = thread.join();
        }
        self.shared.backend.close();
    }
}

struct Writer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    encoder: RecordEncoder,
    commit: u64,
    time: i64,
    digest: RecordDigest,
    send: SyncSender<Group>,
    wake: SyncSender<()>,
    /// When coming back was last tried.
    tried: Option<Instant>,
}

impl Writer {
    /// Whoever waits must hear if this thread dies, be it only that their `done` is dropped.
    fn run_guarded(self) {
        let shared = Arc::clone(&self.shared);
        if catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
            tracing::error!("the committer panicked; nothing is written until a restart");
            shared.fail(false);
            shared.queue.abandon();
        }
    }

    fn run(mut self) {
        loop {
            match self.shared.queue.next() {
                Next::Group(waiting) => {
                    self.recover_if_failed();
                    let group = self.commit(waiting);
                    // Full when the other thread is awake already.
                    let _ = self.wake.try_send(());
                    if self.send.send(group).is_err() {
                        return;
                    }
                }
                Next::Settle(tell) => {
                    let room = disk::available_bytes(&self.shared.folder).unwrap_or(u64::MAX);
                    let room = room.saturating_sub(self.shared.reserve_bytes);
                    let result = self.shared.backend.settle(room);
                    // Whoever asked may have gone.
                    let _ = tell.send(result);
                }
                Next::Close => return,
            }
        }
    }

    /// Decides, stamps and writes one group.
    fn commit(&mut self, waiting: Vec<Waiting>) -> Group {
        let commit = self.commit + 1;
        let time = self.clock.now().0.max(self.time);
        let (mut transactions, dones): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|w| (w.transaction, w.done)).unzip();
        for transaction in &mut transactions {
            stamp(&mut transaction.ops, commit, time);
        }
        let mut verdicts = self.verdicts(&transactions);
        let writes = transactions.iter().zip(&verdicts).any(|(t, v)| v.is_ok() && !is_empty(t));
        let mut mark = None;
        if writes {
            match self.write(commit, time, transactions, &verdicts) {
                Ok(written) => mark = Some(written),
                Err(problem) => {
                    let failed = |v: &mut Result<(), CommitError>| {
                        if v.is_ok() {
                            *v = Err(CommitError::Problem(problem.clone()));
                        }
                    };
                    verdicts.iter_mut().for_each(failed);
                }
            }
        }
        self.count(&verdicts, mark.is_some());
        let committed = Committed { commit: self.commit, time: self.time };
        let told = dones.into_iter().zip(verdicts.into_iter().map(|v| v.map(|()| committed)));
        Group { mark, told: told.collect() }
    }

    /// Whether each transaction may be applied, each seeing the ones before it.
    fn verdicts(&self, transactions: &[Transaction]) -> Vec<Result<(), CommitError>> {
        if self.shared.failed.load(Ordering::Acquire) {
            let problem = fjall_backend::stopped();
            return transactions
                .iter()
                .map(|_| Err(CommitError::Problem(problem.clone())))
                .collect();
        }
        let room = Room::look(&self.shared, transactions);
        let last_with = transactions.iter().rposition(|t| !t.preconditions.is_empty());
        let ranges = transactions
            .iter()
            .flat_map(|t| &t.preconditions)
            .any(|p| matches!(p, Precondition::OnlyKeys(..)));
        let store = last_with.map(|_| self.shared.backend.snapshot());
        let mut overlay = Overlay::new(ranges);
        let mut verdicts = Vec::with_capacity(transactions.len());
        for (at, transaction) in transactions.iter().enumerate() {
            let verdict = room.allows(transaction, &self.shared).and_then(|()| match &store {
                Some(store) => check(transaction, store, &overlay),
                None => Ok(()),
            });
            // What comes after the last precondition is looked up by nobody.
            if verdict.is_ok() && last_with.is_some_and(|last| at < last) {
                overlay.add(&transaction.ops);
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    fn write(
        &mut self,
        commit: u64,
        time: i64,
        transactions: Vec<Transaction>,
        verdicts: &[Result<(), CommitError>],
    ) -> Result<Mark, Problem> {
        let accepted: Vec<Transaction> = transactions
            .into_iter()
            .zip(verdicts)
            .filter_map(|(transaction, verdict)| verdict.is_ok().then_some(transaction))
            .collect();
        let (record, digest) = self.encoder.encode(commit, time, &self.digest, accepted.iter());
        let count = 1 + accepted.iter().map(|t| t.ops.len()).sum::<usize>();
        let record = Op::Put {
            key: keys::commit(commit),
            value: record,
            stamp_key_at: None,
            stamp_value_at: None,
        };
        let ops = std::iter::once(record).chain(accepted.into_iter().flat_map(|t| t.ops));
        let start = Instant::now();
        let result = self.shared.backend.write(ops, count);
        let spent = micros(start);
        let counters = &self.shared.counters;
        counters.write_microseconds.fetch_add(spent, Ordering::Relaxed);
        counters.longest_write_microseconds.fetch_max(spent, Ordering::Relaxed);
        if let Err(problem) = result {
            // A disk that is broken and not only full is a fault.
            self.shared.fail(problem.kind == Kind::Busy);
            tracing::error!("commit {commit} failed, writing stops: {problem}");
            return Err(problem);
        }
        (self.commit, self.time, self.digest) = (commit, time, digest);
        Ok(Mark { commit, time, digest })
    }

    fn count(&self, verdicts: &[Result<(), CommitError>], wrote: bool) {
        let counters = &self.shared.counters;
        let refused = verdicts.iter().filter(|v| v.is_err()).count() as u64;
        counters.groups.fetch_add(u64::from(wrote), Ordering::Relaxed);
        counters.transactions.fetch_add(verdicts.len() as u64, Ordering::Relaxed);
        counters.refused.fetch_add(refused, Ordering::Relaxed);
    }
}

/// How much room the disk has for a group.
struct Room {
    /// For transactions that change something.
    changes: bool,
    /// For transactions that only log a read: they may use part of the reserve, so that reading
    /// goes on when writing no longer can.
    logs: bool,
}

impl Room {
    fn look(shared: &Shared, transactions: &[Transaction]) -> Self {
        let Some(available) = disk::available_bytes(&shared.folder) else {
            return Self { changes: true, logs: true };
        };
        // Journal, table, and merged table: what is written once takes three times its room.
        let needed = 3 * transactions.iter().map(op_bytes).sum::<u64>();
        Self {
            changes: available >= shared.reserve_bytes.saturating_add(needed),
            logs: available >= shared.reserve_bytes / 4,
        }
    }

    fn allows(&self, transaction: &Transaction, shared: &Shared) -> Result<(), CommitError> {
        let (allowed, refuse): (_, fn(&Path) -> Problem) = if transaction.ops.is_empty() {
            (self.logs, unlogged_problem)
        } else {
            (self.changes, full_problem)
        };
        if allowed { Ok(()) } else { Err(CommitError::Problem(refuse(&shared.folder))) }
    }
}

fn op_bytes(transaction: &Transaction) -> u64 {
    transaction.ops.iter().map(Op::bytes).sum()
}

/// Whether all preconditions hold.
pub(super) fn check(
    transaction: &Transaction,
    store: &dyn Snapshot,
    overlay: &Overlay<'_>,
) -> Result<(), CommitError> {
    for (index, precondition) in transaction.preconditions.iter().enumerate() {
        match overlay.holds(precondition, store) {
            Ok(true) => {}
            Ok(false) => return Err(CommitError::Precondition { index }),
            Err(problem) => return Err(CommitError::Problem(problem)),
        }
    }
    Ok(())
}

/// Whether it leaves nothing behind.
pub(super) fn is_empty(transaction: &Transaction) -> bool {
    transaction.ops.is_empty() && transaction.log.is_empty() && transaction.changes.is_empty()
}

/// Writes the commit's number and time where the ops ask for them.
pub(super) fn stamp(ops: &mut [Op], commit: u64, time: i64) {
    for op in ops {
        let Op::Put { key, value, stamp_key_at, stamp_value_at } = op else { continue };
        if let Some(place) = stamp_key_at.and_then(|at| key.get_mut(at..at.checked_add(8)?)) {
            place.copy_from_slice(&commit.to_be_bytes());
        }
        if let Some(place) = stamp_value_at.and_then(|at| value.get_mut(at..at.checked_add(16)?)) {
            let (number, moment) = place.split_at_mut(8);
            number.copy_from_slice(&commit.to_be_bytes());
            moment.copy_from_slice(&time.to_be_bytes());
        }
    }
}

pub(super) fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Frees the engine's used-up memory after commits, until the writer is gone.
fn free_memtables(shared: &Shared, wake: &Receiver<()>) {
    let mut more = false;
    loop {
        let woken = if more {
            wake.recv_timeout(FREE_PAUSE)
        } else {
            wake.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        if woken == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        more = shared.backend.free_memtables();
        std::thread::park_timeout(FREE_PAUSE);
    }
}

struct Acknowledger {
    shared: Arc<Shared>,
    high_water: HighWater,
    receive: Receiver<Group>,
}

impl Acknowledger {
    fn run(mut self) {
        while let Ok(first) = self.receive.recv() {
            // What became durable meanwhile shares one write of the mark.
            let mut groups = vec![first];
            groups.extend(self.receive.try_iter().take(GROUPS_IN_FLIGHT_MAX));
            let mark = groups.iter().rev().find_map(|group| group.mark);
            let result = mark.map_or(Ok(()), |mark| self.acknowledge(&mark));
            for (done, outcome) in groups.into_iter().flat_map(|group| group.told) {
                let outcome = match &result {
                    Ok(()) => outcome,
                    Err(problem) => {
                        outcome.and_then(|_| Err(CommitError::Problem(problem.clone())))
                    }
                };
                if catch_unwind(AssertUnwindSafe(|| done(outcome))).is_err() {
                    tracing::error!("a caller panicked on hearing of its commit");
                }
            }
        }
    }

    fn acknowledge(&mut self, mark: &Mark) -> Result<(), Problem> {
        let start = Instant::now();
        let written = self.high_water.write(mark);
        self.shared.counters.mark_microseconds.fetch_add(micros(start), Ordering::Relaxed);
        if let Err(error) = written {
            self.shared.fail(error.kind() == std::io::ErrorKind::StorageFull);
            tracing::error!("the high-water mark failed at commit {}: {error}", mark.commit);
            let text = format!("the disk failed while writing the high-water mark: {error}");
            return Err(Problem::fault("STO-056", text));
        }
        *self.shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) =
            Committed { commit: mark.commit, time: mark.time };
        Ok(())
    }
}
