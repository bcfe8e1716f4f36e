//! What a citizen is writing and has not sent. A message in preparation, or thrown away, is its writer's
//! alone; answers to a form that are in progress are the patient's and theirs who act for the patient, who
//! fill it in together. Nobody's ground at work opens it.
//!
//! Not here: which resources a citizen writes and how (`acts`), finding those of a patient
//! (`patient_facts`).
//! Standard: <https://hl7.org/fhir/R4/valueset-event-status.html>,
//! <https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html>

use akson_access::Standing;
use akson_access::decide::Situation;
use akson_base::Problem;
use akson_fhir::model::{NodeRef, Resource};
use akson_store::keys::{PatientNumber, ResourceKey};

use crate::acts::is_message;
use crate::elements::{NATIONAL_NUMBER_SYSTEMS, reference, text};
use crate::sight::{Judge, Judged};

/// Types of what is written and sent later, with the statuses that it has before.
pub(crate) const UNSENT: [(&str, &[&str]); 2] =
    [("Communication", &["preparation", "not-done"]), ("QuestionnaireResponse", &["in-progress"])];

/// Whose it is until it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The patient.
    Patient,
    /// One who acts for the patient, by national number.
    Number(Box<str>),
    /// The patient's and theirs who act for the patient.
    Citizens,
}

/// Whose something is that a citizen is writing and has not sent; `None` for everything else.
pub(crate) fn writer(resource: NodeRef<'_>) -> Option<Writer> {
    let status = text(resource, &["status"])?;
    let (name, _) =
        UNSENT.iter().find(|(name, of)| *name == resource.type_name() && of.contains(&status))?;
    if *name == "QuestionnaireResponse" {
        return resource.first("author").and_then(citizen).map(|_| Writer::Citizens);
    }
    resource.first("sender").filter(|_| is_message(resource)).and_then(citizen)
}

/// The citizen whom a reference names: the patient, or by number one who acts for the patient.
fn citizen(by: NodeRef<'_>) -> Option<Writer> {
    if reference(by).is_some_and(|by| by.starts_with("Patient/")) {
        return Some(Writer::Patient);
    }
    let system = text(by, &["identifier", "system"])?;
    let number = text(by, &["identifier", "value"])?;
    let is_person = text(by, &["type"]) == Some("RelatedPerson");
    (is_person && NATIONAL_NUMBER_SYSTEMS.contains(&system)).then(|| Writer::Number(number.into()))
}

impl Judge {
    /// Whether what somebody is writing in a journal is the caller's, too.
    pub(crate) fn is_writer(&self, judged: &Judged, writer: &Writer) -> bool {
        let Standing::Citizen(own) = &self.actor().standing else { return false };
        let is_patient = judged.decision.situation == Situation::Own;
        match writer {
            Writer::Patient => is_patient,
            Writer::Number(number) => !is_patient && **own == **number,
            Writer::Citizens => true,
        }
    }

    /// Whether a version is what somebody else was writing, of what may be sent by now.
    pub(crate) fn is_unsent_version_of_another(
        &self,
        version: &Resource,
        patient: PatientNumber,
    ) -> Result<bool, Problem> {
        let Some(writer) = writer(version.root()) else { return Ok(false) };
        Ok(!self.is_writer(&*self.on(patient)?, &writer))
    }
}

impl Judged {
    /// Whether it is what somebody else is writing and has not sent.
    pub(crate) fn is_unsent_of_another(&self, judge: &Judge, key: ResourceKey) -> bool {
        let writer = self.gathered.unsent.get(&key);
        writer.is_some_and(|writer| !judge.is_writer(self, writer))
    }
}
