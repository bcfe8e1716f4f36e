//! SMART apps: npm's `openid-client` and `oauth4webapi` as apps, people of the demo who let them in.
//!
//! What is asked is in `tests/clients/smart_apps.mjs`; this file gives it a demo.

use std::path::Path;
use std::process::Command;

use akson_testkit::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 60;

/// Runs a script of `tests/clients` against a server; how much held is its last line.
fn drive(server: &Server, script: &str, holds: usize) {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if !clients.join("node_modules/oauth4webapi").exists() {
        println!("SKIPPED: {script}: oauth4webapi is not installed (cargo xtask prepare)");
        return;
    }
    let mut node = Command::new("timeout");
    node.args(["180", "node", script, server.root()]).current_dir(clients);
    let output = node.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{wrong}\n{}", server.log());
    assert!(told.contains(&format!("{holds} held")), "{told}");
}

#[test]
fn apps_of_certified_libraries_are_let_in_and_only_they() {
    let server = Server::start_demo(BINARY, PEOPLE).unwrap();
    drive(&server, "smart_apps.mjs", 132);
}
