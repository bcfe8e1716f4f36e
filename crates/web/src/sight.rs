//! What the pages ask of the record for the one who reads: the one place in `web` that reads.
//!
//! Not here: whether the caller may (`access`, asked by `record`), what is done with what was read
//! (`chart`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use akson_access::{Actor, Identity};
use akson_base::{Clock, Instant, Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_fhir::json::{parse_stored, parse_stored_without};
use akson_fhir::model::Resource;
use akson_record::PatientStanding;
use akson_record::Record;
use akson_record::request::{Caller, Page, SearchRequest, Version};
use akson_smart::AuthorisationServer;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::future::join;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::chart::{self, Attachment, Chart, OBSERVED_WITHOUT, Person, Piece, attachments};
use crate::dates::{Moment, local_day};
use crate::growth::References;
use crate::messages::{code, language, speaking, t};
use crate::pages::search_page::HITS_MAX;
use crate::response;
use crate::systems::OPEN_TASK;
use crate::terminology::Terminology;
use crate::who::{Waits, Who};
use crate::workday::Units;

/// Accesses read for the list of who has opened a journal.
const LOOKS_MAX: usize = 500;
/// Open tasks read for one chart.
const TASKS_MAX: usize = 100;
/// People whose numbers are remembered; when there are more, it starts over.
const WAITS_MAX: usize = 20_000;
/// Medications outside the patient's own range that one chart may refer to.
const MEDICATIONS_MAX: usize = 500;

/// The reading desk: the record and the clock. Who sits at it comes with every request.
pub(crate) struct Desk {
    record: Arc<Record>,
    clock: Arc<dyn Clock>,
    base: Arc<str>,
    requests: AtomicU64,
    /// Apps that people let in, where there is an authorisation server.
    apps: Option<Arc<AuthorisationServer>>,
    /// The units of those who work at a desk.
    units: Units,
    /// What waited when somebody's home was last drawn, by the actor's id: the top bar of the other
    /// pages tells it without reading anything.
    waits: Mutex<HashMap<Arc<str>, Waits>>,
    terminology: Arc<Terminology>,
    references: Arc<References>,
}

/// How long each step took, for the `Server-Timing` header.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    pub read: Duration,
    pub build: Duration,
}

/// One line in the list of who has opened the journal: the same person's looks of one kind on one
/// day are one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub who: String,
    pub what: &'static str,
    pub ground: &'static str,
    pub latest: Moment,
    pub times: usize,
}

impl Desk {
    /// A desk with nobody at it.
    pub(crate) fn new(
        record: Arc<Record>,
        clock: Arc<dyn Clock>,
        apps: Option<Arc<AuthorisationServer>>,
        terminology: Arc<Terminology>,
        references: Arc<References>,
    ) -> Self {
        let (units, waits) = (Units::default(), Mutex::default());
        let (base, requests) = ("".into(), AtomicU64::new(0));
        Self { record, clock, base, requests, apps, units, waits, terminology, references }
    }

    /// The capacities of somebody who has proved who they are, as the registers have it now.
    pub(crate) async fn actors(&self, identity: &Identity) -> Result<Vec<Actor>, Problem> {
        let (record, identity) = (Arc::clone(&self.record), identity.clone());
        let asked = tokio::task::spawn_blocking(move || record.actors(&identity)).await;
        asked.map_err(|error| Problem::fault("WEB-009", format!("the registers: {error}")))?
    }

    /// The reader's local day.
    pub(crate) fn today(&self) -> Date {
        local_day(self.clock.now())
    }

    /// The moment.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The record, for what nobody in particular asks of it.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// The units that are remembered.
    pub(crate) fn units(&self) -> &Units {
        &self.units
    }

    /// What waited for somebody when their home was last drawn.
    pub(crate) fn waits(&self, actor: &Actor) -> Option<Waits> {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.get(&actor.id).copied()
    }

    /// Remembers what waits for somebody.
    pub(crate) fn remember_waits(&self, actor: &Actor, waits: Waits) {
        let mut all = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WAITS_MAX {
            all.clear();
        }
        all.insert(Arc::clone(&actor.id), waits);
    }

    /// A name for one request, as the log has it.
    pub(crate) fn trace(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("web-{:x}-{number:x}", self.clock.now().0)
    }

    fn caller(&self, actor: &Arc<Actor>) -> Caller {
        let (actor, base) = (Arc::clone(actor), Arc::clone(&self.base));
        Caller { actor, trace: self.trace(), base }
    }
}

/// Somebody at the desk, for one request.
pub(crate) struct Reader {
    desk: Arc<Desk>,
    /// Who it is.
    pub(crate) who: Who,
}

impl<S> FromRequestParts<S> for Reader
where
    Arc<Desk>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    /// Whoever the door has let in. Nobody else reads.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let desk = Arc::from_ref(state);
        match parts.extensions.get::<Who>() {
            Some(who) => Ok(Self { desk, who: who.clone() }),
            None => Err(response::problem(&nobody(), None, false)),
        }
    }
}

