//! How most lasting illnesses come into a chart: a consultation, what was found, a note, a problem.

use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::Diagnosis;
use crate::municipality::visit::Visit;

/// The consultation at which an illness is recognised.
pub(super) struct Onset<'a> {
    pub(super) diagnosis: &'static Diagnosis,
    pub(super) day: Day,
    pub(super) vitals: &'a [Vital],
    pub(super) labs: &'a [Lab],
    /// What the patient says and the doctor sees.
    pub(super) story: &'a str,
    pub(super) plan: &'a str,
}

/// What came of it.
pub(super) struct Found {
    /// The day of the consultation, or the given one when that lies before the history.
    pub(super) day: Day,
    pub(super) problem: usize,
    pub(super) visit: Option<Visit>,
}

impl Chart<'_> {
    /// Recognise an illness; without a consultation when it began before the history does.
    pub(super) fn recognise(&mut self, onset: &Onset<'_>) -> Found {
        let diagnosis = onset.diagnosis;
        let visit = self.consultation(onset.day, "Konsultasjon", &[diagnosis]);
        let day = visit.as_ref().map_or(onset.day, Visit::day);
        let problem = self.problem(diagnosis, day, visit.as_ref());
        if let Some(visit) = &visit {
            self.vitals(visit, onset.vitals);
            self.labs(visit, onset.labs);
            let findings = self.findings(visit);
            let found =
                if findings.is_empty() { String::new() } else { format!("\nUs.: {findings}.") };
            let text = format!("{}{found}\nVurdering/tiltak: {}", onset.story, onset.plan);
            self.note(visit, diagnosis.name, &text);
        }
        Found { day, problem, visit }
    }
}
