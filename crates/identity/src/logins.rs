//! Logging people in by an OpenID provider: HelseID for personnel, ID-porten for citizens.
//!
//! [`Logins::start`] sends a browser to the provider, [`Logins::finish`] takes it back with a proved
//! [`Identity`]. The files below, in the order of a login: `pending` (what must be remembered
//! meanwhile), `exchange` (pushed request, code to token), `id_token` (whether it is for us, now and
//! for this login), `person` (who it is). `logout_token` is the provider's word that a login is over.
//! Not here: who has which role (`record`), how logins are kept (`sessions`), pages (`web`).
//! Standard: OpenID Connect Core 1.0 section 3.1, FAPI 2.0 Security Profile, RFC 7636 (PKCE),
//! RFC 9126 (PAR), RFC 9207 (`iss`), RFC 9449 (DPoP), OpenID Connect RP-Initiated Logout 1.0,
//! Front-Channel Logout 1.0, Back-Channel Logout 1.0

mod exchange;
mod id_token;
mod logout_token;
mod pending;
mod person;

use std::sync::Arc;
use std::time::Duration;

use akson_access::Identity;
use akson_base::kept::Keeping;
use akson_base::{Clock, Kind, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use url::Url;

use crate::SigningKey;
use crate::outbound::{Outbound, parse_address};
use crate::sessions::{Ticket, Upstream};
use crate::tokens::jws::quoted;
use crate::tokens::key::sha256;
use crate::tokens::provider::{Pace, Provider};
use crate::waiting::Waiting;
use exchange::Exchange;
pub use logout_token::Ended;
use pending::{Began, pending};

/// Whom a provider logs in, and in which words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginKind {
    /// Personnel, by HelseID's claims.
    Helseid,
    /// Citizens, by ID-porten's claims.
    IdPorten,
}

impl LoginKind {
    /// Both, personnel first.
    pub const ALL: [Self; 2] = [Self::Helseid, Self::IdPorten];

    /// The word in addresses and in the log.
    pub fn id(self) -> &'static str {
        match self {
            Self::Helseid => "helseid",
            Self::IdPorten => "id-porten",
        }
    }

    /// The kind of this word.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// As people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Helseid => "HelseID",
            Self::IdPorten => "ID-porten",
        }
    }

    /// How a security level is asked for (`acr_values`); `None` for any.
    fn acr(self, level: u8) -> Option<&'static str> {
        match (self, level) {
            (_, 0) => None,
            (Self::Helseid, 4..) => Some("Level4"),
            (Self::Helseid, _) => Some("Level3"),
            (Self::IdPorten, 4..) => Some("idporten-loa-high"),
            (Self::IdPorten, _) => Some("idporten-loa-substantial"),
        }
    }
}

/// What the operator decides of one provider.
#[derive(Clone, Debug)]
pub struct ProviderOptions {
    /// Whom it logs in.
    pub kind: LoginKind,
    /// Its address, exactly as `iss` says it.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// Proves that it is us.
    pub key: Arc<SigningKey>,
    /// What is asked for, `openid` among it.
    pub scopes: Vec<String>,
    /// Whether tokens are bound to a key of ours (DPoP).
    pub is_dpop: bool,
    /// Least security level of every login: 3 or 4; 0 asks for none.
    pub security_level_min: u8,
    /// How far clocks may be apart, seconds.
    pub skew_seconds: u32,
    /// Time for one request to the provider.
    pub timeout: Duration,
    /// The certificate authorities that vouch for it, in PEM form; `None`: the machine's.
    pub authorities: Option<Vec<u8>>,
    /// Age at which its keys and metadata are fetched again.
    pub keys_seconds_max: u32,
    /// Shortest time between two attempts to fetch them.
    pub keys_pause_seconds: u32,
}

/// A login that a browser wants to begin.
#[derive(Clone, Debug)]
pub struct Begin<'a> {
    /// The browser's ticket; it must have the same one when it comes back.
    pub visitor: &'a Ticket,
    /// Where it leads: an address of our own pages, checked.
    pub back: &'a str,
    /// The login that this one takes the place of.
    pub replaces: Option<Ticket>,
    /// The security level that is needed, when it is more than every login needs. The provider
    /// then asks the person anew.
    pub level: Option<u8>,
    /// The login in which somebody else is to be a witness, by whatever name the pages know it: then
    /// this is no login, and the person is asked anew.
    pub witness_in: Option<String>,
}

