//! Why a request's token is not good enough, and how that is said in `WWW-Authenticate`.
//!
//! Standard: RFC 6750 section 3 (Bearer), RFC 9449 section 7.1 (DPoP), RFC 9470 (step-up)

use akson_base::{Kind, Problem};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// What a header of an answer carries a nonce for DPoP proofs in.
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The `error` of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Nothing was shown, so there is nothing wrong with it (RFC 6750 section 3.1).
    NothingShown,
    /// The request itself is malformed.
    InvalidRequest,
    InvalidToken,
    InvalidProof,
    UseNonce,
    InsufficientAuthentication,
    /// Not the caller's doing: no challenge.
    Ours,
}

impl Error {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::NothingShown | Self::Ours => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InvalidProof => Some("invalid_dpop_proof"),
            Self::UseNonce => Some("use_dpop_nonce"),
            Self::InsufficientAuthentication => Some("insufficient_user_authentication"),
        }
    }
}

/// How a token was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

/// A problem and what its challenge says.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    pub(crate) problem: Box<Problem>,
    pub(crate) error: Error,
}

impl Denial {
    pub(crate) fn new(error: Error, code: &'static str, text: impl Into<String>) -> Self {
        let kind = match error {
            Error::InvalidRequest => Kind::Invalid,
            Error::NothingShown
            | Error::InvalidToken
            | Error::InvalidProof
            | Error::UseNonce
            | Error::InsufficientAuthentication => Kind::Unauthenticated,
            Error::Ours => Kind::Busy,
        };
        Self { problem: Box::new(Problem::new(kind, code, text)), error }
    }

    pub(crate) fn token(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(Error::InvalidToken, code, text)
    }

    pub(crate) fn proof(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(Error::InvalidProof, code, text)
    }

    /// Adds what the operator needs; what the caller sent is quoted and short.
    pub(crate) fn with_log(mut self, for_log: impl Into<String>) -> Self {
        self.problem.for_log = for_log.into();
        self
    }
}

impl From<Problem> for Denial {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), error: Error::Ours }
    }
}

/// What is left of a denial where nobody is challenged: in a login, the token is the provider's and
/// not the caller's, who is refused.
impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let mut problem = *denial.problem;
        if problem.kind == Kind::Unauthenticated {
            problem.kind = Kind::Refused;
        }
        problem
    }
}

/// A request that is not let in: the problem, and the headers that go with the answer.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What is wrong; its kind decides the status.
    pub problem: Box<Problem>,
    /// `WWW-Authenticate` (one for each way that is open) and `DPoP-Nonce`.
    pub headers: HeaderMap,
}

/// What challenges need to know about the rules in force.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    /// Names of the algorithms of proofs, with spaces.
    pub(crate) algorithms: String,
    /// Whether tokens that are bound to no key are taken.
    pub(crate) bearer_is_open: bool,
    /// `acr_values` of a step-up.
    pub(crate) security_level: u8,
}

impl Challenges {
    /// The refusal of a request that showed its token in this way (`None`: it showed none).
    pub(crate) fn refusal(
        &self,
        denial: Denial,
        scheme: Option<Scheme>,
        nonce: Option<&str>,
    ) -> Refusal {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(name, value);
            }
        };
        if denial.error != Error::Ours {
            let told = self.told(&denial);
            let dpop = match scheme {
                Some(Scheme::Bearer) if self.bearer_is_open => String::new(),
                Some(Scheme::Bearer | Scheme::Dpop) | None => told.clone(),
            };
            put(WWW_AUTHENTICATE, &format!("DPoP {dpop}algs=\"{}\"", self.algorithms));
            if self.bearer_is_open && scheme != Some(Scheme::Dpop) {
                let told = told.strip_suffix(", ").unwrap_or(&told);
                put(WWW_AUTHENTICATE, format!("Bearer {told}").trim_end());
            }
        }
        if let Some(nonce) = nonce {
            put(DPOP_NONCE, nonce);
        }
        Refusal { problem: denial.problem, headers }
    }

    /// `error="…", error_description="…", `, or nothing.
    fn told(&self, denial: &Denial) -> String {
        let Some(error) = denial.error.code() else {
            return String::new();
        };
        let problem = &denial.problem;
        // RFC 6750 section 3: ASCII without quotes and backslashes.
        let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let text: String = problem.for_caller.chars().filter(plain).collect();
        let step_up = match denial.error {
            Error::InsufficientAuthentication => {
                format!("acr_values=\"Level{}\", ", self.security_level)
            }
            Error::NothingShown
            | Error::InvalidRequest
            | Error::InvalidToken
            | Error::InvalidProof
            | Error::UseNonce
            | Error::Ours => String::new(),
        };
        format!("error=\"{error}\", error_description=\"{} {text}\", {step_up}", problem.code)
    }
}
