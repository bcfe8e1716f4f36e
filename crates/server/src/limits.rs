//! Who has called too often: the buckets of clients, of people and of addresses that log in.
//!
//! How a bucket works: `identity::rate`. Not here: limits of size, which are the same everywhere
//! (`base::limits`).

use std::net::IpAddr;
use std::sync::Arc;

use akson_access::{Actor, Standing};
use akson_api::Denied;
use akson_base::kept::Keeping;
use akson_base::{Clock, Problem};
use akson_identity::attempts::Attempts;
use akson_identity::rate::{CallerAddress, Rate, RateLimit, Throttled};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue};

use crate::config::LimitSettings;

/// All rate limits that there are. `None` is none.
#[derive(Debug)]
pub(crate) struct Limits {
    clients: Option<RateLimit>,
    persons: Option<RateLimit>,
    /// Counted together by all who serve the record; the others each by itself.
    logins: Option<Arc<Attempts>>,
    tokens: Option<RateLimit>,
    proxies: Vec<IpAddr>,
}

impl Limits {
    pub(crate) fn new(
        settings: &LimitSettings,
        clock: &Arc<dyn Clock>,
        kept: Option<&Arc<dyn Keeping>>,
    ) -> Self {
        let limit = |calls: u32, seconds: u32, burst: u32| {
            let rate = Rate { calls, seconds, burst };
            (calls > 0).then(|| RateLimit::new(rate, Arc::clone(clock)))
        };
        let of = settings;
        Self {
            clients: limit(of.client_requests_per_second, 1, of.client_requests_burst),
            persons: limit(of.person_requests_per_second, 1, of.person_requests_burst),
            logins: kept.filter(|_| of.login_attempts_per_minute > 0).map(|kept| {
                let (calls, burst) = (of.login_attempts_per_minute, of.login_attempts_burst);
                let rate = Rate { calls, seconds: 60, burst };
                Arc::new(Attempts::new(rate, Arc::clone(clock), kept))
            }),
            tokens: limit(of.token_requests_per_second, 1, of.token_requests_burst),
            proxies: settings.proxies.clone(),
        }
    }

    /// For the login page.
    pub(crate) fn logins(&self) -> Option<Arc<Attempts>> {
        self.logins.clone()
    }

    /// Takes one request for a token from this address.
    pub(crate) fn take_token_request(&self, address: CallerAddress) -> Result<(), Throttled> {
        self.tokens.as_ref().map_or(Ok(()), |limit| limit.take_address(address))
    }

    /// Takes one call to `/fhir` of this client, if there is one, and of this actor, if a person.
    pub(crate) fn take(&self, client: Option<&str>, actor: &Actor) -> Result<(), Box<Denied>> {
        if let (Some(limit), Some(client)) = (&self.clients, client) {
            let taken = limit.take(client);
            taken.map_err(|throttled| self::throttled(throttled, "IDN-080", "This client"))?;
        }
        let is_person = match actor.standing {
            Standing::Personnel(_) | Standing::Citizen(_) => true,
            Standing::Open | Standing::Operator | Standing::System(_) => false,
        };
        if let (Some(limit), true) = (&self.persons, is_person) {
            let taken = limit.take(&actor.id);
            taken.map_err(|throttled| self::throttled(throttled, "IDN-081", "This person"))?;
        }
        Ok(())
    }

    /// The address that a request came from: that of the connection, or what a proxy that we know
    /// says of its own.
    pub(crate) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> CallerAddress {
        if !self.is_proxy(peer) {
            return CallerAddress(peer);
        }
        // The last who is no proxy of ours: what stands before it may be anybody's word.
        let told =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let told: Vec<&str> = told.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut address = peer;
        for word in told.into_iter().rev() {
            let Ok(before) = word.parse::<IpAddr>() else { break };
            address = before;
            if !self.is_proxy(address) {
                break;
            }
        }
        CallerAddress(address)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.to_canonical() == address.to_canonical())
    }

    /// How many calls each limit has refused, by its name.
    pub(crate) fn refused(&self) -> [(&'static str, u64); 4] {
        let refused = |limit: Option<&RateLimit>| limit.map_or(0, RateLimit::refused);
        [
            ("client", refused(self.clients.as_ref())),
            ("person", refused(self.persons.as_ref())),
            ("login", self.logins.as_deref().map_or(0, Attempts::refused)),
            ("token", refused(self.tokens.as_ref())),
        ]
    }
}

/// The refusal of a call too many (429).
pub(crate) fn throttled(throttled: Throttled, code: &'static str, whose: &str) -> Box<Denied> {
    let problem: Problem = throttled.problem(code, whose);
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, HeaderValue::from(throttled.retry_after_seconds));
    Box::new(Denied { problem: Box::new(problem), headers })
}

#[cfg(test)]
mod tests {
    use akson_base::{FixedClock, Instant};

    use super::*;

    fn address(proxies: &[&str], peer: &str, forwarded: &[&'static str]) -> String {
        let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let settings = LimitSettings { proxies, ..LimitSettings::default() };
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(Instant(0)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        Limits::new(&settings, &clock, None).address(peer.parse().unwrap(), &headers).0.to_string()
    }

    #[test]
    fn only_our_own_proxies_say_where_a_request_came_from() {
        assert_eq!(address(&[], "192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        let ours = ["10.0.0.1", "10.0.0.2"];
        assert_eq!(address(&ours, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address(&ours, "10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(address(&ours, "10.0.0.1", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            address(&ours, "10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(address(&ours, "::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(address(&ours, "10.0.0.1", &["6.6.6.6, rubbish"]), "10.0.0.1");
    }
}
