//! The patient's blocks: `/pasient/{id}/sperringer`.
//!
//! A block is a Consent in the patient's journal, written with the citizen's own rights; taking it
//! back makes it inactive, and what was stays in the history. Also shown: who has taken access with
//! a reason, until when.
//! Not here: obeying (`access`), HTML (`pages::wishes_page`).
//! Standard: <https://hl7.org/fhir/R4/consent.html>

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_fhir::model::NodeRef;
use akson_record::DECISION_SYSTEM;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::chart::Person;
use crate::datatypes::{display, moment, text};
use crate::dates::Moment;
use crate::forms::Form;
use crate::pages::wishes_page;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::systems::ACT_CODE;

/// Blocks and openings read of one patient.
const CONSENTS_MAX: usize = 200;
/// Contacts in which the organisations that a patient can block are looked for.
const CONTACTS_MAX: usize = 200;

/// A block, or access that somebody took.
pub(crate) struct Wish {
    pub id: String,
    /// Whether it is access taken with a reason, and no block.
    pub is_opening: bool,
    /// Against whom, or who took it; everybody when empty.
    pub who: Vec<String>,
    /// The part that it hides; the whole journal when empty.
    pub parts: Vec<String>,
    /// The reason of an opening.
    pub reason: Option<String>,
    pub since: Option<Moment>,
    pub until: Option<Moment>,
}

/// Somebody or something that can be blocked: reference and name.
pub(crate) type Choice = (String, String);

/// What the page shows.
pub(crate) struct Wishes {
    pub person: Person,
    pub wishes: Vec<Wish>,
    pub people: Vec<Choice>,
    pub organisations: Vec<Choice>,
    pub contacts: Vec<Choice>,
}

/// The addresses of the patient's blocks.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/sperringer", get(show).post(add))
        .route("/pasient/{id}/sperringer/{wish}/opphev", post(withdraw))
}

async fn show(reader: Reader, Path(id): Path<String>) -> Response {
    let wishes = reader.wishes(&id).await;
    let page = |wishes| wishes_page::wishes(&wishes, &reader.who, reader.today());
    response::drawn(wishes.map(page), &reader.who)
}

