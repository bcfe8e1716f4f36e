//! Which shard a key lies in, and whether the tables are divided by it.
//!
//! A shard is a number from 0 to 1,023 made of the patient's number, so that what is asked about one
//! patient touches one part of tables that are divided by it (PostgreSQL's hash partitions, Citus). Keys
//! of no patient (locators, commits, settings) are spread by their SHA-256. Whole tables have no such
//! column. How an operator divides the tables: `docs/operate/shards.md`; how they are asked: `divided`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tokio_postgres::{Error, GenericClient};

use crate::engine::Range;
use crate::keys;

/// A number from 0 to 1,023.
pub(super) type Shard = i16;

/// The last two bytes of a number that many patients have apart, as a shard.
fn of_bytes(high: u8, low: u8) -> Shard {
    Shard::from_be_bytes([high & 3, low])
}

/// Where a key's patient number ends.
fn patient_end(key: &[u8]) -> Option<usize> {
    match key.first()? {
        b'H' | b'V' | b'F' | b'A' => Some(5),
        b'I' => key.len().checked_sub(6),
        b'Y' => Some(14),
        _ => None,
    }
}

/// The shard of a key. Never changed: rows lie where it said when they were written.
pub(super) fn shard_of(key: &[u8]) -> Shard {
    let patient = patient_end(key).filter(|end| *end >= 5).and_then(|end| key.get(..end));
    match patient {
        Some([.., high, low]) => of_bytes(*high, *low),
        Some(_) | None => {
            let [high, low, ..] = <[u8; 32]>::from(Sha256::digest(key));
            of_bytes(high, low)
        }
    }
}

/// The shard that all keys of a range lie in, when its keys begin with one patient.
pub(super) fn shard_of_range(range: &Range) -> Option<Shard> {
    let patient = range.start.get(..5)?;
    let begins = matches!(patient, [b'H' | b'V' | b'F' | b'A', ..]);
    (begins && range.end <= keys::under(patient).end).then(|| shard_of(patient))
}

/// How the large tables lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each is one, without shards.
    Whole,
    /// PostgreSQL's own partitions by shard.
    Partitions,
    /// Distributed by shard over machines.
    Citus,
}

impl Layout {
    /// Looks how they lie, or are to lie: an operator divides them before the first start. Tables that
    /// are not there will be whole.
    pub(super) async fn of(client: &impl GenericClient) -> Result<Self, Error> {
        let sql = "SELECT EXISTS (SELECT FROM pg_attribute WHERE attname = 'shard' AND NOT attisdropped \
             AND attrelid = to_regclass('akson_entry')), \
             EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";
        let row = client.query_one(sql, &[]).await?;
        Ok(match (row.get(0), row.get(1)) {
            (false, _) => Self::Whole,
            (true, false) => Self::Partitions,
            (true, true) => Self::Citus,
        })
    }

    pub(super) fn is_divided(self) -> bool {
        match self {
            Self::Whole => false,
            Self::Partitions | Self::Citus => true,
        }
    }

    /// The column of `akson_head` that has the newest commit that readers may see.
    pub(super) fn newest(self) -> &'static str {
        if self.is_divided() { "shown" } else { "commit" }
    }
}

/// Keys by their shard, in the order of shards.
pub(super) fn by_shard<'a>(
    keys: impl IntoIterator<Item = &'a [u8]>,
) -> BTreeMap<Shard, Vec<&'a [u8]>> {
    let mut groups: BTreeMap<Shard, Vec<&[u8]>> = BTreeMap::new();
    for key in keys {
        groups.entry(shard_of(key)).or_default().push(key);
    }
    groups
}

#[cfg(test)]
mod tests {
    use akson_fhir::definitions::ResourceType;
    use akson_fhir::search::SlotId;

    use super::*;
    use crate::keys::{PatientNumber, ResourceKey};

    #[test]
    fn whatever_belongs_to_a_patient_lies_in_the_patients_shard() {
        let patient = PatientNumber(0x0001_0305);
        let resource = ResourceKey::new(patient, ResourceType(7), 0x12_3456_789a);
        let all = [
            keys::head(resource),
            keys::version(resource, 3),
            keys::facets(resource),
            keys::index(SlotId(300), b"", resource),
            keys::index(SlotId(300), b"a longer value", resource),
            keys::changed(resource, 3),
            keys::accesses(patient, 9),
        ];
        for key in all {
            assert_eq!(shard_of(&key), 0x305, "{key:?}");
        }
    }

    #[test]
    fn keys_of_no_patient_are_spread() {
        let mut shards: Vec<Shard> = (0..4_000).map(|n| shard_of(&keys::commit(n))).collect();
        shards.sort_unstable();
        shards.dedup();
        assert!(shards.len() > 900, "{}", shards.len());
        assert!(shards.iter().all(|shard| (0..1_024).contains(shard)));
    }

    #[test]
    fn a_range_names_its_shard_when_it_is_of_one_patient() {
        let resource = ResourceKey::new(PatientNumber(1_025), ResourceType(7), 1);
        let mut range = keys::under(&keys::head(resource)[..6]);
        assert_eq!(shard_of_range(&range), Some(1));
        range.start = keys::head(resource);
        range.start.push(0);
        assert_eq!(shard_of_range(&range), Some(1));
        range.end = keys::under(b"H").end;
        assert_eq!(shard_of_range(&range), None);
        assert_eq!(shard_of_range(&keys::under(b"H")), None);
        assert_eq!(shard_of_range(&keys::under(&keys::index(SlotId(1), b"x", resource))), None);
    }

    #[test]
    fn keys_are_grouped_by_shard() {
        let keys: Vec<&[u8]> = vec![b"H\0\0\0\x01a", b"H\0\0\0\x02a", b"F\0\0\0\x01a"];
        let groups: Vec<_> = by_shard(keys.clone()).into_iter().collect();
        assert_eq!(groups, [(1, vec![keys[0], keys[2]]), (2, vec![keys[1]])]);
    }
}
