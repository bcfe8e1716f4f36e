//! Deleting: a version of its own, after which a read answers 410. Earlier versions stay.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#delete>

use akson_audit::Action;
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;

use crate::Record;
use crate::request::{Caller, Written};
use crate::writes::Intent;

impl Record {
    /// Deletes by id; deleting what is not there, or is deleted already, changes nothing.
    pub async fn delete(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
        if_match: Option<u32>,
    ) -> Result<Written, Problem> {
        let intent = Intent::Delete { id, if_match };
        self.write_one(caller, resource_type, Action::D, "delete", id, intent).await
    }

    /// Deletes the one resource that matches `query`; several are refused.
    pub async fn delete_conditional(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        query: &str,
    ) -> Result<Written, Problem> {
        let intent = Intent::DeleteConditional { query };
        self.write_one(caller, resource_type, Action::D, "delete", "", intent).await
    }
}
