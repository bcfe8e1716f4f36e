//! Records moved between engines, and backups of one engine restored into the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use akson_base::Problem;
use akson_store::engine::backup::{backup, restore};
use akson_store::engine::copy::{Copied, Progress, copy};
use akson_store::engine::filling::{self, Again, Filling};
use akson_store::engine::high_water::Mark;
use akson_store::engine::postgres::PostgresEngine;
use akson_store::engine::{Engine, check, commit_and_wait};
use akson_testkit::postgres::Postgres;

use super::backup::{content, fill};
use super::engines::{self, WallClock};

/// Where a test's copy goes.
pub(super) enum Target {
    Folder(PathBuf),
    Database(String),
}

impl Target {
    fn begin(&self, mark: Mark, again: Again) -> Result<Box<dyn Filling>, Problem> {
        match self {
            Self::Folder(path) => {
                filling::folder(path, &engines::small(), Arc::new(WallClock), (mark, again))
            }
            Self::Database(url) => filling::database(url, (mark, again)),
        }
    }

    pub(super) fn open(&self) -> Box<dyn Engine> {
        match self {
            Self::Folder(path) => Box::new(engines::open(path).unwrap()),
            Self::Database(url) => Box::new(engines::open_postgres(url)),
        }
    }

    /// The problem that opening it meets.
    fn refusal(&self) -> Problem {
        let opened = match self {
            Self::Folder(path) => engines::open(path).err(),
            Self::Database(url) => postgres(url).err(),
        };
        opened.expect("what is not whole must not open")
    }
}

fn postgres(url: &str) -> Result<PostgresEngine, Problem> {
    PostgresEngine::open(url, &Default::default(), Arc::new(WallClock))
}

pub(super) fn copied(source: &dyn Engine, target: &Target) -> Result<Copied, Problem> {
    let snapshot = source.lasting_snapshot().unwrap();
    copy(&*snapshot, |mark| target.begin(mark, Again::GoOn), &mut |_| {})
}

/// Copies until so much has been put down; the error stands for a kill.
pub(super) fn cut_short(source: &dyn Engine, target: &Target, entries: u64) -> Option<u64> {
    let snapshot = source.lasting_snapshot().unwrap();
    let mut went_on = None;
    let begin = |mark| {
        let inner = target.begin(mark, Again::GoOn)?;
        Ok(Box::new(Breaking { inner, left: entries }) as Box<dyn Filling>)
    };
    let outcome = copy(&*snapshot, begin, &mut |progress| {
        if let Progress::GoesOn(entries) = progress {
            went_on = Some(entries);
        }
    });
    assert_eq!(outcome.unwrap_err().code, "TEST");
    went_on
}

/// Stops in the middle.
struct Breaking {
    inner: Box<dyn Filling>,
    left: u64,
}

impl Filling for Breaking {
    fn reached(&self) -> Option<&filling::Reached> {
        self.inner.reached()
    }

    fn put(
        &mut self,
        entries: Vec<filling::Entry>,
        reached: Option<filling::Reached>,
    ) -> Result<(), Problem> {
        if reached.as_ref().is_some_and(|reached| reached.entries > self.left) {
            return Err(Problem::fault("TEST", "cut short"));
        }
        self.inner.put(entries, reached)
    }

    fn snapshot(&self) -> Result<Arc<dyn akson_store::engine::Snapshot>, Problem> {
        self.inner.snapshot()
    }

    fn finish(self: Box<Self>) -> Result<(), Problem> {
        self.inner.finish()
    }
}

/// A record of some megabytes, so that it is copied in several pieces.
pub(super) fn source(path: &Path) -> impl Engine + use<> {
    let engine = engines::open(path).unwrap();
    for n in 0..40u8 {
        let noise: Vec<u8> = (0..100_000u32).map(|i| (i.wrapping_mul(7) >> 3) as u8 ^ n).collect();
        let list = vec![
            engines::put(format!("B{n:03}"), noise),
            engines::put([b'k', b'z', 255, 255, n], [n]),
            engines::put([1, 0, n], []),
        ];
        commit_and_wait(&engine, engines::ops(list)).unwrap();
    }
    fill(&engine, 100);
    engine
}

#[test]
fn a_record_goes_to_postgresql_and_back_and_goes_on_there() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = source(&folder.path().join("a"));
    let first = Target::Database(server.database("one").unwrap());
    let second = Target::Database(server.database("two").unwrap());
    let third = Target::Folder(folder.path().join("b"));
    let summary = copied(&engine, &first).unwrap();
    assert_eq!(summary.commit, engine.last_commit().commit);
    assert_eq!(summary.content.entries(), content(&engine).len() as u64);
    let there = first.open();
    assert_eq!(content(&*there), content(&engine));
    assert_eq!(there.last_commit(), engine.last_commit());
    // A second copy over it is refused, and changes nothing.
    assert_eq!(copied(&engine, &first).unwrap_err().code, "STO-083");
    // It goes on where the original was, and so do copies of it.
    fill(&*there, 3);
    assert_eq!(copied(&*there, &second).unwrap().commit, summary.commit + 3);
    let back = copied(&*second.open(), &third).unwrap();
    let home = third.open();
    assert_eq!(content(&*home), content(&*there));
    assert_eq!((back.commit, home.last_commit().commit), (summary.commit + 3, back.commit));
    fill(&*home, 1);
    assert_eq!(copied(&*there, &third).unwrap_err().code, "STO-055");
}

