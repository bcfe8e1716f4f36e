//! A new patient, and a patient by number: `/pasienter/ny`, `/pasienter/nummer`.
//!
//! Both are ways on from a search that found nobody: the person is not registered yet, or is and is
//! not shown, because the address is protected. What was typed stays in the form until it is right.
//! Not here: who may register whom (`access`, asked by `record`), HTML (`pages::registering_page`,
//! `pages::search_page`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use akson_access::decide::Situation;
use akson_access::rules::{Class, rights};
use akson_base::identifiers::person_number_system;
use akson_base::{Kind, Problem};
use akson_record::{Opening, PatientStanding};
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::dates::parse_date;
use crate::forms::Form;
use crate::messages::t;
use crate::pages::{registering_page, search_page};
use crate::response::{self, to};
use crate::routes::no_page;
use crate::sight::{Desk, Reader};
use crate::standing::chosen_reason;
use crate::who::Who;

/// Longest text that a field takes, characters.
const CHARACTERS_MAX: usize = 100;
/// The earliest year of birth that is taken for one.
const BORN_MIN: i16 = 1890;

/// The sexes that the register of persons and FHIR know.
pub(crate) const GENDERS: [&str; 4] = ["female", "male", "other", "unknown"];

/// The fields, by the names of the form.
pub(crate) const FIELDS: [&str; 9] = [
    "nummer",
    "fornavn",
    "etternavn",
    "fodt",
    "kjonn",
    "adresse",
    "postnummer",
    "poststed",
    "telefon",
];

/// What was typed, by field.
pub(crate) type Typed = BTreeMap<&'static str, String>;
/// What is wrong, by field.
pub(crate) type Wrong = BTreeMap<&'static str, &'static str>;

/// A way on from a search that found nobody.
pub(crate) enum WayOn {
    /// There is nothing more to do.
    None,
    /// The person may be registered, with this number when that is what was searched for.
    Register(Option<String>),
    /// Somebody of this number is registered and not shown.
    Hidden { number: String, standing: PatientStanding },
}

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasienter/ny", get(offer).post(register))
        .route("/pasienter/nummer", post(open))
}

/// Whether somebody's role registers patients.
fn registers(who: &Who) -> bool {
    let rights = who.actor.role().map(|role| rights(role, Situation::Unregistered));
    rights.is_some_and(|rights| rights.may_write(Class::Person))
}

async fn offer(reader: Reader, Query(asked): Query<HashMap<String, String>>) -> Response {
    if !registers(&reader.who) {
        return response::problem(&no_page(), Some(&reader.who), false);
    }
    let mut typed = Typed::new();
    let number = asked.get("nummer").map(|number| only_digits(number));
    typed.extend(number.map(|number| ("nummer", number)));
    response::html(registering_page::registering(&typed, &Wrong::new(), &reader.who))
}

async fn register(reader: Reader, form: Form) -> Response {
    if !registers(&reader.who) {
        return response::problem(&no_page(), Some(&reader.who), false);
    }
    let mut typed: Typed =
        FIELDS.into_iter().map(|name| (name, form.field(name).trim().to_string())).collect();
    typed.insert("nummer", only_digits(form.field("nummer")));
    let mut wrong = Wrong::new();
    let registered = match understand(&typed, reader.today(), &mut wrong) {
        Some(patient) => reader.register(&patient).await,
        None => Err(not_complete()),
    };
    let problem = match registered {
        Ok(id) => return to(&format!("/pasient/{id}")),
        Err(problem) => problem,
    };
    match problem.code {
        "REC-085" => drop(wrong.insert("nummer", t("registering.wrong-taken"))),
        "REC-086" | "REC-087" => drop(wrong.insert("nummer", t("registering.wrong-number"))),
        NOT_COMPLETE => {}
        _ => return response::problem(&problem, Some(&reader.who), false),
    }
    let markup = registering_page::registering(&typed, &wrong, &reader.who);
    response::told(&problem, markup)
}

