//! The witness of a controlled dose, on the device of who gave it: `/runde/vitne/her`.
//!
//! The witness proves who they are by a login of their own, and comes out of it with a proof that is good
//! for one confirmation, in this login of the giver's, for two minutes. No login is opened for the witness
//! and the giver's is not touched. What is confirmed the record takes as the witness's own writing.
//! Here: addresses, the proofs, who may be a witness. Not here: confirming (`round`), the way to a provider
//! and back (`provider_login`), HTML (`pages::witness_page`).
//! Law: legemiddelhåndteringsforskriften § 4 (double control).

use std::sync::Arc;

use akson_access::{Actor, Identity, Role};
use akson_base::kept::{Keeping, space};
use akson_base::{Kind, Problem};
use akson_identity::logins::{Begin, LoginKind};
use akson_identity::sessions::{SameSite, StoredIdentity};
use akson_identity::waiting::{Bounds, Waiting};
use akson_record::{Authenticated, Authentication};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};

use crate::door::{Guard, add_cookie};
use crate::forms::Form;
use crate::login::{Asked, DEMO, Guarded};
use crate::pages::{passing_page, witness_page};
use crate::response::{self, to};
use crate::round::{self, Place};
use crate::sight::{Desk, Reader};

/// Where the witness confirms.
pub(crate) const HERE: &str = "/runde/vitne/her";
/// How long a proof is good, seconds.
const PROOF_SECONDS_MAX: i64 = 120;
/// Proofs that wait at once.
const PROOFS_MAX: usize = 10_000;
/// So many wait already.
const FULL: &str = "WEB-299";
/// The proof is used, too old, or another login's.
pub(crate) const NO_PROOF: &str = "WEB-295";
/// Who came does not give medicines where the giver works.
pub(crate) const NO_WITNESS: &str = "WEB-296";

/// The addresses.
pub(crate) fn routes(guard: Arc<Guard>) -> Router<Arc<Desk>> {
    Router::new()
        .route(HERE, get(offer).post(confirm))
        .route("/runde/vitne/logg-inn/{provider}", get(start))
        .layer(Extension(guard))
}

/// Who has proved to be somebody, to witness something in somebody else's login.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The giver's login, as its forms know it.
    of_login: String,
    identity: StoredIdentity,
    provider: String,
}

/// The proofs that wait to be used, wherever the browser comes next.
#[derive(Debug)]
pub(crate) struct Proofs(Waiting<Proof>);

impl Proofs {
    /// Those that are kept.
    pub(crate) fn new(kept: Arc<dyn Keeping>) -> Self {
        let full = || {
            let text = "More witnesses wait to confirm than there is room for. Try again soon.";
            Problem::new(Kind::Busy, FULL, text)
        };
        let bounds = Bounds {
            space: space::WITNESS,
            seconds: PROOF_SECONDS_MAX,
            count_max: PROOFS_MAX,
            full,
        };
        Self(Waiting::new(bounds, kept))
    }

    /// The proof of this name, when it is good in this login.
    fn look(&self, name: &str, of_login: &str) -> Result<Option<Proof>, Problem> {
        Ok(self.0.get(name)?.filter(|proof| proof.of_login == of_login))
    }

    /// As [`Proofs::look`]; it is good no more. Of two who take it at once one has it.
    async fn take(&self, name: &str, of_login: &str) -> Result<Option<Proof>, Problem> {
        match self.look(name, of_login)? {
            Some(_) => self.0.take(name).await,
            None => Ok(None),
        }
    }
}

