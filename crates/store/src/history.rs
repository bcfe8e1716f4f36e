//! Histories: of one resource, of a type, of everything; newest first.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#history>

use akson_access::ReadPermit;
use akson_base::Problem;
use akson_fhir::definitions::ResourceType;

use crate::Store;
use crate::engine::{Direction, Range, Snapshot, chain};
use crate::heads::Head;
use crate::keys::{self, ResourceKey};
use crate::reads::Stored;

/// A place in a history: entries strictly older than this come next. Ordered by (commit, resource,
/// version).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryPosition {
    /// Commit number.
    pub commit: u64,
    /// Resource within the commit.
    pub resource: ResourceKey,
    /// Version made.
    pub version: u32,
}

/// One page of a history.
pub struct HistoryPage {
    /// Newest first, deletions included.
    pub versions: Vec<Stored>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<HistoryPosition>,
}

impl Store {
    /// All versions of one resource, newest first, at most `limit` of those older than `before`
    /// (a version number).
    pub fn instance_history(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        key: ResourceKey,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Stored>, Problem> {
        let mut versions = Vec::new();
        if let Some(current) = self.current(permit, snapshot, key)?
            && before.is_none_or(|b| current.version < b)
        {
            versions.push(current);
        }
        let prefix = [b"V".as_slice(), &key.0].concat();
        let mut range = keys::under(&prefix);
        if let Some(before) = before {
            range.start = keys::version(key, before.saturating_sub(1));
        }
        snapshot.visit(&range, Direction::Ascending, &mut |_, value| {
            if versions.len() >= limit {
                return Ok(false);
            }
            versions.push(self.assemble(permit, key, value)?);
            Ok(versions.len() < limit)
        })?;
        versions.truncate(limit);
        Ok(versions)
    }

    /// Versions of all resources of a type, newest first, older than `before`.
    pub fn type_history(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        before: Option<HistoryPosition>,
        limit: usize,
    ) -> Result<HistoryPage, Problem> {
        let mut range = keys::under(&[b'Y', resource_type.0]);
        if let Some(before) = before {
            range.end = changed_key(resource_type, before);
        }
        let mut positions = Vec::new();
        snapshot.visit(&range, Direction::Descending, &mut |key, _| {
            positions.push(position(key)?);
            Ok(positions.len() <= limit)
        })?;
        self.page(permit, snapshot, positions, limit)
    }

    /// Where resources of a type were changed in commits after `commit`, the oldest first, at most
    /// `limit`; nothing of what is read is content.
    pub fn changed_since(
        &self,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        commit: u64,
        limit: usize,
    ) -> Result<Vec<HistoryPosition>, Problem> {
        let mut range = keys::under(&[b'Y', resource_type.0]);
        let after = commit.saturating_add(1).to_be_bytes();
        range.start = [&[b'Y', resource_type.0], after.as_slice()].concat();
        let mut positions = Vec::new();
        snapshot.visit(&range, Direction::Ascending, &mut |key, _| {
            positions.push(position(key)?);
            Ok(positions.len() < limit)
        })?;
        Ok(positions)
    }

    /// Versions of all resources, newest first, older than `before`.
    pub fn system_history(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        before: Option<HistoryPosition>,
        limit: usize,
    ) -> Result<HistoryPage, Problem> {
        let end = before.map_or(u64::MAX, |b| b.commit.saturating_add(1));
        let range = Range { start: keys::commit(0), end: keys::commit(end) };
        let mut positions = Vec::new();
        snapshot.visit(&range, Direction::Descending, &mut |_, value| {
            let record = chain::decode(value)?;
            let mut of_commit: Vec<_> = record
                .changes
                .iter()
                .map(|change| HistoryPosition {
                    commit: record.commit,
                    resource: ResourceKey(change.resource),
                    version: change.version,
                })
                .filter(|p| before.is_none_or(|b| *p < b))
                .collect();
            of_commit.sort_unstable_by(|a, b| b.cmp(a));
            positions.extend(of_commit);
            Ok(positions.len() <= limit)
        })?;
        self.page(permit, snapshot, positions, limit)
    }

    fn page(
        &self,
        permit: &ReadPermit,
        snapshot: &dyn Snapshot,
        mut positions: Vec<HistoryPosition>,
        limit: usize,
    ) -> Result<HistoryPage, Problem> {
        let more = positions.len() > limit;
        positions.truncate(limit);
        let next = if more { positions.last().copied() } else { None };
        let mut versions = Vec::with_capacity(positions.len());
        for position in positions {
            match self.version(permit, snapshot, position.resource, position.version)? {
                Some(stored) => versions.push(stored),
                // It has moved to another patient, whom this view does not show.
                None if self.has_moved(snapshot, position.resource)? => {}
                None => {
                    let text = format!("commit {} names a lost version", position.commit);
                    return Err(Problem::fault("STO-012", text));
                }
            }
        }
        Ok(HistoryPage { versions, next })
    }

    fn has_moved(&self, snapshot: &dyn Snapshot, key: ResourceKey) -> Result<bool, Problem> {
        let Some(value) = snapshot.get(&keys::head(key))? else { return Ok(false) };
        Ok(Head::decode(&value)?.moved_to.is_some())
    }
}

fn changed_key(resource_type: ResourceType, position: HistoryPosition) -> Vec<u8> {
    let mut key = vec![b'Y', resource_type.0];
    key.extend_from_slice(&position.commit.to_be_bytes());
    key.extend_from_slice(&position.resource.0);
    key.extend_from_slice(&position.version.to_be_bytes());
    key
}

fn position(key: &[u8]) -> Result<HistoryPosition, Problem> {
    let short = || Problem::fault("STO-013", "a change key is too short");
    let (commit, rest) = key.get(2..).and_then(<[u8]>::split_first_chunk::<8>).ok_or_else(short)?;
    let (resource, version) = rest.split_first_chunk::<10>().ok_or_else(short)?;
    let version = version.first_chunk::<4>().ok_or_else(short)?;
    Ok(HistoryPosition {
        commit: u64::from_be_bytes(*commit),
        resource: ResourceKey(*resource),
        version: u32::from_be_bytes(*version),
    })
}
