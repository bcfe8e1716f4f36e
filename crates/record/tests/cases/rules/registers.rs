//! Who keeps the registers does not widen their own access: not by a role, not by a number, not by
//! moving units; every attempt is refused and in the log.

use akson_access::{Identity, Role, Standing};
use akson_base::{Kind, Problem};
use akson_record::request::{Caller, Written};
use bytes::Bytes;
use serde_json::{Value, json};

use super::writes::{House, caller};
use crate::fixture::kind;

const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const ROLE: &str = "https://akson.no/fhir/CodeSystem/role";
const OWN_NUMBER: &str = "01818010001";

fn role(id: &str, who: &str, code: &str, unit: &str) -> Value {
    json!({"resourceType": "PractitionerRole", "id": id, "active": true,
        "practitioner": {"reference": who}, "organization": {"reference": format!("Organization/{unit}")},
        "code": [{"coding": [{"system": ROLE, "code": code}], "text": code}]})
}

fn person(id: &str, system: &str, number: &str) -> Value {
    json!({"resourceType": "Practitioner", "id": id, "name": [{"family": id}],
        "identifier": [{"system": system, "value": number}]})
}

fn unit(id: &str, part_of: Option<&str>) -> Value {
    let mut body = json!({"resourceType": "Organization", "id": id, "name": id});
    if let Some(whole) = part_of {
        body["partOf"] = json!({"reference": format!("Organization/{whole}")});
    }
    body
}

/// An administrator of the municipality who is a nurse in the home care on weekends, and others.
async fn town() -> (House, Caller) {
    let house = House::new();
    for body in [
        unit("town", None),
        unit("care", Some("town")),
        unit("hospital", None),
        unit("ward", Some("hospital")),
        person("anna", FNR, OWN_NUMBER),
        person("bo", HPR, "5651000"),
        role("anna-admin", "Practitioner/anna", "administrator", "town"),
        role("anna-nurse", "Practitioner/anna", "nurse", "care"),
        role("bo-doctor", "Practitioner/bo", "doctor", "ward"),
        json!({"resourceType": "Location", "id": "room", "name": "Rom",
            "managingOrganization": {"reference": "Organization/hospital"}}),
    ] {
        house.open.put(body).await;
    }
    let identity = Identity { national_number: Some(OWN_NUMBER.into()), ..Identity::default() };
    let actors = house.record.actors(&identity).unwrap();
    let is_administrator = |actor: &akson_access::Actor| actor.role() == Some(Role::Administrator);
    let anna = actors.into_iter().find(is_administrator).unwrap();
    (house, caller(anna))
}

