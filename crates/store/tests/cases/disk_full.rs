//! A full disk: writing is refused clearly, reading goes on, nothing is damaged, and writing comes
//! back. On a small file system of its own where the test may mount one.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};
use akson_store::engine::check::check;
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::postgres::{self, PostgresEngine};
use akson_store::engine::{CommitError, Committed, Engine, Transaction, chain, commit_and_wait};
use akson_testkit::postgres::Postgres;

use super::engines::{self, WallClock};

struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "akson-test"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn open(path: &Path, reserve_megabytes: u64) -> FjallEngine {
    let options = Options { reserve_bytes: reserve_megabytes << 20, ..engines::small() };
    FjallEngine::open(path, &options, Arc::new(WallClock)).unwrap()
}

fn write(engine: &dyn Engine, number: u32) -> Result<Committed, CommitError> {
    let mut random = engines::Random(u64::from(number) + 1);
    let value: Vec<u8> = (0..200_000).map(|_| random.next() as u8).collect();
    commit_and_wait(engine, engines::ops(vec![engines::put(format!("k{number:05}"), value)]))
}

/// Why a write without preconditions was refused.
fn refusal(error: CommitError) -> Problem {
    let CommitError::Problem(problem) = error else { panic!("{error:?}") };
    problem
}

fn fill(engine: &dyn Engine) -> (u32, CommitError) {
    fill_from(engine, 0)
}

fn fill_from(engine: &dyn Engine, first: u32) -> (u32, CommitError) {
    for number in first..first + 10_000 {
        if let Err(error) = write(engine, number) {
            return (number, error);
        }
    }
    panic!("the disk never became full");
}

fn all_there(engine: &dyn Engine, count: u32) {
    there(engine, 0..count);
}

fn there(engine: &dyn Engine, numbers: impl Iterator<Item = u32>) {
    let snapshot = engine.snapshot();
    for number in numbers {
        let value = snapshot.get(format!("k{number:05}").as_bytes()).unwrap();
        assert_eq!(value.map(|v| v.len()), Some(200_000), "k{number:05}");
    }
}

fn is_sound(path: &Path) {
    let options = Options { reserve_bytes: 0, ..engines::small() };
    let report =
        check(path, &options, Arc::new(WallClock), &mut |_| {}, &mut |_, _| Ok(())).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn with_a_reserve_writing_stops_in_time_and_comes_back() {
    let Some(disk) = Mounted::new(256) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let data = disk.path().join("data");
    let engine = open(&data, 96);
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 60 << 20]).unwrap();
    let (stored, error) = fill(&engine);
    let problem = refusal(error);
    assert_eq!((problem.kind, problem.code), (Kind::Busy, "STO-057"));
    assert!(problem.for_caller.contains("disk is full"), "{problem}");
    assert!(stored > 50, "only {stored} were stored");
    all_there(&engine, stored);
    // Reads are logged, and that must go on too.
    let log = Transaction { log: vec![b"read".to_vec()], ..Transaction::default() };
    commit_and_wait(&engine, log).unwrap();
    std::fs::remove_file(&ballast).unwrap();
    write(&engine, stored).unwrap();
    drop(engine);
    is_sound(&data);
    let engine = open(&data, 1);
    all_there(&engine, stored + 1);
}

/// Writes until it is taken: the engine looks for room when it has something to do.
fn write_again(engine: &dyn Engine, number: u32) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match write(engine, number) {
            Ok(_) => return,
            Err(CommitError::Problem(problem)) if problem.kind == Kind::Busy => {}
            Err(error) => panic!("{error:?}"),
        }
        assert!(Instant::now() < until, "writing does not come back");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Leaves less room than a write takes.
fn take_all_room(ballast: &Path) {
    let mut file = std::fs::File::options().create(true).append(true).open(ballast).unwrap();
    while file.write_all(&[1; 1 << 12]).is_ok() {}
}

/// A commit of the log alone needs no reserve here, so it runs into the end of the disk.
fn fail_in_the_journal(engine: &dyn Engine, ballast: &Path) {
    take_all_room(ballast);
    let mut random = engines::Random(9);
    let log = vec![(0..8 << 20).map(|_| random.next() as u8).collect()];
    let outcome = commit_and_wait(engine, Transaction { log, ..Transaction::default() });
    let problem = refusal(outcome.unwrap_err());
    assert_eq!((problem.kind, problem.code), (Kind::Busy, "STO-056"), "{problem}");
}

