//! Type specifiers: `Patient`, `FHIR.string`, `System.String`, and whether an item is of one.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#types-and-reflection>

use std::sync::OnceLock;

use super::value::{Item, Value};
use crate::definitions::{Definitions, TypeId, TypeKind};

/// A type as named in an expression. Without a namespace both are tried, FHIR first.
#[derive(Clone, Debug)]
pub(crate) struct TypeSpecifier {
    pub(crate) fhir: Option<TypeId>,
    /// One of FHIRPath's own types, by name.
    pub(crate) system: Option<&'static str>,
}

const SYSTEM_TYPES: [&str; 9] =
    ["Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity", "Any"];

impl TypeSpecifier {
    /// Finds the type; `None` when neither FHIR nor FHIRPath has it. An unknown name in the
    /// `System` namespace is a type that nothing is of.
    pub(crate) fn find(namespace: Option<&str>, name: &str) -> Option<TypeSpecifier> {
        let fhir = Definitions::r4().type_named(name);
        let system = SYSTEM_TYPES.iter().copied().find(|system| *system == name);
        match namespace {
            None if fhir.is_none() && system.is_none() => None,
            None => Some(TypeSpecifier { fhir, system }),
            Some("FHIR") => fhir.map(|id| TypeSpecifier { fhir: Some(id), system: None }),
            Some("System") => Some(TypeSpecifier { fhir: None, system }),
            Some(_) => None,
        }
    }

    /// Whether the item is of this type or one that specialises it.
    pub(crate) fn includes(&self, item: &Item<'_>) -> bool {
        match item {
            Item::Node(node) => self.fhir.is_some_and(|id| is_subtype(node.type_id(), id)),
            Item::Value(value) => self.includes_value(value),
        }
    }

    /// What `as` and `ofType` keep: a primitive must be of exactly this type (a `code` is a
    /// `string`, but `ofType(string)` does not keep it), other elements may specialise it.
    pub(crate) fn keeps(&self, item: &Item<'_>) -> bool {
        match item {
            Item::Node(node) => self.fhir.is_some_and(|id| keeps_type(node.type_id(), id)),
            Item::Value(value) => self.includes_value(value),
        }
    }

    fn includes_value(&self, value: &Value<'_>) -> bool {
        self.system.is_some_and(|system| system == "Any" || system == value.type_name())
    }
}

/// As [`TypeSpecifier::keeps`], for a type.
pub(crate) fn keeps_type(actual: TypeId, wanted: TypeId) -> bool {
    actual == wanted
        || (Definitions::r4().type_def(wanted).kind != TypeKind::Primitive
            && is_subtype(actual, wanted))
}

/// Whether `actual` is `wanted` or specialises it.
pub(crate) fn is_subtype(actual: TypeId, wanted: TypeId) -> bool {
    Definitions::r4().is_a(actual, wanted)
}

/// Whether the type is Quantity or specialises it (Age, Duration, Count …).
pub(crate) fn is_quantity(actual: TypeId) -> bool {
    static QUANTITY: OnceLock<Option<TypeId>> = OnceLock::new();
    let quantity = QUANTITY.get_or_init(|| Definitions::r4().type_named("Quantity"));
    quantity.is_some_and(|id| is_subtype(actual, id))
}
