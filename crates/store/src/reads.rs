//! Reading: one resource, one version, a patient's whole range. Each needs a read permit.

use std::ops::Range;
use std::sync::{Mutex, PoisonError, mpsc};

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

    /// Reads ahead what [`Store::current_of`] will ask the snapshot for, and holds no thread while the database
    /// answers. Shows nothing.
    pub async fn fetch_current_of(
        &self,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<(), Problem> {
        match snapshot.fetch_leading(keys::locator(resource_type, id), keys::LOCATOR_LEAD) {
            Some(fetching) => fetching.await,
            None => Ok(()),
        }
    }

    /// The current version of (type, id), a deletion included.
    pub fn current_of(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Option<Stored>, Problem> {
        let value = snapshot.get_leading(&keys::locator(resource_type, id), keys::LOCATOR_LEAD)?;
        match value.map(|value| located(&value)).transpose()? {
            Some(Located { key, .. }) => self.current(permit, snapshot, key),
            None => Ok(None),
        }
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

    /// What [`Store::visit_patient`] visits, all at once.
    pub fn resources_of_patient(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        patient: PatientNumber,
        types: &[ResourceType],
    ) -> Result<Vec<Stored>, Problem> {
        self.read_patient(permit, snapshot, patient, types, &|lent| Ok(lent.stored()))
    }

    /// What `read` makes of each resource that [`Store::visit_patient`] visits, in that order. Of a large
    /// journal, a second thread puts together and reads some while this one is still looking: `read` must
    /// not rely on the thread.
    pub fn read_patient<T: Send>(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        patient: PatientNumber,
        types: &[ResourceType],
        read: &(dyn Fn(&Lent<'_>) -> Result<T, Problem> + Sync),
    ) -> Result<Vec<T>, Problem> {
        let (send, receive) = mpsc::channel::<Chunk>();
        let receive = Mutex::new(receive);
        let work = || {
            let mut done = Vec::new();
            let next = || receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
            while let Ok(chunk) = next() {
                done.push((chunk.number, chunk.read(&self.bodies, permit, read)?));
            }
            Ok::<_, Problem>(done)
        };
        let mut done = std::thread::scope(|scope| {
            let mut second = None;
            let mut chunk = Chunk::default();
            visit_heads(snapshot, patient, types, &mut |key, value| {
                chunk.take(key, value);
                if chunk.found.len() == CHUNK {
                    let next = Chunk { number: chunk.number + 1, ..Chunk::default() };
                    // This thread receives too, and lives longer than the sender.
                    let _ = send.send(std::mem::replace(&mut chunk, next));
                    second.get_or_insert_with(|| scope.spawn(work));
                }
                Ok(true)
            })?;
            let _ = send.send(chunk);
            drop(send);
            let mut done = work()?;
            if let Some(second) = second {
                let stopped = |_| Problem::fault("STO-082", "putting a journal together stopped");
                done.extend(second.join().map_err(stopped)??);
            }
            Ok::<_, Problem>(done)
        })?;
        done.sort_unstable_by_key(|(number, _)| *number);
        Ok(done.into_iter().flat_map(|(_, some)| some).collect())
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

/// Resources that are handed to a thread at once.
const CHUNK: usize = 512;

/// One version, whole, lent to who reads it.
#[derive(Clone, Copy, Debug)]
pub struct Lent<'a> {
    /// Where it lives.
    pub key: ResourceKey,
    /// Logical id.
    pub id: &'a str,
    /// `meta.versionId`.
    pub version: u32,
    /// Commit that made it.
    pub commit: u64,
    /// `meta.lastUpdated`.
    pub time: Instant,
    /// Whether this version is a deletion; then `json` is empty.
    pub deleted: bool,
    /// The complete resource.
    pub json: &'a [u8],
}

impl Lent<'_> {
    /// A copy of one's own.
    pub fn stored(&self) -> Stored {
        Stored {
            key: self.key,
            id: self.id.to_owned(),
            version: self.version,
            commit: self.commit,
            time: self.time,
            deleted: self.deleted,
            json: Bytes::copy_from_slice(self.json),
        }
    }
}

/// Heads that lie one after the other, copied once, into one allocation.
#[derive(Default)]
struct Chunk {
    number: usize,
    bytes: Vec<u8>,
    found: Vec<(ResourceKey, Range<usize>)>,
}

impl Chunk {
    fn take(&mut self, key: ResourceKey, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.found.push((key, start..self.bytes.len()));
    }

    fn read<T>(
        &self,
        bodies: &Bodies,
        permit: &ReadPermit,
        read: &(dyn Fn(&Lent<'_>) -> Result<T, Problem> + Sync),
    ) -> Result<Vec<T>, Problem> {
        let mut json = Vec::new();
        let mut all = Vec::with_capacity(self.found.len());
        for (key, place) in &self.found {
            let value = self.bytes.get(place.clone()).unwrap_or_default();
            all.push(read(&lend(bodies, permit, *key, value, &mut json)?)?);
        }
        Ok(all)
    }
}

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
    let value = snapshot.get(&keys::locator(resource_type, id))?;
    value.map(|value| located(&value)).transpose()
}

/// What a locator tells.
fn located(value: &[u8]) -> Result<Located, Problem> {
    let key = ResourceKey::from_start(value)
        .ok_or_else(|| Problem::fault("STO-010", "a locator is too short"))?;
    Ok(Located { key, deleted: value.get(10) == Some(&1) })
}

/// A stored value as a whole resource.
pub(crate) fn assemble(
    bodies: &Bodies,
    permit: &ReadPermit,
    key: ResourceKey,
    value: &[u8],
) -> Result<Stored, Problem> {
    let mut json = Vec::new();
    let Lent { id, version, commit, time, deleted, .. } =
        lend(bodies, permit, key, value, &mut json)?;
    let id = id.to_owned();
    Ok(Stored { key, id, version, commit, time, deleted, json: Bytes::from(json) })
}

/// As [`assemble`], in a buffer that is used again: what it held is gone.
fn lend<'a>(
    bodies: &Bodies,
    permit: &ReadPermit,
    key: ResourceKey,
    value: &'a [u8],
    json: &'a mut Vec<u8>,
) -> Result<Lent<'a>, Problem> {
    let _ = permit;
    let head = Head::decode(value)?;
    json.clear();
    if !head.deleted {
        let name = Definitions::r4().resource_name(key.resource_type());
        json.reserve(head.body_bytes + head.id.len() + 128);
        json::write_head(name, head.id, head.version, head.time, json);
        let of = key.resource_type();
        bodies.decompress_into(of, head.dictionary, head.body, head.body_bytes, json)?;
    }
    Ok(Lent {
        key,
        id: head.id,
        version: head.version,
        commit: head.commit,
        time: head.time,
        deleted: head.deleted,
        json,
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
