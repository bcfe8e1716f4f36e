//! The same prescription again, and the patient's request for it.
//!
//! A request is a Task of [`TASK_SYSTEM`] `renew` whose focus is the prescription; renewing or
//! declining closes it in the same commit.

use std::collections::HashMap;

use akson_base::{Kind, Problem};
use akson_medicines::Outcome;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::asked::{Typed, Wrong};
use super::dosage::Dosage;
use super::prescription::{Dispensing, End, ended, medicine, renewed};
use super::{AtChart, Stored, add, cautions, medication_of, writing};
use crate::forms::Form;
use crate::messages::t;
use crate::pages::renewal_page::{self, Renewal};
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::Reader;
use crate::systems::TASK_SYSTEM;
use crate::writing::{Together, set};

/// Open tasks of a patient that are looked through.
const TASKS_MAX: usize = 100;
/// Longest reason for declining, characters.
const REASON_MAX: usize = 500;

/// A task that waits: what the patient asked for, what is to be reconciled.
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) json: Value,
}

impl Request {
    /// What the patient wrote.
    pub(crate) fn words(&self) -> Option<&str> {
        let note = self.json.pointer("/note/0/text").and_then(Value::as_str);
        note.or_else(|| self.json.get("description").and_then(Value::as_str))
    }

    /// When.
    pub(crate) fn when(&self) -> Option<crate::dates::Moment> {
        self.json.get("authoredOn").and_then(Value::as_str).and_then(crate::dates::Moment::parse)
    }

    /// The task when it is done with.
    pub(crate) fn closed(&self, status: &str, now: &str, reason: Option<&str>) -> Value {
        let mut task = self.json.clone();
        set(&mut task, "status", json!(status));
        set(&mut task, "lastModified", json!(now));
        if let Some(reason) = reason {
            set(&mut task, "statusReason", json!({"text": reason}));
        }
        task
    }
}

/// The requests for one prescription that wait.
pub(crate) async fn requests(
    reader: &Reader,
    patient: &str,
    prescription: &str,
) -> Result<Vec<Request>, Problem> {
    let focus = format!("MedicationRequest/{prescription}");
    let mut found = waiting(reader, patient, "renew").await?;
    found.retain(|task| {
        task.json.pointer("/focus/reference").and_then(Value::as_str) == Some(focus.as_str())
    });
    Ok(found)
}

/// The open tasks about a patient of one of the house's kinds.
pub(crate) async fn waiting(
    reader: &Reader,
    patient: &str,
    kind: &str,
) -> Result<Vec<Request>, Problem> {
    let patient = utf8_percent_encode(patient, NON_ALPHANUMERIC);
    let query = format!(
        "patient={patient}&status=requested,received,accepted,ready,in-progress,on-hold\
         &_count={TASKS_MAX}"
    );
    let tasks = reader.search_json(&reader.caller(), "Task", query).await?;
    let wanted = |task: &Value| {
        let codings = task.pointer("/code/coding").and_then(Value::as_array);
        codings.into_iter().flatten().any(|coding| {
            coding.get("system").and_then(Value::as_str) == Some(TASK_SYSTEM)
                && coding.get("code").and_then(Value::as_str) == Some(kind)
        })
    };
    let mut found = Vec::new();
    for task in tasks.into_iter().filter(wanted) {
        let Some(id) = task.get("id").and_then(Value::as_str) else { continue };
        let (json, version) = reader.read_json("Task", id).await?;
        found.push(Request { id: id.to_owned(), version, json });
    }
    Ok(found)
}

