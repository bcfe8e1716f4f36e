//! One request from its head to its answer.
//!
//! Not a stack of middleware: a read by id must cost little more than the HTTP around it, so what
//! a request does not ask for (CORS, compression, other formats) costs it nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use akson_access::{Actor, Policy};
use akson_base::{Clock, Kind, Problem};
use akson_fhir::definitions::ResourceType;
use akson_record::Record;
use akson_record::request::{Caller, HistoryScope};
use axum::body::{Body, HttpBody};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, HOST, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use bytes::Bytes;

use crate::answer::{json, put};
use crate::body::Room;
use crate::callers::{Admitted, Callers, Denied, Shown};
use crate::format::negotiate;
use crate::interactions::Op;
use crate::measure::Meters;
use crate::outcome::{outcome_json, status};
use crate::route::{Lost, Target, route};
use crate::trace::Traces;
use crate::{
    bundle, compress, cors, everything, explain_access, history, metadata, read, search, write,
};

/// Where the FHIR address begins.
const PREFIX: &str = "/fhir";

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address that callers use, `https://journal.example.no/fhir`; `None` takes it from each
    /// request's `Host`.
    pub base: Option<String>,
    /// `host:port` that is listened on, for requests that name no host.
    pub listen: String,
    /// Longest time that one request may take.
    pub request_time_max: Duration,
    /// Origins whose scripts may read answers; `*` for all.
    pub cors_origins: Vec<String>,
    /// The program's version, for the CapabilityStatement.
    pub version: &'static str,
    /// The rules that the record is under; asked before a body is taken in.
    pub policy: Policy,
}

/// FHIR over HTTP on one record.
pub struct Api {
    record: Arc<Record>,
    options: Options,
    callers: Callers,
    /// Who calls where nobody is asked who it is: `access` gives them no ground.
    nobody: Arc<Actor>,
    base: Arc<str>,
    host: String,
    started: akson_base::Instant,
    traces: Traces,
    meters: Meters,
    room: Room,
}

/// One routed request.
pub(crate) struct Call<'a> {
    pub(crate) api: &'a Api,
    pub(crate) caller: &'a Caller,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a str,
    pub(crate) pretty: bool,
    pub(crate) target: Target<'a>,
}

impl Call<'_> {
    pub(crate) fn record(&self) -> &Record {
        &self.api.record
    }

    pub(crate) fn room(&self) -> &Room {
        &self.api.room
    }
}

impl Api {
    /// Takes requests of `callers` to `record`. Install the metrics recorder first.
    pub fn new(record: Arc<Record>, options: Options, callers: Callers, clock: &dyn Clock) -> Self {
        let started = clock.now();
        let host = options.listen.clone();
        let base = match &options.base {
            Some(base) => base.trim_end_matches('/').to_string(),
            None => format!("http://{host}{PREFIX}"),
        };
        Self {
            record,
            options,
            callers,
            nobody: Arc::new(Actor::open()),
            base: base.into(),
            host,
            started,
            traces: Traces::new(started),
            meters: Meters::new(),
            room: Room::new(),
        }
    }

