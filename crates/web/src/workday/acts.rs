//! What is done from a row: somebody has come, a task is done, a result is signed or followed up, a
//! message is answered.
//!
//! Each answers with the row as it is now, or leads back to the page where there is no JavaScript.
//! What is signed or done can be undone for some seconds; what is sent to somebody cannot.
//! Standard: <https://hl7.org/fhir/R4/task.html#statemachine>

use akson_access::Personnel;
use akson_base::{Instant, Kind, Problem};
use akson_fhir::date::DateTime;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::Markup;
use serde_json::{Value, json};

use super::signs_for_unit;
use crate::dates::{Moment, parse_date};
use crate::fields::text;
use crate::forms::Form;
use crate::messages::{recorded, t};
use crate::pages::{rows, workday_page};
use crate::response::{self, to};
use crate::routes::{no_page, wants_fragment};
use crate::sight::Reader;
use crate::systems::{MESSAGE_SYSTEM, OPEN_TASK, TASK_SYSTEM};
use crate::who::Who;
use crate::writing::{Together, set};

/// How long something can be undone, milliseconds: the page says ten seconds, and the network has its
/// time.
const UNDO_MILLISECONDS: i64 = 30_000;
/// The longest text that is written from a row.
const TEXT_CHARACTERS_MAX: usize = 10_000;
/// Says in `Task.output` who did it.
const DONE_BY: &str = "done-by";

/// What became of something, and where the page is without JavaScript.
struct Done {
    row: Markup,
    back: String,
}

/// `POST /time/{id}/{act}`: `ankommet`, `ikke-mott`, `angre`.
pub(crate) async fn appointment(
    reader: Reader,
    Path((id, act)): Path<(String, String)>,
    headers: HeaderMap,
    _: Form,
) -> Response {
    let done = async {
        let personnel = at_work(&reader.who)?;
        let status = match act.as_str() {
            "ankommet" => "arrived",
            "ikke-mott" => "noshow",
            "angre" => "booked",
            _ => return Err(no_page()),
        };
        let (mut json, version) = reader.read_json("Appointment", &id).await?;
        let now = json.get("status").and_then(Value::as_str).unwrap_or_default();
        if !matches!(now, "booked" | "pending" | "arrived" | "checked-in" | "noshow") {
            return Err(changed_meanwhile());
        }
        set(&mut json, "status", json!(status));
        reader.update("Appointment", &id, version, &json).await?;
        let slots = reader.slots(personnel, &format!("_id={id}")).await?;
        let slot = slots.first().ok_or_else(changed_meanwhile)?;
        let row = workday_page::slot(slot, &reader.who, reader.today());
        Ok(Done { row, back: "/".to_owned() })
    };
    answered(&reader, done.await, &headers)
}

