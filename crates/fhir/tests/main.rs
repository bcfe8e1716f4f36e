//! Tests of the public face of `akson-fhir`, against the official definitions and examples.
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
    pub(crate) mod corpora;
    mod definitions;
    pub(crate) mod exact;
    mod fhirpath;
    mod fhirpath_suite;
    mod mutated;
    mod refused;
    mod round_trip;
    mod search;
    mod synthea;
}
