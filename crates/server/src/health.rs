//! `/health/live` and `/health/ready`, for whoever watches the process.

use akson_base::Problem;
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

/// Whether requests should be sent here. `writable` is the store's own answer: without writing no
/// read can be logged either.
pub(crate) fn ready(is_draining: bool, writable: Result<(), Problem>) -> Response<Body> {
    match (is_draining, writable) {
        (true, _) => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        (false, Err(problem)) => {
            let why = format!("not writing: {} {}\n", problem.code, problem.for_caller);
            text(StatusCode::SERVICE_UNAVAILABLE, why)
        }
        (false, Ok(())) => text(StatusCode::OK, "ready\n"),
    }
}
