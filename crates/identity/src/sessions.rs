//! Logins of people on the pages: who is logged in, in which of their roles, and until when.
//!
//! Kept durably (`base::kept`), a bounded number: a restart logs nobody out, and all processes that serve
//! one record have the same logins. The browser holds a random ticket and we only its SHA-256, so that a
//! copy of what is kept is nobody's login. A ticket is changed for a new one after login and after every
//! choice of role (no fixation).
//!
//! That somebody was seen is written now and then only, so that reading a page writes nothing: a login
//! may stay open longer than its idle time, by a thirtieth of it and never by more than a minute.
//! Here: what happens to logins. `stored`: how one is written. Not here: proving who somebody is, what
//! they may see (`access`), forms and pages (`web`).
//! Standard: OWASP ASVS 4.0, chapter 3 (session management).

mod cookies;
mod origins;
mod stored;

use std::fmt;
use std::sync::Arc;

use akson_access::{Actor, Identity};
use akson_base::kept::{Change, Entry, Keeping, Place, Stamp, space};
use akson_base::limits::{CONFLICT_RETRIES_MAX, SESSIONS_MAX};
use akson_base::{Clock, Instant, Kind, Problem};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

pub use cookies::{Cookies, SameSite};
pub use origins::Origins;
pub use stored::StoredIdentity;

use crate::kept::commit;
use crate::logins::{Ended, LoginKind};
use crate::sealed;
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

/// A login is written as seen when the last time is longer ago than this part of the idle time…
const SEEN_PARTS: i64 = 30;
/// … or than this, milliseconds.
const SEEN_MILLISECONDS_MAX: i64 = 60_000;
/// How long after its end it is known that there was a login, milliseconds: whoever comes late with a
/// form is shown what they wrote.
const KNOWN_AFTER_MILLISECONDS: i64 = 4 * 3_600_000;
/// Logins whose form was read before and need not be read again.
const READ_MAX: usize = 4_096;
/// The word that a provider's token is sealed for.
const ID_TOKEN: &str = "akson id token";
/// The word that makes a form's token of a ticket.
const FORM_TOKEN: &[u8] = b"akson form token";

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

    /// For what only who holds the ticket, and whoever is shown it, can make.
    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ticket(…)")
    }
}

/// SHA-256 of a ticket.
type Digest = [u8; 32];

/// Bytes of the digest of a provider's name that lead to its logins.
const NAME_BYTES: usize = 16;

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

/// Where a login came from, as it is kept.
#[derive(Debug)]
struct Source {
    kind: LoginKind,
    subject: String,
    sid: Option<String>,
    /// Sealed with the ticket.
    id_token: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Session {
    identity: Arc<Identity>,
    /// The provider that proved it; `None` for somebody of the demo.
    upstream: Option<Arc<Source>>,
    actors: Arc<[Arc<Actor>]>,
    /// Which of the actors; one of them.
    chosen: Option<usize>,
    began: Instant,
    /// As it was last written.
    seen: Instant,
    /// When the registers were asked last.
    confirmed: Instant,
}

impl Session {
    fn actor(&self) -> Option<&Arc<Actor>> {
        self.actors.get(self.chosen?)
    }
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
    /// When somebody was seen: now, unless the page asked by itself.
    seen: Instant,
}

/// A login that is over.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Who it was: in the capacity that was chosen, else the first of those that could be.
    pub actor: Arc<Actor>,
    /// Whether the capacity was chosen.
    pub is_chosen: bool,
    /// By which provider; `None` for somebody of the demo.
    pub provider: Option<LoginKind>,
    /// What ends it at the provider too; `None` when the provider itself said that it is over.
    pub upstream: Option<Upstream>,
}

