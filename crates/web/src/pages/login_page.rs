//! The page of login under the demo: the people whom anybody may be, one click each.

use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::login::{DemoPerson, LOGIN, Why};
use crate::messages::t;

/// The page. `back` is where the click leads.
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
