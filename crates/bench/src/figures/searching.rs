//! The search mix, and each of its classes alone.

use std::sync::Arc;

use super::{Bench, Driven, Name, latencies};
use crate::client::Address;
use crate::load::{Measured, Plan, Ring, drive};
use crate::probe::Probe;
use crate::report::Figure;
use crate::say;
use crate::search_mix::{Class, classes, example, is_searchset, requests};

/// Connections that search.
const CLIENTS: usize = 30;

fn run(address: &Address, plan: Plan, requests: Vec<Vec<u8>>) -> Result<Measured, String> {
    let requests = Arc::new(requests);
    drive(address, plan, &|connection| Ring::script(&requests, connection, CLIENTS, 200))
}

/// Asks each search once; answers how many matched nothing, or which one failed.
fn try_out(probe: &Probe, class: &Class) -> Result<usize, String> {
    let mut empty = 0;
    for search in &class.searches {
        let page = probe.json(&format!("{search}&_count=20"))?;
        if !is_searchset(&page) {
            return Err(format!("{search} does not answer a searchset"));
        }
        let entries = page.get("entry").and_then(serde_json::Value::as_array);
        empty += usize::from(entries.is_none_or(Vec::is_empty));
    }
    Ok(empty)
}

impl Bench {
    /// The mix, then (when asked for) class by class for a third of the time.
    pub(super) fn searches(&mut self, driven: &Driven) -> Result<(), String> {
        say("searching");
        let mut offered = Vec::new();
        let mut notes = Vec::new();
        for class in classes(&driven.harvest) {
            match try_out(&driven.probe, &class) {
                Ok(empty) => {
                    let all = class.searches.len();
                    notes.push(format!("{} {all} ({empty} without a match)", class.name));
                    offered.push(class);
                }
                Err(error) => notes.push(format!("{} NOT MEASURED: {error}", class.name)),
            }
        }
        if self.wants(Name::Search) {
            let mix =
                run(&driven.address, self.plan(CLIENTS), requests(&offered, &driven.address))?;
            self.add(
                Figure::new(&format!("search mix, {CLIENTS} clients"), mix.rate(), "req/s")
                    .target(self.targets.searches.0)
                    .details(format!("{}; searches: {}", latencies(&mix), notes.join(", "))),
            );
            self.add(
                Figure::new("search mix, p99", mix.milliseconds_at(0.99), "ms")
                    .target(self.targets.searches.1),
            );
        }
        if self.wants(Name::SearchClasses) {
            for class in &offered {
                let ring = requests(std::slice::from_ref(class), &driven.address);
                let mut plan = self.plan(CLIENTS);
                plan.measured /= 3;
                plan.warm_up /= 3;
                let one = run(&driven.address, plan, ring)?;
                let name = format!("search, {} alone", class.name);
                let details = format!("{}; such as {}", latencies(&one), example(class));
                self.add(Figure::new(&name, one.rate(), "req/s").details(details));
            }
        }
        Ok(())
    }
}
