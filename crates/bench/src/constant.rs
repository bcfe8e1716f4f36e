//! The limit of HTTP: the same stack as the server's listener, answering a constant.
//!
//! Runs as a process of its own (`akson-bench constant`), so that it competes with the generator
//! for cores exactly as a real server does.

use std::future::ready;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use bytes::Bytes;

use crate::http_stack;

/// A body of `bytes` bytes under every address, with the headers of a read.
pub(crate) fn serve(bytes: usize) -> Result<(), String> {
    let body = Bytes::from(vec![b'x'; bytes]);
    http_stack::serve(|_| Ok(move |_| ready(read_answer(body.clone()))))
}

fn read_answer(body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let pairs = [
        (header::CONTENT_TYPE, "application/fhir+json; charset=utf-8"),
        (header::ETAG, "W/\"1\""),
        (header::LAST_MODIFIED, "Sat, 21 Nov 2026 22:08:00 GMT"),
    ];
    for (name, value) in pairs {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
