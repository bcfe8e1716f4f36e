//! The allergies as the rules of medicines ask of them: by code.
//!
//! Not here: how the banner says them (`warnings`), the rules (`akson_medicines`).

use akson_fhir::model::NodeRef;
use akson_medicines::Allergy;

use super::warnings::{is_current, says_none};
use crate::datatypes::{concept, text};
use crate::systems::is_atc;

/// What is written of allergies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Safety {
    pub allergies: Vec<Allergy>,
    /// Whether anything is, if only that there is none.
    pub is_told: bool,
}

pub(super) fn read(allergies: &[NodeRef<'_>]) -> Safety {
    let current: Vec<NodeRef<'_>> =
        allergies.iter().copied().filter(|allergy| is_current(*allergy)).collect();
    let real = current.iter().filter(|allergy| !says_none(**allergy));
    Safety {
        allergies: real.filter_map(|one| allergy(*one)).collect(),
        is_told: !current.is_empty(),
    }
}

fn allergy(node: NodeRef<'_>) -> Option<Allergy> {
    let code = node.first("code")?;
    let mut codings = code.named("coding");
    let atc = codings.find(|coding| text(*coding, &["system"]).is_some_and(is_atc));
    let atc = atc.and_then(|coding| text(coding, &["code"]));
    let mut reactions = node.named("reaction");
    let categories: Vec<&str> = node.named("category").filter_map(NodeRef::text).collect();
    Some(Allergy {
        atc: atc.map(str::to_owned),
        name: concept(code)?,
        is_severe: text(node, &["criticality"]) == Some("high")
            || reactions.any(|reaction| text(reaction, &["severity"]) == Some("severe")),
        is_elsewhere: !categories.is_empty()
            && categories.iter().all(|of| matches!(*of, "food" | "environment")),
    })
}
