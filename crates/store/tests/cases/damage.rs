//! Flipped, cut, zeroed, lengthened and lost files of every kind: noticed, or nothing is lost.
//! Never a panic, never other data than was written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use akson_base::Problem;
use akson_store::engine::check::{Report, check};
use akson_store::engine::{Direction, Engine, Op, Range, Transaction, commit_and_wait};

use super::engines::{self, Random, WallClock};

type Content = BTreeMap<Vec<u8>, Vec<u8>>;
type Files = BTreeMap<PathBuf, Vec<u8>>;

const TRIALS: usize = 400;

/// A folder as it lies on the disk, and what it holds.
struct Template {
    name: &'static str,
    files: Files,
    content: Content,
}

fn content(engine: &dyn Engine) -> Result<Content, Problem> {
    let mut content = Content::new();
    let all = Range { start: Vec::new(), end: vec![0xff; 100] };
    engine.snapshot().visit(&all, Direction::Ascending, &mut |key, value| {
        content.insert(key.to_vec(), value.to_vec());
        Ok(true)
    })?;
    Ok(content)
}

fn read_files(root: &Path) -> Files {
    fn walk(root: &Path, folder: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(mut bytes) = std::fs::read(&path) {
                // Journals are made longer than what is written of them.
                let written = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
                bytes.truncate(bytes.len().min(written + 4096));
                files.insert(path.strip_prefix(root).unwrap().to_path_buf(), bytes);
            }
        }
    }
    let mut files = Files::new();
    walk(root, root, &mut files);
    files
}

fn write_files(root: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::create_dir_all(root.join("engine/keyspaces/0/tables")).unwrap();
    std::fs::create_dir_all(root.join("engine/keyspaces/1/tables")).unwrap();
}

fn folder() -> tempfile::TempDir {
    // Thousands of waits for the disk are not what is tested here.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn write(engine: &dyn Engine, commits: std::ops::Range<u32>) {
    let mut random = Random(7);
    for n in commits {
        let value: Vec<u8> = (0..random.below(600)).map(|_| random.next() as u8).collect();
        let mut list = vec![engines::put(format!("k{n:05}"), value.clone())];
        list.push(engines::put(format!("k{:05}", n / 2), [&value[..], b"again"].concat()));
        list.push(Op::Delete { key: format!("k{:05}", n / 3).into_bytes() });
        let transaction = Transaction { ops: list, log: vec![value; 2], ..Transaction::default() };
        commit_and_wait(engine, transaction).unwrap();
    }
}

/// Tables and a journal with the newest commits, as a kill leaves them.
fn killed() -> Template {
    let folder = folder();
    let engine = engines::open(folder.path()).unwrap();
    write(&engine, 0..200);
    engine.settle().unwrap();
    write(&engine, 200..300);
    let content = content(&engine).unwrap();
    Template { name: "killed", files: read_files(folder.path()), content }
}

/// Nothing but a journal.
fn young() -> Template {
    let folder = folder();
    let engine = engines::open(folder.path()).unwrap();
    write(&engine, 0..60);
    let content = content(&engine).unwrap();
    Template { name: "young", files: read_files(folder.path()), content }
}

/// Everything in tables.
fn closed() -> Template {
    let folder = folder();
    let engine = engines::open(folder.path()).unwrap();
    write(&engine, 0..100);
    let content = content(&engine).unwrap();
    drop(engine);
    Template { name: "closed", files: read_files(folder.path()), content }
}

fn damage(files: &mut Files, random: &mut Random) -> String {
    let at = random.below(files.len());
    let path = files.keys().nth(at).unwrap().clone();
    let bytes = files.get_mut(&path).unwrap();
    let name = path.display();
    let place = if bytes.is_empty() { 0 } else { random.below(bytes.len()) };
    match random.below(12) {
        0 => {
            files.remove(&path);
            format!("{name} removed")
        }
        1 => {
            bytes.truncate(place);
            format!("{name} cut at {place}")
        }
        2 => {
            let end = bytes.len().min(place + 1 + random.below(512));
            bytes[place..end].fill(0);
            format!("{name} zeroed from {place} to {end}")
        }
        3 => {
            let more = 1 + random.below(64);
            bytes.extend((0..more).map(|_| random.next() as u8));
            format!("{name} lengthened by {more}")
        }
        _ if bytes.is_empty() => format!("{name} is empty: left alone"),
        _ => {
            let bit = random.below(8);
            bytes[place] ^= 1 << bit;
            format!("{name} bit {bit} of byte {place} flipped")
        }
    }
}

fn run_check(path: &Path) -> Result<Report, Problem> {
    check(path, &engines::small(), Arc::new(WallClock), &mut |_| {}, &mut |_, _| Ok(()))
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Noticed,
    Harmless,
}

