//! Accesses that stand out: who gets the list, what is on it, what deciding does, what is logged.

use std::sync::Arc;

use akson_access::{Actor, Personnel, Policy, Role, Standing};
use akson_base::Kind;
use akson_record::request::Caller;
use akson_record::{NOTE_CHARACTERS_MAX, Opening, OutlierSignal, Record, Verdict};
use serde_json::json;

use crate::fixture::{Fixture, kind};

fn at_work(role: Role, id: &str) -> Caller {
    Caller {
        actor: Arc::new(Actor {
            id: format!("Practitioner/{id}").into(),
            display: format!("{id}, {}", role.code()).into(),
            standing: Standing::Personnel(Personnel {
                role,
                references: vec![format!("Practitioner/{id}").into()],
                organisations: vec!["Organization/o".into()],
                organisation_name: "Sted".into(),
                numbers: Vec::new(),
            }),
            client: "".into(),
            purpose: "".into(),
            scopes: None,
        }),
        trace: "test".into(),
        base: Arc::from("http://localhost/fhir"),
    }
}

/// Kari lives at Fjordgata 8; p lives at 10, q far away, hidden at 10 with a protected address.
async fn town() -> (Fixture, Record) {
    let f = Fixture::new();
    let home = |line: &str| json!([{"use": "home", "line": [line], "postalCode": "9990"}]);
    f.put(json!({"resourceType": "Practitioner", "id": "kari", "address": home("Fjordgata 8"),
        "name": [{"family": "Berg", "given": ["Kari"]}]}))
        .await;
    for (id, line) in [("p", "Fjordgata 10"), ("q", "Havnegata 1"), ("hidden", "Fjordgata 10")] {
        let security = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
        let mut body = json!({"resourceType": "Patient", "id": id, "birthDate": "1980-01-01",
            "address": home(line), "name": [{"family": "Vik", "given": [id]}]});
        if id == "hidden" {
            body["meta"] = json!({"security": [{"system": security, "code": "V"}]});
        }
        f.put(body).await;
    }
    let record = Record::new(Arc::clone(f.record.store()), Policy::Rules);
    (f, record)
}

