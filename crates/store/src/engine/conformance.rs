//! What every engine must do, as cases that any engine can be run against.
//!
//! Each case gets an engine over an empty store and answers what is wrong, if anything. Run them
//! from a test: for each of [`CASES`], make an engine and call the case. Not here: crashes, damaged
//! files, full disks, which each engine meets in its own way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use super::{
    Change, CommitError, Committed, Direction, Engine, Lead, Op, Precondition, Range, Snapshot,
    Transaction, chain, commit_and_wait,
};
use crate::keys;

/// What is wrong, as text.
pub type Outcome = Result<(), String>;
/// One case: its name, and the check.
pub type Case = (&'static str, fn(&Arc<dyn Engine>) -> Outcome);

/// All cases.
pub const CASES: &[Case] = &[
    ("values come back until they are replaced or removed", values_come_back),
    ("many values come back in the order asked", many_values),
    ("keys of any bytes keep their order", keys_keep_order),
    ("ranges include their start and exclude their end", ranges),
    ("a visit stops when it is told to", visits),
    ("what a visit leads to is of the snapshot's moment", visits_reading),
    ("what a value leads to is of the snapshot's moment", reads_leading),
    ("long keys and values are stored whole", long_values),
    ("what cannot be stored is refused and harms nothing", impossible_keys),
    ("a snapshot never changes", snapshots_stand_still),
    ("preconditions are checked and named", preconditions),
    ("a failed precondition changes nothing", failed_changes_nothing),
    ("racing creates of one key make one", racing_creates),
    ("racing creates in one range make one", racing_ranges),
    ("ranges see what the same group writes and removes", ranges_see_the_group),
    ("numbers and times are stamped", stamps),
    ("a later op on the same key wins", later_op_wins),
    ("commits are numbered without gaps and told in order", numbered_in_order),
    ("the chain tells every change and log entry", chain_tells_all),
    ("an empty transaction is acknowledged and leaves no commit", empty_transaction),
    ("a large transaction is seen whole or not at all", large_is_atomic),
    ("sums over a snapshot hold while money moves", transfers),
    ("lookups and scans of one snapshot agree while others write", lookups_agree),
    ("settling changes nothing that can be read", settling),
];

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(what()) }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    ensure(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
}

fn put(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Op {
    Op::Put { key: key.into(), value: value.into(), stamp_key_at: None, stamp_value_at: None }
}

fn delete(key: impl Into<Vec<u8>>) -> Op {
    Op::Delete { key: key.into() }
}

fn ops(ops: Vec<Op>) -> Transaction {
    Transaction { ops, ..Transaction::default() }
}

fn write(engine: &dyn Engine, list: Vec<Op>) -> Result<Committed, String> {
    commit_and_wait(engine, ops(list)).map_err(|e| format!("a plain write failed: {e:?}"))
}

fn get(snapshot: &dyn Snapshot, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    snapshot.get(key).map(|v| v.map(|v| v.to_vec())).map_err(|e| e.to_string())
}

fn scan(snapshot: &dyn Snapshot, range: &Range, down: bool, limit: usize) -> Result<Keys, String> {
    let direction = if down { Direction::Descending } else { Direction::Ascending };
    let found = snapshot.scan(range, direction, limit).map_err(|e| e.to_string())?;
    Ok(found.into_iter().map(|(key, _)| key.to_vec()).collect())
}

type Keys = Vec<Vec<u8>>;

fn range(start: &[u8], end: &[u8]) -> Range {
    Range { start: start.to_vec(), end: end.to_vec() }
}

/// Which transaction, and its outcome.
type Told = (usize, Result<Committed, CommitError>);

/// Submits all at once, so that they may share a group, and waits for all outcomes in order told.
fn submit_all(engine: &dyn Engine, list: Vec<Transaction>) -> Result<Vec<Told>, String> {
    let (tell, told) = channel();
    let count = list.len();
    for (at, transaction) in list.into_iter().enumerate() {
        let tell = tell.clone();
        engine.submit(transaction, Box::new(move |outcome| drop(tell.send((at, outcome)))));
    }
    drop(tell);
    let outcomes: Vec<_> = told.iter().collect();
    same("outcomes told", &outcomes.len(), &count)?;
    Ok(outcomes)
}

fn values_come_back(engine: &Arc<dyn Engine>) -> Outcome {
    let read = || get(&*engine.snapshot(), b"ka");
    same("before", &read()?, &None)?;
    write(&**engine, vec![put("ka", "1"), put("kb", "")])?;
    same("written", &read()?, &Some(b"1".to_vec()))?;
    same("empty value", &get(&*engine.snapshot(), b"kb")?, &Some(Vec::new()))?;
    write(&**engine, vec![put("ka", "22")])?;
    same("replaced", &read()?, &Some(b"22".to_vec()))?;
    write(&**engine, vec![delete("ka"), delete("never there")])?;
    same("removed", &read()?, &None)?;
    write(&**engine, vec![put("ka", "3")])?;
    same("written again", &read()?, &Some(b"3".to_vec()))
}

fn many_values(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, vec![put("ka", "1"), put("kc", "3")])?;
    let asked = [b"kc".to_vec(), b"kb".to_vec(), b"ka".to_vec(), b"kc".to_vec()];
    let found = engine.snapshot().multi_get(&asked).map_err(|e| e.to_string())?;
    let found: Vec<_> = found.iter().map(|v| v.as_deref()).collect();
    let expected: [Option<&[u8]>; 4] = [Some(b"3"), None, Some(b"1"), Some(b"3")];
    same("values", &found, &expected.to_vec())
}

