//! Chains (`subject:Patient.name`) and reverse chains (`_has`): from a condition on one resource
//! to a condition on those it refers to, or that refer to it.
//!
//! Two ways, chosen by what the planner counts: find all targets first and look up who refers to
//! them ([`Targets`]), or follow each candidate's references and judge what they point to.
//! Standard: <https://hl7.org/fhir/R4/search.html#chaining>

use std::rc::Rc;

use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::search::SlotId;
use rustc_hash::FxHashSet;

use super::driver::{facets_of, owned, view};
use super::matcher::{Matcher, ReferenceTest, index_prefix};
use super::query::{Clause, Part, Test};
use super::run::Run;
use crate::engine::{Direction, Range};
use crate::facets::value::{REFERENCE_OWNER, REFERENCE_RELATIVE, ValueKind, split_zero};
use crate::facets::{Entry, Facets};
use crate::keys::{self, PatientNumber, ResourceKey};

/// Resources that a reference may point to, in the forms that references have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    /// `id 00 type` of each.
    literals: FxHashSet<Box<[u8]>>,
    /// The numbers of those that are patients.
    patients: FxHashSet<PatientNumber>,
}

impl Targets {
    fn add(&mut self, key: ResourceKey, id: &str, patient: Option<ResourceType>) {
        let type_name = Definitions::r4().resource_name(key.resource_type());
        let literal = [id.as_bytes(), &[0], type_name.as_bytes()].concat();
        self.literals.insert(literal.into_boxed_slice());
        if Some(key.resource_type()) == patient {
            self.patients.insert(key.patient());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.literals.len()
    }

    /// Whether a reference of the resource `key` points to one of them.
    pub(super) fn accept(&self, entry: &Entry<'_>, key: ResourceKey) -> bool {
        if entry.kind != ValueKind::Reference {
            return false;
        }
        match entry.value.split_first() {
            Some((&REFERENCE_OWNER, _)) => self.patients.contains(&key.patient()),
            Some((&REFERENCE_RELATIVE, literal)) => {
                let (id, rest) = split_zero(literal);
                let (type_name, _version) = split_zero(rest);
                let literal = literal.get(..id.len() + 1 + type_name.len());
                literal.is_some_and(|literal| self.literals.contains(literal))
            }
            _ => false,
        }
    }

    /// Where resources of a type that refer to one of them stand.
    pub(super) fn ranges(&self, resource_type: ResourceType, slots: &[SlotId]) -> Vec<Range> {
        let mut ranges =
            Vec::with_capacity(self.patients.len() + self.literals.len() * slots.len());
        ranges.extend(self.patients.iter().map(|patient| owned(*patient, resource_type)));
        for slot in slots {
            for literal in &self.literals {
                let value = [&[REFERENCE_RELATIVE], &**literal, &[0]].concat();
                ranges.push(keys::under(&index_prefix(*slot, &value)));
            }
        }
        ranges
    }
}

impl Run<'_> {
    /// Finds what a chain may point to; `None` when that is more than `limit` resources.
    pub(super) fn targets(
        &self,
        parts: &[Part],
        number: usize,
        limit: usize,
    ) -> Result<Option<Rc<Targets>>, Problem> {
        if let Some(known) = self.known_targets(number) {
            return Ok(Some(known));
        }
        let patient = Definitions::r4().resource_type("Patient");
        let mut targets = Targets::default();
        for part in parts {
            let room = limit.saturating_sub(targets.len());
            let Some(keys) = self.all_of(part, room)? else { return Ok(None) };
            for key in keys {
                if let Some(bytes) = facets_of(self.snapshot(), key)? {
                    targets.add(key, view(&bytes)?.id(), patient);
                }
            }
        }
        let targets = Rc::new(targets);
        self.know_targets(number, Rc::clone(&targets));
        Ok(Some(targets))
    }

