//! Reads: many callers' keys in one statement, ranges sent one after another without waiting.
//!
//! Each connection takes what waits, asks the database once, and answers everybody. A read that
//! names no commit is answered as of the newest one, and told which that was; everything else it
//! asks is answered as of that commit, from what stands now and what is past. The answer to a read that
//! names no commit comes after this process has heard what the commits up to then changed (`news`). What was
//! read by id lately is kept (`recent`): of that only the newest commit is asked for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use bytes::Bytes;
use futures_util::future::{join_all, join4};
use rustc_hash::FxHashMap;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_postgres::{Client, Row, Statement};

use super::Shared;
use super::connection::{PAUSE, blocking, may_pass, refused, unreachable};
use super::divided::Reads;
use super::news::{Hearing, NOTHING_NEW, News, Told, touched_since};
use super::recent::Kept;
use super::schema::number;
use super::shards::Layout;
use crate::engine::{Direction, Lead, Range};

/// Reads that share a trip to the database.
const BATCH_MAX: usize = 256;

/// What a caller wants.
pub(super) enum What {
    /// The values of these keys, in this order.
    Keys(Vec<Vec<u8>>),
    /// The value of a key, and the value of the key that it leads to.
    Led { key: Vec<u8>, lead: Lead },
    /// Up to `limit` entries of a range.
    Range { range: Range, direction: Direction, limit: usize },
}

/// What it gets.
pub(super) enum Found {
    Values(Vec<Option<Bytes>>),
    Entries(Vec<(Bytes, Bytes)>),
}

/// An answer, and as of which commit it holds.
pub(super) struct Answer {
    pub(super) commit: u64,
    pub(super) found: Found,
}

pub(super) struct Ask {
    pub(super) commit: Option<u64>,
    pub(super) what: What,
    asked: Instant,
    tell: Tell,
}

/// Who waits for an answer.
enum Tell {
    Thread(SyncSender<Result<Answer, Problem>>),
    Task(oneshot::Sender<Result<Answer, Problem>>),
}

/// The waiting reads and the connections that answer them.
pub(super) struct Reader {
    waiting: Mutex<VecDeque<Ask>>,
    wake: Notify,
    closed: AtomicBool,
    shared: Arc<Shared>,
    /// Whose clock tells when a task has waited for too long.
    runtime: Handle,
}

impl Reader {
    pub(super) fn start(shared: &Arc<Shared>, runtime: &Handle) -> Arc<Self> {
        let reader = Arc::new(Self {
            waiting: Mutex::default(),
            wake: Notify::new(),
            closed: AtomicBool::new(false),
            shared: Arc::clone(shared),
            runtime: runtime.clone(),
        });
        for _ in 0..shared.options.readers.max(1) {
            runtime.spawn(run(Arc::clone(&reader)));
        }
        reader
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake.notify_waiters();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Asks and waits. `commit`: as of which; `None` is as of now.
    pub(super) fn ask(&self, commit: Option<u64>, what: What) -> Result<Answer, Problem> {
        let (tell, told) = sync_channel(1);
        self.line_up(commit, what, Tell::Thread(tell))?;
        match blocking(|| told.recv_timeout(self.shared.options.patience)) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(too_late()),
            Err(RecvTimeoutError::Disconnected) => Err(given_up()),
        }
    }

    /// As [`Reader::ask`], for a task of any runtime: no thread waits.
    pub(super) async fn ask_meanwhile(
        &self,
        commit: Option<u64>,
        what: What,
    ) -> Result<Answer, Problem> {
        let (tell, told) = oneshot::channel();
        self.line_up(commit, what, Tell::Task(tell))?;
        let told = {
            let _clock = self.runtime.enter();
            timeout(self.shared.options.patience, told)
        };
        told.await.map_err(|_| too_late())?.map_err(|_| given_up())?
    }

    fn line_up(&self, commit: Option<u64>, what: What, tell: Tell) -> Result<(), Problem> {
        if self.closed.load(Ordering::Acquire) {
            return Err(unreachable("the engine is closed"));
        }
        let ask = Ask { commit, what, asked: Instant::now(), tell };
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(ask);
        self.wake.notify_one();
        Ok(())
    }

    /// Hears what was committed until now.
    pub(super) fn hear(&self) -> Result<(), Problem> {
        self.ask(None, What::Keys(Vec::new())).map(drop)
    }

