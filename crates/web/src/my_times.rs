//! A citizen's appointments: what comes, free times to book, to move, to cancel.
//!
//! Free time is a free `Slot` of a `Schedule` of the patient's own doctor. To book makes the Slot busy
//! and the Appointment in one commit, so that a time is given once; to cancel does the opposite; to move
//! does both in one. The record refuses anything else (`access/rules/acts.tsv`).
//! Not here: HTML (`pages::my_times_page`).
//! Standard: <https://hl7.org/fhir/R4/appointment.html>, `slot.html`, `schedule.html`

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::citizen::Mine;
use crate::dates::Moment;
use crate::fields::text_at;
use crate::forms::Form;
use crate::messages::{recorded, t};
use crate::pages::my_times_page;
use crate::people::quoted;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::writing::Together;

/// Appointments read at a time.
const VISITS_MAX: usize = 50;
/// Free times of one doctor read at a time.
const TIMES_MAX: usize = 300;
/// Code of the problem that what is moved or cancelled is not booked any more.
const NOT_BOOKED: &str = "WEB-300";
/// Characters of what one tells about the reason.
pub(crate) const REASON_CHARACTERS_MAX: usize = 200;

/// An appointment.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub id: String,
    pub title: String,
    pub start: Moment,
    pub end: Option<Moment>,
    /// People it is with, by name.
    pub with: Vec<String>,
    /// Where it is.
    pub place: Option<String>,
    /// Whether it is with somebody one can write to: their reference.
    pub practitioner: Option<String>,
    pub is_cancelled: bool,
    /// Whether it has not begun and can be cancelled.
    pub is_coming: bool,
}

/// A free time.
#[derive(Clone, Debug)]
pub(crate) struct FreeTime {
    /// Id of the Slot.
    pub id: String,
    pub start: Moment,
    pub end: Moment,
}

/// One with free times: reference and name.
pub(crate) type Host = (String, String);

/// What the page of booking shows.
pub(crate) struct Booking {
    pub mine: Mine,
    pub host: Option<Host>,
    /// By day, soonest first.
    pub days: Vec<(Date, Vec<FreeTime>)>,
    /// The appointment that is moved.
    pub moved: Option<Visit>,
    /// What went wrong.
    pub fault: Option<&'static str>,
    /// What was written of the reason.
    pub reason: String,
}

/// The addresses of appointments.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/min/{id}/timer", get(list))
        .route("/min/{id}/timer/ny", get(offer).post(book))
        .route("/min/{id}/timer/{visit}/avlys", post(cancel))
}

type Asked = Query<HashMap<String, String>>;

