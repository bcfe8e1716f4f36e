//! What servers write (logs, meters, errors) names nobody: with everything logged that can be, people
//! log in, search by name and number, are refused, and send what is wrong. Then all that was written
//! is searched for the names and numbers of the whole municipality.

use std::collections::BTreeSet;
use std::process::Command;

use akson_testkit::municipality::{self, Options};
use akson_testkit::server::{Server, place_in};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::issuer::Issuer;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 40;

/// Names and numbers of people, and what is asked about them.
struct Town {
    options: Options,
    bundles: Vec<Vec<u8>>,
    secrets: BTreeSet<String>,
}

impl Town {
    fn new() -> Self {
        let today = jiff::civil::date(2026, 11, 20);
        let options = Options { people: PEOPLE, seed: 1, today };
        let bundles: Vec<Vec<u8>> = municipality::generate(&options).collect();
        let mut secrets = BTreeSet::new();
        for bundle in &bundles {
            let bundle: Value = serde_json::from_slice(bundle).unwrap();
            for entry in bundle["entry"].as_array().unwrap() {
                let resource = &entry["resource"];
                let kind = resource["resourceType"].as_str().unwrap();
                if ["Patient", "Practitioner", "RelatedPerson"].contains(&kind) {
                    remember(resource, &mut secrets);
                }
            }
        }
        assert!(secrets.len() > 4 * PEOPLE, "{}", secrets.len());
        let town = Self { options, bundles, secrets };
        let told = format!("a\n{}\nb\nid={}\n", town.name().replace(' ', "%20"), town.number());
        assert_eq!(town.found_in(&told).len(), 2, "what is searched for would be found");
        town
    }

    /// Loads everybody, and something wrong with a name in it; what the command wrote.
    fn load(&self, folder: &TempDir) -> String {
        let mut files = Vec::new();
        for (number, bundle) in self.bundles.iter().enumerate() {
            files.push(folder.path().join(format!("{number:04}.json")));
            std::fs::write(files.last().unwrap(), bundle).unwrap();
        }
        files.push(folder.path().join("wrong.json"));
        let wrong = json!({ "resourceType": "Patient", "id": "wrong", "birthDate": self.number(),
            "name": [{ "text": self.name() }] });
        std::fs::write(files.last().unwrap(), wrong.to_string()).unwrap();
        let mut command = Command::new(BINARY);
        command.arg("load").args(place_in(folder.path()).unwrap()).arg("--refused");
        let output = command.arg(folder.path().join("refused.ndjson")).args(files).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "one is refused");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// Somebody's number.
    fn number(&self) -> &str {
        let is_number = |secret: &&String| secret.bytes().all(|byte| byte.is_ascii_digit());
        self.secrets.iter().find(is_number).unwrap()
    }

    /// Somebody's given and family name.
    fn name(&self) -> String {
        municipality::highlights(&self.options)[0].name.clone()
    }

    /// Where a name or number stands.
    fn found_in(&self, text: &str) -> Vec<String> {
        let lines = text.lines().filter(|line| {
            let plain = line.replace("%20", " ").replace('+', " ");
            self.secrets.iter().any(|secret| plain.contains(secret.as_str()))
        });
        lines.map(str::to_string).collect()
    }
}

