//! Compression of answers, only when asked for and worth it.
//!
//! Kept off the path of requests that do not ask: a read by id is answered in microseconds.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

/// Answers below this size are sent as they are.
const COMPRESS_BYTES_MIN: u64 = 1024;

/// The `Accept-Encoding` of a request, if it names an encoding we write.
fn asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(ACCEPT_ENCODING)?;
    let text = value.to_str().ok()?;
    ["gzip", "zstd", "*"].iter().any(|name| text.contains(name)).then(|| value.clone())
}

/// Compresses an answer by gzip or zstd if the request's headers ask for it, the answer is large
/// enough, and it is not compressed already.
pub async fn compress(request_headers: &HeaderMap, response: Response<Body>) -> Response<Body> {
    let Some(accept) = asked(request_headers) else {
        return response;
    };
    let mut held = Some(response);
    let answer = service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(held.take().unwrap_or_default()))
    });
    let layer = CompressionLayer::new()
        .gzip(true)
        .zstd(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_BYTES_MIN));
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, accept);
    let Ok(response) = layer.layer(answer).oneshot(request).await;
    response.map(Body::new)
}
