//! A person lets an app in, or does not: `/oauth2/authorize`, where apps send browsers, and the page
//! that asks, `/oauth2/samtykke/…`.
//!
//! Apps come from other sites, and with what another site starts the browser does not send the login
//! along (`SameSite=Strict`). So the request is checked and put to wait before anybody is known, and a
//! page of our own leads on to the question.
//! Not here: what an app may ask for and what it gets (`smart`), HTML (`pages::consent_page`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::{Identity, Role};
use akson_base::limits::AUTHORISE_REQUEST_BYTES_MAX;
use akson_base::{Kind, Problem};
use akson_identity::rate::CallerAddress;
use akson_identity::sessions::LoginMark;
use akson_record::PatientStanding;
use akson_smart::consent::{AppConsent, consent};
use akson_smart::discovery::AUTHORIZE;
use akson_smart::server::Approval;
use akson_smart::{AuthorisationServer, Person as Somebody, Refused, Request as AppRequest};
use axum::extract::{Path, Query, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::apps;
use crate::chart::Person;
use crate::door::Guard;
use crate::forms::Form;
use crate::launches;
use crate::login::Choosing;
use crate::messages::t;
use crate::my_apps;
use crate::pages::consent_page::{self, Question};
use crate::response::{self, to};
use crate::sight::{Desk, Reader};

/// Consents to apps read of one patient.
const CONSENTS_MAX: usize = 200;

type Apps = Extension<Arc<AuthorisationServer>>;
type Guarded = Extension<Arc<Guard>>;
type Asked = Query<HashMap<String, String>>;

/// The addresses inside the door.
pub(crate) fn routes(guard: Arc<Guard>, server: Arc<AuthorisationServer>) -> Router<Arc<Desk>> {
    Router::new()
        .route("/oauth2/samtykke/{name}", get(ask).post(answer))
        .route("/oauth2/samtykke/{name}/pasient", get(choose_patient))
        .route("/pasient/{id}/apper/{app}", get(launches::launch))
        .merge(apps::routes())
        .merge(my_apps::routes())
        .layer(Extension(guard))
        .layer(Extension(server))
}

/// Whether a request is an app's, which the door lets through without a login.
pub(crate) fn is_arrival(guard: &Guard, request: &Request) -> bool {
    guard.apps.is_some() && request.uri().path() == AUTHORIZE
}

/// Takes an app's request, by whatever browser it came.
pub(crate) async fn arrive(guard: &Guard, request: Request) -> Response {
    let Some(apps) = &guard.apps else { return no_request() };
    let (parts, body) = request.into_parts();
    if let Some(address) = parts.extensions.get::<CallerAddress>()
        && let Err(throttled) = apps.take_arrival(*address)
    {
        let problem = throttled.problem("APP-048", "This address");
        let mut answer = response::problem(&problem, None, false);
        let seconds = HeaderValue::from(throttled.retry_after_seconds);
        answer.headers_mut().insert(header::RETRY_AFTER, seconds);
        return answer;
    }
    let query = match parts.method {
        Method::GET | Method::HEAD => parts.uri.query().unwrap_or_default().to_string(),
        Method::POST => match axum::body::to_bytes(body, AUTHORISE_REQUEST_BYTES_MAX).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => {
                let text = format!("A request has at most {AUTHORISE_REQUEST_BYTES_MAX} bytes.");
                let problem = Problem::new(Kind::TooLarge, "WEB-065", text);
                return response::problem(&problem, None, false);
            }
        },
        _ => {
            let problem = Problem::new(Kind::NotAllowed, "WEB-066", "Apps ask by GET or POST.");
            return response::problem(&problem, None, false);
        }
    };
    match apps.begin(&query).await {
        Ok(begun) => response::html(consent_page::arrival(&question_at(&begun.name))),
        Err(Refused::Back(address)) => to(&address),
        Err(Refused::Told(problem)) => {
            response::told(&problem, consent_page::refused(&problem, None))
        }
    }
}

fn question_at(name: &str) -> String {
    format!("/oauth2/samtykke/{name}")
}

/// Who answers: the login that the page was asked for with.
struct Answering {
    identity: Arc<Identity>,
    login: LoginMark,
}

fn answering(guard: &Guard, choosing: &Choosing) -> Result<Answering, Problem> {
    let proved = guard.sessions.proved(&choosing.ticket)?;
    let (identity, login) = proved.ok_or_else(|| {
        Problem::new(Kind::Unauthenticated, "WEB-061", "The login is over. Log in again.")
    })?;
    Ok(Answering { identity, login })
}

