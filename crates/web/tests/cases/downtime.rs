//! The copy for downtime over a real record: who is on it, what is read again, what the log says.

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_record::Record;
use akson_record::request::Caller;
use akson_web::downtime::{Downtime, Sheet};
use bytes::Bytes;
use serde_json::json;

use super::login::House;
use super::round::{NURSE, form, house, row};

fn copy(house: &House, record: Arc<Record>) -> Downtime {
    Downtime::new(record, Arc::clone(&house.clock) as _)
}

fn operator(house: &House) -> (Record, Caller) {
    let actor = Arc::new(Actor::operator());
    let caller = Caller { actor, trace: "test".into(), base: "http://localhost/fhir".into() };
    (Record::new(Arc::clone(&house.store), Policy::Operator), caller)
}

/// What the copy has left in a patient's log, newest first.
async fn looks(house: &House, patient: &str) -> Vec<String> {
    let (record, caller) = operator(house);
    let all = record.accesses(&caller, patient, 1_000).await.unwrap();
    let own =
        all.into_iter().filter(|one| one.entry.display.starts_with("Nødkopi ved driftsstans"));
    own.map(|one| format!("{} {} {}", one.entry.interaction, one.entry.ground, one.entry.display))
        .collect()
}

fn ward(sheets: &[Sheet]) -> &Sheet {
    sheets.iter().find(|one| one.title.starts_with("2. etasje")).unwrap()
}

/// The part of the ward's sheet that is about the patient of these words.
fn person<'s>(sheet: &'s Sheet, words: &str) -> &'s str {
    let mut people = sheet.content.split("<article").skip(1);
    people.find(|one| one.contains(words)).unwrap_or_else(|| panic!("no {words}"))
}

