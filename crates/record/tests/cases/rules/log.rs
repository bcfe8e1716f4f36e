//! What the patient reads afterwards: every look, change and attempt, on which ground, by whom in
//! which role and where.

use std::collections::HashSet;

use akson_access::Role;
use akson_record::request::{
    Caller, EverythingRequest, HistoryRequest, HistoryScope, SearchRequest,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::writes::{House, at_work, citizen, condition, patient};
use crate::fixture::kind;

/// A nurse of p1 who has nothing to do with p2.
async fn house() -> (House, Caller) {
    let house = House::new();
    for (id, number) in [("p1", "01818010001"), ("p2", "01818010002")] {
        house.person(id, number, "1980-01-01").await;
        let mut body = condition(id, id);
        body["id"] = format!("c-{id}").into();
        house.open.put(body).await;
        house
            .open
            .put(json!({"resourceType": "Task", "id": format!("t-{id}"), "status": "requested",
                "intent": "order", "for": patient(id)}))
            .await;
    }
    house.team("p1", "Practitioner/kari").await;
    (house, at_work(Role::Nurse, "kari"))
}

impl House {
    /// What stands in the patient's log since the last look: interaction and ground, oldest first.
    /// Everybody but the patient and the one who set up the house is the nurse.
    async fn told(&self, patient: &str) -> Vec<(String, String)> {
        let number = format!("0181801000{}", &patient[1..]);
        let accesses = self.record.accesses(&citizen(&number), patient, 1000).await.unwrap();
        let mut told = Vec::new();
        for access in accesses {
            let entry = access.entry;
            if &*entry.actor == "open" {
                break;
            }
            if entry.interaction == "accesses" && entry.ground == "own" {
                assert_eq!(entry.role, "citizen");
                break;
            }
            assert_eq!((&*entry.role, &*entry.organisation), ("nurse", "Sted"), "{entry:?}");
            assert_eq!(&*entry.display, "Kari, nurse");
            told.push((entry.interaction.to_string(), entry.ground.to_string()));
        }
        told.reverse();
        told
    }

    async fn find(&self, caller: &Caller, of: &str, within: Option<&str>, query: &str) -> usize {
        let request = SearchRequest {
            resource_type: Some(kind(of)),
            compartment: within.map(|id| (kind("Patient"), id.to_string())),
            query: query.into(),
            strict: true,
        };
        self.record.search(caller, request).await.unwrap().entries.len()
    }
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_stands_in_each_patients_log_on_that_patients_ground() {
    let (house, kari) = house().await;
    let record = &house.record;
    let care = "care-relationship";
    record.read(&kari, kind("Condition"), "c-p1").await.unwrap();
    record.vread(&kari, kind("Condition"), "c-p1", "1").await.unwrap();
    record.read(&kari, kind("Task"), "t-p1").await.unwrap();
    let scope = HistoryScope::Type(kind("Condition"));
    record.history(&kari, HistoryRequest { scope, query: String::new() }).await.unwrap();
    assert_eq!(house.find(&kari, "Patient", None, "name=nordmann").await, 2);
    assert_eq!(house.find(&kari, "Patient", None, "_revinclude=Task:patient").await, 3);
    assert_eq!(house.find(&kari, "Task", None, "").await, 1);
    assert_eq!(house.find(&kari, "Condition", Some("p1"), "").await, 1);
    assert_eq!(record.find_patients(&kari, "nordmann", 10).await.unwrap().len(), 2);
    record.chart(&kari, "p1", &[]).await.unwrap();
    let all = EverythingRequest { id: "p1".into(), query: String::new() };
    record.everything(&kari, all).await.unwrap();
    let told = house.told("p1").await;
    let expected = [
        ("read", care),
        ("vread", care),
        ("read", care),
        ("history-type", care),
        ("search-type", care),
        ("search-type", care),
        ("search-type", care),
        ("search-compartment", care),
        ("find-patients", care),
        ("chart", care),
        ("everything", care),
    ];
    assert_eq!(told, pairs(&expected));
    let looked_up =
        [("search-type", "look-up"), ("search-type", "look-up"), ("find-patients", "look-up")];
    assert_eq!(house.told("p2").await, pairs(&looked_up));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_stand_in_the_log_of_whom_they_are_about() {
    let (house, kari) = house().await;
    let written = house.create(&kari, &condition("p1", "new")).await.unwrap().version.unwrap();
    let mut body = condition("p1", "newer");
    body["id"] = written.id.as_str().into();
    house.put(&kari, &body).await.unwrap();
    let task: Value = house.open.read("Task", "t-p1").await.unwrap();
    house.put(&kari, &task).await.unwrap();
    let of = kind("Condition");
    house.record.delete(&kari, of, &written.id, None).await.unwrap();
    let care = "care-relationship";
    let expected = [("create", care), ("update", care), ("update", care), ("delete", care)];
    assert_eq!(house.told("p1").await, pairs(&expected));
    assert_eq!(house.told("p2").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_on_what_is_hidden_stand_in_the_patients_log_as_refused() {
    let (house, kari) = house().await;
    let record = &house.record;
    let of = kind("Condition");
    let refused = "refused";
    record.read(&kari, of, "c-p2").await.unwrap_err();
    record.vread(&kari, of, "c-p2", "1").await.unwrap_err();
    record.read(&kari, kind("Task"), "t-p2").await.unwrap_err();
    let scope = HistoryScope::Instance(of, "c-p2".into());
    record.history(&kari, HistoryRequest { scope, query: String::new() }).await.unwrap_err();
    assert_eq!(record.chart(&kari, "p2", &[]).await.unwrap().len(), 0);
    assert_eq!(house.find(&kari, "Condition", Some("p2"), "").await, 0);
    record.accesses(&kari, "p2", 10).await.unwrap_err();
    let mut body = condition("p2", "x");
    house.create(&kari, &body).await.unwrap_err();
    body["id"] = "c-p2".into();
    house.put(&kari, &body).await.unwrap_err();
    record.delete(&kari, of, "c-p2", None).await.unwrap();
    let task = house.open.read("Task", "t-p2").await.unwrap();
    house.put(&kari, &task).await.unwrap_err();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "POST", "url": "Condition"}, "resource": condition("p1", "x")},
        {"request": {"method": "DELETE", "url": "Condition/c-p2"}}]});
    record.bundle(&kari, Bytes::from(bundle.to_string())).await.unwrap();
    let expected = [
        ("read", refused),
        ("vread", refused),
        ("read", refused),
        ("history-instance", refused),
        ("chart", refused),
        ("search-compartment", refused),
        ("accesses", refused),
        ("create", refused),
        ("update", refused),
        ("delete", refused),
        ("update", refused),
        ("transaction", refused),
    ];
    assert_eq!(house.told("p2").await, pairs(&expected));
    assert_eq!(house.told("p1").await, pairs(&[("transaction", "care-relationship")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stirs_is_only_what_one_sees_and_is_no_look() {
    let (house, kari) = house().await;
    let kari_is = HashSet::from(["Practitioner/kari".to_string()]);
    let since = house.record.newest_commit().unwrap();
    let of = |types: &[&str]| house.record.stirring(&kari, types, &kari_is, since).unwrap();
    assert!(!of(&["Task"]).is_there);
    // Of the two patients kari has a ground for the first.
    for (task, stirs) in [("t-p2", false), ("t-p1", true)] {
        let mut body: Value = house.open.read("Task", task).await.unwrap();
        body["owner"] = json!({"reference": "Practitioner/kari"});
        house.open.put(body).await;
        assert_eq!(of(&["Task"]).is_there, stirs, "{task}");
    }
    assert!(!of(&["Appointment"]).is_there);
    let until = of(&["Task"]).until;
    assert!(until > since);
    assert!(!house.record.stirring(&kari, &["Task"], &kari_is, until).unwrap().is_there);
    assert_eq!(house.told("p1").await, []);
}
