//! A transaction of 25,000 entries (60 MB of JSON): loaded whole, in memory that is a small multiple
//! of its size.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ask::{Ask, FHIR};

const ENTRIES: usize = 25_000;

/// While it is applied there are, of the transaction: its text, what is to be stored (bodies packed,
/// but some thirty index entries for each resource), the engine's batch of the same, and the
/// engine's newest entries in memory. Measured: three to five times the text.
const TIMES_ITS_SIZE: u64 = 6;

fn transaction() -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/corpora/patients/synthea-120/big-tx");
    let file = std::fs::read_dir(folder).ok()?.next()?.ok()?.path();
    let mut text = Vec::new();
    let mut packed = bzip2::read::BzDecoder::new(std::fs::File::open(file).ok()?);
    packed.read_to_end(&mut text).unwrap();
    Some(text)
}

/// What it refers to by identifier stands in other files, some of it in none.
fn referred_to(transaction: &[u8]) -> String {
    let text = std::str::from_utf8(transaction).unwrap();
    let references = text.split('"').filter_map(|part| part.split_once("?identifier="));
    let entries: Vec<Value> = references
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(|(kind, token)| {
            let (system, value) = token.split_once('|').unwrap();
            let resource = json!({ "resourceType": kind, "name": name_of(kind),
                                   "identifier": [{ "system": system, "value": value }] });
            json!({ "resource": resource, "request": { "method": "POST", "url": kind } })
        })
        .collect();
    assert_eq!(entries.len(), 9);
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries }).to_string()
}

fn name_of(kind: &str) -> Value {
    if kind == "Practitioner" { json!([{ "family": "Lege" }]) } else { json!("Sted") }
}

/// Most memory that the process ever had, in bytes.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn twenty_five_thousand_entries_are_taken_whole_in_bounded_memory() {
    let Some(transaction) = transaction() else {
        println!("skipped: ../shared/corpora/patients/synthea-120/big-tx is not there");
        return;
    };
    let size = transaction.len() as u64;
    let ask = Ask::start();
    let answer = ask.send("POST", FHIR, referred_to(&transaction)).await;
    assert_eq!(answer.status, 200, "{}", answer.text("/issue/0/diagnostics"));
    let before = peak(ask.server.process_id());

    let begin = Instant::now();
    let answer = ask.send("POST", FHIR, transaction).await;
    let took = begin.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.text("/issue/0/diagnostics"));
    let entries = answer.json()["entry"].as_array().unwrap().clone();
    assert_eq!(entries.len(), ENTRIES);
    assert!(entries.iter().all(|entry| entry["response"]["status"] == "201 Created"));
    for (query, count) in [("Observation", "8344"), ("Claim", "4491"), ("Patient", "1")] {
        let found = ask.get(&format!("/{query}?_summary=count")).await;
        assert_eq!(found.text("/total"), count, "{query}");
    }

    let added = peak(ask.server.process_id()) - before;
    println!("{} MB of JSON in {took:?}, {} MB more memory", size / 1_000_000, added / 1_000_000);
    assert!(added <= TIMES_ITS_SIZE * size, "{added} bytes of memory for {size} bytes of JSON");
    assert!(took < Duration::from_secs(120), "{took:?}");
}
