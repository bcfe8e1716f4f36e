//! Access tokens of systems and personnel: `Authorization: Bearer …` or `DPoP …`, from one issuer.
//!
//! [`Tokens::identify`] is the way in. The files below it, in the order in which a request meets
//! them: `jws` (the form), `signed` with `provider` and `key` (the signature), `claims` (for us, and now),
//! `helseid` and `trust_framework` (who and why), `dpop` with `nonces` and `replay` (that the caller
//! holds the token's key), `denial` (how a no is told).
//! Standard: RFC 6750, RFC 9068, RFC 9449, RFC 8725

mod algorithm;
pub(crate) mod claims;
pub(crate) mod denial;
pub(crate) mod dpop;
pub(crate) mod helseid;
pub(crate) mod jws;
pub(crate) mod key;
pub(crate) mod nonces;
pub(crate) mod provider;
mod replay;
pub(crate) mod signed;
mod trust_framework;

use std::sync::Arc;
use std::time::Duration;

use akson_access::Identity;
use akson_base::kept::Keeping;
use akson_base::limits::{ACCESS_TOKEN_BYTES_MAX, ACCESS_TOKENS_REMEMBERED_MAX};
use akson_base::{Clock, Kind, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use quick_cache::sync::Cache;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

pub use algorithm::Algorithm;
use claims::{Claims, malformed};
pub use denial::Refusal;
use denial::{Challenges, Denial, Error, Scheme};
use dpop::Proofs;
use key::sha256;
use nonces::Nonces;
use provider::{Pace, Provider};
use signed::Signed;

use crate::outbound::{Outbound, parse_address};

/// How long a token's signature need not be checked again.
const REMEMBERED_SECONDS_MAX: i64 = 60;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who issues the tokens, exactly as `iss` says it.
    pub issuer: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Signature algorithms of tokens and proofs.
    pub algorithms: Vec<Algorithm>,
    /// How far clocks may be apart, seconds.
    pub skew_seconds: u32,
    /// Whether tokens that are bound to no key are refused.
    pub is_dpop_required: bool,
    /// Whether proofs must carry a nonce of ours.
    pub is_nonce_required: bool,
    /// How old a proof may be, seconds.
    pub proof_seconds_max: u32,
    /// Least security level of a person: 3 or 4; 0 asks for none.
    pub security_level_min: u8,
    /// Time for one request to the provider.
    pub timeout: Duration,
    /// The certificate authorities that vouch for the provider, in PEM form; `None`: the machine's.
    pub authorities: Option<Vec<u8>>,
    /// Age at which the provider's keys are fetched again.
    pub keys_seconds_max: u32,
    /// Shortest time between two attempts to fetch them.
    pub keys_pause_seconds: u32,
}

/// A request, as far as its token is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// `GET`.
    pub method: &'a str,
    /// Where the address begins, as callers know it: `https://journal.example.no/fhir`. Not from
    /// the request's own `Host`: a proof that was made for another server could then be used here.
    pub base: &'a str,
    /// The rest of the address, without query: `/Patient/1`.
    pub path: &'a str,
}

/// What a token proved.
#[derive(Debug)]
pub struct Proved {
    /// Who.
    pub identity: Identity,
    /// SHA-256 of the token: the same for all requests with it.
    pub fingerprint: [u8; 32],
    /// Seconds since 1970.
    expires: i64,
    /// When the signature was checked, seconds since 1970.
    checked: i64,
    /// Thumbprint of the key that the token is bound to.
    thumbprint: Option<[u8; 32]>,
}