/// The doses, and how the witness can prove who they are; with a proof, the button to confirm.
async fn offer(reader: Reader, Extension(guard): Guarded, Query(asked): Asked) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    let drawn = async {
        let ids = ids(asked.get("id").map_or("", String::as_str));
        let doses = reader.administrations(&ids).await?;
        let name = asked.get("bevis").map(String::as_str);
        let proof = match name {
            Some(name) => {
                let found = guard.proofs.look(name, reader.who.form_token())?;
                found.map(|proof| (name, proof))
            }
            None => None,
        };
        let witness = match &proof {
            Some((name, proof)) => {
                Some((*name, reader.witness(&proof.identity.clone().into()).await?))
            }
            None if name.is_some() => return Err(no_proof()),
            None => None,
        };
        let offered = guard.logins.as_ref().map(|logins| logins.offered()).unwrap_or_default();
        let shown = witness_page::Shown {
            place: &place,
            row: asked.get("rad").map_or("", String::as_str),
            doses: &doses,
            people: &guard.demo.people,
            by_provider: offered.contains(&LoginKind::Helseid),
            witness: witness.as_ref().map(|(name, actor)| (*name, &*actor.display)),
        };
        Ok(witness_page::page(&shown, &reader.who))
    };
    match drawn.await {
        Ok(markup) => response::html(markup),
        Err(problem) => round::refused(&reader, &place, &problem).await,
    }
}

fn ids(told: &str) -> Vec<&str> {
    told.split(',').filter(|id| !id.is_empty()).collect()
}

