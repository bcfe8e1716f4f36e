//! Medication in use and former, one row per drug.
//!
//! A MedicationStatement (what the patient takes) outranks a MedicationRequest (what was ordered)
//! for the same drug.

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use super::Index;
use crate::datatypes::{concept, display, first_code, moment, quantity, text};
use crate::dates::Moment;
use crate::messages::{code, t, tf};
use crate::numbers::decimal;

/// One drug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Medication {
    pub text: String,
    /// ATC or another code.
    pub code: Option<String>,
    pub dosage: Option<String>,
    pub reason: Option<String>,
    /// First order or start.
    pub since: Option<Moment>,
    /// Last order, start or end.
    pub latest: Option<Moment>,
    /// Planned or actual end.
    pub until: Option<Moment>,
    pub as_needed: bool,
    in_use: bool,
    rank: u8,
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Medications {
    pub in_use: Vec<Medication>,
    pub former: Vec<Medication>,
}

pub(super) fn read<'a>(
    requests: &[NodeRef<'a>],
    statements: &[NodeRef<'a>],
    index: &Index<'a>,
    today: Date,
) -> Medications {
    let statements = statements.iter().filter_map(|s| statement(*s, index, today));
    let requests = requests.iter().filter_map(|r| request(*r, index, today));
    let mut drugs: Vec<Medication> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for one in statements.chain(requests) {
        let place = *places.entry(one.text.clone()).or_insert(drugs.len());
        match drugs.get_mut(place) {
            Some(known) => merge(known, one),
            None => drugs.push(one),
        }
    }
    let (mut in_use, mut former): (Vec<_>, Vec<_>) = drugs.into_iter().partition(|d| d.in_use);
    in_use.sort_by(|a, b| (a.as_needed, &a.text).cmp(&(b.as_needed, &b.text)));
    former.sort_by(|a, b| (b.latest, &a.text).cmp(&(a.latest, &b.text)));
    Medications { in_use, former }
}

/// Of two entries for a drug the one in use counts, then the statement, then the newer.
fn merge(known: &mut Medication, one: Medication) {
    // A course that ended is not the beginning of the one in use.
    let same_state = known.in_use == one.in_use;
    let key = |m: &Medication| (m.in_use, m.rank, m.latest);
    let (mut kept, other) =
        if key(&one) > key(known) { (one, known.clone()) } else { (known.clone(), one) };
    kept.dosage = kept.dosage.or(other.dosage);
    kept.reason = kept.reason.or(other.reason);
    if same_state {
        kept.since = [kept.since, other.since].into_iter().flatten().min();
    }
    *known = kept;
}

fn drug<'a>(node: NodeRef<'a>, index: &Index<'a>) -> Option<(String, Option<String>)> {
    let medication = node.first("medication")?;
    let concept_node = if medication.type_name() == "Reference" {
        index.target(medication).and_then(|m| m.first("code"))
    } else {
        Some(medication)
    };
    let words = concept_node.and_then(concept).or_else(|| display(medication))?;
    Some((words, concept_node.and_then(first_code).map(|c| c.code)))
}

fn request<'a>(node: NodeRef<'a>, index: &Index<'a>, today: Date) -> Option<Medication> {
    let status = text(node, &["status"])?;
    if matches!(status, "entered-in-error" | "draft")
        || matches!(text(node, &["intent"]), Some("proposal" | "plan"))
    {
        return None;
    }
    let (words, code) = drug(node, index)?;
    let dosage = node.first("dosageInstruction");
    let since = moment(node, &["authoredOn"]);
    let until = node
        .path(&["dosageInstruction", "timing", "repeat", "bounds"])
        .and_then(|bounds| moment(bounds, &["end"]))
        .or_else(|| moment(node, &["dispenseRequest", "validityPeriod", "end"]));
    let over = until.is_some_and(|end| end.date() < today);
    Some(Medication {
        text: words,
        code,
        dosage: dosage.and_then(dosage_words),
        as_needed: dosage.is_some_and(|d| text(d, &["asNeeded"]) == Some("true")),
        reason: reason(node, index),
        since,
        latest: until.filter(|_| over).or(since),
        until,
        in_use: matches!(status, "active" | "on-hold") && !over,
        rank: 0,
    })
}

fn statement<'a>(node: NodeRef<'a>, index: &Index<'a>, today: Date) -> Option<Medication> {
    let status = text(node, &["status"])?;
    if matches!(status, "entered-in-error" | "not-taken") {
        return None;
    }
    let (words, code) = drug(node, index)?;
    let dosage = node.first("dosage");
    let since = moment(node, &["effective", "start"])
        .or_else(|| moment(node, &["effective"]))
        .or_else(|| moment(node, &["dateAsserted"]));
    let until = moment(node, &["effective", "end"]);
    let over = until.is_some_and(|end| end.date() < today);
    Some(Medication {
        text: words,
        code,
        dosage: dosage.and_then(dosage_words),
        as_needed: dosage.is_some_and(|d| text(d, &["asNeeded"]) == Some("true")),
        reason: reason(node, index),
        since,
        latest: until.or(since),
        until,
        in_use: matches!(status, "active" | "intended" | "on-hold") && !over,
        rank: 1,
    })
}

fn reason<'a>(node: NodeRef<'a>, index: &Index<'a>) -> Option<String> {
    node.first("reasonCode")
        .and_then(concept)
        .or_else(|| node.first("reasonReference").and_then(|r| index.words(r)))
}

/// The dosage as written, else built from its parts: `1 tablett, 2 ganger daglig`.
fn dosage_words(dosage: NodeRef<'_>) -> Option<String> {
    if let Some(written) = text(dosage, &["text"]).or_else(|| text(dosage, &["patientInstruction"]))
    {
        return Some(written.trim_end_matches(" (qualifier value)").to_owned());
    }
    let dose = dosage.path(&["doseAndRate", "dose"]).and_then(quantity);
    let timing = dosage.path(&["timing", "repeat"]).and_then(timing_words);
    let timing = timing.or_else(|| dosage.path(&["timing", "code"]).and_then(concept));
    let as_needed =
        (text(dosage, &["asNeeded"]) == Some("true")).then(|| t("medication.as-needed").to_owned());
    let parts: Vec<String> = [dose, timing, as_needed].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn timing_words(repeat: NodeRef<'_>) -> Option<String> {
    let frequency = decimal(text(repeat, &["frequency"])?);
    let period = decimal(text(repeat, &["period"]).unwrap_or("1"));
    let unit = text(repeat, &["periodUnit"])?;
    if period == "1" {
        let each = code("period", unit)?;
        return Some(tf("medication.times-per", &[("n", &frequency), ("period", each)]));
    }
    let periods = code("periods", unit)?;
    Some(tf("medication.times-every", &[("n", &frequency), ("m", &period), ("period", periods)]))
}
