//! A PostgreSQL that is there and does not answer: requests wait within their bound and no longer,
//! readiness says so, and all goes on by itself when it answers again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use akson_store::engine::postgres::{Options, PostgresEngine};
use akson_store::engine::{CommitError, Engine, commit_and_wait};
use akson_testkit::postgres::Postgres;

use super::engines::{self, WallClock};

const PATIENCE: Duration = Duration::from_secs(3);
/// A try of a second that began at the end of the patience, and a busy machine.
const SLACK: Duration = Duration::from_secs(4);

fn open(url: &str) -> PostgresEngine {
    let options = Options { patience: PATIENCE, ..Options::default() };
    PostgresEngine::open(url, &options, Arc::new(WallClock)).unwrap()
}

fn write(engine: &PostgresEngine, key: &str) -> Result<(), String> {
    let transaction = engines::ops(vec![engines::put(key, "v")]);
    match commit_and_wait(engine, transaction) {
        Ok(_) => Ok(()),
        Err(CommitError::Problem(problem)) => Err(problem.code.to_owned()),
        Err(other) => panic!("{other:?}"),
    }
}

fn is_there(engine: &PostgresEngine, key: &str) -> bool {
    engine.snapshot().get(key.as_bytes()).unwrap().is_some()
}

/// What a call comes to, and how long it took.
fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (call(), began.elapsed())
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Without being told, and what is written then is there.
fn goes_on(engine: &PostgresEngine) {
    until("it recovers by itself", || engine.writable().is_ok());
    write(engine, "after").unwrap();
    assert!(is_there(engine, "after"));
}

#[test]
fn while_somebody_holds_the_lock_writes_end_in_time_and_reads_go_on() {
    let server = Postgres::start(&[]).unwrap();
    let engine = open(&server.url());
    write(&engine, "before").unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let hold = "BEGIN; SELECT * FROM akson_head FOR UPDATE; SELECT pg_sleep(60)";
    let _holder = server.begin_sql("postgres", hold).unwrap();
    until("the lock is held", || {
        let held = "SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' \
             AND relation = 'akson_head'::regclass";
        server.sql("postgres", held).unwrap() != "0"
    });
    std::thread::scope(|scope| {
        let early = scope.spawn(|| timed(|| write(&engine, "early")));
        std::thread::sleep(PATIENCE * 2 / 3);
        assert!(engine.writable().is_err(), "a write waits for longer than half of the time");
        assert!(is_there(&engine, "before"), "reads need no lock");
        let late = scope.spawn(|| timed(|| write(&engine, "late")));
        for (outcome, took) in [early.join().unwrap(), late.join().unwrap()] {
            assert_eq!(outcome, Err("STO-077".to_owned()));
            assert!(took < PATIENCE + SLACK, "{took:?}");
        }
    });
    assert!(engine.writable().is_err());
    until("nobody waits who was given up", || server.sql("postgres", waiting).unwrap() == "0");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' \
         AND pid <> pg_backend_pid()";
    assert_eq!(server.sql("postgres", end).unwrap(), "t");
    goes_on(&engine);
    assert_eq!(["early", "late"].map(|key| is_there(&engine, key)), [false, false]);
}

#[test]
fn a_database_that_stands_still_is_waited_for_within_the_bound() {
    let server = Postgres::start(&[]).unwrap();
    let engine = open(&server.url());
    write(&engine, "before").unwrap();
    server.stand_still().unwrap();
    std::thread::scope(|scope| {
        let write = scope.spawn(|| timed(|| write(&engine, "during")));
        let read = scope.spawn(|| timed(|| engine.snapshot().get(b"before").map_err(|p| p.code)));
        let (outcome, took) = write.join().unwrap();
        assert_eq!(outcome, Err("STO-077".to_owned()));
        assert!(took < PATIENCE + SLACK, "{took:?}");
        let (outcome, took) = read.join().unwrap();
        assert_eq!(outcome.unwrap_err(), "STO-077");
        assert!(took < PATIENCE + SLACK, "{took:?}");
    });
    assert_eq!(engine.writable().unwrap_err().code, "STO-077");
    server.move_on().unwrap();
    goes_on(&engine);
    assert_eq!(["before", "during"].map(|key| is_there(&engine, key)), [true, false]);
}

#[test]
fn readiness_hears_of_a_database_that_nobody_asks() {
    let server = Postgres::start(&[]).unwrap();
    let engine = open(&server.url());
    server.stand_still().unwrap();
    until("it is told", || engine.writable().is_err());
    server.move_on().unwrap();
    until("it recovers by itself", || engine.writable().is_ok());
}

#[test]
fn a_host_that_says_nothing_does_not_keep_us_from_the_next() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Postgres::start(&[]).unwrap();
    let silent = silent.local_addr().unwrap();
    let url = server.url().replace("@127.0.0.1", &format!("@{silent},127.0.0.1"));
    let options = Options { patience: Duration::from_secs(20), readers: 1, ..Options::default() };
    let engine = PostgresEngine::open(&url, &options, Arc::new(WallClock)).unwrap();
    write(&engine, "one").unwrap();
    assert!(is_there(&engine, "one"));
}
