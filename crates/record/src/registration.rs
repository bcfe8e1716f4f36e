//! A new patient: who may register one, by which numbers, and what the registrar's unit gets.
//!
//! Registering never opens anybody's journal: a number that is in use is refused, whoever has it.
//! That it is in use is what looking up by number tells too (`opening::hidden_by_number`). The unit
//! of the one who registers has a ground for a time, in which the real one comes: a service, an
//! appointment, a referral.
//! Not here: what else a write must not do (`safeguards`), the rules' lines (`access`, situation
//! `unregistered`).

use akson_access::{Actor, Standing};
use akson_base::identifiers::{DNR, FHN, FNR, person_number_system};
use akson_base::{Instant, Kind, Problem};
use akson_fhir::model::NodeRef;
use akson_store::engine::Precondition;
use serde_json::{Value, json};

use crate::elements::text;
use crate::interactions::conditional::Condition;
use crate::searching::Searching;

/// How long registering is a ground for the registrar's unit, days.
pub const REGISTERED_DAYS: i64 = 30;
const DAY_MILLISECONDS: i64 = 86_400_000;

/// System and value of each number by which people are told apart.
pub(crate) fn numbers(patient: NodeRef<'_>) -> Vec<(&str, &str)> {
    let all = patient.named("identifier").filter_map(|node| {
        let system = text(node, &["system"])?;
        Some((system, text(node, &["value"])?)).filter(|_| [FNR, DNR, FHN].contains(&system))
    });
    all.collect()
}

/// Checks the numbers that a patient gets by this write: each of the right form, and nobody else's.
/// What must still hold at commit is added to `guards`, so that of two who register the same person
/// at a time one is told.
pub(crate) fn check_numbers(
    searching: &Searching<'_>,
    before: Option<NodeRef<'_>>,
    after: NodeRef<'_>,
    taken: &mut Vec<String>,
    guards: &mut Vec<Precondition>,
) -> Result<(), Problem> {
    let had = before.map(numbers).unwrap_or_default();
    let has = numbers(after);
    if before.is_none() && has.is_empty() {
        let text = "A new patient has a fødselsnummer, a D-number or, without those, a felles \
                    hjelpenummer.";
        return Err(wrong("REC-087", text));
    }
    for (system, value) in has.iter().filter(|number| !had.contains(number)) {
        if person_number_system(value) != Some(system) {
            let text = "A number's check digits are wrong, or it is of another kind than its system \
                        says.";
            return Err(wrong("REC-086", text));
        }
        let is_twice = taken.iter().any(|known| known == value);
        taken.push((*value).to_string());
        let any = [FNR, DNR, FHN].map(|system| format!("{system}%7C{value}")).join(",");
        let patient = akson_fhir::definitions::Definitions::r4().resource_type("Patient");
        let Some(patient) = patient else { continue };
        let found = Condition::find(searching, patient, &format!("identifier={any}"))?;
        guards.extend(found.guards);
        if is_twice || !found.ids.is_empty() {
            let text = "A patient with this number is registered already. Look the person up by the \
                        number.";
            return Err(Problem::new(Kind::Conflict, "REC-085", text).at("Patient.identifier"));
        }
    }
    Ok(())
}

fn wrong(code: &'static str, text: &str) -> Problem {
    Problem::new(Kind::Unprocessable, code, text).at("Patient.identifier")
}

/// The ground that the registrar's unit has for a time; `None` for one who works nowhere.
pub(crate) fn episode(actor: &Actor, patient_id: &str, now: Instant) -> Option<Value> {
    let Standing::Personnel(personnel) = &actor.standing else { return None };
    let unit = personnel.organisations.first()?;
    let until = Instant(now.0.saturating_add(REGISTERED_DAYS * DAY_MILLISECONDS));
    Some(json!({
        "resourceType": "EpisodeOfCare",
        "status": "planned",
        "type": [{"coding": [{
            "system": "https://akson.no/fhir/CodeSystem/episode", "code": "registered"}]}],
        "patient": {"reference": format!("Patient/{patient_id}")},
        "managingOrganization": {
            "reference": &**unit, "display": &*personnel.organisation_name},
        "period": {"start": now.to_fhir(), "end": until.to_fhir()},
    }))
}
