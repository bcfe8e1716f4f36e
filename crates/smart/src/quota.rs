//! How often each app may call, where it has a quota of its own: the generic cell rate algorithm with
//! the app's own rate, whose whole minute may come at once.
//!
//! Not here: the limits that every client has (`server::limits`).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use akson_base::Instant;
use akson_identity::rate::Throttled;

const MINUTE_MICROSECONDS: i64 = 60_000_000;

/// When each app's bucket is full again, microseconds since 1970. Only registered apps have one.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<HashMap<String, i64>>);

impl Quotas {
    /// Takes one call of so many in a minute.
    pub(crate) fn take(
        &self,
        client: &str,
        per_minute: u32,
        now: Instant,
    ) -> Result<(), Throttled> {
        let now = now.0.saturating_mul(1000);
        let interval = (MINUTE_MICROSECONDS / i64::from(per_minute.max(1))).max(1);
        let depth = interval * i64::from(per_minute.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // No bucket is emptier than empty, even when the clock was set back.
        let full = buckets.get(client).copied().unwrap_or(i64::MIN).clamp(now, now + depth);
        let after = full + interval;
        if after > now + depth {
            if let Some(bucket) = buckets.get_mut(client) {
                *bucket = full;
            }
            let wait = u64::try_from(after - now - depth).unwrap_or(0);
            return Err(Throttled { retry_after_seconds: wait.div_ceil(1_000_000).max(1) });
        }
        match buckets.get_mut(client) {
            Some(bucket) => *bucket = after,
            None => {
                buckets.insert(client.to_string(), after);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_calls_at_once_then_each_as_it_comes_back() {
        let quotas = Quotas::default();
        let taken = |at| (0..100).take_while(|_| quotas.take("a", 6, Instant(at)).is_ok()).count();
        assert_eq!(taken(1_000_000), 6);
        let refused = quotas.take("a", 6, Instant(1_000_000)).unwrap_err();
        assert_eq!(refused.retry_after_seconds, 10);
        assert_eq!(quotas.take("b", 6, Instant(1_000_000)), Ok(()));
        assert_eq!(taken(1_009_999), 0);
        assert_eq!(taken(1_010_000), 1);
        assert_eq!(taken(1_070_000), 6);
        // A clock that is set back does not lock the app out for longer than a minute.
        assert_eq!(taken(500_000), 0);
        assert_eq!(taken(560_000), 6);
    }
}
