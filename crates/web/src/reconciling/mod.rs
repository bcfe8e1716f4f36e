//! Reconciling medicines: `/pasient/{id}/samstem`. What we have, the discharge note's list, the national
//! list and what the patient says to use, side by side; each difference decided, all stored in one
//! commit with who and when.
//!
//! Not here: reading and comparing the lists (`reconciling::sources`), HTML (`pages::reconciling_page`).
//! Standard: <https://hl7.org/fhir/R4/list.html>

pub(crate) mod sources;

use std::collections::BTreeMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_medicines::Outcome;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::chart::Chart;
use crate::forms::Form;
use crate::messages::{code, t};
use crate::pages::reconciling_page::{self, Reconciling};
use crate::prescribing::dosage::Dosage;
use crate::prescribing::prescription::{Content, Dispensing, End, Writing, begun, ended};
use crate::prescribing::renewing::waiting;
use crate::prescribing::{AtChart, Stored, add, cautions, medication_of, writing};
use crate::response::{self, to};
use crate::sight::{Desk, Reader};
use crate::writing::{Together, set};
use sources::{LIST_SYSTEM, Listed, RECONCILED, Row, SOURCE_CODES, Source, rows};

/// Lists of one patient that are compared.
const LISTS_MAX: usize = 10;
/// Longest reason, characters.
const REASON_MAX: usize = 500;

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/pasient/{id}/samstem", get(offer).post(reconcile))
}

/// What was decided of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// As it stands with us.
    Keep,
    /// No longer taken.
    Stop,
    /// As this source has it.
    Take(usize),
    /// Only others have it, and it is not taken.
    Leave,
}

impl Choice {
    /// The word of the form.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Keep => "behold".to_owned(),
            Self::Stop => "seponer".to_owned(),
            Self::Take(source) => format!("bruk-{source}"),
            Self::Leave => "utelat".to_owned(),
        }
    }

    /// What can be chosen of a row.
    pub(crate) fn offered(row: &Row) -> Vec<Self> {
        let mut all = Vec::new();
        let own = row.ours.as_ref();
        all.extend(own.map(|_| Self::Keep));
        all.extend(row.versions().into_iter().map(Self::Take));
        match own {
            Some(ours) => all.extend(ours.prescription.as_ref().map(|_| Self::Stop)),
            None => all.push(Self::Leave),
        }
        all
    }

    /// The word for the result.
    fn flag(self, row: &Row) -> &'static str {
        match self {
            Self::Keep => "kept",
            Self::Stop => "stopped",
            Self::Take(_) if row.ours.is_some() => "changed",
            Self::Take(_) => "taken",
            Self::Leave => "left",
        }
    }
}

/// The lists and what they make together.
struct Loaded {
    at: AtChart,
    sources: Vec<Source>,
    rows: Vec<Row>,
}

impl Loaded {
    async fn read(reader: &Reader, id: &str) -> Result<Self, Box<Response>> {
        let at = AtChart::to_prescribe(reader, id, false).await?;
        let sources = match lists(reader, id).await {
            Ok(sources) => sources,
            Err(problem) => {
                return Err(Box::new(response::problem(&problem, Some(&reader.who), false)));
            }
        };
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

    fn draw(&self, reader: &Reader, chosen: &Chosen) -> Response {
        let checks: Vec<Vec<(usize, Outcome)>> =
            self.rows.iter().map(|row| checks(reader, &self.at.chart, row)).collect();
        let page = Reconciling {
            chart: &self.at.chart,
            sources: &self.sources,
            rows: &self.rows,
            checks: &checks,
            chosen,
            basis: &self.basis(),
            form_token: reader.who.form_token(),
            today: reader.today(),
        };
        let content = reconciling_page::reconciling(&page);
        self.at.page(reader, t("reconciling.heading"), content, false)
    }
}

/// What was sent.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) choices: BTreeMap<usize, Choice>,
    pub(crate) reason: String,
    /// What is wrong.
    pub(crate) wrong: Option<&'static str>,
}

