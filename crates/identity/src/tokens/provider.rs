//! The provider's metadata and keys: found by discovery, kept, and fetched again when they change.
//!
//! A token with a key that is not known makes us ask again, but not more often than settings say. A
//! provider that is away does not matter to tokens whose keys are known.
//! Standard: OpenID Connect Discovery 1.0, RFC 7517

use std::sync::{Arc, Mutex, PoisonError};

use akson_base::{Clock, Problem};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::Value;

use super::algorithm::Algorithm;
use super::denial::Denial;
use super::jws::quoted;
use super::key::{Key, KeySet};
use crate::outbound::{Outbound, parse_address};

/// How long keys are used without the provider having confirmed them.
const KEYS_KEPT_MILLISECONDS_MAX: i64 = 24 * 60 * 60 * 1000;

/// How often the provider is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Age at which keys are fetched again, beside the requests.
    pub(crate) refresh_milliseconds: i64,
    /// Shortest time between two attempts.
    pub(crate) pause_milliseconds: i64,
}

impl Pace {
    pub(crate) fn of_seconds(refresh: u32, pause: u32) -> Self {
        Self {
            refresh_milliseconds: i64::from(refresh) * 1000,
            pause_milliseconds: i64::from(pause) * 1000,
        }
    }
}

/// One issuer and its keys.
pub(crate) struct Provider {
    issuer: String,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    pace: Pace,
    known: Mutex<Known>,
    /// Held while the provider is asked, so that one request asks for all.
    asking: tokio::sync::Mutex<()>,
}

/// What the provider's metadata says beside its keys; logins need it, access tokens do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) authorization: Option<String>,
    /// RFC 9126.
    pub(crate) pushed_request: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) end_session: Option<String>,
    /// Whether it sends `iss` along with every answer of an authorization (RFC 9207).
    pub(crate) names_itself: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    keys: Arc<KeySet>,
    metadata: Arc<Metadata>,
    /// When the keys came, and when they were last asked for: milliseconds since 1970.
    came: Option<i64>,
    asked: Option<i64>,
    /// How often the provider was asked.
    attempts: u64,
    /// Why the last attempt failed, if it did.
    failed: Option<Problem>,
}

