//! A child's measurements, read from Observations.

use akson_fhir::json::parse_stored;
use akson_fhir::model::Resource;
use serde_json::{Value, json};

use super::*;
use crate::dates::Moment;

const TODAY: Date = Date::constant(2026, 11, 22);

fn observation(code: &str, value: f64, unit: &str, day: &str) -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/a"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "code": unit},
    })
}

fn growth(birth: &str, sex: Option<Sex>, observations: &[Value]) -> Growth {
    let parse = |one: &Value| parse_stored(one.to_string().as_bytes()).unwrap();
    let resources: Vec<Resource> = observations.iter().map(parse).collect();
    let roots: Vec<NodeRef<'_>> = resources.iter().map(Resource::root).collect();
    let person = Person { birth: Moment::parse(birth), gender: sex, ..Person::default() };
    read(&roots, &person, TODAY)
}

#[test]
fn measurements_are_read_in_one_unit_and_bmi_is_reckoned_of_the_same_day() {
    let mut wrong = observation("29463-7", 99.0, "kg", "2026-11-21");
    wrong["status"] = json!("entered-in-error");
    let growth = growth(
        "2024-11-22",
        Some(Sex::Male),
        &[
            observation("29463-7", 12_200.0, "g", "2026-11-22T09:00:00+01:00"),
            observation("8302-2", 0.878, "m", "2026-11-22T09:05:00+01:00"),
            observation("29463-7", 3.4, "kg", "2024-11-22"),
            observation("29463-7", 27.0, "[lb_av]", "2026-11-20"),
            wrong,
        ],
    );
    let weights: Vec<f64> = growth.of(Measure::Weight).iter().map(|one| one.value).collect();
    assert_eq!(weights, [3.4, 12.2]);
    let bmi = growth.of(Measure::Bmi);
    assert_eq!(bmi.len(), 1);
    assert!((bmi[0].value - 15.8).abs() < 1e-9 && bmi[0].is_reckoned);
    let place = growth.place(Measure::Weight, &growth.of(Measure::Weight)[1], None).unwrap();
    assert!(place.z.abs() < 0.1 && place.reference == "WHO 2006", "{place:?}");
    assert!(place.band() == 4 || place.band() == 3, "around the median");
}

#[test]
fn who_is_born_early_is_compared_by_corrected_age_to_two_years() {
    let born = "2025-11-22";
    let measured =
        [observation("76516-4", 32.0, "wk", born), observation("29463-7", 6.0, "kg", "2026-05-22")];
    let early = growth(born, Some(Sex::Female), &measured);
    assert_eq!(early.born_after_weeks, Some(32));
    let one = early.of(Measure::Weight)[0];
    assert!((one.age - 181.0).abs() < 0.1 && (one.corrected - 125.0).abs() < 0.1, "{one:?}");
    let term = growth(born, Some(Sex::Female), &measured[1..]);
    assert_eq!(term.born_after_weeks, None);
    let z = |growth: &Growth| {
        growth.place(Measure::Weight, &growth.of(Measure::Weight)[0], None).unwrap().z
    };
    assert!(z(&early) > z(&term) + 0.5, "{} {}", z(&early), z(&term));
    let late = growth(
        "2023-11-22",
        Some(Sex::Female),
        &[
            observation("76516-4", 224.0, "d", "2023-11-22"),
            observation("29463-7", 14.0, "kg", "2026-11-20"),
        ],
    );
    assert_eq!(late.born_after_weeks, Some(32));
    assert!((late.of(Measure::Weight)[0].corrected - late.of(Measure::Weight)[0].age).abs() < 0.1);
}

#[test]
fn two_lines_crossed_are_told_and_one_is_not() {
    let boy = |weights: &[(&str, f64)]| {
        let observations: Vec<Value> =
            weights.iter().map(|(day, kilos)| observation("29463-7", *kilos, "kg", day)).collect();
        growth("2024-11-22", Some(Sex::Male), &observations)
    };
    // The median at one year is 9.6 kg, at two years 12.2 kg with 14.6 above the 97.5th percentile.
    let crossed = boy(&[("2025-11-22", 9.6), ("2026-11-22", 15.5)]);
    let crossing = crossed.crossing(Measure::Weight, None).unwrap();
    assert_eq!(crossing.since, Date::constant(2025, 11, 22));
    assert!(crossing.to.band() == 7 && crossing.from.band() <= 4, "{crossing:?}");
    let steady = boy(&[("2025-11-22", 9.6), ("2026-11-22", 12.6)]);
    assert_eq!(steady.crossing(Measure::Weight, None), None);
    // The loss of the first days is none.
    let newborn = boy(&[("2024-11-22", 4.6), ("2024-12-30", 4.6)]);
    assert_eq!(newborn.crossing(Measure::Weight, None), None);
}

#[test]
fn adults_and_those_whose_sex_is_not_known_are_not_placed() {
    let measured = [observation("29463-7", 70.0, "kg", "2026-11-22")];
    assert!(growth("2000-01-01", Some(Sex::Male), &measured).is_empty());
    let unknown = growth("2020-01-01", None, &measured);
    assert!(!unknown.is_empty());
    assert_eq!(unknown.place(Measure::Weight, &unknown.of(Measure::Weight)[0], None), None);
}
