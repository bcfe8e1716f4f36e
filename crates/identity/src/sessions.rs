//! Logins of people on the pages: who is logged in, in which of their roles, and until when.
//!
//! In memory, a bounded number; a restart logs everybody out. The browser holds a random ticket and
//! we only its SHA-256, so that a copy of our memory is nobody's login. A ticket is changed for a
//! new one after login and after every choice of role (no fixation).
//! Not here: proving who somebody is, what they may see (`access`), forms and pages (`web`).
//! Standard: OWASP ASVS 4.0, chapter 3 (session management).

mod cookies;
mod origins;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use akson_access::{Actor, Identity};
use akson_base::limits::SESSIONS_MAX;
use akson_base::{Clock, Instant, Kind, Problem};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

pub use cookies::{Cookies, SameSite};
pub use origins::Origins;

use crate::logins::{Ended, LoginKind};
use crate::tokens::key::sha256;

/// How long a login holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Seconds without a request after which it ends.
    pub idle_seconds_max: u32,
    /// Seconds from login after which it ends, whatever happens.
    pub absolute_seconds_max: u32,
    /// Logins at a time; at most [`SESSIONS_MAX`].
    pub sessions_max: usize,
}

impl Default for SessionLimits {
    /// 30 minutes idle, 10 hours in all.
    fn default() -> Self {
        Self {
            idle_seconds_max: 30 * 60,
            absolute_seconds_max: 10 * 60 * 60,
            sessions_max: SESSIONS_MAX,
        }
    }
}

/// Seconds after which the registers are asked again whether somebody still has their role.
pub const CONFIRMED_SECONDS_MAX: u32 = 60;

/// What a browser holds: 256 random bits. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// What came in a cookie; anything may, and most of it is nobody's ticket.
    pub fn received(text: &str) -> Self {
        Self(text.to_string())
    }

    /// For the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its SHA-256: all that we keep of it.
    pub(crate) fn digest(&self) -> Digest {
        sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ticket(…)")
    }
}

/// SHA-256 of a ticket.
type Digest = [u8; 32];

/// Where a login came from, for ending it there too. `Debug` does not tell the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Upstream {
    /// By which provider.
    pub kind: LoginKind,
    /// The provider's name for the person (`sub`).
    pub subject: String,
    /// The provider's name for its own login of the person (`sid`), if it gives one.
    pub sid: Option<String>,
    /// What the provider knows the login by when we ask it to end it.
    pub id_token: String,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Upstream({})", self.kind.id())
    }
}

/// Which login something was done in, for asking later whether it still is. Nobody can log in with
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoginMark(Digest);

impl LoginMark {
    /// For keeping it.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }

    /// What was kept.
    pub fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

#[derive(Debug)]
struct Session {
    identity: Arc<Identity>,
    /// The provider that proved it; `None` for somebody of the demo.
    upstream: Option<Arc<Upstream>>,
    actors: Arc<[Arc<Actor>]>,
    chosen: Option<Arc<Actor>>,
    began: Instant,
    seen: Instant,
    /// When the registers were asked last.
    confirmed: Instant,
}

/// Who comes with a ticket.
#[derive(Clone, Debug)]
pub enum Found {
    /// No login has this ticket.
    Nobody,
    /// There was a login, and its time is over.
    TimedOut,
    /// Logged in, and has yet to say in which of these capacities.
    Choosing(Arc<[Arc<Actor>]>),
    /// Logged in.
    In(LoggedIn),
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// In which capacity.
    pub actor: Arc<Actor>,
    /// All capacities that there are to choose among; the same one alone, for most.
    pub actors: Arc<[Arc<Actor>]>,
    /// What the login proved, when it is time to ask the registers again and
    /// [`Sessions::confirm`].
    pub unconfirmed: Option<Arc<Identity>>,
    /// How strongly the person is known: 3 or 4.
    pub security_level: u8,
    /// By which provider; `None` for somebody of the demo.
    pub provider: Option<LoginKind>,
}

/// A login that is over.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Who it was: in the capacity that was chosen, else the first of those that could be.
    pub actor: Arc<Actor>,
    /// Whether the capacity was chosen.
    pub is_chosen: bool,
    /// Where it came from.
    pub upstream: Option<Arc<Upstream>>,
}

/// All logins.
pub struct Sessions {
    limits: SessionLimits,
    clock: Arc<dyn Clock>,
    random: SystemRandom,
    form_key: hmac::Key,
    held: Mutex<HashMap<Digest, Session>>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Sessions {
    /// No logins yet. Fails (`IDN-070`) when the machine has no randomness.
    pub fn new(limits: SessionLimits, clock: Arc<dyn Clock>) -> Result<Self, Problem> {
        let random = SystemRandom::new();
        let form_key =
            hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| no_randomness())?;
        Ok(Self { limits, clock, random, form_key, held: Mutex::default() })
    }

