//! Conditions: searches that decide which resource a write means.
//!
//! What a condition found is guarded by preconditions over the index ranges it looked at, so that
//! the answer still holds at commit: 64 clients with the same condition make one resource.
//! Standard: <https://hl7.org/fhir/R4/http.html#cond-update>

use akson_base::{Kind, Problem};
use akson_fhir::definitions::ResourceType;
use akson_store::engine::Precondition;
use akson_store::search;

use super::type_name;
use crate::searching::Searching;

/// What a condition found.
pub(crate) struct Condition {
    /// At most two ids: none, one, or "more than one".
    pub(crate) ids: Vec<String>,
    /// What must still hold at commit.
    pub(crate) guards: Vec<Precondition>,
}

impl Condition {
    /// Runs the search `query` over a type: on what the caller sees, guarded by the whole.
    pub(crate) fn find(
        searching: &Searching<'_>,
        resource_type: ResourceType,
        query: &str,
    ) -> Result<Self, Problem> {
        // Strict: a condition that is half understood would hit the wrong resource.
        let query = searching.parse(Some(resource_type), None, query, true)?;
        if !query.has_criteria() {
            return Err(Problem::new(
                Kind::Precondition,
                "REC-010",
                format!(
                    "The condition on {} has no search parameter, so it would match everything.",
                    type_name(resource_type)
                ),
            ));
        }
        // What must still hold at commit is told of the whole store, what was found of the part of
        // it that the caller sees.
        let (all, guards) = searching.with_whole(|context| search::condition(context, &query))?;
        let keys = match searching.sees_whole() {
            true => all,
            false => searching.with(|context| search::condition(context, &query))?.0,
        };
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            ids.push(search::id_of(searching.snapshot, key)?);
        }
        Ok(Self { ids, guards })
    }
}

/// The refusal when a condition matches more than one resource.
pub(crate) fn several(resource_type: ResourceType) -> Problem {
    Problem::new(
        Kind::Precondition,
        "REC-011",
        format!("More than one {} matches the condition.", type_name(resource_type)),
    )
}
