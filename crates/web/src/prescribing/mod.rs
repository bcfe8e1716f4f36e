//! Prescribing: `/pasient/{id}/resept/…`. A new prescription, the same again, another dosage, the end
//! of one; each a MedicationRequest, the earlier one and what is overridden in one commit.
//!
//! Not here: who may prescribe (`access`, asked by `record`), the rules on medicines
//! (`akson_medicines`), HTML (`pages::prescribing_page`).
//! Standard: <https://hl7.org/fhir/R4/medicationrequest.html>

pub(crate) mod asked;
mod beginning;
pub(crate) mod cautions;
pub(crate) mod dosage;
pub(crate) mod prescription;
pub(crate) mod renewing;
mod stopping;

pub(crate) use stopping::REASONS;

use std::sync::Arc;

use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use akson_medicines::Outcome;
use akson_record::PatientStanding;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use maud::Markup;
use serde_json::Value;

use crate::chart::{Chart, Filter};
use crate::opening::opened;
use crate::pages::chart_page::Sight;
use crate::pages::medicine_page;
use crate::prescribing::prescription::{Writing, is_in_force, medicine};
use crate::response;
use crate::sight::{Desk, Reader};
use crate::writing::{Together, set};

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/resept/ny", get(beginning::offer).post(beginning::prescribe))
        .route("/pasient/{id}/resept/vurder", get(beginning::assess))
        .route("/pasient/{id}/resept/{prescription}", get(history))
        .route(
            "/pasient/{id}/resept/{prescription}/forny",
            get(renewing::offer).post(renewing::renew),
        )
        .route("/pasient/{id}/resept/{prescription}/avslag", post(renewing::decline))
        .route(
            "/pasient/{id}/resept/{prescription}/endre",
            get(beginning::offer_change).post(beginning::change),
        )
        .route(
            "/pasient/{id}/resept/{prescription}/seponer",
            get(stopping::offer).post(stopping::stop),
        )
}

/// A chart that is open, and how the reader stands with the patient.
pub(crate) struct AtChart {
    pub(crate) standing: PatientStanding,
    pub(crate) chart: Chart,
}

impl AtChart {
    /// Opens it, or answers why not.
    pub(crate) async fn open(
        reader: &Reader,
        id: &str,
        fragment: bool,
    ) -> Result<Self, Box<Response>> {
        let standing = opened(reader, id, fragment).await?;
        match reader.chart(id, &standing).await {
            Ok((chart, _)) => Ok(Self { standing, chart }),
            Err(problem) => Err(Box::new(response::problem(&problem, Some(&reader.who), fragment))),
        }
    }

    /// As [`AtChart::open`], for one who prescribes.
    pub(crate) async fn to_prescribe(
        reader: &Reader,
        id: &str,
        fragment: bool,
    ) -> Result<Self, Box<Response>> {
        if !reader.who.may_ever_write(Class::Prescription) {
            let text = "Doctors prescribe: this role reads prescriptions.";
            let problem = Problem::new(Kind::Refused, "WEB-180", text);
            return Err(Box::new(response::problem(&problem, Some(&reader.who), fragment)));
        }
        Self::open(reader, id, fragment).await
    }

    /// What a page of the patient is made from.
    pub(crate) fn sight<'a>(&'a self, reader: &'a Reader) -> Sight<'a> {
        Sight {
            chart: &self.chart,
            looks: &[],
            apps: &[],
            who: &reader.who,
            standing: &self.standing,
            today: reader.today(),
            filter: Filter::default(),
        }
    }

    /// A page below the chart; its content alone for a part of a page.
    pub(crate) fn page(
        &self,
        reader: &Reader,
        heading: &str,
        content: Markup,
        fragment: bool,
    ) -> Response {
        if fragment {
            return response::html(content);
        }
        response::html(self.sight(reader).own_page(heading, content))
    }
}

/// Who writes now.
pub(crate) fn writing(reader: &Reader) -> Writing {
    Writing { author: reader.who.author(), now: reader.now_written(), today: reader.today() }
}

/// A prescription as it is stored.
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) json: Value,
    pub(crate) version: u32,
}

impl Stored {
    /// Reads it; it must be the patient's own.
    pub(crate) async fn read(reader: &Reader, patient: &str, id: &str) -> Result<Self, Problem> {
        let (json, version) = reader.read_json("MedicationRequest", id).await?;
        let of = json.pointer("/subject/reference").and_then(Value::as_str);
        if of.and_then(|to| to.strip_prefix("Patient/")) != Some(patient) {
            return Err(no_prescription());
        }
        Ok(Self { id: id.to_owned(), json, version })
    }

    /// As [`Stored::read`], of one in force: what has ended is not renewed, changed or stopped.
    pub(crate) async fn in_force(
        reader: &Reader,
        patient: &str,
        id: &str,
    ) -> Result<Self, Problem> {
        let stored = Self::read(reader, patient, id).await?;
        if !is_in_force(&stored.json) {
            let text = "This prescription is not in force any more: another has taken its place, or \
                        it was stopped.";
            return Err(Problem::new(Kind::Conflict, "WEB-181", text));
        }
        Ok(stored)
    }

    /// The name of its medicine.
    pub(crate) fn name(&self) -> &str {
        medicine(&self.json).0.unwrap_or_default()
    }
}

/// Adds a prescription to what is stored, with what was overridden. The reference by which the rest of
/// the commit may name it.
pub(crate) fn add(
    together: &mut Together,
    mut request: Value,
    patient: &str,
    (outcome, reason): (&Outcome, &str),
    by: &Writing,
    prior: &[String],
) -> String {
    if outcome.stops() {
        let issue =
            cautions::overridden(outcome, patient, (reason, &by.now), by.author.as_ref(), prior);
        let issue = together.create(&issue);
        set(
            &mut request,
            "detectedIssue",
            serde_json::json!([{"reference": issue, "display": reason}]),
        );
    }
    together.create(&request)
}

fn no_prescription() -> Problem {
    Problem::new(Kind::NotFound, "WEB-182", "This journal has no such prescription.")
}

/// Where one comes back to.
pub(crate) fn medication_of(patient: &str) -> String {
    format!("/pasient/{patient}#legemidler")
}

async fn history(reader: Reader, Path((id, prescription)): Path<(String, String)>) -> Response {
    let at = match AtChart::open(&reader, &id, false).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match medicine_page::history(&at.sight(&reader), &prescription) {
        Some((heading, content)) => at.page(&reader, &heading, content, false),
        None => response::problem(&no_prescription(), Some(&reader.who), false),
    }
}
