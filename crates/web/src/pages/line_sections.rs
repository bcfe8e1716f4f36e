//! The sections that are one line per entry: procedures, plans, next of kin.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Line};
use crate::messages::{t, tf};
use crate::numbers::count;

/// Procedures done.
pub(crate) fn procedures(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let none = t("procedures.none");
    section(chart, &chart.procedures, Section::Procedures, extent, today, none)
}

/// Plans, goals and open requests; on the chart those in force.
pub(crate) fn plans(chart: &Chart, extent: Extent, today: Date) -> Markup {
    section(chart, &chart.plans, Section::Plans, extent, today, t("plans.none"))
}

/// Next of kin, the nearest first, with what they are to the patient and where they are reached.
pub(crate) fn kin(chart: &Chart) -> Markup {
    let body = html! {
        ul.rows {
            @for one in &chart.person.kin {
                li {
                    span.what { b { (one.name) } }
                    @if let Some(telephone) = &one.telephone { span.aside { (telephone) } }
                    @if let Some(relationship) = &one.relationship {
                        span.sub { (relationship) }
                    }
                }
            }
        }
    };
    frame(Section::Kin, "", body)
}

const SHORT: usize = 6;

fn section(
    chart: &Chart,
    lines: &[Line],
    section: Section,
    extent: Extent,
    today: Date,
    none: &str,
) -> Markup {
    let shown = lines.len().min(extent.limit(SHORT));
    let body = html! {
        @if lines.is_empty() { (empty(none)) }
        ul.rows { @for line in lines.iter().take(shown) { (row(line, section, today)) } }
        (fold(&chart.person.id, section, extent, shown, lines.len()))
    };
    let note = if lines.is_empty() { String::new() } else { count(lines.len()) };
    frame(section, &note, body)
}

/// One line.
pub(crate) fn row(line: &Line, section: Section, today: Date) -> Markup {
    html! {
        li {
            span.what {
                b { (line.text) }
                @if line.times > 1 {
                    " " span.tag { (tf("lines.times", &[("n", &line.times.to_string())])) }
                }
                @if section == Section::Plans && line.is_over { " " span.tag { (t("plans.over")) } }
            }
            span.aside {
                @if let Some(date) = line.date { (date.short(today)) }
            }
            @if let Some(detail) = &line.detail { span.sub { (detail) } }
        }
    }
}
