//! The keys of clients that publish them at an address of their own: fetched when needed, kept for ten
//! minutes, and fetched again when an assertion does not hold with what is kept, at most every ten
//! seconds.
//!
//! Not here: which addresses may be asked at all (`identity::Outbound::public`).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use akson_base::{Instant, Kind, Problem};
use akson_identity::Outbound;
use akson_identity::clients::ClientKeys;
use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode};

const KEPT_MILLISECONDS: i64 = 600_000;
const PAUSE_MILLISECONDS: i64 = 10_000;

/// By address: the keys (none when that failed), and when they were asked for. Addresses are those of
/// registered apps.
type Held = HashMap<String, (Option<ClientKeys>, Instant)>;

pub(crate) struct ClientKeySets {
    outbound: Outbound,
    held: Mutex<Held>,
}

impl fmt::Debug for ClientKeySets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKeySets").finish_non_exhaustive()
    }
}

impl ClientKeySets {
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self { outbound, held: Mutex::default() }
    }

    /// The keys at an address. `is_stale` says that something did not hold with those that are kept.
    pub(crate) async fn of(
        &self,
        address: &str,
        is_stale: bool,
        now: Instant,
    ) -> Result<ClientKeys, Problem> {
        let kept = self.held().get(address).cloned();
        if let Some((keys, at)) = kept {
            let age = now.0.saturating_sub(at.0);
            let longest =
                if is_stale || keys.is_none() { PAUSE_MILLISECONDS } else { KEPT_MILLISECONDS };
            match keys {
                Some(keys) if (0..longest).contains(&age) => return Ok(keys),
                // Whoever sends bad assertions must not make us ask somebody else all the time.
                None if (0..longest).contains(&age) => return Err(failed(address, "a moment ago")),
                Some(_) | None => {}
            }
        }
        let fetched = self.fetch(address).await;
        self.held().insert(address.to_string(), (fetched.as_ref().ok().cloned(), now));
        fetched
    }

    async fn fetch(&self, address: &str) -> Result<ClientKeys, Problem> {
        let failed = |why: &str| failed(address, why);
        let request = Request::get(address).header(ACCEPT, "application/json").body(Bytes::new());
        let request = request.map_err(|error| failed(&error.to_string()))?;
        let reply = self.outbound.send(request).await;
        let reply = reply.map_err(|problem| failed(&problem.for_log))?;
        if reply.status != StatusCode::OK {
            return Err(failed(&format!("status {}", reply.status)));
        }
        let text = std::str::from_utf8(&reply.body).map_err(|_| failed("not UTF-8"))?;
        ClientKeys::of_json(text).map_err(failed)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(address: &str, why: &str) -> Problem {
    let text = "The keys of this client cannot be fetched from its address.";
    Problem::new(Kind::Busy, "APP-029", text).with_log(format!("{address}: {why}"))
}
