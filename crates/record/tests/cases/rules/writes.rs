//! What may be written: every row and column of the matrix, and what conditions, transactions and
//! moves must not give away.

use std::sync::Arc;
use std::task::{Context, Poll};

use akson_access::{Actor, Personnel, Policy, Role, Standing};
use akson_base::{Kind, Problem};
use akson_record::request::{Caller, Did, HistoryRequest, HistoryScope, Written};
use akson_record::{Opening, Record};
use bytes::Bytes;
use serde_json::{Value, json};

use super::model::Tables;
use super::walk::told;
use crate::fixture::{Fixture, kind};

const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const DECISION: &str = "https://akson.no/fhir/CodeSystem/access-decision";

/// A record that everybody logs in to, over a store that the fixture fills.
pub(crate) struct House {
    pub(crate) open: Fixture,
    pub(crate) record: Arc<Record>,
}

pub(crate) fn patient(id: &str) -> Value {
    json!({"reference": format!("Patient/{id}")})
}

pub(crate) fn caller(actor: Actor) -> Caller {
    Caller { actor: Arc::new(actor), trace: "t".into(), base: Arc::from("http://localhost/fhir") }
}

pub(crate) fn at_work(role: Role, practitioner: &str) -> Caller {
    caller(Actor {
        id: format!("Practitioner/{practitioner}").into(),
        display: format!("Kari, {}", role.code()).into(),
        standing: Standing::Personnel(Personnel {
            role,
            references: vec![format!("Practitioner/{practitioner}").into()],
            organisations: vec!["Organization/o".into()],
            organisation_name: "Sted".into(),
            numbers: Vec::new(),
        }),
        client: "".into(),
        purpose: "".into(),
        scopes: None,
    })
}

pub(crate) fn citizen(number: &str) -> Caller {
    caller(Actor {
        id: format!("citizen/{number}").into(),
        display: "En innbygger".into(),
        standing: Standing::Citizen(number.into()),
        client: "".into(),
        purpose: "".into(),
        scopes: None,
    })
}

pub(crate) fn system() -> Caller {
    caller(Actor {
        id: "client/x".into(),
        display: "Et system".into(),
        standing: Standing::System(Some("Organization/o".into())),
        client: "x".into(),
        purpose: "".into(),
        scopes: None,
    })
}

impl House {
    pub(crate) fn new() -> Self {
        let open = Fixture::new();
        let record = Arc::new(Record::new(Arc::clone(open.record.store()), Policy::Rules));
        Self { open, record }
    }

    pub(crate) async fn person(&self, id: &str, number: &str, birth: &str) {
        let identifier = json!([{"system": FNR, "value": number}]);
        let body = json!({"resourceType": "Patient", "id": id, "birthDate": birth,
            "identifier": identifier, "name": [{"family": "Nordmann"}]});
        self.open.put(body).await;
    }

    pub(crate) async fn team(&self, id: &str, who: &str) {
        self.open
            .put(json!({"resourceType": "CareTeam", "id": format!("team-{id}"), "status": "active",
                "subject": patient(id), "participant": [{"member": {"reference": who}}]}))
            .await;
    }

    pub(crate) async fn create(&self, caller: &Caller, body: &Value) -> Result<Written, Problem> {
        self.create_if(caller, body, None).await
    }

    pub(crate) async fn create_if(
        &self,
        caller: &Caller,
        body: &Value,
        condition: Option<&str>,
    ) -> Result<Written, Problem> {
        let of = kind(body["resourceType"].as_str().unwrap());
        self.record.create(caller, of, Bytes::from(body.to_string()), condition).await
    }

    pub(crate) async fn put(&self, caller: &Caller, body: &Value) -> Result<Written, Problem> {
        let of = kind(body["resourceType"].as_str().unwrap());
        let id = body["id"].as_str().unwrap();
        self.record.update(caller, of, id, Bytes::from(body.to_string()), None).await
    }

