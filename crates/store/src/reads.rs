//! Reading: one resource, one version, a patient's whole range. Each needs a read permit.

use akson_access::ReadPermit;
use akson_base::{Instant, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::json;
use bytes::Bytes;

use crate::bodies::Bodies;
use crate::engine::{Direction, Snapshot};
use crate::heads::Head;
use crate::keys::{self, PatientNumber, ResourceKey};
use crate::{Located, Store};

/// One version of a resource, whole.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Where it lives.
    pub key: ResourceKey,
    /// Logical id.
    pub id: String,
    /// `meta.versionId`.
    pub version: u32,
    /// Commit that made it.
    pub commit: u64,
    /// `meta.lastUpdated`.
    pub time: Instant,
    /// Whether this version is a deletion; then `json` is empty.
    pub deleted: bool,
    /// The complete resource.
    pub json: Bytes,
}

impl Store {
    /// Where (type, id) lives, deleted or not.
    pub fn locate(
        &self,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Option<Located>, Problem> {
        locate(snapshot, resource_type, id)
    }

    /// The current version of the resource at `key`, a deletion included.
    pub fn current(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        key: ResourceKey,
    ) -> Result<Option<Stored>, Problem> {
        let Some(value) = snapshot.get(&keys::head(key))? else { return Ok(None) };
        match Head::decode(&value)?.moved_to {
            Some(now) => self.current(permit, snapshot, now),
            None => self.assemble(permit, key, &value).map(Some),
        }
    }

    /// The current versions of many resources, in the order asked; what is gone is left out.
    pub fn current_of_many(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        wanted: &[ResourceKey],
    ) -> Result<Vec<Stored>, Problem> {
        let head_keys: Vec<_> = wanted.iter().map(|key| keys::head(*key)).collect();
        let values = snapshot.multi_get(&head_keys)?;
        wanted
            .iter()
            .zip(values)
            .filter_map(|(key, value)| value.map(|v| self.assemble(permit, *key, &v)))
            .collect()
    }

    /// One version, current or older.
    pub fn version(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        key: ResourceKey,
        version: u32,
    ) -> Result<Option<Stored>, Problem> {
        let Some(value) = snapshot.get(&keys::head(key))? else { return Ok(None) };
        let head = Head::decode(&value)?;
        if let Some(now) = head.moved_to {
            return self.version(permit, snapshot, now, version);
        }
        if head.version == version {
            return self.assemble(permit, key, &value).map(Some);
        }
        match snapshot.get(&keys::version(key, version))? {
            Some(value) => self.assemble(permit, key, &value).map(Some),
            None => Ok(None),
        }
    }

    /// Calls `visit` with each current resource of a patient, by type and creation, newest first
    /// within a type; all types when `types` is empty. Stops when `visit` answers `false`.
    pub fn visit_patient(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        patient: PatientNumber,
        types: &[ResourceType],
        visit: &mut dyn FnMut(Stored) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        visit_heads(snapshot, patient, types, &mut |key, value| {
            visit(self.assemble(permit, key, value)?)
        })
    }

    /// What [`Store::visit_patient`] visits, all at once: a large journal is put together by two threads.
    pub fn resources_of_patient(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        patient: PatientNumber,
        types: &[ResourceType],
    ) -> Result<Vec<Stored>, Problem> {
        // One buffer for all values: each is copied once, and none is an allocation of its own.
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        visit_heads(snapshot, patient, types, &mut |key, value| {
            bytes.extend_from_slice(value);
            found.push((key, bytes.len() - value.len()..bytes.len()));
            Ok(true)
        })?;
        let assemble = |some: &[(ResourceKey, std::ops::Range<usize>)]| {
            let whole = some.iter().map(|(key, place)| {
                let value = bytes.get(place.clone()).unwrap_or_default();
                self.assemble(permit, *key, value)
            });
            whole.collect::<Result<Vec<_>, _>>()
        };
        if found.len() <= ASSEMBLED_ALONE_MAX {
            return assemble(&found);
        }
        let (one, other) = found.split_at(found.len() / 2);
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| assemble(other));
            (assemble(one), second.join())
        });
        let mut all = first?;
        let stopped = |_| Problem::fault("STO-082", "putting a journal together stopped");
        all.extend(second.map_err(stopped)??);
        Ok(all)
    }

    /// Puts a stored value together as a whole resource.
    pub(crate) fn assemble(
        &self,
        permit: &ReadPermit,
        key: ResourceKey,
        value: &[u8],
    ) -> Result<Stored, Problem> {
        assemble(&self.bodies, permit, key, value)
    }
}