fn keys_keep_order(engine: &Arc<dyn Engine>) -> Outcome {
    let mut keys: Keys = vec![
        vec![b'k'],
        vec![b'k', 0],
        vec![b'k', 0, 0],
        vec![b'k', 0, 255],
        vec![b'k', 1],
        vec![b'k', 127],
        vec![b'k', 128],
        vec![b'k', 254, 255, 255],
        vec![b'k', 255],
        vec![b'k', 255, 0],
        vec![b'k', 255, 255],
    ];
    let shuffled = keys.iter().rev().chain(keys.iter().take(3));
    write(&**engine, shuffled.map(|key| put(key.clone(), key.clone())).collect())?;
    let found = scan(&*engine.snapshot(), &keys::under(b"k"), false, 100)?;
    same("upwards", &found, &keys)?;
    keys.reverse();
    let found = scan(&*engine.snapshot(), &keys::under(b"k"), true, 100)?;
    same("downwards", &found, &keys)
}

fn ranges(engine: &Arc<dyn Engine>) -> Outcome {
    let key = |n: u8| vec![b'k', n];
    write(&**engine, (0..10).map(|n| put(key(n), [n])).collect())?;
    let snapshot = engine.snapshot();
    let some = range(&key(2), &key(5));
    same("up", &scan(&*snapshot, &some, false, 9)?, &vec![key(2), key(3), key(4)])?;
    same("down", &scan(&*snapshot, &some, true, 9)?, &vec![key(4), key(3), key(2)])?;
    same("up, limited", &scan(&*snapshot, &some, false, 2)?, &vec![key(2), key(3)])?;
    same("down, limited", &scan(&*snapshot, &some, true, 1)?, &vec![key(4)])?;
    same("no limit at all", &scan(&*snapshot, &some, true, 0)?, &Vec::new())?;
    for empty in [range(&key(3), &key(3)), range(&key(5), &key(2)), range(b"l", b"m")] {
        same("empty range", &scan(&*snapshot, &empty, false, 9)?, &Vec::new())?;
        same("empty range, down", &scan(&*snapshot, &empty, true, 9)?, &Vec::new())?;
    }
    write(&**engine, vec![delete(key(3)), put(key(2), "new"), put([b'k', 2, 9], "")])?;
    let found = scan(&*engine.snapshot(), &some, false, 9)?;
    same("after changes", &found, &vec![key(2), vec![b'k', 2, 9], key(4)])
}

