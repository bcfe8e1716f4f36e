//! The tables, brought to this program's form at start, and the tidying of what is past.
//!
//! `akson_entry` holds what stands now, `akson_past` what was replaced or removed and since when to
//! until when it stood, `akson_head` the newest commit, `akson_horizon` the oldest commit that a
//! snapshot may still be of. `akson_touched` tells which resources a commit changed, for as long as what
//! it replaced is kept (`news`). `akson_filling` has a row, and `akson_head` none, while a copy or a
//! restore fills the tables. `akson_schema` tells the version of the tables, and of what is in them.
//! The first two can be divided (`shards`).

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use tokio_postgres::{Client, Error, Row, Transaction};

use super::connection::{Database, refused};
use super::divided;
use super::reader::{Bounds, bounds_statement};
use super::shards::Layout;
use super::{SNAPSHOT_SECONDS_MAX, Shared};
use crate::engine::chain::{GENESIS, RecordDigest};
use crate::engine::folder::{FORMAT, unfinished_problem};
use crate::engine::high_water::Mark;

/// Each step brings the tables one version on. A step is never changed once it has been released.
const STEPS: [&str; 2] = [
    "
CREATE TABLE akson_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    commit bigint NOT NULL, time bigint NOT NULL, digest bytea NOT NULL
) WITH (fillfactor = 10);
CREATE TABLE akson_horizon (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), commit bigint NOT NULL
);
INSERT INTO akson_horizon (commit) VALUES (0);
CREATE TABLE akson_filling (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), reached bytea
);
",
    "
CREATE TABLE IF NOT EXISTS akson_touched (commit bigint PRIMARY KEY, resources bytea);
",
];

/// The large tables, made with the first step unless an operator has made divided ones
/// (`docs/operate/shards.md`).
const WHOLE: &str = "
CREATE TABLE akson_entry (k bytea PRIMARY KEY, since bigint NOT NULL, v bytea NOT NULL);
CREATE TABLE akson_past (
    k bytea, since bigint, until bigint NOT NULL, v bytea NOT NULL, PRIMARY KEY (k, since)
);
CREATE INDEX akson_past_until ON akson_past (until);
ALTER TABLE akson_entry ALTER COLUMN v SET STORAGE EXTERNAL;
ALTER TABLE akson_past ALTER COLUMN v SET STORAGE EXTERNAL;
";

/// What divided tables need beside them: the newest commit that is done on every part (`divided`).
const DIVIDED: &str = "ALTER TABLE akson_head ADD COLUMN shown bigint NOT NULL DEFAULT 0";

/// Held while one process brings the tables forward and others wait.
const LOCK: i64 = 0x616b_736f_6e00_0001;

/// How often what is past is tidied.
const TIDY_PAUSE: Duration = Duration::from_secs(10);

/// Makes or upgrades the tables; processes that start together do it once. Answers the newest commit,
/// and how the large tables lie.
pub(super) async fn prepare(database: &Database) -> Result<(Mark, Layout), Problem> {
    let (client, layout) = make(database).await?;
    divided::catch_up(&client, layout).await.map_err(|error| refused(&error))?;
    let head = client.query_opt(HEAD, &[]).await.map_err(|error| refused(&error))?;
    match head {
        Some(head) => Ok((head_of(&head)?, layout)),
        None => Err(unfinished_problem("the database")),
    }
}

/// Makes or upgrades the tables, whether they are whole or being filled.
pub(super) async fn make(database: &Database) -> Result<(Client, Layout), Problem> {
    let mut client = database.connect().await?;
    let transaction = client.transaction().await.map_err(|error| refused(&error))?;
    let found = found(&transaction).await.map_err(|error| refused(&error))?;
    let ours = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    let our_format = i32::try_from(FORMAT).unwrap_or(i32::MAX);
    if let Some((version, format)) = found
        && (version > ours || format != our_format)
    {
        return Err(other_release((version, ours), (format, our_format)));
    }
    let version = found.map(|(version, _)| version);
    let layout = Layout::of(&transaction).await.map_err(|error| refused(&error))?;
    let made = bring(&transaction, version, (ours, our_format), layout).await;
    made.map_err(|error| refused(&error))?;
    transaction.commit().await.map_err(|error| refused(&error))?;
    Ok((client, layout))
}

