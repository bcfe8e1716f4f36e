//! A small store to search in: writes what the write path writes, straight into an engine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::channel;

use akson_access::{Actor, Policy, ReadPermit};
use akson_base::{FixedClock, Instant, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::json;
use akson_fhir::search::{Extractor, SearchValue, SlotId};
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::{Committed, Engine, Op, Transaction};
use akson_store::facets;
use akson_store::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use akson_store::search::{self, Counts, Found, ParseInput, Query, SearchContext};
use serde_json::Value;
use tempfile::TempDir;

/// 2024-06-01T12:00:00Z.
pub(super) const NOW: i64 = 1_717_243_200_000;

pub(super) struct Live {
    pub(super) key: ResourceKey,
    pub(super) version: u32,
    pub(super) json: Vec<u8>,
    facets: Vec<u8>,
}

/// A commit and the facets it made.
type Then = (u64, Option<Vec<u8>>);

pub(super) struct World {
    pub(super) engine: FjallEngine,
    pub(super) clock: Arc<FixedClock>,
    pub(super) live: BTreeMap<(ResourceType, String), Live>,
    permit: ReadPermit,
    counts: Counts,
    numbers: u64,
    patients: HashMap<String, PatientNumber>,
    versions: HashMap<(ResourceType, String), (ResourceKey, u32)>,
    names: HashMap<ResourceKey, (ResourceType, String)>,
    /// Facets of each version with the commit that made it; none for a deletion.
    history: HashMap<ResourceKey, Vec<Then>>,
    _folder: TempDir,
}

pub(super) fn type_of(name: &str) -> ResourceType {
    Definitions::r4().resource_type(name).unwrap()
}

fn put(key: Vec<u8>, value: Vec<u8>) -> Op {
    Op::Put { key, value, stamp_key_at: None, stamp_value_at: None }
}

impl World {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(FixedClock::at(Instant(NOW)));
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let engine = FjallEngine::open(folder.path(), &options, clock.clone()).unwrap();
        Self {
            engine,
            clock,
            live: BTreeMap::new(),
            permit: Policy::Open.may_read(&Arc::new(Actor::open())).unwrap(),
            counts: Counts::default(),
            numbers: 0,
            patients: HashMap::new(),
            versions: HashMap::new(),
            names: HashMap::new(),
            history: HashMap::new(),
            _folder: folder,
        }
    }

    pub(super) fn with(resources: &[Value]) -> Self {
        let mut world = Self::new();
        world.put(resources);
        world
    }

    /// Writes resources in one commit.
    pub(super) fn put(&mut self, resources: &[Value]) -> Committed {
        let mut ops = Vec::new();
        let mut keys = Vec::new();
        for resource in resources {
            keys.push(self.put_one(resource, &mut ops));
        }
        let committed = self.commit(ops);
        for key in keys {
            let mut facets = self.live[&self.names[&key]].facets.clone();
            facets[..8].copy_from_slice(&committed.commit.to_be_bytes());
            facets[8..16].copy_from_slice(&committed.time.to_be_bytes());
            self.history.entry(key).or_default().push((committed.commit, Some(facets)));
        }
        committed
    }

    fn put_one(&mut self, resource: &Value, ops: &mut Vec<Op>) -> ResourceKey {
        let bytes = serde_json::to_vec(resource).unwrap();
        let parsed = json::parse(&bytes).unwrap_or_else(|e| panic!("{resource}: {e:?}"));
        let (resource_type, id) = (parsed.resource_type().unwrap(), parsed.id().unwrap());
        let mut values = Vec::new();
        Extractor::r4().extract(&parsed, &mut values);
        let owner = owner(resource_type, id, &values);
        let patient = match owner {
            Some(owner) => {
                let next = PatientNumber(self.patients.len() as u32 + 1);
                let number = *self.patients.entry(owner.to_string()).or_insert(next);
                ops.push(put(keys::patient(owner), number.0.to_be_bytes().to_vec()));
                number
            }
            None => NO_PATIENT,
        };
        let name = (resource_type, id.to_string());
        self.numbers += 1;
        let before = self.versions.get(&name).copied();
        let number = before.map_or(self.numbers, |(key, _)| key.number());
        let key = ResourceKey::new(patient, resource_type, number);
        let version = before.map_or(1, |(_, version)| version + 1);
        let new = facets::encode(&values, id, owner);
        let old = self.live.get(&name).map(|live| (live.facets.as_slice(), live.key));
        let diff = facets::diff(old, Some((&new, key)));
        if let Some((_, old_key)) = old
            && old_key != key
        {
            ops.push(Op::Delete { key: keys::facets(old_key) });
        }
        ops.extend(diff.deletes.into_iter().map(|key| Op::Delete { key }));
        ops.extend(diff.puts.into_iter().map(|key| put(key, Vec::new())));
        ops.push(Op::Put {
            key: keys::facets(key),
            value: new.clone(),
            stamp_key_at: None,
            stamp_value_at: Some(facets::STAMP_AT),
        });
        self.mark(key, version, ops);
        ops.push(put(keys::locator(resource_type, id), [key.0.as_slice(), &[0]].concat()));
        self.versions.insert(name.clone(), (key, version));
        self.names.insert(key, name.clone());
        self.live.insert(name, Live { key, version, json: bytes, facets: new });
        key
    }

    pub(super) fn delete(&mut self, type_name: &str, id: &str) {
        let name = (type_of(type_name), id.to_string());
        let live = self.live.remove(&name).unwrap();
        let mut ops: Vec<Op> = facets::diff(Some((&live.facets, live.key)), None)
            .deletes
            .into_iter()
            .map(|key| Op::Delete { key })
            .collect();
        ops.push(Op::Delete { key: keys::facets(live.key) });
        ops.push(put(keys::locator(name.0, id), [live.key.0.as_slice(), &[1]].concat()));
        self.mark(live.key, live.version + 1, &mut ops);
        self.versions.insert(name, (live.key, live.version + 1));
        let committed = self.commit(ops);
        self.history.entry(live.key).or_default().push((committed.commit, None));
    }

    fn mark(&self, key: ResourceKey, version: u32, ops: &mut Vec<Op>) {
        ops.push(Op::Put {
            key: keys::changed(key, version),
            value: Vec::new(),
            stamp_key_at: Some(keys::CHANGED_STAMP_AT),
            stamp_value_at: None,
        });
    }

    pub(super) fn commit(&self, ops: Vec<Op>) -> Committed {
        self.submit(Transaction { ops, ..Transaction::default() }).unwrap()
    }

    pub(super) fn submit(&self, transaction: Transaction) -> Option<Committed> {
        let (sender, receiver) = channel();
        let done = Box::new(move |outcome| sender.send(outcome).unwrap());
        self.engine.submit(transaction, done);
        receiver.recv().unwrap().ok()
    }

    pub(super) fn parse(&self, path: &str) -> Result<Query, Problem> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (query, strict) = match query.strip_prefix("strict&") {
            Some(query) => (query, true),
            None => (query, false),
        };
        let mut steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let resource_type = steps.pop().filter(|name| *name != "*").map(type_of);
        let compartment = match steps.as_slice() {
            [name, id] => Some((type_of(name), *id)),
            _ => None,
        };
        search::parse(&ParseInput {
            resource_type,
            compartment,
            query,
            strict,
            now: Instant(NOW),
            base: Some("http://localhost/fhir"),
        })
    }

    pub(super) fn run<T>(&self, run: impl FnOnce(&SearchContext<'_>) -> T) -> T {
        let snapshot = self.engine.snapshot();
        let load = |key: ResourceKey| {
            let live = self.names.get(&key).and_then(|name| self.live.get(name));
            Ok(live.map(|live| json::parse_stored(&live.json).unwrap()))
        };
        let as_of = |key: ResourceKey, commit: u64| {
            let versions = self.history.get(&key).into_iter().flatten();
            let then = versions.rev().find(|(made, _)| *made <= commit);
            Ok(then.and_then(|(_, facets)| facets.clone()))
        };
        run(&SearchContext {
            snapshot: snapshot.as_ref(),
            extractor: Extractor::r4(),
            permit: &self.permit,
            load: &load,
            as_of: &as_of,
            counts: &self.counts,
        })
    }

    pub(super) fn search(&self, path: &str) -> Result<Found, Problem> {
        let query = self.parse(path)?;
        self.run(|context| search::execute(context, &query))
    }

    pub(super) fn id(&self, key: ResourceKey) -> String {
        let name = Definitions::r4().resource_name(key.resource_type());
        self.run(|context| format!("{name}/{}", search::id_of(context.snapshot, key).unwrap()))
    }

    /// The ids found, in order, joined by spaces.
    pub(super) fn ids(&self, path: &str) -> String {
        let found = self.search(path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        let ids: Vec<_> = found.matches.iter().map(|key| self.id(*key)).collect();
        let ids: Vec<_> = ids.iter().map(|id| id.split_once('/').unwrap().1).collect();
        ids.join(" ")
    }

    /// As [`World::ids`], sorted.
    pub(super) fn set(&self, path: &str) -> String {
        let ids = self.ids(path);
        let mut ids: Vec<_> = ids.split(' ').filter(|id| !id.is_empty()).collect();
        ids.sort_unstable();
        ids.join(" ")
    }

    /// All pages of a search, each as its ids.
    pub(super) fn pages(&self, path: &str) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let (page, next) = self.page(path, cursor.as_deref());
            pages.push(page);
            match next {
                Some(next) => cursor = Some(next),
                None => return pages,
            }
            assert!(pages.len() < 10_000, "{path} never ends");
        }
    }

    pub(super) fn page(&self, path: &str, cursor: Option<&str>) -> (Vec<String>, Option<String>) {
        let path = match cursor {
            Some(cursor) => format!("{path}&_cursor={cursor}"),
            None => path.to_string(),
        };
        let found = self.search(&path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        (found.matches.iter().map(|key| self.id(*key)).collect(), found.next_cursor)
    }
}

/// As the store does: the first Patient named by the compartment's parameters.
fn owner<'a>(
    resource_type: ResourceType,
    id: &'a str,
    values: &[(SlotId, SearchValue<'a>)],
) -> Option<&'a str> {
    if resource_type == type_of("Patient") {
        return Some(id);
    }
    let compartment = Definitions::r4().compartment("Patient").unwrap();
    let (_, codes) = compartment.members.iter().find(|(member, _)| *member == resource_type)?;
    let bindings = codes.iter().filter_map(|code| Extractor::r4().binding(resource_type, code));
    bindings.flat_map(|binding| binding.slots.iter()).find_map(|slot| {
        values.iter().filter(|(of, _)| of == slot).find_map(|(_, value)| {
            let SearchValue::Reference { reference: Some(text), .. } = value else { return None };
            let id = text.strip_prefix("Patient/")?;
            Some(id.split('/').next().unwrap_or(id))
        })
    })
}
