//! `akson load`: every form, refused resources, a kill in the middle, a running server.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use akson_testkit::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ask::Ask;

fn load(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_akson"));
    command.current_dir(folder).arg("load").args(arguments);
    command
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn patient(id: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id })
}

fn transaction(resources: &[Value]) -> String {
    let entries: Vec<_> = resources
        .iter()
        .map(|resource| {
            let name = resource["resourceType"].as_str().unwrap();
            json!({ "resource": resource, "request": { "method": "POST", "url": name } })
        })
        .collect();
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries }).to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A server on what was loaded into `folder/data`.
fn serve(folder: TempDir) -> Ask {
    let server = Server::start_in(env!("CARGO_BIN_EXE_akson"), folder, &["--open"]).unwrap();
    Ask { server, client: reqwest::Client::builder().no_proxy().build().unwrap() }
}

async fn count(ask: &Ask, query: &str) -> String {
    ask.get(&format!("/{query}?_summary=count")).await.text("/total")
}

fn every_form(folder: &Path) {
    let input = folder.join("input");
    fs::create_dir_all(input.join("deeper")).unwrap();
    fs::write(input.join("a.json"), transaction(&[patient("x"), patient("y")])).unwrap();
    fs::write(input.join("b.json.gz"), gzip(&patient("gz").to_string())).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(patient("bz").to_string().as_bytes()).unwrap();
    fs::write(input.join("deeper/c.json.bz2"), bzip2.finish().unwrap()).unwrap();
    let zstd = zstd::encode_all(patient("zst").to_string().as_bytes(), 1).unwrap();
    fs::write(input.join("d.json.zst"), zstd).unwrap();
    let lines: String = (0..1200).map(|n| format!("{}\n", patient(&format!("line{n}")))).collect();
    fs::write(input.join("Patient.ndjson.gz"), gzip(&lines)).unwrap();
    let collection = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
        { "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111", "resource": { "resourceType": "Patient", "id": "col" } },
        { "resource": { "resourceType": "Condition", "id": "con",
                        "subject": { "reference": "urn:uuid:11111111-1111-4111-8111-111111111111" } } },
    ]});
    fs::write(input.join("e.json"), collection.to_string()).unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in
        [("z/refers.json", condition_by_identifier()), ("z/0-first.json", identified())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let tar = archive.into_inner().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar).unwrap();
    fs::write(input.join("f.tgz"), encoder.finish().unwrap()).unwrap();
    fs::write(input.join("readme.txt"), "not to be loaded").unwrap();
}

fn identified() -> String {
    transaction(&[
        json!({ "resourceType": "Practitioner", "identifier": [{ "system": "urn:p", "value": "1" }] }),
    ])
}

fn condition_by_identifier() -> String {
    transaction(&[json!({ "resourceType": "Condition", "subject": { "reference": "Patient/a" },
                          "asserter": { "reference": "Practitioner?identifier=urn:p|1" } })])
}

#[tokio::test]
async fn every_form_is_loaded_once_however_often() {
    let folder = TempDir::new().unwrap();
    every_form(folder.path());
    let first = load(folder.path(), &["input", "--data", "data"]);
    assert!(first.status.success(), "{}", told(&first));
    assert!(
        told(&first).contains("1 209 resources") || told(&first).contains("Loaded"),
        "{}",
        told(&first)
    );
    let again = load(folder.path(), &["input", "--data", "data"]);
    assert!(again.status.success(), "{}", told(&again));
    assert!(told(&again).contains("Loaded 0 resources"), "{}", told(&again));
    assert!(told(&again).contains("passed by: 1 209"), "{}", told(&again));
    assert!(!folder.path().join("akson-load-refused.ndjson").exists());
    let ask = serve(folder);
    // 2 in a transaction, one each gz, bz2 and zst, 1200 lines, one of the collection.
    assert_eq!(count(&ask, "Patient").await, "1206");
    assert_eq!(count(&ask, "Condition").await, "2");
    assert_eq!(ask.get("/Condition/con").await.text("/subject/reference"), "Patient/col");
    assert_eq!(ask.get("/Patient/line7").await.text("/meta/versionId"), "1");
}

