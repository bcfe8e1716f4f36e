//! batch and transaction.

use serde_json::{Value, json};

use crate::ask::{Answer, Ask, FHIR};

async fn post(ask: &Ask, kind: &str, entries: Value) -> Answer {
    let bundle = json!({ "resourceType": "Bundle", "type": kind, "entry": entries });
    ask.send("POST", FHIR, bundle.to_string()).await
}

fn statuses(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let entries = json["entry"].as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .map(|entry| entry["response"]["status"].as_str().unwrap_or("none")[..3].to_string())
        .collect()
}

async fn total(ask: &Ask, query: &str) -> String {
    ask.get(&format!("/{query}&_summary=count")).await.text("/total")
}

#[tokio::test]
async fn a_transaction_ties_its_resources_together() {
    let ask = Ask::start();
    ask.put(
        "/Practitioner/p",
        r#"{"resourceType":"Practitioner","id":"p","identifier":[{"system":"urn:h","value":"9"}]}"#,
    )
    .await;
    let answer = post(&ask, "transaction", json!([
        { "fullUrl": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
          "resource": { "resourceType": "Patient",
                        "generalPractitioner": [{ "reference": "Practitioner?identifier=urn:h|9" }] },
          "request": { "method": "POST", "url": "Patient" } },
        { "resource": { "resourceType": "Condition",
                        "subject": { "reference": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a" } },
          "request": { "method": "POST", "url": "Condition" } },
        { "request": { "method": "GET", "url": "Practitioner/p" } },
    ]))
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text("/issue/0/diagnostics"));
    assert_eq!(answer.text("/type"), "transaction-response");
    assert_eq!(statuses(&answer), ["201", "201", "200"]);
    assert_eq!(answer.text("/entry/2/resource/id"), "p");
    let location = answer.text("/entry/0/response/location");
    let patient = location.rsplit("Patient/").next().unwrap().split('/').next().unwrap();
    let condition = ask.get(&format!("/Condition?subject=Patient/{patient}")).await;
    assert_eq!(condition.text("/entry/0/resource/subject/reference"), format!("Patient/{patient}"));
    let read = ask.get(&format!("/Patient/{patient}")).await;
    assert_eq!(read.text("/generalPractitioner/0/reference"), "Practitioner/p");
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_a_batch_is_not() {
    let ask = Ask::start();
    let entries = json!([
        { "resource": { "resourceType": "Patient", "active": true },
          "request": { "method": "POST", "url": "Patient" } },
        { "resource": { "resourceType": "Patient", "gender": "wrong" },
          "request": { "method": "POST", "url": "Patient" } },
    ]);
    let refused = post(&ask, "transaction", entries.clone()).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text("/issue/0/expression/0").contains("entry[1]"), "{}", refused.json());
    assert_eq!(total(&ask, "Patient?").await, "0");
    let batch = post(&ask, "batch", entries).await;
    assert_eq!((batch.status, batch.text("/type").as_str()), (200, "batch-response"));
    assert_eq!(statuses(&batch), ["201", "400"]);
    assert_eq!(batch.text("/entry/1/response/outcome/resourceType"), "OperationOutcome");
    assert_eq!(total(&ask, "Patient?").await, "1");
}

#[tokio::test]
async fn the_verbs_of_a_transaction_are_done_in_the_standards_order() {
    let ask = Ask::start();
    ask.put(
        "/Patient/old",
        r#"{"resourceType":"Patient","id":"old","identifier":[{"system":"urn:x","value":"1"}]}"#,
    )
    .await;
    // DELETE before POST before PUT before GET, whatever the order they stand in.
    let answer = post(&ask, "transaction", json!([
        { "request": { "method": "GET", "url": "Patient?identifier=urn:x|1" } },
        { "resource": { "resourceType": "Patient", "id": "put", "active": true },
          "request": { "method": "PUT", "url": "Patient/put" } },
        { "resource": { "resourceType": "Patient", "identifier": [{ "system": "urn:x", "value": "1" }] },
          "request": { "method": "POST", "url": "Patient" } },
        { "request": { "method": "DELETE", "url": "Patient/old" } },
    ]))
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text("/issue/0/diagnostics"));
    assert_eq!(statuses(&answer), ["200", "201", "201", "204"]);
    assert!(!answer.text("/entry/0/resource/entry/0/resource/id").is_empty());
    assert_ne!(answer.text("/entry/0/resource/entry/0/resource/id"), "old");
}

