//! Searching a type, a compartment or everything.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html>

use akson_access::{Ground, ReadPermit};
use akson_audit::Entry;
use akson_base::Problem;
use akson_fhir::summary::View;
use akson_store::keys::{PatientNumber, ResourceKey};
use akson_store::search::{Query, Summary};
use serde_json::Value;

use super::audit_events::is_of_log;
use super::{target, type_name, version};
use crate::Record;
use crate::bounds::SEARCH;
use crate::request::{Caller, Mode, Page, SearchRequest, Version};
use crate::searching::Searching;
use crate::sight::Sight;

/// Told with a search for AuditEvents that the log does not answer.
const BESIDE_LOG: &str = "This lists only AuditEvents that others have sent in. The access log itself answers \
     a search with patient (or type 110114), date, agent, _count and _sort=-date.";

impl Record {
    /// One page of a search.
    pub async fn search(&self, caller: &Caller, request: SearchRequest) -> Result<Page, Problem> {
        match is_of_log(&request) {
            true => self.search_log(caller, request).await,
            false => self.search_stored(caller, request, &|_| true).await,
        }
    }

    /// A search for AuditEvents: the log's own entries, then those that other systems have sent in.
    async fn search_log(
        &self,
        caller: &Caller,
        mut request: SearchRequest,
    ) -> Result<Page, Problem> {
        let Some(mut log) = self.log_page(caller, &request).await? else {
            let is_by_id = request.query.split('&').any(|pair| pair.starts_with("_id="));
            let mut page = self.search_stored(caller, request, &|_| true).await?;
            // An empty page must not be taken for a journal that nobody has opened.
            page.warnings.extend((!is_by_id).then(|| BESIDE_LOG.to_string()));
            return Ok(page);
        };
        if log.next_link.is_none() {
            request.query = without_log_cursor(&request.query);
            let stored = self.search_stored(caller, request, &|_| true).await?;
            log.entries.extend(stored.entries);
            log.next_link = stored.next_link;
            log.warnings = stored.warnings;
        }
        Ok(log)
    }

    /// As [`Record::search`], of what is stored, without the matches that `keep` does not keep: what
    /// is left out was not shown to anybody, and does not stand in the log. For what no search
    /// parameter says. Takes no `_include`; the page's total and links are of the whole search.
    ///
    /// # Errors
    /// As [`Record::search`].
    pub async fn search_keeping(
        &self,
        caller: &Caller,
        request: SearchRequest,
        keep: &(dyn Fn(&[u8]) -> bool + Sync),
    ) -> Result<Page, Problem> {
        self.search_stored(caller, request, keep).await
    }

