//! From an access token to who calls: the token is checked, the registers are asked, one of the
//! person's roles is taken.
//!
//! Not here: how tokens are checked (`identity::tokens`), what the registers say (`record`), what
//! the caller may see (`access`). Another way to prove who calls becomes another branch of
//! [`TokenCallers::authenticate`].

use std::sync::Arc;

use akson_access::{Actor, Identity, Standing};
use akson_api::{Admission, Admitted, Authenticator, Denied, Shown};
use akson_base::limits::ACCESS_TOKENS_REMEMBERED_MAX;
use akson_base::{Clock, Kind, Problem};
use akson_identity::tokens::{Asked, Proved, Refusal, Tokens};
use akson_record::Record;
use axum::http::{HeaderMap, HeaderValue};
use quick_cache::sync::Cache;

use crate::limits::Limits;

/// How long the registers' word on a token's bearer is taken without asking them again, when nobody's
/// role changes.
const RESOLVED_MILLISECONDS_MAX: i64 = 30_000;

/// Callers who show access tokens.
pub(crate) struct TokenCallers {
    tokens: Tokens,
    /// What callers need, as the CapabilityStatement says it.
    description: String,
    record: Arc<Record>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
    /// Whether a token without clinical scopes is refused.
    scopes_required: bool,
    /// By fingerprint of the token.
    resolved: Cache<[u8; 32], Resolved>,
}

#[derive(Clone)]
struct Resolved {
    actor: Arc<Actor>,
    /// Milliseconds since 1970.
    at: i64,
    /// [`Record::changes_of_roles`], before the registers were asked.
    roles: u64,
}

impl TokenCallers {
    pub(crate) fn new(
        tokens: Tokens,
        description: String,
        record: Arc<Record>,
        limits: Arc<Limits>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let resolved = Cache::new(ACCESS_TOKENS_REMEMBERED_MAX);
        let scopes_required = false;
        Self { tokens, description, record, limits, clock, scopes_required, resolved }
    }

    /// Refuses tokens without clinical scopes, or not.
    pub(crate) fn requiring_scopes(self, scopes_required: bool) -> Self {
        Self { scopes_required, ..self }
    }

    /// Fetches the provider's keys before the first request needs them.
    pub(crate) async fn warm_up(&self) {
        self.tokens.warm_up().await;
    }

    async fn by_token(&self, shown: Shown<'_>) -> Result<Admitted, Box<Denied>> {
        let asked = Asked {
            headers: &shown.parts.headers,
            method: shown.parts.method.as_str(),
            base: shown.base,
            path: shown.path,
        };
        let found = self.tokens.identify(&asked).await.map_err(|refusal| denied(*refusal))?;
        let headers = nonce_header(found.nonce);
        let actor = match self.resolve(&found.proved).await {
            Ok(actor) if self.scopes_required && actor.scopes.is_none() => {
                return Err(Box::new(Denied { problem: Box::new(without_scopes()), headers }));
            }
            Ok(actor) => actor,
            Err(problem) => return Err(Box::new(Denied { problem: Box::new(problem), headers })),
        };
        admitted(&self.limits, &found.proved.identity.client, actor, headers)
    }

    async fn resolve(&self, proved: &Arc<Proved>) -> Result<Arc<Actor>, Problem> {
        let now = self.clock.now().0;
        let is_new = |at: i64| (0..RESOLVED_MILLISECONDS_MAX).contains(&(now - at));
        let roles = self.record.changes_of_roles()?;
        if let Some(resolved) = self.resolved.get(&proved.fingerprint)
            && is_new(resolved.at)
            && resolved.roles == roles
        {
            return Ok(resolved.actor);
        }
        let (record, proved) = (Arc::clone(&self.record), Arc::clone(proved));
        let fingerprint = proved.fingerprint;
        let work = move || in_registers(&record, &proved.identity);
        let resolved = tokio::task::spawn_blocking(work).await;
        let actor = resolved.map_err(|error| Problem::fault("IDN-044", error.to_string()))??;
        let actor = Arc::new(actor);
        self.resolved.insert(fingerprint, Resolved { actor: Arc::clone(&actor), at: now, roles });
        Ok(actor)
    }
}

impl Authenticator for TokenCallers {
    fn authenticate<'a>(&'a self, shown: Shown<'a>) -> Admission<'a> {
        Box::pin(self.by_token(shown))
    }

    fn description(&self) -> String {
        self.description.clone()
    }

    fn takes_tokens(&self) -> bool {
        true
    }
}

/// The header with a newer nonce for the client's next proof, if there is one.
pub(crate) fn nonce_header(nonce: Option<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        headers.insert("dpop-nonce", nonce);
    }
    headers
}

/// Lets a client's actor in, unless one of them calls too often.
pub(crate) fn admitted(
    limits: &Limits,
    client: &str,
    actor: Arc<Actor>,
    headers: HeaderMap,
) -> Result<Admitted, Box<Denied>> {
    match limits.take(Some(client), &actor) {
        Ok(()) => Ok(Admitted { actor, headers }),
        Err(mut denied) => {
            denied.headers.extend(headers);
            Err(denied)
        }
    }
}

