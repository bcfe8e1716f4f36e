//! `$everything`, and the chart.

use akson_base::Kind;
use akson_record::request::EverythingRequest;
use serde_json::{Value, json};

use crate::fixture::Fixture;

async fn everything(f: &Fixture, query: &str) -> Vec<Value> {
    let mut query = query.to_string();
    let mut all = Vec::new();
    loop {
        let request = EverythingRequest { id: "p".into(), query: query.clone() };
        let mut pages = f.record.everything(&f.caller, request).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(piece) = pages.next().await {
            bytes.extend_from_slice(&piece.unwrap());
        }
        let bundle: Value = serde_json::from_slice(&bytes).unwrap();
        all.extend(bundle["entry"].as_array().unwrap().clone());
        let links = bundle["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|l| l["relation"] == "next") else { return all };
        query = next["url"].as_str().unwrap().split_once('?').unwrap().1.to_string();
    }
}

fn names(entries: &[Value]) -> Vec<String> {
    let name = |e: &Value| {
        let r = &e["resource"];
        format!("{}/{}", r["resourceType"].as_str().unwrap(), r["id"].as_str().unwrap())
    };
    entries.iter().map(name).collect()
}

async fn written() -> Fixture {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Practitioner", "id": "doc"})).await;
    f.put(json!({"resourceType": "Patient", "id": "other"})).await;
    f.put(json!({
        "resourceType": "Patient",
        "id": "p",
        "generalPractitioner": [{"reference": "Practitioner/doc"}],
    }))
    .await;
    for (id, patient, date) in
        [("o1", "p", "2020-01-01"), ("o2", "p", "2022-01-01"), ("o3", "other", "2022-01-01")]
    {
        f.put(json!({
            "resourceType": "Observation",
            "id": id,
            "status": "final",
            "code": {"text": "weight"},
            "subject": {"reference": format!("Patient/{patient}")},
            "effectiveDateTime": date,
        }))
        .await;
    }
    // Stored under the other patient, but p takes part in it.
    f.put(json!({
        "resourceType": "Appointment",
        "id": "both",
        "status": "booked",
        "participant": [
            {"actor": {"reference": "Patient/other"}, "status": "accepted"},
            {"actor": {"reference": "Patient/p"}, "status": "accepted"},
        ],
    }))
    .await;
    f
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_patient_and_nothing_of_others() {
    let f = written().await;
    let all = names(&everything(&f, "").await);
    assert_eq!(
        all,
        ["Patient/p", "Observation/o1", "Observation/o2", "Appointment/both", "Practitioner/doc"]
    );
    for count in [1, 2, 4] {
        assert_eq!(names(&everything(&f, &format!("_count={count}")).await), all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_and_dates_narrow_it() {
    let f = written().await;
    let of_type = names(&everything(&f, "_type=Observation").await);
    assert_eq!(of_type, ["Patient/p", "Observation/o1", "Observation/o2"]);
    let dated = names(&everything(&f, "start=2021&_type=Observation").await);
    assert_eq!(dated, ["Patient/p", "Observation/o2"]);
    let request = EverythingRequest { id: "none".into(), query: String::new() };
    let missing = f.record.everything(&f.caller, request).await;
    assert_eq!(missing.err().unwrap().kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chart_has_the_newest_of_a_type_first() {
    let f = written().await;
    let chart = f.record.chart(&f.caller, "p", &["Patient", "Observation"]).await.unwrap();
    let ids: Vec<_> = chart.iter().map(|v| v.id.as_str()).collect();
    assert_eq!(ids, ["p", "o2", "o1"]);
    assert!(f.record.chart(&f.caller, "nobody", &[]).await.unwrap().is_empty());
}
