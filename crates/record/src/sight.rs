//! What one caller sees of the record, for one request.
//!
//! Under `--open` and for the operator's commands that is everything. Under the rules a [`Judge`]
//! stands between the store and the interaction: it decides on each patient when the patient is
//! first met, and remembers the decision and its ground for the log.
//!
//! Not here: the decision itself (`access::decide`), the facts (`known`).

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use akson_access::decide::Situation;
use akson_access::decide::{Decision, decide};
use akson_access::rules::{Class, Rights, rights};
use akson_access::{Actor, Ground, ReadPermit};
use akson_audit::Entry;
use akson_base::{Instant, Kind, Problem};
use akson_fhir::date::norway;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::Store;
use akson_store::engine::Snapshot;
use akson_store::facets::Facets;
use akson_store::facets::target::literal_target;
use akson_store::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use akson_store::sighted::{Gate, Sighted};
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::Record;
use crate::elements::reference;
use crate::known::Known;
use crate::patient_facts::Gathered;
use crate::request::Caller;
use crate::searching::parse_stored;

/// What a caller sees.
pub(crate) struct Sight {
    pub(crate) permit: ReadPermit,
    judge: Option<Arc<Judge>>,
}

impl Record {
    /// What this caller sees; a refusal for one whom the policy lets do nothing.
    pub(crate) fn sight(&self, caller: &Caller) -> Result<Sight, Problem> {
        self.sight_of(&caller.actor)
    }

    pub(crate) fn sight_of(&self, actor: &Arc<Actor>) -> Result<Sight, Problem> {
        let permit = self.policy.may_read(actor)?;
        let judge = actor.role().map(|role| {
            let now = self.store.clock().now();
            Arc::new(Judge {
                store: Arc::clone(&self.store),
                known: Arc::clone(&self.known),
                actor: Arc::clone(actor),
                base: rights(role, Situation::None),
                now,
                today: today(now),
                memory: Mutex::default(),
            })
        });
        Ok(Sight { permit, judge })
    }
}

/// The day in Norway.
pub(crate) fn today(now: Instant) -> Date {
    let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    moment.to_zoned(norway().clone()).date()
}

impl Sight {
    /// The whole record, for what the house itself does for an actor.
    pub(crate) fn whole(actor: &Arc<Actor>) -> Self {
        Self { permit: ReadPermit::for_deciding_of(actor), judge: None }
    }

    /// The store as the caller sees it now.
    pub(crate) fn snapshot(&self, store: &Store) -> Arc<dyn Snapshot> {
        self.over(store.snapshot())
    }

    /// A snapshot as the caller sees it.
    pub(crate) fn over(&self, whole: Arc<dyn Snapshot>) -> Arc<dyn Snapshot> {
        match &self.judge {
            None => whole,
            Some(judge) => Arc::new(Sighted::new(whole, Arc::clone(judge) as Arc<dyn Gate>)),
        }
    }

    /// A look as log entries: one for each ground on which these patients were seen.
    pub(crate) fn entries(
        &self,
        entry: Entry,
        patients: impl IntoIterator<Item = PatientNumber>,
    ) -> Result<Vec<Entry>, Problem> {
        let Some(judge) = &self.judge else { return Ok(vec![entry.concerning(patients)]) };
        let grouped = judge.grounds(patients)?;
        if grouped.is_empty() {
            return Ok(vec![entry.on(Ground::Directory)]);
        }
        let of = |(ground, group)| entry.clone().on(ground).concerning(group);
        Ok(grouped.into_iter().map(of).collect())
    }

    /// An attempt that came to nothing, as a log entry: when the resource is there and this caller
    /// does not see it, the patient can read that somebody tried.
    pub(crate) fn missed(
        &self,
        store: &Store,
        entry: Entry,
        of: ResourceType,
        id: &str,
    ) -> Result<Entry, Problem> {
        if self.judge.is_none() {
            return Ok(entry);
        }
        let whole = store.snapshot();
        let hidden = store.locate(whole.as_ref(), of, id)?.map(|located| located.key.patient());
        Ok(entry.on(Ground::Refused).concerning(hidden))
    }

