//! Emergencies: the patient is told in the same commit, in confidence where that must be; and a
//! patient whose address is protected opens by the number, and in no other way.

use akson_access::{Ground, Role};
use akson_base::Kind;
use akson_record::request::{Caller, SearchRequest};
use akson_record::{NOTICE_EMERGENCY, NOTICE_SYSTEM, Opening};
use serde_json::{Value, json};

use super::walk::told;
use super::writes::{House, at_work, citizen, condition, patient};
use crate::fixture::kind;

const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const OWN: &str = "01818010001";
const PARENT: &str = "02818020001";

fn emergency() -> Opening {
    Opening { is_emergency: true, reason: "Bevisstløs".into() }
}

/// A patient born then, with a mother, an administrator's nobody in particular, and a nurse who
/// has nothing to do with them.
async fn house(birth: &str) -> (House, Caller) {
    let house = House::new();
    house.person("p1", OWN, birth).await;
    let mother = json!({"resourceType": "RelatedPerson", "id": "mother", "patient": patient("p1"),
        "identifier": [{"system": FNR, "value": PARENT}],
        "relationship": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}]});
    house.open.put(mother).await;
    let mut body = condition("p1", "c1");
    body["id"] = "c1".into();
    house.open.put(body).await;
    (house, at_work(Role::Nurse, "kari"))
}

async fn protect(house: &House) {
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    let mut hidden = house.open.read("Patient", "p1").await.unwrap();
    hidden["meta"] = json!({"security": [{"system": system, "code": "V"}]});
    house.open.put(hidden).await;
}