    /// Whether one of the references of a candidate points to a resource that matches.
    pub(super) fn follows_chain(
        &self,
        slots: &[SlotId],
        parts: &[Part],
        number: usize,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        if let Some(targets) = self.known_targets(number) {
            let entries = slots.iter().flat_map(|slot| facets.slot(*slot));
            return Ok(entries.into_iter().any(|entry| targets.accept(&entry, key)));
        }
        for slot in slots {
            for entry in facets.slot(*slot) {
                let Some(target) = self.target_of(&entry, key)? else { continue };
                let part = parts.iter().find(|part| part.resource_type == target.resource_type());
                if let Some(part) = part
                    && self.target_matches(part, number, target)?
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn target_matches(
        &self,
        part: &Part,
        number: usize,
        target: ResourceKey,
    ) -> Result<bool, Problem> {
        if let Some(known) = self.known(number, target) {
            return Ok(known);
        }
        self.examine()?;
        let matches = match facets_of(self.snapshot(), target)? {
            Some(bytes) => self.holds_all(part, target, &view(&bytes)?)?,
            None => false,
        };
        self.know(number, target, matches);
        Ok(matches)
    }

    /// The live resource that a reference in the facets of `key` points to.
    pub(super) fn target_of(
        &self,
        entry: &Entry<'_>,
        key: ResourceKey,
    ) -> Result<Option<ResourceKey>, Problem> {
        match (entry.kind, entry.value.split_first()) {
            (ValueKind::Reference, Some((&REFERENCE_OWNER, _))) => self.patient_of(key.patient()),
            (ValueKind::Reference, Some((&REFERENCE_RELATIVE, rest))) => {
                let (id, rest) = split_zero(rest);
                let (type_name, _version) = split_zero(rest);
                let (Ok(id), Ok(type_name)) =
                    (std::str::from_utf8(id), std::str::from_utf8(type_name))
                else {
                    return Ok(None);
                };
                match Definitions::r4().resource_type(type_name) {
                    Some(resource_type) => self.located(resource_type, id),
                    None => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// The live resource of a type and id.
    pub(super) fn located(
        &self,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Option<ResourceKey>, Problem> {
        let value = self.snapshot().get(&keys::locator(resource_type, id))?;
        Ok(value.and_then(|value| {
            let live = value.get(10).is_none_or(|flags| flags & 1 == 0);
            live.then(|| ResourceKey::from_start(&value)).flatten()
        }))
    }

    /// The Patient resource with this number.
    pub(super) fn patient_of(&self, number: PatientNumber) -> Result<Option<ResourceKey>, Problem> {
        let Some(patient) = Definitions::r4().resource_type("Patient") else {
            return Ok(None);
        };
        if number == keys::NO_PATIENT {
            return Ok(None);
        }
        if let Some(known) = self.known_patient(number) {
            return Ok(known);
        }
        let mut found = None;
        let range = owned(number, patient);
        self.snapshot().visit(&range, Direction::Ascending, &mut |key, _| {
            found = ResourceKey::from_end(key);
            Ok(false)
        })?;
        self.know_patient(number, found);
        Ok(found)
    }

    /// The resources of a type that `_has` asks for, sorted; `None` when those that refer to them
    /// are more than `limit`.
    pub(super) fn referred(
        &self,
        resource_type: ResourceType,
        part: &Part,
        slots: &[SlotId],
        number: usize,
        limit: usize,
    ) -> Result<Option<Rc<Vec<ResourceKey>>>, Problem> {
        if let Some(known) = self.known_referred(number) {
            return Ok(Some(known));
        }
        let Some(sources) = self.all_of(part, limit)? else { return Ok(None) };
        let mut keys = FxHashSet::default();
        for source in sources {
            let Some(bytes) = facets_of(self.snapshot(), source)? else { continue };
            let facets = view(&bytes)?;
            for entry in slots.iter().flat_map(|slot| facets.slot(*slot)) {
                let target = self.target_of(&entry, source)?;
                keys.extend(target.filter(|target| target.resource_type() == resource_type));
            }
        }
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_unstable();
        let keys = Rc::new(keys);
        self.know_referred(number, Rc::clone(&keys));
        Ok(Some(keys))
    }

    /// Whether a resource that matches `part` refers to the candidate.
    pub(super) fn is_referred(
        &self,
        part: &Part,
        slots: &[SlotId],
        number: usize,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        if let Some(known) = self.known_referred(number) {
            return Ok(known.binary_search(&key).is_ok());
        }
        if let Some(known) = self.known(number, key) {
            return Ok(known);
        }
        let definitions = Definitions::r4();
        let is_patient = definitions.resource_type("Patient") == Some(key.resource_type());
        let reference = Matcher::Reference(ReferenceTest::Resource {
            id: facets.id().into(),
            type_name: Some(definitions.resource_name(key.resource_type()).into()),
            version: None,
            owner: is_patient.then(|| key.patient()),
        });
        let test = Test::Any { slots: slots.into(), matchers: vec![reference], negated: false };
        let mut part = part.clone();
        part.clauses.push(Clause { label: "reference".into(), test });
        let referred = self.exists(&part)?;
        self.know(number, key, referred);
        Ok(referred)
    }
}
