//! Accepting connections, and letting them finish when the server is asked to stop.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::tls::Tls;

/// How long a connection may take to send a request's head, and may lie idle between requests.
const HEAD_TIME_MAX: Duration = Duration::from_secs(60);
/// How long to wait after a refused accept (out of file descriptors) before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a listener may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) connections_max: usize,
    pub(crate) drain_time_max: Duration,
}

/// Serves until `stop` completes, then drains. Answers whether every connection finished in time.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    app: Arc<App>,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> bool {
    let permits = u32::try_from(bounds.connections_max).unwrap_or(u32::MAX);
    let slots = Arc::new(Semaphore::new(permits as usize));
    let (stopping, stopped) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accept = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(std::io::Error::other)?;
            let (stream, peer) = listener.accept().await?;
            Ok::<_, std::io::Error>((slot, stream, peer.ip()))
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((slot, stream, peer)) => {
                let (app, stopped) = (Arc::clone(&app), stopped.clone());
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!("TCP_NODELAY: {error}");
                }
                match &tls {
                    None => tokio::spawn(async move {
                        connection(stream, peer, app, stopped).await;
                        drop(slot);
                    }),
                    Some(tls) => {
                        let tls = tls.clone();
                        tokio::spawn(async move {
                            secured(stream, &tls, peer, app, stopped).await;
                            drop(slot);
                        })
                    }
                };
            }
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    app.is_draining.store(true, Ordering::Relaxed);
    // A receiver is held until the last connection ends: sending cannot fail in a way that matters.
    let _ = stopping.send(());
    // Every connection holds a slot: all slots back means that all have finished.
    tokio::time::timeout(bounds.drain_time_max, slots.acquire_many(permits)).await.is_ok()
}

/// A connection that begins with a handshake. One that has not come further when the server is
/// asked to stop has asked for nothing yet.
async fn secured(
    stream: TcpStream,
    tls: &Tls,
    peer: IpAddr,
    app: Arc<App>,
    mut stopped: watch::Receiver<()>,
) {
    let stream = tokio::select! {
        stream = tls.accept(stream) => stream,
        _ = stopped.changed() => None,
    };
    if let Some(stream) = stream {
        connection(stream, peer, app, stopped).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    app: Arc<App>,
    mut stopped: watch::Receiver<()>,
) {
    let service = service_fn(move |request| {
        let answer = Arc::clone(&app).answer(peer, request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // The other side went away or sent what is not HTTP: not ours to mend.
        tracing::debug!("connection: {error}");
    }
}
