//! The section of diagnoses.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Diagnosis};
use crate::messages::{t, tf};

const ACTIVE_SHORT: usize = 10;
const FORMER_SHORT: usize = 4;

pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let (active, former) = (&chart.diagnoses.active, &chart.diagnoses.former);
    let note = tf(
        "diagnoses.note",
        &[("active", &active.len().to_string()), ("former", &former.len().to_string())],
    );
    let shown_active = active.len().min(extent.limit(ACTIVE_SHORT));
    let shown_former = former.len().min(extent.limit(FORMER_SHORT));
    let body = html! {
        @if active.is_empty() && former.is_empty() { (empty(t("diagnoses.none"))) }
        @else if active.is_empty() { (empty(t("diagnoses.none-active"))) }
        ul.rows { @for diagnosis in active.iter().take(shown_active) { (row(diagnosis, today)) } }
        @if shown_former > 0 {
            h3 { (t("diagnoses.former")) }
            ul.rows.rows-quiet {
                @for diagnosis in former.iter().take(shown_former) { (row(diagnosis, today)) }
            }
        }
        (fold(&chart.person.id, Section::Diagnoses, extent, shown_active + shown_former,
            active.len() + former.len()))
    };
    frame(Section::Diagnoses, &note, body)
}

fn row(diagnosis: &Diagnosis, today: Date) -> Markup {
    let period = period(diagnosis, today);
    let code = diagnosis.code.as_ref().map(|code| code.code.clone());
    html! {
        li {
            span.what {
                b { (diagnosis.text) }
                @if diagnosis.episodes > 1 {
                    " " span.tag { (tf("diagnoses.episodes", &[("n", &diagnosis.episodes.to_string())])) }
                }
            }
            span.aside {
                @if let Some(code) = &code { span.code { (code) } }
                @if code.is_some() && period.is_some() { " · " }
                @if let Some(period) = &period { (period) }
            }
            @if let Some(note) = &diagnosis.note { span.sub { (note) } }
        }
    }
}

/// `2019–2024` for what is over, `2021` for what is old, `13. nov` for what is new.
fn period(diagnosis: &Diagnosis, today: Date) -> Option<String> {
    let Some(since) = diagnosis.since else {
        return diagnosis.until.map(|until| until.year().to_string());
    };
    if let Some(until) = diagnosis.until.filter(|until| until.year() != since.year()) {
        return Some(format!("{}–{}", since.year(), until.year()));
    }
    let recent = crate::dates::days_between(since.date(), today) < 365;
    Some(if recent { since.short(today) } else { since.year().to_string() })
}
