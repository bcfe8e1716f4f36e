//! What to be warned of before a medicine is prescribed: facts about a patient and a proposed medicine
//! in, warnings in three levels out, and what could not be checked.
//!
//! The rules are data, in `rules/*.tsv`, each line with its source: a pharmacist can read and change
//! them. They are few and important ones; [`coverage`] says how many, and whatever is not in them is
//! [`Unchecked`], never silent.
//! Not here: reading the facts from a journal, words around the warnings, who may prescribe (`web`,
//! `access`). No I/O, no FHIR.

mod atc;
mod check;
mod doses;
mod drugs;
mod table;

pub use check::{
    Allergy, Check, Facts, InUse, Kind, Level, Outcome, Proposed, Unchecked, Warning, check,
};
pub use drugs::{Drug, Group, Rhythm, drugs, find, of_key, search};

/// How many lines the rules have: medicines, interactions, allergies, groups of duplicates, doses.
pub fn coverage() -> [usize; 5] {
    let rules = check::rules();
    [
        drugs().len(),
        rules.interactions.len(),
        rules.allergies.len(),
        rules.duplicates.len(),
        rules.doses.len(),
    ]
}
