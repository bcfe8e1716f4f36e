//! Ordering: `/pasient/{id}/bestill`. Laboratory tests, radiology and referrals as ServiceRequests; what
//! is ordered together shares a requisition and is one commit, and is taken back as one.
//!
//! Not here: what can be ordered (`ordering::catalogue`), HTML (`pages::ordering_page`).
//! Standard: <https://hl7.org/fhir/R4/servicerequest.html>

pub(crate) mod catalogue;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::Role;
use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_fhir::model::Resource;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::datatypes::text;
use crate::forms::Form;
use crate::messages::t;
use crate::pages::ordering_page::{self, Ordering};
use crate::prescribing::AtChart;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::systems::SNOMED;
use crate::who::Who;
use crate::writing::{Together, set};
use catalogue::Analysis;

/// Names what was ordered together.
pub(crate) const REQUISITION: &str = "https://akson.no/fhir/NamingSystem/requisition";
/// Longest text of a field, characters.
const CHARACTERS_MAX: usize = 2000;
/// Places that one may refer to.
const PLACES_MAX: usize = 100;
/// Requests of one requisition.
const TOGETHER_MAX: usize = 100;

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/bestill", get(offer))
        .route("/pasient/{id}/bestill/prover", post(order_tests))
        .route("/pasient/{id}/bestill/bilde", post(order_imaging))
        .route("/pasient/{id}/bestill/henvisning", post(refer))
        .route("/pasient/{id}/bestill/{requisition}/angre", post(take_back))
}

/// What kind of request it is, as `ServiceRequest.category`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Laboratory,
    Imaging,
    Referral,
}

impl Category {
    fn to_fhir(self) -> Value {
        let (code, display) = match self {
            Self::Laboratory => ("108252007", "Laboratory procedure"),
            Self::Imaging => ("363679005", "Imaging"),
            Self::Referral => ("3457005", "Patient referral"),
        };
        json!([{"coding": [{"system": SNOMED, "code": code, "display": display}]}])
    }
}

/// Somewhere to refer to: reference and name.
pub(crate) type Place = (String, String);

/// Whether somebody's role orders tests: those who write in the journal at work.
fn orders_tests(who: &Who) -> bool {
    who.actor.role() != Some(Role::Citizen) && who.may_ever_write(Class::Clinical)
}

async fn at_chart(reader: &Reader, id: &str) -> Result<AtChart, Box<Response>> {
    if !orders_tests(&reader.who) {
        let text = "This role orders nothing.";
        let problem = Problem::new(Kind::Refused, "WEB-184", text);
        return Err(Box::new(response::problem(&problem, Some(&reader.who), false)));
    }
    AtChart::open(reader, id, false).await
}

async fn offer(
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let ordered = asked.get("bestilt").map(String::as_str);
    draw(&reader, &id, ordered, None).await
}

