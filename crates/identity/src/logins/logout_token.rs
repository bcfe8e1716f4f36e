//! A provider's word that somebody's login there is over.
//!
//! Standard: OpenID Connect Back-Channel Logout 1.0 section 2.6

use akson_base::limits::ACCESS_TOKEN_BYTES_MAX;
use akson_base::{Kind, Problem};
use serde_json::Value;

use super::{LoginKind, Party};
use crate::tokens::Algorithm;
use crate::tokens::claims::Expected;
use crate::tokens::signed::Signed;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whose logins are over: those of one session at the provider, else all of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose word it is.
    pub kind: LoginKind,
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub sid: Option<String>,
}

pub(crate) async fn ended(party: &Party, token: &str, now: i64) -> Result<Ended, Problem> {
    let rules = Signed {
        bytes_max: ACCESS_TOKEN_BYTES_MAX,
        algorithms: &Algorithm::ALL,
        types: &["logout+jwt", "JWT"],
        may_lack_type: true,
    };
    let (claims, _) = rules.verify(token, &party.provider).await?;
    claims.check(&Expected {
        issuer: party.provider.issuer(),
        audience: &party.options.client_id,
        now,
        skew: party.options.skew_seconds.into(),
    })?;
    let is_logout = claims.0.get("events").and_then(|events| events.get(EVENT));
    if !is_logout.is_some_and(Value::is_object) {
        return Err(refused("events does not say that it is a logout"));
    }
    // An ID token has one: so that none passes for a logout token.
    if claims.0.contains_key("nonce") {
        return Err(refused("it has a nonce"));
    }
    let text = |name| claims.text(name).map(|text| text.map(str::to_string));
    let (subject, sid) = (text("sub")?, text("sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(refused("it has neither sub nor sid"));
    }
    Ok(Ended { kind: party.options.kind, subject, sid })
}

pub(crate) fn refused(reason: &str) -> Problem {
    Problem::new(
        Kind::Invalid,
        "IDN-107",
        format!("This is not a provider's word that a login is over: {reason}."),
    )
}
