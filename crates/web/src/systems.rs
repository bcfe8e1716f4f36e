//! The names of the code systems that the pages write and look for, each in one place.
//!
//! Not here: systems that one file alone knows, diagnoses (`terminology`), identifiers (`base`).
//! Standard: <https://hl7.org/fhir/R4/terminologies-systems.html>

pub(crate) use akson_record::{MESSAGE_SYSTEM, TASK_SYSTEM};

/// WHO's ATC as Norwegian code systems are named (Volven 7180).
pub(crate) const ATC: &str = "urn:oid:2.16.578.1.12.4.1.1.7180";
/// SNOMED CT.
pub(crate) const SNOMED: &str = "http://snomed.info/sct";
/// Units of measure.
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";
/// HL7's acts: classes of contacts, kinds of issues, privacy rules.
pub(crate) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// What kind of observation it is.
pub(crate) const OBSERVATION_CATEGORY: &str =
    "http://terminology.hl7.org/CodeSystem/observation-category";

/// `Task.status` of what is still to be done, as a search has it.
pub(crate) const OPEN_TASK: &str = "requested,received,accepted,ready,in-progress,on-hold";

/// Whether a system is ATC, by the Norwegian name or WHO's.
pub(crate) fn is_atc(system: &str) -> bool {
    system.contains("7180") || system.contains("whocc.no")
}
