//! The PostgreSQL engine: the same keys in one table, for installations of more than one machine.
//!
//! Any number of processes may stand on one database. Every commit takes the lock on the one row of
//! `akson_head`, so commits have one order, one chain and no gaps, and preconditions are linearizable
//! across processes without a serialisation failure or a deadlock (`committer`). What a commit
//! replaces or removes is kept aside for a while with the numbers of the commits between which it
//! stood, so a snapshot is no more than a commit's number and needs no transaction of its own
//! (`reader`): reads of many callers share a statement, and a snapshot is the same on every connection.
//!
//! What other processes change is heard of on the way (`news`), so what was read by id lately is kept in
//! memory (`recent`).
//!
//! Work that takes hours reads in one transaction of the database's own (`lasting`). Here: settings,
//! opening, and the parts put together. Not here: tables (`schema`), tables divided over parts or machines
//! (`shards`, `divided`), filling empty ones (`filling`).

mod committer;
mod connection;
mod divided;
pub(crate) mod filling;
mod lasting;
mod news;
mod pulse;
mod reader;
mod recent;
mod schema;
mod shards;
mod snapshot;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use akson_base::{Clock, Problem};

use super::high_water::Mark;
use super::queue::{Limits, Queue};
use super::{Committed, Done, Engine, Snapshot, Transaction, Watcher};
use connection::{Database, Threads};
use lasting::LastingSnapshot;
use news::News;
use pulse::{Health, Pulse};
use reader::Reader;
use recent::Recent;
use shards::Layout;
use snapshot::PostgresSnapshot;

/// How long a snapshot can be read after a later commit changed what it shows. Older ones answer
/// `STO-078`.
pub const SNAPSHOT_SECONDS_MAX: u64 = 120;

/// How the engine uses its database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections that read. One more commits, and one tidies now and then.
    pub readers: usize,
    /// How long a request waits for a database that does not answer.
    pub patience: Duration,
    /// Transactions that may wait.
    pub waiting_max: usize,
    /// Bytes of transactions that may wait.
    pub waiting_bytes_max: usize,
    /// Transactions in one commit.
    pub group_max: usize,
    /// Bytes of transactions in one commit; a larger transaction gets a commit of its own.
    pub group_bytes_max: usize,
    /// Bytes of resources read by id lately that are kept in memory.
    pub recent_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            patience: Duration::from_secs(30),
            waiting_max: 16_384,
            waiting_bytes_max: 512 << 20,
            group_max: 1_024,
            group_bytes_max: 8 << 20,
            recent_bytes: 64 << 20,
        }
    }
}

/// Counters for operators.
#[derive(Default)]
struct Counters {
    groups: AtomicU64,
    transactions: AtomicU64,
    refused: AtomicU64,
    write_microseconds: AtomicU64,
    reads: AtomicU64,
    reads_kept: AtomicU64,
    statements: AtomicU64,
    connections_lost: AtomicU64,
}

/// What the threads and tasks share.
struct Shared {
    queue: Queue,
    database: Database,
    counters: Counters,
    news: News,
    acknowledged: Mutex<Committed>,
    pulse: Pulse,
    options: Options,
    layout: Layout,
}

impl Shared {
    fn acknowledge(&self, committed: Committed) {
        let mut newest = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.commit < committed.commit {
            *newest = committed;
        }
    }
}

/// The engine over one PostgreSQL database. Dropping it finishes what waits.
pub struct PostgresEngine {
    shared: Arc<Shared>,
    reader: Arc<Reader>,
    committer: Option<JoinHandle<()>>,
    threads: Threads,
}

