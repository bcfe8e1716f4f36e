//! What somebody who does not prescribe proposes of a prescription, and a doctor's answer to it.
//!
//! A proposal is a `Task` of [`TASK_SYSTEM`] `change-medicine` with intent `proposal`; what is proposed
//! stands in its `input`. Accepting it writes the prescription and closes the task in one commit.
//! Not here: HTML (`pages::proposal_row`).
//! Standard: <https://hl7.org/fhir/R4/task.html>

use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_fhir::model::Resource;
use akson_medicines::Outcome;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::sources::{Listed, Row};
use super::storing::{prescribe, stop};
use super::{Chosen, REASON_MAX};
use crate::chart::Person;
use crate::dates::Moment;
use crate::fields::{codes, list, target, text, text_at};
use crate::forms::Form;
use crate::messages::{recorded, recorded_with, t};
use crate::pages::{proposal_row, rows};
use crate::prescribing::dosage::Dosage;
use crate::prescribing::prescription::{Writing, medicine};
use crate::prescribing::{AtChart, cautions, writing};
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::Reader;
use crate::systems::{ATC, MESSAGE_SYSTEM, OPEN_TASK, TASK_SYSTEM};
use crate::writing::{Together, set};

/// The task's code.
pub(crate) const CODE: &str = "change-medicine";
/// What the parts of a proposal are.
const PARTS: &str = "https://akson.no/fhir/CodeSystem/medicine-proposal";
/// Prescriptions in force that are looked through for a doctor of the unit.
const PRESCRIPTIONS_MAX: usize = 100;

/// What is proposed.
pub(super) enum Change<'a> {
    /// As a list has it; the list's kind.
    Take { listed: &'a Listed, from: &'static str },
    /// No longer taken.
    Stop,
}

/// The proposals of one reconciliation: all of one person to one doctor.
pub(super) struct Proposing<'a> {
    patient: &'a str,
    doctor: Value,
    reason: &'a str,
    by: &'a Writing,
}

impl<'a> Proposing<'a> {
    /// Finds the doctor: one of the reader's own unit who prescribes for the patient, or else the
    /// patient's own.
    pub(super) async fn begin(
        reader: &Reader,
        patient: &'a str,
        chosen: &'a Chosen,
        by: &'a Writing,
    ) -> Result<Self, Problem> {
        let escaped = crate::people::quoted(patient);
        let query = format!("patient={escaped}&status=active&_count={PRESCRIPTIONS_MAX}");
        let found = reader.search_json(&reader.caller(), "MedicationRequest", query).await?;
        let colleagues = match reader.who.actor.personnel() {
            Some(personnel) => reader.unit(personnel).await?.colleagues.clone(),
            None => Vec::new(),
        };
        let of_unit = found.iter().find_map(|request| {
            let by = text_at(request, "/requester/reference")?;
            colleagues.iter().any(|one| one == by).then(|| request.get("requester").cloned())?
        });
        let doctor = match of_unit {
            Some(doctor) => doctor,
            None => match reader.doctor(patient).await? {
                Some((to, name)) => json!({"reference": to, "display": name}),
                None => {
                    let text = "The patient has no doctor here who could be asked.";
                    return Err(Problem::new(Kind::Conflict, "WEB-281", text));
                }
            },
        };
        Ok(Self { patient, doctor, reason: &chosen.reason, by })
    }

    /// Who writes.
    pub(super) fn by(&self) -> &Writing {
        self.by
    }

    /// Adds a proposal; the reference by which the commit may name it.
    pub(super) fn propose(
        &self,
        together: &mut Together,
        row: &Row,
        prior: Option<&str>,
        change: &Change<'_>,
    ) -> String {
        let mut input = vec![part("medicine", "valueCodeableConcept", named(row, change))];
        let before = row.ours.as_ref().and_then(|ours| ours.dosage.clone());
        input.extend(before.map(|before| part("before", "valueString", json!(before))));
        let what = match change {
            Change::Take { listed, from } => {
                let dosage = listed.dosage_json.clone();
                input.extend(dosage.map(|dosage| part("dosage", "valueDosage", dosage)));
                let reason = listed.reason.clone();
                input.extend(reason.map(|reason| part("reason", "valueString", json!(reason))));
                input.push(part("from", "valueCode", json!(from)));
                let dosage = listed.dosage.as_deref().unwrap_or_default();
                let said = [("drug", listed.name.as_str()), ("dosage", dosage)];
                match prior {
                    Some(_) => recorded_with("proposals.change", &said),
                    None => recorded_with("proposals.take", &said),
                }
            }
            Change::Stop => {
                input.push(part("stop", "valueBoolean", json!(true)));
                recorded_with("proposals.stop", &[("drug", &row.name)])
            }
        };
        let coding = json!({"system": TASK_SYSTEM, "code": CODE});
        let mut task = json!({
            "resourceType": "Task", "status": "requested", "intent": "proposal",
            "code": {"coding": [coding], "text": recorded("proposals.kind")},
            "description": what,
            "for": {"reference": format!("Patient/{}", self.patient)},
            "authoredOn": self.by.now, "lastModified": self.by.now,
            "owner": self.doctor,
            "input": input,
        });
        if let Some(author) = &self.by.author {
            set(&mut task, "requester", author.clone());
        }
        if let Some(prior) = prior {
            set(
                &mut task,
                "focus",
                json!({"reference": format!("MedicationRequest/{prior}"), "display": row.name}),
            );
        }
        if !self.reason.is_empty() {
            set(&mut task, "note", json!([{"text": self.reason}]));
        }
        together.create(&task)
    }
}

