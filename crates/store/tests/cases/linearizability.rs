//! One register, many clients: is every history one that a single client could have seen?

use std::sync::atomic::{AtomicU64, Ordering};

use akson_store::engine::{CommitError, Engine, Precondition, Transaction, commit_and_wait};
use akson_testkit::linearizability;
use akson_testkit::postgres::Postgres;

use super::engines::{self, Random};

#[derive(Clone, Copy, Debug)]
enum Operation {
    /// What was read.
    Read(u64),
    Write(u64),
    /// Expected, new, whether it went through.
    CompareAndSet(u64, u64, bool),
}

type Call = linearizability::Call<Operation>;

/// The register's value afterwards, if the answer fits its value before.
fn apply(value: u64, operation: Operation) -> Option<u64> {
    match operation {
        Operation::Read(read) => (read == value).then_some(value),
        Operation::Write(new) => Some(new),
        Operation::CompareAndSet(expected, new, true) => (expected == value).then_some(new),
        Operation::CompareAndSet(expected, _, false) => (expected != value).then_some(value),
    }
}

fn is_linearizable(calls: Vec<Call>) -> bool {
    linearizability::is_linearizable(0, calls, apply)
}

fn call(begun: u64, ended: u64, operation: Operation) -> Call {
    Call { begun, ended, operation }
}

#[test]
fn the_checker_tells_good_histories_from_bad_ones() {
    use Operation::{CompareAndSet, Read, Write};
    let overlapping = vec![call(0, 9, Write(1)), call(1, 3, Read(0)), call(4, 6, Read(1))];
    assert!(is_linearizable(overlapping));
    let back_in_time = vec![call(0, 9, Write(1)), call(1, 3, Read(1)), call(4, 6, Read(0))];
    assert!(!is_linearizable(back_in_time));
    let stale = vec![call(0, 1, Write(1)), call(2, 3, Read(0))];
    assert!(!is_linearizable(stale));
    let lost = vec![call(0, 5, CompareAndSet(0, 1, true)), call(1, 6, CompareAndSet(0, 2, true))];
    assert!(!is_linearizable(lost));
    let won = vec![call(0, 5, CompareAndSet(0, 1, true)), call(1, 6, CompareAndSet(0, 2, false))];
    assert!(is_linearizable(won));
    let wrongly_refused = vec![call(0, 1, CompareAndSet(0, 2, false)), call(2, 3, Read(0))];
    assert!(!is_linearizable(wrongly_refused));
}

fn run(engine: &dyn Engine, clock: &AtomicU64, random: &mut Random, new: u64) -> Call {
    let transaction = |preconditions| Transaction {
        preconditions,
        ops: vec![engines::put("register", new.to_be_bytes())],
        ..Transaction::default()
    };
    let read = || {
        let value = engine.snapshot().get(b"register").unwrap();
        value.map_or(0, |v| u64::from_be_bytes(v.as_ref().try_into().unwrap()))
    };
    let kind = random.below(3);
    // What a compare-and-set expects is read before it begins.
    let expected = if kind == 2 { read() } else { 0 };
    let begun = clock.fetch_add(1, Ordering::SeqCst);
    let operation = match kind {
        0 => Operation::Read(read()),
        1 => {
            commit_and_wait(engine, transaction(Vec::new())).unwrap();
            Operation::Write(new)
        }
        _ => {
            let holds = match expected {
                0 => Precondition::Absent(b"register".to_vec()),
                _ => Precondition::Begins(b"register".to_vec(), expected.to_be_bytes().to_vec()),
            };
            match commit_and_wait(engine, transaction(vec![holds])) {
                Ok(_) => Operation::CompareAndSet(expected, new, true),
                Err(CommitError::Precondition { index: 0 }) => {
                    Operation::CompareAndSet(expected, new, false)
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    };
    Call { begun, ended: clock.fetch_add(1, Ordering::SeqCst), operation }
}

/// Six clients, each on one of the engines in turn, over and over.
pub(super) fn check(engines: &[&dyn Engine], rounds: u64, calls_each: u64) {
    let engine = engines[0];
    for round in 0..rounds {
        let gone = akson_store::engine::Op::Delete { key: b"register".to_vec() };
        commit_and_wait(engine, engines::ops(vec![gone])).unwrap();
        let clock = &AtomicU64::new(0);
        let calls: Vec<Call> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6u64)
                .map(|thread| {
                    let engine = engines[thread as usize % engines.len()];
                    scope.spawn(move || {
                        let mut random = Random(round * 6 + thread + 1);
                        let new = |n| (thread + 1) << 32 | n;
                        let each = |n| run(engine, clock, &mut random, new(n));
                        (1..=calls_each).map(each).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        let won = |c: &&Call| matches!(c.operation, Operation::CompareAndSet(_, _, true));
        let lost = |c: &&Call| matches!(c.operation, Operation::CompareAndSet(_, _, false));
        assert!(calls.iter().filter(won).count() > 0 && calls.iter().filter(lost).count() > 0);
        let history = format!("{calls:?}");
        assert!(is_linearizable(calls), "round {round}: {history}");
    }
}

#[test]
fn a_register_is_linearizable() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engines::open(folder.path()).unwrap();
    check(&[&engine], 20, 60);
}

#[test]
fn a_register_is_linearizable_on_postgresql_from_one_process_and_from_three() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let open = || engines::open_postgres(&server.url());
    let (one, two, three) = (open(), open(), open());
    check(&[&one], 5, 60);
    check(&[&one, &two, &three], 15, 60);
}
