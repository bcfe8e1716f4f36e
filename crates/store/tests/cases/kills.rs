//! SIGKILL at random moments under write load: whatever was acknowledged is there, whole.
//!
//! A child process (this test binary again) opens the folder, checks everything that earlier
//! children were told is stored, writes, and says on its standard output what was acknowledged.
//! The folder is never closed cleanly in between, so journals of several lives pile up.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use akson_store::engine::{Change, Direction, Engine, Op, Snapshot, Transaction, chain};
use akson_store::keys;

use super::engines::{self, Random};

pub(super) const WRITERS: usize = 8;
const KEYS: u64 = 5;
const KILLS: usize = 60;
const FOLDER: &str = "AKSON_TEST_KILL_FOLDER";

fn value(writer: usize, number: u64, part: u64) -> Vec<u8> {
    let seed = (writer as u64) << 40 | number << 8 | part;
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..40 + random.below(300)).map(|_| random.next() as u8).collect()
}

fn counter_key(writer: usize) -> Vec<u8> {
    format!("n{writer}").into_bytes()
}

fn key(writer: usize, number: u64, part: u64) -> Vec<u8> {
    format!("t{writer}/{number:08}/{part}").into_bytes()
}

/// The last transaction a writer finds stored.
pub(super) fn counter(store: &dyn Snapshot, writer: usize) -> u64 {
    let value = store.get(&counter_key(writer)).unwrap();
    value.map_or(0, |v| u64::from_be_bytes(v.as_ref().try_into().unwrap()))
}

/// Transaction `number` of a writer: its keys, the counter, and the removal of a key of an earlier
/// one, so that removals come back too.
pub(super) fn transaction(writer: usize, number: u64) -> Transaction {
    let mut list: Vec<Op> = (0..KEYS)
        .map(|part| engines::put(key(writer, number, part), value(writer, number, part)))
        .collect();
    list.push(engines::put(counter_key(writer), number.to_be_bytes()));
    if number > 10 {
        list.push(Op::Delete { key: key(writer, number - 10, 0) });
    }
    let change = Change {
        resource: [writer as u8; 10],
        version: number as u32,
        deleted: false,
        body_digest: [1; 16],
    };
    Transaction { ops: list, changes: vec![change], log: vec![vec![7; 60]], ..Default::default() }
}

/// Checks that each writer's transactions up to its counter are whole and nothing lies beyond, and
/// that the chain holds. Only the last `recent` of each writer are read value by value.
pub(super) fn verify(engine: &dyn Engine, acknowledged: &[u64], recent: u64) {
    let store = engine.snapshot();
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        let last = counter(&*store, writer);
        assert!(
            last >= *acknowledged,
            "writer {writer}: {acknowledged} acknowledged, {last} there"
        );
        let mut range = keys::under(format!("t{writer}/").as_bytes());
        let from = last.saturating_sub(recent).max(1);
        range.start = key(writer, from, 0);
        let mut expected = (from..=last).flat_map(|number| {
            let removed = number + 10 <= last;
            (u64::from(removed)..KEYS).map(move |part| (number, part))
        });
        store
            .visit(&range, Direction::Ascending, &mut |found, stored| {
                let (number, part) = expected.next().expect("an entry that nobody wrote");
                assert_eq!(found, key(writer, number, part));
                assert_eq!(stored, value(writer, number, part));
                Ok(true)
            })
            .unwrap();
        assert_eq!(expected.next(), None, "writer {writer}: an acknowledged entry is missing");
    }
    let last = engine.last_commit().commit;
    chain::verify_chain(&*store, 1, last, &mut |_| {}).unwrap();
}

fn acknowledged(folder: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("acknowledged")).unwrap_or_default();
    let mut counters = vec![0; WRITERS];
    for (at, line) in text.lines().enumerate() {
        counters[at] = line.parse().unwrap();
    }
    counters
}

/// The child. Does nothing unless it was started by the test below.
#[test]
#[ignore = "the child process of the test below"]
fn writer_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let engine = Arc::new(engines::open(&folder.join("data")).unwrap());
    verify(&*engine, &acknowledged(folder), 300);
    println!("\nverified");
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let engine = Arc::clone(&engine);
            std::thread::spawn(move || {
                let stored = counter(&*engine.snapshot(), writer);
                for number in stored + 1.. {
                    akson_store::engine::commit_and_wait(&*engine, transaction(writer, number))
                        .unwrap();
                    println!("ack {writer} {number}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cases::kills::writer_that_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets one child live for a while; answers whether it got as far as verifying.
fn life(folder: &Path, counters: &mut [u64], lifetime: Duration, early: bool) -> bool {
    let mut child = start(folder);
    let output = BufReader::new(child.stdout.take().unwrap());
    let errors = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || std::io::read_to_string(errors).unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut acks = Vec::new();
        for line in output.lines().map_while(Result::ok) {
            if line == "verified" {
                tell.send(()).unwrap_or_default();
            }
            // A line that the kill cut short is shorter than its number: told, but not heard.
            if let Some(rest) = line.strip_prefix("ack ") {
                acks.push(rest.to_owned());
            }
        }
        acks
    });
    if early || told.recv_timeout(Duration::from_secs(30)).is_ok() {
        std::thread::sleep(lifetime);
    }
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let errors = errors.join().unwrap();
    assert!(ended.is_none(), "the child ended by itself: {errors}");
    let mut acks = reader.join().unwrap();
    // The last line may be cut.
    acks.pop();
    let verified = !acks.is_empty();
    for ack in acks {
        let (writer, number) = ack.split_once(' ').unwrap();
        let writer: usize = writer.parse().unwrap();
        counters[writer] = counters[writer].max(number.parse().unwrap());
    }
    let text: Vec<String> = counters.iter().map(ToString::to_string).collect();
    std::fs::write(folder.join("acknowledged"), text.join("\n")).unwrap();
    verified
}

#[test]
fn sixty_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(0x6b69_6c6c);
    let mut counters = vec![0; WRITERS];
    let mut verified = 0;
    for kill in 0..KILLS {
        // Some die while opening, replaying, verifying; most while writing.
        let early = kill % 6 == 5;
        let lifetime = if early { random.below(40) } else { 10 + random.below(140) };
        let lifetime = Duration::from_millis(lifetime as u64);
        verified += usize::from(life(folder.path(), &mut counters, lifetime, early));
    }
    assert!(verified >= KILLS * 4 / 6, "only {verified} of {KILLS} lives wrote anything");
    assert!(counters.iter().all(|count| *count > 100), "{counters:?}");
    let engine = engines::open(&folder.path().join("data")).unwrap();
    verify(&engine, &counters, u64::MAX);
    let total: u64 = counters.iter().sum();
    println!("{KILLS} kills, {total} acknowledged transactions, all there");
}
