//! All paths of one resource type in one tree, so that one walk over a resource serves them all.

use crate::definitions::SearchKind;
use crate::fhirpath::names::Names;
use crate::model::NodeRef;
use crate::search::SlotId;

use super::path::{Path, Step};

/// The tree; its first place is the resource itself.
#[derive(Debug, Default)]
pub(super) struct Plan {
    places: Vec<Place>,
}

/// A place in the tree: what is read here, and the steps onward.
#[derive(Debug, Default)]
struct Place {
    slots: Vec<(SlotId, SearchKind)>,
    steps: Vec<(Step, usize)>,
}

impl Plan {
    /// Adds a slot at the end of a path.
    pub(super) fn add(&mut self, path: &Path, slot: SlotId, kind: SearchKind) {
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        let mut at = 0;
        for step in &path.steps {
            let known = self.places.get(at).and_then(|place| {
                place.steps.iter().find(|(other, _)| other == step).map(|(_, next)| *next)
            });
            at = known.unwrap_or_else(|| {
                let next = self.places.len();
                self.places.push(Place::default());
                if let Some(place) = self.places.get_mut(at) {
                    place.steps.push((step.clone(), next));
                }
                next
            });
        }
        if let Some(place) = self.places.get_mut(at) {
            place.slots.push((slot, kind));
        }
    }

    /// Calls `found` for every slot with every element that its path leads to, in document order.
    pub(super) fn walk<'a>(
        &self,
        root: NodeRef<'a>,
        found: &mut impl FnMut(SlotId, SearchKind, NodeRef<'a>),
    ) {
        self.visit(0, root, Names::r4(), found);
    }

    fn visit<'a>(
        &self,
        at: usize,
        node: NodeRef<'a>,
        names: &'static Names,
        found: &mut impl FnMut(SlotId, SearchKind, NodeRef<'a>),
    ) {
        let Some(place) = self.places.get(at) else { return };
        for (slot, kind) in &place.slots {
            found(*slot, *kind, node);
        }
        if place.steps.is_empty() {
            return;
        }
        for child in node.children() {
            for (step, next) in &place.steps {
                if step.accepts(names, child) {
                    self.visit(*next, child, names, found);
                }
            }
        }
    }
}
