//! Resource and patient numbers: counters whose used part is always below a durable mark.
//!
//! Numbers are handed out from memory; a block of them is reserved durably ahead of use, so after a
//! crash counting goes on above everything that may have been used. Gaps are harmless.

use std::sync::{Mutex, PoisonError};

use akson_base::Problem;

use crate::engine::{CommitError, Engine, Op, Precondition, Transaction, commit_and_wait};
use crate::keys;

/// Numbers reserved at a time.
const BLOCK: u64 = 100_000;

/// Attempts at a block that other processes reserve too.
const TRIES_MAX: usize = 1_000;

/// What is reserved and not yet given.
struct Block {
    next: u64,
    end: u64,
}

/// One counter.
pub(crate) struct Numbers {
    name: &'static str,
    block: Mutex<Block>,
    limit: u64,
}

impl Numbers {
    /// Opens the counter kept under `M name`; numbers are below `limit`, from 1.
    pub(crate) fn open(
        engine: &dyn Engine,
        name: &'static str,
        limit: u64,
    ) -> Result<Self, Problem> {
        mark(engine, name)?;
        Ok(Self { name, block: Mutex::new(Block { next: 1, end: 1 }), limit })
    }

    /// A number never given before, by this process or another.
    pub(crate) fn take(&self, engine: &dyn Engine) -> Result<u64, Problem> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if block.next == block.end {
            *block = self.reserve(engine)?;
        }
        let number = block.next;
        block.next += 1;
        Ok(number)
    }

    /// Moves the durable mark by a block, which is ours then.
    fn reserve(&self, engine: &dyn Engine) -> Result<Block, Problem> {
        for _ in 0..TRIES_MAX {
            let stored = mark(engine, self.name)?;
            let next = stored.unwrap_or(1);
            let end = next + BLOCK;
            if end > self.limit {
                return Err(Problem::fault("STO-006", format!("counter {} is used up", self.name)));
            }
            let key = keys::meta(self.name);
            let unchanged = match stored {
                None => Precondition::Absent(key.clone()),
                Some(mark) => Precondition::Begins(key.clone(), mark.to_be_bytes().to_vec()),
            };
            let value = end.to_be_bytes().to_vec();
            let put = Op::Put { key, value, stamp_key_at: None, stamp_value_at: None };
            let transaction = Transaction {
                preconditions: vec![unchanged],
                ops: vec![put],
                ..Default::default()
            };
            match commit_and_wait(engine, transaction) {
                Ok(_) => return Ok(Block { next, end }),
                // Another process was first.
                Err(CommitError::Precondition { .. }) => {}
                Err(CommitError::Problem(problem)) => return Err(problem),
            }
        }
        Err(Problem::fault("STO-007", format!("no block of counter {} could be had", self.name)))
    }
}

/// Up to where numbers may have been used.
fn mark(engine: &dyn Engine, name: &str) -> Result<Option<u64>, Problem> {
    let stored = engine.snapshot().get(&keys::meta(name))?;
    let Some(stored) = stored else { return Ok(None) };
    let bytes = <[u8; 8]>::try_from(stored.as_ref())
        .map_err(|_| Problem::fault("STO-005", format!("counter {name} is damaged")))?;
    Ok(Some(u64::from_be_bytes(bytes)))
}
