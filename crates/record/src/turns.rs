//! Taking turns: writers that lost a race for the same resource try again one at a time.
//!
//! Commits are decided by preconditions, never by these locks: they only keep those who lost from
//! losing to each other for ever. One process's writers only; several nodes still race.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use tokio::sync::{Mutex, MutexGuard};

use crate::writes::Writing;

/// Lines to wait in; two resources that share one wait for each other in vain, which is harmless.
const LINES: usize = 256;

pub(crate) struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..LINES).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits in the line of what the first entry is about; first come, first served.
    pub(crate) async fn wait(&self, writing: &Writing<'_>) -> Option<MutexGuard<'_, ()>> {
        let entry = writing.entries.first()?;
        let about = (entry.resource_type, entry.intent.bone_of_contention());
        let line = FxBuildHasher.hash_one(about) as usize % LINES;
        Some(self.0.get(line)?.lock().await)
    }
}