/// A request that is let in.
#[derive(Debug)]
pub struct Identified {
    /// What its token proved.
    pub proved: Arc<Proved>,
    /// A newer nonce for the client's next proof, for the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

/// Checks tokens of one issuer.
pub struct Tokens {
    options: Options,
    clock: Arc<dyn Clock>,
    provider: Arc<Provider>,
    proofs: Proofs,
    challenges: Challenges,
    remembered: Cache<[u8; 32], Arc<Proved>>,
}

impl Tokens {
    /// Tokens by these rules. Asks the provider for nothing yet. A setting that cannot be is
    /// `IDN-062`, with the setting's name for the log.
    pub fn new(options: Options, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let cannot = |reason: &str| Problem::fault("IDN-062", format!("identity.{reason}"));
        let issuer = parse_address(&options.issuer);
        let issuer = issuer.map_err(|reason| cannot(&format!("issuer is {reason}")))?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(cannot("issuer has a query or a fragment"));
        }
        if options.audience.is_empty() {
            return Err(cannot("audience is empty"));
        }
        if options.algorithms.is_empty() {
            return Err(cannot("algorithms is empty"));
        }
        let mut secret = [0; 32];
        SystemRandom::new()
            .fill(&mut secret)
            .map_err(|_| Problem::fault("IDN-063", "the operating system gives no randomness"))?;
        let nonces = options.is_nonce_required.then(|| Nonces::new(&secret));
        let (age, skew) = (options.proof_seconds_max.into(), options.skew_seconds.into());
        let pace = Pace::of_seconds(options.keys_seconds_max, options.keys_pause_seconds);
        let outbound = Outbound::of(options.authorities.as_deref(), options.timeout)?;
        let provider = Provider::new(options.issuer.clone(), outbound, Arc::clone(&clock), pace);
        Ok(Self {
            clock,
            provider: Arc::new(provider),
            proofs: Proofs::new(options.algorithms.clone(), age, skew, nonces),
            challenges: Challenges {
                algorithms: Algorithm::names(&options.algorithms, " "),
                bearer_is_open: !options.is_dpop_required,
                security_level: options.security_level_min,
            },
            remembered: Cache::new(ACCESS_TOKENS_REMEMBERED_MAX),
            options,
        })
    }

    /// One of several who serve the same record, as far as it is served by several: a DPoP proof is used
    /// once in the whole house. Waits for the disk: for the start.
    pub fn in_house(self, kept: &Arc<dyn Keeping>) -> Result<Self, Problem> {
        Ok(Self { proofs: self.proofs.in_house(kept)?, ..self })
    }

    /// Fetches the provider's keys before the first request needs them. A failure is in the log,
    /// and the next token tries again.
    pub async fn warm_up(&self) {
        self.provider.refresh(0).await;
    }

    /// Who calls, by the request's token.
    pub async fn identify(&self, asked: &Asked<'_>) -> Result<Identified, Box<Refusal>> {
        let now = self.now();
        let shown = self.shown(asked.headers);
        let scheme = shown.as_ref().ok().map(|(scheme, _)| *scheme);
        let outcome = match shown {
            Ok((scheme, token)) => self.check(scheme, token, asked).await,
            Err(denial) => Err(denial),
        };
        outcome.map_err(|denial| {
            let needs_nonce = denial.error == Error::UseNonce || scheme == Some(Scheme::Dpop);
            let nonce = self.proofs.nonce(now).filter(|_| needs_nonce);
            Box::new(self.challenges.refusal(denial, scheme, nonce.as_deref()))
        })
    }

    fn now(&self) -> i64 {
        self.clock.now().0.div_euclid(1000)
    }

