//! The door: who comes with a request, before any page is made.
//!
//! Behind a [`Guard`] nothing but the login page and the assets is answered to somebody who is not
//! logged in, and nothing that changes something is done unless one of our own forms sent it.
//! Not here: letting people in (`login`), how logins are kept (`identity::sessions`).

use std::sync::Arc;

use akson_access::{Actor, Identity};
use akson_base::{Kind, Problem};
use akson_identity::attempts::{Attempts, Refused};
use akson_identity::logins::Logins;
use akson_identity::rate::CallerAddress;
use akson_identity::sessions::{Cookies, Found, LoggedIn, Origins, Sessions, Ticket};
use akson_smart::AuthorisationServer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::authorise;
use crate::forms::{FORM_TOKEN, Form};
use crate::language::LANGUAGES;
use crate::login::{Choosing, DemoLogin, LOGIN, LOGOUT, ROLE, Visitor, Why};
use crate::messages::t;
use crate::pages::accessibility_page::ACCESSIBILITY;
use crate::pages::{kept_text_page, problem_page, step_up_page};
use crate::provider_login;
use crate::response;
use crate::routes::wants_fragment;
use crate::sight::{Desk, nobody};
use crate::who::{Login, Who};
use crate::witness_login::Proofs;

/// The header by which a script says that nobody pressed anything.
const UNATTENDED: &str = "akson-unattended";

/// Who comes in.
#[derive(Clone, Debug)]
pub enum Door {
    /// Everybody, without login (`--open`).
    Open,
    /// Nobody: no login is set up. Every address says so.
    Shut,
    /// Whoever logs in.
    Guarded(Arc<Guard>),
}

/// What stands between a browser and the pages.
#[derive(Debug)]
pub struct Guard {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) cookies: Cookies,
    pub(crate) origins: Origins,
    pub(crate) demo: DemoLogin,
    /// The OpenID providers that log people in.
    pub(crate) logins: Option<Arc<Logins>>,
    /// The security level of login that it takes to change something.
    pub(crate) writes_level: u8,
    /// Witnesses who have proved who they are.
    pub(crate) proofs: Proofs,
    /// How often one address may try to log in.
    attempts: Option<Arc<Attempts>>,
    /// Apps that people let in.
    pub(crate) apps: Option<Arc<AuthorisationServer>>,
}

impl Guard {
    /// A guard with the demo's people to log in as. A server that has real data in it has no
    /// [`DemoLogin`] to give.
    pub fn demo(sessions: Arc<Sessions>, origins: Origins, demo: DemoLogin) -> Self {
        let proofs = Proofs::new(Arc::clone(sessions.kept()));
        let cookies = Cookies { is_https: origins.is_https() };
        Self {
            sessions,
            cookies,
            origins,
            demo,
            logins: None,
            writes_level: 0,
            proofs,
            attempts: None,
            apps: None,
        }
    }

    /// A guard who sends people to OpenID providers to log in. Whoever came in at a lower security
    /// level than `writes_level` may read, and is sent there again before anything is changed.
    pub fn providers(
        sessions: Arc<Sessions>,
        origins: Origins,
        logins: Arc<Logins>,
        writes_level: u8,
    ) -> Self {
        let demo = DemoLogin { people: Vec::new() };
        Self { logins: Some(logins), writes_level, ..Self::demo(sessions, origins, demo) }
    }

    /// With so many attempts to log in from one address. The server puts the [`CallerAddress`] into
    /// each request; one without is not limited.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Option<Arc<Attempts>>) -> Self {
        self.attempts = attempts;
        self
    }

    /// With apps that people let in.
    #[must_use]
    pub fn with_apps(mut self, apps: Option<Arc<AuthorisationServer>>) -> Self {
        self.apps = apps;
        self
    }
}

/// What the door needs for every request.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub door: Door,
    pub desk: Arc<Desk>,
}