async fn add(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    match reader.block(&id, form.field("hva")).await {
        Ok(()) => to(&format!("/pasient/{id}/sperringer")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn withdraw(reader: Reader, Path((id, wish)): Path<(String, String)>) -> Response {
    match reader.withdraw(&wish).await {
        Ok(()) => to(&format!("/pasient/{id}/sperringer")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn no_wish() -> Problem {
    Problem::new(Kind::NotFound, "WEB-023", "There is no such block in this journal.")
}

impl Reader {
    async fn wishes(&self, id: &str) -> Result<Wishes, Problem> {
        if !self.standing(id).await?.may_wish {
            let text = "Blocks are shown to the patient and to those who act for the patient.";
            return Err(Problem::new(Kind::Refused, "WEB-018", text));
        }
        let person = self.person(id).await?;
        let quoted = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let caller = self.caller();
        let query = format!("patient={quoted}&status=active&_sort=-date&_count={CONSENTS_MAX}");
        let consents = self.search(&caller, "Consent", query).await?;
        let mut wishes: Vec<Wish> =
            consents.iter().filter_map(|consent| wish(consent.root())).collect();
        let query = format!("subject=Patient/{quoted}&_sort=-date&_count={CONTACTS_MAX}");
        let contacts = self.search(&caller, "Encounter", query).await?;
        let mut organisations = Vec::new();
        let mut people = Vec::new();
        let mut chosen = Vec::new();
        for contact in contacts.iter().map(akson_fhir::model::Resource::root) {
            organisations.extend(contact.first("serviceProvider").and_then(choice));
            let individuals = contact.named("participant").filter_map(|p| p.first("individual"));
            people.extend(individuals.filter_map(choice));
            chosen.extend(contact_choice(contact));
        }
        for list in [&mut organisations, &mut people] {
            list.sort_by(|a: &Choice, b: &Choice| a.1.cmp(&b.1));
            list.dedup();
        }
        let known = people.iter().chain(&organisations).chain(&chosen);
        let names: HashMap<&str, &str> = known.map(|(to, name)| (&**to, &**name)).collect();
        for told in wishes.iter_mut().flat_map(|wish| wish.who.iter_mut().chain(&mut wish.parts)) {
            if let Some(name) = names.get(told.as_str()) {
                *told = (*name).to_string();
            }
        }
        Ok(Wishes { person, wishes, people, organisations, contacts: chosen })
    }

    /// Records a block: `all`, or a reference to a person, an organisation or a contact.
    async fn block(&self, id: &str, what: &str) -> Result<(), Problem> {
        self.create(&block(id, what)?).await.map(drop)
    }

    async fn withdraw(&self, wish: &str) -> Result<(), Problem> {
        let (mut body, version) = self.read_json("Consent", wish).await?;
        let is_block = body.pointer("/provision/type").and_then(Value::as_str) == Some("deny");
        let Some(status) = body.get_mut("status").filter(|_| is_block) else {
            return Err(no_wish());
        };
        *status = json!("inactive");
        self.update("Consent", wish, version, &body).await
    }
}

fn choice(reference: NodeRef<'_>) -> Option<Choice> {
    let name = display(reference)?;
    Some((text(reference, &["reference"])?.to_string(), name))
}

fn contact_choice(contact: NodeRef<'_>) -> Option<Choice> {
    let id = text(contact, &["id"])?;
    let day = moment(contact, &["period", "start"])?.long();
    let title = contact.first("type").and_then(crate::datatypes::concept);
    let place = contact.first("serviceProvider").and_then(display);
    let words: Vec<String> = [Some(day), title, place].into_iter().flatten().collect();
    Some((format!("Encounter/{id}"), words.join(", ")))
}

fn wish(consent: NodeRef<'_>) -> Option<Wish> {
    let provision = consent.first("provision")?;
    let mut categories = consent.named("category").flat_map(|category| category.named("coding"));
    let is_opening = categories.any(|c| text(c, &["system"]) == Some(DECISION_SYSTEM));
    if !is_opening && text(provision, &["type"]) != Some("deny") {
        return None;
    }
    let named = |list: &'static str| {
        provision
            .named(list)
            .filter_map(|one| one.first("reference"))
            .filter_map(|one| {
                display(one).or_else(|| text(one, &["reference"]).map(str::to_string))
            })
            .collect::<Vec<_>>()
    };
    let labels = provision.named("securityLabel").filter_map(|label| {
        text(label, &["display"]).or_else(|| text(label, &["code"])).map(str::to_string)
    });
    Some(Wish {
        id: text(consent, &["id"])?.to_string(),
        is_opening,
        who: named("actor"),
        parts: named("data").into_iter().chain(labels).collect(),
        reason: text(consent, &["policyRule", "text"]).map(str::to_string),
        since: moment(consent, &["dateTime"]),
        until: moment(provision, &["period", "end"]),
    })
}

/// The Consent of a block.
fn block(patient: &str, what: &str) -> Result<Value, Problem> {
    let provision = match what.split_once('/') {
        None if what == "all" => json!({"type": "deny"}),
        Some(("Practitioner" | "PractitionerRole" | "Organization", _)) => {
            let role = json!({"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                "code": "IRCP"}]});
            let actor = json!([{"role": role, "reference": {"reference": what}}]);
            json!({"type": "deny", "actor": actor})
        }
        Some(("Encounter" | "DocumentReference", _)) => {
            let data = json!([{"meaning": "instance", "reference": {"reference": what}}]);
            json!({"type": "deny", "data": data})
        }
        _ => {
            let text = "A block is of the whole journal, a person, an organisation or a contact.";
            return Err(Problem::new(Kind::Invalid, "WEB-019", text));
        }
    };
    Ok(consent(patient, "OPTOUT", &provision))
}

/// A patient's own Consent. `rule` is a code of v3-ActCode: `OPTIN`, `OPTOUT`.
pub(crate) fn consent(patient: &str, rule: &str, provision: &Value) -> Value {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": format!("Patient/{patient}")},
        "policyRule": {"coding": [{
            "system": ACT_CODE, "code": rule}]},
        "provision": provision,
    })
}
