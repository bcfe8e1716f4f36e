//! Tokens against an issuer of the test's own: real keys, real signatures, real HTTP on loopback.
//!
//! [`issuer`] is the one helper. What a certified provider and its clients do is tested with the
//! real binary in `server`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

mod cases;
mod issuer;
