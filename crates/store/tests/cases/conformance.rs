//! The engine contract, on both engines.

use std::sync::Arc;

use akson_store::engine::Engine;
use akson_store::engine::conformance::CASES;
use akson_testkit::postgres::Postgres;

use super::engines;

/// Every case, each on an engine of its own over what is empty; `open` is given the case's number.
pub(super) fn conforms<E: Engine + 'static>(mut open: impl FnMut(usize) -> E) {
    let mut wrong = Vec::new();
    for (at, (name, case)) in CASES.iter().enumerate() {
        let engine: Arc<dyn Engine> = Arc::new(open(at));
        if let Err(why) = case(&engine) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_embedded_engine_conforms() {
    let mut folders = Vec::new();
    conforms(|_| {
        let folder = tempfile::tempdir().unwrap();
        let engine = engines::open(folder.path()).unwrap();
        folders.push(folder);
        engine
    });
}

#[test]
fn the_postgresql_engine_conforms() {
    let server = Postgres::start(&["fsync = off"]).unwrap();
    conforms(|at| engines::open_postgres(&server.database(&format!("case_{at}")).unwrap()));
}