    /// A transaction: what has an id is an update.
    pub(crate) async fn together(&self, caller: &Caller, all: &[Value]) -> Result<(), Problem> {
        let entry = |one: &Value| {
            let name = one["resourceType"].as_str().unwrap();
            let request = match one["id"].as_str() {
                Some(id) => json!({"method": "PUT", "url": format!("{name}/{id}")}),
                None => json!({"method": "POST", "url": name}),
            };
            json!({"resource": one, "request": request})
        };
        let entries: Vec<Value> = all.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        self.record.bundle(caller, Bytes::from(bundle.to_string())).await.map(drop)
    }

    pub(crate) async fn sees(&self, caller: &Caller, name: &str, id: &str) -> bool {
        match self.record.read(caller, kind(name), id).await {
            Ok(_) => true,
            Err(problem) => {
                assert_eq!(problem.kind, Kind::NotFound, "{problem:?}");
                false
            }
        }
    }

    pub(crate) async fn version(&self, name: &str, id: &str) -> u64 {
        let body = self.open.read(name, id).await.unwrap();
        body["meta"]["versionId"].as_str().unwrap().parse().unwrap()
    }
}

fn with_id(body: &Value, id: &str) -> Value {
    let mut body = body.clone();
    body["id"] = id.into();
    body
}

pub(crate) fn condition(of: &str, identifier: &str) -> Value {
    json!({"resourceType": "Condition", "subject": patient(of), "code": {"text": "noe"},
        "identifier": [{"value": identifier}]})
}

/// One resource of each class that speaks of a patient.
fn of_each_class(id: &str) -> Vec<(&'static str, Value)> {
    let subject = patient(id);
    let text = json!({"text": "noe"});
    vec![
        ("person", json!({"resourceType": "RelatedPerson", "patient": subject})),
        (
            "planning",
            json!({"resourceType": "Task", "status": "requested", "intent": "order",
                "for": subject}),
        ),
        ("clinical", json!({"resourceType": "Condition", "subject": subject, "code": text})),
        ("clinical", json!({"resourceType": "Device", "patient": subject, "status": "active"})),
        (
            "medication",
            json!({"resourceType": "MedicationStatement", "status": "active", "subject": subject,
                "medicationCodeableConcept": text}),
        ),
        (
            "prescription",
            json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
                "subject": subject, "medicationCodeableConcept": text}),
        ),
        (
            "document",
            json!({"resourceType": "DocumentReference", "status": "current", "subject": subject,
                "content": [{"attachment": {"title": "Notat"}}]}),
        ),
        (
            "document",
            json!({"resourceType": "Binary", "contentType": "text/plain", "data": "aGVp",
                "securityContext": subject}),
        ),
        (
            "wish",
            json!({"resourceType": "Consent", "status": "draft", "scope": text,
                "category": [text], "patient": subject, "policyRule": text}),
        ),
        (
            "log",
            json!({"resourceType": "AuditEvent", "recorded": "2026-11-01T12:00:00Z",
                "type": {"system": "x", "code": "rest"}, "agent": [{"requestor": true}],
                "source": {"observer": {"display": "x"}}, "entity": [{"what": subject}]}),
        ),
        (
            "finance",
            json!({"resourceType": "Coverage", "status": "active", "beneficiary": subject,
                "payor": [subject]}),
        ),
        ("directory", json!({"resourceType": "Location", "name": "Rom"})),
        ("definition", json!({"resourceType": "Questionnaire", "status": "draft"})),
        (
            "system",
            json!({"resourceType": "Group", "type": "person", "actual": true,
                "member": [{"entity": subject}]}),
        ),
    ]
}

