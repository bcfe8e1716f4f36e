//! Who calls: everybody as one actor, or whoever a request proves to be.
//!
//! Not here: the proof itself. `server` hands in what checks tokens or logins and asks the registers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use akson_access::Actor;
use akson_base::Problem;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// How callers become known.
#[derive(Clone)]
pub enum Callers {
    /// Everybody is this actor, and nobody is asked: `--open`, and a server that lets nobody in.
    Everybody(Arc<Actor>),
    /// Each request proves who calls, all but `GET /metadata` and `OPTIONS`.
    Proved(Arc<dyn Authenticator>),
}

/// Checks what a request shows of its caller.
pub trait Authenticator: Send + Sync {
    /// Who calls, or why that is not known well enough.
    fn authenticate<'a>(&'a self, shown: Shown<'a>) -> Admission<'a>;

    /// What callers need, for `CapabilityStatement.rest.security.description`.
    fn description(&self) -> String;

    /// Whether access tokens (OAuth 2.0) are among what is taken.
    fn takes_tokens(&self) -> bool;

    /// The addresses of our own authorisation server, by the names of SMART's `oauth-uris`; empty
    /// when there is none.
    fn oauth_uris(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// An answer of [`Authenticator::authenticate`], in time.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<Admitted, Box<Denied>>> + Send + 'a>>;

/// What a request shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Method, address and headers.
    pub parts: &'a Parts,
    /// The FHIR address as the operator set it, or as it is listened on; never by the request's
    /// own `Host`.
    pub base: &'a str,
    /// What follows the base in the request's address, encoded, without query: `/Patient/1`.
    pub path: &'a str,
}

/// A caller who is known.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who.
    pub actor: Arc<Actor>,
    /// What the answer is to carry for the authenticator, such as a new nonce.
    pub headers: HeaderMap,
}

/// A caller who is not let in.
#[derive(Clone, Debug)]
pub struct Denied {
    /// Why; its kind decides the status.
    pub problem: Box<Problem>,
    /// What goes with the answer: `WWW-Authenticate` and the like.
    pub headers: HeaderMap,
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody(actor) => f.debug_tuple("Everybody").field(&actor.id).finish(),
            Self::Proved(authenticator) => {
                f.debug_tuple("Proved").field(&authenticator.description()).finish()
            }
        }
    }
}
