//! What is known of patients, kept in memory: gathered when first asked for, forgotten when
//! anything of the patient's is written, here or by another server on the same database.
//!
//! What another server wrote is heard of from the engine ([`akson_store::engine::Watcher`]). Whoever
//! asks says as of when, and hears all that was acknowledged before that first: a block that another
//! server has answered for holds in every request that begins later
//! (`docs/decisions/0013-what-nodes-remember.md`).
//!
//! Not here: gathering (`patient_facts`), deciding (`access`).

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use akson_access::ReadPermit;
use akson_base::{Problem, limits};
use akson_fhir::definitions::Definitions;
use akson_fhir::model::Resource;
use akson_store::Store;
use akson_store::engine::Touched;
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

/// What was found by key, until it is forgotten.
struct Kept<K, V> {
    /// How often something was forgotten: what was found before is not kept after.
    generation: u64,
    found: FxHashMap<K, V>,
    /// When so much is kept, it starts over.
    max: usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn new(max: usize) -> Mutex<Self> {
        Mutex::new(Self { generation: 0, found: FxHashMap::default(), max })
    }

    fn forget(&mut self, key: &K) {
        self.generation += 1;
        self.found.remove(key);
    }

    fn forget_all(&mut self) {
        self.generation += 1;
        self.found.clear();
    }
}

/// What is kept under the key, else what `find` finds.
fn kept_or<K, V, Q>(
    kept: &Mutex<Kept<K, V>>,
    key: &Q,
    find: impl FnOnce() -> Result<V, Problem>,
) -> Result<V, Problem>
where
    K: Eq + Hash + Borrow<Q>,
    V: Clone,
    Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
{
    let generation = {
        let kept = lock(kept);
        if let Some(known) = kept.found.get(key) {
            return Ok(known.clone());
        }
        kept.generation
    };
    let found = find()?;
    let mut kept = lock(kept);
    if kept.generation == generation {
        if kept.found.len() >= kept.max {
            kept.found.clear();
        }
        kept.found.insert(key.to_owned(), found.clone());
    }
    Ok(found)
}

/// Of whom it is known, and whether what is withheld from citizens is looked for.
type Asked = (PatientNumber, bool);

