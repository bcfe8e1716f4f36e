//! One file per family of cases.

mod lifetimes;
