//! Access tokens of a certified OpenID provider, shown by a certified client: npm's `oidc-provider`
//! and `openid-client`, against the real binary with `[identity]` in its configuration.
//!
//! What is asked is in `tests/clients/openid_tokens.mjs`; this file gives it a server with a small
//! register. Each rule to the second, with no clock but the test's, is in `identity`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use akson_testkit::server::{Server, place_in};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::issuer::Issuer;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const ORGNR: &str = "urn:oid:2.16.578.1.12.4.1.4.101";

fn organisation(id: &str, name: &str, number: &str, parent: Option<&str>) -> Value {
    let mut body = json!({ "resourceType": "Organization", "id": id, "name": name,
        "identifier": [{ "system": ORGNR, "value": number }] });
    if let Some(parent) = parent {
        body["partOf"] = json!({ "reference": format!("Organization/{parent}") });
    }
    body
}

fn practitioner(id: &str, name: [&str; 2], hpr: &str, number: &str) -> Value {
    json!({ "resourceType": "Practitioner", "id": id,
        "identifier": [
            { "system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": hpr },
            { "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": number },
        ],
        "name": [{ "given": [name[0]], "family": name[1] }] })
}

fn role(practitioner: &str, organisation: &str) -> Value {
    json!({ "resourceType": "PractitionerRole", "id": format!("{practitioner}-{organisation}"),
        "practitioner": { "reference": format!("Practitioner/{practitioner}") },
        "organization": { "reference": format!("Organization/{organisation}") },
        "code": [{ "text": "Sykepleier",
            "coding": [{ "system": "urn:oid:2.16.578.1.12.4.1.1.9060", "code": "SP" }] }] })
}

/// A municipality with two units, a nurse at one and a nurse at both, and a patient of
/// the first unit.
pub(super) fn registers() -> Value {
    let all = [
        organisation("kommune", "Fjordvik kommune", "310000078", None),
        organisation("vest", "Hjemmetjenesten Vest", "310000079", Some("kommune")),
        organisation("oest", "Hjemmetjenesten Øst", "310000080", Some("kommune")),
        practitioner("kari", ["Kari", "Nordmann"], "565107922", "13818012345"),
        practitioner("per", ["Per", "Hansen"], "565107930", "13818012346"),
        practitioner("vera", ["Vera", "Vern"], "565107990", "13818012390"),
        role("kari", "vest"),
        json!({ "resourceType": "PractitionerRole", "id": "vera-kommune",
            "practitioner": { "reference": "Practitioner/vera" },
            "organization": { "reference": "Organization/kommune" },
            "code": [{ "text": "Personvernombud", "coding": [{
                "system": "https://akson.no/fhir/CodeSystem/role", "code": "privacy-officer" }] }] }),
        role("per", "vest"),
        role("per", "oest"),
        json!({ "resourceType": "Patient", "id": "ola", "name": [{ "family": "Hansen" }] }),
        json!({ "resourceType": "CareTeam", "id": "team", "status": "active",
            "subject": { "reference": "Patient/ola" },
            "participant": [{ "member": { "reference": "Organization/vest" } }] }),
    ];
    let entries: Vec<Value> = all
        .into_iter()
        .map(|resource| {
            let kind = resource["resourceType"].as_str().unwrap();
            let url = format!("{kind}/{}", resource["id"].as_str().unwrap());
            json!({ "request": { "method": "PUT", "url": url }, "resource": resource })
        })
        .collect();
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries })
}

pub(super) fn load(folder: &Path) {
    let bundle = folder.join("registers.json");
    std::fs::write(&bundle, registers().to_string()).unwrap();
    let status = Command::new(BINARY)
        .arg("load")
        .args(place_in(folder).unwrap())
        .arg("--refused")
        .arg(folder.join("refused.ndjson"))
        .arg(bundle)
        .status();
    assert!(status.unwrap().success(), "akson load refused something");
}

