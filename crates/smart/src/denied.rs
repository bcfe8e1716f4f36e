//! Why an app does not get what it asked for: a problem of ours, and OAuth's own word for it.
//!
//! Standard: RFC 6749 sections 4.1.2.1 and 5.2, RFC 9449 section 5, OpenID Connect Core 3.1.2.6

use akson_base::{Kind, Problem};

/// The `error` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standards' own words")]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    InteractionRequired,
    RequestNotSupported,
    InvalidDpopProof,
    UseDpopNonce,
    TemporarilyUnavailable,
    ServerError,
}

impl ErrorCode {
    /// As the answer says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }
}

/// A request that is not granted.
#[derive(Clone, Debug)]
pub struct Denied {
    /// OAuth's word.
    pub error: ErrorCode,
    /// What is wrong, and what would be right.
    pub problem: Box<Problem>,
    /// For the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

impl Denied {
    pub(crate) fn new(error: ErrorCode, problem: Problem) -> Self {
        Self { error, problem: Box::new(problem), nonce: None }
    }

    pub(crate) fn invalid_request(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, Problem::new(Kind::Invalid, code, text))
    }

    pub(crate) fn invalid_client(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidClient, Problem::new(Kind::Unauthenticated, code, text))
    }

    pub(crate) fn invalid_grant(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidGrant, Problem::new(Kind::Invalid, code, text))
    }

    pub(crate) fn invalid_scope(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidScope, Problem::new(Kind::Invalid, code, text))
    }
}

impl From<Problem> for Denied {
    fn from(problem: Problem) -> Self {
        let error = match problem.kind {
            Kind::Busy | Kind::Throttled => ErrorCode::TemporarilyUnavailable,
            Kind::NotFound
            | Kind::Gone
            | Kind::Invalid
            | Kind::Unprocessable
            | Kind::Conflict
            | Kind::Precondition
            | Kind::Unauthenticated
            | Kind::Refused
            | Kind::Unsupported
            | Kind::NotAllowed
            | Kind::MediaType
            | Kind::NotAcceptable
            | Kind::TooLarge
            | Kind::TooCostly => ErrorCode::InvalidRequest,
            Kind::Fault => ErrorCode::ServerError,
        };
        Self::new(error, problem)
    }
}
