//! Types and elements from StructureDefinition snapshots.
//!
//! Not here: which codes a value set has (`value_sets`).
//! Standard: <https://hl7.org/fhir/R4/structuredefinition.html>, `elementdefinition.html`

use std::collections::{BTreeMap, BTreeSet};

use akson_fhir::definitions::table::{CodeSetRow, ElementRow, TypeRow};
use serde_json::Value;

use super::value_sets::ValueSets;
use super::{STRUCTURE_BASE, flag, list, of_type, text, texts};

const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

/// Positions of types by name.
pub(crate) struct TypeNames(BTreeMap<String, u16>);

impl TypeNames {
    pub(crate) fn position(&self, name: &str) -> Result<u16, String> {
        self.0.get(name).copied().ok_or_else(|| format!("unknown type {name}"))
    }

    pub(crate) fn positions<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<u16>, String> {
        names.map(|name| self.position(name)).collect()
    }
}

/// What linking elements needs to know about all of them.
struct Context<'a> {
    names: &'a TypeNames,
    /// Position of each element among all, by path.
    paths: BTreeMap<&'a str, u16>,
    elements: BTreeMap<&'a str, &'a Value>,
    code_sets: &'a [CodeSetRow],
}

/// All types by name with their elements, and the code sets that required bindings refer to.
pub(crate) fn types(
    profiles: &[Value],
    sets: &ValueSets<'_>,
) -> Result<(Vec<TypeRow>, Vec<CodeSetRow>, TypeNames), String> {
    let mut definitions: Vec<&Value> =
        of_type(profiles, "StructureDefinition").filter(|d| is_type(d)).collect();
    definitions.sort_by_key(|d| text(d, "type"));
    let named = definitions.iter().enumerate();
    let names = TypeNames(named.map(|(i, d)| (text(d, "type").to_string(), i as u16)).collect());
    if names.0.len() != definitions.len() {
        return Err("a type is defined twice".into());
    }

    let code_sets = bound_sets(&definitions, sets);
    let mut context = Context {
        names: &names,
        paths: BTreeMap::new(),
        elements: BTreeMap::new(),
        code_sets: &code_sets,
    };
    for definition in &definitions {
        for element in snapshot(definition) {
            let position = u16::try_from(context.paths.len()).map_err(|_| "too many elements")?;
            context.paths.insert(text(element, "path"), position);
            context.elements.insert(text(element, "path"), element);
        }
    }
    let types = definitions.iter().map(|d| type_row(d, &context)).collect::<Result<_, _>>()?;
    Ok((types, code_sets, names))
}

/// Constraints on types (`SimpleQuantity`) are profiles, logical models are not exchanged.
fn is_type(definition: &Value) -> bool {
    text(definition, "derivation") != "constraint" && text(definition, "kind") != "logical"
}

/// The elements of the snapshot; a primitive's `value` is not an element in JSON.
fn snapshot(definition: &Value) -> impl Iterator<Item = &Value> {
    let primitive = text(definition, "kind") == "primitive-type";
    let elements = definition.get("snapshot").map_or(&[][..], |s| list(s, "element"));
    elements.iter().filter(move |e| !(primitive && text(e, "path").ends_with(".value")))
}

fn bound_sets(definitions: &[&Value], sets: &ValueSets<'_>) -> Vec<CodeSetRow> {
    let elements = definitions.iter().flat_map(|d| snapshot(d));
    let urls: BTreeSet<&str> = elements.filter_map(required_set).collect();
    urls.into_iter().filter_map(|url| sets.expand(url)).collect()
}

/// The value set of a required binding, without version.
fn required_set(element: &Value) -> Option<&str> {
    let binding = element.get("binding")?;
    let url = text(binding, "valueSet");
    (text(binding, "strength") == "required" && !url.is_empty())
        .then(|| url.split('|').next().unwrap_or(url))
}

fn type_row(definition: &Value, context: &Context<'_>) -> Result<TypeRow, String> {
    let kind = match text(definition, "kind") {
        "primitive-type" => 0,
        "complex-type" => 1,
        "resource" => 2,
        other => return Err(format!("unknown kind {other}")),
    };
    let base = text(definition, "baseDefinition").strip_prefix(STRUCTURE_BASE);
    Ok(TypeRow {
        name: text(definition, "type").to_string(),
        kind,
        base: base.map(|name| context.names.position(name)).transpose()?,
        is_abstract: flag(definition, "abstract"),
        elements: snapshot(definition)
            .map(|e| element_row(e, kind == 2, context))
            .collect::<Result<_, _>>()?,
    })
}

fn element_row(
    element: &Value,
    of_resource: bool,
    context: &Context<'_>,
) -> Result<ElementRow, String> {
    let path = text(element, "path");
    let last = path.rsplit('.').next().unwrap_or(path);
    let depth = path.matches('.').count() as u16;
    let content = match text(element, "contentReference").strip_prefix('#') {
        Some(target) => {
            Some(*context.paths.get(target).ok_or_else(|| format!("{path}: no element {target}"))?)
        }
        None => None,
    };
    let target = text(element, "contentReference").strip_prefix('#');
    let typed = target.and_then(|t| context.elements.get(t)).copied().unwrap_or(element);
    let mut types = Vec::new();
    let mut targets = BTreeSet::new();
    for entry in list(typed, "type") {
        let mut name = type_name(entry);
        if of_resource && depth == 1 && last == "id" {
            // 4.0.1 says `string` for Resource.id here by mistake; datatypes.html#id says `id`.
            name = "id";
        }
        types.push(context.names.position(name)?);
        for profile in texts(entry, "targetProfile") {
            // Targets outside the standard are the packer's own additions to AuditEvent.
            targets.extend(profile.strip_prefix(STRUCTURE_BASE));
        }
    }
    if targets.contains("Resource") {
        targets.clear();
    }
    let bound = required_set(element);
    let set = bound.and_then(|url| context.code_sets.iter().position(|set| set.url == url));
    Ok(ElementRow {
        depth,
        name: last.strip_suffix("[x]").unwrap_or(last).to_string(),
        min: element.get("min").and_then(Value::as_u64).unwrap_or(0) as u32,
        max: text(element, "max").parse().ok(),
        is_choice: last.ends_with("[x]"),
        is_summary: flag(element, "isSummary"),
        is_modifier: flag(element, "isModifier"),
        types,
        content,
        required_codes: set.map(|position| position as u16),
        targets: context.names.positions(targets.into_iter())?,
    })
}

/// The type's code; for FHIRPath's own types the FHIR type that the extension names.
fn type_name(entry: &Value) -> &str {
    let code = text(entry, "code");
    if !code.starts_with(SYSTEM_TYPE) {
        return code;
    }
    let told = list(entry, "extension").iter().find(|e| text(e, "url") == FHIR_TYPE);
    told.map(|e| text(e, "valueUrl")).filter(|name| !name.is_empty()).unwrap_or("string")
}
