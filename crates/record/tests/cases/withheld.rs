//! Drafts and what is released later: nobody who asks as a citizen sees them, in any interaction, and
//! what was a draft stays unread when the note itself is released.

use akson_access::Role;
use akson_record::request::{Caller, HistoryRequest, HistoryScope, SearchRequest};
use serde_json::{Value, json};

use super::rules::writes::{House, at_work, citizen};
use crate::fixture::kind;

const OWN: &str = "01818010001";
const MOTHER: &str = "02818020001";
const DAY: i64 = 86_400_000;

fn note(text: &str, labels: &Value) -> Value {
    let mut body = json!({"resourceType": "DocumentReference", "id": "n1", "status": "current",
        "docStatus": "final", "description": text, "subject": {"reference": "Patient/p1"},
        "content": [{"attachment": {"title": text}}]});
    if !labels.is_null() {
        body["meta"] = json!({"security": labels});
    }
    body
}

fn task(labels: &Value) -> Value {
    json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order",
        "for": {"reference": "Patient/p1"}, "meta": {"security": labels}})
}

fn withheld(until: Option<&str>) -> Value {
    let mut label = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "code": "NOPAT"});
    if let Some(until) = until {
        label["extension"] = json!([{"url": akson_record::WITHHELD_UNTIL, "valueDateTime": until}]);
    }
    json!([label])
}

/// A child of fourteen, her mother and her doctor.
async fn house() -> (House, [Caller; 3]) {
    let house = House::new();
    house.person("p1", OWN, "2012-05-17").await;
    house.team("p1", "Practitioner/kari").await;
    let mother = json!({"resourceType": "RelatedPerson", "id": "r1",
        "patient": {"reference": "Patient/p1"},
        "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": MOTHER}],
        "relationship": [{"coding": [{"code": "MTH",
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode"}]}]});
    house.open.put(mother).await;
    // Who logs in creates nothing under an id of their own choice: the texts are written anew.
    house.open.put(note("tomt", &withheld(None))).await;
    house.open.put(task(&withheld(None))).await;
    (house, [citizen(OWN), citizen(MOTHER), at_work(Role::Doctor, "kari")])
}

/// How many versions of the note each of them reads.
async fn versions(house: &House, who: &Caller) -> usize {
    let request = HistoryRequest {
        scope: HistoryScope::Instance(kind("DocumentReference"), "n1".into()),
        query: String::new(),
    };
    house.record.history(who, request).await.map_or(0, |page| page.entries.len())
}

async fn found(house: &House, who: &Caller) -> usize {
    let request = SearchRequest {
        resource_type: Some(kind("DocumentReference")),
        compartment: None,
        query: "patient=p1".into(),
        strict: true,
    };
    house.record.search(who, request).await.unwrap().entries.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_the_clinicians_until_it_is_signed_and_as_a_draft_for_ever() {
    let (house, [child, mother, doctor]) = house().await;
    house.put(&doctor, &note("utkast", &withheld(None))).await.unwrap();
    for (who, sees) in [(&child, false), (&mother, false), (&doctor, true)] {
        assert_eq!(house.sees(who, "DocumentReference", "n1").await, sees, "{}", who.actor.id);
        assert_eq!(found(&house, who).await, usize::from(sees));
    }
    house.put(&doctor, &note("signert", &Value::Null)).await.unwrap();
    for (who, seen) in [(&child, 1), (&mother, 1), (&doctor, 3)] {
        assert!(house.sees(who, "DocumentReference", "n1").await, "{}", who.actor.id);
        assert_eq!(versions(&house, who).await, seen, "{}", who.actor.id);
        let first = house.record.vread(who, kind("DocumentReference"), "n1", "2").await;
        assert_eq!(first.is_ok(), seen == 3, "{}", who.actor.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_later_is_released_by_the_clock() {
    let (house, [child, mother, doctor]) = house().await;
    // It is 2026-11-21, 23:08 in Norway.
    let later = withheld(Some("2026-11-23T08:00:00+01:00"));
    house.put(&doctor, &note("svar", &later)).await.unwrap();
    house.put(&doctor, &task(&withheld(Some("2026-11-22")))).await.unwrap();
    for later in [0, DAY] {
        house.open.clock.advance_milliseconds(later);
        for who in [&child, &mother] {
            assert!(!house.sees(who, "DocumentReference", "n1").await, "{}", who.actor.id);
            assert_eq!(house.sees(who, "Task", "t1").await, later != 0, "{}", who.actor.id);
        }
        assert!(house.sees(&doctor, "DocumentReference", "n1").await);
    }
    house.open.clock.advance_milliseconds(DAY);
    for who in [&child, &mother, &doctor] {
        assert!(house.sees(who, "DocumentReference", "n1").await, "{}", who.actor.id);
        let is_at_work = who.actor.role() == Some(Role::Doctor);
        assert_eq!(versions(&house, who).await, if is_at_work { 2 } else { 1 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_read_releases_nothing() {
    let (house, [child, _, doctor]) = house().await;
    let mut both = withheld(Some("2020-01-01"));
    both.as_array_mut().unwrap().push(withheld(None)[0].clone());
    for (labels, sees) in [
        (withheld(Some("2020-01-01")), true),
        (both, false),
        (
            json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NOPAT",
            "extension": [{"url": akson_record::WITHHELD_UNTIL, "valueString": "snart"}]}]),
            false,
        ),
    ] {
        house.put(&doctor, &note("svar", &labels)).await.unwrap();
        assert_eq!(house.sees(&child, "DocumentReference", "n1").await, sees, "{labels}");
        assert!(house.sees(&doctor, "DocumentReference", "n1").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_anothers_name() {
    let (house, [_, _, doctor]) = house().await;
    let team = json!({"resourceType": "CareTeam", "id": "t2", "status": "active",
        "subject": {"reference": "Patient/p1"},
        "participant": [{"member": {"reference": "Practitioner/per"}}]});
    house.open.put(team).await;
    let signed = |by: &str| {
        let mut body = note("signert", &Value::Null);
        body["authenticator"] = json!({"reference": by});
        body
    };
    let refused = house.put(&doctor, &signed("Practitioner/per")).await.unwrap_err();
    assert_eq!(refused.code, "REC-100");
    house.put(&doctor, &signed("Practitioner/kari")).await.unwrap();
    // What another has signed keeps the name, whoever else writes in it.
    let other = at_work(Role::Nurse, "per");
    house.put(&other, &signed("Practitioner/kari")).await.unwrap();
    house.put(&other, &signed("Practitioner/per")).await.unwrap();
}
