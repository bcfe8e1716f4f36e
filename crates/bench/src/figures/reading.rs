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
/// What reads are held against.
const CONSTANT: &str = "same HTTP stack, a constant";

impl Bench {
    /// Observations by id, all over the store.
    pub(super) fn reads(&mut self, driven: &Driven) -> Result<(), String> {
        say("reading by id");
        let ids = driven.harvest.scattered_observation_ids();
        let reads = self.read_all(&driven.address, &ids)?;
        let bytes = reads.mean_body_bytes();
        let limit = self.constant(bytes, &ids)?;
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
        let reads = self.read_all(&program.address, &ids)?;
        drop(program);
        let limit = self.constant(reads.mean_body_bytes(), &ids)?;
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

    /// A constant of so many bytes from the same HTTP stack, asked for in the same way.
    fn constant(&self, bytes: u64, ids: &[impl AsRef<str>]) -> Result<Measured, String> {
        let constant = Program::constant(bytes)?;
        self.read_all(&constant.address, ids)
    }

    fn read_all(&self, address: &Address, ids: &[impl AsRef<str>]) -> Result<Measured, String> {
        let request = |id: &str| address.request("GET", &format!("/{id}"), b"");
        let requests = Arc::new(ids.iter().map(|id| request(id.as_ref())).collect::<Vec<_>>());
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        drive(address, self.plan(CLIENTS), &script)
    }
}
