//! The authorisation server: what it holds, and the person's answer to an app's request.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use akson_base::limits::ACCESS_TOKENS_REMEMBERED_MAX;
use akson_base::{Clock, Instant, Kind, Problem};
use akson_identity::Outbound;
use akson_identity::clients::Possession;
use akson_identity::kept::commit;
use akson_identity::rate::{CallerAddress, Rate, RateLimit, Throttled};
use akson_identity::sessions::{LoginMark, Sessions};
use akson_identity::waiting::Waiting;
use akson_record::Record;
use akson_store::kept::{Change, Keeping};
use quick_cache::sync::Cache;
use serde_json::Value;

use crate::app::{App, CLIENT_ID_SYSTEM, CONNECTION_SYSTEM, is_client_id};
use crate::authorise::Request;
use crate::client_keys::ClientKeySets;
use crate::denied::{Denied, ErrorCode};
use crate::grant::{Grant, Person, grant_at};
use crate::quota::Quotas;
use crate::resolve::Known;
use crate::signing::SigningKey;
use crate::waiting::{self, Asking, Code, Launch};

/// Longest that a grant lives which ends with its login; no login lasts longer.
const LOGIN_HOURS_MAX: i64 = 24;
const HOUR_MILLISECONDS: i64 = 3_600_000;
/// Apps' requests from one address: many people may be behind it, and each waits for its answer.
const ARRIVALS: Rate = Rate { calls: 600, seconds: 60, burst: 600 };
/// How long the list of apps for charts is taken without looking again.
const LAUNCHABLE_MILLISECONDS: i64 = 2_000;
/// Apps that charts can open.
const APPS_MAX: usize = 200;

/// The apps that charts can open, and when they were looked up.
type Launchable = (Arc<[Arc<App>]>, Instant);

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// The FHIR address: `https://journal.example.no/fhir`.
    pub base: String,
    /// Further names of it that apps may use as `aud`, without a slash at the end.
    pub audiences: Vec<String>,
    /// Who we are as an issuer, and where our other addresses begin: `https://journal.example.no`.
    pub root: String,
    /// How long an access token lives.
    pub access_token_seconds: u32,
    /// How long refresh tokens of one consent live in all (`offline_access`).
    pub refresh_token_days: u32,
    /// How far clocks may be apart.
    pub skew_seconds: u32,
    /// How old a DPoP proof may be.
    pub proof_seconds_max: u32,
    /// Whether DPoP proofs must carry a nonce of ours.
    pub is_nonce_required: bool,
}

impl Options {
    /// Where tokens are given.
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.root)
    }
}

/// A person's yes.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Who says it.
    pub person: Person,
    /// In which login.
    pub login: LoginMark,
    /// What is allowed, of what was asked for.
    pub scopes: Vec<String>,
    /// Id of the patient whom it is about.
    pub patient: Option<String>,
    /// Id of the Consent that was written for it.
    pub consent: Option<String>,
}

/// All of it. Share it behind an `Arc`.
pub struct AuthorisationServer {
    pub(crate) options: Options,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) record: Arc<Record>,
    pub(crate) kept: Arc<dyn Keeping>,
    pub(crate) sessions: Option<Arc<Sessions>>,
    pub(crate) key: SigningKey,
    pub(crate) possession: Possession,
    pub(crate) key_sets: ClientKeySets,
    pub(crate) requests: Waiting<Asking>,
    pub(crate) launches: Waiting<Launch>,
    pub(crate) codes: Waiting<Code>,
    /// By digest of the access token.
    pub(crate) known: Cache<[u8; 32], Arc<Known>>,
    apps: Mutex<HashMap<String, Arc<App>>>,
    launchable: Mutex<Option<Launchable>>,
    quotas: Quotas,
    /// How often people may come from one address with an app's request.
    arrivals: RateLimit,
}

