//! DPoP proofs that were used, so that none is used twice. In memory, bounded in number and time.
//!
//! Standard: RFC 9449 section 11.1

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Remembers ids for at least a time, in two generations: the older is dropped whole.
#[derive(Debug)]
pub(crate) struct Seen {
    keep_seconds: i64,
    count_max: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug)]
struct Generations {
    /// When the younger began, in seconds.
    began: i64,
    younger: HashSet<u128>,
    older: HashSet<u128>,
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
    pub(crate) fn new(keep_seconds: i64, count_max: usize) -> Self {
        let generations =
            Generations { began: i64::MIN, younger: HashSet::new(), older: HashSet::new() };
        Self { keep_seconds, count_max, generations: Mutex::new(generations) }
    }

    pub(crate) fn note(&self, id: u128, now: i64) -> Noted {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let generations = &mut *generations;
        let age = now.saturating_sub(generations.began);
        if age >= self.keep_seconds {
            generations.older = std::mem::take(&mut generations.younger);
            if age >= self.keep_seconds.saturating_mul(2) {
                generations.older = HashSet::new();
            }
            generations.began = now;
        }
        if generations.younger.contains(&id) || generations.older.contains(&id) {
            return Noted::Again;
        }
        if generations.younger.len() + generations.older.len() >= self.count_max {
            return Noted::Full;
        }
        generations.younger.insert(id);
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
        assert_eq!(seen.note(2, 1119), Noted::Again);
        assert_eq!(seen.note(1, 1120), Noted::First);
        assert_eq!(seen.note(2, 5000), Noted::First);
    }

    #[test]
    fn over_the_limit_is_refused_and_time_makes_room() {
        let seen = Seen::new(60, 2);
        assert_eq!(seen.note(1, 0), Noted::First);
        assert_eq!(seen.note(2, 0), Noted::First);
        assert_eq!(seen.note(3, 0), Noted::Full);
        assert_eq!(seen.note(1, 0), Noted::Again);
        assert_eq!(seen.note(3, 60), Noted::Full);
        assert_eq!(seen.note(3, 120), Noted::First);
    }
}
