//! `akson load`: bundles, resources and NDJSON into a data folder or a running server.
//!
//! What there is to load is found by [`inputs`], read by [`open`], cut into transactions by
//! [`pieces`], sent by [`target`], and counted by [`tally`]. Every piece carries a key made of its
//! content, which the record keeps in the same commit: after a kill the same command goes on where
//! it was, and nothing is loaded twice.
//! Described in `docs/operate/load.md`.

mod inputs;
mod open;
mod pieces;
mod tally;
pub(crate) mod target;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use akson_access::Policy;
use tokio::runtime::Handle;

use crate::cli::LoadArguments;
use crate::failure::Failure;
use crate::wiring::Place;
use crate::{logging, runtime, say, wiring};

use inputs::{Input, Inputs};
use pieces::{Piece, Sink};
use tally::Tally;
use target::{Outcome, Refusal, Target};

/// Files that are read and sent at the same time.
const LANES: usize = 3;

pub(crate) fn run(arguments: &LoadArguments) -> Result<(), Failure> {
    logging::start("warn", false)?;
    let inputs = inputs::find(&arguments.paths)?;
    if inputs.is_empty() {
        return Err(Failure::Usage(
            "there is nothing to load: no .json, .ndjson or archive in the given paths".into(),
        ));
    }
    let runtime = runtime()?;
    let place = Place::given(arguments.data.as_deref(), arguments.database.as_deref());
    let (target, store) = match (place, &arguments.to) {
        (Some(place), _) => {
            let house = wiring::open(place, Policy::Operator)?;
            (Target::record(house.record), Some(house.store))
        }
        (None, Some(url)) => (Target::server(url)?, None),
        (None, None) => {
            return Err(Failure::Usage("say --data DIR, --database URL or --to URL".into()));
        }
    };
    let tally = Tally::new(&inputs, &arguments.refused);
    let lanes = if store.is_some() { LANES } else { LANES + 1 };
    let loaded = load(runtime.handle(), &inputs, &target, &tally, lanes);
    let settled = store.map_or(Ok(()), |store| store.settle());
    tally.finish();
    loaded?;
    settled?;
    for line in tally.summary() {
        say::line(&line);
    }
    tally.verdict()
}

/// Loads the first files one by one, the rest side by side.
fn load(
    handle: &Handle,
    inputs: &Inputs,
    target: &Target,
    tally: &Tally,
    lanes: usize,
) -> Result<(), Failure> {
    side_by_side(handle, &inputs.first, target, tally, 1)?;
    side_by_side(handle, &inputs.rest, target, tally, lanes)
}

fn side_by_side(
    handle: &Handle,
    inputs: &[Input],
    target: &Target,
    tally: &Tally,
    lanes: usize,
) -> Result<(), Failure> {
    let queue = Mutex::new(inputs.iter().collect::<VecDeque<_>>());
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let lane = || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(input) = next.filter(|_| !failed.load(Ordering::Relaxed)) else {
                    return Ok(());
                };
                if let Err(failure) = (Lane { handle, target, tally }).file(input) {
                    failed.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        };
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let gone = || Err(Failure::Failed("a loading thread ended without saying why".into()));
        let outcomes: Vec<_> =
            lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|_| gone())).collect();
        outcomes.into_iter().collect()
    })
}

/// What a lane works with.
struct Lane<'a> {
    handle: &'a Handle,
    target: &'a Target,
    tally: &'a Tally,
}

impl Lane<'_> {
    /// Loads one file, whatever it holds.
    fn file(&self, input: &Input) -> Result<(), Failure> {
        open::documents(input, &mut |document| pieces::cut(document, self))?;
        self.tally.file_done(input);
        Ok(())
    }
}

impl Sink for Lane<'_> {
    /// When a piece of several resources is refused, its halves are tried, until those that are at
    /// fault stand alone.
    fn send(&self, piece: &Piece) -> Result<(), Failure> {
        match self.handle.block_on(self.target.apply(piece.body(), &piece.key()))? {
            Outcome::Applied(answer) => self.tally.applied(piece, &answer),
            Outcome::AppliedBefore => {
                self.tally.applied_before(piece);
                Ok(())
            }
            Outcome::Refused(refusal) => match piece.halves() {
                Some((left, right)) => {
                    self.send(&left)?;
                    self.send(&right)
                }
                None => self.tally.refused(piece, &refusal),
            },
        }
    }

    fn refuse(&self, file: &str, place: &str, refusal: &Refusal) -> Result<(), Failure> {
        self.tally.refused_unread(file, place, refusal)
    }
}
