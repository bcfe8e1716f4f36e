//! Messages at work that speak of no patient: for who sent them and for whom they name, and nobody else.

use akson_access::Role;
use akson_base::Kind;
use serde_json::{Value, json};

use super::writes::{House, at_work, citizen};

fn message(sender: &str, to: &str) -> Value {
    json!({"resourceType": "Communication", "status": "completed",
        "sender": {"reference": sender}, "recipient": [{"reference": to}],
        "payload": [{"contentString": "Varmtvannet er borte."}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_a_unit_is_for_those_who_work_there() {
    let house = House::new();
    house.person("p1", "01818010001", "1980-01-01").await;
    for id in ["o", "other"] {
        house.open.put(json!({"resourceType": "Organization", "id": id, "name": id})).await;
    }
    for id in ["nurse", "worker", "stranger"] {
        house.open.put(json!({"resourceType": "Practitioner", "id": id})).await;
    }
    let nurse = at_work(Role::Nurse, "nurse");
    let worker = at_work(Role::HealthcareWorker, "worker");
    let to_unit = message("Practitioner/nurse", "Organization/o");
    let made = house.create(&nurse, &to_unit).await.unwrap().version.unwrap();
    let to_other = message("Practitioner/stranger", "Organization/other");
    house
        .open
        .put({
            let mut body = to_other.clone();
            body["id"] = json!("elsewhere");
            body
        })
        .await;
    for (caller, name, sees) in [
        (&nurse, made.id.as_str(), true),
        (&worker, &made.id, true),
        (&citizen("01818010001"), &made.id, false),
        (&nurse, "elsewhere", false),
        (&worker, "elsewhere", false),
    ] {
        assert_eq!(house.sees(caller, "Communication", name).await, sees, "{name}");
    }
    // Who got it says that it is read.
    let mut read = house.open.read("Communication", &made.id).await.unwrap();
    read["received"] = json!("2026-11-21T22:08:00Z");
    house.put(&worker, &read).await.unwrap();
    for (why, body) in [
        ("in another's name", message("Practitioner/nurse", "Organization/o")),
        ("in the unit's name", message("Organization/o", "Organization/o")),
        (
            "by nobody",
            json!({"resourceType": "Communication", "status": "completed",
            "recipient": [{"reference": "Organization/o"}]}),
        ),
    ] {
        let problem = house.create(&worker, &body).await.expect_err(why);
        assert_eq!((problem.kind, problem.code), (Kind::Refused, "REC-044"), "{why}");
    }
    let mut elsewhere = to_other;
    elsewhere["id"] = json!("elsewhere");
    assert!(house.put(&nurse, &elsewhere).await.is_err(), "what is not seen is not changed");
    let mine = citizen("01818010001");
    assert!(house.create(&mine, &to_unit).await.is_err(), "a citizen");
    house.open.check();
}
