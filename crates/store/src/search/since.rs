//! Later pages of a search, as if nothing had been written since the first.
//!
//! What was made since is left out. What was changed since is taken where it stood then, told by
//! its older version: so a resource whose sorted or searched value moves is neither skipped nor
//! repeated. Deleted ones are gone. When very much has changed, pages go on by key alone.

use akson_base::Problem;
use rustc_hash::{FxHashMap, FxHashSet};

use super::driver::{Driver, facets_of, view};
use super::plan::Stage;
use super::query::{Part, Sort};
use super::run::Run;
use super::sort::SortKey;
use crate::engine::{Direction, Range};
use crate::facets::Facets;
use crate::keys::{self, ResourceKey};

/// Versions made since the first page that are taken into account.
const VERSIONS_MAX: usize = 2_000;

/// What has changed since the first page.
#[derive(Default)]
pub(super) struct Since {
    changed: FxHashSet<ResourceKey>,
    /// Facets as they were, of those that were there then and still are.
    before: Vec<(ResourceKey, Vec<u8>)>,
}

impl Since {
    /// Whether what stands in the index now is to be passed over.
    pub(super) fn hides(&self, key: ResourceKey) -> bool {
        !self.changed.is_empty() && self.changed.contains(&key)
    }
}

impl Run<'_> {
    /// Finds what has changed on a type since a commit.
    pub(super) fn since(&self, part: &Part, commit: u64) -> Result<Since, Problem> {
        let of_type = [b'Y', part.resource_type.0];
        let from = commit.saturating_add(1);
        let start = [of_type.as_slice(), &from.to_be_bytes()].concat();
        let range = Range { start, end: keys::under(&of_type).end };
        let mut oldest: FxHashMap<ResourceKey, u32> = FxHashMap::default();
        let mut versions = 0;
        self.snapshot().visit(&range, Direction::Ascending, &mut |key, _| {
            versions += 1;
            let rest = key.get(10..).unwrap_or_default();
            if let (Some(key), Some(version)) =
                (ResourceKey::from_start(rest), rest.get(10..).and_then(|v| v.first_chunk()))
            {
                oldest.entry(key).or_insert(u32::from_be_bytes(*version));
            }
            Ok(versions <= VERSIONS_MAX)
        })?;
        let mut since = Since::default();
        if versions > VERSIONS_MAX {
            return Ok(since);
        }
        for (key, version) in oldest {
            since.changed.insert(key);
            if version > 1 && facets_of(self.snapshot(), key)?.is_some() {
                let before = (self.context().as_of)(key, commit)?;
                since.before.extend(before.map(|facets| (key, facets)));
            }
        }
        Ok(since)
    }

    /// The matches of then that have changed, with their positions in a stage behind `after`, in
    /// walking direction.
    pub(super) fn moved(
        &self,
        part: &Part,
        stage: &Stage,
        since: &Since,
        after: Option<&[u8]>,
    ) -> Result<Vec<(Vec<u8>, ResourceKey)>, Problem> {
        let ascending = stage.direction == Direction::Ascending;
        let mut found = Vec::new();
        for (key, bytes) in &since.before {
            let facets = view(bytes)?;
            let Some(position) = stage.position(*key, &facets) else { continue };
            let behind = after.is_none_or(|after| {
                if ascending { position.as_slice() > after } else { position.as_slice() < after }
            });
            if behind && self.holds_then(part, stage, *key, &facets)? {
                found.push((position, *key));
            }
        }
        found.sort_unstable();
        if !ascending {
            found.reverse();
        }
        Ok(found)
    }

    /// The matches of then that have changed, by what they were sorted by.
    pub(super) fn moved_sorted(
        &self,
        part: &Part,
        sort: &[Sort],
        since: &Since,
    ) -> Result<Vec<SortKey>, Problem> {
        let mut found = Vec::new();
        for (key, bytes) in &since.before {
            let facets = view(bytes)?;
            if self.holds_all(part, *key, &facets)? {
                found.push(SortKey::of(sort, &facets, *key));
            }
        }
        Ok(found)
    }

    fn holds_then(
        &self,
        part: &Part,
        stage: &Stage,
        key: ResourceKey,
        facets: &Facets<'_>,
    ) -> Result<bool, Problem> {
        let extra = match &stage.extra {
            Some(extra) => self.holds(extra, key, facets)?,
            None => true,
        };
        Ok(extra && self.holds_all(part, key, facets)?)
    }
}

impl Stage {
    /// Where a resource with these facets stands in the stage; `None` when it does not.
    fn position(&self, key: ResourceKey, facets: &Facets<'_>) -> Option<Vec<u8>> {
        match &self.driver {
            Driver::All(resource_type) => Some(keys::locator(*resource_type, facets.id())),
            Driver::Keys(known) => known.binary_search(&key).ok().map(|_| keys::facets(key)),
            Driver::Ranged(ranged) => ranged.position(key, facets, self.direction),
            Driver::Changes { resource_type, from, to } => {
                let commit = facets.commit();
                let of_type = [b'Y', resource_type.0];
                let position = [of_type.as_slice(), &commit.to_be_bytes(), &key.0].concat();
                (*from <= commit && commit < *to).then_some(position)
            }
        }
    }
}
