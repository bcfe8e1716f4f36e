//! The section of contacts: a timeline with filters that are plain links and a plain form.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::documents::document_path;
use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Contact, Filter};
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::numbers::count;

const SHORT: usize = 7;
/// Contacts on one page of the unfolded timeline; older ones are a year filter away.
const WHOLE_MAX: usize = 200;

pub(crate) fn section(chart: &Chart, filter: &Filter, extent: Extent, today: Date) -> Markup {
    let patient = &chart.person.id;
    let matching: Vec<&Contact> =
        chart.contacts.iter().filter(|contact| filter.admits(contact)).collect();
    // On the chart, planned visits in a row stand as one entry; unfolded, each is its own.
    let groups: Vec<&[&Contact]> = match extent {
        Extent::Short => matching
            .chunk_by(|a, b| a.is_routine() && b.is_routine() && a.organisation == b.organisation)
            .take(SHORT)
            .collect(),
        Extent::Whole => matching.chunks(1).take(WHOLE_MAX).collect(),
    };
    let shown = groups.iter().map(|group| group.len()).sum::<usize>();
    let body = html! {
        @if chart.contacts.is_empty() { (empty(t("contacts.none"))) } @else {
            (kinds(chart, filter))
            @if extent == Extent::Whole { (narrowing(chart, filter)) }
            @if !filter.is_empty() {
                p.count role="status" {
                    (tf("contacts.filtered", &[("n", &count(matching.len())), ("all", &count(chart.contacts.len()))]))
                }
            }
            @if matching.is_empty() { (empty(t("contacts.none-filtered"))) }
            ol.timeline {
                @for group in &groups {
                    @match group {
                        [only] => (entry(chart, only, today)),
                        several => (visits(several, today)),
                    }
                }
            }
            @if extent == Extent::Whole && matching.len() > shown {
                p.muted { (tf("contacts.too-many", &[("n", &count(shown))])) }
            }
            (fold(patient, Section::Contacts, extent, shown, matching.len()))
        }
    };
    frame(Section::Contacts, &note(chart), body)
}

/// `10 år · 286`
fn note(chart: &Chart) -> String {
    let mut years = chart.contacts.iter().filter_map(|c| c.start).map(Moment::year);
    let newest = years.next();
    let Some((newest, oldest)) = newest.map(|newest| (newest, years.next_back().unwrap_or(newest)))
    else {
        return String::new();
    };
    let n = count(chart.contacts.len());
    tf("contacts.note", &[("from", &oldest.to_string()), ("to", &newest.to_string()), ("n", &n)])
}

/// Chips: all, and each kind that occurs.
fn kinds(chart: &Chart, filter: &Filter) -> Markup {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for contact in &chart.contacts {
        *found.entry(contact.class.as_str()).or_default() += 1;
    }
    if found.len() < 2 && filter.is_empty() {
        return html! {};
    }
    let mut found: Vec<(&str, usize)> = found.into_iter().collect();
    found.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    html! {
        nav.chips aria-label=(t("contacts.kinds")) {
            (chip(chart, &Filter { class: None, ..filter.clone() }, filter.class.is_none(),
                t("contacts.every-kind"), None))
            @for (class, n) in found {
                @let wanted = Filter { class: Some(class.to_owned()), ..filter.clone() };
                (chip(chart, &wanted, filter.class.as_deref() == Some(class),
                    crate::chart::kind_of(class), Some(n)))
            }
        }
    }
}

fn chip(chart: &Chart, filter: &Filter, on: bool, label: &str, n: Option<usize>) -> Markup {
    let href = path(&chart.person.id, filter);
    html! {
        a.chip href=(href) aria-current=[on.then_some("true")] data-hx-get=(href)
            data-hx-target="#kontakter" data-hx-swap="outerHTML" {
            (label)
            @if let Some(n) = n { " " span.chip-count { (count(n)) } }
        }
    }
}

