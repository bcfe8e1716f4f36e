//! Clients of an authorisation server of our own: the assertion by which one proves who it is, and
//! the DPoP proofs that come with its requests.
//!
//! Not here: which clients there are, what they may have, how an answer is written (`smart`, `api`),
//! tokens that others issue (`tokens`).
//! Standard: RFC 7523 section 3 as SMART App Launch 2.2 narrows it ("Client authentication:
//! asymmetric"), RFC 9449 sections 5 and 7

use std::sync::Arc;

use akson_base::kept::Keeping;
use akson_base::limits::{ACCESS_TOKEN_BYTES_MAX, CLIENT_ASSERTION_BYTES_MAX};
use akson_base::{Clock, Problem};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::rand::{SecureRandom, SystemRandom};

use crate::tokens::claims::Claims;
use crate::tokens::denial::{Challenges, Denial, Error, Scheme};
use crate::tokens::dpop::{Bound, Expected, Proofs};
use crate::tokens::jws::Jws;
use crate::tokens::key::{KeySet, sha256};
use crate::tokens::nonces::Nonces;
use crate::tokens::{Algorithm, Asked, Refusal};

/// Algorithms of assertions. SMART demands RS384 and ES384 of servers.
pub const ASSERTION_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Es384, Algorithm::Es256, Algorithm::Rs384, Algorithm::Ps256];
/// Longest time from now to the end of an assertion, seconds.
const ASSERTION_SECONDS_MAX: i64 = 300;
/// Longest `jti` of an assertion, bytes.
const JTI_BYTES_MAX: usize = 256;

/// The public keys of a client.
#[derive(Clone, Debug)]
pub struct ClientKeys(KeySet);

impl ClientKeys {
    /// Reads a JWK set. The error says what is wrong with it.
    pub fn of_json(text: &str) -> Result<Self, &'static str> {
        let json = serde_json::from_str(text).map_err(|_| "it is not JSON")?;
        KeySet::of_json(&json).map(Self)
    }

    /// How many of the set's keys can be used.
    pub fn count(&self) -> usize {
        self.0.keys.len()
    }
}

/// What a good assertion proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// SHA-256 of its `jti`: it must not come again.
    pub jti: [u8; 32],
    /// After which it cannot come again anyway, seconds since 1970.
    pub until: i64,
}

/// Who an assertion says that it is of. Not to be believed before [`check_assertion`].
pub fn client_of(assertion: &str) -> Option<String> {
    let jws = Jws::parse(assertion, CLIENT_ASSERTION_BYTES_MAX).ok()?;
    Claims(jws.claims).text("sub").ok().flatten().map(str::to_string)
}

/// Checks the assertion of a client with its keys; `audiences` are the names that we go by, `now`
/// and `skew` seconds. Whether it came before, the caller remembers. The error says, after "The
/// client assertion", what is wrong.
pub fn check_assertion(
    assertion: &str,
    client: &str,
    keys: &ClientKeys,
    audiences: &[&str],
    (now, skew): (i64, i64),
) -> Result<Asserted, String> {
    let jws = Jws::parse(assertion, CLIENT_ASSERTION_BYTES_MAX)?;
    let algorithm = Algorithm::of_name(&jws.header.alg);
    let Some(algorithm) = algorithm.filter(|own| ASSERTION_ALGORITHMS.contains(own)) else {
        let names = Algorithm::names(&ASSERTION_ALGORITHMS, ", ");
        return Err(format!("has an alg that is not accepted. Use one of {names}"));
    };
    let typed =
        jws.header.typ.is_none() || jws.is_type("JWT") || jws.is_type("client-authentication+jwt");
    if !typed {
        return Err("is not of typ JWT or client-authentication+jwt".into());
    }
    let key = keys.0.find(jws.header.kid.as_deref(), algorithm);
    let key = key.ok_or("is signed with a key (kid) that is not registered for the client")?;
    if !jws.signed_by(key, algorithm) {
        return Err("has a signature that does not hold".into());
    }
    let claims = Claims(jws.claims);
    let text = |name: &str| claims.text(name).ok().flatten();
    if text("iss") != Some(client) || text("sub") != Some(client) {
        return Err("must have the client's id as iss and as sub".into());
    }
    let named = claims.texts("aud").unwrap_or_default();
    if !named.iter().any(|name| audiences.contains(name)) {
        let first = audiences.first().copied().unwrap_or_default();
        return Err(format!("is for another audience. Its aud must be {first}"));
    }
    let seconds = |name: &str| claims.seconds(name).map_err(|_| format!("has a bad {name}"));
    let expires = seconds("exp")?.ok_or("has no exp")?;
    if now >= expires + skew {
        return Err("has expired".into());
    }
    if expires > now + ASSERTION_SECONDS_MAX + skew {
        return Err(format!("has an exp more than {ASSERTION_SECONDS_MAX} seconds from now"));
    }
    let begins = [seconds("nbf")?, seconds("iat")?].into_iter().flatten().max();
    if begins.is_some_and(|begins| now + skew < begins) {
        return Err("is not valid yet. Compare the clocks".into());
    }
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX);
    let jti = jti.ok_or_else(|| format!("has no jti of 1 to {JTI_BYTES_MAX} bytes"))?;
    Ok(Asserted { jti: sha256(format!("{client}\n{jti}").as_bytes()), until: expires + skew })
}

