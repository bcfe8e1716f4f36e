//! SMART apps: npm's `openid-client` and `oauth4webapi` as apps, people of the demo who let them in.
//!
//! What is asked is in `tests/clients/smart_apps.mjs`; this file gives it a demo.

use std::path::Path;
use std::process::Command;

use akson_testkit::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 60;

/// Runs a script of `tests/clients` against a server; how much held is its last line.
fn drive(server: &Server, script: &str, more: &[&str], holds: usize) {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if !clients.join("node_modules/oauth4webapi").exists() {
        println!("SKIPPED: {script}: oauth4webapi is not installed (cargo xtask prepare)");
        return;
    }
    let mut node = Command::new("timeout");
    node.args(["180", "node", script, server.root()]).args(more).current_dir(clients);
    let output = node.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{wrong}\n{}", server.log());
    assert!(told.contains(&format!("{holds} held")), "{told}");
}

#[test]
fn apps_of_certified_libraries_are_let_in_and_only_they() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    drive(&server, "smart_apps.mjs", &[], 134);
}

/// Nothing of a token is in the log, and the log says why somebody was refused.
#[test]
fn what_apps_have_survives_a_restart_and_is_in_no_log() {
    let mut server = Server::start_demo(BINARY, PEOPLE).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("tokens.json");
    let file_name = file.to_str().unwrap();
    drive(&server, "smart_restart.mjs", &["before", file_name], 3);
    assert!(server.stop().unwrap().success());
    let check =
        Command::new(BINARY).arg("check").arg("--data").arg(server.data()).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    server.restart().unwrap();
    drive(&server, "smart_restart.mjs", &["after", file_name], 6);
    let Ok(tokens) = std::fs::read_to_string(&file) else { return };
    let log = server.log();
    let secrets = tokens.split('"').filter(|text| text.len() == 43);
    let secrets: Vec<&str> = secrets.collect();
    assert!(secrets.len() >= 9, "{}", secrets.len());
    for secret in secrets {
        assert!(!log.contains(secret), "a token is in the log");
        let found = stored(&server.data(), secret);
        assert!(found.is_empty(), "a token is in clear in {found:?}");
    }
}

/// Without a login to the pages, systems alone get tokens, and nobody is sent to a page that is not there.
#[tokio::test]
async fn without_a_login_only_systems_are_let_in() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, "[apps]\n").unwrap();
    let server = Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("{}{path}", server.root())).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, told) = get("/fhir/.well-known/smart-configuration").await;
    assert_eq!(status, 200);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["grant_types_supported"], serde_json::json!(["client_credentials"]));
    assert!(told["authorization_endpoint"].is_null() && told["management_endpoint"].is_null());
    let (status, told) = get("/fhir/Patient").await;
    assert!(status == 401 && told.contains("APP-046"), "{status} {told}");
    assert_eq!(get("/oauth2/authorize?client_id=x").await.0, 401);
    let key = std::fs::metadata(server.data().join("apps-key.pem")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.permissions());
    assert_eq!(mode & 0o777, 0o600, "the key is its owner's alone");
}

/// The files of a data folder that hold a text.
fn stored(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(stored(&path, text));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path);
            }
        }
    }
    found
}
