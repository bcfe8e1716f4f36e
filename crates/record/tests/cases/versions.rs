//! Versions, deletions, and resources that change patient.

use akson_base::Kind;
use akson_record::request::Did;
use bytes::Bytes;
use serde_json::json;

use crate::fixture::{Fixture, kind};

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_has_versions_and_its_meta_is_always_right() {
    let f = Fixture::new();
    let first = f.put(json!({"resourceType": "Patient", "id": "p", "active": true})).await;
    f.clock.advance_milliseconds(1500);
    let body = json!({
        "resourceType": "Patient",
        "id": "p",
        "meta": {"versionId": "77", "lastUpdated": "2001-01-01T00:00:00Z", "source": "urn:x"},
        "active": false,
    });
    let second = f.put(body).await;
    assert_eq!((first.version, second.version), (1, 2));
    let now = f.read("Patient", "p").await.unwrap();
    assert_eq!(now["meta"]["versionId"], "2");
    assert_eq!(now["meta"]["lastUpdated"], second.time.to_fhir());
    assert_eq!(now["meta"]["source"], "urn:x");
    assert_eq!(now["active"], false);
    let old = f.record.vread(&f.caller, kind("Patient"), "p", "1").await.unwrap();
    assert_eq!(old.json, first.json);
    assert!(second.time > first.time);
    f.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_resource_is_gone_but_its_versions_stay() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Fjell"}]})).await;
    assert_eq!(f.search("Patient?name=fjell").await, ["p"]);
    let patient = kind("Patient");
    let deleted = f.record.delete(&f.caller, patient, "p", None).await.unwrap();
    assert_eq!(deleted.did, Did::Deleted);
    assert_eq!(f.read("Patient", "p").await.unwrap_err().kind, Kind::Gone);
    assert_eq!(f.search("Patient?name=fjell").await, Vec::<String>::new());
    assert_eq!(f.search("Patient").await, Vec::<String>::new());
    assert!(f.record.vread(&f.caller, patient, "p", "1").await.is_ok());
    let tombstone = f.record.vread(&f.caller, patient, "p", "2").await;
    assert_eq!(tombstone.unwrap_err().kind, Kind::Gone);
    // Deleting again changes nothing; writing again goes on counting.
    assert!(f.record.delete(&f.caller, patient, "p", None).await.unwrap().version.is_none());
    let again = f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    assert_eq!(again.version, 3);
    assert_eq!(f.search("Patient").await, ["p"]);
    f.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_was_is_not_found() {
    let f = Fixture::new();
    assert_eq!(f.read("Patient", "none").await.unwrap_err().kind, Kind::NotFound);
    let deleted = f.record.delete(&f.caller, kind("Patient"), "none", None).await.unwrap();
    assert!(deleted.version.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_changes_patient_takes_its_versions_along() {
    let f = Fixture::new();
    let of = |patient: &str, status: &str| {
        json!({
            "resourceType": "Observation",
            "id": "o",
            "status": status,
            "code": {"text": "weight"},
            "subject": {"reference": format!("Patient/{patient}")},
        })
    };
    f.put(of("a", "preliminary")).await;
    f.put(of("a", "final")).await;
    f.put(of("b", "amended")).await;
    assert_eq!(f.search("Observation?subject=Patient/a").await, Vec::<String>::new());
    assert_eq!(f.search("Observation?subject=Patient/b").await, ["o"]);
    for (version, status) in [("1", "preliminary"), ("2", "final"), ("3", "amended")] {
        let found = f.record.vread(&f.caller, kind("Observation"), "o", version).await.unwrap();
        assert!(String::from_utf8_lossy(&found.json).contains(status), "version {version}");
    }
    f.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_must_name_the_current_version() {
    let f = Fixture::new();
    f.put(json!({"resourceType": "Patient", "id": "p"})).await;
    let body = Bytes::from_static(br#"{"resourceType":"Patient","id":"p","active":true}"#);
    let patient = kind("Patient");
    let stale = f.record.update(&f.caller, patient, "p", body.clone(), Some(9)).await;
    assert_eq!(stale.unwrap_err().kind, Kind::Precondition);
    let right = f.record.update(&f.caller, patient, "p", body, Some(1)).await.unwrap();
    assert_eq!(right.version.unwrap().version, 2);
    let stale = f.record.delete(&f.caller, patient, "p", Some(1)).await;
    assert_eq!(stale.unwrap_err().kind, Kind::Precondition);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_must_say_the_id_of_its_address() {
    let f = Fixture::new();
    for body in [r#"{"resourceType":"Patient"}"#, r#"{"resourceType":"Patient","id":"other"}"#] {
        let refused = f.record.update(&f.caller, kind("Patient"), "p", body.into(), None).await;
        assert_eq!(refused.unwrap_err().code, "REC-013");
    }
    let other_type = r#"{"resourceType":"Group","id":"p","type":"person","actual":true}"#;
    let refused = f.record.update(&f.caller, kind("Patient"), "p", other_type.into(), None).await;
    assert_eq!(refused.unwrap_err().code, "REC-005");
}