impl Provider {
    pub(crate) fn new(
        issuer: String,
        outbound: Outbound,
        clock: Arc<dyn Clock>,
        pace: Pace,
    ) -> Self {
        let known = Mutex::new(Known::default());
        Self { issuer, outbound, clock, pace, known, asking: tokio::sync::Mutex::new(()) }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key that a token names, or the one that fits it when it names none.
    pub(crate) async fn key(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Key, Denial> {
        let known = self.known();
        if let Some(age) = self.age(&known)
            && let Some(key) = known.keys.find(id, algorithm)
        {
            self.refresh_when_old(&known, age);
            return Ok(key.clone());
        }
        let known = self.refresh(known.attempts).await;
        if let Some(problem) = known.failed {
            return Err(problem.into());
        }
        known.keys.find(id, algorithm).cloned().ok_or_else(|| {
            let text = "The token is signed with a key that its issuer does not have (kid).";
            let id = id.map_or_else(|| "none".to_string(), quoted);
            Denial::token("IDN-006", text).with_log(format!("kid {id}"))
        })
    }

    /// What the provider says of itself.
    pub(crate) async fn metadata(self: &Arc<Self>) -> Result<Arc<Metadata>, Problem> {
        let known = self.known();
        if let Some(age) = self.age(&known) {
            self.refresh_when_old(&known, age);
            return Ok(known.metadata);
        }
        let known = self.refresh(known.attempts).await;
        match known.failed {
            Some(problem) => Err(problem),
            None => Ok(known.metadata),
        }
    }

    /// As [`Provider::metadata`], without asking: as it was when last asked for.
    pub(crate) fn last_metadata(&self) -> Arc<Metadata> {
        self.known().metadata
    }

    /// Milliseconds since keys and metadata came; `None` when they are too old to go by, or never
    /// came.
    fn age(&self, known: &Known) -> Option<i64> {
        let age = self.clock.now().0 - known.came?;
        (age < KEYS_KEPT_MILLISECONDS_MAX).then_some(age)
    }

    fn refresh_when_old(self: &Arc<Self>, known: &Known, age: i64) {
        if age >= self.pace.refresh_milliseconds {
            self.refresh_beside(known.attempts);
        }
    }

    /// Fetches the keys, unless somebody has since `attempts`, or the last attempt was just now.
    pub(crate) async fn refresh(&self, attempts: u64) -> Known {
        let _asking = self.asking.lock().await;
        let known = self.known();
        let now = self.clock.now().0;
        let is_early = known.asked.is_some_and(|asked| now - asked < self.pace.pause_milliseconds);
        if known.attempts != attempts || is_early {
            return known;
        }
        let fetched = self.fetch().await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.asked = Some(now);
        known.attempts += 1;
        match fetched {
            Ok((metadata, keys)) => {
                tracing::info!(
                    issuer = self.issuer,
                    keys = keys.keys.len(),
                    left_out = keys.left_out,
                    "fetched the keys of the OpenID provider"
                );
                known.keys = Arc::new(keys);
                known.metadata = Arc::new(metadata);
                known.came = Some(now);
                known.failed = None;
            }
            Err(problem) => {
                tracing::warn!(issuer = self.issuer, code = problem.code, "{}", problem.for_log);
                known.failed = Some(problem);
            }
        }
        known.clone()
    }

    /// As [`Provider::refresh`], without anybody waiting for it.
    fn refresh_beside(self: &Arc<Self>, attempts: u64) {
        let known = self.known();
        let now = self.clock.now().0;
        if known.asked.is_some_and(|asked| now - asked < self.pace.pause_milliseconds)
            || self.asking.try_lock().is_err()
        {
            return;
        }
        let provider = Arc::clone(self);
        tokio::spawn(async move { provider.refresh(attempts).await });
    }

    async fn fetch(&self) -> Result<(Metadata, KeySet), Problem> {
        let start = self.issuer.trim_end_matches('/');
        let metadata = self.get(&format!("{start}/.well-known/openid-configuration")).await?;
        // OpenID Connect Discovery 1.0 section 4.3: or one provider could speak for another.
        let issuer = metadata.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if issuer != self.issuer {
            return Err(not_as_it_should(format!(
                "its metadata is of issuer {}, and the setting says {}",
                quoted(issuer),
                self.issuer
            )));
        }
        let address = metadata.get("jwks_uri").and_then(Value::as_str).unwrap_or_default();
        let url = self.own_address("jwks_uri", address)?;
        let metadata = self.read(&metadata)?;
        let keys = self.get(&url).await?;
        let keys = KeySet::of_json(&keys)
            .map_err(|reason| not_as_it_should(format!("{url}: {reason}")))?;
        Ok((metadata, keys))
    }

    fn read(&self, metadata: &Value) -> Result<Metadata, Problem> {
        let address = |name: &str| match metadata.get(name).and_then(Value::as_str) {
            Some(address) => self.own_address(name, address).map(Some),
            None => Ok(None),
        };
        let yes = |name: &str| metadata.get(name).and_then(Value::as_bool).unwrap_or_default();
        Ok(Metadata {
            authorization: address("authorization_endpoint")?,
            pushed_request: address("pushed_authorization_request_endpoint")?,
            token: address("token_endpoint")?,
            end_session: address("end_session_endpoint")?,
            names_itself: yes("authorization_response_iss_parameter_supported"),
        })
    }

    /// An address of the provider's metadata, which must be at least as safe as the issuer's.
    fn own_address(&self, name: &str, address: &str) -> Result<String, Problem> {
        let url = parse_address(address)
            .map_err(|reason| not_as_it_should(format!("{name} {}: {reason}", quoted(address))))?;
        if self.issuer.starts_with("https:") && url.scheme() != "https" {
            return Err(not_as_it_should(format!("{name} {} is not https", quoted(address))));
        }
        Ok(url.into())
    }

    async fn get(&self, address: &str) -> Result<Value, Problem> {
        let request = Request::get(address)
            .header("accept", "application/json")
            .header("user-agent", "akson")
            .body(Bytes::new())
            .map_err(|error| not_as_it_should(format!("{address}: {error}")))?;
        let reply = self.outbound.send(request).await?;
        if reply.status != StatusCode::OK {
            return Err(not_as_it_should(format!("{address} answers {}", reply.status)));
        }
        serde_json::from_slice(&reply.body)
            .map_err(|error| not_as_it_should(format!("{address} is not JSON: {error}")))
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn not_as_it_should(for_log: String) -> Problem {
    crate::outbound::unreachable(for_log)
}
