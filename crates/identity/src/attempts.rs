//! How often somebody may try to log in, counted together by all who serve one record: a token bucket
//! for each address (`rate`), beside that of this process in what is kept.
//!
//! The process's own bucket comes first: whoever has emptied it costs nobody a write. Not here: calls of
//! those who are known, of which each process allows as many (`server::limits`).

use std::fmt;
use std::sync::Arc;

use akson_base::kept::{Change, Keeping, Place, space};
use akson_base::limits::CONFLICT_RETRIES_MAX;
use akson_base::{Clock, Instant, Problem};

use crate::kept::commit;
use crate::rate::{CallerAddress, Rate, RateLimit, Throttled};
use crate::tokens::key::sha256;

/// An attempt that is not let through.
#[derive(Clone, Debug)]
pub enum Refused {
    /// One too many.
    Throttled(Throttled),
    /// It cannot be counted.
    Uncounted(Problem),
}

/// The buckets of all addresses.
pub struct Attempts {
    own: RateLimit,
    rate: Rate,
    clock: Arc<dyn Clock>,
    /// What all processes see; `None` where this is the only one.
    house: Option<Arc<dyn Keeping>>,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Attempts {
    /// Full buckets for everybody, as far as nobody else has taken from them.
    pub fn new(rate: Rate, clock: Arc<dyn Clock>, kept: &Arc<dyn Keeping>) -> Self {
        let house = kept.is_shared().then(|| Arc::clone(kept));
        Self { own: RateLimit::new(rate, Arc::clone(&clock)), rate, clock, house }
    }

    /// Takes one attempt out of an address's bucket.
    pub async fn take(&self, address: CallerAddress) -> Result<(), Refused> {
        self.own.take_address(address).map_err(Refused::Throttled)?;
        let Some(house) = &self.house else { return Ok(()) };
        let taken = self.take_in(&**house, address).await.map_err(Refused::Uncounted)?;
        taken.map_err(|throttled| {
            self.own.count_refused();
            Refused::Throttled(throttled)
        })
    }

    /// Attempts that were refused here since start.
    pub fn refused(&self) -> u64 {
        self.own.refused()
    }

    async fn take_in(
        &self,
        house: &dyn Keeping,
        address: CallerAddress,
    ) -> Result<Result<(), Throttled>, Problem> {
        let digest = sha256(format!("address {:x}", address.household()).as_bytes());
        let place = Place { space: space::ATTEMPT, digest };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let now = self.clock.now();
            let entry = house.get(place)?;
            let full = entry.as_ref().and_then(|entry| entry.content.first_chunk::<8>().copied());
            let full = full.map_or(i64::MIN, i64::from_be_bytes);
            let after = match self.rate.after_one_more(full, now) {
                Ok(after) => after,
                Err(throttled) => return Ok(Err(throttled)),
            };
            // When the bucket is full again there is nothing to remember.
            let until = Instant(after.div_euclid(1000).saturating_add(1));
            let content = after.to_be_bytes().to_vec();
            let change = match entry {
                Some(entry) => Change::Replace(place, entry.stamp, until, content),
                None => Change::New(place, until, content),
            };
            if commit(house, &[change]).await? {
                return Ok(Ok(()));
            }
        }
        // So many at the same moment from one address.
        Ok(Err(Throttled { retry_after_seconds: 1 }))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use akson_base::FixedClock;
    use akson_base::kept::{Done, Entry};
    use akson_store::Store;
    use akson_store::kept::Kept;

    use super::*;

    /// The entries of a folder, as if another process had them open too.
    struct Shared(Kept);

    impl Keeping for Shared {
        fn get(&self, place: Place) -> Result<Option<Entry>, Problem> {
            self.0.get(place)
        }
        fn get_all(&self, places: &[Place]) -> Result<Vec<Option<Entry>>, Problem> {
            self.0.get_all(places)
        }
        fn under(&self, space: u8, prefix: &[u8]) -> Result<Vec<([u8; 32], Entry)>, Problem> {
            self.0.under(space, prefix)
        }
        fn change(&self, changes: &[Change], done: Done) {
            self.0.change(changes, done);
        }
        fn has_room(&self, space: u8, count_max: usize) -> Result<bool, Problem> {
            self.0.has_room(space, count_max)
        }
        fn is_shared(&self) -> bool {
            true
        }
    }

    fn from(last: u8) -> CallerAddress {
        CallerAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
    }

    #[tokio::test]
    async fn attempts_are_counted_together_and_come_back_together() {
        let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
        let time = || Arc::clone(&clock) as Arc<dyn Clock>;
        let folder = tempfile::TempDir::new().unwrap();
        let store = Store::open(folder.path(), &Default::default(), time()).unwrap();
        let kept: Arc<dyn Keeping> = Arc::new(Shared(Kept::open(Arc::new(store)).unwrap()));
        let rate = Rate { calls: 30, seconds: 60, burst: 6 };
        let nodes = [0; 2].map(|_| Attempts::new(rate, time(), &kept));
        let taken = async |address: CallerAddress| {
            let mut count = 0;
            for turn in 0..20 {
                match nodes[turn % 2].take(address).await {
                    Ok(()) => count += 1,
                    Err(Refused::Throttled(Throttled { retry_after_seconds })) => {
                        assert_eq!(retry_after_seconds, 2);
                    }
                    Err(Refused::Uncounted(problem)) => panic!("{problem}"),
                }
            }
            count
        };
        assert_eq!(taken(from(1)).await, 6, "and not six on each");
        assert_eq!(taken(from(2)).await, 6);
        clock.advance_milliseconds(4_000);
        assert_eq!(taken(from(1)).await, 2);
        clock.advance_milliseconds(60_000);
        assert_eq!(taken(from(1)).await, 6);
        assert!(nodes[0].refused() > 0);
    }
}
