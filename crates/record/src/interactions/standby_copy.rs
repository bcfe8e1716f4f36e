//! What the copy for downtime reads: the house's own reader of an organisation's patients.
//!
//! The reader is a system of that organisation under the rules (`access`): it sees the patients with
//! whom the organisation has a care relationship, less what they have blocked, and by its scopes it
//! reads a few types and writes nothing. Each look is in the log of every patient whom it showed.
//! Not here: what the copy says (`web::downtime`), where it is kept (`server`).

use std::collections::HashSet;
use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_access::{Actor, Standing};
use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::keys::PatientNumber;

use super::version;
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::{Caller, Version};

/// Changes of one type that are looked at; of more it is taken that everybody was touched.
const CHANGES_MAX: usize = 2_000;

/// What the copy reads of a patient.
pub const STANDBY_TYPES: [&str; 8] = [
    "Patient",
    "AllergyIntolerance",
    "Flag",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "Encounter",
    "Appointment",
];

/// What it reads of the house.
const OF_THE_HOUSE: [&str; 5] =
    ["Medication", "Location", "Organization", "Practitioner", "PractitionerRole"];

/// The types of which a change touches what a copy tells of a patient: what it reads of the patient,
/// and what decides whether it may.
const TOUCHING: [&str; 10] = [
    "Patient",
    "AllergyIntolerance",
    "Flag",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "Consent",
    "EpisodeOfCare",
    "CareTeam",
    "ServiceRequest",
];

/// One patient as a copy may show them.
#[derive(Clone, Debug)]
pub struct Standby {
    /// Id of the Patient.
    pub id: String,
    /// Whether the patient has hidden something from the organisation.
    pub hides_something: bool,
    /// The current resources of the types that were asked for.
    pub versions: Vec<Version>,
}

/// What was written since a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Those of the patients asked about for whom something was written.
    pub patients: HashSet<String>,
    /// Those of the other types asked about of which anything was written.
    pub types: HashSet<&'static str>,
    /// The commit up to which was looked.
    pub until: u64,
}

/// The reader of an organisation's copy. `organisation` is `Organization/…`, or nothing for reading
/// the registers alone; `name` is what the patient reads in the log.
///
/// # Errors
/// A fault when a scope of ours is malformed.
pub fn standby_reader(organisation: Option<&str>, name: &str) -> Result<Actor, Problem> {
    let read = STANDBY_TYPES.iter().chain(&OF_THE_HOUSE);
    let words: Vec<String> = read.map(|of| format!("system/{of}.rs")).collect();
    let scopes = Scopes::parse(words.iter().map(String::as_str), None)?;
    Ok(Actor {
        id: "standby-copy".into(),
        display: name.into(),
        standing: Standing::System(organisation.map(Into::into)),
        client: "".into(),
        purpose: "".into(),
        scopes: Some(Arc::new(scopes)),
    })
}

impl Record {
    /// The current resources of these types of each of these patients, as far as the caller may open
    /// the journal; the others are left out. One entry in the log, which concerns all who are shown.
    ///
    /// # Errors
    /// A refusal of the policy; a fault of the store.
    pub async fn standby(
        &self,
        caller: &Caller,
        patients: &[String],
        types: &[&str],
    ) -> Result<Vec<Standby>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let types: Vec<ResourceType> =
            types.iter().filter_map(|name| Definitions::r4().resource_type(name)).collect();
        let mut shown = Vec::new();
        let mut numbers = Vec::new();
        {
            let snapshot = sight.snapshot(&self.store);
            for id in patients {
                let Some(number) = self.number_of(id)? else { continue };
                if !sight.opens_journal(number)? {
                    continue;
                }
                let found = self.store.resources_of_patient(
                    &sight.permit,
                    snapshot.as_ref(),
                    number,
                    &types,
                )?;
                let hides_something = match sight.judge() {
                    Some(judge) => judge.on(number)?.decision.hides_parts(),
                    None => false,
                };
                let versions = found.into_iter().map(version).collect();
                shown.push(Standby { id: id.clone(), hides_something, versions });
                numbers.push(number);
            }
        }
        if !numbers.is_empty() {
            let entry = Entry::reading(&sight.permit, "standby-copy", &caller.trace);
            self.log(&sight, entry.about("Patient"), numbers).await?;
        }
        Ok(shown)
    }

    /// For which of these patients anything was written since a commit that a copy tells of, and of
    /// which of these types anything was. Tells nothing of what, so it leaves nothing in the log.
    /// Blocking, and quick.
    ///
    /// # Errors
    /// A fault of the store.
    pub fn touched(
        &self,
        patients: &[String],
        types: &[&'static str],
        since: u64,
    ) -> Result<Touched, Problem> {
        let snapshot = self.store.snapshot();
        let mut touched = Touched { until: since, ..Touched::default() };
        let mut numbers: HashSet<PatientNumber> = HashSet::new();
        let mut all = false;
        for name in TOUCHING.iter().chain(types) {
            let Some(of) = Definitions::r4().resource_type(name) else { continue };
            let changed = self.store.changed_since(snapshot.as_ref(), of, since, CHANGES_MAX)?;
            let Some(last) = changed.last() else { continue };
            touched.until = touched.until.max(last.commit);
            if types.contains(name) {
                touched.types.insert(name);
            }
            if TOUCHING.contains(name) {
                all = all || changed.len() >= CHANGES_MAX;
                numbers.extend(changed.iter().map(|place| place.resource.patient()));
            }
        }
        for id in patients {
            let number = self.number_of(id)?;
            if all || number.is_none_or(|number| numbers.contains(&number)) {
                touched.patients.insert(id.clone());
            }
        }
        Ok(touched)
    }
}
