//! One Observation, taken apart while its journal is read: a large journal is mostly these, and of each the
//! chart tells little.
//!
//! Not here: the series that they make (`results`), what they answer (`orders`), a child's growth (`growth`).
//! Standard: <https://hl7.org/fhir/R4/observation.html>

use akson_fhir::model::{NodeRef, Resource};

use super::results::{Group, Point};
use crate::datatypes::{Code, concept, first_code, moment, target_id, text, unit};
use crate::dates::Moment;
use crate::growth;

/// Members of an Observation that no part of the chart looks at.
pub(crate) const OBSERVED_WITHOUT: [&str; 5] =
    ["meta", "text", "identifier", "subject", "encounter"];

/// What the chart tells of an Observation.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(super) id: String,
    /// Entered in error, or cancelled: it is no measurement.
    pub(super) is_void: bool,
    pub(super) code: Option<Code>,
    /// The analysis in words.
    pub(super) name: Option<String>,
    pub(super) group: Group,
    pub(super) unit: Option<String>,
    /// Nothing where nothing was measured.
    pub(super) point: Option<Point>,
    /// Ids of the requests that it answers.
    pub(super) based_on: Vec<String>,
    /// When the answer came.
    pub(super) answered: Option<Moment>,
    /// The whole, where it may tell how a child grows.
    pub(super) whole: Option<Resource>,
}

impl Observed {
    /// Of the whole resource.
    pub(crate) fn of(resource: Resource) -> Self {
        let mut observed = Self::read(resource.root());
        if growth::reads(resource.root()) {
            observed.whole = Some(resource);
        }
        observed
    }

    /// What tells of a series, without the whole.
    pub(crate) fn read(node: NodeRef<'_>) -> Self {
        let concept_node = node.first("code");
        let based_on: Vec<String> =
            node.named("basedOn").filter_map(target_id).map(str::to_owned).collect();
        let answered = match based_on.is_empty() {
            true => None,
            false => moment(node, &["issued"]).or_else(|| moment(node, &["effective"])),
        };
        Self {
            id: text(node, &["id"]).unwrap_or_default().to_owned(),
            is_void: matches!(text(node, &["status"]), Some("entered-in-error" | "cancelled")),
            code: concept_node.and_then(first_code),
            name: concept_node.and_then(concept),
            group: Group::of(node),
            unit: node
                .path(&["value"])
                .or_else(|| node.path(&["component", "value"]))
                .and_then(unit),
            point: Point::read(node),
            based_on,
            answered,
            whole: None,
        }
    }
}
