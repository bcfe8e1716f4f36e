//! A view of the store in which what must not be seen is not there.
//!
//! [`Sighted`] stands before a snapshot and asks a [`Gate`] about every resource that a key speaks
//! of. Search, totals, includes, chains, histories and operations read through it and need no
//! check of their own: hidden and absent are the same to them. The commit chain, counters and
//! patients' numbers pass: they name no resource.
//!
//! Not here: what may be seen (`access` decides, `record` gathers the facts).

use std::sync::Arc;

use akson_base::Problem;
use bytes::Bytes;

use crate::engine::{Direction, Range, Snapshot, Visit};
use crate::keys::ResourceKey;

/// Says which resources somebody may see.
pub trait Gate: Send + Sync {
    /// Whether this resource, as it stands in the snapshot `whole`, may be seen.
    fn sees(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<bool, Problem>;
}

/// A snapshot behind a gate.
pub struct Sighted {
    whole: Arc<dyn Snapshot>,
    gate: Arc<dyn Gate>,
}

impl Sighted {
    /// What the gate lets through of a snapshot.
    pub fn new(whole: Arc<dyn Snapshot>, gate: Arc<dyn Gate>) -> Self {
        Self { whole, gate }
    }

    fn passes(&self, key: &[u8], value: Option<&[u8]>) -> Result<bool, Problem> {
        match about(key, value) {
            About::Nothing => Ok(true),
            About::Resource(resource) => self.gate.sees(resource, self.whole.as_ref()),
            About::Unreadable => Ok(false),
        }
    }
}

/// What an engine entry speaks of.
enum About {
    Nothing,
    Resource(ResourceKey),
    /// A key of a form that the layout does not have: shown to nobody.
    Unreadable,
}

/// The resource that an engine entry speaks of, by the layout in [`crate::keys`].
fn about(key: &[u8], value: Option<&[u8]>) -> About {
    let found = match key.first() {
        Some(b'M' | b'P' | b'C' | b'A' | b'D') => return About::Nothing,
        Some(b'L') => value.and_then(ResourceKey::from_start),
        Some(b'H' | b'F' | b'I') => ResourceKey::from_end(key),
        Some(b'V') => key.get(1..).and_then(ResourceKey::from_start),
        Some(b'Y') => key.get(10..).and_then(ResourceKey::from_start),
        Some(_) | None => None,
    };
    found.map_or(About::Unreadable, About::Resource)
}

impl Snapshot for Sighted {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        match self.whole.get(key)? {
            Some(value) if self.passes(key, Some(&value))? => Ok(Some(value)),
            Some(_) | None => Ok(None),
        }
    }

    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Bytes>>, Problem> {
        let mut values = self.whole.multi_get(keys)?;
        for (key, value) in keys.iter().zip(&mut values) {
            if let Some(bytes) = value
                && !self.passes(key, Some(bytes))?
            {
                *value = None;
            }
        }
        Ok(values)
    }

    fn visit(
        &self,
        range: &Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        self.whole.visit(range, direction, &mut |key, value| {
            if self.passes(key, Some(value))? { visit(key, value) } else { Ok(true) }
        })
    }
}
