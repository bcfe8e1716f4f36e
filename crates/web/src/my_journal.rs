//! A citizen's journal in plain words: results, medicines with requests to renew, vaccinations,
//! documents, own measurements.
//!
//! What is not released yet is not seen here: the record hides it. What is written here the record takes
//! as the acts `measure` and `renew` (`access/rules/acts.tsv`).
//! Not here: HTML (`pages::my_journal_page`), the chart as personnel read it (`pages::chart_page`).
//! Standard: <https://hl7.org/fhir/R4/observation.html>, `task.html`

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::dates::{Moment, parse_date};
use crate::fields::text_at;
use crate::forms::Form;
use crate::messages::t;
use crate::pages::my_journal_page::{self as page, Measuring, Part};
use crate::people::quoted;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::systems::{OBSERVATION_CATEGORY, TASK_SYSTEM, UCUM};

const RENEW: &str = "renew";
const LOINC: &str = "http://loinc.org";
/// Prescriptions, and requests to renew, of one journal that are read.
const PRESCRIPTIONS_MAX: usize = 200;
/// What a person can weigh, kilos.
const KILOS: (f64, f64) = (0.3, 400.0);
/// What a blood pressure can be, mmHg.
const PRESSURE: (f64, f64) = (20.0, 300.0);

/// A prescription in use.
#[derive(Clone, Debug)]
pub(crate) struct Prescription {
    pub id: String,
    pub name: String,
    pub dosage: Option<String>,
    /// When it was asked for that it be renewed, and is not answered.
    pub asked: Option<Moment>,
}

/// The addresses of the journal.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/min/{id}/journal", get(index))
        .route("/min/{id}/journal/{part}", get(part))
        .route("/min/{id}/journal/malinger", get(measurements).post(measure))
        .route("/min/{id}/journal/medisiner", get(medicines))
        .route("/min/{id}/journal/medisiner/{prescription}/forny", post(renew))
}

type Asked = Query<HashMap<String, String>>;

