//! The authorisation server's addresses for machines: tokens, introspection, revocation, our public
//! key, and what apps learn before they ask.
//!
//! Not here: what is answered (`smart`), the page that asks a person (`web`).
//! Standard: RFC 6749 section 5, RFC 7662, RFC 7009, RFC 8414, SMART App Launch 2.2

use std::sync::Arc;

use akson_base::limits::TOKEN_REQUEST_BYTES_MAX;
use akson_base::{Kind, Problem};
use akson_identity::rate::Throttled;
use akson_identity::tokens::Asked;
use akson_smart::discovery::{INTROSPECT, JWKS, REVOKE, TOKEN};
use akson_smart::{AuthorisationServer, Denied, ErrorCode, Parameters};
use axum::body::{Body, HttpBody};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::{empty, put};
use crate::cors;

const SMART_CONFIGURATION: &str = "/fhir/.well-known/smart-configuration";
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";

/// What may be asked with GET; everything else of ours is asked with POST.
const READ: [&str; 4] = [SMART_CONFIGURATION, OPENID_CONFIGURATION, SERVER_METADATA, JWKS];
const POSTED: [&str; 3] = [TOKEN, INTROSPECT, REVOKE];

/// The authorisation server over HTTP.
#[derive(Debug)]
pub struct OAuth {
    server: Arc<AuthorisationServer>,
    /// Origins whose scripts may read answers; `*` for all.
    cors_origins: Vec<String>,
}

impl OAuth {
    /// Takes requests to this server.
    pub fn new(server: Arc<AuthorisationServer>, cors_origins: Vec<String>) -> Self {
        Self { server, cors_origins }
    }

    /// Whether a path is ours.
    pub fn owns(path: &str) -> bool {
        READ.contains(&path) || POSTED.contains(&path)
    }

    /// Answers one request whose path [`OAuth::owns`].
    pub async fn handle<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let is_read = READ.contains(&path);
        let methods = if is_read { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" };
        let mut response = match parts.method {
            Method::OPTIONS => cors::preflight(methods, &parts.headers),
            Method::GET | Method::HEAD if is_read => self.told(path),
            Method::POST if !is_read => match self.posted(&parts, Body::new(body)).await {
                Ok(response) => response,
                Err(denied) => self.denied(&denied, &parts),
            },
            _ => {
                let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
                put(response.headers_mut(), ALLOW, methods.to_string());
                response
            }
        };
        cors::expose(&self.cors_origins, &parts.headers, &mut response);
        response
    }

    /// The answer to a caller who asks too often.
    pub fn throttled(&self, throttled: &Throttled, headers: &HeaderMap) -> Response<Body> {
        let problem = throttled.problem("IDN-083", "This address");
        let denied = Denied::from(problem);
        let text = denied.problem.for_caller.as_str();
        let body = json!({ "error": denied.error.word(), "error_description": text });
        let mut response = answer(StatusCode::TOO_MANY_REQUESTS, &body);
        let seconds = HeaderValue::from(throttled.retry_after_seconds);
        response.headers_mut().insert(RETRY_AFTER, seconds);
        no_store(&mut response);
        cors::expose(&self.cors_origins, headers, &mut response);
        response
    }

    fn told(&self, path: &str) -> Response<Body> {
        let body = match path {
            JWKS => self.server.jwks(),
            SMART_CONFIGURATION => self.server.smart_configuration(),
            _ => self.server.metadata(),
        };
        let mut response = answer(StatusCode::OK, &body);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        response
    }

    async fn posted(&self, parts: &Parts, body: Body) -> Result<Response<Body>, Denied> {
        let parameters = form(parts, body).await?;
        let asked = Asked {
            headers: &parts.headers,
            method: "POST",
            base: &self.server.options().root,
            path: parts.uri.path(),
        };
        let mut response = match parts.uri.path() {
            TOKEN => {
                let issued = self.server.token(&parameters, &asked).await?;
                let mut response = answer(StatusCode::OK, &issued.body);
                if let Some(nonce) = issued.nonce {
                    put(response.headers_mut(), HeaderName::from_static("dpop-nonce"), nonce);
                }
                response
            }
            INTROSPECT => {
                answer(StatusCode::OK, &self.server.introspect(&parameters, &asked).await?)
            }
            _ => {
                self.server.revoke(&parameters, &parts.headers).await?;
                empty(StatusCode::OK)
            }
        };
        no_store(&mut response);
        Ok(response)
    }

    fn denied(&self, denied: &Denied, parts: &Parts) -> Response<Body> {
        let problem = &denied.problem;
        tracing::info!(
            path = parts.uri.path(),
            error = denied.error.word(),
            code = problem.code,
            "{}",
            problem.for_log
        );
        let status = match denied.error {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable => crate::status(problem),
            ErrorCode::InvalidRequest
            | ErrorCode::InvalidGrant
            | ErrorCode::UnauthorizedClient
            | ErrorCode::UnsupportedGrantType
            | ErrorCode::UnsupportedResponseType
            | ErrorCode::InvalidScope
            | ErrorCode::AccessDenied
            | ErrorCode::InteractionRequired
            | ErrorCode::RequestNotSupported
            | ErrorCode::InvalidDpopProof
            | ErrorCode::UseDpopNonce => StatusCode::BAD_REQUEST,
        };
        // RFC 6749 section 5.2: ASCII without quotes and backslashes.
        let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let text = format!("{} {}", problem.code, problem.for_caller);
        let text: String = text.chars().filter(plain).collect();
        let body = json!({ "error": denied.error.word(), "error_description": text });
        let mut response = answer(status, &body);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED && parts.headers.contains_key(AUTHORIZATION) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Some(nonce) = &denied.nonce {
            put(headers, HeaderName::from_static("dpop-nonce"), nonce.clone());
        }
        no_store(&mut response);
        response
    }
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// RFC 6749 section 5.1: what holds a token is kept nowhere.
fn no_store(response: &mut Response<Body>) {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

async fn form(parts: &Parts, body: Body) -> Result<Parameters, Denied> {
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let text = "This address takes forms, application/x-www-form-urlencoded.";
        return Err(Problem::new(Kind::MediaType, "APP-010", text).into());
    }
    let bytes = axum::body::to_bytes(body, TOKEN_REQUEST_BYTES_MAX).await.map_err(|_| {
        let text = format!("A request has at most {TOKEN_REQUEST_BYTES_MAX} bytes.");
        Problem::new(Kind::TooLarge, "APP-010", text)
    })?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::new(Kind::Invalid, "APP-010", "The request is not UTF-8."))?;
    Parameters::parse(text, TOKEN_REQUEST_BYTES_MAX)
}
