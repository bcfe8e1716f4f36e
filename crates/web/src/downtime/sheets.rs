//! What stands on the sheets of the copy: a ward with its doses to tick, the appointments of a day.
//!
//! Made to be printed: black on white, boxes of paper, nothing that is clicked. The words are those of
//! the pages (`round`, `workday`, `chart`). Not here: the document around it (`shell`).

use akson_base::Instant;
use jiff::civil::Date;
use maud::{Markup, html};

use super::Shown;
use crate::chart::{Chart, Medication, Person, Severity, Warning};
use crate::dates::{Moment, weekday_and_date};
use crate::messages::{t, tf};
use crate::pages::round_row::counted;
use crate::round::{Kind, Needed, Outcome, Resident, Round, Row, State};
use crate::workday::{Slot, SlotState};

/// Boxes behind a medicine that is given as needed.
const BOXES: usize = 4;

/// Everybody of a ward: what can kill, today's doses, all medicines.
pub(super) fn ward<'k>(round: &Round, known: &dyn Fn(&str) -> Option<Shown<'k>>) -> Markup {
    let count = round.residents.len().to_string();
    html! {
        p.lead { (weekday_and_date(round.day)) " · " (tf("round.residents", &[("n", &count)])) }
        @if round.residents.is_empty() { p { (t("round.empty")) } }
        (overview(round))
        @for resident in &round.residents {
            @if let Some(shown) = known(&resident.person.id) { (one_resident(resident, &shown, round)) }
        }
    }
}

