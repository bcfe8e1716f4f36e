//! A record whose tables are divided by shard, as the documents tell an operator to: moved there from whole
//! ones, loaded, searched across patients, opened as a chart, changed and checked.

use std::path::Path;
use std::process::Command;

use akson_testkit::postgres::Postgres;
use serde_json::json;
use tempfile::TempDir;

use super::postgres::{BINARY, patient, serve, total};

const PEOPLE: usize = 60;

fn observation(person: usize, number: usize) -> String {
    json!({
        "resourceType": "Observation", "id": format!("o{person}-{number}"), "status": "final",
        "subject": { "reference": format!("Patient/p{person}") },
        "code": { "coding": [{ "system": "urn:codes", "code": format!("c{number}") }], "text": "Puls" },
        "effectiveDateTime": format!("2026-03-{:02}", number + 1),
        "valueQuantity": { "value": 40 + person, "unit": "/min" },
    })
    .to_string()
}

/// Runs a command of the program and answers what it says.
fn akson(folder: &TempDir, arguments: &[&str]) -> String {
    let ended = Command::new(BINARY).current_dir(folder.path()).args(arguments).output().unwrap();
    assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

fn load(folder: &TempDir, lines: &[String], url: &str) {
    std::fs::write(folder.path().join("some.ndjson"), lines.join("\n")).unwrap();
    akson(folder, &["load", "some.ndjson", "--database", url]);
}

#[tokio::test]
async fn a_record_in_partitions_is_moved_there_loaded_searched_opened_changed_and_checked() {
    let database = Postgres::start(&["fsync = off"]).unwrap();
    let folder = TempDir::new().unwrap();
    let (whole, url) = (database.url(), database.database("parts").unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/partitions.sql");
    database.run_file("parts", &file, &[]).unwrap();
    // Half of it comes from whole tables, half is loaded.
    let people: Vec<_> =
        (0..PEOPLE).map(|n| patient(&format!("p{n}"), &format!("Lie{n}"))).collect();
    load(&folder, &people, &whole);
    let said = akson(&folder, &["copy", "--from", &whole, "--to", &url]);
    assert!(said.contains("60 resources, deleted ones included"), "{said}");
    let observations = (0..PEOPLE).flat_map(|n| (0..20).map(move |number| observation(n, number)));
    load(&folder, &observations.collect::<Vec<_>>(), &url);
    let parts = "SELECT count(DISTINCT tableoid) FROM akson_entry WHERE substr(k, 1, 1) = 'H'";
    assert_eq!(database.sql("parts", parts).unwrap(), "16");

    let mut ask = serve(&url);
    assert_eq!(total(&ask, "Patient?_summary=count").await, "60");
    assert_eq!(total(&ask, "Observation?code=urn:codes|c7&_summary=count").await, "60");
    assert_eq!(total(&ask, "Observation?patient=p9&_summary=count").await, "20");
    let newest = ask.get("/Observation?_sort=-date&_count=5&date=le2026-03-04").await;
    assert_eq!(newest.text("/entry/4/resource/effectiveDateTime"), "2026-03-04");
    let chart = ask.client.get(format!("{}/pasient/p9", ask.server.root())).send().await.unwrap();
    assert_eq!(chart.status(), 200);
    assert!(chart.text().await.unwrap().contains("Lie9"));
    assert_eq!(ask.put("/Patient/p9", &patient("p9", "Ny")).await.status, 200);
    ask.server.kill().unwrap();
    ask.server.restart().unwrap();
    assert_eq!(ask.get("/Patient/p9").await.text("/name/0/family"), "Ny");
    assert_eq!(ask.get("/Patient/p9/_history/1").await.text("/name/0/family"), "Lie9");
    assert_eq!(total(&ask, "Patient/p9/_history").await, "2");
    assert!(ask.server.stop().unwrap().success());
    akson(&folder, &["check", "--database", &url]);
    akson(&folder, &["backup", "--database", &url, "backup.akson"]);
    let other = database.database("restored").unwrap();
    database.run_file("restored", &file, &["parts=4"]).unwrap();
    akson(&folder, &["restore", "backup.akson", "--database", &other]);
    akson(&folder, &["check", "--database", &other]);
}
