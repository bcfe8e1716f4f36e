//! Element names as small numbers, so that a step of a path is one integer comparison per child.
//!
//! Made once from the definitions; a name that no R4 element bears has no number and matches
//! nothing.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::definitions::{Definitions, ElementId};
use crate::model::NodeRef;

/// An element name (`code`, `value` for every `value[x]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(u16);

/// No element of R4 has this name.
pub(crate) const UNKNOWN: NameId = NameId(u16::MAX);

#[derive(Default)]
pub(crate) struct Names {
    by_element: Vec<NameId>,
    numbers: FxHashMap<&'static str, NameId>,
}

impl Names {
    /// The numbers of the R4 element names.
    pub(crate) fn r4() -> &'static Names {
        static NAMES: OnceLock<Names> = OnceLock::new();
        NAMES.get_or_init(|| {
            let mut names = Names::default();
            for element in &Definitions::r4().elements {
                // Fewer than 2,000 distinct names exist; UNKNOWN is out of their reach.
                let next = NameId(names.numbers.len() as u16);
                let number = *names.numbers.entry(&element.name).or_insert(next);
                names.by_element.push(number);
            }
            names
        })
    }

    /// The number of a name.
    pub(crate) fn number(&self, name: &str) -> NameId {
        self.numbers.get(name).copied().unwrap_or(UNKNOWN)
    }

    /// The number of an element's name.
    pub(crate) fn of(&self, element: ElementId) -> NameId {
        self.by_element.get(element.0 as usize).copied().unwrap_or(UNKNOWN)
    }

    /// The children of `node` with this name.
    pub(crate) fn children<'a>(
        &'static self,
        node: NodeRef<'a>,
        name: NameId,
    ) -> impl Iterator<Item = NodeRef<'a>> {
        node.children().filter(move |child| self.of(child.element_id()) == name)
    }
}