/// Resources that are put together by one thread.
const ASSEMBLED_ALONE_MAX: usize = 1_000;

/// Called with each key and head; answers whether to go on.
type VisitHead<'a> = dyn FnMut(ResourceKey, &[u8]) -> Result<bool, Problem> + 'a;

/// Visits the heads of a patient's resources that are there, by type, newest first within a type.
fn visit_heads(
    snapshot: &dyn Snapshot,
    patient: PatientNumber,
    types: &[ResourceType],
    visit: &mut VisitHead<'_>,
) -> Result<(), Problem> {
    let mut prefixes: Vec<Vec<u8>> = types
        .iter()
        .map(|t| [b"H".as_slice(), &patient.0.to_be_bytes(), &[t.0]].concat())
        .collect();
    if prefixes.is_empty() {
        prefixes.push([b"H".as_slice(), &patient.0.to_be_bytes()].concat());
    }
    let mut go_on = true;
    for prefix in prefixes {
        snapshot.visit(&keys::under(&prefix), Direction::Descending, &mut |key, value| {
            let key = ResourceKey::from_end(key)
                .ok_or_else(|| Problem::fault("STO-011", "a head key is too short"))?;
            let head = Head::decode(value)?;
            if !head.deleted && head.moved_to.is_none() {
                go_on = visit(key, value)?;
            }
            Ok(go_on)
        })?;
        if !go_on {
            break;
        }
    }
    Ok(())
}

/// Where (type, id) lives in this snapshot, deleted or not.
pub(crate) fn locate(
    snapshot: &dyn Snapshot,
    resource_type: ResourceType,
    id: &str,
) -> Result<Option<Located>, Problem> {
    let Some(value) = snapshot.get(&keys::locator(resource_type, id))? else {
        return Ok(None);
    };
    let key = ResourceKey::from_start(&value)
        .ok_or_else(|| Problem::fault("STO-010", "a locator is too short"))?;
    Ok(Some(Located { key, deleted: value.get(10) == Some(&1) }))
}

/// A stored value as a whole resource.
pub(crate) fn assemble(
    bodies: &Bodies,
    permit: &ReadPermit,
    key: ResourceKey,
    value: &[u8],
) -> Result<Stored, Problem> {
    let _ = permit;
    let head = Head::decode(value)?;
    let mut json = Vec::new();
    if !head.deleted {
        let name = Definitions::r4().resource_name(key.resource_type());
        json.reserve(head.body_bytes + head.id.len() + 128);
        json::write_head(name, head.id, head.version, head.time, &mut json);
        bodies.decompress_into(
            key.resource_type(),
            head.dictionary,
            head.body,
            head.body_bytes,
            &mut json,
        )?;
    }
    Ok(Stored {
        key,
        id: head.id.to_string(),
        version: head.version,
        commit: head.commit,
        time: head.time,
        deleted: head.deleted,
        json: Bytes::from(json),
    })
}

/// The whole JSON of a version just written, from the tail in hand.
pub fn json_of(
    resource_type: ResourceType,
    id: &str,
    version: u32,
    time: Instant,
    tail: &[u8],
) -> Bytes {
    let name = Definitions::r4().resource_name(resource_type);
    let mut out = Vec::with_capacity(tail.len() + id.len() + 128);
    json::write_head(name, id, version, time, &mut out);
    out.extend_from_slice(tail);
    Bytes::from(out)
}