    /// The one token of a request, and how it is shown.
    fn shown<'a>(&self, headers: &'a HeaderMap) -> Result<(Scheme, &'a str), Denial> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Err(self.nothing_shown());
        };
        let unreadable = |text: &str| Denial::new(Error::InvalidRequest, "IDN-002", text);
        if values.next().is_some() {
            return Err(unreadable("The request has more than one Authorization header."));
        }
        let value = value.to_str().unwrap_or_default();
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        let scheme = if scheme.eq_ignore_ascii_case("bearer") {
            Scheme::Bearer
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Scheme::Dpop
        } else {
            return Err(self.nothing_shown());
        };
        let token = token.trim_matches(' ');
        if token.is_empty() || token.contains(' ') {
            let text = "Authorization must be Bearer or DPoP, one space, and an access token.";
            return Err(unreadable(text));
        }
        Ok((scheme, token))
    }

    fn nothing_shown(&self) -> Denial {
        let ways = if self.options.is_dpop_required { "DPoP" } else { "DPoP or Bearer" };
        let text = format!(
            "This address needs an access token ({ways}) from {}, with audience {}.",
            self.options.issuer, self.options.audience
        );
        Denial::new(Error::NothingShown, "IDN-001", text)
    }

    async fn check(
        &self,
        scheme: Scheme,
        token: &str,
        asked: &Asked<'_>,
    ) -> Result<Identified, Denial> {
        if token.len() > ACCESS_TOKEN_BYTES_MAX {
            let text = format!("The token is longer than {ACCESS_TOKEN_BYTES_MAX} bytes.");
            return Err(Denial::token("IDN-003", text));
        }
        let fingerprint = sha256(token.as_bytes());
        let now = self.now();
        let proved = match self.remembered(&fingerprint, now) {
            Some(proved) => proved,
            None => {
                let proved = Arc::new(self.verify(token, fingerprint).await?);
                self.remembered.insert(fingerprint, Arc::clone(&proved));
                proved
            }
        };
        let nonce = self.held(scheme, &proved, asked).await?;
        Ok(Identified { proved, nonce })
    }

    /// What was proved by the same token a short while ago, if that still holds.
    fn remembered(&self, fingerprint: &[u8; 32], now: i64) -> Option<Arc<Proved>> {
        let skew = i64::from(self.options.skew_seconds);
        let still = |proved: &Arc<Proved>| {
            now < proved.expires + skew
                && (0..REMEMBERED_SECONDS_MAX).contains(&(now - proved.checked))
        };
        self.remembered.get(fingerprint).filter(still)
    }

    async fn verify(&self, token: &str, fingerprint: [u8; 32]) -> Result<Proved, Denial> {
        let rules = Signed {
            bytes_max: ACCESS_TOKEN_BYTES_MAX,
            algorithms: &self.options.algorithms,
            types: &["at+jwt", "JWT"],
            may_lack_type: false,
        };
        let (claims, _) = rules.verify(token, &self.provider).await?;
        let checked = self.now();
        let expires = claims.check(&claims::Expected {
            issuer: self.provider.issuer(),
            audience: &self.options.audience,
            now: checked,
            skew: self.options.skew_seconds.into(),
        })?;
        let identity = helseid::identity(&claims)?;
        self.is_strong_enough(&identity)?;
        let thumbprint = thumbprint(&claims)?;
        Ok(Proved { identity, fingerprint, expires, checked, thumbprint })
    }

    fn is_strong_enough(&self, identity: &Identity) -> Result<(), Denial> {
        let is_person = identity.national_number.is_some() || identity.hpr_number.is_some();
        let least = self.options.security_level_min;
        if !is_person || identity.security_level >= least {
            return Ok(());
        }
        let text = format!(
            "The person logged in at security level {}, and level {least} is needed here.",
            identity.security_level
        );
        Err(Denial::new(Error::InsufficientAuthentication, "IDN-015", text))
    }

    /// Whether the caller shows the token in the way that it was given for, and holds its key.
    async fn held(
        &self,
        scheme: Scheme,
        proved: &Proved,
        asked: &Asked<'_>,
    ) -> Result<Option<String>, Denial> {
        match (scheme, &proved.thumbprint) {
            (Scheme::Bearer, Some(_)) => {
                let text = "The token is bound to a key. Send it as Authorization: DPoP, with a \
                            proof in the DPoP header.";
                Err(Denial::token("IDN-029", text))
            }
            (Scheme::Dpop, None) => {
                let text = "The token is bound to no key. Ask for one that is (DPoP at the token \
                            endpoint), or send it as Authorization: Bearer.";
                Err(Denial::token("IDN-030", text))
            }
            (Scheme::Bearer, None) if self.options.is_dpop_required => {
                let text = "Only tokens that are bound to a key are accepted here (DPoP).";
                Err(Denial::token("IDN-031", text))
            }
            (Scheme::Bearer, None) => Ok(None),
            (Scheme::Dpop, Some(thumbprint)) => {
                let expected = dpop::Expected {
                    method: asked.method,
                    base: asked.base,
                    path: asked.path,
                    token: Some(dpop::Bound { fingerprint: &proved.fingerprint, thumbprint }),
                    now: self.now(),
                };
                Ok(self.proofs.check(asked.headers, &expected).await?.newer)
            }
        }
    }
}

/// The key that a token is bound to. Bound in a way that is not known here, it is refused: its
/// restriction could not be kept.
fn thumbprint(claims: &Claims) -> Result<Option<[u8; 32]>, Denial> {
    match claims.0.get("cnf") {
        None => Ok(None),
        Some(cnf) => {
            let told = cnf.get("jkt").and_then(Value::as_str);
            let told = told.and_then(|told| URL_SAFE_NO_PAD.decode(told).ok());
            let told: Option<[u8; 32]> = told.and_then(|told| told.try_into().ok());
            told.map(Some).ok_or_else(|| malformed("cnf", "a key's thumbprint (jkt)"))
        }
    }
}

/// The refusal of a request whose token is good, but whose bearer may not come in.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        debug_assert_ne!(problem.kind, Kind::Unauthenticated, "a 401 needs a challenge");
        Self { problem: Box::new(problem), headers: HeaderMap::new() }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("options", &self.options).finish_non_exhaustive()
    }
}
