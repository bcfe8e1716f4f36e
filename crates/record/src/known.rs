//! What is known of patients, kept in memory: gathered when first asked for, forgotten when
//! anything of the patient's is written.
//!
//! Not here: gathering (`patient_facts`), deciding (`access`).

use std::sync::{Arc, Mutex, PoisonError};

use akson_access::ReadPermit;
use akson_base::{Problem, limits};
use akson_fhir::definitions::Definitions;
use akson_fhir::model::Resource;
use akson_store::Store;
use akson_store::keys::{PatientNumber, ResourceKey};
use rustc_hash::FxHashMap;

use crate::elements::{is_false, period, reference};
use crate::patient_facts::{Gathered, Registers, Workplace, gather};
use crate::searching::Searching;

/// Parts of the memory, so that requests about different patients do not wait for each other.
const SHARDS: usize = 64;
/// Patients kept in each; when full, it starts over.
const PATIENTS_PER_SHARD_MAX: usize = 2_000;
/// Practitioners and places kept; when full, it starts over.
const PLACES_MAX: usize = 50_000;
/// Roles of one practitioner, and units of one organisation, that are looked at.
const FOUND_MAX: usize = limits::PAGE_ENTRIES_MAX;

#[derive(Default)]
struct Shard {
    /// How often something here was forgotten: what was gathered before is not kept after.
    generation: u64,
    patients: FxHashMap<PatientNumber, Arc<Gathered>>,
}

/// The memory.
pub(crate) struct Known {
    store: Arc<Store>,
    shards: Vec<Mutex<Shard>>,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    generation: u64,
    workplaces: FxHashMap<String, Arc<[Workplace]>>,
    managers: FxHashMap<String, Option<Arc<str>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { store, shards, places: Mutex::default() }
    }

    fn shard(&self, patient: PatientNumber) -> Option<&Mutex<Shard>> {
        self.shards.get(patient.0 as usize % SHARDS)
    }

    /// What is known of a patient now.
    pub(crate) fn of(&self, patient: PatientNumber) -> Result<Arc<Gathered>, Problem> {
        let Some(shard) = self.shard(patient) else { return Ok(Arc::default()) };
        let generation = {
            let shard = lock(shard);
            if let Some(known) = shard.patients.get(&patient) {
                return Ok(Arc::clone(known));
            }
            shard.generation
        };
        let snapshot = self.store.snapshot();
        let gathered = Arc::new(gather(&self.store, snapshot.as_ref(), self, patient)?);
        let mut shard = lock(shard);
        if shard.generation == generation {
            if shard.patients.len() >= PATIENTS_PER_SHARD_MAX {
                shard.patients.clear();
            }
            shard.patients.insert(patient, Arc::clone(&gathered));
        }
        Ok(gathered)
    }

    /// Forgets what these changes may have made untrue. To be called before a write is
    /// acknowledged.
    pub(crate) fn forget(&self, changed: impl Iterator<Item = ResourceKey>) {
        let mut registers = false;
        for key in changed {
            if key.patient() == akson_store::keys::NO_PATIENT {
                let name = Definitions::r4().resource_name(key.resource_type());
                registers |= matches!(
                    name,
                    "PractitionerRole" | "Location" | "HealthcareService" | "Organization"
                );
            } else if let Some(shard) = self.shard(key.patient()) {
                let mut shard = lock(shard);
                shard.generation += 1;
                shard.patients.remove(&key.patient());
            }
        }
        if registers {
            let mut places = lock(&self.places);
            places.generation += 1;
            places.workplaces.clear();
            places.managers.clear();
            drop(places);
            for shard in &self.shards {
                let mut shard = lock(shard);
                shard.generation += 1;
                shard.patients.clear();
            }
        }
    }

    fn find(
        &self,
        type_name: &str,
        query: &str,
        each: &mut dyn FnMut(&Resource),
    ) -> Result<(), Problem> {
        let permit = ReadPermit::for_deciding();
        let snapshot = self.store.snapshot();
        let searching = Searching::over(&self.store, &permit, snapshot.as_ref(), "");
        let query = format!("{query}&_count={FOUND_MAX}");
        let of = Definitions::r4().resource_type(type_name);
        let query = searching.parse(of, None, &query, true)?;
        let found = searching.resources(&searching.execute(&query)?.matches)?;
        found.iter().for_each(each);
        Ok(())
    }
}

impl Registers for Known {
    fn workplaces(&self, of: &str) -> Result<Arc<[Workplace]>, Problem> {
        let generation = {
            let places = lock(&self.places);
            if let Some(known) = places.workplaces.get(of) {
                return Ok(Arc::clone(known));
            }
            places.generation
        };
        let query = match of.split_once('/') {
            Some(("Practitioner", _)) => format!("practitioner={of}"),
            Some(("PractitionerRole", id)) => format!("_id={id}"),
            Some(_) | None => return Ok(Arc::from([])),
        };
        let mut found: Vec<Workplace> = Vec::new();
        self.find("PractitionerRole", &query, &mut |role| {
            let role = role.root();
            let organisation = role.first("organization").and_then(reference);
            if !is_false(role, "active") {
                let window = period(role.first("period"));
                found.extend(organisation.map(|one| (Arc::from(one), window)));
            }
        })?;
        let found: Arc<[Workplace]> = found.into();
        let mut places = lock(&self.places);
        if places.generation == generation {
            if places.workplaces.len() >= PLACES_MAX {
                places.workplaces.clear();
            }
            places.workplaces.insert(of.to_string(), Arc::clone(&found));
        }
        Ok(found)
    }

    fn person(&self, of: &str) -> Result<Option<Arc<str>>, Problem> {
        let Some(id) = of.strip_prefix("PractitionerRole/") else { return Ok(None) };
        let mut found = None;
        self.find("PractitionerRole", &format!("_id={id}"), &mut |role| {
            found = role.root().first("practitioner").and_then(reference).map(Arc::from);
        })?;
        Ok(found)
    }

    fn units(&self, of: &str) -> Result<Vec<Arc<str>>, Problem> {
        let mut found: Vec<Arc<str>> = Vec::new();
        let mut next = vec![of.to_string()];
        while let Some(whole) = next.pop() {
            self.find("Organization", &format!("partof={whole}"), &mut |unit| {
                let unit: Arc<str> =
                    format!("Organization/{}", unit.id().unwrap_or_default()).into();
                if !found.contains(&unit) {
                    next.push(unit.to_string());
                    found.push(unit);
                }
            })?;
        }
        Ok(found)
    }

    fn manager(&self, of: &str) -> Result<Option<Arc<str>>, Problem> {
        let generation = {
            let places = lock(&self.places);
            if let Some(known) = places.managers.get(of) {
                return Ok(known.clone());
            }
            places.generation
        };
        let Some((type_name, id)) = of.split_once('/') else { return Ok(None) };
        let element = match type_name {
            "Location" => "managingOrganization",
            "HealthcareService" => "providedBy",
            _ => return Ok(None),
        };
        let mut found = None;
        self.find(type_name, &format!("_id={id}"), &mut |place| {
            found = place.root().first(element).and_then(reference).map(Arc::from);
        })?;
        let mut places = lock(&self.places);
        if places.generation == generation {
            if places.managers.len() >= PLACES_MAX {
                places.managers.clear();
            }
            places.managers.insert(of.to_string(), found.clone());
        }
        Ok(found)
    }
}
