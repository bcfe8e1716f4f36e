//! The addresses of the pages.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use akson_base::{Clock, Kind, Problem};
use akson_record::Record;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::future::join;
use maud::Markup;

use crate::chart::{Chart, Filter, Person, TYPES};
use crate::door::{self, Door, Keeper};
use crate::growth::References;
use crate::pages::accessibility_page::{self, ACCESSIBILITY};
use crate::pages::chart_page::Sight;
use crate::pages::document_page::{Content, article};
use crate::pages::section::{Extent, Section};
use crate::pages::{growth_page, search_page, trend_page};
use crate::sight::{Desk, Reader, Timing, no_document};
use crate::terminology::Terminology;
use crate::who::Who;
use crate::{
    assets, attorneys, authorise, citizens_home, form_editor, home, journal_search, language,
    login, my_forms, my_journal, my_letters, my_times, notes, opening, ordering, paper, people,
    prescribing, privacy, questionnaires, reconciling, registering, response, round, wishes,
    witness_login, workday,
};

/// The pages over a record: `/`, `/pasienter`, `/pasient/…`, `/assets/…`, behind a door also
/// `/logg-inn`, `/rolle` and `/logg-ut`, and a page for every address that is none of them.
/// `terminology`: the codes that clinicians choose from; `references`: how children grow.
pub fn router(
    record: Arc<Record>,
    clock: Arc<dyn Clock>,
    door: Door,
    terminology: Arc<Terminology>,
    references: Arc<References>,
) -> Router {
    let apps = match &door {
        Door::Guarded(guard) => guard.apps.clone(),
        Door::Open | Door::Shut => None,
    };
    let desk = Arc::new(Desk::new(record, clock, apps, terminology, references));
    let mut pages = Router::new()
        .route("/", get(home::start))
        .route("/pasienter", get(search))
        .route("/pasient/{id}", get(chart))
        .route("/pasient/{id}/{section}", get(section))
        .route("/pasient/{id}/trend/{key}", get(trend))
        .route("/pasient/{id}/vekst", get(growth))
        .route("/pasient/{id}/dokument/{type}/{document}", get(document))
        .route("/pasient/{id}/dokument/{type}/{document}/fil/{number}", get(file))
        .route(ACCESSIBILITY, get(accessibility))
        .route("/assets/{file}", get(assets::serve))
        .merge(prescribing::routes())
        .merge(ordering::routes())
        .merge(reconciling::routes())
        .merge(notes::routes())
        .merge(questionnaires::routes())
        .merge(paper::routes())
        .merge(journal_search::routes())
        .merge(language::routes());
    if !matches!(door, Door::Open) {
        pages = pages.merge(opening::routes()).merge(wishes::routes()).merge(privacy::routes());
        pages = pages.merge(people::routes()).merge(attorneys::routes());
        pages = pages.merge(form_editor::routes());
        pages = pages.merge(registering::routes()).merge(workday::routes());
        pages = pages.merge(citizens_home::routes());
        pages = pages.merge(my_letters::routes()).merge(my_times::routes());
        pages = pages.merge(my_forms::routes());
        pages = pages.merge(my_journal::routes()).merge(paper::routes_behind_door());
        pages = pages.merge(round::routes()).route("/min-dag", get(home::workday));
    }
    if let Door::Guarded(guard) = &door {
        pages = pages.merge(login::routes(Arc::clone(guard)));
        pages = pages.merge(witness_login::routes(Arc::clone(guard)));
        if let Some(apps) = &guard.apps {
            pages = pages.merge(authorise::routes(Arc::clone(guard), Arc::clone(apps)));
        }
    }
    let keeper = Keeper { door, desk: Arc::clone(&desk) };
    pages
        .fallback(nowhere)
        .layer(from_fn_with_state(keeper, door::keep))
        .layer(from_fn(language::speak))
        .layer(map_response(response::secure))
        .layer(from_fn(response::clocked))
        .with_state(desk)
}

/// What a page of trends reads: the banner's, the results, and the medicines below them.
const TREND_TYPES: [&str; 7] = [
    "Patient",
    "AllergyIntolerance",
    "Flag",
    "RelatedPerson",
    "Observation",
    "MedicationRequest",
    "MedicationStatement",
];

type Asked = Query<HashMap<String, String>>;

/// Whether htmx asks for a fragment; a page restored from history is asked for whole.
pub(crate) fn wants_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request")
}

/// The hits of a search, or what can be done when there are none.
async fn hits(reader: &Reader, query: &str, people: &[Person]) -> Result<Markup, Problem> {
    if !people.is_empty() || query.is_empty() {
        return Ok(search_page::hits(query, people, reader.today()));
    }
    let way_on = reader.way_on(query).await?;
    Ok(search_page::nobody(&way_on, &reader.who, None))
}

