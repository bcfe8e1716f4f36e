//! The limit of durable creates: the engine alone, writing the same keys and bodies.
//!
//! The very transactions that the store would submit are drafted beforehand; only submitting them
//! and waiting for durability is timed. Runs in this process on the stopped server's folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Instant;

use akson_access::{Actor, Policy};
use akson_audit::{Action, Entry};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::json;
use akson_store::Store;
use akson_store::engine::Transaction;
use akson_store::engine::fjall_engine::Options;
use akson_store::keys::ResourceKey;

use super::Bench;
use crate::say;
use crate::scripts::observation;
use crate::wall_clock::WallClock;

/// Transactions under way, as many as there are clients of the server.
const UNDER_WAY: usize = 64;
/// Transactions drafted beforehand.
const DRAFTED: usize = 60_000;
/// Not counted.
const WARM_UP: usize = 5_000;
/// Serial numbers that no connection of the creating load uses.
const FIRST_SERIAL: u64 = 900_000_000;

impl Bench {
    /// Measures the engine on the folder, and holds the creates measured before against it.
    pub(super) fn engine_alone(&mut self, data: &Path, patients: &[String]) -> Result<(), String> {
        say("the engine alone");
        let shown = |problem: akson_base::Problem| problem.to_string();
        let store = Store::open(data, &Options::default(), Arc::new(WallClock)).map_err(shown)?;
        let transactions = draft_all(&store, patients)?;
        let rate = submit_all(&store, transactions)?;
        store.settle().map_err(shown)?;
        if let Some(creates) = self.figures.iter_mut().find(|f| f.name == super::writing::NAME) {
            *creates = creates.clone().limit("the engine alone, same keys and bodies", rate);
        }
        Ok(())
    }
}

fn draft_all(store: &Store, patients: &[String]) -> Result<Vec<Transaction>, String> {
    let shown = |problem: akson_base::Problem| problem.to_string();
    let permit = Policy::Operator.may_write(&Arc::new(Actor::operator())).map_err(shown)?;
    let resource_type: ResourceType =
        Definitions::r4().resource_type("Observation").ok_or("no definition of Observation")?;
    let snapshot = store.snapshot();
    let mut drafted = Vec::with_capacity(DRAFTED);
    for (serial, patient) in (FIRST_SERIAL..).zip(patients.iter().cycle()).take(DRAFTED) {
        let resource = json::parse(&observation(patient, serial))
            .map_err(|issues| format!("the observation is refused: {issues:?}"))?;
        let id = store.new_id().map_err(shown)?;
        let mut draft = store.draft(snapshot.as_ref());
        draft.put(&permit, resource_type, &id, &resource, None).map_err(shown)?;
        let mut transaction = draft.transaction;
        let concerned = transaction.changes.iter().map(|c| ResourceKey(c.resource).patient());
        let entry =
            Entry::writing(&permit, Action::C, "create", "00000000000000000000000000000000")
                .about("Observation")
                .concerning(concerned);
        transaction.log.push(entry.encode().map_err(shown)?);
        drafted.push(transaction);
    }
    Ok(drafted)
}

/// Transactions per second with [`UNDER_WAY`] of them waiting for durability at any time.
fn submit_all(store: &Store, transactions: Vec<Transaction>) -> Result<f64, String> {
    let (sender, done) = channel();
    let mut begin = Instant::now();
    let mut finished = 0;
    let mut waiting = 0;
    let mut transactions = transactions.into_iter();
    loop {
        while waiting < UNDER_WAY
            && let Some(transaction) = transactions.next()
        {
            let sender = sender.clone();
            let tell = move |outcome: Result<_, _>| {
                // Nobody listens any more only when measuring has failed already.
                let _ = sender.send(outcome.is_ok());
            };
            store.submit(transaction, Box::new(tell));
            waiting += 1;
        }
        if waiting == 0 {
            break;
        }
        // One answer is waited for, the others of its group are there already.
        let first = done.recv().map_err(|_| "the engine went away")?;
        for is_durable in std::iter::once(first).chain(done.try_iter()) {
            if !is_durable {
                return Err("the engine refused a transaction".into());
            }
            waiting -= 1;
            finished += 1;
            if finished == WARM_UP {
                begin = Instant::now();
            }
        }
    }
    Ok((finished - WARM_UP) as f64 / begin.elapsed().as_secs_f64())
}
