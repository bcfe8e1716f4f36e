//! The tables of vital signs, laboratory results and other observations, and the large figures of
//! the chart.

use jiff::civil::Date;
use maud::{Markup, html};

use super::ordering_page::waiting;
use super::section::{Extent, Section, empty, fold, frame};
use super::trend_figure::{figure, sparkline};
use crate::chart::{Chart, Direction, Group, Point, Series};
use crate::messages::{t, tf};
use crate::numbers::count;

/// LOINC: blood pressure and body weight get a figure of their own on the chart.
const FIGURES: [&str; 2] = ["85354-9", "29463-7"];
/// Years of history in the chart's figures.
const FIGURE_YEARS: i16 = 5;

fn short_rows(section: Section) -> usize {
    if section == Section::Laboratory { 14 } else { 7 }
}

/// What a group of series is called.
pub(super) fn heading(group: Group) -> &'static str {
    section_of(group).heading()
}

fn section_of(group: Group) -> Section {
    match group {
        Group::Vital => Section::Vitals,
        Group::Laboratory => Section::Laboratory,
        Group::Other => Section::OtherResults,
    }
}

/// One of the three result sections.
pub(crate) fn section(chart: &Chart, group: Group, extent: Extent, today: Date) -> Markup {
    let section = section_of(group);
    let series: Vec<&Series> = chart.series.iter().filter(|series| series.group == group).collect();
    let points: usize = series.iter().map(|series| series.points.len()).sum();
    let shown = series.len().min(extent.limit(short_rows(section)));
    let note =
        tf("results.note", &[("analyses", &count(series.len())), ("values", &count(points))]);
    let body = html! {
        @if section == Section::Laboratory { (waiting(chart, today)) }
        @if series.is_empty() { (empty(t("results.none"))) } @else {
            (table(chart, section, series.get(..shown).unwrap_or(&series), today))
        }
        (fold(&chart.person.id, section, extent, shown, series.len()))
        @if section == Section::Vitals { (figures(chart, &series, today)) }
    };
    frame(section, if series.is_empty() { "" } else { &note }, body)
}

fn table(chart: &Chart, section: Section, series: &[&Series], today: Date) -> Markup {
    // A column that would be empty in every row is left out.
    let ranges = series.iter().any(|one| one.latest().is_some_and(|p| p.range_text.is_some()));
    html! {
        table.stack.results role="table" {
            caption.ds-sr-only { (section.heading()) }
            thead role="rowgroup" { tr role="row" {
                th role="columnheader" scope="col" { (t("results.analysis")) }
                th.num role="columnheader" scope="col" { (t("results.latest")) }
                @if ranges { th role="columnheader" scope="col" { (t("results.range")) } }
                th role="columnheader" scope="col" { (t("results.trend")) }
                th.num role="columnheader" scope="col" { (t("results.date")) }
            } }
            tbody role="rowgroup" { @for one in series { (row(chart, one, ranges, today)) } }
        }
    }
}

fn row(chart: &Chart, series: &Series, ranges: bool, today: Date) -> Markup {
    let Some(latest) = series.latest() else { return html! {} };
    html! {
        tr role="row" {
            th.name role="rowheader" scope="row" {
                a href=(trend_path(chart, series)) { (series.name) }
            }
            td.num.numeric[!latest.value.numbers.is_empty()] role="cell" { (value(latest)) }
            @if ranges {
                td.quiet.range role="cell" data-label=(t("results.range-short")) {
                    @if let Some(range) = &latest.range_text { (range) }
                }
            }
            td.curve-cell role="cell" { (sparkline(series)) }
            td.num.quiet role="cell" { @if let Some(date) = latest.date { (date.short(today)) } }
        }
    }
}

/// Where the trend of a series is.
pub(crate) fn trend_path(chart: &Chart, series: &Series) -> String {
    format!("/pasient/{}/trend/{}", chart.person.id, series.key)
}

/// A value with its sign, coloured and in words when it is outside what is normal.
pub(crate) fn value(point: &Point) -> Markup {
    match point.direction {
        Some(direction) => html! {
            span class=(direction.class()) { (point.value.text) " " (sign(direction)) }
        },
        None => html! { (point.value.text) },
    }
}

/// The sign of a direction with its word for those who cannot see it.
pub(crate) fn sign(direction: Direction) -> Markup {
    html! {
        span aria-hidden="true" { (direction.sign()) }
        span.ds-sr-only { " (" (direction.word()) ")" }
    }
}

/// Blood pressure and weight as large figures, when there is something to draw.
fn figures(chart: &Chart, series: &[&Series], today: Date) -> Markup {
    let drawn = FIGURES.iter().filter_map(|wanted| {
        let one = series.iter().find(|s| s.code.as_ref().is_some_and(|c| c.code == *wanted))?;
        let newest = one.drawable().next()?.1.date();
        // The last years of what there is, so that an old chart has its curve too.
        let end = newest.min(today);
        let from = end.saturating_sub(jiff::Span::new().years(FIGURE_YEARS));
        let enough = one.drawable().filter(|(_, m)| m.date() >= from).count() >= 2;
        enough.then_some((*one, from))
    });
    html! {
        @for (one, from) in drawn {
            div.figure-of {
                h3 { a href=(trend_path(chart, one)) { (one.name) } }
                (figure(one, Some(from)))
            }
        }
    }
}
