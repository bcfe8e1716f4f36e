//! One file per family.

mod keys;
mod proofs;
mod tls;
mod tokens;