/// The version of the tables and of what is in them, while others wait for us.
async fn found(transaction: &Transaction<'_>) -> Result<Option<(i32, i32)>, Error> {
    transaction.query_one("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let table = "CREATE TABLE IF NOT EXISTS akson_schema (one boolean PRIMARY KEY DEFAULT true \
         CHECK (one), version int NOT NULL, format int NOT NULL)";
    transaction.batch_execute(table).await?;
    let row = transaction.query_opt("SELECT version, format FROM akson_schema", &[]).await?;
    Ok(row.map(|row| (row.get(0), row.get(1))))
}

/// Brings the tables forward from a version, or makes them.
async fn bring(
    transaction: &Transaction<'_>,
    found: Option<i32>,
    (ours, format): (i32, i32),
    layout: Layout,
) -> Result<(), Error> {
    for step in STEPS.iter().skip(usize::try_from(found.unwrap_or(0)).unwrap_or(0)) {
        transaction.batch_execute(step).await?;
    }
    if found.is_none() {
        let large = if layout.is_divided() { DIVIDED } else { WHOLE };
        transaction.batch_execute(large).await?;
        let head = "INSERT INTO akson_head (commit, time, digest) VALUES (0, 0, $1)";
        transaction.execute(head, &[&GENESIS.as_slice()]).await?;
        let version = "INSERT INTO akson_schema (version, format) VALUES ($1, $2)";
        transaction.execute(version, &[&ours, &format]).await?;
    } else if found != Some(ours) {
        transaction.execute("UPDATE akson_schema SET version = $1", &[&ours]).await?;
    }
    Ok(())
}

/// The newest commit.
pub(super) const HEAD: &str = "SELECT commit, time, digest FROM akson_head";

/// Reads a row of [`HEAD`].
pub(super) fn head_of(row: &Row) -> Result<Mark, Problem> {
    let digest = RecordDigest::try_from(row.get::<_, &[u8]>(2))
        .map_err(|_| Problem::fault("STO-050", "the newest digest is damaged"))?;
    Ok(Mark { commit: number(row.get(0)), time: row.get(1), digest })
}

/// Commit numbers are never negative; the database has no unsigned type.
pub(super) fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn other_release((version, ours): (i32, i32), (format, our_format): (i32, i32)) -> Problem {
    let which = if version > ours || format > our_format {
        "The database was prepared by a later version of Akson"
    } else {
        "The record in the database was written by an earlier version of Akson, in a form that this \
         program does not read"
    };
    let text = format!(
        "{which} (tables of version {version} in format {format}; this program knows tables up to \
         version {ours} in format {our_format}). Nothing was changed. Start that version, or use \
         another database."
    );
    Problem::new(Kind::Fault, "STO-079", text)
}

/// Removes what no snapshot can show any more, until the engine is gone. Every process does it; it is
/// the same work whoever does it.
pub(super) async fn tidy_past(shared: Weak<Shared>) {
    let mut seen: VecDeque<(Instant, i64)> = VecDeque::new();
    loop {
        tokio::time::sleep(TIDY_PAUSE).await;
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = tidy_once(&shared, &mut seen).await {
            tracing::warn!("what is past could not be tidied: {error}");
        }
    }
}

async fn tidy_once(
    shared: &Arc<Shared>,
    seen: &mut VecDeque<(Instant, i64)>,
) -> Result<(), Problem> {
    let client = shared.database.connect().await?;
    let told = |error: tokio_postgres::Error| refused(&error);
    // Without a head the tables are being filled.
    let newest = format!("SELECT {} FROM akson_head", shared.layout.newest());
    let head = client.query_opt(&newest, &[]).await.map_err(told)?;
    let Some(head) = head else { return Ok(()) };
    seen.push_back((Instant::now(), head.get(0)));
    // Who reads nothing hears the news here, before there is too much of it.
    let hearing = shared.news.begin();
    let bounds = bounds_statement("$1::bigint", shared.layout);
    let row = client.query_one(&bounds, &[&hearing.since()]).await;
    Bounds::of(&row.map_err(told)?).tell(&shared.news, hearing);
    let mut horizon = None;
    while let Some((when, commit)) = seen.front()
        && when.elapsed().as_secs() > SNAPSHOT_SECONDS_MAX
    {
        horizon = Some(*commit);
        seen.pop_front();
    }
    let Some(horizon) = horizon else { return Ok(()) };
    let moved = "UPDATE akson_horizon SET commit = $1 WHERE commit < $1";
    client.execute(moved, &[&horizon]).await.map_err(told)?;
    let removed = "DELETE FROM akson_past WHERE until <= $1";
    client.execute(removed, &[&horizon]).await.map_err(told)?;
    let forgotten = "DELETE FROM akson_touched WHERE commit <= $1";
    client.execute(forgotten, &[&horizon]).await.map_err(told)?;
    Ok(())
}