    /// Whether the caller has a ground to open this patient's journal.
    pub(crate) fn opens_journal(&self, patient: PatientNumber) -> Result<bool, Problem> {
        match &self.judge {
            None => Ok(true),
            Some(judge) => Ok(judge.on(patient)?.decision.opens_journal()),
        }
    }

    /// Refuses what would tell of all patients at once to those who do not see all.
    pub(crate) fn must_see_everything(&self) -> Result<(), Problem> {
        if self.judge.is_none() {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Refused,
            "REC-042",
            "This tells of the whole record, which nobody may see by login or token. \
             Ask about a type or a resource.",
        ))
    }

    /// Who decides, when not everything is seen.
    pub(crate) fn judge(&self) -> Option<&Judge> {
        self.judge.as_deref()
    }
}

/// Decides what one actor sees during one request.
pub(crate) struct Judge {
    store: Arc<Store>,
    known: Arc<Known>,
    actor: Arc<Actor>,
    /// What the role may do without regard to a patient.
    base: Rights,
    now: Instant,
    today: Date,
    memory: Mutex<Memory>,
}

/// What was decided in this request.
#[derive(Default)]
struct Memory {
    patients: FxHashMap<PatientNumber, Arc<Judged>>,
    /// Resources of no patient's range that speak of patients.
    others: FxHashMap<ResourceKey, bool>,
}

/// A decision and what it was made of.
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    pub(crate) gathered: Arc<Gathered>,
}

/// The class of each resource type, by its number.
static CLASSES: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let definitions = Definitions::r4();
    // A type without a line is for nobody: `Class::System` is in no role's rights. The numbers of
    // types do not begin at 0.
    let mut classes = Vec::new();
    for of in definitions.resource_types() {
        let place = usize::from(of.0);
        classes.resize(classes.len().max(place + 1), Class::System);
        if let Some(class) = classes.get_mut(place) {
            *class = Class::of_type(definitions.resource_name(of)).unwrap_or(Class::System);
        }
    }
    classes
});

pub(crate) fn class(of: ResourceType) -> Class {
    CLASSES.get(usize::from(of.0)).copied().unwrap_or(Class::System)
}

static PATIENT: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| Definitions::r4().resource_type("Patient"));
static BINARY: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| Definitions::r4().resource_type("Binary"));

impl Judge {
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The decision on a patient, made once in a request.
    pub(crate) fn on(&self, patient: PatientNumber) -> Result<Arc<Judged>, Problem> {
        if let Some(judged) = self.memory().patients.get(&patient) {
            return Ok(Arc::clone(judged));
        }
        let gathered = self.known.of(patient)?;
        let decision = decide(&self.actor, &gathered.facts, self.now, self.today)
            .ok_or_else(|| Problem::fault("REC-041", "rules were asked about an actor without"))?;
        let judged = Arc::new(Judged { decision, gathered });
        self.memory().patients.insert(patient, Arc::clone(&judged));
        Ok(judged)
    }

    /// The ground on which each of these patients' data was seen, for the log.
    pub(crate) fn grounds(
        &self,
        patients: impl IntoIterator<Item = PatientNumber>,
    ) -> Result<Vec<(Ground, Vec<PatientNumber>)>, Problem> {
        let mut grouped: Vec<(Ground, Vec<PatientNumber>)> = Vec::new();
        for patient in patients.into_iter().filter(|patient| *patient != NO_PATIENT) {
            let ground = self.on(patient)?.decision.situation.ground();
            match grouped.iter_mut().find(|(known, _)| *known == ground) {
                Some((_, group)) => group.push(patient),
                None => grouped.push((ground, vec![patient])),
            }
        }
        Ok(grouped)
    }

    /// Whether this actor may create, change or delete a resource at this key, which speaks of
    /// `subjects` when it lies in no patient's range.
    pub(crate) fn may_write(&self, key: ResourceKey, subjects: &[String]) -> Result<bool, Problem> {
        let class = class(key.resource_type());
        if key.patient() != NO_PATIENT {
            return Ok(self.on(key.patient())?.decision.rights.may_write(class));
        }
        if matches!(class, Class::Directory | Class::Definition) {
            return Ok(self.base.may_write(class));
        }
        for id in subjects {
            let snapshot = self.store.snapshot();
            let number = self.store.patient_number(snapshot.as_ref(), id)?;
            let Some(number) = number else { return Ok(false) };
            if !self.on(number)?.decision.rights.may_write(class) {
                return Ok(false);
            }
        }
        Ok(!subjects.is_empty())
    }

