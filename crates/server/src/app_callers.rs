//! Callers of `/fhir` with an access token of our own authorisation server: apps that people let in,
//! and systems.
//!
//! Our tokens have no full stops; what has some is a JWT and goes to those who check these
//! (`callers`), if there are any. Not here: what a token stands on (`smart`), what the caller may see
//! (`access`).

use std::sync::Arc;

use akson_api::{Admission, Admitted, Authenticator, Denied, Shown};
use akson_identity::clients::shown_token;
use akson_identity::tokens::Asked;
use akson_smart::AuthorisationServer;
use akson_smart::discovery::{AUTHORIZE, INTROSPECT, MANAGE, REVOKE, TOKEN};
use axum::http::header::AUTHORIZATION;

use crate::callers::{admitted, denied, nonce_header};
use crate::limits::{Limits, throttled};

/// Callers with tokens of ours, and with others where those are taken.
pub(crate) struct AppCallers {
    server: Arc<AuthorisationServer>,
    limits: Arc<Limits>,
    others: Option<Arc<dyn Authenticator>>,
}

impl AppCallers {
    pub(crate) fn new(
        server: Arc<AuthorisationServer>,
        limits: Arc<Limits>,
        others: Option<Arc<dyn Authenticator>>,
    ) -> Self {
        Self { server, limits, others }
    }

    async fn by_token(&self, shown: Shown<'_>) -> Result<Admitted, Box<Denied>> {
        let asked = Asked {
            headers: &shown.parts.headers,
            method: shown.parts.method.as_str(),
            base: shown.base,
            path: shown.path,
        };
        let Some(found) = self.server.resolve(&asked).await else {
            return Err(denied(*self.server.nothing_shown()));
        };
        let found = found.map_err(|refusal| denied(*refusal))?;
        let headers = nonce_header(found.nonce);
        let taken = self.server.take(&found.app);
        taken.map_err(|too_many| throttled(too_many, "APP-047", "This app"))?;
        admitted(&self.limits, &found.app.client_id, found.actor, headers)
    }
}

impl Authenticator for AppCallers {
    fn authenticate<'a>(&'a self, shown: Shown<'a>) -> Admission<'a> {
        let headers = &shown.parts.headers;
        let is_ours = shown_token(headers).is_some();
        let shows_something = headers.contains_key(AUTHORIZATION);
        match &self.others {
            Some(others) if shows_something && !is_ours => others.authenticate(shown),
            Some(_) | None => Box::pin(self.by_token(shown)),
        }
    }

    fn description(&self) -> String {
        let own = "Apps ask our own authorisation server (SMART App Launch 2.2).";
        match &self.others {
            Some(others) => format!("{own} {}", others.description()),
            None => own.to_string(),
        }
    }

    fn takes_tokens(&self) -> bool {
        true
    }

    fn oauth_uris(&self) -> Vec<(&'static str, String)> {
        let uris = [
            ("authorize", AUTHORIZE),
            ("token", TOKEN),
            ("introspect", INTROSPECT),
            ("revoke", REVOKE),
            ("manage", MANAGE),
        ];
        uris.into_iter().map(|(name, path)| (name, self.server.address(path))).collect()
    }
}
