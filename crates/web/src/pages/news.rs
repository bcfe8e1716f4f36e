//! The section of what is new.

use jiff::civil::Date;
use maud::{Markup, html};

use super::documents::document_path;
use super::results::sign;
use super::section::{Extent, Section, fold, frame};
use crate::chart::{Chart, News, NewsKind};
use crate::dates::days_between;
use crate::messages::{t, tf};

const SHORT: usize = 7;
/// When the last month has something, it alone is shown.
const MONTH_DAYS: i64 = 30;
const QUARTER_DAYS: i64 = 90;

pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let age = |news: &&News| days_between(news.date.date(), today);
    let month = chart.news.iter().filter(|news| age(news) <= MONTH_DAYS).count();
    let days = if month >= 3 && extent == Extent::Short { MONTH_DAYS } else { QUARTER_DAYS };
    let within: Vec<&News> = chart.news.iter().filter(|news| age(news) <= days).collect();
    let shown = within.len().min(extent.limit(SHORT));
    let note = tf("news.note", &[("days", &days.to_string())]);
    let body = html! {
        @if within.is_empty() {
            p { (t("news.none")) " " (last_entry(chart)) }
        } @else {
            ul.events {
                @for (place, news) in within.iter().take(shown).enumerate() {
                    @let same_day = place.checked_sub(1).and_then(|before| within.get(before))
                        .is_some_and(|before| before.date.date() == news.date.date());
                    li.same-day[same_day] {
                        time.when datetime=(news.date.machine()) {
                            span.ds-sr-only[same_day] { (news.date.short(today)) }
                        }
                        div { (event(chart, &news.kind)) }
                    }
                }
            }
        }
        (fold(&chart.person.id, Section::News, extent, shown, chart.news.len()))
    };
    frame(Section::News, &note, body)
}

/// When something was last entered, for a patient without news.
fn last_entry(chart: &Chart) -> Markup {
    let contact = chart.contacts.first().and_then(|contact| contact.start);
    let value = chart.series.iter().filter_map(|s| s.latest()).filter_map(|p| p.date).max();
    html! {
        @if let Some(latest) = contact.max(value) {
            (tf("news.last", &[("date", &latest.long())]))
        }
    }
}

fn event(chart: &Chart, kind: &NewsKind) -> Markup {
    let patient = &chart.person.id;
    match kind {
        NewsKind::Contact(place) => html! {
            @if let Some(contact) = chart.contacts.get(*place) {
                b { (contact.title) }
                @if let Some(reason) = &contact.reason { ": " (reason) }
                @if let Some(organisation) = &contact.organisation {
                    span.sub { (organisation) }
                }
                @for document in contact.documents.iter().filter_map(|d| chart.documents.get(*d)).take(2) {
                    " " a href=(document_path(patient, document)) { (document.title) }
                }
            }
        },
        NewsKind::Visits(n, organisation) => html! {
            a href=(format!("/pasient/{patient}/kontakter")) {
                (tf("news.visits", &[("n", &n.to_string())]))
            }
            @if let Some(organisation) = organisation { ", " (organisation) }
        },
        NewsKind::Diagnosis(text) => html! { (t("news.diagnosis")) " " b { (text) } },
        NewsKind::Changed(text, dosage, before) => html! {
            (t("news.changed")) " " b { (text) }
            @if let Some(dosage) = dosage { ", " (dosage) }
            " " (tf("news.before", &[("value", before)]))
        },
        NewsKind::Started(text, dosage) => html! {
            (t("news.started")) " " b { (text) }
            @if let Some(dosage) = dosage { ", " (dosage) }
        },
        NewsKind::Stopped(text) => html! { (t("news.stopped")) " " b { (text) } },
        NewsKind::Vaccination(text) => html! { (t("news.vaccination")) " " b { (text) } },
        NewsKind::Message(sender, text) => html! {
            (sender.as_deref().unwrap_or(t("news.message"))) " " (tf("my.quoted", &[("text", text)]))
        },
        NewsKind::Document(place) => html! {
            @if let Some(document) = chart.documents.get(*place) {
                a href=(document_path(patient, document)) { (document.title) }
                @if let Some(organisation) = &document.organisation { span.sub { (organisation) } }
            }
        },
        NewsKind::Abnormal { key, name, value, direction, before } => html! {
            a href=(format!("/pasient/{patient}/trend/{key}")) { (name) } " "
            span class=(direction.class()) { (value) " " (sign(*direction)) }
            @if let Some(before) = before { " " (tf("news.before", &[("value", before)])) }
        },
    }
}