/// The request that waits for this reader's answer.
fn waiting(
    apps: &AuthorisationServer,
    name: &str,
    answering: &Answering,
) -> Result<Arc<AppRequest>, Problem> {
    let request = apps.request(name)?.ok_or_else(|| {
        let text = "No app waits for this answer any more. Begin again from the app.";
        Problem::new(Kind::NotFound, "WEB-060", text)
    })?;
    if request.may_answer(&answering.login) {
        return Ok(request);
    }
    let text = "The app was opened from the chart in another login.";
    Err(Problem::new(Kind::Refused, "WEB-062", text))
}

/// A patient whom it may be about.
pub(crate) struct Candidate {
    pub person: Person,
    pub standing: PatientStanding,
}

async fn ask(
    reader: Reader,
    Extension(apps): Apps,
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    Path(name): Path<String>,
    Query(asked): Asked,
) -> Response {
    let asked = async {
        let answering = answering(&guard, &choosing)?;
        let request = waiting(&apps, &name, &answering)?;
        let chosen = asked.get("pasient").map(String::as_str);
        Ok((patients(&reader, &request, chosen).await?, request))
    };
    match asked.await {
        Ok((Patients::Choose, _)) => to(&format!("{}/pasient", question_at(&name))),
        Ok((Patients::Among(candidates), request)) => {
            question(&reader, &name, &request, &candidates, None)
        }
        Err(problem) => refused(&problem, &reader),
    }
}

fn question(
    reader: &Reader,
    name: &str,
    request: &AppRequest,
    candidates: &[Candidate],
    wrong: Option<&'static str>,
) -> Response {
    let (who, today) = (&reader.who, reader.today());
    let address = question_at(name);
    let question = Question { address: &address, request, candidates, who, today, wrong };
    response::leading_to(&request.redirect_origin(), response::html(question.page()))
}

/// Whom the app may be let in for.
enum Patients {
    /// A clinician must look somebody up first.
    Choose,
    /// One of these; of none, nobody in particular.
    Among(Vec<Candidate>),
}

async fn patients(
    reader: &Reader,
    request: &AppRequest,
    chosen: Option<&str>,
) -> Result<Patients, Problem> {
    let is_citizen = reader.who.actor.role() == Some(Role::Citizen);
    if is_citizen {
        let own = reader.acted_for().await?;
        let mut own: Vec<Candidate> = own
            .into_iter()
            .filter(|one| one.standing.may_wish)
            .map(|one| Candidate { person: one.person, standing: one.standing })
            .collect();
        if let Some(patient) = &request.patient {
            own.retain(|one| one.person.id == *patient);
        } else if !request.needs_patient() {
            own.truncate(1);
        }
        if own.is_empty() {
            let text =
                "A citizen lets apps in for journals that they decide on, and has none here.";
            return Err(Problem::new(Kind::Refused, "WEB-063", text));
        }
        return Ok(Patients::Among(own));
    }
    let patient = request.patient.as_deref().or(chosen.filter(|_| request.needs_patient()));
    let Some(patient) = patient else {
        return Ok(match request.needs_patient() {
            true => Patients::Choose,
            false => Patients::Among(Vec::new()),
        });
    };
    let standing = reader.standing(patient).await?;
    if !standing.opens {
        let text = "The journal is not open to the reader: open it with a reason first.";
        return Err(Problem::new(Kind::Refused, "WEB-064", text));
    }
    let person = reader.person(patient).await?;
    Ok(Patients::Among(vec![Candidate { person, standing }]))
}

async fn choose_patient(
    reader: Reader,
    Extension(apps): Apps,
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    Path(name): Path<String>,
    Query(asked): Asked,
) -> Response {
    let query = asked.get("q").map_or("", |q| q.trim());
    let found = async {
        let request = waiting(&apps, &name, &answering(&guard, &choosing)?)?;
        let people = if query.is_empty() { Vec::new() } else { reader.find(query).await? };
        Ok((request, people))
    };
    match found.await {
        Ok((request, people)) => response::html(consent_page::choose_patient(
            &question_at(&name),
            &request.app,
            (query, &people),
            &reader.who,
            reader.today(),
        )),
        Err(problem) => refused(&problem, &reader),
    }
}

async fn answer(
    reader: Reader,
    Extension(apps): Apps,
    Extension(guard): Guarded,
    Extension(choosing): Extension<Choosing>,
    Path(name): Path<String>,
    form: Form,
) -> Response {
    let answered = async {
        let answering = answering(&guard, &choosing)?;
        let request = waiting(&apps, &name, &answering)?;
        if form.field("svar") != "tillat" {
            return apps.refuse(&name).await.map(Outcome::Sent);
        }
        let chosen = form.field("pasient");
        let chosen = Some(chosen).filter(|chosen| !chosen.is_empty());
        let Patients::Among(candidates) = patients(&reader, &request, chosen).await? else {
            return Ok(Outcome::Again(request, Vec::new()));
        };
        let place = candidates.iter().position(|one| Some(one.person.id.as_str()) == chosen);
        let scopes = ticked(&request, &form);
        let is_unclear = place.is_none() && !candidates.is_empty();
        if scopes.is_empty() || is_unclear {
            return Ok(Outcome::Again(request, candidates));
        }
        let patient = place.and_then(|place| candidates.get(place)).map(|one| &*one.person.id);
        let approval = approve(&reader, &answering, &request, scopes, patient).await?;
        apps.allow(&name, approval).await.map(Outcome::Sent)
    };
    match answered.await {
        Ok(Outcome::Sent(address)) => away(&address),
        Ok(Outcome::Again(request, candidates)) => {
            let wrong = Some(t("consent.tick"));
            let mut again = question(&reader, &name, &request, &candidates, wrong);
            *again.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            again
        }
        Err(problem) => refused(&problem, &reader),
    }
}

