//! Forms from and to files: a Questionnaire as JSON.
//!
//! What comes from a file is a draft like any other, and nothing is lost of it; what this program could not
//! let people fill in is refused with where and why.

use akson_base::{Kind, Problem};
use akson_questionnaire::{Finding, Questionnaire};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::definition::Definition;
use super::publishing::as_draft;
use crate::forms::Form;
use crate::writing::unset;

/// How reading a file ended.
pub(crate) enum Imported {
    /// A draft that is not stored yet.
    Draft(Value),
    /// No JSON, at this line and column.
    NotJson(usize, usize),
    /// It cannot be filled in here.
    Refused(Vec<Finding>),
}

/// Reads the file that a form came with.
///
/// # Errors
/// `WEB-243` when there is none.
pub(crate) fn import(form: &Form) -> Result<Imported, Problem> {
    let missing = || Problem::new(Kind::Invalid, "WEB-243", "No file was chosen.");
    let file = form.files("fil").next().ok_or_else(missing)?;
    let resource: Value = match serde_json::from_slice(&file.content) {
        Ok(resource) => resource,
        Err(error) => return Ok(Imported::NotJson(error.line(), error.column())),
    };
    if let Err(findings) = Questionnaire::parse(&resource) {
        return Ok(Imported::Refused(findings));
    }
    let mut draft = as_draft(&resource);
    // The narrative of the original would not follow the changes.
    unset(&mut draft, "text");
    Ok(Imported::Draft(draft))
}

/// A form as a file.
pub(crate) fn export(form: &Definition) -> Response {
    let name: String = form
        .key()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .collect();
    let version = if form.version.is_empty() { "kladd" } else { form.version.as_str() };
    let version: String =
        version.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
    let attached =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}-{version}.json\""));
    headers.insert(
        header::CONTENT_DISPOSITION,
        attached.unwrap_or(HeaderValue::from_static("attachment")),
    );
    let body = serde_json::to_string_pretty(&form.resource).unwrap_or_default();
    (headers, body).into_response()
}
