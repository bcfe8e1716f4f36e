//! A citizen's home: the journals that the citizen may open, one card each.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::messages::{code, t};
use crate::standing::ActedFor;
use crate::who::Who;

/// The page.
pub(crate) fn home(journals: &[ActedFor], who: &Who, today: Date) -> Markup {
    let main = html! {
        div.start.home {
            h1 { (t("home.heading")) }
            @if journals.is_empty() { p { (t("home.none")) } }
            ul.cards {
                @for journal in journals { li { (card(journal, today)) } }
            }
        }
    };
    let title = t("home.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn card(journal: &ActedFor, today: Date) -> Markup {
    let person = &journal.person;
    let address = |page: &str| format!("/pasient/{}{page}", person.id);
    html! {
        article.card aria-label=(person.name_or_unknown()) {
            h2 {
                (person.name_or_unknown())
                @if let Some(age) = person.age(today) { ", " (age) }
            }
            p.muted { (code("ground", journal.standing.ground.code()).unwrap_or_default()) }
            ul.doors {
                li { a.ds-button href=(address("")) { (t("home.open")) } }
                @if journal.standing.may_read_log {
                    li {
                        a.ds-button data-variant="secondary" href=(address("/innsyn")) {
                            (t("home.log"))
                        }
                    }
                }
                @if journal.standing.may_wish {
                    li {
                        a.ds-button data-variant="secondary" href=(address("/sperringer")) {
                            (t("home.wishes"))
                        }
                    }
                }
            }
        }
    }
}
