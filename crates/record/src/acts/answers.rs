//! Answers of a citizen to a form: only to one that somebody at work has asked for, only while the task
//! is open, and sent together with the task.
//!
//! The answers name their task by `QuestionnaireResponse.identifier`; `basedOn` takes no Task.
//! Not here: which elements they have (`access/rules/acts.tsv`), whether the form is answered as it asks
//! (`akson_questionnaire`, in the pages).
//! Standard: <https://hl7.org/fhir/R4/questionnaireresponse.html>, <https://hl7.org/fhir/R4/task.html>

use akson_access::rules::Act;
use akson_base::Problem;
use akson_fhir::model::{NodeRef, Resource};
use akson_store::keys::{NO_PATIENT, PatientNumber};

use super::contents::{ATTACHED, TASK_SYSTEM, has_only, must};
use super::{Acts, Effect, no_act};
use crate::elements::{reference, text};
use crate::interactions::type_name;

/// Code of a Task to fill in a form, in the system of tasks.
pub const FILL_FORM: &str = "fill-form";
/// System of `QuestionnaireResponse.identifier`: the value is the id of the Task that is answered.
pub const ANSWER_SYSTEM: &str = "https://akson.no/fhir/answered-task";
/// Name of the act in `acts.tsv`.
pub(super) const ACT: &str = "answer-form";
/// `Task.status` of what is still to be done.
const OPEN: [&str; 6] = ["requested", "received", "accepted", "ready", "in-progress", "on-hold"];
/// What answers may say by extensions: what an option counts, and what was typed and is no answer yet.
const EXTENSIONS: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "https://akson.no/fhir/StructureDefinition/typed",
];

/// The extensions that an act may carry.
pub(super) fn extensions(rule: &Act) -> &'static [&'static str] {
    if rule.name == ACT { &EXTENSIONS } else { &[] }
}

impl Acts<'_> {
    /// Answers that are stored (`in-progress`) or sent (`completed`).
    pub(super) fn answers(
        &self,
        before: Option<NodeRef<'_>>,
        after: NodeRef<'_>,
        patient: PatientNumber,
    ) -> Result<Effect, Problem> {
        let is_open = before.is_none_or(|was| text(was, &["status"]) == Some("in-progress"));
        must(is_open, after, "status", "a change of what was sent")?;
        must(self.is_own(after.first("subject"), patient)?, after, "subject", "about another")?;
        self.by_caller(after, "author", patient)?;
        must(self.is_now(text(after, &["authored"])), after, "authored", "not of this moment")?;
        let system = text(after, &["identifier", "system"]) == Some(ANSWER_SYSTEM);
        let task = format!("Task/{}", text(after, &["identifier", "value"]).unwrap_or_default());
        let asking = if system { self.asking(&task, patient)? } else { None };
        let Some(asking) = asking else {
            return Err(no_act("an answer to no open task of this patient")
                .at("QuestionnaireResponse.identifier"));
        };
        let form = self.form_of(asking.root())?;
        let is_it = form.is_some() && form.as_deref() == text(after, &["questionnaire"]);
        must(is_it, after, "questionnaire", "on another form than the one asked for")?;
        for node in after.resource().nodes() {
            let fits = match (node.name(), node.type_name()) {
                ("value", "Reference") => false,
                ("value", "Attachment") => {
                    node.first("url").is_none()
                        && text(node, &["contentType"]).is_some_and(|of| ATTACHED.contains(&of))
                }
                _ => true,
            };
            if !fits {
                let why = "an answer by a reference, or with a file of another kind";
                return Err(no_act(why).at(node.location()));
            }
        }
        match text(after, &["status"]) {
            Some("in-progress") => Ok(Effect::Nothing),
            Some("completed") => Ok(Effect::Answers(task)),
            _ => Err(no_act("neither being filled in nor sent").at("QuestionnaireResponse.status")),
        }
    }

    /// The task of a form is done; with what, [`Acts::settle`] sees.
    pub(super) fn form_done(
        &self,
        before: NodeRef<'_>,
        after: NodeRef<'_>,
        patient: PatientNumber,
    ) -> Result<Effect, Problem> {
        let asks = self.asks(before, patient)?;
        must(asks, after, "code", "of another task than an open one to fill in a form")?;
        must(text(after, &["status"]) == Some("completed"), after, "status", "not completed")?;
        let now = self.is_now(text(after, &["lastModified"]));
        must(now, after, "lastModified", "not of this moment")?;
        Ok(Effect::Finishes(format!("Task/{}", text(after, &["id"]).unwrap_or_default())))
    }

    /// The open task to fill in a form of this patient's that a reference names.
    fn asking(&self, to: &str, patient: PatientNumber) -> Result<Option<Resource>, Problem> {
        let Some(key) = self.locate(to)? else { return Ok(None) };
        if !self.judge.sees_by_rules(key, self.whole)? {
            return Ok(None);
        }
        let Some(task) = self.stored(key)? else { return Ok(None) };
        Ok(if self.asks(task.root(), patient)? { Some(task) } else { None })
    }

    fn asks(&self, task: NodeRef<'_>, patient: PatientNumber) -> Result<bool, Problem> {
        let is_open = text(task, &["status"]).is_some_and(|status| OPEN.contains(&status));
        Ok(is_open
            && has_only(task, "code", (TASK_SYSTEM, FILL_FORM))
            && self.is_own(task.first("for"), patient)?
            && self.is_own(task.first("owner"), patient)?)
    }

    /// The form that a task is about, as its answers name it.
    fn form_of(&self, task: NodeRef<'_>) -> Result<Option<String>, Problem> {
        let Some(to) = task.first("focus").and_then(reference) else { return Ok(None) };
        let is_form = |key: &akson_store::keys::ResourceKey| {
            key.patient() == NO_PATIENT && type_name(key.resource_type()) == "Questionnaire"
        };
        let Some(key) = self.locate(&to)?.filter(is_form) else { return Ok(None) };
        let Some(form) = self.stored(key)? else { return Ok(None) };
        let of = |name: &str| text(form.root(), &[name]);
        Ok(Some(match (of("url"), of("version")) {
            (None, _) => to,
            (Some(url), None) => url.to_owned(),
            (Some(url), Some(version)) => format!("{url}|{version}"),
        }))
    }
}
