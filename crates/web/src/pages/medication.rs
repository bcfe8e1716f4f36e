//! The section of medication: in use, then former.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Course, Medication};
use crate::dates::{Moment, days_between};
use crate::messages::{t, tf};

const IN_USE_SHORT: usize = 12;
const FORMER_SHORT: usize = 3;
/// A drug started within so many days is marked as new.
const NEW_DAYS: i64 = 30;

/// What the reader does with medicines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deeds {
    pub prescribe: bool,
    pub reconcile: bool,
}

/// `deeds` says what the reader does.
pub(crate) fn section(chart: &Chart, extent: Extent, today: Date, deeds: Deeds) -> Markup {
    let may = deeds.prescribe;
    let (in_use, former) = (&chart.medications.in_use, &chart.medications.former);
    let note = tf(
        "medication.note",
        &[("in_use", &in_use.len().to_string()), ("former", &former.len().to_string())],
    );
    let shown = in_use.len().min(extent.limit(IN_USE_SHORT));
    let shown_former = former.len().min(extent.limit(FORMER_SHORT));
    let patient = &chart.person.id;
    let body = html! {
        (offered(chart, deeds))
        @if let Some((date, who)) = &chart.lists.reconciled {
            p.muted.last { (tf("reconciling.last", &[("date", &date.short(today)),
                ("who", who.as_deref().unwrap_or_default())])) }
        }
        @if may { div.slot id="resept" {} }
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
                    @if may { th.deed role="columnheader" scope="col" { span.ds-sr-only { (t("prescribing.renew")) } } }
                } }
                tbody role="rowgroup" {
                    @for drug in in_use.iter().take(shown) { (row(drug, patient, today, may)) }
                }
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

/// What can be done with the list.
fn offered(chart: &Chart, deeds: Deeds) -> Markup {
    let patient = &chart.person.id;
    let lists = chart.lists.waiting;
    html! {
        nav.medicine-deeds aria-label=(t("prescribing.actions")) {
            @if deeds.reconcile && lists > 0 {
                a.ds-button data-size="sm" href=(format!("/pasient/{patient}/samstem")) {
                    (tf("reconciling.open", &[("n", &lists.to_string())]))
                }
            }
            @if deeds.prescribe {
                a.ds-button data-variant="secondary" data-size="sm" href=(format!("/pasient/{patient}/resept/ny")) {
                    (t("prescribing.new"))
                }
            }
            a.ds-button data-variant="tertiary" data-size="sm" href=(format!("/pasient/{patient}/utskrift/legemidler")) {
                (t("prescribing.print-list"))
            }
        }
    }
}

fn row(drug: &Medication, patient: &str, today: Date, may: bool) -> Markup {
    let address = drug.prescription.as_ref().map(|id| format!("/pasient/{patient}/resept/{id}"));
    html! {
        tr role="row" {
            th.name role="rowheader" scope="row" {
                @match &address {
                    Some(address) => { a href=(address) { (drug.text) } },
                    None => { (drug.text) },
                }
                (lately(drug, today))
            }
            td role="cell" {
                (drug.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                @if let Some(until) = drug.until { ", " (t("medication.until")) " " (until.short(today)) }
                @if let Course::Changed(at, before) = &drug.course {
                    @if is_late(*at, today) { span.was { (tf("prescribing.before", &[("before", before)])) } }
                }
            }
            td.reason role="cell" { @if let Some(reason) = &drug.reason { (reason) } }
            td.num.quiet role="cell" { @if let Some(since) = drug.since { (since.short(today)) } }
            @if may { td.deed role="cell" { @if let Some(address) = &address { (renew(drug, address)) } } }
        }
    }
}

fn renew(drug: &Medication, address: &str) -> Markup {
    let renew = format!("{address}/forny");
    html! {
        a.renew href=(renew) data-hx-get=(renew) data-hx-target="#resept" data-hx-swap="innerHTML"
            aria-label=(tf("prescribing.renew-label", &[("drug", &drug.text)])) {
            (t("prescribing.renew"))
        }
    }
}

fn is_late(at: Option<Moment>, today: Date) -> bool {
    at.is_some_and(|at| (0..=NEW_DAYS).contains(&days_between(at.date(), today)))
}

/// What has happened to it of late.
fn lately(drug: &Medication, today: Date) -> Markup {
    let word = match &drug.course {
        Course::Begun => is_late(drug.since, today).then(|| t("medication.new")),
        Course::Renewed(at) => {
            at.is_some_and(|at| at.date() == today).then(|| t("prescribing.renewed-tag"))
        }
        Course::Changed(at, _) => is_late(*at, today).then(|| t("prescribing.changed-tag")),
    };
    let over = drug.valid_until.filter(|end| end.date() < today);
    html! {
        @if let Some(word) = word { " " span.tag.tag-new { (word) } }
        @if over.is_some() { " " span.tag { (t("prescribing.expired")) } }
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
