//! `akson serve`: the record in a data folder, over HTTP, until told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use akson_access::{Actor, Policy};
use akson_api::{Api, Authenticator, Callers, OAuth, Options};
use akson_base::Clock;
use akson_identity::logins::Logins;
use akson_identity::sessions::{Origins, SessionLimits, Sessions};
use akson_identity::tokens::Tokens;
use akson_record::Record;
use akson_smart::AuthorisationServer;
use akson_store::kept::Keeping;
use akson_web::{DemoLogin, Door, Guard};
use tokio::net::{TcpListener, lookup_host};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admission::Admission;
use crate::app::App;
use crate::apps;
use crate::callers::TokenCallers;
use crate::checkpoints::Checkpoints;
use crate::cli::ServeArguments;
use crate::config::{LoginSettings, Settings};
use crate::downtime::{Keeper, Kept};
use crate::failure::Failure;
use crate::limits::Limits;
use crate::listener::{self, Bounds};
use crate::login_callers::LoginCallers;
use crate::repeat::repeat;
use crate::tls::Tls;
use crate::wiring::{self, House};
use crate::{growth, logging, observe, runtime, say, terminology};

/// How often what is kept and over is removed: used proofs are over soon, and there may be many.
const SWEEP_EVERY: Duration = Duration::from_secs(2 * 60);
/// How often the index of accesses is brought up to date.
const INDEX_EVERY: Duration = Duration::from_millis(500);

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let settings = Settings::from_arguments(arguments)?;
    let policy = policy(arguments.open, &settings)?;
    logging::start(&settings.log, settings.log_json)?;
    runtime()?.block_on(async {
        let addresses = addresses(&settings.listen, policy).await?;
        knows_its_name(&settings, &addresses)?;
        let tls = settings.tls.as_ref().map(Tls::open).transpose()?;
        let house = wiring::open_with_cache(settings.place(), policy, settings.cache_mebibytes)?;
        let login = match (&settings.login, arguments.open) {
            (Some(login), _) => Login::Providers(Box::new(login.clone())),
            (None, true) => Login::Nobodys,
            (None, false) => Login::None,
        };
        serve(&settings, policy, login, house, (&addresses, tls), |_| {}).await
    })
}

/// The rules that settings and command line ask for.
fn policy(is_open: bool, settings: &Settings) -> Result<Policy, Failure> {
    let asks = [
        ("[identity]", settings.identity.is_some()),
        ("[login]", settings.login.is_some()),
        ("[apps]", settings.apps.is_some()),
    ];
    match (is_open, asks.into_iter().find(|(_, is_there)| *is_there)) {
        (true, None) => Ok(Policy::Open),
        (false, Some(_)) => Ok(Policy::Rules),
        (false, None) => Ok(Policy::Closed),
        (true, Some((table, _))) => Err(Failure::Usage(format!(
            "--open lets everybody in without asking, and the configuration has {table}; \
             leave one of them out"
        ))),
    }
}

/// A DPoP proof is for one address, and a provider sends people back to one: where others can reach
/// us, the operator must say which.
fn knows_its_name(settings: &Settings, addresses: &[SocketAddr]) -> Result<(), Failure> {
    let is_reachable = addresses.iter().any(|address| !address.ip().is_loopback());
    let asks = [settings.identity.is_some(), settings.login.is_some(), settings.apps.is_some()];
    if asks.contains(&true) && settings.base_url.is_none() && is_reachable {
        return Err(Failure::Usage(
            "with [identity], [login] or [apps], base_url must say where callers find the FHIR address \
             (https://journal.example.no/fhir)"
                .into(),
        ));
    }
    let is_https = settings.base_url.as_ref().is_some_and(|base| base.starts_with("https://"));
    if settings.tls.is_some() && !is_https {
        return Err(Failure::Usage(
            "with [tls], base_url must say where callers find the FHIR address, and begin with \
             https:// (https://journal.example.no/fhir)"
                .into(),
        ));
    }
    Ok(())
}

/// What takes access tokens, if an OpenID provider is set up.
fn tokens(
    settings: &Settings,
    (house, kept): (&House, &Arc<dyn Keeping>),
    limits: &Arc<Limits>,
) -> Result<Option<Arc<dyn Authenticator>>, Failure> {
    let Some(identity) = &settings.identity else { return Ok(None) };
    let tokens = Tokens::new(identity.options()?, Arc::clone(&house.clock))
        .map_err(|problem| Failure::Usage(format!("{} {}", problem.code, problem.for_log)))?
        .in_house(kept)?;
    let (record, clock) = (Arc::clone(&house.record), Arc::clone(&house.clock));
    let limits = Arc::clone(limits);
    let callers = TokenCallers::new(tokens, identity.description(), record, limits, clock);
    let callers = Arc::new(callers.requiring_scopes(identity.are_scopes_required()));
    let warming = Arc::clone(&callers);
    tokio::spawn(async move { warming.warm_up().await });
    Ok(Some(callers))
}