enum Outcome {
    /// To this address of the app.
    Sent(String),
    /// Something is missing in the form.
    Again(Arc<AppRequest>, Vec<Candidate>),
}

/// The scopes that were left ticked, with those that have no box. None when all boxes were emptied.
fn ticked(request: &AppRequest, form: &Form) -> Vec<String> {
    let ticked = form.all("omfang");
    let all = request.scopes.iter();
    let left: Vec<String> = all
        .filter(|scope| !consent_page::has_box(scope) || ticked.contains(&scope.as_str()))
        .cloned()
        .collect();
    let had_clinical = request.scopes.iter().any(|scope| consent_page::is_clinical(scope));
    let has_clinical = left.iter().any(|scope| consent_page::is_clinical(scope));
    if had_clinical && !has_clinical { Vec::new() } else { left }
}

/// The yes, with the patient's Consent when a citizen says it.
async fn approve(
    reader: &Reader,
    answering: &Answering,
    request: &AppRequest,
    scopes: Vec<String>,
    patient: Option<&str>,
) -> Result<Approval, Problem> {
    let actor = &reader.who.actor;
    let consent = match (actor.role(), patient) {
        (Some(Role::Citizen), Some(patient)) => {
            Some(reader.allow_app(request, patient, &scopes).await?)
        }
        (_, _) => None,
    };
    let patient = patient.filter(|_| request.needs_patient()).map(str::to_string);
    let person = Somebody::new(&answering.identity, actor);
    Ok(Approval { person, login: answering.login, scopes, patient, consent })
}

impl Reader {
    /// The id of the Consent that lets the app do this for the patient: the one that is there, or a
    /// new one. The latest word counts: another that the same person gave the same app is over.
    async fn allow_app(
        &self,
        request: &AppRequest,
        patient: &str,
        scopes: &[String],
    ) -> Result<String, Problem> {
        let performer = &*self.who.actor.id;
        let app = format!("Endpoint/{}", request.app.id);
        let mut same = None;
        for one in self.app_consents(patient).await? {
            if !one.is_active || one.app != app || one.performer != performer {
                continue;
            }
            if one.scopes == scopes {
                same = Some(one.id);
            } else {
                self.end_app_consent(&one.id).await?;
            }
        }
        if let Some(same) = same {
            return Ok(same);
        }
        let body = consent(&request.app, patient, performer, scopes, self.now());
        Ok(self.create(&body).await?.id)
    }

    /// What apps were let do with a patient's journal.
    pub(crate) async fn app_consents(&self, patient: &str) -> Result<Vec<AppConsent>, Problem> {
        let quoted = utf8_percent_encode(patient, NON_ALPHANUMERIC);
        let system = utf8_percent_encode(akson_record::APP_CONSENT_SYSTEM, NON_ALPHANUMERIC);
        let query =
            format!("patient={quoted}&category={system}%7Capp&_sort=-date&_count={CONSENTS_MAX}");
        let found = self.search_json(&self.caller(), "Consent", query).await?;
        Ok(found.iter().filter_map(AppConsent::of_json).collect())
    }

    /// Ends a Consent to an app; all that the app was given with it is over at once.
    pub(crate) async fn end_app_consent(&self, id: &str) -> Result<(), Problem> {
        let none =
            || Problem::new(Kind::NotFound, "WEB-068", "There is no such consent to an app.");
        let (mut body, version) = self.read_json("Consent", id).await?;
        if AppConsent::of_json(&body).is_none() {
            return Err(none());
        }
        if let Some(status) = body.get_mut("status") {
            *status = json!("inactive");
        }
        self.update("Consent", id, version, &body).await
    }
}

/// To an address of an app's, by a form that was answered.
fn away(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Err(_) => no_request(),
    }
}

fn no_request() -> Response {
    let problem = Problem::new(Kind::NotFound, "WEB-060", "No app waits for an answer here.");
    response::told(&problem, consent_page::refused(&problem, None))
}

fn refused(problem: &Problem, reader: &Reader) -> Response {
    response::told(problem, consent_page::refused(problem, Some(&reader.who)))
}
