//! Addresses that are not, methods that are not, bodies that are too large or of another kind.

use crate::ask::{Ask, FHIR, NONE, Row};

const NEW: &str = r#"{"resourceType":"Patient"}"#;

const REFUSED: &[Row] = &[
    (
        "GET /Pateint/a",
        NONE,
        "",
        404,
        &[
            "/resourceType=OperationOutcome",
            "/issue/0/code=not-found",
            "/issue/0/details/coding/0/system=https://akson.no/problem",
            "/issue/0/details/coding/0/code=API-003",
            "/issue/0/diagnostics~\"Patient\"",
        ],
    ),
    ("GET /Zebra", NONE, "", 404, &["/issue/0/details/coding/0/code=API-003"]),
    ("GET /Patient/a/b/c/d/e", NONE, "", 404, &["/issue/0/details/coding/0/code=API-004"]),
    ("GET /$nothing", NONE, "", 404, &["/issue/0/details/coding/0/code=API-004"]),
    (
        "PATCH /Patient/a",
        FHIR,
        NEW,
        405,
        &["Allow: GET, HEAD, PUT, DELETE, OPTIONS", "/issue/0/code=not-supported"],
    ),
    ("POST /Patient/a", FHIR, NEW, 405, &["Allow: PUT"]),
    ("DELETE /metadata", NONE, "", 405, &["Allow: GET, HEAD, OPTIONS"]),
    (
        "POST /Patient",
        &[("Content-Type", "application/fhir+xml")],
        "<Patient/>",
        415,
        &["/issue/0/diagnostics~application/fhir+json"],
    ),
    ("POST /Patient", &[("Content-Type", "text/plain")], NEW, 415, &[]),
    ("POST /Patient", NONE, NEW, 415, &[]),
    ("POST /Patient", &[("Content-Type", "application/fhir+json; charset=latin1")], NEW, 415, &[]),
    ("POST /Patient", &[("Content-Type", "application/fhir+json; fhirVersion=5.0")], NEW, 415, &[]),
    (
        "POST /Patient",
        &[("Content-Type", "application/json"), ("Content-Encoding", "br")],
        NEW,
        415,
        &[],
    ),
    (
        "POST /Patient",
        &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        NEW,
        400,
        &[],
    ),
    ("GET /Patient?nonsense=1", &[("Prefer", "handling=strict")], "", 400, &[]),
    (
        "GET /Patient?birthdat=1970",
        &[("Prefer", "handling=strict")],
        "",
        400,
        &["/issue/0/diagnostics~birthdate"],
    ),
];

#[tokio::test]
async fn every_error_is_an_outcome_with_our_code() {
    Ask::start().rows(REFUSED).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whole() {
    let ask = Ask::start();
    let large = format!(
        r#"{{"resourceType":"Binary","contentType":"text/plain","data":"{}"}}"#,
        "A".repeat(17 << 20)
    );
    let answer = ask.send("POST /Binary", FHIR, large.clone()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text("/issue/0/code"), "too-long");
    // The limit is on what comes out of the compression: a small bomb is as large as it unfolds.
    let bomb = zstd::encode_all(large.as_bytes(), 1).unwrap();
    assert!(bomb.len() < 10_000);
    let headers = [("Content-Type", "application/fhir+json"), ("Content-Encoding", "zstd")];
    assert_eq!(ask.send("POST /Binary", &headers, bomb).await.status, 413);
    assert_eq!(ask.get("/Binary?_summary=count").await.text("/total"), "0");
}
