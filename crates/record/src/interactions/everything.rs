//! `Patient/[id]/$everything`: the patient, all that is stored under the patient, what else refers
//! to the patient, and the practitioners, organisations and the like that all this refers to.
//!
//! Streamed: the log entry is durable before the first byte, then the Bundle is written piece by
//! piece from one snapshot. Never another patient's resources, unless they refer to this one.
//! Standard: <https://hl7.org/fhir/R4/patient-operation-everything.html>

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use akson_access::ReadPermit;
use akson_audit::Entry;
use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::Store;
use akson_store::engine::{Direction, Snapshot};
use akson_store::facets::target::literal_target;
use akson_store::facets::{Facets, ValueKind, value};
use akson_store::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use akson_store::reads::Stored;
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use super::{gone, not_found, target, version};
use crate::Record;
use crate::bounds::SEARCH;
use crate::page::{push_full_url, quoted};
use crate::request::{Caller, EverythingRequest};

/// Resources loaded at a time.
const STEP: usize = 128;

#[derive(Default)]
struct Filter {
    /// Clinical dates `[start, end)` must overlap, where there are any.
    start: Option<i64>,
    end: Option<i64>,
    since: Option<i64>,
    types: Vec<ResourceType>,
    count: Option<usize>,
    after: Option<ResourceKey>,
}

/// A Bundle being written. Ask [`EverythingPages::next`] until it answers `None`.
pub struct EverythingPages {
    store: Arc<Store>,
    snapshot: Arc<dyn Snapshot>,
    permit: ReadPermit,
    base: Arc<str>,
    filter: Filter,
    link: String,
    /// Still to be written, in order.
    waiting: VecDeque<ResourceKey>,
    written: usize,
    last: Option<ResourceKey>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Begin,
    Middle,
    End,
}

impl Record {
    /// Begins; the look is logged and durable when this answers.
    pub async fn everything(
        &self,
        caller: &Caller,
        request: EverythingRequest,
    ) -> Result<EverythingPages, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let filter = Filter::parse(&request.query)?;
        let patient_type = Definitions::r4()
            .resource_type("Patient")
            .ok_or_else(|| Problem::fault("REC-020", "the definitions have no Patient"))?;
        let about = target(patient_type, &request.id);
        let snapshot = sight.snapshot(&self.store);
        let located = self.store.locate(snapshot.as_ref(), patient_type, &request.id)?;
        let entry = Entry::reading(&sight.permit, "everything", &caller.trace)
            .about(about.clone())
            .asked(&request.query);
        self.refuse_beyond_scopes(&sight, Some(patient_type), || entry.clone()).await?;
        let Some(located) = located else {
            self.log_missed(&sight, entry, patient_type, &request.id).await?;
            return Err(not_found(patient_type));
        };
        if located.deleted {
            self.log_seen(&sight, entry, [located.key]).await?;
            return Err(gone(patient_type));
        }
        let mut keys = Collecting {
            store: &self.store,
            snapshot: snapshot.as_ref(),
            patient: located.key.patient(),
            filter: &filter,
            found: vec![located.key],
            seen: BTreeSet::from([located.key]),
            references: BTreeSet::new(),
        };
        keys.own()?;
        keys.referring(&about)?;
        keys.referred()?;
        let mut waiting: VecDeque<ResourceKey> = keys.found.into();
        if let Some(after) = filter.after {
            let passed = waiting.iter().position(|k| *k == after).map_or(0, |p| p + 1);
            waiting.drain(..passed);
        }
        // Others' resources that refer to this patient are in the others' logs too.
        self.log_seen(&sight, entry, waiting.iter().copied()).await?;
        Ok(EverythingPages {
            store: Arc::clone(&self.store),
            permit: sight.permit,
            base: Arc::clone(&caller.base),
            link: filter.link(&about),
            filter,
            waiting,
            written: 0,
            last: None,
            state: State::Begin,
            snapshot,
        })
    }
}

