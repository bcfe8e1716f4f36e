//! The section of medication: in use, then former.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Medication};
use crate::dates::days_between;
use crate::messages::{t, tf};

const IN_USE_SHORT: usize = 12;
const FORMER_SHORT: usize = 3;
/// A drug started within so many days is marked as new.
const NEW_DAYS: i64 = 30;

pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let (in_use, former) = (&chart.medications.in_use, &chart.medications.former);
    let note = tf(
        "medication.note",
        &[("in_use", &in_use.len().to_string()), ("former", &former.len().to_string())],
    );
    let shown = in_use.len().min(extent.limit(IN_USE_SHORT));
    let shown_former = former.len().min(extent.limit(FORMER_SHORT));
    let body = html! {
        @if in_use.is_empty() {
            (empty(t("medication.none")))
        } @else {
            table.stack role="table" {
                caption.ds-sr-only { (t("medication.heading")) }
                thead role="rowgroup" { tr role="row" {
                    th role="columnheader" scope="col" { (t("medication.drug")) }
                    th role="columnheader" scope="col" { (t("medication.dosage")) }
                    th role="columnheader" scope="col" { (t("medication.reason")) }
                    th.num role="columnheader" scope="col" { (t("medication.since")) }
                } }
                tbody role="rowgroup" { @for drug in in_use.iter().take(shown) { (row(drug, today)) } }
            }
        }
        @if shown_former > 0 {
            h3 { (t("medication.former")) }
            ul.rows.rows-quiet { @for drug in former.iter().take(shown_former) { (ended(drug, today)) } }
        }
        (fold(&chart.person.id, Section::Medication, extent, shown + shown_former,
            in_use.len() + former.len()))
    };
    frame(Section::Medication, &note, body)
}

fn row(drug: &Medication, today: Date) -> Markup {
    let age = drug.since.map(|since| days_between(since.date(), today));
    html! {
        tr role="row" {
            th.name role="rowheader" scope="row" {
                (drug.text)
                @if age.is_some_and(|days| (0..=NEW_DAYS).contains(&days)) {
                    " " span.tag.tag-new { (t("medication.new")) }
                }
            }
            td role="cell" {
                (drug.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                @if let Some(until) = drug.until { ", " (t("medication.until")) " " (until.short(today)) }
            }
            td.reason role="cell" { @if let Some(reason) = &drug.reason { (reason) } }
            td.num.quiet role="cell" { @if let Some(since) = drug.since { (since.short(today)) } }
        }
    }
}

fn ended(drug: &Medication, today: Date) -> Markup {
    html! {
        li {
            span.what { b { (drug.text) } }
            span.aside { @if let Some(latest) = drug.until.or(drug.latest) { (latest.short(today)) } }
            @if let Some(reason) = &drug.reason { span.sub { (reason) } }
        }
    }
}