impl Chosen {
    fn read(sent: &Form, rows: &[Row]) -> Self {
        let choice = |(number, row): (usize, &Row)| {
            let word = sent.field(&format!("valg-{number}"));
            let offered = Choice::offered(row).into_iter();
            offered.into_iter().find(|one| one.word() == word).map(|one| (number, one))
        };
        let different = rows.iter().enumerate().filter(|(_, row)| !row.is_equal());
        Self {
            choices: different.filter_map(choice).collect(),
            reason: sent.field("begrunnelse").trim().to_owned(),
            wrong: None,
        }
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

/// What the rules say of each version that can be taken.
fn checks(reader: &Reader, chart: &Chart, row: &Row) -> Vec<(usize, Outcome)> {
    let versions = row.versions().into_iter().filter_map(|at| Some((at, row.listed(at)?)));
    versions.map(|(at, listed)| (at, checked(reader, chart, row, listed))).collect()
}

fn checked(reader: &Reader, chart: &Chart, row: &Row, listed: &Listed) -> Outcome {
    let drug = listed.atc.as_deref().and_then(|atc| akson_medicines::find(atc, &listed.name));
    let dosage = listed.dosage_json.as_ref().and_then(|dosage| Dosage::read(dosage, drug));
    let proposed = cautions::proposed(&listed.name, listed.atc.as_deref(), dosage.as_ref());
    let replaced = row.ours.as_ref().and_then(|ours| ours.prescription.as_deref());
    cautions::checked(chart, reader.today(), &proposed, replaced)
}

async fn offer(reader: Reader, Path(id): Path<String>) -> Response {
    match Loaded::read(&reader, &id).await {
        Ok(loaded) => loaded.draw(&reader, &Chosen::default()),
        Err(answer) => *answer,
    }
}

async fn reconcile(reader: Reader, Path(id): Path<String>, sent: Form) -> Response {
    let loaded = match Loaded::read(&reader, &id).await {
        Ok(loaded) => loaded,
        Err(answer) => return *answer,
    };
    if loaded.sources.is_empty() || sent.field("grunnlag") != loaded.basis() {
        let text = "The lists have changed since the page was drawn: look at them again.";
        let problem = Problem::new(Kind::Conflict, "WEB-186", text);
        return response::problem(&problem, Some(&reader.who), false);
    }
    let mut chosen = Chosen::read(&sent, &loaded.rows);
    let open = loaded.rows.iter().filter(|row| !row.is_equal()).count();
    chosen.wrong = if chosen.choices.len() < open {
        Some(t("reconciling.wrong-open"))
    } else if needs_reason(&reader, &loaded, &chosen)
        && (chosen.reason.is_empty() || chosen.reason.chars().count() > REASON_MAX)
    {
        Some(t("cautions.wrong-reason"))
    } else {
        None
    };
    if chosen.wrong.is_some() {
        return (StatusCode::BAD_REQUEST, loaded.draw(&reader, &chosen)).into_response();
    }
    match store(&reader, &id, &loaded, &chosen).await {
        Ok(()) => to(&medication_of(&id)),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

fn needs_reason(reader: &Reader, loaded: &Loaded, chosen: &Chosen) -> bool {
    chosen.choices.iter().any(|(number, choice)| {
        let Choice::Take(at) = choice else { return false };
        let row = loaded.rows.get(*number);
        let listed = row.and_then(|row| Some((row, row.listed(*at)?)));
        listed.is_some_and(|(row, listed)| checked(reader, &loaded.at.chart, row, listed).stops())
    })
}

/// Everything that was decided, the result, the lists that are done with and the task, in one commit.
async fn store(reader: &Reader, id: &str, loaded: &Loaded, chosen: &Chosen) -> Result<(), Problem> {
    let by = writing(reader);
    let mut together = Together::default();
    let mut entries = Vec::new();
    for (number, row) in loaded.rows.iter().enumerate() {
        let choice = chosen.choices.get(&number).copied();
        let flag = choice.map_or("equal", |choice| choice.flag(row));
        let item = match choice {
            Some(Choice::Take(at)) => {
                take(reader, &mut together, loaded, (row, at), chosen, &by).await?
            }
            Some(Choice::Stop) => {
                if let Some(prescription) = own(row) {
                    let stored = Stored::in_force(reader, id, prescription).await?;
                    let old = ended(&stored.json, End::Stopped(t("reconciling.stopped")), by.today);
                    together.update("MedicationRequest", &stored.id, stored.version, &old);
                }
                reference(row)
            }
            Some(Choice::Keep | Choice::Leave) | None => reference(row),
        };
        let words = code("reconciled", flag).unwrap_or(flag);
        let coding = json!({"system": LIST_SYSTEM, "code": flag});
        entries.push(json!({"flag": {"coding": [coding], "text": words}, "item": item}));
    }
    together.create(&result(id, &by, entries));
    for source in &loaded.sources {
        let mut list = source.json.clone();
        set(&mut list, "status", json!("retired"));
        together.update("List", &source.id, source.version, &list);
    }
    for task in waiting(reader, id, "reconcile").await? {
        let done = task.closed("completed", &by.now, None);
        together.update("Task", &task.id, task.version, &done);
    }
    reader.store(together).await.map(drop)
}

fn own(row: &Row) -> Option<&str> {
    row.ours.as_ref().and_then(|ours| ours.prescription.as_deref())
}

/// What the result says of a row that brought nothing new.
fn reference(row: &Row) -> Value {
    match own(row) {
        Some(id) => {
            json!({"reference": format!("MedicationRequest/{id}"), "display": row.name})
        }
        None => json!({"display": row.name}),
    }
}

/// Writes the prescription of a source's version, in the place of ours when there is one.
async fn take(
    reader: &Reader,
    together: &mut Together,
    loaded: &Loaded,
    (row, at): (&Row, usize),
    chosen: &Chosen,
    by: &Writing,
) -> Result<Value, Problem> {
    let missing = || Problem::new(Kind::Conflict, "WEB-187", "A list lacks what was chosen of it.");
    let listed = row.listed(at).ok_or_else(missing)?;
    let patient = &loaded.at.chart.person.id;
    let drug = listed.atc.as_deref().and_then(|atc| akson_medicines::find(atc, &listed.name));
    let mut dosage = listed.dosage_json.clone().unwrap_or_else(|| json!({}));
    if let Some(repeat) = dosage.pointer_mut("/timing/repeat").and_then(Value::as_object_mut) {
        repeat.insert("boundsPeriod".to_owned(), json!({"start": by.today.to_string()}));
    }
    let content = Content {
        name: listed.name.clone(),
        atc: listed.atc.clone().map(|atc| {
            let substance = drug.map_or(listed.name.as_str(), |drug| drug.substance);
            (atc, substance.to_owned())
        }),
        dosage,
        is_lasting: true,
        reason: listed.reason.clone().map(|reason| (None, reason)),
        dispensing: Dispensing::usual(drug),
    };
    let outcome = checked(reader, &loaded.at.chart, row, listed);
    let prior = own(row);
    let mut request = begun(patient, &content, by, prior);
    if let Some(prescription) = prior {
        let stored = Stored::in_force(reader, patient, prescription).await?;
        // What it is for stays, unless the list says something else.
        for name in ["reasonCode", "reasonReference"] {
            if let Some(reason) = stored.json.get(name).filter(|_| listed.reason.is_none()) {
                set(&mut request, name, reason.clone());
            }
        }
        let old = ended(&stored.json, End::Changed, by.today);
        together.update("MedicationRequest", &stored.id, stored.version, &old);
    }
    let implicated: Vec<String> = prior.map(str::to_owned).into_iter().collect();
    let to = add(together, request, patient, (&outcome, &chosen.reason), by, &implicated);
    Ok(json!({"reference": to, "display": listed.name}))
}

/// The list that came of it: who, when, and what was decided of each medicine.
fn result(patient: &str, by: &Writing, entries: Vec<Value>) -> Value {
    let mut list = json!({
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "title": t("reconciling.result"),
        "code": {"coding": [{"system": LIST_SYSTEM, "code": RECONCILED}],
            "text": t("reconciling.result")},
        "subject": {"reference": format!("Patient/{patient}")},
        "date": by.now,
    });
    if let Some(author) = &by.author {
        set(&mut list, "source", author.clone());
    }
    if !entries.is_empty() {
        set(&mut list, "entry", Value::Array(entries));
    }
    list
}
