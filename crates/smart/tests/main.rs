//! The authorisation server over a real record, with a clock that tests move: every lifetime to the
//! second. What certified clients make of it over HTTP is in `server`.
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
mod house;
