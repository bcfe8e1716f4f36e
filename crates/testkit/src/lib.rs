//! The synthetic municipality, running servers in a test, and the judge of what they answered.

pub mod linearizability;
pub mod municipality;
pub mod patroni;
pub mod postgres;
pub mod server;
