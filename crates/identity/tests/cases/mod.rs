//! One file per family.

mod keys;
mod proofs;
mod speed;
mod tls;
mod tokens;
