//! What has been written to the reader or the unit and is not taken care of: messages, and requests
//! to renew a prescription or to change one, and forms that came back.
//!
//! A message is taken care of when it is answered or said to be: `received` tells which day.
//! Standard: <https://hl7.org/fhir/R4/communication.html>

use akson_access::Personnel;
use akson_base::Problem;
use akson_fhir::model::{NodeRef, Resource};

use super::{Tasks, mine, people};
use crate::chart::Person;
use crate::datatypes::{concept, display, moment, target_id, text};
use crate::dates::Moment;
use crate::questionnaires::Answered;
use crate::reconciling::proposals::Proposal;
use crate::sight::Reader;

/// Messages of one reader that are shown.
const MESSAGES_MAX: usize = 100;

/// What waits for an answer, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    pub messages: Vec<Message>,
    pub renewals: Vec<Renewal>,
    /// What others propose of prescriptions, each with whom it is about.
    pub proposals: Vec<(Proposal, Person)>,
    /// Forms that the reader has asked patients for, and that were sent.
    pub answered: Vec<Answered>,
}

impl Inbox {
    /// How much there is.
    pub(crate) fn count(&self) -> usize {
        let asked = self.renewals.len() + self.proposals.len();
        self.messages.len() + asked + self.answered.len()
    }
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub id: String,
    pub person: Option<Person>,
    /// Who wrote, when it was not the patient.
    pub sender: Option<String>,
    pub topic: Option<String>,
    pub text: String,
    /// How many files came with it.
    pub files: usize,
    pub sent: Option<Moment>,
    /// To the unit, and not to the reader alone.
    pub to_unit: bool,
}

/// A patient asks for a prescription.
#[derive(Clone, Debug)]
pub(crate) struct Renewal {
    pub task: String,
    pub person: Person,
    /// The drug as the request calls it.
    pub drug: String,
    /// Id of the MedicationRequest.
    pub prescription: Option<String>,
    pub note: Option<String>,
    pub asked: Option<Moment>,
}

impl Reader {
    /// The messages to the reader or the unit that nobody has taken care of.
    pub(super) async fn messages(&self, personnel: &Personnel) -> Result<Vec<Message>, Problem> {
        let to = mine(personnel).join(",");
        let query = format!(
            "recipient={to}&received:missing=true&status=completed,in-progress\
             &_include=Communication:subject&_count={MESSAGES_MAX}"
        );
        let found = self.search(&self.caller(), "Communication", query).await?;
        let people = people(&found);
        let unit = personnel.organisations.first().map_or("", |unit| unit);
        let messages = found.iter().map(Resource::root).filter(|r| r.type_name() != "Patient");
        let mut messages: Vec<Message> = messages
            .filter_map(|root| {
                let mut message = message(root, unit)?;
                let patient = root.first("subject").and_then(target_id);
                message.person = patient.and_then(|id| people.get(id)).cloned();
                Some(message)
            })
            .collect();
        messages.sort_by(|a, b| (a.sent, &a.id).cmp(&(b.sent, &b.id)));
        Ok(messages)
    }
}

fn message(root: NodeRef<'_>, unit: &str) -> Option<Message> {
    let contents = || root.named("payload").filter_map(|payload| payload.first("content"));
    let texts: Vec<&str> =
        contents().filter(|one| one.type_name() == "string").filter_map(NodeRef::text).collect();
    let is_patient = |sender: &NodeRef<'_>| {
        text(*sender, &["reference"]).is_some_and(|one| one.starts_with("Patient/"))
    };
    let mut to = root.named("recipient");
    Some(Message {
        id: text(root, &["id"])?.to_owned(),
        person: None,
        sender: root.first("sender").filter(|sender| !is_patient(sender)).and_then(display),
        topic: root.first("topic").and_then(concept),
        text: texts.join("\n\n"),
        files: contents().filter(|one| one.type_name() == "Attachment").count(),
        sent: moment(root, &["sent"]),
        to_unit: to.any(|one| text(one, &["reference"]) == Some(unit)),
    })
}

/// What is proposed of prescriptions among the tasks.
pub(super) fn proposals(found: &[Resource], tasks: &Tasks<'_>) -> Vec<(Proposal, Person)> {
    let all = Proposal::among(found).into_iter();
    all.filter_map(|one| {
        let person = tasks.people.get(one.patient.as_str())?.clone();
        Some((one, person))
    })
    .collect()
}

/// The requests for renewal among the tasks, the oldest first.
pub(super) fn renewals(tasks: &Tasks<'_>) -> Vec<Renewal> {
    let mut renewals: Vec<Renewal> = tasks
        .with_code("renew")
        .filter_map(|task| {
            let focus = task.first("focus");
            let target = focus.and_then(|focus| tasks.target(focus));
            let drug = target
                .and_then(|target| target.first("medication"))
                .and_then(|drug| concept(drug).or_else(|| display(drug)))
                .or_else(|| focus.and_then(display))
                .or_else(|| text(task, &["description"]).map(str::to_owned))?;
            Some(Renewal {
                task: text(task, &["id"])?.to_owned(),
                person: tasks.person(task)?.clone(),
                drug,
                prescription: focus.and_then(target_id).map(str::to_owned),
                note: text(task, &["note", "text"]).map(str::to_owned),
                asked: moment(task, &["authoredOn"]),
            })
        })
        .collect();
    renewals.sort_by(|a, b| (a.asked, &a.task).cmp(&(b.asked, &b.task)));
    renewals
}
