//! Answers: the headers that go with a version of a resource, and JSON bodies.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#versions>, RFC 9110

use akson_fhir::definitions::Definitions;
use akson_record::request::Version;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use bytes::Bytes;

use crate::conditions::http_date;
use crate::format::FHIR_JSON;
use crate::pretty::pretty;

/// An extension of a response that succeeded and yet shows nothing where something may be hidden.
/// Under the rules its time must not tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaysNo {
    /// A search that found nothing.
    Empty,
    /// A batch of which an entry was refused, or was about what is not there.
    Refused,
}

impl SaysNo {
    /// The response, marked.
    pub(crate) fn on(self, mut response: Response<Body>) -> Response<Body> {
        response.extensions_mut().insert(self);
        response
    }
}

/// A FHIR JSON answer; an empty body carries no media type.
pub(crate) fn json(status: StatusCode, body: Bytes, is_pretty: bool) -> Response<Body> {
    let body = if is_pretty && !body.is_empty() { pretty(&body).into() } else { body };
    let has_body = !body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    }
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `ETag` and `Last-Modified` of a version.
pub(crate) fn put_version(headers: &mut HeaderMap, version: &Version) {
    put(headers, ETAG, format!("W/\"{}\"", version.version));
    put(headers, LAST_MODIFIED, http_date(version.time));
}

/// `Location` of a version just made.
pub(crate) fn put_location(headers: &mut HeaderMap, base: &str, version: &Version) {
    let name = Definitions::r4().resource_name(version.resource_type);
    put(headers, LOCATION, format!("{base}/{name}/{}/_history/{}", version.id, version.version));
}

/// Sets a header whose text we made ourselves; what cannot stand in a header is left out.
pub(crate) fn put(headers: &mut HeaderMap, name: axum::http::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        headers.insert(name, value);
    }
}
