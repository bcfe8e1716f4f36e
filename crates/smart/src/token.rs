//! The token endpoint: a code, a refresh token or a client's own key for an access token.
//!
//! Every refresh token is used once. One that comes again was stolen, or its thief's was used first:
//! the grant ends with all its tokens. So does one whose code comes again.
//! Standard: RFC 6749 sections 4.1.3, 4.4 and 6, RFC 7636 section 4.6, RFC 9700 section 4.14

use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_base::{Instant, Kind, Problem};
use akson_identity::clients::{digest, new_secret};
use akson_identity::tokens::Asked;
use akson_store::kept::{Change, Place, Stamp};
use serde_json::{Value, json};

use crate::app::{App, AppKeys, AppKind};
use crate::authorise::allowed;
use crate::denied::{Denied, ErrorCode};
use crate::grant::{
    Access, Grant, Refresh, access_at, decode, encode, grant_at, refresh_at, used_at,
};
use crate::parameters::Parameters;
use crate::server::AuthorisationServer;
use crate::waiting::{Code, SPENT_SECONDS, spent_at};

/// What was given: the body of the answer, and a newer DPoP nonce.
#[derive(Clone, Debug)]
pub struct Issued {
    /// JSON.
    pub body: Value,
    /// For the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

/// Where a grant comes from, for what must be written.
enum Origin {
    /// It is new.
    New,
    /// It is new; the code that it was exchanged for is taken, and it is noted what it gave.
    Coded { take: Change, spent: Place },
    /// It is there; this refresh token (digest, version read) is used up by it.
    Refreshed { grant: [u8; 32], token: [u8; 32], stamp: Stamp },
}

/// What is to be given.
struct Gift<'a> {
    grant: &'a Grant,
    origin: Origin,
    /// Fewer than the grant's.
    narrowed: Option<Vec<String>>,
    nonce: Option<&'a str>,
}

impl AuthorisationServer {
    /// Answers a request to the token endpoint.
    pub async fn token(
        &self,
        parameters: &Parameters,
        asked: &Asked<'_>,
    ) -> Result<Issued, Denied> {
        let kind = parameters.need("grant_type")?;
        let app = match self.client_of_refresh(kind, parameters)? {
            Some(app) => app,
            None => self.client(parameters, asked.headers).await?,
        };
        let possessed = self.possession.at_issue(asked).await.map_err(|unproved| Denied {
            error: match unproved.error {
                "use_dpop_nonce" => ErrorCode::UseDpopNonce,
                _ => ErrorCode::InvalidDpopProof,
            },
            problem: unproved.problem,
            nonce: unproved.nonce,
        })?;
        let key = possessed.thumbprint;
        let body = match kind {
            "authorization_code" => self.by_code(&app, parameters, key).await,
            "refresh_token" => self.by_refresh(&app, parameters, key).await,
            "client_credentials" => self.by_client(&app, parameters, key).await,
            _ => {
                let text = "The grant_type is authorization_code, refresh_token or \
                            client_credentials.";
                let problem = Problem::new(Kind::Unsupported, "APP-026", text);
                Err(Denied::new(ErrorCode::UnsupportedGrantType, problem))
            }
        }?;
        Ok(Issued { body, nonce: possessed.nonce })
    }

    /// The public client of a refresh that does not name its client: SMART's own table of
    /// parameters leaves `client_id` out, and so do apps. The token names it.
    fn client_of_refresh(
        &self,
        kind: &str,
        parameters: &Parameters,
    ) -> Result<Option<Arc<App>>, Denied> {
        let is_named = ["client_id", "client_assertion", "client_secret"]
            .iter()
            .any(|name| parameters.get(name).is_some());
        if kind != "refresh_token" || is_named {
            return Ok(None);
        }
        let token = digest(parameters.need("refresh_token")?);
        let Some(entry) = self.kept.get(refresh_at(token))? else { return Ok(None) };
        let refresh: Refresh = decode(&entry.content)?;
        let Some(kept) = self.kept.get(grant_at(refresh.grant))? else { return Ok(None) };
        let grant: Grant = decode(&kept.content)?;
        let app = self.app(&grant.client)?.filter(|app| app.is_on(self.clock.now()));
        Ok(app.filter(|app| matches!(app.keys, AppKeys::None)))
    }

