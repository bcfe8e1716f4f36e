//! How often somebody may call: a token bucket for each client, person or address, in a fixed amount
//! of memory.
//!
//! A bucket is one number: the time at which it will be full again (the generic cell rate algorithm,
//! ITU-T I.371). Buckets lie in a table of fixed size, each at two places that a secret hash chooses,
//! and the emptier claim counts (a count-min sketch): nobody's spending is ever forgotten to make room,
//! and somebody shares a bucket only when both places are shared.
//! Not here: who calls (`tokens`, `sessions`), what the answer looks like (`api`, `web`).

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use akson_base::limits::RATE_BUCKETS_MAX;
use akson_base::{Clock, Kind, Problem};

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls that come back within `seconds`. At least 1.
    pub calls: u32,
    /// Time in which they come back. At least 1.
    pub seconds: u32,
    /// Calls that may come at once after a pause. At least 1.
    pub burst: u32,
}

impl Rate {
    /// Microseconds in which one call comes back.
    fn interval(self) -> i64 {
        let interval = i64::from(self.seconds.max(1)) * 1_000_000 / i64::from(self.calls.max(1));
        interval.max(1)
    }

    /// Microseconds in which an empty bucket fills.
    fn depth(self) -> i64 {
        self.interval() * i64::from(self.burst.max(1))
    }

    /// When a bucket is full again after one more call, both in microseconds since 1970; or how long it
    /// must be waited.
    pub(crate) fn after_one_more(
        self,
        full: i64,
        now: akson_base::Instant,
    ) -> Result<i64, Throttled> {
        let now = now.0.saturating_mul(1000);
        // No bucket is emptier than empty, even when the clock was set back.
        let full = full.clamp(now, now.saturating_add(self.depth()));
        let after = full.saturating_add(self.interval());
        match after.saturating_sub(now).saturating_sub(self.depth()) {
            ..=0 => Ok(after),
            wait => Err(Throttled::after(wait)),
        }
    }
}

/// The address that a request came from, in a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerAddress(pub IpAddr);

impl CallerAddress {
    /// What one house has: an IPv4 address, or the first 64 bits of an IPv6 address.
    pub(crate) fn household(self) -> u64 {
        match self.0.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            // Shifted, it fits.
            IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
        }
    }
}

/// A call too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// Whole seconds until the next call is let in; at least 1.
    pub retry_after_seconds: u64,
}

impl Throttled {
    fn after(microseconds: i64) -> Self {
        let seconds = u64::try_from(microseconds).unwrap_or(0).div_ceil(1_000_000);
        Self { retry_after_seconds: seconds.max(1) }
    }

    /// What the caller is told (429). `whose` is "This client" or the like.
    pub fn problem(self, code: &'static str, whose: &str) -> Problem {
        let seconds = self.retry_after_seconds;
        let text = format!("{whose} calls too often. Try again in {seconds} s (Retry-After).");
        Problem::new(Kind::Throttled, code, text)
    }
}

const STRIPES: usize = 64;
/// Places of one stripe, half of them for the first hash and half for the second.
const PLACES: usize = RATE_BUCKETS_MAX * 2 / STRIPES;

/// When each bucket of a stripe will be full, microseconds since 1970.
type Stripe = Mutex<Box<[i64]>>;

/// The buckets of all clients, all persons or all addresses.
pub struct RateLimit {
    /// Microseconds in which one call comes back.
    interval: i64,
    /// Microseconds in which an empty bucket fills.
    depth: i64,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    stripes: Vec<Stripe>,
    refused: AtomicU64,
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.interval;
        formatter.debug_struct("RateLimit").field("interval", &microseconds).finish_non_exhaustive()
    }
}