async fn draw(
    reader: &Reader,
    id: &str,
    ordered: Option<&str>,
    wrong: Option<(Category, &'static str)>,
) -> Response {
    let at = match at_chart(reader, id).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match places(reader).await {
        Ok(places) => {
            let ordering = Ordering {
                chart: &at.chart,
                places: &places,
                ordered,
                wrong,
                form_token: reader.who.form_token(),
                today: reader.today(),
            };
            at.page(reader, t("ordering.heading"), ordering_page::page(&ordering), false)
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// The organisations that one may refer to, by name.
async fn places(reader: &Reader) -> Result<Vec<Place>, Problem> {
    let query = format!("active:not=false&_sort=name&_count={PLACES_MAX}");
    let found = reader.search(&reader.caller(), "Organization", query).await?;
    let place = |resource: &Resource| {
        let id = resource.id()?;
        Some((format!("Organization/{id}"), text(resource.root(), &["name"])?.to_owned()))
    };
    Ok(found.iter().filter_map(place).collect())
}

/// A request; `code` is what is asked for.
fn request(reader: &Reader, patient: &str, category: Category, code: &Value, sent: &Form) -> Value {
    let urgent = sent.field("haster") == "ja";
    let mut request = json!({
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "category": category.to_fhir(),
        "priority": if urgent { "urgent" } else { "routine" },
        "code": code,
        "subject": {"reference": format!("Patient/{patient}")},
        "authoredOn": reader.now_written(),
    });
    if let Some(author) = reader.who.author() {
        set(&mut request, "requester", author);
    }
    let reason = sent.field("grunn").trim();
    if !reason.is_empty() {
        set(&mut request, "reasonCode", json!([{"text": reason}]));
    }
    request
}

/// Stores what was ordered as one requisition; its value.
async fn store(reader: &Reader, requests: Vec<Value>) -> Result<String, Problem> {
    // A name that no other request of this server gets.
    let requisition = reader.caller().trace;
    let mut together = Together::default();
    for mut request in requests {
        set(&mut request, "requisition", json!({"system": REQUISITION, "value": &*requisition}));
        together.create(&request);
    }
    reader.store(together).await?;
    Ok(requisition.to_string())
}

async fn stored(reader: &Reader, id: &str, requests: Vec<Value>) -> Response {
    match store(reader, requests).await {
        Ok(requisition) => to(&format!("/pasient/{id}/bestill?bestilt={requisition}")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn too_long(sent: &Form) -> bool {
    ["grunn", "sporsmal"].iter().any(|name| sent.field(name).chars().count() > CHARACTERS_MAX)
}

async fn again(reader: &Reader, id: &str, category: Category, wrong: &'static str) -> Response {
    let page = draw(reader, id, None, Some((category, wrong))).await;
    (StatusCode::BAD_REQUEST, page).into_response()
}

async fn order_tests(reader: Reader, Path(id): Path<String>, sent: Form) -> Response {
    if let Err(answer) = at_chart(&reader, &id).await {
        return *answer;
    }
    let analyses: Vec<&Analysis> = match catalogue::panel(sent.field("panel")) {
        Some(panel) => panel.analyses(),
        None => sent.all("analyse").into_iter().filter_map(catalogue::analysis).collect(),
    };
    if analyses.is_empty() {
        return again(&reader, &id, Category::Laboratory, t("ordering.wrong-none")).await;
    }
    if too_long(&sent) {
        return again(&reader, &id, Category::Laboratory, t("ordering.wrong-long")).await;
    }
    let requests = analyses
        .iter()
        .map(|analysis| request(&reader, &id, Category::Laboratory, &analysis.to_fhir(), &sent));
    stored(&reader, &id, requests.collect()).await
}

async fn order_imaging(reader: Reader, Path(id): Path<String>, sent: Form) -> Response {
    if let Err(answer) = at_chart(&reader, &id).await {
        return *answer;
    }
    let chosen = catalogue::examination(sent.field("undersokelse"));
    let Some(name) = chosen.filter(|_| !sent.field("grunn").trim().is_empty()) else {
        return again(&reader, &id, Category::Imaging, t("ordering.wrong-imaging")).await;
    };
    if too_long(&sent) {
        return again(&reader, &id, Category::Imaging, t("ordering.wrong-long")).await;
    }
    let request = request(&reader, &id, Category::Imaging, &json!({"text": name}), &sent);
    stored(&reader, &id, vec![request]).await
}

async fn refer(reader: Reader, Path(id): Path<String>, sent: Form) -> Response {
    if let Err(answer) = at_chart(&reader, &id).await {
        return *answer;
    }
    let places = match places(&reader).await {
        Ok(places) => places,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let place = places.into_iter().find(|(reference, _)| reference == sent.field("til"));
    let (reason, question) = (sent.field("grunn").trim(), sent.field("sporsmal").trim());
    let Some((reference, name)) = place.filter(|_| !reason.is_empty() && !question.is_empty())
    else {
        return again(&reader, &id, Category::Referral, t("ordering.wrong-referral")).await;
    };
    if too_long(&sent) {
        return again(&reader, &id, Category::Referral, t("ordering.wrong-long")).await;
    }
    let words = crate::messages::recorded_with("ordering.referral-to", &[("place", &name)]);
    let mut request = request(&reader, &id, Category::Referral, &json!({"text": words}), &sent);
    set(&mut request, "performer", json!([{"reference": reference, "display": name}]));
    set(&mut request, "note", json!([{"text": question}]));
    stored(&reader, &id, vec![request]).await
}

/// Takes back what was ordered together, as far as it is still under way.
async fn take_back(
    reader: Reader,
    Path((id, requisition)): Path<(String, String)>,
    _: Form,
) -> Response {
    if let Err(answer) = at_chart(&reader, &id).await {
        return *answer;
    }
    let done = async {
        let quoted = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let query = format!(
            "patient={}&requisition={}%7C{}&status=active&_count={TOGETHER_MAX}",
            quoted(&id),
            quoted(REQUISITION),
            quoted(&requisition)
        );
        let found = reader.search(&reader.caller(), "ServiceRequest", query).await?;
        let mut together = Together::default();
        for one in found.iter().filter_map(Resource::id) {
            let (mut request, version) = reader.read_json("ServiceRequest", one).await?;
            set(&mut request, "status", json!("revoked"));
            together.update("ServiceRequest", one, version, &request);
        }
        if together.is_empty() {
            let text = "Nothing of this order is under way any more.";
            return Err(Problem::new(Kind::NotFound, "WEB-185", text));
        }
        reader.store(together).await
    };
    match done.await {
        Ok(_) => to(&format!("/pasient/{id}/bestill")),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
