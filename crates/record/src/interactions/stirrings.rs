//! Whether anything that names somebody has changed since a commit: what a page that is open asks
//! every few seconds.
//!
//! The answer is yes or no and a number; it tells nothing of any patient, so it leaves nothing in the
//! log. Whoever reads what has changed reads it by a search, which does. Not here: which page asks for
//! what.

use std::collections::HashSet;

use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::model::{NodeRef, Resource};
use akson_store::engine::chain;

use crate::Record;
use crate::bounds::ANY;
use crate::elements::reference;
use crate::request::Caller;
use crate::searching::parse_stored;

/// Changes of one type that are looked at; of more it is taken that one was to the point.
const CHANGES_MAX: usize = 200;

/// What has happened since a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stirring {
    /// Whether something that the caller sees now names one of the addresses.
    pub is_there: bool,
    /// The commit up to which was looked.
    pub until: u64,
}

impl Record {
    /// The number of the newest commit.
    ///
    /// # Errors
    /// A fault of the store.
    pub fn newest_commit(&self) -> Result<u64, Problem> {
        let newest = chain::newest(self.store.snapshot().as_ref())?;
        Ok(newest.map_or(0, |record| record.commit))
    }

    /// Whether, since a commit, a resource of one of the types was written in which one of the
    /// addresses (`Type/id`) is referred to, as far as the caller sees. Of what was deleted it is
    /// taken that it was. Blocking, and quick.
    ///
    /// # Errors
    /// A fault of the store.
    pub fn stirring(
        &self,
        caller: &Caller,
        types: &[&str],
        addresses: &HashSet<String>,
        since: u64,
    ) -> Result<Stirring, Problem> {
        let sight = self.sight(caller, ANY)?;
        let snapshot = sight.snapshot(&self.store);
        let mut until = since;
        let mut is_there = false;
        for of in types.iter().filter_map(|name| Definitions::r4().resource_type(name)) {
            let changed = self.store.changed_since(snapshot.as_ref(), of, since, CHANGES_MAX)?;
            until = changed.iter().map(|place| place.commit).fold(until, u64::max);
            is_there = is_there || changed.len() >= CHANGES_MAX;
            if is_there {
                continue;
            }
            let keys: Vec<_> = changed.iter().map(|place| place.resource).collect();
            let found = self.store.current_of_many(&sight.permit, snapshot.as_ref(), &keys)?;
            for stored in found {
                let named = stored.deleted || names(&parse_stored(&stored.json)?, of, addresses);
                is_there = is_there || named;
            }
        }
        Ok(Stirring { is_there, until })
    }
}

/// Whether a resource refers to one of the addresses, in the elements that say whose it is.
fn names(resource: &Resource, of: ResourceType, addresses: &HashSet<String>) -> bool {
    let root = resource.root();
    let is_one = |node: NodeRef<'_>| reference(node).is_some_and(|one| addresses.contains(&one));
    match Definitions::r4().resource_name(of) {
        "Appointment" => root.named("participant").filter_map(|one| one.first("actor")).any(is_one),
        "Task" => ["owner", "requester"].iter().filter_map(|name| root.first(name)).any(is_one),
        _ => root.named("recipient").chain(root.first("sender")).any(is_one),
    }
}
