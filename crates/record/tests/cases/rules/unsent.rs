//! What a citizen is writing and has not sent is nobody's at work: through no read, search or history.

use akson_access::Role;
use akson_record::request::{Caller, HistoryRequest, HistoryScope, SearchRequest};
use serde_json::{Value, json};

use super::writes::{House, at_work, citizen, condition, patient};
use crate::fixture::kind;

const OWN: &str = "01818010001";
const MOTHER: &str = "02818020002";
const FATHER: &str = "03818020004";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";

/// p1, and p3 with a mother and a father; their doctor is `gp`.
async fn house() -> House {
    let house = House::new();
    house.person("p1", OWN, "1980-01-01").await;
    house.person("p3", "01818010003", "2020-01-01").await;
    house.open.put(json!({"resourceType": "Practitioner", "id": "gp"})).await;
    for id in ["p1", "p3"] {
        house.team(id, "Practitioner/gp").await;
    }
    for (id, number) in [("mother", MOTHER), ("father", FATHER)] {
        let parent = json!({"resourceType": "RelatedPerson", "id": id, "patient": patient("p3"),
            "identifier": [{"system": FNR, "value": number}], "relationship": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "PRN"}]}]});
        house.open.put(parent).await;
    }
    house
}

fn by_mother() -> Value {
    json!({"type": "RelatedPerson", "display": "En innbygger",
        "identifier": {"system": FNR, "value": MOTHER}})
}

fn message(id: &str, of: &str, sender: &Value, status: &str, text: &str) -> Value {
    json!({"resourceType": "Communication", "id": id, "status": status,
        "category": [{"coding": [
            {"system": "https://akson.no/fhir/CodeSystem/message", "code": "message"}]}],
        "subject": patient(of), "sender": sender, "payload": [{"contentString": text}]})
}

/// Stores it beside the record that everybody logs in to, which looks anew after a write of its own.
async fn put(house: &House, body: &Value) {
    house.open.put(body.clone()).await;
    let patient = body["subject"]["reference"].as_str().unwrap().trim_start_matches("Patient/");
    house.create(&at_work(Role::Doctor, "gp"), &condition(patient, "x")).await.unwrap();
}

async fn found(house: &House, who: &Caller, of: &str, patient: &str) -> usize {
    let query = format!("patient={patient}");
    let request =
        SearchRequest { resource_type: Some(kind(of)), compartment: None, query, strict: true };
    house.record.search(who, request).await.unwrap().entries.len()
}

async fn versions(house: &House, who: &Caller, id: &str) -> Vec<String> {
    let scope = HistoryScope::Instance(kind("Communication"), id.to_owned());
    let request = HistoryRequest { scope, query: String::new() };
    let Ok(page) = house.record.history(who, request).await else { return Vec::new() };
    let texts = page.entries.iter().map(|(version, _)| {
        let json: Value = serde_json::from_slice(&version.json).unwrap();
        json["payload"][0]["contentString"].as_str().unwrap().to_owned()
    });
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_being_written_is_its_writers_alone() {
    let house = house().await;
    let (own, gp) = (citizen(OWN), at_work(Role::Doctor, "gp"));
    for status in ["preparation", "not-done"] {
        put(&house, &message("m1", "p1", &patient("p1"), status, "Kanskje er jeg")).await;
        assert!(house.sees(&own, "Communication", "m1").await, "{status}");
        assert!(!house.sees(&gp, "Communication", "m1").await, "{status}");
        assert_eq!(found(&house, &own, "Communication", "p1").await, 1, "{status}");
        assert_eq!(found(&house, &gp, "Communication", "p1").await, 0, "{status}");
        assert!(versions(&house, &gp, "m1").await.is_empty(), "{status}");
    }
    // It is sent with other words: the doctor reads these, and not what it was before.
    put(&house, &message("m1", "p1", &patient("p1"), "completed", "Jeg er svimmel.")).await;
    assert!(house.sees(&gp, "Communication", "m1").await);
    assert_eq!(versions(&house, &gp, "m1").await, ["Jeg er svimmel."]);
    assert_eq!(versions(&house, &own, "m1").await.len(), 3);
    let first = house.record.vread(&gp, kind("Communication"), "m1", "1").await;
    assert_eq!(first.map(drop).unwrap_err().code, "REC-006");
    house.open.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_parent_writes_is_not_the_others() {
    let house = house().await;
    put(&house, &message("m3", "p3", &by_mother(), "preparation", "Hun hoster")).await;
    assert!(house.sees(&citizen(MOTHER), "Communication", "m3").await);
    assert!(!house.sees(&citizen(FATHER), "Communication", "m3").await);
    assert!(!house.sees(&at_work(Role::Doctor, "gp"), "Communication", "m3").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_sent_are_the_familys() {
    let house = house().await;
    let answers = |status: &str, author: &Value| {
        json!({"resourceType": "QuestionnaireResponse", "id": "q3", "status": status,
            "subject": patient("p3"), "author": author, "questionnaire": "https://akson.no/q"})
    };
    put(&house, &answers("in-progress", &by_mother())).await;
    let gp = at_work(Role::Doctor, "gp");
    for parent in [MOTHER, FATHER] {
        assert!(house.sees(&citizen(parent), "QuestionnaireResponse", "q3").await);
    }
    assert!(!house.sees(&gp, "QuestionnaireResponse", "q3").await);
    put(&house, &answers("completed", &by_mother())).await;
    assert!(house.sees(&gp, "QuestionnaireResponse", "q3").await);
    // What a colleague has begun is the journal's.
    put(&house, &answers("in-progress", &json!({"reference": "Practitioner/other"}))).await;
    assert!(house.sees(&gp, "QuestionnaireResponse", "q3").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_other_systems_in_preparation_are_the_journals() {
    let house = house().await;
    let mut planned =
        message("m4", "p1", &json!({"reference": "Practitioner/other"}), "preparation", "Ring.");
    planned["category"] = json!([{"text": "phone call"}]);
    put(&house, &planned).await;
    assert!(house.sees(&at_work(Role::Doctor, "gp"), "Communication", "m4").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_work_writes_over_what_a_citizen_is_writing() {
    let house = house().await;
    put(&house, &message("m1", "p1", &patient("p1"), "preparation", "Kanskje")).await;
    let gp = at_work(Role::Doctor, "gp");
    let body = message("m1", "p1", &patient("p1"), "completed", "Nei.");
    let written = house.put(&gp, &body).await;
    assert!(written.is_err(), "a draft was written over by somebody who does not see it");
    // What is not seen is not there: nothing is deleted, and nothing told.
    house.record.delete(&gp, kind("Communication"), "m1", None).await.unwrap();
    let stored = house.open.read("Communication", "m1").await.unwrap();
    assert_eq!(stored["payload"][0]["contentString"], "Kanskje");
}
