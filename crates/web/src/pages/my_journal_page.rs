//! A citizen's journal in plain words.

use jiff::civil::Date;
use maud::{Markup, html};

use super::my_frame::{Tab, frame, token};
use super::trend_figure::figure;
use super::vaccines;
use crate::chart::{Chart, Direction, Group, Point, Series};
use crate::citizen::Mine;
use crate::messages::{t, tf};
use crate::my_journal::Prescription;
use crate::who::Who;

/// A part of the journal that is only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Results,
    Vaccinations,
    Documents,
}

impl Part {
    /// The part of an address.
    pub(crate) fn of_slug(slug: &str) -> Option<Self> {
        match slug {
            "provesvar" => Some(Self::Results),
            "vaksiner" => Some(Self::Vaccinations),
            "dokumenter" => Some(Self::Documents),
            _ => None,
        }
    }
}

/// What somebody measures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measuring<'a> {
    pub kilos: &'a str,
    pub systolic: &'a str,
    pub diastolic: &'a str,
    pub fault: Option<&'static str>,
    pub is_stored: bool,
}

/// The parts of the journal.
pub(crate) fn index(mine: &Mine, chart: &Chart, who: &Who, today: Date) -> Markup {
    let latest = laboratory(chart).find_map(|series| series.latest()?.date);
    let newest = |date: Option<crate::dates::Moment>| {
        date.map(|date| tf("mine.latest", &[("when", &date.short(today))]))
    };
    let documents = chart.documents.first().and_then(|document| document.date);
    let vaccination = chart.vaccinations.first().and_then(|line| line.date);
    let doors: [(&str, &str, String); 5] = [
        ("/journal/provesvar", t("mine.results"), newest(latest).unwrap_or_default()),
        (
            "/journal/medisiner",
            t("mine.medicines"),
            tf("mine.in-use", &[("n", &chart.medications.in_use.len().to_string())]),
        ),
        ("/journal/vaksiner", t("mine.vaccinations"), newest(vaccination).unwrap_or_default()),
        ("/journal/dokumenter", t("mine.documents"), newest(documents).unwrap_or_default()),
        ("/journal/malinger", t("mine.measurements"), t("mine.measurements-what").to_string()),
    ];
    let main = html! {
        ul.my-doors {
            @for (path, name, what) in doors {
                li { a.card href=(mine.path(path)) { b { (name) } span.muted { (what) } } }
            }
            li {
                a.card href=(format!("/pasient/{}", mine.person.id)) {
                    b { (t("my.whole")) } span.muted { (t("my.whole-what")) }
                }
            }
        }
    };
    frame(mine, Tab::Journal, t("my.journal"), who, main)
}

/// One part.
pub(crate) fn part(part: Part, mine: &Mine, chart: &Chart, who: &Who, today: Date) -> Markup {
    let (title, body) = match part {
        Part::Results => (t("mine.results"), results(chart, today)),
        Part::Vaccinations => {
            let is_own = mine.is_own();
            (t("mine.vaccinations"), vaccines::mine(chart, &chart.vaccinations, is_own))
        }
        Part::Documents => (t("mine.documents"), documents(mine, chart, today)),
    };
    let main = html! { (back(mine)) (body) };
    frame(mine, Tab::Journal, title, who, main)
}

fn back(mine: &Mine) -> Markup {
    html! { p.back { a href=(mine.path("/journal")) { (t("mine.back")) } } }
}

fn laboratory(chart: &Chart) -> impl Iterator<Item = &Series> {
    chart.series.iter().filter(|series| series.group == Group::Laboratory)
}

fn results(chart: &Chart, today: Date) -> Markup {
    html! {
        @if laboratory(chart).next().is_none() { p.muted { (t("mine.no-results")) } }
        @if laboratory(chart).next().is_some() {
            p.muted { (t("mine.results-what")) }
            section.card aria-label=(t("mine.results")) {
                ul.my-rows {
                    @for series in laboratory(chart) {
                        @if let Some(point) = series.latest() { (result(series, point, today)) }
                    }
                }
            }
        }
    }
}

fn result(series: &Series, point: &Point, today: Date) -> Markup {
    html! {
        li {
            b { (series.name) ": " (point.value.text) }
            @if let Some(date) = point.date {
                time.my-when datetime=(date.machine()) { (date.short(today)) }
            }
            p { (in_words(point)) }
            @if series.drawable().nth(1).is_some() {
                details.my-trend {
                    summary { (t("mine.trend")) span.ds-sr-only { " " (series.name) } }
                    (figure(series, None))
                }
            }
        }
    }
}

/// Whether a value is outside what is usual, and which way, in words.
fn in_words(point: &Point) -> Markup {
    let usual = point.range_text.as_ref().map(|range| tf("mine.usual-range", &[("range", range)]));
    let word = match point.direction {
        Some(Direction::High | Direction::Critical) => Some(t("mine.higher")),
        Some(Direction::Low | Direction::CriticalLow) => Some(t("mine.lower")),
        Some(Direction::Abnormal) => Some(t("mine.outside")),
        None => None,
    };
    html! {
        @match (word, point.direction, &usual) {
            (Some(word), Some(direction), _) => {
                span.my-flag { span aria-hidden="true" { (direction.sign()) " " } (word) }
            }
            (_, _, Some(_)) => span.my-usual { (t("mine.within")) },
            _ => span.my-usual { (t("mine.not-judged")) },
        }
        @if let Some(usual) = usual { " " span.my-usual { (usual) } }
    }
}

