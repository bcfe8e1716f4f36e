//! The project's chores: `cargo xtask <command>`, one file per command.
//!
//! Not here: anything the server needs when it runs.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its terminal"
)]

mod bench;
mod demo;
mod deny;
mod gen_definitions;
mod machine;
mod on_postgresql;
mod pictures;
mod process;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Akson's own chores")]
struct Line {
    #[command(subcommand)]
    command: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what is missing, build, and show a synthetic municipality in the browser
    Demo(PassedOn),
    /// Install what is missing and run every test; closes with "N passed, N failed"
    Test(PassedOn),
    /// Build for release and measure; prints a table of figures with their limits
    Bench(PassedOn),
    /// Make the table of R4 definitions from the official files
    Gen(gen_definitions::Arguments),
    /// Check what the compiler cannot: architecture, file lengths, documents, committed files
    Tidy,
    /// Check what we depend upon: licences, sources, bans, known weaknesses
    Deny,
    /// Put the pictures that the last run of the tests took into the README
    Pictures,
    /// Install what building and testing need on a fresh Debian machine, and fetch npm packages
    Prepare,
}

/// Arguments handed on to the program behind the command.
#[derive(Args)]
struct PassedOn {
    /// Passed on as they stand
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Line::parse().command {
        Chore::Demo(passed) => demo::run(&passed.arguments),
        Chore::Test(passed) => test::run(&passed.arguments),
        Chore::Bench(passed) => bench::run(&passed.arguments),
        Chore::Gen(arguments) => gen_definitions::run(&process::root(), &arguments),
        Chore::Tidy => tidy::run(),
        Chore::Deny => deny::run(),
        Chore::Pictures => pictures::run(),
        Chore::Prepare => machine::prepare(machine::Purpose::Test),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