/// How a request shows a token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownToken<'a> {
    scheme: Scheme,
    /// The token itself: a secret.
    pub token: &'a str,
}

/// The one token of a request, if it has the form of ours: without the full stops of a JWT.
pub fn shown_token(headers: &HeaderMap) -> Option<ShownToken<'_>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let scheme = if scheme.eq_ignore_ascii_case("bearer") {
        Scheme::Bearer
    } else if scheme.eq_ignore_ascii_case("dpop") {
        Scheme::Dpop
    } else {
        return None;
    };
    let token = token.trim_matches(' ');
    let is_ours = (1..=ACCESS_TOKEN_BYTES_MAX).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_ours.then_some(ShownToken { scheme, token })
}

/// A proof at the token endpoint that is not good enough.
#[derive(Clone, Debug)]
pub struct Unproved {
    /// `invalid_dpop_proof` or `use_dpop_nonce`.
    pub error: &'static str,
    /// What is wrong.
    pub problem: Box<Problem>,
    /// For the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

/// What a good proof, or none, came to.
#[derive(Clone, Debug, Default)]
pub struct Possessed {
    /// Thumbprint of the key that the client holds; `None` when it sent no proof.
    pub thumbprint: Option<[u8; 32]>,
    /// A newer nonce, for the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

/// Checks DPoP proofs that come with tokens of ours.
pub struct Possession {
    clock: Arc<dyn Clock>,
    proofs: Proofs,
    challenges: Challenges,
}

impl std::fmt::Debug for Possession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Possession").field("proofs", &self.proofs).finish_non_exhaustive()
    }
}

impl Possession {
    /// By these rules: how old a proof may be and how far clocks may be apart, seconds, and whether
    /// it must carry a nonce of ours. Fails (`IDN-063`) when the machine has no randomness.
    pub fn new(
        clock: Arc<dyn Clock>,
        (proof_seconds_max, skew_seconds): (u32, u32),
        is_nonce_required: bool,
    ) -> Result<Self, Problem> {
        let mut secret = [0; 32];
        SystemRandom::new()
            .fill(&mut secret)
            .map_err(|_| Problem::fault("IDN-063", "the operating system gives no randomness"))?;
        let nonces = is_nonce_required.then(|| Nonces::new(&secret));
        let algorithms = Algorithm::ALL.to_vec();
        let challenges = Challenges {
            algorithms: Algorithm::names(&algorithms, " "),
            bearer_is_open: true,
            security_level: 0,
        };
        let (age, skew) = (proof_seconds_max.into(), skew_seconds.into());
        Ok(Self { clock, proofs: Proofs::new(algorithms, age, skew, nonces), challenges })
    }

    /// One of several who serve the same record: a proof is used once in the whole house. Waits for the
    /// disk: for the start.
    pub fn in_house(self, kept: &Arc<dyn Keeping>) -> Result<Self, Problem> {
        Ok(Self { proofs: self.proofs.in_house(kept)?, ..self })
    }

