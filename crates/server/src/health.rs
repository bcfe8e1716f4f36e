//! `/health/live` and `/health/ready`, for whoever watches the process.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};

/// A short plain answer.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// As long as this is answered, the process lives.
pub(crate) fn live() -> Response<Body> {
    text(StatusCode::OK, "live\n")
}

/// Whether requests should be sent here.
pub(crate) fn ready(is_draining: bool) -> Response<Body> {
    if is_draining {
        text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        text(StatusCode::OK, "ready\n")
    }
}