    /// Whether a path is ours.
    pub fn owns(path: &str) -> bool {
        path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) fn version(&self) -> &'static str {
        self.options.version
    }

    pub(crate) fn started(&self) -> akson_base::Instant {
        self.started
    }

    /// Answers one request whose path [`Api::owns`].
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let mut caller = Caller {
            actor: Arc::clone(&self.nobody),
            trace: self.traces.of(&parts.headers),
            base: self.base_for(&parts.headers),
        };
        let (op, mut response) = if parts.method == Method::OPTIONS {
            (None, cors::options(path, &parts.headers))
        } else {
            let target = route(&parts.method, path);
            let op = target.as_ref().ok().map(|target| target.interaction.op);
            let response = match self.admit(&parts, path, op).await {
                Ok(Admitted { actor, headers }) => {
                    caller.actor = actor;
                    let mut response = match target {
                        Ok(target) => self.answer(&parts, &caller, target, body).await,
                        Err(lost) => failed(&lost, &caller),
                    };
                    response.headers_mut().extend(headers);
                    response
                }
                Err(denied) => {
                    let mut response = failed(&Lost::from(*denied.problem), &caller);
                    response.headers_mut().extend(denied.headers);
                    response
                }
            };
            (op, response)
        };
        cors::expose(&self.options.cors_origins, &parts.headers, &mut response);
        let took = began.elapsed();
        self.meters.note(op, response.status(), took);
        tracing::debug!(
            trace = caller.trace,
            method = %parts.method,
            interaction = ?op,
            status = response.status().as_u16(),
            microseconds = took.as_micros() as u64,
            "answered"
        );
        let headers = response.headers_mut();
        // Patient data: never kept by what stands between us and the caller.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        put(headers, HeaderName::from_static("x-request-id"), caller.trace);
        compress::compress(&parts.headers, response).await
    }

    /// The answer to a request that is not looked at any further.
    pub fn not_taken(&self, problem: Problem, headers: &HeaderMap) -> Response<Body> {
        let caller = Caller {
            actor: Arc::clone(&self.nobody),
            trace: self.traces.of(headers),
            base: Arc::clone(&self.base),
        };
        let mut response = failed(&problem.into(), &caller);
        cors::expose(&self.options.cors_origins, headers, &mut response);
        put(response.headers_mut(), HeaderName::from_static("x-request-id"), caller.trace);
        response
    }

    /// Who calls. What we offer is told to everybody: callers learn there how to come in.
    async fn admit(
        &self,
        parts: &Parts,
        path: &str,
        op: Option<Op>,
    ) -> Result<Admitted, Box<Denied>> {
        match &self.callers {
            Callers::Everybody(actor) => {
                Ok(Admitted { actor: Arc::clone(actor), headers: HeaderMap::new() })
            }
            Callers::Proved(_) if op == Some(Op::Capabilities) => {
                Ok(Admitted { actor: Arc::clone(&self.nobody), headers: HeaderMap::new() })
            }
            Callers::Proved(authenticator) => {
                authenticator.authenticate(Shown { parts, base: &self.base, path }).await
            }
        }
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }

    /// Where links in the answers begin: as configured, else where the caller found us.
    fn base_for(&self, headers: &HeaderMap) -> Arc<str> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let plain =
            |host: &&str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-_[]".contains(&b));
        match host.filter(plain) {
            Some(host) if self.options.base.is_none() && host != self.host => {
                format!("http://{host}{PREFIX}").into()
            }
            Some(_) | None => Arc::clone(&self.base),
        }
    }

    async fn answer<B>(
        &self,
        parts: &Parts,
        caller: &Caller,
        target: Target<'_>,
        body: B,
    ) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let headers = &parts.headers;
        let query = parts.uri.query().unwrap_or_default();
        let answer = match negotiate(headers, query) {
            Ok(pretty) => {
                let call = Call { api: self, caller, headers, query, pretty, target };
                let work = dispatch(&call, body);
                match tokio::time::timeout(self.options.request_time_max, work).await {
                    Ok(answer) => answer,
                    Err(_) => Err(self.took_too_long()),
                }
            }
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| {
            let is_scope = matches!(problem.code, "REC-071" | "REC-072");
            let mut response = failed(&problem.into(), caller);
            if is_scope {
                response.headers_mut().insert(WWW_AUTHENTICATE, insufficient_scope(headers));
            }
            response
        })
    }

    fn took_too_long(&self) -> Problem {
        let seconds = self.options.request_time_max.as_secs();
        let text = format!(
            "The request took more than {seconds} seconds and was given up. If it was to change \
             something, read before you try again: the change may have been made."
        );
        Problem::new(Kind::Busy, "API-018", text)
    }
}

