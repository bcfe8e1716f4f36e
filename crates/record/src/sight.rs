//! What one caller sees of the record, for one request.
//!
//! Under `--open` and for the operator's commands that is everything. Under the rules a [`Judge`]
//! stands between the store and the interaction: it decides on each patient when the patient is
//! first met, and remembers the decision and its ground for the log.
//!
//! Not here: the decision itself (`access::decide`), the facts (`known`).

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use akson_access::decide::Situation;
use akson_access::decide::{ATTORNEY_FROM_YEARS, Decision, decide, registering};
use akson_access::rules::{Class, Rights, rights};
use akson_access::{Actor, Ground, ReadPermit, Role};
use akson_audit::Entry;
use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::Resource;
use akson_fhir::search::Extractor;
use akson_store::Store;
use akson_store::engine::Snapshot;
use akson_store::facets::Facets;
use akson_store::facets::target::literal_target;
use akson_store::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use akson_store::reads::Stored;
use akson_store::sighted::{Gate, Sighted};
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::Record;
use crate::bounds::{ANY, Asked, Bounds, insufficient};
use crate::elements::{in_norway, reference};
use crate::known::KnownAsOf;
use crate::patient_facts::Gathered;
use crate::request::{Caller, Version};
use crate::searching::parse_stored;
use crate::withheld::is_withheld;

/// What a caller sees.
pub(crate) struct Sight {
    pub(crate) permit: ReadPermit,
    judge: Option<Arc<Judge>>,
    asked: Asked,
}

impl Record {
    /// What this caller sees when this is asked; a refusal for one whom the policy lets do nothing.
    pub(crate) fn sight(&self, caller: &Caller, asked: Asked) -> Result<Sight, Problem> {
        self.sight_of(&caller.actor, asked)
    }

    pub(crate) fn sight_of(&self, actor: &Arc<Actor>, asked: Asked) -> Result<Sight, Problem> {
        let permit = self.policy.may_read(actor)?;
        let Some(role) = actor.role() else { return Ok(Sight { permit, judge: None, asked }) };
        let now = self.store.clock().now();
        let judge = Judge {
            bounds: Bounds::of(actor, &self.store, now)?,
            store: Arc::clone(&self.store),
            known: self.known.as_of_now(),
            actor: Arc::clone(actor),
            base: rights(role, Situation::None),
            now,
            today: today(now),
            memory: Mutex::default(),
        };
        Ok(Sight { permit, judge: Some(Arc::new(judge)), asked })
    }
}

/// The day in Norway.
pub(crate) fn today(now: Instant) -> Date {
    in_norway(now.0).unwrap_or_default().date()
}

impl Sight {
    /// The whole record, for what the house itself does for an actor.
    pub(crate) fn whole(actor: &Arc<Actor>) -> Self {
        Self { permit: ReadPermit::for_deciding_of(actor), judge: None, asked: ANY }
    }

    /// The store as the caller sees it now.
    pub(crate) fn snapshot(&self, store: &Store) -> Arc<dyn Snapshot> {
        self.over(store.snapshot())
    }

    /// A snapshot as the caller sees it.
    pub(crate) fn over(&self, whole: Arc<dyn Snapshot>) -> Arc<dyn Snapshot> {
        self.asking(self.asked, whole)
    }

    /// As [`Sight::over`], when something else is asked.
    pub(crate) fn asking(&self, asked: Asked, whole: Arc<dyn Snapshot>) -> Arc<dyn Snapshot> {
        let Some(judge) = &self.judge else { return whole };
        Arc::new(Sighted::new(whole, Arc::new(Asking { judge: Arc::clone(judge), asked })))
    }

    /// Whether the caller's scopes let anything of the type be asked so (of any type, without).
    pub(crate) fn may_ask(&self, of: Option<ResourceType>, asked: Asked) -> Result<(), Problem> {
        let bounds = self.judge.as_ref().and_then(|judge| judge.bounds.as_ref());
        match bounds {
            Some(bounds) if !bounds.speaks_of(of, asked) => Err(insufficient(of, asked)),
            Some(_) | None => Ok(()),
        }
    }