    fn now(&self) -> i64 {
        self.clock.now().0.div_euclid(1000)
    }

    /// The key that a client at the token endpoint wants its token bound to, if it sent a proof.
    pub async fn at_issue(&self, asked: &Asked<'_>) -> Result<Possessed, Unproved> {
        if !asked.headers.contains_key("dpop") {
            return Ok(Possessed::default());
        }
        let now = self.now();
        let Asked { method, base, path, headers } = *asked;
        let expected = Expected { method, base, path, token: None, now };
        match self.proofs.check(headers, &expected).await {
            Ok(held) => Ok(Possessed { thumbprint: Some(held.thumbprint), nonce: held.newer }),
            Err(denial) => Err(Unproved {
                error: match denial.error {
                    Error::UseNonce => "use_dpop_nonce",
                    Error::NothingShown
                    | Error::InvalidRequest
                    | Error::InvalidToken
                    | Error::InvalidProof
                    | Error::InsufficientAuthentication
                    | Error::Ours => "invalid_dpop_proof",
                },
                problem: denial.problem,
                nonce: self.proofs.nonce(now),
            }),
        }
    }

    /// Whether a token is shown in the way that it was given for, by who holds the key that it is
    /// bound to (`thumbprint`). Answers with a newer nonce, if there is one.
    pub async fn at_use(
        &self,
        shown: ShownToken<'_>,
        thumbprint: Option<&[u8; 32]>,
        asked: &Asked<'_>,
    ) -> Result<Option<String>, Box<Refusal>> {
        let denial = match (shown.scheme, thumbprint) {
            (Scheme::Bearer, None) => return Ok(None),
            (Scheme::Bearer, Some(_)) => {
                let text = "The token is bound to a key. Send it as Authorization: DPoP, with a \
                            proof in the DPoP header.";
                Denial::token("IDN-029", text)
            }
            (Scheme::Dpop, None) => {
                let text = "The token is bound to no key. Ask for one that is (DPoP at the token \
                            endpoint), or send it as Authorization: Bearer.";
                Denial::token("IDN-030", text)
            }
            (Scheme::Dpop, Some(thumbprint)) => {
                let fingerprint = sha256(shown.token.as_bytes());
                let token = Some(Bound { fingerprint: &fingerprint, thumbprint });
                let Asked { method, base, path, headers } = *asked;
                let now = self.now();
                let expected = Expected { method, base, path, token, now };
                match self.proofs.check(headers, &expected).await {
                    Ok(held) => return Ok(held.newer),
                    Err(denial) => denial,
                }
            }
        };
        Err(self.refused(shown, denial))
    }

    /// The refusal of a token that does not let in (401, `invalid_token`).
    pub fn refusal(&self, shown: ShownToken<'_>, code: &'static str, text: &str) -> Box<Refusal> {
        self.refused(shown, Denial::token(code, text))
    }

    /// The refusal of a request that shows no token (401), with how one is shown.
    pub fn nothing_shown(&self, code: &'static str, text: &str) -> Box<Refusal> {
        let denial = Denial::new(Error::NothingShown, code, text);
        Box::new(self.challenges.refusal(denial, None, None))
    }

    fn refused(&self, shown: ShownToken<'_>, denial: Denial) -> Box<Refusal> {
        let is_dpop = shown.scheme == Scheme::Dpop || denial.error == Error::UseNonce;
        let nonce = self.proofs.nonce(self.now()).filter(|_| is_dpop);
        Box::new(self.challenges.refusal(denial, Some(shown.scheme), nonce.as_deref()))
    }
}

/// SHA-256, as everything that must not be held in clear is held.
pub fn digest(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

/// A new secret: 256 random bits as 43 characters of base64url. Fails (`IDN-063`) when the machine
/// has no randomness.
pub fn new_secret() -> Result<String, Problem> {
    use base64::Engine;
    let mut bits = [0; 32];
    SystemRandom::new()
        .fill(&mut bits)
        .map_err(|_| Problem::fault("IDN-063", "the operating system gives no randomness"))?;
    Ok(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bits))
}
