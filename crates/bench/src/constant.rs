//! The limit of HTTP: the same stack as the server's, answering a constant.
//!
//! Runs as a process of its own (`akson-bench constant`), so that it competes with the generator
//! for cores exactly as a real server does.

use std::io::Write;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;

/// A body of `bytes` bytes under every `/fhir/[type]/[id]`, with the headers of a read. Prints
/// `listening on ADDRESS` and serves until it is killed.
pub(crate) fn serve(bytes: usize) -> Result<(), String> {
    let body = Bytes::from(vec![b'x'; bytes]);
    let answer = move || {
        let body = body.clone();
        async move { (read_headers(), body).into_response() }
    };
    let router = Router::new().route("/fhir/{type}/{id}", get(answer));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("runtime: {error}"))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(|error| format!("listening: {error}"))?;
        let address = listener.local_addr().map_err(|error| format!("listening: {error}"))?;
        let mut out = std::io::stdout();
        writeln!(out, "listening on {address}").map_err(|error| format!("stdout: {error}"))?;
        out.flush().map_err(|error| format!("stdout: {error}"))?;
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                // As the server does; an error would only make it slower.
                drop(stream.set_nodelay(true));
            }),
            router,
        )
        .await
        .map_err(|error| format!("serving: {error}"))
    })
}

fn read_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    let pairs = [
        (header::CONTENT_TYPE, "application/fhir+json;charset=utf-8"),
        (header::ETAG, "W/\"1\""),
        (header::LAST_MODIFIED, "Sat, 21 Nov 2026 22:08:00 GMT"),
    ];
    for (name, value) in pairs {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