impl Reader {
    /// The house itself at the desk, as one of its own readers; or a witness in somebody else's login.
    pub(crate) fn of_house(desk: &Arc<Desk>, actor: Actor) -> Self {
        let who = Who { actor: Arc::new(actor), login: None, waits: None };
        Self { desk: Arc::clone(desk), who }
    }

    /// The reader's local day.
    pub(crate) fn today(&self) -> Date {
        self.desk.today()
    }

    /// The moment.
    pub(crate) fn now(&self) -> Instant {
        self.desk.now()
    }

    /// The desk.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    pub(crate) fn caller(&self) -> Caller {
        self.desk.caller(&self.who.actor)
    }

    /// The authorisation server, where there is one.
    pub(crate) fn apps(&self) -> Option<&Arc<AuthorisationServer>> {
        self.desk.apps.as_ref()
    }

    /// The record.
    pub(crate) fn record(&self) -> &Record {
        &self.desk.record
    }

    /// The codes that clinicians choose from.
    pub(crate) fn terminology(&self) -> &Terminology {
        &self.desk.terminology
    }

    /// A patient's chart, to one who stands so with the patient. `NotFound` or `Gone` when there is
    /// no such patient.
    pub(crate) async fn chart(
        &self,
        id: &str,
        standing: &PatientStanding,
    ) -> Result<(Chart, Timing), Problem> {
        self.chart_of(id, standing, &chart::TYPES).await
    }

    /// As [`Reader::chart`], of these types alone: what a page does not show is not read.
    pub(crate) async fn chart_of(
        &self,
        id: &str,
        standing: &PatientStanding,
        types: &[&str],
    ) -> Result<(Chart, Timing), Problem> {
        let begin = std::time::Instant::now();
        let caller = self.caller();
        let language = language();
        let of_observations = Definitions::r4().resource_type("Observation");
        let piece = |of: ResourceType, json: &[u8]| {
            let without = if Some(of) == of_observations { &OBSERVED_WITHOUT[..] } else { &[] };
            let resource = parse_stored_without(json, without)?;
            Ok(speaking(language, || Piece::of(resource)))
        };
        let pieces = self.desk.record.read_chart(&caller, id, types, &piece);
        // Tasks stand with the appointments. Begun first: their log becomes durable while the chart is read.
        let with_tasks = standing.opens && types.contains(&"Appointment");
        let tasks =
            async { if with_tasks { self.tasks(&caller, id).await } else { Ok(Vec::new()) } };
        let (tasks, pieces) = join(tasks, pieces).await;
        let pieces = pieces?;
        // The attempt is in the log by now. Without a ground there is nothing to read, and a chart
        // without an allergy must not be taken for one of somebody who has none.
        if !standing.opens {
            return Err(Problem::new(
                Kind::Refused,
                "WEB-005",
                "There is no ground on which this reader may open this journal.",
            ));
        }
        let mut parts = chart::Parts::of(pieces);
        let resources = &mut parts.resources;
        if !resources.iter().any(|one| one.root().type_name() == "Patient") {
            // The record says which it is: never there, or deleted.
            self.desk.record.read(&caller, patient_type(), id).await?;
        }
        resources.extend(self.medications(&caller, resources).await?);
        resources.extend(tasks?);
        let read = begin.elapsed();
        let mut chart = chart::build_of(parts, self.today());
        chart.growth.references = Arc::clone(&self.desk.references);
        Ok((chart, Timing { read, build: begin.elapsed().saturating_sub(read) }))
    }

    /// The Medications that the patient's prescriptions refer to: they are nobody's in particular
    /// and stand outside the patient's range.
    pub(crate) async fn medications(
        &self,
        caller: &Caller,
        resources: &[Resource],
    ) -> Result<Vec<Resource>, Problem> {
        let mut ids: Vec<&str> = resources
            .iter()
            .filter_map(|resource| resource.root().first("medication"))
            .filter(|medication| medication.type_name() == "Reference")
            .filter(|medication| crate::datatypes::display(*medication).is_none())
            .filter_map(crate::datatypes::target_id)
            .filter(|id| !id.starts_with('#'))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(MEDICATIONS_MAX);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = format!("_id={}&_count={}", ids.join(","), ids.len());
        self.search(caller, "Medication", query).await
    }

    /// The open tasks about the patient: R4 has no Task in the Patient compartment, so they stand
    /// outside the patient's range too.
    async fn tasks(&self, caller: &Caller, id: &str) -> Result<Vec<Resource>, Problem> {
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let query = format!("patient={id}&status={OPEN_TASK}&_count={TASKS_MAX}");
        self.search(caller, "Task", query).await
    }

    pub(crate) async fn search(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: String,
    ) -> Result<Vec<Resource>, Problem> {
        let page = self.page(caller, resource_type, query).await?;
        parse_all(page.entries.iter().map(|(version, _)| version))
    }

    async fn page(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: String,
    ) -> Result<Page, Problem> {
        let request = SearchRequest {
            resource_type: Definitions::r4().resource_type(resource_type),
            compartment: None,
            query,
            strict: true,
        };
        self.desk.record.search(caller, request).await
    }

    /// As [`Reader::search`], as JSON.
    pub(crate) async fn search_json(
        &self,
        caller: &Caller,
        resource_type: &str,
        query: String,
    ) -> Result<Vec<serde_json::Value>, Problem> {
        let page = self.page(caller, resource_type, query).await?;
        page.entries.iter().map(|(version, _)| as_json(version)).collect()
    }

    /// The patients that a text finds, at most [`HITS_MAX`].
    pub(crate) async fn find(&self, text: &str) -> Result<Vec<Person>, Problem> {
        let found = self.desk.record.find_patients(&self.caller(), text, HITS_MAX).await?;
        Ok(parse_all(&found)?.iter().map(|resource| Person::read(resource.root())).collect())
    }

    /// Who has opened the journal, newest first.
    pub(crate) async fn looks(&self, id: &str) -> Result<Vec<Look>, Problem> {
        let accesses = self.desk.record.accesses(&self.caller(), id, LOOKS_MAX).await?;
        let mut looks: Vec<Look> = Vec::new();
        for access in accesses {
            let look = Look {
                what: code("interaction", &access.entry.interaction)
                    .unwrap_or_else(|| t("accesses.other")),
                ground: code("ground", &access.entry.ground)
                    .unwrap_or_else(|| t("accesses.other-ground")),
                who: who(&access.entry),
                latest: Moment::from_instant(access.time),
                times: 1,
            };
            let same = |known: &&mut Look| {
                known.who == look.who
                    && known.what == look.what
                    && known.latest.date() == look.latest.date()
            };
            match looks.iter_mut().find(same) {
                Some(known) => known.times += 1,
                None => looks.push(look),
            }
        }
        Ok(looks)
    }

    /// The attachments of one document, after a look of its own in the log.
    pub(crate) async fn attachments(
        &self,
        resource_type: &str,
        id: &str,
    ) -> Result<Vec<Attachment>, Problem> {
        let resource_type =
            Definitions::r4().resource_type(resource_type).ok_or_else(no_document)?;
        let version = self.desk.record.read(&self.caller(), resource_type, id).await?;
        Ok(attachments(parse(&version)?.root()))
    }

    /// The bytes of an attachment: in place, or in the Binary that it names. `None` when the record
    /// does not hold them.
    pub(crate) async fn bytes(&self, attachment: &Attachment) -> Result<Option<Vec<u8>>, Problem> {
        if let Some(data) = &attachment.data {
            return Ok(crate::base64::decode(data));
        }
        let Some(id) = &attachment.binary else { return Ok(None) };
        let Some(binary) = Definitions::r4().resource_type("Binary") else { return Ok(None) };
        let version = match self.desk.record.read(&self.caller(), binary, id).await {
            Ok(version) => version,
            Err(problem) if matches!(problem.kind, Kind::NotFound | Kind::Gone) => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let resource = parse(&version)?;
        Ok(crate::datatypes::text(resource.root(), &["data"]).and_then(crate::base64::decode))
    }
}