    /// Those whose callers still wait.
    fn take(&self) -> Vec<Ask> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.shared.options.patience;
        let mut asks = Vec::with_capacity(waiting.len().min(BATCH_MAX));
        while asks.len() < BATCH_MAX
            && let Some(ask) = waiting.pop_front()
        {
            if ask.asked.elapsed() < patience {
                asks.push(ask);
            }
        }
        asks
    }

    /// Puts back what was not answered, first in the row, but for what has waited too long.
    fn put_back(&self, asks: Vec<Ask>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for ask in asks.into_iter().rev() {
            if ask.asked.elapsed() < self.shared.options.patience {
                waiting.push_front(ask);
            } else {
                answer(ask, Err(unreachable("a read waited for as long as it may")));
            }
        }
        drop(waiting);
        self.wake.notify_one();
    }
}

pub(super) fn answer(ask: Ask, outcome: Result<Answer, Problem>) {
    // Whoever asked may have gone.
    match ask.tell {
        Tell::Thread(tell) => drop(tell.send(outcome)),
        Tell::Task(tell) => drop(tell.send(outcome)),
    }
}

fn too_late() -> Problem {
    unreachable("a read was not answered in time")
}

fn given_up() -> Problem {
    unreachable("a read was given up")
}

/// The statements of a connection.
enum Statements {
    Whole(Whole),
    Divided(Reads),
}

/// Those that ask whole tables.
struct Whole {
    keys: Statement,
    led: Statement,
    bounds: Statement,
    up: Statement,
    down: Statement,
}

/// One row: the newest commit, the horizon, and what was touched since a commit.
pub(super) fn bounds_statement(since: &str, layout: Layout) -> String {
    let (touched, newest) = (touched_since(since), layout.newest());
    format!(
        "SELECT NULL::bytea, (SELECT {newest} FROM akson_head), (SELECT commit FROM akson_horizon), \
         {touched}"
    )
}

/// What stands under these keys now, what stood, and the bounds.
fn keys_statement() -> String {
    format!(
        "SELECT k, since, NULL::bigint, v FROM akson_entry WHERE k = ANY($1) \
         UNION ALL SELECT k, since, until, v FROM akson_past WHERE k = ANY($1) UNION ALL {}",
        bounds_statement("$2::bigint", Layout::Whole)
    )
}

/// As [`keys_statement`], and whatever those lead to: `$3` and `$4` are the lead of each key.
fn led_statement() -> String {
    let mut parts = Vec::new();
    for from in ["akson_entry", "akson_past"] {
        for (table, until) in [("akson_entry", "NULL::bigint"), ("akson_past", "found.until")] {
            parts.push(format!(
                "SELECT found.k, found.since, {until}, found.v \
                 FROM unnest($1::bytea[], $3::bytea[], $4::int[]) AS asked (k, letter, bytes) \
                 JOIN {from} AS led ON led.k = asked.k \
                 JOIN {table} AS found ON found.k = asked.letter || substring(led.v FOR asked.bytes)"
            ));
        }
    }
    format!("{} UNION ALL {}", parts.join(" UNION ALL "), keys_statement())
}

fn range_statement(order: &str) -> String {
    format!(
        "(SELECT k, since, until, v FROM (\
         (SELECT k, since, NULL::bigint AS until, v FROM akson_entry \
          WHERE k >= $1 AND k < $2 AND since <= $3 ORDER BY k {order} LIMIT $4) \
         UNION ALL \
         (SELECT k, since, until, v FROM akson_past \
          WHERE k >= $1 AND k < $2 AND since <= $3 AND until > $3 ORDER BY k {order} LIMIT $4)\
         ) AS both_tables ORDER BY k {order} LIMIT $4) UNION ALL {}",
        bounds_statement("$5::bigint", Layout::Whole)
    )
}

async fn prepare(client: &Client) -> Result<Whole, tokio_postgres::Error> {
    Ok(Whole {
        keys: client.prepare(&keys_statement()).await?,
        led: client.prepare(&led_statement()).await?,
        bounds: client.prepare(&bounds_statement("$1::bigint", Layout::Whole)).await?,
        up: client.prepare(&range_statement("ASC")).await?,
        down: client.prepare(&range_statement("DESC")).await?,
    })
}

