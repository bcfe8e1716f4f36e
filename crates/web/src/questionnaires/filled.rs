//! Forms that can be filled in and those that are, as they are stored.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaireresponse.html>

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_questionnaire::Questionnaire;
use akson_record::ANSWER_SYSTEM;
use serde_json::Value;

use crate::dates::Moment;
use crate::fields::{text, text_at};
use crate::notes::CHANGE_REASON;
use crate::people::quoted;
use crate::sight::Reader;

/// Forms that can be chosen among.
const OFFERED_MAX: usize = 200;
/// Filled forms of one journal that are shown.
const FILLED_MAX: usize = 200;

/// Forms of one patient that were entered in error, as they are told of.
const WITHDRAWN_MAX: usize = 10;

/// How far a filled form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being filled in.
    Draft,
    /// Signed, or sent by the citizen.
    Signed,
    /// Corrected after it was signed.
    Amended,
    /// Entered in error.
    Withdrawn,
}

/// A filled form.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub id: String,
    pub state: State,
    /// `url|version` or `Questionnaire/id`.
    pub form: String,
    pub authored: Option<Moment>,
    /// Reference and name of who filled it in.
    pub author: (String, String),
    /// Why it was corrected or withdrawn.
    pub why: Option<String>,
    pub resource: Value,
}

/// A form that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    pub id: String,
    pub title: String,
    pub description: String,
    /// What keeps it from being filled in here.
    pub broken: Option<String>,
}

/// There is no such form in this journal.
pub(crate) fn no_form() -> Problem {
    Problem::new(Kind::NotFound, "WEB-221", "There is no such form in this journal.")
}

impl Filled {
    /// A stored QuestionnaireResponse; `None` for one that was thrown away.
    pub(crate) fn read(resource: Value) -> Option<Self> {
        let state = match text(&resource, "/status") {
            "in-progress" => State::Draft,
            "completed" => State::Signed,
            "amended" => State::Amended,
            "entered-in-error" => State::Withdrawn,
            _ => return None,
        };
        let of = |path: &str| text(&resource, path).to_owned();
        let extensions = crate::fields::list(&resource, "/extension");
        let why = extensions.iter().find(|one| text(one, "/url") == CHANGE_REASON);
        Some(Self {
            id: of("/id"),
            state,
            form: of("/questionnaire"),
            authored: text_at(&resource, "/authored").and_then(Moment::parse),
            author: (of("/author/reference"), of("/author/display")),
            why: why.map(|one| text(one, "/valueString").to_owned()),
            resource,
        })
    }

    /// When it was last stored.
    pub(crate) fn saved(&self) -> Option<Moment> {
        text_at(&self.resource, "/meta/lastUpdated").and_then(Moment::parse)
    }

    /// Whether the reader began it.
    pub(crate) fn is_by(&self, actor: &akson_access::Actor) -> bool {
        match actor.practitioner() {
            Some(own) => self.author.0 == own,
            None => self.author.0.is_empty(),
        }
    }

    /// Id of the Task that it answers.
    pub(crate) fn task(&self) -> Option<&str> {
        let is_answer = text(&self.resource, "/identifier/system") == ANSWER_SYSTEM;
        text_at(&self.resource, "/identifier/value").filter(|_| is_answer)
    }

    /// Whether the patient, or who acts for the patient, filled it in.
    pub(crate) fn is_by_patient(&self) -> bool {
        self.author.0.starts_with("Patient/")
            || text(&self.resource, "/author/type") == "RelatedPerson"
    }

    /// The numbers that the form calculated, by the linkIds of their items, where they stand at the top.
    pub(crate) fn answer(&self, link_id: &str) -> Option<&Value> {
        fn find<'a>(items: &'a Value, link_id: &str) -> Option<&'a Value> {
            let items = items.as_array()?;
            let own = items.iter().find(|item| text(item, "/linkId") == link_id);
            own.and_then(|item| item.pointer("/answer/0"))
                .or_else(|| items.iter().find_map(|item| find(item.get("item")?, link_id)))
        }
        find(self.resource.get("item")?, link_id)
    }
}