/// The ids of all who have a stay in the ward.
async fn residents(house: &House) -> Vec<String> {
    let (record, caller) = operator(house);
    let request = akson_record::request::SearchRequest {
        resource_type: akson_fhir::definitions::Definitions::r4().resource_type("Encounter"),
        compartment: None,
        query: "status=in-progress&location=Location/fv-sted-05-2&_count=100".into(),
        strict: true,
    };
    let found = record.search(&caller, request).await.unwrap();
    let subject = |json: &[u8]| {
        let stay: serde_json::Value = serde_json::from_slice(json).unwrap();
        let reference = stay["subject"]["reference"].as_str().unwrap().to_string();
        reference.strip_prefix("Patient/").unwrap().to_string()
    };
    found.entries.iter().map(|(version, _)| subject(&version.json)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ward_is_on_its_sheet_as_on_the_round_and_is_read_again_only_when_written_for() {
    let house = house().await;
    let mut copy = copy(&house, Arc::clone(&house.record));
    let sheets = copy.refresh().await.unwrap();
    let sheet = ward(&sheets);
    assert_eq!((sheet.patients, sheet.name.as_str()), (12, "avdeling-fv-sted-05-2"));
    for words in ["201", "Multidose", "økt fra 20 mg", "A-preparat", "lørdag 21. november", "08.00"]
    {
        assert!(sheet.content.contains(words), "{words}");
    }
    assert!(sheets.iter().any(|one| one.name == "dagliste-fv-virksomhet-05"), "a doctor's visits");

    let ids = residents(&house).await;
    assert_eq!(ids.len(), 12);
    let before = looks(&house, &ids[0]).await;
    let expected = "standby-copy care-relationship Nødkopi ved driftsstans, Furutun sykehjem";
    assert_eq!(before[0], expected);
    assert!(before.len() <= 4, "{before:?}");
    for _ in 0..5 {
        house.wait(300);
        assert_eq!(copy.refresh().await.unwrap().len(), sheets.len());
    }
    assert_eq!(looks(&house, &ids[0]).await, before, "nothing was written, so nothing is read");

    // A dose is given: it is ticked on the sheet, and its patient alone is read again.
    let cookie = house.log_in(NURSE).await;
    let page = house.get("/runde", &cookie).await.body;
    let give = form(row(&page, "<b>Furosemid 40"), "/runde/gi");
    let patient = give.split("pasient=").nth(1).unwrap().split('&').next().unwrap().to_string();
    assert!(!person(sheet, "økt fra 20 mg").contains("✓ Gitt 08.4"));
    house.post("/runde/gi", &cookie, &give).await;
    house.wait(300);
    let mut counts = Vec::new();
    for id in &ids {
        counts.push(looks(&house, id).await.len());
    }
    let sheets = copy.refresh().await.unwrap();
    assert!(person(ward(&sheets), "økt fra 20 mg").contains("✓ Gitt 08.4"));
    for (id, before) in ids.iter().zip(counts) {
        let more = looks(&house, id).await.len() - before;
        // Once for the ward, and once more for the list of those whom the doctor sees.
        let right = if *id == patient { 1..=2 } else { 0..=0 };
        assert!(right.contains(&more), "{id}: {more}");
    }

    // A new day: new doses, and everybody is read once.
    house.wait(16 * 3600);
    let next = copy.refresh().await.unwrap();
    assert!(ward(&next).content.contains("søndag 22. november"));
    assert!(looks(&house, &ids[0]).await.len() > before.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_patient_has_blocked_is_not_on_the_copy_and_that_something_is_hidden_is_said() {
    let house = house().await;
    let ids = residents(&house).await;
    let (record, caller) = operator(&house);
    let block = |number: usize, provision: serde_json::Value| {
        let id = &ids[number];
        let body = json!({
            "resourceType": "Consent", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                "code": "patient-privacy"}]},
            "category": [{"text": "sperring"}],
            "policyRule": {"text": "pasientjournalloven § 17"},
            "patient": {"reference": format!("Patient/{id}")},
            "provision": provision,
        });
        Bytes::from(body.to_string())
    };
    let of = akson_fhir::definitions::Definitions::r4().resource_type("Consent").unwrap();
    let all = block(0, json!({"type": "deny"}));
    record.create(&caller, of, all, None).await.unwrap();
    let label = json!({"type": "deny", "securityLabel": [{"code": "PSY",
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode"}]});
    record.create(&caller, of, block(1, label), None).await.unwrap();

    let rules = Arc::new(Record::new(Arc::clone(&house.store), Policy::Rules));
    let sheets = copy(&house, rules).refresh().await.unwrap();
    let sheet = ward(&sheets);
    assert_eq!(sheet.patients, 11, "whoever has blocked everything is not there");
    assert!(looks(&house, &ids[0]).await.is_empty(), "nor read");
    assert_eq!(sheet.content.matches("Pasienten har sperret noe i journalen").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copys_reader_writes_nothing_and_reads_no_more_than_it_needs() {
    let house = house().await;
    let ids = residents(&house).await;
    let organisation = Some("Organization/fv-virksomhet-05");
    let actor = akson_record::standby_reader(organisation, "Nødkopi ved driftsstans").unwrap();
    let caller = Caller { actor: Arc::new(actor), trace: "t".into(), base: "http://l/fhir".into() };
    let of = |name| akson_fhir::definitions::Definitions::r4().resource_type(name).unwrap();
    assert!(house.record.read(&caller, of("Patient"), &ids[0]).await.is_ok());
    let flag = json!({"resourceType": "Flag", "status": "active", "code": {"text": "x"},
        "subject": {"reference": format!("Patient/{}", ids[0])}});
    let written = house.record.create(&caller, of("Flag"), flag.to_string().into(), None).await;
    assert!(written.is_err());
    for name in ["Condition", "DocumentReference", "Communication"] {
        let request = akson_record::request::SearchRequest {
            resource_type: Some(of(name)),
            compartment: None,
            query: format!("patient={}", ids[0]),
            strict: true,
        };
        assert!(house.record.search(&caller, request).await.is_err(), "{name}");
    }
}
