//! read, vread, conditional read, history.

use crate::ask::{Ask, FHIR, NONE, Row};

const ONE: &str = r#"{"resourceType":"Patient","id":"a","birthDate":"1970-01-01"}"#;
const TWO: &str = r#"{"resourceType":"Patient","id":"a","birthDate":"1971-01-01"}"#;

const VERSIONS: &[Row] = &[
    (
        "PUT /Patient/a",
        FHIR,
        ONE,
        201,
        &[
            "ETag: W/\"1\"",
            "Location: /fhir/Patient/a/_history/1",
            "Last-Modified: GMT",
            "Content-Type: application/fhir+json",
            "/meta/versionId=1",
            "/meta/lastUpdated~T",
        ],
    ),
    (
        "GET /Patient/a",
        NONE,
        "",
        200,
        &["ETag: W/\"1\"", "/birthDate=1970-01-01", "X-Request-Id: -"],
    ),
    ("GET /Patient/a", &[("X-Request-Id", "mine")], "", 200, &["X-Request-Id: mine"]),
    ("HEAD /Patient/a", NONE, "", 200, &["ETag: W/\"1\"", "empty"]),
    (
        "GET /Patient/nobody",
        NONE,
        "",
        404,
        &["/resourceType=OperationOutcome", "/issue/0/code=not-found"],
    ),
    ("PUT /Patient/a", FHIR, TWO, 200, &["ETag: W/\"2\"", "/meta/versionId=2"]),
    ("GET /Patient/a/_history/1", NONE, "", 200, &["ETag: W/\"1\"", "/birthDate=1970-01-01"]),
    ("GET /Patient/a/_history/2", NONE, "", 200, &["/birthDate=1971-01-01"]),
    ("GET /Patient/a/_history/3", NONE, "", 404, &["/issue/0/code=not-found"]),
    ("DELETE /Patient/a", NONE, "", 204, &["empty", "ETag: W/\"3\""]),
    ("GET /Patient/a", NONE, "", 410, &["/issue/0/code=deleted"]),
    ("GET /Patient/a/_history/3", NONE, "", 410, &["/issue/0/code=deleted"]),
    ("GET /Patient/a/_history/2", NONE, "", 200, &["/birthDate=1971-01-01"]),
    ("DELETE /Patient/a", NONE, "", 204, &["empty"]),
    ("DELETE /Patient/never", NONE, "", 204, &["empty"]),
    ("PUT /Patient/a", FHIR, ONE, 201, &["/meta/versionId=4"]),
    (
        "GET /Patient/a/_history",
        NONE,
        "",
        200,
        &[
            "/resourceType=Bundle",
            "/type=history",
            "/entry#4",
            "/entry/0/resource/meta/versionId=4",
            "/entry/0/request/method=PUT",
            "/entry/1/request/method=DELETE",
            "!/entry/1/resource",
            "/entry/3/resource/meta/versionId=1",
            "/entry/3/response/etag=W/\"1\"",
        ],
    ),
    ("GET /Patient/a/_history?_count=2", NONE, "", 200, &["/entry#2", "/link/1/relation=next"]),
    ("PUT /Practitioner/p", FHIR, r#"{"resourceType":"Practitioner","id":"p"}"#, 201, &[]),
    ("GET /Patient/_history", NONE, "", 200, &["/entry#4"]),
    ("GET /_history", NONE, "", 200, &["/entry#5", "/entry/0/resource/resourceType=Practitioner"]),
    ("GET /Patient/nobody/_history", NONE, "", 404, &[]),
];

#[tokio::test]
async fn the_versions_of_one_resource() {
    Ask::start().rows(VERSIONS).await;
}

#[tokio::test]
async fn a_reader_who_has_the_version_is_told_so() {
    let ask = Ask::start();
    ask.put("/Patient/a", ONE).await;
    let modified = ask.get("/Patient/a").await.header("last-modified");
    let since = ask.send("GET /Patient/a", &[("If-Modified-Since", &modified)], "").await;
    assert_eq!((since.status, since.bytes.len()), (304, 0));
    ask.rows(&[
        ("GET /Patient/a", &[("If-None-Match", "W/\"1\"")], "", 304, &["empty", "ETag: W/\"1\""]),
        ("GET /Patient/a", &[("If-None-Match", "\"7\", \"1\"")], "", 304, &["empty"]),
        ("GET /Patient/a", &[("If-None-Match", "*")], "", 304, &["empty"]),
        ("GET /Patient/a", &[("If-None-Match", "W/\"2\"")], "", 200, &["/id=a"]),
        ("GET /Patient/a", &[("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT")], "", 200, &[]),
        ("GET /Patient/a", &[("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], "", 304, &[]),
        // If-None-Match goes before If-Modified-Since.
        (
            "GET /Patient/a",
            &[("If-None-Match", "W/\"2\""), ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")],
            "",
            200,
            &[],
        ),
        ("GET /Patient/a", &[("If-Modified-Since", "yesterday")], "", 200, &[]),
    ])
    .await;
}

#[tokio::test]
async fn the_bytes_that_came_are_the_bytes_that_go() {
    let ask = Ask::start();
    let body = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"é\n"},"valueQuantity":{"value":1.10}}"#;
    ask.put("/Observation/o", body).await;
    let text = String::from_utf8(ask.get("/Observation/o").await.bytes).unwrap();
    assert!(text.contains(r#""value":1.10"#), "{text}");
    assert!(text.contains(r#""text":"é\n""#), "{text}");
}
