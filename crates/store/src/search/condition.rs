//! Conditions: searches that decide which resource a write means, guarded until it commits.
//!
//! A guard names key ranges that any new match would have to enter, and what stands in them now,
//! and the matches as they are.
//! If no range is short, the guard is that nothing of the type has changed at all.
//! Standard: <https://hl7.org/fhir/R4/http.html#ccreate>

use akson_base::Problem;

use super::changes::newest_commit;
use super::driver::{Driver, Ranged};
use super::query::{Part, Query};
use super::run::Run;
use super::{SearchContext, plan::Plan};
use crate::engine::{Direction, Precondition, Range};
use crate::heads::Head;
use crate::keys::{self, ResourceKey};

/// Keys that one guard may name.
const GUARDED_KEYS_MAX: usize = 1_000;
/// Matches that are told apart: none, one, several.
const MATCHES_MAX: usize = 2;

/// Finds at most two matches, and the preconditions under which no other can have come and these are
/// still matches.
///
/// # Errors
/// As [`super::execute`].
pub fn condition(
    context: &SearchContext<'_>,
    query: &Query,
) -> Result<(Vec<ResourceKey>, Vec<Precondition>), Problem> {
    let run = Run::new(context);
    let (mut matches, mut guards) = (Vec::new(), Vec::new());
    for part in &run.bound(&query.parts)? {
        let plan = run.plan(part, &[], None)?;
        for stage in &plan.stages {
            run.stream(part, stage, None, false, &mut |met, _| {
                matches.push(met.key);
                Ok(matches.len() < MATCHES_MAX)
            })?;
        }
        guards.extend(run.guards(part, &plan)?);
    }
    matches.truncate(MATCHES_MAX);
    for key in &matches {
        guards.extend(run.guard_match(*key)?);
    }
    Ok((matches, guards))
}

impl Run<'_> {
    fn guards(&self, part: &Part, plan: &Plan) -> Result<Vec<Precondition>, Problem> {
        let [stage] = plan.stages.as_slice() else {
            return Ok(Vec::new());
        };
        let guards = match &stage.driver {
            Driver::Ranged(ranged) => self.guard_ranges(ranged)?,
            Driver::All(_) | Driver::Keys(_) | Driver::Changes { .. } => None,
        };
        match guards {
            Some(guards) => Ok(guards),
            None => self.guard_type(part).map(|guard| vec![guard]),
        }
    }

    /// A match that changes may still stand in the ranges, and match no more.
    fn guard_match(&self, key: ResourceKey) -> Result<Option<Precondition>, Problem> {
        let key = keys::head(key);
        let Some(value) = self.snapshot().get(&key)? else { return Ok(None) };
        let stamp = Head::decode(&value)?.stamp.to_vec();
        Ok(Some(Precondition::Begins(key, stamp)))
    }

    /// Each range with the keys in it; `None` when they are too many.
    fn guard_ranges(&self, ranged: &Ranged) -> Result<Option<Vec<Precondition>>, Problem> {
        let mut guards = Vec::with_capacity(ranged.ranges.len());
        let mut room = GUARDED_KEYS_MAX;
        for range in &ranged.ranges {
            let mut found = Vec::new();
            self.snapshot().visit(range, Direction::Ascending, &mut |key, _| {
                found.push(key.to_vec());
                Ok(found.len() <= room)
            })?;
            if found.len() > room || guards.len() == GUARDED_KEYS_MAX {
                return Ok(None);
            }
            room -= found.len();
            guards.push(Precondition::OnlyKeys(range.clone(), found));
        }
        Ok(Some(guards))
    }

    /// Nothing of the type has changed since the snapshot.
    fn guard_type(&self, part: &Part) -> Result<Precondition, Problem> {
        let commit = newest_commit(self.snapshot())? + 1;
        let of_type = [b'Y', part.resource_type.0];
        let start = [of_type.as_slice(), &commit.to_be_bytes()].concat();
        Ok(Precondition::OnlyKeys(Range { start, end: keys::under(&of_type).end }, Vec::new()))
    }
}
