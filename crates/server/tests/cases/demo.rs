//! `akson demo`: built once, looked at, stopped, and there again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use akson_testkit::server::terminate;

/// A running demo and all that it printed.
struct Demo {
    process: Child,
    told: Vec<String>,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_akson"))
            .args(["demo", "--people", "40", "--seed", "7", "--port", "0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut demo = Self { process, told: Vec::new() };
        for line in BufReader::new(demo.process.stdout.take().unwrap()).lines() {
            demo.told.push(line.unwrap());
            if demo.told.last().unwrap().contains("Ctrl-C") {
                return demo;
            }
        }
        let mut wrong = String::new();
        demo.process.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
        panic!("{:?} {wrong}", demo.told);
    }

    /// The addresses it printed.
    fn addresses(&self) -> Vec<&str> {
        let words = self.told.iter().flat_map(|line| line.split_whitespace());
        words.filter(|word| word.starts_with("http://")).collect()
    }

    fn stop(mut self) {
        terminate(&self.process).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn every_address_that_is_printed_answers() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("demo");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut people = Vec::new();
    for round in 0..2 {
        let demo = Demo::start(&data);
        let addresses = demo.addresses();
        assert!(addresses.len() > 5, "{:?}", demo.told);
        for address in &addresses {
            // The FHIR base by itself is a search over all types, which wants a parameter.
            let address = match address.strip_suffix("/fhir") {
                Some(root) => format!("{root}/fhir?_type=Patient"),
                None => (*address).to_string(),
            };
            let answer = client.get(&address).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{address}");
        }
        let fhir = addresses.iter().find(|address| address.ends_with("/fhir")).unwrap();
        let count = client.get(format!("{fhir}/Patient?_summary=count")).send().await.unwrap();
        let count: serde_json::Value = count.json().await.unwrap();
        assert_eq!(count["total"], 40, "round {round}");
        let paths: Vec<String> = addresses
            .iter()
            .filter_map(|address| Some(address.split_once("/pasient/")?.1.to_string()))
            .collect();
        assert!(!paths.is_empty());
        people.push(paths);
        demo.stop();
    }
    assert_eq!(people[0], people[1]);
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_akson"))
        .args(["demo", "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not empty"));
}
