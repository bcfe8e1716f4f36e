//! The analysis against a golden table, and against simulated years in which the curious are known.
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

mod cases {
    mod golden;
    mod simulated_year;
}