    async fn by_code(
        &self,
        app: &Arc<App>,
        parameters: &Parameters,
        key: Option<[u8; 32]>,
    ) -> Result<Value, Denied> {
        let code = parameters.need("code")?;
        let Some((found, take)) = self.codes.held(code)? else {
            return Err(self.came_again(app, code).await?);
        };
        let grant = match self.exchanged(app, parameters, key, &found).await {
            Ok(grant) => grant,
            Err(denied) => {
                // Whatever was wrong, the code is used up.
                self.codes.take(code).await?;
                return Err(denied);
            }
        };
        let origin = Origin::Coded { take, spent: spent_at(code) };
        let nonce = found.nonce.as_deref();
        let gift = Gift { grant: &grant, origin, narrowed: None, nonce };
        match self.give(gift).await? {
            Some(given) => Ok(given),
            None => Err(self.came_again(app, code).await?),
        }
    }

    /// A code that is not there: if it was used before, what it gave ends.
    async fn came_again(&self, app: &App, code: &str) -> Result<Denied, Denied> {
        if let Some(spent) = self.kept.get(spent_at(code))? {
            let grant = <[u8; 32]>::try_from(&*spent.content);
            self.end(grant.map_err(|_| Problem::fault("APP-062", "a spent code"))?).await?;
            tracing::warn!(client = app.client_id, "a code came a second time");
        }
        let text = "The code is not known, is over, or was used before.";
        Ok(Denied::invalid_grant("APP-030", text))
    }

    /// What a code gives to who brings it as it must be brought.
    async fn exchanged(
        &self,
        app: &App,
        parameters: &Parameters,
        key: Option<[u8; 32]>,
        found: &Code,
    ) -> Result<Grant, Denied> {
        let bad = |text: &str| Denied::invalid_grant("APP-030", text);
        if found.grant.client != app.client_id {
            return Err(bad("The code was given to another client."));
        }
        let redirect = parameters.get("redirect_uri");
        if redirect.is_some_and(|redirect| redirect != found.redirect) {
            return Err(bad("The redirect_uri is another than in the request for the code."));
        }
        let verifier = parameters.need("code_verifier")?;
        if !(43..=128).contains(&verifier.len()) || digest(verifier) != found.challenge {
            return Err(bad("The code_verifier does not belong to the code_challenge."));
        }
        if found.key.is_some() && found.key != key {
            return Err(bad("The DPoP proof is by another key than was announced (dpop_jkt)."));
        }
        let mut grant = found.grant.clone();
        grant.key = key;
        self.holds(&grant).await?.map_err(|over| bad(over.text))?;
        Ok(grant)
    }

    async fn by_refresh(
        &self,
        app: &Arc<App>,
        parameters: &Parameters,
        key: Option<[u8; 32]>,
    ) -> Result<Value, Denied> {
        let bad = |text: &str| Denied::invalid_grant("APP-031", text);
        let unknown = || bad("The refresh token is not known, or what it was given for is over.");
        let token = digest(parameters.need("refresh_token")?);
        let entry = self.kept.get(refresh_at(token))?.ok_or_else(unknown)?;
        let refresh: Refresh = decode(&entry.content)?;
        let kept = self.kept.get(grant_at(refresh.grant))?.ok_or_else(unknown)?;
        let grant: Grant = decode(&kept.content)?;
        if grant.client != app.client_id || refresh.is_used {
            // Somebody has it who should not: nobody can tell whom it was given to.
            self.end(refresh.grant).await?;
            tracing::warn!(client = grant.client, "a refresh token was used again or by another");
            return Err(bad(
                "The refresh token was used before, or by another client. All that was given with \
                 it has ended: the person must let the app in again.",
            ));
        }
        if grant.key.is_some() && grant.key != key {
            return Err(bad("The refresh token is bound to another key: send a DPoP proof by it."));
        }
        self.holds(&grant).await?.map_err(|over| bad(over.text))?;
        let narrowed = narrowed(&grant, parameters.get("scope"))?;
        let origin = Origin::Refreshed { grant: refresh.grant, token, stamp: entry.stamp };
        match self.give(Gift { grant: &grant, origin, narrowed, nonce: None }).await? {
            Some(given) => Ok(given),
            None => {
                // Two at the same time: one of them is not the app.
                self.end(refresh.grant).await?;
                Err(bad("The refresh token was used twice at the same time."))
            }
        }
    }

    async fn by_client(
        &self,
        app: &Arc<App>,
        parameters: &Parameters,
        key: Option<[u8; 32]>,
    ) -> Result<Value, Denied> {
        if app.kind != AppKind::Backend || matches!(app.keys, AppKeys::None) {
            let text = "This client is not registered as a system that acts for itself.";
            let problem = Problem::new(Kind::Refused, "APP-027", text);
            return Err(Denied::new(ErrorCode::UnauthorizedClient, problem));
        }
        let scopes = allowed(app, parameters.need("scope")?)?;
        let seconds = i64::from(self.options.access_token_seconds);
        let until = Instant(self.clock.now().0.saturating_add(seconds * 1000));
        let mut grant = Grant::of_system(&app.client_id, scopes, until);
        grant.key = key;
        let gift = Gift { grant: &grant, origin: Origin::New, narrowed: None, nonce: None };
        self.give(gift).await?.ok_or_else(raced)
    }