    async fn search_stored(
        &self,
        caller: &Caller,
        request: SearchRequest,
        keep: &(dyn Fn(&[u8]) -> bool + Sync),
    ) -> Result<Page, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        let logged = || entry(&sight.permit, &request, caller);
        self.refuse_beyond_scopes(&sight, request.resource_type, logged).await?;
        let mut seen: Vec<ResourceKey> = Vec::new();
        let mut page = Page::default();
        {
            let snapshot = sight.snapshot(&self.store);
            let permit = &sight.permit;
            let searching = Searching::over(&self.store, permit, snapshot.as_ref(), &caller.base);
            let query = parse(&searching, &request)?;
            let found = searching.execute(&query)?;
            for (keys, mode) in [(&found.matches, Mode::Match), (&found.included, Mode::Include)] {
                let stored = self.store.current_of_many(permit, snapshot.as_ref(), keys)?;
                for one in stored.into_iter().filter(|one| keep(&one.json)) {
                    seen.push(one.key);
                    page.entries.push((reduce(version(one), &query)?, mode));
                }
            }
            let path = path(&request);
            page.total = found.total;
            page.next_link = found.next_cursor.map(|cursor| next(&path, &query.used, &cursor));
            page.self_link = address(&path, &query.used);
            page.warnings = query.warnings().to_vec();
        }
        let entry = entry(&sight.permit, &request, caller);
        match self.closed_compartment(&sight, &request)? {
            Some(patient) => {
                self.log_entries(&[entry.on(Ground::Refused).concerning([patient])]).await?;
            }
            None => self.log_seen(&sight, entry, seen).await?,
        }
        Ok(page)
    }

    /// The patient whose compartment is searched, when the journal is closed to the caller.
    fn closed_compartment(
        &self,
        sight: &Sight,
        request: &SearchRequest,
    ) -> Result<Option<PatientNumber>, Problem> {
        let Some((of, id)) = &request.compartment else { return Ok(None) };
        if type_name(*of) != "Patient" {
            return Ok(None);
        }
        let snapshot = self.store.snapshot();
        let Some(patient) = self.store.patient_number(snapshot.as_ref(), id)? else {
            return Ok(None);
        };
        Ok(Some(patient).filter(|_| sight.opens_journal(patient) == Ok(false)))
    }

    /// How a search is answered: the plan and its real counts, no patient data.
    pub async fn explain(&self, caller: &Caller, request: SearchRequest) -> Result<Value, Problem> {
        let sight = self.sight(caller, SEARCH)?;
        sight.must_see_everything()?;
        let permit = &sight.permit;
        let explained = {
            let snapshot = self.store.snapshot();
            let searching = Searching::over(&self.store, permit, snapshot.as_ref(), &caller.base);
            searching.execute(&parse(&searching, &request)?)?.explain
        };
        self.log(&sight, entry(permit, &request, caller), []).await?;
        Ok(explained)
    }
}

/// The log's own place means nothing to a search of what is stored.
fn without_log_cursor(query: &str) -> String {
    let kept = query.split('&').filter(|pair| !pair.starts_with("_cursor="));
    kept.collect::<Vec<_>>().join("&")
}

fn parse(searching: &Searching<'_>, request: &SearchRequest) -> Result<Query, Problem> {
    let compartment = request.compartment.as_ref().map(|(of, id)| (*of, id.as_str()));
    searching.parse(request.resource_type, compartment, &request.query, request.strict)
}

/// The address of the search below the base, without its query.
fn path(request: &SearchRequest) -> String {
    let searched = request.resource_type.map(type_name);
    match (&request.compartment, searched) {
        (Some((of, id)), Some(name)) => format!("{}/{name}", target(*of, id)),
        (Some((of, id)), None) => format!("{}/*", target(*of, id)),
        (None, Some(name)) => name.to_string(),
        (None, None) => String::new(),
    }
}

fn next(path: &str, used: &str, cursor: &str) -> String {
    let separator = if used.is_empty() { "" } else { "&" };
    format!("{path}?{used}{separator}_cursor={cursor}")
}

fn address(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_string() } else { format!("{path}?{query}") }
}

fn entry(permit: &ReadPermit, request: &SearchRequest, caller: &Caller) -> Entry {
    let name = match (&request.compartment, request.resource_type) {
        (Some(_), _) => "search-compartment",
        (None, Some(_)) => "search-type",
        (None, None) => "search-system",
    };
    Entry::reading(permit, name, &caller.trace).about(path(request)).asked(&request.query)
}

/// `_summary` and `_elements`.
fn reduce(mut version: Version, query: &Query) -> Result<Version, Problem> {
    let view = match query.summary {
        Summary::True => View::Summary,
        Summary::Text => View::Text,
        Summary::Data => View::Data,
        Summary::False | Summary::Count if query.elements.is_empty() => return Ok(version),
        Summary::False | Summary::Count => View::Elements(query.elements.clone()),
    };
    let reduced = akson_fhir::summary::reduce(&version.json, &view).map_err(|_| {
        Problem::fault("REC-031", "a stored resource cannot be read: run akson check")
    })?;
    version.json = reduced.into();
    Ok(version)
}