/// Who is there, on the first page.
fn overview(round: &Round) -> Markup {
    html! {
        @if !round.residents.is_empty() {
            table.overview {
                thead { tr {
                    th scope="col" { (t("downtime.room")) }
                    th scope="col" { (t("downtime.name")) }
                    th scope="col" { (t("downtime.number")) }
                    th scope="col" { (t("downtime.beware")) }
                } }
                tbody { @for resident in &round.residents {
                    tr {
                        td.time { (resident.room) }
                        th scope="row" { (resident.person.name_or_unknown()) }
                        td { (resident.person.number.as_deref().unwrap_or_default()) }
                        td {
                            @if !resident.warnings.iter().any(|warning| warning.is_allergy) {
                                div { (t("banner.no-allergy")) }
                            }
                            @for warning in &resident.warnings {
                                @if warning.is_allergy || warning.severity == Severity::Stop {
                                    div { (told(warning)) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn one_resident(resident: &Resident, shown: &Shown<'_>, round: &Round) -> Markup {
    let person = &resident.person;
    let (planned, others): (Vec<&Row>, Vec<&Row>) =
        resident.rows.iter().partition(|row| row.planned.is_some());
    html! {
        article.person.own-page {
            header {
                h2 { span.room { (resident.room) } " " (person.name_or_unknown()) }
                p { (who(shown.chart, round.day)) @if !resident.stay.is_empty() { " · " (resident.stay) } }
            }
            (critical(shown))
            @if planned.is_empty() && others.is_empty() {
                p { (t("downtime.no-doses")) }
            } @else {
                (doses(&planned, person, round.day))
                (as_needed(&others, person))
            }
            (medicines(shown.chart))
        }
    }
}

/// Whose table it is, once more on every page of paper that it goes over.
fn again(person: &Person, columns: usize) -> Markup {
    html! {
        tr.again aria-hidden="true" {
            td colspan=(columns) {
                (person.name_or_unknown()) " " (person.number.as_deref().unwrap_or_default())
            }
        }
    }
}

/// `010140 12345 · 86 år · kvinne`
fn who(chart: &Chart, today: Date) -> Markup {
    let person = &chart.person;
    let age = person.age(today);
    let parts = [person.number.as_deref(), age.as_deref(), person.sex];
    let known: Vec<&str> = parts.into_iter().flatten().collect();
    html! { (known.join(" · ")) }
}

/// Allergies and other warnings in words, and that something is hidden.
fn critical(shown: &Shown<'_>) -> Markup {
    let warnings = &shown.chart.warnings;
    let has_allergy = warnings.iter().any(|warning| warning.is_allergy);
    html! {
        ul.critical {
            @if !has_allergy { li { (t("banner.no-allergy")) } }
            @for warning in warnings {
                li.stop[warning.severity == Severity::Stop] { (told(warning)) }
            }
            @if shown.hides_something { li.stop { (t("banner.hidden")) "." } }
        }
    }
}

fn told(warning: &Warning) -> Markup {
    html! {
        @if warning.severity == Severity::Stop { b { "! " (t("banner.severe")) " " } }
        @if warning.is_allergy && warning.severity != Severity::Quiet { (t("banner.allergy")) " " }
        b { (warning.text) }
        @if let Some(detail) = &warning.detail { " (" (detail) ")" }
    }
}

/// The planned doses of a day with boxes to tick.
fn doses(rows: &[&Row], person: &Person, day: Date) -> Markup {
    html! {
        @if !rows.is_empty() {
            h3 { (t("downtime.doses")) }
            table.doses {
                thead { (again(person, 5)) tr {
                    th scope="col" { (t("downtime.time")) }
                    th scope="col" { (t("medication.drug")) }
                    th scope="col" { (t("downtime.amount")) }
                    th scope="col" { (t("downtime.given")) }
                    th scope="col" { (t("downtime.signature")) }
                } }
                tbody { @for row in rows { (dose(row, day)) } }
            }
        }
    }
}

fn dose(row: &Row, day: Date) -> Markup {
    let content: &[String] = match &row.kind {
        Kind::Pouch(content) => content,
        Kind::Single | Kind::AsNeeded(_) | Kind::Unclear => &[],
    };
    html! {
        tr {
            td.time {
                @if let Some(at) = row.planned {
                    (format!("{:02}.{:02}", at.hour(), at.minute()))
                    @if at.date() != day { br; small { (t("downtime.tomorrow")) } }
                }
            }
            th scope="row" {
                @match content.len() {
                    0 => { (row.title) },
                    1 => { (t("round.pouch-one")) },
                    n => { (tf("round.pouch", &[("n", &n.to_string())])) },
                }
                @if row.is_controlled { " " span.mark { (t("round.controlled")) } }
                @if let Some(change) = &row.change { " " span.mark { (change) } }
                @if !content.is_empty() { ul { @for medicine in content { li { (medicine) } } } }
                @if let Some(reason) = &row.reason { small { " " (reason) } }
            }
            td { @if let Some(amount) = &row.amount { (amount) } }
            (ticked(row))
        }
    }
}

/// A box to tick, or what is said already.
fn ticked(row: &Row) -> Markup {
    let State::Done(all) = &row.state else {
        return html! { td.tick { (empty_box()) } td.sign {} };
    };
    let Some(one) = all.first() else { return html! { td.tick { (empty_box()) } td.sign {} } };
    let time = one.at.clock().unwrap_or_default();
    let by = one.by.1.as_str();
    html! {
        td.tick colspan="2" {
            @match one.outcome {
                Outcome::Given => { "✓ " (tf("round.given-at", &[("time", &time), ("who", by)])) },
                Outcome::Unwitnessed => { "✓ " (tf("round.unwitnessed", &[("time", &time), ("who", by)])) },
                Outcome::NotGiven => {
                    "– " (tf("round.left-out", &[("time", &time)]))
                    @if let Some(why) = &one.why { ": " (why) }
                },
            }
        }
    }
}

/// A box of ink: it is there on paper whatever the printer does with colours.
fn empty_box() -> Markup {
    html! { span.box role="img" aria-label=(t("downtime.box")) {} }
}

/// What is given as needed, and what does not say when.
fn as_needed(rows: &[&Row], person: &Person) -> Markup {
    html! {
        @if !rows.is_empty() {
            h3 { (t("downtime.as-needed")) }
            table.doses {
                thead { (again(person, 3)) tr {
                    th scope="col" { (t("medication.drug")) }
                    th scope="col" { (t("medication.dosage")) }
                    th scope="col" { (t("downtime.given-when")) }
                } }
                tbody { @for row in rows {
                    tr {
                        th scope="row" {
                            (row.title)
                            @if row.is_controlled { " " span.mark { (t("round.controlled")) } }
                        }
                        td {
                            @if row.kind == Kind::Unclear { b { (t("round.read-dosage")) } " " }
                            (row.dosage)
                            @if let Kind::AsNeeded(needed) = &row.kind { br; small { (last(needed)) } }
                        }
                        td.boxes { @for _ in 0..BOXES { (empty_box()) " " } }
                    }
                } }
            }
        }
    }
}

fn last(needed: &Needed) -> String {
    let said = counted(needed);
    match &needed.last {
        Some(last) => {
            let (date, time) = (last.at.long(), last.at.clock().unwrap_or_default());
            format!("{} · {said}", tf("round.last", &[("date", &date), ("time", &time)]))
        }
        None => said,
    }
}

/// The list of medicines, as the chart has it.
fn medicines(chart: &Chart) -> Markup {
    let in_use = &chart.medications.in_use;
    html! {
        h3 { (t("paper.list")) }
        @if in_use.is_empty() {
            p { (t("medication.none")) }
        } @else {
            table {
                thead { (again(&chart.person, 3)) tr {
                    th scope="col" { (t("medication.drug")) }
                    th scope="col" { (t("medication.dosage")) }
                    th scope="col" { (t("medication.reason")) }
                } }
                tbody { @for drug in in_use { (medicine(drug)) } }
            }
        }
    }
}

fn medicine(drug: &Medication) -> Markup {
    html! {
        tr {
            th scope="row" { (drug.text) @if drug.as_needed { " " span.mark { (t("round.as-needed")) } } }
            td {
                (drug.dosage.as_deref().unwrap_or(t("medication.no-dosage")))
                @if let Some(until) = drug.until { ", " (t("medication.until")) " " (until.long()) }
            }
            td { (drug.reason.as_deref().unwrap_or_default()) }
        }
    }
}

/// Today's appointments, by whom they are with, and then what is to be known of each patient.
pub(super) fn agenda<'k>(
    slots: &[Slot],
    now: Instant,
    known: &dyn Fn(&str) -> Option<Shown<'k>>,
) -> Markup {
    let today = Moment::from_instant(now).date();
    let mut workers: Vec<Option<&str>> = slots.iter().map(|slot| slot.with.as_deref()).collect();
    workers.sort_unstable();
    workers.dedup();
    let mut patients: Vec<&str> = Vec::new();
    for person in slots.iter().filter_map(|slot| slot.person.as_ref()) {
        if !patients.contains(&person.id.as_str()) {
            patients.push(&person.id);
        }
    }
    let count = slots.len().to_string();
    html! {
        p.lead { (weekday_and_date(today)) " · " (tf("downtime.appointments", &[("n", &count)])) }
        @for worker in workers {
            @let own: Vec<&Slot> = slots.iter().filter(|slot| slot.with.as_deref() == worker).collect();
            h2 { (worker.unwrap_or(t("downtime.nobody"))) }
            (list(&own))
        }
        h2 { (t("downtime.patients")) }
        @for id in patients {
            @if let Some(shown) = known(id) {
                article.person {
                    header {
                        h3 { (shown.chart.person.name_or_unknown()) }
                        p { (who(shown.chart, today)) }
                    }
                    (critical(&shown))
                    (medicines(shown.chart))
                }
            }
        }
    }
}

fn list(slots: &[&Slot]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (t("downtime.time")) }
                th scope="col" { (t("downtime.patient")) }
                th scope="col" { (t("downtime.why")) }
                th scope="col" { (t("downtime.here")) }
            } }
            tbody { @for slot in slots {
                tr {
                    td.time { (slot.start.clock().unwrap_or_default()) }
                    th scope="row" {
                        @if let Some(person) = &slot.person {
                            (person.name_or_unknown())
                            @if let Some(number) = &person.number { br; small { (number) } }
                        }
                    }
                    td {
                        (slot.reason.as_deref().unwrap_or_default())
                        @if let Some(kind) = &slot.kind { br; small { (kind) } }
                    }
                    td.tick { (stands(slot.state)) }
                }
            } }
        }
    }
}

fn stands(state: SlotState) -> Markup {
    match state {
        SlotState::Booked | SlotState::Late => empty_box(),
        SlotState::Arrived => html! { "✓ " (t("downtime.arrived")) },
        SlotState::Done => html! { "✓ " (t("downtime.done")) },
        SlotState::Missed => html! { "– " (t("downtime.missed")) },
    }
}
