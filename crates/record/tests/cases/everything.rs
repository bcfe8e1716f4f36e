//! `$everything`, and the chart.

use akson_base::{Kind, Problem};
use akson_fhir::definitions::Definitions;
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

/// Larger than what one thread is handed at once: everything once, in order, and deletions left out.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_chart_is_read_whole_and_in_order() {
    const MEASURED: usize = 1_700;
    let f = written().await;
    for some in (0..MEASURED).collect::<Vec<_>>().chunks(200) {
        let entry = |n: &usize| {
            json!({"request": {"method": "PUT", "url": format!("Observation/n{n}")},
                "resource": {"resourceType": "Observation", "id": format!("n{n}"), "status": "final",
                    "subject": {"reference": "Patient/p"}, "code": {"text": "Puls"},
                    "valueInteger": n}})
        };
        let entries: Vec<Value> = some.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        f.record.bundle(&f.caller, bundle.to_string().into()).await.unwrap();
    }
    let of = Definitions::r4().resource_type("Observation").unwrap();
    f.record.delete(&f.caller, of, "n700", None).await.unwrap();

    let read = |of, json: &[u8]| {
        let body: Value = serde_json::from_slice(json).unwrap();
        assert_eq!(body["resourceType"], Definitions::r4().resource_name(of));
        Ok(body["id"].as_str().unwrap().to_owned())
    };
    let found = f.record.read_chart(&f.caller, "p", &["Patient", "Observation"], &read).await;
    let measured = (0..MEASURED).rev().filter(|n| *n != 700).map(|n| format!("n{n}"));
    let own = ["o2", "o1"].map(str::to_owned);
    let expected: Vec<String> = ["p".to_owned()].into_iter().chain(measured).chain(own).collect();
    assert_eq!(found.unwrap(), expected);

    let failing = |_, json: &[u8]| match json.windows(6).any(|some| some == b"\"n900\"") {
        true => Err(Problem::fault("REC-000", "this one")),
        false => Ok(()),
    };
    let failed = f.record.read_chart(&f.caller, "p", &["Observation"], &failing).await;
    assert_eq!(failed.unwrap_err().code, "REC-000", "what one thread meets is told");
}
