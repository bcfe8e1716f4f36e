//! Coming back after a write found no room on the disk, without a restart.
//!
//! A write that fails half-way stops everything: what is on the disk of it is not known. When there
//! is room again the engine's files are closed, looked at as at a start, opened, compared with the
//! high-water mark, and written out whole into tables, before anything follows. Whoever was told that
//! a write had failed was told that it may be stored all the same; whoever was told that one was
//! stored finds it. After an error of another kind in a write of ours only the operator knows whether
//! the disk is to be trusted: then nothing is written until a restart.
//!
//! Why this is safe: `docs/decisions/0009-coming-back-after-a-full-disk.md`.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use akson_base::{Kind, Problem};

use super::{Committed, Group, Shared, Writer};
use crate::engine::fjall_backend::stopped;
use crate::engine::fjall_engine::compare;
use crate::engine::high_water::{self, Mark};
use crate::engine::inspection::Inspection;
use crate::engine::{CommitError, disk, folder};

/// Room to have beside the reserve and what is in the journals.
const ROOM_BYTES_MIN: u64 = 32 << 20;
/// Shortest time between two tries.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Longest wait for the acknowledger to finish what was committed before.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);

impl Shared {
    /// Stops writing; `may_return` tells whether to come back when there is room.
    pub(super) fn fail(&self, may_return: bool) {
        self.may_return.store(may_return, Ordering::Release);
        self.failed.store(true, Ordering::Release);
    }

    fn has_room(&self) -> bool {
        let needed = self.reserve_bytes + self.backend.journal_bytes() + ROOM_BYTES_MIN;
        disk::available_bytes(&self.folder).is_none_or(|available| available >= needed)
    }
}

impl Writer {
    /// Takes up writing again if it stopped for lack of room and there is some.
    pub(super) fn recover_if_failed(&mut self) {
        let shared = &self.shared;
        if !shared.failed.load(Ordering::Acquire) || !shared.may_return.load(Ordering::Acquire) {
            return;
        }
        let tried_just_now = self.tried.is_some_and(|tried| tried.elapsed() < RETRY_AFTER);
        if tried_just_now || !shared.has_room() {
            return;
        }
        self.tried = Some(Instant::now());
        match self.recover() {
            Ok(last) => tracing::warn!(
                "there is room on the disk again: writing goes on after commit {}",
                last.commit
            ),
            Err(problem) => tracing::error!("writing could not be taken up again: {problem}"),
        }
    }

    fn recover(&mut self) -> Result<Mark, Problem> {
        self.drain()?;
        let shared = &self.shared;
        let acknowledged = *shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let inspect = || {
            let mark = high_water::read(&folder::high_water_path(&shared.folder))?.mark;
            if mark.commit < acknowledged.commit {
                let text = "the high-water mark is behind what was acknowledged".to_owned();
                return Err(Problem::fault("STO-053", text));
            }
            Ok((mark, Inspection::prepare(&shared.folder, &mark)?))
        };
        let renewed = shared.backend.renew(inspect, |store, (mark, inspection)| {
            let last = compare(store, &mark, inspection.replayed)
                .map_err(|problem| inspection.with_evidence(problem))?;
            inspection.forget_evidence();
            Ok(last)
        })?;
        let Some(last) = renewed else {
            return Err(Problem::new(Kind::Busy, "STO-063", "Readers still use the old files."));
        };
        (self.commit, self.time, self.digest) = (last.commit, last.time, last.digest);
        *shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner) =
            Committed { commit: last.commit, time: last.time };
        shared.failed.store(false, Ordering::Release);
        Ok(last)
    }

    /// Waits until the acknowledger has told everybody of what was committed before.
    fn drain(&self) -> Result<(), Problem> {
        let (tell, told) = sync_channel(1);
        let nobody = Err(CommitError::Problem(stopped()));
        let done = Box::new(move |_| {
            // The receiver waits below, or has given up.
            let _ = tell.send(());
        });
        let sent = self.send.send(Group { mark: None, told: vec![(done, nobody)] });
        let heard = sent.is_ok() && told.recv_timeout(DRAIN_TIME_MAX).is_ok();
        heard.then_some(()).ok_or_else(|| Problem::fault("STO-063", "the acknowledger has stopped"))
    }
}
