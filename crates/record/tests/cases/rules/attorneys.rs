//! Powers of attorney: given by the patient alone, effective at once, over at once.

use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_access::{Actor, Ground, Identity, Role};
use akson_base::Kind;
use akson_record::request::Caller;
use bytes::Bytes;
use serde_json::{Value, json};

use super::writes::{House, at_work, citizen, condition, patient};
use crate::fixture::kind;

const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const OWN: &str = "01818010001";
const ATTORNEY: &str = "02818020001";
const ANOTHER: &str = "03818030001";

fn power_of_attorney(to: &str, until: &str) -> Value {
    json!({"resourceType": "Consent", "status": "active", "scope": {"text": "x"},
        "category": [{"text": "x"}], "patient": patient("p1"), "policyRule": {"text": "x"},
        "provision": {"type": "permit", "period": {"start": "2026-11-21", "end": until},
            "actor": [{"role": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
                "code": "HPOWATT"}]},
            "reference": {"display": "Ada Venn",
                "identifier": {"system": FNR, "value": to}}}]}})
}

/// A patient born then, with something in the journal.
async fn house(birth: &str) -> House {
    let house = House::new();
    house.person("p1", OWN, birth).await;
    let mut body = condition("p1", "c1");
    body["id"] = "c1".into();
    house.open.put(body).await;
    house
}

async fn relative(house: &House, number: &str, code: &str) {
    let body = json!({"resourceType": "RelatedPerson", "id": format!("r-{code}"),
        "patient": patient("p1"), "identifier": [{"system": FNR, "value": number}],
        "relationship": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}]}]});
    house.open.put(body).await;
}