/// Gathers the keys that belong to the answer, in order, each once.
struct Collecting<'a> {
    store: &'a Store,
    snapshot: &'a dyn Snapshot,
    patient: PatientNumber,
    filter: &'a Filter,
    found: Vec<ResourceKey>,
    seen: BTreeSet<ResourceKey>,
    /// Type and id of what the found ones refer to.
    references: BTreeSet<(String, String)>,
}

impl Collecting<'_> {
    /// What is stored under the patient.
    fn own(&mut self) -> Result<(), Problem> {
        let prefix = [b"F".as_slice(), &self.patient.0.to_be_bytes()].concat();
        let snapshot = self.snapshot;
        snapshot.visit(&keys::under(&prefix), Direction::Ascending, &mut |key, value| {
            let key = ResourceKey::from_end(key)
                .ok_or_else(|| Problem::fault("REC-021", "a facets key is too short"))?;
            self.take(key, value);
            Ok(true)
        })
    }

    /// What is stored elsewhere and refers to the patient.
    fn referring(&mut self, about: &str) -> Result<(), Problem> {
        let mut others = BTreeSet::new();
        for prefix in self.store.reference_prefixes(about) {
            self.snapshot.visit(&keys::under(&prefix), Direction::Ascending, &mut |key, _| {
                others.extend(ResourceKey::from_end(key));
                Ok(true)
            })?;
        }
        for key in others {
            if let Some(value) = self.snapshot.get(&keys::facets(key))? {
                self.take(key, &value);
            }
        }
        Ok(())
    }

    /// What all these refer to and belongs to no patient.
    fn referred(&mut self) -> Result<(), Problem> {
        let definitions = Definitions::r4();
        for (name, id) in std::mem::take(&mut self.references) {
            let Some(resource_type) = definitions.resource_type(&name) else { continue };
            let Some(located) = self.store.locate(self.snapshot, resource_type, &id)? else {
                continue;
            };
            if located.key.patient() == NO_PATIENT
                && !located.deleted
                && let Some(value) = self.snapshot.get(&keys::facets(located.key))?
            {
                self.take(located.key, &value);
            }
        }
        Ok(())
    }

    fn take(&mut self, key: ResourceKey, value: &[u8]) {
        let Some(facets) = Facets::of(value) else { return };
        for entry in facets {
            if entry.kind == ValueKind::Reference
                && let Some((name, id)) = literal_target(entry.value)
            {
                self.references.insert((name.to_string(), id.to_string()));
            }
        }
        if self.filter.keeps(key, facets) && self.seen.insert(key) {
            self.found.push(key);
        }
    }
}

