//! Many callers at once.

use std::collections::HashSet;
use std::sync::Arc;

use akson_base::Kind;
use akson_record::request::Did;
use bytes::Bytes;
use serde_json::json;

use crate::fixture::{Fixture, kind};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_conditional_creates_make_one_resource() {
    let f = Arc::new(Fixture::new());
    for round in 0..5 {
        let mut tasks = Vec::new();
        for client in 0..64 {
            let f = Arc::clone(&f);
            // Half of them spell the same condition another way.
            let query = if client % 2 == 0 {
                format!("identifier=urn:x|{round}")
            } else {
                format!("identifier={round}")
            };
            tasks.push(tokio::spawn(async move {
                let identifier = json!([{"system": "urn:x", "value": round.to_string()}]);
                let body = json!({"resourceType": "Patient", "identifier": identifier});
                f.create(&body, Some(&query)).await
            }));
        }
        let mut created = 0;
        let mut ids = HashSet::new();
        for task in tasks {
            let written = task.await.unwrap().unwrap();
            created += usize::from(written.did == Did::Created);
            ids.insert(written.version.unwrap().id);
        }
        assert_eq!((created, ids.len()), (1, 1), "round {round}");
    }
    assert_eq!(f.search("Patient").await.len(), 5);
    f.check();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_updates_with_the_same_if_match_one_wins() {
    let f = Arc::new(Fixture::new());
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    for round in 1..=10 {
        let mut tasks = Vec::new();
        for _ in 0..16 {
            let f = Arc::clone(&f);
            tasks.push(tokio::spawn(async move {
                let body = Bytes::from_static(br#"{"resourceType":"Patient","id":"p"}"#);
                f.record.update(&f.caller, kind("Patient"), "p", body, Some(round)).await
            }));
        }
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(problem) => assert_eq!(problem.kind, Kind::Precondition),
            }
        }
        assert_eq!(won, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_without_if_match_all_become_versions() {
    let f = Arc::new(Fixture::new());
    let mut tasks = Vec::new();
    for _ in 0..40 {
        let f = Arc::clone(&f);
        tasks.push(tokio::spawn(async move {
            let mut versions = Vec::new();
            for _ in 0..10 {
                versions.push(f.put(json!({"resourceType": "Patient", "id": "p"})).await.version);
            }
            versions
        }));
    }
    let mut versions = Vec::new();
    for task in tasks {
        versions.extend(task.await.unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=400).collect::<Vec<_>>());
    f.check();
}

/// Meanwhile the one that they refer to goes, or gets a double: whoever was taken later is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conditional_reference_holds_at_the_moment_of_commit() {
    let f = Arc::new(Fixture::new());
    let doctor = |id: &str, round: usize| {
        let identifier = json!([{"system": "urn:hpr", "value": round.to_string()}]);
        json!({"resourceType": "Practitioner", "id": id, "identifier": identifier})
    };
    let (mut stored, mut refused) = (0, 0);
    for round in 0..20 {
        let id = format!("doc{round}");
        f.put(doctor(&id, round)).await;
        let refer = |client: usize| {
            let f = Arc::clone(&f);
            let patient = format!("p{round}-{client}");
            let resource = json!({
                "resourceType": "Patient",
                "id": patient,
                "generalPractitioner": [{"reference": format!("Practitioner?identifier=urn:hpr|{round}")}],
            });
            let request = json!({"method": "PUT", "url": format!("Patient/{patient}")});
            let entry = json!([{"resource": resource, "request": request}]);
            let body = json!({"resourceType": "Bundle", "type": "transaction", "entry": entry});
            tokio::spawn(async move {
                f.clock.advance_milliseconds(1);
                f.bundle(body).await.map(|_| patient)
            })
        };
        let tasks: Vec<_> = (0..16).map(refer).collect();
        f.clock.advance_milliseconds(1);
        let (time, code) = if round % 2 == 0 {
            let written = f.record.delete(&f.caller, kind("Practitioner"), &id, None).await;
            (written.unwrap().version.unwrap().time, "REC-008")
        } else {
            (f.put(doctor(&format!("double{round}"), round)).await.time, "REC-009")
        };
        for task in tasks {
            match task.await.unwrap() {
                Ok(patient) => {
                    let found = f.record.read(&f.caller, kind("Patient"), &patient).await.unwrap();
                    assert!(
                        found.time <= time,
                        "{patient} at {:?}, the other {time:?}",
                        found.time
                    );
                    stored += 1;
                }
                Err(problem) => {
                    assert_eq!(problem.code, code, "{problem}");
                    refused += 1;
                }
            }
        }
    }
    println!("{stored} stored, {refused} refused");
    f.check();
}
