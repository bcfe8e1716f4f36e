//! Drivers: the ordered lists of keys that a search walks to find its candidates.
//!
//! Every driver yields each of its candidates at positions that are engine keys in engine order,
//! so a page goes on exactly behind the last key of the page before, whatever was written in
//! between. A candidate that stands in several places is taken at the first of them only, which
//! its facets tell: no memory of what was seen is needed.

use std::rc::Rc;

use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use akson_fhir::search::SlotId;
use bytes::Bytes;

use super::links::Targets;
use super::matcher::{Matcher, is_cut};
use crate::engine::{Direction, Range, Snapshot};
use crate::facets::{Entry, Facets};
use crate::keys::{self, ResourceKey};

/// Which values of the slots are why a candidate stands in a range.
#[derive(Clone, Debug)]
pub(super) enum Pass {
    Matchers(Vec<Matcher>),
    Targets(Rc<Targets>),
}

impl Pass {
    pub(super) fn accepts(&self, entry: &Entry<'_>, key: ResourceKey) -> bool {
        match self {
            Self::Matchers(matchers) => {
                matchers.iter().any(|m| m.accepts(entry.kind, entry.value, key.patient()))
            }
            Self::Targets(targets) => targets.accept(entry, key),
        }
    }
}

/// Ranges of index keys, and of facets keys for what an owner's number answers; sorted, without
/// overlap.
#[derive(Clone, Debug)]
pub(super) struct Ranged {
    pub(super) ranges: Vec<Range>,
    pub(super) slots: Box<[SlotId]>,
    pub(super) pass: Pass,
    /// Whether a candidate is met once and passes, unless its key refutes it or is cut.
    pub(super) once: bool,
}

/// One ordered list of keys.
#[derive(Clone, Debug)]
pub(super) enum Driver {
    /// All resources of a type by id.
    All(ResourceType),
    Ranged(Ranged),
    /// These resources, sorted.
    Keys(Vec<ResourceKey>),
    /// All versions made by the commits `from <= commit < to`.
    Changes {
        resource_type: ResourceType,
        from: u64,
        to: u64,
    },
}

/// A candidate as a driver met it.
pub(super) struct Met<'a> {
    pub(super) position: &'a [u8],
    pub(super) key: ResourceKey,
    /// The facets, when the driver walks them anyway.
    pub(super) facets: Option<&'a [u8]>,
}

/// What is read of each candidate that a walk meets, beside the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Nothing,
    Facets,
    /// The facets, and of most the resource too.
    Whole,
}

/// Sorts ranges and joins those that touch.
pub(super) fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by(|a, b| a.start.cmp(&b.start));
    let mut out: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => {
                if range.end > last.end {
                    last.end = range.end;
                }
            }
            _ => out.push(range),
        }
    }
    out
}

/// The facets of a patient's resources of one type.
pub(super) fn owned(patient: keys::PatientNumber, resource_type: ResourceType) -> Range {
    keys::under(&[b"F".as_slice(), &patient.0.to_be_bytes(), &[resource_type.0]].concat())
}

fn changes(resource_type: ResourceType, from: u64, to: u64) -> Range {
    let bound = |commit: u64| [b"Y", [resource_type.0].as_slice(), &commit.to_be_bytes()].concat();
    Range { start: bound(from), end: bound(to) }
}

/// The range behind `after` in walking direction.
fn behind(range: &Range, direction: Direction, after: Option<&[u8]>) -> Option<Range> {
    let mut range = range.clone();
    let is_within = |after: &&[u8]| match direction {
        Direction::Ascending => *after >= range.start.as_slice(),
        Direction::Descending => *after < range.end.as_slice(),
    };
    if let Some(after) = after.filter(is_within) {
        range.go_on_behind(direction, after);
    }
    (range.start < range.end).then_some(range)
}

