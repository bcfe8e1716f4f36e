//! The engine contract, on the embedded engine.

use std::sync::Arc;

use akson_store::engine::Engine;
use akson_store::engine::conformance::CASES;

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
