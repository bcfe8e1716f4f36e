//! What can kill: allergies and flags, the gravest first.
//!
//! No allergy registered is not the same as none known: the banner says which.

use akson_fhir::model::NodeRef;

use crate::datatypes::{concept, has_code, moment, status, text};
use crate::dates::Moment;
use crate::messages::t;

/// How loudly the banner says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// May kill: red, with a sign.
    Stop,
    /// To be taken into account.
    Notice,
    /// Good to know: no known allergies.
    Quiet,
}

/// One label of the banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub severity: Severity,
    pub text: String,
    /// Reaction, or the flag's category.
    pub detail: Option<String>,
    pub date: Option<Moment>,
    pub is_allergy: bool,
}

/// SNOMED CT "No known allergy" and its kinds.
const NO_KNOWN_ALLERGY: [&str; 4] = ["716186003", "409137002", "428607008", "429625007"];

/// The banner's labels.
pub(super) fn read(allergies: &[NodeRef<'_>], flags: &[NodeRef<'_>]) -> Vec<Warning> {
    let allergies = allergies.iter().filter(|a| is_current(**a)).filter_map(|a| allergy(*a));
    let mut warnings: Vec<Warning> = allergies.collect();
    // A flag that only says an allergy again would stand twice.
    let said = |flag: &Warning| {
        let text = flag.text.to_lowercase();
        warnings.iter().any(|allergy| text.starts_with(&allergy.text.to_lowercase()))
    };
    let flags: Vec<Warning> =
        flags.iter().filter_map(|f| flag(*f)).filter(|flag| !said(flag)).collect();
    warnings.extend(flags);
    warnings.sort_by(|a, b| {
        (a.severity, !a.is_allergy, &a.text).cmp(&(b.severity, !b.is_allergy, &b.text))
    });
    warnings.dedup_by(|a, b| a.text == b.text && a.is_allergy == b.is_allergy);
    warnings
}

pub(super) fn is_current(allergy: NodeRef<'_>) -> bool {
    let refuted =
        matches!(status(allergy, "verificationStatus"), Some("refuted" | "entered-in-error"));
    !refuted && !matches!(status(allergy, "clinicalStatus"), Some("inactive" | "resolved"))
}

/// Whether it says that there is no allergy.
pub(super) fn says_none(allergy: NodeRef<'_>) -> bool {
    NO_KNOWN_ALLERGY.iter().any(|code| has_code(allergy.first("code"), code))
}

fn allergy(allergy: NodeRef<'_>) -> Option<Warning> {
    let code = allergy.first("code");
    let text_of_code = code.and_then(concept)?;
    let reaction = allergy.first("reaction");
    let detail = reaction.and_then(|r| r.first("manifestation")).and_then(concept);
    let severe = reaction.and_then(|r| text(r, &["severity"])) == Some("severe");
    let severity = if says_none(allergy) {
        Severity::Quiet
    } else if severe || text(allergy, &["criticality"]) == Some("high") {
        Severity::Stop
    } else {
        Severity::Notice
    };
    let date = moment(allergy, &["onset"]).or_else(|| moment(allergy, &["recordedDate"]));
    Some(Warning { severity, text: text_of_code, detail, date, is_allergy: true })
}

fn flag(flag: NodeRef<'_>) -> Option<Warning> {
    (text(flag, &["status"]) == Some("active")).then_some(())?;
    Some(Warning {
        severity: Severity::Notice,
        text: flag.first("code").and_then(concept).unwrap_or_else(|| t("banner.flag").to_owned()),
        detail: None,
        date: None,
        is_allergy: false,
    })
}
