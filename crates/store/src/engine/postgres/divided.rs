//! Tables that are divided by shard: how they are asked, and when a commit is shown.
//!
//! Every statement names one shard, or asks all parts for no more than its limit, and none names the
//! large tables and the small ones together: so Citus routes it. Statements therefore see different
//! moments, and what makes them one answer is the commit's number: it is fixed first, what stands is asked
//! for next and what is past last, so that a row which is moved meanwhile is met twice and never missed
//! (`reads`). Writes ask and write shard by shard (`writes`).
//!
//! Over several machines a commit is done on the coordinator a moment before it is on all workers, and
//! there is no snapshot over both. Readers therefore take `akson_head.shown` for the newest commit: it is
//! set when the commit is done everywhere, and nobody begins another commit before. Whoever finds it
//! behind sets it right: the server that should have may have been killed. The same is done on native
//! partitions, where a commit is done everywhere at once.
//!
//! Why: `docs/decisions/0014-divided-tables.md`.

mod reads;
mod writes;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::{Client, Error, Row};

use super::schema::number;
use super::shards::Layout;

pub(super) use reads::Reads;
pub(super) use writes::Writes;

/// One statement on its way.
type Sent<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + Send + 'a>>;

/// Sends statements in this order, none waiting for the answer to the one before, and answers in the same
/// order. (`join_all` sends many in an order of its own.)
async fn in_order(statements: Vec<Sent<'_>>) -> Vec<Result<Vec<Row>, Error>> {
    let mut sent: Vec<MaybeDone<_>> = statements.into_iter().map(maybe_done).collect();
    poll_fn(|context| {
        for one in &mut sent {
            // What it answers is kept in it.
            let _ = one.poll_unpin(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(sent.len());
    for mut one in sent {
        (&mut one).await;
        answers.extend(Pin::new(&mut one).take_output());
    }
    answers
}

/// Pause before it is looked again whether a commit is done on all workers.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a commit may be on its way to the workers before Citus is told to go on with it.
const RECOVER_AFTER: Duration = Duration::from_secs(2);
/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Commits that are on their way to a node, or nodes that do not say.
const UNDER_WAY: &str = "SELECT count(*) FROM run_command_on_all_nodes('SELECT count(*) FROM \
     pg_prepared_xacts WHERE database = current_database() AND gid LIKE ''citus\\_%''') \
     WHERE NOT success OR result <> '0'";

/// What the database is made to say when it is waited for in vain; it passes (class 57).
const GIVEN_UP: &str = "DO $$ BEGIN RAISE EXCEPTION 'a commit is not done on all nodes yet' \
     USING ERRCODE = 'operator_intervention'; END $$";

/// Waits until what was committed is done on every worker. On native partitions it is.
async fn done_everywhere(client: &Client, layout: Layout) -> Result<(), Error> {
    match layout {
        Layout::Whole | Layout::Partitions => return Ok(()),
        Layout::Citus => {}
    }
    let (began, mut recovered) = (Instant::now(), Instant::now());
    loop {
        if client.query_one(UNDER_WAY, &[]).await?.get::<_, i64>(0) == 0 {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return client.batch_execute(GIVEN_UP).await;
        }
        if recovered.elapsed() > RECOVER_AFTER {
            client.query("SELECT recover_prepared_transactions()", &[]).await?;
            recovered = Instant::now();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Lets readers see a commit that is done. Costs whole tables nothing.
pub(super) async fn show(client: &Client, layout: Layout, commit: u64) -> Result<(), Error> {
    if !layout.is_divided() {
        return Ok(());
    }
    done_everywhere(client, layout).await?;
    // A server that loses this loses its connections with it, and the next ones set it right.
    let show = format!(
        "BEGIN; SET LOCAL synchronous_commit = off; UPDATE akson_head SET shown = {commit} \
         WHERE shown < {commit} AND commit >= {commit}; COMMIT"
    );
    client.batch_execute(&show).await
}

/// Shows the newest commit if whoever made it has not. Every connection that reads or commits begins so.
pub(super) async fn catch_up(client: &Client, layout: Layout) -> Result<(), Error> {
    if !layout.is_divided() {
        return Ok(());
    }
    let behind = "SELECT commit FROM akson_head WHERE shown < commit";
    match client.query_opt(behind, &[]).await? {
        Some(row) => show(client, layout, number(row.get(0))).await,
        None => Ok(()),
    }
}
