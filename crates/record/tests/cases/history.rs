//! Histories.

use akson_record::request::{HistoryRequest, HistoryScope, Page};
use serde_json::json;

use crate::fixture::{Fixture, kind};

async fn page(f: &Fixture, scope: HistoryScope, query: &str) -> Page {
    let request = HistoryRequest { scope, query: query.into() };
    f.record.history(&f.caller, request).await.unwrap()
}

fn told(page: &Page) -> Vec<String> {
    page.entries.iter().map(|(v, _)| format!("{}.{}", v.id, v.version)).collect()
}

async fn written() -> Fixture {
    let f = Fixture::new();
    for (id, version) in [("a", 1), ("b", 1), ("a", 2), ("c", 1), ("a", 3)] {
        f.clock.advance_milliseconds(1000);
        let made = f.put(json!({"resourceType": "Patient", "id": id})).await;
        assert_eq!(made.version, version);
    }
    f.clock.advance_milliseconds(1000);
    f.record.delete(&f.caller, kind("Patient"), "b", None).await.unwrap();
    f.put(json!({"resourceType": "Organization", "id": "o", "name": "Legekontoret"})).await;
    f
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_histories_tell_all_versions_newest_first() {
    let f = written().await;
    let patient = kind("Patient");
    let instance = page(&f, HistoryScope::Instance(patient, "a".into()), "").await;
    assert_eq!(told(&instance), ["a.3", "a.2", "a.1"]);
    assert_eq!(instance.total, Some(3));
    let of_type = page(&f, HistoryScope::Type(patient), "").await;
    assert_eq!(told(&of_type), ["b.2", "a.3", "c.1", "a.2", "b.1", "a.1"]);
    assert!(of_type.entries[0].0.deleted && of_type.entries[0].0.json.is_empty());
    let system = page(&f, HistoryScope::System, "").await;
    assert_eq!(told(&system), ["o.1", "b.2", "a.3", "c.1", "a.2", "b.1", "a.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_neither_skip_nor_repeat_while_others_write() {
    let patient = kind("Patient");
    let cases: [(HistoryScope, &[&str]); 3] = [
        (HistoryScope::System, &["o.1", "b.2", "a.3", "c.1", "a.2", "b.1", "a.1"]),
        (HistoryScope::Type(patient), &["b.2", "a.3", "c.1", "a.2", "b.1", "a.1"]),
        (HistoryScope::Instance(patient, "a".into()), &["a.3", "a.2", "a.1"]),
    ];
    for (scope, expected) in cases {
        let f = written().await;
        let mut query = "_count=2".to_string();
        let mut all = Vec::new();
        loop {
            let page = page(&f, scope.clone(), &query).await;
            all.extend(told(&page));
            let Some(next) = page.next_link else { break };
            query = next.split_once('?').unwrap().1.to_string();
            f.put(json!({"resourceType": "Patient", "id": "a"})).await;
        }
        assert_eq!(all, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn since_and_at_choose_versions_by_time() {
    let f = written().await;
    let patient = kind("Patient");
    let all = page(&f, HistoryScope::Instance(patient, "a".into()), "").await;
    let second = all.entries[1].0.time.to_fhir();
    let since = page(&f, HistoryScope::Type(patient), &format!("_since={second}")).await;
    assert_eq!(told(&since), ["b.2", "a.3", "c.1", "a.2"]);
    let scope = HistoryScope::Instance(patient, "a".into());
    let at = page(&f, scope, &format!("_at={second}")).await;
    assert_eq!(told(&at), ["a.2"]);
}
