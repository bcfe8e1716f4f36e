//! PostgreSQL killed under write load, by writers of two processes' worth of engines: whatever was
//! acknowledged is there, whole and once.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use akson_store::engine::postgres::PostgresEngine;
use akson_store::engine::{CommitError, Engine, chain, commit_and_wait};
use akson_store::keys;
use akson_testkit::postgres::Postgres;

use super::engines;
use super::kills::{WRITERS, counter, transaction, verify};

const KILLS: usize = 8;

/// Writes until told to stop; answers the last number that was acknowledged.
fn write(engine: &PostgresEngine, writer: usize, stop: &AtomicBool, written: &AtomicU64) -> u64 {
    let (mut acknowledged, mut next) = (0, 1);
    while !stop.load(Ordering::Acquire) {
        match commit_and_wait(engine, transaction(writer, next)) {
            Ok(_) => {
                acknowledged = next;
                written.fetch_add(1, Ordering::Relaxed);
            }
            // Not stored, or not known: what is there decides where to go on.
            Err(CommitError::Problem(problem)) => {
                assert!(["STO-077", "STO-081"].contains(&problem.code), "{problem}");
                acknowledged = counter(&*engine.snapshot(), writer);
            }
            Err(other) => panic!("{other:?}"),
        }
        next = acknowledged + 1;
    }
    acknowledged
}

#[test]
fn a_killed_server_loses_nothing_that_was_acknowledged_and_stores_nothing_twice() {
    killed_under_load(Postgres::start(&[]).unwrap(), KILLS);
}

/// Kills it so often under the writes of two engines, and looks for what it had acknowledged.
pub(super) fn killed_under_load(server: Postgres, kills: usize) {
    let url = server.url();
    let server = Mutex::new(server);
    let engines = [engines::open_postgres(&url), engines::open_postgres(&url)];
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let (stop, written, engines) = (&stop, &written, &engines);
    let acknowledged: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(&engines[writer % 2], writer, stop, written)))
            .collect();
        for kill in 0..kills {
            // Some work between kills, and a moment that differs.
            let before = written.load(Ordering::Relaxed);
            let began = Instant::now();
            while written.load(Ordering::Relaxed) < before + 200 + 37 * kill as u64 {
                assert!(began.elapsed() < Duration::from_secs(60), "nothing is written any more");
                std::thread::sleep(Duration::from_millis(1));
            }
            let mut server = server.lock().unwrap();
            server.kill().unwrap();
            server.go_on().unwrap();
        }
        stop.store(true, Ordering::Release);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    for engine in engines {
        verify_all(engine, &acknowledged);
    }
}

fn verify_all(engine: &PostgresEngine, acknowledged: &[u64]) {
    let snapshot = engine.snapshot();
    // The newest commit may be the other engine's: its number is in the chain.
    let newest = chain::newest(&*snapshot).unwrap().unwrap().commit;
    chain::verify_chain(&*snapshot, 1, newest, &mut |_| {}).unwrap();
    let mut seen = HashSet::new();
    for commit in 1..=newest {
        let record = chain::decode(&snapshot.get(&keys::commit(commit)).unwrap().unwrap()).unwrap();
        for change in record.changes {
            assert!(seen.insert((change.resource, change.version)), "stored twice: {change:?}");
        }
    }
    let expected: u64 = (0..WRITERS).map(|writer| counter(&*snapshot, writer)).sum();
    assert_eq!(seen.len() as u64, expected);
    verify(engine, acknowledged, 300);
}