/// All logins.
pub struct Sessions {
    limits: SessionLimits,
    clock: Arc<dyn Clock>,
    kept: Arc<dyn Keeping>,
    random: SystemRandom,
    /// By digest of the ticket: the version that was read, and what it says.
    read: Cache<Digest, (Stamp, Arc<Session>)>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Sessions {
    /// The logins that are kept.
    pub fn new(limits: SessionLimits, clock: Arc<dyn Clock>, kept: Arc<dyn Keeping>) -> Self {
        let read = Cache::new(READ_MAX);
        Self { limits, clock, kept, random: SystemRandom::new(), read }
    }

    /// Where they are kept.
    pub fn kept(&self) -> &Arc<dyn Keeping> {
        &self.kept
    }

    /// A new ticket, of nobody: for the forms of whoever is not logged in yet. Fails (`IDN-070`) when
    /// the machine has no randomness.
    pub fn ticket(&self) -> Result<Ticket, Problem> {
        let mut bits = [0; 32];
        self.random.fill(&mut bits).map_err(|_| no_randomness())?;
        Ok(Ticket(BASE64_URL_SAFE_NO_PAD.encode(bits)))
    }

    /// Logs somebody in who may act in these capacities, of which there must be one; with several,
    /// one must be chosen before anything else. Fails with `IDN-071` when as many are logged in as
    /// may be.
    pub async fn open(&self, identity: Identity, actors: Vec<Actor>) -> Result<Ticket, Problem> {
        self.open_from(identity, None, actors).await
    }

    /// As [`Sessions::open`], of a login that a provider vouches for.
    pub async fn open_from(
        &self,
        identity: Identity,
        upstream: Option<Upstream>,
        actors: Vec<Actor>,
    ) -> Result<Ticket, Problem> {
        let ticket = self.ticket()?;
        let actors: Arc<[Arc<Actor>]> = actors.into_iter().map(Arc::new).collect();
        let chosen = match &*actors {
            [] => return Err(Problem::fault("IDN-072", "a login without any capacity")),
            [_] => Some(0),
            [..] => None,
        };
        let now = self.clock.now();
        let identity = Arc::new(identity);
        let upstream = match upstream {
            None => None,
            Some(upstream) => Some(Arc::new(Source::of(upstream, &ticket)?)),
        };
        let session =
            Session { identity, upstream, actors, chosen, began: now, seen: now, confirmed: now };
        if !self.kept.has_room(space::LOGIN, self.limits.sessions_max.min(SESSIONS_MAX))? {
            return Err(Problem::new(
                Kind::Busy,
                "IDN-071",
                "As many people are logged in as this server has room for. Try again later.",
            ));
        }
        let digest = ticket.digest();
        let mut changes =
            vec![Change::New(at(digest), self.known_until(&session), stored::encode(&session)?)];
        self.name_upstream(&session, digest, &mut changes);
        match commit(&*self.kept, &changes).await? {
            true => Ok(ticket),
            false => Err(Problem::fault("IDN-078", "a new ticket was somebody's")),
        }
    }

    /// Who comes with this ticket now. Being seen keeps the login alive, up to its absolute limit.
    ///
    /// # Errors
    /// When what is kept cannot be asked.
    pub fn find(&self, ticket: &Ticket) -> Result<Found, Problem> {
        self.look(ticket, true)
    }

    /// As [`Sessions::find`], when a page asks by itself: that somebody has left it open does not
    /// keep the login alive.
    pub fn find_unattended(&self, ticket: &Ticket) -> Result<Found, Problem> {
        self.look(ticket, false)
    }

    fn look(&self, ticket: &Ticket, is_somebody: bool) -> Result<Found, Problem> {
        let now = self.clock.now();
        let digest = ticket.digest();
        let Some((stamp, session)) = self.read(digest)? else { return Ok(Found::Nobody) };
        if !self.is_alive(&session, now) {
            self.kept.change(&[Change::Take(at(digest), stamp)], Box::new(drop));
            return Ok(Found::TimedOut);
        }
        let seen = if is_somebody { now } else { session.seen };
        let found = found(&session, seen, now);
        // Where the registers are to be asked, `confirm` writes it.
        let is_due = !matches!(&found, Found::In(login) if login.unconfirmed.is_some());
        if is_due && seen.0.saturating_sub(session.seen.0) >= self.seen_milliseconds() {
            // Nobody waits for it, and if another change comes before it that one says as much.
            let change = self.replace(digest, stamp, &Session { seen, ..(*session).clone() })?;
            self.kept.change(&[change], Box::new(drop));
        }
        Ok(found)
    }

    /// Takes the capacity at this place of the list, and gives the new ticket; the one before is
    /// nobody's from now on. The absolute limit still counts from login. `None` when there is no
    /// such login or no such place.
    pub async fn choose(&self, ticket: &Ticket, place: usize) -> Result<Option<Ticket>, Problem> {
        let fresh = self.ticket()?;
        let (before, after) = (ticket.digest(), fresh.digest());
        for _ in 0..CONFLICT_RETRIES_MAX {
            let now = self.clock.now();
            let Some((stamp, session)) = self.living(before, now)? else { return Ok(None) };
            if session.actors.get(place).is_none() {
                return Ok(None);
            }
            let upstream = match &session.upstream {
                None => None,
                Some(source) => {
                    let upstream = source.upstream(ticket).ok_or_else(unreadable)?;
                    Some(Arc::new(Source::of(upstream, &fresh)?))
                }
            };
            let session =
                Session { chosen: Some(place), seen: now, upstream, ..(*session).clone() };
            let (until, content) = (self.known_until(&session), stored::encode(&session)?);
            let mut changes =
                vec![Change::Take(at(before), stamp), Change::New(at(after), until, content)];
            changes.extend(names(&session, before).map(Change::Remove));
            self.name_upstream(&session, after, &mut changes);
            if commit(&*self.kept, &changes).await? {
                return Ok(Some(fresh));
            }
        }
        Err(contended())
    }

    /// What the registers say now of somebody who was found logged in, and the login by that. Whoever
    /// has lost the role that they chose is logged out: `None`.
    pub async fn confirm(
        &self,
        ticket: &Ticket,
        login: &LoggedIn,
        actors: Vec<Actor>,
    ) -> Result<Option<LoggedIn>, Problem> {
        let digest = ticket.digest();
        let actors: Arc<[Arc<Actor>]> = actors.into_iter().map(Arc::new).collect();
        for _ in 0..CONFLICT_RETRIES_MAX {
            let now = self.clock.now();
            let Some((stamp, before)) = self.living(digest, now)? else { return Ok(None) };
            let old = before.actor();
            let is_same = |actor: &Arc<Actor>| old.is_some_and(|old| is_same_place(old, actor));
            let Some(chosen) = actors.iter().position(is_same) else {
                self.close(ticket).await?;
                return Ok(None);
            };
            let after = Session {
                actors: Arc::clone(&actors),
                chosen: Some(chosen),
                seen: login.seen.max(before.seen),
                confirmed: now,
                ..(*before).clone()
            };
            let change = [self.replace(digest, stamp, &after)?];
            // Where nothing is new, nobody need wait until it is written when they were asked.
            if after.actors == before.actors && after.chosen == before.chosen {
                self.kept.change(&change, Box::new(drop));
            } else if !commit(&*self.kept, &change).await? {
                continue;
            }
            return Ok(match found(&after, after.seen, now) {
                Found::In(login) => Some(login),
                Found::Nobody | Found::TimedOut | Found::Choosing(_) => None,
            });
        }
        Err(contended())
    }

    /// What the login with this ticket proved, and its mark; `None` when there is none.
    pub fn proved(&self, ticket: &Ticket) -> Result<Option<(Arc<Identity>, LoginMark)>, Problem> {
        let digest = ticket.digest();
        let found = self.living(digest, self.clock.now())?;
        Ok(found.map(|(_, session)| (Arc::clone(&session.identity), LoginMark(digest))))
    }

    /// Whether the login of this mark is neither closed nor over, and in the same role. Asking does
    /// not keep it alive.
    pub fn is_open(&self, mark: &LoginMark) -> Result<bool, Problem> {
        Ok(self.living(mark.0, self.clock.now())?.is_some())
    }

    /// By which provider the holder of this ticket is logged in; `None` for somebody of the demo, and
    /// for nobody.
    pub fn provider(&self, ticket: &Ticket) -> Result<Option<LoginKind>, Problem> {
        let found = self.read(ticket.digest())?;
        Ok(found.and_then(|(_, session)| Some(session.upstream.as_ref()?.kind)))
    }

    /// Logs out. `None` when nobody was in with this ticket any more.
    pub async fn close(&self, ticket: &Ticket) -> Result<Option<Closed>, Problem> {
        let closed = self.take(ticket.digest()).await?;
        Ok(closed.and_then(|session| Closed::of(&session, Some(ticket))))
    }

    /// Logs out those whose login at a provider is over.
    pub async fn close_ended(&self, ended: &Ended) -> Result<Vec<Closed>, Problem> {
        let is_theirs = |source: &Source| {
            let is_session = match (&ended.sid, &source.sid) {
                (Some(ended), Some(known)) => ended == known,
                (None, _) => true,
                (Some(_), None) => ended.subject.is_some(),
            };
            let subject = ended.subject.as_ref();
            source.kind == ended.kind
                && is_session
                && subject.is_none_or(|subject| *subject == source.subject)
        };
        let name = match (&ended.subject, &ended.sid) {
            (Some(subject), _) => name(ended.kind, Name::Subject, subject),
            (None, Some(sid)) => name(ended.kind, Name::Sid, sid),
            (None, None) => return Ok(Vec::new()),
        };
        let mut closed = Vec::new();
        // Again until none is left: one may get a new ticket meanwhile, for a role that was chosen.
        for _ in 0..CONFLICT_RETRIES_MAX {
            let mut is_done = true;
            for (place, entry) in self.kept.under(space::LOGIN_OF_PROVIDER, &name)? {
                let Ok(digest) = <Digest>::try_from(&*entry.content) else { continue };
                let Some((_, session)) = self.read(digest)? else {
                    // Over, or elsewhere by now: this leads nowhere.
                    is_done = false;
                    let place = Place { space: space::LOGIN_OF_PROVIDER, digest: place };
                    commit(&*self.kept, &[Change::Take(place, entry.stamp)]).await?;
                    continue;
                };
                if session.upstream.as_deref().is_some_and(is_theirs) {
                    is_done = false;
                    let session = self.take(digest).await?;
                    closed.extend(session.and_then(|session| Closed::of(&session, None)));
                }
            }
            if is_done {
                return Ok(closed);
            }
        }
        Err(contended())
    }

    /// Removes a login; answers with it when it was alive.
    async fn take(&self, digest: Digest) -> Result<Option<Arc<Session>>, Problem> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let Some((stamp, session)) = self.read(digest)? else { return Ok(None) };
            let mut changes = vec![Change::Take(at(digest), stamp)];
            changes.extend(names(&session, digest).map(Change::Remove));
            if commit(&*self.kept, &changes).await? {
                let is_alive = self.is_alive(&session, self.clock.now());
                return Ok(is_alive.then_some(session));
            }
        }
        Err(contended())
    }

    /// What every form of this ticket's holder carries, so that nobody else can send it for them. Made
    /// of the ticket alone: whoever answers next knows it too.
    pub fn form_token(&self, ticket: &Ticket) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&ticket.key(), FORM_TOKEN))
    }

    /// Whether a form came from the holder of this ticket. Takes the same time for every wrong one.
    pub fn is_form_token(&self, ticket: &Ticket, token: &str) -> bool {
        let Ok(token) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return false };
        hmac::verify(&ticket.key(), FORM_TOKEN, &token).is_ok()
    }

    /// The login of a ticket's digest, alive or over; what cannot be read is nobody's.
    fn read(&self, digest: Digest) -> Result<Option<(Stamp, Arc<Session>)>, Problem> {
        let damaged = || tracing::warn!("a login that is kept cannot be read: it is nobody's");
        let Entry { stamp, content, .. } = match self.kept.get(at(digest)) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(None),
            Err(problem) if problem.code == "STO-075" => {
                damaged();
                return Ok(None);
            }
            Err(problem) => return Err(problem),
        };
        if let Some(read) = self.read.get(&digest).filter(|(known, _)| *known == stamp) {
            return Ok(Some(read));
        }
        let Some(session) = stored::decode(&content) else {
            damaged();
            return Ok(None);
        };
        let read = (stamp, Arc::new(session));
        self.read.insert(digest, read.clone());
        Ok(Some(read))
    }

    fn living(
        &self,
        digest: Digest,
        now: Instant,
    ) -> Result<Option<(Stamp, Arc<Session>)>, Problem> {
        Ok(self.read(digest)?.filter(|(_, session)| self.is_alive(session, now)))
    }

    fn replace(&self, digest: Digest, stamp: Stamp, by: &Session) -> Result<Change, Problem> {
        Ok(Change::Replace(at(digest), stamp, self.known_until(by), stored::encode(by)?))
    }

    /// Writes under which names a provider knows a login.
    fn name_upstream(&self, session: &Session, digest: Digest, changes: &mut Vec<Change>) {
        let until = after(session.began, self.limits.absolute_seconds_max);
        let name = |place| Change::Set(place, until, digest.to_vec());
        changes.extend(names(session, digest).map(name));
    }

    fn is_alive(&self, session: &Session, now: Instant) -> bool {
        now < self.ends(session)
    }

    /// When it ends unless somebody is seen.
    fn ends(&self, session: &Session) -> Instant {
        let idle = after(session.seen, self.limits.idle_seconds_max);
        let idle = Instant(idle.0.saturating_add(self.seen_milliseconds()));
        idle.min(after(session.began, self.limits.absolute_seconds_max))
    }

    fn known_until(&self, session: &Session) -> Instant {
        Instant(self.ends(session).0.saturating_add(KNOWN_AFTER_MILLISECONDS))
    }

    /// How old the time may be at which somebody was seen.
    fn seen_milliseconds(&self) -> i64 {
        let idle = i64::from(self.limits.idle_seconds_max) * 1000;
        (idle / SEEN_PARTS).min(SEEN_MILLISECONDS_MAX)
    }
}

