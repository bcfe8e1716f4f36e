//! One entry of the access log, as it is kept in the chain.

use std::borrow::Cow;
use std::sync::Arc;

use akson_access::{Ground, ReadPermit, Role, Standing, WritePermit};
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

/// Stands where patients stand, in entries that tell of logging in and out: all of them can be found
/// by it as the accesses to one journal are.
pub const AUTHENTICATIONS: PatientNumber = PatientNumber(u32::MAX);

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
    /// What the actor works as, `Role::code`; empty without login.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub role: Cow<'static, str>,
    /// The name of the organisation that the actor worked for; empty for others.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub organisation: Arc<str>,
    /// The system through which it came; empty for our own pages.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub client: Arc<str>,
    /// What the caller said that it was for, a code of HL7's v3-ActReason; empty when nothing was said.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub purpose: Arc<str>,
    /// What was done.
    pub action: Action,
    /// FHIR's name of the interaction: `read`, `search-type`, `transaction`, or a page's name.
    pub interaction: Cow<'static, str>,
    /// `Type/id`, `Type`, or empty for the whole system.
    pub target: String,
    /// The search as asked, when there was one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// What somebody decided and wrote, in an entry that tells of a decision about the log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// Whose data was shown or changed.
    #[serde(skip)]
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

    /// An entry about somebody who logged in or out, or was not let in ([`Ground::Refused`]). Nothing
    /// of the record was shown, so there is no permit.
    pub fn authentication(
        actor: &akson_access::Actor,
        ground: Ground,
        interaction: &'static str,
        trace: &str,
    ) -> Self {
        Self::new(actor, ground, Action::E, interaction, trace).concerning([AUTHENTICATIONS])
    }

    /// Whether it tells of logging in or out.
    pub fn is_authentication(&self) -> bool {
        self.patients == [AUTHENTICATIONS.0]
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
            role: Cow::Borrowed(actor.role().map_or("", Role::code)),
            organisation: match &actor.standing {
                Standing::Personnel(personnel) => Arc::clone(&personnel.organisation_name),
                Standing::Open
                | Standing::Operator
                | Standing::Citizen(_)
                | Standing::System(_) => Arc::default(),
            },
            client: Arc::clone(&actor.client),
            purpose: Arc::clone(&actor.purpose),
            action,
            interaction: Cow::Borrowed(interaction),
            target: String::new(),
            query: String::new(),
            said: String::new(),
            patients: Vec::new(),
            trace: trace.to_string(),
        }
    }

    /// The ground, when it is another than the permit's: one for each patient under the rules.
    #[must_use]
    pub fn on(mut self, ground: Ground) -> Self {
        self.ground = Cow::Borrowed(ground.code());
        self
    }

    /// Names what was looked at or changed: `Type/id` or `Type`.
    #[must_use]
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// Takes away the capacity, of somebody who has yet to choose among several.
    #[must_use]
    pub fn without_role(mut self) -> Self {
        self.role = Cow::Borrowed("");
        self.organisation = Arc::default();
        self
    }

    /// The search as asked.
    #[must_use]
    pub fn asked(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// What was decided and written.
    #[must_use]
    pub fn saying(mut self, said: impl Into<String>) -> Self {
        self.said = said.into();
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

    /// The bytes for `Transaction::log`: how many patients (4, big-endian), their numbers (4 each),
    /// the rest as JSON. The patients stand first, so that most entries need not be read further.
    pub fn encode(&self) -> Result<Vec<u8>, Problem> {
        let fault = |why: &dyn std::fmt::Display| {
            Problem::fault("AUD-001", format!("a log entry cannot be encoded: {why}"))
        };
        let count = u32::try_from(self.patients.len()).map_err(|e| fault(&e))?;
        let length = USUAL_BYTES + self.query.len() + self.patients.len() * 4;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&count.to_be_bytes());
        for patient in &self.patients {
            bytes.extend_from_slice(&patient.to_be_bytes());
        }
        serde_json::to_writer(&mut bytes, self).map_err(|e| fault(&e))?;
        Ok(bytes)
    }

    /// Whose data an encoded entry is about, without reading the rest of it.
    pub(crate) fn decode_patients(
        bytes: &[u8],
    ) -> Result<impl Iterator<Item = PatientNumber> + '_, Problem> {
        split(bytes).map(|(patients, _)| patients.iter().map(number))
    }

    /// Reads an entry back from a commit record.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        let (patients, rest) = split(bytes)?;
        let mut entry: Self = serde_json::from_slice(rest).map_err(|e| unreadable(&e))?;
        entry.patients = patients.iter().map(|bytes| number(bytes).0).collect();
        Ok(entry)
    }
}

/// The patients' numbers and the rest of an encoded entry.
fn split(bytes: &[u8]) -> Result<(&[[u8; 4]], &[u8]), Problem> {
    let parts = || {
        let (count, rest) = bytes.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        rest.split_at_checked(count.checked_mul(4)?)
    };
    let (patients, rest) = parts().ok_or_else(|| unreadable(&"it is too short"))?;
    Ok((patients.as_chunks().0, rest))
}

fn number(bytes: &[u8; 4]) -> PatientNumber {
    PatientNumber(u32::from_be_bytes(*bytes))
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
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
        let bytes = entry.encode().unwrap();
        assert_eq!(Entry::decode(&bytes).unwrap(), entry);
        let patients: Vec<_> = Entry::decode_patients(&bytes).unwrap().map(|p| p.0).collect();
        assert_eq!(patients, [2, 4]);
    }

    #[test]
    fn bytes_that_are_no_entry_are_a_fault() {
        for bytes in [b"{}".as_slice(), b"", b"\0\0\0\x02\0\0\0\x01{}", b"\0\0\0\0{}"] {
            assert_eq!(Entry::decode(bytes).unwrap_err().code, "AUD-002");
        }
    }
}
