//! What one process keeps of the resources that it has read by id, while others change, delete, move and
//! make them anew: no read shows what had been replaced before the read began.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use akson_store::engine::postgres::PostgresEngine;
use akson_store::engine::{Engine, Lead, Op, Snapshot, commit_and_wait};
use akson_store::keys::{self, PatientNumber, ResourceKey};
use akson_testkit::postgres::Postgres;
use tokio::runtime::{Builder, Runtime};

use super::engines::{self, Random};

const LEAD: Lead = Lead { letter: b'H', bytes: 10 };
const OF: akson_fhir::definitions::ResourceType = akson_fhir::definitions::ResourceType(7);

/// What befalls a resource at a step: it is changed in its place, deleted, gone altogether, made anew or moved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Changed,
    Deleted,
    Moved,
    Gone,
    MadeAnew,
}

fn fate(step: u64) -> Fate {
    match step % 7 {
        3 => Fate::Deleted,
        5 => Fate::Gone,
        6 => Fate::MadeAnew,
        0 => Fate::Moved,
        _ => Fate::Changed,
    }
}

/// In which patient's range it is at a step.
fn place(id: u64, step: u64) -> ResourceKey {
    let moves = step / 7 + (step + 1) / 7;
    ResourceKey::new(PatientNumber(1 + moves as u32), OF, id + 1)
}

fn locator(id: u64) -> Vec<u8> {
    keys::locator(OF, &format!("resource-{id}"))
}

/// Writes a step as the store would: the locator when it leads elsewhere or the resource is deleted, the head
/// always, and where the resource was a pointer.
fn write(engine: &dyn Engine, id: u64, step: u64) {
    let (now, before) = (place(id, step), place(id, step - 1));
    let deleted = fate(step) == Fate::Deleted;
    let mut ops = Vec::new();
    if fate(step) == Fate::Gone {
        ops.push(Op::Delete { key: locator(id) });
        ops.push(Op::Delete { key: keys::head(now) });
    } else {
        if fate(step) != Fate::Changed || fate(step - 1) == Fate::Deleted || step == 1 {
            let value = [now.0.as_slice(), &[u8::from(deleted)]].concat();
            ops.push(engines::put(locator(id), value));
        }
        ops.push(engines::put(keys::head(now), step.to_be_bytes()));
    }
    if now != before {
        ops.push(engines::put(keys::head(before), b"moved".to_vec()));
    }
    commit_and_wait(engine, engines::ops(ops)).unwrap();
}

/// The step that a snapshot shows; none when the resource is not there.
fn read(snapshot: &dyn Snapshot, id: u64) -> Option<u64> {
    let found = snapshot.get_leading(&locator(id), LEAD).unwrap()?;
    let key = ResourceKey::from_start(&found).unwrap();
    let head = snapshot.get(&keys::head(key)).unwrap().expect("a locator leads to a head");
    let step = u64::from_be_bytes(head.as_ref().try_into().expect("no locator leads to a pointer"));
    assert_eq!(key, place(id, step), "locator and head are of one moment");
    assert_eq!(found.last() == Some(&1), fate(step) == Fate::Deleted, "step {step}");
    Some(step)
}

/// Fails when what was read cannot have stood between two steps, both included.
fn check(id: u64, seen: Option<u64>, acknowledged: u64, begun: u64) {
    let fits = match seen {
        Some(step) => (acknowledged..=begun).contains(&step),
        None => acknowledged == 0 || (acknowledged..=begun).any(|step| fate(step) == Fate::Gone),
    };
    assert!(fits, "resource {id}: {seen:?} after {acknowledged} and before {begun}");
}

fn stat(engine: &PostgresEngine, wanted: &str) -> u64 {
    engine.stats().into_iter().find(|(name, _)| *name == wanted).unwrap().1
}

fn kept(engine: &PostgresEngine) -> u64 {
    stat(engine, "reads_kept")
}