async fn open(record: &Record, caller: &Caller, patient: &str) {
    let opening = Opening { is_emergency: false, reason: "Har ansvar i dag".into() };
    record.open_with_reason(caller, patient, &opening).await.unwrap();
    record.chart(caller, patient, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_stands_on_the_list_until_it_is_decided() {
    let (f, record) = town().await;
    let kari = at_work(Role::Nurse, "kari");
    let officer = at_work(Role::PrivacyOfficer, "ombud");
    assert!(record.outliers(&officer).await.unwrap().open.is_empty());
    open(&record, &kari, "p").await;
    open(&record, &kari, "q").await;
    // Attempts at a neighbour whose address is protected: it is no reason, since it would tell.
    for _ in 0..6 {
        assert!(record.chart(&kari, "hidden", &[]).await.unwrap().is_empty());
    }
    let list = record.outliers(&officer).await.unwrap();
    let [case] = &list.open[..] else { panic!("{:?}", list.open) };
    assert_eq!((&*case.actor.id, &*case.actor.organisation), ("Practitioner/kari", "Sted"));
    assert_eq!(case.patient.as_ref().unwrap().id, "p");
    let signals: Vec<_> = case.reasons.iter().map(|r| (r.signal, r.number)).collect();
    assert_eq!(signals[0], (OutlierSignal::Neighbour, 2));
    assert_eq!(case.score, case.reasons.iter().map(|reason| reason.points).sum::<u32>());

    let shown = record.outlier(&officer, &case.key).await.unwrap();
    let (again, entries) = (shown.outlier, shown.entries);
    assert!(shown.alike.is_empty());
    assert_eq!((again.key.as_str(), again.looks as usize), (case.key.as_str(), entries.len()));
    assert!(entries.iter().all(|one| &*one.entry.actor == "Practitioner/kari"));
    assert!(entries.iter().any(|one| one.entry.interaction == "chart"));

    let long = "å".repeat(NOTE_CHARACTERS_MAX + 1);
    let refused = record.decide_outlier(&officer, &case.key, Verdict::Breach, &long, false).await;
    assert_eq!(refused.unwrap_err().code, "REC-061");
    let note = "  Spurt leder.\nSnakker med Kari.  ";
    record.decide_outlier(&officer, &case.key, Verdict::FollowUp, note, false).await.unwrap();
    record.decide_outlier(&officer, &case.key, Verdict::InOrder, "", false).await.unwrap();
    // A record that starts anew reads the same from the log.
    let record = Record::new(Arc::clone(f.record.store()), Policy::Rules);
    let list = record.outliers(&officer).await.unwrap();
    assert!(list.open.is_empty());
    let told: Vec<_> =
        list.decided[0].decisions.iter().map(|d| (d.verdict, d.note.as_str())).collect();
    let expected = [(Verdict::InOrder, ""), (Verdict::FollowUp, "Spurt leder.\nSnakker med Kari.")];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_gets_it_and_every_look_is_logged() {
    let (_f, record) = town().await;
    let kari = at_work(Role::Nurse, "kari");
    let officer = at_work(Role::PrivacyOfficer, "ombud");
    open(&record, &kari, "p").await;
    let key = record.outliers(&officer).await.unwrap().open[0].key.clone();
    record.outlier(&officer, &key).await.unwrap();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::PrivacyOfficer) {
        let caller = at_work(role, "kari");
        for refused in [
            record.outliers(&caller).await.err(),
            record.outlier(&caller, &key).await.err(),
            record.decide_outlier(&caller, &key, Verdict::InOrder, "", false).await.err(),
        ] {
            let refused = refused.unwrap_or_else(|| panic!("{} got it", role.code()));
            assert_eq!((refused.kind, refused.code), (Kind::NotFound, "REC-060"));
        }
    }
    // A case that is not there is the same, to the privacy officer too.
    let refused = record.outlier(&officer, "kari~q~2026-11-21").await.unwrap_err();
    assert_eq!(refused.code, "REC-060");
    assert!(record.outliers(&officer).await.unwrap().decided.is_empty(), "nobody decided");
    // The patient reads that the privacy officer looked; the decision is in no patient's log.
    record.decide_outlier(&officer, &key, Verdict::Breach, "x", false).await.unwrap();
    let told = record.accesses(&officer, "p", 100).await.unwrap();
    let by_officer = |name: &str| {
        let all = told.iter().filter(|one| &*one.entry.actor == "Practitioner/ombud");
        all.filter(|one| one.entry.interaction == name).count()
    };
    assert_eq!((by_officer("outliers"), by_officer("outlier")), (2, 1));
    assert_eq!(by_officer("outlier-decision"), 0);
    // Nor is it an AuditEvent that anybody may read.
    for commit in 1..=record.store().engine().last_commit().commit {
        let read = record.read(&officer, kind("AuditEvent"), &format!("log-{commit}-0")).await;
        let text = read.map(|version| String::from_utf8_lossy(&version.json).into_owned());
        assert!(!text.unwrap_or_default().contains("outlier-decision"));
    }
    // The privacy officer's own work is no case.
    assert!(record.outliers(&officer).await.unwrap().open.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_did_in_a_day_is_decided_together() {
    let (f, record) = town().await;
    let kari = at_work(Role::Nurse, "kari");
    let officer = at_work(Role::PrivacyOfficer, "ombud");
    for number in 0..8 {
        let id = format!("many-{number}");
        f.put(json!({"resourceType": "Patient", "id": id})).await;
        open(&record, &kari, &id).await;
    }
    open(&record, &at_work(Role::Nurse, "per"), "p").await;
    let before = record.outliers(&officer).await.unwrap().open;
    let of_kari = before.iter().filter(|one| &*one.actor.id == "Practitioner/kari").count();
    assert!(of_kari >= 8, "{before:?}");
    let key = &before.iter().find(|one| &*one.actor.id == "Practitioner/kari").unwrap().key;
    assert_eq!(record.outlier(&officer, key).await.unwrap().alike.len(), of_kari - 1);
    record.decide_outlier(&officer, key, Verdict::FollowUp, "Én historie", true).await.unwrap();
    let after = record.outliers(&officer).await.unwrap();
    assert_eq!(after.open.len(), before.len() - of_kari);
    assert_eq!(after.decided.len(), of_kari);
    assert!(after.decided.iter().all(|one| one.decisions[0].note == "Én historie"));
}