    /// Writes what is given, all at once, and answers it. `None` when the code or the refresh token was
    /// used meanwhile.
    async fn give(&self, gift: Gift<'_>) -> Result<Option<Value>, Denied> {
        let Gift { grant, origin, narrowed, nonce } = gift;
        let now = self.clock.now();
        let until = Instant(grant.until);
        let seconds = i64::from(self.options.access_token_seconds);
        let ends = Instant(now.0.saturating_add(seconds * 1000).min(until.0));
        let mut changes = Vec::new();
        let fresh = digest(&new_secret()?);
        let name = match origin {
            Origin::New => {
                changes.push(Change::New(grant_at(fresh), until, encode(grant)?));
                fresh
            }
            Origin::Coded { take, spent } => {
                let noted = Instant(now.0.saturating_add(SPENT_SECONDS * 1000));
                changes.push(take);
                changes.push(Change::Set(spent, noted, fresh.to_vec()));
                changes.push(Change::New(grant_at(fresh), until, encode(grant)?));
                fresh
            }
            Origin::Refreshed { grant, token, stamp } => {
                let used = encode(&Refresh { grant, is_used: true })?;
                changes.push(Change::Replace(refresh_at(token), stamp, until, used));
                grant
            }
        };
        let access_token = new_secret()?;
        let issued = now.0.div_euclid(1000);
        let access = Access { grant: name, scopes: narrowed.clone(), issued };
        changes.push(Change::New(access_at(digest(&access_token)), ends, encode(&access)?));
        let refresh_token = if grant.is_refreshable() { Some(new_secret()?) } else { None };
        if let Some(token) = &refresh_token {
            let refresh = encode(&Refresh { grant: name, is_used: false })?;
            changes.push(Change::New(refresh_at(digest(token)), until, refresh));
        }
        if let Some(consent) = &grant.consent {
            changes.push(Change::Set(used_at(consent), until, now.0.to_be_bytes().to_vec()));
        }
        if !self.commit(changes).await? {
            return Ok(None);
        }
        let scopes = narrowed.as_ref().unwrap_or(&grant.scopes);
        let mut given = json!({
            "access_token": access_token,
            "token_type": if grant.key.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": (ends.0 - now.0).div_euclid(1000),
            "scope": scopes.join(" "),
        });
        let mut add = |name: &str, value: Option<Value>| {
            if let (Some(given), Some(value)) = (given.as_object_mut(), value) {
                given.insert(name.into(), value);
            }
        };
        add("refresh_token", refresh_token.map(Value::from));
        add("patient", grant.patient.clone().map(Value::from));
        add("need_patient_banner", grant.patient.as_ref().map(|_| json!(grant.needs_banner)));
        add("id_token", self.id_token(grant, nonce, issued)?.map(Value::from));
        Ok(Some(given))
    }

    /// When a token was last given under a Consent.
    pub fn last_used(&self, consent: &str) -> Result<Option<Instant>, Problem> {
        let Some(entry) = self.kept.get(used_at(consent))? else { return Ok(None) };
        let time =
            entry.content.first_chunk::<8>().map(|bytes| Instant(i64::from_be_bytes(*bytes)));
        Ok(time)
    }
}

/// The scopes that an app asks for at a refresh: some of those that it has, never more.
fn narrowed(grant: &Grant, asked: Option<&str>) -> Result<Option<Vec<String>>, Denied> {
    let Some(asked) = asked else { return Ok(None) };
    let words: Vec<String> =
        asked.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
    let patient = grant.patient.as_deref();
    let own = Scopes::parse(grant.scopes.iter().map(String::as_str), patient)?;
    for word in &words {
        let is_own = grant.scopes.contains(word);
        let is_covered = || {
            let asked = Scopes::parse([word.as_str()], patient).ok();
            let words = asked.as_ref().map(Scopes::words).unwrap_or_default();
            !words.is_empty()
                && words.iter().all(|asked| own.words().iter().any(|own| own.covers(asked)))
        };
        if !is_own && !is_covered() {
            let text = "At a refresh an app can ask for fewer scopes, never for others.";
            return Err(Denied::invalid_scope("APP-032", text));
        }
    }
    if words.is_empty() { Ok(None) } else { Ok(Some(words)) }
}

fn raced() -> Denied {
    Denied::from(Problem::fault("APP-065", "a random name was taken"))
}
