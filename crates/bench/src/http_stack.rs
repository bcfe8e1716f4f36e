//! The listener of the servers that this program starts of itself: the same parts as `akson serve`,
//! hyper over tokio's threads with the same timeouts, axum's body, the same allocator.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

/// Serves on a free port of loopback until the process is killed, each request answered by what
/// `make` made for the address. Prints `listening on ADDRESS`.
pub(crate) fn serve<A, F>(make: impl FnOnce(SocketAddr) -> Result<A, String>) -> Result<(), String>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("runtime: {error}"))?;
    let failed = |error: std::io::Error| format!("listening: {error}");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let answer = make(address)?;
        let mut out = std::io::stdout();
        writeln!(out, "listening on {address}").map_err(failed)?;
        out.flush().map_err(failed)?;
        loop {
            let (stream, _) = listener.accept().await.map_err(failed)?;
            tokio::spawn(connection(stream, answer.clone()));
        }
    })
}

async fn connection<A, F>(stream: TcpStream, answer: A)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>>,
{
    // An error here would only make the limit lower.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| {
        let response = answer(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .serve_connection(TokioIo::new(stream), service);
    // The generator goes away when it is done.
    drop(connection.await);
}
