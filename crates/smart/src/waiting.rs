//! What waits for a short while under a secret that somebody holds: requests of apps until the
//! person answers, launches, codes. In memory, bounded, gone after a restart.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use akson_base::limits::AUTHORISATIONS_PENDING_MAX;
use akson_base::{Instant, Kind, Problem};
use akson_identity::clients::{digest, new_secret};

/// By SHA-256 of the secret: what waits, and until when.
type Held<T> = HashMap<[u8; 32], (T, Instant)>;

pub(crate) struct Waiting<T> {
    seconds: i64,
    held: Mutex<Held<T>>,
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("seconds", &self.seconds).finish_non_exhaustive()
    }
}

impl<T: Clone> Waiting<T> {
    /// For things that wait so long at most.
    pub(crate) fn new(seconds: i64) -> Self {
        Self { seconds, held: Mutex::default() }
    }

    /// Lets something wait; answers the secret. `APP-011` when there is no room.
    pub(crate) fn put(&self, what: T, now: Instant) -> Result<String, Problem> {
        let secret = new_secret()?;
        self.put_under(digest(&secret), what, now)?;
        Ok(secret)
    }

    pub(crate) fn put_under(&self, key: [u8; 32], what: T, now: Instant) -> Result<(), Problem> {
        let mut held = self.held();
        if held.len() >= AUTHORISATIONS_PENDING_MAX {
            held.retain(|_, (_, until)| now < *until);
        }
        if held.len() >= AUTHORISATIONS_PENDING_MAX {
            return Err(Problem::new(
                Kind::Busy,
                "APP-011",
                "More apps ask to be let in than this server has room for. Try again in a moment.",
            ));
        }
        held.insert(key, (what, Instant(now.0.saturating_add(self.seconds * 1000))));
        Ok(())
    }

    /// What waits under this secret.
    pub(crate) fn get(&self, secret: &str, now: Instant) -> Option<T> {
        self.get_under(&digest(secret), now)
    }

    pub(crate) fn get_under(&self, key: &[u8; 32], now: Instant) -> Option<T> {
        let held = self.held();
        held.get(key).filter(|(_, until)| now < *until).map(|(what, _)| what.clone())
    }

    /// Takes it: nobody gets it a second time.
    pub(crate) fn take(&self, secret: &str, now: Instant) -> Option<T> {
        let taken = self.held().remove(&digest(secret));
        taken.filter(|(_, until)| now < *until).map(|(what, _)| what)
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        // Every change is one insert or remove: a panic elsewhere leaves nothing half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_its_time_and_is_taken_once() {
        let waiting = Waiting::new(60);
        let (start, nearly, late) = (Instant(0), Instant(59_999), Instant(60_000));
        let secret = waiting.put("x", start).unwrap();
        assert_eq!(secret.len(), 43);
        assert_eq!(waiting.get(&secret, nearly), Some("x"));
        assert_eq!(waiting.get(&secret, late), None);
        assert_eq!(waiting.get("other", start), None);
        assert_eq!(waiting.take(&secret, nearly), Some("x"));
        assert_eq!(waiting.take(&secret, nearly), None);
        let secret = waiting.put("y", start).unwrap();
        assert_eq!(waiting.take(&secret, late), None);
    }

    #[test]
    fn over_the_limit_is_refused_until_time_makes_room() {
        let waiting = Waiting::new(60);
        for _ in 0..AUTHORISATIONS_PENDING_MAX {
            waiting.put((), Instant(0)).unwrap();
        }
        assert_eq!(waiting.put((), Instant(59_999)).unwrap_err().code, "APP-011");
        waiting.put((), Instant(60_000)).unwrap();
    }
}
