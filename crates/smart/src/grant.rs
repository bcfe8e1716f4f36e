//! What an app was given: by whom, for whom, how much, until when. All tokens of one consent hang on
//! one grant; without it they are nothing.
//!
//! Kept durably under the SHA-256 of a random name (`store::kept`); tokens are kept under their own
//! SHA-256, never in clear:
//!
//! | space | digest of | content |
//! |---|---|---|
//! | `g` | the grant's name | [`Grant`] |
//! | `a` | an access token | [`Access`] |
//! | `r` | a refresh token | [`Refresh`] |
//! | `j` | a client and its assertion's `jti` | nothing |
//! | `u` | a Consent's id | when a token was last given under it |
//!
//! What waits has spaces of its own (`waiting`); all of them: `base::kept::space`.

use akson_access::{Actor, Identity, Standing};
use akson_base::kept::space;
use akson_base::{Instant, Problem};
use akson_identity::sessions::LoginMark;
use akson_store::kept::Place;
use serde::{Deserialize, Serialize};

/// Who let the app in, and in which capacity.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Person {
    national_number: Option<String>,
    hpr_number: Option<String>,
    legal_entity: Option<String>,
    unit: Option<String>,
    security_level: u8,
    is_citizen: bool,
    /// `Practitioner/…`, `Patient/…` or `RelatedPerson/…`.
    pub(crate) actor: String,
    /// Of somebody at work, the chosen role.
    references: Vec<String>,
}

impl Person {
    /// Somebody who logged in with this identity and acts as this actor.
    pub fn new(identity: &Identity, actor: &Actor) -> Self {
        Self {
            national_number: identity.national_number.clone(),
            hpr_number: identity.hpr_number.clone(),
            legal_entity: identity.legal_entity.clone(),
            unit: identity.unit.clone(),
            security_level: identity.security_level,
            is_citizen: identity.is_citizen,
            actor: actor.id.to_string(),
            references: references(actor),
        }
    }

    /// What the registers are asked with.
    pub(crate) fn identity(&self, client: &str, client_name: &str) -> Identity {
        Identity {
            national_number: self.national_number.clone(),
            hpr_number: self.hpr_number.clone(),
            legal_entity: self.legal_entity.clone(),
            unit: self.unit.clone(),
            security_level: self.security_level,
            client: client.into(),
            client_name: client_name.into(),
            is_citizen: self.is_citizen,
            ..Identity::default()
        }
    }

    /// Whether an actor is the same person in the same capacity.
    pub(crate) fn is(&self, actor: &Actor) -> bool {
        *actor.id == *self.actor && references(actor) == self.references
    }
}

fn references(actor: &Actor) -> Vec<String> {
    match &actor.standing {
        Standing::Personnel(personnel) => {
            personnel.references.iter().map(|reference| reference.to_string()).collect()
        }
        Standing::Open | Standing::Operator | Standing::Citizen(_) | Standing::System(_) => {
            Vec::new()
        }
    }
}

/// What an app was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client: String,
    /// `None` for a system that acts for itself.
    pub(crate) person: Option<Person>,
    pub(crate) scopes: Vec<String>,
    /// Id of the patient in the launch context.
    pub(crate) patient: Option<String>,
    /// Whether the app must show itself who the patient is.
    pub(crate) needs_banner: bool,
    /// Id of the Consent that it stands on, when a citizen let the app in.
    pub(crate) consent: Option<String>,
    /// The login that it ends with; `None` for one that outlives it (`offline_access`).
    login: Option<[u8; 32]>,
    /// When it ends for good.
    pub(crate) until: i64,
    /// Thumbprint of the key that its tokens are bound to.
    pub(crate) key: Option<[u8; 32]>,
}

impl Grant {
    pub(crate) fn of_person(
        client: &str,
        person: Person,
        scopes: Vec<String>,
        login: Option<LoginMark>,
        until: Instant,
    ) -> Self {
        Self {
            client: client.into(),
            person: Some(person),
            scopes,
            patient: None,
            needs_banner: true,
            consent: None,
            login: login.map(LoginMark::bytes),
            until: until.0,
            key: None,
        }
    }

    pub(crate) fn of_system(client: &str, scopes: Vec<String>, until: Instant) -> Self {
        Self {
            client: client.into(),
            person: None,
            scopes,
            patient: None,
            needs_banner: false,
            consent: None,
            login: None,
            until: until.0,
            key: None,
        }
    }

    pub(crate) fn login(&self) -> Option<LoginMark> {
        self.login.map(LoginMark::of_bytes)
    }

    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }

    /// Whether the app gets a refresh token.
    pub(crate) fn is_refreshable(&self) -> bool {
        self.person.is_some() && (self.has("offline_access") || self.has("online_access"))
    }
}

/// An access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Access {
    /// Digest of its grant's name.
    pub(crate) grant: [u8; 32],
    /// Fewer than the grant's, when the app asked for fewer at a refresh.
    pub(crate) scopes: Option<Vec<String>>,
    /// Seconds since 1970.
    pub(crate) issued: i64,
}

/// A refresh token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(crate) grant: [u8; 32],
    /// Whether it was exchanged for the next.
    pub(crate) is_used: bool,
}

pub(crate) fn grant_at(digest: [u8; 32]) -> Place {
    Place { space: space::GRANT, digest }
}

pub(crate) fn access_at(digest: [u8; 32]) -> Place {
    Place { space: space::ACCESS_TOKEN, digest }
}

pub(crate) fn refresh_at(digest: [u8; 32]) -> Place {
    Place { space: space::REFRESH_TOKEN, digest }
}

pub(crate) fn assertion_at(digest: [u8; 32]) -> Place {
    Place { space: space::ASSERTION, digest }
}

pub(crate) fn used_at(consent: &str) -> Place {
    Place { space: space::LAST_USE, digest: akson_identity::clients::digest(consent) }
}

/// What is kept, as bytes.
pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| Problem::fault("APP-062", error.to_string()))
}

/// What was kept.
pub(crate) fn decode<'a, T: Deserialize<'a>>(content: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(content)
        .map_err(|error| Problem::fault("APP-062", format!("a kept entry: {error}")))
}
