//! Logging in by an OpenID provider: `/logg-inn/{provider}` there, `…/retur` back, `…/ut` after logging
//! out there, `…/utlogging` when the provider says that a login is over.
//!
//! The browser comes back from another site, and a cookie that is `SameSite=Strict` does not come
//! with it: the visitor's is `Lax` while somebody is away, and the login's is met again only on the
//! next page, which our own page of passing leads to.
//! Not here: what is asked of the provider and whether its answer holds (`identity::logins`).
//! Standard: OpenID Connect Core 1.0, RP-Initiated, Front-Channel and Back-Channel Logout 1.0

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_identity::logins::{Answered, Begin, Failed, Finished, LoginKind, Logins};
use akson_identity::sessions::SameSite;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use crate::door::{Guard, add_cookie};
use crate::forms::Form;
use crate::local_path::local_path;
use crate::login::{
    Asked, Guarded, LOGIN, Proved, ROLE, Visitor, Why, log_in, logged_out, not_in, refused,
    with_back,
};
use crate::pages::{passing_page, problem_page};
use crate::response::{self, to};
use crate::sight::Desk;
use crate::witness_login;

/// Code of an answer to a login that is not under way.
const UNDER_WAY: &str = "IDN-091";

/// The addresses below `/logg-inn`.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/logg-inn/{provider}", get(start))
        .route("/logg-inn/{provider}/retur", get(back))
        .route("/logg-inn/{provider}/ut", get(out))
        .route("/logg-inn/{provider}/utlogging", get(ended_by_page).post(ended))
}

/// What stands below the login page's address.
fn below(path: &str) -> Option<&str> {
    path.strip_prefix(LOGIN)?.strip_prefix('/')
}

/// The page of a provider at an address below that: `retur`.
fn page(path: &str) -> Option<&str> {
    Some(below(path)?.split_once('/')?.1)
}

/// Whether a provider speaks to us here, without any browser's cookies.
pub(crate) fn is_notice(path: &str) -> bool {
    page(path) == Some("utlogging")
}

/// Whether this is the way back from a provider.
pub(crate) fn is_return(path: &str) -> bool {
    matches!(page(path), Some("retur" | "ut"))
}

/// Whether this is the way to a provider.
pub(crate) fn is_start(path: &str) -> bool {
    below(path).is_some_and(|rest| !rest.contains('/'))
}

/// The logins, and the one that an address names.
fn of<'a>(guard: &'a Guard, provider: &str) -> Result<(&'a Arc<Logins>, LoginKind), Problem> {
    let kind = LoginKind::of_id(provider);
    let found = guard.logins.as_ref().zip(kind);
    found.filter(|(logins, kind)| logins.offered().contains(kind)).ok_or_else(|| {
        let text = "No login by a provider of this name is set up.";
        Problem::new(Kind::NotFound, "WEB-041", text)
    })
}

async fn start(
    Extension(guard): Guarded,
    Extension(visitor): Extension<Visitor>,
    Path(provider): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let back = local_path(asked.get("til").map_or("", String::as_str));
    let (logins, kind) = match of(&guard, &provider) {
        Ok(found) => found,
        Err(problem) => return response::problem(&problem, None, false),
    };
    let level =
        asked.get("niva").and_then(|level| level.parse().ok()).filter(|l| *l == 3 || *l == 4);
    if visitor.is_in && level.is_none() {
        return to(back);
    }
    // Another site may lead somebody to our login page, but not straight through it.
    if !guard.origins.may_read(&headers) {
        return to(&with_back(LOGIN, back));
    }
    let begin = Begin {
        visitor: &visitor.ticket,
        back,
        replaces: visitor.login.clone(),
        level,
        witness_in: None,
    };
    match logins.start(kind, begin).await {
        Ok(address) => {
            let mut answer = to(&address);
            let cookie = guard.cookies.set_visitor(&visitor.ticket, SameSite::Lax);
            add_cookie(answer.headers_mut(), &cookie);
            answer
        }
        Err(problem) => failed(&problem, kind, back),
    }
}