fn found(session: &Session, seen: Instant, now: Instant) -> Found {
    match session.actor() {
        None => Found::Choosing(Arc::clone(&session.actors)),
        Some(actor) => Found::In(LoggedIn {
            actor: Arc::clone(actor),
            actors: Arc::clone(&session.actors),
            unconfirmed: is_over(session.confirmed, CONFIRMED_SECONDS_MAX, now)
                .then(|| Arc::clone(&session.identity)),
            security_level: session.identity.security_level,
            provider: session.upstream.as_ref().map(|source| source.kind),
            seen,
        }),
    }
}

impl Source {
    fn of(upstream: Upstream, ticket: &Ticket) -> Result<Self, Problem> {
        let Upstream { kind, subject, sid, id_token } = upstream;
        let id_token = sealed::seal(&ticket.0, ID_TOKEN, id_token.as_bytes())?;
        Ok(Self { kind, subject, sid, id_token })
    }

    /// As it was, for who has the ticket.
    fn upstream(&self, ticket: &Ticket) -> Option<Upstream> {
        let id_token = sealed::open(&ticket.0, ID_TOKEN, &self.id_token)?;
        Some(Upstream {
            kind: self.kind,
            subject: self.subject.clone(),
            sid: self.sid.clone(),
            id_token: String::from_utf8(id_token).ok()?,
        })
    }
}

