//! What the pages write into the record for the one who is logged in: the one place in `web` that
//! writes several resources at once.
//!
//! Not here: whether the caller may (`access`, asked by `record`), what is written (each feature's own
//! file), reading (`sight`).
//! Standard: <https://hl7.org/fhir/R4/http.html#transaction>

use akson_base::{Kind, Problem};
use akson_record::request::Version;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::people::type_of;
use crate::sight::{Reader, as_json};

/// Writes that are stored together or not at all, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Together {
    entries: Vec<Value>,
}

impl Together {
    /// Adds a new resource. Answers the reference by which the others of this transaction may name
    /// it; the record replaces it by the real one.
    pub(crate) fn create(&mut self, resource: &Value) -> String {
        let request = json!({"method": "POST", "url": resource.get("resourceType")});
        self.add(resource, request)
    }

    /// As [`Together::create`], of a resource that is stored only when nothing matches `query`.
    pub(crate) fn create_unless(&mut self, query: &str, resource: &Value) -> String {
        let of = resource.get("resourceType");
        self.add(resource, json!({"method": "POST", "url": of, "ifNoneExist": query}))
    }

    fn add(&mut self, resource: &Value, request: Value) -> String {
        // Only names within one Bundle: nobody outside sees them.
        let name = format!("urn:uuid:00000000-0000-4000-8000-{:012x}", self.entries.len() + 1);
        self.entries.push(json!({"fullUrl": name, "resource": resource, "request": request}));
        name
    }

    /// Adds a new version of a resource whose current version must be `version`.
    pub(crate) fn update(&mut self, type_name: &str, id: &str, version: u32, resource: &Value) {
        self.entries.push(json!({
            "resource": resource,
            "request": {
                "method": "PUT",
                "url": format!("{type_name}/{id}"),
                "ifMatch": format!("W/\"{version}\""),
            },
        }));
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Sets an element of a resource or a part of one; nothing where there is no object to set it in.
pub(crate) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Takes an element out.
pub(crate) fn unset(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}

impl Reader {
    /// The moment as FHIR writes it.
    pub(crate) fn now_written(&self) -> String {
        self.now().to_fhir()
    }

    /// Stores a new resource; the stored version.
    pub(crate) async fn create(&self, resource: &Value) -> Result<Version, Problem> {
        let name = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        let body = Bytes::from(resource.to_string());
        let written = self.record().create(&self.caller(), type_of(name)?, body, None).await?;
        let missing = || Problem::fault("WEB-110", "a create answered with no version");
        written.version.ok_or_else(missing)
    }

    /// A resource as JSON, and the version that it is, after a look in the log.
    pub(crate) async fn read_json(
        &self,
        type_name: &str,
        id: &str,
    ) -> Result<(Value, u32), Problem> {
        let stored = self.record().read(&self.caller(), type_of(type_name)?, id).await?;
        Ok((as_json(&stored)?, stored.version))
    }

    /// Stores a new version of a resource; `Conflict` when `version` is no longer the current one.
    pub(crate) async fn update(
        &self,
        type_name: &str,
        id: &str,
        version: u32,
        resource: &Value,
    ) -> Result<(), Problem> {
        let body = Bytes::from(resource.to_string());
        let (caller, of) = (self.caller(), type_of(type_name)?);
        let updated = self.record().update(&caller, of, id, body, Some(version)).await;
        updated.map(drop).map_err(overtaken)
    }

    /// Stores all of it in one commit. Answers `Type/id` of each entry, in order; `Conflict` when a
    /// version that it was made from is no longer the current one.
    pub(crate) async fn store(&self, together: Together) -> Result<Vec<String>, Problem> {
        let bundle = json!({
            "resourceType": "Bundle", "type": "transaction", "entry": together.entries,
        });
        let bundle = Bytes::from(bundle.to_string());
        let answer = self.record().bundle(&self.caller(), bundle).await.map_err(overtaken)?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| {
            Problem::fault("WEB-112", format!("the answer to a transaction is not JSON: {error}"))
        })?;
        let entries = answer.get("entry").and_then(Value::as_array);
        let located = entries.into_iter().flatten().map(|entry| {
            let location = entry.pointer("/response/location").and_then(Value::as_str);
            bare(location.unwrap_or_default())
        });
        Ok(located.collect())
    }
}

/// A version that somebody else has replaced meanwhile: for people a conflict like any other. For a
/// machine it is a precondition of its own making (`If-Match`); a page's reader has set none.
fn overtaken(problem: Problem) -> Problem {
    match problem.kind == Kind::Precondition {
        true => Problem { kind: Kind::Conflict, ..problem },
        false => problem,
    }
}

/// `Type/id` of `…/Type/id/_history/1`.
fn bare(location: &str) -> String {
    let resource = location.split("/_history/").next().unwrap_or_default();
    let mut parts = resource.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(of)) => format!("{of}/{id}"),
        _ => resource.to_string(),
    }
}
