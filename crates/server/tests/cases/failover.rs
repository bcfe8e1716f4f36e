//! The machine of the leading PostgreSQL server is lost under writes, again and again: Patroni makes its
//! synchronous standby the leader, and the record goes on by itself. Nothing that was acknowledged is
//! lost, nothing is stored twice, and no request fails; how long writes stood still is printed.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use akson_testkit::patroni::Patroni;
use akson_testkit::server::Server;
use serde_json::json;
use tempfile::TempDir;

use crate::ask::{Ask, FHIR};

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const WRITERS: usize = 4;
/// Between two writes of a writer, so that reading everything back takes no longer than the rest.
const PACE: Duration = Duration::from_millis(25);
/// Longest that a request may wait for the database (`STO-077`).
const BOUND: Duration = Duration::from_secs(30);

/// How often the leader is lost: three times, or what the environment says.
fn kills() -> usize {
    #[expect(clippy::disallowed_methods, reason = "ten take longer than everyone's tests should")]
    let wanted = std::env::var("AKSON_TEST_FAILOVERS");
    wanted.map_or(3, |number| number.parse().unwrap())
}

/// What writers share.
struct Work {
    ask: Ask,
    stop: AtomicBool,
    /// When each write was acknowledged.
    acknowledged: Mutex<Vec<Instant>>,
}

/// What a writer was told is stored: ids that were given, and updates of its own Patient.
struct Written {
    ids: Vec<String>,
    updates: usize,
}

fn family(writer: usize, number: usize) -> String {
    format!("w{writer}n{number}")
}

async fn write(work: Arc<Work>, writer: usize) -> Written {
    let mut written = Written { ids: Vec::new(), updates: 0 };
    while !work.stop.load(Ordering::SeqCst) {
        let name = family(writer, written.ids.len());
        let body = json!({ "resourceType": "Patient", "name": [{ "family": name }] });
        let made = work.ask.send("POST /Patient", FHIR, body.to_string()).await;
        assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.bytes));
        written.ids.push(made.text("/id"));
        work.acknowledged.lock().unwrap().push(Instant::now());
        tokio::time::sleep(PACE).await;

        let name = family(writer, written.updates);
        let id = format!("writer{writer}");
        let body = json!({ "resourceType": "Patient", "id": id, "name": [{ "family": name }] });
        let put = work.ask.put(&format!("/Patient/{id}"), &body.to_string()).await;
        assert!(put.status < 300, "{}", String::from_utf8_lossy(&put.bytes));
        written.updates += 1;
        // One more for each write: none was stored twice.
        assert_eq!(put.text("/meta/versionId"), written.updates.to_string());
        work.acknowledged.lock().unwrap().push(Instant::now());
        tokio::time::sleep(PACE).await;
    }
    written
}

async fn read_back(work: Arc<Work>, writer: usize, written: Written) -> usize {
    for (number, id) in written.ids.iter().enumerate() {
        let found = work.ask.get(&format!("/Patient/{id}")).await;
        assert_eq!(found.status, 200, "{id} was acknowledged");
        assert_eq!(found.text("/meta/versionId"), "1");
        assert_eq!(found.text("/name/0/family"), family(writer, number));
    }
    for number in 0..written.updates {
        let path = format!("/Patient/writer{writer}/_history/{}", number + 1);
        let found = work.ask.get(&path).await;
        assert_eq!(found.status, 200, "{path} was acknowledged");
        assert_eq!(found.text("/name/0/family"), family(writer, number));
    }
    let history = work.ask.get(&format!("/Patient/writer{writer}/_history?_count=1")).await;
    assert_eq!(history.text("/total"), written.updates.to_string());
    written.ids.len()
}

/// The longest time without an acknowledged write, from a moment on.
fn pause(work: &Work, since: Instant) -> Duration {
    let all = work.acknowledged.lock().unwrap();
    let before = all.iter().rposition(|when| *when <= since).unwrap_or(0);
    all[before..].windows(2).map(|two| two[1] - two[0]).max().unwrap()
}

/// Kills the leader, starts it again, and waits until it follows; answers how long writes stood still.
fn lose_the_leader(cluster: &mut Patroni, work: &Work) -> Duration {
    let leader = cluster.whole().unwrap();
    let killed = Instant::now();
    cluster.kill(leader).unwrap();
    // Writes go on before it is back.
    while !work
        .acknowledged
        .lock()
        .unwrap()
        .iter()
        .any(|when| *when > killed + Duration::from_secs(1))
    {
        assert!(killed.elapsed() < BOUND * 2, "no write after the leader was lost");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    cluster.go_on(leader).unwrap();
    let next = cluster.whole().unwrap();
    assert_ne!(next, leader, "the standby leads");
    pause(work, killed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_lost_under_writes_costs_a_pause_and_nothing_else() {
    let mut cluster = Patroni::start().unwrap();
    let url = cluster.database("akson").unwrap();
    let arguments = ["--open", "--database", &url];
    let server = Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let work = Arc::new(Work {
        ask: Ask { server, client },
        stop: AtomicBool::new(false),
        acknowledged: Mutex::default(),
    });
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(Arc::clone(&work), writer))).collect();
    let mut pauses = Vec::new();
    for _ in 0..kills() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!writers.iter().any(tokio::task::JoinHandle::is_finished), "a writer failed");
        pauses.push(tokio::task::block_in_place(|| lose_the_leader(&mut cluster, &work)));
    }
    work.stop.store(true, Ordering::SeqCst);
    let mut readers = Vec::new();
    for (writer, written) in writers.into_iter().enumerate() {
        let written = written.await.unwrap();
        readers.push(tokio::spawn(read_back(Arc::clone(&work), writer, written)));
    }
    let mut created = 0;
    for reader in readers {
        created += reader.await.unwrap();
    }
    // All that there is was acknowledged, once.
    let total = work.ask.get("/Patient?_summary=count").await.text("/total");
    assert_eq!(total, (created + WRITERS).to_string());
    println!(
        "{} kills, {} writes acknowledged, none lost; pauses: {pauses:.1?}",
        pauses.len(),
        work.acknowledged.lock().unwrap().len()
    );
    assert!(pauses.iter().all(|pause| *pause < BOUND), "{pauses:?}");
    let checked = Command::new(BINARY).args(["check", "--database", &url]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