/// `/pasient/{id}/resept/{prescription}/forny`.
pub(super) async fn offer(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    Query(_): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let fragment = wants_fragment(&headers);
    let at = match AtChart::to_prescribe(&reader, &id, fragment).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match Stored::in_force(&reader, &id, &prescription).await {
        Ok(stored) => draw(&reader, &at, &stored, None, &Wrong::new(), fragment).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

fn checked(reader: &Reader, at: &AtChart, stored: &Stored) -> Outcome {
    let (name, atc) = medicine(&stored.json);
    let name = name.unwrap_or_default();
    let drug = atc.and_then(|atc| akson_medicines::find(atc, name));
    let dosage = stored.json.pointer("/dosageInstruction/0");
    let dosage = dosage.and_then(|dosage| Dosage::read(dosage, drug));
    let proposed = cautions::proposed(name, atc, dosage.as_ref());
    cautions::checked(&at.chart, reader.today(), &proposed, Some(&stored.id))
}

async fn draw(
    reader: &Reader,
    at: &AtChart,
    stored: &Stored,
    typed: Option<&Typed>,
    wrong: &Wrong,
    fragment: bool,
) -> Response {
    let requests = match requests(reader, &at.chart.person.id, &stored.id).await {
        Ok(requests) => requests,
        Err(problem) => return response::problem(&problem, Some(&reader.who), fragment),
    };
    let (name, atc) = medicine(&stored.json);
    let drug = atc.and_then(|atc| akson_medicines::find(atc, name.unwrap_or_default()));
    let outcome = checked(reader, at, stored);
    let renewal = Renewal {
        chart: &at.chart,
        prescription: at.chart.medications.prescriptions.iter().find(|one| one.id == stored.id),
        id: &stored.id,
        requests: &requests,
        usual: Dispensing::usual(drug),
        typed,
        wrong,
        outcome: &outcome,
        form_token: reader.who.form_token(),
        today: reader.today(),
    };
    let heading = crate::messages::tf("prescribing.renew-what", &[("drug", stored.name())]);
    at.page(reader, &heading, renewal_page::renewal(&renewal), fragment)
}

/// Stores it, and closes what the patient asked for.
pub(super) async fn renew(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    sent: Form,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let stored = match Stored::in_force(&reader, &id, &prescription).await {
        Ok(stored) => stored,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let typed = Typed::of_form(&sent);
    let reason = typed.field("begrunnelse");
    let outcome = checked(&reader, &at, &stored);
    let mut wrong = typed.dispensing().err().unwrap_or_default();
    if outcome.stops() && reason.is_empty() {
        wrong.insert("begrunnelse", t("cautions.wrong-reason"));
    }
    let Some(dispensing) = typed.dispensing().ok().filter(|_| wrong.is_empty()) else {
        let page = draw(&reader, &at, &stored, Some(&typed), &wrong, false).await;
        return (StatusCode::BAD_REQUEST, page).into_response();
    };
    let done = async {
        let by = writing(&reader);
        let mut together = Together::default();
        let request = renewed(&stored.json, dispensing, &by);
        add(&mut together, request, &id, (&outcome, reason), &by, &[]);
        let old = ended(&stored.json, End::Renewed, by.today);
        together.update("MedicationRequest", &stored.id, stored.version, &old);
        for request in requests(&reader, &id, &stored.id).await? {
            let task = request.closed("completed", &by.now, None);
            together.update("Task", &request.id, request.version, &task);
        }
        reader.store(together).await
    };
    match done.await {
        Ok(_) => to(&medication_of(&id)),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// Says no to what the patient asked for, with a reason that the patient reads.
pub(super) async fn decline(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    sent: Form,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let reason = sent.field("avslag").trim();
    let stored = match Stored::in_force(&reader, &id, &prescription).await {
        Ok(stored) => stored,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let wrong = Wrong::from([("avslag", t("prescribing.wrong-decline"))]);
        let page = draw(&reader, &at, &stored, None, &wrong, false).await;
        return (StatusCode::BAD_REQUEST, page).into_response();
    }
    let done = async {
        let now = reader.now_written();
        let mut together = Together::default();
        for request in requests(&reader, &id, &stored.id).await? {
            let task = request.closed("rejected", &now, Some(reason));
            together.update("Task", &request.id, request.version, &task);
        }
        if together.is_empty() {
            let text = "No request for this prescription waits for an answer.";
            return Err(Problem::new(Kind::Conflict, "WEB-183", text));
        }
        reader.store(together).await
    };
    match done.await {
        Ok(_) => to(&medication_of(&id)),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