/// What the provider sent the browser back with, as it stands in the address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered<'a> {
    /// `state`.
    pub state: Option<&'a str>,
    /// `code`.
    pub code: Option<&'a str>,
    /// `iss` (RFC 9207).
    pub issuer: Option<&'a str>,
    /// `error`.
    pub error: Option<&'a str>,
}

/// A login that the provider vouches for.
#[derive(Debug)]
pub struct Finished {
    /// Who it is.
    pub identity: Identity,
    /// What is needed to log out at the provider too.
    pub upstream: Upstream,
    /// As in [`Begin`].
    pub back: String,
    /// As in [`Begin`].
    pub replaces: Option<Ticket>,
    /// As in [`Begin`].
    pub witness_in: Option<String>,
}

/// A login that came to nothing.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub problem: Problem,
    /// Where it would have led; the start page when that is not known.
    pub back: String,
}

/// Logins by all providers that are set up.
pub struct Logins {
    parties: Vec<Party>,
    pending: Waiting<Began>,
    /// Where browsers find our pages: `https://journal.example.no`.
    root: String,
    clock: Arc<dyn Clock>,
}

/// We as one provider knows us.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) options: ProviderOptions,
    pub(crate) provider: Arc<Provider>,
    exchange: Exchange,
}

impl Logins {
    /// Logins by these providers, to pages at `root` (an origin); `kept` is where those under way wait.
    /// Asks nobody yet. A setting that
    /// cannot be is `IDN-105`, with its name for the log.
    pub fn new(
        options: Vec<ProviderOptions>,
        root: &str,
        clock: Arc<dyn Clock>,
        kept: Arc<dyn Keeping>,
    ) -> Result<Self, Problem> {
        let mut parties = Vec::new();
        for options in options {
            parties.push(Party::new(options, &clock)?);
        }
        Ok(Self { parties, pending: pending(kept), root: root.to_string(), clock })
    }

    /// The providers to offer, in their order.
    pub fn offered(&self) -> Vec<LoginKind> {
        self.parties.iter().map(|party| party.options.kind).collect()
    }

    /// Fetches the providers' metadata before somebody waits for it. A failure is in the log, and
    /// the next login tries again.
    pub async fn warm_up(&self) {
        for party in &self.parties {
            party.provider.refresh(0).await;
        }
    }

    fn party(&self, kind: LoginKind) -> Result<&Party, Problem> {
        self.parties.iter().find(|party| party.options.kind == kind).ok_or_else(|| {
            Problem::new(Kind::NotFound, "IDN-109", "No login by this provider is set up.")
        })
    }

    /// Where the provider sends browsers back to: an address to register there.
    fn redirect_uri(&self, kind: LoginKind) -> String {
        format!("{}/logg-inn/{}/retur", self.root, kind.id())
    }

    /// Begins a login: the address at the provider to send the browser to.
    ///
    /// # Errors
    /// `Busy` when the provider is away, answers with something else than it should, or so many
    /// logins are under way that there is no room; what to do about it is in the log.
    pub async fn start(&self, kind: LoginKind, begin: Begin<'_>) -> Result<String, Problem> {
        let party = self.party(kind)?;
        let (state, nonce, verifier) = (random()?, random()?, random()?);
        let document = party.options.is_dpop.then(SigningKey::new_document).transpose()?;
        let dpop = key_of(document.as_deref())?;
        let level = party.options.security_level_min.max(begin.level.unwrap_or(0));
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let redirect_uri = self.redirect_uri(kind);
        let scope = party.options.scopes.join(" ");
        let mut asked = vec![
            ("response_type", "code"),
            ("redirect_uri", redirect_uri.as_str()),
            ("scope", scope.as_str()),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("ui_locales", "nb"),
        ];
        asked.extend(kind.acr(level).map(|acr| ("acr_values", acr)));
        // A step-up is worth something only if the provider does not wave the old login through.
        asked.extend(begin.level.map(|_| ("prompt", "login")));
        let thumbprint = dpop.as_ref().map(SigningKey::thumbprint);
        asked.extend(thumbprint.as_deref().map(|thumbprint| ("dpop_jkt", thumbprint)));
        let now = self.now();
        let address = party.exchange.push(party, &asked, now).await?;
        let began = Began {
            kind: kind.id().to_string(),
            visitor: begin.visitor.digest(),
            nonce,
            verifier,
            dpop: document,
            back: begin.back.to_string(),
            replaces: begin.replaces.map(|ticket| ticket.as_str().to_string()),
            witness_in: begin.witness_in,
            level,
        };
        self.pending.put_under(&state, &began, self.clock.now()).await?;
        Ok(address)
    }

