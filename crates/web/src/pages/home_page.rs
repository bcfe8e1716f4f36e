//! A citizen's home: the journals that the citizen may open, one card each.

use akson_access::Ground;
use akson_access::decide::ATTORNEY_FROM_YEARS;
use akson_smart::discovery::MANAGE;
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::chart::Person;
use crate::dates::age_years;
use crate::messages::{code, t, tf};
use crate::standing::{ActedFor, Notice};
use crate::who::Who;

/// The page.
pub(crate) fn home(journals: &[ActedFor], notices: &[Notice], who: &Who, today: Date) -> Markup {
    let main = html! {
        div.start.home {
            h1 { (t("home.heading")) }
            @for notice in notices { (message(notice)) }
            @if journals.is_empty() { p { (t("home.none")) } }
            ul.cards {
                @for journal in journals { li { (card(journal, today)) } }
            }
            @if who.login.as_ref().is_some_and(|login| login.has_apps) {
                p { a href=(MANAGE) { (t("my-apps.heading")) } }
            }
        }
    };
    let title = t("home.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

/// A journal was opened in an emergency.
fn message(notice: &Notice) -> Markup {
    html! {
        section.notice aria-label=(t("notice.label")) {
            h2 { (tf("notice.heading", &[("name", &notice.patient)])) }
            p {
                time datetime=(notice.at.machine()) { (notice.at.with_time()) }
                " · " b { (notice.who) }
                @if let Some(place) = &notice.place { ", " (place) }
            }
            @if let Some(reason) = &notice.reason {
                p { (tf("wishes.reason", &[("reason", reason)])) }
            }
            p.muted { (t("notice.what")) }
        }
    }
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
                @if journal.standing.ground == Ground::Own && may_appoint(person, today) {
                    li {
                        a.ds-button data-variant="secondary" href=(address("/fullmakter")) {
                            (t("home.attorneys"))
                        }
                    }
                }
            }
        }
    }
}

/// Whether somebody is of age, as far as the birth date tells.
fn may_appoint(person: &Person, today: Date) -> bool {
    let age = person.birth.and_then(|birth| age_years(birth.date(), today));
    age.is_none_or(|age| age >= ATTORNEY_FROM_YEARS)
}