/// Lets a request in as somebody, or answers it.
pub(crate) async fn keep(
    State(keeper): State<Keeper>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_asset = request.uri().path().starts_with("/assets/");
    let is_told_to_all = request.uri().path() == ACCESSIBILITY;
    let is_choice = request.uri().path() == LANGUAGES && request.method() == Method::POST;
    match &keeper.door {
        Door::Open | Door::Shut if is_choice => match with_form(request).await {
            Ok(request) => next.run(request).await,
            Err(answer) => *answer,
        },
        Door::Open => {
            let actor = Arc::new(Actor::open());
            request.extensions_mut().insert(Who { actor, login: None, waits: None });
            next.run(request).await
        }
        Door::Shut | Door::Guarded(_) if is_asset => next.run(request).await,
        Door::Shut if is_told_to_all => next.run(request).await,
        Door::Shut => response::problem(&nobody(), None, wants_fragment(request.headers())),
        Door::Guarded(guard) if authorise::is_arrival(guard, &request) => {
            authorise::arrive(guard, request).await
        }
        Door::Guarded(guard) => match guarded(guard, &keeper.desk, request).await {
            Ok(request) => next.run(request).await,
            Err(answer) => *answer,
        },
    }
}

/// The request with who sends it and what its form says, or the answer that it gets instead.
async fn guarded(guard: &Guard, desk: &Desk, request: Request) -> Result<Request, Box<Response>> {
    let (parts, body) = request.into_parts();
    if provider_login::is_notice(parts.uri.path()) {
        // A provider sends it, or a page of the provider's: it proves itself, or does nothing.
        return Ok(Request::from_parts(parts, body));
    }
    let ticket = guard.cookies.login(&parts.headers);
    let found = match &ticket {
        // A page that asks by itself is nobody at work: it does not keep the login alive.
        Some(ticket) if parts.headers.contains_key(UNATTENDED) => {
            guard.sessions.find_unattended(ticket)
        }
        Some(ticket) => guard.sessions.find(ticket),
        None => Ok(Found::Nobody),
    };
    let found = found.map_err(|problem| failed(&problem, &parts))?;
    match (found, ticket, parts.uri.path()) {
        (found, ticket, path) if is_at_login(path) => {
            visitor(guard, found, ticket, parts, body).await
        }
        // Whoever is not logged in chooses a language, too: it says nothing of anybody.
        (Found::TimedOut | Found::Nobody | Found::Choosing(_), _, LANGUAGES)
            if parts.method == Method::POST =>
        {
            if !guard.origins.sent(&parts.headers) {
                return Err(refused(&foreign(), None));
            }
            with_form(Request::from_parts(parts, body)).await
        }
        // Whoever is not logged in reads it too; who is, reads it as themself.
        (Found::TimedOut | Found::Nobody | Found::Choosing(_), _, ACCESSIBILITY)
            if matches!(parts.method, Method::GET | Method::HEAD) =>
        {
            Ok(Request::from_parts(parts, body))
        }
        (Found::In(login), Some(ticket), _) => {
            let login = confirmed(guard, desk, &ticket, login, &parts).await?;
            strong_enough(guard, &login, &parts)?;
            let form_token = guard.sessions.form_token(&ticket);
            let may_switch = login.actors.len() > 1;
            let has_apps = guard.apps.is_some();
            let of_login = Login { form_token, may_switch, has_apps };
            let waits = desk.waits(&login.actor);
            let who = Who { actor: login.actor, login: Some(of_login), waits };
            let mut request = checked(guard, &ticket, parts, body, Some(&who)).await?;
            let choosing = Choosing { actors: login.actors, ticket };
            request.extensions_mut().insert(who);
            request.extensions_mut().insert(choosing);
            Ok(request)
        }
        (Found::Choosing(actors), Some(ticket), ROLE | LOGOUT) => {
            let mut request = checked(guard, &ticket, parts, body, None).await?;
            request.extensions_mut().insert(Choosing { actors, ticket });
            Ok(request)
        }
        (Found::Choosing(_), Some(_), _) => Err(elsewhere(&parts, ROLE, None)),
        (Found::TimedOut, Some(_), _) => Err(timed_out(guard, &parts, body).await),
        (Found::Nobody, Some(_), _) => Err(logged_out(guard, &parts, Why::TimedOut)),
        (Found::TimedOut | Found::Nobody | Found::In(_) | Found::Choosing(_), None, _) => {
            Err(elsewhere(&parts, LOGIN, None))
        }
    }
}

/// The login page, and the way to a provider and back.
fn is_at_login(path: &str) -> bool {
    path == LOGIN || provider_login::is_start(path) || provider_login::is_return(path)
}

