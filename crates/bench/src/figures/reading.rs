//! Read by id, beside the same HTTP stack answering a constant of the same size.

use std::path::Path;
use std::sync::Arc;

use super::{Bench, Driven, latencies};
use crate::client::Address;
use crate::load::{Measured, Plan, Ring, drive};
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that read.
const CLIENTS: usize = 128;
/// What reads are held against.
const CONSTANT: &str = "same HTTP stack, a constant";

impl Bench {
    /// Observations by id, all over the store.
    pub(super) fn reads(&mut self, driven: &Driven) -> Result<(), String> {
        say("reading by id");
        let ids = driven.harvest.scattered_observation_ids();
        let (reads, limit) = self.beside_a_constant(&driven.address, &ids)?;
        let bytes = reads.mean_body_bytes();
        self.add(
            Figure::new(&format!("read by id, {CLIENTS} clients"), reads.rate(), "req/s")
                .limit(CONSTANT, limit.rate())
                .target(self.targets.reads)
                .details(format!("{}; {bytes} bytes on average", latencies(&reads))),
        );
        Ok(())
    }

    /// The same reads of the same record, not waiting for the log: what the waiting costs.
    pub(super) fn reads_unwaited(&mut self, data: &Path, driven: &Driven) -> Result<(), String> {
        say("reading by id without waiting for the log");
        let ids = driven.harvest.scattered_observation_ids();
        let program = Program::unwaited(data)?;
        let (reads, limit) = self.beside_a_constant(&program.address, &ids)?;
        self.add(
            Figure::new("the same, the log not waited for", reads.rate(), "req/s")
                .limit(CONSTANT, limit.rate())
                .target(Target::Ratio(0.6))
                .details(latencies(&reads)),
        );
        Ok(())
    }

    /// The HTTP stack alone, for judging the generator and the machine.
    pub(super) fn http_alone(&mut self) -> Result<(), String> {
        let constant = Program::constant(1_600)?;
        let measured = read(&constant.address, &["Observation/1"], self.plan(CLIENTS))?;
        let name = format!("HTTP alone, {CLIENTS} clients");
        self.add(Figure::new(&name, measured.rate(), "req/s").details(latencies(&measured)));
        Ok(())
    }

    /// The reads and a constant of their size from the same HTTP stack, asked for in the same way,
    /// in turns.
    fn beside_a_constant(
        &self,
        address: &Address,
        ids: &[&str],
    ) -> Result<(Measured, Measured), String> {
        let turn = |address| read(address, ids, self.turn(CLIENTS));
        let reads = turn(address)?;
        let constant = Program::constant(reads.mean_body_bytes())?;
        let limit = turn(&constant.address)?;
        Self::in_turns((reads, limit), || Ok((turn(address)?, turn(&constant.address)?)))
    }
}

fn read(address: &Address, ids: &[&str], plan: Plan) -> Result<Measured, String> {
    let request = |id: &str| address.request("GET", &format!("/{id}"), b"");
    let requests = Arc::new(ids.iter().map(|id| request(id)).collect::<Vec<_>>());
    let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
    drive(address, plan, &script)
}
