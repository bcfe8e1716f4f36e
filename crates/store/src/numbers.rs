//! Resource and patient numbers: counters whose used part is always below a durable mark.
//!
//! Numbers are handed out from memory; a block of them is reserved durably ahead of use, so after a
//! crash counting goes on above everything that may have been used. Gaps are harmless.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use akson_base::Problem;

use crate::engine::{CommitError, Engine, Op, Transaction, commit_and_wait};
use crate::keys;

/// Numbers reserved at a time.
const BLOCK: u64 = 100_000;

/// One counter.
pub(crate) struct Numbers {
    name: &'static str,
    next: AtomicU64,
    reserved: AtomicU64,
    reserving: Mutex<()>,
    limit: u64,
}

impl Numbers {
    /// Opens the counter kept under `M name`; numbers are below `limit`, from 1.
    pub(crate) fn open(
        engine: &dyn Engine,
        name: &'static str,
        limit: u64,
    ) -> Result<Self, Problem> {
        let stored = engine.snapshot().get(&keys::meta(name))?;
        let start = match stored.as_deref().map(<[u8; 8]>::try_from) {
            None => 1,
            Some(Ok(bytes)) => u64::from_be_bytes(bytes),
            Some(Err(_)) => {
                return Err(Problem::fault("STO-005", format!("counter {name} is damaged")));
            }
        };
        Ok(Self {
            name,
            next: AtomicU64::new(start),
            reserved: AtomicU64::new(start),
            reserving: Mutex::new(()),
            limit,
        })
    }

    /// A number never given before.
    pub(crate) fn take(&self, engine: &dyn Engine) -> Result<u64, Problem> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        while number >= self.reserved.load(Ordering::SeqCst) {
            self.reserve(engine, number)?;
        }
        Ok(number)
    }

    fn reserve(&self, engine: &dyn Engine, number: u64) -> Result<(), Problem> {
        let _one = self.reserving.lock().unwrap_or_else(PoisonError::into_inner);
        let reserved = self.reserved.load(Ordering::SeqCst);
        if number < reserved {
            return Ok(());
        }
        let mark = number + BLOCK;
        if mark > self.limit {
            return Err(Problem::fault("STO-006", format!("counter {} is used up", self.name)));
        }
        let transaction = Transaction {
            ops: vec![Op::Put {
                key: keys::meta(self.name),
                value: mark.to_be_bytes().to_vec(),
                stamp_key_at: None,
                stamp_value_at: None,
            }],
            ..Transaction::default()
        };
        match commit_and_wait(engine, transaction) {
            Ok(_) => {
                self.reserved.store(mark, Ordering::SeqCst);
                Ok(())
            }
            Err(CommitError::Problem(problem)) => Err(problem),
            Err(CommitError::Precondition { .. }) => {
                Err(Problem::fault("STO-007", "the committer did not answer"))
            }
        }
    }
}
