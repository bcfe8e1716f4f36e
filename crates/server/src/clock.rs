//! The wall clock: the only place that reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use akson_base::{Clock, Instant};

/// A clock that is so many milliseconds ahead of the machine's (behind it when negative): a demo
/// looked at as if it were another time of the day.
#[derive(Debug)]
pub(crate) struct ShiftedClock(pub(crate) i64);

impl Clock for ShiftedClock {
    fn now(&self) -> Instant {
        Instant(WallClock.now().0.saturating_add(self.0))
    }
}

/// The machine's clock, in UTC.
#[derive(Debug)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Instant {
        let now = SystemTime::now();
        let milliseconds = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Instant(milliseconds)
    }
}
