//! The start page and the list of patients that a search found.

use jiff::civil::Date;
use maud::{Markup, html};

use akson_record::PatientStanding;

use super::layout::{Page, hidden, page, search_box};
use super::opening_page::{emergency, reasons};
use crate::chart::Person;
use crate::messages::{t, tf};
use crate::registering::WayOn;
use crate::who::Who;

/// Patients shown of a search.
pub(crate) const HITS_MAX: usize = 30;

/// Where a journal is opened by the number.
const NUMBER: &str = "/pasienter/nummer";

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

/// The found patients. Also the fragment that is swapped in as
/// one types.
pub(crate) fn hits(query: &str, people: &[Person], today: Date) -> Markup {
    if query.is_empty() {
        return html! { p.muted { (t("search.empty")) } };
    }
    let count = people.len().to_string();
    let said = match people.len() {
        1 => t("search.one").to_owned(),
        n if n >= HITS_MAX => tf("search.many", &[("n", &count)]),
        _ => tf("search.some", &[("n", &count)]),
    };
    html! {
        p.count role="status" { (said) }
        ol.hit-list { @for person in people { li { (hit(person, today)) } } }
    }
}

/// Nobody was found: what can be done about it. `wrong` says what was wrong with what was sent.
pub(crate) fn nobody(way_on: &WayOn, who: &Who, wrong: Option<&str>) -> Markup {
    html! {
        @if let WayOn::Hidden { number, standing } = way_on {
            p.count role="status" { (t("search.hidden")) }
            p { (t("search.hidden-text")) }
            @if let Some(wrong) = wrong { p.fault role="alert" { (wrong) } }
            (by_number(number, standing, who))
        } @else {
            p.count role="status" { (t("search.none")) }
            p.muted { (t("search.none-advice")) }
        }
        @if let WayOn::Register(number) = way_on {
            p {
                a.ds-button data-variant="secondary" href=(match number {
                    Some(number) => format!("/pasienter/ny?nummer={number}"),
                    None => "/pasienter/ny".to_owned(),
                }) { (t("registering.heading")) }
            }
        }
    }
}

/// Opening the journal of somebody who is not shown.
fn by_number(number: &str, standing: &PatientStanding, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let fixed = html! { (hidden(token)) input type="hidden" name="nummer" value=(number); };
    html! {
        div.opening {
            @if standing.may_decide { (reasons(NUMBER, &fixed)) }
            @if standing.may_take_emergency { (emergency(NUMBER, &fixed)) }
            p.muted { (t("opening.told")) }
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
