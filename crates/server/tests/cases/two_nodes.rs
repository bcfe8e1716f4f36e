//! Two servers on one PostgreSQL: logins, tokens and what waits between two requests are the same whichever
//! of them answers, also when one is killed. Two certified OpenID providers log people in.
//!
//! What is done is in `tests/clients/two_nodes.mjs`; this file gives it the servers. The resources
//! themselves on two servers: `postgres`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use akson_testkit::municipality::generate;
use akson_testkit::postgres::Postgres;
use akson_testkit::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::logins;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const EXTENSION: &str = "https://akson.no/fhir/StructureDefinition/client";

/// An app that citizens use.
fn app() -> Value {
    let scope = |scope: &str| json!({ "url": format!("{EXTENSION}-scope"), "valueString": scope });
    json!({
        "resourceType": "Endpoint", "id": "dagbok", "status": "active", "name": "Dagboken",
        "identifier": [{ "system": "https://akson.no/fhir/NamingSystem/client-id", "value": "dagbok" }],
        "connectionType": { "system": "https://akson.no/fhir/CodeSystem/connection-type", "code": "smart-app" },
        "payloadType": [{ "text": "FHIR R4" }], "address": "http://127.0.0.1:9/app",
        "extension": [
            { "url": format!("{EXTENSION}-redirect-address"), "valueUrl": "http://127.0.0.1:9/app/callback" },
            scope("patient/*.rs"), scope("offline_access"),
        ],
    })
}

/// The municipality and the app, in the database.
fn load(folder: &Path, url: &str) {
    let input = folder.join("input");
    std::fs::create_dir(&input).unwrap();
    for (number, bundle) in generate(&logins::options()).enumerate() {
        std::fs::write(input.join(format!("{number:04}.json")), bundle).unwrap();
    }
    std::fs::write(input.join("app.ndjson"), app().to_string()).unwrap();
    let mut load = Command::new(BINARY);
    load.args(["load", "--database", url]).arg("--refused").arg(folder.join("refused.ndjson"));
    assert!(load.arg(input).status().unwrap().success(), "akson load refused something");
}

fn config(folder: &Path, told: &[String; 3]) -> String {
    let [helseid, id_porten, base] = told;
    let of = |table: &str, issuer: &str, client: &str, key: &str| {
        let key = folder.join(key);
        format!(
            "[login.{table}]\nissuer = \"{issuer}\"\nclient_id = \"{client}\"\n\
             key_file = {key:?}\nkeys_pause_seconds = 0\n"
        )
    };
    let (helseid, id_porten) = (
        of("helseid", helseid, "akson-helseid", "helseid.jwk"),
        of("id_porten", id_porten, "akson-id-porten", "id-porten.pem"),
    );
    let key = folder.join("apps.pem");
    format!(
        "base_url = \"{base}/fhir\"\n[limits]\nproxies = [\"127.0.0.1\"]\n\
         login_attempts_per_minute = 1\nlogin_attempts_burst = 8\n[apps]\nkey_file = {key:?}\n\
         {helseid}security_level_min = 3\n{id_porten}key_id = \"akson-ec\"\n"
    )
}

#[test]
fn logins_tokens_and_what_waits_are_the_same_whichever_answers() {
    let Some(clients) = logins::clients() else { return };
    let database = Postgres::start(&[]).unwrap();
    let (url, folder) = (database.url(), TempDir::new().unwrap());
    load(folder.path(), &url);
    let mut script = Command::new("timeout")
        .args(["300", "node"])
        .arg(clients.join("two_nodes.mjs"))
        .arg(folder.path())
        .arg(logins::people().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(script.stdout.take().unwrap());
    let mut addresses = String::new();
    told.read_line(&mut addresses).unwrap();
    let addresses: [String; 3] = serde_json::from_str(&addresses).unwrap();
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(folder.path().join("apps.pem"), key).unwrap();
    let file = folder.path().join("akson.toml");
    std::fs::write(&file, config(folder.path(), &addresses)).unwrap();
    let arguments = ["--database", &url, "--config", file.to_str().unwrap()];
    let serve = || Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap();
    let servers = [serve(), serve()];
    let started = servers.each_ref().map(|server| json!([server.root(), server.process_id()]));
    // A script that has failed already reads nothing; what it said is told below.
    let _ = writeln!(script.stdin.take().unwrap(), "{}", json!(started));
    let (mut held, mut wrong) = (String::new(), String::new());
    told.read_to_string(&mut held).unwrap();
    script.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
    let logs = servers.each_ref().map(Server::log);
    assert!(script.wait().unwrap().success(), "{held}\n{wrong}\n{}", logs.join("\n-----\n"));
    assert!(held.contains("16 held"), "{held}");
    println!("{held}");
}
