//! An app asks for a person to let it in: the request is checked and waits for the answer; the answer
//! goes back with a code.
//!
//! As long as it is not certain which app asks and where its people may be sent back to, nobody is
//! sent anywhere. Not here: the person's side (`web`), exchanging the code (`token`).
//! Standard: RFC 6749 section 4.1, RFC 7636, RFC 9207, SMART App Launch 2.2 section 2.0.9

use std::sync::Arc;

use akson_access::scopes::Scopes;
use akson_base::limits::AUTHORISE_REQUEST_BYTES_MAX;
use akson_base::{Kind, Problem};
use akson_identity::sessions::LoginMark;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use url::Url;

use crate::app::{App, AppKind, LAUNCH_SCOPES};
use crate::denied::{Denied, ErrorCode};
use crate::parameters::Parameters;
use crate::server::AuthorisationServer;
use crate::waiting::Asking;

/// A request that waits for a person's answer.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub app: Arc<App>,
    /// What it asks for, as far as it may.
    pub scopes: Vec<String>,
    /// The patient, when it was opened from a chart.
    pub patient: Option<String>,
    /// The login from which it was opened: nobody else's answer counts.
    pub(crate) login: Option<LoginMark>,
    pub(crate) redirect: String,
    pub(crate) state: Option<String>,
    pub(crate) challenge: [u8; 32],
    pub(crate) nonce: Option<String>,
    pub(crate) key: Option<[u8; 32]>,
}

impl Request {
    /// As it waited.
    pub(crate) fn of(asking: Asking, app: Arc<App>) -> Self {
        let Asking { scopes, patient, login, redirect, state, challenge, nonce, key, client: _ } =
            asking;
        let login = login.map(LoginMark::of_bytes);
        Self { app, scopes, patient, login, redirect, state, challenge, nonce, key }
    }

    /// As it is kept until somebody answers.
    fn asking(self) -> Asking {
        let Self { app, scopes, patient, login, redirect, state, challenge, nonce, key } = self;
        let (client, login) = (app.client_id.clone(), login.map(LoginMark::bytes));
        Asking { client, scopes, patient, login, redirect, state, challenge, nonce, key }
    }

    /// Whether a patient must be chosen.
    pub fn needs_patient(&self) -> bool {
        self.patient.is_some()
            || self.scopes.iter().any(|s| s == "launch/patient" || s.starts_with("patient/"))
    }

    /// Where the person is sent back to, without query: for the page's security policy.
    pub fn redirect_origin(&self) -> String {
        let url = Url::parse(&self.redirect);
        url.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// Whether the login of this mark is the one that may answer.
    pub fn may_answer(&self, login: &LoginMark) -> bool {
        self.login.is_none_or(|own| own == *login)
    }
}

/// A request that is not even shown to a person.
#[derive(Clone, Debug)]
pub enum Refused {
    /// Told on a page of ours: it is not known where to send people back to.
    Told(Box<Problem>),
    /// The address, back at the app, that says why.
    Back(String),
}

/// A request that waits.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The name it waits under; a secret of the browser.
    pub name: String,
}

impl AuthorisationServer {
    /// Takes an app's request, as a query or a form.
    pub async fn begin(&self, query: &str) -> Result<Begun, Refused> {
        let told = |problem: Problem| Refused::Told(Box::new(problem));
        let parameters = Parameters::parse(query, AUTHORISE_REQUEST_BYTES_MAX)
            .map_err(|denied| Refused::Told(denied.problem))?;
        let (app, redirect) = self.where_back(&parameters).map_err(told)?;
        let state = parameters.get("state").map(str::to_string);
        let request = self.checked(&parameters, app, redirect.clone(), state.clone());
        let begun = match request {
            Ok(request) => {
                let put = self.requests.put(&request.asking(), self.clock.now()).await;
                put.map_err(Denied::from)
            }
            Err(denied) => Err(denied),
        };
        begun.map(|name| Begun { name }).map_err(|denied| {
            tracing::info!(code = denied.problem.code, "an app's request was not taken");
            Refused::Back(self.back(&redirect, state.as_deref(), &denied))
        })
    }

