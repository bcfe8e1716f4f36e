//! Time is an argument: everything that needs "now" takes a [`Clock`].
//!
//! Not here: the wall clock itself, which only `server` may read.

use std::sync::atomic::{AtomicI64, Ordering};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// The FHIR `instant` form in UTC with milliseconds, `2026-11-21T22:08:00.000Z`.
    pub fn to_fhir(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => format!("{timestamp:.3}"),
            // Out of jiff's range (year ±9999): cannot come from a clock.
            Err(_) => String::from("1970-01-01T00:00:00.000Z"),
        }
    }
}

/// Where "now" comes from.
pub trait Clock: Send + Sync {
    /// The current time. Need not be monotonic: who needs order must make it.
    fn now(&self) -> Instant;
}

/// A clock that stands still until it is moved, for tests and for deterministic data.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `instant`.
    pub fn at(instant: Instant) -> Self {
        Self(AtomicI64::new(instant.0))
    }

    /// Moves the clock forward.
    pub fn advance_milliseconds(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_with_milliseconds_in_utc() {
        assert_eq!(Instant(0).to_fhir(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Instant(1_795_298_880_123).to_fhir(), "2026-11-21T22:08:00.123Z");
    }
}
