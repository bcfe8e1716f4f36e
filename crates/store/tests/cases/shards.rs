//! Tables that are divided by shard, made by the files that the documents name: the contract holds, what is
//! asked about one patient is answered by one part, and what is asked about all of them takes no more than
//! its limit from each.
//!
//! The plans are those of the statements that the engine sends, as PostgreSQL itself writes them down
//! (`auto_explain`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use akson_fhir::definitions::ResourceType;
use akson_fhir::search::SlotId;
use akson_store::engine::postgres::{Options, PostgresEngine};
use akson_store::engine::{
    Direction, Engine, Op, Precondition, Snapshot, Transaction, commit_and_wait,
};
use akson_store::keys::{self, PatientNumber, ResourceKey};
use akson_testkit::postgres::Postgres;

use super::backup::{content, fill};
use super::copying::{self, Target};
use super::{conformance, engines, linearizability, postgres};

/// What an operator makes the tables with.
struct Divided {
    file: &'static str,
    set: &'static [&'static str],
}

const PARTS: usize = 8;
const PARTITIONS: Divided = Divided { file: "partitions.sql", set: &["parts=8"] };
const CITUS: Divided = Divided { file: "citus.sql", set: &[] };

const QUICK: [&str; 1] = ["fsync = off"];
const EXPLAINED: [&str; 5] = [
    "fsync = off",
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_timing = off",
];

/// Divides the tables of an empty database.
fn divide(server: &Postgres, name: &str, how: &Divided) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate");
    server.run_file(name, &folder.join(how.file), how.set).unwrap();
    server.url_of(name)
}

/// A database of this name whose tables are divided.
fn divided(server: &Postgres, name: &str, how: &Divided) -> String {
    server.database(name).unwrap();
    divide(server, name, how)
}

fn conforms(server: &Postgres, how: &Divided, prepare: &str) {
    conformance::conforms(|at| {
        let database = format!("case_{at}");
        server.database(&database).unwrap();
        server.sql(&database, prepare).unwrap();
        engines::open_postgres(&divide(server, &database, how))
    });
}

#[test]
fn the_engine_conforms_on_hash_partitions() {
    conforms(&Postgres::start(&QUICK).unwrap(), &PARTITIONS, "");
}

#[test]
fn the_engine_conforms_on_citus() {
    let server = Postgres::start(&QUICK).unwrap();
    let available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'";
    if server.sql("postgres", available).unwrap() == "0" {
        println!("NOT RUN on Citus: this PostgreSQL offers no extension of that name");
        return;
    }
    drop(server);
    let settings =
        ["fsync = off", "shared_preload_libraries = 'citus'", "max_prepared_transactions = 200"];
    let server = Postgres::start(&settings).unwrap();
    let address = server.url();
    let port = address.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).unwrap().0;
    // One machine that is coordinator and worker.
    let prepare = format!(
        "CREATE EXTENSION citus; SELECT citus_set_coordinator_host('127.0.0.1', {port}); \
         SELECT citus_set_node_property('127.0.0.1', {port}, 'shouldhaveshards', true)"
    );
    conforms(&server, &CITUS, &prepare);
}

#[test]
fn a_register_is_linearizable_on_hash_partitions_from_three_processes() {
    let server = Postgres::start(&QUICK).unwrap();
    let url = divide(&server, "postgres", &PARTITIONS);
    let (one, two, three) =
        (engines::open_postgres(&url), engines::open_postgres(&url), engines::open_postgres(&url));
    linearizability::check(&[&one, &two, &three], 10, 60);
}

#[test]
fn a_killed_server_loses_nothing_of_hash_partitions() {
    let server = Postgres::start(&[]).unwrap();
    divide(&server, "postgres", &PARTITIONS);
    postgres::killed_under_load(server, 4);
}

