//! `Patient/[id]/$everything`.

use crate::ask::{Ask, FHIR, NONE};

#[tokio::test]
async fn the_whole_journal_and_nothing_of_others() {
    let ask = Ask::start();
    for id in ["a", "b"] {
        ask.put(&format!("/Patient/{id}"), &format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#))
            .await;
    }
    let mut entries = Vec::new();
    for number in 0..1500 {
        let whose = if number % 3 == 0 { "b" } else { "a" };
        entries.push(serde_json::json!({
            "resource": { "resourceType": "Observation", "status": "final", "code": { "text": "x" },
                          "subject": { "reference": format!("Patient/{whose}") } },
            "request": { "method": "POST", "url": "Observation" },
        }));
    }
    let bundle =
        serde_json::json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
    assert_eq!(ask.send("POST", FHIR, bundle.to_string()).await.status, 200);
    let answer = ask.get("/Patient/a/$everything").await;
    let json = answer.json();
    let entries = json["entry"].as_array().unwrap();
    assert_eq!((answer.status, entries.len()), (200, 1001));
    assert!(entries.iter().all(|entry| {
        let resource = &entry["resource"];
        resource["id"] == "a" || resource["subject"]["reference"] == "Patient/a"
    }));
    let packed = ask.send("GET /Patient/a/$everything", &[("Accept-Encoding", "gzip")], "").await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    ask.rows(&[
        ("POST /Patient/b/$everything", NONE, "", 200, &["/type=searchset", "/entry#501"]),
        ("GET /Patient/b/%24everything?_type=Patient", NONE, "", 200, &["/entry#1"]),
        ("GET /Patient/nobody/$everything", NONE, "", 404, &["/resourceType=OperationOutcome"]),
    ])
    .await;
}