#[tokio::test]
async fn the_conditions_of_entries() {
    let ask = Ask::start();
    ask.put(
        "/Patient/a",
        r#"{"resourceType":"Patient","id":"a","identifier":[{"system":"urn:x","value":"1"}]}"#,
    )
    .await;
    let found = post(&ask, "transaction", json!([
        { "fullUrl": "urn:uuid:0",
          "resource": { "resourceType": "Patient", "identifier": [{ "system": "urn:x", "value": "1" }] },
          "request": { "method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|1" } },
        { "resource": { "resourceType": "Condition", "id": "c", "subject": { "reference": "urn:uuid:0" } },
          "request": { "method": "PUT", "url": "Condition/c" } },
    ]))
    .await;
    assert_eq!(statuses(&found), ["200", "201"]);
    assert_eq!(ask.get("/Condition/c").await.text("/subject/reference"), "Patient/a");
    let stale = post(
        &ask,
        "transaction",
        json!([
            { "resource": { "resourceType": "Patient", "id": "a" },
              "request": { "method": "PUT", "url": "Patient/a", "ifMatch": "W/\"7\"" } },
        ]),
    )
    .await;
    assert_eq!(stale.status, 412);
    let lost = post(&ask, "transaction", json!([
        { "resource": { "resourceType": "Condition", "subject": { "reference": "Patient?identifier=urn:x|none" } },
          "request": { "method": "POST", "url": "Condition" } },
    ]))
    .await;
    assert!(matches!(lost.status, 400 | 412 | 422), "{}", lost.status);
    let twice = post(&ask, "transaction", json!([
        { "resource": { "resourceType": "Patient", "id": "a" }, "request": { "method": "PUT", "url": "Patient/a" } },
        { "resource": { "resourceType": "Patient", "id": "a" }, "request": { "method": "PUT", "url": "Patient/a" } },
    ]))
    .await;
    assert!(matches!(twice.status, 400 | 422), "{}", twice.status);
}

#[tokio::test]
async fn the_same_key_applies_a_bundle_once() {
    let ask = Ask::start();
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "resource": { "resourceType": "Patient" }, "request": { "method": "POST", "url": "Patient" } },
    ]})
    .to_string();
    let headers = [("Content-Type", "application/fhir+json"), ("Idempotency-Key", "\"k-1\"")];
    assert_eq!(
        ask.send("POST", &headers, bundle.clone()).await.text("/type"),
        "transaction-response"
    );
    let again = ask.send("POST", &headers, bundle).await;
    assert_eq!((again.status, again.text("/resourceType").as_str()), (200, "OperationOutcome"));
    assert_eq!(total(&ask, "Patient?").await, "1");
}

#[tokio::test]
async fn what_is_no_bundle_is_refused() {
    let ask = Ask::start();
    for (body, expected) in [
        (r#"{"resourceType":"Patient"}"#, 400),
        (r#"{"resourceType":"Bundle","type":"collection"}"#, 400),
        (r#"{"resourceType":"Bundle","type":"transaction","entry":[{}]}"#, 400),
        (
            r#"{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Nothing/1"}}]}"#,
            400,
        ),
        (r#"{"resourceType":"Bundle","type":"transaction"}"#, 200),
    ] {
        let answer = ask.send("POST", FHIR, body).await;
        let status = if answer.status == 404 { 400 } else { answer.status };
        assert_eq!(status, expected, "{body} {}", answer.json());
    }
}
