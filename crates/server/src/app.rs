//! Who answers which path: FHIR, health, meters, and pages for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use akson_api::Api;
use akson_store::Store;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tower::ServiceExt;

use crate::{health, observe};

/// Everything that answers HTTP.
pub(crate) struct App {
    pub(crate) api: Api,
    pub(crate) pages: Router,
    pub(crate) meters: PrometheusHandle,
    pub(crate) store: Arc<Store>,
    pub(crate) is_draining: AtomicBool,
}

impl App {
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        if Api::owns(request.uri().path()) {
            self.api.handle(request).await
        } else {
            self.other(request).await
        }
    }

    async fn other(&self, request: Request<Incoming>) -> Response<Body> {
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
                observe::page(&self.meters, &self.store.engine().stats()),
            ),
            _ => self.page(request).await,
        }
    }

    async fn page(&self, request: Request<Incoming>) -> Response<Body> {
        let headers = request.headers().clone();
        let Ok(response) = self.pages.clone().oneshot(request.map(Body::new)).await;
        akson_api::compress(&headers, response).await
    }
}
