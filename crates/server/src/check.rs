//! `akson check`: whether a data folder holds every byte that was acknowledged, and agrees with
//! itself.
//!
//! First the files and the commit chain (`store::engine::check`), then resources, versions and
//! indexes (`Store::check_consistency`).

use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_store::engine::check::{self, Progress, Severity};
use akson_store::engine::fjall_engine::Options;
use indicatif::ProgressBar;

use crate::cli::CheckArguments;
use crate::clock::WallClock;
use crate::failure::Failure;
use crate::say::{self, thousands};
use crate::wiring;

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
    let data = &arguments.data;
    let clock = Arc::new(WallClock);
    let report = check::check(data, &Options::default(), clock, &mut progress, &mut |_, _| Ok(()))?;
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Damage => "damage",
            Severity::Notice => "notice",
        };
        say::line(&format!("{severity}: {}: {}", finding.place, finding.what));
    }
    if !report.is_sound() {
        let data = data.display();
        return Err(Failure::Failed(format!("{data} is damaged; restore it from a backup")));
    }
    say::line(&format!(
        "Files: {} tables ({} bytes), {} journal entries; chain: {} commits, unbroken",
        report.tables,
        thousands(report.table_bytes),
        thousands(report.journal_batches),
        thousands(report.commits),
    ));
    content(arguments, &bar)
}

fn content(arguments: &CheckArguments, bar: &ProgressBar) -> Result<(), Failure> {
    let house = wiring::open(&arguments.data, Policy::Operator)?;
    let permit = Policy::Operator.may_read(&Arc::new(Actor::operator()))?;
    let found = house.store.check_consistency(&permit, &mut |done| {
        bar.set_message(format!("{} resources", thousands(done)));
        bar.tick();
    })?;
    bar.finish_and_clear();
    for finding in &found.findings {
        say::line(&format!("damage: {finding}"));
    }
    say::line(&format!(
        "Content: {} resources, {} older versions, {} index keys",
        thousands(found.resources),
        thousands(found.versions),
        thousands(found.index_keys),
    ));
    if found.findings.is_empty() {
        say::line("Sound.");
        Ok(())
    } else {
        let data = arguments.data.display();
        Err(Failure::Failed(format!("{data} does not agree with itself; see the lines above")))
    }
}
