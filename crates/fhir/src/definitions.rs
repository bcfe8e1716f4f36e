//! The R4 definitions as data: types, elements, bindings, search parameters, compartments,
//! operations.
//!
//! Read once from the compact table that `cargo xtask gen` makes from the official 4.0.1 files
//! (`table` is its form, `link` makes it quick to ask).
//! Standard: <https://hl7.org/fhir/R4/downloads.html>

mod link;
pub mod table;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

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

/// The primitive types, as a closed list to match on.
/// Standard: <https://hl7.org/fhir/R4/datatypes.html#primitive>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the standard's own words")]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

impl Primitive {
    /// A primitive by its type name: `dateTime`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "base64Binary" => Self::Base64Binary,
            "boolean" => Self::Boolean,
            "canonical" => Self::Canonical,
            "code" => Self::Code,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "id" => Self::Id,
            "instant" => Self::Instant,
            "integer" => Self::Integer,
            "markdown" => Self::Markdown,
            "oid" => Self::Oid,
            "positiveInt" => Self::PositiveInt,
            "string" => Self::String,
            "time" => Self::Time,
            "unsignedInt" => Self::UnsignedInt,
            "uri" => Self::Uri,
            "url" => Self::Url,
            "uuid" => Self::Uuid,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }
}

/// One type.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// `Patient`, `code`.
    pub name: Box<str>,
    /// What sort.
    pub kind: TypeKind,
    /// Which primitive, if it is one.
    pub primitive: Option<Primitive>,
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
    /// Whether a summary must have it (`ElementDefinition.isSummary`).
    pub is_summary: bool,
    /// Whether it may change the meaning of what holds it (`ElementDefinition.isModifier`).
    pub is_modifier: bool,
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

/// A type and the codes of the reference parameters that link it (`{def}` for itself).
pub type CompartmentMember = (ResourceType, Box<[Box<str>]>);

/// A compartment: the parameters by which a resource type belongs to it.
#[derive(Clone, Debug)]
pub struct Compartment {
    /// `Patient`, `Encounter`, …
    pub code: Box<str>,
    /// Every member type.
    pub members: Box<[CompartmentMember]>,
}

/// An enumerated value set that some element must take its code from.
#[derive(Clone, Debug)]
pub struct CodeSet {
    /// Canonical url of the value set, without version.
    pub url: Box<str>,
    /// Code systems that the codes come from.
    pub systems: Box<[Box<str>]>,
    /// `(code, position in systems)`, ordered by code.
    pub codes: Box<[(Box<str>, u16)]>,
}

impl CodeSet {
    /// Whether the set has this code, of whatever system.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes.binary_search_by(|(known, _)| (**known).cmp(code)).is_ok()
    }

    /// Whether the set has this code of this system.
    pub fn has_coding(&self, system: &str, code: &str) -> bool {
        self.systems_of(code).any(|known| known == system)
    }

    /// The systems from which the set takes this code: none for a code that it does not have,
    /// nearly always one else.
    pub fn systems_of(&self, code: &str) -> impl Iterator<Item = &str> + use<'_> {
        let first = self.codes.partition_point(|(known, _)| **known < *code);
        let behind = self.codes.partition_point(|(known, _)| **known <= *code);
        let found = self.codes.get(first..behind).unwrap_or_default().iter();
        found.filter_map(|(_, position)| self.systems.get(usize::from(*position)).map(|s| &**s))
    }
}

/// An operation of the standard.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Without `$`: `everything`.
    pub code: Box<str>,
    /// Canonical url.
    pub url: Box<str>,
    /// Invoked as `/$code`.
    pub system: bool,
    /// Invoked as `/[type]/$code`.
    pub on_type: bool,
    /// Invoked as `/[type]/[id]/$code`.
    pub instance: bool,
    /// Changes content, hence POST only.
    pub affects_state: bool,
    /// The types it is defined on (`Resource` possible); empty for a system operation.
    pub resources: Box<[TypeId]>,
}

/// What a JSON property name means inside a given holder.
#[derive(Clone, Debug)]
pub struct JsonChild {
    /// The property name: `valueQuantity`.
    pub name: Box<str>,
    /// The element: `value[x]`.
    pub element: ElementId,
    /// Its type: `Quantity`. `Resource` for a place that takes any resource.
    pub type_id: TypeId,
}

/// The length of a name and its first bytes: names that differ in it are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameKey(u64);

impl NameKey {
    const BYTES: usize = 7;

    pub(crate) fn of(name: &str) -> Self {
        let mut key = [0; 8];
        for (to, from) in key.iter_mut().zip(name.bytes().take(Self::BYTES)) {
            *to = from;
        }
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        key[Self::BYTES] = length;
        Self(u64::from_le_bytes(key))
    }

    /// Whether it tells the whole name.
    fn is_whole(self) -> bool {
        usize::from(self.0.to_le_bytes()[Self::BYTES]) <= Self::BYTES
    }
}

const R4_TABLE: &[u8] = include_bytes!("../definitions/r4.bin.zst");

/// Larger than any table that `gen` makes, so that a damaged one cannot claim the memory.
const TABLE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// All definitions.
#[derive(Debug, Default)]
pub struct Definitions {
    pub(crate) by_name: FxHashMap<Box<str>, TypeId>,
    pub(crate) json_children: FxHashMap<u64, JsonChild>,
    pub(crate) required_children: Vec<Box<[ElementId]>>,
    pub(crate) resource_types: Vec<TypeId>,
    pub(crate) code_sets: Vec<CodeSet>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) types: Vec<TypeDef>,
    pub(crate) elements: Vec<ElementDef>,
    /// By element: [`NameKey`] of its name.
    pub(crate) name_keys: Vec<NameKey>,
    pub(crate) search_parameters: Vec<SearchParameter>,
    pub(crate) compartments: Vec<Compartment>,
}