/// To the provider, which asks the witness anew whoever is logged in there.
async fn start(
    reader: Reader,
    Extension(guard): Guarded,
    Path(provider): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let back = {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in ["avdeling", "dato", "runde", "rad", "id"] {
            query.append_pair(name, asked.get(name).map_or("", String::as_str));
        }
        format!("{HERE}?{}", query.finish())
    };
    let begun = async {
        let kind = LoginKind::of_id(&provider).filter(|kind| *kind == LoginKind::Helseid);
        let (Some(kind), Some(logins)) = (kind, &guard.logins) else {
            let text = "No login by a provider of this name is set up.";
            return Err(Problem::new(Kind::NotFound, "WEB-041", text));
        };
        // Another site may not send the giver's browser away.
        if !guard.origins.may_read(&headers) {
            return Ok((back.clone(), None));
        }
        let visitor = match guard.cookies.visitor(&headers) {
            Some(ticket) => ticket,
            None => guard.sessions.ticket()?,
        };
        let begin = Begin {
            visitor: &visitor,
            back: &back,
            replaces: None,
            level: Some(guard.writes_level),
            witness_in: Some(reader.who.form_token().to_owned()),
        };
        let address = logins.start(kind, begin).await?;
        Ok((address, Some(guard.cookies.set_visitor(&visitor, SameSite::Lax))))
    };
    match begun.await {
        Ok((address, cookie)) => {
            let mut answer = to(&address);
            if let Some(cookie) = cookie {
                add_cookie(answer.headers_mut(), &cookie);
            }
            answer
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// Back from the provider with a witness: a proof, and no login.
pub(crate) async fn proved(
    desk: &Desk,
    guard: &Guard,
    kind: LoginKind,
    (identity, of_login): (Identity, String),
    back: &str,
) -> Result<Response, Problem> {
    let proof = Proof { of_login, identity: (&identity).into(), provider: kind.id().to_owned() };
    let name = guard.proofs.0.put(&proof, desk.now()).await?;
    let address = format!("{back}&bevis={name}");
    let mut answer = passing_page::log_in(kind, &address);
    add_cookie(answer.headers_mut(), &guard.cookies.clear_visitor());
    Ok(answer)
}

/// `POST /runde/vitne/her`: with a proof, or as one of the demo's people.
async fn confirm(
    State(desk): State<Arc<Desk>>,
    reader: Reader,
    Extension(guard): Guarded,
    form: Form,
) -> Response {
    let place = Place::of_form(&reader, &form);
    let done = async {
        let (identity, provider) = match form.field("bevis") {
            "" => {
                let person = demo_person(&guard, form.field("person")).ok_or_else(no_proof)?;
                (person, DEMO.to_owned())
            }
            name => {
                let of_login = reader.who.form_token();
                let proof = guard.proofs.take(name, of_login).await?.ok_or_else(no_proof)?;
                (proof.identity.into(), proof.provider)
            }
        };
        let witness = Arc::new(reader.witness(&identity).await?);
        let trace = desk.trace();
        let who = Authenticated {
            actor: Some(&witness),
            is_in_role: true,
            provider: &provider,
            trace: &trace,
        };
        desk.record().log_authentication(who, Authentication::Witness).await?;
        let witness = Reader::of_house(&desk, (*witness).clone());
        witness.witness_doses(&form.all("id")).await
    };
    match done.await {
        Ok(()) => to(&format!("{}#rad-{}", place.address(), form.field("rad"))),
        Err(problem) => round::refused(&reader, &place, &problem).await,
    }
}

fn demo_person(guard: &Guard, place: &str) -> Option<Identity> {
    let person = guard.demo.people.get(place.parse::<usize>().ok()?)?;
    Some(person.identity.clone())
}

fn no_proof() -> Problem {
    let text =
        "The witness's login is used already, older than two minutes, or was made elsewhere.";
    Problem::new(Kind::Refused, NO_PROOF, text)
}

impl Reader {
    /// Somebody who has proved who they are, as a witness of what the reader gave: somebody else, who gives
    /// medicines where the reader works.
    async fn witness(&self, identity: &Identity) -> Result<Actor, Problem> {
        let unit = |actor: &Actor| actor.personnel()?.organisations.first().cloned();
        let own = unit(&self.who.actor);
        let gives = |actor: &Actor| {
            let is_giver = matches!(actor.role(), Some(Role::Nurse | Role::HealthcareWorker));
            is_giver && own.is_some() && unit(actor) == own
        };
        let actors = self.desk().actors(identity).await?;
        let witness = actors.into_iter().find(gives).ok_or_else(|| {
            let text = "A witness gives medicines in the same unit as who gave the dose.";
            Problem::new(Kind::Refused, NO_WITNESS, text)
        })?;
        match witness.practitioner() == self.who.actor.practitioner() {
            true => Err(round::own_witness()),
            false => Ok(witness),
        }
    }
}

#[cfg(test)]
mod tests {
    use akson_base::{Clock, FixedClock, Instant};
    use akson_store::Store;
    use akson_store::kept::Kept;

    use super::*;

    #[tokio::test]
    async fn a_proof_is_good_once_in_its_own_login_for_two_minutes() {
        let clock = Arc::new(FixedClock::at(Instant(1_795_298_880_000)));
        let folder = tempfile::TempDir::new().unwrap();
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::open(folder.path(), &Default::default(), time).unwrap();
        let kept: Arc<dyn Keeping> = Arc::new(Kept::open(Arc::new(store)).unwrap());
        // Two servers on one record: what one keeps the other takes.
        let (proofs, other) = (Proofs::new(Arc::clone(&kept)), Proofs::new(kept));
        let identity = Identity { security_level: 4, ..Identity::default() };
        let proof = || Proof {
            of_login: "giver".into(),
            identity: (&identity).into(),
            provider: "helseid".into(),
        };
        let a = proofs.0.put(&proof(), clock.now()).await.unwrap();
        assert!(other.look(&a, "giver").unwrap().is_some());
        assert!(other.take(&a, "another").await.unwrap().is_none(), "another login's");
        assert!(other.take("b", "giver").await.unwrap().is_none(), "never given");
        clock.advance_milliseconds(PROOF_SECONDS_MAX * 1000 - 1);
        let taken = other.take(&a, "giver").await.unwrap().unwrap();
        assert_eq!(Identity::from(taken.identity), identity);
        assert!(proofs.take(&a, "giver").await.unwrap().is_none(), "a second time");
        let old = proofs.0.put(&proof(), clock.now()).await.unwrap();
        clock.advance_milliseconds(PROOF_SECONDS_MAX * 1000);
        assert!(proofs.take(&old, "giver").await.unwrap().is_none(), "old");
    }
}
