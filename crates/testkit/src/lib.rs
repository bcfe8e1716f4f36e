//! The synthetic municipality, and running servers in a test.

pub mod municipality;
pub mod postgres;
pub mod server;
