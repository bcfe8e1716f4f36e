//! How the reader stands with a patient: the ground, taking access with a reason, whom a citizen
//! may act for.
//!
//! Not here: the decision (`access`, asked by `record`), HTML (`pages::opening_page`,
//! `pages::home_page`).

use akson_base::{Kind, Problem};
use akson_record::{Opening, PatientStanding};

use crate::chart::Person;
use crate::messages::{code, t};
use crate::sight::{Reader, parse, patient_type};

/// Reasons that one click gives; what else there may be is written.
pub(crate) const REASONS: [&str; 4] = ["in-charge", "asked", "answer", "wish"];

/// Somebody whose journal a citizen may open.
pub(crate) struct ActedFor {
    pub person: Person,
    pub standing: PatientStanding,
}

impl Reader {
    /// How the reader stands with a patient.
    ///
    /// # Errors
    /// `NotFound` when there is no such patient, as far as the reader sees; the attempt is logged.
    pub(crate) async fn standing(&self, id: &str) -> Result<PatientStanding, Problem> {
        match self.record().standing(&self.caller(), id)? {
            Some(standing) => Ok(standing),
            None => {
                self.record().read(&self.caller(), patient_type(), id).await?;
                // It came between the two: there is nothing yet to see.
                Err(Problem::new(Kind::NotFound, "WEB-021", "There is no such patient."))
            }
        }
    }

    /// The person, looked up by name; the look-up is logged.
    pub(crate) async fn person(&self, id: &str) -> Result<Person, Problem> {
        let version = self.record().read(&self.caller(), patient_type(), id).await?;
        Ok(Person::read(parse(&version)?.root()))
    }

    /// Takes access with a reason. `reason` is one of [`REASONS`], or empty with words in `text`.
    pub(crate) async fn open(
        &self,
        id: &str,
        is_emergency: bool,
        reason: &str,
        text: &str,
    ) -> Result<(), Problem> {
        let chosen = REASONS.contains(&reason).then(|| code("reason", reason)).flatten();
        let reason = match (chosen, is_emergency) {
            (Some(chosen), _) => chosen.to_string(),
            (None, true) if text.trim().is_empty() => t("opening.emergency-reason").to_string(),
            (None, _) => text.trim().to_string(),
        };
        let opening = Opening { is_emergency, reason };
        self.record().open_with_reason(&self.caller(), id, &opening).await
    }

    /// The journals that a citizen may open.
    pub(crate) async fn acted_for(&self) -> Result<Vec<ActedFor>, Problem> {
        let found = self.record().acted_for(&self.caller()).await?;
        found
            .into_iter()
            .map(|(version, standing)| {
                Ok(ActedFor { person: Person::read(parse(&version)?.root()), standing })
            })
            .collect()
    }
}