    fn sees_of_patient(&self, key: ResourceKey) -> Result<bool, Problem> {
        let judged = self.on(key.patient())?;
        let decision = &judged.decision;
        let of = key.resource_type();
        if !decision.may_read(class(of), judged.gathered.facts.is_protected) {
            return Ok(false);
        }
        if !decision.opens_journal() {
            // Looked up: the person, not the relatives.
            return Ok(Some(of) == *PATIENT);
        }
        if !decision.hides_parts() {
            return Ok(true);
        }
        // The name stays: what is hidden is hidden in a journal that is open.
        let Some(parts) = judged.gathered.members.get(&key) else { return Ok(false) };
        Ok(!parts.iter().any(|part| decision.hidden_parts.binary_search(part).is_ok()))
    }

    /// What lies in no patient's range: open to the role, or as open as those it speaks of.
    fn sees_other(&self, key: ResourceKey) -> Result<bool, Problem> {
        let class = class(key.resource_type());
        if matches!(class, Class::Directory | Class::Definition) {
            return Ok(self.base.may_read(class));
        }
        if let Some(known) = self.memory().others.get(&key) {
            return Ok(*known);
        }
        let sees = self.sees_spoken_of(key, class)?;
        self.memory().others.insert(key, sees);
        Ok(sees)
    }

    fn sees_spoken_of(&self, key: ResourceKey, class: Class) -> Result<bool, Problem> {
        let snapshot = self.store.snapshot();
        if Some(key.resource_type()) == *BINARY {
            return self.sees_binary(snapshot.as_ref(), key);
        }
        let Some(bytes) = snapshot.get(&keys::facets(key))? else { return Ok(false) };
        let Some(facets) = Facets::of(&bytes) else { return Ok(false) };
        let mut any = false;
        for (name, id) in facets.iter().filter_map(|entry| literal_target(entry.value)) {
            if name != "Patient" {
                continue;
            }
            let Some(number) = self.store.patient_number(snapshot.as_ref(), id)? else {
                return Ok(false);
            };
            let judged = self.on(number)?;
            let decision = &judged.decision;
            // What belongs to no part cannot be told apart from what is hidden.
            if !decision.opens_journal()
                || !decision.rights.may_read(class)
                || decision.hides_parts()
            {
                return Ok(false);
            }
            any = true;
        }
        Ok(any)
    }

    /// A Binary is as open as what its `securityContext` names.
    fn sees_binary(&self, snapshot: &dyn Snapshot, key: ResourceKey) -> Result<bool, Problem> {
        let permit = ReadPermit::for_deciding();
        let Some(stored) = self.store.current(&permit, snapshot, key)? else { return Ok(false) };
        if stored.deleted {
            return Ok(false);
        }
        let binary = parse_stored(&stored.json)?;
        let Some(context) = binary.root().first("securityContext").and_then(reference) else {
            return Ok(false);
        };
        let (name, id) = context.split_once('/').unwrap_or((&context, ""));
        let Some(of) = Definitions::r4().resource_type(name) else { return Ok(false) };
        match self.store.locate(snapshot, of, id)? {
            Some(located) if located.key.patient() != NO_PATIENT => {
                let opens = self.on(located.key.patient())?.decision.opens_journal();
                Ok(opens && self.sees_of_patient(located.key)?)
            }
            Some(_) | None => Ok(false),
        }
    }
}

impl Gate for Judge {
    fn sees(&self, key: ResourceKey) -> Result<bool, Problem> {
        if key.patient() == NO_PATIENT { self.sees_other(key) } else { self.sees_of_patient(key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_the_class_that_the_rules_give_it() {
        let definitions = Definitions::r4();
        for of in definitions.resource_types() {
            let name = definitions.resource_name(of);
            assert_eq!(Some(class(of)), Class::of_type(name), "{name}");
        }
    }
}
