//! The wall clock, read here as `server` reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use akson_base::{Clock, Instant};

/// The time that the engine always has.
pub(crate) struct WallClock;

impl Clock for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the engine must have the time that it always has"
    )]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
