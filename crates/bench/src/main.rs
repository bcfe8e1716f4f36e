//! Measures a FHIR server: its own, started here on loopback with 120 patients, or any other by
//! its address. Every figure is held against a limit or a peer measured in the same run.
//!
//! Not here: what a figure should be judged by in general (`docs/performance.md`).

mod client;
mod constant;
mod figures;
mod harvest;
mod http_stack;
mod issuer;
mod load;
mod place;
mod probe;
mod program;
mod report;
mod scripts;
mod search_mix;
mod unwaited;
mod visitor;
mod wall_clock;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use figures::{Bench, Name};

/// The server's allocator, so that the constant server differs from it in nothing but the work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "akson-bench", about = "Measures a FHIR server, each figure beside its limit")]
#[command(args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Inner>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Inner {
    /// Answer a constant, as the limit that reads are held against
    #[command(hide = true)]
    Constant {
        /// Size of the body
        #[arg(long)]
        bytes: usize,
    },
    /// Serve a data folder without waiting for the access log, to show what the waiting costs
    #[command(hide = true)]
    Unwaited {
        /// The data folder
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(clap::Args)]
struct Measure {
    /// What to measure; everything when none is named
    #[arg(value_enum)]
    names: Vec<Name>,
    /// FHIR base of a running server, http://host:port/path; it must hold patients already.
    /// Writing loads leave observations there
    #[arg(long)]
    target: Option<String>,
    /// Seconds counted of each load, after a warm-up of a fifth of it
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Folder of bundles to load first
    #[arg(long, default_value = "../shared/corpora/patients/synthea-120/synthea")]
    patients: PathBuf,
    /// Where to write and measure; made, and emptied first
    #[arg(long, default_value = "target/bench")]
    work: PathBuf,
    /// The server's program; beside this one when not given
    #[arg(long)]
    akson: Option<PathBuf>,
    /// Measure the record in a PostgreSQL that is started for it, and not in a folder
    #[arg(long, conflicts_with_all = ["target", "ten"])]
    database: bool,
    /// How many resources `growth` loads
    #[arg(long, default_value_t = 3_000_000)]
    resources: u64,
    /// Also load the patients nine more times under other ids and measure again (slow)
    #[arg(long)]
    ten: bool,
}

fn main() -> ExitCode {
    let line = Line::parse();
    let outcome = match line.command {
        Some(Inner::Constant { bytes }) => constant::serve(bytes),
        Some(Inner::Unwaited { data }) => unwaited::serve(&data),
        None => measure(line.measure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// Progress and failures go to standard error; the table alone goes to standard output.
fn say(text: &str) {
    // A terminal that is gone is no reason to stop measuring.
    drop(writeln!(std::io::stderr(), "{text}"));
}

fn measure(measure: Measure) -> Result<(), String> {
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let command = format!("cargo xtask bench {command}").trim_end().to_owned();
    let beside = std::env::current_exe().ok().and_then(|own| own.parent().map(|p| p.join("akson")));
    let akson = measure.akson.or(beside).ok_or("where is akson? give --akson")?;
    let names = match (measure.names.is_empty(), measure.database) {
        (false, _) => measure.names,
        (true, true) => Name::ON_A_DATABASE.to_vec(),
        (true, false) => Name::ALL.to_vec(),
    };
    let mut bench = Bench::new(names, measure.seconds, &measure.work, akson)?;
    bench.resources = measure.resources;
    match &measure.target {
        Some(url) => bench.measure_target(url)?,
        None if measure.database => bench.measure_on_a_database(&measure.patients)?,
        None => bench.measure_akson(&measure.patients, measure.ten)?,
    }
    let text = report::table(&bench.figures);
    let mut out = std::io::stdout();
    writeln!(out, "{command}\n\n{text}").map_err(|error| format!("stdout: {error}"))?;
    let path = bench.work.join("figures.json");
    let json = report::to_json(&bench.figures, &command).to_string();
    std::fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("written to {}", path.display()));
    Ok(())
}
