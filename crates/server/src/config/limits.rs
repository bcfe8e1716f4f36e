//! Settings below `[limits]`: how often clients and people may call, and who may try to log in.
//!
//! Each rate is that of a token bucket (`identity::rate`). A rate of 0 is no limit.

use std::net::IpAddr;

use serde::Deserialize;

/// How often who may call.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// Requests of one client system to `/fhir` that come back in a second.
    pub(crate) client_requests_per_second: u32,
    /// Requests of one client system that may come at once.
    pub(crate) client_requests_burst: u32,
    /// Requests of one person to `/fhir`, through whatever client, that come back in a second.
    pub(crate) person_requests_per_second: u32,
    /// Requests of one person that may come at once.
    pub(crate) person_requests_burst: u32,
    /// Attempts to log in from one address that come back in a minute.
    pub(crate) login_attempts_per_minute: u32,
    /// Attempts to log in from one address that may come at once.
    pub(crate) login_attempts_burst: u32,
    /// Requests for tokens (`/oauth2/…`) from one address that come back in a second.
    pub(crate) token_requests_per_second: u32,
    /// Requests for tokens from one address that may come at once.
    pub(crate) token_requests_burst: u32,
    /// Whose `X-Forwarded-For` is believed: the proxies that stand in front.
    pub(crate) proxies: Vec<IpAddr>,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            client_requests_per_second: 200,
            client_requests_burst: 2_000,
            person_requests_per_second: 20,
            person_requests_burst: 200,
            login_attempts_per_minute: 30,
            login_attempts_burst: 60,
            token_requests_per_second: 20,
            token_requests_burst: 200,
            proxies: Vec::new(),
        }
    }
}

impl LimitSettings {
    /// Of `akson demo`: one address and a few people of whom everybody is everyone.
    pub(crate) fn demo() -> Self {
        Self {
            person_requests_per_second: 200,
            person_requests_burst: 2_000,
            login_attempts_per_minute: 600,
            login_attempts_burst: 1_000,
            token_requests_per_second: 200,
            token_requests_burst: 2_000,
            ..Self::default()
        }
    }
}
