//! DPoP proofs: that the caller holds the key which its token is bound to, for this one request.
//!
//! Standard: RFC 9449 section 4.3; the numbers in comments are its list's

use std::sync::Arc;

use akson_base::Problem;
use akson_base::kept::Keeping;
use akson_base::limits::{DPOP_PROOF_BYTES_MAX, DPOP_PROOFS_REMEMBERED_MAX};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use url::Url;

use super::algorithm::Algorithm;
use super::claims::Claims;
use super::denial::{DPOP_NONCE, Denial, Error};
use super::jws::{Jws, quoted};
use super::key::{Key, sha256};
use super::nonces::{Nonces, Standing};
use super::replay::{Noted, Replays};
use crate::kept::shared_key;

/// Longest `jti`.
const JTI_CHARS_MAX: usize = 256;

/// The rules that proofs are held against.
#[derive(Debug)]
pub(crate) struct Proofs {
    pub(crate) algorithms: Vec<Algorithm>,
    /// How long after it was made a proof is accepted.
    seconds_max: i64,
    skew: i64,
    /// `None`: nonces are neither handed out nor asked for.
    nonces: Option<Nonces>,
    replays: Replays,
}

/// What one proof must be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) method: &'a str,
    /// Where the address begins, as callers know it: `https://journal.example.no/fhir`.
    pub(crate) base: &'a str,
    /// The rest of the address, encoded as it came, without query: `/Patient/1`.
    pub(crate) path: &'a str,
    /// The access token that comes with it; `None` at the token endpoint, where there is none yet.
    pub(crate) token: Option<Bound<'a>>,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// An access token that is bound to a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    /// SHA-256 of the token.
    pub(crate) fingerprint: &'a [u8; 32],
    /// Thumbprint of the key.
    pub(crate) thumbprint: &'a [u8; 32],
}

/// What a good proof proved.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Thumbprint of the key that the caller holds.
    pub(crate) thumbprint: [u8; 32],
    /// A newer nonce for the client, if there is one.
    pub(crate) newer: Option<String>,
}

impl Proofs {
    pub(crate) fn new(
        algorithms: Vec<Algorithm>,
        seconds_max: i64,
        skew: i64,
        nonces: Option<Nonces>,
    ) -> Self {
        // From the earliest time at which a proof is accepted to the latest.
        let keep = seconds_max + 2 * skew;
        let replays = Replays::new(keep, DPOP_PROOFS_REMEMBERED_MAX);
        Self { algorithms, seconds_max, skew, nonces, replays }
    }

    /// One of several who serve the same record: a proof is used once in the whole house, and a nonce of
    /// one is a nonce of all. Waits for the disk.
    pub(crate) fn in_house(mut self, kept: &Arc<dyn Keeping>) -> Result<Self, Problem> {
        self.replays.set_house(kept);
        if self.nonces.is_some() && kept.is_shared() {
            self.nonces = Some(Nonces::new(&shared_key(&**kept, "akson dpop nonces")?));
        }
        Ok(self)
    }

    /// The nonce to hand out now, when nonces are asked for.
    pub(crate) fn nonce(&self, now: i64) -> Option<String> {
        self.nonces.as_ref().map(|nonces| nonces.current(now))
    }

    /// Checks the proof of one request.
    pub(crate) async fn check(
        &self,
        headers: &HeaderMap,
        expected: &Expected<'_>,
    ) -> Result<Held, Denial> {
        let mut shown = headers.get_all("dpop").iter();
        // 1: exactly one proof.
        let (Some(proof), None) = (shown.next(), shown.next()) else {
            let text = "Send exactly one DPoP header with a proof for this request.";
            return Err(Denial::proof("IDN-020", text));
        };
        let malformed =
            |reason: &str| Denial::proof("IDN-021", format!("The DPoP proof {reason}."));
        let proof = proof.to_str().map_err(|_| malformed("is not ASCII"))?;
        // 2, 3: a JWT with the claims that it must have.
        let jws = Jws::parse(proof, DPOP_PROOF_BYTES_MAX).map_err(malformed)?;
        let (key, algorithm) = self.key(&jws)?;
        // 6: the signature is of the key in the header.
        if !jws.signed_by(&key, algorithm) {
            let text = "The signature of the DPoP proof does not hold.";
            return Err(Denial::proof("IDN-022", text));
        }
        let claims = Claims(jws.claims);
        let text = |name: &str| claims.text(name).ok().flatten();
        let need = |name: &str| text(name).ok_or_else(|| malformed(&format!("lacks {name}")));
        for_this_request(need("htm")?, need("htu")?, expected)?;
        // 12: made for this token, by the key that the token is bound to.
        let thumbprint = key.thumbprint();
        if let Some(token) = expected.token {
            if need("ath")? != URL_SAFE_NO_PAD.encode(token.fingerprint) {
                let text = "The DPoP proof is for another access token (ath).";
                return Err(Denial::proof("IDN-025", text));
            }
            if thumbprint != *token.thumbprint {
                let text = "The DPoP proof is by another key than the access token is bound to.";
                return Err(Denial::token("IDN-027", text));
            }
        }
        let newer = self.fresh(text("nonce"), expected.now)?;
        // 11: made just now.
        let made = claims.seconds("iat").ok().flatten().ok_or_else(|| malformed("lacks iat"))?;
        self.recent(made, expected.now)?;
        let jti = need("jti")?;
        if jti.is_empty() || jti.len() > JTI_CHARS_MAX {
            return Err(malformed(&format!(
                "has a jti that is not 1 to {JTI_CHARS_MAX} characters"
            )));
        }
        self.first(jti, &thumbprint, expected.now).await?;
        Ok(Held { thumbprint, newer })
    }