impl Definitions {
    /// The R4 4.0.1 definitions, read on first use and kept.
    #[expect(clippy::expect_used, reason = "the table is compiled in, and a test reads it")]
    pub fn r4() -> &'static Definitions {
        static R4: OnceLock<Definitions> = OnceLock::new();
        R4.get_or_init(|| Self::from_compressed(R4_TABLE).expect("the compiled-in table is whole"))
    }

    /// Reads a table as `cargo xtask gen` writes it; `None` when it is not whole.
    pub fn from_compressed(bytes: &[u8]) -> Option<Definitions> {
        let bytes = zstd::bulk::decompress(bytes, TABLE_BYTES_MAX).ok()?;
        table::Table::from_bytes(&bytes).map(link::link)
    }

    /// A type by number.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this table")]
    pub fn type_def(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0 as usize]
    }

    /// Whether an element has this name, of which `key` is made: what readers of a resource ask most, and
    /// mostly in vain, so the names themselves are seldom looked at.
    pub(crate) fn is_named(&self, id: ElementId, name: &str, key: NameKey) -> bool {
        self.name_keys.get(id.0 as usize) == Some(&key)
            && (key.is_whole() || *self.element(id).name == *name)
    }

    /// An element by number.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this table")]
    pub fn element(&self, id: ElementId) -> &ElementDef {
        &self.elements[id.0 as usize]
    }

    /// A type by name, case-sensitive.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// All types, ordered by name.
    pub fn types(&self) -> &[TypeDef] {
        &self.types
    }

    /// A concrete resource type by name, case-sensitive.
    pub fn resource_type(&self, name: &str) -> Option<ResourceType> {
        self.type_named(name).and_then(|id| self.type_def(id).resource_type)
    }

    /// The type of a concrete resource type; `None` for a number that is not one.
    pub fn resource_type_id(&self, resource_type: ResourceType) -> Option<TypeId> {
        self.resource_types.get((resource_type.0 as usize).checked_sub(1)?).copied()
    }

    /// The name of a concrete resource type; empty for a number that is not one.
    pub fn resource_name(&self, resource_type: ResourceType) -> &str {
        self.resource_type_id(resource_type).map_or("", |id| &self.type_def(id).name)
    }

    /// All concrete resource types in alphabetical order.
    pub fn resource_types(&self) -> impl Iterator<Item = ResourceType> {
        self.types.iter().filter_map(|t| t.resource_type)
    }

    /// Whether `id` is `ancestor` or specialises it (`code` is a `string`, `Patient` is a
    /// `Resource`).
    pub fn is_a(&self, id: TypeId, ancestor: TypeId) -> bool {
        let mut next = Some(id);
        while let Some(current) = next {
            if current == ancestor {
                return true;
            }
            next = self.type_def(current).base;
        }
        false
    }

    /// Where the children of an element of this definition and actual type are defined: the
    /// backbone element itself, the element of a content reference, or the type's root.
    pub fn holder(&self, element: ElementId, type_id: TypeId) -> ElementId {
        self.element(element).content.unwrap_or_else(|| self.type_def(type_id).root)
    }

    /// What a JSON property means inside a holder (see [`Definitions::holder`]): `valueQuantity`
    /// in `Observation` is `value[x]` as a `Quantity`.
    pub fn json_child(&self, holder: ElementId, name: &str) -> Option<&JsonChild> {
        self.json_children.get(&link::json_key(holder, name)).filter(|child| *child.name == *name)
    }

    /// Every JSON property that a holder may have, choices spelled out, in definition order.
    pub fn json_names(&self, holder: ElementId) -> Vec<Box<str>> {
        let mut names = Vec::new();
        for child in &self.element(holder).children {
            let element = self.element(*child);
            for type_id in element.types.iter().filter(|_| element.max != Some(0)) {
                names.push(if element.is_choice {
                    link::choice_name(&element.name, &self.type_def(*type_id).name).into()
                } else {
                    element.name.clone()
                });
            }
        }
        names
    }

    /// The elements below a holder that must be there (`min` above 0).
    pub fn required_children(&self, holder: ElementId) -> &[ElementId] {
        self.required_children.get(holder.0 as usize).map_or(&[], |children| children)
    }

    /// An element below a holder by its name without type: `value`.
    pub fn child(&self, holder: ElementId, name: &str) -> Option<ElementId> {
        self.element(holder).children.iter().copied().find(|id| *self.element(*id).name == *name)
    }

    /// An enumerated value set, by [`ElementDef::required_codes`].
    pub fn code_set(&self, position: u16) -> Option<&CodeSet> {
        self.code_sets.get(position as usize)
    }

    /// All search parameters, ordered by url.
    pub fn search_parameters(&self) -> &[SearchParameter] {
        &self.search_parameters
    }

    /// All operations, ordered by url.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// A compartment by its type: `Patient`.
    pub fn compartment(&self, code: &str) -> Option<&Compartment> {
        self.compartments.iter().find(|c| &*c.code == code)
    }

    /// All compartments, ordered by type.
    pub fn compartments(&self) -> &[Compartment] {
        &self.compartments
    }
}

/// `value` and `dateTime` -> `valueDateTime`.
pub fn choice_name(element: &str, type_name: &str) -> String {
    link::choice_name(element, type_name)
}
