//! The page of a problem: what it means in Norwegian, the code to quote, a way on.

use akson_base::{Kind, Problem};
use akson_identity::logins::LoginKind;
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::language::without_address;
use crate::messages::t;
use crate::who::Who;

/// The page. `who` is nobody where no one is known to be logged in.
pub(crate) fn problem_page(problem: &Problem, who: Option<&Who>) -> Markup {
    let (heading, text) = words(problem.kind);
    told(problem, who, heading, text)
}

/// The page of a problem whose kind alone would say the wrong thing.
pub(crate) fn told(
    problem: &Problem,
    who: Option<&Who>,
    heading: &'static str,
    text: &'static str,
) -> Markup {
    let main = html! {
        div.start {
            h1 { (heading) }
            p { (text) }
            p.muted { (t("problem.code")) " " b { (problem.code) } }
            @if problem.kind != Kind::Unauthenticated {
                p { a.ds-button data-variant="secondary" href="/" { (t("problem.home")) } }
            }
        }
    };
    // Without a known reader there is nothing to search: the box would only refuse once more.
    let search = problem.kind != Kind::Unauthenticated && who.is_some();
    let shown = Page { title: heading, who, query: "", search_in_top: search };
    without_address(|| page(&shown, html! {}, main))
}

/// The page of a login by a provider that came to nothing; `again` is the login page.
pub(crate) fn login_failed(problem: &Problem, kind: LoginKind, again: &str) -> Markup {
    let (heading, text) = match problem.code {
        "IDN-091" => (t("login.used"), t("login.used-text")),
        "IDN-092" => (t("login.other-browser"), t("login.other-browser-text")),
        "IDN-094" => (t("login.broken-off"), t("login.broken-off-text")),
        "IDN-102" => (t("login.weak"), t("login.weak-text")),
        "IDN-103" => (t("login.nobody"), t("login.nobody-text")),
        _ if problem.kind == Kind::Busy => (t("login.away"), t("login.away-text")),
        _ => (t("login.wrong"), t("login.wrong-text")),
    };
    let named = |text: &str| text.replace("{provider}", kind.name());
    let (heading, text) = (named(heading), named(text));
    let main = html! {
        div.start.login {
            h1 { (heading) }
            p { (text) }
            p.muted { (t("problem.code")) " " b { (problem.code) } }
            p { a.ds-button data-variant="secondary" href=(again) { (t("login.again")) } }
        }
    };
    let shown = Page { title: &heading, who: None, query: "", search_in_top: false };
    without_address(|| page(&shown, html! {}, main))
}

/// The problem in one line, where a part of a page was asked for.
pub(crate) fn problem_line(problem: &Problem) -> Markup {
    let (heading, _) = words(problem.kind);
    html! { p.count role="alert" { (heading) ". " (t("problem.code")) " " b { (problem.code) } } }
}

fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::NotFound => (t("problem.not-found"), t("problem.not-found-text")),
        Kind::Gone => (t("problem.gone"), t("problem.gone-text")),
        Kind::Unauthenticated => (t("problem.login"), t("problem.login-text")),
        Kind::Refused => (t("problem.refused"), t("problem.refused-text")),
        Kind::Throttled => (t("problem.throttled"), t("problem.throttled-text")),
        Kind::Busy => (t("problem.busy"), t("problem.busy-text")),
        Kind::Conflict | Kind::Precondition => (t("problem.changed"), t("problem.changed-text")),
        Kind::Invalid
        | Kind::Unprocessable
        | Kind::Unsupported
        | Kind::NotAllowed
        | Kind::MediaType
        | Kind::NotAcceptable
        | Kind::TooLarge
        | Kind::TooCostly => (t("problem.invalid"), t("problem.invalid-text")),
        Kind::Fault => (t("problem.fault"), t("problem.fault-text")),
    }
}
