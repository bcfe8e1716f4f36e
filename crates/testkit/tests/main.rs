//! The municipality as those who load it meet it.
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
    mod agreement;
    mod codes;
    mod logins;
    mod municipality;
    pub(crate) mod town;
    mod ward;
    mod wishes;
}
