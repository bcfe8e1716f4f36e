//! A form while it is filled in: begun, opened, stored as a draft, thrown away.
//!
//! Each write names the version that it was made from; a request whose answer was lost and that is sent again
//! finds its own content stored and goes on. Not here: signing (`signing`).

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_questionnaire::{Answer, Answers, Questionnaire, Surroundings};
use serde_json::{Value, json};

use super::filled::{Filled, State, no_form, parsed};
use crate::dates::{Moment, iso};
use crate::fields::{text, text_at};
use crate::notes::{Withheld, myself, withhold};
use crate::people::quoted;
use crate::sight::Reader;
use crate::writing::set;

/// Observations that a form may begin with.
const OBSERVATIONS_MAX: usize = 100;
/// Kin and colleagues that a reference item chooses among.
const REFERENCES_MAX: usize = 100;

/// A form with its answers.
pub(super) struct Open {
    pub id: String,
    pub version: u32,
    pub saved: Option<Moment>,
    pub filled: Filled,
    pub form: Arc<Questionnaire>,
    pub answers: Answers,
    /// What of the answers does not fit the form, in words.
    pub unfit: Vec<String>,
}

/// What came of storing.
pub(super) enum Stored {
    Done,
    /// Another has stored something else meanwhile.
    Conflict,
}

impl Open {
    /// Whether it is a draft of the reader's.
    pub(super) fn is_mine_to_fill(&self, reader: &Reader) -> bool {
        self.filled.state == State::Draft
            && self.filled.is_by(&reader.who.actor)
            && super::fills_in(&reader.who)
    }

    /// Whether the reader may correct it: who signed it.
    pub(super) fn may_correct(&self, reader: &Reader) -> bool {
        matches!(self.filled.state, State::Signed | State::Amended)
            && self.filled.is_by(&reader.who.actor)
            && super::fills_in(&reader.who)
    }

    /// Whether the reader may mark it as entered in error: who signed it, and of what a patient has sent
    /// whoever fills in forms here.
    pub(super) fn may_withdraw(&self, reader: &Reader) -> bool {
        let is_sent = matches!(self.filled.state, State::Signed | State::Amended);
        let of_patient = is_sent && self.filled.is_by_patient() && super::fills_in(&reader.who);
        of_patient || self.may_correct(reader)
    }

    /// An attached file: its type and bytes.
    pub(super) fn file(&mut self, path: &str) -> Option<(String, Vec<u8>)> {
        let (path, position) = path.rsplit_once('.')?;
        let (_, node) = self.answers.node_mut(&self.form, path)?;
        let one = node.occurrences.get(position.parse::<usize>().ok()?)?;
        let Some(Answer::Attachment(file)) = &one.value else { return None };
        let bytes = crate::base64::decode(text_at(file, "/data")?)?;
        Some((text(file, "/contentType").to_owned(), bytes))
    }
}

impl Reader {
    /// Begins a form, or finds the draft that the reader has of it. Answers its id.
    pub(super) async fn begin_form(&self, patient: &str, form: &str) -> Result<String, Problem> {
        let (resource, _) = self.read_json("Questionnaire", form).await?;
        if text(&resource, "/status") != "active" {
            let text = "This form is not in use.";
            return Err(Problem::new(Kind::Refused, "WEB-224", text));
        }
        let form = parsed(&resource)?;
        let canonical = form.canonical();
        let filled = self.filled(patient).await?;
        let is_mine = |one: &&Filled| {
            one.state == State::Draft && one.form == canonical && one.is_by(&self.who.actor)
        };
        if let Some(draft) = filled.iter().find(is_mine) {
            return Ok(draft.id.clone());
        }
        let surroundings = self.surroundings(&form, patient).await?;
        let observations = self.observed(patient, &form).await?;
        let mut answers = form.begin(&surroundings, &observations);
        form.evaluate(&mut answers, &surroundings);
        let mut response = json!({
            "resourceType": "QuestionnaireResponse",
            "status": "in-progress",
            "questionnaire": canonical,
            "subject": {"reference": format!("Patient/{patient}")},
            "author": myself(&self.who.actor),
            "authored": iso(self.now()),
        });
        put_items(&mut response, answers.draft(&form));
        withhold(&mut response, Some(&Withheld::default()));
        Ok(self.create(&response).await?.id)
    }

    pub(crate) async fn observed(
        &self,
        patient: &str,
        form: &Questionnaire,
    ) -> Result<Vec<Value>, Problem> {
        let codes = form.observed_codes();
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        let codes = codes.iter().map(|code| quoted(code)).collect::<Vec<_>>().join(",");
        let patient = quoted(patient);
        let query = format!("patient={patient}&code={codes}&_sort=-date&_count={OBSERVATIONS_MAX}");
        self.search_json(&self.caller(), "Observation", query).await
    }

