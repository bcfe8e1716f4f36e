//! The store: engines, key layout, versions, history, search, transactions. The only crate that
//! knows a database.
//!
//! Gives no patient data without a permit that only `access` can make.

pub mod engine;
pub mod facets;
pub mod keys;
pub mod search;