impl Reader {
    /// The forms that are in use, by title.
    pub(crate) async fn offered(&self) -> Result<Vec<Offered>, Problem> {
        let query = format!("status=active&_count={OFFERED_MAX}");
        let forms = self.search_json(&self.caller(), "Questionnaire", query).await?;
        let is_about_people = |form: &&Value| {
            let subjects = crate::fields::list(form, "/subjectType");
            subjects.is_empty() || subjects.iter().any(|one| one == "Patient")
        };
        let of = |form: &Value| {
            let parsed = Questionnaire::parse(form);
            let title = [text(form, "/title"), text(form, "/name")];
            let title = title.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
            Offered {
                id: text(form, "/id").to_owned(),
                title: title.to_owned(),
                description: text(form, "/description").to_owned(),
                broken: parsed.err().and_then(|told| told.first().map(ToString::to_string)),
            }
        };
        let mut offered: Vec<Offered> = forms.iter().filter(is_about_people).map(of).collect();
        offered.sort_by_key(|form| form.title.to_lowercase());
        Ok(offered)
    }

    /// The filled forms of a journal, newest first, drafts among them.
    pub(crate) async fn filled(&self, patient: &str) -> Result<Vec<Filled>, Problem> {
        let patient = quoted(patient);
        let query = format!("patient={patient}&_sort=-authored&_count={FILLED_MAX}");
        let found = self.search_json(&self.caller(), "QuestionnaireResponse", query).await?;
        Ok(found.into_iter().filter_map(Filled::read).collect())
    }

    /// What a patient has sent that somebody has marked as entered in error, with the form's title, newest
    /// first.
    pub(crate) async fn withdrawn(&self, patient: &str) -> Result<Vec<(Filled, String)>, Problem> {
        let query = format!(
            "patient={}&status=entered-in-error&_sort=-_lastUpdated&_count={WITHDRAWN_MAX}",
            quoted(patient)
        );
        let found = self.search_json(&self.caller(), "QuestionnaireResponse", query).await?;
        let of_patient = |one: &Filled| one.is_by_patient() && one.task().is_some();
        let all: Vec<Filled> =
            found.into_iter().filter_map(Filled::read).filter(of_patient).collect();
        let forms = self.forms_of(&all).await?;
        let title = |one: &Filled| forms.get(&one.form).map(|form| form.title.clone());
        Ok(all.into_iter().filter_map(|one| title(&one).map(|title| (one, title))).collect())
    }

    /// The forms that these were filled in on. What cannot be read any more is missing.
    pub(crate) async fn forms_of(
        &self,
        filled: &[Filled],
    ) -> Result<HashMap<String, Arc<Questionnaire>>, Problem> {
        let mut forms = HashMap::new();
        for one in filled {
            if !forms.contains_key(&one.form)
                && let Ok(form) = self.form_named(&one.form).await
            {
                forms.insert(one.form.clone(), form);
            }
        }
        Ok(forms)
    }

    /// The form that a response names: `url|version`, `url`, or `Questionnaire/id`.
    pub(crate) async fn form_named(&self, canonical: &str) -> Result<Arc<Questionnaire>, Problem> {
        if let Some(id) = canonical.strip_prefix("Questionnaire/") {
            let (form, _) = self.read_json("Questionnaire", id).await?;
            return parsed(&form);
        }
        let (url, version) = canonical.split_once('|').unwrap_or((canonical, ""));
        let mut query = format!("url={}&_sort=-_lastUpdated&_count=1", quoted(url));
        if !version.is_empty() {
            query.push_str(&format!("&version={}", quoted(version)));
        }
        let found = self.search_json(&self.caller(), "Questionnaire", query).await?;
        found.first().ok_or_else(no_questionnaire).and_then(parsed)
    }
}

fn no_questionnaire() -> Problem {
    let text = "The form that this response was filled in on is not in the record.";
    Problem::new(Kind::NotFound, "WEB-222", text)
}

/// A stored form that can be filled in here.
pub(crate) fn parsed(form: &Value) -> Result<Arc<Questionnaire>, Problem> {
    Questionnaire::parse(form).map(Arc::new).map_err(|findings| {
        let told: Vec<String> = findings.iter().take(5).map(ToString::to_string).collect();
        let text = format!("This form cannot be filled in here: {}", told.join(" "));
        Problem::new(Kind::Invalid, "WEB-223", text)
    })
}
