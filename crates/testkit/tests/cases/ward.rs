//! The nursing home's wards: who lies there, what is to be given, what was given.

use super::town::{kind, of_kind, options};
use akson_testkit::municipality;
use serde_json::Value;

fn charts(people: usize, minute: u16) -> Vec<Vec<Value>> {
    municipality::generate_until(&options(people, 1), minute)
        .map(|bytes| {
            let bundle: Value = serde_json::from_slice(&bytes).unwrap();
            let entries = bundle["entry"].as_array().unwrap();
            entries.iter().map(|entry| entry["resource"].clone()).collect()
        })
        .collect()
}

/// The room of a resident, if the chart is one's.
fn room(chart: &[Value]) -> Option<&str> {
    let mut stays = of_kind(chart, "Encounter").filter(|one| one["status"] == "in-progress");
    stays.next().map(|stay| stay["location"][1]["location"]["display"].as_str().unwrap())
}

#[test]
fn the_first_ward_has_ten_to_fourteen_residents_in_towns_of_any_size() {
    for people in [100, 400] {
        let charts = charts(people, 0);
        let rooms: Vec<&str> = charts.iter().filter_map(|chart| room(chart)).collect();
        let second = rooms.iter().filter(|room| room.starts_with('2')).count();
        println!("{people} people: {rooms:?}");
        assert!((10..=14).contains(&second), "{people} people: {rooms:?}");
        for chart in charts.iter().filter(|chart| room(chart).is_some()) {
            let home = of_kind(chart, "EpisodeOfCare").any(|episode| {
                episode["status"] == "active"
                    && episode["managingOrganization"]["display"] == "Furutun sykehjem"
            });
            assert!(home, "the staff has a ground");
        }
    }
}

#[test]
fn doses_are_named_once_and_told_only_as_far_as_the_round_has_come() {
    let given = |minute| -> Vec<Value> {
        let all = charts(100, minute).into_iter().flatten();
        all.filter(|one| kind(one) == "MedicationAdministration").collect()
    };
    let (before, noon) = (given(0), given(11 * 60));
    assert!(before.len() > 80, "{}", before.len());
    assert!(noon.len() > before.len() + 15, "{} and {}", noon.len(), before.len());
    let today = super::town::TODAY;
    assert!(
        before.iter().all(|one| !one["effectiveDateTime"].as_str().unwrap().starts_with(today))
    );
    let mut names: Vec<&str> =
        noon.iter().filter_map(|one| one["identifier"][0]["value"].as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(noon.iter().any(|one| one["status"] == "not-done"));
}
