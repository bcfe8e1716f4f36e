//! Updating a resource, or creating it under the client's id; by id or by condition.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#update>

use akson_audit::Action;
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use bytes::Bytes;

use crate::Record;
use crate::request::{Caller, Written};
use crate::writes::Intent;

impl Record {
    /// Stores a new version under this id; `if_match` is the version that must be current.
    pub async fn update(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
        body: Bytes,
        if_match: Option<u32>,
    ) -> Result<Written, Problem> {
        let intent = Intent::Update { id, body: &body, if_match };
        self.write_one(caller, resource_type, Action::U, "update", id, intent).await
    }

    /// Stores a new version of the one resource that matches `query`, or creates it when none does.
    pub async fn update_conditional(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        query: &str,
        body: Bytes,
        if_match: Option<u32>,
    ) -> Result<Written, Problem> {
        let intent = Intent::UpdateConditional { query, body: &body, if_match };
        self.write_one(caller, resource_type, Action::U, "update", "", intent).await
    }
}
