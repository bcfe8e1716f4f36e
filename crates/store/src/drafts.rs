//! Building one atomic write: new versions of resources with their facets, index keys and change
//! marks, and the preconditions under which they are right.
//!
//! Not here: whether the caller may, and what the resources should be (`record`).

use std::collections::HashMap;

use akson_access::WritePermit;
use akson_base::{Kind, Problem};
use akson_fhir::definitions::ResourceType;
use akson_fhir::json;
use akson_fhir::model::Resource;
use akson_fhir::reference::is_id;
use sha2::{Digest, Sha256};

use crate::engine::{Change, Direction, Op, Precondition, Snapshot, Transaction};
use crate::facets;
use crate::heads::{Content, Head, NewHead};
use crate::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use crate::{Located, Store};

/// A write in the making, against one snapshot.
pub struct Draft<'a> {
    pub(crate) store: &'a Store,
    pub(crate) snapshot: &'a dyn Snapshot,
    /// What will be submitted.
    pub transaction: Transaction,
    /// Patient numbers given in this draft, not yet in the store.
    new_patients: HashMap<String, PatientNumber>,
}

/// What a draft step will make, once committed.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// Where it will live.
    pub key: ResourceKey,
    /// `meta.versionId`.
    pub version: u32,
    /// Whether there was no such resource, or only a deleted one.
    pub created: bool,
    /// The stored form, uncompressed: what follows `meta.lastUpdated`.
    pub tail: Vec<u8>,
    /// Its search values (see [`crate::facets`]); none of a deletion.
    pub facets: Vec<u8>,
    /// Ids of the patients that a resource outside every patient's range speaks of, before or
    /// after.
    pub subjects: Vec<String>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(store: &'a Store, snapshot: &'a dyn Snapshot) -> Self {
        Self { store, snapshot, transaction: Transaction::default(), new_patients: HashMap::new() }
    }

    /// Adds a new version of a resource. `located` is what the snapshot says of (type, id).
    pub fn put(
        &mut self,
        permit: &WritePermit,
        resource_type: ResourceType,
        id: &str,
        resource: &Resource,
        located: Option<&Located>,
    ) -> Result<Drafted, Problem> {
        let _ = permit;
        let mut values = Vec::with_capacity(32);
        self.store.extractor.extract(resource, &mut values);
        let owner = self.store.owners.owner(resource_type, id, &values);
        let patient = match owner {
            Some(owner) => self.patient_number(owner)?,
            None => NO_PATIENT,
        };
        let new_facets = facets::encode(&values, id, owner);
        let before = self.before(resource_type, id, located)?;
        let key = match located {
            Some(located) if located.key.patient() == patient => located.key,
            Some(located) => ResourceKey::new(patient, resource_type, located.key.number()),
            None => ResourceKey::new(patient, resource_type, self.store.take_number()?),
        };
        let version = before.as_ref().map_or(1, |b| b.version + 1);
        let tail = json::write_tail(resource);
        self.head(key, id, version, &tail)?;
        self.index(key, version, located, before.as_ref(), &new_facets)?;
        let created = before.as_ref().is_none_or(|b| b.deleted);
        if created || located.is_some_and(|l| l.key != key) {
            self.locator(resource_type, id, key, false);
        }
        let mut spoken_of = Vec::new();
        if patient == NO_PATIENT {
            subjects(&new_facets, &mut spoken_of);
            before.iter().for_each(|before| subjects(&before.facets, &mut spoken_of));
        }
        Ok(Drafted { key, version, created, tail, facets: new_facets, subjects: spoken_of })
    }

    /// Adds a deletion as a version. Nothing to do when there is none or it is deleted already.
    pub fn delete(
        &mut self,
        permit: &WritePermit,
        resource_type: ResourceType,
        id: &str,
        located: Option<&Located>,
    ) -> Result<Option<Drafted>, Problem> {
        let _ = permit;
        let Some(located) = located else { return Ok(None) };
        let Some(before) = self.before(resource_type, id, Some(located))? else { return Ok(None) };
        if before.deleted {
            return Ok(None);
        }
        let key = located.key;
        let version = before.version + 1;
        let value = NewHead { version, id, content: Content::Deleted }.encode();
        self.put_head(key, value);
        self.change(key, version, true, &[]);
        let removed = facets::diff(Some((&before.facets, key)), None).deletes;
        self.transaction.ops.extend(removed.into_iter().map(|key| Op::Delete { key }));
        self.transaction.ops.push(Op::Delete { key: keys::facets(key) });
        self.archive(key, &before);
        self.locator(resource_type, id, key, true);
        let mut spoken_of = Vec::new();
        if key.patient() == NO_PATIENT {
            subjects(&before.facets, &mut spoken_of);
        }
        let (tail, facets) = (Vec::new(), Vec::new());
        Ok(Some(Drafted { key, version, created: false, tail, facets, subjects: spoken_of }))
    }

    /// What is there now, and the precondition that it still is at commit.
    fn before(
        &mut self,
        resource_type: ResourceType,
        id: &str,
        located: Option<&Located>,
    ) -> Result<Option<Before>, Problem> {
        let Some(located) = located else {
            let absent = Precondition::Absent(keys::locator(resource_type, id));
            self.transaction.preconditions.push(absent);
            return Ok(None);
        };
        let key = keys::head(located.key);
        let value = self.snapshot.get(&key)?.ok_or_else(|| {
            Problem::fault("STO-008", "a locator names a resource that is not there")
        })?;
        let head = Head::decode(&value)?;
        let (version, deleted) = (head.version, head.deleted);
        self.transaction.preconditions.push(Precondition::Begins(key, head.stamp.to_vec()));
        let facets = if deleted {
            Vec::new()
        } else {
            self.snapshot.get(&keys::facets(located.key))?.map(|f| f.to_vec()).unwrap_or_default()
        };
        Ok(Some(Before { version, deleted, facets, value: value.to_vec() }))
    }

    fn head(
        &mut self,
        key: ResourceKey,
        id: &str,
        version: u32,
        tail: &[u8],
    ) -> Result<(), Problem> {
        let resource_type = key.resource_type();
        self.store.sample(resource_type, tail);
        let body = self.store.bodies.compress(resource_type, tail)?;
        let content = Content::Body {
            dictionary: body.dictionary,
            body_bytes: tail.len(),
            compressed: &body.bytes,
        };
        let value = NewHead { version, id, content }.encode();
        self.put_head(key, value);
        self.change(key, version, false, &body.bytes);
        Ok(())
    }

    fn put_head(&mut self, key: ResourceKey, value: Vec<u8>) {
        self.transaction.ops.push(Op::Put {
            key: keys::head(key),
            value,
            stamp_key_at: None,
            stamp_value_at: Some(0),
        });
    }

    fn change(&mut self, key: ResourceKey, version: u32, deleted: bool, body: &[u8]) {
        let digest = Sha256::digest(body);
        let body_digest = digest.first_chunk::<16>().copied().unwrap_or_default();
        self.transaction.changes.push(Change { resource: key.0, version, deleted, body_digest });
        self.transaction.ops.push(Op::Put {
            key: keys::changed(key, version),
            value: Vec::new(),
            stamp_key_at: Some(keys::CHANGED_STAMP_AT),
            stamp_value_at: None,
        });
    }

    fn index(
        &mut self,
        key: ResourceKey,
        version: u32,
        located: Option<&Located>,
        before: Option<&Before>,
        new_facets: &[u8],
    ) -> Result<(), Problem> {
        let old_key = located.map_or(key, |l| l.key);
        let old = before.filter(|b| !b.deleted).map(|b| (b.facets.as_slice(), old_key));
        let diff = facets::diff(old, Some((new_facets, key)));
        let ops = &mut self.transaction.ops;
        ops.extend(diff.deletes.into_iter().map(|key| Op::Delete { key }));
        ops.extend(diff.puts.into_iter().map(|key| plain_put(key, Vec::new())));
        ops.push(Op::Put {
            key: keys::facets(key),
            value: new_facets.to_vec(),
            stamp_key_at: None,
            stamp_value_at: Some(facets::STAMP_AT),
        });
        if let Some(before) = before {
            self.archive(key, before);
            if old_key != key {
                self.move_versions(old_key, key, version)?;
            }
        }
        Ok(())
    }

    /// Keeps a superseded head under `V`, its stamp as it was.
    fn archive(&mut self, key: ResourceKey, before: &Before) {
        let key = keys::version(key, before.version);
        self.transaction.ops.push(plain_put(key, before.value.clone()));
    }

    /// A resource that changed patient takes its older versions along and leaves a pointer.
    fn move_versions(
        &mut self,
        from: ResourceKey,
        to: ResourceKey,
        version: u32,
    ) -> Result<(), Problem> {
        let prefix = [b"V".as_slice(), &from.0].concat();
        let ops = &mut self.transaction.ops;
        self.snapshot.visit(&keys::under(&prefix), Direction::Ascending, &mut |key, value| {
            let old = Head::decode(value)?;
            ops.push(plain_put(keys::version(to, old.version), value.to_vec()));
            ops.push(Op::Delete { key: key.to_vec() });
            Ok(true)
        })?;
        ops.push(Op::Delete { key: keys::facets(from) });
        let pointer = NewHead { version, id: "", content: Content::Moved(to) }.encode();
        self.put_head(from, pointer);
        Ok(())
    }

    fn locator(&mut self, resource_type: ResourceType, id: &str, key: ResourceKey, deleted: bool) {
        let mut value = key.0.to_vec();
        value.push(u8::from(deleted));
        self.transaction.ops.push(plain_put(keys::locator(resource_type, id), value));
    }

    fn patient_number(&mut self, id: &str) -> Result<PatientNumber, Problem> {
        if let Some(number) = self.new_patients.get(id) {
            return Ok(*number);
        }
        if let Some(number) = self.store.patient_number(self.snapshot, id)? {
            return Ok(number);
        }
        let number = PatientNumber(self.store.take_patient_number()?);
        let key = keys::patient(id);
        self.transaction.preconditions.push(Precondition::Absent(key.clone()));
        self.transaction.ops.push(plain_put(key, number.0.to_be_bytes().to_vec()));
        self.new_patients.insert(id.to_string(), number);
        Ok(number)
    }

    /// Adds a key that must not exist yet (a file that is loaded once).
    pub fn claim(&mut self, name: &str) {
        let key = claim_key(name);
        self.transaction.preconditions.push(Precondition::Absent(key.clone()));
        self.transaction.ops.push(plain_put(key, Vec::new()));
    }
}

/// What a resource was before this draft.
struct Before {
    version: u32,
    deleted: bool,
    facets: Vec<u8>,
    value: Vec<u8>,
}

/// The patients that a resource's facets refer to.
fn subjects(bytes: &[u8], found: &mut Vec<String>) {
    let Some(facets) = facets::Facets::of(bytes) else { return };
    let targets = facets.iter().filter_map(|entry| facets::target::literal_target(entry.value));
    found.extend(targets.filter(|(name, _)| *name == "Patient").map(|(_, id)| id.to_string()));
}

pub(crate) fn claim_key(name: &str) -> Vec<u8> {
    keys::meta(&format!("claim/{name}"))
}

fn plain_put(key: Vec<u8>, value: Vec<u8>) -> Op {
    Op::Put { key, value, stamp_key_at: None, stamp_value_at: None }
}

/// Refuses an id that the standard does not allow (the key layout relies on its length).
pub fn check_id(id: &str) -> Result<(), Problem> {
    if is_id(id) {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Invalid,
        "STO-009",
        "An id must be 1 to 64 of the characters A-Z a-z 0-9 - and . (and nothing else).",
    ))
}