impl fmt::Debug for AuthorisationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorisationServer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl AuthorisationServer {
    /// Over a record. `sessions` are the logins of the pages; without them only systems get tokens.
    /// `outbound` fetches the keys of clients.
    pub fn new(
        options: Options,
        (record, kept): (Arc<Record>, Arc<dyn Keeping>),
        sessions: Option<Arc<Sessions>>,
        (key, outbound): (SigningKey, Outbound),
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Problem> {
        let clock_of_arrivals = Arc::clone(&clock);
        let times = (options.proof_seconds_max, options.skew_seconds);
        let possession = Possession::new(Arc::clone(&clock), times, options.is_nonce_required)?
            .in_house(&kept)?;
        Ok(Self {
            options,
            clock,
            record,
            sessions,
            key,
            possession,
            key_sets: ClientKeySets::new(outbound),
            requests: waiting::requests(&kept),
            launches: waiting::launches(&kept),
            codes: waiting::codes(&kept),
            known: Cache::new(ACCESS_TOKENS_REMEMBERED_MAX),
            apps: Mutex::default(),
            launchable: Mutex::default(),
            quotas: Quotas::default(),
            arrivals: RateLimit::new(ARRIVALS, clock_of_arrivals),
            kept,
        })
    }

    /// What the operator decided.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The JWK set that others check our signatures with.
    pub fn jwks(&self) -> Value {
        self.key.jwks()
    }

    /// Takes one of the requests of apps that may come from an address.
    pub fn take_arrival(&self, address: CallerAddress) -> Result<(), Throttled> {
        self.arrivals.take_address(address)
    }

    /// Takes one call to `/fhir` out of an app's own quota, if it has one.
    pub fn take(&self, app: &App) -> Result<(), Throttled> {
        app.quota_per_minute.map_or(Ok(()), |per_minute| {
            self.quotas.take(&app.client_id, per_minute, self.clock.now())
        })
    }

    /// The registered client of this id, as the register has it at this moment.
    pub fn app(&self, client_id: &str) -> Result<Option<Arc<App>>, Problem> {
        if !is_client_id(client_id) {
            return Ok(None);
        }
        let known = self.apps().get(client_id).cloned();
        if let Some(known) = known {
            let current = self.record.register_resource("Endpoint", &known.id)?;
            if current.is_some_and(|current| current.version == known.version) {
                return Ok(Some(known));
            }
        }
        let found = self.record.register_entry("Endpoint", CLIENT_ID_SYSTEM, client_id)?;
        let Some(found) = found else {
            self.apps().remove(client_id);
            return Ok(None);
        };
        let json: Value = serde_json::from_slice(&found.json)
            .map_err(|error| Problem::fault("APP-063", error.to_string()))?;
        match App::of_endpoint(&json, found.version) {
            Ok(Some(app)) if app.client_id == client_id => {
                let app = Arc::new(app);
                self.apps().insert(client_id.to_string(), Arc::clone(&app));
                Ok(Some(app))
            }
            Ok(Some(_) | None) => Ok(None),
            Err(why) => {
                tracing::warn!(endpoint = found.id, "an app's Endpoint cannot be used: {why}");
                Ok(None)
            }
        }
    }

    /// The apps that can be opened from a chart, by name; as the register had it some seconds ago.
    pub fn launchable(&self) -> Result<Arc<[Arc<App>]>, Problem> {
        let now = self.clock.now();
        let known = self.launchable.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((apps, at)) = known
            && (0..LAUNCHABLE_MILLISECONDS).contains(&now.0.saturating_sub(at.0))
        {
            return Ok(apps);
        }
        let query = format!("connection-type={CONNECTION_SYSTEM}%7Csmart-app&_count={APPS_MAX}");
        let mut apps = Vec::new();
        for found in self.record.register_search("Endpoint", &query)? {
            let json: Value = serde_json::from_slice(&found.json)
                .map_err(|error| Problem::fault("APP-063", error.to_string()))?;
            let app = App::of_endpoint(&json, found.version).ok().flatten();
            apps.extend(app.filter(|app| app.is_on(now) && app.launches()).map(Arc::new));
        }
        apps.sort_by(|one, other| one.name.cmp(&other.name));
        let apps: Arc<[Arc<App>]> = apps.into();
        *self.launchable.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Arc::clone(&apps), now));
        Ok(apps)
    }

    fn apps(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<App>>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request that waits under this name.
    pub fn request(&self, name: &str) -> Result<Option<Arc<Request>>, Problem> {
        let asking = self.requests.get(name)?;
        asking.map_or(Ok(None), |asking| self.asked(asking)).map(|found| found.map(Arc::new))
    }

    /// A request that waited, of an app that is still registered.
    fn asked(&self, asking: Asking) -> Result<Option<Request>, Problem> {
        let app = self.app(&asking.client)?;
        Ok(app.map(|app| Request::of(asking, app)))
    }

    async fn take_request(&self, name: &str) -> Result<Option<Request>, Problem> {
        match self.requests.take(name).await? {
            Some(asking) => self.asked(asking),
            None => Ok(None),
        }
    }

    /// The address that opens an app for a patient's chart, for the login that it is opened in.
    pub async fn launch(
        &self,
        app: &App,
        patient: &str,
        login: LoginMark,
    ) -> Result<String, Problem> {
        let (client, login) = (app.client_id.clone(), login.bytes());
        let launch = Launch { client, patient: patient.into(), login };
        let launch = self.launches.put(&launch, self.clock.now()).await?;
        let mut url = url::Url::parse(&app.address).map_err(|_| {
            Problem::new(Kind::Invalid, "APP-004", "The app has no address to be opened at.")
        })?;
        let pairs = [("iss", self.options.base.as_str()), ("launch", launch.as_str())];
        url.query_pairs_mut().extend_pairs(pairs);
        Ok(url.into())
    }

    /// The person says yes: the address back at the app, with a code. The request is answered.
    ///
    /// # Errors
    /// `APP-018` when nothing waits under this name (any more), or for somebody else.
    pub async fn allow(&self, name: &str, approval: Approval) -> Result<String, Problem> {
        let now = self.clock.now();
        let Approval { person, login, scopes, patient, consent } = approval;
        let request = self.take_request(name).await?;
        let request = request.filter(|request| request.may_answer(&login));
        let request = request.ok_or_else(nothing_waits)?;
        let scopes: Vec<String> =
            scopes.into_iter().filter(|scope| request.scopes.contains(scope)).collect();
        let outlives = scopes.iter().any(|scope| scope == "offline_access");
        let hours = match outlives {
            true => i64::from(self.options.refresh_token_days) * 24,
            false => LOGIN_HOURS_MAX,
        };
        let until = Instant(now.0.saturating_add(hours * HOUR_MILLISECONDS));
        let login = (!outlives).then_some(login);
        let client = &request.app.client_id;
        let mut grant = Grant::of_person(client, person, scopes, login, until);
        grant.needs_banner = request.patient.is_none();
        grant.patient = patient;
        grant.consent = consent;
        let code = Code {
            grant,
            redirect: request.redirect.clone(),
            challenge: request.challenge,
            nonce: request.nonce.clone(),
            key: request.key,
        };
        let code = self.codes.put(&code, now).await?;
        let mut pairs = vec![("code", code.as_str())];
        pairs.extend(request.state.as_deref().map(|state| ("state", state)));
        Ok(self.with_query(&request.redirect, &pairs))
    }

    /// The person says no: the address back at the app that says so.
    pub async fn refuse(&self, name: &str) -> Result<String, Problem> {
        let request = self.take_request(name).await?.ok_or_else(nothing_waits)?;
        let text = "The person did not let the app in.";
        let denied =
            Denied::new(ErrorCode::AccessDenied, Problem::new(Kind::Refused, "APP-019", text));
        Ok(self.back(&request.redirect, request.state.as_deref(), &denied))
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().0.div_euclid(1000)
    }

    /// Changes what is kept and waits until it is durable; `false` when something else was there
    /// than was expected.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<bool, Problem> {
        commit(&*self.kept, &changes).await
    }

    /// Ends a grant: all tokens that hang on it are nothing from now on.
    pub(crate) async fn end(&self, grant: [u8; 32]) -> Result<(), Problem> {
        self.commit(vec![Change::Remove(grant_at(grant))]).await?;
        Ok(())
    }
}

fn nothing_waits() -> Problem {
    let text = "No app waits for this answer any more. Begin again from the app.";
    Problem::new(Kind::Invalid, "APP-018", text)
}