    /// 4, 5, 7: the type, an allowed algorithm, and a public key that fits it.
    fn key(&self, jws: &Jws<'_>) -> Result<(Key, Algorithm), Denial> {
        let malformed =
            |reason: &str| Denial::proof("IDN-021", format!("The DPoP proof {reason}."));
        if !jws.is_type("dpop+jwt") {
            return Err(malformed("is not of typ dpop+jwt"));
        }
        let algorithm = Algorithm::of_name(&jws.header.alg);
        let algorithm = algorithm.filter(|algorithm| self.algorithms.contains(algorithm));
        let Some(algorithm) = algorithm else {
            let names = Algorithm::names(&self.algorithms, ", ");
            let text = format!("has an alg that is not accepted. Use one of {names}");
            return Err(malformed(&text).with_log(format!("alg {}", quoted(&jws.header.alg))));
        };
        let jwk = jws.header.jwk.as_ref().ok_or_else(|| malformed("has no public key (jwk)"))?;
        let key =
            Key::of_jwk(jwk).map_err(|reason| malformed(&format!("has a bad jwk: {reason}")))?;
        if !key.fits(algorithm) {
            return Err(malformed("has a jwk that does not go with its alg"));
        }
        Ok((key, algorithm))
    }

    /// 10: the nonce that we handed out. Answers with a newer one when there is.
    fn fresh(&self, nonce: Option<&str>, now: i64) -> Result<Option<String>, Denial> {
        let Some(nonces) = &self.nonces else {
            return Ok(None);
        };
        match nonce.map_or(Standing::Unknown, |nonce| nonces.standing(nonce, now)) {
            Standing::Current => Ok(None),
            Standing::Previous => Ok(Some(nonces.current(now))),
            Standing::Unknown => {
                let text = format!(
                    "The DPoP proof needs the nonce of this answer's {DPOP_NONCE} header. \
                     Make a new proof with it and try again."
                );
                Err(Denial::new(Error::UseNonce, "IDN-028", text))
            }
        }
    }

    fn recent(&self, made: i64, now: i64) -> Result<(), Denial> {
        if made - self.skew <= now && now <= made + self.seconds_max + self.skew {
            return Ok(());
        }
        let text = format!(
            "The DPoP proof was not made within the last {} seconds (iat). Make one for each \
             request, and compare the clocks.",
            self.seconds_max
        );
        Err(Denial::proof("IDN-024", text).with_log(format!("iat {made}, now {now}")))
    }

    async fn first(&self, jti: &str, thumbprint: &[u8; 32], now: i64) -> Result<(), Denial> {
        let id = sha256(&[&thumbprint[..], jti.as_bytes()].concat());
        let noted = self.replays.note(id, now).await.map_err(|problem| {
            Denial::new(Error::Ours, problem.code, problem.for_caller).with_log(problem.for_log)
        })?;
        match noted {
            Noted::First => Ok(()),
            Noted::Again => {
                let text = "The DPoP proof was used before. Make one for each request.";
                Err(Denial::proof("IDN-026", text))
            }
            Noted::Full => {
                let text = "More requests than can be told apart. Try again in a moment.";
                Err(Denial::new(Error::Ours, "IDN-032", text).with_log(
                    "the memory for used DPoP proofs is full (DPOP_PROOFS_REMEMBERED_MAX)",
                ))
            }
        }
    }
}

/// 8, 9: this method at this address, query and fragment left out.
fn for_this_request(htm: &str, htu: &str, expected: &Expected<'_>) -> Result<(), Denial> {
    if htm != expected.method {
        let text = format!("The DPoP proof is for another method than {} (htm).", expected.method);
        return Err(Denial::proof("IDN-023", text));
    }
    let own = format!("{}{}", expected.base, expected.path);
    let plain = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    if plain(htu).is_some_and(|told| Some(told) == plain(&own)) {
        return Ok(());
    }
    // The path may hold a patient's id: the base says enough.
    let text = format!(
        "The DPoP proof is for another address (htu). It must be the request's own, below {}.",
        expected.base
    );
    Err(Denial::proof("IDN-023", text).with_log(format!("expected below {}", expected.base)))
}
