//! What the rules of medicines say of a proposed prescription in a journal: the chart's facts as they
//! ask for them, and the DetectedIssue of a warning that was overridden.
//!
//! Not here: the rules (`akson_medicines`), HTML (`pages::cautions`).
//! Standard: <https://hl7.org/fhir/R4/detectedissue.html>

use akson_medicines::{Facts, InUse, Kind, Level, Outcome, Proposed, check};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::dosage::Dosage;
use crate::chart::{Chart, Point};
use crate::dates::{age_years, days_between};
use crate::systems::ACT_CODE;
use crate::writing::set;

/// eGFR by several formulas.
const EGFR: [&str; 6] = ["62238-1", "33914-3", "98979-8", "50044-7", "48642-3", "88293-6"];
const WEIGHT: [&str; 2] = ["29463-7", "3141-9"];
/// Days that an eGFR is trusted.
const EGFR_DAYS: i64 = 365;
/// Days that a weight is, of grown-ups, children and infants.
const WEIGHT_DAYS: (i64, i64, i64) = (730, 120, 30);

/// The medicine of a prescription and how it is taken.
pub(crate) fn proposed(name: &str, atc: Option<&str>, dosage: Option<&Dosage>) -> Proposed {
    let drug = atc.and_then(|atc| akson_medicines::find(atc, name));
    let times = dosage.map(|dosage| dosage.rhythm.times_a_day());
    let a_day = dosage.zip(times).map(|(dosage, times)| dosage.amount * times);
    Proposed {
        atc: atc.map(str::to_owned),
        name: name.to_owned(),
        milligrams_a_day: drug
            .and_then(akson_medicines::Drug::milligrams)
            .zip(a_day)
            .map(|(milligrams, a_day)| milligrams * a_day),
        times_a_day: times,
    }
}

/// Checks it against the chart. `replaced` is the prescription that it takes the place of.
pub(crate) fn checked(
    chart: &Chart,
    today: Date,
    proposed: &Proposed,
    replaced: Option<&str>,
) -> Outcome {
    check(&facts(chart, today, replaced), proposed)
}

/// What the chart knows.
pub(crate) fn facts(chart: &Chart, today: Date, replaced: Option<&str>) -> Facts {
    let age = chart.person.birth.and_then(|birth| age_years(birth.date(), today));
    let age = age.and_then(|age| u32::try_from(age).ok());
    let egfr = latest(chart, &EGFR);
    let old = |point: &Point, days: i64| {
        point.date.is_none_or(|date| days_between(date.date(), today) > days)
    };
    let weight_days = match age {
        Some(..2) => WEIGHT_DAYS.2,
        Some(2..18) => WEIGHT_DAYS.1,
        Some(18..) | None => WEIGHT_DAYS.0,
    };
    let in_use = chart.medications.in_use.iter();
    let others =
        in_use.filter(|drug| replaced.is_none() || drug.prescription.as_deref() != replaced);
    Facts {
        age,
        weight: latest(chart, &WEIGHT)
            .filter(|point| !old(point, weight_days))
            .and_then(|point| point.value.numbers.first().copied()),
        egfr: egfr.and_then(|point| point.value.numbers.first().copied()),
        egfr_is_old: egfr.is_some_and(|point| old(point, EGFR_DAYS)),
        allergies: chart.safety.allergies.clone(),
        allergies_are_told: chart.safety.is_told,
        in_use: others
            .map(|drug| InUse { atc: drug.atc.clone(), name: drug.text.clone() })
            .collect(),
    }
}

/// The newest number of any of these analyses.
pub(crate) fn latest<'a>(chart: &'a Chart, codes: &[&str]) -> Option<&'a Point> {
    let is_one = |code: &crate::datatypes::Code| codes.contains(&code.code.as_str());
    let series = chart.series.iter().filter(|series| series.code.as_ref().is_some_and(is_one));
    let points = series.flat_map(|series| series.points.iter());
    points.filter(|point| !point.value.numbers.is_empty()).max_by_key(|point| point.date)
}

/// The newest eGFR, to be shown beside what was checked.
pub(crate) fn egfr(chart: &Chart) -> Option<&Point> {
    latest(chart, &EGFR)
}

/// The DetectedIssue of the stops that somebody overrode, with the reason as its mitigation.
pub(crate) fn overridden(
    outcome: &Outcome,
    patient: &str,
    (reason, when): (&str, &str),
    author: Option<&Value>,
    implicated: &[String],
) -> Value {
    let stops: Vec<String> = outcome
        .warnings
        .iter()
        .filter(|warning| warning.level == Level::Stop)
        .map(|warning| match &warning.other {
            Some(other) => format!("{other}: {}", warning.text),
            None => warning.text.to_owned(),
        })
        .collect();
    let kind = outcome.warnings.first().map_or(Kind::Interaction, |warning| warning.kind);
    let code = match kind {
        Kind::Allergy => "ALGY",
        Kind::Interaction => "DRG",
        Kind::Duplicate => "DUPTHPY",
        Kind::Dose => "DOSE",
    };
    let mut mitigation = json!({"action": {"text": reason}, "date": when});
    let mut issue = json!({
        "resourceType": "DetectedIssue",
        "status": "final",
        "code": {"coding": [{
            "system": ACT_CODE, "code": code}]},
        "severity": "high",
        "patient": {"reference": format!("Patient/{patient}")},
        "identifiedDateTime": when,
        "detail": stops.join("\n"),
    });
    if let Some(author) = author {
        set(&mut issue, "author", author.clone());
        set(&mut mitigation, "author", author.clone());
    }
    set(&mut issue, "mitigation", json!([mitigation]));
    if !implicated.is_empty() {
        let references =
            implicated.iter().map(|id| json!({"reference": format!("MedicationRequest/{id}")}));
        set(&mut issue, "implicated", references.collect());
    }
    issue
}