impl PostgresEngine {
    /// Connects, brings the tables to this program's form, and starts. `url` is a connection string
    /// as libpq takes it, several hosts included.
    ///
    /// # Errors
    /// `STO-076` the address cannot be read, or TLS not set up as it says; `STO-077` no database answers there; `STO-079` its tables
    /// are of a later program.
    pub fn open(url: &str, options: &Options, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let database = Database::at(url, options.patience)?;
        let threads = Threads::start()?;
        let runtime = threads.handle()?;
        // The caller may be in a runtime of its own.
        let (database, head) = connection::wait(&runtime, async move {
            let head = schema::prepare(&database).await;
            (database, head)
        })?;
        let (head, layout) = head?;
        let head = Committed { commit: head.commit, time: head.time };
        let limits = Limits {
            waiting_max: options.waiting_max,
            waiting_bytes_max: options.waiting_bytes_max,
            group_max: options.group_max.max(1),
            group_bytes_max: options.group_bytes_max,
            group_interval: Duration::ZERO,
        };
        let shared = Arc::new(Shared {
            queue: Queue::new(limits),
            database,
            counters: Counters::default(),
            news: News::new(head.commit, Recent::new(options.recent_bytes)),
            acknowledged: Mutex::new(head),
            pulse: Pulse::new(options.patience),
            options: options.clone(),
            layout,
        });
        let reader = Reader::start(&shared, &runtime);
        runtime.spawn(schema::tidy_past(Arc::downgrade(&shared)));
        let committer = committer::start(Arc::clone(&shared), clock, runtime)?;
        Ok(Self { shared, reader, committer: Some(committer), threads })
    }

    /// As [`Engine::lasting_snapshot`], with the newest commit as the database names it beside the
    /// entries: for checking one against the other.
    ///
    /// # Errors
    /// `STO-077` when the database does not answer.
    pub fn lasting_snapshot_and_head(&self) -> Result<(Arc<dyn Snapshot>, Mark), Problem> {
        let runtime = self.threads.handle()?;
        let shared = Arc::clone(&self.shared);
        let opened = connection::wait(&runtime.clone(), async move {
            LastingSnapshot::open(&shared.database, runtime).await
        });
        let (snapshot, head) = opened??;
        Ok((Arc::new(snapshot), head))
    }
}

impl Drop for PostgresEngine {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(committer) = self.committer.take() {
            // A thread that panicked has told its waiting callers nothing; there is no more to do.
            let _ = committer.join();
        }
        self.reader.close();
    }
}

impl Engine for PostgresEngine {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(PostgresSnapshot::new(Arc::clone(&self.reader)))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn lasting_snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem> {
        self.lasting_snapshot_and_head().map(|(snapshot, _)| snapshot)
    }

    fn submit(&self, transaction: Transaction, done: Done) {
        self.shared.queue.submit(transaction, done);
    }

    fn last_commit(&self) -> Committed {
        *self.shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> Result<(), Problem> {
        let health = self.shared.pulse.health();
        // The committer looks again when it next has something to do.
        if health != Health::Well && self.shared.queue.waiting().0 == 0 {
            self.submit(Transaction::default(), Box::new(|_| {}));
        }
        match health {
            Health::Well | Health::Quiet => Ok(()),
            Health::Ill(why) => Err(connection::unreachable(why)),
        }
    }

    fn stats(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.shared.counters;
        let (waiting, waiting_bytes) = self.shared.queue.waiting();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("commit", self.last_commit().commit),
            ("groups", read(&counters.groups)),
            ("transactions", read(&counters.transactions)),
            ("transactions_refused", read(&counters.refused)),
            ("write_microseconds", read(&counters.write_microseconds)),
            ("reads", read(&counters.reads)),
            ("reads_kept", read(&counters.reads_kept)),
            ("recent_bytes", self.shared.news.recent.bytes()),
            ("read_statements", read(&counters.statements)),
            ("connections_lost", read(&counters.connections_lost)),
            ("waiting", waiting as u64),
            ("waiting_bytes", waiting_bytes as u64),
        ]
    }

    fn watch(&self, watcher: Watcher) {
        self.shared.news.watch(watcher);
    }

    fn moment(&self) -> u64 {
        self.shared.news.moment()
    }

    fn hear_up_to(&self, moment: u64) -> Result<(), Problem> {
        // Mostly a read of this request's or another's has heard it by the way.
        if self.shared.news.has_heard(moment) { Ok(()) } else { self.reader.hear() }
    }

    /// Nothing: PostgreSQL writes and tidies by itself (autovacuum).
    fn settle(&self) -> Result<(), Problem> {
        Ok(())
    }
}