#[tokio::test]
async fn what_is_refused_is_listed_and_the_rest_is_loaded() {
    let folder = TempDir::new().unwrap();
    let good = patient("good").to_string();
    let bad = r#"{"resourceType":"Patient","id":"bad","gender":"wrong"}"#;
    fs::write(folder.path().join("a.ndjson"), format!("{good}\n{bad}\nnonsense\n")).unwrap();
    fs::write(folder.path().join("b.json"), r#"{"resourceType":"Bundle","type":"history"}"#)
        .unwrap();
    let output =
        load(folder.path(), &["a.ndjson", "b.json", "--data", "data", "--refused", "no.ndjson"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("3 resources were refused"), "{}", told(&output));
    let list = fs::read_to_string(folder.path().join("no.ndjson")).unwrap();
    let refused: Vec<Value> =
        list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: BTreeMap<&str, &str> = refused
        .iter()
        .map(|r| (r["place"].as_str().unwrap(), r["resource"].as_str().unwrap()))
        .collect();
    assert_eq!(
        places,
        BTreeMap::from([("", ""), ("line 2", "Patient/bad"), ("line 3", "")]),
        "{list}"
    );
    let bad = refused.iter().find(|r| r["place"] == "line 2").unwrap();
    assert!(bad["locations"].to_string().contains("gender"), "{bad}");
    let ask = serve(folder);
    assert_eq!(ask.get("/Patient/good").await.status, 200);
    assert_eq!(ask.get("/Patient/bad").await.status, 404);
}

#[tokio::test]
async fn a_killed_load_goes_on_without_duplicates() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input");
    fs::create_dir(&input).unwrap();
    for file in 0..120 {
        let resources: Vec<Value> = (0..40)
            .map(|n| json!({ "resourceType": "Patient", "identifier": [{ "system": "urn:n", "value": format!("{file}-{n}") }] }))
            .collect();
        fs::write(input.join(format!("{file:03}.json")), transaction(&resources)).unwrap();
    }
    let mut kills = 0;
    for pause in [80, 150, 250, 400, 100, 200] {
        let mut process = command(folder.path(), &["input", "--data", "data"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(pause)
            && process.try_wait().unwrap().is_none()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if process.try_wait().unwrap().is_none() {
            kills += 1;
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
    assert!(kills > 0, "the load was never killed in the middle");
    let last = load(folder.path(), &["input", "--data", "data"]);
    assert!(last.status.success(), "{}", told(&last));
    let ask = serve(folder);
    assert_eq!(count(&ask, "Patient").await, "4800");
    let found = ask.get("/Patient?identifier=urn:n%7C60-7&_total=accurate").await;
    assert_eq!(found.text("/total"), "1");
}

#[tokio::test]
async fn into_a_running_server_and_again_after_a_kill() {
    let ask = Ask::start();
    let folder = TempDir::new().unwrap();
    every_form(folder.path());
    let to = ask.server.fhir();
    for expected in ["Loaded 1 209 resources", "Loaded 0 resources"] {
        let output = load(folder.path(), &["input", "--to", &to]);
        assert!(output.status.success(), "{}", told(&output));
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
    assert_eq!(count(&ask, "Patient").await, "1206");
    let closed = Ask::with(&[]);
    let output = load(folder.path(), &["input", "--to", &closed.server.fhir()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("401"), "{}", told(&output));
}

/// The corpus, when it is beside the project.
fn corpus() -> Option<PathBuf> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/patients/synthea-120");
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    println!("SKIPPED: {} is not here", path.display());
    None
}

/// What the large transaction refers to by identifier; a reference that nothing matches is an error.
fn referred_to() -> String {
    let synthea = "https://github.com/synthetichealth/synthea";
    let identified = [
        ("Practitioner", "http://hl7.org/fhir/sid/us-npi", "9999999619"),
        ("Practitioner", "http://hl7.org/fhir/sid/us-npi", "9999906509"),
        ("Practitioner", "http://hl7.org/fhir/sid/us-npi", "9999984519"),
        ("Organization", synthea, "24cb4eab-6166-3530-bddc-a5a8a14a4fc1"),
        ("Organization", synthea, "b06770b5-b695-3c1a-9685-ae2223966ff7"),
        ("Organization", synthea, "d521fff1-507b-3f0c-b3d4-5ae2650e1e9b"),
        ("Location", synthea, "069940a6-dba4-3f95-9915-3fac8c83e85c"),
        ("Location", synthea, "64a0ab02-5070-3764-9a31-4736cd91fce8"),
        ("Location", synthea, "e7defd99-1c69-307b-9e99-5bb405c3bd7d"),
    ];
    transaction(&identified.map(|(name, system, value)| {
        json!({ "resourceType": name, "identifier": [{ "system": system, "value": value }] })
    }))
}

#[tokio::test]
async fn a_transaction_of_25_000_entries() {
    let Some(corpus) = corpus() else { return };
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input");
    fs::create_dir(&input).unwrap();
    fs::write(input.join("0-referred-to.json"), referred_to()).unwrap();
    // What others refer to is loaded first, whatever the order of the paths.
    let big = corpus.join("big-tx");
    let output = load(folder.path(), &[big.to_str().unwrap(), "input", "--data", "data"]);
    assert!(output.status.success(), "{}", told(&output));
    let ask = serve(folder);
    assert_eq!(count(&ask, "Patient").await, "1");
    let all = ask.get("?_type=Observation,Encounter,Claim,Procedure&_summary=count").await;
    assert!(all.text("/total").parse::<u64>().unwrap() > 5_000, "{}", all.text("/total"));
}