fn trial(files: &Files, expected: &Content) -> Result<Verdict, String> {
    let checked = folder();
    write_files(checked.path(), files);
    let sound = match run_check(checked.path()) {
        Ok(report) => report.is_sound(),
        Err(_) => false,
    };
    let opened = folder();
    write_files(opened.path(), files);
    let found = engines::open(opened.path()).and_then(|engine| content(&engine));
    match found {
        Ok(found) if found == *expected => {
            Ok(if sound { Verdict::Harmless } else { Verdict::Noticed })
        }
        Ok(found) => Err(format!("{} keys served of {}", found.len(), expected.len())),
        Err(problem) if sound => Err(format!("check found nothing, but: {problem}")),
        Err(_) => Ok(Verdict::Noticed),
    }
}

#[test]
fn any_damage_to_any_file_is_noticed_or_harmless() {
    let templates = [killed(), young(), closed()];
    for template in &templates {
        let verdict = trial(&template.files, &template.content);
        assert_eq!(verdict, Ok(Verdict::Harmless), "undamaged: {}", template.name);
    }
    let mut random = Random(20_261_121);
    let mut wrong = Vec::new();
    let (mut noticed, mut harmless) = (0, BTreeMap::<String, u32>::new());
    for at in 0..TRIALS {
        let template = &templates[at % templates.len()];
        let mut files = template.files.clone();
        let what = damage(&mut files, &mut random);
        match trial(&files, &template.content) {
            Ok(Verdict::Noticed) => noticed += 1,
            Ok(Verdict::Harmless) => {
                let file = what.split(' ').next().unwrap_or_default().to_owned();
                *harmless.entry(file).or_default() += 1;
            }
            Err(why) => wrong.push(format!("trial {at}, {}: {what}: {why}", template.name)),
        }
    }
    println!("{TRIALS} trials: {noticed} noticed; harmless: {harmless:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(noticed > TRIALS / 3);
}

fn journal(files: &Files) -> PathBuf {
    let is_journal = |path: &&PathBuf| path.extension().is_some_and(|e| e == "jnl");
    files.keys().rfind(is_journal).unwrap().clone()
}

#[test]
fn commits_lost_from_the_journal_are_named_and_nothing_is_changed() {
    let template = young();
    let path = journal(&template.files);
    let mut files = template.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    let folder = folder();
    write_files(folder.path(), &files);
    for _ in 0..2 {
        let problem = engines::open(folder.path()).err().unwrap();
        assert_eq!(problem.code, "STO-067");
        assert!(problem.for_caller.contains(" to 60 would be lost"), "{problem}");
        assert!(problem.for_log.contains(".jnl at byte"), "{problem}");
        assert_eq!(read_files(folder.path()), files, "a refusal must change nothing");
    }
    let report = run_check(folder.path()).unwrap();
    assert!(!report.is_sound());
    assert!(report.findings[0].place.contains(".jnl at byte"), "{report:?}");
}

#[test]
fn a_journal_that_ends_too_early_is_found_by_the_high_water_mark() {
    let template = young();
    let path = journal(&template.files);
    let folder = folder();
    write_files(folder.path(), &template.files);
    // Cut exactly between two batches: to the engine this looks like a clean end.
    let journal_file = folder.path().join(&path);
    let bytes = std::fs::read(&journal_file).unwrap();
    let trailers: Vec<_> =
        (4..bytes.len()).filter(|at| bytes[at - 4..*at] == [b'F', b'J', b'L', 3]).collect();
    assert_eq!(trailers.len(), 60);
    std::fs::write(&journal_file, &bytes[..trailers[39]]).unwrap();
    let problem = engines::open(folder.path()).err().unwrap();
    assert_eq!(problem.code, "STO-065");
    let text = "commits 41 to 60 were acknowledged but are missing from the store";
    assert!(problem.for_caller.contains(text), "{problem}");
    // Put back what was lost, and it opens.
    write_files(folder.path(), &template.files);
    let engine = engines::open(folder.path()).unwrap();
    assert_eq!(content(&engine).unwrap(), template.content);
}

#[test]
fn a_torn_end_that_nobody_was_told_of_is_cut_off() {
    let template = killed();
    let path = journal(&template.files);
    let mut files = template.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let written = bytes.iter().rposition(|b| *b != 0).unwrap() + 1;
    bytes.truncate(written);
    let batch = bytes.windows(4).rposition(|w| w == [b'F', b'J', b'L', 3]).unwrap();
    let before = bytes[..batch].windows(4).rposition(|w| w == [b'F', b'J', b'L', 3]).unwrap();
    let half = bytes[before + 4..batch - 20].to_vec();
    bytes.extend(half);
    let folder = folder();
    write_files(folder.path(), &files);
    let report = run_check(folder.path()).unwrap();
    assert!(report.is_sound() && !report.findings.is_empty(), "{report:?}");
    let engine = engines::open(folder.path()).unwrap();
    assert_eq!(content(&engine).unwrap(), template.content);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(left.iter().all(|e| !e.file_name().to_string_lossy().starts_with("torn")));
    write(&engine, 300..310);
}