impl EverythingPages {
    /// The next piece of the Bundle's JSON; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        let mut out = Vec::with_capacity(128 * 1024);
        match self.state {
            State::End => return None,
            State::Begin => {
                out.extend_from_slice(
                    b"{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[",
                );
                self.state = State::Middle;
            }
            State::Middle => {}
        }
        let left = self.filter.count.map_or(usize::MAX, |count| count - self.written);
        let step = STEP.min(self.waiting.len()).min(left);
        let batch: Vec<ResourceKey> = self.waiting.drain(..step).collect();
        match self.store.current_of_many(&self.permit, self.snapshot.as_ref(), &batch) {
            Ok(stored) => self.push(&mut out, stored),
            Err(problem) => {
                self.state = State::End;
                return Some(Err(problem));
            }
        }
        self.last = batch.last().copied().or(self.last);
        if self.waiting.is_empty() || step == left {
            self.finish(&mut out);
        }
        Some(Ok(Bytes::from(out)))
    }

    fn push(&mut self, out: &mut Vec<u8>, stored: Vec<Stored>) {
        for one in stored {
            if self.written > 0 {
                out.push(b',');
            }
            self.written += 1;
            let one = version(one);
            out.push(b'{');
            push_full_url(out, &self.base, &one);
            out.extend_from_slice(b",\"resource\":");
            out.extend_from_slice(&one.json);
            out.extend_from_slice(b",\"search\":{\"mode\":\"match\"}}");
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.state = State::End;
        out.extend_from_slice(b"],\"link\":[{\"relation\":\"self\",\"url\":");
        out.extend_from_slice(quoted(&format!("{}/{}", self.base, self.link)).as_bytes());
        out.push(b'}');
        if let (false, Some(last)) = (self.waiting.is_empty(), self.last) {
            let hex = last.to_hex();
            let separator = if self.link.contains('?') { '&' } else { '?' };
            let next = format!("{}/{}{separator}_cursor={hex}", self.base, self.link);
            out.extend_from_slice(b",{\"relation\":\"next\",\"url\":");
            out.extend_from_slice(quoted(&next).as_bytes());
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
}

impl Filter {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut filter = Self::default();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(raw).decode_utf8().map_err(|_| wrong(name))?;
            let interval = || super::interval(&value).ok_or_else(|| wrong(name));
            match name {
                "start" => filter.start = Some(interval()?.0),
                "end" => filter.end = Some(interval()?.1),
                "_since" => filter.since = Some(interval()?.0),
                "_count" => {
                    let count: usize = value.parse().map_err(|_| wrong(name))?;
                    filter.count = Some(count.clamp(1, limits::PAGE_ENTRIES_MAX));
                }
                "_type" => {
                    for type_name in value.split(',') {
                        let of = Definitions::r4().resource_type(type_name);
                        filter.types.push(of.ok_or_else(|| wrong(name))?);
                    }
                }
                "_cursor" => {
                    filter.after = Some(ResourceKey::from_hex(&value).ok_or_else(|| wrong(name))?)
                }
                "_format" | "_pretty" => {}
                _ => {
                    return Err(Problem::new(
                        Kind::Unsupported,
                        "REC-022",
                        format!(
                            "$everything has no parameter {name:?}. \
                             There are start, end, _since, _type and _count."
                        ),
                    ));
                }
            }
        }
        Ok(filter)
    }

    fn keeps(&self, key: ResourceKey, facets: Facets<'_>) -> bool {
        let of_type = self.types.is_empty() || self.types.contains(&key.resource_type());
        let recent = self.since.is_none_or(|since| facets.time() >= since);
        of_type && recent && self.keeps_dates(facets)
    }

    fn keeps_dates(&self, facets: Facets<'_>) -> bool {
        if self.start.is_none() && self.end.is_none() {
            return true;
        }
        let mut dated = false;
        for entry in facets {
            if entry.kind == ValueKind::Date
                && let Some((start, end)) = value::interval(entry.value)
            {
                dated = true;
                if self.start.is_none_or(|s| end > s) && self.end.is_none_or(|e| start < e) {
                    return true;
                }
            }
        }
        !dated
    }

    fn link(&self, about: &str) -> String {
        let mut query = Vec::new();
        let instant = |at: i64| akson_base::Instant(at).to_fhir();
        query.extend(self.start.map(|s| format!("start={}", instant(s))));
        // `end` was given as an interval's end: one millisecond before it gives it back.
        query.extend(self.end.map(|e| format!("end={}", instant(e - 1))));
        query.extend(self.since.map(|s| format!("_since={}", instant(s))));
        query.extend(self.count.map(|c| format!("_count={c}")));
        if !self.types.is_empty() {
            let names: Vec<_> = self.types.iter().map(|t| super::type_name(*t)).collect();
            query.push(format!("_type={}", names.join(",")));
        }
        let path = format!("{about}/$everything");
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

fn wrong(name: &str) -> Problem {
    Problem::new(
        Kind::Invalid,
        "REC-023",
        format!(
            "The parameter {name} of $everything has a value that cannot be read: start and end \
             are dates, _since is an instant, _type a list of resource types, _count a number."
        ),
    )
}
