//! Real-looking patients: every resource of some of the Synthea bundles is accepted and written
//! back equal, and how long that takes.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use akson_fhir::{bundle, json};

use super::corpora::{corpus, files};
use super::exact::Exact;

fn unpack(path: &Path) -> Vec<u8> {
    let output = Command::new("bzip2").arg("-dc").arg(path).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn every_resource_of_some_patients_is_written_back_equal() {
    let Some(folder) = corpus("patients/synthea-120/synthea") else { return };
    let all = files(&folder, ".json.bz2");
    // The two with organisations and practitioners come first; then the smallest patients.
    let (shared, mut patients) = (all[..2].to_vec(), all[2..].to_vec());
    patients.sort_by_key(|path| std::fs::metadata(path).unwrap().len());
    let mut resources = 0;
    for path in shared.iter().chain(patients.iter().take(8)) {
        let bytes = unpack(path);
        for entry in bundle::split(&bytes).unwrap().entries {
            let raw = entry.resource.unwrap();
            let resource = json::parse(raw).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert_eq!(resource.resource_type(), entry.resource_type);
            assert_eq!(resource.id(), entry.resource_id.as_deref());
            let mut written = Vec::new();
            json::write(&resource, &mut written);
            let before = Exact::read(std::str::from_utf8(raw).unwrap());
            let after = Exact::read(std::str::from_utf8(&written).unwrap());
            assert_eq!(before.first_difference(&after), None);
            resources += 1;
        }
    }
    assert!(resources > 500, "{resources}");
}

#[test]
fn a_bundle_of_25_000_entries_is_taken_apart() {
    let Some(folder) = corpus("patients/synthea-120/big-tx") else { return };
    let bytes = unpack(&files(&folder, ".json.bz2")[0]);
    let began = Instant::now();
    let parts = bundle::split(&bytes).unwrap();
    println!("{} entries, {} bytes: {:?}", parts.entries.len(), bytes.len(), began.elapsed());
    assert!(parts.entries.len() > 20_000);
    assert!(parts.entries.iter().all(|e| e.resource_type.is_some() && e.method.is_some()));
}

/// `cargo test --release -p akson-fhir --test main -- --ignored --nocapture speed`
#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_reading_and_writing() {
    let Some(folder) = corpus("patients/synthea-120/synthea") else { return };
    let bytes = unpack(&files(&folder, ".json.bz2")[3]);
    let began = Instant::now();
    let _ = akson_fhir::definitions::Definitions::r4();
    println!("definitions: {:?}", began.elapsed());
    let parts = bundle::split(&bytes).unwrap();
    let minified: Vec<Vec<u8>> = parts
        .entries
        .iter()
        .map(|entry| {
            let mut out = Vec::new();
            json::write(&json::parse(entry.resource.unwrap()).unwrap(), &mut out);
            out
        })
        .collect();
    let observations: Vec<&[u8]> = minified
        .iter()
        .map(Vec::as_slice)
        .filter(|bytes| bytes.starts_with(b"{\"resourceType\":\"Observation\""))
        .collect();
    let everything: Vec<&[u8]> = minified.iter().map(Vec::as_slice).collect();
    for (name, set) in [("Observation", observations), ("every resource", everything)] {
        let bytes: usize = set.iter().map(|b| b.len()).sum();
        println!("{name}: {} resources of {} bytes", set.len(), bytes / set.len());
        time("parse", &set, |raw| json::parse(raw).unwrap().nodes().count());
        time("parse_stored", &set, |raw| json::parse_stored(raw).unwrap().nodes().count());
        time("parse and write", &set, |raw| json::write_tail(&json::parse(raw).unwrap()).len());
    }
}

fn time(name: &str, set: &[&[u8]], work: impl Fn(&[u8]) -> usize) {
    let rounds = 200_000 / set.len() + 1;
    let mut sum = 0;
    let began = Instant::now();
    for _ in 0..rounds {
        for raw in set {
            sum += work(raw);
        }
    }
    let each = began.elapsed() / (rounds * set.len()) as u32;
    println!("  {name}: {each:?} each ({sum})");
}
