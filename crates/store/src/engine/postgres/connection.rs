//! Connections to the database, and what their failures mean.
//!
//! Not here: what is asked over them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use akson_base::{Kind, Problem};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Client, Config, NoTls};

use super::tls::{self, Tls};

/// What every connection is set to: plans do not depend on the values asked for (each statement is
/// answered by an index), and the server notices when we have fallen silent. Citus makes no such plan of
/// what asks all shards. The same times for our side: [`Database::new`].
const SETTINGS: &str = "SELECT set_config('plan_cache_mode', CASE WHEN EXISTS (SELECT FROM pg_extension \
     WHERE extname = 'citus') THEN 'auto' ELSE 'force_generic_plan' END, false); \
     SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET jit = off; SET client_min_messages = warning; \
     SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
     SET tcp_user_timeout = 20000";

/// Pause before another try.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
/// How long a server that has taken a connection may need for its greeting.
const GREETING: Duration = Duration::from_secs(3);

/// Where the database is.
pub(super) struct Database {
    /// One for each host: a host that takes connections and says nothing must not keep us from the next.
    hosts: Vec<Config>,
    /// Which of them answered last: it is asked first.
    answered: AtomicUsize,
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
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(20));
        }
        if config.get_keepalives_interval().is_none() {
            let five = Duration::from_secs(5);
            config.keepalives_idle(five).keepalives_interval(five).keepalives_retries(3);
        }
        Self { hosts: each_host(&config), answered: AtomicUsize::new(0), tls, patience }
    }

    /// A connection, tried for as long as a request may wait.
    pub(super) async fn connect(&self) -> Result<Client, Problem> {
        self.connect_until(Instant::now() + self.patience).await
    }

    /// A connection, tried until then.
    pub(super) async fn connect_until(&self, until: Instant) -> Result<Client, Problem> {
        let mut last = "no answer".to_owned();
        while Instant::now() < until {
            match timeout_at(until, self.connect_once()).await {
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(Some(error))) if is_final(&error) => return Err(refused(&error)),
                Ok(Err(error)) => {
                    last = error.map_or(last, |error| error.to_string());
                    tracing::debug!("no connection to the database yet: {last}");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(_) => break,
            }
        }
        Err(unreachable(&last))
    }

    /// Tries each host once. Fails with what the last one said, if it said anything.
    async fn connect_once(&self) -> Result<Client, Option<tokio_postgres::Error>> {
        let mut last = None;
        let first = self.answered.load(Ordering::Relaxed);
        let all = self.hosts.iter().enumerate().cycle().skip(first).take(self.hosts.len());
        for (at, config) in all {
            let bound = config.get_connect_timeout().copied().unwrap_or_default() + GREETING;
            match timeout(bound, self.connect_to(config)).await {
                Ok(Ok(client)) => {
                    self.answered.store(at, Ordering::Relaxed);
                    return Ok(client);
                }
                Ok(Err(error)) => last = Some(error),
                Err(_) => {}
            }
        }
        Err(last)
    }

    async fn connect_to(&self, config: &Config) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                tokio::spawn(keep(connection));
                client
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::spawn(keep(connection));
                client
            }
        };
        client.batch_execute(SETTINGS).await?;
        Ok(client)
    }

    /// Asks the server to give up what it does on a connection that we have given up: it would else wait
    /// for locks, with a process of its own, for a caller who is gone.
    pub(super) fn give_up(&self, token: CancelToken) {
        let tls = self.tls.clone();
        tokio::spawn(async move {
            let asked = async {
                match tls {
                    Some(tls) => token.cancel_query(tls).await,
                    None => token.cancel_query(NoTls).await,
                }
            };
            if let Ok(Err(error)) = timeout(GREETING, asked).await {
                tracing::debug!("the database was not told that a statement is given up: {error}");
            }
        });
    }
}

/// The same settings for each host alone, in the order in which they are tried.
fn each_host(config: &Config) -> Vec<Config> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let count = hosts.len().max(addresses.len());
    // Who wants them in random order has one attempt for all of them.
    if count < 2 || config.get_load_balance_hosts() != LoadBalanceHosts::Disable {
        return vec![config.clone()];
    }
    let ports = config.get_ports();
    let one = |at: usize| {
        let mut one = settings_of(config);
        match hosts.get(at) {
            Some(Host::Tcp(name)) => {
                one.host(name);
            }
            #[cfg(unix)]
            Some(Host::Unix(path)) => {
                one.host_path(path);
            }
            None => {}
        }
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(at).or(ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..count).map(one).collect()
}

/// Everything but the hosts and their ports.
fn settings_of(config: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(time) = config.get_connect_timeout() {
        one.connect_timeout(*time);
    }
    if let Some(time) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*time);
    }
    if let Some(time) = config.get_keepalives_interval() {
        one.keepalives_interval(time);
    }
    if let Some(count) = config.get_keepalives_retries() {
        one.keepalives_retries(count);
    }
    one
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
        .with_log(why)
}

/// Whether another connection, to this or another server, may do better.
pub(super) fn may_pass(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else {
        // Not the server's word: the connection broke.
        return true;
    };
    // 08 connection, 53 resources, 57 operator intervention, 40 rollback, 25006 read-only, 25P03: a
    // server that is stopping, full, no longer the leader, or has not heard from us for too long.
    let class = state.code().get(..2).unwrap_or_default();
    let others =
        [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT];
    matches!(class, "08" | "53" | "57" | "40") || others.contains(state)
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
