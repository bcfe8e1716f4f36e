//! Histories of a resource, a type and the whole record; newest first, in stable pages.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#history>

use akson_audit::Entry;
use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::ResourceType;
use akson_store::engine::Snapshot;
use akson_store::history::HistoryPosition;
use akson_store::keys::ResourceKey;
use akson_store::reads::Stored;
use percent_encoding::percent_decode_str;

use super::{not_found, target, type_name, version};
use crate::Record;
use crate::bounds::{READ, SEARCH};
use crate::request::{Caller, HistoryRequest, HistoryScope, Mode, Page};
use crate::sight::Sight;

/// The query of a history, understood.
#[derive(Debug, Default)]
struct Parameters {
    count: Option<usize>,
    /// Only versions made at or after this, milliseconds since 1970.
    since: Option<i64>,
    /// Only versions current at some time in `[start, end)`.
    at: Option<(i64, i64)>,
    cursor: Option<HistoryPosition>,
}

impl Record {
    /// One page.
    pub async fn history(&self, caller: &Caller, request: HistoryRequest) -> Result<Page, Problem> {
        let asked = match &request.scope {
            HistoryScope::Instance(..) => READ,
            HistoryScope::Type(_) | HistoryScope::System => SEARCH,
        };
        let sight = self.sight(caller, asked)?;
        let parameters = Parameters::parse(&request.query)?;
        let (path, name) = match &request.scope {
            HistoryScope::Instance(resource_type, id) => {
                (format!("{}/_history", target(*resource_type, id)), "history-instance")
            }
            HistoryScope::Type(resource_type) => {
                (format!("{}/_history", type_name(*resource_type)), "history-type")
            }
            HistoryScope::System => ("_history".to_string(), "history-system"),
        };
        let of = match &request.scope {
            HistoryScope::Instance(of, _) | HistoryScope::Type(of) => Some(*of),
            HistoryScope::System => None,
        };
        let entry = || Entry::reading(&sight.permit, name, &caller.trace).about(path.clone());
        self.refuse_beyond_scopes(&sight, of, entry).await?;
        let mut page = Page::default();
        let patients;
        {
            if matches!(request.scope, HistoryScope::System) {
                sight.must_see_everything()?;
            }
            let snapshot = sight.snapshot(&self.store);
            let scope = &request.scope;
            let found = self.history_page(&sight, snapshot.as_ref(), scope, &parameters);
            let found = match (found, scope) {
                (Err(problem), HistoryScope::Instance(of, id))
                    if problem.kind == Kind::NotFound =>
                {
                    drop(snapshot);
                    self.log_missed(&sight, entry(), *of, id).await?;
                    return Err(problem);
                }
                (found, _) => found?,
            };
            patients = sight.patients_of(found.versions.iter().map(|s| s.key))?;
            page.next_link = found.next.map(|next| parameters.link(&path, Some(next)));
            page.total = found.total;
            page.entries = found.versions.into_iter().map(|s| (version(s), Mode::Match)).collect();
        }
        page.self_link = parameters.link(&path, parameters.cursor);
        let entry = entry().asked(&request.query);
        self.log(&sight, entry, patients).await?;
        Ok(page)
    }

    fn history_page(
        &self,
        sight: &Sight,
        snapshot: &dyn Snapshot,
        scope: &HistoryScope,
        parameters: &Parameters,
    ) -> Result<Found, Problem> {
        let limit = parameters.count.unwrap_or(limits::PAGE_ENTRIES_DEFAULT);
        match scope {
            HistoryScope::Instance(resource_type, id) => {
                self.of_instance(sight, snapshot, *resource_type, id, parameters, limit)
            }
            HistoryScope::Type(_) | HistoryScope::System => {
                self.of_many(sight, snapshot, scope, parameters, limit)
            }
        }
    }

    fn of_instance(
        &self,
        sight: &Sight,
        snapshot: &dyn Snapshot,
        resource_type: ResourceType,
        id: &str,
        parameters: &Parameters,
        limit: usize,
    ) -> Result<Found, Problem> {
        let located = self
            .store
            .locate(snapshot, resource_type, id)?
            .ok_or_else(|| not_found(resource_type))?;
        // All versions: a resource has few, and `_at` and the total need them.
        let permit = &sight.permit;
        let all = self.store.instance_history(permit, snapshot, located.key, None, usize::MAX)?;
        let kept = sight.versions(parameters.filter(all))?;
        let total = kept.len() as u64;
        let mut versions: Vec<Stored> = kept
            .into_iter()
            .filter(|s| parameters.cursor.is_none_or(|c| s.version < c.version))
            .collect();
        let more = versions.len() > limit;
        versions.truncate(limit);
        let next = if more { versions.last().map(position) } else { None };
        Ok(Found { versions, next, total: Some(total) })
    }

