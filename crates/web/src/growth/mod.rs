//! How a child grows: its measurements, and where they lie among children of its age and sex.
//!
//! Pure: Observations and a reference in, answers out. Not here: the references themselves
//! ([`reference`]), drawing (`pages::growth_figure`).
//! Guideline: WHO's standard to five years, the Norwegian reference (Vekststudien i Bergen) from then on:
//! <https://www.helsedirektoratet.no/retningslinjer/helsestasjons-og-skolehelsetjenesten>

mod reference;

use std::sync::Arc;

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

pub use self::reference::References;
pub(crate) use self::reference::STANDARD_DAYS;

use crate::chart::{Person, Sex};
use crate::datatypes::{has_code, moment, number, text};
use crate::dates::{age_years, days_between};

/// Who is drawn: references end at 19 years.
const YEARS_MAX: i16 = 20;
/// Weeks of a pregnancy that is not shorter than usual; of what is shorter the age is corrected.
const TERM_WEEKS: f64 = 37.0;
const FULL_TERM_DAYS: f64 = 280.0;
/// Age to which it is corrected.
const CORRECTED_DAYS_MAX: f64 = 730.0;
/// Weeks that a child can be born after.
const WEEKS: (f64, f64) = (22.0, 45.0);
/// LOINC: gestational age at birth.
const GESTATIONAL_AGE: &str = "76516-4";
/// How far back a crossing of percentiles is looked for.
const CROSSING_DAYS_MAX: f64 = 730.0;
/// Weights of the first days fall before they rise.
const CROSSING_AGE_DAYS_MIN: f64 = 28.0;
/// Lines that are crossed when it is said.
const CROSSED_LINES: usize = 2;

/// The percentiles that are drawn, with their deviations from the median.
pub(crate) const PERCENTILES: [(&str, f64); 7] = [
    ("2,5", -1.959_964),
    ("10", -1.281_552),
    ("25", -0.674_490),
    ("50", 0.0),
    ("75", 0.674_490),
    ("90", 1.281_552),
    ("97,5", 1.959_964),
];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Measure {
    /// kg
    Weight,
    /// cm; lying to two years of age
    Height,
    /// cm
    Head,
    /// kg/m²
    Bmi,
}

impl Measure {
    /// All, in the order in which they are shown.
    pub(crate) const ALL: [Self; 4] = [Self::Weight, Self::Height, Self::Head, Self::Bmi];

    /// By its word in files.
    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.word() == word)
    }

    /// Its word in files and addresses.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Height => "height",
            Self::Head => "head",
            Self::Bmi => "bmi",
        }
    }

    /// LOINC codes that mean it.
    fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Weight => &["29463-7", "3141-9", "8339-4"],
            Self::Height => &["8302-2", "8306-3", "8308-9", "89269-5"],
            Self::Head => &["9843-4", "8287-5"],
            Self::Bmi => &["39156-5"],
        }
    }

    /// Its unit as people read it.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Weight => "kg",
            Self::Height | Self::Head => "cm",
            Self::Bmi => "kg/m²",
        }
    }

    /// What a unit of a Quantity is worth in ours; `None` for another.
    fn factor(self, unit: &str) -> Option<f64> {
        match (self, unit) {
            (Self::Weight, "kg")
            | (Self::Height | Self::Head, "cm")
            | (Self::Bmi, "kg/m2" | "kg/m²") => Some(1.0),
            (Self::Weight, "g") => Some(0.001),
            (Self::Height | Self::Head, "m") => Some(100.0),
            (Self::Height | Self::Head, "mm") => Some(0.1),
            _ => None,
        }
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub day: Date,
    /// Age in days since birth.
    pub age: f64,
    /// The same, corrected for a birth before term; equal where there is nothing to correct.
    pub corrected: f64,
    pub value: f64,
    /// Reckoned from weight and height of one day, not measured.
    pub is_reckoned: bool,
}

/// A child's measurements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growth {
    pub sex: Option<Sex>,
    /// Whole weeks of the pregnancy, when it was shorter than usual.
    pub born_after_weeks: Option<i32>,
    /// Each measure's, the oldest first; empty for adults.
    measured: Vec<(Measure, Vec<Measured>)>,
    pub references: Arc<References>,
}

/// Where a measurement lies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Deviations from the median.
    pub z: f64,
    pub reference: String,
}

impl Place {
    /// How many of [`PERCENTILES`] lie below.
    pub(crate) fn band(&self) -> usize {
        PERCENTILES.iter().filter(|(_, z)| self.z > *z).count()
    }
}

/// That a child has moved across at least two percentile lines.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Crossing {
    pub since: Date,
    pub from: Place,
    pub to: Place,
}

impl Growth {
    /// A measure's, the oldest first.
    pub(crate) fn of(&self, measure: Measure) -> &[Measured] {
        let found = self.measured.iter().find(|(known, _)| *known == measure);
        found.map_or(&[], |(_, all)| all.as_slice())
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.measured.iter().all(|(_, all)| all.is_empty())
    }

    /// Where a measurement lies; `None` where no reference covers it.
    pub(crate) fn place(
        &self,
        measure: Measure,
        one: &Measured,
        chosen: Option<&str>,
    ) -> Option<Place> {
        let (name, lms) = self.references.at(chosen, measure, self.sex?, one.corrected)?;
        Some(Place { z: lms.z(measure, one.value), reference: name.to_owned() })
    }