/// One connection's work, for as long as the engine is open.
async fn run(reader: Arc<Reader>) {
    let mut open: Option<(Client, Statements)> = None;
    while !reader.closed.load(Ordering::Acquire) {
        let asks = reader.take();
        if asks.is_empty() {
            // A missed call is made good by looking again.
            let _ = tokio::time::timeout(Duration::from_millis(200), reader.wake.notified()).await;
            continue;
        }
        if asks.len() == BATCH_MAX {
            // More may wait: another connection takes it.
            reader.wake.notify_one();
        }
        let (client, statements) = match open.take() {
            Some(open) => open,
            None => match connect(&reader).await {
                Ok(Some(open)) => open,
                Ok(None) => {
                    reader.put_back(asks);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(problem) => {
                    asks.into_iter().for_each(|ask| answer(ask, Err(problem.clone())));
                    continue;
                }
            },
        };
        let served = async {
            match &statements {
                Statements::Whole(whole) => serve(&reader, &client, whole, asks).await,
                Statements::Divided(reads) => reads.serve(&reader, &client, asks).await,
            }
        };
        let lost = match timeout(reader.shared.options.patience, served).await {
            Ok(Ok(())) => {
                open = Some((client, statements));
                continue;
            }
            Ok(Err(asks)) => asks,
            // Nobody waits any more for what was asked so long ago.
            Err(_) => {
                reader.shared.database.give_up(client.cancel_token());
                Vec::new()
            }
        };
        reader.shared.counters.connections_lost.fetch_add(1, Ordering::Relaxed);
        reader.put_back(lost);
    }
}

/// A connection and its statements; nothing when it broke meanwhile.
async fn connect(reader: &Reader) -> Result<Option<(Client, Statements)>, Problem> {
    let client = reader.shared.database.connect().await?;
    let layout = reader.shared.layout;
    let prepared = async {
        if layout.is_divided() {
            return Reads::prepare(&client, layout).await.map(Statements::Divided);
        }
        prepare(&client).await.map(Statements::Whole)
    };
    match timeout(reader.shared.options.patience, prepared).await {
        Ok(Ok(statements)) => Ok(Some((client, statements))),
        Ok(Err(error)) if !may_pass(&error) => Err(refused(&error)),
        Ok(Err(_)) | Err(_) => Ok(None),
    }
}

/// Answers all; gives them back when the connection broke.
async fn serve(
    reader: &Reader,
    client: &Client,
    statements: &Whole,
    asks: Vec<Ask>,
) -> Result<(), Vec<Ask>> {
    let counters = &reader.shared.counters;
    counters.reads.fetch_add(asks.len() as u64, Ordering::Relaxed);
    let news = &reader.shared.news;
    // Who asks as of now hears what is new before the answer is given.
    let is_new = |ask: &&Ask| ask.commit.is_none();
    let hearing = asks.iter().find(is_new).map(|_| news.begin());
    let (kept, asks) = kept_and_others(asks, news);
    let newest = newest(&kept, hearing, client, statements);
    let by_key = by_key(&asks, hearing, client, statements);
    let led = led(&asks, hearing, client, statements);
    let asked = |ask| range_of(ask, hearing, client, statements);
    let ranges = join_all(asks.iter().filter_map(asked));
    let (newest, by_key, led, ranges) = join4(newest, by_key, led, ranges).await;
    counters.statements.fetch_add(1 + ranges.len() as u64, Ordering::Relaxed);
    let broken = [&newest, &by_key, &led].into_iter().chain(&ranges);
    if broken.filter_map(|rows| rows.as_ref().err()).any(may_pass) {
        return Err(kept.into_iter().map(|(ask, _)| ask).chain(asks).collect());
    }
    if let Some(hearing) = hearing {
        answer_kept(reader, hearing, kept, newest);
    }
    let [by_key, led] = [by_key, led].map(|rows| rows.map_err(|error| refused(&error)));
    let [by_key, led] = [&by_key, &led].map(|rows| rows.as_ref().map(|rows| Rows::of(rows)));
    if let Some(hearing) = hearing {
        let told = [&by_key, &led].into_iter().flatten().filter_map(|rows| rows.bounds.as_ref());
        told.for_each(|bounds| bounds.tell(news, hearing));
    }
    let mut ranges = ranges.into_iter();
    for ask in asks {
        let outcome = match &ask.what {
            What::Keys(keys) => match &by_key {
                Ok(rows) => rows.values(keys, ask.commit),
                Err(problem) => Err((*problem).clone()),
            },
            What::Led { key, lead } => match &led {
                Ok(rows) => {
                    let found = rows.led(key, *lead, ask.commit);
                    let now = found.as_ref().ok().filter(|_| is_new(&&ask));
                    now.into_iter().for_each(|answer| keep(news, key, *lead, answer));
                    found
                }
                Err(problem) => Err((*problem).clone()),
            },
            What::Range { .. } => match ranges.next() {
                Some(Ok(rows)) => entries(&rows, ask.commit, hearing.map(|one| (news, one))),
                Some(Err(error)) => Err(refused(&error)),
                None => Err(Problem::fault("STO-068", "a range was not asked for")),
            },
        };
        answer(ask, outcome);
    }
    Ok(())
}

/// Those who ask as of now for what is kept, and the others.
fn kept_and_others(asks: Vec<Ask>, news: &News) -> (Vec<(Ask, Kept)>, Vec<Ask>) {
    let (mut kept, mut others) = (Vec::new(), Vec::new());
    for ask in asks {
        let found = match &ask.what {
            What::Led { key, lead } if ask.commit.is_none() => news.recent.get(key, *lead),
            What::Led { .. } | What::Keys(_) | What::Range { .. } => None,
        };
        match found {
            Some(found) => kept.push((ask, found)),
            None => others.push(ask),
        }
    }
    (kept, others)
}

/// The bounds alone, if somebody asks for what is kept.
async fn newest(
    kept: &[(Ask, Kept)],
    hearing: Option<Hearing>,
    client: &Client,
    statements: &Whole,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    match hearing.filter(|_| !kept.is_empty()) {
        Some(hearing) => client.query(&statements.bounds, &[&hearing.since()]).await,
        None => Ok(Vec::new()),
    }
}

/// Hears what is new and answers those for whom what is kept still holds; the others ask the database.
fn answer_kept(
    reader: &Reader,
    hearing: Hearing,
    kept: Vec<(Ask, Kept)>,
    newest: Result<Vec<Row>, tokio_postgres::Error>,
) {
    let (news, counters) = (&reader.shared.news, &reader.shared.counters);
    let newest = newest.map_err(|error| refused(&error));
    let bounds = newest.as_ref().map(|rows| rows.first().map(Bounds::of));
    if let Ok(Some(bounds)) = &bounds {
        bounds.tell(news, hearing);
    }
    let mut changed = Vec::new();
    for (ask, kept) in kept {
        match &bounds {
            Ok(Some(bounds)) if news.recent.holds(&kept, bounds.newest) => {
                counters.reads_kept.fetch_add(1, Ordering::Relaxed);
                let found = Found::Values(kept.values().map(Some).into());
                answer(ask, Ok(Answer { commit: bounds.newest, found }));
            }
            // What was told of a moment ago is not found to be kept again.
            Ok(Some(_)) => changed.push(ask),
            Ok(None) => answer(ask, Err(headless())),
            Err(problem) => answer(ask, Err((*problem).clone())),
        }
    }
    if !changed.is_empty() {
        reader.put_back(changed);
    }
}

/// Keeps what a locator led to.
fn keep(news: &News, key: &[u8], lead: Lead, answer: &Answer) {
    if let Found::Values(values) = &answer.found
        && let [Some(value), Some(next)] = values.as_slice()
    {
        news.recent.keep(key, lead, [value, next], answer.commit);
    }
}

fn wanted_keys(asks: &[Ask]) -> Vec<&[u8]> {
    let mut keys = Vec::new();
    for ask in asks {
        if let What::Keys(wanted) = &ask.what {
            keys.extend(wanted.iter().map(Vec::as_slice));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

async fn by_key(
    asks: &[Ask],
    hearing: Option<Hearing>,
    client: &Client,
    statements: &Whole,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    if !asks.iter().any(|ask| matches!(ask.what, What::Keys(_))) {
        return Ok(Vec::new());
    }
    let since = hearing.map_or(NOTHING_NEW, Hearing::since);
    client.query(&statements.keys, &[&wanted_keys(asks), &since]).await
}

/// Sent only when somebody asks for what a key leads to.
async fn led(
    asks: &[Ask],
    hearing: Option<Hearing>,
    client: &Client,
    statements: &Whole,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let (mut keys, mut letters, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for ask in asks {
        if let What::Led { key, lead } = &ask.what {
            keys.push(key.as_slice());
            letters.push(vec![lead.letter]);
            lengths.push(i32::try_from(lead.bytes).unwrap_or(i32::MAX));
        }
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let since = hearing.map_or(NOTHING_NEW, Hearing::since);
    client.query(&statements.led, &[&keys, &since, &letters, &lengths]).await
}

fn range_of<'a>(
    ask: &'a Ask,
    hearing: Option<Hearing>,
    client: &'a Client,
    statements: &'a Whole,
) -> Option<impl Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + 'a> {
    let What::Range { range, direction, limit } = &ask.what else { return None };
    let statement = match direction {
        Direction::Ascending => &statements.up,
        Direction::Descending => &statements.down,
    };
    // As of now: everything that stands, nothing that is past.
    let commit = ask.commit.map_or(i64::MAX, |commit| i64::try_from(commit).unwrap_or(i64::MAX));
    let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
    let since = hearing.filter(|_| ask.commit.is_none()).map_or(NOTHING_NEW, Hearing::since);
    Some(async move {
        client.query(statement, &[&range.start, &range.end, &commit, &limit, &since]).await
    })
}

/// The newest commit, the oldest that can still be looked at, and what is new.
pub(super) struct Bounds<'a> {
    pub(super) newest: u64,
    pub(super) horizon: u64,
    touched: Option<&'a [u8]>,
}

impl<'a> Bounds<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self { newest: number(row.get(1)), horizon: number(row.get(2)), touched: row.get(3) }
    }

    pub(super) fn tell(&self, news: &News, hearing: Hearing) {
        let (newest, horizon, touched) = (self.newest, self.horizon, self.touched);
        news.hear(hearing, &Told { newest, horizon, touched });
    }

    /// As of which commit the answer holds.
    fn commit(&self, asked: Option<u64>) -> Result<u64, Problem> {
        match asked {
            Some(commit) if commit < self.horizon => Err(Problem::new(
                Kind::Busy,
                "STO-078",
                "The work took so long that the record has changed meanwhile. Try again.",
            )
            .with_log(format!("a snapshot of commit {commit}, past the horizon {}", self.horizon))),
            Some(commit) => Ok(commit),
            None => Ok(self.newest),
        }
    }
}

/// One form of an entry: since when, until when, and what.
type Form<'a> = (u64, Option<u64>, &'a [u8]);

