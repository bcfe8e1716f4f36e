//! The record in a real PostgreSQL: loading, serving, two servers on one database, a database that is
//! killed while it is used.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use akson_testkit::postgres::Postgres;
use akson_testkit::server::Server;
use serde_json::json;
use tempfile::TempDir;

use crate::ask::{Ask, FHIR};

const BINARY: &str = env!("CARGO_BIN_EXE_akson");

/// An open server of the record in a database.
pub(super) fn serve(url: &str) -> Ask {
    let arguments = ["--open", "--database", url];
    let server = Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Ask { server, client }
}

fn patient(id: &str, family: &str) -> String {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }] }).to_string()
}

async fn total(ask: &Ask, query: &str) -> String {
    ask.get(&format!("/{query}")).await.text("/total")
}

#[tokio::test]
async fn what_is_loaded_is_served_and_is_there_after_a_kill_of_the_server() {
    let database = Postgres::start(&[]).unwrap();
    let url = database.url();
    let folder = TempDir::new().unwrap();
    let lines: Vec<_> = (0..300).map(|n| patient(&format!("p{n}"), &format!("Lie{n}"))).collect();
    std::fs::write(folder.path().join("people.ndjson"), lines.join("\n")).unwrap();
    let loaded = Command::new(BINARY)
        .current_dir(folder.path())
        .args(["load", "people.ndjson", "--database", &url])
        .output()
        .unwrap();
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    let mut ask = serve(&url);
    assert_eq!(total(&ask, "Patient?_summary=count").await, "300");
    assert_eq!(total(&ask, "Patient?family=lie29&_summary=count").await, "11");
    assert_eq!(ask.put("/Patient/new", &patient("new", "Ny")).await.status, 201);
    ask.server.kill().unwrap();
    ask.server.restart().unwrap();
    assert_eq!(ask.get("/Patient/new").await.text("/name/0/family"), "Ny");
    assert_eq!(total(&ask, "Patient?_summary=count").await, "301");
    assert_eq!(total(&ask, "Patient/new/_history").await, "1");
    assert!(ask.server.stop().unwrap().success());
}

#[tokio::test]
async fn two_servers_on_one_database_see_each_others_writes_at_once_and_one_wins_a_race() {
    let database = Postgres::start(&[]).unwrap();
    let both = [Arc::new(serve(&database.url())), Arc::new(serve(&database.url()))];
    for n in 0..40 {
        let (writer, reader) = (&both[n % 2], &both[(n + 1) % 2]);
        let path = format!("/Patient/x{n}");
        assert_eq!(writer.put(&path, &patient(&format!("x{n}"), "En")).await.status, 201);
        assert_eq!(reader.get(&path).await.status, 200, "{path}");
        let mut tries = Vec::new();
        for ask in &both {
            let ask = Arc::clone(ask);
            let body = patient(&format!("x{n}"), "To");
            let headers = [FHIR[0], ("If-Match", "W/\"1\"")];
            let path = path.clone();
            tries.push(tokio::spawn(async move {
                ask.send(&format!("PUT {path}"), &headers, body).await.status
            }));
        }
        let mut statuses = Vec::new();
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
    // Numbers are not given twice: every id that servers assign leads to its own resource.
    let mut ids = std::collections::HashSet::new();
    for n in 0..20 {
        let body = json!({ "resourceType": "Patient" }).to_string();
        let made = both[n % 2].send("POST /Patient", FHIR, body).await;
        assert_eq!(made.status, 201);
        assert!(ids.insert(made.text("/id")));
    }
    assert_eq!(total(&both[0], "Patient?_summary=count").await, "60");
}

#[tokio::test]
async fn a_database_that_is_killed_under_writes_costs_nothing_that_was_acknowledged() {
    let mut database = Postgres::start(&[]).unwrap();
    let ask = Arc::new(serve(&database.url()));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let ask = Arc::clone(&ask);
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..150 {
                    let id = format!("c{client}-{n}");
                    let made = ask.put(&format!("/Patient/{id}"), &patient(&id, "Vik")).await;
                    // Without an error for the caller: the write waits for the database.
                    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.bytes));
                    acknowledged.push(id);
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        database.kill().unwrap();
        database.go_on().unwrap();
    }
    for client in clients {
        for id in client.await.unwrap() {
            assert_eq!(total(&ask, &format!("Patient/{id}/_history")).await, "1");
        }
    }
    assert_eq!(total(&ask, "Patient?_summary=count").await, "600");
}