/// What somebody finds of a type.
async fn found(house: &House, who: &Caller, name: &str) -> Vec<Value> {
    let request = SearchRequest {
        resource_type: Some(kind(name)),
        compartment: None,
        query: "patient=p1".into(),
        strict: true,
    };
    let page = house.record.search(who, request).await.unwrap();
    let read = |(version, _): &(akson_record::request::Version, _)| {
        serde_json::from_slice(&version.json).unwrap()
    };
    page.entries.iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_patient_reads_who_opened_it_where_why_and_when() {
    let (house, nurse) = house("1980-01-01").await;
    let before = house.record.store().engine().last_commit().commit;
    house.record.open_with_reason(&nurse, "p1", &emergency()).await.unwrap();
    let after = house.record.store().engine().last_commit().commit;
    assert_eq!(after, before + 1, "access and message are one commit");
    let messages = found(&house, &citizen(OWN), "Communication").await;
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(message["category"][0]["coding"][0]["system"], NOTICE_SYSTEM);
    assert_eq!(message["category"][0]["coding"][0]["code"], NOTICE_EMERGENCY);
    assert_eq!(message["sender"]["display"], "Kari, nurse");
    assert_eq!(message["reasonCode"][0]["text"], "Bevisstløs");
    assert_eq!(message["recipient"][0]["reference"], "Patient/p1");
    assert_eq!(message["about"][1]["display"], "Sted");
    let consent = message["about"][0]["reference"].as_str().unwrap();
    let consents = found(&house, &citizen(OWN), "Consent").await;
    assert_eq!(format!("Consent/{}", consents[0]["id"].as_str().unwrap()), consent);
    assert!(house.sees(&nurse, "Condition", "c1").await);
    // A decision of one's own is in the log and among the blocks; it is no emergency.
    let other = at_work(Role::Nurse, "per");
    let opening = Opening { is_emergency: false, reason: "Henvendelse".into() };
    house.record.open_with_reason(&other, "p1", &opening).await.unwrap();
    assert_eq!(found(&house, &citizen(OWN), "Communication").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parents_read_it_until_the_child_has_confidences() {
    for (birth, parent_reads, child_reads) in [
        ("2021-05-17", 1, 0),
        ("2014-11-22", 1, 0),
        ("2014-11-21", 0, 1),
        ("2010-11-22", 0, 1),
        ("2010-11-21", 0, 1),
    ] {
        let (house, nurse) = house(birth).await;
        house.record.open_with_reason(&nurse, "p1", &emergency()).await.unwrap();
        for name in ["Communication", "Consent"] {
            let parent = found(&house, &citizen(PARENT), name).await.len();
            let child = found(&house, &citizen(OWN), name).await.len();
            assert_eq!((parent, child), (parent_reads, child_reads), "{name}, born {birth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_protected_opens_by_the_number_and_is_told() {
    let (house, nurse) = house("1980-01-01").await;
    protect(&house).await;
    assert_eq!(house.record.standing(&nurse, "p1").unwrap(), None);
    let opened = house.record.open_with_reason(&nurse, "p1", &emergency()).await.unwrap_err();
    assert_eq!(opened.kind, Kind::NotFound);
    let standing = house.record.hidden_by_number(&nurse, OWN).await.unwrap().unwrap();
    assert!(standing.may_decide && standing.may_take_emergency && !standing.may_look_up);
    assert!(!house.sees(&nurse, "Patient", "p1").await, "to know of somebody shows nothing");
    let id = house.record.open_by_number(&nurse, OWN, &emergency()).await.unwrap();
    assert_eq!(id, "p1");
    assert!(house.sees(&nurse, "Patient", "p1").await);
    assert!(house.sees(&nurse, "Condition", "c1").await);
    let looks = house.record.accesses(&citizen(OWN), "p1", 100).await.unwrap();
    let grounds: Vec<&str> = looks.iter().map(|look| &*look.entry.ground).collect();
    for ground in [Ground::LookUp, Ground::Emergency] {
        assert!(grounds.contains(&ground.code()), "{grounds:?}");
    }
    assert_eq!(found(&house, &citizen(OWN), "Communication").await.len(), 1);
    house.open.clock.advance_milliseconds(12 * 3_600_000 + 1_000);
    assert!(!house.sees(&nurse, "Patient", "p1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_nobody_answers_as_one_that_may_not_be_opened() {
    let (house, nurse) = house("1980-01-01").await;
    protect(&house).await;
    let block = json!({"resourceType": "Consent", "id": "block", "status": "active",
        "scope": {"text": "x"}, "category": [{"text": "x"}], "patient": patient("p1"),
        "policyRule": {"text": "x"}, "provision": {"type": "deny", "actor": [
            {"role": {"text": "x"}, "reference": {"reference": "Practitioner/kari"}}]}});
    house.open.put(block).await;
    let decided = Opening { is_emergency: false, reason: "Henvendelse".into() };
    for opening in [emergency(), decided.clone()] {
        let by = async |who: &Caller, number: &str| {
            told(&house.record.open_by_number(who, number, &opening).await.unwrap_err())
        };
        let never = by(&nurse, "01818099999").await;
        assert!(never.contains("REC-084"));
        assert_eq!(by(&nurse, OWN).await, never, "blocked for this person");
        for number in ["", "1", "0181801000x", "01818010001,02818020001"] {
            assert_eq!(by(&nurse, number).await, never, "{number}");
        }
        for role in [Role::Receptionist, Role::PrivacyOfficer, Role::Administrator] {
            assert_eq!(by(&at_work(role, "per"), OWN).await, never, "{}", role.code());
        }
        assert_eq!(by(&citizen(PARENT), OWN).await, never);
    }
    let doctor = at_work(Role::Doctor, "eva");
    let without = Opening { reason: " ".into(), ..decided };
    let problem = house.record.open_by_number(&doctor, OWN, &without).await.unwrap_err();
    assert_eq!(problem.kind, Kind::Invalid);
    // The attempts are in the patient's log.
    let looks = house.record.accesses(&citizen(OWN), "p1", 100).await.unwrap();
    assert!(looks.iter().filter(|look| look.entry.ground == "refused").count() >= 2);
    // Whose role looks nobody up is told of nobody.
    let hidden = async |who: &Caller| house.record.hidden_by_number(who, OWN).await.unwrap();
    assert_eq!(hidden(&at_work(Role::Administrator, "per")).await, None);
    assert_eq!(hidden(&citizen(PARENT)).await, None);
    assert_eq!(hidden(&super::writes::system()).await, None);
    assert!(hidden(&at_work(Role::Receptionist, "per")).await.is_some());
}
