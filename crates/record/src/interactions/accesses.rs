//! Who has opened this journal.

use akson_audit::{Access, Entry};
use akson_base::Problem;

use super::target;
use crate::Record;
use crate::request::Caller;
use akson_fhir::definitions::Definitions;

impl Record {
    /// The newest accesses to a patient's journal, newest first, at most `limit`. Looking at the
    /// log is logged itself. Empty for a patient nobody has heard of.
    pub async fn accesses(
        &self,
        caller: &Caller,
        patient_id: &str,
        limit: usize,
    ) -> Result<Vec<Access>, Problem> {
        let permit = self.policy.may_read(&caller.actor)?;
        let number = {
            let snapshot = self.store.snapshot();
            self.store.patient_number(snapshot.as_ref(), patient_id)?
        };
        let found = match number {
            Some(number) => self.accesses.accesses(&permit, number, limit)?,
            None => Vec::new(),
        };
        let patient = Definitions::r4().resource_type("Patient");
        let about = patient.map(|p| target(p, patient_id)).unwrap_or_default();
        let entry = Entry::reading(&permit, "accesses", &caller.trace).about(about);
        self.log(entry.concerning(number)).await?;
        Ok(found)
    }
}
