//! Group commit on PostgreSQL: one thread, one connection, two trips per group.
//!
//! The first trip takes the lock on the newest commit's row and fetches what the preconditions ask
//! about; the second writes everything and commits. Processes take turns by that lock, so the number,
//! the time and the chain go on from whoever committed last. A connection that breaks is made anew and
//! the group tried again; when it broke on the way to the commit, the chain tells whether the commit
//! is there. A database that does not answer is given up when the oldest of a group has waited for as
//! long as a request may; those who came later wait on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use akson_base::{Clock, Kind, Problem};
use bytes::Bytes;
use futures_util::future::{try_join_all, try_join3, try_join4, try_join5};
use rustc_hash::FxHashMap;
use tokio::runtime::Handle;
use tokio::time::timeout_at;
use tokio_postgres::{Client, Error, Row, Statement};

use super::Shared;
use super::connection::{PAUSE, may_pass, refused, unreachable};
use super::divided::{self, Writes};
use super::news::Resources;
use super::schema::number;
use super::shards::{Layout, shard_of};
use crate::engine::chain::{self, RecordDigest, RecordEncoder};
use crate::engine::committer::{check, is_empty, micros, stamp};
use crate::engine::overlay::Overlay;
use crate::engine::queue::{Next, Waiting};
use crate::engine::{
    CommitError, Committed, Direction, Done, Op, Precondition, Range, Snapshot, Transaction, Visit,
};
use crate::keys;

/// Bytes and rows that one statement writes.
const STATEMENT_BYTES_MAX: usize = 8 << 20;
const STATEMENT_ROWS_MAX: usize = 20_000;
/// Ranges asked about without waiting for the answer to the one before.
const PIPELINED_MAX: usize = 16;

/// Shortest time for a try, when its callers have waited elsewhere.
const TRY_MIN: Duration = Duration::from_secs(1);
/// Shortest time for writing, which is not given up lightly: its outcome has to be looked up then.
const WRITE_MIN: Duration = Duration::from_secs(5);
/// What any database writes of a large group in a second, in bytes.
const WRITTEN_PER_SECOND: usize = 4 << 20;

/// A connection whose program stops between the two trips of a commit holds the lock that everybody
/// commits under: the server ends it.
const SETTINGS: &str = "SET idle_in_transaction_session_timeout = '10s'";

const VALUES: &str = "SELECT k, substring(v FROM 1 FOR $2) FROM akson_entry WHERE k = ANY($1)";
const RANGE: &str = "SELECT k FROM akson_entry WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3";
const PUT: &str = "WITH moved AS (INSERT INTO akson_past (k, since, until, v) \
     SELECT k, since, $3, v FROM akson_entry WHERE k = ANY($1)) \
     INSERT INTO akson_entry (k, since, v) SELECT p.k, $3, p.v FROM unnest($1, $2::bytea[]) AS p(k, v) \
     ON CONFLICT (k) DO UPDATE SET since = excluded.since, v = excluded.v";
const REMOVE: &str = "WITH gone AS (DELETE FROM akson_entry WHERE k = ANY($1) RETURNING k, since, v) \
     INSERT INTO akson_past (k, since, until, v) SELECT k, since, $2, v FROM gone";
const TOUCH: &str = "INSERT INTO akson_touched (commit, resources) VALUES ($1, $2)";
const ADVANCE: &str = "UPDATE akson_head SET commit = $1, time = $2, digest = $3";

/// Takes the lock.
fn head_statement(layout: Layout) -> String {
    format!("SELECT commit, time, digest, {} FROM akson_head FOR UPDATE", layout.newest())
}

/// Starts the thread; it ends when the queue is closed and empty.
pub(super) fn start(
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
) -> Result<JoinHandle<()>, Problem> {
    let committer =
        Committer { shared, clock, runtime, encoder: RecordEncoder::default(), open: None };
    std::thread::Builder::new()
        .name("akson-commit".to_owned())
        .spawn(move || committer.run_guarded())
        .map_err(|e| Problem::fault("STO-052", format!("could not start a thread: {e}")))
}

struct Statements {
    head: Statement,
    entries: Entries,
    touch: Statement,
    advance: Statement,
}

enum Entries {
    Whole { values: Statement, range: Statement, put: Statement, remove: Statement },
    Divided(Writes),
}