    /// Whether the newest measurement lies two lines or more from an earlier one of the last two years:
    /// the newest such.
    pub(crate) fn crossing(&self, measure: Measure, chosen: Option<&str>) -> Option<Crossing> {
        let all = self.of(measure);
        let (newest, before) = all.split_last()?;
        let to = self.place(measure, newest, chosen)?;
        let recent = before.iter().rev().filter(|one| {
            one.corrected >= CROSSING_AGE_DAYS_MIN && newest.age - one.age <= CROSSING_DAYS_MAX
        });
        for one in recent {
            let Some(from) = self.place(measure, one, chosen) else { continue };
            if from.reference == to.reference && from.band().abs_diff(to.band()) >= CROSSED_LINES {
                return Some(Crossing { since: one.day, from, to });
            }
        }
        None
    }
}

/// Whether an Observation may tell how a child grows.
pub(crate) fn reads(observation: NodeRef<'_>) -> bool {
    let code = observation.first("code");
    let mut codes = Measure::ALL.iter().flat_map(|measure| measure.codes());
    codes.any(|known| has_code(code, known)) || has_code(code, GESTATIONAL_AGE)
}

/// A child's growth among its Observations; nothing for adults, and those whose birth is not known.
pub(crate) fn read(observations: &[NodeRef<'_>], person: &Person, today: Date) -> Growth {
    let mut growth =
        Growth { sex: person.gender, references: References::built_in(), ..Growth::default() };
    let Some(birth) = person.birth.map(crate::dates::Moment::date) else { return growth };
    if age_years(birth, today).is_none_or(|years| years >= YEARS_MAX) {
        return growth;
    }
    let valid: Vec<NodeRef<'_>> = observations
        .iter()
        .copied()
        .filter(|one| !matches!(text(*one, &["status"]), Some("entered-in-error" | "cancelled")))
        .collect();
    let early = days_early(&valid);
    growth.born_after_weeks = early.map(|early| ((FULL_TERM_DAYS - early) / 7.0).floor() as i32);
    let early = early.unwrap_or(0.0);
    for measure in Measure::ALL {
        let all = valid.iter().filter_map(|one| measured(*one, measure, birth, early));
        let mut all: Vec<Measured> = all.collect();
        all.sort_by_key(|one| one.day);
        growth.measured.push((measure, all));
    }
    reckon(&mut growth);
    growth
}

fn measured(node: NodeRef<'_>, measure: Measure, birth: Date, early: f64) -> Option<Measured> {
    let code = node.first("code");
    if !measure.codes().iter().any(|known| has_code(code, known)) {
        return None;
    }
    let value = node.first("value").filter(|value| value.type_name() == "Quantity")?;
    let unit = text(value, &["code"]).or_else(|| text(value, &["unit"]))?;
    let day = moment(node, &["effective"])?.date();
    let age = days_between(birth, day) as f64;
    (age >= 0.0).then_some(())?;
    // What was said in another unit is not more exact for being reckoned.
    let value = (number(value)? * measure.factor(unit)? * 10_000.0).round() / 10_000.0;
    let is_possible = value.is_finite() && value > 0.0;
    let corrected = corrected(age, early);
    is_possible.then_some(Measured { day, age, corrected, value, is_reckoned: false })
}

fn corrected(age: f64, early: f64) -> f64 {
    if age - early < CORRECTED_DAYS_MAX { age - early } else { age }
}

/// Days before term that the child was born, where that is recorded and was before the 37th week.
fn days_early(observations: &[NodeRef<'_>]) -> Option<f64> {
    let is_it = |one: &&NodeRef<'_>| has_code(one.first("code"), GESTATIONAL_AGE);
    let value = observations.iter().find(is_it)?.first("value")?;
    let weeks = match text(value, &["code"]).or_else(|| text(value, &["unit"]))? {
        "wk" | "uker" | "weeks" => number(value)?,
        "d" | "dager" | "days" => number(value)? / 7.0,
        _ => return None,
    };
    let is_early = weeks >= WEEKS.0 && weeks < TERM_WEEKS && weeks <= WEEKS.1;
    is_early.then_some(FULL_TERM_DAYS - weeks * 7.0)
}

/// BMI of the days on which weight and height were measured and it was not.
fn reckon(growth: &mut Growth) {
    let mut bmi = growth.of(Measure::Bmi).to_vec();
    for weight in growth.of(Measure::Weight) {
        let height = growth.of(Measure::Height).iter().find(|height| height.day == weight.day);
        let Some(height) = height else { continue };
        if bmi.iter().any(|known| known.day == weight.day) {
            continue;
        }
        let metres = height.value / 100.0;
        let value = (weight.value / (metres * metres) * 10.0).round() / 10.0;
        bmi.push(Measured { value, is_reckoned: true, ..*weight });
    }
    bmi.sort_by_key(|one| one.day);
    if let Some((_, all)) = growth.measured.iter_mut().find(|(known, _)| *known == Measure::Bmi) {
        *all = bmi;
    }
}

#[cfg(test)]
mod tests;
