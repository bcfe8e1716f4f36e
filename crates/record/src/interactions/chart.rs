//! A patient's whole chart in one read, for pages.

use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};

use super::{target, version};
use crate::Record;
use crate::request::{Caller, Version};

impl Record {
    /// Everything stored under the patient's number, by type, newest first within a type; only
    /// `types` when any are named (`Patient` itself must be named too). One entry in the log.
    pub async fn chart(
        &self,
        caller: &Caller,
        patient_id: &str,
        types: &[&str],
    ) -> Result<Vec<Version>, Problem> {
        let permit = self.policy.may_read(&caller.actor)?;
        let definitions = Definitions::r4();
        let types: Vec<ResourceType> =
            types.iter().filter_map(|name| definitions.resource_type(name)).collect();
        let mut versions = Vec::new();
        let number = {
            let snapshot = self.store.snapshot();
            let number = self.store.patient_number(snapshot.as_ref(), patient_id)?;
            if let Some(number) = number {
                self.store.visit_patient(
                    &permit,
                    snapshot.as_ref(),
                    number,
                    &types,
                    &mut |stored| {
                        versions.push(version(stored));
                        Ok(true)
                    },
                )?;
            }
            number
        };
        let patient = definitions.resource_type("Patient");
        let about = patient.map(|p| target(p, patient_id)).unwrap_or_default();
        let entry = Entry::reading(&permit, "chart", &caller.trace).about(about);
        self.log(entry.concerning(number)).await?;
        Ok(versions)
    }
}