    /// As [`Sight::may_ask`], for what this sight asks.
    pub(crate) fn may_ask_of(&self, of: Option<ResourceType>) -> Result<(), Problem> {
        self.may_ask(of, self.asked)
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
        let hidden = store.locate(whole.as_ref(), of, id)?.map(|located| located.key);
        Ok(entry.on(Ground::Refused).concerning(self.patients_of(hidden)?))
    }

    /// The patients that resources are about, for the log.
    pub(crate) fn patients_of(
        &self,
        keys: impl IntoIterator<Item = ResourceKey>,
    ) -> Result<Vec<PatientNumber>, Problem> {
        let mut patients = Vec::new();
        for key in keys {
            match &self.judge {
                Some(judge) if key.patient() == NO_PATIENT => {
                    if !is_of_house(class(key.resource_type()))
                        || may_name_patients(key.resource_type())
                    {
                        let whole = judge.store.snapshot();
                        patients.extend(judge.spoken_of(key, whole.as_ref())?.unwrap_or_default());
                    }
                }
                Some(_) | None if patients.last() == Some(&key.patient()) => {}
                Some(_) | None => patients.push(key.patient()),
            }
        }
        Ok(patients)
    }

    /// Of versions of what is seen, those that may be seen themselves.
    pub(crate) fn versions(&self, all: Vec<Stored>) -> Result<Vec<Stored>, Problem> {
        let Some(judge) = &self.judge else { return Ok(all) };
        let mut seen = Vec::with_capacity(all.len());
        for stored in all {
            if judge.sees_version(&stored)? && judge.version_is_within(&stored, self.asked)? {
                seen.push(stored);
            }
        }
        Ok(seen)
    }

    /// Of these, what is there and this caller does not see.
    pub(crate) fn hidden<'t>(
        &self,
        store: &Store,
        whole: &dyn Snapshot,
        targets: impl Iterator<Item = (ResourceType, &'t str)>,
    ) -> Result<Vec<ResourceKey>, Problem> {
        let mut hidden = Vec::new();
        let Some(judge) = &self.judge else { return Ok(hidden) };
        for (of, id) in targets {
            if let Some(located) = store.locate(whole, of, id)?
                && !judge.sees(located.key, self.asked, whole)?
            {
                hidden.push(located.key);
            }
        }
        Ok(hidden)
    }

    /// Whether the caller has a ground to open this patient's journal.
    pub(crate) fn opens_journal(&self, patient: PatientNumber) -> Result<bool, Problem> {
        match &self.judge {
            None => Ok(true),
            Some(judge) => {
                Ok(judge.reaches(patient) && judge.on(patient)?.decision.opens_journal())
            }
        }
    }

    /// Whether the caller may see who has opened a journal; of somebody nobody has heard of, as of
    /// somebody the caller has nothing to do with.
    pub(crate) fn reads_log(&self, patient: Option<PatientNumber>) -> Result<bool, Problem> {
        match (&self.judge, patient) {
            (None, _) => Ok(true),
            (Some(judge), None) => Ok(judge.base.may_read(Class::Log)),
            (Some(judge), Some(one)) => {
                Ok(judge.reaches(one) && judge.on(one)?.decision.rights.may_read(Class::Log))
            }
        }
    }

    /// Whether the caller's scopes let all AuditEvents about a patient be seen.
    pub(crate) fn log_is_within(&self, patient: PatientNumber) -> Result<bool, Problem> {
        let bounds = self.judge.as_ref().and_then(|judge| judge.bounds.as_ref().zip(Some(judge)));
        match (bounds, *AUDIT_EVENT) {
            (None, _) => Ok(true),
            (Some(_), None) => Ok(false),
            (Some((bounds, judge)), Some(of)) => {
                bounds.covers_all(of, self.asked, patient, judge.store.snapshot().as_ref())
            }
        }
    }

