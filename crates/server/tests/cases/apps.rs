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
    drive(&server, "smart_restart.mjs", &["after", file_name], 5);
    let Ok(tokens) = std::fs::read_to_string(&file) else { return };
    let log = server.log();
    let secrets = tokens.split('"').filter(|text| text.len() == 43);
    let secrets: Vec<&str> = secrets.collect();
    assert!(secrets.len() >= 8, "{}", secrets.len());
    for secret in secrets {
        assert!(!log.contains(secret), "a token is in the log");
        let found = stored(&server.data(), secret);
        assert!(found.is_empty(), "a token is in clear in {found:?}");
    }
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