/// `POST /oppgave/{id}/{act}`: `ferdig`, `signer`, `angre`, `folg-opp`, `sett`.
pub(crate) async fn task(
    reader: Reader,
    Path((id, act)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let done = async {
        let personnel = at_work(&reader.who)?;
        match act.as_str() {
            "ferdig" | "signer" => reader.complete(personnel, &id).await,
            "angre" => reader.take_back(personnel, &id).await,
            "folg-opp" => reader.follow_up(personnel, &id, &form).await,
            "sett" => {
                reader.saw_answers(personnel, &id).await?;
                Ok(Done { row: rows::seen(), back: "/".to_owned() })
            }
            _ => Err(no_page()),
        }
    };
    answered(&reader, done.await, &headers)
}

/// `POST /melding/{id}/{act}`: `svar`, `ferdig`.
pub(crate) async fn message(
    reader: Reader,
    Path((id, act)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let done = async {
        let personnel = at_work(&reader.who)?;
        match act.as_str() {
            "svar" => reader.answer(personnel, &id, form.field("tekst")).await,
            "ferdig" => reader.archive(&id).await,
            _ => Err(no_page()),
        }
    };
    answered(&reader, done.await, &headers)
}

fn answered(reader: &Reader, done: Result<Done, Problem>, headers: &HeaderMap) -> Response {
    let is_fragment = wants_fragment(headers);
    match done {
        Ok(done) if is_fragment => response::html(done.row),
        Ok(done) => to(&done.back),
        Err(problem) if is_fragment => response::told(&problem, rows::failed(&problem)),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn at_work(who: &Who) -> Result<&Personnel, Problem> {
    who.actor.personnel().ok_or_else(no_page)
}

fn changed_meanwhile() -> Problem {
    let text = "Somebody else has taken care of this meanwhile. Load the page again.";
    Problem::new(Kind::Conflict, "WEB-120", text)
}

fn empty() -> Problem {
    Problem::new(Kind::Invalid, "WEB-121", "A message or a follow-up needs a text.")
}

/// A text as somebody typed it, not empty and not too long.
fn typed(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(empty());
    }
    if text.chars().count() > TEXT_CHARACTERS_MAX {
        let text = format!("A text from a row has at most {TEXT_CHARACTERS_MAX} characters.");
        return Err(Problem::new(Kind::TooLarge, "WEB-122", text));
    }
    Ok(text)
}

/// Whether a task is one that is still to be done.
fn is_open(task: &Value) -> bool {
    OPEN_TASK.split(',').any(|open| open == text(task, "/status"))
}

fn is_result(task: &Value) -> bool {
    let codings = task.pointer("/code/coding").and_then(Value::as_array);
    codings.into_iter().flatten().any(|coding| {
        text(coding, "/system") == TASK_SYSTEM && text(coding, "/code") == "sign-result"
    })
}

impl Reader {
    fn reference(&self, personnel: &Personnel) -> Value {
        json!({"reference": personnel.practitioner().unwrap_or_default(), "display": self.who.display()})
    }

    /// The task with who did it, and when.
    fn completed(&self, personnel: &Personnel, mut task: Value) -> Value {
        let now = self.now().to_fhir();
        let coding = json!({"system": TASK_SYSTEM, "code": DONE_BY});
        let output = json!([{
            "type": {"coding": [coding]},
            "valueReference": self.reference(personnel),
        }]);
        set(&mut task, "status", json!("completed"));
        set(&mut task, "lastModified", json!(now));
        set(&mut task, "output", output);
        task
    }

    /// An open task that the reader may close, and its version.
    async fn open_task(&self, personnel: &Personnel, id: &str) -> Result<(Value, u32), Problem> {
        let (task, version) = self.read_json("Task", id).await?;
        if !is_open(&task) {
            return Err(changed_meanwhile());
        }
        let owner = text(&task, "/owner/reference");
        let is_own = super::mine(personnel).contains(&owner);
        if is_result(&task) && !is_own && !signs_for_unit(personnel.role) {
            let text = "A result is signed by the one whom it was sent to, or by a doctor.";
            return Err(Problem::new(Kind::Refused, "WEB-123", text));
        }
        Ok((task, version))
    }

    async fn complete(&self, personnel: &Personnel, id: &str) -> Result<Done, Problem> {
        let (task, version) = self.open_task(personnel, id).await?;
        let said = if is_result(&task) { t("workday.signed") } else { t("workday.done") };
        let what = text(&task, "/description").to_owned();
        self.update("Task", id, version, &self.completed(personnel, task)).await?;
        let row = rows::undoable(id, said, &what, &self.who);
        Ok(Done { row, back: format!("/?gjort={id}") })
    }

    /// Opens again what the reader closed just now.
    async fn take_back(&self, personnel: &Personnel, id: &str) -> Result<Done, Problem> {
        let (mut task, version) = self.read_json("Task", id).await?;
        let at = DateTime::parse_instant(text(&task, "/lastModified"));
        let at = at.map_or(0, |at| at.interval_in_norway().start);
        let by = text(&task, "/output/0/valueReference/reference");
        let is_mine = by == personnel.practitioner().unwrap_or_default()
            && text(&task, "/status") == "completed";
        if !is_mine || self.now().0 - at > UNDO_MILLISECONDS {
            let text = "This cannot be undone any more.";
            return Err(Problem::new(Kind::Conflict, "WEB-124", text));
        }
        set(&mut task, "status", json!("requested"));
        set(&mut task, "lastModified", json!(self.now().to_fhir()));
        if let Some(members) = task.as_object_mut() {
            members.remove("output");
        }
        self.update("Task", id, version, &task).await?;
        Ok(Done { row: rows::taken_back(), back: "/".to_owned() })
    }

    /// Signs a result with something that is to be done about it, and tells the patient if there is
    /// something to tell.
    async fn follow_up(
        &self,
        personnel: &Personnel,
        id: &str,
        form: &Form,
    ) -> Result<Done, Problem> {
        let (task, version) = self.open_task(personnel, id).await?;
        let what = typed(form.field("hva"))?;
        let by = parse_date(form.field("dato")).ok_or_else(|| {
            let text = "A follow-up needs a date, as in 31.12.2026.";
            Problem::new(Kind::Invalid, "WEB-125", text)
        })?;
        let patient = task.get("for").cloned().unwrap_or_default();
        let now = self.now().to_fhir();
        let coding = json!({"system": TASK_SYSTEM, "code": "follow-up"});
        let mut together = Together::default();
        together.create(&json!({
            "resourceType": "Task", "status": "requested", "intent": "plan",
            "code": {"coding": [coding], "text": recorded("workday.follow-up")},
            "description": what, "focus": task.get("focus"), "for": patient,
            "authoredOn": now, "lastModified": now,
            "requester": self.reference(personnel), "owner": self.reference(personnel),
            "restriction": {"period": {"end": by.to_string()}},
        }));
        let message = form.field("melding").trim();
        if !message.is_empty() {
            let message = self.letter(personnel, &patient, typed(message)?, None);
            together.create(&message);
        }
        together.update("Task", id, version, &self.completed(personnel, task));
        self.store(together).await?;
        let row = rows::followed_up(what, by, !message.is_empty(), self.today());
        Ok(Done { row, back: "/".to_owned() })
    }

    /// A message to somebody about a patient.
    fn letter(
        &self,
        personnel: &Personnel,
        patient: &Value,
        words: &str,
        answers: Option<(&str, &Value)>,
    ) -> Value {
        let mut letter = json!({
            "resourceType": "Communication", "status": "completed",
            "category": [{"coding": [{"system": MESSAGE_SYSTEM, "code": "message"}]}],
            "sender": self.reference(personnel),
            "sent": self.now().to_fhir(),
            "payload": [{"contentString": words}],
        });
        // What was written to a ward speaks of no patient, and neither does the answer.
        let about = text(patient, "/reference");
        if !about.is_empty() {
            set(&mut letter, "subject", json!({"reference": about}));
            set(&mut letter, "recipient", json!([{"reference": about}]));
        }
        if let Some((id, answered)) = answers {
            let to = answered.get("sender").unwrap_or(patient);
            set(&mut letter, "recipient", json!([to]));
            set(&mut letter, "inResponseTo", json!([{"reference": format!("Communication/{id}")}]));
            if let Some(topic) = answered.get("topic") {
                set(&mut letter, "topic", topic.clone());
            }
        }
        letter
    }

    /// A message that nobody has taken care of, and its version.
    async fn open_message(&self, id: &str) -> Result<(Value, u32), Problem> {
        let (message, version) = self.read_json("Communication", id).await?;
        if message.get("received").is_some() {
            return Err(changed_meanwhile());
        }
        Ok((message, version))
    }

    async fn answer(&self, personnel: &Personnel, id: &str, text: &str) -> Result<Done, Problem> {
        let text = typed(text)?;
        let (mut message, version) = self.open_message(id).await?;
        let patient = message.get("subject").cloned().unwrap_or_default();
        let letter = self.letter(personnel, &patient, text, Some((id, &message)));
        set(&mut message, "received", json!(self.now().to_fhir()));
        let mut together = Together::default();
        together.create(&letter);
        together.update("Communication", id, version, &message);
        self.store(together).await?;
        let row = rows::answered(Moment::from_instant(self.now()), text);
        Ok(Done { row, back: "/".to_owned() })
    }

    /// Takes care of a message without an answer.
    async fn archive(&self, id: &str) -> Result<Done, Problem> {
        let (mut message, version) = self.open_message(id).await?;
        set(&mut message, "received", json!(Instant::to_fhir(self.now())));
        self.update("Communication", id, version, &message).await?;
        Ok(Done { row: rows::archived(), back: "/".to_owned() })
    }
}