    /// What the form's expressions may name while it is filled in: the patient is only read for a form that
    /// names the patient.
    pub(crate) async fn surroundings(
        &self,
        form: &Questionnaire,
        patient: &str,
    ) -> Result<Surroundings, Problem> {
        let mut surroundings = Surroundings::at(self.now());
        if form.names("patient") {
            let (patient, _) = self.read_json("Patient", patient).await?;
            surroundings = surroundings.with("patient", &patient);
        }
        let own = self.who.actor.practitioner().and_then(|own| own.split_once('/'));
        if form.names("user")
            && let Some((kind, id)) = own
        {
            let (user, _) = self.read_json(kind, id).await?;
            surroundings = surroundings.with("user", &user);
        }
        Ok(surroundings)
    }

    /// What reference items choose among: the reader and colleagues, where they work, and the patient's kin.
    pub(super) async fn references(
        &self,
        opened: &Open,
        patient: &str,
    ) -> Result<Vec<(String, String)>, Problem> {
        let all = opened.form.all();
        let wants = |target: &str| all.iter().any(|item| item.targets.iter().any(|t| t == target));
        let mut found = Vec::new();
        if wants("Practitioner") {
            if let Some(own) = self.who.actor.practitioner() {
                found.push((own.to_owned(), self.who.actor.display.to_string()));
            }
            found.extend(self.colleagues().await?);
        }
        if wants("Organization")
            && let Some(unit) = crate::notes::own_unit(&self.who.actor)
        {
            found.push((text(&unit, "/reference").to_owned(), text(&unit, "/display").to_owned()));
        }
        if wants("RelatedPerson") {
            let query = format!("patient={}&_count={REFERENCES_MAX}", quoted(patient));
            for kin in self.search_json(&self.caller(), "RelatedPerson", query).await? {
                let given = text(&kin, "/name/0/given/0");
                let name = format!("{given} {}", text(&kin, "/name/0/family"));
                found
                    .push((format!("RelatedPerson/{}", text(&kin, "/id")), name.trim().to_owned()));
            }
        }
        Ok(found)
    }

    /// A filled form of this patient's, with its form.
    pub(super) async fn open_form(&self, patient: &str, id: &str) -> Result<Open, Problem> {
        let (resource, version) = self.read_json("QuestionnaireResponse", id).await?;
        if text(&resource, "/subject/reference") != format!("Patient/{patient}") {
            return Err(no_form());
        }
        let filled = Filled::read(resource).ok_or_else(no_form)?;
        let form = self.form_named(&filled.form).await?;
        let (answers, findings) = form.read(&filled.resource);
        let unfit =
            findings.iter().zip(&answers.unfit).map(|(_, item)| unfit_words(item)).collect();
        let (id, saved) = (id.to_owned(), filled.saved());
        Ok(Open { id, version, saved, filled, form, answers, unfit })
    }

    /// Stores a draft, made from `version`.
    pub(super) async fn store_form(
        &self,
        opened: &mut Open,
        version: u32,
    ) -> Result<Stored, Problem> {
        let mut resource = opened.filled.resource.clone();
        put_items(&mut resource, opened.answers.draft(&opened.form));
        if resource.get("item") == opened.filled.resource.get("item") {
            // Nothing is new; or this was stored before, and the answer was lost on the way.
            return Ok(Stored::Done);
        }
        if version != opened.version {
            return Ok(Stored::Conflict);
        }
        set(&mut resource, "authored", json!(iso(self.now())));
        match self.update("QuestionnaireResponse", &opened.id, version, &resource).await {
            Ok(()) => {
                opened.version = version + 1;
                opened.saved = Some(Moment::from_instant(self.now()));
                opened.filled.resource = resource;
                Ok(Stored::Done)
            }
            Err(problem) if problem.kind == Kind::Conflict => Ok(Stored::Conflict),
            Err(problem) => Err(problem),
        }
    }

    /// Throws a draft away: it stays in the history.
    pub(super) async fn throw_form_away(&self, opened: &Open) -> Result<(), Problem> {
        let mut resource = opened.filled.resource.clone();
        set(&mut resource, "status", json!("stopped"));
        self.update("QuestionnaireResponse", &opened.id, opened.version, &resource).await
    }
}

/// Sets the items, or takes the element away where there are none.
pub(crate) fn put_items(response: &mut Value, items: Vec<Value>) {
    match items.is_empty() {
        true => crate::writing::unset(response, "item"),
        false => set(response, "item", items.into()),
    }
}

/// An item that does not fit, as somebody can read it.
fn unfit_words(item: &Value) -> String {
    let asked = [text(item, "/text"), text(item, "/linkId")];
    let asked = asked.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let answers = crate::fields::list(item, "/answer").iter().filter_map(Value::as_object);
    let values = answers.flat_map(|answer| {
        answer.iter().filter(|(name, _)| name.starts_with("value")).map(|(_, value)| {
            let display = value.get("display").or_else(|| value.get("value")).unwrap_or(value);
            display.as_str().map_or_else(|| display.to_string(), str::to_owned)
        })
    });
    format!("{asked}: {}", values.collect::<Vec<_>>().join(", "))
}