async fn withdraw(house: &House, who: &Caller, id: &str, body: &Value) -> Result<(), Kind> {
    let mut body = body.clone();
    body["status"] = "inactive".into();
    body["id"] = id.into();
    house.put(who, &body).await.map(|_| ()).map_err(|problem| problem.kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attorney_sees_the_journal_from_the_giving_to_the_taking_back() {
    let house = house("1980-01-01").await;
    let (own, attorney) = (citizen(OWN), citizen(ATTORNEY));
    let identity = Identity {
        national_number: Some(ATTORNEY.into()),
        is_citizen: true,
        ..Identity::default()
    };
    assert_eq!(house.record.actors(&identity).unwrap(), [], "no register has them");
    assert!(!house.sees(&attorney, "Condition", "c1").await);
    let body = power_of_attorney(ATTORNEY, "2026-12-31");
    let written = house.create(&own, &body).await.unwrap();
    let id = written.version.unwrap().id;
    assert!(house.sees(&attorney, "Condition", "c1").await);
    let standing = house.record.standing(&attorney, "p1").unwrap().unwrap();
    assert_eq!(standing.ground, Ground::Attorney);
    assert!(!standing.may_wish && !standing.may_read_log);
    let actors = house.record.actors(&identity).unwrap();
    assert_eq!(actors.len(), 1, "who has a power of attorney can log in");
    assert_eq!(&*actors[0].display, "Ada Venn");
    let journals = house.record.acted_for(&attorney).await.unwrap();
    assert_eq!(journals.len(), 1);
    // The patient reads who looked.
    let looks = house.record.accesses(&own, "p1", 100).await.unwrap();
    assert!(looks.iter().any(|look| look.entry.ground == "attorney"));
    withdraw(&house, &own, &id, &body).await.unwrap();
    assert!(!house.sees(&attorney, "Condition", "c1").await);
    assert_eq!(house.record.acted_for(&attorney).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_by_itself_on_its_last_day() {
    let house = house("1980-01-01").await;
    let attorney = citizen(ATTORNEY);
    house.create(&citizen(OWN), &power_of_attorney(ATTORNEY, "2026-11-22")).await.unwrap();
    assert!(house.sees(&attorney, "Condition", "c1").await);
    house.open.clock.advance_milliseconds(86_400_000);
    assert!(house.sees(&attorney, "Condition", "c1").await, "the last day is included");
    house.open.clock.advance_milliseconds(86_400_000);
    assert!(!house.sees(&attorney, "Condition", "c1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_it_for_another() {
    let house = house("1980-01-01").await;
    relative(&house, ATTORNEY, "GUARD").await;
    house.team("p1", "Practitioner/kari").await;
    house.person("p2", ANOTHER, "1980-01-01").await;
    let body = power_of_attorney(ANOTHER, "2027-01-01");
    let refused = async |who: &Caller| {
        let problem = house.create(who, &body).await.unwrap_err();
        assert_eq!(problem.kind, Kind::Refused);
        problem.code
    };
    assert_eq!(refused(&citizen(ATTORNEY)).await, "REC-088", "the guardian");
    assert_eq!(refused(&citizen(ANOTHER)).await, "REC-088", "a stranger");
    for role in [Role::Doctor, Role::Nurse, Role::Receptionist, Role::Administrator] {
        assert_eq!(refused(&at_work(role, "kari")).await, "REC-088", "{}", role.code());
    }
    // Who is hidden looks like who never was.
    let mut never = body.clone();
    never["patient"] = patient("never-was");
    let never = house.create(&citizen(ANOTHER), &never).await.unwrap_err();
    assert_eq!((never.kind, never.code), (Kind::Refused, "REC-088"));
    assert!(!house.sees(&citizen(ANOTHER), "Condition", "c1").await);
    // Nor does an app for the patient, whatever its scopes.
    let scopes = Scopes::parse(["patient/*.cruds"], Some("p1")).unwrap();
    let own = (*citizen(OWN).actor).clone();
    let actor = Arc::new(Actor { scopes: Some(Arc::new(scopes)), ..own });
    assert_eq!(refused(&Caller { actor, ..citizen(OWN) }).await, "REC-088", "an app");
    // A guardian may end what the patient gave, and not give it again.
    let written = house.create(&citizen(OWN), &body).await.unwrap();
    let id = written.version.unwrap().id;
    withdraw(&house, &citizen(ATTORNEY), &id, &body).await.unwrap();
    let mut again = body.clone();
    again["id"] = id.into();
    assert_eq!(house.put(&citizen(ATTORNEY), &again).await.unwrap_err().code, "REC-088");
    // Nor in a transaction, nor does an attorney hand it on.
    house.create(&citizen(OWN), &power_of_attorney(ANOTHER, "2027-01-01")).await.unwrap();
    let entry = json!({"resource": power_of_attorney("04818040001", "2027-01-01"),
        "request": {"method": "POST", "url": "Consent"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let sent = house.record.bundle(&citizen(ANOTHER), Bytes::from(bundle.to_string())).await;
    assert_eq!(sent.unwrap_err().code, "REC-088");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_of_attorney_is_for_those_of_age_and_says_whom_it_names() {
    let young = house("2008-11-22").await;
    let problem = young.create(&citizen(OWN), &power_of_attorney(ATTORNEY, "2027-01-01")).await;
    assert_eq!(problem.unwrap_err().code, "REC-088", "seventeen");
    let house = house("2008-11-21").await;
    house.create(&citizen(OWN), &power_of_attorney(ATTORNEY, "2027-01-01")).await.unwrap();
    assert!(house.sees(&citizen(ATTORNEY), "Condition", "c1").await, "eighteen");
    // A consent to somebody by number is no power of attorney, and to a part of the journal none.
    let mut other = power_of_attorney(ANOTHER, "2027-01-01");
    other["provision"]["actor"][0]["role"] = json!({"text": "leser"});
    house.create(&citizen(OWN), &other).await.unwrap();
    assert!(!house.sees(&citizen(ANOTHER), "Condition", "c1").await);
    let mut part = power_of_attorney(ANOTHER, "2027-01-01");
    part["provision"]["data"] =
        json!([{"meaning": "instance", "reference": {"reference": "Condition/c1"}}]);
    house.create(&citizen(OWN), &part).await.unwrap();
    assert!(!house.sees(&citizen(ANOTHER), "Condition", "c1").await);
    let found = house.record.read(&citizen(OWN), kind("Consent"), "never-was").await;
    assert_eq!(found.unwrap_err().kind, Kind::NotFound);
}
