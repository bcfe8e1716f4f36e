//! Documents for paper: one description of each, shown as a page that prints clean and as PDF.
//!
//! Each is made from what the pages show, read through the same gate with the same entry in the log. Here:
//! addresses, and the frame that all have. Not here: what each says (`medicines`, `summary`, `day`,
//! `note`), HTML (`pages::paper_page`), the file (`akson_pdf`).

mod day;
mod medicines;
mod note;
mod summary;

use std::sync::{Arc, LazyLock};

use akson_access::Role;
use akson_base::{Instant, Problem};
use akson_pdf::{Block, Column, Document, Faces, Table, Text};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::chart::{Person, Severity, Warning};
use crate::dates::Moment;
use crate::messages::{Language, in_language, language, t, tf};
use crate::opening::opened;
use crate::pages::chart_page::Sight;
use crate::pages::paper_page;
use crate::prescribing::{AtChart, Stored};
use crate::response;
use crate::sight::{Desk, Reader};
use crate::who::Who;

/// How the address of a document as PDF ends.
const PDF: &str = ".pdf";

static REGULAR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/regular.ttf"));
static BOLD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bold.ttf"));
static FACES: LazyLock<Result<Faces, Problem>> = LazyLock::new(|| Faces::new(REGULAR, BOLD));

/// The addresses of those that are about one patient.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/pasient/{id}/utskrift/legemidler", get(list))
        .route("/pasient/{id}/utskrift/legemidler.pdf", get(list))
        .route("/pasient/{id}/utskrift/sammendrag", get(in_short))
        .route("/pasient/{id}/utskrift/sammendrag.pdf", get(in_short))
        .route("/pasient/{id}/resept/{prescription}/utskrift", get(prescription))
        .route("/pasient/{id}/resept/{prescription}/utskrift.pdf", get(prescription))
        .route("/pasient/{id}/notat/{note}/utskrift", get(one_note))
        .route("/pasient/{id}/notat/{note}/utskrift.pdf", get(one_note))
}

/// The addresses of those that somebody who has logged in prints: of the day, and the own medicines.
pub(crate) fn routes_behind_door() -> Router<Arc<Desk>> {
    Router::new()
        .route("/utskrift/dagliste", get(agenda))
        .route("/utskrift/dagliste.pdf", get(agenda))
        .route("/utskrift/runde", get(round))
        .route("/utskrift/runde.pdf", get(round))
        .route("/min/{id}/journal/medisiner/utskrift", get(own_list))
        .route("/min/{id}/journal/medisiner/utskrift.pdf", get(own_list))
}

/// A document and where one comes from.
pub(crate) struct Paper {
    pub(crate) document: Document,
    /// The page to go back to.
    pub(crate) back: String,
    /// Name of the file, without ending; nothing of the patient's is in it.
    pub(crate) file: &'static str,
}

impl Paper {
    /// An empty document about a person; `heading` is what it is.
    fn about(person: &Person, heading: &str, file: &'static str, by: (&Who, Instant)) -> Self {
        let name = person.name_or_unknown();
        let about = match &person.number {
            Some(number) => format!("{name}, {number}"),
            None => name.to_owned(),
        };
        let mut paper = Self::new(&about, heading, file, by);
        paper.back = format!("/pasient/{}", person.id);
        let mut who = Text::bold(name);
        for part in [&person.number, &person.address].into_iter().flatten() {
            who = who.then(format!(", {part}"));
        }
        paper.push(Block::Text(who));
        let written = paper.document.written.clone();
        paper.push(Block::Note(written.into()));
        paper
    }

    /// An empty document.
    fn new(about: &str, heading: &str, file: &'static str, (who, now): (&Who, Instant)) -> Self {
        let at = Moment::from_instant(now);
        let (date, time) = (at.date(), at.start().time());
        let place = who.place().filter(|place| *place != who.display()).unwrap_or_default();
        let said = [("date", &*at.with_time()), ("who", who.display()), ("place", place)];
        let written = tf("paper.made", &said).trim_end_matches([',', ' ']).to_owned();
        let made = akson_pdf::Moment {
            year: u16::try_from(date.year()).unwrap_or_default(),
            month: u8::try_from(date.month()).unwrap_or(1),
            day: u8::try_from(date.day()).unwrap_or(1),
            hour: u8::try_from(time.hour()).unwrap_or_default(),
            minute: u8::try_from(time.minute()).unwrap_or_default(),
        };
        let document = Document {
            title: heading.to_owned(),
            about: about.to_owned(),
            written,
            page_of: t("paper.page").to_owned(),
            language: language().tag().to_owned(),
            made,
            blocks: vec![Block::Title(heading.to_owned())],
        };
        Self { document, back: "/".to_owned(), file }
    }

    fn push(&mut self, block: Block) {
        self.document.blocks.push(block);
    }

    /// A heading and a table; nothing without rows.
    fn table(&mut self, heading: &str, columns: Vec<Column>, rows: Vec<Vec<Text>>) {
        if !rows.is_empty() {
            self.push(Block::Heading(heading.to_owned()));
            self.push(Block::Table(Table { columns, rows }));
        }
    }

