//! Undoing what was just said of a dose, and correcting it later.
//!
//! Nothing is deleted: what was wrong is `entered-in-error`, and every version stays.

use akson_base::{Instant, Kind, Problem};
use serde_json::{Value, json};

use super::administration::{Actor, Administration, read, reason};
use super::controlled::is_controlled;
use super::dose::atc;
use super::giving::reason as known_reason;
use crate::dates::{Moment, millisecond_in_oslo};
use crate::fields::{list, text};
use crate::forms::Form;
use crate::sight::Reader;
use crate::writing::{Together, set, unset};

/// A time that is none, or in the future.
pub(crate) const WRONG_TIME: &str = "WEB-146";
/// It was said too long ago, or by somebody else, to be undone: it is corrected.
pub(crate) const TOO_LATE: &str = "WEB-147";
/// Seconds that the page offers to undo.
pub(crate) const UNDO_SECONDS: i64 = 10;
/// Seconds that it is undone after that, for those who clicked in time on a slow line.
const GRACE_SECONDS: i64 = 20;
/// Doses that are corrected at once: those of a pouch.
const TOGETHER_MAX: usize = 40;

/// What a dose is corrected to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correction {
    /// `gitt`, `ikke` or `feil`.
    what: String,
    /// `08:04`.
    time: String,
    why: String,
    words: String,
}

impl Correction {
    /// What a form says.
    pub(crate) fn of_form(form: &Form) -> Self {
        let field = |name: &str| form.field(name).trim().to_owned();
        Self { what: field("hva"), time: field("kl"), why: field("grunn"), words: field("ord") }
    }
}

impl Reader {
    /// Doses that something was said of, each after a look in the log.
    pub(crate) async fn administrations(
        &self,
        ids: &[&str],
    ) -> Result<Vec<Administration>, Problem> {
        let mut found = Vec::new();
        for id in ids.iter().take(TOGETHER_MAX) {
            let (json, _) = self.read_json("MedicationAdministration", id).await?;
            found.extend(read(&json));
        }
        if found.is_empty() {
            let text = "There is no such dose.";
            return Err(Problem::new(Kind::NotFound, "WEB-148", text));
        }
        Ok(found)
    }

    /// Takes back what the reader has said in the last seconds.
    pub(crate) async fn undo_doses(&self, ids: &[&str]) -> Result<(), Problem> {
        let me = self.giver().map(|giver| giver.reference).unwrap_or_default();
        let mut together = Together::default();
        for id in ids.iter().take(TOGETHER_MAX) {
            let (mut json, version) = self.read_json("MedicationAdministration", id).await?;
            let Some(one) = read(&json) else { continue };
            let age = (self.now().0 - one.at_millisecond) / 1000;
            if one.by.0 != me || age > UNDO_SECONDS + GRACE_SECONDS || one.witness.is_some() {
                let text = "Only what one has just said oneself is undone; else it is corrected.";
                return Err(Problem::new(Kind::Refused, TOO_LATE, text));
            }
            set(&mut json, "status", json!("entered-in-error"));
            together.update("MedicationAdministration", id, version, &json);
        }
        if together.is_empty() { Ok(()) } else { self.store(together).await.map(drop) }
    }

    /// Corrects doses.
    pub(crate) async fn correct_doses(&self, ids: &[&str], to: &Correction) -> Result<(), Problem> {
        let mut together = Together::default();
        let text = "Medicines are given by people at work.";
        let me = self.giver().ok_or_else(|| Problem::new(Kind::Refused, "WEB-145", text))?;
        for id in ids.iter().take(TOGETHER_MAX) {
            let (mut json, version) = self.read_json("MedicationAdministration", id).await?;
            if read(&json).is_none() {
                continue;
            }
            self.correct_one(&mut json, to, &me)?;
            together.update("MedicationAdministration", id, version, &json);
        }
        if together.is_empty() { Ok(()) } else { self.store(together).await.map(drop) }
    }

    fn correct_one(&self, json: &mut Value, to: &Correction, me: &Actor) -> Result<(), Problem> {
        match &*to.what {
            "gitt" => {
                // Somebody who says now that a controlled dose was given needs a witness, too.
                let was_given = matches!(text(json, "/status"), "completed" | "in-progress");
                let controlled = atc(json).is_some_and(is_controlled);
                if !was_given {
                    let status = if controlled { "in-progress" } else { "completed" };
                    set(json, "status", json!(status));
                    set(
                        json,
                        "performer",
                        json!([{
                            "actor": {"reference": me.reference, "display": me.display},
                        }]),
                    );
                }
                unset(json, "statusReason");
                if !to.time.is_empty() {
                    let at = self.real_time(json, &to.time)?;
                    set(json, "effectiveDateTime", json!(at.to_fhir()));
                }
            }
            "feil" => set(json, "status", json!("entered-in-error")),
            _ => {
                let (code, status, words) = known_reason(&to.why, &to.words)?;
                set(json, "status", json!(status));
                set(json, "statusReason", reason(code, words));
                unset(json, "dosage");
            }
        }
        if !to.words.is_empty() {
            let mut notes = list(json, "/note").to_vec();
            notes.push(json!({
                "authorReference": {"reference": me.reference, "display": me.display},
                "time": self.now().to_fhir(),
                "text": to.words,
            }));
            set(json, "note", json!(notes));
        }
        Ok(())
    }

    /// The moment of a time of day on the day that stands in the resource; never in the future.
    fn real_time(&self, json: &Value, time: &str) -> Result<Instant, Problem> {
        let wrong = || {
            let text = "A time is written as 08:04, and is not in the future.";
            Problem::new(Kind::Invalid, WRONG_TIME, text)
        };
        let day = Moment::parse(text(json, "/effectiveDateTime")).ok_or_else(wrong)?.date();
        let time = time.replace('.', ":").parse().map_err(|_| wrong())?;
        let at = millisecond_in_oslo(day.to_datetime(time)).ok_or_else(wrong)?;
        if at > self.now().0 { Err(wrong()) } else { Ok(Instant(at)) }
    }
}
