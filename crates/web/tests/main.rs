//! Tests of the pages over a real record, and of the message files.
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

/// The codes that the pages have when nobody gives them a file.
fn codes() -> std::sync::Arc<akson_web::Terminology> {
    std::sync::Arc::new(akson_web::Terminology::built_in())
}

mod cases {
    mod attorneys;
    mod citizen;
    mod downtime;
    mod form_editor;
    mod languages;
    mod login;
    mod messages;
    mod pages;
    mod paper;
    mod people;
    mod privacy;
    mod registering;
    mod round;
    mod workday;
}
