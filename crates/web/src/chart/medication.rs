//! Medication in use and former, one row per drug.
//!
//! A MedicationStatement (what the patient takes) outranks a MedicationRequest (what was ordered)
//! for the same drug.

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use super::Index;
use crate::datatypes::{concept, display, first_code, moment, quantity, status, text};
use crate::dates::Moment;
use crate::messages::{recorded, recorded_code, recorded_with};
use crate::numbers::decimal;
use crate::systems::is_atc;

/// Prescriptions that one may follow upon.
const PRIOR_MAX: usize = 50;

/// One drug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Medication {
    pub text: String,
    /// ATC code.
    pub atc: Option<String>,
    /// Id of the MedicationRequest in force; nothing for what the patient takes without one.
    pub prescription: Option<String>,
    /// How the prescription in force came after an earlier one.
    pub course: Course,
    pub dosage: Option<String>,
    pub reason: Option<String>,
    /// First order or start.
    pub since: Option<Moment>,
    /// Last order, start or end.
    pub latest: Option<Moment>,
    /// Planned or actual end.
    pub until: Option<Moment>,
    /// How long its prescription can be dispensed.
    pub valid_until: Option<Moment>,
    pub as_needed: bool,
    in_use: bool,
    rank: u8,
}

/// How a prescription came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is the first.
    Begun,
    /// As the one before.
    Renewed(Option<Moment>),
    /// Otherwise than the one before, which is told in words.
    Changed(Option<Moment>, String),
}

/// One prescription as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prescription {
    pub id: String,
    pub text: String,
    pub atc: Option<String>,
    pub dosage: Option<String>,
    pub reason: Option<String>,
    pub authored: Option<Moment>,
    pub requester: Option<String>,
    /// `MedicationRequest.status`.
    pub status: String,
    pub status_reason: Option<String>,
    pub course: Course,
    /// Why it was written in spite of a warning.
    pub override_reason: Option<String>,
    /// How long it can be dispensed.
    pub valid_until: Option<Moment>,
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Medications {
    pub in_use: Vec<Medication>,
    pub former: Vec<Medication>,
    /// Every prescription.
    pub prescriptions: Vec<Prescription>,
}

pub(super) fn read<'a>(
    requests: &[NodeRef<'a>],
    statements: &[NodeRef<'a>],
    index: &Index<'a>,
    today: Date,
) -> Medications {
    let mut prescriptions: Vec<Prescription> =
        requests.iter().filter_map(|r| prescription(*r, index)).collect();
    prescriptions.sort_by(|a, b| (b.authored, &b.id).cmp(&(a.authored, &a.id)));
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
    Medications { in_use, former, prescriptions }
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
    kept.atc = kept.atc.or(other.atc);
    if same_state {
        kept.prescription = kept.prescription.or(other.prescription);
        kept.since = [kept.since, other.since].into_iter().flatten().min();
    }
    *known = kept;
}

/// The name of the drug, and its ATC code.
fn drug<'a>(node: NodeRef<'a>, index: &Index<'a>) -> Option<(String, Option<String>)> {
    let medication = node.first("medication")?;
    let concept_node = if medication.type_name() == "Reference" {
        index.target(medication).and_then(|m| m.first("code"))
    } else {
        Some(medication)
    };
    let words = concept_node.and_then(concept).or_else(|| display(medication))?;
    let code = concept_node.and_then(first_code).filter(|code| is_atc(&code.system));
    Some((words, code.map(|code| code.code)))
}

/// When the first of a row of prescriptions was written, and how this one came after the one before.
fn course<'a>(node: NodeRef<'a>, index: &Index<'a>) -> (Option<Moment>, Course) {
    let written = moment(node, &["authoredOn"]);
    let (mut since, mut course, mut at) = (written, Course::Begun, node);
    for _ in 0..PRIOR_MAX {
        let prior = at.first("priorPrescription").and_then(|r| index.target(r));
        let Some(prior) = prior else { break };
        if course == Course::Begun {
            course = compared(node, prior, index, written);
        }
        since = [since, moment(prior, &["authoredOn"])].into_iter().flatten().min();
        at = prior;
    }
    (since, course)
}

fn compared<'a>(
    node: NodeRef<'a>,
    prior: NodeRef<'a>,
    index: &Index<'a>,
    written: Option<Moment>,
) -> Course {
    let told = |node: NodeRef<'a>| {
        (drug(node, index), node.first("dosageInstruction").and_then(dosage_words))
    };
    let (now, before) = (told(node), told(prior));
    if now == before {
        return Course::Renewed(written);
    }
    let name = before.0.filter(|drug| now.0.as_ref() != Some(drug)).map(|(name, _)| name);
    let words: Vec<String> = [name, before.1].into_iter().flatten().collect();
    Course::Changed(written, words.join(", "))
}