async fn back(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Extension(visitor): Extension<Visitor>,
    Path(provider): Path<String>,
    Query(asked): Asked,
) -> Response {
    let (logins, kind) = match of(&guard, &provider) {
        Ok(found) => found,
        Err(problem) => return response::problem(&problem, None, false),
    };
    let told = |name: &str| asked.get(name).map(String::as_str);
    let answered = Answered {
        state: told("state"),
        code: told("code"),
        issuer: told("iss"),
        error: told("error"),
    };
    let ticket = Some(&visitor.ticket).filter(|_| !visitor.is_new);
    match logins.finish(kind, answered, ticket).await {
        Ok(finished) => enter(&desk, &guard, kind, finished).await,
        Err(wrong) => {
            let Failed { problem, back } = *wrong;
            // Where nothing was begun nobody tried to log in, and a provider that is away has
            // refused nobody.
            if problem.kind == Kind::Refused
                && problem.code != UNDER_WAY
                && let Err(problem) = refused(&desk, kind.id(), problem.code).await
            {
                return failed(&problem, kind, &back);
            }
            failed(&problem, kind, &back)
        }
    }
}

/// In, by way of a page of our own: the next request then comes from us, with the login's cookie.
async fn enter(desk: &Desk, guard: &Guard, kind: LoginKind, finished: Finished) -> Response {
    let Finished { identity, upstream, back, replaces, witness_in } = finished;
    if let Some(of_login) = witness_in {
        let proved = witness_login::proved(desk, guard, kind, (identity, of_login), &back).await;
        return proved.unwrap_or_else(|problem| failed(&problem, kind, &back));
    }
    let proved = Proved { identity, upstream: Some(upstream), replaces };
    match log_in(desk, guard, proved).await {
        Ok((ticket, must_choose)) => {
            let back = local_path(&back);
            let address = if must_choose { with_back(ROLE, back) } else { back.to_string() };
            let mut answer = passing_page::log_in(kind, &address);
            add_cookie(answer.headers_mut(), &guard.cookies.set_login(&ticket));
            add_cookie(answer.headers_mut(), &guard.cookies.clear_visitor());
            answer
        }
        Err(problem) => not_in(&problem),
    }
}

/// The page of a login that came to nothing.
fn failed(problem: &Problem, kind: LoginKind, back: &str) -> Response {
    response::told(problem, problem_page::login_failed(problem, kind, &with_back(LOGIN, back)))
}

/// Back from logging out at the provider.
async fn out() -> Response {
    to(&format!("{LOGIN}?hvorfor={}", Why::LoggedOut.code()))
}

/// The provider's server says that a login is over (back channel).
async fn ended(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Path(provider): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let closing = async {
        let (logins, kind) = of(&guard, &provider)?;
        let form = Form::read(&parts.headers, body).await?;
        let ended = logins.ended(kind, form.field("logout_token")).await?;
        for closed in guard.sessions.close_ended(&ended).await? {
            logged_out(&desk, &closed).await?;
        }
        Ok::<(), Problem>(())
    };
    match closing.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problem) => {
            tracing::warn!(code = problem.code, provider, "a logout notice: {problem}");
            // Back-Channel Logout 1.0 section 2.8: 400 for whatever is wrong with it.
            (StatusCode::BAD_REQUEST, problem.code).into_response()
        }
    }
}

/// The provider's page, in the browser of somebody who logs out there, says so (front channel).
async fn ended_by_page(
    State(desk): State<Arc<Desk>>,
    Extension(guard): Guarded,
    Path(provider): Path<String>,
    Query(asked): Asked,
) -> Response {
    let told = |name: &str| asked.get(name).map(String::as_str);
    let closing = async {
        let (logins, kind) = of(&guard, &provider)?;
        let ended = logins.ended_by_page(kind, told("iss"), told("sid"))?;
        for closed in guard.sessions.close_ended(&ended).await? {
            logged_out(&desk, &closed).await?;
        }
        Ok::<(), Problem>(())
    };
    match closing.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(problem) => response::problem(&problem, None, false),
    }
}
