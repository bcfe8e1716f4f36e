//! Forms that patients are asked to fill in: sent, withdrawn, and what came back to whoever asked.
//!
//! One is a `Task` of the code `fill-form`: `focus` the Questionnaire, `for` and `owner` the patient, `requester`
//! who asks. The answers name it by their identifier. That the one who asked has seen the answers stands in
//! `Task.businessStatus`. Not here: the patient's side (`my_forms`), HTML (`pages::forms_page`,
//! `pages::inbox_panel`).
//! Standard: <https://hl7.org/fhir/R4/task.html>

use akson_access::Personnel;
use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_fhir::model::{NodeRef, Resource};
use akson_questionnaire::{Kind as Asks, Questionnaire};
use akson_record::{ANSWER_SYSTEM, FILL_FORM};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::filled::parsed;
use crate::chart::Person;
use crate::datatypes;
use crate::dates::{Moment, parse_date};
use crate::fields::{codes, target, text, text_at};
use crate::messages::{recorded, recorded_with};
use crate::notes::myself;
use crate::people::quoted;
use crate::sight::Reader;
use crate::systems::{OPEN_TASK, TASK_SYSTEM};
use crate::workday::mine;
use crate::writing::set;

/// Days that a patient has, unless something else is said.
const DAYS: i64 = 14;
/// Open or answered tasks that are read at a time.
const TASKS_MAX: usize = 100;
/// `Task.businessStatus` of answers that were seen by who asked for them.
const SEEN: &str = "seen";

/// A form that a patient is asked to fill in.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Id of the Task.
    pub task: String,
    pub title: String,
    /// Who asks, by name.
    pub requester: String,
    /// The last day.
    pub by: Option<Moment>,
    /// The last day is over.
    pub is_late: bool,
    form: String,
}

/// A form that came back.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Id of the Task.
    pub task: String,
    pub title: String,
    pub person: Person,
    /// Id of the QuestionnaireResponse; none where the reader does not see it.
    pub response: Option<String>,
    pub sent: Option<Moment>,
}

impl Asked {
    /// A Task to fill in a form.
    pub(crate) fn read(task: &Value, today: Date) -> Option<Self> {
        let by = text_at(task, "/restriction/period/end").and_then(Moment::parse);
        is_form(task).then(|| Self {
            task: text(task, "/id").to_owned(),
            title: text(task, "/focus/display").to_owned(),
            requester: text(task, "/requester/display").to_owned(),
            by,
            is_late: by.is_some_and(|by| by.date() < today),
            form: text(task, "/focus/reference").to_owned(),
        })
    }
}

/// Whether a task is one to fill in a form.
fn is_form(task: &Value) -> bool {
    codes(task, "/code").any(|code| code == (TASK_SYSTEM, FILL_FORM))
}

/// Whether a task is still to be done.
pub(crate) fn is_open(task: &Value) -> bool {
    OPEN_TASK.split(',').any(|open| open == text(task, "/status"))
}

/// The query of forms that patients are asked to fill in.
fn form_tasks() -> String {
    format!("code={}&_count={TASKS_MAX}", quoted(&format!("{TASK_SYSTEM}|{FILL_FORM}")))
}

/// The query that finds the answers to tasks.
pub(crate) fn answers_to<'t>(tasks: impl IntoIterator<Item = &'t str>) -> String {
    let named = tasks.into_iter().map(|task| quoted(&format!("{ANSWER_SYSTEM}|{task}")));
    format!("identifier={}", named.collect::<Vec<_>>().join(","))
}

/// Whether a patient can answer all of a form: a patient chooses among no references.
fn is_for_patients(form: &Questionnaire) -> bool {
    form.all().iter().all(|item| item.kind != Asks::Reference) && !form.names("user")
}

/// Whether the reader asks patients to fill in forms.
pub(crate) fn asks_patients(who: &crate::who::Who) -> bool {
    super::fills_in(who)
        && who.may_ever_write(Class::Planning)
        && who.actor.practitioner().is_some()
}

/// The last day that is proposed.
pub(crate) fn proposed_deadline(today: Date) -> Date {
    today.checked_add(DAYS.days()).unwrap_or(today)
}

fn not_open() -> Problem {
    let text = "This form is not waiting for the patient any more.";
    Problem::new(Kind::Conflict, "WEB-285", text)
}

impl Reader {
    /// The forms that a patient is asked to fill in and has not sent, the most urgent first.
    pub(crate) async fn asked_of(&self, patient: &str) -> Result<Vec<Asked>, Problem> {
        let (patient, query) = (quoted(patient), form_tasks());
        let query = format!("patient={patient}&status={OPEN_TASK}&{query}");
        let found = self.search_json(&self.caller(), "Task", query).await?;
        let today = self.today();
        let mut all: Vec<Asked> =
            found.iter().filter_map(|task| Asked::read(task, today)).collect();
        all.sort_by(|a, b| {
            (a.by.is_none(), a.by, &a.title, &a.task).cmp(&(
                b.by.is_none(),
                b.by,
                &b.title,
                &b.task,
            ))
        });
        Ok(all)
    }

