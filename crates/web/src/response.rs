//! How pages leave the house: security headers, caching, timing, the page of a problem, files, and what
//! a page's own script is told.

use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use akson_record::outcome::status_and_code;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use serde_json::Value;

use crate::language::chosen;
use crate::messages::in_language;
use crate::pages::problem_page::{problem_line, problem_page};
use crate::routes::wants_fragment;
use crate::sight::Timing;
use crate::who::Who;

/// Nothing but our own files, no inline script or style, no frames.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// A page whose form leads on to an app at this origin, and from there wherever the app sends people:
/// browsers hold the redirects after a form against the page's policy.
pub(crate) fn leading_to(origin: &str, mut response: Response) -> Response {
    let leads = format!("form-action 'self' https: {origin}");
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", &leads);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Adds what every answer carries.
pub(crate) async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed: [(header::HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // To ourselves the address is told: without it a browser hides the origin of our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // A journal must not lie in a browser's cache; assets have said otherwise already.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A page or fragment.
pub(crate) fn html(markup: Markup) -> Response {
    let mut headers = HeaderMap::new();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    // The same address answers a fragment to htmx.
    headers.insert(header::VARY, HeaderValue::from_static("HX-Request"));
    (headers, markup.into_string()).into_response()
}

/// A page or fragment with what it cost.
pub(crate) fn timed(markup: Markup, timing: Timing, render: Duration) -> Response {
    let mut response = html(markup);
    let milliseconds = |d: Duration| d.as_secs_f64() * 1000.0;
    let text = format!(
        "read;dur={:.1}, build;dur={:.1}, render;dur={:.1}",
        milliseconds(timing.read),
        milliseconds(timing.build),
        milliseconds(render)
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::HeaderName::from_static("server-timing"), value);
    }
    response
}

/// Tells how long a page took in all, from when it was asked for until its first byte.
pub(crate) async fn clocked(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let mut response = next.run(request).await;
    let text = format!("total;dur={:.1}", begin.elapsed().as_secs_f64() * 1000.0);
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::HeaderName::from_static("server-timing"), value);
    }
    response
}

/// A page, or the page of the problem that kept it from being drawn.
pub(crate) fn drawn(drawn: Result<Markup, Problem>, who: &Who) -> Response {
    match drawn {
        Ok(markup) => html(markup),
        Err(found) => problem(&found, Some(who), false),
    }
}

/// To another of our pages.
pub(crate) fn to(address: &str) -> Response {
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// The page of a problem; only its line where htmx asked for a part of a page.
pub(crate) fn problem(problem: &Problem, who: Option<&Who>, fragment: bool) -> Response {
    let markup = if fragment { problem_line(problem) } else { problem_page(problem, who) };
    told(problem, markup)
}

/// The answer to a request that is not looked at any further, in the reader's language.
pub async fn not_taken(found: &Problem, headers: &HeaderMap) -> Response {
    let is_fragment = wants_fragment(headers);
    let answer = async { problem(found, None, is_fragment) };
    secure(in_language(chosen(headers), answer).await).await
}

/// A problem in words of its own, with the status of its kind.
pub(crate) fn told(problem: &Problem, markup: Markup) -> Response {
    // What somebody else did wrong needs no operator in the night.
    if problem.kind == Kind::Refused && !problem.for_log.is_empty() {
        tracing::warn!(code = problem.code, "{}", problem.for_log);
    } else if !problem.for_log.is_empty() {
        tracing::error!(code = problem.code, "{}", problem.for_log);
    }
    (status_of(problem), html(markup)).into_response()
}

fn status_of(problem: &Problem) -> StatusCode {
    let (status, _) = status_and_code(problem.kind);
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Whether a page's own script asks, which wants to be told and not shown.
pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.starts_with("application/json"))
}

/// What a page's own script is told.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // The same address answers a page to a browser.
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

/// The code of a problem, with the status of its kind, for a page's own script.
pub(crate) fn json_problem(problem: &Problem) -> Response {
    json(status_of(problem), &serde_json::json!({"problem": problem.code}))
}

/// A file, or the page of the problem that kept it. Fetched, never shown: what came from outside does not run
/// among our pages.
pub(crate) fn file(found: Result<(String, Vec<u8>), Problem>, who: &Who) -> Response {
    let (media_type, bytes) = match found {
        Ok(found) => found,
        Err(found) => return problem(&found, Some(who), false),
    };
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_str(&media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    (headers, bytes).into_response()
}
