//! Cross-origin requests from browsers.
//!
//! By hand and not a layer: requests without an `Origin` pay nothing.
//! Standard: <https://fetch.spec.whatwg.org/#http-cors-protocol>

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::answer::{empty, put};
use crate::route::allowed;

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Location, Content-Location, Last-Modified, X-Request-Id, Retry-After, WWW-Authenticate, \
     DPoP-Nonce",
);
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "Accept, Authorization, DPoP, Content-Type, Content-Encoding, If-Match, If-None-Match, \
     If-Modified-Since, If-None-Exist, Prefer, X-Request-Id, traceparent",
);

/// Whether scripts from this origin may read our answers; `*` stands for every origin.
fn is_allowed(origins: &[String], origin: &HeaderValue) -> bool {
    origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
}

/// Adds what a browser needs to hand the answer to a script of the request's origin.
pub(crate) fn expose(origins: &[String], request: &HeaderMap, response: &mut Response<Body>) {
    let Some(origin) = request.get(ORIGIN) else {
        return;
    };
    if is_allowed(origins, origin) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// Answers `OPTIONS`: what the address allows, and a browser's preflight.
pub(crate) fn options(path: &str, request: &HeaderMap) -> Response<Body> {
    preflight(&allowed(path), request)
}

/// Answers `OPTIONS` of an address with these methods.
pub(crate) fn preflight(methods: &str, request: &HeaderMap) -> Response<Body> {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    let methods = methods.to_string();
    if request.contains_key(ORIGIN) {
        put(headers, ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    put(headers, ALLOW, methods);
    response
}
