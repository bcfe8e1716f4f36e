//! `akson check`: whether a data folder or a database holds every byte that was acknowledged, and
//! agrees with itself.
//!
//! First the files and the commit chain (`store::engine::check`), then resources, versions and
//! indexes (`store::consistency`).

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_store::consistency::{self, Consistency};
use akson_store::engine::Snapshot;
use akson_store::engine::check::{self, Finding, Progress, Report, Severity};
use akson_store::engine::fjall_engine::Options;
use indicatif::ProgressBar;

use crate::checkpoints::Signed;
use crate::cli::CheckArguments;
use crate::clock::WallClock;
use crate::failure::Failure;
use crate::say::{self, thousands};
use crate::wiring::{self, Place};

pub(crate) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let bar = ProgressBar::new_spinner();
    let mut progress = |progress: Progress| {
        bar.set_message(match progress {
            Progress::Tables(done, all) => format!("{done} of {all} table files"),
            Progress::Commits(done, all) => {
                format!("{} of {} commits", thousands(done), thousands(all))
            }
        });
        bar.tick();
    };
    let place = arguments.place.place()?;
    let permit = Policy::Operator.may_read(&Arc::new(Actor::operator()))?;
    let signed = match (&arguments.checkpoints, &arguments.checkpoint_key) {
        (Some(file), Some(key)) => Some(Signed::read(file, key)?),
        (_, _) => None,
    };
    let mut content = Consistency::default();
    let mut further = |snapshot: &dyn Snapshot, findings: &mut Vec<Finding>| {
        content = consistency::check(&permit, snapshot, &mut |done| {
            bar.set_message(format!("{} resources", thousands(done)));
            bar.tick();
        })?;
        if let Some(signed) = &signed {
            let found = signed.compare(snapshot)?;
            findings.extend(found.map(|what| Finding::damage("checkpoints", what)));
        }
        findings.extend(content.findings.iter().map(|what| Finding::damage("content", what)));
        Ok(())
    };
    let report = match place {
        Place::Folder(data) => {
            let clock = Arc::new(WallClock);
            check::check(data, &Options::default(), clock, &mut progress, &mut further)?
        }
        Place::Database(url) => {
            check::check_database(&wiring::database(url)?, &mut progress, &mut further)?
        }
    };
    bar.finish_and_clear();
    tell(place, &report);
    say::line(&format!(
        "Content: {} resources, {} older versions, {} index keys",
        thousands(content.resources),
        thousands(content.versions),
        thousands(content.index_keys),
    ));
    if let Some(signed) = &signed {
        say::line(&format!("Checkpoints: {} signed", thousands(signed.len() as u64)));
    }
    if report.is_sound() {
        say::line("Sound.");
        Ok(())
    } else {
        Err(Failure::Failed(format!("{place} is damaged; restore it from a backup")))
    }
}

/// What was found in files and chain.
fn tell(place: Place<'_>, report: &Report) {
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Damage => "damage",
            Severity::Notice => "notice",
        };
        say::line(&format!("{severity}: {}: {}", finding.place, finding.what));
    }
    let commits = thousands(report.commits);
    say::line(&match place {
        Place::Folder(_) => format!(
            "Files: {} tables ({} bytes), {} journal entries; chain: {commits} commits",
            thousands(report.tables),
            thousands(report.table_bytes),
            thousands(report.journal_batches),
        ),
        Place::Database(_) => format!("Chain: {commits} commits"),
    });
}
