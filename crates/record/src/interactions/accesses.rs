//! Who has opened this journal.

use akson_access::Ground;
use akson_audit::{Access, Entry, Place};
use akson_base::{Kind, Problem};

use super::target;
use crate::Record;
use crate::bounds::SEARCH;
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
        let sight = self.sight(caller, SEARCH)?;
        let number = {
            let snapshot = self.store.snapshot();
            self.store.patient_number(snapshot.as_ref(), patient_id)?
        };
        let patient = Definitions::r4().resource_type("Patient");
        let about = patient.map(|p| target(p, patient_id)).unwrap_or_default();
        let entry = Entry::reading(&sight.permit, "accesses", &caller.trace).about(about);
        let is_within = match number {
            Some(number) => sight.log_is_within(number)?,
            None => true,
        };
        if !is_within || !sight.reads_log(number)? {
            self.log_entries(&[entry.on(Ground::Refused).concerning(number)]).await?;
            return Err(Problem::new(
                Kind::Refused,
                "REC-043",
                "Who has opened a journal is shown to the patient, to those who act for the \
                 patient, and to the privacy officer.",
            ));
        }
        let found = match number {
            Some(number) => self.accesses.accesses(&sight.permit, number, Place::END, limit)?,
            None => Vec::new(),
        };
        self.log(&sight, entry, number).await?;
        Ok(found)
    }
}