/// A server that is killed between its commit and saying that it is done leaves it unsaid.
#[test]
fn a_commit_that_nobody_shows_is_not_seen_and_is_shown_by_the_next_who_comes() {
    let server = Postgres::start(&QUICK).unwrap();
    let url = divide(&server, "postgres", &PARTITIONS);
    // One connection that reads: a new one would show it.
    let open = || {
        let options = Options { readers: 1, ..Options::default() };
        PostgresEngine::open(&url, &options, Arc::new(engines::WallClock)).unwrap()
    };
    let (one, two) = (open(), open());
    let set = |engine: &dyn Engine, preconditions, value: &str| {
        let ops = vec![engines::put("k", value)];
        commit_and_wait(engine, Transaction { preconditions, ops, ..Transaction::default() })
    };
    let get = |engine: &dyn Engine| engine.snapshot().get(b"k").unwrap().map(|v| v.to_vec());
    let begins = |value: &str| vec![Precondition::Begins(b"k".to_vec(), value.into())];
    set(&one, Vec::new(), "first").unwrap();
    set(&one, Vec::new(), "second").unwrap();
    for engine in [&one, &two] {
        assert_eq!(get(engine), Some(b"second".to_vec()));
    }
    let unsay = "UPDATE akson_head SET shown = shown - 1";
    server.sql("postgres", unsay).unwrap();
    for engine in [&one, &two] {
        assert_eq!(get(engine), Some(b"first".to_vec()));
        let found = engine.snapshot().scan(&keys::under(b"k"), Direction::Ascending, 5).unwrap();
        assert_eq!(found[0].1.as_ref(), b"first");
    }
    // Who comes to commit next shows it, and goes on from it.
    set(&two, begins("first"), "lost").unwrap_err();
    assert_eq!(get(&one), Some(b"second".to_vec()));
    set(&two, begins("second"), "third").unwrap();
    for engine in [&one, &two] {
        assert_eq!(get(engine), Some(b"third".to_vec()));
    }
    server.sql("postgres", unsay).unwrap();
    assert_eq!(get(&one), Some(b"second".to_vec()));
    // Who starts shows it too.
    drop(two);
    let three = open();
    for engine in [&one, &three] {
        assert_eq!(get(engine), Some(b"third".to_vec()));
    }
}

#[test]
fn a_record_moves_from_whole_tables_to_divided_ones_and_back() {
    let server = Postgres::start(&QUICK).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let first = copying::source(&folder.path().join("a"));
    let whole = Target::Database(server.database("whole").unwrap());
    copying::copied(&first, &whole).unwrap();
    let whole = whole.open();
    let parts = Target::Database(divided(&server, "parts", &PARTITIONS));
    let all = content(&*whole).len() as u64;
    // Killed on the way, and gone on with.
    assert_eq!(copying::cut_short(&*whole, &parts, all - 1), None);
    assert!(copying::cut_short(&*whole, &parts, all - 1).is_some());
    let copied = copying::copied(&*whole, &parts).unwrap();
    assert_eq!(copied.content.entries(), all);
    let parts = parts.open();
    assert_eq!(content(&*parts), content(&*whole));
    assert_eq!(parts.last_commit(), whole.last_commit());
    fill(&*parts, 3);
    let back = Target::Database(server.database("back").unwrap());
    assert_eq!(copying::copied(&*parts, &back).unwrap().commit, copied.commit + 3);
    assert_eq!(content(&*back.open()), content(&*parts));
}

/// A scan of one part that was made, and the rows that came of it.
type Scans = BTreeMap<String, u64>;

/// One statement of ours: its text, what PostgreSQL made of it, and the scans of parts.
#[derive(Debug)]
struct Plan {
    text: String,
    nodes: String,
    scans: Scans,
}

/// The plans of statements on the large tables in a piece of the log.
fn plans(log: &str) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for line in log.lines() {
        if let Some((_, text)) = line.split_once("Query Text: ") {
            let (text, nodes) = (text.to_owned(), String::new());
            plans.push(Plan { text, nodes, scans: Scans::new() });
            continue;
        }
        let Some(plan) = plans.last_mut().filter(|_| line.starts_with('\t')) else { continue };
        plan.nodes.extend([line, "\n"]);
        let Some((_, scan)) = line.split_once(" Scan").and_then(|(_, s)| s.split_once(" on "))
        else {
            continue;
        };
        let Some((_, rows)) = scan.split_once("actual rows=") else { continue };
        let (name, _) = scan.split_once(' ').unwrap();
        let rows: u64 = rows.split(' ').next().unwrap().parse().unwrap();
        *plan.scans.entry(name.to_owned()).or_default() += rows;
    }
    let large = |text: &str| text.contains("akson_entry") || text.contains("akson_past");
    plans.retain(|plan| large(&plan.text) && plan.text.contains('$'));
    plans
}

/// Does something and answers the plans of what it asked.
fn explained<T>(server: &Postgres, act: impl FnOnce() -> T) -> (T, Vec<Plan>) {
    let before = server.log().unwrap().len();
    let outcome = act();
    (outcome, plans(&server.log().unwrap()[before..]))
}

fn resource(patient: u32, number: u64) -> ResourceKey {
    ResourceKey::new(PatientNumber(patient), ResourceType(7), number)
}

const SLOT: SlotId = SlotId(31);
const PATIENTS: u32 = 100;
const RESOURCES: u64 = 30;

fn entries(patient: u32) -> Vec<Op> {
    let keys = (0..RESOURCES).flat_map(|number| {
        let resource = resource(patient, number);
        let value = number.to_be_bytes();
        [keys::head(resource), keys::facets(resource), keys::index(SLOT, &value, resource)]
    });
    keys.map(|key| engines::put(key, "x")).collect()
}

/// Each statement looked into one part, and into no part but by its index.
#[track_caller]
fn is_routed(plans: &[Plan], statements: usize) {
    assert_eq!(plans.len(), statements, "{plans:#?}");
    for plan in plans {
        assert_eq!(plan.scans.len(), 1, "{plan:#?}");
        assert!(!plan.nodes.contains("Seq Scan"), "{plan:#?}");
    }
}

