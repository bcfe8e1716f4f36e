//! `_include` and `_revinclude`: what matches refer to, and what refers to them.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#revinclude>

use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::{Definitions, ResourceType, SearchKind};
use akson_fhir::search::{Extractor, SlotId};
use rustc_hash::FxHashSet;

use super::driver::{facets_of, owned, view};
use super::matcher::index_prefix;
use super::query::{Include, Query};
use super::run::Run;
use crate::engine::Direction;
use crate::facets::Facets;
use crate::facets::value::{REFERENCE_OWNER, REFERENCE_RELATIVE};
use crate::keys::{self, ResourceKey};

/// What was included so far.
struct Included {
    seen: FxHashSet<ResourceKey>,
    keys: Vec<ResourceKey>,
}

impl Included {
    fn add(&mut self, key: ResourceKey) -> Result<(), Problem> {
        if !self.seen.insert(key) {
            return Ok(());
        }
        if self.keys.len() == limits::INCLUDED_ENTRIES_MAX {
            let text = format!(
                "_include and _revinclude would add more than {} resources to the page. Ask for \
                 smaller pages (_count) or include less.",
                limits::INCLUDED_ENTRIES_MAX
            );
            return Err(Problem::new(Kind::TooCostly, "SEA-024", text));
        }
        self.keys.push(key);
        Ok(())
    }
}

/// The reference slots of a type.
fn all_references(resource_type: ResourceType) -> Vec<SlotId> {
    let slots = Extractor::r4().slots_of(resource_type).iter();
    slots.filter(|slot| slot.kind == SearchKind::Reference).map(|slot| slot.id).collect()
}

impl Run<'_> {
    /// What the query's includes add to these matches.
    pub(super) fn included(
        &self,
        query: &Query,
        matches: &[ResourceKey],
    ) -> Result<Vec<ResourceKey>, Problem> {
        if query.includes.is_empty() && query.revincludes.is_empty() {
            return Ok(Vec::new());
        }
        let seen = matches.iter().copied().collect();
        let mut included = Included { seen, keys: Vec::new() };
        let mut fresh = matches.to_vec();
        let mut first = true;
        while !fresh.is_empty() {
            let begin = included.keys.len();
            for key in &fresh {
                let Some(bytes) = facets_of(self.snapshot(), *key)? else { continue };
                let facets = view(&bytes)?;
                for include in query.includes.iter().filter(|include| first || include.iterate) {
                    self.include(include, *key, &facets, &mut included)?;
                }
                for include in query.revincludes.iter().filter(|include| first || include.iterate) {
                    self.include_referring(include, *key, &facets, &mut included)?;
                }
            }
            fresh = included.keys.get(begin..).unwrap_or_default().to_vec();
            first = false;
        }
        Ok(included.keys)
    }

    fn include(
        &self,
        include: &Include,
        key: ResourceKey,
        facets: &Facets<'_>,
        included: &mut Included,
    ) -> Result<(), Problem> {
        let source = key.resource_type();
        if include.source.is_some_and(|wanted| wanted != source) {
            return Ok(());
        }
        let all;
        let slots = match &include.slots {
            Some(slots) => &**slots,
            None => {
                all = all_references(source);
                &all
            }
        };
        for entry in slots.iter().flat_map(|slot| facets.slot(*slot)) {
            self.examine()?;
            let target = self.target_of(&entry, key)?;
            let wanted = |target: &ResourceKey| {
                include.target.is_none_or(|wanted| wanted == target.resource_type())
            };
            if let Some(target) = target.filter(wanted) {
                included.add(target)?;
            }
        }
        Ok(())
    }

    fn include_referring(
        &self,
        include: &Include,
        key: ResourceKey,
        facets: &Facets<'_>,
        included: &mut Included,
    ) -> Result<(), Problem> {
        let Some(source) = include.source else { return Ok(()) };
        if include.target.is_some_and(|wanted| wanted != key.resource_type()) {
            return Ok(());
        }
        let definitions = Definitions::r4();
        let type_name = definitions.resource_name(key.resource_type());
        let literal =
            [&[REFERENCE_RELATIVE], facets.id().as_bytes(), &[0], type_name.as_bytes(), &[0]]
                .concat();
        let slots = include.slots.as_ref().map_or_else(|| all_references(source), |s| s.to_vec());
        if definitions.resource_type("Patient") == Some(key.resource_type()) {
            self.include_owned(key, source, &slots, included)?;
        }
        for slot in slots {
            let range = keys::under(&index_prefix(slot, &literal));
            self.snapshot().visit(&range, Direction::Ascending, &mut |found, _| {
                self.examine()?;
                if let Some(found) = ResourceKey::from_end(found) {
                    included.add(found)?;
                }
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// The patient's own resources of a type that refer to the patient by one of the slots.
    fn include_owned(
        &self,
        patient: ResourceKey,
        source: ResourceType,
        slots: &[SlotId],
        included: &mut Included,
    ) -> Result<(), Problem> {
        let range = owned(patient.patient(), source);
        self.snapshot().visit(&range, Direction::Ascending, &mut |found, bytes| {
            self.examine()?;
            let facets = view(bytes)?;
            let mut entries = slots.iter().flat_map(|slot| facets.slot(*slot));
            let refers = entries.any(|entry| entry.value.first() == Some(&REFERENCE_OWNER));
            if let Some(found) = ResourceKey::from_end(found).filter(|_| refers) {
                included.add(found)?;
            }
            Ok(true)
        })
    }
}
