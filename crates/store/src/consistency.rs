//! Whether the store agrees with itself: locators, heads, facets, index keys, versions and what
//! the commit chain says was written.
//!
//! The part of `akson check` that knows resources. Findings name resources by type and internal
//! number, never by content.
//! Not here: the engine's files and the chain itself (`engine`).

use akson_access::ReadPermit;
use akson_base::Problem;
use akson_fhir::definitions::Definitions;
use akson_fhir::json;
use akson_fhir::search::Extractor;
use sha2::{Digest, Sha256};

use crate::bodies::Bodies;
use crate::engine::{Direction, Snapshot, chain};
use crate::facets::{self, Facets};
use crate::heads::Head;
use crate::keys::{self, NO_PATIENT, ResourceKey};
use crate::owners::Owners;
use crate::reads::{assemble, locate};

/// What was counted, and what is wrong.
#[derive(Debug, Default)]
pub struct Consistency {
    /// Current resources, deletions included.
    pub resources: u64,
    /// Older versions.
    pub versions: u64,
    /// Index keys.
    pub index_keys: u64,
    /// What is wrong; empty when all is well. At most [`FINDINGS_MAX`] are told.
    pub findings: Vec<String>,
}

/// Findings told; a store in ruins need not be described in full.
pub const FINDINGS_MAX: usize = 100;

fn named(key: ResourceKey) -> String {
    let name = Definitions::r4().resource_name(key.resource_type());
    format!("{name} number {} of patient number {}", key.number(), key.patient().0)
}

/// Checks everything in a snapshot; `progress` hears the number of resources done now and then.
pub fn check(
    permit: &ReadPermit,
    snapshot: &dyn Snapshot,
    progress: &mut dyn FnMut(u64),
) -> Result<Consistency, Problem> {
    let extractor = Extractor::r4();
    let mut checking = Checking {
        permit,
        snapshot,
        bodies: Bodies::open(snapshot, None)?,
        owners: Owners::r4(extractor),
        extractor,
        out: Consistency::default(),
    };
    let derived = checking.heads(progress)?;
    checking.index(derived)?;
    checking.locators()?;
    checking.changes()?;
    Ok(checking.out)
}

struct Checking<'a> {
    permit: &'a ReadPermit,
    snapshot: &'a dyn Snapshot,
    bodies: Bodies,
    owners: Owners,
    extractor: &'static Extractor,
    out: Consistency,
}

