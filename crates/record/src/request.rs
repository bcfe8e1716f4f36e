//! What goes into the record and what comes out, independent of HTTP and pages.

use std::ops::Deref;
use std::sync::Arc;

use akson_access::Actor;
use akson_base::Instant;
use akson_fhir::definitions::ResourceType;
use bytes::Bytes;

/// Who calls, and through what.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The known actor.
    pub actor: Arc<Actor>,
    /// Trace id of the request, for the log.
    pub trace: String,
    /// Where answers' absolute links begin, without a trailing slash: `http://127.0.0.1:8080/fhir`.
    pub base: Arc<str>,
}

/// One version of a resource, whole JSON in hand.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its id.
    pub id: String,
    /// `meta.versionId`.
    pub version: u32,
    /// `meta.lastUpdated`.
    pub time: Instant,
    /// Whether this version is a deletion (then `json` is empty).
    pub deleted: bool,
    /// The complete resource as JSON, `meta.versionId` and `meta.lastUpdated` included.
    pub json: Bytes,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// 201.
    Created,
    /// 200 with a new version.
    Updated,
    /// 200: a conditional create found the one that exists.
    Found,
    /// 204: it is deleted now, or was already, or never was.
    Deleted,
}

/// The outcome of a write.
#[derive(Clone, Debug)]
pub struct Written {
    /// What happened.
    pub did: Did,
    /// The current version; `None` for a delete of what never was.
    pub version: Option<Version>,
}

/// The answer to a batch or transaction; reads as its JSON.
#[derive(Clone, Debug)]
pub struct BundleAnswer {
    /// The response Bundle.
    pub json: Bytes,
    /// Whether an entry was refused or about what is not there, which may be what is hidden.
    pub says_no: bool,
}

impl Deref for BundleAnswer {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.json
    }
}

/// Which history.
#[derive(Clone, Debug)]
pub enum HistoryScope {
    /// `/[type]/[id]/_history`
    Instance(ResourceType, String),
    /// `/[type]/_history`
    Type(ResourceType),
    /// `/_history`
    System,
}

/// A history page.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// Which.
    pub scope: HistoryScope,
    /// Raw query string: `_count`, `_since`, `_at` and our cursor.
    pub query: String,
}

/// A search, as it stands in the URL.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// The type searched; `None` for a search over all types.
    pub resource_type: Option<ResourceType>,
    /// `Patient/123/Observation`: the compartment's type and id.
    pub compartment: Option<(ResourceType, String)>,
    /// Raw query (and form body, joined with `&`), still percent-encoded.
    pub query: String,
    /// `Prefer: handling=strict`.
    pub strict: bool,
}

/// Why an entry is in a page (`Bundle.entry.search.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It matched.
    Match,
    /// `_include` or `_revinclude` brought it.
    Include,
}

/// A page of a search or a history.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The entries in order; a history's have mode `Match`.
    pub entries: Vec<(Version, Mode)>,
    /// Exact number of matches over all pages, when known or asked for.
    pub total: Option<u64>,
    /// `self` link, relative to the base: what was really used.
    pub self_link: String,
    /// `next` link, relative to the base.
    pub next_link: Option<String>,
    /// Ignored parameters and what is near, for the OperationOutcome in the Bundle.
    pub warnings: Vec<String>,
}

/// `Patient/[id]/$everything`, as it stands in the URL.
#[derive(Clone, Debug)]
pub struct EverythingRequest {
    /// The patient.
    pub id: String,
    /// Raw query: `start`, `end`, `_since`, `_type`, `_count`.
    pub query: String,
}