fn visits(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, (0..2000u16).map(|n| put(with(b"k", n), n.to_be_bytes())).collect())?;
    let snapshot = engine.snapshot();
    let mut seen = 0u16;
    let all = keys::under(b"k");
    let mut until = |limit: u16, key: &[u8], value: &[u8]| {
        let right = key == with(b"k", seen) && value == seen.to_be_bytes();
        seen += 1;
        if right { Ok(seen < limit) } else { Err(akson_base::Problem::fault("STO-000", "order")) }
    };
    snapshot
        .visit(&all, Direction::Ascending, &mut |k, v| until(1500, k, v))
        .map_err(|e| e.to_string())?;
    same("entries visited", &seen, &1500)?;
    let mine = akson_base::Problem::fault("STO-000", "the visitor's own");
    let stopped = snapshot.visit(&all, Direction::Descending, &mut |_, _| Err(mine.clone()));
    same("a visitor's problem", &stopped.err(), &Some(mine))
}

/// A walk whose entries lead to other keys meets the same, and what it reads ahead is of its own moment.
fn visits_reading(engine: &Arc<dyn Engine>) -> Outcome {
    let entry = |n: u16| put(with(b"a", n), n.to_be_bytes());
    // Every third leads to nothing.
    let other = |n: u16| (!n.is_multiple_of(3)).then(|| put(with(b"b", n), format!("before {n}")));
    write(&**engine, (0..1_000).map(entry).chain((0..1_000).filter_map(other)).collect())?;
    let snapshot = engine.snapshot();
    get(&*snapshot, b"a")?;
    let later = (0..1_000).map(|n| put(with(b"b", n), "after"));
    write(&**engine, later.collect())?;
    let next = |_: &[u8], value: &[u8], keys: &mut Vec<Vec<u8>>| {
        keys.push([b"b", value].concat());
    };
    for direction in [Direction::Ascending, Direction::Descending] {
        let (mut met, mut wrong) = (0, None);
        let mut visit = |key: &[u8], value: &[u8]| {
            let number = u16::from_be_bytes(value.try_into().unwrap_or_default());
            let expected =
                (!number.is_multiple_of(3)).then(|| format!("before {number}").into_bytes());
            let found = snapshot.get(&[b"b", value].concat())?.map(|found| found.to_vec());
            if found != expected || key != with(b"a", number) {
                wrong = Some((number, found));
            }
            met += 1;
            Ok(met < 900)
        };
        let walked = snapshot.visit_reading(&keys::under(b"a"), direction, &next, &mut visit);
        walked.map_err(|e| e.to_string())?;
        same("entries before the walk is stopped", &met, &900)?;
        same("what an entry leads to", &wrong, &None)?;
    }
    Ok(())
}

/// Values that lead to a key, to another after a change, to nothing, and that are too short to lead.
fn reads_leading(engine: &Arc<dyn Engine>) -> Outcome {
    let lead = Lead { letter: b'b', bytes: 2 };
    let before = vec![
        put("a1", "01 and more"),
        put("a2", "02"),
        put("a3", "03"),
        put("a4", "0"),
        put("b01", "first"),
        put("b02", "second"),
        put("b0", "not led to"),
    ];
    write(&**engine, before)?;
    let early = engine.snapshot();
    get(&*early, b"a")?;
    write(&**engine, vec![put("a1", "02"), put("b02", "changed"), put("b03", "new")])?;
    let late = engine.snapshot();
    let leads = |snapshot: &dyn Snapshot, key: &str| -> Result<[Option<String>; 2], String> {
        let text = |value: Option<bytes::Bytes>| {
            value.map(|value| String::from_utf8_lossy(&value).into_owned())
        };
        let value = snapshot.get_leading(key.as_bytes(), lead).map_err(|e| e.to_string())?;
        let next = value.as_ref().and_then(|value| lead.from(value));
        let next = next.map(|next| snapshot.get(&next)).transpose().map_err(|e| e.to_string())?;
        Ok([text(value), text(next.flatten())])
    };
    let some = |value: &str, next: &str| [Some(value.to_owned()), Some(next.to_owned())];
    let alone = |value: &str| [Some(value.to_owned()), None];
    same("led to", &leads(&*early, "a1")?, &some("01 and more", "first"))?;
    same("led to what changes later", &leads(&*early, "a2")?, &some("02", "second"))?;
    same("led to what comes later", &leads(&*early, "a3")?, &alone("03"))?;
    same("too short", &leads(&*early, "a4")?, &alone("0"))?;
    same("nothing", &leads(&*early, "a5")?, &[None, None])?;
    same("led elsewhere now", &leads(&*late, "a1")?, &some("02", "changed"))?;
    same("led to what has changed", &leads(&*late, "a2")?, &some("02", "changed"))?;
    same("led to what is new", &leads(&*late, "a3")?, &some("03", "new"))
}