    /// A new ticket, of nobody: for the forms of whoever is not logged in yet.
    pub fn ticket(&self) -> Result<Ticket, Problem> {
        let mut bits = [0; 32];
        self.random.fill(&mut bits).map_err(|_| no_randomness())?;
        Ok(Ticket(BASE64_URL_SAFE_NO_PAD.encode(bits)))
    }

    /// Logs somebody in who may act in these capacities, of which there must be one; with several,
    /// one must be chosen before anything else. Fails with `IDN-071` when as many are logged in as
    /// may be.
    pub fn open(&self, identity: Identity, actors: Vec<Actor>) -> Result<Ticket, Problem> {
        self.open_from(identity, None, actors)
    }

    /// As [`Sessions::open`], of a login that a provider vouches for.
    pub fn open_from(
        &self,
        identity: Identity,
        upstream: Option<Upstream>,
        actors: Vec<Actor>,
    ) -> Result<Ticket, Problem> {
        let ticket = self.ticket()?;
        let actors: Arc<[Arc<Actor>]> = actors.into_iter().map(Arc::new).collect();
        let chosen = match &*actors {
            [] => return Err(Problem::fault("IDN-072", "a login without any capacity")),
            [only] => Some(Arc::clone(only)),
            [..] => None,
        };
        let now = self.clock.now();
        let identity = Arc::new(identity);
        let upstream = upstream.map(Arc::new);
        let session =
            Session { identity, upstream, actors, chosen, began: now, seen: now, confirmed: now };
        let mut held = self.held();
        if held.len() >= self.limits.sessions_max.min(SESSIONS_MAX) {
            held.retain(|_, session| self.is_alive(session, now));
        }
        if held.len() >= self.limits.sessions_max.min(SESSIONS_MAX) {
            return Err(Problem::new(
                Kind::Busy,
                "IDN-071",
                "As many people are logged in as this server has room for. Try again later.",
            ));
        }
        held.insert(ticket.digest(), session);
        Ok(ticket)
    }

    /// Who comes with this ticket now. Being seen keeps the login alive, up to its absolute limit.
    pub fn find(&self, ticket: &Ticket) -> Found {
        self.look(ticket, true)
    }

    /// As [`Sessions::find`], when a page asks by itself: that somebody has left it open does not
    /// keep the login alive.
    pub fn find_unattended(&self, ticket: &Ticket) -> Found {
        self.look(ticket, false)
    }

    fn look(&self, ticket: &Ticket, is_somebody: bool) -> Found {
        let now = self.clock.now();
        let key = ticket.digest();
        let mut held = self.held();
        let Some(session) = held.get_mut(&key) else { return Found::Nobody };
        if !self.is_alive(session, now) {
            held.remove(&key);
            return Found::TimedOut;
        }
        if is_somebody {
            session.seen = now;
        }
        match &session.chosen {
            None => Found::Choosing(Arc::clone(&session.actors)),
            Some(actor) => Found::In(LoggedIn {
                actor: Arc::clone(actor),
                actors: Arc::clone(&session.actors),
                unconfirmed: is_over(session.confirmed, CONFIRMED_SECONDS_MAX, now)
                    .then(|| Arc::clone(&session.identity)),
                security_level: session.identity.security_level,
                provider: session.upstream.as_ref().map(|upstream| upstream.kind),
            }),
        }
    }

    /// Takes the capacity at this place of the list, and gives the new ticket; the one before is
    /// nobody's from now on. The absolute limit still counts from login. `None` when there is no
    /// such login or no such place.
    pub fn choose(&self, ticket: &Ticket, place: usize) -> Result<Option<Ticket>, Problem> {
        let fresh = self.ticket()?;
        let now = self.clock.now();
        let key = ticket.digest();
        let mut held = self.held();
        let is_alive = held.get(&key).is_some_and(|session| self.is_alive(session, now));
        let chosen = held.get(&key).and_then(|session| session.actors.get(place)).map(Arc::clone);
        let (true, Some(chosen)) = (is_alive, chosen) else { return Ok(None) };
        let Some(mut session) = held.remove(&key) else { return Ok(None) };
        session.chosen = Some(chosen);
        session.seen = now;
        held.insert(fresh.digest(), session);
        Ok(Some(fresh))
    }

    /// What the registers say now of somebody who is logged in. Whoever has lost the role that they
    /// chose is logged out: `false`.
    pub fn confirm(&self, ticket: &Ticket, actors: Vec<Actor>) -> bool {
        let now = self.clock.now();
        let key = ticket.digest();
        let mut held = self.held();
        let Some(session) = held.get_mut(&key) else { return false };
        let actors: Arc<[Arc<Actor>]> = actors.into_iter().map(Arc::new).collect();
        let chosen = session.chosen.as_ref();
        let same = actors.iter().find(|actor| chosen.is_some_and(|old| is_same_place(old, actor)));
        let Some(same) = same.map(Arc::clone) else {
            held.remove(&key);
            return false;
        };
        session.chosen = Some(same);
        session.actors = actors;
        session.confirmed = now;
        true
    }