impl Entries {
    async fn prepare(client: &Client, layout: Layout) -> Result<Self, Error> {
        if layout.is_divided() {
            return Writes::prepare(client).await.map(Self::Divided);
        }
        Ok(Self::Whole {
            values: client.prepare(VALUES).await?,
            range: client.prepare(RANGE).await?,
            put: client.prepare(PUT).await?,
            remove: client.prepare(REMOVE).await?,
        })
    }

    /// Keys and the beginnings of their values.
    async fn values(&self, client: &Client, keys: &[&[u8]], bytes: i32) -> Result<Vec<Row>, Error> {
        match self {
            _ if keys.is_empty() => Ok(Vec::new()),
            Self::Whole { values, .. } => client.query(values, &[&keys, &bytes]).await,
            Self::Divided(writes) => writes.values(client, keys, bytes).await,
        }
    }

    /// The first keys of a range.
    async fn range(&self, client: &Client, range: Range, limit: i64) -> Result<Vec<Row>, Error> {
        match self {
            Self::Whole { range: statement, .. } => {
                client.query(statement, &[&range.start, &range.end, &limit]).await
            }
            Self::Divided(writes) => writes.range(client, &range, limit).await,
        }
    }
}

type Open = (Client, Statements);

struct Committer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    encoder: RecordEncoder,
    open: Option<Open>,
}

/// How a try to commit a group failed.
enum Failure {
    /// Nothing was committed; another connection may do better.
    Passing(String),
    /// The connection broke on the way to this commit.
    Unknown(String, Made),
    /// Nothing was committed, and trying again would not help.
    Final(Problem),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if may_pass(&error) {
            Self::Passing(error.to_string())
        } else {
            Self::Final(refused(&error))
        }
    }
}

/// Those who wait for one commit, in the order in which they came.
struct Callers {
    transactions: Vec<Transaction>,
    dones: Vec<Done>,
    since: Vec<Instant>,
}

impl Callers {
    fn of(waiting: Vec<Waiting>) -> Self {
        let mut callers = Self { transactions: Vec::new(), dones: Vec::new(), since: Vec::new() };
        for one in waiting {
            callers.transactions.push(one.transaction);
            callers.dones.push(one.done);
            callers.since.push(one.since);
        }
        callers
    }

    /// Takes out the first, and all others who have waited for so long.
    fn take_late(&mut self, patience: Duration) -> Vec<Done> {
        let late = self.since.iter().take_while(|since| since.elapsed() >= patience).count();
        let late = late.max(1).min(self.dones.len());
        self.transactions.drain(..late);
        self.since.drain(..late);
        self.dones.drain(..late).collect()
    }
}

type Verdicts = Vec<Result<(), CommitError>>;

/// A group that was decided upon.
pub(super) struct Made {
    pub(super) committed: Committed,
    digest: RecordDigest,
    verdicts: Verdicts,
}

impl Committer {
    /// Whoever waits must hear if this thread dies, be it only that their `done` is dropped.
    fn run_guarded(mut self) {
        let shared = Arc::clone(&self.shared);
        if catch_unwind(AssertUnwindSafe(|| self.run())).is_err() {
            tracing::error!("the committer panicked; nothing is written until a restart");
            shared.pulse.gave_up();
            shared.queue.abandon();
        }
    }

    fn run(&mut self) {
        loop {
            match self.shared.queue.next() {
                Next::Group(waiting) => self.serve(Callers::of(waiting)),
                // Whoever asked may have gone.
                Next::Settle(tell) => drop(tell.send(Ok(()))),
                Next::Close => return,
            }
        }
    }

    /// Commits for all of them, or tells them why not.
    fn serve(&mut self, mut callers: Callers) {
        let patience = self.shared.options.patience;
        let runtime = self.runtime.clone();
        while let Some(&oldest) = callers.since.first() {
            self.shared.pulse.begin(oldest);
            let until = (oldest + patience).max(Instant::now() + TRY_MIN);
            let outcome = runtime.block_on(self.commit(&mut callers.transactions, until));
            match outcome {
                Ok(_) => self.shared.pulse.got_through(),
                Err(_) => self.shared.pulse.gave_up(),
            }
            let outcome = match outcome {
                Err(Failure::Passing(why)) => {
                    let late = callers.take_late(patience);
                    self.tell(late, Err(unreachable(&why)));
                    continue;
                }
                Err(Failure::Unknown(_, made)) => Err(unknown(made.committed.commit)),
                Err(Failure::Final(problem)) => Err(problem),
                Ok(done) => Ok(done),
            };
            return self.tell(callers.dones, outcome);
        }
    }

