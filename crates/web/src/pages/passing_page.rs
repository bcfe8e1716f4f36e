//! The page between a provider and us: seen for a moment, it leads on by itself.
//!
//! A redirect would still be the other site's request (no `SameSite=Strict` cookie), or a form's that
//! may go nowhere but to us; what a page of ours leads to by itself is our own.

use akson_identity::logins::LoginKind;
use axum::http::HeaderValue;
use axum::response::Response;
use maud::html;

use super::layout::{Page, page};
use crate::messages::{t, tf};
use crate::response;

/// After logging in.
pub(crate) fn log_in(kind: LoginKind, address: &str) -> Response {
    let text = tf("login.passing", &[("provider", kind.name())]);
    passing(t("login.passing-heading"), &text, address)
}

/// After logging out here, on to logging out there.
pub(crate) fn log_out(kind: LoginKind, address: &str) -> Response {
    let text = tf("login.passing-out", &[("provider", kind.name())]);
    passing(t("login.passing-out-heading"), &text, address)
}

fn passing(heading: &'static str, text: &str, address: &str) -> Response {
    let main = html! {
        div.start.login {
            h1 { (heading) }
            p { (text) }
            p { a.ds-button data-variant="secondary" href=(address) { (t("login.go-on")) } }
        }
    };
    let shown = Page { title: heading, who: None, query: "", search_in_top: false };
    let mut answer = response::html(page(&shown, html! {}, main));
    // What cannot stand in a header can still be followed on the page.
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={address}")) {
        answer.headers_mut().insert("refresh", refresh);
    }
    answer
}
