//! From the flat table to definitions that can be asked: paths, children, numbers, name look-ups.
//!
//! Not here: the table's form (`table`).

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::table::{CodeSetRow, ElementRow, SEARCH_KINDS, SearchParameterRow, Table, TypeRow};
use super::{
    CodeSet, Compartment, Definitions, ElementDef, ElementId, JsonChild, NameKey, Operation,
    Primitive, ResourceType, SearchKind, SearchParameter, TypeDef, TypeId, TypeKind,
};

/// Links a whole table. Positions out of range (a table not made by `gen`) end up as unknown types
/// or no children; they do not panic here.
pub(super) fn link(table: Table) -> Definitions {
    let mut definitions = Definitions::default();
    let names: Vec<String> = table.types.iter().map(|row| row.name.clone()).collect();
    let mut next_resource_type = 0u8;
    for row in table.types {
        add_type(&mut definitions, row, &mut next_resource_type);
    }
    definitions.code_sets = table.code_sets.into_iter().map(code_set).collect();
    definitions.search_parameters = table.search_parameters.into_iter().map(parameter).collect();
    for row in table.compartments {
        let members = row.members.into_iter().filter_map(|(position, codes)| {
            let resource_type = definitions.types.get(position as usize)?.resource_type?;
            Some((resource_type, codes.into_iter().map(String::into_boxed_str).collect()))
        });
        let members = members.collect();
        definitions.compartments.push(Compartment { code: row.code.into(), members });
    }
    for row in table.operations {
        definitions.operations.push(Operation {
            code: row.code.into(),
            url: row.url.into(),
            system: row.system,
            on_type: row.on_type,
            instance: row.instance,
            affects_state: row.affects_state,
            resources: type_ids(&row.resources),
        });
    }
    for (position, name) in names.into_iter().enumerate() {
        definitions.by_name.insert(name.into(), TypeId(position as u16));
    }
    index_json_names(&mut definitions);
    let required = definitions.elements.iter().map(|element| {
        let needed = |id: &&ElementId| {
            definitions.elements.get(id.0 as usize).is_some_and(|child| child.min > 0)
        };
        element.children.iter().filter(needed).copied().collect()
    });
    definitions.required_children = required.collect();
    let named = definitions.elements.iter().map(|element| NameKey::of(&element.name));
    definitions.name_keys = named.collect();
    definitions
}

fn type_ids(positions: &[u16]) -> Box<[TypeId]> {
    positions.iter().map(|position| TypeId(*position)).collect()
}

fn add_type(definitions: &mut Definitions, row: TypeRow, next_resource_type: &mut u8) {
    let kind = match row.kind {
        0 => TypeKind::Primitive,
        1 => TypeKind::Complex,
        _ => TypeKind::Resource,
    };
    let resource_type = (kind == TypeKind::Resource && !row.is_abstract).then(|| {
        *next_resource_type += 1;
        ResourceType(*next_resource_type)
    });
    let id = TypeId(definitions.types.len() as u16);
    if resource_type.is_some() {
        definitions.resource_types.push(id);
    }
    definitions.types.push(TypeDef {
        primitive: Primitive::named(&row.name),
        name: row.name.into(),
        kind,
        base: row.base.map(TypeId),
        is_abstract: row.is_abstract,
        resource_type,
        root: ElementId(definitions.elements.len() as u16),
    });
    add_elements(definitions, row.elements);
}

/// Turns the depth-first list into parents with children.
fn add_elements(definitions: &mut Definitions, rows: Vec<ElementRow>) {
    let first = definitions.elements.len();
    let mut children: Vec<Vec<ElementId>> = vec![Vec::new(); rows.len()];
    let mut open: Vec<usize> = Vec::new();
    for (position, row) in rows.into_iter().enumerate() {
        open.truncate(row.depth as usize);
        let id = ElementId((first + position) as u16);
        let mut path = String::new();
        if let Some(parent) = open.last() {
            if let Some(siblings) = children.get_mut(*parent) {
                siblings.push(id);
            }
            if let Some(parent) = definitions.elements.get(first + parent) {
                path.push_str(&parent.path);
                path.push('.');
            }
        }
        open.push(position);
        path.push_str(&row.name);
        if row.is_choice {
            path.push_str("[x]");
        }
        definitions.elements.push(ElementDef {
            name: row.name.into(),
            path: path.into(),
            min: row.min,
            max: row.max,
            is_choice: row.is_choice,
            is_summary: row.is_summary,
            is_modifier: row.is_modifier,
            types: type_ids(&row.types),
            content: row.content.map(ElementId),
            children: Box::default(),
            required_codes: row.required_codes,
            targets: type_ids(&row.targets),
        });
    }
    for (position, ids) in children.into_iter().enumerate() {
        if let Some(element) = definitions.elements.get_mut(first + position)
            && !ids.is_empty()
        {
            // A type's own root is found through the type, a backbone element through itself.
            if position > 0 {
                element.content = Some(ElementId((first + position) as u16));
            }
            element.children = ids.into();
        }
    }
}

fn code_set(row: CodeSetRow) -> CodeSet {
    CodeSet {
        url: row.url.into(),
        systems: row.systems.into_iter().map(String::into_boxed_str).collect(),
        codes: row.codes.into_iter().map(|(system, code)| (code.into(), system)).collect(),
    }
}

fn parameter(row: SearchParameterRow) -> SearchParameter {
    let components = row.components.into_iter().map(|(url, path)| (url.into(), path.into()));
    SearchParameter {
        code: row.code.into(),
        url: row.url.into(),
        kind: SEARCH_KINDS.get(row.kind as usize).map_or(SearchKind::Special, |(_, kind)| *kind),
        base: type_ids(&row.base),
        expression: row.expression.into(),
        targets: type_ids(&row.targets),
        components: components.collect(),
    }
}

/// One map for all (holder, JSON name) pairs, keyed by a 64-bit hash that is checked on use.
fn index_json_names(definitions: &mut Definitions) {
    let mut index = FxHashMap::default();
    for (holder, holder_def) in definitions.elements.iter().enumerate() {
        for child in &holder_def.children {
            let Some(element) = definitions.elements.get(child.0 as usize) else { continue };
            for type_id in &element.types {
                let Some(type_def) = definitions.types.get(type_id.0 as usize) else { continue };
                let name: Box<str> = if element.is_choice {
                    choice_name(&element.name, &type_def.name).into()
                } else {
                    element.name.clone()
                };
                let child = JsonChild { name, element: *child, type_id: *type_id };
                index.insert(json_key(ElementId(holder as u16), &child.name), child);
            }
        }
    }
    definitions.json_children = index;
}

/// `value` and `dateTime` -> `valueDateTime`.
pub(super) fn choice_name(element: &str, type_name: &str) -> String {
    let mut name = String::with_capacity(element.len() + type_name.len());
    name.push_str(element);
    let mut chars = type_name.chars();
    name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
    name.push_str(chars.as_str());
    name
}

/// The key of a (holder, JSON name) pair.
pub(super) fn json_key(holder: ElementId, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    holder.hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}
