//! Logging in, choosing a role, logging out: `/logg-inn`, `/rolle`, `/logg-ut`.
//!
//! The demo's people are made up, and anybody may be any of them. Everybody else comes by an OpenID
//! provider (`provider_login`), and in by the same [`log_in`].
//! Not here: who is let in without (`door`), how logins are kept (`identity::sessions`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::{Actor, Identity};
use akson_base::{Kind, Problem};
use akson_identity::sessions::{Closed, SameSite, Ticket, Upstream};
use akson_record::{Authenticated, Authentication};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::door::{Guard, add_cookie};
use crate::forms::Form;
use crate::local_path::local_path;
use crate::messages::t;
use crate::pages::{login_page, passing_page, problem_page, role_page};
use crate::provider_login;
use crate::response::{self, to};
use crate::sight::Desk;
use crate::who::Who;

pub(crate) const LOGIN: &str = "/logg-inn";
pub(crate) const ROLE: &str = "/rolle";
pub(crate) const LOGOUT: &str = "/logg-ut";
/// Who vouches for the demo's people, as the log has it.
pub(crate) const DEMO: &str = "demo";

/// The people of a synthetic municipality whom anybody may log in as. Only `akson demo` makes one.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// In the order in which they are offered.
    pub people: Vec<DemoPerson>,
}

/// Somebody made up.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// Given and family name.
    pub name: String,
    /// What they are, in bokmål.
    pub title: String,
    /// Where they work.
    pub organisation: Option<String>,
    /// What there is to see as this person, in bokmål.
    pub why: String,
    /// What HelseID or ID-porten would prove of them.
    pub identity: Identity,
}

/// Somebody at the login page.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// For the forms of the page.
    pub ticket: Ticket,
    /// Whether the browser does not have it yet.
    pub is_new: bool,
    /// Whether somebody is logged in already.
    pub is_in: bool,
    /// The login that the browser has, dead or alive.
    pub login: Option<Ticket>,
}

/// Somebody who is logged in, and the capacities that they have.
#[derive(Clone)]
pub(crate) struct Choosing {
    /// At least one.
    pub actors: Arc<[Arc<Actor>]>,
    /// Of the login.
    pub ticket: Ticket,
}

/// Why somebody is at the login page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The login's time was over.
    TimedOut,
    /// The registers no longer have the role.
    RoleEnded,
    /// They logged out.
    LoggedOut,
}

impl Why {
    const ALL: [Self; 3] = [Self::TimedOut, Self::RoleEnded, Self::LoggedOut];

    /// The word in the address.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "utlopt",
            Self::RoleEnded => "rolle",
            Self::LoggedOut => "ut",
        }
    }

    /// What the page says.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::TimedOut => t("login.timed-out"),
            Self::RoleEnded => t("login.role-ended"),
            Self::LoggedOut => t("login.logged-out"),
        }
    }
}

pub(crate) type Asked = Query<HashMap<String, String>>;
pub(crate) type Guarded = Extension<Arc<Guard>>;

/// The addresses of login.
pub(crate) fn routes(guard: Arc<Guard>) -> Router<Arc<Desk>> {
    Router::new()
        .route(LOGIN, get(offer).post(enter))
        .route(ROLE, get(roles).post(choose))
        .route(LOGOUT, post(leave))
        .merge(provider_login::routes())
        .layer(Extension(guard))
}

/// `page?til=…`, without what is the start page anyway.
pub(crate) fn with_back(page: &str, back: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    match back {
        "/" => page.to_string(),
        _ => format!("{page}?{}", query.append_pair("til", back).finish()),
    }
}

async fn offer(
    Extension(guard): Guarded,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Asked,
) -> Response {
    let back = local_path(asked.get("til").map_or("", String::as_str));
    if visitor.is_in {
        return to(back);
    }
    let why =
        asked.get("hvorfor").and_then(|code| Why::ALL.into_iter().find(|why| why.code() == code));
    let token = guard.sessions.form_token(&visitor.ticket);
    let page = match &guard.logins {
        Some(logins) => login_page::providers(&logins.offered(), back, why),
        None => login_page::offer(&guard.demo.people, &token, back, why),
    };
    let mut answer = response::html(page);
    if visitor.is_new {
        let cookie = guard.cookies.set_visitor(&visitor.ticket, SameSite::Strict);
        add_cookie(answer.headers_mut(), &cookie);
    }
    answer
}

async fn enter(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let back = local_path(form.field("til"));
    let place = form.field("person").parse::<usize>().ok();
    let Some(person) = place.and_then(|place| guard.demo.people.get(place)) else {
        let text = "There is no such person to log in as.";
        return response::problem(&Problem::new(Kind::Invalid, "WEB-015", text), None, false);
    };
    let proved =
        Proved { identity: person.identity.clone(), upstream: None, replaces: visitor.login };
    match log_in(&desk, &guard, proved).await {
        Err(problem) => not_in(&problem),
        Ok((ticket, must_choose)) => {
            let address = if must_choose { with_back(ROLE, back) } else { back.to_string() };
            let mut answer = to(&address);
            add_cookie(answer.headers_mut(), &guard.cookies.set_login(&ticket));
            add_cookie(answer.headers_mut(), &guard.cookies.clear_visitor());
            answer
        }
    }
}

/// Code of a proved identity that the registers do not know.
const UNKNOWN: &str = "WEB-016";