/// Whether somebody is known well enough for what is asked. Who is not is shown the way to log in
/// again: a redirect of a form that was sent would not get past the page's own policy.
fn strong_enough(guard: &Guard, login: &LoggedIn, parts: &Parts) -> Result<(), Box<Response>> {
    let is_passing = matches!(parts.uri.path(), ROLE | LOGOUT | LANGUAGES);
    let is_change = !matches!(parts.method, Method::GET | Method::HEAD) && !is_passing;
    let Some(kind) = login.provider.filter(|_| login.security_level < guard.writes_level) else {
        return Ok(());
    };
    if !is_change {
        return Ok(());
    }
    let open = parts.headers.get("hx-current-url").or(parts.headers.get(header::REFERER));
    let back = path_of(open);
    let text = "To change something here takes a login at a higher security level.";
    let problem = Problem::new(Kind::Refused, "WEB-040", text);
    Err(Box::new(response::told(&problem, step_up_page::needed(kind, guard.writes_level, &back))))
}

/// Counts an attempt to log in, before anything of it is looked at.
async fn attempt(guard: &Guard, parts: &Parts) -> Result<(), Box<Response>> {
    let address = parts.extensions.get::<CallerAddress>();
    let (Some(attempts), Some(address)) = (&guard.attempts, address) else { return Ok(()) };
    // The page itself may be looked at; the way to a provider is an attempt, and the one way back
    // from it belongs to the same.
    let is_look = matches!(parts.method, Method::GET | Method::HEAD);
    if is_look && !provider_login::is_start(parts.uri.path()) {
        return Ok(());
    }
    attempts.take(*address).await.map_err(|refused| match refused {
        Refused::Throttled(throttled) => {
            let problem = throttled.problem("IDN-082", "This address");
            let mut answer = failed(&problem, parts);
            let seconds = HeaderValue::from(throttled.retry_after_seconds);
            answer.headers_mut().insert(header::RETRY_AFTER, seconds);
            answer
        }
        Refused::Uncounted(problem) => failed(&problem, parts),
    })
}

/// Somebody at the login page. Whoever is logged in has no business there and is sent on.
async fn visitor(
    guard: &Guard,
    found: Found,
    login: Option<Ticket>,
    parts: Parts,
    body: Body,
) -> Result<Request, Box<Response>> {
    attempt(guard, &parts).await?;
    let is_in = matches!(found, Found::In(_) | Found::Choosing(_));
    let brought = guard.cookies.visitor(&parts.headers);
    let is_new = brought.is_none();
    let ticket = match brought {
        Some(ticket) => ticket,
        None => guard.sessions.ticket().map_err(|problem| failed(&problem, &parts))?,
    };
    let mut request = checked(guard, &ticket, parts, body, None).await?;
    request.extensions_mut().insert(Visitor { ticket, is_new, is_in, login });
    Ok(request)
}

/// Asks the registers again, now and then, whether the role still holds.
async fn confirmed(
    guard: &Guard,
    desk: &Desk,
    ticket: &Ticket,
    login: LoggedIn,
    parts: &Parts,
) -> Result<LoggedIn, Box<Response>> {
    let Some(identity) = login.unconfirmed.clone() else { return Ok(login) };
    let identity: &Identity = &identity;
    let actors = desk.actors(identity).await.map_err(|problem| failed(&problem, parts))?;
    let confirmed = guard.sessions.confirm(ticket, &login, actors).await;
    confirmed
        .map_err(|problem| failed(&problem, parts))?
        .ok_or_else(|| logged_out(guard, parts, Why::RoleEnded))
}

/// The request with the fields of its form, which changes nothing but what the browser keeps.
async fn with_form(request: Request) -> Result<Request, Box<Response>> {
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.headers, body).await;
    let form = form.map_err(|problem| Box::new(response::problem(&problem, None, false)))?;
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(form);
    Ok(request)
}

fn foreign() -> Problem {
    let text = "What changes something must be sent by one of our own pages.";
    Problem::new(Kind::Refused, "WEB-010", text)
}