    /// Ends a login: who the person is that the provider sent back with this browser.
    ///
    /// # Errors
    /// A problem for each thing that can be wrong with the answer, and where the login would have
    /// led. Whatever the answer was, it is not taken a second time.
    pub async fn finish(
        &self,
        kind: LoginKind,
        answered: Answered<'_>,
        visitor: Option<&Ticket>,
    ) -> Result<Finished, Box<Failed>> {
        let nowhere = |problem| Box::new(Failed { problem, back: "/".to_string() });
        let party = self.party(kind).map_err(nowhere)?;
        let began = match answered.state {
            Some(state) => self.pending.take(state).await.map_err(nowhere)?,
            None => None,
        };
        let Some(began) = began.filter(|began| began.kind == kind.id()) else {
            let text = "No login with this state is under way: it was used before, took too long, \
                        or was never begun here.";
            return Err(nowhere(Problem::new(Kind::Refused, "IDN-091", text)));
        };
        let back = began.back.clone();
        let failed = |problem| Box::new(Failed { problem, back });
        if visitor.map(Ticket::digest) != Some(began.visitor) {
            let text = "Another browser began this login than the one that comes back with it.";
            return Err(failed(Problem::new(Kind::Refused, "IDN-092", text)));
        }
        self.proved(party, kind, answered, began).await.map_err(failed)
    }

    async fn proved(
        &self,
        party: &Party,
        kind: LoginKind,
        answered: Answered<'_>,
        began: Began,
    ) -> Result<Finished, Problem> {
        let code = party.code(answered).await?;
        let redirect_uri = self.redirect_uri(kind);
        let dpop = key_of(began.dpop.as_deref())?;
        let began_by = (&began, dpop.as_ref());
        let given = party.exchange.code(party, code, &redirect_uri, began_by, self.now()).await?;
        let claims = id_token::verified(party, &given, &began.nonce, self.now()).await?;
        let identity = person::identity(kind, &claims)?;
        if identity.security_level < began.level {
            let text = format!(
                "The provider logged the person in at security level {}, and level {} is needed.",
                identity.security_level, began.level
            );
            return Err(Problem::new(Kind::Refused, "IDN-102", text));
        }
        let text = |name| claims.text(name).map(|text| text.map(str::to_string));
        let upstream = Upstream {
            kind,
            subject: text("sub")?.unwrap_or_default(),
            sid: text("sid")?,
            id_token: given.id_token,
        };
        let Began { back, replaces, witness_in, .. } = began;
        let replaces = replaces.as_deref().map(Ticket::received);
        Ok(Finished { identity, upstream, back, replaces, witness_in })
    }

    /// Where to send a browser whose login is over here, so that it is over at the provider too;
    /// `None` when the provider offers no such address.
    pub fn logout_address(&self, upstream: &Upstream) -> Option<String> {
        let party = self.party(upstream.kind).ok()?;
        let end = party.provider.last_metadata().end_session.clone()?;
        let mut url = Url::parse(&end).ok()?;
        let back = format!("{}/logg-inn/{}/ut", self.root, upstream.kind.id());
        url.query_pairs_mut()
            .append_pair("id_token_hint", &upstream.id_token)
            .append_pair("client_id", &party.options.client_id)
            .append_pair("post_logout_redirect_uri", &back);
        Some(url.into())
    }

