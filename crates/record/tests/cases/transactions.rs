//! Batches and transactions.

use akson_base::Kind;
use serde_json::{Value, json};

use crate::fixture::Fixture;

fn entry(method: &str, url: &str, resource: Value) -> Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if !resource.is_null() {
        entry["resource"] = resource;
    }
    entry
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

#[tokio::test(flavor = "multi_thread")]
async fn urn_uuids_become_the_new_ids_wherever_they_refer() {
    let f = Fixture::new();
    let urn = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
    let mut patient = entry("POST", "Patient", json!({"resourceType": "Patient"}));
    patient["fullUrl"] = urn.into();
    let observation = json!({
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": urn},
        "subject": {"reference": urn},
    });
    // The one that refers comes first: order in the Bundle does not matter.
    let answer = f
        .bundle(bundle("transaction", vec![entry("POST", "Observation", observation), patient]))
        .await
        .unwrap();
    assert_eq!(answer["type"], "transaction-response");
    assert_eq!(answer["entry"][0]["response"]["status"], "201 Created");
    let id = f.search("Patient").await.remove(0);
    let found = f.search(&format!("Observation?subject=Patient/{id}")).await;
    assert_eq!(found.len(), 1);
    let observation = f.read("Observation", &found[0]).await.unwrap();
    assert_eq!(observation["subject"]["reference"], format!("Patient/{id}"));
    assert_eq!(observation["code"]["text"], urn, "text is not a reference");
    f.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_all_or_nothing_and_says_where_it_failed() {
    let f = Fixture::new();
    let good = entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"}));
    let bad = json!({"resourceType": "Patient", "id": "b", "gender": "x"});
    let refused = f.bundle(bundle("transaction", vec![good, entry("PUT", "Patient/b", bad)])).await;
    let problem = refused.unwrap_err();
    assert_eq!(problem.locations, ["Bundle.entry[1].resource.gender"]);
    assert_eq!(f.read("Patient", "a").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_each_entry_by_itself() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "old", "active": true})).await;
    let answer = f
        .bundle(bundle(
            "batch",
            vec![
                entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"})),
                entry("PUT", "Patient/b", json!({"resourceType": "Patient", "id": "x"})),
                entry("GET", "Patient/old", Value::Null),
                entry("GET", "Patient?active=true", Value::Null),
                entry("GET", "Patient/none", Value::Null),
                entry("PATCH", "Patient/a", Value::Null),
            ],
        ))
        .await
        .unwrap();
    let status: Vec<_> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["response"]["status"].as_str().unwrap()[..3].to_string())
        .collect();
    assert_eq!(status, ["201", "400", "200", "200", "404", "400"]);
    assert_eq!(answer["entry"][2]["resource"]["id"], "old");
    assert_eq!(answer["entry"][3]["resource"]["type"], "searchset");
    assert_eq!(
        answer["entry"][1]["response"]["outcome"]["issue"][0]["details"]["coding"][0]["code"],
        "REC-013"
    );
    f.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_references_and_creates_find_what_is_there() {
    let f = Fixture::new();
    f.put(json!({
        "resourceType": "Practitioner",
        "id": "doc",
        "identifier": [{"system": "urn:hpr", "value": "9"}],
    }))
    .await;
    let patient = json!({
        "resourceType": "Patient",
        "id": "p",
        "generalPractitioner": [{"reference": "Practitioner?identifier=urn:hpr|9"}],
    });
    let mut create = entry(
        "POST",
        "Practitioner",
        json!({"resourceType": "Practitioner", "identifier": [{"system": "urn:hpr", "value": "9"}]}),
    );
    create["request"]["ifNoneExist"] = "identifier=urn:hpr|9".into();
    let entries = vec![entry("PUT", "Patient/p", patient), create];
    let answer = f.bundle(bundle("transaction", entries)).await.unwrap();
    assert_eq!(answer["entry"][1]["response"]["status"], "200 OK");
    let patient = f.read("Patient", "p").await.unwrap();
    assert_eq!(patient["generalPractitioner"][0]["reference"], "Practitioner/doc");
    let missing = json!({
        "resourceType": "Patient",
        "id": "q",
        "generalPractitioner": [{"reference": "Practitioner?identifier=urn:hpr|10"}],
    });
    let refused = f.bundle(bundle("transaction", vec![entry("PUT", "Patient/q", missing)])).await;
    assert_eq!(refused.unwrap_err().code, "REC-008");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_resource_twice_is_refused() {
    let f = Fixture::new();
    let put = || entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"}));
    let refused = f.bundle(bundle("transaction", vec![put(), put()])).await;
    assert_eq!(refused.unwrap_err().code, "REC-015");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_with_a_key_is_applied_once() {
    let f = Fixture::new();
    let body =
        bundle("transaction", vec![entry("POST", "Patient", json!({"resourceType": "Patient"}))]);
    for round in 0..3 {
        let bytes = bytes::Bytes::from(body.to_string());
        let answer = f.record.bundle_once(&f.caller, bytes, "file-1").await.unwrap();
        assert_eq!(answer.is_some(), round == 0);
    }
    assert_eq!(f.search("Patient").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_in_a_transaction_see_what_it_wrote() {
    let f = Fixture::new();
    let entries = vec![
        entry("GET", "Patient/a", Value::Null),
        entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"})),
    ];
    let answer = f.bundle(bundle("transaction", entries)).await.unwrap();
    assert_eq!(answer["entry"][0]["resource"]["id"], "a");
    assert_eq!(answer["entry"][1]["response"]["status"], "201 Created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_does_not_find_what_the_transaction_deletes() {
    let f = Fixture::new();
    let person = json!({
        "resourceType": "Patient",
        "identifier": [{"system": "urn:x", "value": "1"}],
    });
    f.put({
        let mut old = person.clone();
        old["id"] = "old".into();
        old
    })
    .await;
    let mut create = entry("POST", "Patient", person);
    create["request"]["ifNoneExist"] = "identifier=urn:x|1".into();
    // The create stands first in the Bundle; deletes are processed before it all the same.
    let entries = vec![create, entry("DELETE", "Patient/old", Value::Null)];
    let answer = f.bundle(bundle("transaction", entries)).await.unwrap();
    assert_eq!(answer["entry"][0]["response"]["status"], "201 Created");
    assert_eq!(answer["entry"][1]["response"]["status"], "204 No Content");
    assert_eq!(f.read("Patient", "old").await.unwrap_err().kind, Kind::Gone);
    assert_eq!(f.search("Patient?identifier=urn:x|1").await.len(), 1);
    f.check();
}
