//! The start page and the list of patients that a search found.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page, search_box};
use crate::chart::Person;
use crate::messages::{t, tf};
use crate::who::Who;

/// Patients shown of a search.
pub(crate) const HITS_MAX: usize = 30;

/// The start page: one search box and what it understands. `hits` is what a search found.
pub(crate) fn start(who: &Who, query: &str, hits: Option<Markup>) -> Markup {
    let title = if hits.is_some() { t("search.title-hits") } else { t("search.title") };
    let main = html! {
        div.start {
            h1 { (t("search.heading")) }
            (search_box(query, true))
            div.hits id="hits" data-query=(query) {
                @match hits {
                    Some(hits) => (hits),
                    None => (hints()),
                }
            }
        }
    };
    page(&Page { title, who: Some(who), query, search_in_top: false }, html! {}, main)
}

fn hints() -> Markup {
    html! {
        ul.hints {
            li { b { (t("search.hint-name")) } " " (t("search.hint-name-example")) }
            li { b { (t("search.hint-number")) } " " (t("search.hint-number-example")) }
            li { b { (t("search.hint-birth")) } " " (t("search.hint-birth-example")) }
            li { b { (t("search.hint-address")) } " " (t("search.hint-address-example")) }
        }
        p.muted { (t("search.keys")) }
    }
}

/// The found patients, or a clear word that there are none. Also the fragment that is swapped in as
/// one types.
pub(crate) fn hits(query: &str, people: &[Person], today: Date) -> Markup {
    if query.is_empty() {
        return html! { p.muted { (t("search.empty")) } };
    }
    let count = people.len().to_string();
    let said = match people.len() {
        0 => t("search.none").to_owned(),
        1 => t("search.one").to_owned(),
        n if n >= HITS_MAX => tf("search.many", &[("n", &count)]),
        _ => tf("search.some", &[("n", &count)]),
    };
    html! {
        p.count role="status" { (said) }
        @if people.is_empty() {
            p.muted { (t("search.none-advice")) }
        } @else {
            ol.hit-list { @for person in people { li { (hit(person, today)) } } }
        }
    }
}

fn hit(person: &Person, today: Date) -> Markup {
    let birth = person.birth.map(|birth| tf("person.born", &[("date", &birth.long())]));
    html! {
        a.hit href=(format!("/pasient/{}", person.id)) {
            b.hit-name { (person.name_or_unknown()) }
            span.hit-age {
                @if let Some(age) = person.age(today) { (age) }
                @if let Some(sex) = person.sex { ", " (sex) }
            }
            span.hit-number { @if let Some(number) = &person.number { (number) } @else { (t("person.no-number")) } }
            span.hit-birth { @if let Some(birth) = birth { (birth) } }
            span.hit-address { @if let Some(address) = &person.address { (address) } }
        }
    }
}