    /// What a provider's logout token says is over (back channel).
    ///
    /// # Errors
    /// `IDN-107` for a token that is no logout token for us; the codes of tokens for one that is not
    /// the provider's.
    pub async fn ended(&self, kind: LoginKind, logout_token: &str) -> Result<Ended, Problem> {
        logout_token::ended(self.party(kind)?, logout_token, self.now()).await
    }

    /// What a provider's page says is over (front channel): its word counts only with its own name
    /// and the id that nobody but it and we know.
    ///
    /// # Errors
    /// `IDN-107` without these.
    pub fn ended_by_page(
        &self,
        kind: LoginKind,
        issuer: Option<&str>,
        sid: Option<&str>,
    ) -> Result<Ended, Problem> {
        let party = self.party(kind)?;
        match sid.filter(|sid| !sid.is_empty()) {
            Some(sid) if issuer == Some(party.provider.issuer()) => {
                Ok(Ended { kind, subject: None, sid: Some(sid.to_string()) })
            }
            Some(_) | None => Err(logout_token::refused("it must bring iss and sid")),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().0.div_euclid(1000)
    }
}

impl std::fmt::Debug for Logins {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Logins").field("parties", &self.parties).finish_non_exhaustive()
    }
}

impl Party {
    fn new(options: ProviderOptions, clock: &Arc<dyn Clock>) -> Result<Self, Problem> {
        let table = match options.kind {
            LoginKind::Helseid => "helseid",
            LoginKind::IdPorten => "id_porten",
        };
        let cannot = |reason: &str| Problem::fault("IDN-105", format!("login.{table}.{reason}"));
        let issuer = parse_address(&options.issuer);
        let issuer = issuer.map_err(|reason| cannot(&format!("issuer is {reason}")))?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(cannot("issuer has a query or a fragment"));
        }
        if options.client_id.is_empty() {
            return Err(cannot("client_id is empty"));
        }
        if !options.scopes.iter().any(|scope| scope == "openid") {
            return Err(cannot("scopes lacks openid"));
        }
        let outbound = Outbound::of(options.authorities.as_deref(), options.timeout)?;
        let pace = Pace::of_seconds(options.keys_seconds_max, options.keys_pause_seconds);
        let issuer = options.issuer.clone();
        let provider = Provider::new(issuer, outbound.clone(), Arc::clone(clock), pace);
        Ok(Self { options, provider: Arc::new(provider), exchange: Exchange::new(outbound) })
    }

    /// The code of an answer, after a look at who gave it (RFC 9207 section 2.4).
    async fn code<'a>(&self, answered: Answered<'a>) -> Result<&'a str, Problem> {
        let metadata = self.provider.metadata().await?;
        match answered.issuer {
            Some(issuer) if issuer == self.provider.issuer() => {}
            None if !metadata.names_itself => {}
            told => {
                let text = "The answer is not from the provider that the login began with (iss).";
                let told = told.map_or_else(|| "none".to_string(), quoted);
                let log = format!("iss {told}, expected {}", self.provider.issuer());
                return Err(Problem::new(Kind::Refused, "IDN-093", text).with_log(log));
            }
        }
        if let Some(error) = answered.error {
            let text = "The provider did not log the person in.";
            let problem = Problem::new(Kind::Refused, "IDN-094", text);
            // Somebody who changed their mind is nothing for an operator.
            return Err(match error {
                "access_denied" => problem,
                _ => problem.with_log(format!("error {}", quoted(error))),
            });
        }
        answered.code.filter(|code| !code.is_empty()).ok_or_else(|| {
            Problem::new(Kind::Refused, "IDN-095", "The provider's answer lacks the code.")
        })
    }
}

/// The key of a document of ours, if there is one.
fn key_of(document: Option<&[u8]>) -> Result<Option<SigningKey>, Problem> {
    let unreadable = || Problem::fault("IDN-078", "a key of ours that was kept cannot be read");
    document.map(|document| SigningKey::of_pkcs8(document).ok_or_else(unreadable)).transpose()
}

/// 256 random bits as text.
fn random() -> Result<String, Problem> {
    let mut bits = [0; 32];
    let filled = SystemRandom::new().fill(&mut bits);
    filled.map_err(|_| Problem::fault("IDN-063", "the operating system gives no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bits))
}