async fn index(reader: Reader, Path(id): Path<String>) -> Response {
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let (chart, _) = reader.chart(&id, &mine.standing).await?;
        Ok(page::index(&mine, &chart, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn part(reader: Reader, Path((id, slug)): Path<(String, String)>) -> Response {
    let drawn = async {
        let part = Part::of_slug(&slug).ok_or_else(crate::routes::no_page)?;
        let mine = reader.mine(Some(&id)).await?;
        let (chart, _) = reader.chart(&id, &mine.standing).await?;
        Ok(page::part(part, &mine, &chart, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn measurements(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let measuring = Measuring { is_stored: asked.contains_key("lagret"), ..Measuring::default() };
    response::drawn(measured_page(&reader, &id, &measuring).await, &reader.who)
}

async fn measured_page(
    reader: &Reader,
    id: &str,
    measuring: &Measuring<'_>,
) -> Result<maud::Markup, Problem> {
    let mine = reader.mine(Some(id)).await?;
    let (chart, _) = reader.chart(id, &mine.standing).await?;
    Ok(page::measurements(&mine, &chart, measuring, &reader.who, reader.today()))
}

async fn measure(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    match reader.measure(&id, &form).await {
        Ok(None) => to(&format!("/min/{id}/journal/malinger?lagret=1")),
        Ok(Some(fault)) => {
            let typed = |name: &'static str| form.field(name);
            let measuring = Measuring {
                kilos: typed("kilo"),
                systolic: typed("over"),
                diastolic: typed("under"),
                fault: Some(fault),
                is_stored: false,
            };
            let text = "The measurement could not be stored.";
            let problem = Problem::new(Kind::Unprocessable, "WEB-205", text);
            match measured_page(&reader, &id, &measuring).await {
                Ok(markup) => response::told(&problem, markup),
                Err(problem) => response::problem(&problem, Some(&reader.who), false),
            }
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn medicines(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let prescriptions = reader.prescriptions(&id).await?;
        let may_ask = reader.doctor(&id).await?.is_some();
        let told = asked.contains_key("bedt");
        Ok(page::medicines(&mine, &prescriptions, (may_ask, told), &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn renew(reader: Reader, Path((id, prescription)): Path<(String, String)>) -> Response {
    match reader.renew(&id, &prescription).await {
        Ok(()) => to(&format!("/min/{id}/journal/medisiner?bedt=1")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

impl Reader {
    async fn prescriptions(&self, patient: &str) -> Result<Vec<Prescription>, Problem> {
        let caller = self.caller();
        let query = format!("patient={}&status=active&_count={PRESCRIPTIONS_MAX}", quoted(patient));
        let found = self.search_json(&caller, "MedicationRequest", query).await?;
        let query = format!(
            "patient={}&code={}%7C{RENEW}&status=requested&_count={PRESCRIPTIONS_MAX}",
            quoted(patient),
            quoted(TASK_SYSTEM)
        );
        let asked = self.search_json(&caller, "Task", query).await?;
        let mut all: Vec<Prescription> =
            found.iter().filter_map(|one| prescription(one, &asked)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Asks the own doctor to renew a prescription; once, until it is answered.
    async fn renew(&self, id: &str, prescription: &str) -> Result<(), Problem> {
        let mine = self.mine(Some(id)).await?;
        let all = self.prescriptions(id).await?;
        let none = || {
            let text = "There is no such prescription in use in this journal, or no doctor to ask.";
            Problem::new(Kind::NotFound, "WEB-206", text)
        };
        let one = all.into_iter().find(|one| one.id == prescription).ok_or_else(none)?;
        if one.asked.is_some() {
            return Ok(());
        }
        let (doctor, name) = self.doctor(id).await?.ok_or_else(none)?;
        let task = json!({
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "code": {"coding": [{"system": TASK_SYSTEM, "code": RENEW}], "text": "Fornye resept"},
            "description": format!("Ønsker ny resept: {}", one.name),
            "focus": {"reference": format!("MedicationRequest/{prescription}"), "display": one.name},
            "for": {"reference": format!("Patient/{id}")},
            "authoredOn": self.now().to_fhir(),
            "requester": self.author(&mine),
            "owner": {"reference": doctor, "display": name},
        });
        self.create(&task).await.map(drop)
    }

    /// Stores what somebody measured; what is wrong with it, when it is not stored.
    async fn measure(&self, id: &str, form: &Form) -> Result<Option<&'static str>, Problem> {
        let mine = self.mine(Some(id)).await?;
        let measured = match form.field("hva") {
            "blodtrykk" => pressure(form.field("over"), form.field("under")),
            _ => weight(form.field("kilo")),
        };
        let Some((code, value)) = measured else {
            return Ok(Some(t("measure.wrong")));
        };
        let today = self.today();
        let at = match (form.field("dato").trim(), parse_date(form.field("dato"))) {
            ("", _) => self.now().to_fhir(),
            (_, Some(day)) if day == today => self.now().to_fhir(),
            (_, Some(day)) if day < today => day.to_string(),
            (_, Some(_) | None) => return Ok(Some(t("measure.wrong-day"))),
        };
        let mut observation = json!({
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "vital-signs"}]}],
            "code": code,
            "subject": {"reference": format!("Patient/{id}")},
            "effectiveDateTime": at,
            "performer": [self.author(&mine)],
        });
        if let (Some(members), Value::Object(value)) = (observation.as_object_mut(), value) {
            members.extend(value);
        }
        self.create(&observation).await?;
        Ok(None)
    }
}

fn prescription(json: &Value, asked: &[Value]) -> Option<Prescription> {
    let text = |at: &str| text_at(json, at).map(str::to_string);
    let id = text("/id")?;
    let focus = format!("MedicationRequest/{id}");
    let of_this = |task: &&Value| {
        task.pointer("/focus/reference").and_then(Value::as_str) == Some(focus.as_str())
    };
    let asked = asked.iter().find(of_this).and_then(|task| task.get("authoredOn")?.as_str());
    Some(Prescription {
        name: text("/medicationCodeableConcept/text")
            .or_else(|| text("/medicationCodeableConcept/coding/0/display"))
            .or_else(|| text("/medicationReference/display"))?,
        dosage: text("/dosageInstruction/0/patientInstruction")
            .or_else(|| text("/dosageInstruction/0/text")),
        asked: asked.and_then(Moment::parse),
        id,
    })
}

/// A number as people type it: with a comma or a point.
fn typed(text: &str, (low, high): (f64, f64)) -> Option<f64> {
    let plain = text.trim().replace(',', ".");
    let is_plain = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = plain.parse().ok().filter(|_| is_plain)?;
    (low..=high).contains(&value).then_some((value * 10.0).round() / 10.0)
}

fn weight(kilos: &str) -> Option<(Value, Value)> {
    let value = quantity(typed(kilos, KILOS)?, "kg", "kg");
    Some((loinc("29463-7", "Vekt"), json!({"valueQuantity": value})))
}

fn pressure(over: &str, under: &str) -> Option<(Value, Value)> {
    let (over, under) = (typed(over, PRESSURE)?, typed(under, PRESSURE)?);
    let part = |code: &str, name: &str, value: f64| {
        let value = quantity(value.round(), "mmHg", "mm[Hg]");
        json!({"code": loinc(code, name), "valueQuantity": value})
    };
    let parts = [
        part("8480-6", "Systolisk blodtrykk", over),
        part("8462-4", "Diastolisk blodtrykk", under),
    ];
    (over > under).then(|| (loinc("85354-9", "Blodtrykk"), json!({"component": parts})))
}

fn quantity(value: f64, unit: &str, code: &str) -> Value {
    json!({"value": value, "unit": unit, "system": UCUM, "code": code})
}

fn loinc(code: &str, text: &str) -> Value {
    json!({"coding": [{"system": LOINC, "code": code}], "text": text})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (text, expected) in [
            ("72,1", Some(72.1)),
            (" 72.14 ", Some(72.1)),
            ("80", Some(80.0)),
            ("0", None),
            ("4000", None),
            ("-5", None),
            ("1e2", None),
            ("åtti", None),
            ("", None),
        ] {
            assert_eq!(typed(text, KILOS), expected, "{text}");
        }
        assert!(pressure("80", "120").is_none(), "the lower pressure is not above");
        let (_, value) = pressure("120", "80").unwrap();
        let over = value.pointer("/component/0/valueQuantity/value");
        assert_eq!(over.and_then(Value::as_f64), Some(120.0));
    }
}
