//! One entry of the access log, as it is kept in the chain.

use std::borrow::Cow;
use std::sync::Arc;

use akson_access::{Ground, ReadPermit, WritePermit};
use akson_base::Problem;
use akson_store::keys::PatientNumber;
use serde::{Deserialize, Serialize};

/// What was done, in the words of FHIR's AuditEvent.action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Create.
    C,
    /// Read, search, history.
    R,
    /// Update.
    U,
    /// Delete.
    D,
    /// Execute: a batch, a transaction, an operation.
    E,
}

/// What an encoded entry takes beside its query, about: enough for most.
const USUAL_BYTES: usize = 256;

/// One entry. The time is that of the commit it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `Actor::id`.
    pub actor: Arc<str>,
    /// What the patient reads about the actor.
    pub display: Arc<str>,
    /// `Ground::code`.
    pub ground: Cow<'static, str>,
    /// What was done.
    pub action: Action,
    /// FHIR's name of the interaction: `read`, `search-type`, `transaction`, or a page's name.
    pub interaction: Cow<'static, str>,
    /// `Type/id`, `Type`, or empty for the whole system.
    pub target: String,
    /// The search as asked, when there was one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Whose data was shown or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<u32>,
    /// The request's trace id.
    pub trace: String,
}

impl Entry {
    /// An entry about reading under this permit.
    pub fn reading(permit: &ReadPermit, interaction: &'static str, trace: &str) -> Self {
        Self::new(permit.actor(), permit.ground(), Action::R, interaction, trace)
    }

    /// An entry about writing under this permit.
    pub fn writing(
        permit: &WritePermit,
        action: Action,
        interaction: &'static str,
        trace: &str,
    ) -> Self {
        Self::new(permit.actor(), permit.ground(), action, interaction, trace)
    }

    fn new(
        actor: &akson_access::Actor,
        ground: Ground,
        action: Action,
        interaction: &'static str,
        trace: &str,
    ) -> Self {
        Self {
            actor: Arc::clone(&actor.id),
            display: Arc::clone(&actor.display),
            ground: Cow::Borrowed(ground.code()),
            action,
            interaction: Cow::Borrowed(interaction),
            target: String::new(),
            query: String::new(),
            patients: Vec::new(),
            trace: trace.to_string(),
        }
    }

    /// Names what was looked at or changed: `Type/id` or `Type`.
    #[must_use]
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// The search as asked.
    #[must_use]
    pub fn asked(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// Adds the patients whose data is in the answer, each once; "no patient" is left out.
    #[must_use]
    pub fn concerning(mut self, patients: impl IntoIterator<Item = PatientNumber>) -> Self {
        self.patients.extend(patients.into_iter().map(|p| p.0).filter(|p| *p != 0));
        self.patients.sort_unstable();
        self.patients.dedup();
        self
    }

    /// The bytes for `Transaction::log`.
    pub fn encode(&self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::with_capacity(USUAL_BYTES + self.query.len());
        serde_json::to_writer(&mut bytes, self)
            .map_err(|e| Problem::fault("AUD-001", format!("encode: {e}")))?;
        Ok(bytes)
    }

    /// Only whose data an entry is about, without building the rest of it.
    pub(crate) fn decode_patients(bytes: &[u8]) -> Result<Vec<u32>, Problem> {
        #[derive(Deserialize)]
        struct Patients {
            #[serde(default)]
            patients: Vec<u32>,
        }
        serde_json::from_slice(bytes).map(|p: Patients| p.patients).map_err(|e| unreadable(&e))
    }

    /// Reads an entry back from a commit record.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(bytes).map_err(|e| unreadable(&e))
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::fault("AUD-002", format!("a log entry cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use akson_access::{Actor, Policy};

    use super::*;

    #[test]
    fn an_entry_reads_back_and_names_each_patient_once() {
        let permit = Policy::Open.may_read(&Arc::new(Actor::open())).unwrap();
        let entry = Entry::reading(&permit, "read", "t1").about("Observation/1").concerning([
            PatientNumber(4),
            PatientNumber(0),
            PatientNumber(4),
            PatientNumber(2),
        ]);
        assert_eq!(entry.patients, [2, 4]);
        assert_eq!(entry.ground, "open");
        assert_eq!(Entry::decode(&entry.encode().unwrap()).unwrap(), entry);
    }

    #[test]
    fn bytes_that_are_no_entry_are_a_fault() {
        assert_eq!(Entry::decode(b"{}").unwrap_err().code, "AUD-002");
    }
}
