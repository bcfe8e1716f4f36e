//! Vaccines on the chart, and to the citizen: what is due, what comes, what was given and what was not.

use jiff::civil::Date;
use maud::{Markup, html};

use super::line_sections::row;
use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Line};
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::numbers::count;
use crate::vaccines::{Assess, Item, State};

/// Vaccines given that stand on the chart.
const SHORT: usize = 6;

/// The section of the chart.
pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let given = &chart.vaccinations;
    let shown = given.len().min(extent.limit(SHORT));
    let known = &chart.vaccines;
    let whole = extent == Extent::Whole;
    let has_programme = !known.items.is_empty();
    let body = html! {
        @if has_programme {
            h3 { (t("vaccine-desk.now")) }
            @if known.due().next().is_none() { (empty(t("vaccine-desk.all-answered"))) }
            ul.rows { @for item in known.due() { (due(item, today)) } }
            @for item in known.doubtful() { p.sub { (doubt(item)) } }
            (coming(chart, whole))
            (declined(chart))
            @if !given.is_empty() { h3 { (t("vaccine-desk.given")) } }
        }
        @if given.is_empty() { (empty(t("vaccinations.none"))) }
        ul.rows {
            @for line in given.iter().take(shown) { (row(line, Section::Vaccinations, today)) }
        }
        @if known.uncounted > 0 {
            p.sub { (tf("vaccine-desk.uncounted", &[("n", &count(known.uncounted))])) }
        }
        @if whole && has_programme { p.sub { (t("vaccine-desk.about")) } (sources()) }
        (fold(&chart.person.id, Section::Vaccinations, extent, shown, given.len()))
    };
    let note = if given.is_empty() { String::new() } else { count(given.len()) };
    frame(Section::Vaccinations, &note, body)
}

/// Who says what the programme is.
fn sources() -> Markup {
    html! {
        p.sub {
            (t("vaccine-desk.sources")) " "
            @for (place, (source, host)) in crate::vaccines::sources().into_iter().enumerate() {
                @if place > 0 { ", " }
                a href=(source) rel="noreferrer" { (host) }
            }
        }
    }
}

/// The vaccine, and which dose of it, in words.
fn name(item: &Item) -> String {
    let name = code("vaccine", item.name).unwrap_or(item.name);
    match item.dose {
        Some(dose) => tf("vaccine.dose", &[("name", name), ("n", &dose.to_string())]),
        None => name.to_owned(),
    }
}

fn day(item: &Item) -> Date {
    match item.state {
        State::Overdue(day)
        | State::Due(day)
        | State::Coming(day)
        | State::Declined(day, _)
        | State::Given(day) => day,
    }
}

fn long(item: &Item) -> String {
    Moment::day(day(item)).long()
}

/// Why a clinician must decide; of what was given it is told by [`doubt`].
fn why(assess: Assess) -> Option<&'static str> {
    match assess {
        Assess::Late => Some(t("vaccine-desk.late")),
        Assess::Gap => Some(t("vaccine-desk.gap")),
        Assess::Unknown => Some(t("vaccine-desk.unknown")),
        Assess::Early | Assess::Again => None,
    }
}

fn due(item: &Item, today: Date) -> Markup {
    let is_overdue = matches!(item.state, State::Overdue(_));
    // Since when is known only when it is counted from a day in this life.
    let since = (item.assess != Some(Assess::Unknown)).then(|| {
        let date = Moment::day(day(item)).short(today);
        let key = if is_overdue { "vaccine-desk.should-have" } else { "vaccine-desk.due-since" };
        tf(key, &[("date", &date)])
    });
    html! {
        li {
            span.what {
                b { (name(item)) }
                @if is_overdue { " " span.tag.tag-stop { (t("vaccine-desk.overdue")) } }
            }
            @if let Some(since) = since { span.aside { (since) } }
            @if let Some(why) = item.assess.and_then(why) { span.sub { (why) } }
        }
    }
}

