//! `cargo xtask test`: every test of the workspace, then the server's on PostgreSQL too, with one
//! closing line.
//!
//! Which suites run twice is in [`on_postgresql`].

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::machine::{self, Purpose};
use crate::{on_postgresql, process};

/// What the test programs reported, added up.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
}

impl Sum {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; other lines are
    /// left alone.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split(';') {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some(_) | None => {}
            }
        }
    }
}

/// Installs what is missing, runs `cargo test` over the whole workspace and, unless arguments choose
/// among the tests, the server's suites on PostgreSQL; prints the sum alone on the last line, and fails
/// when any test did or nothing ran.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    machine::prepare(Purpose::Test)?;
    let mut tests =
        process::command(&process::root(), "cargo", &["test", "--workspace", "--no-fail-fast"]);
    tests.args(arguments);
    let mut sum = Sum::default();
    add_up(&mut sum, tests)?;
    if arguments.is_empty() {
        let began = Instant::now();
        let server = on_postgresql::start()?;
        println!("\nOn PostgreSQL: {}", on_postgresql::SUITES.join(" "));
        add_up(&mut sum, on_postgresql::tests(&server)?)?;
        println!("on PostgreSQL: {} s", began.elapsed().as_secs());
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed > 0 || sum.passed == 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// Runs a command that runs tests, shows what it prints, and adds up what they report.
fn add_up(sum: &mut Sum, mut tests: Command) -> Result<(), String> {
    if let Some(folder) = machine::newer_node() {
        tests.env("PATH", before_path(&folder)?);
    }
    let failed_before = sum.failed;
    tests.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = tests.spawn().map_err(|error| format!("tests: {error}"))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        // Bytes, not lines of text: a test may print anything.
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            sum.add(text.trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(|error| format!("tests: {error}"))?;
    // Something that did not compile or crashed counts as failed even when no test said so.
    if !status.success() && sum.failed == failed_before {
        sum.failed += 1;
    }
    Ok(())
}

/// The search path for programs, with one folder before all others.
fn before_path(folder: &Path) -> Result<OsString, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|error| format!("PATH: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn result_lines_are_added_up_and_others_left_alone() {
        let mut sum = Sum::default();
        for line in [
            "running 5 tests",
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test tests::result: ok",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            sum.add(line);
        }
        assert_eq!(sum, Sum { passed: 14, failed: 2 });
    }
}