    fn tell(&self, dones: Vec<Done>, outcome: Result<(Committed, Verdicts), Problem>) {
        let (committed, verdicts) = outcome.unwrap_or_else(|problem| {
            let verdict = || Err(CommitError::Problem(problem.clone()));
            let verdicts = std::iter::repeat_with(verdict).take(dones.len()).collect();
            (Committed { commit: 0, time: 0 }, verdicts)
        });
        let counters = &self.shared.counters;
        let refused = verdicts.iter().filter(|verdict| verdict.is_err()).count();
        counters.transactions.fetch_add(verdicts.len() as u64, Ordering::Relaxed);
        counters.refused.fetch_add(refused as u64, Ordering::Relaxed);
        self.shared.acknowledge(committed);
        for (done, verdict) in dones.into_iter().zip(verdicts) {
            let outcome = verdict.map(|()| committed);
            if catch_unwind(AssertUnwindSafe(|| done(outcome))).is_err() {
                tracing::error!("a caller panicked on hearing of its commit");
            }
        }
    }

    /// Commits a group, trying again until then.
    async fn commit(
        &mut self,
        transactions: &mut [Transaction],
        until: Instant,
    ) -> Result<(Committed, Verdicts), Failure> {
        let began = Instant::now();
        loop {
            let failure = match self.try_commit(transactions, until).await {
                Ok(done) => {
                    let counters = &self.shared.counters;
                    counters.write_microseconds.fetch_add(micros(began), Ordering::Relaxed);
                    return Ok(done);
                }
                Err(failure) => failure,
            };
            self.give_up();
            match failure {
                Failure::Passing(why) if Instant::now() < until => {
                    tracing::warn!("a group is committed anew: {why}");
                    tokio::time::sleep(PAUSE).await;
                }
                Failure::Unknown(why, made) => {
                    let commit = made.committed.commit;
                    tracing::warn!("the outcome of commit {commit} is looked up: {why}");
                    match self.is_committed(&made).await {
                        Ok(true) => return Ok((made.committed, made.verdicts)),
                        Ok(false) => {}
                        Err(why) => return Err(Failure::Unknown(why.to_string(), made)),
                    }
                }
                failure @ (Failure::Passing(_) | Failure::Final(_)) => return Err(failure),
            }
        }
    }

    /// Whatever went wrong, the next try begins with nothing open.
    fn give_up(&mut self) {
        self.shared.counters.connections_lost.fetch_add(1, Ordering::Relaxed);
        if let Some((client, _)) = self.open.take()
            && !client.is_closed()
        {
            self.shared.database.give_up(client.cancel_token());
        }
    }

    async fn try_commit(
        &mut self,
        transactions: &mut [Transaction],
        until: Instant,
    ) -> Result<(Committed, Verdicts), Failure> {
        if self.open.is_none() {
            self.open = Some(in_time(until, self.connect(until)).await?);
        }
        let Some((client, statements)) = &self.open else {
            return Err(Failure::Final(unreachable("not connected")));
        };
        let layout = self.shared.layout;
        let fetched = fetch_shown(client, statements, layout, transactions);
        let (head, fetched) = in_time(until, fetched).await?;
        let commit = head.commit + 1;
        let time = self.clock.now().0.max(head.time);
        for transaction in transactions.iter_mut() {
            stamp(&mut transaction.ops, commit, time);
        }
        let verdicts = verdicts(transactions, &fetched);
        let accepted: Vec<&Transaction> = transactions
            .iter()
            .zip(&verdicts)
            .filter_map(|(transaction, verdict)| verdict.is_ok().then_some(transaction))
            .collect();
        if accepted.iter().all(|transaction| is_empty(transaction)) {
            let undone = async { Ok(client.batch_execute("ROLLBACK").await?) };
            in_time(until, undone).await?;
            return Ok((Committed { commit: head.commit, time: head.time }, verdicts));
        }
        let (record, digest) =
            self.encoder.encode(commit, time, &head.digest, accepted.iter().copied());
        let final_ops = Final::of(&accepted, (keys::commit(commit), record));
        let made = Made { committed: Committed { commit, time }, digest, verdicts };
        let bound = until.max(Instant::now() + WRITE_MIN) + final_ops.writing_time();
        let written = async {
            write(client, statements, &final_ops, &made).await?;
            divided::show(client, layout, commit).await
        };
        match timeout_at(bound.into(), written).await {
            Ok(Ok(())) => {
                self.shared.counters.groups.fetch_add(1, Ordering::Relaxed);
                self.shared.news.committed(commit, &final_ops.resources);
                Ok((made.committed, made.verdicts))
            }
            // A server that goes away may have committed before it did.
            Ok(Err(error)) if may_pass(&error) => Err(Failure::Unknown(error.to_string(), made)),
            Ok(Err(error)) => Err(Failure::Final(refused(&error))),
            Err(_) => Err(Failure::Unknown(NO_ANSWER.to_owned(), made)),
        }
    }

