//! A MedicationAdministration as the round writes and reads it.
//!
//! When it was given is `effective`. When it was planned stands in the extension [`PLANNED_TIME`] and,
//! with the prescription, in the identifier of [`PLANNED_DOSE`], by which a dose is given once only. A
//! controlled dose is `in-progress` until the witness, a `performer` of function [`WITNESS`], has
//! confirmed it. What was undone stays as `entered-in-error`.
//! Standard: <https://hl7.org/fhir/R4/medicationadministration.html>

use akson_base::Instant;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::dates::{Moment, in_oslo};
use crate::fields::{codes, list, target, text, words};
use crate::messages::code;
use crate::writing::set;

/// What names a planned dose: `prescription@2026-11-22T08:00`.
pub(crate) const PLANNED_DOSE: &str = "https://akson.no/fhir/NamingSystem/planned-dose";
/// When a dose was planned.
pub(crate) const PLANNED_TIME: &str = "https://akson.no/fhir/StructureDefinition/planned-time";
/// Why a dose was not given, or was given beyond the most of a day.
pub(crate) const NOT_GIVEN: &str = "https://akson.no/fhir/CodeSystem/not-given";
/// System of [`WITNESS`].
pub(crate) const FUNCTION: &str = "https://akson.no/fhir/CodeSystem/administration-function";
/// The function of the second person of a controlled dose.
pub(crate) const WITNESS: &str = "witness";
/// Statuses of what was not undone, for searches.
pub(crate) const LASTING: &str = "in-progress,not-done,on-hold,completed,stopped,unknown";

/// What became of a dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Given,
    /// Given, and waits for the witness.
    Unwitnessed,
    NotGiven,
}

/// One dose that somebody has said something about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Administration {
    pub id: String,
    pub version: u32,
    pub patient: String,
    pub request: String,
    /// The name of the planned dose.
    pub name: Option<String>,
    pub outcome: Outcome,
    /// Why not, in words.
    pub why: Option<String>,
    /// `Practitioner/…` who gave it, and what they are called.
    pub by: (String, String),
    pub witness: Option<String>,
    pub at: Moment,
    pub at_millisecond: i64,
    pub medicine: String,
}

/// Reads one; nothing for what was undone or has no time.
pub(crate) fn read(resource: &Value) -> Option<Administration> {
    let outcome = match text(resource, "/status") {
        "completed" | "unknown" => Outcome::Given,
        "in-progress" => Outcome::Unwitnessed,
        "not-done" | "on-hold" | "stopped" => Outcome::NotGiven,
        _ => return None,
    };
    let at = match text(resource, "/effectiveDateTime") {
        "" => text(resource, "/effectivePeriod/start"),
        at => at,
    };
    let mut performers = list(resource, "/performer").iter();
    let is_witness =
        |performer: &&Value| codes(performer, "/function").any(|one| one == (FUNCTION, WITNESS));
    let witness = performers.clone().find(is_witness);
    let giver = performers.find(|performer| !is_witness(performer));
    let name =
        list(resource, "/identifier").iter().find(|one| text(one, "/system") == PLANNED_DOSE);
    let why = list(resource, "/statusReason").first().map(why);
    Some(Administration {
        id: text(resource, "/id").to_owned(),
        version: text(resource, "/meta/versionId").parse().unwrap_or_default(),
        patient: target(resource, "/subject").to_owned(),
        request: target(resource, "/request").to_owned(),
        name: name.map(|one| text(one, "/value").to_owned()),
        outcome,
        why,
        by: giver.map_or_else(Default::default, |giver| {
            (text(giver, "/actor/reference").to_owned(), text(giver, "/actor/display").to_owned())
        }),
        witness: witness.map(|one| text(one, "/actor/display").to_owned()),
        at: Moment::parse(at)?,
        at_millisecond: at.parse::<jiff::Timestamp>().ok()?.as_millisecond(),
        medicine: words(resource, "/medicationCodeableConcept").to_owned(),
    })
}

/// The name of a planned dose.
pub(crate) fn planned_name(request: &str, planned: DateTime) -> String {
    format!("{request}@{}", stamp(planned))
}

/// `2026-11-22T08:00`
pub(crate) fn stamp(at: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute()
    )
}

/// Who does something: `Practitioner/…` and what the patient will read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub reference: String,
    pub display: String,
}

impl Actor {
    fn json(&self) -> Value {
        json!({"reference": self.reference, "display": self.display})
    }
}

/// A new one.
pub(crate) struct New<'a> {
    pub request: &'a Value,
    pub name: String,
    pub planned: Option<DateTime>,
    pub status: &'a str,
    /// Code and words of why not, or why beyond the most.
    pub why: Option<(&'a str, &'a str)>,
    pub note: &'a str,
    pub by: &'a Actor,
    pub at: Instant,
}

impl New<'_> {
    /// As a resource.
    pub(crate) fn json(&self) -> Value {
        let request = self.request;
        let mut resource = json!({
            "resourceType": "MedicationAdministration",
            "identifier": [{"system": PLANNED_DOSE, "value": self.name}],
            "status": self.status,
            "subject": request.get("subject"),
            "effectiveDateTime": self.at.to_fhir(),
            "performer": [{"actor": self.by.json()}],
            "request": {"reference": format!("MedicationRequest/{}", text(request, "/id"))},
        });
        let mut put = |name: &str, value: Value| {
            if let Some(members) = resource.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        for name in ["medicationCodeableConcept", "medicationReference"] {
            if let Some(medicine) = request.get(name) {
                put(name, medicine.clone());
            }
        }
        if let Some(planned) = self.planned.and_then(in_oslo) {
            put("extension", json!([{"url": PLANNED_TIME, "valueDateTime": planned}]));
        }
        if let Some((code, words)) = self.why {
            put("statusReason", reason(code, words));
        }
        if !self.note.is_empty() {
            put("note", json!([{"text": self.note}]));
        }
        let dosage = list(request, "/dosageInstruction").first();
        let dose = dosage.and_then(|dosage| dosage.pointer("/doseAndRate/0/doseQuantity"));
        if let Some(dose) = dose.filter(|_| matches!(self.status, "completed" | "in-progress")) {
            put("dosage", json!({"text": dosage.and_then(|d| d.get("text")), "dose": dose}));
            if let Some(dosage) = resource.get_mut("dosage").and_then(Value::as_object_mut) {
                dosage.retain(|_, value| !value.is_null());
            }
        }
        resource
    }
}

/// A reason as the reader reads it; in the words that are stored when it is none of ours.
fn why(reason: &Value) -> String {
    let mut known = codes(reason, "").filter(|(system, _)| *system == NOT_GIVEN);
    let known = known.find_map(|(_, known)| code("not-given", known));
    known.unwrap_or_else(|| words(reason, "")).to_owned()
}

/// `statusReason` of one reason.
pub(crate) fn reason(code: &str, words: &str) -> Value {
    json!([{"coding": [{"system": NOT_GIVEN, "code": code, "display": words}], "text": words}])
}

/// Adds the witness of a controlled dose, which is complete by that.
pub(crate) fn witnessed(resource: &mut Value, by: &Actor) {
    let witness = json!({
        "function": {"coding": [{"system": FUNCTION, "code": WITNESS}]},
        "actor": by.json(),
    });
    if let Some(performers) = resource.get_mut("performer").and_then(Value::as_array_mut) {
        performers.push(witness);
    }
    set(resource, "status", json!("completed"));
}
