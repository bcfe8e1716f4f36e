//! How much of a medicine is too much for whom: `rules/doses.tsv`.

use crate::atc::Groups;
use crate::check::{Facts, Level, Proposed};
use crate::table::number;

/// What a bound is reckoned in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Per {
    /// Milligrams of a day.
    Day,
    /// Milligrams of a day for each kilogram.
    Kilogram,
    /// How many times a week.
    WeekTimes,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct DoseRule {
    pub(crate) of: Groups,
    from: u32,
    to: Option<u32>,
    pub(crate) egfr: Option<f64>,
    most: f64,
    per: Per,
    pub(crate) level: Level,
    pub(crate) text: &'static str,
    pub(crate) source: &'static str,
}

/// What a line says of a proposed medicine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not about this patient, or the dose is within it.
    Fine,
    /// It is broken.
    Exceeded,
    /// It cannot be told without what is missing.
    NoAge,
    NoEgfr,
    NoWeight,
    NoAmount,
}

impl DoseRule {
    pub(crate) fn read(cells: &[&'static str]) -> Option<Self> {
        let [atc, from, to, egfr, most, _, per, level, text, source] = cells else { return None };
        let per = match *per {
            "day" => Per::Day,
            "kg" => Per::Kilogram,
            "week-times" => Per::WeekTimes,
            _ => return None,
        };
        Some(Self {
            of: Groups::read(atc),
            from: from.parse().ok()?,
            to: to.parse().ok(),
            egfr: number(egfr),
            most: number(most)?,
            per,
            level: Level::read(level)?,
            text,
            source,
        })
    }

    /// Whether a proposed medicine breaks the line.
    pub(crate) fn judge(&self, facts: &Facts, proposed: &Proposed) -> Verdict {
        let bounded = self.from > 0 || self.to.is_some();
        match facts.age {
            None if bounded => return Verdict::NoAge,
            Some(age) if age < self.from || self.to.is_some_and(|to| age >= to) => {
                return Verdict::Fine;
            }
            None | Some(_) => {}
        }
        match (self.egfr, facts.egfr) {
            (Some(_), None) => return Verdict::NoEgfr,
            (Some(below), Some(egfr)) if egfr >= below => return Verdict::Fine,
            (None | Some(_), _) => {}
        }
        if self.most == 0.0 {
            return Verdict::Exceeded;
        }
        let amount = match self.per {
            Per::WeekTimes => proposed.times_a_day.map(|times| times * 7.0),
            Per::Day | Per::Kilogram => proposed.milligrams_a_day,
        };
        let Some(amount) = amount else { return Verdict::NoAmount };
        let most = match (self.per, facts.weight) {
            (Per::Kilogram, None) => return Verdict::NoWeight,
            (Per::Kilogram, Some(weight)) => self.most * weight,
            (Per::Day | Per::WeekTimes, _) => self.most,
        };
        // A hair's breadth, for sums of decimals.
        if amount > most * 1.000_001 { Verdict::Exceeded } else { Verdict::Fine }
    }
}
