//! `akson backup` and `akson restore`: the whole record in one file, and back.
//!
//! The file's form and its checks are `store::engine::backup`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

use akson_store::engine::filling::Again;
use akson_store::engine::{Engine, backup};
use indicatif::ProgressBar;

use crate::cli::{BackupArguments, RestoreArguments};
use crate::failure::Failure;
use crate::say::{self, thousands};
use crate::wiring;

pub(crate) fn backup(arguments: &BackupArguments) -> Result<(), Failure> {
    let engine = wiring::engine(arguments.place.place()?)?;
    let file = &arguments.file;
    // Under another name until it is whole and on disk: a file of this name is a backup.
    let partial = file.with_extension("part");
    if file.exists() {
        return Err(Failure::Usage(format!("{} exists already", file.display())));
    }
    let summary = write(engine.as_ref(), &partial)?;
    std::fs::rename(&partial, file).map_err(|error| cannot("write", file, &error))?;
    say::line(&format!(
        "Backed up {} entries, up to commit {}, to {}",
        thousands(summary.entries),
        summary.commit,
        file.display(),
    ));
    Ok(())
}

fn write(engine: &dyn Engine, path: &Path) -> Result<backup::Summary, Failure> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).open(path);
    let mut out = BufWriter::new(opened.map_err(|error| cannot("write", path, &error))?);
    let bar = ProgressBar::new_spinner();
    let summary = backup::backup(engine, &mut out, &mut |entries| tick(&bar, entries))?;
    bar.finish_and_clear();
    out.flush()
        .and_then(|()| out.get_ref().sync_all())
        .map_err(|error| cannot("write", path, &error))?;
    Ok(summary)
}

pub(crate) fn restore(arguments: &RestoreArguments) -> Result<(), Failure> {
    let file = &arguments.file;
    let mut input = File::open(file)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    let bar = ProgressBar::new_spinner();
    let place = arguments.place.place()?;
    let mut progress = |entries| tick(&bar, entries);
    let begin = |mark| wiring::fill(place, mark, Again::Anew);
    let summary = backup::restore(&mut input, begin, &mut progress)?;
    bar.finish_and_clear();
    say::line(&format!(
        "Restored {} entries, up to commit {}, into {place}",
        thousands(summary.entries),
        summary.commit,
    ));
    Ok(())
}

fn tick(bar: &ProgressBar, entries: u64) {
    bar.set_message(format!("{} entries", thousands(entries)));
    bar.tick();
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("cannot {what} {}: {error}", path.display()))
}
