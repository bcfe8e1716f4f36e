//! From an access token to who calls, each time: the app is still switched on, the patient's consent
//! still stands, the login that it hangs on is still open, and the registers still have the role.
//!
//! What was found is remembered for half a minute (the registers' word), but what ends a token ends
//! it at once, whoever took it back: token and grant are looked for, the versions of Endpoint and Consent
//! compared, logins asked.
//! Not here: what the caller may see (`access`).

use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_access::{Actor, Standing};
use akson_base::{Instant, Problem};
use akson_identity::clients::{digest, shown_token};
use akson_identity::tokens::{Asked, Refusal};
use serde_json::Value;

use crate::app::App;
use crate::consent::AppConsent;
use crate::grant::{Access, Grant, access_at, decode, grant_at};
use crate::server::AuthorisationServer;

/// How long the registers' word is taken without asking them again, when nobody's role changes.
const KNOWN_MILLISECONDS_MAX: i64 = 30_000;

/// Why a grant is nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
}

/// What a grant stands on at this moment.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) app: Arc<App>,
    /// Version of the Consent.
    pub(crate) consent: Option<u32>,
}

/// What is known of an access token.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) grant: Grant,
    ground: Ground,
    actor: Arc<Actor>,
    /// When the token ends.
    until: Instant,
    /// When the registers were asked.
    at: Instant,
    /// [`akson_record::Record::changes_of_roles`], before they were asked.
    roles: u64,
    /// Digest of the grant's name.
    name: [u8; 32],
}

/// A caller who is known.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Who.
    pub actor: Arc<Actor>,
    /// Through which app.
    pub app: Arc<App>,
    /// A newer nonce, for the header `DPoP-Nonce`.
    pub nonce: Option<String>,
}

/// A token as it is kept, with its grant.
pub(crate) struct Found {
    pub(crate) grant: Grant,
    pub(crate) access: Access,
    pub(crate) until: Instant,
}

impl Found {
    /// The scopes of this token.
    pub(crate) fn scopes(&self) -> &[String] {
        self.access.scopes.as_ref().unwrap_or(&self.grant.scopes)
    }
}

impl AuthorisationServer {
    /// Who calls `/fhir` with a token of ours; `None` when the request shows none of that form.
    ///
    /// # Errors
    /// A refusal with its challenge: `APP-040` for a token that is not known or is over, `APP-041` to
    /// `APP-045` for one whose ground is gone, and those of a DPoP proof.
    pub async fn resolve(
        self: &Arc<Self>,
        asked: &Asked<'_>,
    ) -> Option<Result<Resolved, Box<Refusal>>> {
        let shown = shown_token(asked.headers)?;
        let refused = |over: Over| self.possession.refusal(shown, over.code, over.text);
        let known = match self.known(digest(shown.token)).await {
            Ok(Ok(known)) => known,
            Ok(Err(over)) => return Some(Err(refused(over))),
            Err(problem) => return Some(Err(Box::new(Refusal::from(problem)))),
        };
        let held = self.possession.at_use(shown, known.grant.key.as_ref(), asked).await;
        Some(held.map(|nonce| Resolved {
            actor: Arc::clone(&known.actor),
            app: Arc::clone(&known.ground.app),
            nonce,
        }))
    }

    /// The refusal of a request that shows no token at all.
    pub fn nothing_shown(&self) -> Box<Refusal> {
        let text = "This address needs an access token. How apps get one is told at \
                    /fhir/.well-known/smart-configuration.";
        self.possession.nothing_shown("APP-046", text)
    }