    async fn connect(&self, until: Instant) -> Result<Open, Failure> {
        let connected = self.shared.database.connect_until(until.into()).await;
        let client = connected.map_err(|problem| {
            let may_come = problem.kind == Kind::Busy;
            if may_come { Failure::Passing(problem.for_log) } else { Failure::Final(problem) }
        })?;
        client.batch_execute(SETTINGS).await?;
        let statements = Statements {
            head: client.prepare(&head_statement(self.shared.layout)).await?,
            entries: Entries::prepare(&client, self.shared.layout).await?,
            touch: client.prepare(TOUCH).await?,
            advance: client.prepare(ADVANCE).await?,
        };
        Ok((client, statements))
    }

    /// Whether a commit whose answer was lost is there, and as durable as any.
    async fn is_committed(&self, made: &Made) -> Result<bool, Problem> {
        let until = Instant::now() + self.shared.options.patience;
        loop {
            let client = self.shared.database.connect_until(until.into()).await?;
            match timeout_at(until.into(), look_up(&client, self.shared.layout, made)).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) if may_pass(&error) && Instant::now() < until => {
                    tracing::warn!("looked up anew: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(Err(error)) => return Err(refused(&error)),
                Err(_) => {
                    self.shared.database.give_up(client.cancel_token());
                    return Err(unreachable(NO_ANSWER));
                }
            }
        }
    }
}

const NO_ANSWER: &str = "no answer in time";

/// What comes of it, if it comes until then.
async fn in_time<T>(
    until: Instant,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = timeout_at(until.into(), work).await;
    done.unwrap_or_else(|_| Err(Failure::Passing(NO_ANSWER.to_owned())))
}

async fn look_up(client: &Client, layout: Layout, made: &Made) -> Result<bool, Error> {
    client.batch_execute("BEGIN").await?;
    // A server process that is still at the lost commit holds this lock.
    client.query_one(&head_statement(layout), &[]).await?;
    let key = keys::commit(made.committed.commit);
    let row = if layout.is_divided() {
        let record = "SELECT v FROM akson_entry WHERE shard = $1 AND k = $2";
        client.query_opt(record, &[&shard_of(&key), &key]).await?
    } else {
        client.query_opt("SELECT v FROM akson_entry WHERE k = $1", &[&key]).await?
    };
    // Its commit waits for the standby as every commit does; one that was interrupted while it waited
    // for the standby is behind it then.
    client.batch_execute("UPDATE akson_horizon SET commit = commit; COMMIT").await?;
    let record = row.and_then(|row| chain::decode(row.get(0)).ok());
    divided::catch_up(client, layout).await?;
    Ok(record.is_some_and(|record| record.digest == made.digest))
}

fn unknown(commit: u64) -> Problem {
    let text = format!(
        "the connection to the database broke on the way to commit {commit} and was not made anew in \
         time: whether it is stored is not known"
    );
    Problem::fault("STO-081", text)
}

/// The newest commit.
struct Head {
    commit: u64,
    /// The newest that is done on every part of the tables.
    shown: u64,
    time: i64,
    digest: RecordDigest,
}

/// What the preconditions of a group ask about.
#[derive(Default)]
struct Fetched {
    values: FxHashMap<Vec<u8>, Bytes>,
    ranges: FxHashMap<(Vec<u8>, Vec<u8>), Vec<Bytes>>,
}

