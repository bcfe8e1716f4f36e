//! Integration tests of the real binary: started as a process, asked over HTTP.
//!
//! [`ask`] is the one helper; each file under `cases/` is one family, mostly tables of rows.
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

mod ask;
mod cases;
mod issuer;