pub(crate) fn denied(refusal: Refusal) -> Box<Denied> {
    let Refusal { problem, headers } = refusal;
    Box::new(Denied { problem, headers })
}

/// The one capacity in which the token's bearer calls.
fn in_registers(record: &Record, identity: &Identity) -> Result<Actor, Problem> {
    let actors = record.actors(identity)?;
    let unit = match actors.as_slice() {
        [] | [_] => None,
        [_, _, ..] => named_organisation(record, identity)?,
    };
    one_of(actors, unit.as_deref(), identity)
}

/// `Organization/…` of the unit that the token names, else of its legal entity: what a system of
/// the same organisation would be found as.
fn named_organisation(record: &Record, identity: &Identity) -> Result<Option<Arc<str>>, Problem> {
    let system = Identity {
        unit: identity.unit.clone(),
        legal_entity: identity.legal_entity.clone(),
        client: identity.client.clone(),
        ..Identity::default()
    };
    let found = record.actors(&system)?.into_iter().next().map(|actor| actor.standing);
    Ok(match found {
        Some(Standing::System(organisation)) => organisation,
        Some(
            Standing::Open | Standing::Operator | Standing::Personnel(_) | Standing::Citizen(_),
        )
        | None => None,
    })
}

/// Of several roles, the one at the organisation that the token names itself, not at a part of it.
fn one_of(
    mut actors: Vec<Actor>,
    organisation: Option<&str>,
    identity: &Identity,
) -> Result<Actor, Problem> {
    if actors.len() > 1 {
        let is_there = |actor: &Actor| match &actor.standing {
            Standing::Personnel(personnel) => {
                organisation.is_some()
                    && personnel.organisations.first().map(|o| &**o) == organisation
            }
            Standing::Open | Standing::Operator | Standing::Citizen(_) | Standing::System(_) => {
                false
            }
        };
        if actors.iter().filter(|actor| is_there(actor)).count() == 1 {
            actors.retain(is_there);
        }
    }
    match (actors.pop(), actors.len()) {
        (Some(actor), 0) => Ok(actor),
        (Some(_), others) => Err(several(others + 1, identity)),
        (None, _) => Err(nobody(identity)),
    }
}

fn nobody(identity: &Identity) -> Problem {
    let is_person = identity.hpr_number.is_some() || identity.national_number.is_some();
    let text = if is_person {
        "The token is good, but the registers of this record know nobody with its HPR number or \
         national number who works now at the organisation that it names."
    } else {
        "The token is good, but it names no client that may call."
    };
    Problem::new(Kind::Refused, "IDN-040", text).with_log(format!("client {:?}", identity.client))
}

fn without_scopes() -> Problem {
    Problem::new(
        Kind::Refused,
        "ACC-007",
        "insufficient_scope: the token is good, but it carries none of SMART's clinical scopes \
         (such as user/Observation.rs), and this server asks for them.",
    )
}

fn several(count: usize, identity: &Identity) -> Problem {
    let right = match (&identity.unit, &identity.legal_entity) {
        (Some(_), _) => {
            "They are all at or below the unit that the token names: one of them must end in the \
             registers, or the token must name the unit that only one is at"
        }
        (None, _) => {
            "The token must name the unit that the person acts for \
             (helseid://claims/client/claims/orgnr_child)"
        }
    };
    let text = format!("The person has {count} roles that this token could stand for. {right}.");
    Problem::new(Kind::Refused, "IDN-041", text).with_log(format!("client {:?}", identity.client))
}

#[cfg(test)]
mod tests {
    use akson_access::{Personnel, Role};

    use super::*;

    fn at(organisations: &[&str]) -> Actor {
        Actor {
            id: "Practitioner/p".into(),
            display: "".into(),
            standing: Standing::Personnel(Personnel {
                role: Role::Nurse,
                references: Vec::new(),
                organisations: organisations.iter().map(|id| (*id).into()).collect(),
                organisation_name: "".into(),
                numbers: Vec::new(),
            }),
            client: "".into(),
            purpose: "".into(),
            scopes: None,
        }
    }

    fn chosen(actors: &[Actor], organisation: Option<&str>) -> Result<usize, &'static str> {
        let found = one_of(actors.to_vec(), organisation, &Identity::default());
        found
            .map(|actor| actors.iter().position(|other| *other == actor).unwrap())
            .map_err(|problem| problem.code)
    }

    #[test]
    fn one_role_is_taken_and_several_need_a_unit() {
        let (vest, kommune) = (at(&["vest", "kommune"]), at(&["kommune"]));
        let both = [vest.clone(), kommune.clone()];
        assert_eq!(chosen(&[], None), Err("IDN-040"));
        assert_eq!(chosen(std::slice::from_ref(&vest), None), Ok(0));
        assert_eq!(chosen(std::slice::from_ref(&vest), Some("kommune")), Ok(0));
        assert_eq!(chosen(&both, None), Err("IDN-041"));
        assert_eq!(chosen(&both, Some("vest")), Ok(0));
        assert_eq!(chosen(&both, Some("kommune")), Ok(1));
        assert_eq!(chosen(&both, Some("elsewhere")), Err("IDN-041"));
        assert_eq!(chosen(&[vest.clone(), vest], Some("vest")), Err("IDN-041"));
    }
}