    async fn known(self: &Arc<Self>, token: [u8; 32]) -> Result<Result<Arc<Known>, Over>, Problem> {
        if let Some(known) = self.known.get(&token)
            && self.is_fresh(token, &known)?
        {
            return Ok(Ok(known));
        }
        let this = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || this.look_up(token)).await;
        let known = looked.map_err(|error| Problem::fault("APP-066", error.to_string()))??;
        if let Ok(known) = &known {
            self.known.insert(token, Arc::clone(known));
        }
        Ok(known)
    }

    fn is_fresh(&self, token: [u8; 32], known: &Known) -> Result<bool, Problem> {
        let now = self.clock.now();
        let age = now.0.saturating_sub(known.at.0);
        if now >= known.until || !(0..KNOWN_MILLISECONDS_MAX).contains(&age) {
            return Ok(false);
        }
        let places = [access_at(token), grant_at(known.name)];
        if known.roles != self.record.changes_of_roles()? {
            return Ok(false);
        }
        if self.kept.get_all(&places)?.iter().any(Option::is_none) {
            return Ok(false);
        }
        Ok(match self.ground(&known.grant)? {
            Ok(ground) => {
                ground.app.version == known.ground.app.version
                    && ground.consent == known.ground.consent
            }
            Err(_) => false,
        })
    }

    fn look_up(&self, token: [u8; 32]) -> Result<Result<Arc<Known>, Over>, Problem> {
        let Some(found) = self.find(token)? else {
            let text = "The access token is not known, or it is over. Ask for a new one.";
            return Ok(Err(Over { code: "APP-040", text }));
        };
        let roles = self.record.changes_of_roles()?;
        let (ground, mut actor) = match self.stands(&found.grant)? {
            Ok(stands) => stands,
            Err(over) => return Ok(Err(over)),
        };
        let words = found.scopes().iter().map(String::as_str);
        let patient = found.grant.patient.as_deref();
        actor.scopes = Some(Arc::new(Scopes::parse(words, patient)?));
        Ok(Ok(Arc::new(Known {
            ground,
            actor: Arc::new(actor),
            until: found.until,
            at: self.clock.now(),
            roles,
            name: found.access.grant,
            grant: found.grant,
        })))
    }

    /// An access token that is not over, with the grant that it hangs on.
    pub(crate) fn find(&self, token: [u8; 32]) -> Result<Option<Found>, Problem> {
        let Some(entry) = self.kept.get(access_at(token))? else { return Ok(None) };
        let access: Access = decode(&entry.content)?;
        let Some(kept) = self.kept.get(grant_at(access.grant))? else { return Ok(None) };
        Ok(Some(Found { grant: decode(&kept.content)?, access, until: entry.until }))
    }

    /// Whether what a grant stands on still holds, the person's role included.
    pub(crate) async fn holds(&self, grant: &Grant) -> Result<Result<(), Over>, Problem> {
        Ok(self.stands(grant)?.map(|_| ()))
    }

    fn stands(&self, grant: &Grant) -> Result<Result<(Ground, Actor), Over>, Problem> {
        let ground = match self.ground(grant)? {
            Ok(ground) => ground,
            Err(over) => return Ok(Err(over)),
        };
        let app = &ground.app;
        let Some(person) = &grant.person else {
            let actor = system(app);
            return Ok(Ok((ground, actor)));
        };
        let identity = person.identity(&app.client_id, &app.name);
        let actors = self.record.actors(&identity)?;
        Ok(match actors.into_iter().find(|actor| person.is(actor)) {
            Some(actor) => Ok((ground, actor)),
            None => Err(Over {
                code: "APP-044",
                text: "The person who let the app in no longer has the role that they had then.",
            }),
        })
    }

    /// What ends a grant at once: app, consent, login.
    fn ground(&self, grant: &Grant) -> Result<Result<Ground, Over>, Problem> {
        let over = |code, text| Ok(Err(Over { code, text }));
        let app = self.app(&grant.client)?.filter(|app| app.is_on(self.clock.now()));
        let Some(app) = app else {
            return over("APP-041", "The app is switched off, or no longer registered.");
        };
        let consent = match &grant.consent {
            None => None,
            Some(id) => match self.consents(id, &app, grant)? {
                Some(version) => Some(version),
                None => return over("APP-042", "The consent that the app had was withdrawn."),
            },
        };
        if let Some(login) = grant.login() {
            let is_open = self.sessions.as_ref().map(|sessions| sessions.is_open(&login));
            if !is_open.transpose()?.unwrap_or(false) {
                let text = "The person has logged out, and the app was let in for that login only.";
                return over("APP-043", text);
            }
        }
        Ok(Ok(Ground { app, consent }))
    }

    /// The version of the Consent that lets the app do this; `None` when none does.
    fn consents(&self, id: &str, app: &App, grant: &Grant) -> Result<Option<u32>, Problem> {
        let Some(found) = self.record.app_consent(id)? else { return Ok(None) };
        let json: Value = serde_json::from_slice(&found.json)
            .map_err(|error| Problem::fault("APP-063", error.to_string()))?;
        let consent = AppConsent::of_json(&json);
        let allows = consent.is_some_and(|consent| consent.allows(&app.id, &grant.scopes));
        Ok(allows.then_some(found.version))
    }
}

/// A system that acts for the organisation that answers for it.
fn system(app: &App) -> Actor {
    Actor {
        id: format!("client/{}", app.client_id).into(),
        display: app.name.as_str().into(),
        standing: Standing::System(app.organisation.as_deref().map(Arc::from)),
        client: app.name.as_str().into(),
        purpose: Arc::default(),
        scopes: None,
    }
}