#[test]
fn one_patient_is_one_part_and_a_search_of_all_takes_its_limit_from_each() {
    let server = Postgres::start(&EXPLAINED).unwrap();
    let engine = engines::open_postgres(&divided(&server, "record", &PARTITIONS));
    for patient in 1..=PATIENTS {
        commit_and_wait(&engine, engines::ops(entries(patient))).unwrap();
    }
    let full = "SELECT count(*) FROM (SELECT DISTINCT tableoid FROM akson_entry) AS parts";
    assert_eq!(server.sql("record", full).unwrap(), PARTS.to_string());
    let storage = "SELECT string_agg(DISTINCT attstorage::text, '') FROM pg_attribute \
         WHERE attname = 'v' AND attrelid::regclass::text ~ '^akson_(entry|past)'";
    assert_eq!(server.sql("record", storage).unwrap(), "e");

    // A chart: everything of a patient's one type, then keys of the patient's. What stands, what is past.
    let snapshot = engine.snapshot();
    let chart = keys::under(&keys::head(resource(9, 0))[..6]);
    let (found, plans) =
        explained(&server, || snapshot.scan(&chart, Direction::Ascending, 1_000).unwrap());
    assert_eq!(found.len() as u64, RESOURCES);
    is_routed(&plans, 2);
    let facets: Vec<_> = (0..RESOURCES).map(|number| keys::facets(resource(9, number))).collect();
    let (found, plans) = explained(&server, || snapshot.multi_get(&facets).unwrap());
    assert!(found.iter().all(Option::is_some));
    is_routed(&plans, 2);

    // A locator lies in a part of its own.
    let (_, plans) = explained(&server, || snapshot.get(&keys::patient("p1")).unwrap());
    is_routed(&plans, 2);

    // A search of all patients, both ways, also when PostgreSQL knows how much there is.
    searches_take_their_limit(&server, &*snapshot);
    server.sql("record", "ANALYZE").unwrap();
    searches_take_their_limit(&server, &*snapshot);
}

fn searches_take_their_limit(server: &Postgres, snapshot: &dyn Snapshot) {
    for direction in [Direction::Ascending, Direction::Descending] {
        let slot = keys::under(&[&b"I"[..], &SLOT.0.to_be_bytes()].concat());
        let (found, plans) = explained(server, || snapshot.scan(&slot, direction, 20).unwrap());
        assert_eq!(found.len(), 20);
        let is_up = found.is_sorted_by_key(|(key, _)| key.clone());
        assert_eq!(is_up, direction == Direction::Ascending);
        assert_eq!(plans.len(), 2, "{plans:#?}");
        for plan in &plans {
            assert_eq!(plan.scans.len(), PARTS, "{plan:#?}");
            assert!(plan.nodes.contains("Merge Append"), "{plan:#?}");
            assert!(
                !plan.nodes.contains("->  Sort") && !plan.nodes.contains("Seq Scan"),
                "{plan:#?}"
            );
        }
        let rows: u64 = plans[0].scans.values().sum();
        // Of each part as many as were taken of it, and one that waits.
        assert!(rows <= 20 + PARTS as u64, "{plans:#?}");
    }
}

#[test]
fn a_write_of_one_patient_looks_into_one_part() {
    let server = Postgres::start(&EXPLAINED).unwrap();
    let engine = engines::open_postgres(&divided(&server, "record", &PARTITIONS));
    commit_and_wait(&engine, engines::ops(entries(5))).unwrap();
    let head = keys::head(resource(5, 3));
    let only = keys::under(&keys::head(resource(5, 7)));
    let transaction = Transaction {
        preconditions: vec![
            Precondition::Begins(head.clone(), b"x".to_vec()),
            Precondition::OnlyKeys(only, vec![keys::head(resource(5, 7))]),
        ],
        ops: vec![
            engines::put(head.clone(), "y"),
            Op::Delete { key: keys::facets(resource(5, 3)) },
        ],
        ..Transaction::default()
    };
    let (_, plans) = explained(&server, || commit_and_wait(&engine, transaction).unwrap());
    // Two preconditions, what is kept aside, what is removed; what is put is sent to its part by its row.
    let (puts, others): (Vec<_>, Vec<_>) =
        plans.into_iter().partition(|plan| plan.text.starts_with("INSERT INTO akson_entry"));
    assert_eq!(puts.len(), 1);
    is_routed(&others, 4);
    let past = server.sql("record", "SELECT count(*), count(DISTINCT tableoid) FROM akson_past");
    assert_eq!(past.unwrap(), "2|1");
    let snapshot = engine.snapshot();
    assert_eq!(snapshot.get(&head).unwrap().as_deref(), Some(&b"y"[..]));
}