    /// Whether the caller's scopes let an AuditEvent about a patient be seen that is told of the log
    /// and stored nowhere.
    pub(crate) fn told_is_within(
        &self,
        told: &Version,
        patient: PatientNumber,
    ) -> Result<bool, Problem> {
        let Some(judge) = self.judge.as_ref().filter(|judge| judge.bounds.is_some()) else {
            return Ok(true);
        };
        let of = told.resource_type;
        let facets = judge.store.facets_of(of, &told.id, told.time, &parse_stored(&told.json)?);
        judge.content_is_within(ResourceKey::new(patient, of, 0), &facets, &[], self.asked)
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
    pub(crate) store: Arc<Store>,
    known: KnownAsOf,
    actor: Arc<Actor>,
    pub(crate) bounds: Option<Bounds>,
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
static CLASSES: LazyLock<[Class; 256]> = LazyLock::new(|| {
    let definitions = Definitions::r4();
    // A number that is no type, or a type without a line, is for nobody: `Class::System` is in no
    // role's rights.
    std::array::from_fn(|number| {
        let name = definitions.resource_name(ResourceType(number as u8));
        Class::of_type(name).unwrap_or(Class::System)
    })
});

pub(crate) fn class(of: ResourceType) -> Class {
    CLASSES.get(usize::from(of.0)).copied().unwrap_or(Class::System)
}

static PATIENT: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| Definitions::r4().resource_type("Patient"));
pub(crate) static AUDIT_EVENT: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| Definitions::r4().resource_type("AuditEvent"));
static BINARY: LazyLock<Option<ResourceType>> =
    LazyLock::new(|| Definitions::r4().resource_type("Binary"));

