//! What waiting for the access log costs: the real record, its log entries not waited for.
//!
//! The program under measurement has no such setting and must not have one. Here an engine stands
//! between the record and the real engine that submits every log entry and says at once that it is
//! durable. Everything else is what `akson serve --open` runs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use akson_access::{Actor, Policy};
use akson_api::{Api, Callers, Options};
use akson_base::{Clock, Problem};
use akson_record::Record;
use akson_store::Store;
use akson_store::engine::fjall_engine::{self, FjallEngine};
use akson_store::engine::{Committed, Done, Engine, Snapshot, Transaction};

use crate::http_stack;
use crate::wall_clock::WallClock;

/// What `akson serve` takes on a machine with 8 GiB or more.
const CACHE_BYTES: u64 = 512 << 20;

/// The real engine, whose log entries nobody waits for.
struct Unwaited(FjallEngine);

impl Engine for Unwaited {
    fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.0.snapshot()
    }

    fn submit(&self, transaction: Transaction, done: Done) {
        if !transaction.ops.is_empty() {
            return self.0.submit(transaction, done);
        }
        // Whether it became durable is what is not waited for here.
        self.0.submit(transaction, Box::new(drop));
        done(Ok(self.0.last_commit()));
    }

    fn last_commit(&self) -> Committed {
        self.0.last_commit()
    }

    fn writable(&self) -> Result<(), Problem> {
        self.0.writable()
    }

    fn stats(&self) -> Vec<(&'static str, u64)> {
        self.0.stats()
    }

    fn settle(&self) -> Result<(), Problem> {
        self.0.settle()
    }
}

/// Serves the record in a data folder that no other process has open.
pub(crate) fn serve(data: &Path) -> Result<(), String> {
    let shown = |problem: Problem| problem.to_string();
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let options = fjall_engine::Options { cache_bytes: CACHE_BYTES, ..Default::default() };
    let engine = FjallEngine::open(data, &options, Arc::clone(&clock));
    let engine = Arc::new(Unwaited(engine.map_err(shown)?));
    let store = Arc::new(Store::over(engine, Arc::clone(&clock)).map_err(shown)?);
    let record = Arc::new(Record::new(store, Policy::Open));
    http_stack::serve(|address: SocketAddr| {
        let options = Options {
            base: None,
            listen: address.to_string(),
            request_time_max: Duration::from_secs(60),
            cors_origins: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
            policy: Policy::Open,
        };
        let everybody = Callers::Everybody(Arc::new(Actor::open()));
        let api = Arc::new(Api::new(record, options, everybody, &*clock));
        Ok(move |request| {
            let api = Arc::clone(&api);
            async move { api.handle(request).await }
        })
    })
}
