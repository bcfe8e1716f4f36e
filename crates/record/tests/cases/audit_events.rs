//! The access log as AuditEvents.

use serde_json::{Value, json};

use crate::fixture::Fixture;

async fn log() -> Fixture {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    f.put(json!({"resourceType": "Patient", "id": "q"})).await;
    for _ in 0..5 {
        f.read("Patient", "p").await.unwrap();
        f.clock.advance_milliseconds(86_400_000);
    }
    f
}

async fn entries(f: &Fixture, query: &str) -> (Vec<Value>, Option<String>) {
    let page = f.page(query).await;
    let read = |v: &akson_record::request::Version| serde_json::from_slice(&v.json).unwrap();
    (page.entries.iter().map(|(v, _)| read(v)).collect(), page.next_link)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patients_entries_are_valid_audit_events_newest_first() {
    let f = log().await;
    let (found, next) = entries(&f, "AuditEvent?patient=p").await;
    assert_eq!((found.len(), next), (6, None));
    let words: Vec<&str> =
        found.iter().map(|e| e["subtype"][0]["code"].as_str().unwrap()).collect();
    assert_eq!(words, ["read", "read", "read", "read", "read", "update"]);
    for event in &found {
        let text = event.to_string();
        let parsed = akson_fhir::json::parse(text.as_bytes());
        assert!(parsed.is_ok(), "{:?} {text}", parsed.err());
        assert_eq!(event["entity"][0]["what"]["reference"], "Patient/p");
        assert_eq!(event["agent"][0]["requestor"], true);
        // One by one they are the same.
        let id = event["id"].as_str().unwrap();
        assert_eq!(f.read("AuditEvent", id).await.unwrap(), *event);
    }
    assert_eq!(entries(&f, "AuditEvent?patient=nobody").await.0.len(), 0);
    assert!(f.read("AuditEvent", "log-999999-0").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_agent_and_pages() {
    let f = log().await;
    for (query, expected) in [
        ("AuditEvent?patient=p&agent=open", 6),
        ("AuditEvent?patient=p&agent=Practitioner/kari", 0),
        ("AuditEvent?patient=p&date=ge2026-11-23", 3),
        ("AuditEvent?patient=p&date=lt2026-11-23", 3),
        ("AuditEvent?patient=p&date=2026-11-23", 1),
        ("AuditEvent?patient=p&date=ge2026-11-23&date=le2026-11-24&_sort=-date", 2),
    ] {
        let found = entries(&f, query).await.0;
        let read =
            found.iter().filter(|e| e["recorded"].as_str() < Some("2026-11-26T22:08")).count();
        assert_eq!(read, expected, "{query}");
    }
    // A search that the log was not asked for before is in it now: pages are of what came before.
    let mut ids: Vec<String> = Vec::new();
    let mut query = "AuditEvent?patient=p&_count=4".to_string();
    for _ in 0..20 {
        let (found, next) = entries(&f, &query).await;
        ids.extend(found.iter().map(|e| e["id"].as_str().unwrap().to_string()));
        match next {
            Some(next) => query = next,
            None => break,
        }
    }
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an entry is repeated");
    let updates = ids.last().unwrap();
    assert_eq!(f.read("AuditEvent", updates).await.unwrap()["action"], "U");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_send_in_comes_after_the_logs_own() {
    let f = log().await;
    f.put(json!({"resourceType": "AuditEvent", "id": "theirs",
        "type": {"code": "rest"}, "recorded": "2020-01-01T00:00:00Z",
        "agent": [{"requestor": true, "who": {"display": "other"}}],
        "source": {"observer": {"display": "other"}},
        "entity": [{"what": {"reference": "Patient/p"}}]}))
        .await;
    let (found, _) = entries(&f, "AuditEvent?patient=p&_count=100").await;
    assert_eq!(found.last().unwrap()["id"], "theirs");
    let (found, _) = entries(&f, "AuditEvent?_id=theirs").await;
    assert_eq!(found.len(), 1);
    let mut query = "AuditEvent?patient=p&_count=1".to_string();
    for _ in 0..30 {
        let (found, next) = entries(&f, &query).await;
        if found.iter().any(|e| e["id"] == "theirs") {
            return;
        }
        query = next.expect("it comes on a later page");
    }
    panic!("it never came");
}