#[test]
fn what_is_cut_short_goes_on_where_it_was_and_is_no_record_before() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = source(&folder.path().join("a"));
    let targets = [
        Target::Folder(folder.path().join("b")),
        Target::Database(server.database("one").unwrap()),
    ];
    for target in targets {
        let all = content(&engine).len() as u64;
        assert_eq!(cut_short(&engine, &target, 55), None);
        assert_eq!(target.refusal().code, "STO-084");
        let went_on = cut_short(&engine, &target, all - 1).expect("gone on with");
        assert!(went_on > 0 && went_on <= 55, "{went_on} of {all}");
        let later = cut_short(&engine, &target, all - 1).expect("gone on with");
        assert!(later > went_on, "{later}, {went_on}");
        // The source has changed: what is there is of no use.
        fill(&engine, 1);
        assert_eq!(cut_short(&engine, &target, all / 3), None);
        assert_eq!(target.refusal().code, "STO-084");
        copied(&engine, &target).unwrap();
        assert_eq!(content(&*target.open()), content(&engine));
    }
}

#[test]
fn a_copy_that_is_not_the_same_is_noticed_and_stays_unfinished() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = source(&folder.path().join("a"));
    let changes = [
        "UPDATE akson_entry SET v = v || '\\x00' WHERE k = 'B001'",
        "DELETE FROM akson_entry WHERE k = 'B001'",
        "INSERT INTO akson_entry VALUES ('B0011', 1, '')",
    ];
    for (at, change) in changes.iter().enumerate() {
        let name = format!("case{at}");
        let target = Target::Database(server.database(&name).unwrap());
        let all = content(&engine).len() as u64;
        cut_short(&engine, &target, all - 1);
        server.sql(&name, change).unwrap();
        assert_eq!(copied(&engine, &target).unwrap_err().code, "STO-085", "{change}");
        assert_eq!(target.refusal().code, "STO-084");
    }
}

#[test]
fn a_backup_made_under_load_is_one_moment_and_comes_back_into_either_engine() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = engines::open_postgres(&server.url());
    fill(&engine, 300);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut archive = Vec::new();
    let summary = std::thread::scope(|scope| {
        // Both keys always change together.
        scope.spawn(|| {
            for n in 0u64.. {
                let list = [b"a/pair", b"z/pair"].map(|k| engines::put(*k, n.to_be_bytes()));
                commit_and_wait(&engine, engines::ops(list.to_vec())).unwrap();
                if stop.load(std::sync::atomic::Ordering::Acquire) {
                    break;
                }
            }
        });
        let summary = backup(&engine, &mut archive, &mut |_| {}).unwrap();
        stop.store(true, std::sync::atomic::Ordering::Release);
        summary
    });
    let targets = [
        Target::Folder(folder.path().join("b")),
        Target::Database(server.database("one").unwrap()),
    ];
    for target in targets {
        let half = &mut &archive[..archive.len() / 2];
        let begin = |mark| target.begin(mark, Again::Anew);
        assert_eq!(restore(half, begin, &mut |_| {}).unwrap_err().code, "STO-069");
        assert_eq!(target.refusal().code, "STO-084");
        let again = restore(&mut &archive[..], begin, &mut |_| {}).unwrap();
        assert_eq!(again, summary);
        let copy = target.open();
        assert_eq!(copy.last_commit().commit, summary.commit);
        let there = content(&*copy);
        assert_eq!(there.get(&b"a/pair"[..]), there.get(&b"z/pair"[..]));
        assert_eq!(there.len() as u64, summary.entries);
        fill(&*copy, 3);
        assert_eq!(copy.last_commit().commit, summary.commit + 3);
    }
}

#[test]
fn damage_in_a_database_is_found() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let engine = engines::open_postgres(&server.url());
    fill(&engine, 20);
    let look = || check::check_database(&engine, &mut |_| {}, &mut |_, _| Ok(())).unwrap();
    let report = look();
    assert!(report.is_sound() && report.commits == 20, "{report:?}");
    let changes = [
        "DELETE FROM akson_entry WHERE k = (SELECT k FROM akson_entry WHERE k < 'D' \
         ORDER BY k DESC LIMIT 1)",
        "UPDATE akson_entry SET v = set_byte(v, 60, 1) WHERE k = '\\x430000000000000003'",
        "UPDATE akson_head SET commit = commit - 1",
    ];
    let mut before = Vec::new();
    for change in changes {
        server.sql("postgres", change).unwrap();
        let report = look();
        assert!(!report.is_sound(), "{change}");
        assert_ne!(report.findings, before, "{change}");
        before = report.findings;
    }
}
