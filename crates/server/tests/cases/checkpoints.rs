//! Signed checkpoints: written while the server runs, compared by `akson check`.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use akson_testkit::server::Server;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const WAIT_SECONDS_MAX: u64 = 20;

/// Writes a key pair as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` do.
fn keys(folder: &Path) {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let header = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
    let public = [&header, pair.public_key().as_ref()].concat();
    let pem = |kind: &str, bytes: &[u8]| {
        let body = BASE64_STANDARD.encode(bytes);
        format!("-----BEGIN {kind} KEY-----\n{body}\n-----END {kind} KEY-----\n")
    };
    std::fs::write(folder.join("key.pem"), pem("PRIVATE", document.as_ref())).unwrap();
    std::fs::write(folder.join("public.pem"), pem("PUBLIC", &public)).unwrap();
}

/// A server with checkpoints in `folder`, on an empty record.
fn serve(folder: &Path) -> Server {
    let configuration = format!(
        "[checkpoints]\nfile = {:?}\nkey_file = {:?}\nevery_seconds = 1\n",
        folder.join("checkpoints.ndjson"),
        folder.join("key.pem"),
    );
    let file = folder.join("akson.toml");
    std::fs::write(&file, configuration).unwrap();
    Server::start_with(BINARY, &["--open", "--config", file.to_str().unwrap()]).unwrap()
}

async fn write(server: &Server, id: &str) {
    let answer = reqwest::Client::new()
        .put(format!("{}/Patient/{id}", server.fhir()))
        .header("Content-Type", "application/fhir+json")
        .body(format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
}

fn check(server: &Server, folder: &Path, checkpoints: &str) -> Output {
    Command::new(BINARY)
        .arg("check")
        .args(server.place().unwrap())
        .arg("--checkpoints")
        .arg(folder.join(checkpoints))
        .arg("--checkpoint-key")
        .arg(folder.join("public.pem"))
        .output()
        .unwrap()
}

fn lines(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("checkpoints.ndjson")).unwrap_or_default();
    text.lines().map(str::to_string).collect()
}

#[tokio::test]
async fn what_was_signed_is_what_is_there_or_the_check_says_where_not() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path();
    keys(kept);
    let mut server = serve(kept);
    write(&server, "a").await;
    let begin = Instant::now();
    while lines(kept).is_empty() {
        assert!(begin.elapsed().as_secs() < WAIT_SECONDS_MAX, "no checkpoint was written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    write(&server, "b").await;
    assert!(server.stop().unwrap().success());
    let signed = lines(kept);
    assert!(signed.len() >= 2, "the last one is written at the stop: {signed:?}");

    let sound = check(&server, kept, "checkpoints.ndjson");
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert_eq!(sound.status.code(), Some(0), "{said}");
    assert!(said.contains(&format!("Checkpoints: {} signed", signed.len())), "{said}");

    // Another log, of its own sound, is not the one that was signed.
    let other_folder = TempDir::new().unwrap();
    keys(other_folder.path());
    let mut other = serve(other_folder.path());
    for id in ["a", "b", "c"] {
        write(&other, id).await;
    }
    assert!(other.stop().unwrap().success());
    let replaced = check(&other, kept, "checkpoints.ndjson");
    let said = String::from_utf8_lossy(&replaced.stdout).into_owned();
    assert_eq!(replaced.status.code(), Some(1), "{said}");
    assert!(said.contains("damage: checkpoints: commit"), "{said}");
    assert!(said.contains("another than the one that was signed"), "{said}");

    // A log that was cut short.
    let empty = Server::start(BINARY).unwrap();
    let mut empty = empty;
    assert!(empty.stop().unwrap().success());
    let cut = check(&empty, kept, "checkpoints.ndjson");
    let said = String::from_utf8_lossy(&cut.stdout).into_owned();
    assert_eq!(cut.status.code(), Some(1), "{said}");
    assert!(said.contains("damage: checkpoints: commit"), "{said}");

    // A checkpoint that somebody has changed.
    let forged = signed.last().unwrap().replace("\"commit\":", "\"commit\":1");
    std::fs::write(kept.join("forged.ndjson"), forged).unwrap();
    let refused = check(&server, kept, "forged.ndjson");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("line 1: the signature is not by this key"), "{said}");
}
