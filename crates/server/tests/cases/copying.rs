//! `akson copy` between a folder and a real PostgreSQL, killed in the middle; `akson backup`, `restore`
//! and `check` of a database that a server stands on.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use akson_testkit::postgres::Postgres;
use akson_testkit::server::Server;
use serde_json::json;
use tempfile::TempDir;

use crate::ask::Ask;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const PEOPLE: usize = 2_500;
const KILLS_MAX: i32 = 90;

fn akson(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY).current_dir(folder).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = akson(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    told(&output)
}

fn serve(place: &[&str]) -> Ask {
    let arguments = [&["--open"], place].concat();
    let server = Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap();
    Ask { server, client: reqwest::Client::builder().no_proxy().build().unwrap() }
}

/// Some megabytes that do not compress well, loaded into `folder`'s subfolder `data`.
fn load(folder: &Path) {
    let person = |n: usize| {
        let noise: String = (0..24u64)
            .map(|part| {
                let mixed = (n as u64 * 31 + part + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                format!("{mixed:016x}")
            })
            .collect();
        let text = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{noise}</div>");
        json!({ "resourceType": "Patient", "id": format!("p{n}"), "birthDate": "1970-01-01",
                "name": [{ "family": format!("Lie{n}") }],
                "text": { "status": "generated", "div": text } })
        .to_string()
    };
    let lines: Vec<_> = (0..PEOPLE).map(person).collect();
    std::fs::write(folder.join("people.ndjson"), lines.join("\n")).unwrap();
    done(folder, &["load", "people.ndjson", "--data", "data"]);
}

/// Changes something through a server: versions, a deletion, reads in the access log.
async fn live(ask: &Ask) {
    for n in 0..20 {
        let path = format!("/Patient/p{n}");
        let body = json!({ "resourceType": "Patient", "id": format!("p{n}"),
                           "birthDate": "1980-02-02" });
        ask.put(&path, &body.to_string()).await;
        assert_eq!(ask.get(&path).await.status, 200);
    }
    assert_eq!(ask.send("DELETE /Patient/p3", &[], String::new()).await.status, 204);
}

/// What a server tells of the record; must be the same wherever it is.
async fn seen(ask: &Ask) -> Vec<String> {
    let mut answers = Vec::new();
    for path in [
        "/Patient/p1",
        "/Patient/p1/_history/1",
        "/Patient/p3/_history/2",
        "/Patient?family=lie24&_summary=count",
        "/Patient?birthdate=1980-02-02&_summary=count",
        "/Patient/p3/_history",
    ] {
        let answer = ask.get(path).await;
        let body = answer.json();
        // A bundle's links name the server.
        let is_bundle = body["resourceType"] == "Bundle";
        let what = if is_bundle { &body["total"] } else { &body };
        answers.push(format!("{path}: {} {what}", answer.status));
    }
    answers
}

/// Copies, killed a little later each time, until it comes to its end. How many kills there were, and
/// how often it went on where it was.
fn copy_with_kills(folder: &Path, from: &str, to: &str) -> (i32, u32) {
    let mut went_on = 0;
    for kill in 0..KILLS_MAX {
        let mut process = Command::new(BINARY)
            .current_dir(folder)
            .args(["copy", "--from", from, "--to", to])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::park_timeout(Duration::from_secs_f64(0.08 * 1.07f64.powi(kill)));
        let ended = process.try_wait().unwrap().is_some();
        process.kill().unwrap();
        let output = process.wait_with_output().unwrap();
        went_on += u32::from(told(&output).contains("Goes on after"));
        if ended {
            assert!(output.status.success(), "{}", told(&output));
            assert!(told(&output).contains("SHA-256 of both sides"), "{}", told(&output));
            return (kill, went_on);
        }
        assert!(!output.status.success());
    }
    panic!("{KILLS_MAX} times were not enough");
}

#[tokio::test]
async fn a_record_that_is_copied_and_killed_on_the_way_is_the_same_on_both_sides() {
    let database = Postgres::start(&["fsync = off"]).unwrap();
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    load(here);
    let data = here.join("data");
    let mut ask = serve(&["--data", data.to_str().unwrap()]);
    live(&ask).await;
    let before = seen(&ask).await;
    assert!(ask.server.stop().unwrap().success());

    let url = database.url();
    let (kills, went_on) = copy_with_kills(here, "data", &url);
    assert!(kills > 0 && went_on > 0, "{kills} kills, gone on {went_on} times");
    assert!(done(here, &["check", "--database", &url]).contains("Sound."));
    // Once more: it is there.
    let again = done(here, &["copy", "--from", "data", "--to", &url]);
    assert!(again.contains("SHA-256 of both sides"), "{again}");
    let mut ask = serve(&["--database", &url]);
    assert_eq!(seen(&ask).await, before);
    live(&ask).await;
    let before = seen(&ask).await;
    assert!(ask.server.stop().unwrap().success());
    let over = akson(here, &["copy", "--from", "data", "--to", &url]);
    assert_eq!(over.status.code(), Some(1), "{}", told(&over));
    assert!(told(&over).contains("STO-083"), "{}", told(&over));

    let (kills, went_on) = copy_with_kills(here, &url, "home");
    assert!(kills > 0 && went_on > 0, "{kills} kills, gone on {went_on} times");
    assert!(done(here, &["check", "--data", "home"]).contains("Sound."));
    let home = here.join("home");
    let ask = serve(&["--data", home.to_str().unwrap()]);
    assert_eq!(seen(&ask).await, before);
}

#[tokio::test]
async fn a_half_filled_place_is_no_record() {
    let database = Postgres::start(&["fsync = off"]).unwrap();
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    load(here);
    let half = here.join("half");
    std::fs::create_dir(&half).unwrap();
    std::fs::write(half.join("filling"), "").unwrap();
    let url = database.url();
    // Makes the tables.
    done(here, &["check", "--database", &url]);
    database
        .sql("postgres", "DELETE FROM akson_head; INSERT INTO akson_filling DEFAULT VALUES")
        .unwrap();
    for place in [["--data", half.to_str().unwrap()], ["--database", &url]] {
        for command in ["serve", "check", "backup"] {
            let mut arguments = [&[command], place.as_slice()].concat();
            match command {
                "serve" => arguments.extend(["--open", "--listen", "127.0.0.1:0"]),
                "backup" => arguments.push("one.backup"),
                _ => {}
            }
            let output = akson(here, &arguments);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", told(&output));
            assert!(told(&output).contains("STO-084"), "{arguments:?}: {}", told(&output));
        }
        done(here, &["copy", "--from", "data", "--to", place[1]]);
        assert!(done(here, &[&["check"], place.as_slice()].concat()).contains("Sound."));
    }
}

#[tokio::test]
async fn a_database_is_backed_up_under_its_server_and_restored_into_either() {
    let database = Postgres::start(&["fsync = off"]).unwrap();
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let url = database.url();
    let ask = serve(&["--database", &url]);
    for n in 0..30 {
        let body = json!({ "resourceType": "Patient", "id": format!("p{n}"),
                           "birthDate": "1970-01-01" });
        ask.put(&format!("/Patient/p{n}"), &body.to_string()).await;
    }
    live(&ask).await;
    let before = seen(&ask).await;
    done(here, &["backup", "--database", &url, "one.backup"]);
    assert!(done(here, &["check", "--database", &url]).contains("Sound."));
    // What comes after the backup is not in it.
    assert_eq!(ask.send("DELETE /Patient/p1", &[], String::new()).await.status, 204);

    let other = database.database("other").unwrap();
    let new = here.join("new");
    for place in [["--data", new.to_str().unwrap()], ["--database", &other]] {
        done(here, &[&["restore", "one.backup"], place.as_slice()].concat());
        assert!(done(here, &[&["check"], place.as_slice()].concat()).contains("Sound."));
        let over = akson(here, &[&["restore", "one.backup"], place.as_slice()].concat());
        assert_eq!(over.status.code(), Some(1), "{}", told(&over));
        let ask = serve(&place);
        assert_eq!(seen(&ask).await, before);
    }
    database.sql("other", "UPDATE akson_head SET commit = commit + 1").unwrap();
    let check = akson(here, &["check", "--database", &other]);
    assert_eq!(check.status.code(), Some(1), "{}", told(&check));
    assert!(told(&check).contains("the database is damaged"), "{}", told(&check));
}