fn with(prefix: &[u8], number: u16) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

fn long_values(engine: &Arc<dyn Engine>) -> Outcome {
    let key = vec![b'k'; 2_048];
    let value: Vec<u8> = (0..5_000_000u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    write(&**engine, vec![put(key.clone(), value.clone()), put("k", "short")])?;
    let found = get(&*engine.snapshot(), &key)?;
    ensure(found.as_ref() == Some(&value), || String::from("a long value came back different"))
}

fn impossible_keys(engine: &Arc<dyn Engine>) -> Outcome {
    for key in [Vec::new(), vec![b'k'; 70_000]] {
        let outcome = commit_and_wait(&**engine, ops(vec![put("kx", "1"), put(key, "1")]));
        ensure(matches!(outcome, Err(CommitError::Problem(_))), || format!("taken: {outcome:?}"))?;
    }
    same("nothing of it", &get(&*engine.snapshot(), b"kx")?, &None)?;
    write(&**engine, vec![put("kx", "2")]).map(|_| ())
}

fn snapshots_stand_still(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, vec![put("ka", "1"), put("kb", "1")])?;
    let old = engine.snapshot();
    // A snapshot is fixed by its first read at the latest.
    same("value", &get(&*old, b"ka")?, &Some(b"1".to_vec()))?;
    for n in 0..50 {
        write(&**engine, vec![put("ka", format!("{n}")), delete("kb"), put(format!("kc{n}"), "")])?;
    }
    same("old value", &get(&*old, b"ka")?, &Some(b"1".to_vec()))?;
    same("removed since", &get(&*old, b"kb")?, &Some(b"1".to_vec()))?;
    let keys = scan(&*old, &keys::under(b"k"), false, 100)?;
    same("old keys", &keys, &vec![b"ka".to_vec(), b"kb".to_vec()])?;
    same("new value", &get(&*engine.snapshot(), b"ka")?, &Some(b"49".to_vec()))
}

fn refused_at(outcome: &Result<Committed, CommitError>) -> Option<usize> {
    match outcome {
        Err(CommitError::Precondition { index }) => Some(*index),
        Ok(_) | Err(CommitError::Problem(_)) => None,
    }
}

