//! Rewriting references in what is about to be stored: `urn:uuid:` of a transaction's own entries,
//! and conditional references (`Patient?identifier=…`).
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#transaction>

use std::collections::HashMap;

use akson_base::{Kind, Problem};
use akson_fhir::definitions::Definitions;
use akson_fhir::model::{NodeRef, Resource, Scalar};
use akson_store::engine::Precondition;

use super::conditional::Condition;
use super::target;
use crate::searching::Searching;

/// What references become, for one attempt at a transaction.
#[derive(Default)]
pub(crate) struct Rewriting {
    /// `fullUrl` -> `Type/id`.
    pub(crate) full_urls: HashMap<String, String>,
    /// Conditional references already looked up: `Type?query` -> `Type/id`.
    found: HashMap<String, String>,
    /// What must still hold at commit for `found` to be right.
    pub(crate) guards: Vec<Precondition>,
}

/// Whether the standard lets a transaction rewrite this element: references and links.
fn is_link(node: NodeRef<'_>) -> bool {
    match node.type_name() {
        "uri" | "url" | "canonical" | "oid" | "uuid" => true,
        "string" => &*node.element().path == "Reference.reference",
        _ => false,
    }
}

impl Rewriting {
    /// Rewrites in place. Conditional references need `searching`; `None` refuses them.
    pub(crate) fn apply(
        &mut self,
        resource: &mut Resource,
        searching: Option<&Searching<'_>>,
    ) -> Result<(), Problem> {
        let mut changes = Vec::new();
        for node in resource.nodes() {
            let Some(Scalar::String(text)) = node.scalar() else { continue };
            if let Some(replacement) = self.full_urls.get(text) {
                if is_link(node) {
                    changes.push((node.index(), replacement.clone()));
                }
            } else if text.contains('?') && &*node.element().path == "Reference.reference" {
                let Some((type_name, query)) = conditional(text) else { continue };
                let replacement = match self.found.get(text) {
                    Some(known) => known.clone(),
                    None => {
                        let new = look_up(node, type_name, query, searching, &mut self.guards)?;
                        self.found.insert(text.to_string(), new.clone());
                        new
                    }
                };
                changes.push((node.index(), replacement));
            }
        }
        for (index, replacement) in changes {
            resource.set_string(index, &replacement);
        }
        Ok(())
    }
}

/// `Type?query`, where the type is one of ours.
fn conditional(text: &str) -> Option<(&str, &str)> {
    let (type_name, query) = text.split_once('?')?;
    Definitions::r4().resource_type(type_name).map(|_| (type_name, query))
}

fn look_up(
    node: NodeRef<'_>,
    type_name: &str,
    query: &str,
    searching: Option<&Searching<'_>>,
    guards: &mut Vec<Precondition>,
) -> Result<String, Problem> {
    let refuse =
        |code, text: String| Err(Problem::new(Kind::Precondition, code, text).at(node.location()));
    let (Some(searching), Some(resource_type)) =
        (searching, Definitions::r4().resource_type(type_name))
    else {
        return refuse(
            "REC-007",
            "A conditional reference (Type?query) is allowed in a transaction only.".into(),
        );
    };
    let condition = Condition::find(searching, resource_type, query)?;
    guards.extend(condition.guards);
    match condition.ids.as_slice() {
        [id] => Ok(target(resource_type, id)),
        [] => refuse("REC-008", format!("No {type_name} matches this conditional reference.")),
        _ => refuse(
            "REC-009",
            format!("More than one {type_name} matches this conditional reference."),
        ),
    }
}
