//! The log: every read and write leaves an entry, and the patient can see it.

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_base::Kind;
use akson_record::Record;
use serde_json::json;

use crate::fixture::{Fixture, kind};

#[tokio::test(flavor = "multi_thread")]
async fn every_look_is_told_newest_first_indexed_or_not() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    f.put(json!({"resourceType": "Patient", "id": "q"})).await;
    f.put(json!({
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": "Patient/p"},
    }))
    .await;
    f.read("Observation", "o").await.unwrap();
    f.read("Patient", "q").await.unwrap();
    f.search("Observation?status=final").await;
    let expected = ["search-type", "read", "update", "update"];
    let told = |accesses: Vec<akson_audit::Access>| -> Vec<String> {
        accesses.into_iter().map(|a| a.entry.interaction.into_owned()).collect()
    };
    let before = told(f.record.accesses(&f.caller, "p", 10).await.unwrap());
    assert_eq!(before, expected);
    while f.record.index_accesses().unwrap() > 0 {}
    // Looking at the log was logged too.
    let after = told(f.record.accesses(&f.caller, "p", 10).await.unwrap());
    assert_eq!(after[0], "accesses");
    assert_eq!(after[1..], expected);
    assert_eq!(f.record.accesses(&f.caller, "p", 2).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn indexing_ends_and_begets_no_commits_of_its_own() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    while f.record.index_accesses().unwrap() > 0 {}
    let commit = f.record.store().engine().last_commit();
    assert_eq!(f.record.index_accesses().unwrap(), 0);
    assert_eq!(f.record.store().engine().last_commit(), commit);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ground_nothing_is_shown_or_stored() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    let closed = Record::new(Arc::clone(f.record.store()), Policy::Closed);
    let read = closed.read(&f.caller, kind("Patient"), "p").await;
    assert_eq!(read.unwrap_err().kind, Kind::Unauthenticated);
    let body = r#"{"resourceType":"Patient"}"#;
    let create = closed.create(&f.caller, kind("Patient"), body.into(), None).await;
    assert_eq!(create.unwrap_err().kind, Kind::Unauthenticated);
    let mut operator = f.caller.clone();
    operator.actor = Arc::new(Actor::operator());
    let read = f.record.read(&operator, kind("Patient"), "p").await;
    assert_eq!(read.unwrap_err().kind, Kind::Unauthenticated);
}
