//! Logging in, choosing a role, logging out: `/logg-inn`, `/rolle`, `/logg-ut`.
//!
//! The one provider that there is belongs to the demo: its people are made up, and anybody may be any
//! of them. Not here: who is let in without (`door`), how logins are kept (`identity::sessions`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::{Actor, Identity};
use akson_base::{Kind, Problem};
use akson_identity::sessions::{SameSite, Ticket};
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::door::{Guard, add_cookie};
use crate::forms::Form;
use crate::local_path::local_path;
use crate::messages::t;
use crate::pages::{login_page, problem_page, role_page};
use crate::response::{self, to};
use crate::sight::Desk;
use crate::who::Who;

pub(crate) const LOGIN: &str = "/logg-inn";
pub(crate) const ROLE: &str = "/rolle";
pub(crate) const LOGOUT: &str = "/logg-ut";

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

type Asked = Query<HashMap<String, String>>;
type Guarded = Extension<Arc<Guard>>;

/// The addresses of login.
pub(crate) fn routes(guard: Arc<Guard>) -> Router<Arc<Desk>> {
    Router::new()
        .route(LOGIN, get(offer).post(enter))
        .route(ROLE, get(roles).post(choose))
        .route(LOGOUT, post(leave))
        .layer(Extension(guard))
}

/// `page?til=…`, without what is the start page anyway.
fn with_back(page: &str, back: &str) -> String {
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
    let mut answer = response::html(login_page::offer(&guard.demo.people, &token, back, why));
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
    match log_in(&desk, &guard, &visitor, &person.identity).await {
        Err(problem) if problem.code == UNKNOWN => {
            let page =
                problem_page::told(&problem, None, t("login.unknown"), t("login.unknown-text"));
            response::told(&problem, page)
        }
        Err(problem) => response::problem(&problem, None, false),
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

/// A new login for a proved identity, and whether a role must be chosen. The login that the browser
/// had is over.
async fn log_in(
    desk: &Desk,
    guard: &Guard,
    visitor: &Visitor,
    identity: &Identity,
) -> Result<(Ticket, bool), Problem> {
    let actors = desk.actors(identity).await?;
    if actors.is_empty() {
        let text = "The registers of this record know no current role of this person.";
        return Err(Problem::new(Kind::Refused, UNKNOWN, text));
    }
    if let Some(old) = &visitor.login {
        guard.sessions.close(old);
    }
    let must_choose = actors.len() > 1;
    Ok((guard.sessions.open(identity.clone(), actors)?, must_choose))
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
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    form: Form,
) -> Response {
    let chosen = match form.field("rolle").parse::<usize>() {
        Ok(place) => guard.sessions.choose(&choosing.ticket, place),
        Err(_) => Ok(None),
    };
    match chosen {
        Ok(Some(ticket)) => {
            let mut answer = to(local_path(form.field("til")));
            add_cookie(answer.headers_mut(), &guard.cookies.set_login(&ticket));
            answer
        }
        Ok(None) => {
            let text = "There is no such role to choose.";
            response::problem(&Problem::new(Kind::Invalid, "WEB-017", text), None, false)
        }
        Err(problem) => response::problem(&problem, None, false),
    }
}

async fn leave(
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    _form: Form,
) -> Response {
    guard.sessions.close(&choosing.ticket);
    let mut answer = to(&format!("{LOGIN}?hvorfor={}", Why::LoggedOut.code()));
    add_cookie(answer.headers_mut(), &guard.cookies.clear_login());
    answer
}