fn documents(mine: &Mine, chart: &Chart, today: Date) -> Markup {
    html! {
        @if chart.documents.is_empty() { p.muted { (t("mine.no-documents")) } }
        @if !chart.documents.is_empty() {
            section.card aria-label=(t("mine.documents")) {
                ul.my-rows {
                    @for one in &chart.documents {
                        @let address = format!(
                            "/pasient/{}/dokument/{}/{}", mine.person.id, one.resource_type, one.id
                        );
                        @let from = [one.author.as_deref(), one.organisation.as_deref()];
                        li {
                            a href=(address) { (one.title) }
                            @if let Some(date) = one.date {
                                time.my-when datetime=(date.machine()) { (date.short(today)) }
                            }
                            p.muted { (from.into_iter().flatten().collect::<Vec<_>>().join(", ")) }
                        }
                    }
                }
            }
        }
    }
}

/// The medicines in use. `may_ask`: there is a doctor to ask; `told`: it was just asked.
pub(crate) fn medicines(
    mine: &Mine,
    prescriptions: &[Prescription],
    (may_ask, told): (bool, bool),
    who: &Who,
    today: Date,
) -> Markup {
    let main = html! {
        (back(mine))
        @if told { p.told role="status" { (t("mine.asked-told")) } }
        p { a href=(mine.path("/journal/medisiner/utskrift")) { (t("mine.print")) } }
        @if prescriptions.is_empty() { p.muted { (t("mine.no-medicines")) } }
        @if !prescriptions.is_empty() {
            section.card aria-label=(t("mine.medicines")) {
                ul.my-rows {
                    @for one in prescriptions { (medicine(mine, one, may_ask, who, today)) }
                }
            }
        }
    };
    frame(mine, Tab::Journal, t("mine.medicines"), who, main)
}

fn medicine(mine: &Mine, one: &Prescription, may_ask: bool, who: &Who, today: Date) -> Markup {
    let action = mine.path(&format!("/journal/medisiner/{}/forny", one.id));
    html! {
        li {
            b { (one.name) }
            span {}
            @if let Some(dosage) = &one.dosage { p.muted { (dosage) } }
            @match one.asked {
                Some(at) => p { (tf("mine.asked", &[("when", &at.short(today))])) },
                None if may_ask => {
                    form action=(action) method="post" {
                        (token(who))
                        button.ds-button data-variant="secondary" type="submit" {
                            (t("mine.renew")) span.ds-sr-only { " " (one.name) }
                        }
                    }
                }
                None => {}
            }
        }
    }
}

/// Own measurements: what can be entered, and how it went.
pub(crate) fn measurements(
    mine: &Mine,
    chart: &Chart,
    measuring: &Measuring<'_>,
    who: &Who,
    today: Date,
) -> Markup {
    let action = mine.path("/journal/malinger");
    let since = Some(today.saturating_sub(jiff::Span::new().years(1)));
    let series = |code: &str| {
        let is_it = |one: &&Series| one.code.as_ref().is_some_and(|known| known.code == code);
        chart.series.iter().find(is_it)
    };
    let main = html! {
        (back(mine))
        @if measuring.is_stored { p.told role="status" { (t("measure.stored")) } }
        @if let Some(fault) = measuring.fault { p.fault role="alert" { (fault) } }
        section.card aria-labelledby="vekt" {
            h2 id="vekt" { (t("measure.weight")) }
            form.my-measure action=(action) method="post" {
                (token(who))
                input type="hidden" name="hva" value="vekt";
                div.my-pair {
                    (number_field("kilo", t("measure.kilos"), measuring.kilos, "decimal"))
                    (day_field("dato-vekt", today))
                }
                button.ds-button type="submit" { (t("measure.store-weight")) }
            }
            @if let Some(series) = series(crate::citizens_home::WEIGHT) { (figure(series, since)) }
        }
        section.card aria-labelledby="blodtrykk" {
            h2 id="blodtrykk" { (t("measure.pressure")) }
            form.my-measure action=(action) method="post" {
                (token(who))
                input type="hidden" name="hva" value="blodtrykk";
                div.my-pair {
                    (number_field("over", t("measure.systolic"), measuring.systolic, "numeric"))
                    (number_field("under", t("measure.diastolic"), measuring.diastolic, "numeric"))
                    (day_field("dato-trykk", today))
                }
                button.ds-button type="submit" { (t("measure.store-pressure")) }
            }
            @if let Some(series) = series("85354-9") { (figure(series, since)) }
        }
        p.muted { (t("measure.who-sees")) }
    };
    frame(mine, Tab::Journal, t("mine.measurements"), who, main)
}

fn number_field(name: &str, label: &str, value: &str, mode: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            input.ds-input id=(name) name=(name) inputmode=(mode) autocomplete="off" required
                maxlength="6" value=(value);
        }
    }
}

fn day_field(id: &str, today: Date) -> Markup {
    html! {
        div {
            label for=(id) { (t("measure.day")) }
            input.ds-input id=(id) name="dato" type="date" max=(today) value=(today);
        }
    }
}
