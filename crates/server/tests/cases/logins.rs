//! Login to the pages by two certified OpenID providers (npm's `oidc-provider`), one with HelseID's
//! claims and one with ID-porten's, against the real binary with `[login]` in its configuration.
//!
//! What is done is in `tests/clients/logins.mjs`; this file gives it a server with the synthetic
//! municipality. The same in a real browser: `browser.rs`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use akson_testkit::municipality::{Options, generate, highlights, logins};
use akson_testkit::server::{Server, place_in};
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");

pub(super) fn options() -> Options {
    let today = jiff::Timestamp::now().in_tz("Europe/Oslo").unwrap().date();
    Options { people: 17, ..Options::new(today) }
}

/// Who can log in at the providers, by title; somebody whom the registers do not know; a journal
/// that a nurse of the home service has nothing to do with.
pub(super) fn people() -> Value {
    let mut people: BTreeMap<String, Value> = logins(&options())
        .into_iter()
        .map(|login| {
            let known = json!({ "name": login.name, "number": login.national_number,
                "hpr": login.hpr_number });
            (login.title.to_string(), known)
        })
        .collect();
    let stranger = json!({ "name": "Frida Fremmed", "number": "13818012345", "hpr": "999999999" });
    people.insert("Fremmed".into(), stranger);
    people.insert("unrelated".into(), json!("fv-00010"));
    serde_json::to_value(people).unwrap()
}

/// A script with both providers in it, and a server that logs people in by them.
pub(super) struct Served {
    script: Child,
    told: BufReader<ChildStdout>,
    pub(super) server: Server,
}

/// Starts a script of `folder`, which prints its providers' addresses, and the server.
pub(super) fn serve(script: &Path, more: &[&str]) -> Served {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input");
    std::fs::create_dir(&input).unwrap();
    for (number, bundle) in generate(&options()).enumerate() {
        std::fs::write(input.join(format!("{number:04}.json")), bundle).unwrap();
    }
    let status = Command::new(BINARY)
        .arg("load")
        .args(place_in(folder.path()).unwrap())
        .arg("--refused")
        .arg(folder.path().join("refused.ndjson"))
        .arg(input)
        .status();
    assert!(status.unwrap().success(), "akson load refused something");
    let mut child = Command::new("timeout")
        .args(["300", "node"])
        .arg(script)
        .arg(folder.path())
        .arg(people().to_string())
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut issuers = String::new();
    told.read_line(&mut issuers).unwrap();
    let [helseid, id_porten]: [String; 2] = serde_json::from_str(&issuers).unwrap();
    let config = folder.path().join("akson.toml");
    let of = |table: &str, issuer: &str, client: &str, key: &str| {
        let key = folder.path().join(key);
        format!(
            "[login.{table}]\nissuer = \"{issuer}\"\nclient_id = \"{client}\"\n\
             key_file = {key:?}\nkeys_pause_seconds = 0\n"
        )
    };
    let text = format!(
        "log = \"info,akson_web=debug,akson_identity=debug\"\n\
         [limits]\nlogin_attempts_per_minute = 0\n[login]\n{}security_level_min = 3\n{}\
         key_id = \"akson-ec\"\n",
        of("helseid", &helseid, "akson-helseid", "helseid.jwk"),
        of("id_porten", &id_porten, "akson-id-porten", "id-porten.pem"),
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap();
    // A script that has failed already reads nothing; what it said is told below.
    let _ = writeln!(child.stdin.take().unwrap(), "{}", server.root());
    Served { script: child, told, server }
}

impl Served {
    /// Waits for the script; fails with what it said.
    pub(super) fn holds(mut self, words: &str) -> Server {
        let (mut held, mut wrong) = (String::new(), String::new());
        self.told.read_to_string(&mut held).unwrap();
        self.script.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
        let log = self.server.log();
        assert!(self.script.wait().unwrap().success(), "{held}\n{wrong}\n{log}");
        assert!(held.contains(words), "{held}");
        println!("{held}");
        self.server
    }
}

pub(super) fn clients() -> Option<PathBuf> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if clients.join("node_modules/oidc-provider").exists() {
        return Some(clients);
    }
    println!("SKIPPED: oidc-provider is not installed (cargo xtask prepare)");
    None
}

#[test]
fn people_log_in_by_certified_providers_and_nobody_by_forged_answers() {
    let Some(clients) = clients() else { return };
    assert!(!highlights(&options()).is_empty());
    let server = serve(&clients.join("logins.mjs"), &[]).holds("77 held");
    let log = server.log();
    for code in ["IDN-097", "IDN-061", "fetched the keys"] {
        assert!(log.contains(code), "{code} is not in the log:\n{log}");
    }
    assert!(!log.contains("eyJ"), "a token is in the log:\n{log}");
    for login in logins(&options()) {
        assert!(!log.contains(&login.national_number), "a number is in the log:\n{log}");
        assert!(!log.contains(&login.name), "a name is in the log:\n{log}");
    }
}