fn part(code: &str, name: &str, value: Value) -> Value {
    json!({"type": {"coding": [{"system": PARTS, "code": code}]}, name: value})
}

fn named(row: &Row, change: &Change<'_>) -> Value {
    let (name, atc) = match change {
        Change::Take { listed, .. } => (&listed.name, &listed.atc),
        Change::Stop => (&row.name, &row.atc),
    };
    let mut medicine = json!({"text": name});
    if let Some(atc) = atc {
        set(&mut medicine, "coding", json!([{"system": ATC, "code": atc}]));
    }
    medicine
}

/// A proposal as the doctor meets it.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub task: String,
    /// The patient's id.
    pub patient: String,
    pub is_stop: bool,
    /// The medicine and how it is to be taken.
    pub listed: Listed,
    /// How it is taken now.
    pub before: Option<String>,
    /// Id of the prescription that is to be changed or stopped.
    pub prior: Option<String>,
    /// Which kind of list it comes from.
    pub from: Option<String>,
    /// Why, where a warning said stop.
    pub note: Option<String>,
    pub by: Option<String>,
    pub asked: Option<Moment>,
}

impl Proposal {
    /// Reads a task; nothing when it is no proposal.
    pub(crate) fn read(task: &Value) -> Option<Self> {
        if !codes(task, "/code").any(|code| code == (TASK_SYSTEM, CODE)) {
            return None;
        }
        let part = |wanted: &str| {
            let mut all = list(task, "/input").iter();
            all.find(|one| codes(one, "/type").any(|code| code == (PARTS, wanted)))
        };
        let written = |wanted: &str, at: &str| {
            part(wanted).and_then(|one| text_at(one, at)).map(str::to_owned)
        };
        let dosage = part("dosage").and_then(|one| one.get("valueDosage")).cloned();
        let drug =
            json!({"medicationCodeableConcept": part("medicine")?.get("valueCodeableConcept")});
        let (name, atc) = medicine(&drug);
        Some(Self {
            task: text(task, "/id").to_owned(),
            patient: target(task, "/for").to_owned(),
            is_stop: part("stop").is_some(),
            listed: Listed {
                name: name?.to_owned(),
                atc: atc.map(str::to_owned),
                dosage: dosage.as_ref().and_then(|one| text_at(one, "/text")).map(str::to_owned),
                dosage_json: dosage,
                reason: written("reason", "/valueString"),
            },
            before: written("before", "/valueString"),
            prior: Some(target(task, "/focus").to_owned()).filter(|id| !id.is_empty()),
            from: written("from", "/valueCode"),
            note: text_at(task, "/note/0/text").map(str::to_owned),
            by: text_at(task, "/requester/display").map(str::to_owned),
            asked: text_at(task, "/authoredOn").and_then(Moment::parse),
        })
    }

    /// The proposals among tasks, the oldest first.
    pub(crate) fn among(found: &[Resource]) -> Vec<Self> {
        let tasks = found.iter().filter(|one| one.root().type_name() == "Task");
        let mut all: Vec<Self> = tasks
            .filter_map(|one| {
                let mut json = Vec::new();
                akson_fhir::json::write(one, &mut json);
                Self::read(&serde_json::from_slice(&json).ok()?)
            })
            .collect();
        all.sort_by(|a, b| (a.asked, &a.task).cmp(&(b.asked, &b.task)));
        all
    }

    fn checked(&self, reader: &Reader, at: &AtChart) -> Outcome {
        if self.is_stop {
            return Outcome::default();
        }
        let (name, atc) = (&self.listed.name, self.listed.atc.as_deref());
        let drug = atc.and_then(|atc| akson_medicines::find(atc, name));
        let dosage = self.listed.dosage_json.as_ref().and_then(|one| Dosage::read(one, drug));
        let proposed = cautions::proposed(name, atc, dosage.as_ref());
        cautions::checked(&at.chart, reader.today(), &proposed, self.prior.as_deref())
    }
}

/// A proposal that waits for an answer, its task and the task's version.
async fn waiting(reader: &Reader, id: &str) -> Result<(Proposal, Value, u32), Problem> {
    if !reader.who.may_ever_write(Class::Prescription) {
        let text = "Doctors prescribe: this role reads prescriptions.";
        return Err(Problem::new(Kind::Refused, "WEB-180", text));
    }
    let (task, version) = reader.read_json("Task", id).await?;
    let proposal = Proposal::read(&task).ok_or_else(crate::routes::no_page)?;
    if !OPEN_TASK.split(',').any(|open| open == text(&task, "/status")) {
        let text = "This proposal has been answered already. Load the page again.";
        return Err(Problem::new(Kind::Conflict, "WEB-282", text));
    }
    Ok((proposal, task, version))
}

