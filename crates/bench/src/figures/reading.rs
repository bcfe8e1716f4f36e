//! Read by id, beside the same HTTP stack answering a constant of the same size.

use std::path::Path;
use std::sync::Arc;

use super::{Bench, Driven, latencies};
use crate::client::Address;
use crate::load::{Measured, Ring, drive};
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that read.
const CLIENTS: usize = 128;
/// Turns of reads and constant.
const ROUNDS: u64 = 5;
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
                .target(Target::Ratio(0.45))
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
        let measured = self.constant(1_600, &["Observation/1"])?;
        let name = format!("HTTP alone, {CLIENTS} clients");
        self.add(Figure::new(&name, measured.rate(), "req/s").details(latencies(&measured)));
        Ok(())
    }

    /// The reads and a constant of their size from the same HTTP stack, asked for in the same way,
    /// in turns: the machine's own speed changes from one second to the next.
    fn beside_a_constant(
        &self,
        address: &Address,
        ids: &[&str],
    ) -> Result<(Measured, Measured), String> {
        let mut reads = self.read_all(address, ids)?;
        let constant = Program::constant(reads.mean_body_bytes())?;
        let mut limit = self.read_all(&constant.address, ids)?;
        for _ in 1..ROUNDS {
            reads = reads.and_then(&self.read_all(address, ids)?)?;
            limit = limit.and_then(&self.read_all(&constant.address, ids)?)?;
        }
        Ok((reads, limit))
    }

    /// A constant of so many bytes.
    fn constant(&self, bytes: u64, ids: &[&str]) -> Result<Measured, String> {
        self.read_all(&Program::constant(bytes)?.address, ids)
    }

    fn read_all(&self, address: &Address, ids: &[&str]) -> Result<Measured, String> {
        let request = |id: &str| address.request("GET", &format!("/{id}"), b"");
        let requests = Arc::new(ids.iter().map(|id| request(id)).collect::<Vec<_>>());
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        drive(address, Self::plan_of(CLIENTS, self.seconds.div_ceil(ROUNDS)), &script)
    }
}