async fn search(reader: Reader, Query(asked): Asked, headers: HeaderMap) -> Response {
    let query = asked.get("q").map_or("", |q| q.trim());
    let begin = Instant::now();
    let people = if query.is_empty() { Ok(Vec::new()) } else { reader.find(query).await };
    let read = begin.elapsed();
    match people {
        Ok(people) => {
            let begin = Instant::now();
            let hits = match hits(&reader, query, &people).await {
                Ok(hits) => hits,
                Err(problem) => {
                    let fragment = wants_fragment(&headers);
                    return response::problem(&problem, Some(&reader.who), fragment);
                }
            };
            let markup = if wants_fragment(&headers) {
                hits
            } else {
                search_page::start(&reader.who, query, Some(hits))
            };
            response::timed(markup, Timing { read, ..Timing::default() }, begin.elapsed())
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), wants_fragment(&headers)),
    }
}

/// Read by anybody, logged in or not.
async fn accessibility(who: Option<Extension<Who>>) -> Response {
    response::html(accessibility_page::accessibility(who.as_deref()))
}

async fn nowhere(reader: Reader) -> Response {
    response::problem(&no_page(), Some(&reader.who), false)
}

/// There is no such address.
pub(crate) fn no_page() -> Problem {
    Problem::new(Kind::NotFound, "WEB-001", "There is no page at this address.")
}

/// Reads the chart and draws a page of it.
pub(crate) async fn with_chart(
    reader: &Reader,
    id: &str,
    looks: bool,
    fragment: bool,
    draw: impl FnOnce(Sight<'_>) -> Result<Markup, Problem>,
) -> Response {
    with_part(reader, id, Part { types: &TYPES, looks }, fragment, draw).await
}

/// What of a patient a page shows.
pub(crate) struct Part<'a> {
    /// Types of resources; the banner's among them.
    pub(crate) types: &'a [&'a str],
    /// Whether it tells who has looked.
    pub(crate) looks: bool,
}

