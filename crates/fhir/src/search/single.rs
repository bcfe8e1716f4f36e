//! Which slots give a resource one value at most: then an index key tells all there is to know.
//!
//! Standard: <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.max>

use crate::definitions::{Definitions, ElementDef, SearchKind, TypeId};

use super::path::Path;

/// Whether a path leads to one element at most, and that to one value at most.
pub(super) fn is_single(path: &Path, kind: SearchKind) -> bool {
    let definitions = Definitions::r4();
    let Some((last, steps)) = path.steps.split_last() else {
        return false;
    };
    let mut holder = path.root.map(|root| definitions.type_def(root).root);
    for step in steps {
        holder = holder.and_then(|holder| {
            let id = definitions.child(holder, &step.text)?;
            let element = definitions.element(id);
            let [type_id] = types(element, step.only_type.as_ref()) else {
                return None;
            };
            (element.max == Some(1)).then(|| definitions.holder(id, *type_id))
        });
    }
    let last_element = holder.and_then(|holder| definitions.child(holder, &last.text));
    last_element.map(|id| definitions.element(id)).is_some_and(|element| {
        let types = types(element, last.only_type.as_ref());
        element.max == Some(1) && types.iter().all(|t| gives_one(*t, kind, element))
    })
}

fn types<'a>(element: &'a ElementDef, only: Option<&'a TypeId>) -> &'a [TypeId] {
    only.map_or(&element.types, std::slice::from_ref)
}

/// Whether an element of a type gives one value of a kind at most: see `convert`.
fn gives_one(type_id: TypeId, kind: SearchKind, element: &ElementDef) -> bool {
    let definitions = Definitions::r4();
    let type_def = definitions.type_def(type_id);
    match kind {
        SearchKind::Date | SearchKind::Uri => true,
        SearchKind::Number | SearchKind::Quantity => &*type_def.name != "Range",
        SearchKind::String => type_def.primitive.is_some(),
        SearchKind::Token => match &*type_def.name {
            "Coding" | "Identifier" | "ContactPoint" => true,
            "code" => {
                let set = element.required_codes.and_then(|set| definitions.code_set(set));
                set.is_none_or(|set| set.codes.is_sorted_by(|a, b| a.0 < b.0))
            }
            _ => type_def.primitive.is_some(),
        },
        // A reference may be literal and logical at once.
        SearchKind::Reference | SearchKind::Composite | SearchKind::Special => false,
    }
}