/// The memory.
pub(crate) struct Known {
    store: Arc<Store>,
    shards: Vec<Mutex<Kept<Asked, Arc<Gathered>>>>,
    workplaces: Mutex<Kept<String, Arc<[Workplace]>>>,
    managers: Mutex<Kept<String, Option<Arc<str>>>>,
    /// How often who works where has changed.
    changes_of_roles: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    /// An empty memory, which hears of what other processes write.
    pub(crate) fn new(store: Arc<Store>) -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Kept::new(PATIENTS_PER_SHARD_MAX)).collect();
        let (workplaces, managers) = (Kept::new(PLACES_MAX), Kept::new(PLACES_MAX));
        let changes_of_roles = AtomicU64::new(0);
        let known = Arc::new(Self { store, shards, workplaces, managers, changes_of_roles });
        let hearing = Arc::downgrade(&known);
        known.store.engine().watch(Box::new(move |touched| {
            let Some(known) = hearing.upgrade() else { return };
            match touched {
                Touched::Resources(keys) => known.forget(keys.iter().copied().map(ResourceKey)),
                Touched::Anything => known.forget_all(),
            }
        }));
        known
    }

    /// The memory for a request that begins now.
    pub(crate) fn as_of_now(self: &Arc<Self>) -> KnownAsOf {
        KnownAsOf { known: Arc::clone(self), moment: self.store.engine().moment() }
    }

    /// A number that is another one when somebody's role, or an organisation, has changed since,
    /// whichever server changed it.
    pub(crate) fn changes_of_roles(&self) -> Result<u64, Problem> {
        let engine = self.store.engine();
        engine.hear_up_to(engine.moment())?;
        Ok(self.changes_of_roles.load(Ordering::SeqCst))
    }

    fn shard(&self, patient: PatientNumber) -> Option<&Mutex<Kept<Asked, Arc<Gathered>>>> {
        self.shards.get(patient.0 as usize % SHARDS)
    }

    /// What is known of a patient now.
    pub(crate) fn of(&self, patient: PatientNumber) -> Result<Arc<Gathered>, Problem> {
        self.asked((patient, false), self.store.engine().moment())
    }

    fn asked(&self, asked: Asked, moment: u64) -> Result<Arc<Gathered>, Problem> {
        self.store.engine().hear_up_to(moment)?;
        let (patient, is_citizen) = asked;
        let Some(shard) = self.shard(patient) else { return Ok(Arc::default()) };
        kept_or(shard, &asked, || {
            // Taken after the look into the memory: what is forgotten meanwhile is not kept.
            let snapshot = self.store.snapshot();
            gather(&self.store, snapshot.as_ref(), self, patient, is_citizen).map(Arc::new)
        })
    }

    /// Forgets what these changes may have made untrue. To be called before a write is
    /// acknowledged.
    pub(crate) fn forget(&self, changed: impl Iterator<Item = ResourceKey>) {
        let (mut registers, mut roles) = (false, false);
        for key in changed {
            if key.patient() == akson_store::keys::NO_PATIENT {
                let name = Definitions::r4().resource_name(key.resource_type());
                registers |= matches!(
                    name,
                    "PractitionerRole" | "Location" | "HealthcareService" | "Organization"
                );
                roles |= matches!(name, "Practitioner" | "PractitionerRole" | "Organization");
            } else if let Some(shard) = self.shard(key.patient()) {
                let mut shard = lock(shard);
                shard.forget(&(key.patient(), false));
                shard.forget(&(key.patient(), true));
            }
        }
        if registers {
            self.forget_all();
        }
        if roles {
            self.changes_of_roles.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn forget_all(&self) {
        self.changes_of_roles.fetch_add(1, Ordering::SeqCst);
        // What is made of others last: whoever gathers meanwhile keeps nothing.
        lock(&self.workplaces).forget_all();
        lock(&self.managers).forget_all();
        self.shards.iter().for_each(|shard| lock(shard).forget_all());
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

/// The memory as a request sees it: with everything that was acknowledged before the request began.
pub(crate) struct KnownAsOf {
    known: Arc<Known>,
    moment: u64,
}

impl KnownAsOf {
    /// What is known of a patient.
    pub(crate) fn of(&self, patient: PatientNumber) -> Result<Arc<Gathered>, Problem> {
        self.known.asked((patient, false), self.moment)
    }

    /// As [`KnownAsOf::of`], with what is withheld from the citizen: for that the whole range is looked
    /// through, which nobody else needs.
    pub(crate) fn for_citizen(&self, patient: PatientNumber) -> Result<Arc<Gathered>, Problem> {
        self.known.asked((patient, true), self.moment)
    }
}

impl Registers for Known {
    fn workplaces(&self, of: &str) -> Result<Arc<[Workplace]>, Problem> {
        let query = match of.split_once('/') {
            Some(("Practitioner", _)) => format!("practitioner={of}"),
            Some(("PractitionerRole", id)) => format!("_id={id}"),
            Some(_) | None => return Ok(Arc::from([])),
        };
        kept_or(&self.workplaces, of, || {
            let mut found: Vec<Workplace> = Vec::new();
            self.find("PractitionerRole", &query, &mut |role| {
                let role = role.root();
                let organisation = role.first("organization").and_then(reference);
                if !is_false(role, "active") {
                    let window = period(role.first("period"));
                    found.extend(organisation.map(|one| (Arc::from(one), window)));
                }
            })?;
            Ok(found.into())
        })
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
        let Some((type_name, id)) = of.split_once('/') else { return Ok(None) };
        let element = match type_name {
            "Location" => "managingOrganization",
            "HealthcareService" => "providedBy",
            _ => return Ok(None),
        };
        kept_or(&self.managers, of, || {
            let mut found = None;
            self.find(type_name, &format!("_id={id}"), &mut |place| {
                found = place.root().first(element).and_then(reference).map(Arc::from);
            })?;
            Ok(found)
        })
    }
}