impl Judge {
    /// About whom it decides.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    fn is_citizen(&self) -> bool {
        self.actor.role() == Some(Role::Citizen)
    }

    /// Whether a resource is not released yet to the citizen who asks.
    fn is_withheld(&self, resource: &Resource) -> bool {
        self.is_citizen() && is_withheld(resource.root(), self.now)
    }

    /// What the role may do without regard to a patient.
    pub(crate) fn base(&self) -> Rights {
        self.base
    }

    /// The moment that it decides for.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Whether the role looks people up by name and number, without a ground.
    pub(crate) fn looks_people_up(&self) -> bool {
        self.base.may_read(Class::Person)
    }

    /// Whether a patient is of age: may give a power of attorney. Who has no birth date is.
    pub(crate) fn is_of_age(&self, patient: PatientNumber) -> Result<bool, Problem> {
        let age = self.on(patient)?.gathered.facts.age(self.today);
        Ok(age.is_none_or(|age| age >= ATTORNEY_FROM_YEARS))
    }

    /// Takes a patient for one whom this request registers, if the role registers patients.
    pub(crate) fn register(&self, patient: PatientNumber) -> bool {
        let Some(decision) = registering(&self.actor) else { return false };
        let judged = Judged { decision, gathered: Arc::default() };
        self.memory().patients.insert(patient, Arc::new(judged));
        true
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The decision on a patient, made once in a request.
    pub(crate) fn on(&self, patient: PatientNumber) -> Result<Arc<Judged>, Problem> {
        if let Some(judged) = self.memory().patients.get(&patient) {
            return Ok(Arc::clone(judged));
        }
        let gathered = match self.is_citizen() {
            true => self.known.for_citizen(patient)?,
            false => self.known.of(patient)?,
        };
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

    /// Whether the scopes reach a patient at all.
    pub(crate) fn reaches(&self, patient: PatientNumber) -> bool {
        self.bounds.as_ref().is_none_or(|bounds| bounds.reaches(patient))
    }

    /// Whether the caller sees a resource as it stands in `whole`, when this is asked.
    pub(crate) fn sees(
        &self,
        key: ResourceKey,
        asked: Asked,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        Ok(self.is_within(key, asked, whole)? && self.sees_by_rules(key, whole)?)
    }

    /// As [`Judge::sees`], whatever the scopes say.
    pub(crate) fn sees_by_rules(
        &self,
        key: ResourceKey,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        if key.patient() == NO_PATIENT {
            self.sees_other(key, whole)
        } else {
            self.sees_of_patient(key)
        }
    }

    /// Whether this actor may change or delete what stands at this key now.
    pub(crate) fn may_change(&self, key: ResourceKey) -> Result<bool, Problem> {
        let class = class(key.resource_type());
        if key.patient() != NO_PATIENT {
            return Ok(self.on(key.patient())?.decision.rights.may_write(class));
        }
        let snapshot = self.store.snapshot();
        match self.spoken_of(key, snapshot.as_ref())? {
            Some(patients) if patients.is_empty() && !is_of_house(class) => {
                self.is_between_workers(key, snapshot.as_ref())
            }
            Some(patients) => self.may_write_of(class, &patients),
            None => Ok(false),
        }
    }

    /// Whether this actor may store a resource at this key, which speaks of `subjects` (ids of
    /// patients) when it lies in no patient's range. `is_new`: it was not there; `facets`: its search
    /// values.
    pub(crate) fn may_store(
        &self,
        key: ResourceKey,
        (subjects, facets, is_new): (&[String], &[u8], bool),
    ) -> Result<bool, Problem> {
        let class = class(key.resource_type());
        if subjects.is_empty()
            && key.patient() == NO_PATIENT
            && !is_of_house(class)
            && let Some(facets) = Facets::of(facets)
        {
            let of = key.resource_type();
            return Ok(if is_new { self.is_sender(of, facets) } else { self.is_party(of, facets) });
        }
        if key.patient() != NO_PATIENT {
            return Ok(self.on(key.patient())?.decision.rights.may_write(class));
        }
        let snapshot = self.store.snapshot();
        let mut patients = Vec::with_capacity(subjects.len());
        for id in subjects {
            let number = self.store.patient_number(snapshot.as_ref(), id)?;
            let Some(number) = number else { return Ok(false) };
            patients.push(number);
        }
        self.may_write_of(class, &patients)
    }

    fn may_write_of(&self, class: Class, patients: &[PatientNumber]) -> Result<bool, Problem> {
        if patients.is_empty() {
            return Ok(is_of_house(class) && self.base.may_write(class));
        }
        for patient in patients {
            if !self.on(*patient)?.decision.rights.may_write(of_patient(class)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what speaks of no patient is a message of the caller's or to them.
    fn is_between_workers(
        &self,
        key: ResourceKey,
        snapshot: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        let Some(bytes) = snapshot.get(&keys::facets(key))? else { return Ok(false) };
        Ok(Facets::of(&bytes).is_some_and(|facets| self.is_party(key.resource_type(), facets)))
    }

    /// What search values are taken from.
    pub(crate) fn extractor(&self) -> &Extractor {
        self.store.extractor()
    }

    /// Whether nothing of a patient's own range is seen, of this type or at all.
    fn is_closed(&self, patient: PatientNumber, of: Option<ResourceType>) -> Result<bool, Problem> {
        if !self.reaches(patient) {
            return Ok(true);
        }
        let judged = self.on(patient)?;
        let decision = &judged.decision;
        let is_closed = |of: ResourceType| {
            let looked_up = Some(of) == *PATIENT || class(of) == Class::Log;
            !decision.may_read(class(of), judged.gathered.facts.is_protected)
                || !(looked_up || decision.opens_journal())
        };
        match of {
            Some(of) => Ok(is_closed(of)),
            None if decision.opens_journal() => Ok(false),
            None => Ok(PATIENT.is_none_or(is_closed) && AUDIT_EVENT.is_none_or(is_closed)),
        }
    }

    fn sees_of_patient(&self, key: ResourceKey) -> Result<bool, Problem> {
        let judged = self.on(key.patient())?;
        let decision = &judged.decision;
        let of = key.resource_type();
        if !decision.may_read(class(of), judged.gathered.facts.is_protected) {
            return Ok(false);
        }
        if !decision.opens_journal() {
            // Looked up: the person, not the relatives. Who reads the log needs no journal.
            return Ok(Some(of) == *PATIENT || class(of) == Class::Log);
        }
        if judged.is_unsent_of_another(self, key) {
            return Ok(false);
        }
        // The name stays: what is hidden is hidden in a journal that is open.
        if !decision.hides_parts() || Some(of) == *PATIENT {
            return Ok(true);
        }
        let Some(parts) = judged.gathered.members.get(&key) else { return Ok(false) };
        Ok(!parts.iter().any(|part| decision.hidden_parts.binary_search(part).is_ok()))
    }

    /// What lies in no patient's range: open to the role, or as open as those it speaks of.
    fn sees_other(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<bool, Problem> {
        let class = class(key.resource_type());
        if is_of_house(class) && !may_name_patients(key.resource_type()) {
            return Ok(self.base.may_read(class));
        }
        if let Some(known) = self.memory().others.get(&key) {
            return Ok(*known);
        }
        let sees = self.sees_spoken_of(key, class, whole)?;
        self.memory().others.insert(key, sees);
        Ok(sees)
    }

    fn sees_spoken_of(
        &self,
        key: ResourceKey,
        class: Class,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        let Some(patients) = self.spoken_of(key, whole)? else { return Ok(false) };
        if patients.is_empty() {
            let is_open = is_of_house(class) && self.base.may_read(class);
            return Ok(is_open || self.is_between_workers(key, whole)?);
        }
        let is_binary = Some(key.resource_type()) == *BINARY;
        let mut content = None;
        if self.is_citizen() && !is_binary {
            content = self.content(key, whole)?;
            if content.as_ref().is_none_or(|content| self.is_withheld(content)) {
                return Ok(false);
            }
        }
        for patient in patients {
            let judged = self.on(patient)?;
            let decision = &judged.decision;
            if !decision.opens_journal() || !decision.rights.may_read(of_patient(class)) {
                return Ok(false);
            }
            // A Binary belongs to the parts of what its context names.
            if !decision.hides_parts() || is_binary {
                continue;
            }
            if content.is_none() {
                content = self.content(key, whole)?;
            }
            let Some(content) = &content else { return Ok(false) };
            if self.is_hidden_apart(&judged, patient, content, whole)? {
                return Ok(false);
            }
        }
        if is_binary { self.sees_context(key, whole) } else { Ok(true) }
    }

    /// A resource that is not deleted, parsed.
    fn content(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<Option<Resource>, Problem> {
        let stored = self.store.current(&ReadPermit::for_deciding(), whole, key)?;
        let stored = stored.filter(|stored| !stored.deleted);
        stored.map(|stored| parse_stored(&stored.json)).transpose()
    }

    /// The patients that what lies in no patient's range speaks of; `None` when that cannot be
    /// told: it is deleted, or speaks of somebody unknown.
    pub(crate) fn spoken_of(
        &self,
        key: ResourceKey,
        snapshot: &dyn Snapshot,
    ) -> Result<Option<Vec<PatientNumber>>, Problem> {
        if Some(key.resource_type()) == *BINARY {
            let context = self.context(snapshot, key)?.map(|context| context.patient());
            return Ok(context.filter(|patient| *patient != NO_PATIENT).map(|one| vec![one]));
        }
        let Some(bytes) = snapshot.get(&keys::facets(key))? else { return Ok(None) };
        let Some(facets) = Facets::of(&bytes) else { return Ok(None) };
        let targets = facets.iter().filter_map(|entry| literal_target(entry.value));
        let mut patients = Vec::new();
        for (_, id) in targets.filter(|(name, _)| *name == "Patient") {
            let Some(number) = self.store.patient_number(snapshot, id)? else { return Ok(None) };
            patients.push(number);
        }
        Ok(Some(patients))
    }

    /// What a Binary's `securityContext` names.
    fn context(
        &self,
        snapshot: &dyn Snapshot,
        key: ResourceKey,
    ) -> Result<Option<ResourceKey>, Problem> {
        let Some(binary) = self.content(key, snapshot)? else { return Ok(None) };
        let Some(context) = binary.root().first("securityContext").and_then(reference) else {
            return Ok(None);
        };
        let (name, id) = context.split_once('/').unwrap_or((&context, ""));
        let Some(of) = Definitions::r4().resource_type(name) else { return Ok(None) };
        let located = self.store.locate(snapshot, of, id)?;
        Ok(located.filter(|located| !located.deleted).map(|located| located.key))
    }

    /// Whether what a Binary's `securityContext` names is seen; of a whole patient, that nothing
    /// is hidden.
    fn sees_context(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<bool, Problem> {
        let Some(context) = self.context(whole, key)? else { return Ok(false) };
        if Some(context.resource_type()) != *PATIENT && !self.is_within(context, ANY, whole)? {
            return Ok(false);
        }
        if Some(context.resource_type()) == *PATIENT
            && self.on(context.patient())?.decision.hides_parts()
        {
            return Ok(false);
        }
        self.sees_of_patient(context)
    }

    /// Whether an earlier version may be seen of what is seen now: it may have been another
    /// patient's, before somebody put it right.
    pub(crate) fn sees_version(&self, stored: &Stored) -> Result<bool, Problem> {
        let of = stored.key.resource_type();
        let class = class(of);
        let is_plain = is_of_house(class) && !may_name_patients(of);
        if stored.deleted || is_plain || Some(of) == *PATIENT || Some(of) == *BINARY {
            return Ok(true);
        }
        let resource = parse_stored(&stored.json)?;
        // What is released now is not released as it was written while it was a draft.
        if self.is_withheld(&resource) {
            return Ok(false);
        }
        let snapshot = self.store.snapshot();
        let is_own = stored.key.patient() != NO_PATIENT;
        // What is sent now is not what was written before it was sent.
        if is_own && self.is_unsent_version_of_another(&resource, stored.key.patient())? {
            return Ok(false);
        }
        for id in self.store.patients_in(of, &stored.id, &resource, is_own) {
            let number = self.store.patient_number(snapshot.as_ref(), &id)?;
            if number == Some(stored.key.patient()) {
                continue;
            }
            let Some(number) = number else { return Ok(false) };
            let judged = self.on(number)?;
            let decision = &judged.decision;
            let may_read = decision.rights.may_read(of_patient(class));
            let is_hidden = decision.hides_parts()
                && (is_own
                    || self.is_hidden_apart(&judged, number, &resource, snapshot.as_ref())?);
            if !decision.opens_journal() || !may_read || is_hidden {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether resources of the class belong to the house, as long as they speak of no patient.
pub(crate) fn is_of_house(class: Class) -> bool {
    matches!(class, Class::Directory | Class::Definition)
}

/// The class of what speaks of a patient: a thing of the house that is a patient's (a Device) is
/// part of the journal.
pub(crate) fn of_patient(class: Class) -> Class {
    if is_of_house(class) { Class::Clinical } else { class }
}

/// By its number, whether resources of a type can speak of a patient.
static NAMES_PATIENTS: LazyLock<[bool; 256]> = LazyLock::new(|| {
    std::array::from_fn(|number| {
        Extractor::r4().binding(ResourceType(number as u8), "patient").is_some()
    })
});

pub(crate) fn may_name_patients(of: ResourceType) -> bool {
    NAMES_PATIENTS.get(usize::from(of.0)).copied().unwrap_or(true)
}

/// A judge to whom one thing is asked.
struct Asking {
    judge: Arc<Judge>,
    asked: Asked,
}

impl Gate for Asking {
    fn sees(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<bool, Problem> {
        self.judge.sees(key, self.asked, whole)
    }

    fn is_closed(&self, patient: PatientNumber, of: Option<ResourceType>) -> Result<bool, Problem> {
        self.judge.is_closed(patient, of)
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
