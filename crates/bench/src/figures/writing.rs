//! What writes: durable single creates, and the mix of create, read, update and delete.

use std::sync::Arc;

use super::{Bench, Driven, latencies};
use crate::load::drive;
use crate::report::{Figure, Target};
use crate::say;
use crate::scripts::{Creates, Lives, OBSERVATION_BYTES, mix_bodies};

/// Connections that create.
const CREATE_CLIENTS: usize = 64;
/// What the creates are called in the table.
pub(super) const NAME: &str = "durable creates, 64 clients";
/// Connections of the mix.
const MIX_CLIENTS: usize = 64;

impl Bench {
    /// Single creates, each acknowledged when durable.
    pub(super) fn creates(&mut self, driven: &Driven) -> Result<(), String> {
        say("durable creates");
        let patients = Arc::new(driven.harvest.patient_references());
        let script = |connection| Creates::script(&driven.address, &patients, connection);
        let measured = drive(&driven.address, self.plan(CREATE_CLIENTS), &script)?;
        let details =
            format!("{}; an Observation of {OBSERVATION_BYTES} bytes", latencies(&measured));
        let figure = Figure::new(NAME, measured.rate(), "req/s").target(self.targets.creates.0);
        self.add(figure.details(details));
        for (name, share, most) in [
            ("durable creates, p99", 0.99, self.targets.creates.1),
            ("durable creates, p99.9", 0.999, Target::AtMost(250.0)),
        ] {
            let value = measured.milliseconds_at(share);
            self.add(Figure::new(name, value, "ms").target(most));
        }
        Ok(())
    }

    /// Create, read, update, delete over the types that the server holds.
    pub(super) fn lives(&mut self, driven: &Driven) -> Result<(), String> {
        say("create, read, update, delete");
        let bodies = Arc::new(mix_bodies(&driven.probe, &driven.harvest)?);
        let script = |connection| Lives::script(&driven.address, &bodies, connection);
        let measured = drive(&driven.address, self.plan(MIX_CLIENTS), &script)?;
        let name = format!("CRUD mix, {MIX_CLIENTS} clients");
        let details = format!("{} types; {}", bodies.len(), latencies(&measured));
        self.add(Figure::new(&name, measured.rate(), "req/s").details(details));
        Ok(())
    }
}
