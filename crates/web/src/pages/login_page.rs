//! The page of login: the providers that there are, or under the demo the people whom anybody may be.

use akson_identity::logins::LoginKind;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::login::{DemoPerson, LOGIN, Why, with_back};
use crate::messages::{t, tf};

/// The page with providers to log in by. `back` is where it leads in the end.
pub(crate) fn providers(kinds: &[LoginKind], back: &str, why: Option<Why>) -> Markup {
    let main = html! {
        div.start.login {
            h1 { (t("login.heading")) }
            @if let Some(why) = why { p.told role="status" { (why.words()) } }
            ul.choices {
                @for kind in kinds {
                    li {
                        a.choice href=(with_back(&format!("{LOGIN}/{}", kind.id()), back)) {
                            b { (tf("login.with", &[("provider", kind.name())])) }
                            span.why { (whom(*kind)) }
                        }
                    }
                }
            }
        }
    };
    let shown = Page { title: t("login.heading"), who: None, query: "", search_in_top: false };
    page(&shown, html! {}, main)
}

fn whom(kind: LoginKind) -> &'static str {
    match kind {
        LoginKind::Helseid => t("login.helseid"),
        LoginKind::IdPorten => t("login.id-porten"),
    }
}

/// The page of the demo. `back` is where the click leads.
pub(crate) fn offer(people: &[DemoPerson], token: &str, back: &str, why: Option<Why>) -> Markup {
    let (citizens, personnel): (Vec<_>, Vec<_>) =
        people.iter().enumerate().partition(|(_, person)| person.identity.is_citizen);
    let main = html! {
        div.start.login {
            h1 { (t("login.heading")) }
            @if let Some(why) = why { p.told role="status" { (why.words()) } }
            p { (t("login.demo")) }
            form action=(LOGIN) method="post" {
                (hidden(token))
                input type="hidden" name="til" value=(back);
                (group("arbeid", t("login.personnel"), &personnel))
                (group("innbygger", t("login.citizens"), &citizens))
            }
        }
    };
    let shown = Page { title: t("login.heading"), who: None, query: "", search_in_top: false };
    page(&shown, html! {}, main)
}

fn group(id: &str, heading: &str, people: &[(usize, &DemoPerson)]) -> Markup {
    html! {
        @if !people.is_empty() {
            h2 id=(id) { (heading) }
            ul.choices aria-labelledby=(id) {
                @for (place, person) in people {
                    li { button.choice name="person" value=(place) type="submit" { (one(person)) } }
                }
            }
        }
    }
}

fn one(person: &DemoPerson) -> Markup {
    html! {
        b { (person.name) }
        span.role { (person.title) }
        @if let Some(place) = &person.organisation { span.place { (place) } }
        span.why { (person.why) }
    }
}
