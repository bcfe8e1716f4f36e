//! A patient's whole chart in one read, for pages.

use akson_access::Ground;
use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};

use super::{target, version};
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::{Caller, Version};

impl Record {
    /// Everything stored under the patient's number, by type, newest first within a type; only
    /// `types` when any are named (`Patient` itself must be named too). Empty without a ground: see
    /// [`Record::standing`]. One entry in the log.
    pub async fn chart(
        &self,
        caller: &Caller,
        patient_id: &str,
        types: &[&str],
    ) -> Result<Vec<Version>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let definitions = Definitions::r4();
        let types: Vec<ResourceType> =
            types.iter().filter_map(|name| definitions.resource_type(name)).collect();
        let mut versions = Vec::new();
        let mut is_open = true;
        let number = {
            let snapshot = sight.snapshot(&self.store);
            let number = self.store.patient_number(snapshot.as_ref(), patient_id)?;
            if let Some(number) = number {
                is_open = sight.opens_journal(number)?;
            }
            if let Some(number) = number.filter(|_| is_open) {
                let permit = &sight.permit;
                let found =
                    self.store.resources_of_patient(permit, snapshot.as_ref(), number, &types)?;
                versions.extend(found.into_iter().map(version));
            }
            number
        };
        let patient = definitions.resource_type("Patient");
        let about = patient.map(|p| target(p, patient_id)).unwrap_or_default();
        let entry = Entry::reading(&sight.permit, "chart", &caller.trace).about(about);
        if is_open {
            self.log(&sight, entry, number).await?;
        } else {
            self.log_entries(&[entry.on(Ground::Refused).concerning(number)]).await?;
        }
        Ok(versions)
    }
}
