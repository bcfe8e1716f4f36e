//! The compiled search parameters of R4, and reading a resource with them.

use std::ops::Range;
use std::sync::OnceLock;

use akson_base::Instant;

use crate::definitions::{Definitions, ResourceType, SearchParameter};
use crate::fhirpath::Context;
use crate::model::Resource;

use super::bind::{self, Bound, Program, kind_name};
use super::convert::{convert, convert_item};
use super::plan::Plan;
use super::{Binding, SearchValue, Slot, SlotId};

/// All slots and bindings, compiled once.
#[derive(Debug)]
pub struct Extractor {
    bound: Bound,
    /// By resource type number.
    types: Vec<TypePlan>,
    fingerprint: u64,
}

/// What is read from one resource type.
#[derive(Debug, Default)]
struct TypePlan {
    slots: Range<usize>,
    plan: Plan,
    /// Slots whose expressions are not paths: positions in the list of slots.
    general: Vec<usize>,
}

/// A search parameter, or one of the types it applies to, that could not be bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// Code of the parameter.
    pub code: Box<str>,
    /// Canonical url of its definition.
    pub url: Box<str>,
    /// The type, when it is about one only.
    pub resource_type: Option<ResourceType>,
    /// Why.
    pub reason: String,
}

impl Unbound {
    pub(super) fn new(
        parameter: &SearchParameter,
        resource_type: Option<ResourceType>,
        reason: String,
    ) -> Self {
        Self { code: parameter.code.clone(), url: parameter.url.clone(), resource_type, reason }
    }
}

/// FNV-1a, 64 bits: small, and the same on every machine and in every version.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

impl Extractor {
    /// The search parameters of R4, compiled on first use and kept.
    pub fn r4() -> &'static Extractor {
        static R4: OnceLock<Extractor> = OnceLock::new();
        R4.get_or_init(|| Extractor::compile(Definitions::r4()))
    }

    fn compile(definitions: &'static Definitions) -> Extractor {
        let bound = bind::bind(definitions);
        let mut types: Vec<TypePlan> = Vec::new();
        let mut fingerprint = 0xcbf2_9ce4_8422_2325;
        for (position, (slot, program)) in bound.slots.iter().zip(&bound.programs).enumerate() {
            let name = definitions.resource_name(slot.resource_type);
            for part in [name, kind_name(slot.kind), &slot.expression] {
                fingerprint = fnv(fnv(fingerprint, part.as_bytes()), b"\n");
            }
            let at = usize::from(slot.resource_type.0);
            if types.len() <= at {
                types.resize_with(at + 1, TypePlan::default);
            }
            let Some(of_type) = types.get_mut(at) else { continue };
            if of_type.slots.is_empty() {
                of_type.slots = position..position;
            }
            of_type.slots.end = position + 1;
            match program {
                Program::Path(path) => of_type.plan.add(path, slot.id, slot.kind),
                Program::General(_) => of_type.general.push(position),
            }
        }
        Extractor { bound, types, fingerprint }
    }

    /// Tells whether the slots are numbered as when a store was written: a hash over the list of
    /// (type name, kind, expression).
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The parameters of a type, sorted by code. `_id`, `_lastUpdated`, `_text`, `_content` and
    /// `_query` are not among them; a `special` parameter (`near`) has no slots.
    pub fn bindings(&self, resource_type: ResourceType) -> &[Binding] {
        self.bound.bindings.get(usize::from(resource_type.0)).map_or(&[], Vec::as_slice)
    }

    /// A parameter of a type by its code.
    pub fn binding(&self, resource_type: ResourceType, code: &str) -> Option<&Binding> {
        let bindings = self.bindings(resource_type);
        let position = bindings.binary_search_by(|binding| (*binding.code).cmp(code)).ok()?;
        bindings.get(position)
    }

    /// A slot by number.
    pub fn slot(&self, id: SlotId) -> Option<&Slot> {
        self.bound.slots.get(usize::from(id.0))
    }

    /// All slots in the order of their numbers.
    pub fn slots(&self) -> &[Slot] {
        &self.bound.slots
    }

    /// The slots of a type, in the order of their numbers.
    pub fn slots_of(&self, resource_type: ResourceType) -> &[Slot] {
        let of_type = self.types.get(usize::from(resource_type.0));
        of_type.and_then(|of_type| self.bound.slots.get(of_type.slots.clone())).unwrap_or(&[])
    }

    /// What could not be bound, with the reason.
    pub fn unbound(&self) -> &[Unbound] {
        &self.bound.unbound
    }

    /// The parameter that a wrong code was probably meant to be.
    pub fn nearest(&self, resource_type: ResourceType, wrong_code: &str) -> Option<&str> {
        let codes = self.bindings(resource_type).iter().map(|binding| &*binding.code);
        crate::similar::nearest(wrong_code, codes)
    }

    /// Adds every value of every slot of the resource, in document order.
    pub fn extract<'a>(
        &'static self,
        resource: &'a Resource,
        out: &mut Vec<(SlotId, SearchValue<'a>)>,
    ) {
        let Some(resource_type) = resource.resource_type() else { return };
        let Some(of_type) = self.types.get(usize::from(resource_type.0)) else { return };
        of_type.plan.walk(resource.root(), &mut |slot, kind, node| {
            convert(kind, node, &mut |value| out.push((slot, value)));
        });
        for position in &of_type.general {
            let (Some(slot), Some(Program::General(expression))) =
                (self.bound.slots.get(*position), self.bound.programs.get(*position))
            else {
                continue;
            };
            // The published expressions do not ask for the time, and cannot fail on a valid
            // resource.
            let context = Context::of(resource.root(), Instant(0));
            for item in expression.evaluate(&context, resource.root()).unwrap_or_default() {
                convert_item(slot.kind, item, &mut |value| out.push((slot.id, value)));
            }
        }
    }

    /// The values of a composite parameter ([`CompositeBinding::index`](super::CompositeBinding)):
    /// for each element that its parts are read from, for each part, the values.
    pub fn composite_values<'a>(
        &'static self,
        index: usize,
        resource: &'a Resource,
    ) -> Vec<Vec<Vec<SearchValue<'a>>>> {
        match self.bound.composites.get(index) {
            Some(composite) => composite.values(resource),
            None => Vec::new(),
        }
    }
}
