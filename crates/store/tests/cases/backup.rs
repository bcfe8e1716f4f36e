//! Backup of a running engine, and restore.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use akson_base::Problem;
use akson_store::engine::backup::{Summary, backup, restore};
use akson_store::engine::filling::{self, Again};
use akson_store::engine::{Direction, Engine, Range, chain, commit_and_wait};

use super::engines::{self, WallClock};

pub(super) fn content(engine: &dyn Engine) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut content = BTreeMap::new();
    let all = Range { start: Vec::new(), end: vec![0xff; 100] };
    let mut add = |key: &[u8], value: &[u8]| {
        content.insert(key.to_vec(), value.to_vec());
        Ok(true)
    };
    engine.snapshot().visit(&all, Direction::Ascending, &mut add).unwrap();
    content
}

fn restored(path: &Path, archive: &[u8]) -> Result<Summary, Problem> {
    let (options, clock) = (engines::small(), Arc::new(WallClock));
    let begin = |mark| filling::folder(path, &options, clock, (mark, Again::Anew));
    restore(&mut &archive[..], begin, &mut |_| {})
}

pub(super) fn fill(engine: &dyn Engine, count: u32) {
    for n in 0..count {
        let value = format!("value {n} ").repeat(20);
        let mut transaction = engines::ops(vec![engines::put(format!("k{n:06}"), value)]);
        transaction.log = vec![format!("entry {n}").into_bytes()];
        commit_and_wait(engine, transaction).unwrap();
    }
}

#[test]
fn a_backup_made_under_load_is_one_moment_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engines::open(&folder.path().join("a")).unwrap();
    fill(&engine, 500);
    let stop = AtomicBool::new(false);
    let mut archive = Vec::new();
    let summary = std::thread::scope(|scope| {
        // Both keys always change together.
        scope.spawn(|| {
            for n in 0u64.. {
                let list = [b"pair/a", b"pair/b"].map(|k| engines::put(*k, n.to_be_bytes()));
                commit_and_wait(&engine, engines::ops(list.to_vec())).unwrap();
                if stop.load(Ordering::Acquire) {
                    break;
                }
            }
        });
        let summary = backup(&engine, &mut archive, &mut |_| {}).unwrap();
        stop.store(true, Ordering::Release);
        summary
    });
    let path = folder.path().join("b");
    assert_eq!(restored(&path, &archive).unwrap(), summary);
    let copy = engines::open(&path).unwrap();
    assert_eq!(copy.last_commit().commit, summary.commit);
    let there = content(&copy);
    assert_eq!(there.get(&b"pair/a"[..]), there.get(&b"pair/b"[..]));
    assert_eq!(there.len() as u64, summary.entries);
    let original = content(&engine);
    assert!(there.iter().all(|(k, v)| k.starts_with(b"pair/") || original.get(k) == Some(v)));
    chain::verify_chain(&*copy.snapshot(), 1, summary.commit, &mut |_| {}).unwrap();
    // It goes on where the original was.
    fill(&copy, 3);
    assert_eq!(copy.last_commit().commit, summary.commit + 3);
}

#[test]
fn an_empty_store_is_backed_up_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engines::open(&folder.path().join("a")).unwrap();
    let mut archive = Vec::new();
    backup(&engine, &mut archive, &mut |_| {}).unwrap();
    assert_eq!(restored(&folder.path().join("b"), &archive).unwrap().commit, 0);
    assert_eq!(engines::open(&folder.path().join("b")).unwrap().last_commit().commit, 0);
}

#[test]
fn damaged_backups_and_used_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let engine = engines::open(&path).unwrap();
    fill(&engine, 50);
    let mut archive = Vec::new();
    backup(&engine, &mut archive, &mut |_| {}).unwrap();
    assert_eq!(restored(&path, &archive).unwrap_err().code, "STO-055");

    let used = folder.path().join("used");
    std::fs::create_dir(&used).unwrap();
    std::fs::write(used.join("letter.txt"), "").unwrap();
    let problem = restored(&used, &archive).unwrap_err();
    assert!(problem.for_caller.contains("letter.txt"), "{problem}");

    let step = archive.len() / 40;
    for (n, at) in (0..archive.len()).step_by(step).enumerate() {
        let mut bad = archive.clone();
        bad[at] ^= 0x40;
        let target = folder.path().join(format!("flip{n}"));
        if let Ok(summary) = restored(&target, &bad) {
            // A bit that the compression does not use.
            let copy = engines::open(&target).unwrap();
            assert_eq!(content(&copy), content(&engine), "byte {at}, {summary:?}");
            continue;
        }
        let half = target.exists().then(|| engines::open(&target).is_err());
        assert!(half != Some(false), "half a restore must not open");
        let target = folder.path().join(format!("cut{n}"));
        assert_eq!(restored(&target, &archive[..at]).unwrap_err().code, "STO-069", "cut {at}");
    }
}
