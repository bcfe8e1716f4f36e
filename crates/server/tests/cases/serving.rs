//! `akson serve` as a process: health, meters, login, signals, configuration.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use akson_testkit::server::Server;

use crate::ask::{Ask, FHIR, NONE};

const NEW: &str = r#"{"resourceType":"Patient"}"#;

#[tokio::test]
async fn health_and_meters() {
    let ask = Ask::start();
    ask.put("/Patient/a", r#"{"resourceType":"Patient","id":"a"}"#).await;
    ask.get("/Patient/a").await;
    ask.rows(&[
        ("GET //health/live", NONE, "", 200, &[]),
        ("GET //health/ready", NONE, "", 200, &[]),
        ("GET //metrics", NONE, "", 200, &[]),
    ])
    .await;
    let page = String::from_utf8(ask.get("//metrics").await.bytes).unwrap();
    for line in [
        "akson_requests_total{interaction=\"read\",status=\"2xx\"} 1",
        "akson_requests_total{interaction=\"update\",status=\"2xx\"} 1",
        "akson_request_seconds_bucket{interaction=\"read\"",
        "akson_store_",
    ] {
        assert!(page.contains(line), "no {line} in\n{page}");
    }
}

#[tokio::test]
async fn without_open_no_one_is_let_in() {
    let ask = Ask::with(&[]);
    ask.rows(&[
        ("GET /Patient/a", NONE, "", 401, &["/issue/0/code=login", "/issue/0/diagnostics~--open"]),
        ("GET /Patient", NONE, "", 401, &[]),
        ("POST /Patient", FHIR, NEW, 401, &[]),
        ("POST", FHIR, NEW, 401, &[]),
        ("GET /_history", NONE, "", 401, &[]),
        ("GET /Patient/a/$everything", NONE, "", 401, &[]),
        ("GET //", NONE, "", 401, &["Content-Type: text/html"]),
        ("GET //patients/a", NONE, "", 401, &[]),
        // There is no demo's login here, and no other.
        ("GET //logg-inn", NONE, "", 401, &["!Set-Cookie"]),
        ("POST //logg-inn", NONE, "person=0", 401, &["!Set-Cookie"]),
        ("GET //health/live", NONE, "", 200, &[]),
        ("GET /metadata", NONE, "", 200, &[]),
    ])
    .await;
}

#[tokio::test]
async fn a_stop_lets_running_requests_finish() {
    let mut ask = Ask::start();
    let entries: Vec<_> = (0..2000)
        .map(|n| {
            serde_json::json!({
                "resource": { "resourceType": "Observation", "status": "final", "code": { "text": "x" } },
                "request": { "method": "PUT", "url": format!("Observation/o{n}") },
            })
        })
        .collect();
    let mut with_ids = entries;
    for (n, entry) in with_ids.iter_mut().enumerate() {
        entry["resource"]["id"] = serde_json::json!(format!("o{n}"));
    }
    let bundle =
        serde_json::json!({ "resourceType": "Bundle", "type": "transaction", "entry": with_ids });
    let request = ask
        .client
        .post(ask.server.fhir())
        .header("Content-Type", "application/fhir+json")
        .body(bundle.to_string())
        .send();
    let running = tokio::spawn(request);
    // Until the transaction is in the server's hands.
    tokio::time::sleep(Duration::from_millis(60)).await;
    let stopped = tokio::task::spawn_blocking(move || {
        let status = ask.server.stop().unwrap();
        (ask, status)
    });
    assert_eq!(running.await.unwrap().unwrap().status(), 200);
    let (mut ask, status) = stopped.await.unwrap();
    assert!(status.success(), "{status}");
    ask.server.restart().unwrap();
    assert_eq!(ask.get("/Observation?_summary=count").await.text("/total"), "2000");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    let mut ask = Ask::start();
    // The client keeps its connection alive.
    assert_eq!(ask.get("/metadata").await.status, 200);
    let began = Instant::now();
    assert!(ask.server.stop().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn the_configuration_file_is_obeyed() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(
        file,
        "base_url = \"https://journal.example/fhir\"\ncors_origins = [\"https://a.example\"]"
    )
    .unwrap();
    let ask = Ask::with(&["--open", "--config", file.path().to_str().unwrap()]);
    ask.rows(&[
        (
            "PUT /Patient/a",
            FHIR,
            r#"{"resourceType":"Patient","id":"a"}"#,
            201,
            &["Location: https://journal.example/fhir/Patient/a"],
        ),
        (
            "GET /Patient/a",
            &[("Origin", "https://a.example")],
            "",
            200,
            &["Access-Control-Allow-Origin: https://a.example"],
        ),
        (
            "GET /Patient/a",
            &[("Origin", "https://b.example")],
            "",
            200,
            &["!Access-Control-Allow-Origin"],
        ),
    ])
    .await;
}

#[test]
fn one_process_at_a_time_has_a_folder() {
    let server = Server::start(env!("CARGO_BIN_EXE_akson")).unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_akson"))
        .args(["serve", "--open", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("STO-054"), "{told}");
}