impl Checking<'_> {
    fn find(&mut self, finding: String) {
        if self.out.findings.len() < FINDINGS_MAX {
            self.out.findings.push(finding);
        }
    }

    /// Every head: its body reads, its facets are what its body says, their index keys are there.
    /// Answers how many index keys there should be.
    fn heads(&mut self, progress: &mut dyn FnMut(u64)) -> Result<u64, Problem> {
        let snapshot = self.snapshot;
        let mut derived = 0;
        snapshot.visit(&keys::under(b"H"), Direction::Ascending, &mut |key, value| {
            let Some(key) = ResourceKey::from_end(key) else {
                self.find("a head key is too short".into());
                return Ok(true);
            };
            match Head::decode(value) {
                Err(_) => self.find(format!("{}: its head cannot be read", named(key))),
                Ok(head) if head.moved_to.is_some() => {}
                Ok(head) => derived += self.head(key, &head, value)?,
            }
            self.out.resources += 1;
            if self.out.resources.is_multiple_of(1_000) {
                progress(self.out.resources);
            }
            Ok(true)
        })?;
        Ok(derived)
    }

    fn head(&mut self, key: ResourceKey, head: &Head<'_>, value: &[u8]) -> Result<u64, Problem> {
        let located = locate(self.snapshot, key.resource_type(), head.id)?;
        if located.is_none_or(|l| l.key != key || l.deleted != head.deleted) {
            self.find(format!("{}: its locator does not point to it", named(key)));
        }
        let stored = self.snapshot.get(&keys::facets(key))?;
        if head.deleted {
            if stored.is_some() {
                self.find(format!("{}: deleted, but it still has search values", named(key)));
            }
            return Ok(0);
        }
        let Some(stored) = stored else {
            self.find(format!("{}: it has no search values", named(key)));
            return Ok(0);
        };
        match assemble(&self.bodies, self.permit, key, value) {
            Err(_) => self.find(format!("{}: its body cannot be decompressed", named(key))),
            Ok(whole) => self.facets(key, head, &whole.json, &stored),
        }
        let index_keys = facets::index_keys(&stored, key);
        for there in self.snapshot.multi_get(&index_keys)? {
            if there.is_none() {
                self.find(format!("{}: an index key is missing", named(key)));
            }
        }
        Ok(index_keys.len() as u64)
    }

    fn facets(&mut self, key: ResourceKey, head: &Head<'_>, body: &[u8], stored: &[u8]) {
        let Ok(resource) = json::parse_stored(body) else {
            self.find(format!("{}: its body is not a resource", named(key)));
            return;
        };
        let mut values = Vec::new();
        self.extractor.extract(&resource, &mut values);
        let owner = self.owners.owner(key.resource_type(), head.id, &values);
        if owner.is_none() != (key.patient() == NO_PATIENT) {
            self.find(format!("{}: it lies under the wrong patient", named(key)));
        }
        let expected = facets::encode(&values, head.id, owner);
        let same = expected.get(facets::STAMP_BYTES..) == stored.get(facets::STAMP_BYTES..);
        let stamped = Facets::of(stored).is_some_and(|f| f.commit() == head.commit);
        if !same || !stamped {
            self.find(format!("{}: its search values are not those of its body", named(key)));
        }
    }

    /// No index key without a resource behind it: the numbers must be equal, since every derived
    /// key was found.
    fn index(&mut self, derived: u64) -> Result<(), Problem> {
        let snapshot = self.snapshot;
        let mut count = 0;
        snapshot.visit(&keys::under(b"I"), Direction::Ascending, &mut |_, _| {
            count += 1;
            Ok(true)
        })?;
        self.out.index_keys = count;
        if count != derived {
            self.find(format!("the index has {count} keys where the resources have {derived}"));
        }
        Ok(())
    }

    fn locators(&mut self) -> Result<(), Problem> {
        let snapshot = self.snapshot;
        snapshot.visit(&keys::under(b"L"), Direction::Ascending, &mut |_, value| {
            match ResourceKey::from_start(value) {
                Some(key) if snapshot.get(&keys::head(key))?.is_some() => {}
                Some(key) => self.find(format!("{}: located, but not there", named(key))),
                None => self.find("a locator is too short".into()),
            }
            Ok(true)
        })
    }

    /// Every change in the chain has its version, with the body the chain vouches for.
    fn changes(&mut self) -> Result<(), Problem> {
        let snapshot = self.snapshot;
        snapshot.visit(&keys::under(b"C"), Direction::Ascending, &mut |_, value| {
            let record = chain::decode(value)?;
            for change in &record.changes {
                let key = ResourceKey(change.resource);
                let held = self.held(key, change.version)?;
                let good = held.is_some_and(|value| {
                    Head::decode(&value).is_ok_and(|head| {
                        let digest = Sha256::digest(head.body);
                        head.deleted == change.deleted
                            && digest.first_chunk::<16>() == Some(&change.body_digest)
                    })
                });
                if !good {
                    self.find(format!(
                        "{} version {}: not as commit {} wrote it",
                        named(key),
                        change.version,
                        record.commit
                    ));
                }
                self.out.versions += 1;
            }
            Ok(true)
        })?;
        self.out.versions = self.out.versions.saturating_sub(self.out.resources);
        Ok(())
    }

    /// The stored value of one version, wherever it lies now.
    fn held(&self, key: ResourceKey, version: u32) -> Result<Option<bytes::Bytes>, Problem> {
        let Some(value) = self.snapshot.get(&keys::head(key))? else { return Ok(None) };
        let Ok(head) = Head::decode(&value) else { return Ok(None) };
        match head.moved_to {
            Some(now) => self.held(now, version),
            None if head.version == version => Ok(Some(value)),
            None => self.snapshot.get(&keys::version(key, version)),
        }
    }
}
