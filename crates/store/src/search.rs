//! Search: from a query string to the keys of what it finds, page by page.
//!
//! [`parse`] makes a [`Query`] (`criterion`, `values`: one parameter and its values; `matcher`:
//! one value as a predicate), [`execute`] runs it (`plan` chooses which list to walk, `driver`
//! walks it, `run` judges candidates on their facets, `links` follows chains, `page` keeps order
//! and cursors, `since` holds later pages to the state of the first, `include` adds what is referred to). [`condition`] is a search that a write
//! depends on, a [`Filter`] a condition on one resource in hand.
//! Not here: bodies, Bundles and links (`record`), values of resources (`akson_fhir::search`).
//! Standard: <https://hl7.org/fhir/R4/search.html>

mod changes;
mod condition;
mod criterion;
mod cursor;
mod date;
mod driver;
mod filter;
mod include;
mod links;
mod matcher;
mod number;
mod page;
mod parse;
mod plan;
mod prefix;
mod quantity;
mod query;
mod run;
mod since;
mod sort;
mod suggest;
mod syntax;
mod values;

use akson_access::ReadPermit;
use akson_base::Problem;
use akson_fhir::model::Resource;
use akson_fhir::search::Extractor;

pub use condition::condition;
pub use filter::Filter;
pub use page::execute;
pub use parse::{ParseInput, parse};
pub use plan::Counts;
pub use query::{Query, Summary, Total};

use crate::engine::Snapshot;
use crate::keys::ResourceKey;

/// What a search needs besides its query.
#[derive(Clone, Copy)]
pub struct SearchContext<'a> {
    /// The view of the store that answers the whole search.
    pub snapshot: &'a dyn Snapshot,
    /// The compiled search parameters.
    pub extractor: &'static Extractor,
    /// Proof that reading was allowed.
    pub permit: &'a ReadPermit,
    /// The current version of a resource, parsed: composites are judged on it.
    pub load: &'a dyn Fn(ResourceKey) -> Result<Option<Resource>, Problem>,
    /// The facets of a resource as they were at a commit ([`crate::Store::facets_as_of`]), for
    /// later pages.
    pub as_of: &'a dyn Fn(ResourceKey, u64) -> Result<Option<Vec<u8>>, Problem>,
    /// What the planner remembers between searches on the same store.
    pub counts: &'a Counts,
}

/// One page of a search.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What matched, in order.
    pub matches: Vec<ResourceKey>,
    /// What `_include` and `_revinclude` add, each once and none that is among the matches.
    pub included: Vec<ResourceKey>,
    /// The number of matches over all pages, when asked for or known anyway.
    pub total: Option<u64>,
    /// `_cursor` of the next page, when there is one.
    pub next_cursor: Option<String>,
    /// How it was answered, with real counts; no values.
    pub explain: serde_json::Value,
}

/// The id of a live resource.
///
/// # Errors
/// A fault when the snapshot has no facets for the key.
pub fn id_of(snapshot: &dyn Snapshot, key: ResourceKey) -> Result<String, Problem> {
    match driver::facets_of(snapshot, key)? {
        Some(bytes) => Ok(driver::view(&bytes)?.id().to_string()),
        None => Err(Problem::fault("SEA-032", "a resource that was found has no facets")),
    }
}