    /// What the login with this ticket proved, and its mark; `None` when there is none.
    pub fn proved(&self, ticket: &Ticket) -> Option<(Arc<Identity>, LoginMark)> {
        let key = ticket.digest();
        let held = self.held();
        let session = held.get(&key).filter(|session| self.is_alive(session, self.clock.now()))?;
        Some((Arc::clone(&session.identity), LoginMark(key)))
    }

    /// Whether the login of this mark is neither closed nor over, and in the same role. Asking does
    /// not keep it alive.
    pub fn is_open(&self, mark: &LoginMark) -> bool {
        let now = self.clock.now();
        self.held().get(&mark.0).is_some_and(|session| self.is_alive(session, now))
    }

    /// By which provider the holder of this ticket is logged in; `None` for somebody of the demo, and
    /// for nobody.
    pub fn provider(&self, ticket: &Ticket) -> Option<LoginKind> {
        let held = self.held();
        held.get(&ticket.digest())?.upstream.as_ref().map(|upstream| upstream.kind)
    }

    /// Logs out. `None` when nobody was in with this ticket any more.
    pub fn close(&self, ticket: &Ticket) -> Option<Closed> {
        let now = self.clock.now();
        let session = self.held().remove(&ticket.digest());
        session.filter(|session| self.is_alive(session, now)).and_then(Closed::of)
    }

    /// Logs out those whose login at a provider is over.
    pub fn close_ended(&self, ended: &Ended) -> Vec<Closed> {
        let now = self.clock.now();
        let is_theirs = |session: &Session| {
            session.upstream.as_ref().is_some_and(|upstream| {
                let is_session = match (&ended.sid, &upstream.sid) {
                    (Some(ended), Some(known)) => ended == known,
                    (None, _) => true,
                    (Some(_), None) => ended.subject.is_some(),
                };
                let subject = ended.subject.as_ref();
                upstream.kind == ended.kind
                    && is_session
                    && subject.is_none_or(|subject| *subject == upstream.subject)
            })
        };
        let gone: Vec<Session> =
            self.held().extract_if(|_, session| is_theirs(session)).map(|(_, one)| one).collect();
        gone.into_iter()
            .filter(|session| self.is_alive(session, now))
            .filter_map(Closed::of)
            .collect()
    }

    /// What every form of this ticket's holder carries, so that nobody else can send it for them.
    pub fn form_token(&self, ticket: &Ticket) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.form_key, ticket.0.as_bytes()))
    }

    /// Whether a form came from the holder of this ticket. Takes the same time for every wrong one.
    pub fn is_form_token(&self, ticket: &Ticket, token: &str) -> bool {
        let Ok(token) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return false };
        hmac::verify(&self.form_key, ticket.0.as_bytes(), &token).is_ok()
    }

    fn is_alive(&self, session: &Session, now: Instant) -> bool {
        !is_over(session.seen, self.limits.idle_seconds_max, now)
            && !is_over(session.began, self.limits.absolute_seconds_max, now)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        // Every change is one insert or remove: a panic elsewhere leaves nothing half done.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closed {
    fn of(session: Session) -> Option<Self> {
        let Session { chosen, actors, upstream, .. } = session;
        let is_chosen = chosen.is_some();
        let actor = chosen.or_else(|| actors.first().map(Arc::clone))?;
        Some(Self { actor, is_chosen, upstream })
    }
}

/// Whether so many seconds have gone by.
fn is_over(since: Instant, seconds_max: u32, now: Instant) -> bool {
    now.0.saturating_sub(since.0) >= i64::from(seconds_max) * 1000
}

/// The same person in the same capacity, whatever their names are now.
fn is_same_place(one: &Actor, other: &Actor) -> bool {
    use akson_access::Standing;
    one.id == other.id
        && match (&one.standing, &other.standing) {
            (Standing::Personnel(one), Standing::Personnel(other)) => {
                one.role == other.role
                    && one.references == other.references
                    && one.organisations == other.organisations
            }
            (Standing::Citizen(one), Standing::Citizen(other)) => one == other,
            (Standing::System(one), Standing::System(other)) => one == other,
            (
                Standing::Open
                | Standing::Operator
                | Standing::Personnel(_)
                | Standing::Citizen(_)
                | Standing::System(_),
                _,
            ) => false,
        }
}

fn no_randomness() -> Problem {
    Problem::fault("IDN-070", "the machine gives no random numbers")
}

#[cfg(test)]
mod tests;