/// As [`fetch`], when the newest commit is done on every part of the tables.
async fn fetch_shown(
    client: &Client,
    statements: &Statements,
    layout: Layout,
    transactions: &[Transaction],
) -> Result<(Head, Fetched), Failure> {
    loop {
        let (head, fetched) = fetch(client, statements, transactions).await?;
        if head.shown >= head.commit {
            return Ok((head, fetched));
        }
        // What was fetched may be from before that commit.
        client.batch_execute("ROLLBACK").await?;
        divided::catch_up(client, layout).await?;
    }
}

/// Takes the lock and fetches what the preconditions ask about, in one trip.
async fn fetch(
    client: &Client,
    statements: &Statements,
    transactions: &[Transaction],
) -> Result<(Head, Fetched), Failure> {
    let asked = Asked::of(transactions);
    let begin = client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED");
    let head = client.query_one(&statements.head, &[]);
    let entries = &statements.entries;
    let values = entries.values(client, &asked.keys, asked.prefix);
    let mut rows = Vec::with_capacity(asked.ranges.len());
    let (few, rest) = asked.ranges.split_at(asked.ranges.len().min(PIPELINED_MAX));
    let ranges = |some: &[(Range, i64)]| {
        let some = some.iter().cloned();
        try_join_all(some.map(|(range, limit)| entries.range(client, range, limit)))
    };
    let sent = try_join4(begin, head, values, ranges(few));
    let ((), head, values, first) = sent.await?;
    rows.extend(first);
    for piece in rest.chunks(PIPELINED_MAX) {
        rows.extend(ranges(piece).await?);
    }
    let digest = RecordDigest::try_from(head.get::<_, &[u8]>(2))
        .map_err(|_| Failure::Final(Problem::fault("STO-050", "the newest digest is damaged")))?;
    let (commit, shown) = (number(head.get(0)), number(head.get(3)));
    let head = Head { commit, shown, time: head.get(1), digest };
    let ranges = asked.ranges.into_iter().zip(rows).map(|((range, _), rows)| {
        ((range.start, range.end), rows.iter().map(|row| bytes(row, 0)).collect())
    });
    let values = values.iter().map(|row| (row.get(0), bytes(row, 1)));
    Ok((head, Fetched { values: values.collect(), ranges: ranges.collect() }))
}

fn bytes(row: &Row, column: usize) -> Bytes {
    Bytes::copy_from_slice(row.get(column))
}

/// What a group's preconditions ask about.
struct Asked<'a> {
    keys: Vec<&'a [u8]>,
    /// Bytes of each value that matter.
    prefix: i32,
    /// Ranges, and how many keys of each decide.
    ranges: Vec<(Range, i64)>,
}

impl<'a> Asked<'a> {
    fn of(transactions: &'a [Transaction]) -> Self {
        let mut asked = Self { keys: Vec::new(), prefix: 1, ranges: Vec::new() };
        let removed = transactions.iter().flat_map(|t| &t.ops);
        let removed = removed.filter(|op| matches!(op, Op::Delete { .. })).count();
        for precondition in transactions.iter().flat_map(|t| &t.preconditions) {
            match precondition {
                Precondition::Absent(key) => asked.keys.push(key),
                Precondition::Begins(key, prefix) => {
                    asked.keys.push(key);
                    let length = i32::try_from(prefix.len()).unwrap_or(i32::MAX);
                    asked.prefix = asked.prefix.max(length);
                }
                Precondition::OnlyKeys(range, keys) => {
                    let limit = i64::try_from(keys.len() + removed + 1).unwrap_or(i64::MAX);
                    if let Some((_, most)) = asked.ranges.iter_mut().find(|(r, _)| r == range) {
                        *most = (*most).max(limit);
                    } else {
                        asked.ranges.push((range.clone(), limit));
                    }
                }
            }
        }
        asked.keys.sort_unstable();
        asked.keys.dedup();
        asked
    }
}

/// Whether each transaction may be applied, each seeing the ones before it.
fn verdicts(transactions: &[Transaction], fetched: &Fetched) -> Verdicts {
    let ranges = !fetched.ranges.is_empty();
    let mut overlay = Overlay::new(ranges);
    let verdict = |transaction| {
        let verdict = check(transaction, fetched, &overlay);
        if verdict.is_ok() {
            overlay.add(&transaction.ops);
        }
        verdict
    };
    transactions.iter().map(verdict).collect()
}