/// Opens the journal of somebody whom no search shows, by the number.
async fn open(reader: Reader, form: Form) -> Response {
    let number = only_digits(form.field("nummer"));
    let is_emergency = !form.field("nod").is_empty();
    let reason = chosen_reason(is_emergency, form.field("grunn"), form.field("tekst"));
    let opening = Opening { is_emergency, reason };
    match reader.record().open_by_number(&reader.caller(), &number, &opening).await {
        Ok(id) => to(&format!("/pasient/{id}")),
        Err(problem) if problem.kind == Kind::Invalid => {
            let way_on = reader.way_on(&number).await;
            let hits = way_on.map(|way_on| {
                let wrong = Some(t("opening.reason-wrong"));
                search_page::nobody(&way_on, &reader.who, wrong)
            });
            match hits {
                Ok(hits) => {
                    response::told(&problem, search_page::start(&reader.who, &number, Some(hits)))
                }
                Err(problem) => response::problem(&problem, Some(&reader.who), false),
            }
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn only_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

const NOT_COMPLETE: &str = "WEB-086";

fn not_complete() -> Problem {
    let text = "The form is not complete, or something in it is wrong; the page says what.";
    Problem::new(Kind::Invalid, NOT_COMPLETE, text)
}

fn understand(typed: &Typed, today: Date, wrong: &mut Wrong) -> Option<Value> {
    let field = |name: &str| typed.get(name).map_or("", String::as_str);
    for name in FIELDS {
        if field(name).chars().count() > CHARACTERS_MAX {
            wrong.insert(name, t("registering.wrong-long"));
        }
    }
    let system = person_number_system(field("nummer"));
    if system.is_none() {
        wrong.insert("nummer", t("registering.wrong-number"));
    }
    for name in ["fornavn", "etternavn"] {
        if field(name).is_empty() {
            wrong.insert(name, t("registering.wrong-name"));
        }
    }
    let born = parse_date(field("fodt")).filter(|born| *born <= today && born.year() >= BORN_MIN);
    if born.is_none() {
        wrong.insert("fodt", t("registering.wrong-born"));
    }
    let gender = GENDERS.into_iter().find(|gender| *gender == field("kjonn"));
    if gender.is_none() {
        wrong.insert("kjonn", t("registering.wrong-gender"));
    }
    let code = field("postnummer");
    if !code.is_empty() && (code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit())) {
        wrong.insert("postnummer", t("registering.wrong-code"));
    }
    if !wrong.is_empty() {
        return None;
    }
    let given: Vec<&str> = field("fornavn").split_whitespace().collect();
    let mut patient = json!({
        "resourceType": "Patient",
        "identifier": [{"system": system?, "value": field("nummer")}],
        "active": true,
        "name": [{"use": "official", "family": field("etternavn"), "given": given}],
        "gender": gender?,
        "birthDate": born?.to_string(),
    });
    let object = patient.as_object_mut()?;
    object.extend(address(&field).map(|address| ("address".to_string(), address)));
    if !field("telefon").is_empty() {
        let phone = json!([{"system": "phone", "use": "mobile", "value": field("telefon")}]);
        object.insert("telecom".into(), phone);
    }
    Some(patient)
}

fn address<'f>(field: &impl Fn(&str) -> &'f str) -> Option<Value> {
    let mut address = json!({"use": "home", "country": "NO"});
    let object = address.as_object_mut()?;
    for (name, element) in [("postnummer", "postalCode"), ("poststed", "city")] {
        if !field(name).is_empty() {
            object.insert(element.into(), json!(field(name)));
        }
    }
    if !field("adresse").is_empty() {
        object.insert("line".into(), json!([field("adresse")]));
    }
    (object.len() > 2).then(|| json!([address]))
}

impl Reader {
    /// What is offered when a search for `text` found nobody.
    pub(crate) async fn way_on(&self, text: &str) -> Result<WayOn, Problem> {
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let is_number = person_number_system(&bare).is_some();
        if is_number
            && let Some(standing) = self.record().hidden_by_number(&self.caller(), &bare).await?
        {
            return Ok(WayOn::Hidden { number: bare, standing });
        }
        Ok(match registers(&self.who) {
            true => WayOn::Register(is_number.then_some(bare)),
            false => WayOn::None,
        })
    }

    /// Registers a patient; the id.
    async fn register(&self, patient: &Value) -> Result<String, Problem> {
        Ok(self.create(patient).await?.id)
    }
}
