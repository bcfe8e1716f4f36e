//! Engines for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use akson_base::{Clock, Instant, Problem};
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::postgres::{self, PostgresEngine};
use akson_store::engine::{Op, Transaction};

pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Instant {
        Instant(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
    }
}

/// Small tables and little memory, so that much of the engine's machinery runs in little time.
pub(crate) fn small() -> Options {
    Options {
        cache_bytes: 4 << 20,
        memtable_bytes: 1 << 20,
        table_bytes: 1 << 20,
        reserve_bytes: 1 << 20,
        ..Options::default()
    }
}

pub(crate) fn open(path: &Path) -> Result<FjallEngine, Problem> {
    FjallEngine::open(path, &small(), Arc::new(WallClock))
}

pub(crate) fn open_postgres(url: &str) -> PostgresEngine {
    PostgresEngine::open(url, &postgres::Options::default(), Arc::new(WallClock)).unwrap()
}

pub(crate) fn put(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Op {
    Op::Put { key: key.into(), value: value.into(), stamp_key_at: None, stamp_value_at: None }
}

pub(crate) fn ops(ops: Vec<Op>) -> Transaction {
    Transaction { ops, ..Transaction::default() }
}

/// Small, fast and repeatable: xorshift64*.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