    /// As a page, or as a file when the address asks for one.
    async fn answer(self, reader: &Reader, uri: &Uri) -> Response {
        if !uri.path().ends_with(PDF) {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let file = format!("{}{PDF}{query}", uri.path());
            return response::html(paper_page::paper(&self, &file, &reader.who));
        }
        let name = self.file;
        let writing = move || match &*FACES {
            Ok(faces) => akson_pdf::write(&self.document, faces),
            Err(problem) => Err(problem.clone()),
        };
        let written = tokio::task::spawn_blocking(writing).await.unwrap_or_else(|error| {
            Err(Problem::fault("WEB-271", format!("a document was not written: {error}")))
        });
        match written {
            Ok(bytes) => file(name, bytes),
            Err(problem) => response::problem(&problem, Some(&reader.who), false),
        }
    }
}

/// A file that the browser shows or keeps under a name that tells of nobody.
fn file(name: &str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let shown = format!("inline; filename=\"{name}{PDF}\"");
    if let Ok(shown) = HeaderValue::from_str(&shown) {
        headers.insert(header::CONTENT_DISPOSITION, shown);
    }
    (headers, bytes).into_response()
}

/// What must not be overlooked: allergies and other warnings, the gravest first, and that something is
/// hidden.
fn alerts(sight: &Sight<'_>) -> Block {
    let warnings = &sight.chart.warnings;
    let mut lines: Vec<Text> = Vec::new();
    if !warnings.iter().any(|warning| warning.is_allergy) {
        lines.push(Text::bold(t("paper.allergies")).then(format!(" {}", t("banner.no-allergy"))));
    }
    lines.extend(warnings.iter().map(told));
    if sight.standing.hides_something {
        lines.push(Text::bold(format!("{}.", t("banner.hidden"))));
    }
    Block::Alert(lines)
}

fn told(warning: &Warning) -> Text {
    let mut text = Text::default();
    if warning.severity == Severity::Stop {
        text = text.then_bold(format!("! {} ", t("banner.severe")));
    }
    if warning.is_allergy && warning.severity != Severity::Quiet {
        text = text.then(format!("{} ", t("banner.allergy")));
    }
    text = text.then_bold(&warning.text);
    match &warning.detail {
        Some(detail) => text.then(format!(" ({detail})")),
        None => text,
    }
}

/// A text that may be missing.
fn or_nothing(text: Option<&str>) -> Text {
    Text::from(text.unwrap_or_default())
}

/// The language of what is printed: citizens print in the one they read in; what those who treat them
/// print is handed on, and in bokmål whatever they read in themselves.
fn printed_in(who: &Who) -> Language {
    match who.actor.role() {
        Some(Role::Citizen) => language(),
        _ => Language::Bokmal,
    }
}

/// A chart that is open and says everything in the language of what is printed.
async fn chart(reader: &Reader, id: &str) -> Result<AtChart, Box<Response>> {
    let standing = opened(reader, id, false).await?;
    match in_language(printed_in(&reader.who), reader.chart(id, &standing)).await {
        Ok((chart, _)) => Ok(AtChart { standing, chart }),
        Err(problem) => Err(Box::new(response::problem(&problem, Some(&reader.who), false))),
    }
}

async fn list(reader: Reader, Path(id): Path<String>, uri: Uri) -> Response {
    let at = match chart(&reader, &id).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let work = async { Ok(medicines::list(&at.sight(&reader), reader.now())) };
    answered(work, &reader, &uri).await
}

async fn in_short(reader: Reader, Path(id): Path<String>, uri: Uri) -> Response {
    let at = match chart(&reader, &id).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let work = async { Ok(summary::summary(&at.sight(&reader), reader.now())) };
    answered(work, &reader, &uri).await
}

async fn prescription(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let at = match chart(&reader, &id).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let work = async {
        let stored = Stored::read(&reader, &id, &prescription).await?;
        Ok(medicines::prescription(&at.sight(&reader), &stored.json, reader.now()))
    };
    answered(work, &reader, &uri).await
}

async fn one_note(reader: Reader, Path((id, note)): Path<(String, String)>, uri: Uri) -> Response {
    let at = match chart(&reader, &id).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    let work = async {
        let found = reader.note(&id, &note).await?;
        let co_signers = reader.co_signers(&note).await?;
        Ok(note::note(&at.sight(&reader), &found, &co_signers, reader.now()))
    };
    answered(work, &reader, &uri).await
}

type Asked = Query<std::collections::HashMap<String, String>>;

async fn agenda(reader: Reader, Query(asked): Asked, uri: Uri) -> Response {
    let work = day::agenda(&reader, asked.get("dag").map(String::as_str));
    answered(work, &reader, &uri).await
}

async fn round(reader: Reader, Query(asked): Asked, uri: Uri) -> Response {
    let work = day::round(&reader, |name| asked.get(name).map(String::as_str));
    answered(work, &reader, &uri).await
}

async fn own_list(reader: Reader, Path(id): Path<String>, uri: Uri) -> Response {
    let work = async {
        let mine = reader.mine(Some(&id)).await?;
        let (chart, _) = reader.chart(&id, &mine.standing).await?;
        let sight = Sight {
            chart: &chart,
            looks: &[],
            apps: &[],
            who: &reader.who,
            standing: &mine.standing,
            today: reader.today(),
            filter: crate::chart::Filter::default(),
        };
        let mut paper = medicines::list(&sight, reader.now());
        paper.back = mine.path("/journal/medisiner");
        Ok(paper)
    };
    answered(work, &reader, &uri).await
}

/// What comes of `work`, in the language of what is printed; a page around it in the reader's.
async fn answered(
    work: impl Future<Output = Result<Paper, Problem>>,
    reader: &Reader,
    uri: &Uri,
) -> Response {
    match in_language(printed_in(&reader.who), work).await {
        Ok(paper) => paper.answer(reader, uri).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