    /// Which app asks, and an address of its own to send people back to.
    fn where_back(&self, parameters: &Parameters) -> Result<(Arc<App>, String), Problem> {
        let refused = |code, text: &str| Problem::new(Kind::Invalid, code, text);
        let client = parameters.get("client_id").unwrap_or_default();
        let app = self.app(client)?.filter(|app| app.is_on(self.clock.now()));
        let app = app.filter(|app| app.kind == AppKind::Smart).ok_or_else(|| {
            refused("APP-002", "No app of this client_id is registered here and switched on.")
        })?;
        let redirect = match (parameters.get("redirect_uri"), app.redirects.as_slice()) {
            (Some(asked), all) => all.iter().find(|own| *own == asked),
            // RFC 6749 section 3.1.2.3: with one address only it may be left out.
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let redirect = redirect.cloned().ok_or_else(|| {
            let text = "The redirect_uri is not one of those that are registered for the app.";
            refused("APP-003", text)
        })?;
        Ok((app, redirect))
    }

    fn checked(
        &self,
        parameters: &Parameters,
        app: Arc<App>,
        redirect: String,
        state: Option<String>,
    ) -> Result<Request, Denied> {
        let invalid = |code, text: &str| Denied::invalid_request(code, text);
        if parameters.get("request").or(parameters.get("request_uri")).is_some() {
            let text = "Request objects are not taken; send the parameters themselves.";
            let problem = Problem::new(Kind::Unsupported, "APP-012", text);
            return Err(Denied::new(ErrorCode::RequestNotSupported, problem));
        }
        if parameters.need("response_type")? != "code" {
            let text = "The response_type must be code.";
            let problem = Problem::new(Kind::Unsupported, "APP-012", text);
            return Err(Denied::new(ErrorCode::UnsupportedResponseType, problem));
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(invalid("APP-012", "The response_mode must be query."));
        }
        let challenge = challenge(parameters)?;
        self.is_for_us(parameters.need("aud")?)?;
        if parameters.get("prompt") == Some("none") {
            let text = "A person must answer: prompt cannot be none.";
            let problem = Problem::new(Kind::Refused, "APP-016", text);
            return Err(Denied::new(ErrorCode::InteractionRequired, problem));
        }
        let scopes = allowed(&app, parameters.need("scope")?)?;
        let launch = self.launched(parameters, &app, &scopes)?;
        let key = match parameters.get("dpop_jkt") {
            None => None,
            Some(text) => Some(
                digest_of(text)
                    .ok_or_else(|| invalid("APP-012", "The dpop_jkt is not a thumbprint."))?,
            ),
        };
        let (patient, login) = launch.unzip();
        let nonce = parameters.get("nonce").map(str::to_string);
        Ok(Request { app, scopes, patient, login, redirect, state, challenge, nonce, key })
    }

    fn is_for_us(&self, audience: &str) -> Result<(), Denied> {
        let audience = audience.trim_end_matches('/');
        if self.options.audiences.iter().any(|own| own == audience) {
            return Ok(());
        }
        let text = format!("The aud must be the FHIR address, {}.", self.options.base);
        Err(Denied::invalid_request("APP-014", text))
    }

    /// The chart that the app was opened from.
    fn launched(
        &self,
        parameters: &Parameters,
        app: &App,
        scopes: &[String],
    ) -> Result<Option<(String, LoginMark)>, Denied> {
        if !scopes.iter().any(|scope| scope == "launch") {
            return Ok(None);
        }
        let launch = parameters.need("launch")?;
        let found = self.launches.get(launch)?;
        let found = found.filter(|launch| launch.client == app.client_id);
        let launch = found.ok_or_else(|| {
            let text = "The launch is not known: open the app from the chart again.";
            Denied::invalid_request("APP-015", text)
        })?;
        Ok(Some((launch.patient, LoginMark::of_bytes(launch.login))))
    }

    /// The address that tells the app why not.
    pub(crate) fn back(&self, redirect: &str, state: Option<&str>, denied: &Denied) -> String {
        let text = format!("{} {}", denied.problem.code, denied.problem.for_caller);
        // RFC 6749 section 4.1.2.1: ASCII without quotes and backslashes.
        let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let text: String = text.chars().filter(plain).collect();
        let mut pairs = vec![("error", denied.error.word()), ("error_description", text.as_str())];
        pairs.extend(state.map(|state| ("state", state)));
        self.with_query(redirect, &pairs)
    }

    /// An address of an app with further parameters, and who we are.
    pub(crate) fn with_query(&self, redirect: &str, pairs: &[(&str, &str)]) -> String {
        // It was parsed when it was registered, and again is harmless.
        let Ok(mut url) = Url::parse(redirect) else { return redirect.to_string() };
        url.query_pairs_mut().extend_pairs(pairs).append_pair("iss", &self.options.root);
        url.into()
    }
}

/// PKCE, of which only S256 is taken.
fn challenge(parameters: &Parameters) -> Result<[u8; 32], Denied> {
    let wrong = |text: &str| Denied::invalid_request("APP-013", text);
    let Some(challenge) = parameters.get("code_challenge") else {
        return Err(wrong("PKCE is needed: code_challenge with code_challenge_method=S256."));
    };
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(wrong("The code_challenge_method must be S256."));
    }
    digest_of(challenge)
        .ok_or_else(|| wrong("The code_challenge is not the base64url of a SHA-256 digest."))
}

/// 32 bytes of base64url.
pub(crate) fn digest_of(text: &str) -> Option<[u8; 32]> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Of what is asked for, what the app may ask for. Words that nobody knows are passed over, as SMART
/// has it; of nothing at all comes `invalid_scope`.
pub(crate) fn allowed(app: &App, asked: &str) -> Result<Vec<String>, Denied> {
    // The patient is not known yet; any id shows whether the words can be read.
    let read = |scopes: &[&str]| Scopes::parse(scopes.iter().copied(), Some("x"));
    let own: Vec<&str> = app.scopes.iter().map(String::as_str).collect();
    let own_clinical = read(&own)?;
    let mut allowed: Vec<String> = Vec::new();
    for word in asked.split(' ').filter(|word| !word.is_empty()) {
        let may = if LAUNCH_SCOPES.contains(&word) {
            own.contains(&word)
        } else if Scopes::is_clinical(word) {
            let words =
                read(&[word]).map_err(|problem| Denied::new(ErrorCode::InvalidScope, problem))?;
            akson_record::check_scopes(&words)
                .map_err(|problem| Denied::new(ErrorCode::InvalidScope, problem))?;
            let covers = |asked| own_clinical.words().iter().any(|own| own.covers(asked));
            words.words().iter().all(covers)
        } else {
            false
        };
        if may && !allowed.iter().any(|known| known == word) {
            allowed.push(word.to_string());
        }
    }
    if allowed.is_empty() {
        let text = "The app may ask for none of these scopes. See what it is registered for.";
        return Err(Denied::invalid_scope("APP-017", text));
    }
    Ok(allowed)
}
