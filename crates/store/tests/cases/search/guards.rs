//! Conditions: what they find, and that their guards notice every new match before the commit.

use akson_store::engine::{Precondition, Transaction};
use akson_store::search;
use serde_json::{Value, json};

use super::world::World;

fn patient(id: &str, number: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "identifier": [{ "system": "urn:n", "value": number }],
        "name": [{ "family": "Nord" }] })
}

fn observation(id: &str, patient: &str, code: &str) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final",
        "subject": { "reference": format!("Patient/{patient}") },
        "code": { "coding": [{ "system": "urn:c", "code": code }] } })
}

fn condition(world: &World, path: &str) -> (usize, Vec<Precondition>) {
    let query = world.parse(path).unwrap();
    let (found, guards) = world.run(|context| search::condition(context, &query)).unwrap();
    (found.len(), guards)
}

fn commits(world: &World, preconditions: Vec<Precondition>) -> bool {
    world.submit(Transaction { preconditions, ..Transaction::default() }).is_some()
}

#[test]
fn a_condition_tells_none_one_and_several() {
    let world = World::with(&[patient("a", "1"), patient("b", "2"), patient("c", "2")]);
    let count = |path| condition(&world, path).0;
    assert_eq!(count("Patient?identifier=urn:n|0"), 0);
    assert_eq!(count("Patient?identifier=urn:n|1"), 1);
    assert_eq!(count("Patient?identifier=urn:n|2"), 2);
    assert_eq!(count("Patient?family=nord"), 2);
}

#[test]
fn guards_hold_until_a_new_match_comes() {
    // Condition, what does not touch it, what does.
    let cases = [
        ("Patient?identifier=urn:n|9", patient("x", "8"), patient("y", "9")),
        ("Patient?identifier=urn:n|1,urn:n|9", patient("x", "8"), patient("y", "9")),
        ("Observation?patient=a&code=k", observation("x", "b", "k"), observation("y", "a", "k")),
        ("Observation?code=urn:c|k", observation("x", "a", "other"), observation("y", "b", "k")),
        ("Observation?code=k&code:not=z", observation("x", "a", "z"), observation("y", "b", "k")),
        ("Patient?_id=y", observation("x", "a", "z"), patient("y", "5")),
        ("Patient?identifier:not=urn:n|1", observation("x", "a", "z"), patient("y", "5")),
        ("Patient?_lastUpdated=ge2000", observation("x", "a", "z"), patient("y", "5")),
    ];
    for (path, harmless, matching) in cases {
        let mut world =
            World::with(&[patient("a", "1"), patient("b", "2"), observation("o", "b", "m")]);
        let (_, guards) = condition(&world, path);
        assert!(!guards.is_empty(), "{path}");
        assert!(commits(&world, guards.clone()), "{path}: nothing has happened");
        world.put(&[harmless]);
        assert!(commits(&world, guards.clone()), "{path}: another has come");
        world.put(&[matching]);
        assert!(!commits(&world, guards), "{path}: a match has come");
        let (_, guards) = condition(&world, path);
        assert!(commits(&world, guards), "{path}: asked again");
    }
}
