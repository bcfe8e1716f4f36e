//! Creating a resource under a server-assigned id, perhaps only if none exists.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#create>

use akson_audit::{Action, Entry};
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use bytes::Bytes;

use super::type_name;
use crate::Record;
use crate::request::{Caller, Written};
use crate::writes::{Intent, WriteEntry, Writing};

impl Record {
    /// Creates; with `if_none_exist` (a query without `?`) only when nothing matches, and answers
    /// the one that does.
    pub async fn create(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        body: Bytes,
        if_none_exist: Option<&str>,
    ) -> Result<Written, Problem> {
        let intent = Intent::Create { body: &body, if_none_exist };
        self.write_one(caller, resource_type, Action::C, "create", "", intent).await
    }

    /// A single write is a transaction of one.
    pub(super) async fn write_one(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        action: Action,
        interaction: &'static str,
        id: &str,
        intent: Intent<'_>,
    ) -> Result<Written, Problem> {
        let permit = self.policy.may_write(&caller.actor)?;
        let name = type_name(resource_type);
        let target = if id.is_empty() { name.to_string() } else { format!("{name}/{id}") };
        let query = match intent {
            Intent::Create { if_none_exist, .. } => if_none_exist.unwrap_or_default(),
            Intent::UpdateConditional { query, .. } | Intent::DeleteConditional { query } => query,
            Intent::Update { .. } | Intent::Delete { .. } => "",
        };
        let log =
            Entry::writing(&permit, action, interaction, &caller.trace).about(target).asked(query);
        let entries =
            [WriteEntry { location: String::new(), full_url: None, resource_type, intent }];
        let writing = Writing {
            permit: &permit,
            entries: &entries,
            base: &caller.base,
            log,
            claim: None,
            is_transaction: false,
            want_json: true,
            for_caller: None,
        };
        let written = self.write(writing).await?;
        written
            .into_iter()
            .next()
            .ok_or_else(|| Problem::fault("REC-016", "a write of one answered for none"))
    }
}