/// A runtime of a task that knows nothing of the engine, and has no clock.
fn tasks() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn what_another_process_does_is_seen_by_the_next_read_of_what_was_kept() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let [one, two] = [(); 2].map(|()| engines::open_postgres(&server.url()));
    for step in 1..=70 {
        write(&one, 0, step);
        let expected = (fate(step) != Fate::Gone).then_some(step);
        for engine in [&one, &two] {
            let before = kept(engine);
            let early = engine.snapshot();
            assert_eq!(read(&*early, 0), expected, "the first read after it");
            assert_eq!(read(&*engine.snapshot(), 0), expected, "the second");
            // The second is of what the first has read, the first of nothing that was kept before.
            assert_eq!(kept(engine) - before, u64::from(expected.is_some()), "step {step}");
        }
        // A snapshot from before shows what was then, whatever is kept since.
        let early = two.snapshot();
        assert_eq!(read(&*early, 0), expected);
        write(&one, 1, step);
        assert_eq!(read(&*two.snapshot(), 1), expected);
        assert_eq!(read(&*early, 1), (step > 1 && fate(step - 1) != Fate::Gone).then(|| step - 1));
        assert_eq!(read(&*early, 0), expected);
    }
}

#[test]
fn what_a_task_fetched_is_of_its_snapshots_moment_and_is_not_asked_for_again() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let [one, two] = [(); 2].map(|()| engines::open_postgres(&server.url()));
    let fetch = |snapshot: &dyn Snapshot, id| {
        tasks().block_on(snapshot.fetch_leading(locator(id), LEAD).unwrap()).unwrap();
    };
    for step in 1..=21 {
        let expected = (fate(step) != Fate::Gone).then_some(step);
        write(&one, 0, step);
        write(&one, 1, step);
        let [first, fixed] = [(); 2].map(|()| two.snapshot());
        fixed.fix().unwrap();
        fetch(&*first, 0);
        let reads = stat(&two, "reads");
        assert_eq!(read(&*first, 0), expected);
        assert_eq!(stat(&two, "reads"), reads, "it was fetched");
        write(&one, 1, step + 1);
        for snapshot in [first, fixed] {
            fetch(&*snapshot, 1);
            assert_eq!(read(&*snapshot, 1), expected, "of before the next step");
        }
        assert_eq!(read(&*two.snapshot(), 1), (fate(step + 1) != Fate::Gone).then_some(step + 1));
    }
}

const RESOURCES: u64 = 12;
const STEPS: u64 = 240;

/// Steps of one resource: begun to be written, and acknowledged.
#[derive(Default)]
struct Steps {
    begun: AtomicU64,
    acknowledged: AtomicU64,
}

fn write_all(engine: &dyn Engine, all: &[Steps], first: usize) {
    for step in 1..=STEPS {
        for id in (first..all.len()).step_by(2) {
            all[id].begun.store(step, Ordering::SeqCst);
            write(engine, id as u64, step);
            all[id].acknowledged.store(step, Ordering::SeqCst);
        }
    }
}

fn read_until(engine: &dyn Engine, all: &[Steps], stop: &AtomicBool, seed: u64) -> u64 {
    let (mut random, mut reads) = (Random(seed), 0);
    let tasks = tasks();
    while !stop.load(Ordering::SeqCst) {
        let id = random.below(all.len());
        let acknowledged = all[id].acknowledged.load(Ordering::SeqCst);
        let snapshot = engine.snapshot();
        // As requests do, or as work does that has a thread of its own.
        if random.below(2) == 0 {
            let fetching = snapshot.fetch_leading(locator(id as u64), LEAD).unwrap();
            tasks.block_on(fetching).unwrap();
        }
        let seen = read(&*snapshot, id as u64);
        check(id as u64, seen, acknowledged, all[id].begun.load(Ordering::SeqCst));
        assert_eq!(read(&*snapshot, id as u64), seen, "a snapshot stands still");
        reads += 1;
    }
    reads
}

#[test]
fn no_read_shows_what_was_replaced_before_it_began_under_the_writes_of_two_processes() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let open = [(); 2].map(|()| engines::open_postgres(&server.url()));
    let (open, all) = (&open, &(0..RESOURCES).map(|_| Steps::default()).collect::<Vec<_>>());
    let stop = &AtomicBool::new(false);
    let reads: u64 = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..12)
            .map(|n| scope.spawn(move || read_until(&open[n % 2], all, stop, 1 + n as u64)))
            .collect();
        let writers = [0, 1].map(|n| scope.spawn(move || write_all(&open[n], all, n)));
        let written = writers.map(std::thread::ScopedJoinHandle::join);
        stop.store(true, Ordering::SeqCst);
        written.into_iter().for_each(|outcome| outcome.unwrap());
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    let kept = [kept(&open[0]), kept(&open[1])];
    println!("{reads} reads, of which {kept:?} of what was kept");
    assert!(kept.iter().all(|kept| *kept > 100), "of {reads} reads {kept:?} of what was kept");
}
