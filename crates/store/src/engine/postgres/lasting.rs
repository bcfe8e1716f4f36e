//! A snapshot that can be read for hours: one read-only transaction on a connection of its own.
//!
//! PostgreSQL keeps what it shows for as long as the transaction is open, so nothing else of ours has
//! to. Not here: the snapshots of requests (`snapshot`), which share connections and are soon past.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use akson_base::Problem;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::runtime::Handle;
use tokio_postgres::{Client, Error, Row, Statement};

use super::connection::{Database, blocking, may_pass, refused, unreachable, wait};
use super::schema;
use crate::engine::high_water::Mark;
use crate::engine::{Direction, Range, Snapshot, Visit};

/// Entries of one piece of a walk.
const PIECE: usize = 1_000;

const KEYS: &str = "SELECT k, v FROM akson_entry WHERE k = ANY($1)";
const UP: &str = "SELECT k, v FROM akson_entry WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3";
const DOWN: &str = "SELECT k, v FROM akson_entry WHERE k >= $1 AND k < $2 ORDER BY k DESC LIMIT $3";

/// Everything committed before it was opened.
pub(super) struct LastingSnapshot {
    open: Arc<Open>,
    runtime: Handle,
}

struct Open {
    client: Client,
    keys: Statement,
    up: Statement,
    down: Statement,
}

type Rows = Result<Vec<Row>, Error>;

impl LastingSnapshot {
    /// Begins it; answers the newest commit too, if the tables have one.
    pub(super) async fn open(
        database: &Database,
        runtime: Handle,
    ) -> Result<(Self, Mark), Problem> {
        let client = database.connect().await?;
        let (open, head) = begin(client).await.map_err(|error| refused(&error))?;
        let head = head.map_or(Ok(Mark::NONE), |row| schema::head_of(&row))?;
        Ok((Self { open: Arc::new(open), runtime }, head))
    }

    /// Asks, without waiting for the answer.
    fn ask_range(&self, range: &Range, direction: Direction, limit: usize) -> Receiver<Rows> {
        let (tell, told) = sync_channel(1);
        let (open, range) = (Arc::clone(&self.open), range.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.runtime.spawn(async move {
            let statement = match direction {
                Direction::Ascending => &open.up,
                Direction::Descending => &open.down,
            };
            let rows = open.client.query(statement, &[&range.start, &range.end, &limit]).await;
            // Whoever asked may have seen enough.
            drop(tell.send(rows));
        });
        told
    }
}

async fn begin(client: Client) -> Result<(Open, Option<Row>), Error> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
         SET LOCAL idle_in_transaction_session_timeout = 0";
    client.batch_execute(begin).await?;
    // The first statement fixes what the transaction sees.
    let head = client.query_opt(schema::HEAD, &[]).await?;
    let (keys, up) = (client.prepare(KEYS).await?, client.prepare(UP).await?);
    let down = client.prepare(DOWN).await?;
    Ok((Open { client, keys, up, down }, head))
}

/// The transaction ends with its connection, so a broken one is not made anew.
fn told(error: &Error) -> Problem {
    if may_pass(error) {
        return unreachable(&format!("the connection broke under a long read: {error}"));
    }
    refused(error)
}

impl Snapshot for LastingSnapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        Ok(self.multi_get(&[key.to_vec()])?.pop().flatten())
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        let (open, wanted) = (Arc::clone(&self.open), keys.to_vec());
        let rows =
            wait(&self.runtime, async move { open.client.query(&open.keys, &[&wanted]).await })?;
        let rows = rows.map_err(|error| told(&error))?;
        let found: FxHashMap<&[u8], &[u8]> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let value = |key: &Vec<u8>| found.get(key.as_slice()).map(|v| Bytes::copy_from_slice(v));
        Ok(keys.iter().map(value).collect())
    }

    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        if range.start >= range.end {
            return Ok(());
        }
        let mut range = range.clone();
        let mut next = self.ask_range(&range, direction, PIECE);
        loop {
            let closing = |_| unreachable("the engine is closing");
            let rows = blocking(|| next.recv()).map_err(closing)?.map_err(|error| told(&error))?;
            let more = rows.last().filter(|_| rows.len() == PIECE);
            if let Some(last) = more {
                // Fetched while these are looked at.
                range.go_on_behind(direction, last.get(0));
                next = self.ask_range(&range, direction, PIECE);
            }
            for row in &rows {
                if !visit(row.get(0), row.get(1))? {
                    return Ok(());
                }
            }
            if more.is_none() {
                return Ok(());
            }
        }
    }

    fn scan(
        &self,
        range: &Range,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, Problem> {
        if limit == 0 || range.start >= range.end {
            return Ok(Vec::new());
        }
        let rows = blocking(|| self.ask_range(range, direction, limit).recv());
        let rows = rows.map_err(|_| unreachable("the engine is closing"))?;
        let rows = rows.map_err(|error| told(&error))?;
        let entry = |row: &Row| (bytes(row, 0), bytes(row, 1));
        Ok(rows.iter().map(entry).collect())
    }
}

fn bytes(row: &Row, column: usize) -> Bytes {
    Bytes::copy_from_slice(row.get(column))
}
