//! What waits for a short while: requests of apps until the person answers, charts that apps were opened
//! from, codes. Whoever answers next finds it, whichever process that is; a restart ends none of it.
//!
//! Kept sealed with the secret that somebody holds (`identity::waiting`).

use std::sync::Arc;

use akson_base::kept::{Keeping, Place, space};
use akson_base::limits::AUTHORISATIONS_PENDING_MAX;
use akson_base::{Kind, Problem};
use akson_identity::clients::digest;
use akson_identity::waiting::{Bounds, Waiting};
use serde::{Deserialize, Serialize};

use crate::grant::Grant;

/// How long a person has to answer an app's request.
const REQUEST_SECONDS: i64 = 15 * 60;
/// How long an app has to use what the chart opened it with.
const LAUNCH_SECONDS: i64 = 5 * 60;
/// How long a code can be exchanged.
const CODE_SECONDS: i64 = 60;
/// How long it is remembered what a spent code gave: if it comes again, that is taken back.
pub(crate) const SPENT_SECONDS: i64 = 60 * 60;

/// A request as it waits; the app is looked up again.
#[derive(Serialize, Deserialize)]
pub(crate) struct Asking {
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) patient: Option<String>,
    pub(crate) login: Option<[u8; 32]>,
    pub(crate) redirect: String,
    pub(crate) state: Option<String>,
    pub(crate) challenge: [u8; 32],
    pub(crate) nonce: Option<String>,
    pub(crate) key: Option<[u8; 32]>,
}

/// An app that was opened from a patient's chart.
#[derive(Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) client: String,
    pub(crate) patient: String,
    /// The login that it was opened in.
    pub(crate) login: [u8; 32],
}

/// What a code is exchanged for.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect: String,
    pub(crate) challenge: [u8; 32],
    pub(crate) nonce: Option<String>,
    /// Thumbprint of the key that the app announced.
    pub(crate) key: Option<[u8; 32]>,
}

fn bounds(space: u8, seconds: i64) -> Bounds {
    let full = || {
        Problem::new(
            Kind::Busy,
            "APP-011",
            "More apps ask to be let in than this server has room for. Try again in a moment.",
        )
    };
    Bounds { space, seconds, count_max: AUTHORISATIONS_PENDING_MAX, full }
}

pub(crate) fn requests(kept: &Arc<dyn Keeping>) -> Waiting<Asking> {
    Waiting::new(bounds(space::REQUEST, REQUEST_SECONDS), Arc::clone(kept))
}

pub(crate) fn launches(kept: &Arc<dyn Keeping>) -> Waiting<Launch> {
    Waiting::new(bounds(space::LAUNCH, LAUNCH_SECONDS), Arc::clone(kept))
}

pub(crate) fn codes(kept: &Arc<dyn Keeping>) -> Waiting<Code> {
    Waiting::new(bounds(space::CODE, CODE_SECONDS), Arc::clone(kept))
}

/// Where it stands what a code gave: the digest of the grant's name.
pub(crate) fn spent_at(code: &str) -> Place {
    Place { space: space::SPENT_CODE, digest: digest(code) }
}
