//! One case: one actor, one patient, one day.

use jiff::civil::Date;

use crate::signal::Reason;

/// Accesses by one actor to one patient's data on one day, with what makes them stand out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Who looked.
    pub actor: u32,
    /// Whose data.
    pub patient: u32,
    /// The day in Norway.
    pub day: Date,
    /// How many looks and attempts.
    pub looks: u32,
    /// The sum of the reasons' points.
    pub score: u32,
    /// Why, the weightiest first. Never empty.
    pub reasons: Vec<Reason>,
}
