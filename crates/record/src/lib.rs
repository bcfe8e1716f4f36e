//! The shared record: the one way in. Every interaction asks `access` for a permit and leaves an
//! `audit` entry that is durable before the answer.
//!
//! One file per interaction under `interactions/`; [`page`] writes the Bundles, [`outcome`] the
//! OperationOutcomes.

mod commit;
mod elements;
mod interactions;
pub mod outcome;
pub mod page;
pub mod request;
mod searching;
mod turns;
mod writes;

use std::sync::Arc;

use akson_access::Policy;
use akson_audit::{AccessIndex, Entry};
use akson_base::Problem;
use akson_store::Store;
use akson_store::engine::Transaction;

pub use interactions::everything::EverythingPages;
pub use page::page_json;

/// The record over one store. Share it behind an `Arc`.
pub struct Record {
    store: Arc<Store>,
    policy: Policy,
    accesses: AccessIndex,
    turns: turns::Turns,
}

impl Record {
    /// A record under a policy.
    pub fn new(store: Arc<Store>, policy: Policy) -> Self {
        let accesses = AccessIndex::new(Arc::clone(&store));
        Self { store, policy, accesses, turns: turns::Turns::default() }
    }

    /// The store below, for operators' commands and figures; its reads need a permit too.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Brings the index of accesses up to date; answers how many commits were read. Blocking: to be
    /// called now and then from a thread of its own.
    pub fn index_accesses(&self) -> Result<usize, Problem> {
        self.accesses.catch_up()
    }

    /// Makes a log entry durable.
    async fn log(&self, entry: Entry) -> Result<(), Problem> {
        let transaction = Transaction { log: vec![entry.encode()?], ..Transaction::default() };
        match commit::submit(&self.store, transaction).await {
            Ok(_) => Ok(()),
            Err(error) => Err(commit::problem(error)),
        }
    }
}
