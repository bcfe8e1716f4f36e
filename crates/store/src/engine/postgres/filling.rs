//! Filling a database: each batch is one transaction, a binary COPY and how far it came.
//!
//! Meanwhile the tables have no newest commit, so no server can stand on them; the last transaction
//! gives them one.

use std::sync::Arc;
use std::time::Duration;

use akson_base::{Kind, Problem};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::connection::{Database, Threads, refused, wait};
use super::lasting::LastingSnapshot;
use super::schema;
use super::shards::{Layout, shard_of};
use crate::engine::Snapshot;
use crate::engine::filling::{Again, Entry, Filling, Reached};
use crate::engine::high_water::Mark;

/// Held by the one process that fills.
const LOCK: i64 = 0x616b_736f_6e00_0002;
/// How often it is tried for, a tenth of a second apart: a killed process's connection may last as
/// long as its last statement.
const TRIES_MAX: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(30);

const COPY: &str = "COPY akson_entry (k, since, v) FROM STDIN BINARY";
const COPY_DIVIDED: &str = "COPY akson_entry (k, since, v, shard) FROM STDIN BINARY";

/// A database that is being filled.
pub(crate) struct PostgresFilling {
    client: Arc<Client>,
    layout: Layout,
    database: Arc<Database>,
    mark: Mark,
    reached: Option<Reached>,
    threads: Threads,
}

impl PostgresFilling {
    pub(crate) fn begin(url: &str, mark: Mark, again: Again) -> Result<Self, Problem> {
        let database = Arc::new(Database::at(url, PATIENCE)?);
        let threads = Threads::start()?;
        let ours = Arc::clone(&database);
        let (client, layout, reached) = wait(&threads.handle()?, async move {
            let (client, layout) = schema::make(&ours).await?;
            take_lock(&client).await?;
            let reached = begin(&client, mark, again).await?;
            Ok::<_, Problem>((client, layout, reached))
        })??;
        Ok(Self { client: Arc::new(client), layout, database, mark, reached, threads })
    }
}

async fn take_lock(client: &Client) -> Result<(), Problem> {
    for _ in 0..TRIES_MAX {
        let asked = client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await;
        if asked.map_err(|error| refused(&error))?.get(0) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let text = "Another process fills the database. Wait for it, or stop it first.";
    Err(Problem::new(Kind::Busy, "STO-054", text))
}

/// Makes sure that there is nothing to lose; answers how far an earlier try came.
async fn begin(client: &Client, mark: Mark, again: Again) -> Result<Option<Reached>, Problem> {
    let told = |error: Error| refused(&error);
    let begun = client.query_opt("SELECT reached FROM akson_filling", &[]).await.map_err(told)?;
    let Some(begun) = begun else {
        let questions = [
            "SELECT commit > 0 FROM akson_head",
            "SELECT count(*) > 0 FROM (SELECT FROM akson_entry LIMIT 1) AS any_entry",
        ];
        let begin = "DELETE FROM akson_head; INSERT INTO akson_filling DEFAULT VALUES; COMMIT";
        // The lock makes a commit that is on its way be seen.
        client.batch_execute("BEGIN; LOCK TABLE akson_head").await.map_err(told)?;
        for is_used in questions {
            if client.query_one(is_used, &[]).await.map_err(told)?.get(0) {
                client.batch_execute("ROLLBACK").await.map_err(told)?;
                return Err(not_empty());
            }
        }
        client.batch_execute(begin).await.map_err(told)?;
        return Ok(None);
    };
    let reached = begun.get::<_, Option<&[u8]>>(0).and_then(Reached::decode);
    let reached = reached.filter(|reached| again == Again::GoOn && reached.of == mark);
    if reached.is_none() {
        let anew = "BEGIN; TRUNCATE akson_entry, akson_past; TRUNCATE akson_touched; UPDATE akson_filling SET reached = NULL; \
             COMMIT";
        client.batch_execute(anew).await.map_err(told)?;
    }
    Ok(reached)
}

fn not_empty() -> Problem {
    Problem::new(
        Kind::Invalid,
        "STO-083",
        "There is a record in the database already. Choose an empty database.",
    )
}

/// Adds entries, and tells how far that is.
async fn add(
    client: &Client,
    layout: Layout,
    since: i64,
    entries: &[Entry],
    reached: Option<Vec<u8>>,
) -> Result<(), Error> {
    client.batch_execute("BEGIN").await?;
    let is_divided = layout.is_divided();
    let types = [Type::BYTEA, Type::INT8, Type::BYTEA, Type::INT2];
    let (copy, columns) = if is_divided { (COPY_DIVIDED, 4) } else { (COPY, 3) };
    let types = types.get(..columns).unwrap_or_default();
    let writer = BinaryCopyInWriter::new(client.copy_in(copy).await?, types);
    let mut writer = std::pin::pin!(writer);
    for (key, value) in entries {
        let (key, value) = (key.as_ref(), value.as_ref());
        if is_divided {
            writer.as_mut().write(&[&key, &since, &value, &shard_of(key)]).await?;
        } else {
            writer.as_mut().write(&[&key, &since, &value]).await?;
        }
    }
    writer.finish().await?;
    client.execute("UPDATE akson_filling SET reached = $1", &[&reached]).await?;
    client.batch_execute("COMMIT").await
}

async fn finish(client: &Client, mark: &Mark) -> Result<(), Error> {
    // Reads of the first hours need not look at which rows are visible to whom.
    client.batch_execute("VACUUM ANALYZE akson_entry").await?;
    let commit = i64::try_from(mark.commit).unwrap_or(i64::MAX);
    client.batch_execute("BEGIN; DELETE FROM akson_filling").await?;
    client.execute("UPDATE akson_horizon SET commit = $1", &[&commit]).await?;
    let head = "INSERT INTO akson_head (commit, time, digest) VALUES ($1, $2, $3)";
    client.execute(head, &[&commit, &mark.time, &mark.digest.as_slice()]).await?;
    client.batch_execute("COMMIT").await
}

impl Filling for PostgresFilling {
    fn reached(&self) -> Option<&Reached> {
        self.reached.as_ref()
    }

    fn put(&mut self, entries: Vec<Entry>, reached: Option<Reached>) -> Result<(), Problem> {
        let client = Arc::clone(&self.client);
        let layout = self.layout;
        let since = i64::try_from(self.mark.commit).unwrap_or(i64::MAX);
        let reached = reached.map(|reached| reached.encode());
        let work = async move { add(&client, layout, since, &entries, reached).await };
        let added = wait(&self.threads.handle()?, work);
        added?.map_err(|error| refused(&error))
    }

    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem> {
        let (database, runtime) = (Arc::clone(&self.database), self.threads.handle()?);
        let opened =
            wait(&runtime.clone(), async move { LastingSnapshot::open(&database, runtime).await });
        let (snapshot, _) = opened??;
        Ok(Arc::new(snapshot))
    }

    fn finish(self: Box<Self>) -> Result<(), Problem> {
        let (client, mark, database) = (Arc::clone(&self.client), self.mark, &self.database);
        let finished = wait(&self.threads.handle()?, async move { finish(&client, &mark).await });
        finished?.map_err(|error| refused(&error))?;
        // The last proof: it opens.
        let database = Arc::clone(database);
        let prepared =
            wait(&self.threads.handle()?, async move { schema::prepare(&database).await });
        let (head, _) = prepared??;
        if head == mark {
            return Ok(());
        }
        let text = "the database has another newest commit than it was given";
        Err(Problem::fault("STO-085", text))
    }
}
