//! Whether commits get through, for readiness: a server that cannot log a read cannot answer one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so long without a commit, readiness asks for one that changes nothing.
const QUIET: Duration = Duration::from_secs(5);

/// How commits have fared so far.
pub(super) struct Pulse {
    state: Mutex<State>,
    /// A write that waits for longer says that the database is slow.
    wait_max: Duration,
}

struct State {
    /// When a commit last got through.
    heard: Instant,
    /// Since when the oldest of those waits whose commit is under way.
    waits_since: Option<Instant>,
    /// The newest try was given up.
    gave_up: bool,
}

/// What can be said of the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// The ones before it got through.
    Well,
    /// None was made for a while.
    Quiet,
    /// The database does not answer, or not in good time.
    Ill(&'static str),
}

impl Pulse {
    /// Of a database that has just answered, for requests that wait up to `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        let state = State { heard: Instant::now(), waits_since: None, gave_up: false };
        Self { state: Mutex::new(state), wait_max: patience / 2 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit is tried for whoever has waited since then.
    pub(super) fn begin(&self, since: Instant) {
        self.lock().waits_since = Some(since);
    }

    /// It got through.
    pub(super) fn got_through(&self) {
        *self.lock() = State { heard: Instant::now(), waits_since: None, gave_up: false };
    }

    /// It was given up.
    pub(super) fn gave_up(&self) {
        let mut state = self.lock();
        state.waits_since = None;
        state.gave_up = true;
    }

    pub(super) fn health(&self) -> Health {
        let state = self.lock();
        let waited = state.waits_since.map(|since| since.elapsed());
        match waited {
            Some(waited) if waited > self.wait_max => Health::Ill("a write waits for too long"),
            _ if state.gave_up => Health::Ill("the last commit found no database"),
            None if state.heard.elapsed() > QUIET => Health::Quiet,
            _ => Health::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ill_while_a_write_waits_for_too_long_and_until_one_gets_through() {
        let pulse = Pulse::new(Duration::from_secs(10));
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        assert_eq!(pulse.health(), Health::Well);
        pulse.begin(ago(4));
        assert_eq!(pulse.health(), Health::Well);
        pulse.begin(ago(6));
        assert!(matches!(pulse.health(), Health::Ill(_)));
        pulse.gave_up();
        assert!(matches!(pulse.health(), Health::Ill(_)));
        pulse.begin(ago(0));
        assert!(matches!(pulse.health(), Health::Ill(_)), "not before it got through");
        pulse.got_through();
        assert_eq!(pulse.health(), Health::Well);
        pulse.lock().heard = ago(6);
        assert_eq!(pulse.health(), Health::Quiet);
    }
}
