//! `akson copy`: a whole record from a data folder into a database or back, or into another of its
//! kind.
//!
//! What is copied, compared and gone on with is `store::engine::copy`.

use akson_store::engine::Snapshot;
use akson_store::engine::copy::{self, Copied, Progress};
use akson_store::engine::filling::Again;
use indicatif::ProgressBar;

use crate::cli::CopyArguments;
use crate::failure::Failure;
use crate::say::{self, thousands};
use crate::wiring::{self, Place};

/// The kinds of entries that people ask about, by the first byte of their keys.
const KINDS: [(u8, &str); 5] = [
    (b'H', "resources, deleted ones included"),
    (b'V', "older versions"),
    (b'I', "index keys"),
    (b'C', "commits, with the access log"),
    (b'K', "sessions, tokens and the like"),
];

pub(crate) fn run(arguments: &CopyArguments) -> Result<(), Failure> {
    let (from, to) = (Place::named(&arguments.from), Place::named(&arguments.to));
    let engine = wiring::engine(from)?;
    let snapshot = engine.lasting_snapshot()?;
    let bar = ProgressBar::new_spinner();
    let mut progress = |progress: Progress| {
        match progress {
            Progress::GoesOn(entries) => {
                say::line(&format!("Goes on after {} entries.", thousands(entries)));
            }
            Progress::Copied(n) => bar.set_message(format!("{} entries copied", thousands(n))),
            Progress::Compared(n) => bar.set_message(format!("{} entries compared", thousands(n))),
            Progress::Commits(n) => bar.set_message(format!("{} commits proved", thousands(n))),
        }
        bar.tick();
    };
    let begin = |mark| wiring::fill(to, mark, Again::GoOn);
    let copied = match copy::copy(&*snapshot, begin, &mut progress) {
        // Not empty: perhaps an earlier try was killed when it was done.
        Err(problem) if ["STO-083", "STO-055"].contains(&problem.code) => {
            finished(&*snapshot, to, &mut progress)?.ok_or(problem)?
        }
        outcome => outcome?,
    };
    bar.finish_and_clear();
    tell(to, &copied);
    Ok(())
}

/// What is there, if that is a finished copy.
fn finished(
    source: &dyn Snapshot,
    to: Place<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<Copied>, Failure> {
    let Ok(engine) = wiring::engine(to) else { return Ok(None) };
    let there = engine.lasting_snapshot()?;
    Ok(copy::is_there(source, &*there, progress)?)
}

fn tell(to: Place<'_>, copied: &Copied) {
    let content = &copied.content;
    say::line(&format!(
        "Copied {} entries ({} bytes), up to commit {}, into {to}",
        thousands(content.entries()),
        thousands(content.bytes),
        copied.commit,
    ));
    for (kind, name) in KINDS {
        let count = content.kinds.get(&kind).copied().unwrap_or_default();
        say::line(&format!("  {} {name}", thousands(count)));
    }
    let hash: String = content.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    say::line(&format!("SHA-256 of both sides: {hash}"));
}
