//! Reconciling medicines: `/pasient/{id}/samstem`. What we have, the discharge note's list, the national
//! list and what the patient says to use, side by side. Each press decides one difference and is kept;
//! the press that decides the last one stores everything in one commit with who and when.
//!
//! Not here: reading and comparing the lists (`reconciling::sources`), the choices and how they are kept
//! (`choices`), what is stored (`storing`), what a nurse proposes to a doctor (`proposals`), HTML
//! (`pages::reconciling_page`).
//! Standard: <https://hl7.org/fhir/R4/list.html>

mod choices;
pub(crate) mod proposals;
pub(crate) mod sources;
mod storing;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_medicines::{InUse, Outcome, check};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

pub(crate) use choices::{Choice, Chosen, different};

use crate::forms::Form;
use crate::messages::t;
use crate::pages::reconciling_page::{self, Reconciling};
use crate::prescribing::dosage::Dosage;
use crate::prescribing::{AtChart, cautions, medication_of, writing};
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::{Desk, Reader};
use crate::who::Who;
use sources::{LIST_SYSTEM, Listed, Row, SOURCE_CODES, Source, rows};

/// Lists of one patient that are compared.
const LISTS_MAX: usize = 10;
/// Longest reason, characters.
const REASON_MAX: usize = 500;

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/samstem", get(offer).post(reconcile))
        .route("/oppgave/{id}/godta", post(proposals::accept))
        .route("/oppgave/{id}/avvis", post(proposals::decline))
}

/// Whether somebody reconciles: who prescribes, and who writes what a patient takes and proposes the
/// rest to a doctor.
pub(crate) fn reconciles(who: &Who) -> bool {
    who.may_ever_write(Class::Prescription) || who.may_ever_write(Class::Medication)
}

/// Whether what somebody decides is done at once, and not proposed to a doctor.
fn decides(who: &Who) -> bool {
    who.may_ever_write(Class::Prescription)
}

/// The lists and what they make together.
struct Loaded {
    at: AtChart,
    sources: Vec<Source>,
    rows: Vec<Row>,
}

impl Loaded {
    async fn read(reader: &Reader, id: &str, fragment: bool) -> Result<Self, Box<Response>> {
        let refused = |problem| Box::new(response::problem(&problem, Some(&reader.who), fragment));
        if !reconciles(&reader.who) {
            let text = "Doctors and nurses reconcile medicines: this role reads them.";
            return Err(refused(Problem::new(Kind::Refused, "WEB-280", text)));
        }
        let at = AtChart::open(reader, id, fragment).await?;
        let sources = lists(reader, id).await.map_err(refused)?;
        let rows = rows(&at.chart.medications.in_use, &sources);
        Ok(Self { at, sources, rows })
    }

    /// What the page was made from: when it is not the same any more, nothing is stored.
    fn basis(&self) -> String {
        let lists = self.sources.iter().map(|list| format!("{}@{}", list.id, list.version));
        let own = self.at.chart.medications.in_use.iter();
        let own = own.map(|drug| drug.prescription.clone().unwrap_or_else(|| drug.text.clone()));
        lists.chain(own).collect::<Vec<_>>().join(" ")
    }

    fn draw(&self, reader: &Reader, chosen: &Chosen, fragment: bool) -> Response {
        let numbered = self.rows.iter().enumerate();
        let checks: Vec<Vec<(usize, Outcome)>> =
            numbered.map(|(number, row)| self.checks(reader, chosen, number, row)).collect();
        let page = Reconciling {
            chart: &self.at.chart,
            sources: &self.sources,
            rows: &self.rows,
            checks: &checks,
            chosen,
            basis: &self.basis(),
            decides: decides(&reader.who),
            form_token: reader.who.form_token(),
            today: reader.today(),
        };
        let content = reconciling_page::reconciling(&page);
        self.at.page(reader, t("reconciling.heading"), content, fragment)
    }

    /// What the rules say of each version of a row that can be taken.
    fn checks(
        &self,
        reader: &Reader,
        chosen: &Chosen,
        number: usize,
        row: &Row,
    ) -> Vec<(usize, Outcome)> {
        let versions = row.versions().into_iter().filter_map(|at| Some((at, row.listed(at)?)));
        versions.map(|(at, one)| (at, self.checked(reader, chosen, number, one))).collect()
    }

    /// What the rules say of a medicine in the place of a row, beside what is chosen of all the others.
    fn checked(&self, reader: &Reader, chosen: &Chosen, number: usize, listed: &Listed) -> Outcome {
        let mut facts = cautions::facts(&self.at.chart, reader.today(), None);
        let others = self.rows.iter().enumerate().filter(|(other, _)| *other != number);
        facts.in_use = others.filter_map(|(other, row)| beside(chosen, other, row)).collect();
        let drug = listed.atc.as_deref().and_then(|atc| akson_medicines::find(atc, &listed.name));
        let dosage = listed.dosage_json.as_ref().and_then(|dosage| Dosage::read(dosage, drug));
        let proposed = cautions::proposed(&listed.name, listed.atc.as_deref(), dosage.as_ref());
        check(&facts, &proposed)
    }