async fn list(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let visits = reader.visits(&mine.person.id).await?;
        let done = asked.get("gjort").map(String::as_str);
        Ok(my_times_page::list(&mine, &visits, done, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn offer(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let moved = asked.get("flytt").map_or("", String::as_str);
    let drawn = async {
        let booking = reader.booking(&id, moved, None, String::new()).await?;
        Ok(my_times_page::booking(&booking, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn book(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let (slot, moved) = (form.field("time"), form.field("flytt"));
    let reason = match form.typed("grunn", REASON_CHARACTERS_MAX) {
        Ok(reason) => reason.to_owned(),
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let taken = match reader.book(&id, slot, moved, &reason).await {
        Ok(()) => return to(&format!("/min/{id}/timer?gjort=bestilt")),
        Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => problem,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    // Somebody was faster: the times that are free now, and what was written.
    let drawn = async {
        let fault = if taken.code == NOT_BOOKED { t("times.not-booked") } else { t("times.taken") };
        let booking = reader.booking(&id, moved, Some(fault), reason).await?;
        Ok(my_times_page::booking(&booking, &reader.who, reader.today()))
    };
    match drawn.await {
        Ok(markup) => response::told(&taken, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn cancel(reader: Reader, Path((id, visit)): Path<(String, String)>) -> Response {
    match reader.cancel(&id, &visit).await {
        Ok(()) => to(&format!("/min/{id}/timer?gjort=avlyst")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

impl Reader {
    /// The appointments of a journal from half a year back, the soonest to come first, then those that
    /// were.
    pub(crate) async fn visits(&self, patient: &str) -> Result<Vec<Visit>, Problem> {
        let since = self.today().saturating_sub(jiff::Span::new().days(180));
        let query =
            format!("patient={}&date=ge{since}&_sort=date&_count={VISITS_MAX}", quoted(patient));
        let found = self.search_json(&self.caller(), "Appointment", query).await?;
        let now = Moment::from_instant(self.now());
        let mut visits: Vec<Visit> = found.iter().filter_map(|one| visit(one, now)).collect();
        visits.sort_by_key(|one| (!one.is_coming, one.start));
        let coming = visits.iter().filter(|one| one.is_coming).count();
        if let Some(past) = visits.get_mut(coming..) {
            past.reverse();
        }
        Ok(visits)
    }

    async fn booking(
        &self,
        id: &str,
        moved: &str,
        fault: Option<&'static str>,
        reason: String,
    ) -> Result<Booking, Problem> {
        let mine = self.mine(Some(id)).await?;
        let moved = match moved {
            "" => None,
            visit => {
                self.visits(id).await?.into_iter().find(|one| one.id == visit && one.is_coming)
            }
        };
        let host = self.doctor(id).await?;
        let times = match &host {
            Some((to, _)) => self.free_times(to).await?,
            None => Vec::new(),
        };
        let mut days: Vec<(Date, Vec<FreeTime>)> = Vec::new();
        for time in times {
            match days.last_mut().filter(|(day, _)| *day == time.start.date()) {
                Some((_, times)) => times.push(time),
                None => days.push((time.start.date(), vec![time])),
            }
        }
        Ok(Booking { mine, host, days, moved, fault, reason })
    }

    /// The patient's own doctor.
    pub(crate) async fn doctor(&self, patient: &str) -> Result<Option<Host>, Problem> {
        let (json, _) = self.read_json("Patient", patient).await?;
        let all = json.get("generalPractitioner").and_then(Value::as_array);
        let host = all.into_iter().flatten().find_map(|one| {
            let to = one.get("reference")?.as_str()?;
            let name = one.get("display").and_then(Value::as_str).unwrap_or_default();
            to.starts_with("Practitioner/").then(|| (to.to_string(), name.to_string()))
        });
        Ok(host)
    }

    async fn free_times(&self, host: &str) -> Result<Vec<FreeTime>, Problem> {
        let caller = self.caller();
        let query = format!("actor={}&_count=20", quoted(host));
        let schedules = self.search_json(&caller, "Schedule", query).await?;
        let ids: Vec<String> = schedules
            .iter()
            .filter_map(|one| one.get("id")?.as_str())
            .map(|id| quoted(&format!("Schedule/{id}")))
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = quoted(&self.now().to_fhir());
        let query = format!(
            "schedule={}&status=free&start=gt{now}&_sort=start&_count={TIMES_MAX}",
            ids.join(",")
        );
        let slots = self.search_json(&caller, "Slot", query).await?;
        let time = |slot: &Value| {
            let at = |name: &str| slot.get(name)?.as_str().and_then(Moment::parse);
            let id = slot.get("id")?.as_str()?.to_string();
            Some(FreeTime { id, start: at("start")?, end: at("end")? })
        };
        Ok(slots.iter().filter_map(time).collect())
    }

    /// Books a time, and lets go of the appointment that is moved, in one commit.
    async fn book(&self, id: &str, slot: &str, moved: &str, reason: &str) -> Result<(), Problem> {
        let mine = self.mine(Some(id)).await?;
        let (mut time, version) = self.read_json("Slot", slot).await?;
        if time.get("status").and_then(Value::as_str) != Some("free") {
            let text = "This time is taken. Look for another.";
            return Err(Problem::new(Kind::Conflict, "WEB-201", text));
        }
        let schedule = time.pointer("/schedule/reference").and_then(Value::as_str);
        let schedule = schedule.and_then(|to| to.strip_prefix("Schedule/")).unwrap_or_default();
        let (schedule, _) = self.read_json("Schedule", schedule).await?;
        let actors = schedule.get("actor").and_then(Value::as_array).cloned().unwrap_or_default();
        let patient = json!({
            "reference": format!("Patient/{}", mine.person.id),
            "display": mine.person.name.as_deref().unwrap_or(recorded("person.no-name")),
        });
        let participant = |actor: &Value| json!({"actor": actor, "status": "accepted"});
        let participants: Vec<Value> =
            std::iter::once(&patient).chain(&actors).map(participant).collect();
        let mut appointment = json!({
            "resourceType": "Appointment",
            "status": "booked",
            "description": if reason.is_empty() { recorded("times.consultation") } else { reason },
            "created": self.now().to_fhir(),
            "slot": [{"reference": format!("Slot/{slot}")}],
            "participant": participants,
        });
        for name in ["start", "end"] {
            if let (Some(at), Some(members)) = (time.get(name), appointment.as_object_mut()) {
                members.insert(name.into(), at.clone());
            }
        }
        set_status(&mut time, "busy");
        let mut together = Together::default();
        if !moved.is_empty() {
            self.let_go(moved, &mut together).await?;
        }
        together.update("Slot", slot, version, &time);
        together.create(&appointment);
        self.store(together).await.map(drop)
    }

    /// Cancels an appointment; its time is free again in the same commit.
    async fn cancel(&self, id: &str, visit: &str) -> Result<(), Problem> {
        self.mine(Some(id)).await?;
        let mut together = Together::default();
        self.let_go(visit, &mut together).await?;
        self.store(together).await.map(drop)
    }

    async fn let_go(&self, visit: &str, together: &mut Together) -> Result<(), Problem> {
        let (mut appointment, version) = self.read_json("Appointment", visit).await?;
        if !is_open(text_at(&appointment, "/status").unwrap_or_default()) {
            let text = "This appointment is not booked any more: it was moved or cancelled.";
            return Err(Problem::new(Kind::Conflict, NOT_BOOKED, text));
        }
        let slots = appointment.get("slot").and_then(Value::as_array).cloned().unwrap_or_default();
        set_status(&mut appointment, "cancelled");
        together.update("Appointment", visit, version, &appointment);
        for slot in slots.iter().filter_map(|one| one.get("reference")?.as_str()) {
            let Some(id) = slot.strip_prefix("Slot/") else { continue };
            let (mut time, version) = match self.read_json("Slot", id).await {
                Ok(found) => found,
                Err(problem) if matches!(problem.kind, Kind::NotFound | Kind::Gone) => continue,
                Err(problem) => return Err(problem),
            };
            if time.get("status").and_then(Value::as_str) == Some("busy") {
                set_status(&mut time, "free");
                together.update("Slot", id, version, &time);
            }
        }
        Ok(())
    }
}

/// Whether an appointment of this status can be moved and cancelled.
fn is_open(status: &str) -> bool {
    matches!(status, "booked" | "pending" | "proposed")
}

fn set_status(resource: &mut Value, status: &str) {
    if let Some(members) = resource.as_object_mut() {
        members.insert("status".into(), json!(status));
    }
}

fn visit(json: &Value, now: Moment) -> Option<Visit> {
    let text = |at: &str| text_at(json, at);
    let status = text("/status")?;
    let start = text("/start").and_then(Moment::parse)?;
    let actors = json.get("participant").and_then(Value::as_array);
    let actors: Vec<(&str, &str)> = actors
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let actor = one.get("actor")?;
            Some((actor.get("reference")?.as_str()?, actor.get("display")?.as_str()?))
        })
        .collect();
    let of = |kind: &'static str| actors.iter().filter(move |(to, _)| to.starts_with(kind));
    let title = text("/description").or_else(|| text("/serviceType/0/text"));
    Some(Visit {
        id: text("/id")?.to_string(),
        title: title.unwrap_or_else(|| t("times.appointment")).to_string(),
        start,
        end: text("/end").and_then(Moment::parse),
        with: of("Practitioner/").map(|(_, name)| (*name).to_string()).collect(),
        place: of("Location/").map(|(_, name)| (*name).to_string()).next(),
        practitioner: of("Practitioner/").map(|(to, _)| (*to).to_string()).next(),
        is_cancelled: matches!(status, "cancelled" | "noshow" | "entered-in-error"),
        is_coming: is_open(status) && start > now,
    })
}
