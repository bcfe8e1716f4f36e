//! `_format`, `Accept`, `_pretty`, compression both ways, CORS.

use std::io::{Read, Write};

use crate::ask::{Ask, FHIR, NONE};

const A: &str = r#"{"resourceType":"Patient","id":"a","active":true}"#;

#[tokio::test]
async fn the_form_of_the_answer() {
    let ask = Ask::start();
    ask.put("/Patient/a", A).await;
    ask.rows(&[
        ("GET /Patient/a?_format=json", &[("Accept", "application/xml")], "", 200, &["/id=a"]),
        (
            "GET /Patient/a?_format=application/fhir%2Bjson",
            NONE,
            "",
            200,
            &["Content-Type: application/fhir+json"],
        ),
        (
            "GET /Patient/a?_format=xml",
            NONE,
            "",
            406,
            &["/resourceType=OperationOutcome", "/issue/0/diagnostics~application/fhir+json"],
        ),
        (
            "GET /Patient/a",
            &[("Accept", "application/fhir+xml")],
            "",
            406,
            &["/resourceType=OperationOutcome"],
        ),
        ("GET /Patient?_format=json&_id=a", NONE, "", 200, &["/entry#1"]),
        ("OPTIONS /Patient/a", NONE, "", 204, &["Allow: PUT", "!Access-Control-Allow-Origin"]),
        ("GET /Patient/a", NONE, "", 200, &["!Access-Control-Allow-Origin"]),
        (
            "GET /Patient/a",
            &[("Origin", "https://app.example")],
            "",
            200,
            &[
                "Access-Control-Allow-Origin: https://app.example",
                "Access-Control-Expose-Headers: ETag",
                "Vary: Origin",
            ],
        ),
        (
            "GET /Patient/nobody",
            &[("Origin", "https://app.example")],
            "",
            404,
            &["Access-Control-Allow-Origin: https"],
        ),
        (
            "OPTIONS /Patient",
            &[("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")],
            "",
            204,
            &[
                "Access-Control-Allow-Origin: https://app.example",
                "Access-Control-Allow-Methods: POST",
                "Access-Control-Allow-Headers: If-None-Exist",
            ],
        ),
        ("POST /Patient", FHIR, r#"{"resourceType":"Patient"}"#, 201, &[]),
    ])
    .await;
    let pretty = String::from_utf8(ask.get("/Patient/a?_pretty=true").await.bytes).unwrap();
    assert!(pretty.starts_with("{\n  \"resourceType\": \"Patient\",\n"), "{pretty}");
}

#[tokio::test]
async fn compressed_both_ways() {
    let ask = Ask::start();
    let body = format!(
        r#"{{"resourceType":"Basic","id":"b","code":{{"text":"{}"}}}}"#,
        "æøå ".repeat(2000)
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body.as_bytes()).unwrap();
    for (encoding, bytes) in
        [("gzip", gzip.finish().unwrap()), ("zstd", zstd::encode_all(body.as_bytes(), 1).unwrap())]
    {
        let headers = [("Content-Type", "application/fhir+json"), ("Content-Encoding", encoding)];
        let written = ask.send("PUT /Basic/b", &headers, bytes).await;
        assert!(matches!(written.status, 200 | 201), "{encoding}: {}", written.status);
        let plain = ask.get("/Basic/b").await;
        assert_eq!(plain.header("content-encoding"), "");
        let packed = ask.send("GET /Basic/b", &[("Accept-Encoding", encoding)], "").await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(packed.bytes.len() * 10 < plain.bytes.len());
        let mut unpacked = Vec::new();
        if encoding == "gzip" {
            flate2::read::GzDecoder::new(&*packed.bytes).read_to_end(&mut unpacked).unwrap();
        } else {
            unpacked = zstd::decode_all(&*packed.bytes).unwrap();
        }
        assert_eq!(unpacked, plain.bytes);
    }
    // Too small to be worth it.
    ask.put("/Patient/a", A).await;
    let small = ask.send("GET /Patient/a", &[("Accept-Encoding", "gzip")], "").await;
    assert_eq!(small.header("content-encoding"), "");
}
