//! From times to commit numbers: `_lastUpdated` is answered from the list of changes, which is
//! ordered by commit.

use akson_base::Problem;

use super::date::DateTest;
use super::prefix::Prefix;
use crate::engine::{Direction, Snapshot, chain};
use crate::keys;

/// The commits `from <= commit < to` outside which no time passes any of the tests.
pub(super) fn commit_range(
    snapshot: &dyn Snapshot,
    tests: &[DateTest],
) -> Result<(u64, u64), Problem> {
    let spans = tests.iter().map(times);
    let from = spans.clone().map(|(from, _)| from).min().unwrap_or(i64::MIN);
    let to = spans.map(|(_, to)| to).max().unwrap_or(i64::MAX);
    let first = |time| match time {
        i64::MIN => Ok(0),
        i64::MAX => Ok(u64::MAX),
        time => first_commit(snapshot, time),
    };
    Ok((first(from)?, first(to)?))
}

/// The times `from <= t < to` outside which no instant passes.
fn times(test: &DateTest) -> (i64, i64) {
    match test.prefix {
        Prefix::Eq | Prefix::Ap => (test.start, test.end),
        Prefix::Ne => (i64::MIN, i64::MAX),
        Prefix::Gt | Prefix::Sa => (test.end, i64::MAX),
        Prefix::Ge => (test.start, i64::MAX),
        Prefix::Lt | Prefix::Eb => (i64::MIN, test.start),
        Prefix::Le => (i64::MIN, test.end),
    }
}

/// The first commit at or after a time; one past the newest when there is none. Times never
/// decrease with the number, and no number is missing.
fn first_commit(snapshot: &dyn Snapshot, time: i64) -> Result<u64, Problem> {
    let (mut low, mut high) = (1, newest_commit(snapshot)? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let record = snapshot.get(&keys::commit(middle))?;
        let at = record.as_deref().and_then(chain::time_of).ok_or_else(|| {
            Problem::fault("SEA-031", format!("commit record {middle} is missing: run akson check"))
        })?;
        if at < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The number of the newest commit of a snapshot; 0 when there is none.
pub(super) fn newest_commit(snapshot: &dyn Snapshot) -> Result<u64, Problem> {
    let mut newest = 0;
    snapshot.visit(&keys::under(b"C"), Direction::Descending, &mut |key, _| {
        newest = key.get(1..).and_then(|n| n.first_chunk()).map_or(0, |n| u64::from_be_bytes(*n));
        Ok(false)
    })?;
    Ok(newest)
}