fn preconditions(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, vec![put("ka", "abc"), put("kb", "1"), put("kd", "1")])?;
    let under_k = || keys::under(b"k");
    let all = || vec![b"ka".to_vec(), b"kb".to_vec(), b"kd".to_vec()];
    let good = [
        Precondition::Absent(b"kc".to_vec()),
        Precondition::Begins(b"ka".to_vec(), b"ab".to_vec()),
        Precondition::Begins(b"ka".to_vec(), b"abc".to_vec()),
        Precondition::Begins(b"ka".to_vec(), Vec::new()),
        Precondition::OnlyKeys(under_k(), all()),
        Precondition::OnlyKeys(under_k(), all().into_iter().rev().collect()),
        Precondition::OnlyKeys(keys::under(b"kb"), vec![b"kb".to_vec()]),
        Precondition::OnlyKeys(keys::under(b"kc"), Vec::new()),
        Precondition::OnlyKeys(range(b"kd", b"ka"), Vec::new()),
    ];
    let bad = [
        Precondition::Absent(b"ka".to_vec()),
        Precondition::Begins(b"ka".to_vec(), b"abcd".to_vec()),
        Precondition::Begins(b"ka".to_vec(), b"b".to_vec()),
        Precondition::Begins(b"kc".to_vec(), Vec::new()),
        Precondition::OnlyKeys(under_k(), vec![b"ka".to_vec(), b"kb".to_vec()]),
        Precondition::OnlyKeys(under_k(), vec![b"ka".to_vec(), b"kb".to_vec(), b"kc".to_vec()]),
        Precondition::OnlyKeys(under_k(), [all(), vec![b"ke".to_vec()]].concat()),
        Precondition::OnlyKeys(under_k(), Vec::new()),
        Precondition::OnlyKeys(keys::under(b"kc"), vec![b"kc".to_vec()]),
    ];
    for bad in bad {
        let name = format!("{bad:?}");
        let preconditions = good.iter().cloned().chain([bad]).collect();
        let outcome = commit_and_wait(
            &**engine,
            Transaction { preconditions, ops: vec![put("kz", "")], ..Transaction::default() },
        );
        same(&name, &refused_at(&outcome), &Some(good.len()))?;
    }
    let held = Transaction { preconditions: good.to_vec(), ..Transaction::default() };
    commit_and_wait(&**engine, held).map(|_| ()).map_err(|e| format!("good ones refused: {e:?}"))
}

fn failed_changes_nothing(engine: &Arc<dyn Engine>) -> Outcome {
    let before = write(&**engine, vec![put("ka", "1")])?;
    let refused = Transaction {
        preconditions: vec![Precondition::Absent(b"ka".to_vec())],
        ops: vec![put("ka", "2"), put("kb", "2")],
        log: vec![b"entry".to_vec()],
        ..Transaction::default()
    };
    let outcome = commit_and_wait(&**engine, refused);
    same("refused", &refused_at(&outcome), &Some(0))?;
    same("kept", &get(&*engine.snapshot(), b"ka")?, &Some(b"1".to_vec()))?;
    same("not made", &get(&*engine.snapshot(), b"kb")?, &None)?;
    same("no commit", &engine.last_commit(), &before)
}

fn racing_creates(engine: &Arc<dyn Engine>) -> Outcome {
    let create = |n: usize| Transaction {
        preconditions: vec![Precondition::Absent(b"one".to_vec())],
        ops: vec![put("one", n.to_string()), put(format!("by{n}"), "")],
        ..Transaction::default()
    };
    let outcomes = submit_all(&**engine, (0..200).map(create).collect())?;
    let won: Vec<_> = outcomes.iter().filter(|(_, o)| o.is_ok()).map(|(n, _)| *n).collect();
    let [winner] = won.as_slice() else { return Err(format!("made by {won:?}")) };
    let found = get(&*engine.snapshot(), b"one")?;
    same("the winner's", &found, &Some(winner.to_string().into_bytes()))?;
    let by = scan(&*engine.snapshot(), &keys::under(b"by"), false, 9)?;
    same("only the winner's", &by, &vec![format!("by{winner}").into_bytes()])
}

fn racing_ranges(engine: &Arc<dyn Engine>) -> Outcome {
    let create = |n: usize| Transaction {
        preconditions: vec![Precondition::OnlyKeys(keys::under(b"k"), Vec::new())],
        ops: vec![put(format!("k{n}"), "")],
        ..Transaction::default()
    };
    let outcomes = submit_all(&**engine, (0..200).map(create).collect())?;
    let won = outcomes.iter().filter(|(_, o)| o.is_ok()).count();
    same("made", &won, &1)?;
    same("keys", &scan(&*engine.snapshot(), &keys::under(b"k"), false, 9)?.len(), &1)
}