async fn dispatch<B>(call: &Call<'_>, body: B) -> Result<Response<Body>, Problem>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let target = &call.target;
    let ty = || {
        let text = format!("{} has no type in its address", target.interaction.name);
        target.resource_type.ok_or_else(|| Problem::fault("API-019", text))
    };
    let op = target.interaction.op;
    if op != Op::Capabilities {
        // The record asks again for its permit; here it spares us a stranger's half gigabyte.
        call.api.options.policy.may_read(&call.caller.actor)?;
    }
    if op == Op::Read {
        return read::read(call, ty()?).await;
    }
    // Boxed, so that the read above does not carry the state of the largest transaction.
    let work: Pin<Box<dyn Future<Output = Result<Response<Body>, Problem>> + Send + '_>> =
        Box::pin(other(call, op, Body::new(body)));
    work.await
}

async fn other(call: &Call<'_>, op: Op, body: Body) -> Result<Response<Body>, Problem> {
    let target = &call.target;
    let ty = || {
        let text = format!("{} has no type in its address", target.interaction.name);
        target.resource_type.ok_or_else(|| Problem::fault("API-019", text))
    };
    match op {
        Op::Read => read::read(call, ty()?).await,
        Op::Vread => read::vread(call, ty()?).await,
        Op::Create => write::create(call, ty()?, body).await,
        Op::Update => write::update(call, ty()?, body).await,
        Op::UpdateConditional => write::update_conditional(call, ty()?, body).await,
        Op::Delete => write::delete(call, ty()?).await,
        Op::DeleteConditional => write::delete_conditional(call, ty()?).await,
        Op::Bundle => bundle::bundle(call, body).await,
        Op::HistoryInstance => history::history(call, instance(target, ty()?)).await,
        Op::HistoryType => history::history(call, HistoryScope::Type(ty()?)).await,
        Op::HistorySystem => history::history(call, HistoryScope::System).await,
        Op::SearchType | Op::SearchSystem | Op::SearchCompartment => search::search(call).await,
        Op::SearchTypeForm | Op::SearchSystemForm | Op::SearchCompartmentForm => {
            search::search_form(call, body).await
        }
        Op::Everything => everything::everything(call).await,
        Op::Capabilities => Ok(metadata::capabilities(call)),
        Op::Explain => search::explain(call).await,
        Op::ExplainAccess => explain_access::explain_access(call).await,
    }
}

fn instance(target: &Target<'_>, ty: ResourceType) -> HistoryScope {
    HistoryScope::Instance(ty, target.id.to_string())
}

/// RFC 6750, 3.1, in the scheme that the token came by.
fn insufficient_scope(headers: &HeaderMap) -> HeaderValue {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_dpop = shown.is_some_and(|shown| shown.to_ascii_lowercase().starts_with("dpop "));
    HeaderValue::from_static(match is_dpop {
        true => "DPoP error=\"insufficient_scope\"",
        false => "Bearer error=\"insufficient_scope\"",
    })
}

/// The answer to a request that failed, told to the log as loudly as the operator must hear it.
fn failed(lost: &Lost, caller: &Caller) -> Response<Body> {
    let problem = lost.problem.as_ref();
    let status = status(problem);
    match problem.kind {
        Kind::Fault => {
            tracing::error!(trace = caller.trace, code = problem.code, "{}", problem.for_log);
        }
        Kind::Busy => {
            tracing::warn!(trace = caller.trace, code = problem.code, "{}", problem.for_log);
        }
        Kind::NotFound
        | Kind::Gone
        | Kind::Invalid
        | Kind::Unprocessable
        | Kind::Conflict
        | Kind::Precondition
        | Kind::Unauthenticated
        | Kind::Refused
        | Kind::Unsupported
        | Kind::NotAllowed
        | Kind::MediaType
        | Kind::NotAcceptable
        | Kind::TooLarge
        | Kind::TooCostly
        | Kind::Throttled => {
            tracing::debug!(trace = caller.trace, code = problem.code, "{}", problem.for_log);
        }
    }
    let mut response = json(status, outcome_json(problem), false);
    if let Some(allow) = &lost.allow {
        put(response.headers_mut(), ALLOW, allow.clone());
    }
    if problem.kind == Kind::Busy {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
