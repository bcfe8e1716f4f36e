//! A login as it is kept: a byte for the form, then JSON. Whatever else is there is no login.
//!
//! Who somebody is and works as stands in clear, as in the registers beside it; the provider's token is
//! sealed with the browser's ticket (`sealed`), which is kept nowhere.

use std::sync::Arc;

use akson_access::{Actor, Identity, Personnel, Role, Standing};
use akson_base::{Instant, Problem};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Session, Source};
use crate::logins::LoginKind;

/// The form that is written, and the only one that is read.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    identity: StoredIdentity,
    upstream: Option<StoredSource>,
    actors: Vec<StoredActor>,
    chosen: Option<usize>,
    began: i64,
    seen: i64,
    confirmed: i64,
}

/// An identity, as it is kept: what a login proved and the registers are asked with.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredIdentity {
    national_number: Option<String>,
    hpr_number: Option<String>,
    legal_entity: Option<String>,
    unit: Option<String>,
    security_level: u8,
    client: String,
    client_name: String,
    scopes: Vec<String>,
    patient: Option<String>,
    purpose: Option<String>,
    is_citizen: bool,
}

impl From<&Identity> for StoredIdentity {
    fn from(identity: &Identity) -> Self {
        let Identity {
            national_number,
            hpr_number,
            legal_entity,
            unit,
            security_level,
            client,
            client_name,
            scopes,
            patient,
            purpose,
            is_citizen,
        } = identity.clone();
        Self {
            national_number,
            hpr_number,
            legal_entity,
            unit,
            security_level,
            client,
            client_name,
            scopes,
            patient,
            purpose,
            is_citizen,
        }
    }
}

impl From<StoredIdentity> for Identity {
    fn from(stored: StoredIdentity) -> Self {
        Self {
            national_number: stored.national_number,
            hpr_number: stored.hpr_number,
            legal_entity: stored.legal_entity,
            unit: stored.unit,
            security_level: stored.security_level,
            client: stored.client,
            client_name: stored.client_name,
            scopes: stored.scopes,
            patient: stored.patient,
            purpose: stored.purpose,
            is_citizen: stored.is_citizen,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSource {
    provider: String,
    subject: String,
    sid: Option<String>,
    /// Sealed, base64.
    id_token: String,
}

#[derive(Serialize, Deserialize)]
struct StoredActor {
    id: String,
    display: String,
    standing: StoredStanding,
    client: String,
    purpose: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredStanding {
    Personnel {
        role: String,
        references: Vec<String>,
        organisations: Vec<String>,
        organisation_name: String,
        numbers: Vec<String>,
    },
    Citizen(String),
    System(Option<String>),
}

fn texts(all: &[Arc<str>]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn shared(all: Vec<String>) -> Vec<Arc<str>> {
    all.into_iter().map(Arc::from).collect()
}

impl StoredActor {
    /// `None` for those who never log in, and for those whom scopes bound: a login has none.
    fn of(actor: &Actor) -> Option<Self> {
        let standing = match &actor.standing {
            Standing::Open | Standing::Operator => return None,
            Standing::Personnel(personnel) => StoredStanding::Personnel {
                role: personnel.role.code().to_owned(),
                references: texts(&personnel.references),
                organisations: texts(&personnel.organisations),
                organisation_name: personnel.organisation_name.to_string(),
                numbers: texts(&personnel.numbers),
            },
            Standing::Citizen(number) => StoredStanding::Citizen(number.to_string()),
            Standing::System(organisation) => {
                StoredStanding::System(organisation.as_deref().map(str::to_owned))
            }
        };
        actor.scopes.is_none().then(|| Self {
            id: actor.id.to_string(),
            display: actor.display.to_string(),
            standing,
            client: actor.client.to_string(),
            purpose: actor.purpose.to_string(),
        })
    }

    fn actor(self) -> Option<Actor> {
        let standing = match self.standing {
            StoredStanding::Personnel {
                role,
                references,
                organisations,
                organisation_name,
                numbers,
            } => Standing::Personnel(Personnel {
                role: Role::of_code(&role)?,
                references: shared(references),
                organisations: shared(organisations),
                organisation_name: organisation_name.into(),
                numbers: shared(numbers),
            }),
            StoredStanding::Citizen(number) => Standing::Citizen(number.into()),
            StoredStanding::System(organisation) => Standing::System(organisation.map(Arc::from)),
        };
        Some(Actor {
            id: self.id.into(),
            display: self.display.into(),
            standing,
            client: self.client.into(),
            purpose: self.purpose.into(),
            scopes: None,
        })
    }
}

/// A login, to be kept. Fails (`IDN-078`) for one that cannot be: somebody who never logs in.
pub(super) fn encode(session: &Session) -> Result<Vec<u8>, Problem> {
    let failed = |why: &str| Problem::fault("IDN-078", format!("a login cannot be kept: {why}"));
    let actors: Option<Vec<_>> =
        session.actors.iter().map(|actor| StoredActor::of(actor)).collect();
    let upstream = session.upstream.as_ref().map(|source| StoredSource {
        provider: source.kind.id().to_owned(),
        subject: source.subject.clone(),
        sid: source.sid.clone(),
        id_token: BASE64_STANDARD_NO_PAD.encode(&source.id_token),
    });
    let stored = Stored {
        identity: StoredIdentity::from(&*session.identity),
        upstream,
        actors: actors.ok_or_else(|| failed("of somebody who never logs in"))?,
        chosen: session.chosen,
        began: session.began.0,
        seen: session.seen.0,
        confirmed: session.confirmed.0,
    };
    let mut content = vec![FORM];
    serde_json::to_writer(&mut content, &stored).map_err(|error| failed(&error.to_string()))?;
    Ok(content)
}

/// What was kept; `None` when it is no login.
pub(super) fn decode(content: &[u8]) -> Option<Session> {
    let (form, json) = content.split_first()?;
    let stored: Stored =
        Some(json).filter(|_| *form == FORM).and_then(|json| serde_json::from_slice(json).ok())?;
    let actors: Option<Vec<_>> =
        stored.actors.into_iter().map(|actor| actor.actor().map(Arc::new)).collect();
    let actors: Arc<[Arc<Actor>]> = actors.filter(|actors| !actors.is_empty())?.into();
    let chosen = stored.chosen;
    if chosen.is_some_and(|place| place >= actors.len()) {
        return None;
    }
    let upstream = match stored.upstream {
        None => None,
        Some(source) => Some(Arc::new(Source {
            kind: LoginKind::of_id(&source.provider)?,
            subject: source.subject,
            sid: source.sid,
            id_token: BASE64_STANDARD_NO_PAD.decode(source.id_token).ok()?,
        })),
    };
    Some(Session {
        identity: Arc::new(stored.identity.into()),
        upstream,
        actors,
        chosen,
        began: Instant(stored.began),
        seen: Instant(stored.seen),
        confirmed: Instant(stored.confirmed),
    })
}
