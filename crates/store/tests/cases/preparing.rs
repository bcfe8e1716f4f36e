//! How a database is made ready: once, whoever starts, and never by an older program.

use std::sync::{Arc, Barrier};

use akson_store::Store;
use akson_store::engine::postgres::{Options, PostgresEngine};
use akson_store::engine::{Engine, commit_and_wait};
use akson_testkit::postgres::Postgres;

use super::engines::{self, WallClock};

const STARTS: usize = 8;

fn problem(url: &str) -> akson_base::Problem {
    let opened = PostgresEngine::open(url, &Options::default(), Arc::new(WallClock));
    opened.err().expect("must be refused")
}

#[test]
fn those_that_start_together_make_the_tables_once_and_all_write() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    for round in 0..5 {
        let name = format!("round{round}");
        let url = server.database(&name).unwrap();
        let together = Barrier::new(STARTS);
        let newest = std::thread::scope(|scope| {
            let start = |n: usize| {
                let (url, together) = (&url, &together);
                move || {
                    together.wait();
                    let engine = Arc::new(engines::open_postgres(url));
                    // The store has beginnings of its own to write.
                    let store = Store::over(engine, Arc::new(WallClock)).unwrap();
                    let id = store.new_id().unwrap();
                    let put = engines::put(format!("k{n}"), id.clone());
                    (id, commit_and_wait(store.engine(), engines::ops(vec![put])).unwrap().commit)
                }
            };
            let starts: Vec<_> = (0..STARTS).map(|n| scope.spawn(start(n))).collect();
            let mut made: Vec<_> = starts.into_iter().map(|one| one.join().unwrap()).collect();
            made.sort();
            made.dedup_by(|a, b| a.0 == b.0);
            assert_eq!(made.len(), STARTS, "no number is given twice");
            made.into_iter().map(|(_, commit)| commit).max().unwrap()
        });
        let chain = server.sql(&name, "SELECT commit FROM akson_head").unwrap();
        assert_eq!(chain, newest.to_string());
        let rows = server.sql(&name, "SELECT count(*) FROM akson_schema").unwrap();
        assert_eq!(rows, "1");
    }
}

#[test]
fn tables_of_a_later_version_or_another_format_are_refused_and_left_alone() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let url = server.url();
    drop(engines::open_postgres(&url));
    let all = "SELECT version, format FROM akson_schema";
    for (change, says) in [
        ("UPDATE akson_schema SET version = version + 1", "later version of Akson"),
        (
            "UPDATE akson_schema SET version = version - 1, format = format + 1",
            "later version of Akson",
        ),
        ("UPDATE akson_schema SET format = format - 2", "earlier version of Akson"),
    ] {
        server.sql("postgres", change).unwrap();
        let before = server.sql("postgres", all).unwrap();
        let problem = problem(&url);
        assert_eq!(problem.code, "STO-079", "{problem}");
        assert!(problem.for_caller.contains(says), "{problem}");
        assert_eq!(server.sql("postgres", all).unwrap(), before);
    }
    server.sql("postgres", "UPDATE akson_schema SET format = format + 1").unwrap();
    assert_eq!(engines::open_postgres(&url).last_commit().commit, 0);
}

#[test]
fn a_role_with_nothing_but_its_own_database_is_enough() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let role = "CREATE ROLE clerk LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE";
    server.sql("postgres", role).unwrap();
    server.sql("postgres", "CREATE DATABASE record OWNER clerk").unwrap();
    let url = server.url_of("record").replace("akson@", "clerk@");
    let engine = engines::open_postgres(&url);
    commit_and_wait(&engine, engines::ops(vec![engines::put("k", "v")])).unwrap();
    assert_eq!(engine.snapshot().get(b"k").unwrap().as_deref(), Some(&b"v"[..]));
}
