//! The shared record: the one way in. Every interaction asks `access` for a permit and leaves an
//! `audit` entry that is durable before the answer.
//!
//! One file per interaction under `interactions/`.

pub mod outcome;
pub mod request;
