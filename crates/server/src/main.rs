//! The `akson` binary: one command line, one process.
//!
//! Each subcommand is a file: [`serve`], [`load`], [`demo`], [`check`], [`backup`] (which restores, too),
//! [`copy`]. Exit codes:
//! 0 done, 1 failed (or something was refused), 2 wrong usage; one clear line on standard error.
//! Not here: HTTP for machines (`api`), pages (`web`), what a request does (`record`).

mod admission;
mod app;
mod app_callers;
mod apps;
mod backup;
mod callers;
mod check;
mod checkpoints;
mod cli;
mod clock;
mod config;
mod copy;
mod demo;
mod downtime;
mod failure;
mod growth;
mod health;
mod limits;
mod listener;
mod load;
mod logging;
mod login_callers;
mod memory;
mod observe;
mod repeat;
mod say;
mod serve;
mod terminology;
mod tls;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Copy(arguments) => copy::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::error(&failure.line());
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The runtime that every command works in: one thread per core.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(admission::THREADS_MAX)
        .build()
        .map_err(|error| Failure::Failed(format!("cannot start threads: {error}")))
}
