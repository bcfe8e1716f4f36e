//! FHIR clients that others wrote, driving the server: npm's `fhir-kit-client`, PyPI's `fhirpy`.
//!
//! `cargo xtask prepare` installs them, pinned by the files in `tests/clients`.

use std::path::Path;
use std::process::Command;

use akson_testkit::server::Server;

fn drive(installed: &str, program: &str, script: &str, holds: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if !folder.join(installed).exists() {
        println!("SKIPPED: {script}: {installed} is not installed (cargo xtask prepare)");
        return;
    }
    let server = Server::start(env!("CARGO_BIN_EXE_akson")).unwrap();
    let output =
        Command::new(if program.contains('/') { folder.join(program) } else { program.into() })
            .arg(script)
            .arg(server.fhir())
            .current_dir(&folder)
            .output()
            .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{wrong}\n{}", server.log());
    assert!(told.contains(&format!("{holds} held")), "{told}");
}

#[test]
fn fhir_kit_client_of_npm() {
    drive("node_modules/fhir-kit-client", "node", "fhir_kit_client.mjs", 14);
}

#[test]
fn fhirpy_of_pypi() {
    drive(".venv/installed", ".venv/bin/python", "fhirpy_client.py", 14);
}