/// Puts somebody of a role into a situation with a patient of their own; who asks.
async fn situation(house: &House, role: &str, situation: &str, id: &str, at: usize) -> Caller {
    let own = format!("0181801{at:04}");
    let other = format!("0281802{at:04}");
    let birth = match situation {
        "parent-under-12" => "2020-01-01",
        "parent-12-to-15" => "2012-01-01",
        _ => "1980-01-01",
    };
    house.person(id, &own, birth).await;
    let who = match role {
        "citizen" => citizen(if situation == "own" { &own } else { &other }),
        "system" => system(),
        role => at_work(Role::of_code(role).unwrap(), &format!("kari{at}")),
    };
    let relative = |code: &str| {
        json!({"resourceType": "RelatedPerson", "id": format!("rep-{id}"), "patient": patient(id),
            "identifier": [{"system": FNR, "value": other}], "relationship": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}]}]})
    };
    match situation {
        "none" | "own" => {}
        "care-relationship" if role == "system" => house.team(id, "Organization/o").await,
        "care-relationship" => house.team(id, &who.actor.id).await,
        "decided" | "emergency" => {
            house.open.put(decision(id, situation, &who.actor.id)).await;
        }
        "guardian" => drop(house.open.put(relative("GUARD")).await),
        "attorney" => drop(house.open.put(relative("HPOWATT")).await),
        _ => drop(house.open.put(relative("MTH")).await),
    }
    who
}

