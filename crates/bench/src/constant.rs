//! The limit of HTTP: the same stack as the server's listener, answering a constant.
//!
//! Runs as a process of its own (`akson-bench constant`), so that it competes with the generator
//! for cores exactly as a real server does. Same parts as `akson serve`: hyper over tokio's threads
//! with the same timeouts, axum's body, the same allocator.

use std::convert::Infallible;
use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

/// A body of `bytes` bytes under every address, with the headers of a read. Prints
/// `listening on ADDRESS` and serves until it is killed.
pub(crate) fn serve(bytes: usize) -> Result<(), String> {
    let body = Bytes::from(vec![b'x'; bytes]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("runtime: {error}"))?;
    let failed = |error: std::io::Error| format!("listening: {error}");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut out = std::io::stdout();
        writeln!(out, "listening on {address}").map_err(failed)?;
        out.flush().map_err(failed)?;
        loop {
            let (stream, _) = listener.accept().await.map_err(failed)?;
            tokio::spawn(connection(stream, body.clone()));
        }
    })
}

async fn connection(stream: TcpStream, body: Bytes) {
    // An error here would only make the limit lower.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |_: Request<Incoming>| {
        let response = read_answer(body.clone());
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .serve_connection(TokioIo::new(stream), service);
    // The generator goes away when it is done.
    drop(connection.await);
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