/// What is in memory finds no room as a table.
fn fail_in_a_flush(engine: &dyn Engine, ballast: &Path) {
    take_all_room(ballast);
    // A merge that ended meanwhile may have made room for it.
    for _ in 0..100 {
        if engine.settle().is_err() {
            break;
        }
        std::fs::remove_file(ballast).unwrap();
        let ops = engines::ops(vec![engines::put("scratch", vec![1; 200_000])]);
        commit_and_wait(engine, ops).unwrap();
        take_all_room(ballast);
    }
    let log = Transaction { log: vec![b"read".to_vec()], ..Transaction::default() };
    let outcome = commit_and_wait(engine, log);
    let problem = refusal(outcome.unwrap_err());
    assert_eq!((problem.kind, problem.code), (Kind::Busy, "STO-064"), "{problem}");
}

#[test]
fn without_a_reserve_a_really_full_disk_damages_nothing_and_writing_comes_back() {
    let Some(disk) = Mounted::new(320) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let data = disk.path().join("data");
    let engine = open(&data, 0);
    write(&engine, 0).unwrap();
    let done = AtomicBool::new(false);
    let (next, refused) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(&engine, &done));
        let outcome =
            catch_unwind(AssertUnwindSafe(|| rounds(&engine, &disk.path().join("ballast"))));
        // Whatever came of it, the reader is to end.
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 100, "reading goes on");
        outcome.unwrap()
    });
    // Stopped in that state it is whole, too.
    fail_in_the_journal(&engine, &disk.path().join("ballast"));
    drop(engine);
    std::fs::remove_file(disk.path().join("ballast")).unwrap();
    is_sound(&data);
    let engine = open(&data, 0);
    there(&engine, (0..next).filter(|number| !refused.contains(number)));
    write(&engine, next).unwrap();
}

/// Reads what was stored first, again and again; tells how often that was answered.
fn read_until(engine: &dyn Engine, done: &AtomicBool) -> usize {
    let mut answered = 0;
    while !done.load(Ordering::Relaxed) {
        match engine.snapshot().get(b"k00000") {
            Ok(value) => {
                assert_eq!(value.map(|value| value.len()), Some(200_000));
                answered += 1;
            }
            Err(problem) => assert_eq!(problem.kind, Kind::Busy, "{problem}"),
        }
    }
    answered
}

/// Fills the disk, lets a write fail, makes room, writes again; tells how many were written, and which
/// of them were refused.
fn rounds(engine: &dyn Engine, ballast: &Path) -> (u32, Vec<u32>) {
    let mut next = 1;
    let mut refused = Vec::new();
    let ways: [fn(&dyn Engine, &Path); 2] = [fail_in_the_journal, fail_in_a_flush];
    for (round, fail) in ways.iter().cycle().take(6).enumerate() {
        for number in next..next + 20 {
            write(engine, number).unwrap();
        }
        next += 20;
        fail(engine, ballast);
        let problem = refusal(write(engine, next).unwrap_err());
        assert_eq!((problem.kind, problem.code), (Kind::Busy, "STO-064"), "round {round}");
        assert_eq!(engine.writable().unwrap_err().code, "STO-064");
        refused.push(next);
        std::fs::remove_file(ballast).unwrap();
        write_again(engine, next + 1);
        next += 2;
        assert_eq!(engine.writable(), Ok(()));
        there(engine, (0..next).filter(|number| !refused.contains(number)));
    }
    (next, refused)
}

/// PostgreSQL refuses, or falls over when it cannot write ahead; nothing that was acknowledged is lost, and
/// writing comes back when there is room, after a start of PostgreSQL if it fell.
#[test]
fn a_full_disk_under_postgresql_loses_nothing_and_writing_comes_back() {
    let Some(disk) = Mounted::new(256) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let ballast = disk.path().join("ballast");
    let folder = tempfile::tempdir_in(disk.path()).unwrap();
    let mut server = Postgres::start_in(folder, &[], &[]).unwrap();
    let options = postgres::Options { patience: Duration::from_secs(2), ..Default::default() };
    let engine = PostgresEngine::open(&server.url(), &options, Arc::new(WallClock)).unwrap();
    std::fs::write(&ballast, vec![1; 60 << 20]).unwrap();
    let began = Instant::now();
    let (stored, error) = fill(&engine);
    let problem = refusal(error);
    assert!(["STO-077", "STO-081"].contains(&problem.code), "{problem}");
    println!("{stored} were stored in {:?}: {problem}", began.elapsed());
    assert!(stored > 20, "only {stored} were stored");
    assert!(engine.writable().is_err());
    std::fs::remove_file(&ballast).unwrap();
    if !server.is_running().unwrap() {
        println!("PostgreSQL fell over");
        server.go_on().unwrap();
    }
    write_again(&engine, stored + 1);
    assert_eq!(engine.writable(), Ok(()));
    all_there(&engine, stored);
    there(&engine, stored + 1..stored + 2);
    let newest = engine.last_commit().commit;
    chain::verify_chain(&*engine.snapshot(), 1, newest, &mut |_| {}).unwrap();
}
