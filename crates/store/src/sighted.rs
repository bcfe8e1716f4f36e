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
use akson_fhir::definitions::ResourceType;
use bytes::Bytes;

use crate::engine::{Direction, Fetching, Lead, Next, Range, Snapshot, Visit};
use crate::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};

/// Says which resources somebody may see.
pub trait Gate: Send + Sync {
    /// Whether this resource, as it stands in the snapshot `whole`, may be seen.
    fn sees(&self, key: ResourceKey, whole: &dyn Snapshot) -> Result<bool, Problem>;

    /// Whether nothing of a patient's own range may be seen, of this type or at all: then it is not
    /// walked either, so that how much is hidden costs no time.
    fn is_closed(&self, patient: PatientNumber, of: Option<ResourceType>) -> Result<bool, Problem>;
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

    /// Whether a range lies within what is closed.
    fn is_closed(&self, range: &Range) -> Result<bool, Problem> {
        match within_patient(range) {
            Some((patient, of)) => {
                // Decided by what is known when the walk begins.
                self.whole.fix()?;
                self.gate.is_closed(patient, of)
            }
            None => Ok(false),
        }
    }

    fn passing(&self, key: &[u8], value: Option<Bytes>) -> Result<Option<Bytes>, Problem> {
        match value {
            Some(value) if self.passes(key, Some(&value))? => Ok(Some(value)),
            Some(_) | None => Ok(None),
        }
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

/// The patient, and the type if it is one, whose heads or facets alone a range can hold.
fn within_patient(range: &Range) -> Option<(PatientNumber, Option<ResourceType>)> {
    let (letter, start) = range.start.split_first()?;
    if !matches!(letter, b'H' | b'F') {
        return None;
    }
    let (patient, rest) = start.split_first_chunk::<4>()?;
    let patient = PatientNumber(u32::from_be_bytes(*patient));
    if patient == NO_PATIENT {
        return None;
    }
    let holds = |prefix: &[u8]| {
        let prefix = [&[*letter], prefix].concat();
        range.end <= keys::under(&prefix).end
    };
    let of =
        rest.first().filter(|of| holds(&[start.get(..4).unwrap_or_default(), &[**of]].concat()));
    match of {
        Some(of) => Some((patient, Some(ResourceType(*of)))),
        None => holds(start.get(..4)?).then_some((patient, None)),
    }
}

impl Snapshot for Sighted {
    fn fix(&self) -> Result<(), Problem> {
        self.whole.fix()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Problem> {
        self.passing(key, self.whole.get(key)?)
    }

    fn get_leading(&self, key: &[u8], lead: Lead) -> Result<Option<Bytes>, Problem> {
        self.passing(key, self.whole.get_leading(key, lead)?)
    }

    /// Shows nothing: what it reads ahead is judged when it is asked for.
    fn fetch_leading(&self, key: Vec<u8>, lead: Lead) -> Option<Fetching<'_>> {
        self.whole.fetch_leading(key, lead)
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
        self.visit_reading(range, direction, &|_, _, _| (), visit)
    }

    fn visit_reading(
        &self,
        range: &Range,
        direction: Direction,
        next: &Next<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Problem> {
        if self.is_closed(range)? {
            return Ok(());
        }
        self.whole.visit_reading(range, direction, next, &mut |key, value| {
            if self.passes(key, Some(value))? { visit(key, value) } else { Ok(true) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_within_a_patient_when_nothing_else_can_stand_in_it() {
        let of = |prefix: &[u8]| within_patient(&keys::under(prefix));
        let seven = PatientNumber(7);
        assert_eq!(of(b"F\0\0\0\x07"), Some((seven, None)));
        assert_eq!(of(b"H\0\0\0\x07\x05"), Some((seven, Some(ResourceType(5)))));
        assert_eq!(of(b"F\0\0\0\x07\x05\x01\x02"), Some((seven, Some(ResourceType(5)))));
        for other in [b"F".as_slice(), b"F\0\0\0", b"F\0\0\0\0", b"F\0\0\0\0\x05", b"I\0\0\0\x07"] {
            assert_eq!(of(other), None, "{other:?}");
        }
        let over = |start: &[u8], end: &[u8]| Range { start: start.to_vec(), end: end.to_vec() };
        let two_types = over(b"F\0\0\0\x07\x05", b"F\0\0\0\x07\x07");
        assert_eq!(within_patient(&two_types), Some((seven, None)));
        assert_eq!(within_patient(&over(b"F\0\0\0\x07\x05", b"F\0\0\0\x08\x01")), None);
        // Going on behind a place within a type.
        let rest = over(b"F\0\0\0\x07\x05\0\0\0\0\x09\0", b"F\0\0\0\x07\x06");
        assert_eq!(within_patient(&rest), Some((seven, Some(ResourceType(5)))));
    }
}
