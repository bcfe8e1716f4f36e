//! Callers of `/fhir` who are logged in on the pages: a person's own browser, from our own pages.
//!
//! A request that shows an access token is not ours: it goes to those who check tokens
//! (`callers`), if there are any. Not here: logging in (`web`), what the caller may see (`access`).

use std::sync::Arc;

use akson_access::Actor;
use akson_api::{Admission, Admitted, Authenticator, Denied, Shown};
use akson_base::{Kind, Problem};
use akson_identity::sessions::{Cookies, Found, LoggedIn, Origins, Sessions, Ticket};
use akson_record::Record;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};

use crate::limits::Limits;

/// Callers with the cookie of a login.
pub(crate) struct LoginCallers {
    sessions: Arc<Sessions>,
    cookies: Cookies,
    origins: Origins,
    record: Arc<Record>,
    limits: Arc<Limits>,
    tokens: Option<Arc<dyn Authenticator>>,
    /// The security level of login that it takes to change something.
    writes_level: u8,
}

impl LoginCallers {
    pub(crate) fn new(
        sessions: Arc<Sessions>,
        origins: Origins,
        record: Arc<Record>,
        limits: Arc<Limits>,
        tokens: Option<Arc<dyn Authenticator>>,
    ) -> Self {
        let cookies = Cookies { is_https: origins.is_https() };
        Self { sessions, cookies, origins, record, limits, tokens, writes_level: 0 }
    }

    /// With a security level that is needed for what changes something, as on the pages.
    pub(crate) fn with_writes_level(self, writes_level: u8) -> Self {
        Self { writes_level, ..self }
    }

    async fn by_login(&self, shown: Shown<'_>) -> Result<Arc<Actor>, Problem> {
        let headers = &shown.parts.headers;
        let Some(ticket) = self.cookies.login(headers) else { return Err(nobody()) };
        // A browser sends the cookie along with what other pages ask, too.
        let is_read = matches!(shown.parts.method, Method::GET | Method::HEAD);
        let is_ours = match is_read {
            true => self.origins.may_read(headers),
            false => self.origins.sent(headers),
        };
        if !is_ours {
            return Err(Problem::new(
                Kind::Refused,
                "IDN-074",
                "With the login of the pages only our own pages may call, and what changes \
                 something must say so (Origin). Other callers bring an access token.",
            ));
        }
        match self.sessions.find(&ticket)? {
            // A search by POST changes nothing.
            Found::In(login)
                if login.security_level < self.writes_level
                    && !is_read
                    && !shown.path.ends_with("/_search") =>
            {
                Err(Problem::new(
                    Kind::Refused,
                    "IDN-106",
                    "To change something here takes a login at a higher security level. Log in \
                     again on the pages.",
                ))
            }
            Found::In(login) => self.confirmed(&ticket, login).await,
            Found::Nobody | Found::TimedOut | Found::Choosing(_) => Err(nobody()),
        }
    }

    /// Asks the registers again, now and then, whether the role still holds.
    async fn confirmed(&self, ticket: &Ticket, login: LoggedIn) -> Result<Arc<Actor>, Problem> {
        let Some(identity) = login.unconfirmed.clone() else { return Ok(login.actor) };
        let record = Arc::clone(&self.record);
        let asked = tokio::task::spawn_blocking(move || record.actors(&identity)).await;
        let actors = asked.map_err(|error| Problem::fault("IDN-075", error.to_string()))??;
        let confirmed = self.sessions.confirm(ticket, &login, actors).await?;
        confirmed.map(|login| login.actor).ok_or_else(nobody)
    }
}

fn nobody() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "IDN-073",
        "No one is logged in, or the login is over. Log in on the pages, or bring an access token \
         where the CapabilityStatement says that they are taken.",
    )
}

impl Authenticator for LoginCallers {
    fn authenticate<'a>(&'a self, shown: Shown<'a>) -> Admission<'a> {
        match &self.tokens {
            Some(tokens) if shown.parts.headers.contains_key(AUTHORIZATION) => {
                tokens.authenticate(shown)
            }
            Some(_) | None => Box::pin(async move {
                let headers = HeaderMap::new;
                let actor = self.by_login(shown).await.map_err(|problem| {
                    Box::new(Denied { problem: Box::new(problem), headers: headers() })
                })?;
                self.limits.take(None, &actor)?;
                Ok(Admitted { actor, headers: headers() })
            }),
        }
    }

    fn description(&self) -> String {
        let own = "Our own pages call with the login of the person who reads them.";
        match &self.tokens {
            Some(tokens) => format!("{own} {}", tokens.description()),
            None => own.to_string(),
        }
    }

    fn takes_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    fn oauth_uris(&self) -> Vec<(&'static str, String)> {
        self.tokens.as_ref().map(|tokens| tokens.oauth_uris()).unwrap_or_default()
    }
}
