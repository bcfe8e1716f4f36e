//! Sorting matches in memory by the values in their facets.
//!
//! Ascending takes a resource's smallest value, descending its largest; a resource without the
//! value comes last either way; equal ones follow the order of their keys.
//! Standard: <https://hl7.org/fhir/R4/search.html#sort>

use std::cmp::Ordering;

use super::query::{Sort, SortBy};
use crate::facets::{Facets, key_form};
use crate::keys::ResourceKey;

/// What a match is sorted by: one value per key of `_sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SortKey {
    pub(super) values: Vec<Option<Vec<u8>>>,
    pub(super) resource: ResourceKey,
}

impl SortKey {
    pub(super) fn of(sort: &[Sort], facets: &Facets<'_>, resource: ResourceKey) -> Self {
        let values = sort.iter().map(|key| value(key, facets)).collect();
        Self { values, resource }
    }

    pub(super) fn compare(&self, other: &Self, sort: &[Sort]) -> Ordering {
        let values = self.values.iter().zip(&other.values).zip(sort);
        for ((own, others), key) in values {
            let order = match (own, others) {
                (Some(own), Some(others)) if key.descending => others.cmp(own),
                (Some(own), Some(others)) => own.cmp(others),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.resource.cmp(&other.resource)
    }

    /// For a cursor: the resource, then each value with its length, `ff ff` for none.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = self.resource.0.to_vec();
        for value in &self.values {
            match value {
                Some(value) => {
                    let length = value.len().min(usize::from(u16::MAX - 1)) as u16;
                    out.extend_from_slice(&length.to_be_bytes());
                    out.extend_from_slice(value.get(..usize::from(length)).unwrap_or(value));
                }
                None => out.extend_from_slice(&u16::MAX.to_be_bytes()),
            }
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (resource, mut rest) = bytes.split_first_chunk::<10>()?;
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk::<2>()?;
            rest = behind;
            values.push(match u16::from_be_bytes(*length) {
                u16::MAX => None,
                length => {
                    let (value, behind) = rest.split_at_checked(usize::from(length))?;
                    rest = behind;
                    Some(value.to_vec())
                }
            });
        }
        Some(Self { values, resource: ResourceKey(*resource) })
    }
}

fn value(key: &Sort, facets: &Facets<'_>) -> Option<Vec<u8>> {
    match &key.by {
        SortBy::LastUpdated => Some(facets.commit().to_be_bytes().to_vec()),
        SortBy::Id => Some(facets.id().as_bytes().to_vec()),
        SortBy::Slots { slots, .. } => {
            let entries = slots.iter().flat_map(|slot| facets.slot(*slot));
            // A reference to the owner has no key form; its marker is as good as any order.
            let values = entries.map(|entry| {
                key_form(entry.kind, entry.value).unwrap_or(entry.value.into()).into_owned()
            });
            if key.descending { values.max() } else { values.min() }
        }
    }
}
