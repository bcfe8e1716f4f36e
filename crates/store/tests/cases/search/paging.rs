//! Pages: every page size gives the same set, none twice, whatever is written in between.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::World;

fn observation(number: usize) -> Value {
    let day = 1 + number % 28;
    json!({
        "resourceType": "Observation",
        "id": format!("o{number}"),
        "status": if number.is_multiple_of(3) { "final" } else { "amended" },
        "subject": { "reference": format!("Patient/p{}", number % 7) },
        "code": { "coding": [
            { "system": "http://a", "code": format!("c{}", number % 5) },
            { "system": "http://b", "code": format!("d{}", number % 4) },
        ]},
        "effectiveDateTime": (!number.is_multiple_of(9)).then(|| format!("2024-{:02}-{day:02}", 1 + number % 12)),
        "valueQuantity": {
            "value": (number * 37 % 100) as f64 / 10.0,
            "unit": (["kg", "kilo", "g"][number % 3]),
            "code": (["kg", "kg", "g"][number % 3]),
            "system": "urn:u",
        },
    })
}

fn strip(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    value
}

fn world(count: usize) -> World {
    let mut resources: Vec<Value> = (0..7)
        .map(|n| json!({ "resourceType": "Patient", "id": format!("p{n}"), "name": [{ "family": format!("F{}", n % 3) }] }))
        .collect();
    resources.extend((0..count).map(|number| strip(observation(number))));
    World::with(&resources)
}

const SEARCHES: [&str; 23] = [
    "Observation?",
    "Observation?status=final",
    "Observation?code=c1,d2,c3",
    "Observation?date=ge2024-03",
    "Observation?date=lt2024-06,gt2024-10",
    "Observation?subject=Patient/p1",
    "Observation?patient=p1,p2&status=final",
    "Observation?code:not=c1",
    "Observation?_sort=date",
    "Observation?_sort=-date",
    "Observation?_sort=-value-quantity&status=final",
    "Observation?_sort=value-quantity",
    "Observation?value-quantity=gt3",
    "Observation?value-quantity=gt3||kg",
    "Observation?value-quantity=ne5||kg&status=final",
    "Observation?value-quantity=lt4|urn:u|g,gt2||kilo",
    "Observation?combo-value-quantity=ge2.5||kg,le7|urn:u|",
    "Observation?date=ne2024-05&value-quantity=le6",
    "Observation?_sort=code,-date",
    "Observation?_sort=-_lastUpdated",
    "Observation?patient.family=f1",
    "Patient?_has:Observation:patient:code=c2",
    "?_type=Patient,Observation&_lastUpdated=ge2024",
];

#[test]
fn every_page_size_gives_the_same_set_in_the_same_order() {
    let world = world(150);
    for search in SEARCHES {
        let whole: Vec<_> = world.pages(&format!("{search}&_count=1000")).concat();
        let set: BTreeSet<_> = whole.iter().collect();
        assert_eq!(set.len(), whole.len(), "{search} repeats");
        for count in [1, 2, 3, 7, 20, 149] {
            let pages = world.pages(&format!("{search}&_count={count}"));
            assert_eq!(pages.concat(), whole, "{search} by {count}");
            assert!(pages.iter().all(|page| page.len() <= count));
        }
    }
}

#[test]
fn what_existed_throughout_is_neither_skipped_nor_repeated_while_others_write() {
    for search in SEARCHES {
        let mut world = world(90);
        let whole: BTreeSet<_> =
            world.pages(&format!("{search}&_count=1000")).concat().into_iter().collect();
        let (mut seen, mut cursor, mut next, mut deleted) = (Vec::new(), None, 200, Vec::new());
        loop {
            let (page, more) = world.page(&format!("{search}&_count=7"), cursor.as_deref());
            seen.extend(page);
            let Some(more) = more else { break };
            cursor = Some(more);
            // New ones before, behind and among what is still to come.
            world.put(&[strip(observation(next)), strip(observation(next + 1))]);
            // Old ones that get other values of everything but their patient, and one that goes.
            let changed = (0..6).map(|n| (n * 13 + next) % 90).filter(|n| n % 10 != 3);
            let changed = changed.map(|number| {
                let mut changed = strip(observation(number + 7 * (next % 11)));
                changed["id"] = format!("o{number}").into();
                changed
            });
            world.put(&changed.collect::<Vec<_>>());
            let gone = (next - 200) / 2 * 10 + 3;
            if gone < 90 {
                world.delete("Observation", &format!("o{gone}"));
                deleted.push(format!("Observation/o{gone}"));
            }
            next += 2;
        }
        let set: BTreeSet<_> = seen.iter().cloned().collect();
        assert_eq!(set.len(), seen.len(), "{search} repeats");
        let missed: Vec<_> = whole.difference(&set).filter(|id| !deleted.contains(id)).collect();
        assert!(missed.is_empty(), "{search} skips {missed:?}");
        let strange: Vec<_> = set.difference(&whole).collect();
        assert!(strange.is_empty(), "{search} brings {strange:?}, which did not match");
    }
}

#[test]
fn a_cursor_belongs_to_its_search() {
    let world = world(30);
    let (_, cursor) = world.page("Observation?status=final&_count=3", None);
    let cursor = cursor.unwrap();
    let strange = world.search(&format!("Observation?status=amended&_count=3&_cursor={cursor}"));
    assert_eq!(strange.unwrap_err().code, "SEA-022");
    // Another page size is the same search.
    assert!(world.search(&format!("Observation?status=final&_count=5&_cursor={cursor}")).is_ok());
}

#[test]
fn the_total_of_the_first_page_stays() {
    let mut world = world(30);
    let first = world.search("Observation?_count=3&_total=accurate").unwrap();
    assert_eq!(first.total, Some(30));
    world.put(&[strip(observation(99))]);
    let cursor = first.next_cursor.unwrap();
    let second = world.search(&format!("Observation?_count=3&_total=accurate&_cursor={cursor}"));
    assert_eq!(second.unwrap().total, Some(30));
}