/// The addresses of `listen`, none of which may be open to others under [`Policy::Open`].
pub(crate) async fn addresses(listen: &str, policy: Policy) -> Result<Vec<SocketAddr>, Failure> {
    let found: Vec<SocketAddr> = lookup_host(listen)
        .await
        .map_err(|error| {
            Failure::Usage(format!("cannot listen on {listen}: {error}; it must be host:port"))
        })?
        .collect();
    let reachable = found.iter().find(|address| !address.ip().is_loopback());
    match (policy, reachable) {
        (Policy::Open, Some(address)) => Err(Failure::Usage(format!(
            "--open has no login, so it listens on loopback only (127.0.0.1 or [::1]); \
             {address} can be reached from other machines"
        ))),
        (Policy::Open | Policy::Closed | Policy::Operator | Policy::Rules, _) => Ok(found),
    }
}

/// Who comes in: to the pages, to `/fhir`, and apps.
struct Front {
    door: Door,
    callers: Callers,
    apps: Option<Arc<AuthorisationServer>>,
}

/// How people come to the pages.
pub(crate) enum Login {
    /// Without any: `--open`.
    Nobodys,
    /// Not at all: none is set up.
    None,
    /// As somebody of a synthetic municipality. Only `akson demo` has one to give.
    Demo(DemoLogin),
    /// As whom an OpenID provider says they are.
    Providers(Box<LoginSettings>),
}

impl Login {
    /// Who comes to the pages, and who may call `/fhir`.
    fn front(
        self,
        settings: &Settings,
        listen: SocketAddr,
        (house, kept): (&House, &Arc<dyn Keeping>),
        limits: &Arc<Limits>,
    ) -> Result<Front, Failure> {
        let others = tokens(settings, (house, kept), limits)?;
        let origins = Origins::of(settings.base_url.as_deref(), listen);
        let sessions =
            |limits| Arc::new(Sessions::new(limits, Arc::clone(&house.clock), Arc::clone(kept)));
        let house = (house, kept);
        let (sessions, guard, writes_level) = match self {
            Self::Nobodys => {
                return without_login(Door::Open, settings, listen, house, limits, others);
            }
            Self::None => {
                return without_login(Door::Shut, settings, listen, house, limits, others);
            }
            Self::Demo(people) => {
                let sessions = sessions(SessionLimits::default());
                let guard = Guard::demo(Arc::clone(&sessions), origins.clone(), people);
                (sessions, guard, 0)
            }
            Self::Providers(login) => {
                let sessions = sessions(login.sessions());
                let clock = Arc::clone(&house.0.clock);
                let logins = logins(&login, &origins, clock, Arc::clone(kept))?;
                let (own, writes_level) = (Arc::clone(&sessions), login.writes_level());
                let guard = Guard::providers(own, origins.clone(), logins, writes_level);
                (sessions, guard, writes_level)
            }
        };
        let apps = apps::open(settings, listen, house, Some(&sessions))?;
        let tokens = apps::tokens(apps.as_ref(), limits, others);
        let record = Arc::clone(&house.0.record);
        let callers = LoginCallers::new(sessions, origins, record, Arc::clone(limits), tokens);
        let callers = Callers::Proved(Arc::new(callers.with_writes_level(writes_level)));
        let guard = guard.with_attempts(limits.logins()).with_apps(apps.clone());
        Ok(Front { door: Door::Guarded(Arc::new(guard)), callers, apps })
    }
}

/// Pages that nobody logs in to.
fn without_login(
    door: Door,
    settings: &Settings,
    listen: SocketAddr,
    house: (&House, &Arc<dyn Keeping>),
    limits: &Arc<Limits>,
    others: Option<Arc<dyn Authenticator>>,
) -> Result<Front, Failure> {
    let apps = apps::open(settings, listen, house, None)?;
    let callers = match apps::tokens(apps.as_ref(), limits, others) {
        Some(tokens) => Callers::Proved(tokens),
        None => Callers::Everybody(Arc::new(Actor::open())),
    };
    Ok(Front { door, callers, apps })
}