fn doubt(item: &Item) -> String {
    let key = if item.assess == Some(Assess::Again) { "vaccine.again" } else { "vaccine.early" };
    tf(key, &[("name", &name(item)), ("date", &long(item))])
}

/// What comes next: on the chart the nearest day alone.
fn coming(chart: &Chart, whole: bool) -> Markup {
    let all = chart.vaccines.coming();
    let nearest = all.first().map(|(_, day)| *day);
    let shown = all.iter().filter(|(_, day)| whole || Some(*day) == nearest);
    html! {
        @if !all.is_empty() {
            h3 { (t("vaccine-desk.later")) }
            ul.rows {
                @for (item, _) in shown {
                    li {
                        span.what { b { (name(item)) } }
                        span.aside { (tf("vaccine.from", &[("date", &long(item))])) }
                    }
                }
            }
        }
    }
}

fn declined(chart: &Chart) -> Markup {
    html! {
        @if chart.vaccines.declined().next().is_some() {
            h3 { (t("vaccine-desk.declined")) }
            ul.rows {
                @for item in chart.vaccines.declined() {
                    li { span.what { b { (name(item)) } } span.sub { (reason(item)) } }
                }
            }
        }
    }
}

fn reason(item: &Item) -> String {
    let State::Declined(_, reason) = &item.state else { return String::new() };
    tf("vaccine.why-not", &[("reason", reason), ("date", &long(item))])
}

/// To the citizen, in plain words.
pub(crate) fn mine(chart: &Chart, lines: &[Line], is_own: bool) -> Markup {
    let known = &chart.vaccines;
    let now = if is_own { t("vaccine.mine-now") } else { t("vaccine.mine-now-child") };
    let coming = known.coming();
    html! {
        @if known.due().next().is_some() {
            section.card aria-labelledby="vaksiner-na" {
                h2 id="vaksiner-na" { (now) }
                ul.my-rows {
                    @for item in known.due() {
                        li { b { (name(item)) } p { (advice(item)) } }
                    }
                }
            }
        }
        @if !coming.is_empty() {
            section.card aria-labelledby="vaksiner-senere" {
                h2 id="vaksiner-senere" { (t("vaccine.mine-later")) }
                ul.my-rows {
                    @for (item, _) in &coming {
                        li {
                            b { (name(item)) }
                            span.my-when { (tf("vaccine.from", &[("date", &long(item))])) }
                        }
                    }
                }
            }
        }
        @if known.declined().next().is_some() {
            section.card aria-labelledby="vaksiner-ikke" {
                h2 id="vaksiner-ikke" { (t("vaccine.mine-declined")) }
                ul.my-rows {
                    @for item in known.declined() {
                        li { b { (name(item)) } p.muted { (reason(item)) } }
                    }
                }
            }
        }
        @if lines.is_empty() { p.muted { (t("mine.no-vaccinations")) } }
        @if !lines.is_empty() {
            section.card aria-labelledby="vaksiner-gitt" {
                h2 id="vaksiner-gitt" { (t("vaccine.mine-given")) }
                ul.my-rows { @for line in lines { (given(line)) } }
            }
        }
        @for item in known.doubtful() { p.muted { (doubt(item)) } }
        @if !known.items.is_empty() { p.muted { (t("vaccine.mine-about")) } }
    }
}

fn given(line: &Line) -> Markup {
    html! {
        li {
            b { (line.text) }
            @if let Some(date) = line.date {
                time.my-when datetime=(date.machine()) { (date.long()) }
            }
            @if let Some(detail) = &line.detail { p.muted { (detail) } }
        }
    }
}

fn advice(item: &Item) -> &'static str {
    match (&item.state, item.assess) {
        (State::Overdue(_), _) => t("vaccine.mine-late"),
        (_, Some(_)) => t("vaccine.mine-ask"),
        (_, None) => t("vaccine.mine-due"),
    }
}
