//! The engine contract, on both engines.

use std::sync::Arc;

use akson_store::engine::Engine;
use akson_store::engine::conformance::CASES;
use akson_testkit::postgres::Postgres;

use super::engines;

#[test]
fn the_embedded_engine_conforms() {
    let mut wrong = Vec::new();
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let engine: Arc<dyn Engine> = Arc::new(engines::open(folder.path()).unwrap());
        if let Err(why) = case(&engine) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_postgresql_engine_conforms() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    let mut wrong = Vec::new();
    for (at, (name, case)) in CASES.iter().enumerate() {
        let url = server.database(&format!("case_{at}")).unwrap();
        let engine: Arc<dyn Engine> = Arc::new(engines::open_postgres(&url));
        if let Err(why) = case(&engine) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