impl Closed {
    fn of(session: &Session, ticket: Option<&Ticket>) -> Option<Self> {
        let source = session.upstream.as_ref();
        Some(Self {
            actor: session.actor().or(session.actors.first()).map(Arc::clone)?,
            is_chosen: session.chosen.is_some(),
            provider: source.map(|source| source.kind),
            upstream: source.zip(ticket).and_then(|(source, ticket)| source.upstream(ticket)),
        })
    }
}

fn at(digest: Digest) -> Place {
    Place { space: space::LOGIN, digest }
}

/// What a provider calls a login by.
#[derive(Clone, Copy)]
enum Name {
    Subject,
    Sid,
}

/// The first half of the digest of an entry that leads from a provider's name to a login.
fn name(kind: LoginKind, what: Name, text: &str) -> [u8; NAME_BYTES] {
    let what = match what {
        Name::Subject => "sub",
        Name::Sid => "sid",
    };
    let digest = sha256(format!("{}\n{what}\n{text}", kind.id()).as_bytes());
    let mut name = [0; NAME_BYTES];
    name.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    name
}

/// Where the names of a login lead to it: half the name, half the login, so that all logins of a name
/// lie together.
fn names(session: &Session, digest: Digest) -> impl Iterator<Item = Place> {
    let source = session.upstream.as_deref();
    let subject = source.map(|source| name(source.kind, Name::Subject, &source.subject));
    let sid = source.and_then(|source| Some((source.kind, source.sid.as_deref()?)));
    let sid = sid.map(|(kind, sid)| name(kind, Name::Sid, sid));
    [subject, sid].into_iter().flatten().map(move |name| {
        let mut place = [0; 32];
        place.iter_mut().zip(name.iter().chain(&digest)).for_each(|(to, from)| *to = *from);
        Place { space: space::LOGIN_OF_PROVIDER, digest: place }
    })
}

fn after(since: Instant, seconds: u32) -> Instant {
    Instant(since.0.saturating_add(i64::from(seconds) * 1000))
}

fn contended() -> Problem {
    let text = "The login was changed many times at the same moment. Try again.";
    Problem::new(Kind::Busy, "IDN-077", text)
}

fn unreadable() -> Problem {
    Problem::fault("IDN-078", "a provider's token was sealed with another ticket")
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