fn code(written: Result<Written, Problem>) -> &'static str {
    match written {
        Ok(_) => "stored",
        Err(problem) => {
            assert_eq!(problem.kind, Kind::Refused, "{problem}");
            problem.code
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_a_role_to_themself_or_changes_their_own() {
    let (house, anna) = town().await;
    for to in [
        "Practitioner/anna",
        "Practitioner/anna/_history/1",
        "http://localhost/fhir/Practitioner/anna",
    ] {
        let mut new = role("new", to, "doctor", "hospital");
        new.as_object_mut().unwrap().remove("id");
        assert_eq!(code(house.create(&anna, &new).await), "REC-080", "{to}");
    }
    let wider = role("anna-nurse", "Practitioner/anna", "doctor", "hospital");
    assert_eq!(code(house.put(&anna, &wider).await), "REC-080");
    let taken = role("bo-doctor", "Practitioner/anna", "doctor", "ward");
    assert_eq!(code(house.put(&anna, &taken).await), "REC-080");
    let given = role("anna-nurse", "Practitioner/bo", "nurse", "care");
    assert_eq!(code(house.put(&anna, &given).await), "REC-080");
    let of = kind("PractitionerRole");
    assert_eq!(code(house.record.delete(&anna, of, "anna-admin", None).await), "REC-080");
    // Nor by a reference that is found in the same transaction.
    let entry = json!({"resource": role("x", "Practitioner?identifier=01818010001", "doctor", "ward"),
        "request": {"method": "POST", "url": "PractitionerRole"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let sent = house.record.bundle(&anna, Bytes::from(bundle.to_string())).await.unwrap_err();
    assert_eq!(sent.code, "REC-080");
    // Of others it is the administrator's work, and another administrator's of theirs.
    let other = role("bo-doctor", "Practitioner/bo", "doctor", "care");
    assert_eq!(code(house.put(&anna, &other).await), "stored");
    assert_eq!(house.open.search("PractitionerRole?practitioner=Practitioner/anna").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_lends_their_login_to_another_entry_of_the_register() {
    let (house, anna) = town().await;
    let mut new = person("new", FNR, OWN_NUMBER);
    new.as_object_mut().unwrap().remove("id");
    assert_eq!(code(house.create(&anna, &new).await), "REC-081");
    assert_eq!(code(house.put(&anna, &person("bo", FNR, OWN_NUMBER)).await), "REC-081");
    assert_eq!(code(house.put(&anna, &person("anna", HPR, "5651000")).await), "REC-081");
    assert_eq!(
        code(house.record.delete(&anna, kind("Practitioner"), "anna", None).await),
        "REC-081"
    );
    let mut renamed = person("anna", FNR, OWN_NUMBER);
    renamed["name"] = json!([{"family": "Nytt"}]);
    assert_eq!(code(house.put(&anna, &renamed).await), "stored");
    assert_eq!(code(house.put(&anna, &person("bo", HPR, "5652000")).await), "stored");
    // A number that only the login has proved counts as well.
    let mut with_hpr = anna.clone();
    let mut actor = (*with_hpr.actor).clone();
    if let Standing::Personnel(personnel) = &mut actor.standing {
        personnel.numbers.push("5659999".into());
    }
    with_hpr.actor = std::sync::Arc::new(actor);
    assert_eq!(code(house.put(&with_hpr, &person("bo", HPR, "5659999")).await), "REC-081");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_with_patients_does_not_move_their_own_unit_or_places_to_it() {
    let (house, anna) = town().await;
    assert_eq!(code(house.put(&anna, &unit("care", Some("hospital"))).await), "REC-082");
    assert_eq!(code(house.put(&anna, &unit("town", Some("hospital"))).await), "REC-082");
    let room = json!({"resourceType": "Location", "id": "room", "name": "Rom",
        "managingOrganization": {"reference": "Organization/town"}});
    assert_eq!(code(house.put(&anna, &room).await), "REC-082");
    assert_eq!(code(house.put(&anna, &unit("ward", None)).await), "stored");
    let mut renamed = unit("care", Some("town"));
    renamed["name"] = "Hjemmetjenesten".into();
    assert_eq!(code(house.put(&anna, &renamed).await), "stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_each_version_is_told_of_the_registers_only() {
    let (house, anna) = town().await;
    let other = role("bo-doctor", "Practitioner/bo", "doctor", "care");
    assert_eq!(code(house.put(&anna, &other).await), "stored");
    let of = kind("PractitionerRole");
    let changes = house.record.changes(&anna, of, "bo-doctor").await.unwrap();
    let told: Vec<_> = changes.iter().map(|c| (c.version.version, c.by.as_str())).collect();
    assert_eq!(told[0], (2, "anna, administrator"), "{told:?}");
    assert_eq!(told.len(), 2);
    house.person("p1", "01818010002", "1980-01-01").await;
    for (name, id) in [("Patient", "p1"), ("Patient", "never-was"), ("Consent", "x")] {
        let refused = house.record.changes(&anna, kind(name), id).await.unwrap_err();
        assert_eq!(refused.code, "REC-083", "{name}/{id}");
    }
    assert_eq!(house.record.changes(&anna, of, "never-was").await.unwrap_err().code, "REC-003");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_privacy_officer_reads_which_roles_were_given_and_by_whom() {
    let (house, anna) = town().await;
    let other = role("bo-doctor", "Practitioner/bo", "doctor", "care");
    assert_eq!(code(house.put(&anna, &other).await), "stored");
    let officer = super::writes::at_work(Role::PrivacyOfficer, "officer");
    let changes = house.record.role_changes(&officer).await.unwrap();
    assert_eq!(changes.len(), 4, "{changes:?}");
    let newest = &changes[0];
    assert_eq!(
        (newest.change.version.id.as_str(), &*newest.change.by),
        ("bo-doctor", "anna, administrator")
    );
    assert_eq!(newest.before.as_ref().map(|before| before.version), Some(1));
    assert!(changes[1..].iter().all(|change| change.before.is_none()));
    let others =
        [anna, super::writes::at_work(Role::Doctor, "d"), super::writes::citizen(OWN_NUMBER)];
    for who in others {
        assert_eq!(house.record.role_changes(&who).await.unwrap_err().code, "REC-089");
    }
}
