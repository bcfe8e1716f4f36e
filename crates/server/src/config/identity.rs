//! Settings below `[identity]`: whose access tokens are accepted, and how strictly.
//!
//! What they mean: `docs/operate/identity.md`.

use std::path::PathBuf;
use std::time::Duration;

use akson_identity::tokens::{Algorithm, Options};
use serde::Deserialize;

use crate::failure::Failure;

/// Whose access tokens are accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitySettings {
    /// Address of the OpenID provider, exactly as its tokens' `iss` says it.
    issuer: String,
    /// What a token's `aud` must hold.
    audience: String,
    /// Signature algorithms of tokens and proofs.
    #[serde(default = "algorithms")]
    algorithms: Vec<String>,
    /// How far the clocks of others may be from ours.
    #[serde(default = "skew_seconds")]
    skew_seconds: u32,
    /// Whether a token must be bound to a key.
    #[serde(default)]
    dpop: Dpop,
    /// Whether a proof must carry a nonce of ours.
    #[serde(default = "dpop_nonce")]
    dpop_nonce: bool,
    /// How old a proof may be.
    #[serde(default = "proof_seconds_max")]
    proof_seconds_max: u32,
    /// Least security level of a person.
    #[serde(default)]
    scopes_required: bool,
    #[serde(default = "security_level_min")]
    security_level_min: u8,
    /// Time for one request to the provider.
    #[serde(default = "timeout_seconds")]
    timeout_seconds: u32,
    /// File with the certificate authorities that vouch for the provider, when not the machine's.
    authorities: Option<PathBuf>,
    /// Age at which the provider's keys are fetched again.
    #[serde(default = "keys_seconds_max")]
    keys_seconds_max: u32,
    /// Shortest time between two attempts to fetch them.
    #[serde(default = "keys_pause_seconds")]
    keys_pause_seconds: u32,
}

/// What becomes of tokens that are bound to no key.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Dpop {
    /// They are refused.
    #[default]
    Required,
    /// They are accepted as `Bearer`.
    Accepted,
}

fn algorithms() -> Vec<String> {
    Algorithm::ALL.iter().map(|algorithm| algorithm.name().to_string()).collect()
}

fn skew_seconds() -> u32 {
    10
}

fn dpop_nonce() -> bool {
    true
}

fn proof_seconds_max() -> u32 {
    60
}

fn security_level_min() -> u8 {
    4
}

fn timeout_seconds() -> u32 {
    5
}

fn keys_seconds_max() -> u32 {
    600
}

fn keys_pause_seconds() -> u32 {
    10
}

impl IdentitySettings {
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let algorithms = self.algorithms.iter().map(|name| {
            Algorithm::of_name(name).ok_or_else(|| {
                let all = algorithms().join(", ");
                let text = format!("identity.algorithms: {name:?} is none of {all}");
                Failure::Usage(text)
            })
        });
        let authorities = self.authorities.as_ref().map(|file| {
            std::fs::read(file).map_err(|error| {
                let file = file.display();
                Failure::Usage(format!("identity.authorities: cannot read {file}: {error}"))
            })
        });
        if !matches!(self.security_level_min, 0 | 3 | 4) {
            return Err(Failure::Usage("identity.security_level_min is not 4, 3 or 0".into()));
        }
        Ok(Options {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            algorithms: algorithms.collect::<Result<_, _>>()?,
            skew_seconds: self.skew_seconds,
            is_dpop_required: self.dpop == Dpop::Required,
            is_nonce_required: self.dpop_nonce,
            proof_seconds_max: self.proof_seconds_max,
            security_level_min: self.security_level_min,
            timeout: Duration::from_secs(self.timeout_seconds.into()),
            authorities: authorities.transpose()?,
            keys_seconds_max: self.keys_seconds_max,
            keys_pause_seconds: self.keys_pause_seconds,
        })
    }

    /// Whether a token without SMART's clinical scopes is refused.
    pub(crate) fn are_scopes_required(&self) -> bool {
        self.scopes_required
    }

    /// What callers need, as the CapabilityStatement says it.
    pub(crate) fn description(&self) -> String {
        let way = match self.dpop {
            Dpop::Required => "bound to a key (DPoP)",
            Dpop::Accepted => "bound to a key (DPoP) or not (Bearer)",
        };
        format!("Access tokens {way} from {}, with audience {}.", self.issuer, self.audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(more: &str) -> Result<Options, String> {
        let text = format!("issuer = \"https://helseid.example\"\naudience = \"a\"\n{more}");
        let settings: IdentitySettings = toml::from_str(&text).map_err(|e| e.to_string())?;
        settings.options().map_err(|failure| failure.line())
    }

    #[test]
    fn issuer_and_audience_are_enough_and_the_rest_is_strict() {
        let options = of("").unwrap();
        assert!(options.is_dpop_required && options.is_nonce_required);
        assert_eq!((options.security_level_min, options.skew_seconds), (4, 10));
        assert_eq!(options.algorithms, Algorithm::ALL);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (more, named) in [
            ("algorithms = [\"HS256\"]", "identity.algorithms: \"HS256\""),
            ("algorithms = [\"none\"]", "identity.algorithms"),
            ("security_level_min = 5", "identity.security_level_min"),
            ("dpop = \"never\"", "dpop"),
            ("isuer = \"x\"", "isuer"),
            ("authorities = \"no such file\"", "identity.authorities: cannot read no such file"),
        ] {
            let error = of(more).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
