//! A patient's whole chart in one read, for pages.

use akson_access::Ground;
use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::reads::Lent;
use futures_util::future::join;

use super::{target, version};
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::{Caller, Version};

/// Makes something of one resource, given its type and JSON.
type Reading<'r, T> = dyn Fn(ResourceType, &[u8]) -> Result<T, Problem> + Sync + 'r;

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
        self.charted(caller, patient_id, types, &|lent| Ok(version(lent.stored()))).await
    }

    /// What `read` makes of each resource of [`Record::chart`]: given its type and JSON, which is lent and
    /// not kept. It is called on two threads where the journal is large.
    ///
    /// # Errors
    /// Those of `read`; a refusal of the policy; a fault of the store.
    pub async fn read_chart<T: Send>(
        &self,
        caller: &Caller,
        patient_id: &str,
        types: &[&str],
        read: &Reading<'_, T>,
    ) -> Result<Vec<T>, Problem> {
        let read = |lent: &Lent<'_>| read(lent.key.resource_type(), lent.json);
        self.charted(caller, patient_id, types, &read).await
    }

    async fn charted<T: Send>(
        &self,
        caller: &Caller,
        patient_id: &str,
        types: &[&str],
        read: &(dyn Fn(&Lent<'_>) -> Result<T, Problem> + Sync),
    ) -> Result<Vec<T>, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let definitions = Definitions::r4();
        let types: Vec<ResourceType> =
            types.iter().filter_map(|name| definitions.resource_type(name)).collect();
        let snapshot = sight.snapshot(&self.store);
        let number = self.store.patient_number(snapshot.as_ref(), patient_id)?;
        let is_open = number.map(|number| sight.opens_journal(number)).transpose()?;
        let patient = definitions.resource_type("Patient");
        let about = patient.map(|p| target(p, patient_id)).unwrap_or_default();
        let entry = Entry::reading(&sight.permit, "chart", &caller.trace).about(about);
        let entries = match is_open {
            Some(false) => vec![entry.on(Ground::Refused).concerning(number)],
            Some(true) | None => sight.entries(entry, number)?,
        };
        let reading = async {
            let Some(number) = number.filter(|_| is_open == Some(true)) else {
                return Ok(Vec::new());
            };
            let (permit, snapshot) = (&sight.permit, snapshot.as_ref());
            self.store.read_patient(permit, snapshot, number, &types, read)
        };
        // The log becomes durable while the journal is read, and before anybody gets it.
        let (logged, found) = join(self.log_entries(&entries), reading).await;
        logged?;
        found
    }
}