fn ranges_see_the_group(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, vec![put("k0", "")])?;
    // Each step finds exactly what the step before left, whether or not they share a group.
    let step = |n: usize| Transaction {
        preconditions: vec![Precondition::OnlyKeys(
            keys::under(b"k"),
            vec![format!("k{n}").into_bytes()],
        )],
        ops: vec![delete(format!("k{n}")), put(format!("k{}", n + 1), "")],
        ..Transaction::default()
    };
    for (n, outcome) in submit_all(&**engine, (0..100).map(step).collect())? {
        ensure(outcome.is_ok(), || format!("step {n}: {outcome:?}"))?;
    }
    let left = scan(&*engine.snapshot(), &keys::under(b"k"), false, 9)?;
    same("left", &left, &vec![b"k100".to_vec()])
}

fn stamps(engine: &Arc<dyn Engine>) -> Outcome {
    for at in [0usize, 3] {
        let stamped = Op::Put {
            key: [b"k".as_slice(), &vec![b'-'; at], &[0; 8], b"end"].concat(),
            value: [&vec![b'-'; at], [0u8; 16].as_slice(), b"end"].concat(),
            stamp_key_at: Some(at + 1),
            stamp_value_at: Some(at),
        };
        let made = write(&**engine, vec![stamped])?;
        let number = made.commit.to_be_bytes();
        let key = [b"k".as_slice(), &vec![b'-'; at], &number, b"end"].concat();
        let value = [&vec![b'-'; at], number.as_slice(), &made.time.to_be_bytes(), b"end"].concat();
        same("stamped", &get(&*engine.snapshot(), &key)?, &Some(value))?;
    }
    Ok(())
}

fn later_op_wins(engine: &Arc<dyn Engine>) -> Outcome {
    write(&**engine, vec![put("ka", "1"), put("ka", "2"), put("kb", "1"), delete("kb")])?;
    write(&**engine, vec![delete("kc"), put("kc", "1"), put("kd", "1"), delete("kd")])?;
    write(&**engine, vec![put("kd", "1"), delete("kd"), put("kd", "2")])?;
    let rounds = (0..50).map(|n| ops(vec![delete("ke"), put("ke", n.to_string())])).collect();
    submit_all(&**engine, rounds)?;
    for settled in [false, true] {
        if settled {
            engine.settle().map_err(|e| e.to_string())?;
        }
        let snapshot = engine.snapshot();
        let expected: [(&[u8], Option<&str>); 5] = [
            (b"ka", Some("2")),
            (b"kb", None),
            (b"kc", Some("1")),
            (b"kd", Some("2")),
            (b"ke", Some("49")),
        ];
        for (key, value) in expected {
            let what = String::from_utf8_lossy(key);
            same(&what, &get(&*snapshot, key)?, &value.map(|v| v.as_bytes().to_vec()))?;
        }
    }
    Ok(())
}

fn numbered_in_order(engine: &Arc<dyn Engine>) -> Outcome {
    let first = engine.last_commit();
    same("before the first", &first.commit, &0)?;
    let list = (0..300).map(|n| ops(vec![put(format!("k{n}"), "")])).collect();
    let outcomes = submit_all(&**engine, list)?;
    let mut last = first;
    for (at, (n, outcome)) in outcomes.iter().enumerate() {
        same("told in the order queued", n, &at)?;
        let made = outcome.as_ref().map_err(|e| format!("{e:?}"))?;
        let step = made.commit - last.commit;
        ensure(step <= 1 && made.time >= last.time, || format!("{made:?} after {last:?}"))?;
        last = *made;
    }
    same("the newest", &engine.last_commit(), &last)
}

