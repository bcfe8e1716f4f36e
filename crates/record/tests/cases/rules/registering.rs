//! Registering a patient: whom the rules let, once for each number, with a ground for the unit of
//! the one who registers and for nobody else.

use std::sync::Arc;

use akson_access::Role;
use akson_base::identifiers::{DNR, FHN, FNR, person_check_digits};
use akson_base::{Kind, Problem};
use akson_record::REGISTERED_DAYS;
use akson_record::request::{Caller, Did, Written};
use serde_json::{Value, json};

use super::model::Tables;
use super::walk::told;
use super::writes::{House, at_work, citizen, system, transaction};

/// A number of a person who never was, by its place among them.
fn number(place: usize) -> String {
    let nine = (0..).map(|more| format!("0181{:05}", 10_000 + place * 37 + more));
    let mut valid = nine.filter_map(|nine| {
        let [k1, k2] = person_check_digits(&nine)?;
        Some(format!("{nine}{k1}{k2}"))
    });
    valid.next().unwrap()
}

fn person(system: &str, number: &str) -> Value {
    json!({"resourceType": "Patient", "birthDate": "1980-01-01", "name": [{"family": "Ny"}],
        "identifier": [{"system": system, "value": number}]})
}

fn id(written: Result<Written, Problem>) -> String {
    written.unwrap().version.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_registers_as_its_line_says_and_its_unit_has_a_ground_for_a_time() {
    let tables = Tables::read();
    let house = House::new();
    for (place, role) in Role::ALL.into_iter().enumerate() {
        let who = match role.code() {
            "citizen" => citizen(&number(900)),
            "system" => system(),
            _ => at_work(role, &format!("kari{place}")),
        };
        let new = person(FNR, &number(place));
        let written = house.create(&who, &new).await;
        if tables.cell(role.code(), "unregistered", "person") != 'w' {
            assert_eq!(written.unwrap_err().code, "REC-044", "{}", role.code());
            continue;
        }
        let id = id(written);
        let opens = |who: &Caller| {
            house.record.standing(who, &id).unwrap().is_some_and(|standing| standing.opens)
        };
        let colleague = at_work(role, "colleague");
        assert!(opens(&who) && opens(&colleague), "{}", role.code());
        let mut elsewhere = (*colleague.actor).clone();
        if let akson_access::Standing::Personnel(personnel) = &mut elsewhere.standing {
            personnel.organisations = vec!["Organization/elsewhere".into()];
        }
        let elsewhere = Caller { actor: Arc::new(elsewhere), ..colleague.clone() };
        assert!(!opens(&elsewhere), "{}", role.code());
        let looks = house.record.accesses(&house.officer(), &id, 10).await.unwrap();
        assert!(looks.iter().any(|look| look.entry.ground == "registration"), "{looks:?}");
        house.open.clock.advance_milliseconds(REGISTERED_DAYS * 86_400_000 + 1_000);
        assert!(!opens(&who), "{}: the ground is for a time", role.code());
    }
}

impl House {
    fn officer(&self) -> Caller {
        at_work(Role::PrivacyOfficer, "officer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_registered_once_whoever_has_it() {
    let house = House::new();
    let nurse = at_work(Role::Nurse, "kari");
    let known = number(1);
    house.person("p1", &known, "1980-01-01").await;
    let visible = house.create(&nurse, &person(FNR, &known)).await.unwrap_err();
    assert_eq!((visible.kind, visible.code), (Kind::Conflict, "REC-085"));
    assert!(!visible.for_caller.contains(&known), "no number in a problem");
    // Whoever it is of, hidden or not, it is refused in the same words, and opens nothing.
    let hidden = number(2);
    house.person("p2", &hidden, "1980-01-01").await;
    let mut body = house.open.read("Patient", "p2").await.unwrap();
    let label = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    body["meta"] = json!({"security": [{"system": label, "code": "V"}]});
    house.open.put(body).await;
    let protected = house.create(&nurse, &person(FNR, &hidden)).await.unwrap_err();
    assert_eq!(told(&protected), told(&visible));
    assert!(house.record.hidden_by_number(&nurse, &hidden).await.unwrap().is_some());
    for id in ["p1", "p2"] {
        let standing = house.record.standing(&nurse, id).unwrap();
        assert!(standing.is_none_or(|standing| !standing.opens), "{id}");
        assert_eq!(house.open.search(&format!("EpisodeOfCare?patient={id}")).await, [""; 0]);
    }
    // A condition finds those who are shown; those who are not are refused.
    let condition = |number: &str| format!("identifier={FNR}%7C{number}");
    let found = house.create_if(&nurse, &person(FNR, &known), Some(&condition(&known))).await;
    assert_eq!(found.unwrap().did, Did::Found);
    let refused = house.create_if(&nurse, &person(FNR, &hidden), Some(&condition(&hidden))).await;
    assert_eq!(told(&refused.unwrap_err()), told(&visible));
    let new = number(3);
    let created = house.create_if(&nurse, &person(FNR, &new), Some(&condition(&new))).await;
    assert_eq!(created.unwrap().did, Did::Created);
    let again = house.create_if(&nurse, &person(FNR, &new), Some(&condition(&new))).await;
    assert_eq!(again.unwrap().did, Did::Found);
    assert_eq!(house.open.search("EpisodeOfCare?organization=Organization/o").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_a_time_one_is_told() {
    let house = House::new();
    for round in 0..5 {
        let new = person(FNR, &number(100 + round));
        let callers: Vec<Caller> =
            (0..8).map(|place| at_work(Role::Receptionist, &format!("d{place}"))).collect();
        let all = callers.iter().map(|who| house.create(who, &new));
        let all = futures_util::future::join_all(all).await;
        let (made, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
        assert_eq!((made.len(), refused.len()), (1, 7));
        assert!(refused.iter().all(|one| one.as_ref().unwrap_err().code == "REC-085"));
    }
    let twice = person(FNR, &number(200));
    let entries = [("POST", "Patient", twice.clone()), ("POST", "Patient", twice)];
    let nurse = at_work(Role::Nurse, "kari");
    let problem = transaction(&house, &nurse, &entries).await.unwrap_err();
    assert_eq!(problem.code, "REC-085");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_checked_and_of_their_kind() {
    let house = House::new();
    let nurse = at_work(Role::Nurse, "kari");
    let wrong = "01818010001";
    let [k1, k2] = person_check_digits("810190500").unwrap();
    let help = format!("810190500{k1}{k2}");
    for (body, code) in [
        (person(FNR, wrong), "REC-086"),
        (person(DNR, &number(1)), "REC-086"),
        (person(FNR, &help), "REC-086"),
        (person(FNR, "1"), "REC-086"),
        (person("urn:oid:1.2.3", "1"), "REC-087"),
        (json!({"resourceType": "Patient", "name": [{"family": "Ny"}]}), "REC-087"),
    ] {
        let problem = house.create(&nurse, &body).await.unwrap_err();
        assert_eq!((problem.kind, problem.code), (Kind::Unprocessable, code), "{body}");
    }
    let id = id(house.create(&nurse, &person(FHN, &help)).await);
    // A number that somebody gets later is nobody else's either, and no way to become another.
    house.person("other", &number(7), "1980-01-01").await;
    let doctor = at_work(Role::Doctor, "kari");
    let mut body = person(FHN, &help);
    body["id"] = id.as_str().into();
    body["identifier"] =
        json!([{"system": FHN, "value": help}, {"system": FNR, "value": number(7)}]);
    assert_eq!(house.put(&doctor, &body).await.unwrap_err().code, "REC-085");
    body["identifier"][1]["value"] = wrong.into();
    assert_eq!(house.put(&doctor, &body).await.unwrap_err().code, "REC-086");
    body["identifier"][1]["value"] = number(8).into();
    assert_eq!(house.put(&doctor, &body).await.unwrap().did, Did::Updated);
    // Under an id of one's own nobody is made.
    body["id"] = "my-own".into();
    assert_eq!(house.put(&doctor, &body).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_along_in_the_same_transaction_may_stand_before_the_patient() {
    let house = House::new();
    let desk = at_work(Role::Receptionist, "kari");
    let new = "urn:uuid:1f0c4f7e-5f0c-4d3a-9d7b-0d5a1c0e7b11";
    let kin = json!({"resourceType": "RelatedPerson", "patient": {"reference": new},
        "name": [{"family": "Nær"}]});
    let note = json!({"resourceType": "Condition", "subject": {"reference": new},
        "code": {"text": "noe"}});
    let bundle = |extra: &Value| {
        let name = extra["resourceType"].as_str().unwrap().to_string();
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": extra, "request": {"method": "POST", "url": name}},
            {"fullUrl": new, "resource": person(FNR, &number(300)),
                "request": {"method": "POST", "url": "Patient"}}]})
    };
    let send =
        async |body: Value| house.record.bundle(&desk, bytes::Bytes::from(body.to_string())).await;
    assert_eq!(send(bundle(&note)).await.unwrap_err().code, "REC-044", "no journal at the desk");
    assert_eq!(house.open.search("Patient").await, [""; 0], "nothing of it is stored");
    send(bundle(&kin)).await.unwrap();
    assert_eq!(house.open.search("RelatedPerson").await.len(), 1);
    // Of somebody who never was nothing is written, whatever it is.
    for body in [kin, note] {
        let mut body = body;
        let element = if body["resourceType"] == "Condition" { "subject" } else { "patient" };
        body[element] = json!({"reference": "Patient/never-was"});
        assert_eq!(house.create(&desk, &body).await.unwrap_err().code, "REC-044");
    }
    house.open.check();
}
