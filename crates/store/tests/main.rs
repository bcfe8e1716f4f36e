//! The store from outside: engines under load, kill and damage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod cases {
    mod as_of;
    mod backup;
    mod conformance;
    mod copying;
    mod damage;
    mod disk_full;
    mod engines;
    mod kills;
    mod linearizability;
    mod news;
    mod postgres;
    mod postgres_tls;
    mod preparing;
    mod recent;
    mod search;
    mod shards;
    mod slow;
}