fn decision(id: &str, code: &str, to: &str) -> Value {
    json!({"resourceType": "Consent", "id": format!("decision-{id}"), "status": "active",
        "scope": {"text": "x"}, "patient": patient(id), "policyRule": {"text": "grunn"},
        "category": [{"coding": [{"system": DECISION, "code": code}]}],
        "provision": {"type": "permit", "actor": [
            {"role": {"text": "x"}, "reference": {"reference": to}}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_the_matrix_is_what_may_be_written() {
    let tables = Tables::read();
    let house = House::new();
    // Nobody whom the record has is unregistered: `registering` has that row.
    let mut rows: Vec<_> = tables.situations().filter(|(_, of)| *of != "unregistered").collect();
    rows.sort_unstable();
    assert!(rows.len() >= 30, "{}", rows.len());
    let rows = rows.into_iter().enumerate();
    let rows = rows.map(|(at, (role, of))| one_row(&tables, &house, role, of, at));
    futures_util::future::join_all(rows).await;
}

async fn one_row(tables: &Tables, house: &House, role: &str, of: &str, at: usize) {
    let id = format!("p{at}");
    let who = situation(house, role, of, &id, at).await;
    let all = of_each_class(&id).into_iter().enumerate();
    let all: Vec<_> = all.map(|(n, (c, b))| (c, with_id(&b, &format!("r{at}-{n}")))).collect();
    for (_, body) in &all {
        house.open.put(body.clone()).await;
    }
    for (class, body) in all {
        let lies_open = ["directory", "definition", "log"].contains(&class);
        // A Binary is as open as what it belongs to, which here is the whole patient.
        let may_confide = of == "parent-12-to-15" && body["resourceType"] == "Binary";
        let cell = match tables.cell(role, of, class) {
            _ if may_confide => '-',
            // In this situation no more than a name is looked up.
            _ if of == "none" && !lies_open => '-',
            cell => cell,
        };
        let said = format!("{role} {of} {class} {cell}: {}", body["resourceType"]);
        one_cell(house, &who, cell, &body, &said).await;
    }
}

async fn one_cell(house: &House, who: &Caller, cell: char, body: &Value, said: &str) {
    let name = body["resourceType"].as_str().unwrap();
    let id = body["id"].as_str().unwrap();
    assert_eq!(house.sees(who, name, id).await, cell != '-', "read {said}");
    let mut new = body.clone();
    new.as_object_mut().unwrap().remove("id");
    let created = house.create(who, &new).await;
    match cell {
        'w' => assert_eq!(created.unwrap_or_else(|p| panic!("{said}: {p}")).did, Did::Created),
        _ => assert_eq!(created.expect_err(said).kind, Kind::Refused, "create {said}"),
    }
    let changed = house.put(who, body).await;
    let absent = house.put(who, &with_id(body, "never-was")).await.expect_err(said);
    match cell {
        'w' => assert_eq!(changed.unwrap_or_else(|p| panic!("{said}: {p}")).did, Did::Updated),
        // What the record is asked here is no act of rules/acts.tsv; those are asked in `acts`.
        'r' | 'a' => assert_eq!(changed.expect_err(said).kind, Kind::Refused, "update {said}"),
        _ => assert_eq!(told(&changed.expect_err(said)), told(&absent), "update {said}"),
    }
    let before = house.version(name, id).await;
    assert_eq!(before, if cell == 'w' { 2 } else { 1 }, "{said}");
    let deleted = house.record.delete(who, kind(name), id, None).await;
    match cell {
        'w' => assert!(deleted.unwrap().version.is_some(), "delete {said}"),
        'r' | 'a' => assert_eq!(deleted.expect_err(said).kind, Kind::Refused, "delete {said}"),
        _ => assert!(deleted.unwrap().version.is_none(), "delete {said}"),
    }
    if cell != 'w' {
        assert_eq!(house.version(name, id).await, 1, "{said}");
    }
}

/// A doctor of p1, with p2 a stranger whose address is protected.
async fn two() -> (House, Caller) {
    let house = House::new();
    house.person("p1", "01818010001", "1980-01-01").await;
    house.person("p2", "01818010002", "1980-01-01").await;
    let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    let mut hidden = house.open.read("Patient", "p2").await.unwrap();
    hidden["meta"] = json!({"security": [{"system": system, "code": "V"}]});
    house.open.put(hidden).await;
    house.team("p1", "Practitioner/kari").await;
    house.open.put(with_id(&condition("p1", "seen"), "c1")).await;
    house.open.put(with_id(&condition("p2", "hidden"), "c2")).await;
    (house, at_work(Role::Doctor, "kari"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_answers_every_write_as_what_never_was() {
    let (house, doctor) = two().await;
    let of = kind("Condition");
    for if_match in [None, Some(1), Some(7)] {
        let put = async |id: &str| {
            let body = Bytes::from(with_id(&condition("p1", "x"), id).to_string());
            told(&house.record.update(&doctor, of, id, body, if_match).await.unwrap_err())
        };
        assert_eq!(put("c2").await, put("never-was").await);
        let delete = async |id: &str| {
            let deleted = house.record.delete(&doctor, of, id, if_match).await;
            deleted.map(|w| w.version.is_none()).map_err(|p| told(&p))
        };
        assert_eq!(delete("c2").await, delete("never-was").await);
    }
    // A patient whom nobody has heard of is refused as one who is hidden.
    let hidden = house.create(&doctor, &condition("p2", "x")).await.unwrap_err();
    let never = house.create(&doctor, &condition("never-was", "x")).await.unwrap_err();
    assert_eq!(told(&hidden), told(&never));
    assert_eq!(house.version("Condition", "c2").await, 1);
    let log = async |id: &str| house.record.accesses(&doctor, id, 10).await.unwrap_err();
    assert_eq!(told(&log("p2").await), told(&log("never-was").await));
    let stands = |id: &str| house.record.standing(&doctor, id).unwrap();
    assert_eq!((stands("p2"), stands("never-was")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_does_not_find_what_is_hidden() {
    let (house, doctor) = two().await;
    let of = kind("Condition");
    let body = condition("p1", "hidden");
    let condition = Some("identifier=hidden");
    assert_eq!(house.create_if(&doctor, &body, condition).await.unwrap().did, Did::Created);
    assert_eq!(house.create_if(&doctor, &body, condition).await.unwrap().did, Did::Found);
    let deleted = house.record.delete_conditional(&doctor, of, "identifier=hidden").await;
    assert!(deleted.unwrap().version.is_some());
    let deleted = house.record.delete_conditional(&doctor, of, "identifier=hidden").await;
    assert!(deleted.unwrap().version.is_none());
    let bytes = Bytes::from(body.to_string());
    let put = house.record.update_conditional(&doctor, of, "identifier=hidden", bytes, None).await;
    assert_eq!(put.unwrap().did, Did::Created);
    assert_eq!(house.version("Condition", "c2").await, 1);
    let bytes = |id: &str| Bytes::from(with_id(&body, id).to_string());
    let own_id = async |query: &str, id: &str| {
        let put = house.record.update_conditional(&doctor, of, query, bytes(id), None).await;
        told(&put.unwrap_err())
    };
    assert_eq!(own_id("identifier=no", "c2").await, own_id("identifier=no", "never-was").await);
    // Nor does a conditional reference.
    let refers = async |number: &str| {
        let mut body = body.clone();
        body["recorder"] = json!({"reference": format!("Patient?identifier={number}")});
        told(&transaction(&house, &doctor, &[("POST", "Condition", body)]).await.unwrap_err())
    };
    assert_eq!(refers("01818010002").await, refers("01818099999").await);
}

pub(crate) async fn transaction(
    house: &House,
    caller: &Caller,
    entries: &[(&str, &str, Value)],
) -> Result<Value, Problem> {
    let entry = |(method, url, resource): &(&str, &str, Value)| match resource.is_null() {
        true => json!({"request": {"method": method, "url": url}}),
        false => json!({"resource": resource, "request": {"method": method, "url": url}}),
    };
    let entries: Vec<Value> = entries.iter().map(entry).collect();
    let body = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    let answer = house.record.bundle(caller, Bytes::from(body.to_string())).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_touches_what_is_not_ones_own_stores_nothing() {
    let (house, doctor) = two().await;
    let fine = ("POST", "Condition", condition("p1", "new"));
    let put = |id: &str, of: &str| with_id(&condition(of, "x"), id);
    for (wrong, expected) in [
        (("POST", "Condition", condition("p2", "x")), Kind::Refused),
        (("PUT", "Condition/c2", put("c2", "p2")), Kind::NotFound),
        (("PUT", "Condition/c1", put("c1", "p2")), Kind::Refused),
        (
            ("PUT", "Organization/o", json!({"resourceType": "Organization", "id": "o"})),
            Kind::NotFound,
        ),
        (
            ("POST", "Organization", json!({"resourceType": "Organization", "name": "x"})),
            Kind::Refused,
        ),
    ] {
        let said = format!("{wrong:?}");
        let problem = transaction(&house, &doctor, &[fine.clone(), wrong]).await.expect_err(&said);
        assert_eq!(problem.kind, expected, "{said}");
        assert_eq!(house.open.search("Condition?identifier=new").await, [""; 0], "{said}");
    }
    // To delete what is hidden is to delete what is not there.
    let gone = ("DELETE", "Condition/c2", Value::Null);
    transaction(&house, &doctor, &[fine, gone]).await.unwrap();
    assert_eq!(house.open.search("Condition?identifier=new").await.len(), 1);
    assert_eq!(house.version("Condition", "c2").await, 1);
    // A batch answers each by itself, and reads in it see no more than the caller.
    let entry = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let urls = ["Condition/c2", "Condition?identifier=hidden", "Condition/c2/_history"];
    let body = json!({"resourceType": "Bundle", "type": "batch", "entry": urls.map(entry)});
    let answer = house.record.bundle(&doctor, Bytes::from(body.to_string())).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let entries = &answer["entry"];
    assert_eq!(entries[0]["response"]["status"], "404 Not Found");
    assert_eq!(entries[1]["resource"]["total"], 0);
    assert_eq!(entries[2]["response"]["status"], "404 Not Found");
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_between_patients_needs_both_and_takes_no_secrets_along() {
    let (house, kari) = two().await;
    let both = at_work(Role::Doctor, "both");
    let other = at_work(Role::Nurse, "other");
    house.open.put(decision("p2", "decided", "Practitioner/other")).await;
    let mut team = house.open.read("CareTeam", "team-p1").await.unwrap();
    team["participant"] = json!([{"member": {"reference": "Practitioner/kari"}}, {"member": {"reference": "Practitioner/both"}}]);
    house.open.put(team).await;
    house.team("p2", "Practitioner/both").await;
    let moved = with_id(&condition("p2", "moved"), "c1");
    assert_eq!(house.put(&kari, &moved).await.unwrap_err().kind, Kind::Refused);
    assert_eq!(house.put(&other, &moved).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(house.put(&both, &moved).await.unwrap().did, Did::Updated);
    assert!(!house.sees(&kari, "Condition", "c1").await);
    assert!(house.sees(&other, "Condition", "c1").await);
    // What it was while it was another's is that other's.
    let of = kind("Condition");
    let older = house.record.vread(&other, of, "c1", "1").await.unwrap_err();
    let never = house.record.vread(&other, of, "c1", "9").await.unwrap_err();
    assert_eq!(told(&older), told(&never));
    let history = async |who: &Caller, scope: HistoryScope| {
        let request = HistoryRequest { scope, query: String::new() };
        let page = house.record.history(who, request).await.unwrap();
        let told = page.entries.iter().map(|(v, _)| format!("{}.{}", v.id, v.version));
        (told.collect::<Vec<_>>(), page.total)
    };
    let instance = || HistoryScope::Instance(of, "c1".into());
    assert_eq!(history(&other, instance()).await, (vec!["c1.2".to_string()], Some(1)));
    assert_eq!(history(&both, instance()).await.0, ["c1.2", "c1.1"]);
    assert_eq!(history(&kari, HistoryScope::Type(of)).await.0, [""; 0]);
    assert_eq!(history(&other, HistoryScope::Type(of)).await.0, ["c1.2", "c2.1"]);
    assert_eq!(history(&both, HistoryScope::Type(of)).await.0, ["c1.2", "c2.1", "c1.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn things_outside_a_patients_range_are_moved_by_those_of_both() {
    let (house, kari) = two().await;
    let both = at_work(Role::Doctor, "both");
    house.open.put(decision("p1", "decided", "Practitioner/both")).await;
    house.team("p2", "Practitioner/both").await;
    for (_, body) in of_each_class("p1") {
        let name = body["resourceType"].as_str().unwrap().to_string();
        if !["Task", "Binary", "Device"].contains(&name.as_str()) {
            continue;
        }
        house.open.put(with_id(&body, "x")).await;
        let theirs = of_each_class("p2").into_iter().find(|(_, b)| b["resourceType"] == name[..]);
        let moved = with_id(&theirs.unwrap().1, "x");
        assert_eq!(house.put(&kari, &moved).await.unwrap_err().kind, Kind::Refused, "{name}");
        assert_eq!(house.put(&both, &moved).await.unwrap().did, Did::Updated, "{name}");
        assert!(!house.sees(&kari, &name, "x").await, "{name}");
        assert!(house.record.vread(&kari, kind(&name), "x", "1").await.is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_holds_from_the_next_look_and_so_does_taking_it_back() {
    let (house, doctor) = two().await;
    let own = citizen("01818010001");
    assert!(house.sees(&doctor, "Condition", "c1").await);
    let block = json!({"resourceType": "Consent", "status": "active", "scope": {"text": "x"},
        "category": [{"text": "x"}], "patient": patient("p1"), "policyRule": {"text": "x"},
        "provision": {"type": "deny"}});
    let written = house.create(&own, &block).await.unwrap();
    let id = written.version.unwrap().id;
    assert!(!house.sees(&doctor, "Condition", "c1").await);
    assert!(!house.sees(&doctor, "Consent", &id).await);
    assert!(house.sees(&doctor, "Patient", "p1").await);
    assert!(house.sees(&own, "Condition", "c1").await);
    // Nobody else takes it back, and nobody takes access by sending a decision in.
    let withdrawn = with_id(&json!({"status": "inactive"}), &id);
    let mut body = block.clone();
    body["status"] = withdrawn["status"].clone();
    assert_eq!(house.put(&doctor, &with_id(&body, &id)).await.unwrap_err().kind, Kind::NotFound);
    for who in [&doctor, &own] {
        let mut forged = decision("p1", "emergency", "Practitioner/kari");
        forged.as_object_mut().unwrap().remove("id");
        assert_eq!(house.create(who, &forged).await.unwrap_err().kind, Kind::Refused);
    }
    // An emergency does, for a time.
    let opening = Opening { is_emergency: true, reason: "Bevisstløs".into() };
    house.record.open_with_reason(&doctor, "p1", &opening).await.unwrap();
    assert!(house.sees(&doctor, "Condition", "c1").await);
    house.open.clock.advance_milliseconds(12 * 3_600_000 + 1_000);
    assert!(!house.sees(&doctor, "Condition", "c1").await);
    house.put(&own, &with_id(&body, &id)).await.unwrap();
    assert!(house.sees(&doctor, "Condition", "c1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_whose_sender_has_hung_up_holds_too() {
    let (house, doctor) = two().await;
    let own = citizen("01818010001");
    for round in 0..8 {
        assert!(house.sees(&doctor, "Condition", "c1").await);
        let block = json!({"resourceType": "Consent", "status": "active", "scope": {"text": "x"},
            "category": [{"text": "x"}], "patient": patient("p1"), "policyRule": {"text": "x"},
            "provision": {"type": "deny"}});
        {
            let mut sending = Box::pin(house.create(&own, &block));
            // Once is enough to submit it.
            let once = |context: &mut Context<'_>| match sending.as_mut().poll(context) {
                Poll::Ready(_) | Poll::Pending => Poll::Ready(()),
            };
            std::future::poll_fn(once).await;
        }
        let mut found = Vec::new();
        for _ in 0..500 {
            found = house.open.search("Consent?status=active").await;
            if !found.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let [id] = found.as_slice() else { panic!("round {round}: {found:?}") };
        // It is durable; the answer to whoever waited would have gone out by now.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(!house.sees(&doctor, "Condition", "c1").await, "round {round}");
        house.record.delete(&own, kind("Consent"), id, None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_patient_was_stays_protected() {
    let (house, doctor) = two().await;
    house.open.record.delete(&house.open.caller, kind("Patient"), "p2", None).await.unwrap();
    let of = kind("Patient");
    let never = told(&house.record.read(&doctor, of, "never-was").await.unwrap_err());
    assert_eq!(told(&house.record.read(&doctor, of, "p2").await.unwrap_err()), never);
    for version in ["1", "2", "3"] {
        let older = house.record.vread(&doctor, of, "p2", version).await.unwrap_err();
        assert_eq!(told(&older), never);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_to_a_part_or_about_something_else_is_no_key_and_no_lock() {
    let (house, doctor) = two().await;
    let consent = |id: &str, scope: &str, of: &str, provision: Value| {
        json!({"resourceType": "Consent", "id": id, "status": "active", "patient": patient(of),
            "scope": {"coding": [{"code": scope,
                "system": "http://terminology.hl7.org/CodeSystem/consentscope"}]},
            "category": [{"text": "x"}], "policyRule": {"text": "x"}, "provision": provision})
    };
    let kari = json!([{"role": {"text": "x"}, "reference": {"reference": "Practitioner/kari"}}]);
    let part = json!([{"meaning": "instance", "reference": {"reference": "Condition/c2"}}]);
    let to_part = json!({"type": "permit", "actor": kari, "data": part});
    house.open.put(consent("a", "patient-privacy", "p2", to_part)).await;
    let to_research = json!({"type": "permit", "actor": kari});
    house.open.put(consent("b", "research", "p2", to_research)).await;
    house.open.put(consent("c", "adr", "p1", json!({"type": "deny"}))).await;
    assert!(!house.sees(&doctor, "Condition", "c2").await);
    assert!(house.sees(&doctor, "Condition", "c1").await);
    // Whom a wish names cannot be found: everybody, rather than nobody.
    let unclear = json!([{"role": {"text": "x"}, "reference": {"display": "naboen"}}]);
    let unclear = consent("d", "patient-privacy", "p1", json!({"type": "deny", "actor": unclear}));
    house.put(&citizen("01818010001"), &unclear).await.unwrap_err();
    let mut new = unclear;
    new.as_object_mut().unwrap().remove("id");
    house.create(&citizen("01818010001"), &new).await.unwrap();
    assert!(!house.sees(&doctor, "Condition", "c1").await);
}