    /// Whether something is chosen that a warning stops.
    fn needs_reason(&self, reader: &Reader, chosen: &Chosen) -> bool {
        different(&self.rows).any(|(number, row)| {
            let taken = chosen.taken(number, row);
            taken.is_some_and(|listed| self.checked(reader, chosen, number, listed).stops())
        })
    }
}

/// The medicine of another row as it will be used after the choices that are made; as it is used now
/// while nothing is chosen.
fn beside(chosen: &Chosen, number: usize, row: &Row) -> Option<InUse> {
    let ours = || {
        let drug = row.ours.as_ref()?;
        Some(InUse { atc: drug.atc.clone(), name: drug.text.clone() })
    };
    match chosen.choices.get(&number) {
        Some(Choice::Stop | Choice::Leave) => None,
        Some(Choice::Take(at)) => {
            let listed = row.listed(*at)?;
            Some(InUse { atc: listed.atc.clone(), name: listed.name.clone() })
        }
        Some(Choice::Keep) | None => ours(),
    }
}

/// The lists that wait to be compared, the newest first.
async fn lists(reader: &Reader, patient: &str) -> Result<Vec<Source>, Problem> {
    let patient = utf8_percent_encode(patient, NON_ALPHANUMERIC);
    let codes = SOURCE_CODES.map(|code| format!("{LIST_SYSTEM}%7C{code}")).join(",");
    let query =
        format!("patient={patient}&status=current&code={codes}&_sort=-date&_count={LISTS_MAX}");
    let found = reader.search_json(&reader.caller(), "List", query).await?;
    let mut sources = Vec::new();
    for list in found {
        let Some(id) = list.get("id").and_then(Value::as_str) else { continue };
        let (json, version) = reader.read_json("List", id).await?;
        sources.extend(Source::read(&json, version));
    }
    sources.sort_by_key(|source| source.order);
    Ok(sources)
}

async fn offer(reader: Reader, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let fragment = wants_fragment(&headers);
    let loaded = match Loaded::read(&reader, &id, fragment).await {
        Ok(loaded) => loaded,
        Err(answer) => return *answer,
    };
    match Chosen::read(&reader, &id, &loaded.rows, &loaded.basis()).await {
        Ok(chosen) => loaded.draw(&reader, &chosen, fragment),
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

/// A press: keeps what it chose, and stores everything when nothing is open any more and the press was
/// one that says so (`lagre`).
async fn reconcile(
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
    sent: Form,
) -> Response {
    let fragment = wants_fragment(&headers);
    let loaded = match Loaded::read(&reader, &id, fragment).await {
        Ok(loaded) => loaded,
        Err(answer) => return *answer,
    };
    let is_last = asked.contains_key("lagre") || !sent.field("lagre").is_empty();
    match pressed(&reader, (&id, is_last), &loaded, &sent, fragment).await {
        Ok(answer) => answer,
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

async fn pressed(
    reader: &Reader,
    (id, is_last): (&str, bool),
    loaded: &Loaded,
    sent: &Form,
    fragment: bool,
) -> Result<Response, Problem> {
    let basis = loaded.basis();
    if loaded.sources.is_empty() || sent.field("grunnlag") != basis {
        let text = "The lists have changed since the page was drawn: look at them again.";
        return Err(Problem::new(Kind::Conflict, "WEB-186", text));
    }
    let mut chosen = Chosen::read(reader, id, &loaded.rows, &basis).await?;
    chosen.hear(sent, &loaded.rows);
    let by = writing(reader);
    if is_last {
        chosen.wrong = if chosen.open(&loaded.rows) > 0 {
            Some(t("reconciling.wrong-open"))
        } else if loaded.needs_reason(reader, &chosen) && chosen.reason.is_empty() {
            Some(t("cautions.wrong-reason"))
        } else {
            None
        };
    }
    if chosen.reason.chars().count() > REASON_MAX {
        chosen.wrong = Some(t("cautions.wrong-reason"));
        let page = loaded.draw(reader, &chosen, fragment);
        return Ok((StatusCode::BAD_REQUEST, page).into_response());
    }
    if is_last && chosen.wrong.is_none() {
        storing::store(reader, id, loaded, &chosen, &by).await?;
        return Ok(to(&medication_of(id)));
    }
    chosen.keep(reader, id, &loaded.rows, (&basis, &by)).await?;
    if chosen.wrong.is_some() {
        let page = loaded.draw(reader, &chosen, fragment);
        return Ok((StatusCode::BAD_REQUEST, page).into_response());
    }
    match fragment {
        true => Ok(loaded.draw(reader, &chosen, true)),
        false => Ok(to(&format!("/pasient/{id}/samstem"))),
    }
}