impl Driver {
    fn ranges(&self) -> Vec<Range> {
        match self {
            Self::All(resource_type) => vec![keys::under(&[b'L', resource_type.0])],
            Self::Ranged(ranged) => ranged.ranges.clone(),
            Self::Keys(_) => Vec::new(),
            Self::Changes { resource_type, from, to } => vec![changes(*resource_type, *from, *to)],
        }
    }

    /// The keys that will be read because of an entry that is met.
    fn next(&self, entry: (&[u8], &[u8]), of: (Direction, Reads), keys: &mut Vec<Vec<u8>>) {
        let ((key, value), (direction, reads)) = (entry, of);
        let Some(met) = met(key, value) else { return };
        if matches!(self, Self::Ranged(ranged) if ranged.refuted(met.position, direction)) {
            return;
        }
        if met.facets.is_none() {
            keys.push(keys::facets(met.key));
        }
        if reads == Reads::Whole {
            keys.push(keys::head(met.key));
        }
    }

    /// Walks on behind `after` until `visit` answers `false`, who reads so much of each candidate.
    pub(super) fn walk(
        &self,
        snapshot: &dyn Snapshot,
        (direction, reads): (Direction, Reads),
        after: Option<&[u8]>,
        visit: &mut dyn FnMut(&Met<'_>) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        if let Self::Keys(keys) = self {
            return walk_keys(keys, after, visit);
        }
        let mut ranges = self.ranges();
        if direction == Direction::Descending {
            ranges.reverse();
        }
        let mut more = true;
        for range in ranges {
            let Some(range) = behind(&range, direction, after) else { continue };
            let mut visit = |key: &[u8], value: &[u8]| {
                more = match met(key, value) {
                    Some(met) => visit(&met)?,
                    None => true,
                };
                Ok(more)
            };
            let next = |key: &[u8], value: &[u8], keys: &mut Vec<Vec<u8>>| {
                self.next((key, value), (direction, reads), keys);
            };
            match reads {
                Reads::Nothing => snapshot.visit(&range, direction, &mut visit)?,
                Reads::Facets | Reads::Whole => {
                    snapshot.visit_reading(&range, direction, &next, &mut visit)?;
                }
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    /// How many keys it has, counted up to `bound`.
    pub(super) fn count(&self, snapshot: &dyn Snapshot, bound: usize) -> Result<usize, Problem> {
        let mut count = 0;
        self.walk(snapshot, (Direction::Ascending, Reads::Nothing), None, &mut |_| {
            count += 1;
            Ok(count < bound)
        })?;
        Ok(count)
    }

    /// Bytes that tell this driver from others, for remembered counts; `None` when counting costs
    /// nothing.
    pub(super) fn identity(&self) -> Option<u64> {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        match self {
            Self::Keys(_) => return None,
            Self::All(_) | Self::Changes { .. } | Self::Ranged(_) => {}
        }
        for range in self.ranges() {
            hash.update(&range.start);
            hash.update(&[0xff, 0]);
            hash.update(&range.end);
            hash.update(&[0xff, 1]);
        }
        Some(hash.digest())
    }
}

fn walk_keys(
    keys: &[ResourceKey],
    after: Option<&[u8]>,
    visit: &mut dyn FnMut(&Met<'_>) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    for key in keys {
        let position = keys::facets(*key);
        if after.is_some_and(|after| position.as_slice() <= after) {
            continue;
        }
        if !visit(&Met { position: &position, key: *key, facets: None })? {
            break;
        }
    }
    Ok(())
}

/// Reads an engine entry; `None` for a deleted resource.
fn met<'a>(key: &'a [u8], value: &'a [u8]) -> Option<Met<'a>> {
    let (resource, facets) = match key.first()? {
        b'L' => {
            let live = value.get(10).is_none_or(|flags| flags & 1 == 0);
            (live.then(|| ResourceKey::from_start(value)).flatten()?, None)
        }
        b'F' => (ResourceKey::from_end(key)?, Some(value)),
        b'Y' => (ResourceKey::from_start(key.get(10..)?)?, None),
        _ => (ResourceKey::from_end(key)?, None),
    };
    Some(Met { position: key, key: resource, facets })
}

/// The commit number in a position of [`Driver::Changes`].
pub(super) fn commit_of(position: &[u8]) -> u64 {
    let bytes = position.get(2..).and_then(|rest| rest.first_chunk::<8>());
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl Ranged {
    fn contains(&self, key: &[u8]) -> bool {
        let behind = self.ranges.partition_point(|range| range.start.as_slice() <= key);
        let range = behind.checked_sub(1).and_then(|at| self.ranges.get(at));
        range.is_some_and(|range| key < range.end.as_slice())
    }

    /// Whether the index key at `position` already shows that it is not why its resource matches.
    pub(super) fn refuted(&self, position: &[u8], direction: Direction) -> bool {
        let (Pass::Matchers(matchers), Some(value)) = (&self.pass, value_in(position)) else {
            return false;
        };
        let ascending = direction == Direction::Ascending;
        matchers.iter().all(|matcher| matcher.refutes_key(value, ascending))
    }

    /// Whether what is met at `position` matches without a look at the facets.
    pub(super) fn tells(&self, position: &[u8]) -> bool {
        self.once && !value_in(position).is_some_and(is_cut)
    }

    /// Whether it stands for one value, or a few.
    pub(super) fn is_exact(&self) -> bool {
        match &self.pass {
            Pass::Matchers(matchers) => self.once && matchers.iter().all(Matcher::is_exact),
            Pass::Targets(_) => false,
        }
    }

    /// Whether `position` is the first, in walking direction, of all positions where the resource
    /// stands in the ranges because of a value that passes.
    pub(super) fn is_first(
        &self,
        position: &[u8],
        key: ResourceKey,
        facets: &Facets<'_>,
        direction: Direction,
    ) -> bool {
        if self.tells(position) || position.first() == Some(&b'F') {
            return true;
        }
        if self.ranges.first().is_some_and(|range| range.start.first() == Some(&b'F'))
            && self.contains(&keys::facets(key))
        {
            return false;
        }
        self.first_position(key, facets, direction).is_some_and(|first| first == position)
    }

    /// Where the resource is first met.
    pub(super) fn position(
        &self,
        key: ResourceKey,
        facets: &Facets<'_>,
        direction: Direction,
    ) -> Option<Vec<u8>> {
        let owned = keys::facets(key);
        if self.contains(&owned) {
            return Some(owned);
        }
        self.first_position(key, facets, direction)
    }

    /// The first index key by which the resource stands in the ranges.
    fn first_position(
        &self,
        key: ResourceKey,
        facets: &Facets<'_>,
        direction: Direction,
    ) -> Option<Vec<u8>> {
        let mut first: Option<Vec<u8>> = None;
        for slot in &self.slots {
            for entry in facets.slot(*slot).filter(|entry| self.pass.accepts(entry, key)) {
                entry.visit_keys(key, &mut |candidate| {
                    let earlier = first.as_ref().is_none_or(|first| match direction {
                        Direction::Ascending => candidate < *first,
                        Direction::Descending => candidate > *first,
                    });
                    if earlier && self.contains(&candidate) {
                        first = Some(candidate);
                    }
                });
            }
        }
        first
    }
}

/// The value part of an index key; `None` for other keys.
fn value_in(position: &[u8]) -> Option<&[u8]> {
    let end = position.len().saturating_sub(10);
    (position.first() == Some(&b'I')).then(|| position.get(3..end)).flatten()
}

/// The current facets of a resource; `None` when it is deleted or moved.
pub(super) fn facets_of(
    snapshot: &dyn Snapshot,
    key: ResourceKey,
) -> Result<Option<Bytes>, Problem> {
    snapshot.get(&keys::facets(key))
}

/// Looks at facets that the store itself wrote.
pub(super) fn view(bytes: &[u8]) -> Result<Facets<'_>, Problem> {
    Facets::of(bytes).ok_or_else(|| {
        Problem::fault(
            "SEA-030",
            "stored facets are shorter than their own lengths say: run akson check",
        )
    })
}
