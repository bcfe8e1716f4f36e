//! Diagnoses: what the patient has, then what the patient has had; the same code once.

use akson_fhir::model::NodeRef;

use crate::datatypes::{Code, concept, first_code, moment, status, text};
use crate::dates::Moment;

/// A diagnosis, however many times it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// Id of one of its Conditions.
    pub id: Option<String>,
    pub text: String,
    pub code: Option<Code>,
    /// First onset (or recording).
    pub since: Option<Moment>,
    /// Latest onset or recording.
    pub latest: Option<Moment>,
    /// Latest end, when resolved.
    pub until: Option<Moment>,
    /// How many times it was recorded as an episode of its own.
    pub episodes: usize,
    pub note: Option<String>,
}

/// Active first, then resolved; each newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Diagnoses {
    pub active: Vec<Diagnosis>,
    pub former: Vec<Diagnosis>,
}

pub(super) fn read(conditions: &[NodeRef<'_>]) -> Diagnoses {
    let mut diagnoses = Diagnoses::default();
    for condition in conditions {
        if matches!(status(*condition, "verificationStatus"), Some("refuted" | "entered-in-error"))
        {
            continue;
        }
        let Some(one) = diagnosis(*condition) else { continue };
        let ended = matches!(
            status(*condition, "clinicalStatus"),
            Some("resolved" | "inactive" | "remission")
        );
        let over = ended || one.until.is_some();
        merge(if over { &mut diagnoses.former } else { &mut diagnoses.active }, one);
    }
    // The newest problem first; among the former, the one that ended last.
    diagnoses.active.sort_by(|a, b| (b.since, &a.text).cmp(&(a.since, &b.text)));
    diagnoses.former.sort_by(|a, b| (b.latest, &a.text).cmp(&(a.latest, &b.text)));
    diagnoses
}

fn merge(list: &mut Vec<Diagnosis>, one: Diagnosis) {
    let same = |d: &&mut Diagnosis| match (&d.code, &one.code) {
        (Some(a), Some(b)) => a == b,
        _ => d.text == one.text,
    };
    match list.iter_mut().find(same) {
        None => list.push(one),
        Some(known) => {
            known.episodes += 1;
            known.since = [known.since, one.since].into_iter().flatten().min();
            known.latest = known.latest.max(one.latest);
            known.until = known.until.max(one.until);
            known.note = known.note.take().or(one.note);
        }
    }
}

fn diagnosis(condition: NodeRef<'_>) -> Option<Diagnosis> {
    let code = condition.first("code")?;
    let since = moment(condition, &["onset"])
        .or_else(|| moment(condition, &["onset", "start"]))
        .or_else(|| moment(condition, &["recordedDate"]));
    Some(Diagnosis {
        id: text(condition, &["id"]).map(str::to_owned),
        text: concept(code)?,
        code: first_code(code),
        since,
        latest: since,
        until: moment(condition, &["abatement"])
            .or_else(|| moment(condition, &["abatement", "end"])),
        episodes: 1,
        note: text(condition, &["note", "text"]).map(str::to_owned),
    })
}