fn chain_tells_all(engine: &Arc<dyn Engine>) -> Outcome {
    let mut expected = Vec::new();
    for n in 0..30u8 {
        let change = Change {
            resource: [n; 10],
            version: u32::from(n) + 1,
            deleted: n % 3 == 0,
            body_digest: [n; 16],
        };
        let transaction = Transaction {
            ops: if n % 2 == 0 { vec![put([b'k', n], [n])] } else { Vec::new() },
            changes: if n % 2 == 0 { vec![change] } else { Vec::new() },
            log: vec![vec![n; 40]; usize::from(n)],
            ..Transaction::default()
        };
        expected.extend(transaction.log.clone());
        commit_and_wait(&**engine, transaction).map_err(|e| format!("{e:?}"))?;
    }
    let last = engine.last_commit();
    let snapshot = engine.snapshot();
    let end = chain::verify_chain(&*snapshot, 1, last.commit, &mut |_| {})
        .map_err(|e| e.to_string())?
        .ok_or("no chain")?;
    same("the end", &(end.commit, end.time), &(last.commit, last.time))?;
    let (mut told, mut changes) = (Vec::new(), 0);
    for commit in 1..=last.commit {
        let value = get(&*snapshot, &keys::commit(commit))?.ok_or("a record is missing")?;
        let record = chain::decode(&value).map_err(|e| e.to_string())?;
        changes += record.changes.len();
        told.extend(record.log);
    }
    same("changes", &changes, &15)?;
    same("log entries", &told, &expected)
}

fn empty_transaction(engine: &Arc<dyn Engine>) -> Outcome {
    let made = write(&**engine, vec![put("k", "1")])?;
    let outcome = write(&**engine, Vec::new())?;
    same("acknowledged with the newest commit", &outcome, &made)?;
    same("no commit made", &engine.last_commit(), &made)
}

fn large_is_atomic(engine: &Arc<dyn Engine>) -> Outcome {
    const KEYS: u16 = 5_000;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let snapshot = engine.snapshot();
                let mut rounds: Option<Vec<u8>> = None;
                let mut seen = 0;
                let result =
                    snapshot.visit(&keys::under(b"k"), Direction::Ascending, &mut |_, value| {
                        seen += 1;
                        Ok(rounds.get_or_insert_with(|| value.to_vec()).as_slice() == value)
                    });
                result.map_err(|e| e.to_string())?;
                ensure(seen == 0 || seen == KEYS, || format!("{seen} of {KEYS} keys agree"))?;
                // The ends are looked at more often: half a transaction may show for a moment only.
                for _ in 0..50 {
                    let snapshot = engine.snapshot();
                    let first = get(&*snapshot, &with(b"k", 0))?;
                    same("the last key", &get(&*snapshot, &with(b"k", KEYS - 1))?, &first)?;
                }
            }
            Ok(())
        });
        // Queued together they come as groups, so that much is written while engines work on what
        // was written before.
        let list = |round: u8| {
            let key = |n| put(with(b"k", n), [round]);
            (0..16u8).map(move |_| ops((0..KEYS).map(key).collect())).collect()
        };
        let result = (0..8u8).try_for_each(|round| submit_all(&**engine, list(round)).map(|_| ()));
        stop.store(true, Ordering::Release);
        result.and(reader.join().unwrap_or_else(|_| Err(String::from("the reader panicked"))))
    })
}