/// Why a proved identity is not let in.
pub(crate) fn not_in(problem: &Problem) -> Response {
    if problem.code != UNKNOWN {
        return response::problem(problem, None, false);
    }
    let page = problem_page::told(problem, None, t("login.unknown"), t("login.unknown-text"));
    response::told(problem, page)
}

/// Somebody who has proved who they are.
pub(crate) struct Proved {
    pub identity: Identity,
    /// By which provider, and how it knows the login.
    pub upstream: Option<Upstream>,
    /// The login that the browser has, dead or alive: over from now on.
    pub replaces: Option<Ticket>,
}

/// A new login for a proved identity, and whether a role must be chosen. It is in the log by then.
pub(crate) async fn log_in(
    desk: &Desk,
    guard: &Guard,
    proved: Proved,
) -> Result<(Ticket, bool), Problem> {
    let Proved { identity, upstream, replaces } = proved;
    let provider = upstream.as_ref().map_or(DEMO, |upstream| upstream.kind.id());
    let actors = desk.actors(&identity).await?;
    let Some(first) = actors.first().cloned().map(Arc::new) else {
        refused(desk, provider, UNKNOWN).await?;
        let text = "The registers of this record know no current role of this person.";
        return Err(Problem::new(Kind::Refused, UNKNOWN, text));
    };
    if let Some(old) = &replaces
        && let Some(closed) = guard.sessions.close(old).await?
    {
        logged_out(desk, &closed).await?;
    }
    let must_choose = actors.len() > 1;
    let ticket = guard.sessions.open_from(identity, upstream, actors).await?;
    let (trace, actor) = (desk.trace(), Some(&first));
    let who = Authenticated { actor, is_in_role: !must_choose, provider, trace: &trace };
    if let Err(problem) = desk.record().log_authentication(who, Authentication::LoggedIn).await {
        guard.sessions.close(&ticket).await?;
        return Err(problem);
    }
    Ok((ticket, must_choose))
}

/// Puts a login that was refused into the log.
pub(crate) async fn refused(
    desk: &Desk,
    provider: &str,
    code: &'static str,
) -> Result<(), Problem> {
    let trace = desk.trace();
    let who = Authenticated { actor: None, is_in_role: false, provider, trace: &trace };
    desk.record().log_authentication(who, Authentication::Refused(code)).await
}

/// Puts a logout into the log.
pub(crate) async fn logged_out(desk: &Desk, closed: &Closed) -> Result<(), Problem> {
    let trace = desk.trace();
    let provider = closed.provider.map_or(DEMO, |kind| kind.id());
    let (actor, is_in_role) = (Some(&closed.actor), closed.is_chosen);
    let who = Authenticated { actor, is_in_role, provider, trace: &trace };
    desk.record().log_authentication(who, Authentication::LoggedOut).await
}

async fn roles(
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    who: Option<Extension<Who>>,
    Query(asked): Asked,
) -> Response {
    let back = local_path(asked.get("til").map_or("", String::as_str));
    let token = guard.sessions.form_token(&choosing.ticket);
    let who = who.map(|Extension(who)| who);
    response::html(role_page::roles(&choosing.actors, &token, back, who.as_ref()))
}

async fn choose(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    form: Form,
) -> Response {
    match chosen(&desk, &guard, &choosing, form.field("rolle")).await {
        Ok(ticket) => {
            let mut answer = to(local_path(form.field("til")));
            add_cookie(answer.headers_mut(), &guard.cookies.set_login(&ticket));
            answer
        }
        Err(problem) => response::problem(&problem, None, false),
    }
}

/// The new ticket of somebody who works in this role now; in the log before it can be used.
async fn chosen(
    desk: &Desk,
    guard: &Guard,
    choosing: &Choosing,
    place: &str,
) -> Result<Ticket, Problem> {
    let none = || Problem::new(Kind::Invalid, "WEB-017", "There is no such role to choose.");
    let place = place.parse::<usize>().map_err(|_| none())?;
    let actor = choosing.actors.get(place).ok_or_else(none)?;
    let provider = guard.sessions.provider(&choosing.ticket)?.map_or(DEMO, |kind| kind.id());
    let trace = desk.trace();
    let who = Authenticated { actor: Some(actor), is_in_role: true, provider, trace: &trace };
    desk.record().log_authentication(who, Authentication::RoleChosen).await?;
    guard.sessions.choose(&choosing.ticket, place).await?.ok_or_else(none)
}

async fn leave(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    _form: Form,
) -> Response {
    let closed = match guard.sessions.close(&choosing.ticket).await {
        Ok(closed) => closed,
        Err(problem) => return response::problem(&problem, None, false),
    };
    if let Some(closed) = &closed
        && let Err(problem) = logged_out(&desk, closed).await
    {
        return response::problem(&problem, None, false);
    }
    let upstream = closed.and_then(|closed| closed.upstream);
    let elsewhere =
        guard.logins.as_ref().zip(upstream).and_then(|(logins, upstream)| {
            Some((upstream.kind, logins.logout_address(&upstream)?))
        });
    let mut answer = match elsewhere {
        // The form's own redirect to another site would not get past the page's policy.
        Some((kind, address)) => passing_page::log_out(kind, &address),
        None => to(&format!("{LOGIN}?hvorfor={}", Why::LoggedOut.code())),
    };
    add_cookie(answer.headers_mut(), &guard.cookies.clear_login());
    answer
}