/// Who looked, as the patient reads it: name and title, where, and through which system.
fn who(entry: &akson_record::LogEntry) -> String {
    let parts = [&*entry.display, &*entry.organisation, &*entry.client];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// No one is logged in, and there is no page where one could be.
pub(crate) fn nobody() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "WEB-004",
        "No one is logged in, and no login for the pages is set up.",
    )
}

/// There is no such document in this journal.
pub(crate) fn no_document() -> Problem {
    Problem::new(Kind::NotFound, "WEB-003", "This journal has no such document.")
}

pub(crate) fn patient_type() -> ResourceType {
    // Patient is in every FHIR version; the table is ours and tested.
    Definitions::r4().resource_type("Patient").unwrap_or(ResourceType(0))
}

pub(crate) fn parse(version: &Version) -> Result<Resource, Problem> {
    Ok(parse_stored(&version.json)?)
}

/// As [`parse`], as JSON.
pub(crate) fn as_json(version: &Version) -> Result<serde_json::Value, Problem> {
    serde_json::from_slice(&version.json).map_err(|error| {
        Problem::fault("WEB-069", format!("a stored resource is not JSON: {error}"))
    })
}

fn parse_all<'a>(
    versions: impl IntoIterator<Item = &'a Version>,
) -> Result<Vec<Resource>, Problem> {
    versions.into_iter().filter(|version| !version.deleted).map(parse).collect()
}