/// `akson serve` with tokens of this issuer.
fn serve(folder: TempDir, issuer: &str) -> Server {
    let config = folder.path().join("akson.toml");
    let text = format!(
        "log = \"info,akson_api=debug\"\n\
         [identity]\nissuer = \"{issuer}\"\naudience = \"nhn:akson\"\n\
         dpop = \"accepted\"\nkeys_pause_seconds = 0\n"
    );
    std::fs::write(&config, text).unwrap();
    Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap()
}

#[test]
fn tokens_of_a_certified_provider_by_a_certified_client() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if !clients.join("node_modules/oidc-provider").exists() {
        println!("SKIPPED: oidc-provider is not installed (cargo xtask prepare)");
        return;
    }
    let folder = TempDir::new().unwrap();
    load(folder.path());
    let mut node = Command::new("timeout")
        .args(["120", "node", "openid_tokens.mjs"])
        .current_dir(clients)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(node.stdout.take().unwrap());
    let mut issuer = String::new();
    told.read_line(&mut issuer).unwrap();
    let server = serve(folder, issuer.trim());
    // A script that has failed already reads nothing; what it said is told below.
    let _ = writeln!(node.stdin.take().unwrap(), "{}", server.fhir());
    let (mut held, mut wrong) = (String::new(), String::new());
    told.read_to_string(&mut held).unwrap();
    node.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
    let log = server.log();
    assert!(node.wait().unwrap().success(), "{held}\n{wrong}\n{log}");
    assert!(held.contains("73 held"), "{held}");
    // Each refusal is told by its code, and no token, number or name of anybody is.
    for code in ["IDN-001", "IDN-007", "IDN-026", "IDN-029", "IDN-041", "IDN-061"] {
        assert!(log.contains(code), "{code} is not in the log:\n{log}");
    }
    for secret in ["eyJ", "13818012", "565107922", "Nordmann"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

/// What a caller says that a look is for stands in the log of the patient.
#[tokio::test]
async fn the_purpose_of_the_trust_framework_is_in_the_log() {
    let issuer = Issuer::start();
    let folder = TempDir::new().unwrap();
    load(folder.path());
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, issuer.settings()).unwrap();
    let server = Server::start_in(BINARY, folder, &["--config", config.to_str().unwrap()]).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let kari = |purpose: Option<&str>| {
        let purpose = purpose.map(|code| {
            json!({ "code": code, "assigner": "HL7",
            "system": "urn:oid:2.16.840.1.113883.1.11.20448" })
        });
        let details = purpose.map(|purpose| {
            json!([{ "type": "nhn:tillitsrammeverk:parameters",
            "care_relationship": { "purpose_of_use": purpose } }])
        });
        let claims = details.map_or(json!({}), |all| json!({ "authorization_details": all }));
        issuer.person("elin", "13818012345", &claims)
    };
    let get = async |path: &str, token: &str| {
        let request = client.get(format!("{}/{path}", server.fhir()));
        let answer = request.header("authorization", token).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    for purpose in [Some("COC"), None] {
        let (status, body) = get("Patient/ola", &kari(purpose)).await;
        assert_eq!(status, 200, "{body}");
    }
    let officer = issuer.person("elin", "13818012390", &json!({}));
    let mut found = Vec::new();
    for _ in 0..100 {
        let (status, log) = get("AuditEvent?patient=Patient/ola&_count=50", &officer).await;
        assert_eq!(status, 200, "{log}");
        let entries = log["entry"].as_array().cloned().unwrap_or_default();
        let of_kari = entries
            .iter()
            .map(|entry| &entry["resource"])
            .filter(|event| event["agent"][0]["who"]["reference"] == "Practitioner/kari");
        found = of_kari.map(|event| event["purposeOfEvent"].clone()).collect();
        if found.len() >= 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    let said: Vec<&Value> = found.iter().filter(|purposes| purposes[1] != Value::Null).collect();
    assert_eq!((found.len(), said.len()), (2, 1), "{found:?}");
    assert_eq!(said[0][1], json!({ "coding": [{ "system": reason, "code": "COC" }] }));
    assert_eq!(said[0][0]["text"], "care-relationship");
}
