//! From a resource to the values that searches look for.
//!
//! Each (resource type, parameter) is bound to one or more *slots*: a slot is one compiled
//! expression on one resource type, shared by all parameters that mean the same (`patient` and
//! `subject`), and a union parameter (`combo-code`) is answered from the slots of its parts.
//! From definition to value: `bind` makes slots and bindings of the published expressions, `path`
//! the form that most of them have, `plan` one walk over a resource for all its paths, `convert`
//! values of the elements found, `single` how many they can be, `composite` the parts of composite
//! parameters.
//! Not here: how values become keys (`store`).
//! Standard: <https://hl7.org/fhir/R4/search.html>

mod bind;
mod composite;
mod convert;
mod extractor;
mod path;
mod plan;
mod single;

use std::borrow::Cow;

use crate::definitions::{ResourceType, SearchKind};

pub use extractor::{Extractor, Unbound};

/// One compiled expression on one resource type. Part of stored keys: numbered by the sorted list
/// of (type name, kind, expression), whose fingerprint a store remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u16);

/// A slot as data.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// The resource type it reads.
    pub resource_type: ResourceType,
    /// How its values are to be understood.
    pub kind: SearchKind,
    /// The FHIRPath it was compiled from, for `explain` and documentation.
    pub expression: Box<str>,
    /// Whether a resource has one value of it at most.
    pub single: bool,
}

/// How one search parameter of one resource type is answered.
#[derive(Clone, Debug)]
pub struct Binding {
    /// As in the URL: `combo-code`.
    pub code: Box<str>,
    /// Its type.
    pub kind: SearchKind,
    /// The slots whose union is the parameter; empty for a composite.
    pub slots: Box<[SlotId]>,
    /// Only references to this type count (`patient` = `subject` that is a Patient).
    pub only_target: Option<ResourceType>,
    /// Types a reference may point to (all when empty), for chains.
    pub targets: Box<[ResourceType]>,
    /// A composite's definition, evaluated on the parsed resource.
    pub composite: Option<CompositeBinding>,
}

/// The parts of a composite parameter.
#[derive(Clone, Debug)]
pub struct CompositeBinding {
    /// Index into the extractor's compiled composites.
    pub index: usize,
    /// Kind of each part, in order.
    pub parts: Box<[SearchKind]>,
    /// For each part the slots that answer it alone, to drive from; empty when there is none.
    pub part_slots: Box<[Box<[SlotId]>]>,
    /// Whether the parts are read from the resource itself and `part_slots` are exactly what they
    /// read: then they hold together whenever each of them holds.
    pub whole: bool,
}

/// One value found in a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchValue<'a> {
    /// Coding, code, Identifier, boolean, ContactPoint; `text` is what `:text` would look at.
    Token {
        /// Absent when the element has none. For a `code` with a required binding, the system that
        /// the value set takes it from.
        system: Option<Cow<'a, str>>,
        /// The code or value.
        code: Option<Cow<'a, str>>,
        /// Display, CodeableConcept.text or Identifier.type.text.
        text: Option<Cow<'a, str>>,
    },
    /// One string (each part of a HumanName or Address by itself, and the whole name and address
    /// in reading order).
    String(Cow<'a, str>),
    /// `[start, end)` in milliseconds since 1970 UTC; open ends are `i64::MIN` and `i64::MAX`.
    Date {
        /// First millisecond.
        start: i64,
        /// First millisecond after.
        end: i64,
    },
    /// The digits as written.
    Number(&'a str),
    /// A Quantity, Age, Money, SampledData origin … `value` is the digits as written.
    Quantity {
        /// Digits.
        value: &'a str,
        /// `<`, `>=` …
        comparator: Option<&'a str>,
        /// Unit system.
        system: Option<&'a str>,
        /// Coded unit.
        code: Option<&'a str>,
        /// Unit as text.
        unit: Option<&'a str>,
    },
    /// A literal reference as written, and the logical identifier beside it.
    Reference {
        /// `Patient/1`, `http://…/Patient/1/_history/2`, `urn:uuid:…`, `#contained`; absent for a
        /// purely logical reference.
        reference: Option<&'a str>,
        /// `Reference.type`.
        type_name: Option<&'a str>,
        /// `Reference.identifier.system`.
        identifier_system: Option<&'a str>,
        /// `Reference.identifier.value`.
        identifier_value: Option<&'a str>,
    },
    /// A uri, url, canonical, oid or uuid as written.
    Uri(&'a str),
}