fn transfers(engine: &Arc<dyn Engine>) -> Outcome {
    const ACCOUNTS: u16 = 8;
    write(&**engine, (0..ACCOUNTS).map(|n| put(with(b"k", n), "100")).collect())?;
    let transfer = |from: u16, to: u16| -> Outcome {
        for _ in 0..10_000 {
            let snapshot = engine.snapshot();
            let balance = |n| -> Result<(Vec<u8>, i64), String> {
                let value = get(&*snapshot, &with(b"k", n))?.unwrap_or_default();
                let number = String::from_utf8_lossy(&value).parse().map_err(|_| "balance")?;
                Ok((value, number))
            };
            let ((a, from_sum), (b, to_sum)) = (balance(from)?, balance(to)?);
            // All balances but the first have eight digits, so to begin with one is to be it.
            let transaction = Transaction {
                preconditions: vec![
                    Precondition::Begins(with(b"k", from), a),
                    Precondition::Begins(with(b"k", to), b),
                ],
                ops: vec![
                    put(with(b"k", from), format!("{:08}", from_sum - 1)),
                    put(with(b"k", to), format!("{:08}", to_sum + 1)),
                ],
                ..Transaction::default()
            };
            match commit_and_wait(&**engine, transaction) {
                Ok(_) => return Ok(()),
                Err(CommitError::Precondition { .. }) => {}
                Err(CommitError::Problem(problem)) => return Err(problem.to_string()),
            }
        }
        Err(String::from("a transfer lost every race"))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u16)
            .map(|t| {
                scope.spawn(move || {
                    (0..50).try_for_each(|n| {
                        let from = (t + n) % ACCOUNTS;
                        transfer(from, (from + 1 + n % (ACCOUNTS - 1)) % ACCOUNTS)
                    })
                })
            })
            .collect();
        let sums = (0..100).try_for_each(|_| {
            let mut sum = 0;
            let found = engine.snapshot().scan(&keys::under(b"k"), Direction::Ascending, 99);
            for (_, value) in found.map_err(|e| e.to_string())? {
                sum += String::from_utf8_lossy(&value).parse::<i64>().map_err(|e| e.to_string())?;
            }
            same("the sum", &sum, &(100 * i64::from(ACCOUNTS)))
        });
        let moved = threads
            .into_iter()
            .try_for_each(|t| t.join().unwrap_or_else(|_| Err(String::from("panicked"))));
        sums.and(moved)
    })
}

fn lookups_agree(engine: &Arc<dyn Engine>) -> Outcome {
    // `H`: a kind of key that engines may keep in memory as it was read.
    let key = |n: u16| with(b"H", n);
    let is_done = AtomicBool::new(false);
    let read = || -> Outcome {
        let mut older: Option<Arc<dyn Snapshot>> = None;
        while !is_done.load(Ordering::Relaxed) {
            let newer = engine.snapshot();
            // A look at an older snapshot between two at a newer one must disturb neither.
            for snapshot in older.iter().chain([&newer]).chain(older.iter()) {
                let found = snapshot.scan(&keys::under(b"H"), Direction::Ascending, 99);
                for (key, value) in found.map_err(|e| e.to_string())? {
                    same("looked up", &get(&**snapshot, &key)?, &Some(value.to_vec()))?;
                }
            }
            older = Some(newer);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        let written = (0..400u16).try_for_each(|round| {
            let at = round % 8;
            let mut list = vec![put(key(at), with(b"v", round)), put(key(8), with(b"v", round))];
            if round % 5 == 0 {
                list.push(delete(key((at + 3) % 8)));
            }
            write(&**engine, list)?;
            same("read back", &get(&*engine.snapshot(), &key(8))?, &Some(with(b"v", round)))
        });
        is_done.store(true, Ordering::Relaxed);
        let read = readers
            .into_iter()
            .try_for_each(|t| t.join().unwrap_or_else(|_| Err(String::from("panicked"))));
        written.and(read)
    })
}

fn settling(engine: &Arc<dyn Engine>) -> Outcome {
    for round in 0..4u16 {
        let list = (0..500).map(|n| put(with(b"k", n), with(b"v", round))).collect();
        write(&**engine, list)?;
        write(&**engine, (0..100).map(|n| delete(with(b"k", n * 5 + round))).collect())?;
        let before = engine.snapshot();
        let read = |s: &dyn Snapshot| {
            s.scan(&keys::under(b"k"), Direction::Ascending, 9999).map_err(|e| e.to_string())
        };
        let expected = read(&*before)?;
        if round % 2 == 0 {
            drop(before);
            engine.settle().map_err(|e| e.to_string())?;
        } else {
            engine.settle().map_err(|e| e.to_string())?;
            ensure(read(&*before)? == expected, || String::from("an open snapshot changed"))?;
        }
        ensure(read(&*engine.snapshot())? == expected, || String::from("the store changed"))?;
    }
    ensure(!engine.stats().is_empty(), || String::from("no numbers for operators"))
}