impl RateLimit {
    /// Full buckets for everybody.
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        let stripe = || Mutex::new(vec![i64::MIN; PLACES].into_boxed_slice());
        Self {
            interval: rate.interval(),
            depth: rate.depth(),
            clock,
            hasher: RandomState::new(),
            stripes: std::iter::repeat_with(stripe).take(STRIPES).collect(),
            refused: AtomicU64::new(0),
        }
    }

    /// Takes one call of a client or person out of their bucket. Allocates nothing.
    pub fn take(&self, name: &str) -> Result<(), Throttled> {
        self.take_hashed(self.hasher.hash_one(name))
    }

    /// Takes one call out of an address's bucket.
    pub fn take_address(&self, address: CallerAddress) -> Result<(), Throttled> {
        self.take_hashed(self.hasher.hash_one(address.household()))
    }

    /// Calls that were refused since start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// One more that was refused, by a count of somebody else's.
    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    fn take_hashed(&self, hash: u64) -> Result<(), Throttled> {
        let now = self.clock.now().0.saturating_mul(1000);
        // Six bits for the stripe, and others for each of the two places.
        let bits = |shift: u32, size: usize| (hash >> shift) as usize % size;
        let (first, second) = (bits(6, PLACES / 2), PLACES / 2 + bits(35, PLACES / 2));
        let Some(stripe) = self.stripes.get(bits(0, STRIPES)) else { return Ok(()) };
        // A panic elsewhere leaves numbers, and every number is a bucket.
        let mut stripe = stripe.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = now.saturating_add(self.depth);
        let mut full = empty;
        for place in [first, second] {
            if let Some(held) = stripe.get_mut(place) {
                // No bucket is emptier than empty, even when the clock was set back.
                *held = (*held).min(empty);
                full = full.min(*held);
            }
        }
        let full = full.max(now);
        let after = full.saturating_add(self.interval);
        let wait = after.saturating_sub(now).saturating_sub(self.depth);
        if wait > 0 {
            drop(stripe);
            self.count_refused();
            return Err(Throttled::after(wait));
        }
        for place in [first, second] {
            if let Some(held) = stripe.get_mut(place) {
                *held = (*held).max(after);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::{Duration, Instant};

    use akson_base::FixedClock;

    use super::*;

    fn limit(calls: u32, seconds: u32, burst: u32) -> (RateLimit, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(akson_base::Instant(1_795_298_880_000)));
        let rate = Rate { calls, seconds, burst };
        (RateLimit::new(rate, Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    fn taken(limit: &RateLimit, name: &str) -> usize {
        (0..100_000).take_while(|_| limit.take(name).is_ok()).count()
    }

    #[test]
    fn a_burst_then_one_call_for_each_interval_to_the_millisecond() {
        let (limit, clock) = limit(20, 1, 200);
        assert_eq!(taken(&limit, "a"), 200);
        clock.advance_milliseconds(49);
        assert_eq!(limit.take("a"), Err(Throttled { retry_after_seconds: 1 }));
        clock.advance_milliseconds(1);
        assert_eq!(taken(&limit, "a"), 1);
        clock.advance_milliseconds(500);
        assert_eq!(taken(&limit, "a"), 10);
        // Full again after ten seconds, and never fuller.
        clock.advance_milliseconds(9_999);
        assert_eq!(taken(&limit, "a"), 199);
        clock.advance_milliseconds(3_600_000);
        assert_eq!(taken(&limit, "a"), 200);
        assert_eq!(limit.refused(), 6);
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds_and_is_long_enough() {
        let (limit, clock) = limit(2, 60, 3);
        assert_eq!(taken(&limit, "a"), 3);
        assert_eq!(limit.take("a"), Err(Throttled { retry_after_seconds: 30 }));
        clock.advance_milliseconds(1);
        assert_eq!(limit.take("a"), Err(Throttled { retry_after_seconds: 30 }));
        clock.advance_milliseconds(29_000);
        assert_eq!(limit.take("a"), Err(Throttled { retry_after_seconds: 1 }));
        clock.advance_milliseconds(999);
        assert_eq!(limit.take("a"), Ok(()));
    }

    #[test]
    fn others_have_buckets_of_their_own() {
        let (limit, _) = limit(1, 1, 5);
        assert_eq!(taken(&limit, "a"), 5);
        // Sharing both places of sixty-five thousand with one other is one in 34 million.
        for name in ["b", "c", "d"] {
            assert_eq!(taken(&limit, name), 5, "{name}");
        }
    }

    #[test]
    fn a_flood_of_names_frees_nobody_and_hardly_hinders_anybody() {
        let (limit, _) = limit(1, 3600, 2);
        assert_eq!(taken(&limit, "spent"), 2);
        for number in 0..10_000 {
            let _ = limit.take(&number.to_string());
        }
        assert!(limit.take("spent").is_err());
        let hindered = (0..1000).filter(|number| taken(&limit, &format!("new {number}")) < 2);
        // About 10,000 × 2 of 131,072 places are taken: one in forty shares both.
        let hindered = hindered.count();
        assert!(hindered < 80, "{hindered} of 1000");
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_lock_anybody_out() {
        let (limit, clock) = limit(20, 1, 200);
        assert_eq!(taken(&limit, "a"), 200);
        clock.advance_milliseconds(-86_400_000);
        assert_eq!(limit.take("a"), Err(Throttled { retry_after_seconds: 1 }));
        clock.advance_milliseconds(10_000);
        assert_eq!(taken(&limit, "a"), 200);
    }

    #[test]
    fn an_address_is_a_household() {
        let (limit, _) = limit(1, 60, 1);
        let take = |address: IpAddr| limit.take_address(CallerAddress(address)).is_ok();
        let six = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, last, 0, 0, 0, last));
        assert!(take(Ipv4Addr::new(192, 0, 2, 1).into()));
        assert!(!take(Ipv4Addr::new(192, 0, 2, 1).into()));
        assert!(!take(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().into()));
        assert!(take(Ipv4Addr::new(192, 0, 2, 2).into()));
        assert!(take(six(1)));
        assert!(!take(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 1, 9, 9, 9, 9))));
        assert!(take(six(2)));
    }

    #[test]
    fn taking_costs_next_to_nothing_and_threads_take_no_more_than_there_is() {
        let (limit, _) = limit(1, 3600, 50_000);
        let began = Instant::now();
        let count = || (0..40_000).filter(|_| limit.take("Practitioner/kari").is_ok()).count();
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(count);
            (count(), other.join().unwrap())
        });
        assert_eq!(one + other, 50_000);
        let each = began.elapsed() / 80_000;
        println!("one take: {each:?}");
        assert!(each < Duration::from_micros(20), "{each:?}");
    }
}