    /// Asks the patient to fill in a form. The same form is not asked for twice at a time.
    pub(super) async fn ask_patient(
        &self,
        patient: &str,
        form: &str,
        deadline: &str,
    ) -> Result<(), Problem> {
        if !asks_patients(&self.who) {
            return Err(super::may_not());
        }
        let deadline =
            parse_date(deadline).filter(|day| *day >= self.today()).ok_or_else(|| {
                let text = "A form is sent with a last day to come, as in 31.12.2026.";
                Problem::new(Kind::Invalid, "WEB-284", text)
            })?;
        let (resource, _) = self.read_json("Questionnaire", form).await?;
        let parsed = parsed(&resource)?;
        if text(&resource, "/status") != "active" || !is_for_patients(&parsed) {
            let text = "This form is not in use, or asks for what a patient cannot choose.";
            return Err(Problem::new(Kind::Refused, "WEB-286", text));
        }
        let focus = format!("Questionnaire/{form}");
        if self.asked_of(patient).await?.iter().any(|one| one.form == focus) {
            return Ok(());
        }
        let now = self.now_written();
        let coding = json!({"system": TASK_SYSTEM, "code": FILL_FORM});
        let patient = json!({"reference": format!("Patient/{patient}")});
        let task = json!({
            "resourceType": "Task", "status": "requested", "intent": "order",
            "code": {"coding": [coding], "text": recorded("forms.ask-code")},
            "description": recorded_with("forms.ask-what", &[("title", &parsed.title)]),
            "focus": {"reference": focus, "display": parsed.title},
            "for": patient, "owner": patient,
            "requester": myself(&self.who.actor),
            "authoredOn": now, "lastModified": now,
            "restriction": {"period": {"end": deadline.to_string()}},
        });
        self.create(&task).await.map(drop)
    }

    /// Takes back what a patient was asked for and has not sent.
    pub(super) async fn withdraw_ask(&self, patient: &str, task: &str) -> Result<(), Problem> {
        if !asks_patients(&self.who) {
            return Err(super::may_not());
        }
        let (mut resource, version) = self.read_json("Task", task).await?;
        if !is_form(&resource) || !is_open(&resource) || target(&resource, "/for") != patient {
            return Err(not_open());
        }
        set(&mut resource, "status", json!("cancelled"));
        set(&mut resource, "lastModified", json!(self.now_written()));
        self.update("Task", task, version, &resource).await
    }

    /// What the reader asked for, was answered, and the reader has not seen; the oldest first.
    pub(crate) async fn answered_forms(
        &self,
        personnel: &Personnel,
    ) -> Result<Vec<Answered>, Problem> {
        let own = mine(personnel).join(",");
        let query = form_tasks();
        let query = format!(
            "requester={own}&status=completed&business-status:missing=true&{query}\
             &_include=Task:patient"
        );
        let found = self.search(&self.caller(), "Task", query).await?;
        let people = crate::workday::people(&found);
        let tasks: Vec<NodeRef<'_>> =
            found.iter().map(Resource::root).filter(|one| one.type_name() == "Task").collect();
        let id =
            |task: &NodeRef<'_>| datatypes::text(*task, &["id"]).unwrap_or_default().to_owned();
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = tasks.iter().map(id).collect();
        let query = format!("{}&_count={TASKS_MAX}", answers_to(ids.iter().map(String::as_str)));
        let responses = self.search_json(&self.caller(), "QuestionnaireResponse", query).await?;
        let response = |task: &str| {
            let is_it = |one: &&Value| text(one, "/identifier/value") == task;
            responses.iter().find(is_it).map(|one| text(one, "/id").to_owned())
        };
        let read = |task: &NodeRef<'_>| {
            Some(Answered {
                task: id(task),
                title: task.first("focus").and_then(datatypes::display)?,
                person: people.get(task.first("for").and_then(datatypes::target_id)?)?.clone(),
                response: response(&id(task)),
                sent: datatypes::moment(*task, &["lastModified"]),
            })
        };
        let mut answered: Vec<Answered> = tasks.iter().filter_map(read).collect();
        answered.sort_by(|a, b| (a.sent, &a.task).cmp(&(b.sent, &b.task)));
        Ok(answered)
    }

    /// Says that the reader has seen what they asked for.
    pub(crate) async fn saw_answers(
        &self,
        personnel: &Personnel,
        task: &str,
    ) -> Result<(), Problem> {
        let (mut resource, version) = self.read_json("Task", task).await?;
        let is_own = mine(personnel).contains(&text(&resource, "/requester/reference"));
        let is_done = text(&resource, "/status") == "completed";
        if !is_form(&resource) || !is_own || !is_done || resource.get("businessStatus").is_some() {
            return Err(not_open());
        }
        let coding = json!({"system": TASK_SYSTEM, "code": SEEN});
        set(
            &mut resource,
            "businessStatus",
            json!({"coding": [coding], "text": recorded("forms.seen")}),
        );
        set(&mut resource, "lastModified", json!(self.now_written()));
        self.update("Task", task, version, &resource).await
    }
}
