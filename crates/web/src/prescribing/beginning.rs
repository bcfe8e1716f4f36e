//! A new prescription, and another dosage or strength of one in force.

use std::collections::HashMap;

use akson_base::Problem;
use akson_medicines::Outcome;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::asked::{Typed, Wrong};
use super::prescription::{End, begun, ended};
use super::{AtChart, Stored, add, cautions, medication_of, writing};
use crate::chart::Chart;
use crate::forms::Form;
use crate::messages::t;
use crate::pages::prescribing_page::{self, Draft};
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::Reader;
use crate::writing::Together;

type Asked = Query<HashMap<String, String>>;

/// Medicines that one search shows.
const FOUND_MAX: usize = 20;

/// `/pasient/{id}/resept/ny`: a search, then the form.
pub(super) async fn offer(
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let key = asked.get("legemiddel").map_or("", String::as_str);
    let name = asked.get("navn").map_or("", |name| name.trim());
    let typed = match akson_medicines::of_key(key) {
        Some(drug) => Some(Typed::usual(drug)),
        None => (!name.is_empty()).then(|| Typed::unknown(name)),
    };
    match typed {
        Some(typed) => form(&reader, &at, &typed, &Wrong::new(), None),
        None => {
            let query = asked.get("q").map_or("", |q| q.trim());
            let found = akson_medicines::search(query, FOUND_MAX);
            if wants_fragment(&headers) {
                return response::html(prescribing_page::found(&id, query, &found));
            }
            let content = prescribing_page::search(&id, query, &found);
            at.page(&reader, t("prescribing.new"), content, false)
        }
    }
}

/// `/pasient/{id}/resept/vurder`: the words of the dosage and the warnings, as one types.
pub(super) async fn assess(
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, true).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let typed = Typed::of_query(&asked);
    let replaced = Some(typed.field("erstatter")).filter(|id| !id.is_empty());
    let outcome = outcome(&reader, &at.chart, &typed, replaced);
    response::html(prescribing_page::assessment(&at.chart, &typed, &outcome, None))
}

/// Stores a new prescription.
pub(super) async fn prescribe(reader: Reader, Path(id): Path<String>, sent: Form) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let typed = Typed::of_form(&sent);
    store(&reader, &at, &typed, None).await
}

/// `/pasient/{id}/resept/{prescription}/endre`.
pub(super) async fn offer_change(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match Stored::in_force(&reader, &id, &prescription).await {
        Ok(stored) => {
            let typed = Typed::of_stored(&stored.json);
            form(&reader, &at, &typed, &Wrong::new(), Some(&stored))
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// Stores the prescription that takes another's place.
pub(super) async fn change(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    sent: Form,
) -> Response {
    let at = match AtChart::to_prescribe(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match Stored::in_force(&reader, &id, &prescription).await {
        Ok(stored) => store(&reader, &at, &Typed::of_form(&sent), Some(stored)).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn outcome(reader: &Reader, chart: &Chart, typed: &Typed, replaced: Option<&str>) -> Outcome {
    let dosage = typed.dosage().ok();
    let atc = typed.drug().map(|drug| drug.atc);
    let proposed = cautions::proposed(&typed.name(), atc, dosage.as_ref());
    cautions::checked(chart, reader.today(), &proposed, replaced)
}

fn form(
    reader: &Reader,
    at: &AtChart,
    typed: &Typed,
    wrong: &Wrong,
    replaced: Option<&Stored>,
) -> Response {
    let replaced_id = replaced.map(|stored| stored.id.as_str());
    let outcome = outcome(reader, &at.chart, typed, replaced_id);
    let draft = Draft {
        chart: &at.chart,
        typed,
        wrong,
        outcome: &outcome,
        replaced: replaced_id,
        form_token: reader.who.form_token(),
    };
    let heading = if replaced.is_some() { t("prescribing.change") } else { t("prescribing.new") };
    at.page(reader, heading, prescribing_page::form(&draft), false)
}

/// Stores it, or draws the form again with what is wrong.
async fn store(reader: &Reader, at: &AtChart, typed: &Typed, replaced: Option<Stored>) -> Response {
    let by = writing(reader);
    let replaced_id = replaced.as_ref().map(|stored| stored.id.as_str());
    let outcome = outcome(reader, &at.chart, typed, replaced_id);
    let mut content = typed.content(&at.chart, &by);
    if outcome.stops() && typed.field("begrunnelse").is_empty() {
        let wrong = ("begrunnelse", t("cautions.wrong-reason"));
        match &mut content {
            Ok(_) => content = Err(Wrong::from([wrong])),
            Err(all) => drop(all.insert(wrong.0, wrong.1)),
        }
    }
    let content = match content {
        Ok(content) => content,
        Err(wrong) => {
            let page = form(reader, at, typed, &wrong, replaced.as_ref());
            return (StatusCode::BAD_REQUEST, page).into_response();
        }
    };
    let patient = &at.chart.person.id;
    let mut together = Together::default();
    let request = begun(patient, &content, &by, replaced_id);
    let prior: Vec<String> = replaced_id.map(str::to_owned).into_iter().collect();
    add(&mut together, request, patient, (&outcome, typed.field("begrunnelse")), &by, &prior);
    if let Some(stored) = &replaced {
        let old = ended(&stored.json, End::Changed, by.today);
        together.update("MedicationRequest", &stored.id, stored.version, &old);
    }
    match reader.store(together).await {
        Ok(_) => to(&medication_of(patient)),
        Err(problem) => refused(reader, &problem),
    }
}

fn refused(reader: &Reader, problem: &Problem) -> Response {
    response::problem(problem, Some(&reader.who), false)
}
