//! The synthetic municipality, and a running server in a test.

pub mod municipality;
pub mod server;
