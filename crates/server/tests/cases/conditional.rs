//! Conditional create, update and delete, and the race for the first.

use std::sync::Arc;

use crate::ask::{Ask, FHIR, NONE};

const ONE: &str = r#"{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]}"#;
const TWO: &str = r#"{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"2"}]}"#;
const ACTIVE: &str =
    r#"{"resourceType":"Patient","active":true,"identifier":[{"system":"urn:x","value":"1"}]}"#;
const JSON: &str = "application/fhir+json";

#[tokio::test]
async fn conditions_find_none_one_or_many() {
    let ask = Ask::start();
    ask.rows(&[
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("If-None-Exist", "identifier=urn:x|1")],
            ONE,
            201,
            &[],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("If-None-Exist", "identifier=urn:x|1")],
            ONE,
            200,
            &["/meta/versionId=1", "ETag: W/\"1\""],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("If-None-Exist", "identifier=urn:x%7C2")],
            TWO,
            201,
            &[],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("If-None-Exist", "identifier=urn:x|")],
            TWO,
            412,
            &[],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("If-None-Exist", "nonsense=1")],
            TWO,
            400,
            &[],
        ),
        // Some clients put the condition into the address.
        ("POST /Patient?identifier=urn:x%7C1", FHIR, ONE, 200, &["/meta/versionId=1"]),
        (
            "PUT /Patient?identifier=urn:x%7C1",
            FHIR,
            ACTIVE,
            200,
            &["/meta/versionId=2", "/active=true"],
        ),
        ("PUT /Patient?identifier=urn:x%7C3", FHIR, ACTIVE, 201, &["/meta/versionId=1"]),
        ("PUT /Patient?identifier=urn:x%7C", FHIR, ACTIVE, 412, &[]),
        ("PUT /Patient", FHIR, ACTIVE, 400, &["/issue/0/diagnostics~search parameters"]),
        ("DELETE /Patient?identifier=urn:x%7C", NONE, "", 412, &[]),
        ("DELETE /Patient?identifier=urn:x%7C2", NONE, "", 204, &[]),
        ("DELETE /Patient?identifier=urn:x%7C2", NONE, "", 204, &[]),
        ("DELETE /Patient", NONE, "", 400, &[]),
        ("GET /Patient?identifier=urn:x%7C2", NONE, "", 200, &["/entry#0"]),
        ("GET /Patient?identifier=urn:x%7C1&_total=accurate", NONE, "", 200, &["/total=2"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_race_and_one_resource_is_made() {
    let ask = Arc::new(Ask::start());
    for round in 0..5 {
        let body = format!(
            r#"{{"resourceType":"Patient","identifier":[{{"system":"urn:race","value":"{round}"}}]}}"#
        );
        let racers: Vec<_> = (0..64)
            .map(|_| {
                let (ask, body) = (Arc::clone(&ask), body.clone());
                let condition = format!("identifier=urn:race|{round}");
                tokio::spawn(async move {
                    let headers = [("Content-Type", JSON), ("If-None-Exist", condition.as_str())];
                    let answer = ask.send("POST /Patient", &headers, body).await;
                    (answer.status, answer.text("/id"))
                })
            })
            .collect();
        let mut made = 0;
        let mut ids = Vec::new();
        for racer in racers {
            let (status, id) = racer.await.unwrap();
            assert!(matches!(status, 200 | 201), "{status}");
            made += usize::from(status == 201);
            ids.push(id);
        }
        ids.dedup();
        assert_eq!((made, ids.len()), (1, 1), "round {round}: {ids:?}");
        let page =
            ask.get(&format!("/Patient?identifier=urn:race%7C{round}&_total=accurate")).await;
        assert_eq!(page.text("/total"), "1");
    }
}
