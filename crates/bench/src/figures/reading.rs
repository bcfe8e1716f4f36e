//! Read by id, beside the same HTTP stack answering a constant of the same size.

use std::sync::Arc;

use super::{Bench, Driven, latencies};
use crate::load::{Measured, Ring, drive};
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that read.
const CLIENTS: usize = 128;

impl Bench {
    /// Observations by id, all over the store.
    pub(super) fn reads(&mut self, driven: &Driven) -> Result<(), String> {
        say("reading by id");
        let address = &driven.address;
        let ids = driven.harvest.scattered_observation_ids();
        let requests: Vec<Vec<u8>> =
            ids.iter().map(|id| address.request("GET", &format!("/{id}"), b"")).collect();
        let requests = Arc::new(requests);
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        let reads = drive(address, self.plan(CLIENTS), &script)?;
        let bytes = reads.mean_body_bytes();
        let limit = self.constant(bytes, &ids)?;
        self.add(
            Figure::new(&format!("read by id, {CLIENTS} clients"), reads.rate(), "req/s")
                .limit("same HTTP stack, a constant", limit.rate())
                .target(Target::Ratio(0.45))
                .details(format!("{}; {bytes} bytes on average", latencies(&reads))),
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
    fn constant(&self, bytes: u64, ids: &[&str]) -> Result<Measured, String> {
        let constant = Program::constant(bytes)?;
        let address = &constant.address;
        let requests: Vec<Vec<u8>> =
            ids.iter().map(|id| address.request("GET", &format!("/{id}"), b"")).collect();
        let requests = Arc::new(requests);
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        drive(address, self.plan(CLIENTS), &script)
    }
}