    fn of_many(
        &self,
        sight: &Sight,
        snapshot: &dyn Snapshot,
        scope: &HistoryScope,
        parameters: &Parameters,
        limit: usize,
    ) -> Result<Found, Problem> {
        if parameters.at.is_some() {
            return Err(Problem::new(
                Kind::Unsupported,
                "REC-017",
                "_at is supported on the history of one resource only. Use _since here.",
            ));
        }
        let permit = &sight.permit;
        let page = match scope {
            HistoryScope::Type(resource_type) => self.store.type_history(
                permit,
                snapshot,
                *resource_type,
                parameters.cursor,
                limit,
            )?,
            HistoryScope::System | HistoryScope::Instance(..) => {
                self.store.system_history(permit, snapshot, parameters.cursor, limit)?
            }
        };
        let before = page.versions.len();
        let versions = parameters.filter(page.versions);
        // Newest first: the first version older than `_since` ends the history.
        let next = if versions.len() < before { None } else { page.next };
        Ok(Found { versions: sight.versions(versions)?, next, total: None })
    }
}

struct Found {
    versions: Vec<Stored>,
    next: Option<HistoryPosition>,
    total: Option<u64>,
}

fn position(stored: &Stored) -> HistoryPosition {
    HistoryPosition { commit: stored.commit, resource: stored.key, version: stored.version }
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut parameters = Self::default();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8().map_err(|_| wrong(name))?;
            match name {
                "_count" => {
                    let count: usize = value.parse().map_err(|_| wrong(name))?;
                    parameters.count = Some(count.min(limits::PAGE_ENTRIES_MAX));
                }
                "_since" => {
                    let (start, _) = super::interval(&value).ok_or_else(|| wrong(name))?;
                    parameters.since = Some(start);
                }
                "_at" => {
                    parameters.at = Some(super::interval(&value).ok_or_else(|| wrong(name))?);
                }
                "_cursor" => {
                    parameters.cursor = Some(read_cursor(&value).ok_or_else(|| wrong(name))?);
                }
                "_format" | "_pretty" => {}
                _ => return Err(unknown(name)),
            }
        }
        Ok(parameters)
    }

    fn filter(&self, versions: Vec<Stored>) -> Vec<Stored> {
        // Newest first: a version ends where the one before it in the list begins.
        let mut ended = i64::MAX;
        let mut kept = Vec::with_capacity(versions.len());
        for stored in versions {
            let begun = stored.time.0;
            let since = self.since.is_none_or(|since| begun >= since);
            let at = self.at.is_none_or(|(start, end)| begun < end && ended > start);
            ended = begun;
            if since && at {
                kept.push(stored);
            }
        }
        kept
    }

    fn link(&self, path: &str, cursor: Option<HistoryPosition>) -> String {
        let mut query = Vec::new();
        if let Some(count) = self.count {
            query.push(format!("_count={count}"));
        }
        if let Some(since) = self.since {
            query.push(format!("_since={}", akson_base::Instant(since).to_fhir()));
        }
        if let Some((start, _)) = self.at {
            query.push(format!("_at={}", akson_base::Instant(start).to_fhir()));
        }
        if let Some(cursor) = cursor {
            query.push(format!("_cursor={}", write_cursor(cursor)));
        }
        if query.is_empty() { path.to_string() } else { format!("{path}?{}", query.join("&")) }
    }
}

fn wrong(name: &str) -> Problem {
    Problem::new(
        Kind::Invalid,
        "REC-018",
        format!(
            "The history parameter {name} has a value that cannot be read: _count is a number, \
             _since and _at are dates or instants, and _cursor comes from our own next link."
        ),
    )
}

fn unknown(name: &str) -> Problem {
    Problem::new(
        Kind::Unsupported,
        "REC-019",
        format!("A history has no parameter {name:?}. There are _count, _since and _at."),
    )
}

fn write_cursor(position: HistoryPosition) -> String {
    format!("{}.{}.{}", position.commit, position.resource.to_hex(), position.version)
}

fn read_cursor(text: &str) -> Option<HistoryPosition> {
    let mut parts = text.split('.');
    let commit = parts.next()?.parse().ok()?;
    let resource = ResourceKey::from_hex(parts.next()?)?;
    let version = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(HistoryPosition { commit, resource, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_rubbish_is_refused() {
        let position = HistoryPosition { commit: 77, resource: ResourceKey([9; 10]), version: 3 };
        assert_eq!(read_cursor(&write_cursor(position)), Some(position));
        for rubbish in ["", "1", "1.2.3", "x.00.1", "1.zz090909090909090909.3", "1.é.3"] {
            assert_eq!(read_cursor(rubbish), None, "{rubbish}");
        }
    }

    #[test]
    fn unknown_and_wrong_parameters_are_told() {
        assert_eq!(Parameters::parse("_count=x").unwrap_err().code, "REC-018");
        assert_eq!(Parameters::parse("_sort=x").unwrap_err().code, "REC-019");
        assert_eq!(Parameters::parse("_count=5").unwrap().count, Some(5));
    }
}
