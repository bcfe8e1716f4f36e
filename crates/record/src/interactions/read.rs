//! Reading the current version of a resource.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#read>

use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;

use super::audit_events::is_log_entry;
use super::{gone, not_found, target, version};
use crate::Record;
use crate::bounds::READ;
use crate::request::{Caller, Version};

impl Record {
    /// The current version.
    ///
    /// # Errors
    /// `NotFound` when there never was one, `Gone` when it is deleted.
    pub async fn read(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Version, Problem> {
        // Boxed, as what is rare below: a read by id does not carry its state.
        if is_log_entry(id)
            && let Some(entry) = Box::pin(self.log_entry(caller, resource_type, id)).await?
        {
            return Ok(entry);
        }
        let sight = self.sight(caller, READ)?;
        let entry = || {
            Entry::reading(&sight.permit, "read", &caller.trace).about(target(resource_type, id))
        };
        if sight.may_ask_of(Some(resource_type)).is_err() {
            let tried = self.log_missed(&sight, entry(), resource_type, id);
            Box::pin(tried).await?;
            sight.may_ask_of(Some(resource_type))?;
        }
        let stored = {
            let snapshot = sight.snapshot(&self.store);
            self.store.fetch_current_of(snapshot.as_ref(), resource_type, id).await?;
            self.store.current_of(&sight.permit, snapshot.as_ref(), resource_type, id)?
        };
        let entry = entry();
        // A look at what is not there is logged too: it may have been a probe.
        match &stored {
            Some(stored) => self.log_seen(&sight, entry, [stored.key]).await?,
            None => Box::pin(self.log_missed(&sight, entry, resource_type, id)).await?,
        }
        match stored {
            None => Err(not_found(resource_type)),
            Some(stored) if stored.deleted => Err(gone(resource_type)),
            Some(stored) => Ok(version(stored)),
        }
    }
}
