//! `cargo xtask demo`: a synthetic municipality in the browser, with one command.

use crate::machine::{self, Purpose};
use crate::process;

/// Installs what building needs, builds for release, and becomes `akson demo`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    machine::prepare(Purpose::Build)?;
    let root = process::root();
    let build = ["build", "--release", "--package", "akson-server"];
    process::run(process::command(&root, "cargo", &build))?;
    let mut demo = process::command(&root, "target/release/akson", &["demo"]);
    demo.args(arguments);
    process::become_program(demo)
}