/// `POST /oppgave/{id}/godta`: the prescription as it is proposed. Where a warning says stop it takes a
/// reason: the proposer's, or one that is written now.
pub(super) async fn accept(
    reader: Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Form,
) -> Response {
    let fragment = wants_fragment(&headers);
    let (proposal, mut task, version) = match waiting(&reader, &id).await {
        Ok(found) => found,
        Err(problem) => return failed(&reader, &problem, fragment),
    };
    let at = match AtChart::open(&reader, &proposal.patient, fragment).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let outcome = proposal.checked(&reader, &at);
    let typed = sent.field("begrunnelse").trim();
    let reason =
        if typed.is_empty() { proposal.note.as_deref().unwrap_or_default() } else { typed };
    if reason.chars().count() > REASON_MAX || (outcome.stops() && typed.is_empty()) {
        let asked = Asked { proposal: &proposal, outcome: &outcome, is_fragment: fragment };
        return (StatusCode::BAD_REQUEST, asked.reason(&reader, &at)).into_response();
    }
    let done = async {
        let by = writing(&reader);
        let mut together = Together::default();
        let patient = &proposal.patient;
        match (proposal.is_stop, proposal.prior.as_deref()) {
            (true, Some(prior)) => {
                let why = recorded("reconciling.stopped");
                stop(&reader, &mut together, patient, (prior, why), &by).await?;
            }
            (true, None) => return Err(crate::routes::no_page()),
            (false, prior) => {
                let (listed, warned) = (&proposal.listed, (&outcome, reason));
                prescribe(&reader, &mut together, patient, (listed, prior), warned, &by).await?;
            }
        }
        close(&mut task, "completed", &by);
        together.update("Task", &id, version, &task);
        reader.store(together).await
    };
    match done.await {
        Ok(_) if fragment => response::html(proposal_row::accepted(&proposal)),
        Ok(_) => to("/innboks"),
        Err(problem) => failed(&reader, &problem, fragment),
    }
}

/// `POST /oppgave/{id}/avvis`: no, with a reason that the proposer gets as a message.
pub(super) async fn decline(
    reader: Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
    sent: Form,
) -> Response {
    let fragment = wants_fragment(&headers);
    let done = async {
        let (proposal, mut task, version) = waiting(&reader, &id).await?;
        let reason = sent.typed("tekst", REASON_MAX)?;
        if reason.is_empty() {
            let text = "A proposal is declined with a reason.";
            return Err(Problem::new(Kind::Invalid, "WEB-283", text));
        }
        let by = writing(&reader);
        let mut together = Together::default();
        if let Some(proposer) = task.get("requester").cloned() {
            let what = text(&task, "/description");
            let words =
                recorded_with("proposals.declined-letter", &[("what", what), ("reason", reason)]);
            together.create(&json!({
                "resourceType": "Communication", "status": "completed",
                "category": [{"coding": [{"system": MESSAGE_SYSTEM, "code": "message"}]}],
                "subject": task.get("for"),
                "sender": by.author, "recipient": [proposer], "sent": by.now,
                "topic": {"text": recorded("proposals.kind")},
                "payload": [{"contentString": words}],
            }));
        }
        set(&mut task, "statusReason", json!({"text": reason}));
        close(&mut task, "rejected", &by);
        together.update("Task", &id, version, &task);
        reader.store(together).await?;
        Ok(proposal)
    };
    match done.await {
        Ok(proposal) if fragment => response::html(proposal_row::declined(&proposal)),
        Ok(_) => to("/innboks"),
        Err(problem) => failed(&reader, &problem, fragment),
    }
}

fn close(task: &mut Value, status: &str, by: &Writing) {
    set(task, "status", json!(status));
    set(task, "lastModified", json!(by.now));
}

fn failed(reader: &Reader, problem: &Problem, fragment: bool) -> Response {
    match fragment {
        true => response::told(problem, rows::failed(problem)),
        false => response::problem(problem, Some(&reader.who), false),
    }
}

/// A proposal that needs a reason before it is prescribed.
struct Asked<'a> {
    proposal: &'a Proposal,
    outcome: &'a Outcome,
    is_fragment: bool,
}

impl Asked<'_> {
    fn reason(&self, reader: &Reader, at: &AtChart) -> Response {
        let person: &Person = &at.chart.person;
        let row = proposal_row::Row {
            proposal: self.proposal,
            person,
            who: &reader.who,
            today: reader.today(),
            outcome: Some(self.outcome),
        };
        match self.is_fragment {
            true => response::html(row.draw()),
            false => at.page(reader, t("proposals.kind"), row.alone(), false),
        }
    }
}