/// Reads a part of the chart and draws a page of it.
pub(crate) async fn with_part(
    reader: &Reader,
    id: &str,
    part: Part<'_>,
    fragment: bool,
    draw: impl FnOnce(Sight<'_>) -> Result<Markup, Problem>,
) -> Response {
    let standing = match opening::opened(reader, id, fragment).await {
        Ok(standing) => standing,
        Err(answer) => return *answer,
    };
    let looks_wanted = part.looks && standing.may_read_log;
    let loaded = async {
        let begin = Instant::now();
        let looks = async { if looks_wanted { reader.looks(id).await } else { Ok(Vec::new()) } };
        let chart = reader.chart_of(id, &standing, part.types);
        // Begun first: what it logs becomes durable while the chart is read.
        let (looks, chart) = join(looks, chart).await;
        let (chart, mut timing) = chart?;
        let looks = looks?;
        timing.read = begin.elapsed().saturating_sub(timing.build);
        let apps = reader.launchable()?;
        Ok((chart, looks, apps, timing))
    };
    let drawn = loaded.await.and_then(|(chart, looks, apps, timing)| {
        let begin = Instant::now();
        let (who, today) = (&reader.who, reader.today());
        let (standing, filter) = (&standing, Filter::default());
        let apps = &*apps;
        let sight = Sight { chart: &chart, looks: &looks, apps, who, standing, today, filter };
        Ok((draw(sight)?, timing, begin.elapsed()))
    });
    match drawn {
        Ok((markup, timing, render)) => response::timed(markup, timing, render),
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

async fn chart(reader: Reader, Path(id): Path<String>) -> Response {
    with_chart(&reader, &id, true, false, |sight| Ok(sight.chart_page())).await
}

async fn section(
    reader: Reader,
    Path((id, slug)): Path<(String, String)>,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let Some(section) = Section::of_slug(&slug) else { return nowhere(reader).await };
    let given = |key: &str| asked.get(key).filter(|value| !value.is_empty()).cloned();
    let filter = Filter {
        class: given("type"),
        organisation: given("virksomhet"),
        year: given("ar").and_then(|year| year.parse().ok()),
    };
    let extent = if asked.contains_key("utdrag") { Extent::Short } else { Extent::Whole };
    let fragment = wants_fragment(&headers);
    let part = Part { types: section.types(), looks: section == Section::Accesses };
    with_part(&reader, &id, part, fragment, |sight| {
        if section == Section::Accesses && !sight.standing.may_read_log {
            return Err(nobodys_log());
        }
        let sight = Sight { filter, ..sight };
        if !sight.may(section) {
            return Err(not_shown());
        }
        Ok(if fragment { sight.section(section, extent) } else { sight.section_page(section) })
    })
    .await
}

/// The reader's role has nothing to do with this.
fn not_shown() -> Problem {
    let text = "The reader's role is not shown this part of journals.";
    Problem::new(Kind::Refused, "WEB-006", text)
}

/// The log is the patient's, and the privacy officer's.
fn nobodys_log() -> Problem {
    let text = "Who has opened a journal is shown to the patient and the privacy officer.";
    Problem::new(Kind::Refused, "WEB-020", text)
}

async fn trend(
    reader: Reader,
    Path((id, key)): Path<(String, String)>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let asked = trend_page::Asked::of(&asked);
    let part = Part { types: &TREND_TYPES, looks: false };
    with_part(&reader, &id, part, false, |sight| {
        let series =
            sight.chart.series.iter().find(|series| series.key == key).ok_or_else(|| {
                Problem::new(Kind::NotFound, "WEB-002", "This journal has no such analysis.")
            })?;
        let content = trend_page::trend(sight.chart, series, &asked, sight.today);
        Ok(sight.own_page(&series.name, content))
    })
    .await
}

async fn growth(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let part = Part { types: Section::Growth.types(), looks: false };
    with_part(&reader, &id, part, false, |sight| {
        if !sight.may(Section::Growth) {
            return Err(not_shown());
        }
        let asked = growth_page::Asked::of(&asked);
        let content = growth_page::growth(sight.chart, &asked, sight.today);
        Ok(sight.own_page(Section::Growth.heading(), content))
    })
    .await
}

type DocumentPath = (String, String, String);

async fn document(
    reader: Reader,
    Path((id, resource_type, document)): Path<DocumentPath>,
    headers: HeaderMap,
) -> Response {
    let standing = match opening::opened(&reader, &id, wants_fragment(&headers)).await {
        Ok(standing) => standing,
        Err(answer) => return *answer,
    };
    let loaded = async {
        let (chart, timing) = reader.chart(&id, &standing).await?;
        // First whether it is the patient's own, then the look at it.
        let found = find_document(&chart, &resource_type, &document)?.clone();
        let contents = contents(&reader, &id, &resource_type, &document).await?;
        Ok((chart, timing, found, contents))
    };
    match loaded.await {
        Err(problem) => response::problem(&problem, Some(&reader.who), wants_fragment(&headers)),
        Ok((chart, timing, found, contents)) => {
            let begin = Instant::now();
            let markup = if wants_fragment(&headers) {
                article(&id, &found, &contents, Some(&format!("les-{document}")))
            } else {
                let content =
                    maud::html! { section.card { (article(&id, &found, &contents, None)) } };
                let (who, today) = (&reader.who, reader.today());
                let (chart, filter) = (&chart, Filter::default());
                let sight =
                    Sight { chart, looks: &[], apps: &[], who, standing: &standing, today, filter };
                sight.own_page(&found.title, content)
            };
            response::timed(markup, timing, begin.elapsed())
        }
    }
}

/// The document must be the patient's own: an address may be made up.
fn find_document<'a>(
    chart: &'a Chart,
    resource_type: &str,
    id: &str,
) -> Result<&'a crate::chart::Document, Problem> {
    let is_it = |d: &&crate::chart::Document| d.resource_type == resource_type && d.id == id;
    chart.documents.iter().find(is_it).ok_or_else(no_document)
}

async fn contents(
    reader: &Reader,
    patient: &str,
    resource_type: &str,
    document: &str,
) -> Result<Vec<Content>, Problem> {
    let mut contents = Vec::new();
    for (number, attachment) in
        reader.attachments(resource_type, document).await?.iter().enumerate()
    {
        let bytes = reader.bytes(attachment).await?;
        contents.push(match bytes {
            None => Content::Absent,
            Some(bytes) if attachment.media_type == "text/plain" => {
                Content::Text(String::from_utf8_lossy(&bytes).into_owned())
            }
            Some(bytes) => Content::File {
                media_type: attachment.media_type.clone(),
                bytes: bytes.len(),
                href: format!(
                    "/pasient/{patient}/dokument/{resource_type}/{document}/fil/{number}"
                ),
            },
        });
    }
    Ok(contents)
}

async fn file(
    reader: Reader,
    Path((id, resource_type, document, number)): Path<(String, String, String, usize)>,
) -> Response {
    let read = async {
        let standing = reader.standing(&id).await?;
        let (chart, _) = reader.chart(&id, &standing).await?;
        find_document(&chart, &resource_type, &document)?;
        let attachments = reader.attachments(&resource_type, &document).await?;
        let attachment = attachments.get(number).ok_or_else(no_document)?;
        let bytes = reader.bytes(attachment).await?.ok_or_else(no_document)?;
        Ok((attachment.media_type.clone(), bytes))
    };
    response::file(read.await, &reader.who)
}
