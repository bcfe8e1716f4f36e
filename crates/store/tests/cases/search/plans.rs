//! Which list the planner walks, told by `explain`, on data whose counts are known.

use serde_json::{Value, json};

use super::world::World;

/// 10 patients, 1,000 observations: 5 with a rare code, half with each status.
fn world() -> World {
    let mut resources: Vec<Value> = (0..10)
        .map(|n| {
            json!({ "resourceType": "Patient", "id": format!("p{n}"),
            "name": [{ "family": if n == 3 { "Sjelden" } else { "Vanlig" } }] })
        })
        .collect();
    resources.extend((0..1000).map(|n| {
        json!({ "resourceType": "Observation", "id": format!("o{n}"),
            "status": if n % 2 == 0 { "final" } else { "amended" },
            "subject": { "reference": format!("Patient/p{}", n % 10) },
            "code": { "coding": [{ "system": "urn:c", "code": if n % 200 == 0 { "rare" } else { "common" } }] },
            "effectiveDateTime": format!("2024-{:02}-01", 1 + n % 12),
            "valueQuantity": { "value": n, "system": "urn:u",
                "code": if n % 100 == 0 { "mg" } else { "kg" } } })
    }));
    World::with(&resources)
}

#[test]
fn golden_table_of_plans() {
    let world = world();
    let cases = [
        ("Observation?_count=20", "all of the type, as walked, examined 21"),
        ("Observation?code=urn:c|rare", "code, as walked, examined 5"),
        (
            "Observation?status=final&code=urn:c|rare",
            "code 5 of [at least 64, 5], as walked, examined 5",
        ),
        ("Observation?status=final&date=2024-02", "date 84 of [500, 84], as walked, examined 84"),
        ("Observation?patient=p3&code=urn:c|common", "patient, as walked, examined 21"),
        ("Patient/p3/Observation?status=amended", "Patient compartment, as walked, examined 21"),
        ("Observation?patient=p3&_sort=-date", "patient, sorted in memory, examined 100"),
        ("Observation?_sort=-date", "sort index, index in order, examined 21"),
        ("Observation?code=rare&_sort=-date", "code 5 of [5], sorted in memory, examined 5"),
        (
            "Observation?patient.family=sjelden",
            "patient.family 100 of [100], as walked, examined 22",
        ),
        ("Observation?patient.family=sjelden&code=rare", "code 5 of [5], as walked, examined 6"),
        (
            "Patient?_has:Observation:patient:code=rare",
            "_has:Observation:patient:code 1 of [1], as walked, examined 6",
        ),
        // Only quantities of the unit are walked, and only as far as the page goes.
        (
            "Observation?value-quantity=ge0|urn:u|mg&_count=5",
            "value-quantity, as walked, examined 6",
        ),
        ("Observation?value-quantity=ge800||mg", "value-quantity, as walked, examined 2"),
        ("Observation?value-quantity=ge0&_count=5", "value-quantity, as walked, examined 6"),
        (
            "Observation?code-value-quantity=urn:c|common$ge0|urn:u|mg",
            "code-value-quantity, as walked, examined 10",
        ),
        ("Observation?_id=o1,o2", "_id, as walked, examined 2"),
        ("Observation?code:not=common&_count=2", "all of the type, as walked, examined 337"),
    ];
    let told: Vec<_> =
        cases.iter().map(|(path, _)| told(&world.search(path).unwrap().explain)).collect();
    let expected: Vec<_> = cases.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(told, expected, "{told:#?}");
}

/// The plan in one line: list walked, counts if any were made, order, candidates.
fn told(explain: &Value) -> String {
    let plan = &explain["plans"][0];
    let walked = plan["walked"].as_str().unwrap();
    let considered = plan["considered"].as_array().unwrap();
    let number = |keys: &Value| keys.as_str().map_or_else(|| keys.to_string(), str::to_string);
    let counts: Vec<_> = considered.iter().map(|option| number(&option["keys"])).collect();
    let own = considered.iter().find(|option| option["parameter"] == plan["walked"]);
    let counts = match own.map(|option| &option["keys"]).filter(|keys| keys.is_number()) {
        Some(own) => format!(" {own} of [{}]", counts.join(", ")),
        None => String::new(),
    };
    format!(
        "{walked}{counts}, {}, examined {}",
        plan["order"].as_str().unwrap(),
        explain["examined"]
    )
}

#[test]
fn a_plan_is_kept_from_page_to_page() {
    let mut world = world();
    let (first, cursor) = world.page("Observation?status=final&date=ge2024-02&_count=5", None);
    // What was the shorter list is now the longer.
    let many: Vec<Value> = (0..1500)
        .map(|n| {
            json!({ "resourceType": "Observation", "id": format!("x{n}"), "status": "final",
            "code": { "text": "t" } })
        })
        .collect();
    world.put(&many);
    let (second, _) =
        world.page("Observation?status=final&date=ge2024-02&_count=5", cursor.as_deref());
    assert_eq!(second.len(), 5);
    assert!(second.iter().all(|id| !first.contains(id)));
}
