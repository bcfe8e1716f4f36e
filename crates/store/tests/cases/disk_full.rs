//! A full disk: writing is refused clearly, reading goes on, nothing is damaged, and writing comes
//! back. On a small file system of its own where the test may mount one.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use akson_base::Kind;
use akson_store::engine::check::check;
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::{CommitError, Committed, Engine, Transaction, commit_and_wait};

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

fn fill(engine: &dyn Engine) -> (u32, CommitError) {
    for number in 0..10_000 {
        if let Err(error) = write(engine, number) {
            return (number, error);
        }
    }
    panic!("the disk never became full");
}

fn all_there(engine: &dyn Engine, count: u32) {
    let snapshot = engine.snapshot();
    for number in 0..count {
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
    let CommitError::Problem(problem) = error else { panic!("{error:?}") };
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

#[test]
fn without_a_reserve_a_really_full_disk_damages_nothing() {
    let Some(disk) = Mounted::new(160) else {
        println!("skipped: this user may not mount a small file system");
        return;
    };
    let data = disk.path().join("data");
    let engine = open(&data, 0);
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 60 << 20]).unwrap();
    let (stored, error) = fill(&engine);
    let CommitError::Problem(problem) = error else { panic!("{error:?}") };
    assert_eq!(problem.kind, Kind::Busy, "{problem}");
    all_there(&engine, stored);
    let CommitError::Problem(problem) = write(&engine, stored + 7).unwrap_err() else { panic!() };
    assert_eq!(problem.kind, Kind::Busy, "{problem}");
    drop(engine);
    std::fs::remove_file(&ballast).unwrap();
    is_sound(&data);
    let engine = open(&data, 0);
    all_there(&engine, stored);
    write(&engine, stored + 1).unwrap();
}
