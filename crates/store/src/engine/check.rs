//! Checking a record. Of a data folder: every byte of every table, the journals, the high-water mark;
//! of a database: whether its newest commit is that of its entries (its files are PostgreSQL's to
//! check). Of both: the chain from the first commit to the last.
//!
//! Not here: whether indexes agree with resources; the caller's `further` does that on a snapshot.

use std::path::Path;
use std::sync::Arc;

use akson_base::{Clock, Problem};

use super::chain;
use super::copy;
use super::fjall_engine::{FjallEngine, Options};
use super::fjall_files;
use super::fjall_journal;
use super::folder::{self, DataFolder};
use super::high_water;
use super::postgres::PostgresEngine;
use super::{Engine, Snapshot};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Data is, or may be, lost or altered.
    Damage,
    /// Worth knowing; nothing is lost.
    Notice,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The file, commit or key in question.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl Finding {
    /// Data is, or may be, lost or altered at `place`.
    pub fn damage(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Damage, place: place.into(), what: what.into() }
    }

    /// Nothing is lost, but the operator should know.
    pub fn notice(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { severity: Severity::Notice, place: place.into(), what: what.into() }
    }
}

/// What was checked and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Findings, in the order of checking.
    pub findings: Vec<Finding>,
    /// Table files read.
    pub tables: u64,
    /// Bytes of them.
    pub table_bytes: u64,
    /// Batches read in journals.
    pub journal_batches: u64,
    /// Commits of the chain that were verified.
    pub commits: u64,
}

impl Report {
    /// Whether nothing is lost or altered.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Damage)
    }
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Tables read, of how many.
    Tables(u64, u64),
    /// Commits verified, of how many.
    Commits(u64, u64),
}

/// Looks further at the content: adds what it finds.
pub type Further<'a> = dyn FnMut(&dyn Snapshot, &mut Vec<Finding>) -> Result<(), Problem> + 'a;

/// Checks the folder, which no other process may have open. Files are read first; only when they
/// are sound is the engine opened, the chain verified, and `further` asked.
///
/// # Errors
/// `STO-054` when another process has the folder; `STO-055` when it is no data folder at all.
pub fn check(
    path: &Path,
    options: &Options,
    clock: Arc<dyn Clock>,
    progress: &mut dyn FnMut(Progress),
    further: &mut Further<'_>,
) -> Result<Report, Problem> {
    folder::check_folder_format(path)?;
    let folder = DataFolder::open(path)?;
    let mut report = Report::default();
    check_files(&folder, &mut report, progress);
    if report.is_sound() {
        match FjallEngine::open_in(folder, options, clock) {
            Ok(engine) => {
                let (snapshot, last) = (engine.snapshot(), engine.last_commit().commit);
                check_content(&*snapshot, last, &mut report, progress, further);
            }
            Err(problem) => report.findings.push(told("engine", &problem)),
        }
    }
    Ok(report)
}

/// Checks the record in a database, as it stands now; servers may go on with it.
///
/// # Errors
/// `STO-077` when the database does not answer.
pub fn check_database(
    engine: &PostgresEngine,
    progress: &mut dyn FnMut(Progress),
    further: &mut Further<'_>,
) -> Result<Report, Problem> {
    let (snapshot, head) = engine.lasting_snapshot_and_head()?;
    let mut report = Report::default();
    match copy::mark_of(&*snapshot) {
        Ok(newest) if newest == head => {}
        Ok(newest) => {
            let what = format!(
                "commit {} was acknowledged as the newest, and the newest that is there is {}{}",
                head.commit,
                newest.commit,
                if newest.commit == head.commit { ", with another content" } else { "" }
            );
            report.findings.push(Finding::damage("akson_head", what));
        }
        Err(problem) => report.findings.push(told("chain", &problem)),
    }
    check_content(&*snapshot, head.commit, &mut report, progress, further);
    Ok(report)
}

fn told(place: &str, problem: &Problem) -> Finding {
    Finding::damage(place, problem.to_string())
}

fn check_files(folder: &DataFolder, report: &mut Report, progress: &mut dyn FnMut(Progress)) {
    let acknowledged = match high_water::read(&folder.high_water_path()) {
        Ok(reading) => {
            if let Some(slot) = reading.torn {
                report.findings.push(Finding::notice(
                    "high-water",
                    format!(
                        "slot {slot} is not whole; normal if the last stop was not a clean one, \
                         else the disk is not to be trusted"
                    ),
                ));
            }
            reading.mark.commit
        }
        Err(problem) => {
            report.findings.push(told("high-water", &problem));
            return;
        }
    };
    let engine = folder.engine_path();
    if acknowledged == 0 && !engine.join("version").exists() {
        return;
    }
    match fjall_files::lists(&engine) {
        Ok(Ok(tables)) => check_tables(&tables, report, progress),
        Ok(Err(damage)) => {
            report.findings.push(Finding::damage(damage.file.display().to_string(), damage.what));
        }
        Err(problem) => report.findings.push(told("engine", &problem)),
    }
    match fjall_journal::read_all(&engine) {
        Ok(journals) => check_journals(&journals, acknowledged, report),
        Err(problem) => report.findings.push(told("engine", &problem)),
    }
}

fn check_tables(
    tables: &[fjall_files::TableFile],
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) {
    for table in tables {
        match table.check() {
            Ok(bytes) => report.table_bytes += bytes,
            Err(damage) => {
                let place = damage.file.display().to_string();
                report.findings.push(Finding::damage(place, damage.what));
            }
        }
        report.tables += 1;
        progress(Progress::Tables(report.tables, tables.len() as u64));
    }
}

fn check_journals(journals: &[fjall_journal::Journal], acknowledged: u64, report: &mut Report) {
    let mut last = None;
    for (at, journal) in journals.iter().enumerate() {
        report.journal_batches += journal.batches;
        last = journal.commits.map(|(_, last)| last).or(last);
        let Some(broken) = &journal.broken else { continue };
        let place = format!("{} at byte {}", journal.path.display(), broken.at);
        let behind = broken.more_behind || at + 1 < journals.len();
        let finding = if !behind && last.is_some_and(|last| last >= acknowledged) {
            Finding::notice(
                place,
                format!("{}: the torn end of a write that nobody was told of", broken.why),
            )
        } else if !behind && last.is_none() {
            // Whether it was acknowledged shows when the engine is opened and compared.
            Finding::notice(place, format!("{}: the torn end of a write", broken.why))
        } else {
            Finding::damage(place, format!("{}: commits behind it would be lost", broken.why))
        };
        report.findings.push(finding);
    }
}

fn check_content(
    snapshot: &dyn Snapshot,
    last: u64,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
    further: &mut Further<'_>,
) {
    let mut verified = 0;
    let result = chain::verify_chain(snapshot, 1, last, &mut |commit| {
        verified = commit;
        progress(Progress::Commits(commit, last));
    });
    report.commits = verified;
    if let Err(problem) = result {
        report.findings.push(told("chain", &problem));
    }
    if let Err(problem) = further(snapshot, &mut report.findings) {
        report.findings.push(told("content", &problem));
    }
}