/// Whether what changes something was sent by one of our own forms; with its fields then.
async fn checked(
    guard: &Guard,
    ticket: &Ticket,
    parts: Parts,
    body: Body,
    who: Option<&Who>,
) -> Result<Request, Box<Response>> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(Request::from_parts(parts, body));
    }
    if !guard.origins.sent(&parts.headers) {
        return Err(refused(&foreign(), who));
    }
    let form = Form::read(&parts.headers, body).await;
    let form = form.map_err(|problem| Box::new(response::problem(&problem, who, false)))?;
    if !guard.sessions.is_form_token(ticket, form.field(FORM_TOKEN)) {
        let text = "The form is not one that this login was given. Load the page again.";
        return Err(refused(&Problem::new(Kind::Refused, "WEB-011", text), who));
    }
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(form);
    Ok(request)
}

fn refused(problem: &Problem, who: Option<&Who>) -> Box<Response> {
    let page = problem_page::told(problem, who, t("login.form"), t("login.form-text"));
    Box::new(response::told(problem, page))
}

fn failed(problem: &Problem, parts: &Parts) -> Box<Response> {
    Box::new(response::problem(problem, None, wants_fragment(&parts.headers)))
}

/// To the login page, with the reason why it is necessary again; the old ticket is taken back.
fn logged_out(guard: &Guard, parts: &Parts, why: Why) -> Box<Response> {
    let mut answer = elsewhere(parts, LOGIN, Some(why));
    add_cookie(answer.headers_mut(), &guard.cookies.clear_login());
    answer
}

/// As [`logged_out`]; what was written in the meantime is shown, so that it can be taken along. Only to a
/// login that was: nobody else has a form of ours read.
async fn timed_out(guard: &Guard, parts: &Parts, body: Body) -> Box<Response> {
    let gone = logged_out(guard, parts, Why::TimedOut);
    let is_form = parts.method == Method::POST && !wants_fragment(&parts.headers);
    if !is_form || !guard.origins.sent(&parts.headers) {
        return gone;
    }
    let Ok(form) = Form::read(&parts.headers, body).await else { return gone };
    let login = gone.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let (text, Some(login)) = (form.field("tekst"), login) else { return gone };
    if text.trim().is_empty() {
        return gone;
    }
    let problem = Problem::new(
        Kind::Unauthenticated,
        "WEB-207",
        "The login was over before the form was sent. Nothing was stored.",
    );
    let mut answer = response::told(&problem, kept_text_page::kept(text, login));
    add_cookie(answer.headers_mut(), &guard.cookies.clear_login());
    Box::new(answer)
}

/// To another page first, and then back to this one.
fn elsewhere(parts: &Parts, page: &str, why: Option<Why>) -> Box<Response> {
    let is_fragment = wants_fragment(&parts.headers);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let back = back(parts, is_fragment);
    if back != "/" {
        query.append_pair("til", &back);
    }
    if let Some(why) = why {
        query.append_pair("hvorfor", why.code());
    }
    let query = query.finish();
    let address = if query.is_empty() { page.to_string() } else { format!("{page}?{query}") };
    let Ok(address) = HeaderValue::from_str(&address) else {
        return Box::new(response::problem(&nobody(), None, is_fragment));
    };
    if is_fragment {
        // A redirect would put the login page into the middle of the one that is open.
        let mut answer = response::problem(&nobody(), None, true);
        answer.headers_mut().insert("hx-redirect", address);
        return Box::new(answer);
    }
    Box::new((StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response())
}

/// What to come back to: the page, or for a part of a page the one that is open. A search is its
/// own page, so that what was typed is there again.
fn back(parts: &Parts, is_fragment: bool) -> String {
    let is_page = matches!(parts.method, Method::GET | Method::HEAD);
    let uri = &parts.uri;
    let own = uri.path_and_query().map_or("/", |path| path.as_str());
    if is_page && (!is_fragment || uri.path() == "/pasienter") {
        return own.to_string();
    }
    path_of(parts.headers.get("hx-current-url"))
}

/// Path and query of one of our own addresses as a browser tells it; the start page for anything
/// else.
fn path_of(told: Option<&HeaderValue>) -> String {
    let told = told.and_then(|value| value.to_str().ok()).and_then(|told| Url::parse(told).ok());
    told.map_or_else(
        || "/".to_string(),
        |told| match told.query() {
            Some(query) => format!("{}?{query}", told.path()),
            None => told.path().to_string(),
        },
    )
}

/// One more `Set-Cookie`.
pub(crate) fn add_cookie(headers: &mut HeaderMap, cookie: &str) {
    // Ours are tickets and fixed words: always a header's text.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}
