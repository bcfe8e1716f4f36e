//! What FHIR adds: `extension hasValue getValue resolve conformsTo`, and for forms `weight ordinal`.
//!
//! Standards: <https://hl7.org/fhir/R4/fhirpath.html#functions>,
//! <https://hl7.org/fhir/uv/sdc/STU3/expressions.html#fhirpath-supplements>

use super::{Function, Invocation, answer, function, truth};
use crate::definitions::Definitions;
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::types::is_subtype;
use crate::fhirpath::value::{Collection, Item, Value};
use crate::model::NodeRef;

pub(super) static FUNCTIONS: [Function; 7] = [
    function("extension", 1, 1, extension),
    function("hasValue", 0, 0, |call| match call.input.as_slice() {
        [Item::Node(node)] => truth(node.scalar().is_some()),
        [Item::Value(_)] => truth(true),
        _ => truth(false),
    }),
    function("getValue", 0, 0, |call| match call.input.as_slice() {
        [item] => answer(item.value()),
        _ => Ok(Collection::new()),
    }),
    function("resolve", 0, 0, resolve),
    function("conformsTo", 1, 1, conforms_to),
    function("weight", 0, 0, weight),
    // Its name in earlier drafts.
    function("ordinal", 0, 0, weight),
];

/// Where an option says what it counts in a score.
const WEIGHTS: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
];

/// What each item counts in a score: the weight that it carries, or that its value carries.
fn weight<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let of = |node: NodeRef<'a>| {
        let extensions = node.children().filter(|child| child.name() == "extension");
        let mut weights = extensions.filter(|extension| {
            let url = extension.first("url").and_then(NodeRef::text);
            url.is_some_and(|url| WEIGHTS.contains(&url))
        });
        weights.find_map(|extension| extension.first("value"))
    };
    let nodes = call.input.iter().filter_map(Item::node);
    let weights = nodes.filter_map(|node| of(node).or_else(|| of(node.first("value")?)));
    Ok(weights.map(Item::Node).collect())
}

fn extension<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let Some(url) = call.text(0)? else { return Ok(Collection::new()) };
    let extensions = call
        .input
        .iter()
        .filter_map(Item::node)
        .flat_map(NodeRef::children)
        .filter(|child| child.name() == "extension")
        .filter(|child| child.first("url").and_then(NodeRef::text) == Some(&*url));
    Ok(extensions.map(Item::Node).collect())
}

/// Whether the item is of the type that a base definition of the standard defines. Profiles are
/// not known here, so another url is an error rather than a guess.
fn conforms_to<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let Some(url) = call.text(0)? else { return Ok(Collection::new()) };
    let name = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
    let Some(wanted) = name.and_then(|name| Definitions::r4().type_named(name)) else {
        return Err(call.error("only the base definitions of FHIR R4 types are known here."));
    };
    match call.one()? {
        None => Ok(Collection::new()),
        Some(Item::Node(node)) => truth(is_subtype(node.type_id(), wanted)),
        Some(Item::Value(_)) => truth(false),
    }
}

/// What a Reference, canonical or uri points to: a contained resource, an entry of the same
/// Bundle, or whatever the context can find. What is not found is left out.
fn resolve<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    for item in &call.input {
        call.spend(1)?;
        let text = match (item, item.value()) {
            (_, Some(Value::String(text))) => Some(text),
            (Item::Node(node), None) => {
                node.first("reference").and_then(NodeRef::text).map(Into::into)
            }
            _ => None,
        };
        let Some(text) = text else { continue };
        let root =
            item.node().map(|node| node.resource().root()).or(call.evaluator.context.root_resource);
        let nearby = root.and_then(|root| nearby(root, item.node(), &text));
        let found =
            nearby.or_else(|| call.evaluator.context.resolver.and_then(|resolver| resolver(&text)));
        out.extend(found.map(Item::Node));
    }
    Ok(out)
}

/// Looks in the same document: `#id` among the contained resources, else among the entries.
fn nearby<'a>(
    root: NodeRef<'a>,
    from: Option<NodeRef<'a>>,
    reference: &str,
) -> Option<NodeRef<'a>> {
    if let Some(id) = reference.strip_prefix('#') {
        let holder = from.map_or(root, container);
        if id.is_empty() {
            return Some(holder);
        }
        let has_id = |node: &NodeRef<'a>| node.first("id").and_then(NodeRef::text) == Some(id);
        return holder.children().filter(|child| child.name() == "contained").find(has_id);
    }
    if root.type_name() != "Bundle" {
        return None;
    }
    let entries = root.children().filter(|child| child.name() == "entry");
    entries.filter_map(|entry| Some((entry, entry.first("resource")?))).find_map(
        |(entry, resource)| {
            let full_url = entry.first("fullUrl").and_then(NodeRef::text);
            let id = resource.first("id").and_then(NodeRef::text);
            let is_it = full_url == Some(reference)
                || reference.split_once('/').is_some_and(|(type_name, rest)| {
                    type_name == resource.type_name() && Some(rest) == id
                });
            is_it.then_some(resource)
        },
    )
}

/// The resource that holds contained ones: the nearest that is not itself contained.
fn container(node: NodeRef<'_>) -> NodeRef<'_> {
    let mut next = node;
    while let Some(parent) = next.parent() {
        if next.is_resource() && next.name() != "contained" {
            return next;
        }
        next = parent;
    }
    next
}
