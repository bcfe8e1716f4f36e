//! create, update, delete, `Prefer`, and the guard against lost updates.

use crate::ask::{Ask, FHIR, NONE};

const NEW: &str = r#"{"resourceType":"Patient","active":true}"#;
const A: &str = r#"{"resourceType":"Patient","id":"a","active":true}"#;
const JSON: &str = "application/fhir+json";

#[tokio::test]
async fn creating() {
    let ask = Ask::start();
    ask.rows(&[
        (
            "POST /Patient",
            FHIR,
            NEW,
            201,
            &["Location: /fhir/Patient/", "Location: /_history/1", "/meta/versionId=1"],
        ),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","id":"mine"}"#,
            201,
            &["/meta/versionId=1"],
        ),
        // The id of a created resource is ours to choose.
        ("GET /Patient/mine", NONE, "", 404, &[]),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("Prefer", "return=minimal")],
            NEW,
            201,
            &["empty", "Location: /Patient/"],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("Prefer", "return=OperationOutcome")],
            NEW,
            201,
            &["/resourceType=OperationOutcome", "/issue/0/severity=information"],
        ),
        (
            "POST /Patient",
            &[("Content-Type", JSON), ("Prefer", "return=representation")],
            NEW,
            201,
            &["/active=true"],
        ),
        ("POST /Patient", &[("Content-Type", "application/json")], NEW, 201, &[]),
        (
            "POST /Patient",
            &[("Content-Type", "application/fhir+json; charset=UTF-8; fhirVersion=4.0")],
            NEW,
            201,
            &[],
        ),
    ])
    .await;
}

#[tokio::test]
async fn updating_and_deleting() {
    let ask = Ask::start();
    ask.rows(&[
        ("PUT /Patient/a", FHIR, A, 201, &["ETag: W/\"1\""]),
        ("PUT /Patient/a", &[("Content-Type", JSON), ("If-Match", "W/\"1\"")], A, 200, &[]),
        (
            "PUT /Patient/a",
            &[("Content-Type", JSON), ("If-Match", "W/\"99\"")],
            A,
            412,
            &["/issue/0/code=conflict"],
        ),
        (
            "PUT /Patient/a",
            &[("Content-Type", JSON), ("If-Match", "ninety")],
            A,
            400,
            &["/issue/0/diagnostics~If-Match: W/"],
        ),
        (
            "PUT /Patient/b",
            &[("Content-Type", JSON), ("If-Match", "W/\"1\"")],
            r#"{"resourceType":"Patient","id":"b"}"#,
            412,
            &[],
        ),
        ("PUT /Patient/b", FHIR, A, 400, &["/issue/0/diagnostics~b"]),
        ("PUT /Patient/b", FHIR, NEW, 400, &[]),
        ("PUT /Observation/a", FHIR, A, 400, &[]),
        ("PUT /Patient/not%20an%20id", FHIR, A, 400, &[]),
        (
            "PUT /Patient/a",
            &[("Content-Type", JSON), ("Prefer", "return=minimal")],
            A,
            200,
            &["empty"],
        ),
        ("DELETE /Patient/a", &[("If-Match", "W/\"1\"")], "", 412, &[]),
        (
            "DELETE /Patient/a",
            &[("Prefer", "return=OperationOutcome")],
            "",
            200,
            &["/resourceType=OperationOutcome"],
        ),
        ("GET /Patient/a", NONE, "", 410, &[]),
    ])
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_says_where() {
    let ask = Ask::start();
    ask.rows(&[
        ("POST /Patient", FHIR, "{", 400, &["/issue/0/code=invalid"]),
        ("POST /Patient", FHIR, "", 400, &[]),
        ("POST /Patient", FHIR, "[]", 400, &[]),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","gendr":"male"}"#,
            400,
            &["/issue/0/diagnostics~gender"],
        ),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","gender":"mal"}"#,
            400,
            &["/issue/0/expression/0=Patient.gender"],
        ),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","birthDate":"1970-13-01"}"#,
            400,
            &["/issue/0/expression/0=Patient.birthDate"],
        ),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","active":"yes"}"#,
            400,
            &["/issue/0/expression/0=Patient.active"],
        ),
        (
            "POST /Patient",
            FHIR,
            r#"{"resourceType":"Patient","active":true,"active":true}"#,
            400,
            &[],
        ),
        (
            "POST /Observation",
            FHIR,
            r#"{"resourceType":"Observation","status":"final"}"#,
            400,
            &["/issue/0/diagnostics~code"],
        ),
        ("POST /Observation", FHIR, NEW, 400, &[]),
    ])
    .await;
    let page = ask.get("/Patient?_summary=count").await;
    assert_eq!(page.text("/total"), "0");
}
