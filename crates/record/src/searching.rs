//! What every search of the record needs: one snapshot, one permit, one moment.

use akson_access::ReadPermit;
use akson_base::{Instant, Problem};
use akson_fhir::definitions::ResourceType;
use akson_fhir::json;
use akson_fhir::model::Resource;
use akson_store::Store;
use akson_store::engine::Snapshot;
use akson_store::keys::ResourceKey;
use akson_store::search::{self, Found, ParseInput, Query, SearchContext};

/// Searches against one view of the store.
pub(crate) struct Searching<'a> {
    store: &'a Store,
    permit: &'a ReadPermit,
    pub(crate) snapshot: &'a dyn Snapshot,
    /// The same view without what is hidden from the caller taken out, when that is another.
    whole: Option<&'a dyn Snapshot>,
    base: &'a str,
    now: Instant,
}

impl<'a> Searching<'a> {
    pub(crate) fn over(
        store: &'a Store,
        permit: &'a ReadPermit,
        snapshot: &'a dyn Snapshot,
        base: &'a str,
    ) -> Self {
        Self { store, permit, snapshot, whole: None, base, now: store.clock().now() }
    }

    /// Understands a query.
    pub(crate) fn parse(
        &self,
        resource_type: Option<ResourceType>,
        compartment: Option<(ResourceType, &str)>,
        query: &str,
        strict: bool,
    ) -> Result<Query, Problem> {
        let (now, base) = (self.now, Some(self.base));
        search::parse(&ParseInput { resource_type, compartment, query, strict, now, base })
    }

    /// One page.
    pub(crate) fn execute(&self, query: &Query) -> Result<Found, Problem> {
        self.with(|context| search::execute(context, query))
    }

    /// The current versions of what a search found, parsed.
    pub(crate) fn resources(&self, keys: &[ResourceKey]) -> Result<Vec<Resource>, Problem> {
        let stored = self.store.current_of_many(self.permit, self.snapshot, keys)?;
        stored.iter().map(|one| parse_stored(&one.json)).collect()
    }

    /// The parsed current version of a resource: composites are judged on it.
    fn load(&self, key: ResourceKey) -> Result<Option<Resource>, Problem> {
        match self.store.current(self.permit, self.snapshot, key)? {
            Some(stored) if !stored.deleted => parse_stored(&stored.json).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// For writes, whose preconditions speak of the whole store.
    pub(crate) fn knowing_whole(mut self, whole: Option<&'a dyn Snapshot>) -> Self {
        self.whole = whole;
        self
    }

    /// Whether nothing is hidden from the caller.
    pub(crate) fn sees_whole(&self) -> bool {
        self.whole.is_none()
    }

    /// As [`Searching::with`], on the whole store. What comes of it is for preconditions only.
    pub(crate) fn with_whole<T>(&self, run: impl FnOnce(&SearchContext<'_>) -> T) -> T {
        let snapshot = self.whole.unwrap_or(self.snapshot);
        Searching { snapshot, whole: None, ..*self }.with(run)
    }

    /// Runs something that wants the store's own search context.
    pub(crate) fn with<T>(&self, run: impl FnOnce(&SearchContext<'_>) -> T) -> T {
        let load = |key: ResourceKey| self.load(key);
        let as_of = |key: ResourceKey, commit: u64| {
            self.store.facets_as_of(self.permit, self.snapshot, key, commit)
        };
        run(&SearchContext {
            snapshot: self.snapshot,
            extractor: self.store.extractor(),
            permit: self.permit,
            load: &load,
            as_of: &as_of,
            counts: self.store.counts(),
        })
    }
}

/// Parses what the store itself keeps.
pub(crate) fn parse_stored(json: &[u8]) -> Result<Resource, Problem> {
    json::parse_stored(json)
        .map_err(|_| Problem::fault("REC-012", "a stored resource cannot be read: run akson check"))
}
