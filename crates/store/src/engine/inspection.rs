//! Looking at the engine's files before the engine opens them, so that a refusal destroys nothing.
//!
//! The engine deletes what its lists do not name and cuts its journal where it stops making sense.
//! Both are right after a torn write and ruinous after a flipped byte; which it is, is decided here.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use akson_base::{Kind, Problem};

use super::fjall_files::{self, Damage};
use super::fjall_journal::{self, Break, Journal};
use super::folder::{self, io_problem};
use super::high_water::Mark;

/// What the journals hold, once they are safe for the engine to open.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    /// The first and last commit that the engine will replay.
    pub(crate) replayed: Option<(u64, u64)>,
    /// Where the torn end was put that the journal lost.
    evidence: Option<PathBuf>,
}

impl Inspection {
    /// Looks at the files, refuses what is damaged, cuts off a torn end that nobody was promised.
    pub(crate) fn prepare(folder: &Path, mark: &Mark) -> Result<Self, Problem> {
        let engine = folder::engine_path(folder);
        if mark.commit == 0 && !engine.join("version").exists() {
            // A folder whose making was cut short holds nothing acknowledged: begin again.
            if engine.exists() {
                std::fs::remove_dir_all(&engine)
                    .map_err(|e| io_problem("clear an unfinished folder", &engine, &e))?;
            }
            return Ok(Self::default());
        }
        if mark.commit > 0
            && let Err(damage) = fjall_files::lists(&engine)?
        {
            return Err(damaged_file(&damage));
        }
        let journals = fjall_journal::read_all(&engine)?;
        let mut inspection = Self { replayed: replayed(&journals), evidence: None };
        if let Some((journal, broken)) = first_break(&journals, mark)? {
            inspection.evidence = cut(folder, journal, broken)?;
        }
        Ok(inspection)
    }

    /// Everything acknowledged was found without the torn end: it is not needed any more.
    pub(crate) fn forget_evidence(self) {
        if let Some(path) = self.evidence {
            std::fs::remove_file(&path)
                .unwrap_or_else(|e| tracing::warn!("{} was left behind: {e}", path.display()));
        }
    }

    /// Adds to a refusal where the torn end lies.
    pub(crate) fn with_evidence(&self, mut problem: Problem) -> Problem {
        if let Some(path) = &self.evidence {
            let text = format!("; the journal's unreadable end was kept in {}", path.display());
            problem.for_log.push_str(&text);
        }
        problem
    }
}

/// The commits that are in journals.
fn replayed(journals: &[Journal]) -> Option<(u64, u64)> {
    let mut commits = journals.iter().filter_map(|j| j.commits);
    let first = commits.next()?;
    Some(commits.fold(first, |(first, _), (_, last)| (first, last)))
}

/// The one break that may be cut off: at the very end, with everything acknowledged before it.
fn first_break<'a>(
    journals: &'a [Journal],
    mark: &Mark,
) -> Result<Option<(&'a Journal, &'a Break)>, Problem> {
    for (at, journal) in journals.iter().enumerate() {
        let Some(broken) = &journal.broken else { continue };
        let (before, after) = journals.split_at(at + 1);
        let last = replayed(before).map(|(_, last)| last);
        let more = broken.more_behind || after.iter().any(|j| j.batches > 0 || j.broken.is_some());
        if more || last.is_some_and(|last| last < mark.commit) {
            return Err(broken_journal(journal, broken, last, mark));
        }
        return Ok(Some((journal, broken)));
    }
    Ok(None)
}

/// Cuts a torn end off, keeping it aside.
fn cut(folder: &Path, journal: &Journal, broken: &Break) -> Result<Option<PathBuf>, Problem> {
    let io = |e| io_problem("cut off the journal's torn end", &journal.path, &e);
    let mut file = OpenOptions::new().read(true).write(true).open(&journal.path).map_err(io)?;
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(broken.at)).map_err(io)?;
    file.read_to_end(&mut tail).map_err(io)?;
    let written = tail.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    tail.truncate(written);
    let name = journal.path.file_name().unwrap_or_default().to_string_lossy();
    let kept = folder.join(format!("torn-{name}-at-{}", broken.at));
    std::fs::write(&kept, &tail)
        .and_then(|()| std::fs::File::open(&kept)?.sync_all())
        .map_err(|e| io_problem("keep the journal's torn end", &kept, &e))?;
    folder::sync_folder(folder)?;
    file.set_len(broken.at).and_then(|()| file.sync_all()).map_err(io)?;
    tracing::warn!(
        "the last write of the journal {} was torn at byte {} ({}); nobody was told that it was \
         stored",
        journal.path.display(),
        broken.at,
        broken.why
    );
    Ok(Some(kept))
}

fn broken_journal(journal: &Journal, broken: &Break, last: Option<u64>, mark: &Mark) -> Problem {
    let lost = match last {
        Some(last) if last < mark.commit => {
            format!("Commits {} to {} would be lost.", last + 1, mark.commit)
        }
        _ => String::from("Commits behind it would be lost."),
    };
    Problem::new(
        Kind::Fault,
        "STO-067",
        format!(
            "The store's journal is damaged in its middle. {lost} The store was not opened and \
             nothing was changed. Restore it from a backup."
        ),
    )
    .with_log(format!("{} at byte {}: {}", journal.path.display(), broken.at, broken.why))
}

/// A file of the engine is not as it was written.
pub(crate) fn damaged_file(damage: &Damage) -> Problem {
    Problem::new(
        Kind::Fault,
        "STO-062",
        "The store's files are damaged. The store was not opened and nothing was changed. Run \
         `akson check` to see which files, and restore from a backup.",
    )
    .with_log(format!("{}: {}", Path::new(&damage.file).display(), damage.what))
}
