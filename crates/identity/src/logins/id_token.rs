//! Whether an ID token is from the provider, for us, for now, and for this very login.
//!
//! Standard: OpenID Connect Core 1.0 sections 3.1.3.7 and 3.1.3.6 (`at_hash`)

use akson_base::limits::ACCESS_TOKEN_BYTES_MAX;
use akson_base::{Kind, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, SHA384, SHA512, digest};

use super::Party;
use super::exchange::Given;
use crate::tokens::Algorithm;
use crate::tokens::claims::{Claims, Expected, missing};
use crate::tokens::signed::Signed;

/// The claims of the ID token, when all of it holds.
pub(crate) async fn verified(
    party: &Party,
    given: &Given,
    nonce: &str,
    now: i64,
) -> Result<Claims, Problem> {
    let rules = Signed {
        bytes_max: ACCESS_TOKEN_BYTES_MAX,
        algorithms: &Algorithm::ALL,
        types: &["JWT"],
        may_lack_type: true,
    };
    let (claims, algorithm) = rules.verify(&given.id_token, &party.provider).await?;
    let client_id = party.options.client_id.as_str();
    claims.check(&Expected {
        issuer: party.provider.issuer(),
        audience: client_id,
        now,
        skew: party.options.skew_seconds.into(),
    })?;
    is_for_us_alone(&claims, client_id)?;
    if claims.text("sub")?.is_none_or(str::is_empty) {
        return Err(missing("sub").into());
    }
    if claims.text("nonce")? != Some(nonce) {
        let text = "The ID token is of another login than this one (nonce).";
        return Err(Problem::new(Kind::Refused, "IDN-099", text));
    }
    match claims.text("at_hash")? {
        Some(told) if told != hash(algorithm, &given.access_token) => {
            let text = "The ID token is of another access token than it came with (at_hash).";
            Err(Problem::new(Kind::Refused, "IDN-101", text))
        }
        Some(_) | None => Ok(claims),
    }
}

/// That nobody else is an audience, and that it was given to nobody else.
fn is_for_us_alone(claims: &Claims, client_id: &str) -> Result<(), Problem> {
    let audience = claims.texts("aud")?;
    let party = claims.text("azp")?;
    if audience.iter().all(|one| *one == client_id) && party.is_none_or(|one| one == client_id) {
        return Ok(());
    }
    let text = "The ID token is for others too, or was given to another client (aud, azp).";
    Err(Problem::new(Kind::Refused, "IDN-100", text))
}

/// The left half of the access token's digest, by the algorithm's own function.
fn hash(algorithm: Algorithm, access_token: &str) -> String {
    let function = match algorithm {
        Algorithm::Ps256 | Algorithm::Rs256 | Algorithm::Es256 => &SHA256,
        Algorithm::Ps384 | Algorithm::Rs384 | Algorithm::Es384 => &SHA384,
        Algorithm::Ps512 => &SHA512,
    };
    let whole = digest(function, access_token.as_bytes());
    let half = whole.as_ref().get(..whole.as_ref().len() / 2).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_at_hash_is_found() {
        // OpenID Connect Core 1.0 appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