fn remember(person: &Value, secrets: &mut BTreeSet<String>) {
    for identifier in person["identifier"].as_array().into_iter().flatten() {
        let value = identifier["value"].as_str().unwrap_or_default();
        if value.len() == 11 && value.bytes().all(|byte| byte.is_ascii_digit()) {
            secrets.insert(value.to_string());
        }
    }
    for name in person["name"].as_array().into_iter().flatten() {
        let given: Vec<&str> =
            name["given"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let family = name["family"].as_str().unwrap_or_default();
        for given in [given.join(" "), given.first().copied().unwrap_or_default().to_string()] {
            secrets.insert(format!("{given} {family}"));
            secrets.insert(format!("{family}, {given}"));
            secrets.insert(format!("{family} {given}"));
        }
    }
}

/// Everything that could make a server tell a name or a number: method, path and body.
fn requests(town: &Town) -> Vec<(Method, String, String)> {
    let (name, number) = (town.name(), town.number());
    let patient = &municipality::highlights(&town.options)[0].patient_id;
    let encoded = name.replace(' ', "%20");
    let reads = [
        format!("/fhir/Patient?name={encoded}"),
        format!("/fhir/Patient?identifier={number}"),
        format!(
            "/fhir/Patient?identifier=urn:oid:2.16.578.1.12.4.1.4.1%7C{number}&_count=x{number}"
        ),
        format!("/fhir/Patient?{encoded}={number}"),
        format!("/fhir/Patient?name:{encoded}=x"),
        format!("/fhir/Patient?birthdate={number}"),
        format!("/fhir/Observation?subject:Patient.name={encoded}&_sort={encoded}"),
        format!("/fhir/Patient/{patient}"),
        format!("/fhir/Patient/{patient}/$everything"),
        format!("/fhir/Patient/{patient}/_history/{number}"),
        format!("/fhir/Patient/{number}"),
        format!("/fhir/Patient/{encoded}"),
        format!("/fhir/{encoded}/{number}"),
        format!("/fhir/AuditEvent?patient=Patient/{number}&agent={encoded}"),
        format!("/pasienter?q={encoded}"),
        format!("/pasienter?q={number}"),
        format!("/pasient/{patient}"),
        format!("/pasient/{number}"),
        format!("/pasient/{patient}/{encoded}"),
        format!("/logg-inn?til=/pasienter?q={number}&hvorfor={encoded}"),
        format!("/{encoded}?x={number}"),
    ];
    let bad = |member: &str, value: Value| {
        let mut body = json!({ "resourceType": "Patient", "name": [{ "text": name }] });
        body[member] = value;
        body.to_string()
    };
    let bodies = [
        format!("{{\"resourceType\": \"Patient\", \"name\": {name} {number}"),
        bad("birthDate", json!(name)),
        bad("gender", json!(name)),
        bad("active", json!(number)),
        bad(&name, json!(number)),
        bad("id", json!(name)),
        bad("managingOrganization", json!({ "reference": format!("Patient/{name}") })),
        bad("generalPractitioner", json!([{ "reference": format!("Practitioner/{number}") }])),
        bad("text", json!({ "status": "generated", "div": format!("<div>{name} {number}") })),
        bad("resourceType", json!(name)),
        json!({ "resourceType": "Bundle", "type": "transaction", "entry": [{ "request": {
            "method": "POST", "url": format!("Patient?identifier={number}") } }] })
        .to_string(),
        format!("{name} {number}"),
    ];
    let mut asked: Vec<(Method, String, String)> =
        reads.into_iter().map(|path| (Method::GET, path, String::new())).collect();
    for body in bodies {
        asked.push((Method::POST, "/fhir/Patient".into(), body.clone()));
        asked.push((Method::PUT, format!("/fhir/Patient?identifier={number}"), body.clone()));
        asked.push((Method::PUT, format!("/fhir/Patient/{number}"), body.clone()));
        asked.push((Method::POST, "/fhir".into(), body.clone()));
        asked.push((Method::POST, "/logg-inn".into(), body));
    }
    asked
}

/// Asks all of it. Counts the answers that were errors, so that a scenario that only succeeds is
/// noticed.
async fn provoke(server: &Server, town: &Town, headers: &[(&str, String)]) -> usize {
    let client = Client::builder().no_proxy().build().unwrap();
    let number = town.number();
    let encoded = town.name().replace(' ', "%20");
    let mut errors = 0;
    for (method, path, body) in requests(town) {
        let mut request = client.request(method, format!("{}{path}", server.root()));
        for (header, value) in headers {
            request = request.header(*header, value);
        }
        let request = request
            .header("content-type", "application/fhir+json")
            .header("x-request-id", format!("{number} {encoded}"))
            .header("if-none-exist", format!("identifier={number}"))
            .header("if-match", number)
            .header("user-agent", &encoded)
            .header("hx-current-url", format!("http://localhost/pasienter?q={encoded}"));
        let answer = request.body(body).send().await.unwrap();
        let is_error = answer.status().as_u16() >= 400;
        errors += usize::from(is_error);
        let text = answer.text().await.unwrap();
        // What is called as no type, element or modifier is must be told; a value never is.
        let is_told = ["API-003", "FHR-007", "SEA-011"].iter().any(|code| text.contains(code));
        assert!(!is_error || is_told || town.found_in(&text).is_empty(), "{text}");
    }
    errors
}

async fn written(server: &Server) -> String {
    let client = Client::builder().no_proxy().build().unwrap();
    let meters = client.get(format!("{}/metrics", server.root())).send().await.unwrap();
    format!("{}\n{}", server.log(), meters.text().await.unwrap())
}

#[tokio::test]
async fn nobodys_name_or_number_is_in_what_servers_write() {
    let town = Town::new();
    let folder = TempDir::new().unwrap();
    let mut all = vec![("load", town.load(&folder))];
    // With tokens, under the rules; everything that there is to log is logged.
    let issuer = Issuer::start();
    let config = folder.path().join("akson.toml");
    std::fs::write(&config, format!("log = \"trace\"\n{}", issuer.settings())).unwrap();
    let config = config.to_str().unwrap().to_string();
    let server = Server::start_in(BINARY, folder, &["--config", &config]).unwrap();
    let doctor = &municipality::logins(&town.options)[0];
    let unit = json!({ "helseid://claims/hpr/hpr_number": doctor.hpr_number,
        "helseid://claims/client/claims/orgnr_child": doctor.organisation_number,
        "helseid://claims/client/claims/orgnr_parent": doctor.legal_entity_number });
    let good = issuer.person("elin", &doctor.national_number, &unit);
    let unknown = issuer.person("elin", town.number(), &json!({}));
    let weak = issuer.person(
        "elin",
        town.number(),
        &json!({ "helseid://claims/identity/security_level": town.name() }),
    );
    let client = Client::builder().no_proxy().build().unwrap();
    let own = client.get(format!("{}/Patient?_count=1", server.fhir()));
    let own = own.header("authorization", &good).send().await.unwrap();
    assert_eq!(own.status(), 200, "{}", own.text().await.unwrap());
    for token in [&good, &unknown, &weak, &format!("{good}x"), &format!("Basic {}", town.number())]
    {
        assert!(provoke(&server, &town, &[("authorization", token.clone())]).await > 20);
    }
    assert!(provoke(&server, &town, &[]).await > 20, "without any login");
    let log = written(&server).await;
    for what in ["answered", "FHR-0", "IDN-040", "API-0"] {
        assert!(log.contains(what), "{what} is not in the log: was it all logged?");
    }
    all.push(("serve, with tokens", log));
    // The pages, with nobody to ask who it is.
    let folder = server.into_folder().unwrap();
    std::fs::remove_file(folder.path().join("server.log")).unwrap();
    let config = folder.path().join("open.toml");
    std::fs::write(&config, "log = \"trace\"\n").unwrap();
    let config = config.to_str().unwrap().to_string();
    let server = Server::start_in(BINARY, folder, &["--open", "--config", &config]).unwrap();
    assert!(provoke(&server, &town, &[]).await > 20);
    all.push(("serve --open", written(&server).await));
    // The login page, in the demo.
    let demo = Server::start_demo(BINARY, PEOPLE).unwrap();
    assert!(provoke(&demo, &town, &[]).await > 20);
    all.push(("demo", written(&demo).await));
    for (what, text) in &all {
        assert!(text.lines().count() > 5, "{what} wrote next to nothing: {text}");
        let found = town.found_in(text);
        let some: Vec<&String> = found.iter().take(5).collect();
        assert!(found.is_empty(), "{what}: {} lines, such as {some:#?}", found.len());
    }
}
