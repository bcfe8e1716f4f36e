//! Preconditions: what must hold at the moment of commit, against the store and against what
//! earlier transactions of the same group write.

use std::collections::BTreeMap;

use akson_base::Problem;
use rustc_hash::FxHashMap;

use super::{Direction, Op, Precondition, Range, Snapshot};

/// What a group has written so far: the newest op of each key.
#[derive(Default)]
pub(crate) struct Overlay<'a> {
    /// The value, or that the key is removed.
    keys: FxHashMap<&'a [u8], Option<&'a [u8]>>,
    /// The same keys in order; kept only when the group asks about ranges.
    ordered: Option<BTreeMap<&'a [u8], bool>>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(asks_about_ranges: bool) -> Self {
        Self { keys: FxHashMap::default(), ordered: asks_about_ranges.then(BTreeMap::new) }
    }

    /// Adds an accepted transaction's ops.
    pub(crate) fn add(&mut self, ops: &'a [Op]) {
        self.keys.reserve(ops.len());
        for op in ops {
            let (key, value) = match op {
                Op::Put { key, value, .. } => (key.as_slice(), Some(value.as_slice())),
                Op::Delete { key } => (key.as_slice(), None),
            };
            self.keys.insert(key, value);
            if let Some(ordered) = &mut self.ordered {
                ordered.insert(key, value.is_some());
            }
        }
    }

    /// Whether a precondition holds on `store` with these ops on top.
    pub(crate) fn holds(
        &self,
        precondition: &Precondition,
        store: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        match precondition {
            Precondition::Absent(key) => match self.keys.get(key.as_slice()) {
                Some(value) => Ok(value.is_none()),
                None => Ok(store.get(key)?.is_none()),
            },
            Precondition::Begins(key, prefix) => match self.keys.get(key.as_slice()) {
                Some(value) => Ok(value.is_some_and(|v| v.starts_with(prefix))),
                None => Ok(store.get(key)?.is_some_and(|v| v.starts_with(prefix))),
            },
            Precondition::OnlyKeys(range, keys) => self.only_keys(range, keys, store),
        }
    }

    fn only_keys(
        &self,
        range: &Range,
        keys: &[Vec<u8>],
        store: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        let mut expected: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        expected.sort_unstable();
        expected.dedup();
        if range.start >= range.end {
            return Ok(expected.is_empty());
        }
        let inside = || {
            let ordered = self.ordered.iter();
            let bounds = range.start.as_slice()..range.end.as_slice();
            ordered.flat_map(move |o| {
                o.range::<[u8], _>((
                    std::ops::Bound::Included(bounds.start),
                    std::ops::Bound::Excluded(bounds.end),
                ))
            })
        };
        // More stored keys than expected ones and removed ones together cannot come out right.
        let removed = inside().filter(|(_, kept)| !**kept).count();
        let limit = expected.len() + removed + 1;
        let stored = store.scan(range, Direction::Ascending, limit)?;
        if stored.len() == limit {
            return Ok(false);
        }
        let mut found: Vec<&[u8]> = stored
            .iter()
            .map(|(key, _)| key.as_ref())
            .filter(|key| !self.keys.contains_key(key))
            .chain(inside().filter(|(_, kept)| **kept).map(|(key, _)| *key))
            .collect();
        found.sort_unstable();
        Ok(found == expected)
    }
}
