//! From a proved identity to who is calling.

use akson_access::{Identity, Role, Standing};
use serde_json::json;

use crate::fixture::Fixture;

const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
const ORGNR: &str = "urn:oid:2.16.578.1.12.4.1.4.101";

/// A nurse with three places: one now, one that has ended, one at another legal entity.
async fn registers() -> Fixture {
    let f = Fixture::new();
    for (id, name, number, parent) in [
        ("kommune", "Fjordvik kommune", "310000078", None),
        ("vest", "Hjemmetjenesten Vest", "310000079", Some("Organization/kommune")),
        ("sykehus", "Nordfjell sykehus", "310000080", None),
    ] {
        let mut body = json!({"resourceType": "Organization", "id": id, "name": name,
            "identifier": [{"system": ORGNR, "value": number}]});
        if let Some(parent) = parent {
            body["partOf"] = json!({"reference": parent});
        }
        f.put(body).await;
    }
    f.put(json!({"resourceType": "Practitioner", "id": "kari",
        "identifier": [{"system": HPR, "value": "565107922"}],
        "name": [{"family": "Nordmann", "given": ["Kari"]}]}))
        .await;
    let nurse = json!([{"text": "Sykepleier",
        "coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.9060", "code": "SP"}]}]);
    for (id, organisation, period) in [
        ("now", "Organization/vest", json!({"start": "2024-01-01"})),
        ("before", "Organization/vest", json!({"start": "2020-01-01", "end": "2021-01-01"})),
        ("there", "Organization/sykehus", json!({})),
    ] {
        let mut body = json!({"resourceType": "PractitionerRole", "id": id, "code": nurse,
            "practitioner": {"reference": "Practitioner/kari"},
            "organization": {"reference": organisation}});
        if period != json!({}) {
            body["period"] = period;
        }
        f.put(body).await;
    }
    f.put(json!({"resourceType": "Patient", "id": "ola", "birthDate": "1980-01-01",
        "identifier": [{"system": FNR, "value": "01818012345"}],
        "name": [{"family": "Hansen", "given": ["Ola"]}]}))
        .await;
    f
}

fn hpr(number: &str) -> Identity {
    Identity { hpr_number: Some(number.into()), security_level: 4, ..Identity::default() }
}

#[tokio::test]
async fn personnel_get_one_actor_for_each_current_role() {
    let f = registers().await;
    let actors = f.record.actors(&hpr("565107922")).unwrap();
    assert_eq!(actors.len(), 2);
    let at_home = actors.iter().find(|a| matches!(&a.standing, Standing::Personnel(p) if p.organisation_name.as_ref() == "Hjemmetjenesten Vest")).unwrap();
    assert_eq!(&*at_home.id, "Practitioner/kari");
    assert_eq!(&*at_home.display, "Kari Nordmann, sykepleier");
    let Standing::Personnel(personnel) = &at_home.standing else { panic!("not personnel") };
    assert_eq!(personnel.role, Role::Nurse);
    let organisations: Vec<&str> = personnel.organisations.iter().map(|o| &**o).collect();
    assert_eq!(organisations, ["Organization/vest", "Organization/kommune"]);
    let references: Vec<&str> = personnel.references.iter().map(|o| &**o).collect();
    assert_eq!(references, ["Practitioner/kari", "PractitionerRole/now"]);
}

#[tokio::test]
async fn a_token_for_one_organisation_does_not_act_for_another() {
    let f = registers().await;
    for (unit, entity, expected) in [
        (Some("310000079"), Some("310000078"), 1),
        (None, Some("310000080"), 1),
        (Some("310000079"), Some("310000080"), 0),
        (Some("999999999"), None, 0),
    ] {
        let identity = Identity {
            unit: unit.map(str::to_string),
            legal_entity: entity.map(str::to_string),
            ..hpr("565107922")
        };
        assert_eq!(f.record.actors(&identity).unwrap().len(), expected, "{unit:?} {entity:?}");
    }
}

#[tokio::test]
async fn who_is_not_in_the_registers_is_nobody() {
    let f = registers().await;
    for number in ["1", "", "565107922&name=x", "5651*"] {
        assert_eq!(f.record.actors(&hpr(number)).unwrap(), [], "{number}");
    }
    let citizen = |number: &str| Identity {
        national_number: Some(number.into()),
        is_citizen: true,
        ..Identity::default()
    };
    assert_eq!(f.record.actors(&citizen("01818099999")).unwrap(), []);
    let ola = f.record.actors(&citizen("01818012345")).unwrap();
    assert_eq!((&*ola[0].id, &*ola[0].display), ("Patient/ola", "Ola Hansen"));
    assert_eq!(ola[0].standing, Standing::Citizen("01818012345".into()));
}

#[tokio::test]
async fn a_system_belongs_to_its_organisation() {
    let f = registers().await;
    let identity = Identity {
        client: "journal-x".into(),
        client_name: "Journal X".into(),
        legal_entity: Some("310000080".into()),
        ..Identity::default()
    };
    let actors = f.record.actors(&identity).unwrap();
    assert_eq!(actors[0].standing, Standing::System(Some("Organization/sykehus".into())));
    assert_eq!((&*actors[0].id, &*actors[0].display), ("client/journal-x", "Journal X"));
    assert_eq!(f.record.actors(&Identity::default()).unwrap(), []);
}
