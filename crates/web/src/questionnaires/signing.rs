//! Signing a form, correcting it, and marking it as entered in error: together with the Observations that came
//! of it, in one commit.
//!
//! Standard: <https://hl7.org/fhir/uv/sdc/STU3/extraction.html>. Law: pasientjournalforskriften § 13 (who
//! enters signs; what is signed is corrected visibly).

use akson_base::Problem;
use akson_questionnaire::{About, Live};
use serde_json::{Value, json};

use super::storing::{Open, put_items};
use crate::dates::iso;
use crate::fields::{text, text_at};
use crate::notes::{myself, say_why, withhold};
use crate::people::quoted;
use crate::sight::Reader;
use crate::writing::{Together, set};

/// Observations that one form may have become.
const OBSERVATIONS_MAX: usize = 500;

impl Reader {
    /// Signs a draft.
    pub(super) async fn sign_form(
        &self,
        patient: &str,
        opened: &Open,
        live: &Live<'_>,
    ) -> Result<(), Problem> {
        let now = iso(self.now());
        let mut resource = opened.filled.resource.clone();
        put_items(&mut resource, live.complete());
        set(&mut resource, "status", json!("completed"));
        set(&mut resource, "authored", json!(now));
        set(&mut resource, "author", myself(&self.who.actor));
        withhold(&mut resource, None);
        let mut together = Together::default();
        together.update("QuestionnaireResponse", &opened.id, opened.version, &resource);
        for observation in live.extract(&self.about(patient, opened, &now)) {
            together.create(&observation);
        }
        self.store(together).await.map(drop)
    }

    fn about(&self, patient: &str, opened: &Open, effective: &str) -> About {
        About {
            subject: format!("Patient/{patient}"),
            response: format!("QuestionnaireResponse/{}", opened.id),
            effective: effective.to_owned(),
            issued: self.now_written(),
            performers: vec![myself(&self.who.actor)],
            encounter: opened.filled.resource.get("encounter").cloned(),
        }
    }

    /// Corrects a signed form: its Observations say what is right now, and those that no longer hold are
    /// entered in error.
    pub(super) async fn amend_form(
        &self,
        patient: &str,
        opened: &Open,
        live: &Live<'_>,
        why: &str,
    ) -> Result<(), Problem> {
        let mut resource = opened.filled.resource.clone();
        put_items(&mut resource, live.complete());
        set(&mut resource, "status", json!("amended"));
        say_why(&mut resource, why);
        let mut together = Together::default();
        together.update("QuestionnaireResponse", &opened.id, opened.version, &resource);
        // What was measured, was measured then.
        let effective = text_at(&resource, "/authored").unwrap_or_default().to_owned();
        let mut known = self.derived(patient, &opened.id).await?;
        for new in live.extract(&self.about(patient, opened, &effective)) {
            let same = known.iter().position(|(old, _)| old.get("code") == new.get("code"));
            match same.map(|position| known.remove(position)) {
                None => {
                    together.create(&new);
                }
                Some((old, version)) => {
                    let mut new = new;
                    set(&mut new, "id", old.get("id").cloned().unwrap_or_default());
                    set(&mut new, "status", json!("amended"));
                    if without(&new) != without(&old) {
                        together.update("Observation", text(&old, "/id"), version, &new);
                    }
                }
            }
        }
        withdraw(&mut together, known);
        self.store(together).await.map(drop)
    }

    /// Marks a form as entered in error, and the Observations that came of it.
    pub(super) async fn withdraw_form(&self, opened: &Open, why: &str) -> Result<(), Problem> {
        if !opened.may_withdraw(self) {
            let text = "Only who signed a form marks it as entered in error; what a patient has sent, who \
                        fills in forms.";
            return Err(Problem::new(akson_base::Kind::Refused, "WEB-225", text));
        }
        let mut resource = opened.filled.resource.clone();
        set(&mut resource, "status", json!("entered-in-error"));
        say_why(&mut resource, why);
        let patient =
            text(&resource, "/subject/reference").trim_start_matches("Patient/").to_owned();
        let mut together = Together::default();
        together.update("QuestionnaireResponse", &opened.id, opened.version, &resource);
        withdraw(&mut together, self.derived(&patient, &opened.id).await?);
        self.store(together).await.map(drop)
    }

    /// The Observations that came of a form, each with its version.
    async fn derived(&self, patient: &str, id: &str) -> Result<Vec<(Value, u32)>, Problem> {
        let (patient, id) = (quoted(patient), quoted(id));
        let from = format!("derived-from=QuestionnaireResponse/{id}");
        let query = format!("patient={patient}&{from}&_count={OBSERVATIONS_MAX}");
        let found = self.search_json(&self.caller(), "Observation", query).await?;
        let with_version = found.into_iter().filter_map(|one| {
            let version = text(&one, "/meta/versionId").parse().ok()?;
            (text(&one, "/status") != "entered-in-error").then_some((one, version))
        });
        Ok(with_version.collect())
    }
}

fn withdraw(together: &mut Together, observations: Vec<(Value, u32)>) {
    for (mut one, version) in observations {
        set(&mut one, "status", json!("entered-in-error"));
        let id = text(&one, "/id").to_owned();
        together.update("Observation", &id, version, &one);
    }
}

/// What it says, without when and how often it was stored.
fn without(observation: &Value) -> Value {
    let mut bare = observation.clone();
    for name in ["meta", "issued", "status"] {
        crate::writing::unset(&mut bare, name);
    }
    bare
}
