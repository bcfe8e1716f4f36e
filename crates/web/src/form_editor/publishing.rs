//! From a draft to a form that is filled in, and out of use: versions never change, a new one is begun from
//! the one before.
//!
//! Standard: <https://hl7.org/fhir/R4/valueset-publication-status.html>

use akson_base::{Kind, Problem};
use akson_questionnaire::{Finding, Questionnaire};
use serde_json::{Value, json};

use super::definition::{Definition, State, set_changes};
use super::difference::summary;
use super::saving::no_form;
use crate::fields::text;
use crate::people::quoted;
use crate::sight::Reader;
use crate::writing::{Together, set, unset};

/// The addresses of forms that are made here.
const ADDRESSES: &str = "https://akson.no/fhir/Questionnaire/";

/// How publishing ended.
pub(crate) enum Published {
    Done,
    /// It cannot be filled in yet.
    NotYet,
}

pub(crate) fn not_this_state() -> Problem {
    let text = "This is done with a draft, or with a published form; this form is the other. It may have been \
                changed meanwhile.";
    Problem::new(Kind::Conflict, "WEB-242", text)
}

/// What keeps a form from being filled in; a form without a question too.
pub(crate) fn findings(resource: &Value) -> Vec<Finding> {
    let mut findings = Questionnaire::parse(resource).err().unwrap_or_default();
    if super::tree::rows(resource).is_empty() {
        findings.push(Finding::of_form("empty", "", "The form asks nothing. Add a question."));
    }
    findings
}

/// A copy to go on with: what belongs to the stored resource or to the published version is left out.
pub(crate) fn as_draft(resource: &Value) -> Value {
    let mut draft = resource.clone();
    for element in ["id", "meta", "version", "date", "approvalDate", "lastReviewDate"] {
        unset(&mut draft, element);
    }
    set_changes(&mut draft, "");
    set(&mut draft, "status", json!("draft"));
    draft
}

impl Reader {
    /// All versions of the form of an address, the newest first and the draft before them.
    pub(crate) async fn versions_of(&self, url: &str) -> Result<Vec<Definition>, Problem> {
        if url.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.definitions(&format!("url={}&", quoted(url))).await?;
        found.sort_by_key(|one| (one.state != State::Draft, std::cmp::Reverse(one.number())));
        Ok(found)
    }

    /// A new, empty draft; its id.
    pub(crate) async fn begin_definition(&self, title: &str) -> Result<String, Problem> {
        let form = json!({
            "resourceType": "Questionnaire",
            "language": "nb",
            "url": format!("{ADDRESSES}{}", self.caller().trace),
            "title": title,
            "status": "draft",
            "subjectType": ["Patient"],
        });
        self.begin(&form).await
    }

    /// Stores a draft with an address of its own; its id.
    pub(crate) async fn begin(&self, form: &Value) -> Result<String, Problem> {
        self.must_keep_forms()?;
        let mut form = form.clone();
        if text(&form, "/url").is_empty() {
            set(&mut form, "url", json!(format!("{ADDRESSES}{}", self.caller().trace)));
        }
        // One draft of a form at a time: whoever begins another goes on with the first.
        let query = format!("url={}&status=draft", quoted(text(&form, "/url")));
        let mut together = Together::default();
        together.create_unless(&query, &form);
        let stored = self.store(together).await?;
        let id = stored.first().and_then(|one| one.split_once('/'));
        id.map(|(_, id)| id.to_owned()).ok_or_else(no_form)
    }

    /// Takes a form that comes along into use, unless its address is known already.
    pub(crate) async fn take_into_use(&self, url: &str) -> Result<String, Problem> {
        self.must_keep_forms()?;
        let form = super::shipped().into_iter().find(|form| form.url == url).ok_or_else(no_form)?;
        let mut resource = form.resource;
        set(&mut resource, "date", json!(self.today().to_string()));
        let mut together = Together::default();
        together.create_unless(&format!("url={}", quoted(url)), &resource);
        let stored = self.store(together).await?;
        let id = stored.first().and_then(|one| one.split_once('/'));
        id.map(|(_, id)| id.to_owned()).ok_or_else(no_form)
    }

    /// Publishes a draft, and retires the version that it follows.
    pub(crate) async fn publish(
        &self,
        id: &str,
        base: u32,
        changes: &str,
    ) -> Result<Published, Problem> {
        let draft = self.definition(id).await?;
        // What is published is what was looked at.
        if draft.state != State::Draft || (base != 0 && base != draft.stored) {
            return Err(not_this_state());
        }
        if !findings(&draft.resource).is_empty() {
            return Ok(Published::NotYet);
        }
        let others = self.versions_of(&draft.url).await?;
        let number = others.iter().map(Definition::number).max().unwrap_or(0) + 1;
        let before = others.iter().find(|one| one.state == State::Active);
        let words = match (changes, before) {
            ("", Some(before)) => summary(&before.resource, &draft.resource),
            (words, _) => words.to_owned(),
        };
        let mut together = Together::default();
        let mut resource = draft.resource.clone();
        set(&mut resource, "status", json!("active"));
        set(&mut resource, "version", json!(number.to_string()));
        set(&mut resource, "date", json!(self.today().to_string()));
        set_changes(&mut resource, &words);
        together.update("Questionnaire", id, draft.stored, &resource);
        for old in others.iter().filter(|one| one.state == State::Active) {
            let mut retired = old.resource.clone();
            set(&mut retired, "status", json!("retired"));
            together.update("Questionnaire", &old.id, old.stored, &retired);
        }
        self.store(together).await?;
        Ok(Published::Done)
    }

    /// Begins the next version of a published form, or finds the draft that there is; its id.
    pub(crate) async fn begin_next(&self, id: &str) -> Result<String, Problem> {
        let form = self.definition(id).await?;
        if form.version.is_empty() {
            return Err(not_this_state());
        }
        self.begin(&as_draft(&form.resource)).await
    }

    /// Moves a form on: out of use and back, a draft away and back.
    pub(crate) async fn set_state(&self, id: &str, to: State) -> Result<Definition, Problem> {
        let form = self.definition(id).await?;
        if form.state == to {
            return Ok(form);
        }
        let status = match (form.state, to) {
            (State::Active, State::Retired) | (State::Draft, State::Discarded) => "retired",
            (State::Retired, State::Active) => "active",
            (State::Discarded, State::Draft) => "draft",
            _ => return Err(not_this_state()),
        };
        let others = self.versions_of(&form.url).await?;
        // Only one is filled in, and only one is worked on.
        if others.iter().any(|one| one.id != form.id && one.state == to && status != "retired") {
            return Err(not_this_state());
        }
        let mut resource = form.resource.clone();
        set(&mut resource, "status", json!(status));
        self.update("Questionnaire", id, form.stored, &resource).await?;
        Ok(form)
    }
}
