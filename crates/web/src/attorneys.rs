//! Powers of attorney by the citizen: `/pasient/{id}/fullmakter`.
//!
//! A power of attorney is a Consent in the citizen's own journal that names somebody by national
//! number, written with the citizen's own rights; taking it back makes it inactive, and what was
//! stays in the history. Also shown: those that the services have registered.
//! Not here: what an attorney may do (`access`), that nobody gives one for another (`record`), HTML
//! (`pages::attorneys_page`).
//! Standard: <https://hl7.org/fhir/R4/consent.html>; law: vergemålsloven §§ 78–81.

use std::collections::BTreeMap;
use std::sync::Arc;

use akson_access::Ground;
use akson_base::identifiers::{FHN, person_number_system};
use akson_base::{Kind, Problem};
use akson_fhir::json::parse_stored;
use akson_fhir::model::NodeRef;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::chart::Person;
use crate::datatypes::{display, human_name, moment, text};
use crate::dates::{Moment, parse_date};
use crate::forms::Form;
use crate::messages::t;
use crate::pages::attorneys_page;
use crate::people::quoted;
use crate::response::{self, to};
use crate::routes::no_page;
use crate::sight::{Desk, Reader};
use crate::wishes::consent;

/// Consents and relatives read of one patient.
const READ_MAX: usize = 200;
/// Longest name that is taken.
const NAME_CHARACTERS_MAX: usize = 100;
/// A power of attorney lasts so many years at most, before it is given anew.
const YEARS_MAX: i16 = 5;
const ROLE_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

/// Somebody who may act for the patient.
#[derive(Clone, Debug)]
pub(crate) struct Attorney {
    /// Of the Consent; nothing for one that the services have registered.
    pub consent: Option<String>,
    pub name: String,
    pub since: Option<Moment>,
    pub until: Option<Moment>,
}

/// What the page shows.
pub(crate) struct Attorneys {
    pub person: Person,
    pub standing: Vec<Attorney>,
    pub typed: Typed,
    /// By field what is wrong with it; under "" what is wrong with the whole.
    pub wrong: BTreeMap<&'static str, &'static str>,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    pub number: String,
    pub name: String,
    pub until: String,
}

/// The addresses of powers of attorney.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/fullmakter", get(show).post(give))
        .route("/pasient/{id}/fullmakter/{consent}/trekk", post(withdraw))
}

async fn show(reader: Reader, Path(id): Path<String>) -> Response {
    let until = reader.today().checked_add(jiff::Span::new().years(1));
    let until = until.map(|day| day.to_string()).unwrap_or_default();
    let typed = Typed { until, ..Typed::default() };
    let page = reader.attorneys(&id, typed, BTreeMap::new()).await;
    let page = page.map(|page| attorneys_page::attorneys(&page, &reader.who, reader.today()));
    response::drawn(page, &reader.who)
}

