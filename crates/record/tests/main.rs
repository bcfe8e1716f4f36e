//! The record over a real embedded store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cases {
    mod accesses;
    mod actors;
    mod audit_events;
    mod everything;
    mod explanations;
    mod hidden_work;
    mod history;
    mod outliers;
    mod races;
    mod rules;
    mod scopes;
    mod searches;
    mod transactions;
    mod versions;
    mod withheld;
}
mod fixture;