/// Organisation and year as a plain form.
fn narrowing(chart: &Chart, filter: &Filter) -> Markup {
    let organisations: BTreeSet<&str> =
        chart.contacts.iter().filter_map(|c| c.organisation.as_deref()).collect();
    let years: BTreeSet<i16> =
        chart.contacts.iter().filter_map(|c| c.start).map(Moment::year).collect();
    let action = format!("/pasient/{}/kontakter", chart.person.id);
    html! {
        form.narrow method="get" action=(action) data-hx-get=(action) data-hx-target="#kontakter"
            data-hx-swap="outerHTML" data-hx-trigger="change, submit" {
            @if let Some(class) = &filter.class { input type="hidden" name="type" value=(class); }
            div.field {
                label for="virksomhet" { (t("contacts.organisation")) }
                select.ds-input id="virksomhet" name="virksomhet" {
                    option value="" { (t("contacts.every-organisation")) }
                    @for organisation in organisations {
                        option value=(organisation)
                            selected[filter.organisation.as_deref() == Some(organisation)] {
                            (organisation)
                        }
                    }
                }
            }
            div.field {
                label for="ar" { (t("contacts.year")) }
                select.ds-input id="ar" name="ar" {
                    option value="" { (t("contacts.every-year")) }
                    @for year in years.into_iter().rev() {
                        option value=(year) selected[filter.year == Some(year)] { (year) }
                    }
                }
            }
            button.ds-button data-variant="secondary" data-size="sm" type="submit" { (t("contacts.show")) }
        }
    }
}

fn path(patient: &str, filter: &Filter) -> String {
    let encoded = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let mut parts = Vec::new();
    if let Some(class) = &filter.class {
        parts.push(format!("type={}", encoded(class)));
    }
    if let Some(organisation) = &filter.organisation {
        parts.push(format!("virksomhet={}", encoded(organisation)));
    }
    if let Some(year) = filter.year {
        parts.push(format!("ar={year}"));
    }
    let base = format!("/pasient/{patient}/kontakter");
    if parts.is_empty() { base } else { format!("{base}?{}", parts.join("&")) }
}

/// Planned visits in a row, newest first.
fn visits(contacts: &[&Contact], today: Date) -> Markup {
    let (Some(newest), Some(oldest)) = (contacts.first(), contacts.last()) else {
        return html! {};
    };
    let span = newest.start.zip(oldest.start).map(|(to, from)| {
        let (from, to) = (from.short(today), to.short(today));
        if from == to { to } else { tf("contacts.span", &[("from", &from), ("to", &to)]) }
    });
    html! {
        li.mark-home {
            p.meta {
                @if let Some(span) = span { (span) }
                " · " (newest.kind())
                @if let Some(organisation) = &newest.organisation { ", " (organisation) }
            }
            p { (tf("contacts.visits", &[("n", &count(contacts.len()))])) }
        }
    }
}

fn entry(chart: &Chart, contact: &Contact, today: Date) -> Markup {
    let mark = code("encounter-mark", &contact.class).unwrap_or("mark-other");
    let stay = contact.start.zip(contact.end).and_then(|(start, end)| {
        let days = crate::dates::days_between(start.date(), end.date());
        (days > 0).then(|| tf("contacts.stay", &[("n", &days.to_string())]))
    });
    html! {
        li class=(mark) {
            p.meta {
                @if let Some(start) = contact.start {
                    time datetime=(start.machine()) { (start.short(today)) }
                }
                " · " (contact.kind())
                @if let Some(organisation) = &contact.organisation { ", " (organisation) }
            }
            p {
                b { (contact.title) }
                @if let Some(reason) = &contact.reason { ": " (reason) }
                @if let Some(stay) = stay { " " span.tag { (stay) } }
            }
            @if let Some(practitioner) = &contact.practitioner { p.sub { (practitioner) } }
            @for document in contact.documents.iter().filter_map(|place| chart.documents.get(*place)) {
                p { a href=(document_path(&chart.person.id, document)) { (document.title) } }
            }
        }
    }
}