async fn give(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let typed = Typed {
        number: form.field("nummer").chars().filter(|c| !c.is_whitespace()).collect(),
        name: form.field("navn").trim().to_string(),
        until: form.field("til").trim().to_string(),
    };
    let mut wrong = BTreeMap::new();
    let given = match understand(&typed, reader.today(), &mut wrong) {
        Some(consent) => reader.give(&id, consent).await,
        None => Err(not_complete()),
    };
    let problem = match given {
        Ok(()) => return to(&format!("/pasient/{id}/fullmakter")),
        Err(problem) if problem.code == "REC-088" => {
            wrong.insert("", t("attorneys.not-own"));
            problem
        }
        Err(problem) if problem.code == NOT_COMPLETE => problem,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    match reader.attorneys(&id, typed, wrong).await {
        Ok(page) => {
            let markup = attorneys_page::attorneys(&page, &reader.who, reader.today());
            response::told(&problem, markup)
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn withdraw(reader: Reader, Path((id, consent)): Path<(String, String)>) -> Response {
    match reader.withdraw_attorney(&id, &consent).await {
        Ok(()) => to(&format!("/pasient/{id}/fullmakter")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

const NOT_COMPLETE: &str = "WEB-085";

fn not_complete() -> Problem {
    let text = "The form is not complete, or something in it is wrong; the page says what.";
    Problem::new(Kind::Invalid, NOT_COMPLETE, text)
}

fn understand(
    typed: &Typed,
    today: Date,
    wrong: &mut BTreeMap<&'static str, &'static str>,
) -> Option<Value> {
    let system = person_number_system(&typed.number).filter(|system| *system != FHN);
    if system.is_none() {
        wrong.insert("nummer", t("attorneys.wrong-number"));
    }
    if typed.name.is_empty() || typed.name.chars().count() > NAME_CHARACTERS_MAX {
        wrong.insert("navn", t("attorneys.wrong-name"));
    }
    let latest = today.checked_add(jiff::Span::new().years(YEARS_MAX)).unwrap_or(today);
    let until = parse_date(&typed.until).filter(|until| (today..=latest).contains(until));
    if until.is_none() {
        wrong.insert("til", t("attorneys.wrong-until"));
    }
    if !wrong.is_empty() {
        return None;
    }
    Some(json!({
        "type": "permit",
        "period": {"start": today.to_string(), "end": until?.to_string()},
        "actor": [{
            "role": {"coding": [{"system": ROLE_CODE, "code": "HPOWATT"}]},
            "reference": {
                "identifier": {"system": system?, "value": typed.number},
                "display": typed.name}}]}))
}

impl Reader {
    /// The patient, when it is the reader's own journal; else the page is not there.
    async fn own(&self, id: &str) -> Result<Person, Problem> {
        if self.standing(id).await?.ground != Ground::Own {
            return Err(no_page());
        }
        self.person(id).await
    }

    async fn attorneys(
        &self,
        id: &str,
        typed: Typed,
        wrong: BTreeMap<&'static str, &'static str>,
    ) -> Result<Attorneys, Problem> {
        let person = self.own(id).await?;
        let caller = self.caller();
        let query = format!("patient={}&status=active&_sort=-date&_count={READ_MAX}", quoted(id));
        let consents = self.search(&caller, "Consent", query).await?;
        let query = format!("patient={}&active=true&_count={READ_MAX}", quoted(id));
        let relatives = self.search(&caller, "RelatedPerson", query).await?;
        let given = consents.iter().filter_map(|consent| given(consent.root()));
        let registered = relatives.iter().filter_map(|relative| registered(relative.root()));
        let holds = |one: &Attorney| one.until.is_none_or(|until| until.date() >= self.today());
        let standing = given.chain(registered).filter(holds).collect();
        Ok(Attorneys { person, standing, typed, wrong })
    }

    async fn give(&self, id: &str, provision: Value) -> Result<(), Problem> {
        self.own(id).await?;
        let mut body = consent(id, "OPTIN", &provision);
        if let Some(body) = body.as_object_mut() {
            body.insert("dateTime".into(), json!(self.now().to_fhir()));
        }
        self.create(&body).await.map(drop)
    }

    async fn withdraw_attorney(&self, id: &str, consent: &str) -> Result<(), Problem> {
        self.own(id).await?;
        let (mut body, version) = self.read_json("Consent", consent).await?;
        let own = format!("Patient/{id}");
        let resource = parse_stored(body.to_string().as_bytes())?;
        let is_it = given(resource.root()).is_some()
            && text(resource.root(), &["patient", "reference"]) == Some(&own);
        let Some(status) = body.get_mut("status").filter(|_| is_it) else { return Err(no_page()) };
        *status = json!("inactive");
        self.update("Consent", consent, version, &body).await
    }
}

fn is_attorney(concept: NodeRef<'_>) -> bool {
    concept.named("coding").any(|coding| {
        text(coding, &["system"]) == Some(ROLE_CODE)
            && matches!(text(coding, &["code"]), Some("POWATT" | "HPOWATT"))
    })
}

/// A power of attorney that the citizen has given.
fn given(consent: NodeRef<'_>) -> Option<Attorney> {
    let provision = consent.first("provision")?;
    let mut actors = provision.named("actor");
    let attorney = actors.find(|actor| actor.first("role").is_some_and(is_attorney))?;
    if text(provision, &["type"]) != Some("permit") {
        return None;
    }
    Some(Attorney {
        consent: Some(text(consent, &["id"])?.to_string()),
        name: attorney.first("reference").and_then(display).unwrap_or_default(),
        since: moment(provision, &["period", "start"]),
        until: moment(provision, &["period", "end"]),
    })
}

/// A power of attorney that the services have registered.
fn registered(relative: NodeRef<'_>) -> Option<Attorney> {
    relative.named("relationship").find(|concept| is_attorney(*concept))?;
    Some(Attorney {
        consent: None,
        name: human_name(relative).unwrap_or_else(|| t("person.no-name").to_string()),
        since: moment(relative, &["period", "start"]),
        until: moment(relative, &["period", "end"]),
    })
}
