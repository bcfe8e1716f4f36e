//! Logins that are under way: what we must know when the browser comes back, wherever it comes back to.
//!
//! Kept under the digest of its state and sealed with it (`waiting`); each is taken once, in time.

use std::sync::Arc;

use akson_base::kept::{Keeping, space};
use akson_base::limits::LOGINS_PENDING_MAX;
use akson_base::{Kind, Problem};
use serde::{Deserialize, Serialize};

use crate::waiting::{Bounds, Waiting};

/// How long somebody may take at the provider, seconds: to find the code device, and no longer.
const PENDING_SECONDS_MAX: i64 = 15 * 60;

/// A login that was begun.
#[derive(Serialize, Deserialize)]
pub(crate) struct Began {
    /// Id of the provider's kind.
    pub(crate) kind: String,
    /// Digest of the browser's ticket.
    pub(crate) visitor: [u8; 32],
    pub(crate) nonce: String,
    /// PKCE's secret.
    pub(crate) verifier: String,
    /// The key that the tokens will be bound to (PKCS#8).
    pub(crate) dpop: Option<Vec<u8>>,
    pub(crate) back: String,
    /// The ticket of the login that it takes the place of.
    pub(crate) replaces: Option<String>,
    pub(crate) witness_in: Option<String>,
    /// The security level that it must have.
    pub(crate) level: u8,
}

/// All of them.
pub(crate) fn pending(kept: Arc<dyn Keeping>) -> Waiting<Began> {
    let bounds = Bounds {
        space: space::LOGIN_UNDER_WAY,
        seconds: PENDING_SECONDS_MAX,
        count_max: LOGINS_PENDING_MAX,
        full: || {
            let text = "As many logins are under way as there is room for. Try again in a moment.";
            Problem::new(Kind::Busy, "IDN-104", text)
        },
    };
    Waiting::new(bounds, kept)
}