fn prescription<'a>(node: NodeRef<'a>, index: &Index<'a>) -> Option<Prescription> {
    let status = text(node, &["status"])?;
    if matches!(status, "entered-in-error" | "draft") {
        return None;
    }
    let (words, atc) = drug(node, index)?;
    Some(Prescription {
        id: text(node, &["id"])?.to_owned(),
        text: words,
        atc,
        dosage: node.first("dosageInstruction").and_then(dosage_words),
        reason: reason(node, index),
        authored: moment(node, &["authoredOn"]),
        requester: node.first("requester").and_then(display),
        status: status.to_owned(),
        status_reason: node.first("statusReason").and_then(concept),
        course: course(node, index).1,
        override_reason: node.first("detectedIssue").and_then(display),
        valid_until: moment(node, &["dispenseRequest", "validityPeriod", "end"]),
    })
}

fn request<'a>(node: NodeRef<'a>, index: &Index<'a>, today: Date) -> Option<Medication> {
    let status = text(node, &["status"])?;
    if matches!(status, "entered-in-error" | "draft")
        || matches!(text(node, &["intent"]), Some("proposal" | "plan"))
    {
        return None;
    }
    let (words, atc) = drug(node, index)?;
    let dosage = node.first("dosageInstruction");
    let (since, course) = course(node, index);
    // A lasting medicine does not end when its prescription can no longer be dispensed.
    let lasts = self::status(node, "courseOfTherapyType") == Some("continuous");
    let until = node
        .path(&["dosageInstruction", "timing", "repeat", "bounds"])
        .and_then(|bounds| moment(bounds, &["end"]))
        .or_else(|| moment(node, &["dispenseRequest", "validityPeriod", "end"]).filter(|_| !lasts));
    let over = until.is_some_and(|end| end.date() < today);
    let in_force = matches!(status, "active" | "on-hold") && !over;
    Some(Medication {
        text: words,
        atc,
        prescription: text(node, &["id"]).filter(|_| in_force).map(str::to_owned),
        course,
        dosage: dosage.and_then(dosage_words),
        as_needed: dosage.is_some_and(|d| text(d, &["asNeeded"]) == Some("true")),
        reason: reason(node, index),
        since,
        latest: until.filter(|_| over).or_else(|| moment(node, &["authoredOn"])),
        until,
        valid_until: moment(node, &["dispenseRequest", "validityPeriod", "end"]),
        in_use: in_force,
        rank: 0,
    })
}

fn statement<'a>(node: NodeRef<'a>, index: &Index<'a>, today: Date) -> Option<Medication> {
    let status = text(node, &["status"])?;
    if matches!(status, "entered-in-error" | "not-taken") {
        return None;
    }
    let (words, atc) = drug(node, index)?;
    let dosage = node.first("dosage");
    let since = moment(node, &["effective", "start"])
        .or_else(|| moment(node, &["effective"]))
        .or_else(|| moment(node, &["dateAsserted"]));
    let until = moment(node, &["effective", "end"]);
    let over = until.is_some_and(|end| end.date() < today);
    Some(Medication {
        text: words,
        atc,
        prescription: None,
        course: Course::Begun,
        dosage: dosage.and_then(dosage_words),
        as_needed: dosage.is_some_and(|d| text(d, &["asNeeded"]) == Some("true")),
        reason: reason(node, index),
        since,
        latest: until.or(since),
        until,
        valid_until: None,
        in_use: matches!(status, "active" | "intended" | "on-hold") && !over,
        rank: 1,
    })
}

fn reason<'a>(node: NodeRef<'a>, index: &Index<'a>) -> Option<String> {
    node.first("reasonCode")
        .and_then(concept)
        .or_else(|| node.first("reasonReference").and_then(|r| index.words(r)))
}

/// The dosage as written, else built from its parts: `1 tablett, 2 ganger daglig`. In bokmål, as those that
/// are written: lists are compared by it, and what is proposed of it is stored.
pub(super) fn dosage_words(dosage: NodeRef<'_>) -> Option<String> {
    if let Some(written) = text(dosage, &["text"]).or_else(|| text(dosage, &["patientInstruction"]))
    {
        return Some(written.trim_end_matches(" (qualifier value)").to_owned());
    }
    let dose = dosage.path(&["doseAndRate", "dose"]).and_then(quantity);
    let timing = dosage.path(&["timing", "repeat"]).and_then(timing_words);
    let timing = timing.or_else(|| dosage.path(&["timing", "code"]).and_then(concept));
    let as_needed = (text(dosage, &["asNeeded"]) == Some("true"))
        .then(|| recorded("medication.as-needed").to_owned());
    let parts: Vec<String> = [dose, timing, as_needed].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn timing_words(repeat: NodeRef<'_>) -> Option<String> {
    let frequency = decimal(text(repeat, &["frequency"])?);
    let period = decimal(text(repeat, &["period"]).unwrap_or("1"));
    let unit = text(repeat, &["periodUnit"])?;
    if period == "1" {
        let each = recorded_code("period", unit)?;
        return Some(recorded_with("medication.times-per", &[("n", &frequency), ("period", each)]));
    }
    let periods = recorded_code("periods", unit)?;
    Some(recorded_with(
        "medication.times-every",
        &[("n", &frequency), ("m", &period), ("period", periods)],
    ))
}
