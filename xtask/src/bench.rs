//! `cargo xtask bench`: figures with their limits, measured in one run.
//!
//! Not here: the loads themselves (`crates/bench`).

use crate::machine::{self, Purpose};
use crate::process;

/// Builds server and load generator for release, and becomes the load generator.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    machine::prepare(Purpose::Build)?;
    let root = process::root();
    let build = ["build", "--release", "--package", "akson-server", "--package", "akson-bench"];
    process::run(process::command(&root, "cargo", &build))?;
    let mut bench = process::command(&root, "target/release/akson-bench", &[]);
    bench.args(arguments);
    process::become_program(bench)
}
