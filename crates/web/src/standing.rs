//! How the reader stands with a patient: the ground, taking access with a reason, whom a citizen
//! may act for.
//!
//! Not here: the decision (`access`, asked by `record`), HTML (`pages::opening_page`,
//! `pages::home_page`).

use akson_base::{Kind, Problem};
use akson_fhir::model::NodeRef;
use akson_record::{NOTICE_EMERGENCY, NOTICE_SYSTEM, Opening, PatientStanding};

use crate::chart::Person;
use crate::datatypes::{display, moment, text};
use crate::dates::Moment;
use crate::messages::{recorded, recorded_code};
use crate::people::quoted;
use crate::sight::{Reader, parse, patient_type};

/// Reasons that one click gives; what else there may be is written.
pub(crate) const REASONS: [&str; 4] = ["in-charge", "asked", "answer", "wish"];

/// Days that the message of an emergency stands on the citizen's home; in the log it stays.
const NOTICE_DAYS: i64 = 90;
/// Messages of one journal that stand there.
const NOTICES_MAX: usize = 10;

/// Somebody whose journal a citizen may open.
pub(crate) struct ActedFor {
    pub person: Person,
    pub standing: PatientStanding,
}

/// A message that a journal was opened in an emergency.
pub(crate) struct Notice {
    pub patient: String,
    pub who: String,
    pub place: Option<String>,
    pub reason: Option<String>,
    pub at: Moment,
}

/// The reason in words: one of [`REASONS`], or what was written; of an emergency that it is one,
/// when nothing was.
pub(crate) fn chosen_reason(is_emergency: bool, reason: &str, text: &str) -> String {
    let chosen = REASONS.contains(&reason).then(|| recorded_code("reason", reason)).flatten();
    match (chosen, is_emergency) {
        (Some(chosen), _) => chosen.to_string(),
        (None, true) if text.trim().is_empty() => recorded("opening.emergency-reason").to_string(),
        (None, _) => text.trim().to_string(),
    }
}

fn notice(patient: &str, message: NodeRef<'_>) -> Option<Notice> {
    let place = message.named("about").find(|about| {
        text(*about, &["reference"]).is_some_and(|to| to.starts_with("Organization/"))
    });
    Some(Notice {
        patient: patient.to_string(),
        who: message.first("sender").and_then(display)?,
        place: place.and_then(display),
        reason: text(message, &["reasonCode", "text"]).map(str::to_string),
        at: moment(message, &["sent"])?,
    })
}

impl Reader {
    /// The messages of the last time about emergencies, to those who may open these journals, newest
    /// first.
    pub(crate) async fn notices(&self, journals: &[ActedFor]) -> Result<Vec<Notice>, Problem> {
        let Ok(since) = self.today().checked_sub(jiff::Span::new().days(NOTICE_DAYS)) else {
            return Ok(Vec::new());
        };
        let mut notices = Vec::new();
        for journal in journals {
            let query = format!(
                "patient={}&category={}%7C{NOTICE_EMERGENCY}&sent=ge{since}&_sort=-sent\
                 &_count={NOTICES_MAX}",
                quoted(&journal.person.id),
                quoted(NOTICE_SYSTEM)
            );
            let found = self.search(&self.caller(), "Communication", query).await?;
            let name = journal.person.name_or_unknown();
            notices.extend(found.iter().filter_map(|message| notice(name, message.root())));
        }
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.at));
        Ok(notices)
    }

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

    /// Takes access with a reason. `reason` is one of [`REASONS`], or empty with words of its own.
    pub(crate) async fn open(
        &self,
        id: &str,
        is_emergency: bool,
        reason: &str,
        words: &str,
    ) -> Result<(), Problem> {
        let reason = chosen_reason(is_emergency, reason, words);
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
