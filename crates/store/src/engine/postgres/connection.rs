//! Connections to the database, and what their failures mean.
//!
//! Not here: what is asked over them.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use super::tls::{self, Tls};

/// What every connection is set to: plans do not depend on the values asked for (each statement is
/// answered by an index), and nothing waits for ever.
const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET jit = off; SET client_min_messages = warning";

/// Pause before another try.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the database is.
pub(super) struct Database {
    config: Config,
    tls: Option<Tls>,
    patience: Duration,
}

impl Database {
    /// `url`: an address as libpq takes it, with what [`tls`] knows about TLS.
    pub(super) fn at(url: &str, patience: Duration) -> Result<Self, Problem> {
        let (url, tls) = tls::take(url)?;
        let unreadable = |why: &str| {
            let text = format!(
                "The address of the database cannot be read ({why}). Expected \
                 postgresql://user@host:5432/name."
            );
            Problem::new(Kind::Invalid, "STO-076", text)
        };
        if !["postgresql://", "postgres://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(unreadable("another scheme"));
        }
        let config: Config =
            url.parse().map_err(|error: tokio_postgres::Error| unreadable(&error.to_string()))?;
        Ok(Self::new(config, tls, patience))
    }

    fn new(mut config: Config, tls: Option<Tls>, patience: Duration) -> Self {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(3));
        }
        if config.get_application_name().is_none() {
            config.application_name("akson");
        }
        Self { config, tls, patience }
    }

    /// A connection, tried for as long as a request may wait.
    pub(super) async fn connect(&self) -> Result<Client, Problem> {
        let began = Instant::now();
        loop {
            match self.connect_once().await {
                Ok(client) => return Ok(client),
                Err(error) if is_final(&error) => return Err(refused(&error)),
                Err(error) if began.elapsed() < self.patience => {
                    tracing::debug!("no connection to the database yet: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(unreachable(&error.to_string())),
            }
        }
    }

    async fn connect_once(&self) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(keep(connection));
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(keep(connection));
                client
            }
        };
        client.batch_execute(SETTINGS).await?;
        Ok(client)
    }
}

/// Moves bytes for as long as the connection lasts.
async fn keep<C: Future<Output = Result<(), tokio_postgres::Error>>>(connection: C) {
    if let Err(error) = connection.await {
        tracing::warn!("a connection to the database ended: {error}");
    }
}

/// Whether waiting would not help: the name, the password or the database is wrong.
fn is_final(error: &tokio_postgres::Error) -> bool {
    let class = error.code().map(|state| state.code().get(..2).unwrap_or_default());
    matches!(class, Some("28" | "3D"))
}

/// No database answers.
pub(super) fn unreachable(why: &str) -> Problem {
    Problem::new(Kind::Busy, "STO-077", "The database does not answer. Try again in a moment.")
        .with_log(format!("no connection to PostgreSQL: {why}"))
}

/// Whether another connection, to this or another server, may do better.
pub(super) fn may_pass(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        // Not the server's word: the connection broke.
        return true;
    };
    // 08 connection, 53 resources, 57 operator intervention, 40 rollback, 25006 read-only: a
    // server that is stopping, full, or no longer the leader.
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "08" | "53" | "57" | "40") || *state == SqlState::READ_ONLY_SQL_TRANSACTION
}

/// What the server says is wrong with a statement of ours.
pub(super) fn refused(error: &tokio_postgres::Error) -> Problem {
    // Its message alone: the details name keys.
    let why = error.as_db_error().map_or_else(
        || error.to_string(),
        |error| format!("{} {}", error.code().code(), error.message()),
    );
    Problem::fault("STO-080", format!("PostgreSQL refused a statement: {why}"))
}

/// The threads that talk with a database. Dropping them waits for nothing, so that they may be dropped
/// by an async caller.
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    pub(super) fn start() -> Result<Self, Problem> {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("akson-database")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|e| Problem::fault("STO-052", format!("could not start threads: {e}")))
    }

    pub(super) fn handle(&self) -> Result<Handle, Problem> {
        let closed = || unreachable("the engine is closed");
        self.0.as_ref().map(|runtime| runtime.handle().clone()).ok_or_else(closed)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits without holding up other tasks of the caller's runtime.
pub(super) fn blocking<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        Ok(_) | Err(_) => wait(),
    }
}

/// Has work done by the threads of `runtime` and waits for it, from whatever thread.
pub(super) fn wait<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    let (tell, told) = sync_channel(1);
    // The receiver below lives until it has heard.
    runtime.spawn(async move { drop(tell.send(work.await)) });
    blocking(|| told.recv()).map_err(|_| unreachable("the engine is closing"))
}