/// What the keys of a batch hold.
pub(super) struct Rows<'a> {
    pub(super) bounds: Option<Bounds<'a>>,
    forms: FxHashMap<&'a [u8], Vec<Form<'a>>>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(rows: &'a [Row]) -> Self {
        let mut found = Rows { bounds: None, forms: FxHashMap::default() };
        found.add(rows);
        found
    }

    pub(super) fn add(&mut self, rows: &'a [Row]) {
        for row in rows {
            let Some(key) = row.get::<_, Option<&[u8]>>(0) else {
                self.bounds = Some(Bounds::of(row));
                continue;
            };
            let until = row.get::<_, Option<i64>>(2).map(number);
            self.forms.entry(key).or_default().push((number(row.get(1)), until, row.get(3)));
        }
    }

    /// The key that the value of an asked one leads to.
    pub(super) fn leads_to(&self, ask: &Ask, newest: u64) -> Option<Vec<u8>> {
        let What::Led { key, lead } = &ask.what else { return None };
        self.value(key, ask.commit.unwrap_or(newest)).and_then(|value| lead.from(&value))
    }

    pub(super) fn values(&self, keys: &[Vec<u8>], asked: Option<u64>) -> Result<Answer, Problem> {
        let commit = self.commit(asked)?;
        let values = keys.iter().map(|key| self.value(key, commit)).collect();
        Ok(Answer { commit, found: Found::Values(values) })
    }

    /// The value of a key, and of the one that it leads to.
    pub(super) fn led(
        &self,
        key: &[u8],
        lead: Lead,
        asked: Option<u64>,
    ) -> Result<Answer, Problem> {
        let commit = self.commit(asked)?;
        let value = self.value(key, commit);
        let next = value.as_ref().and_then(|value| lead.from(value));
        let next = next.and_then(|next| self.value(&next, commit));
        Ok(Answer { commit, found: Found::Values(vec![value, next]) })
    }

    pub(super) fn commit(&self, asked: Option<u64>) -> Result<u64, Problem> {
        self.bounds.as_ref().ok_or_else(headless)?.commit(asked)
    }

    fn value(&self, key: &[u8], commit: u64) -> Option<Bytes> {
        let mut forms = self.forms.get(key).into_iter().flatten();
        let stands = forms
            .find(|(since, until, _)| *since <= commit && until.is_none_or(|until| until > commit));
        stands.map(|(_, _, value)| Bytes::copy_from_slice(value))
    }
}

fn entries(
    rows: &[Row],
    asked: Option<u64>,
    hearing: Option<(&News, Hearing)>,
) -> Result<Answer, Problem> {
    let mut bounds = None;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        match row.get::<_, Option<&[u8]>>(0) {
            Some(key) => {
                let value: &[u8] = row.get(3);
                found.push((Bytes::copy_from_slice(key), Bytes::copy_from_slice(value)));
            }
            None => bounds = Some(Bounds::of(row)),
        }
    }
    let bounds = bounds.ok_or_else(headless)?;
    if let (None, Some((news, hearing))) = (asked, hearing) {
        bounds.tell(news, hearing);
    }
    let commit = bounds.commit(asked)?;
    Ok(Answer { commit, found: Found::Entries(found) })
}

pub(super) fn headless() -> Problem {
    Problem::fault("STO-080", "the database has no newest commit: its tables are damaged")
}
