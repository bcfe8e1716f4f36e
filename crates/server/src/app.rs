//! Who answers which path: FHIR, health, meters, and pages for the rest.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use akson_api::{Api, OAuth};
use akson_store::Store;
use axum::Router;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tower::ServiceExt;

use crate::limits::Limits;
use crate::{health, observe};

/// Everything that answers HTTP.
pub(crate) struct App {
    pub(crate) api: Api,
    /// Tokens for apps, if there is an authorisation server.
    pub(crate) oauth: Option<OAuth>,
    pub(crate) pages: Router,
    pub(crate) meters: PrometheusHandle,
    pub(crate) store: Arc<Store>,
    pub(crate) limits: Arc<Limits>,
    /// Whether callers come over TLS of our own.
    pub(crate) is_tls: bool,
    pub(crate) is_draining: AtomicBool,
}

/// Two years, as browsers' preload lists ask for; not for other names below ours.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// For whatever is no page: nothing in it is run or framed.
const NOTHING_RUNS: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds what keeps a browser from taking an answer for something else than it is.
fn guard(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING_RUNS);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

impl App {
    /// The answer to a request of whoever is at the other end (`peer`).
    pub(crate) async fn answer(
        self: Arc<Self>,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let path = request.uri().path();
        let mut response = if let Some(oauth) = self.oauth.as_ref().filter(|_| OAuth::owns(path)) {
            oauth.handle(request).await
        } else if Api::owns(path) {
            self.api.handle(request).await
        } else {
            self.other(peer, request).await
        };
        guard(response.headers_mut());
        if self.is_tls {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        response
    }

    async fn other(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        match path {
            "/health/live" if is_get => health::live(),
            "/health/ready" if is_get => {
                let is_draining = self.is_draining.load(Ordering::Relaxed);
                health::ready(is_draining, self.store.engine().writable())
            }
            "/metrics" if is_get => health::text(
                StatusCode::OK,
                observe::page(&self.meters, &self.limits, &self.store.engine().stats()),
            ),
            _ => self.page(peer, request).await,
        }
    }

    async fn page(&self, peer: IpAddr, mut request: Request<Incoming>) -> Response<Body> {
        let address = self.limits.address(peer, request.headers());
        request.extensions_mut().insert(address);
        let headers = request.headers().clone();
        let Ok(response) = self.pages.clone().oneshot(request.map(Body::new)).await;
        akson_api::compress(&headers, response).await
    }
}
