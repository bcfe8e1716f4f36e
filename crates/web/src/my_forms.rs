//! A citizen's answers to a form that somebody at work has asked for: `/min/{id}/skjema/{task}`.
//!
//! What is answered is stored as it is chosen (`in-progress`), and sent once: then the response is
//! `completed` and its Task too, in one commit. The record refuses anything else
//! (`access/rules/acts.tsv`). No Observations come of it: the one who asked reads it first.
//! Not here: who asks (`questionnaires::asking`), HTML (`pages::my_forms_page`).
//! Standard: <https://hl7.org/fhir/R4/questionnaireresponse.html>

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_questionnaire::{Answers, Live, Questionnaire, Surroundings};
use akson_record::ANSWER_SYSTEM;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use crate::citizen::Mine;
use crate::dates::{Moment, iso};
use crate::fields::{target, text};
use crate::forms::Form;
use crate::messages::{t, tf};
use crate::pages::form_fields::{Drawing, progress};
use crate::pages::form_page::refused;
use crate::pages::my_forms_page::{self, Answering};
use crate::people::quoted;
use crate::questionnaires::{Asked, Filled, State, answers_to, is_open, put_items, repeat, take};
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::writing::{Together, set};

/// The addresses of forms that are asked for.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/min/{id}/skjema/{task}", get(open).post(act))
}

/// A form that is asked for, and what is answered until now.
struct Open {
    mine: Mine,
    asked: Asked,
    task: Value,
    task_version: u32,
    form: Arc<Questionnaire>,
    /// What its expressions may name: read once for each request.
    surroundings: Surroundings,
    answers: Answers,
    /// What is stored, and its version: 0 where nothing is.
    stored: Option<Filled>,
    version: u32,
}

/// What an act left behind, besides the answers.
#[derive(Default)]
struct Turn {
    tells_missing: bool,
    refused: Vec<&'static str>,
    is_conflict: bool,
}

/// There is no such form for this patient.
fn no_form() -> Problem {
    Problem::new(Kind::NotFound, "WEB-287", "No such form waits for this patient.")
}

impl Open {
    fn may_answer(&self) -> bool {
        is_open(&self.task)
    }

    fn address(&self) -> String {
        self.mine.path(&format!("/skjema/{}", self.asked.task))
    }
}

