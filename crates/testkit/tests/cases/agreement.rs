//! Charts agree with themselves: nothing after death or today, measurements inside their contact,
//! no drug before its diagnosis, no pregnancy in men, numbers valid and unique.

use super::town::{TODAY, charts, day, kind, of_kind, strings};
use akson_base::identifiers;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[8..10].iter().all(u8::is_ascii_digit)
}

fn patients() -> impl Iterator<Item = &'static [Value]> {
    charts().iter().map(Vec::as_slice).filter(|chart| of_kind(chart, "Patient").next().is_some())
}

#[test]
fn nothing_happens_before_birth_after_death_or_in_the_future() {
    for chart in patients() {
        let patient = of_kind(chart, "Patient").next().unwrap();
        let born = day(&patient["birthDate"]);
        let last = patient["deceasedDateTime"].as_str().unwrap_or(TODAY);
        for resource in chart.iter().filter(|resource| kind(resource) != "Patient") {
            let mut found = Vec::new();
            strings(resource, "", &mut found);
            for (name, time) in found.into_iter().filter(|(_, text)| is_time(text)) {
                // What is planned lies ahead: appointments, deadlines, the end of a cure or plan.
                let planned = kind(resource) == "Appointment" || name == "end";
                let alive = last == TODAY;
                assert!(&time[..10] >= born, "{name} {time} before birth: {resource}");
                assert!(
                    &time[..10] <= last || (planned && alive),
                    "{name} {time} after {last}: {resource}"
                );
            }
        }
    }
}

#[test]
fn measurements_lie_inside_their_contact_and_contacts_end_after_they_begin() {
    for chart in patients() {
        let periods: HashMap<&str, &Value> = of_kind(chart, "Encounter")
            .map(|encounter| (encounter["id"].as_str().unwrap(), &encounter["period"]))
            .collect();
        // A stay that goes on has no end.
        for period in periods.values().filter(|period| period["end"].is_string()) {
            assert!(instant(&period["start"]) < instant(&period["end"]), "{period}");
        }
        for observation in of_kind(chart, "Observation") {
            let at = instant(&observation["effectiveDateTime"]);
            let Some(encounter) = observation["encounter"]["reference"].as_str() else {
                // What is measured at home belongs to no contact.
                let by = &observation["performer"][0]["reference"];
                assert_eq!(*by, observation["subject"]["reference"], "{observation}");
                continue;
            };
            let period = periods[encounter.trim_start_matches("Encounter/")];
            let is_before_end = period["end"].is_null() || at <= instant(&period["end"]);
            let inside = instant(&period["start"]) <= at && is_before_end;
            assert!(inside, "{observation} outside {period}");
        }
    }
}

fn instant(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn no_medicine_begins_before_its_diagnosis() {
    let mut checked = 0;
    for chart in patients() {
        let onsets: HashMap<&str, &str> = of_kind(chart, "Condition")
            .map(|condition| (condition["id"].as_str().unwrap(), day(&condition["onsetDateTime"])))
            .collect();
        for request in of_kind(chart, "MedicationRequest") {
            let Some(reason) = request["reasonReference"][0]["reference"].as_str() else {
                continue;
            };
            let onset = onsets[reason.trim_start_matches("Condition/")];
            let bounds = &request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"];
            assert!(day(&bounds["start"]) >= onset, "{request} before {onset}");
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn men_do_not_get_the_illnesses_of_women_nor_women_those_of_men() {
    for chart in patients() {
        let gender = of_kind(chart, "Patient").next().unwrap()["gender"].as_str().unwrap();
        for condition in of_kind(chart, "Condition") {
            let codes = condition["code"]["coding"].as_array().unwrap();
            for code in
                codes.iter().filter(|code| code["system"].as_str().unwrap().ends_with("icpc-2"))
            {
                let chapter = &code["code"].as_str().unwrap()[..1];
                assert!(!(gender == "male" && matches!(chapter, "W" | "X")), "{condition}");
                assert!(!(gender == "female" && chapter == "Y"), "{condition}");
            }
        }
    }
}

#[test]
fn resolved_problems_have_an_end_and_active_ones_none() {
    for condition in patients().flat_map(|chart| of_kind(chart, "Condition")) {
        let resolved = condition["clinicalStatus"]["coding"][0]["code"] == "resolved";
        assert_eq!(resolved, condition["abatementDateTime"].is_string(), "{condition}");
        if resolved {
            let (onset, abated) =
                (day(&condition["onsetDateTime"]), day(&condition["abatementDateTime"]));
            assert!(onset <= abated, "{condition}");
        }
    }
}

#[test]
fn laboratory_values_carry_a_range_and_the_mark_that_follows_from_it() {
    let mut marks: HashMap<String, usize> = HashMap::new();
    for observation in patients().flat_map(|chart| of_kind(chart, "Observation")) {
        if observation["category"][0]["coding"][0]["code"] != "laboratory" {
            continue;
        }
        let value = observation["valueQuantity"]["value"].as_f64().unwrap();
        let range = &observation["referenceRange"][0];
        let low = range["low"]["value"].as_f64().unwrap_or(f64::MIN);
        let high = range["high"]["value"].as_f64().unwrap_or(f64::MAX);
        let mark = observation["interpretation"][0]["coding"][0]["code"].as_str().unwrap();
        let expected = match (value < low, value > high) {
            (true, _) => "L",
            (_, true) => "H",
            (false, false) => "N",
        };
        assert_eq!(mark, expected, "{observation}");
        *marks.entry(mark.to_owned()).or_default() += 1;
    }
    assert!(marks["H"] > 50 && marks["L"] > 10 && marks["N"] > marks["H"], "{marks:?}");
}

#[test]
fn identifiers_are_valid_and_nobody_shares_one() {
    let (mut seen, mut related) = (HashSet::new(), HashSet::new());
    for resource in charts().iter().flatten() {
        for identifier in resource["identifier"].as_array().into_iter().flatten() {
            let value = identifier["value"].as_str().unwrap();
            let system = identifier["system"].as_str().unwrap();
            // A parent or guardian has a chart, too, under the same number.
            if kind(resource) == "RelatedPerson" {
                related.insert(value.to_owned());
            } else {
                assert!(seen.insert(value.to_owned()), "{value} twice");
            }
            match system {
                identifiers::FNR | identifiers::DNR => {
                    assert!(identifiers::has_person_check_digits(value), "{value}");
                    assert!(value[2..4].parse::<u32>().unwrap() > 80, "{value} is not synthetic");
                }
                identifiers::ORGANISATION => {
                    assert!(identifiers::is_organisation_number(value), "{value}");
                }
                identifiers::HPR => assert!(value.starts_with("565"), "{value}"),
                "https://akson.no/fhir/NamingSystem/planned-dose" => {
                    assert_eq!(kind(resource), "MedicationAdministration");
                }
                other => panic!("unexpected identifier system {other}"),
            }
        }
    }
    assert!(related.len() > 50 && related.is_subset(&seen), "{} related", related.len());
}
