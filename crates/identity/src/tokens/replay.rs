//! DPoP proofs that were used, so that none is used twice. In memory, bounded in number and time; where
//! other processes serve the same record, in what is kept besides: once in the whole house.
//!
//! Standard: RFC 9449 section 11.1

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use akson_base::kept::{Change, Keeping, Place, space};
use akson_base::{Instant, Problem};

use crate::kept::commit;

/// Parts of the time for which an id is remembered. What is older is dropped a part at a time, so
/// that no more than one part too many is held.
const PARTS: i64 = 4;

/// The proofs that were used.
pub(crate) struct Replays {
    own: Seen,
    keep_seconds: i64,
    /// What all processes see; `None` where this is the only one.
    house: Option<Arc<dyn Keeping>>,
}

impl std::fmt::Debug for Replays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replays").field("keep_seconds", &self.keep_seconds).finish_non_exhaustive()
    }
}

impl Replays {
    /// Remembers at most `count_max`, each for at least `keep_seconds` after it came.
    pub(crate) fn new(keep_seconds: i64, count_max: usize) -> Self {
        Self { own: Seen::new(keep_seconds, count_max), keep_seconds, house: None }
    }

    /// With what all processes see, if there may be others.
    pub(crate) fn set_house(&mut self, kept: &Arc<dyn Keeping>) {
        self.house = kept.is_shared().then(|| Arc::clone(kept));
    }

    /// Notes that a proof (a digest of it) is used now, in seconds.
    ///
    /// # Errors
    /// As the store says: a proof that cannot be noted must be refused.
    pub(crate) async fn note(&self, digest: [u8; 32], now: i64) -> Result<Noted, Problem> {
        let id = digest.iter().take(16).fold(0, |id, byte| (id << 8) | u128::from(*byte));
        let noted = self.own.note(id, now);
        let Some(house) = self.house.as_ref().filter(|_| noted == Noted::First) else {
            return Ok(noted);
        };
        let until = Instant(now.saturating_add(self.keep_seconds).saturating_mul(1000));
        let place = Place { space: space::PROOF, digest };
        Ok(match commit(&**house, &[Change::New(place, until, Vec::new())]).await? {
            true => Noted::First,
            false => Noted::Again,
        })
    }
}

/// Remembers ids for at least a time.
#[derive(Debug)]
struct Seen {
    keep_seconds: i64,
    count_max: usize,
    generations: Mutex<VecDeque<Generation>>,
}

/// The ids of one part of the time.
#[derive(Debug)]
struct Generation {
    /// When it began, in seconds.
    began: i64,
    ids: HashSet<u128>,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Not seen before; remembered from now on.
    First,
    /// Seen before.
    Again,
    /// No room to remember it: it must be refused, or it could come again.
    Full,
}

impl Seen {
    /// Remembers at most `count_max` ids, each for at least `keep_seconds` after it came.
    fn new(keep_seconds: i64, count_max: usize) -> Self {
        Self { keep_seconds, count_max, generations: Mutex::default() }
    }

    /// Notes that an id is used now, in seconds.
    fn note(&self, id: u128, now: i64) -> Noted {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let step = (self.keep_seconds / PARTS).max(1);
        let is_over = |one: &Generation| now.saturating_sub(one.began) >= self.keep_seconds + step;
        while generations.front().is_some_and(is_over) {
            generations.pop_front();
        }
        if generations.iter().any(|one| one.ids.contains(&id)) {
            return Noted::Again;
        }
        if generations.iter().map(|one| one.ids.len()).sum::<usize>() >= self.count_max {
            return Noted::Full;
        }
        match generations.back_mut().filter(|one| now.saturating_sub(one.began) < step) {
            Some(current) => {
                current.ids.insert(id);
            }
            None => generations.push_back(Generation { began: now, ids: HashSet::from([id]) }),
        }
        Noted::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_for_at_least_its_time() {
        let seen = Seen::new(60, 100);
        assert_eq!(seen.note(1, 1000), Noted::First);
        assert_eq!(seen.note(2, 1059), Noted::First);
        assert_eq!(seen.note(1, 1060), Noted::Again);
        assert_eq!(seen.note(2, 1118), Noted::Again);
        assert_eq!(seen.note(1, 1075), Noted::First);
        assert_eq!(seen.note(1, 1134), Noted::Again);
        assert_eq!(seen.note(2, 5000), Noted::First);
    }

    #[test]
    fn over_the_limit_is_refused_and_time_makes_room() {
        let seen = Seen::new(60, 2);
        assert_eq!(seen.note(1, 0), Noted::First);
        assert_eq!(seen.note(2, 0), Noted::First);
        assert_eq!(seen.note(3, 0), Noted::Full);
        assert_eq!(seen.note(1, 0), Noted::Again);
        assert_eq!(seen.note(3, 74), Noted::Full);
        assert_eq!(seen.note(3, 75), Noted::First);
    }
}