async fn open(reader: Reader, Path((id, task)): Path<(String, String)>) -> Response {
    match reader.asked_form(&id, &task).await {
        Ok(opened) => drawn_answering(opened, &Turn::default(), &reader),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What the buttons and the script's autosave do.
async fn act(
    reader: Reader,
    Path((id, task)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Form,
) -> Response {
    let is_script = response::wants_json(&headers);
    match reader.answer_form(&id, &task, &sent).await {
        Ok(Outcome::Next(address)) if is_script => {
            response::json(StatusCode::OK, &json!({"videre": address}))
        }
        Ok(Outcome::Next(address)) => to(&address),
        Ok(Outcome::Answering(opened, turn)) if is_script => told_answering(*opened, &turn),
        Ok(Outcome::Answering(opened, turn)) => drawn_answering(*opened, &turn, &reader),
        Err(problem) if is_script => response::json_problem(&problem),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What came of an act.
enum Outcome {
    /// Sent, or nothing to do here any more.
    Next(String),
    /// Still being filled in.
    Answering(Box<Open>, Turn),
}

impl Reader {
    async fn asked_form(&self, id: &str, task: &str) -> Result<Open, Problem> {
        let mine = self.mine(Some(id)).await?;
        let (task, task_version) = self.read_json("Task", task).await?;
        let asked = Asked::read(&task, self.today()).ok_or_else(no_form)?;
        if target(&task, "/for") != mine.person.id || target(&task, "/owner") != mine.person.id {
            return Err(no_form());
        }
        let form = self.form_named(text(&task, "/focus/reference")).await?;
        let patient = quoted(&mine.person.id);
        let query = format!("patient={patient}&{}&_count=1", answers_to([asked.task.as_str()]));
        let found = self.search_json(&self.caller(), "QuestionnaireResponse", query).await?;
        let stored = found.into_iter().next().and_then(Filled::read);
        let version =
            stored.as_ref().and_then(|one| text(&one.resource, "/meta/versionId").parse().ok());
        let surroundings = self.surroundings(&form, &mine.person.id).await?;
        let answers = match &stored {
            Some(stored) => form.read(&stored.resource).0,
            None => {
                let observations = self.observed(&mine.person.id, &form).await?;
                form.begin(&surroundings, &observations)
            }
        };
        let version = version.unwrap_or(0);
        Ok(Open { mine, asked, task, task_version, form, surroundings, answers, stored, version })
    }

    async fn answer_form(&self, id: &str, task: &str, sent: &Form) -> Result<Outcome, Problem> {
        let mut opened = self.asked_form(id, task).await?;
        if !opened.may_answer() {
            // Sent in another window, or taken back by who asked: the page says it.
            return Ok(Outcome::Next(opened.address()));
        }
        let act = sent.field("gjor");
        let refused = take(sent, &opened.form, &mut opened.answers, &[]);
        repeat(act, &opened.form, &mut opened.answers);
        let form = Arc::clone(&opened.form);
        let live = form.evaluate(&mut opened.answers, &opened.surroundings);
        let tells_missing = sent.field("fortell") == "ja" || act == "signer";
        let mut turn = Turn { refused, tells_missing, is_conflict: false };
        let version = sent.field("versjon").parse().unwrap_or(0);
        if !self.store_answers(&mut opened, version).await? {
            turn.is_conflict = true;
            return Ok(Outcome::Answering(Box::new(opened), turn));
        }
        if act != "signer" {
            return Ok(Outcome::Answering(Box::new(opened), turn));
        }
        if live.progress().0 == 0 {
            turn.refused.push("my-forms.empty");
        }
        if !live.faults().is_empty() || !turn.refused.is_empty() {
            return Ok(Outcome::Answering(Box::new(opened), turn));
        }
        self.send_answers(&opened, &live).await?;
        Ok(Outcome::Next(opened.address()))
    }

    /// Stores what is answered until now, made from `version`. Whether it is stored: not when another window
    /// has stored something else.
    async fn store_answers(&self, opened: &mut Open, version: u32) -> Result<bool, Problem> {
        let items = opened.answers.draft(&opened.form);
        let mut resource = match &opened.stored {
            Some(stored) => stored.resource.clone(),
            None => json!({
                "resourceType": "QuestionnaireResponse",
                "identifier": {"system": ANSWER_SYSTEM, "value": opened.asked.task},
                "status": "in-progress",
                "questionnaire": opened.form.canonical(),
                "subject": {"reference": format!("Patient/{}", opened.mine.person.id)},
            }),
        };
        put_items(&mut resource, items);
        set(&mut resource, "author", self.author(&opened.mine));
        set(&mut resource, "authored", json!(iso(self.now())));
        let Some(stored) = &opened.stored else {
            let query = answers_to([opened.asked.task.as_str()]);
            let mut together = Together::default();
            together.create_unless(&query, &resource);
            let located = self.store(together).await?;
            let id = located.first().and_then(|to| to.rsplit('/').next()).unwrap_or_default();
            let (found, version) = self.read_json("QuestionnaireResponse", id).await?;
            // Where another window was faster, it is that window's that is stored.
            let is_ours = found.get("item") == resource.get("item");
            (opened.stored, opened.version) = (Filled::read(found), version);
            return Ok(is_ours);
        };
        if resource.get("item") == stored.resource.get("item") {
            // Nothing is new; or this was stored before, and the answer was lost on the way.
            return Ok(true);
        }
        if version != opened.version {
            return Ok(false);
        }
        let id = stored.id.clone();
        match self.update("QuestionnaireResponse", &id, version, &resource).await {
            Ok(()) => {}
            Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => {
                return Ok(false);
            }
            Err(problem) => return Err(problem),
        }
        let (found, version) = self.read_json("QuestionnaireResponse", &id).await?;
        (opened.stored, opened.version) = (Filled::read(found), version);
        Ok(true)
    }

    /// Sends what is stored: the response and its task, in one commit.
    async fn send_answers(&self, opened: &Open, live: &Live<'_>) -> Result<(), Problem> {
        let stored = opened.stored.as_ref().ok_or_else(no_form)?;
        let mut resource = stored.resource.clone();
        put_items(&mut resource, live.complete());
        set(&mut resource, "status", json!("completed"));
        set(&mut resource, "author", self.author(&opened.mine));
        set(&mut resource, "authored", json!(iso(self.now())));
        let mut task = opened.task.clone();
        set(&mut task, "status", json!("completed"));
        set(&mut task, "lastModified", json!(self.now_written()));
        let mut together = Together::default();
        together.update("QuestionnaireResponse", &stored.id, opened.version, &resource);
        together.update("Task", &opened.asked.task, opened.task_version, &task);
        self.store(together).await.map(drop)
    }
}

/// The page: to fill in, or as it was sent.
fn drawn_answering(mut opened: Open, turn: &Turn, reader: &Reader) -> Response {
    let form = Arc::clone(&opened.form);
    let who = &reader.who;
    if !opened.may_answer() {
        let is_sent = |stored: &&Filled| stored.state != State::Draft;
        let sent = opened.stored.as_ref().filter(is_sent);
        let live = form.answered(&opened.answers);
        return response::html(my_forms_page::over(&opened.mine, &opened.asked, sent, &live, who));
    }
    let live = form.evaluate(&mut opened.answers, &opened.surroundings);
    let drawing = Drawing { tells_missing: turn.tells_missing, ..Drawing::of(&live) };
    let page = Answering {
        mine: &opened.mine,
        asked: &opened.asked,
        drawing: &drawing,
        version: opened.version,
        saved: opened.stored.as_ref().and_then(Filled::saved),
        refused: &turn.refused,
        is_conflict: turn.is_conflict,
    };
    response::html(my_forms_page::answering(&page, who, reader.today()))
}

/// The same for the script, which swaps what has changed.
fn told_answering(mut opened: Open, turn: &Turn) -> Response {
    let form = Arc::clone(&opened.form);
    let live = form.evaluate(&mut opened.answers, &opened.surroundings);
    let drawing = Drawing { tells_missing: turn.tells_missing, ..Drawing::of(&live) };
    let saved = opened.stored.as_ref().and_then(Filled::saved);
    let told = match saved.map(Moment::with_time) {
        Some(when) => tf("my-forms.saved-at", &[("when", &when)]),
        None => t("my-forms.not-begun").to_owned(),
    };
    let status = if turn.is_conflict { StatusCode::CONFLICT } else { StatusCode::OK };
    let parts =
        [drawing.fields().0, drawing.summary().0, progress(&live).0, refused(&turn.refused).0];
    response::json(status, &json!({"versjon": opened.version, "lagret": told, "deler": parts}))
}
