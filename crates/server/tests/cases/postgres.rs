//! The record in a real PostgreSQL: loading, serving, two servers on one database, a database that is
//! killed while it is used.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use akson_testkit::postgres::Postgres;
use akson_testkit::server::Server;
use serde_json::json;
use tempfile::TempDir;

use crate::ask::{Ask, FHIR};

pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_akson");

/// An open server of the record in a database.
pub(super) fn serve(url: &str) -> Ask {
    let arguments = ["--open", "--database", url];
    let server = Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Ask { server, client }
}

pub(super) fn patient(id: &str, family: &str) -> String {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }] }).to_string()
}

pub(super) async fn total(ask: &Ask, query: &str) -> String {
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

/// Times that a server is stopped where it is.
const STOPS: usize = 3;

/// A server that stops between the two trips of a commit holds the lock that all commit under; the
/// database ends its connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_does_not_hold_up_the_others() {
    let database = Postgres::start(&[]).unwrap();
    let nodes = Arc::new([serve(&database.url()), serve(&database.url())]);
    let signal = |name: &str| {
        let id = nodes[0].server.process_id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    let (stop, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (nodes, stop, stored) =
                (Arc::clone(&nodes), Arc::clone(&stop), Arc::clone(&stored));
            tokio::spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = format!("w{writer}-{number}");
                    let put = nodes[0].put(&format!("/Patient/{id}"), &patient(&id, "Lie")).await;
                    match put.status {
                        201 => stored.lock().unwrap().push(id),
                        503 => {}
                        other => panic!("{other}"),
                    }
                }
            })
        })
        .collect();
    let mut longest = Duration::ZERO;
    for round in 0..STOPS {
        tokio::time::sleep(Duration::from_millis(300 + 170 * round as u64)).await;
        signal("-STOP");
        let began = Instant::now();
        let id = format!("b{round}");
        let put = nodes[1].put(&format!("/Patient/{id}"), &patient(&id, "Lie")).await;
        longest = longest.max(began.elapsed());
        signal("-CONT");
        assert_eq!(put.status, 201);
        stored.lock().unwrap().push(id);
    }
    assert!(longest < Duration::from_secs(20), "{longest:?}");
    let before = stored.lock().unwrap().len();
    let began = Instant::now();
    while stored.lock().unwrap().len() < before + 50 {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let stored = std::mem::take(&mut *stored.lock().unwrap());
    println!("{} stored, the other waited {longest:?} at most", stored.len());
    for id in &stored {
        assert_eq!(nodes[1].get(&format!("/Patient/{id}/_history")).await.text("/total"), "1");
    }
    assert_eq!(total(&nodes[1], "Patient?_summary=count").await, stored.len().to_string());
}

/// Waits until so many requests are under way.
async fn under_way(ask: &Ask, count: usize) {
    let line = format!("\nakson_under_way {count}\n");
    let began = Instant::now();
    loop {
        let page = ask.client.get(format!("{}/metrics", ask.server.root())).send().await.unwrap();
        if page.text().await.unwrap().contains(&line) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "never {count} under way");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The status, and after how many seconds one may try again.
async fn told(request: reqwest::RequestBuilder) -> (u16, Option<String>) {
    let answer = tokio::time::timeout(Duration::from_secs(5), request.send()).await;
    let answer = answer.expect("it waits").unwrap();
    let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), again)
}

#[tokio::test(flavor = "multi_thread")]
async fn when_too_many_wait_whoever_reads_is_sent_away_last_and_nobody_is_kept_from_asking_how_it_is()
 {
    let database = Postgres::start(&[]).unwrap();
    let ask = serve(&database.url());
    assert_eq!(ask.put("/Patient/one", &patient("one", "Lie")).await.status, 201);
    let at = |path: &str| format!("{}{path}", ask.server.fhir());
    let read = || ask.client.get(at("/Patient/one"));
    let write =
        || ask.client.put(at("/Patient/two")).header("content-type", "application/fhir+json");
    let entry = json!({ "request": { "method": "GET", "url": "Patient/one" } });
    let bundle = json!({ "resourceType": "Bundle", "type": "batch", "entry": [entry] }).to_string();
    let bulk = || {
        ask.client.post(at("")).header("content-type", "application/fhir+json").body(bundle.clone())
    };
    let page = || ask.client.get(format!("{}/pasienter", ask.server.root()));
    let away = (503, Some("1".to_owned()));
    database.stand_still().unwrap();
    let mut waiting = Vec::new();
    let fill = |waiting: &mut Vec<_>, count: usize| {
        waiting.extend((0..count).map(|_| tokio::spawn(read().send())));
    };
    fill(&mut waiting, 512);
    under_way(&ask, 512).await;
    assert_eq!(told(bulk()).await, away, "who sends much");
    fill(&mut waiting, 256);
    under_way(&ask, 768).await;
    assert_eq!(told(write().body(patient("two", "Lie"))).await, away, "who writes");
    fill(&mut waiting, 256);
    under_way(&ask, 1_024).await;
    assert_eq!(told(read()).await, away, "who reads");
    assert_eq!(told(page()).await, away);
    let live = ask.client.get(format!("{}/health/live", ask.server.root()));
    assert_eq!(told(live).await.0, 200);
    database.move_on().unwrap();
    for waited in waiting {
        assert_eq!(waited.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(told(bulk()).await.0, 200);
    under_way(&ask, 0).await;
}