/// The providers that people log in by, asked for their metadata meanwhile.
fn logins(
    login: &LoginSettings,
    origins: &Origins,
    clock: Arc<dyn Clock>,
    kept: Arc<dyn Keeping>,
) -> Result<Arc<Logins>, Failure> {
    let logins = Logins::new(login.providers()?, origins.root(), clock, kept)
        .map_err(|problem| Failure::Usage(format!("{} {}", problem.code, problem.for_log)))?;
    let logins = Arc::new(logins);
    let warming = Arc::clone(&logins);
    tokio::spawn(async move { warming.warm_up().await });
    Ok(logins)
}

/// Serves until SIGTERM or SIGINT, drains, and makes the store's files small. `listening` hears
/// the address once requests are taken.
pub(crate) async fn serve(
    settings: &Settings,
    policy: Policy,
    login: Login,
    house: House,
    (addresses, tls): (&[SocketAddr], Option<Tls>),
    listening: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| {
        Failure::Failed(format!("cannot listen on {}: {error}", settings.listen))
    };
    let listener = TcpListener::bind(addresses).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let meters = observe::start()?;
    observe::keep_up(meters.clone());
    let checkpoints = settings.checkpoints.as_ref().map(Checkpoints::open).transpose()?;
    let downtime = settings.downtime.as_ref().map(|copy| Keeper::open(copy, policy)).transpose()?;
    let codes = Arc::new(terminology::read(settings.terminology.as_deref())?);
    let references = growth::read(settings.growth.as_deref())?;
    let kept = house.kept()?;
    let keeping: Arc<dyn Keeping> = Arc::clone(&kept) as Arc<dyn Keeping>;
    let limits = Arc::new(Limits::new(&settings.limits, &house.clock, Some(&keeping)));
    let Front { door, callers, apps } =
        login.front(settings, address, (&house, &keeping), &limits)?;
    repeat(SWEEP_EVERY, "what is kept was not swept", move || kept.sweep());
    let House { store, record, clock } = house;
    let options = Options {
        base: settings.base_url.clone(),
        listen: address.to_string(),
        request_time_max: settings.request_time_max(),
        cors_origins: settings.cors_origins.clone(),
        version: env!("CARGO_PKG_VERSION"),
        policy,
    };
    let copy = downtime.map(|keeper| keeper.start(&record, &clock));
    let app = Arc::new(App {
        oauth: apps.map(|apps| OAuth::new(apps, settings.cors_origins.clone())),
        api: Api::new(Arc::clone(&record), options, callers, &*clock),
        pages: akson_web::router(Arc::clone(&record), clock, door, codes, references),
        meters,
        store: Arc::clone(&store),
        limits,
        admission: Admission::default(),
        downtime: copy.as_ref().map(|copy| Arc::clone(&copy.freshness)),
        is_ruled: policy == Policy::Rules,
        is_tls: tls.is_some(),
        is_draining: AtomicBool::new(false),
    });
    let indexing = index_accesses(record);
    let (stopping, stopped) = watch::channel(());
    let checkpoints = checkpoints.map(|one| one.keep_up(Arc::clone(&store), stopped));
    let stop = stop_signal()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    tls.as_ref().map_or(Ok(()), Tls::keep_up)?;
    say::line(&format!("Akson {} listens on {scheme}://{address}", env!("CARGO_PKG_VERSION")));
    listening(address);
    let bounds = Bounds {
        connections_max: settings.connections_max,
        drain_time_max: settings.drain_time_max(),
    };
    if !listener::serve(listener, tls, app, bounds, stop).await {
        tracing::warn!("some requests did not finish within the drain time and were cut");
    }
    indexing.abort();
    copy.into_iter().for_each(Kept::stop);
    drop(stopping);
    if let Some(checkpoints) = checkpoints
        && let Err(error) = checkpoints.await
    {
        tracing::error!("the last checkpoint: {error}");
    }
    let settled = tokio::task::spawn_blocking(move || store.settle()).await;
    settled.map_err(|error| Failure::Failed(format!("the store did not settle: {error}")))??;
    Ok(())
}

/// Keeps "who has opened this journal" up to date, from the log that every request writes.
fn index_accesses(record: Arc<Record>) -> JoinHandle<()> {
    repeat(INDEX_EVERY, "the index of accesses is behind", move || record.index_accesses())
}

/// Completes at the first SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let cannot = |error| Failure::Failed(format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
