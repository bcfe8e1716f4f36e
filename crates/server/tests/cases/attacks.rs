//! Attacks that need no login, on the real server: headers that a browser is guarded by, bodies made
//! to exhaust, paths made to escape, words made to forge a log line. Those on logins and forms are in
//! `web/tests/cases/login.rs`, those on tokens in `tokens`, those on the rules in `record`.
//!
//! Source: `docs/threats.md`, of which each row is shown somewhere.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::ask::{Ask, FHIR, NONE};

/// Longest time that any of them may take the server, on the most loaded machine: they take
/// milliseconds, and what they are made for would take hours.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_and_frame_nothing() {
    for arguments in [&["--open"][..], &[]] {
        let ask = Ask::with(arguments);
        for path in [
            "/metadata",
            "/Patient",
            "/Patient/none",
            "/none",
            "//health/ready",
            "//metrics",
            "//",
            "//none",
            "//pasient/none",
            "//assets/akson.css",
            "//assets/none",
        ] {
            let answer = ask.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            let kept = answer.header("cache-control");
            let may_be_kept = path.starts_with("//assets/") && answer.status == 200;
            assert_eq!(kept.contains("no-store"), !may_be_kept, "{path}: {kept}");
        }
    }
}

/// A Patient whose `extension`s are inside one another.
fn deep(levels: usize) -> String {
    let mut text = String::from(r#"{"resourceType":"Patient""#);
    for _ in 0..levels {
        text.push_str(r#","extension":[{"url":"u""#);
    }
    text.push_str(&"}]".repeat(levels));
    text.push('}');
    text
}

/// What a small body unpacks to.
fn packed(unpacked_bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(br#"{"resourceType":"Patient","id":""#).unwrap();
    let blanks = vec![b'a'; 1 << 20];
    for _ in 0..unpacked_bytes >> 20 {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bodies_made_to_exhaust_are_refused_and_the_server_goes_on() {
    let ask = Ask::start();
    let many = |item: &str| {
        let items = vec![item; 1_000_000].join(",");
        format!(r#"{{"resourceType":"Patient","name":[{items}]}}"#)
    };
    let bundle = r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":"#;
    let nested = format!("{}{{}}{}", bundle.repeat(2_000), "}]}".repeat(2_000));
    let digits = "9".repeat(2_000_000);
    let twice = r#"{"resourceType":"Patient","active":true,"active":false}"#;
    let bombs: Vec<(&str, Vec<u8>)> = vec![
        ("brackets", "[".repeat(5_000_000).into_bytes()),
        ("objects", r#"{"a":"#.repeat(1_000_000).into_bytes()),
        ("extensions", deep(100_000).into_bytes()),
        ("bundles", nested.into_bytes()),
        ("names", many("{}").into_bytes()),
        ("nulls", many("null").into_bytes()),
        (
            "a number",
            format!(r#"{{"resourceType":"Patient","multipleBirthInteger":{digits}}}"#).into(),
        ),
        (
            "an exponent",
            br#"{"resourceType":"Observation","valueQuantity":{"value":1e999999999}}"#.to_vec(),
        ),
        ("a member twice", twice.into()),
    ];
    for (what, body) in bombs {
        let began = Instant::now();
        let answer = ask.send("POST /Patient", FHIR, body).await;
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
        assert_eq!(answer.text("/resourceType"), "OperationOutcome", "{what}");
        assert!(answer.bytes.len() < 100_000, "{what}: {} bytes told", answer.bytes.len());
        assert!(began.elapsed() < ANSWER_TIME_MAX, "{what}: {:?}", began.elapsed());
    }
    let gzip = [FHIR[0], ("Content-Encoding", "gzip")];
    let began = Instant::now();
    let answer = ask.send("POST /Patient", &gzip, packed(1 << 30)).await;
    assert_eq!(answer.status, 413, "{}", answer.text("/issue/0/diagnostics"));
    assert!(began.elapsed() < ANSWER_TIME_MAX, "{:?}", began.elapsed());
    let kilobytes = resident_kilobytes(ask.server.process_id());
    assert!(kilobytes < 1_500_000, "{kilobytes} kB resident after it");
    assert_eq!(ask.send("POST /Patient", FHIR, r#"{"resourceType":"Patient"}"#).await.status, 201);
}

fn resident_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

#[tokio::test]
async fn searches_made_to_exhaust_are_refused() {
    let ask = Ask::start();
    let chain = format!("/Observation?subject{}.name=x", ":Patient.link:Patient.other".repeat(200));
    let has = format!("/Patient?{}_id=x", "_has:Observation:subject:".repeat(200));
    let or = format!("/Patient?_id={}", vec!["a"; 200_000].join(","));
    let and = format!("/Patient?{}", vec!["name=a"; 5_000].join("&"));
    for search in [chain, has, or, and] {
        let began = Instant::now();
        let (path, query) = search.split_once('?').unwrap();
        let request = format!("POST {path}/_search");
        let form =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Prefer", "handling=strict")];
        let answer = ask.send(&request, &form, query.to_string()).await;
        assert!((400..500).contains(&answer.status), "{}: {}", &search[..60], answer.status);
        assert!(began.elapsed() < ANSWER_TIME_MAX, "{:?}", began.elapsed());
    }
}

/// Sends bytes as they are; the answer as it is.
fn raw(ask: &Ask, request: &str) -> String {
    let mut stream =
        TcpStream::connect(ask.server.root().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(ANSWER_TIME_MAX)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_what_is_served() {
    let ask = Ask::start();
    let secret = ask.server.data().join("secret.txt");
    std::fs::write(&secret, "nobody may read this").unwrap();
    let up = secret.display().to_string();
    for path in [
        "/assets/../../../../etc/passwd".to_string(),
        "/assets/..%2f..%2f..%2fetc%2fpasswd".into(),
        "/assets/%2e%2e/%2e%2e/etc/passwd".into(),
        "/assets/..\\..\\etc\\passwd".into(),
        format!("/assets/{up}"),
        format!("/assets//{up}"),
        format!("/assets/..{up}"),
        format!("//{up}"),
        format!("/fhir/../{up}"),
        format!("/fhir/Patient/..%2f..{up}"),
        "/fhir/Patient/%00".into(),
        "/pasient/..%2f..%2fetc%2fpasswd".into(),
        format!("http://evil.example{up}"),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = raw(&ask, &head);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["400", "404", "406"].contains(&status), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("nobody may"), "{path}");
    }
}

#[tokio::test]
async fn no_caller_writes_a_line_of_the_log() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, "log = \"trace\"\nlog_json = true\n").unwrap();
    let ask = Ask::with(&["--open", "--config", config.to_str().unwrap()]);
    let forged = "%0A%7B%22level%22:%22ERROR%22,%22forged%22:true%7D%0D%0A%1B[31m";
    for path in [
        format!("/Patient/{forged}"),
        format!("/{forged}"),
        format!("/Patient?name={forged}"),
        format!("/Patient?{forged}=x"),
        format!("/Patient?_format={forged}"),
        format!("//pasienter?q={forged}"),
        format!("//{forged}"),
    ] {
        ask.send(&format!("GET {path}"), NONE, "").await;
    }
    // What no client library sends: line ends and colours inside a header.
    for value in ["a\u{1b}[31mforged", "a\u{b}forged", "a\r forged", "\u{85}forged"] {
        for name in ["X-Request-Id", "traceparent", "User-Agent", "If-None-Exist", "Prefer"] {
            raw(
                &ask,
                &format!(
                    "GET /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                     {name}: {value}\r\n\r\n"
                ),
            );
        }
    }
    let body = r#"{"resourceType":"Patient","id":"a\n{\"forged\":true}\u001b[31m"}"#;
    ask.send("PUT /Patient/a", FHIR, body).await;
    let log = ask.server.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{')).collect();
    assert!(lines.len() > 20, "next to nothing was logged: {log}");
    for line in log.lines() {
        assert!(!line.chars().any(|one| one.is_control() && one != '\t'), "{line:?}");
        if line.starts_with('{') {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line.get("forged").is_none(), "{line}");
        }
    }
}
