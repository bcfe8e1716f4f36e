//! SIGKILL at random moments under write load: every acknowledged write is there whole, none is
//! half there, the indexes agree, and the chain holds.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::ask::{Ask, FHIR};

const KILLS: u64 = 50;
const CLIENTS: usize = 6;

/// What one client knows after the kill.
#[derive(Default)]
struct Written {
    /// Ids of patients whose creation was acknowledged.
    patients: Vec<String>,
    /// Groups of three observations, one transaction each; whether it was acknowledged.
    groups: Vec<(String, bool)>,
}

async fn write_until_killed(ask: Arc<Ask>, kill: u64, client: usize) -> Written {
    let mut written = Written::default();
    for step in 0.. {
        let name = format!("k{kill}-{client}-{step}");
        if step % 2 == 0 {
            let body = json!({
                "resourceType": "Patient", "id": name,
                "identifier": [{ "system": "urn:crash", "value": name }],
            });
            if send(&ask, "PUT", &format!("/Patient/{name}"), body.to_string()).await {
                written.patients.push(name);
                continue;
            }
            return written;
        }
        let entries: Vec<_> = (0..3)
            .map(|part| {
                let id = format!("{name}-{part}");
                json!({
                    "resource": { "resourceType": "Observation", "id": id, "status": "final",
                                  "code": { "coding": [{ "system": "urn:crash", "code": name }] } },
                    "request": { "method": "PUT", "url": format!("Observation/{id}") },
                })
            })
            .collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
        let acknowledged = send(&ask, "POST", "", bundle.to_string()).await;
        written.groups.push((name, acknowledged));
        if !acknowledged {
            return written;
        }
    }
    written
}

/// Whether the write was acknowledged; a killed server answers nothing.
async fn send(ask: &Ask, method: &str, path: &str, body: String) -> bool {
    let url = format!("{}{path}", ask.server.fhir());
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = ask.client.request(method, url).header(FHIR[0].0, FHIR[0].1).body(body);
    match request.send().await {
        Ok(response) => {
            let status = response.status();
            assert!(status.is_success(), "{status}");
            true
        }
        Err(_) => false,
    }
}

async fn verify(ask: &Ask, written: &Written) {
    for id in &written.patients {
        let read = ask.get(&format!("/Patient/{id}")).await;
        assert_eq!(
            (read.status, read.text("/identifier/0/value")),
            (200, id.clone()),
            "{id} is lost"
        );
    }
    // The index, on the newest of them: the one most likely to be torn.
    for id in written.patients.iter().rev().take(3) {
        let found = ask.get(&format!("/Patient?identifier=urn:crash%7C{id}")).await;
        assert_eq!(found.text("/entry/0/resource/id"), *id, "{id} is not found by its identifier");
    }
    for (name, acknowledged) in written.groups.iter().rev().take(3) {
        let found = ask.get(&format!("/Observation?code=urn:crash%7C{name}")).await;
        let count = found.json()["entry"].as_array().map_or(0, Vec::len);
        let mut there = 0;
        for part in 0..3 {
            there +=
                usize::from(ask.get(&format!("/Observation/{name}-{part}")).await.status == 200);
        }
        assert!(there == 3 || (there == 0 && !acknowledged), "{name}: {there} of 3 are there");
        assert_eq!(count, there, "{name}: the index tells of {count}, there are {there}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_fifty_kills() {
    let mut ask = Ask::start();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let shared = Arc::new(ask);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| tokio::spawn(write_until_killed(Arc::clone(&shared), kill, client)))
            .collect();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(20 + (random >> 33) % 250)).await;
        kill_now(&shared);
        let mut all = Vec::new();
        for client in clients {
            all.push(client.await.unwrap());
        }
        ask = Arc::into_inner(shared).unwrap();
        ask.server.kill().unwrap();
        ask.server.restart().unwrap();
        for written in &all {
            verify(&ask, written).await;
            acknowledged += written.patients.len() + written.groups.iter().filter(|g| g.1).count();
        }
    }
    assert!(acknowledged > 500, "only {acknowledged} writes were acknowledged: no load");
    assert!(ask.server.stop().unwrap().success());
    let check = Command::new(env!("CARGO_BIN_EXE_akson"))
        .arg("check")
        .args(ask.server.place().unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.success(), "{told}{}", String::from_utf8_lossy(&check.stderr));
    println!("{KILLS} kills, {acknowledged} acknowledged writes, all there; {told}");
}

/// SIGKILL from outside, while clients hold the server.
fn kill_now(ask: &Ask) {
    let command = format!("kill -KILL {}", ask.server.process_id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}
