//! FHIR R4 over HTTP: from a request to one call on the record, and from what it says to an answer.
//!
//! Begin at [`interactions`] (the one list of what is offered; routes, CapabilityStatement and
//! documentation derive from it), then [`service`]. One file per family of interactions.
//! Not here: who may do what (`access`, through `record`), listening and limits of connections
//! (`server`).
//! Standard: <https://hl7.org/fhir/R4/http.html>

mod answer;
mod body;
mod bundle;
mod callers;
mod compress;
mod conditions;
mod cors;
mod everything;
mod explain_access;
mod format;
mod history;
pub mod interactions;
mod measure;
mod metadata;
mod nearest;
mod oauth;
mod outcome;
mod pretty;
mod read;
mod route;
mod search;
mod service;
mod trace;
mod write;

pub use answer::SaysNo;
pub use callers::{Admission, Admitted, Authenticator, Callers, Denied, Shown};
pub use compress::compress;
pub use oauth::OAuth;
pub use outcome::{outcome_json, status};
pub use service::{Api, Options};
