//! Who answers which path: FHIR, health, meters, and pages for the rest.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use akson_api::{Api, OAuth, SaysNo};
use akson_base::Problem;
use akson_store::Store;
use axum::Router;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::Instant;
use tower::ServiceExt;

use crate::admission::{Admission, Work};
use crate::downtime::Freshness;
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
    pub(crate) admission: Admission,
    /// How old the copy for downtime is, where one is kept.
    pub(crate) downtime: Option<Arc<Freshness>>,
    /// Whether not everybody sees everything.
    pub(crate) is_ruled: bool,
    /// Whether callers come over TLS of our own.
    pub(crate) is_tls: bool,
    pub(crate) is_draining: AtomicBool,
}

/// Two years, as browsers' preload lists ask for; not for other names below ours.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// A no is told at a multiple of this after the question came: what is hidden costs more to look at,
/// the first time, than what is not there.
const REFUSAL_STEP: Duration = Duration::from_millis(50);

/// The same for a search that found nothing, which is the right answer to most who ask.
const EMPTY_STEP: Duration = Duration::from_millis(10);

/// Waits for the next multiple of `step` since the question came.
async fn keep_time(began: Instant, step: Duration) {
    let steps = began.elapsed().as_micros() / step.as_micros() + 1;
    let steps = u32::try_from(steps).unwrap_or(1);
    tokio::time::sleep_until(began + step * steps).await;
}

/// At which multiples an answer is given that may be the one about what is hidden.
fn step_of(response: &Response<Body>) -> Option<Duration> {
    let refusals = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::GONE];
    if refusals.contains(&response.status()) {
        return Some(REFUSAL_STEP);
    }
    match response.extensions().get::<SaysNo>()? {
        SaysNo::Refused => Some(REFUSAL_STEP),
        SaysNo::Empty => Some(EMPTY_STEP),
    }
}

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
        let began = Instant::now();
        let mut response = match self.watched(&request) {
            Some(response) => response,
            None => match self.admission.take(Work::of(request.method(), request.uri())) {
                Ok(_under_way) => self.taken(peer, request).await,
                Err(problem) => self.sent_away(problem, &request).await,
            },
        };
        if self.is_ruled
            && let Some(step) = step_of(&response)
        {
            Box::pin(keep_time(began, step)).await;
        }
        guard(response.headers_mut());
        if self.is_tls {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
        response
    }

    /// The answer to a request that is under way.
    async fn taken(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        if let Some(oauth) = self.oauth.as_ref().filter(|_| OAuth::owns(path)) {
            let address = self.limits.address(peer, request.headers());
            let taken = match *request.method() {
                Method::POST => self.limits.take_token_request(address),
                _ => Ok(()),
            };
            return match taken {
                Ok(()) => oauth.handle(request).await,
                Err(throttled) => oauth.throttled(&throttled, request.headers()),
            };
        }
        if Api::owns(path) {
            return self.api.handle(request).await;
        }
        self.page(peer, request).await
    }

    /// The answer to one that there is no room for.
    async fn sent_away(&self, problem: Problem, request: &Request<Incoming>) -> Response<Body> {
        if Api::owns(request.uri().path()) {
            return self.api.not_taken(problem, request.headers());
        }
        let mut response = akson_web::not_taken(&problem, request.headers()).await;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }

    /// What whoever watches the process asks; it is answered however much there is to do.
    fn watched(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        Some(match request.uri().path() {
            "/health/live" => health::live(),
            "/health/ready" => {
                let is_draining = self.is_draining.load(Ordering::Relaxed);
                health::ready(is_draining, self.store.engine().writable())
            }
            "/metrics" => health::text(
                StatusCode::OK,
                observe::page(
                    &self.meters,
                    &self.limits,
                    &self.admission,
                    &self.store.engine().stats(),
                    self.downtime.as_ref().map(|copy| copy.age_seconds()),
                ),
            ),
            _ => return None,
        })
    }

    async fn page(&self, peer: IpAddr, mut request: Request<Incoming>) -> Response<Body> {
        let address = self.limits.address(peer, request.headers());
        request.extensions_mut().insert(address);
        let headers = request.headers().clone();
        let Ok(response) = self.pages.clone().oneshot(request.map(Body::new)).await;
        akson_api::compress(&headers, response).await
    }
}