impl Snapshot for Fetched {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        Ok(self.values.get(key).cloned())
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Of the ranges that were asked about, upwards, keys alone.
    fn visit(
        &self,
        range: &Range,
        _direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        let found = self.ranges.get(&(range.start.clone(), range.end.clone()));
        for key in found.into_iter().flatten() {
            if !visit(key, &[])? {
                break;
            }
        }
        Ok(())
    }
}

/// Keys and their values, side by side.
pub(super) type Piece<'a> = (Vec<&'a [u8]>, Vec<&'a [u8]>);

/// What a group comes to: one change of each key, in the keys' order.
pub(super) struct Final<'a> {
    pub(super) puts: Vec<(&'a [u8], &'a [u8])>,
    pub(super) removed: Vec<&'a [u8]>,
    record: (Vec<u8>, Vec<u8>),
    /// What others are told of it.
    resources: Resources,
}

impl<'a> Final<'a> {
    fn of(accepted: &[&'a Transaction], record: (Vec<u8>, Vec<u8>)) -> Self {
        let mut last: BTreeMap<&[u8], Option<&[u8]>> = BTreeMap::new();
        for op in accepted.iter().flat_map(|transaction| &transaction.ops) {
            match op {
                Op::Put { key, value, .. } => last.insert(key, Some(value)),
                Op::Delete { key } => last.insert(key, None),
            };
        }
        let resources = Resources::default();
        let mut made = Self { puts: Vec::new(), removed: Vec::new(), record, resources };
        for (key, value) in last {
            made.resources.add(key);
            match value {
                Some(value) => made.puts.push((key, value)),
                None => made.removed.push(key),
            }
        }
        made
    }

    /// What the mere amount takes to write.
    fn writing_time(&self) -> Duration {
        let bytes: usize = self.puts.iter().map(|(key, value)| key.len() + value.len()).sum();
        Duration::from_secs((bytes / WRITTEN_PER_SECOND) as u64)
    }

    /// The entries to set, in pieces that one statement takes.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let (key, value) = &self.record;
        let mut pieces = vec![(vec![key.as_slice()], vec![value.as_slice()])];
        let mut bytes = key.len() + value.len();
        for (key, value) in &self.puts {
            let more = key.len() + value.len();
            let full = bytes + more > STATEMENT_BYTES_MAX;
            match pieces.last_mut().filter(|(keys, _)| !full && keys.len() < STATEMENT_ROWS_MAX) {
                Some((keys, values)) => {
                    keys.push(key);
                    values.push(value);
                    bytes += more;
                }
                None => {
                    pieces.push((vec![*key], vec![*value]));
                    bytes = more;
                }
            }
        }
        pieces
    }
}

/// Writes a group and commits: one trip, unless it is very large.
async fn write(
    client: &Client,
    statements: &Statements,
    made: &Final<'_>,
    group: &Made,
) -> Result<(), Error> {
    let commit = i64::try_from(group.committed.commit).unwrap_or(i64::MAX);
    let time = group.committed.time;
    let digest = group.digest.as_slice();
    let touch = async {
        if made.resources.are_none() {
            return Ok(0);
        }
        client.execute(&statements.touch, &[&commit, &made.resources.stored()]).await
    };
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&commit, &time, &digest];
    let advance = client.execute(&statements.advance, &parameters);
    let end = client.batch_execute("COMMIT");
    let (put, remove) = match &statements.entries {
        Entries::Whole { put, remove, .. } => (put, remove),
        Entries::Divided(writes) => {
            let end = async { try_join3(touch, advance, end).await.map(|_| Vec::new()) };
            return writes.write(client, made, group, Box::pin(end)).await;
        }
    };
    let mut pieces = made.pieces();
    let last = pieces.pop();
    for (keys, values) in pieces {
        client.execute(put, &[&keys, &values, &commit]).await?;
    }
    let last = async {
        let Some((keys, values)) = last else { return Ok(0) };
        client.execute(put, &[&keys, &values, &commit]).await
    };
    let remove = async {
        if made.removed.is_empty() {
            return Ok(0);
        }
        client.execute(remove, &[&made.removed, &commit]).await
    };
    // In an aborted transaction COMMIT succeeds and undoes; then one of the others has failed.
    try_join5(last, remove, touch, advance, end).await.map(|_| ())
}
