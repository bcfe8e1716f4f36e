//! Text search in one patient's journal: `/pasient/{id}/sok`.
//!
//! Looks through what the reader may see of notes and documents, diagnoses, medicines, allergies, contacts
//! and messages, by words without their endings; of attached files plain text, HTML and PDF, in place or in
//! a Binary (pictures are not read: the page says so). Nothing of a search is kept: each is a look in the
//! patient's log. Not here: what a word is (`norwegian`), the text of PDFs (`pdf_texts`), HTML
//! (`pages::journal_search_page`).

mod pdf_texts;

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::Problem;
use akson_fhir::json::parse_stored;
use akson_fhir::model::{NodeRef, Resource};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::base64;
use crate::chart::{Attachment, BANNER_TYPES, NoteMark, attachments};
use crate::datatypes::{concept, display, moment, text};
use crate::dates::Moment;
use crate::html_text::text_of;
use crate::messages::{t, tf};
use crate::norwegian::{stem, words};
use crate::opening::opened;
use crate::pages::journal_search_page::{found, own_page};
use crate::response;
use crate::routes::{Part, wants_fragment, with_part};
use crate::sight::{Desk, Reader};
use pdf_texts::{PDF, name_in_place};

/// Hits that are shown.
const HITS_MAX: usize = 60;
/// Words of a search that count.
const TERMS_MAX: usize = 8;
/// Characters of an excerpt before the first hit, and in all.
const BEFORE_CHARACTERS: usize = 60;
const EXCERPT_CHARACTERS: usize = 220;
/// Letters from which a word is found by its beginning.
const PREFIX_CHARACTERS_MIN: usize = 3;

/// Binaries whose text is searched, the newest documents', and how many are read at once.
const BINARIES_MAX: usize = 200;
const BINARIES_AT_ONCE: usize = 100;

/// The bytes of Binaries by id, and the texts of PDFs by the name of each.
pub(crate) type Binaries = HashMap<String, Vec<u8>>;

/// What is searched.
const TYPES: [&str; 12] = [
    "DocumentReference",
    "DiagnosticReport",
    "Condition",
    "MedicationRequest",
    "MedicationStatement",
    "AllergyIntolerance",
    "Encounter",
    "Procedure",
    "Immunization",
    "Communication",
    "CarePlan",
    "Patient",
];

/// A piece of an excerpt; whether it is what was sought.
pub(crate) type Piece = (String, bool);

/// One thing that was found.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// What it is, in a word: "Notat", "Diagnose".
    pub kind: &'static str,
    pub title: Vec<Piece>,
    pub date: Option<Moment>,
    pub by: Option<String>,
    pub excerpt: Vec<Piece>,
    /// Where it is read.
    pub href: String,
    pub mark: Option<&'static str>,
}

/// What was sought, as words without endings.
pub(crate) struct Sought {
    terms: Vec<(String, String)>,
}

impl Sought {
    /// `None` when nothing was.
    pub(crate) fn of(typed: &str) -> Option<Self> {
        let lower = words(typed).map(|word| word.text.to_lowercase());
        let terms: Vec<_> = lower.take(TERMS_MAX).map(|word| (stem(&word), word)).collect();
        (!terms.is_empty()).then_some(Self { terms })
    }

    /// Which of the terms a word is, as bits.
    fn matching(&self, word: &str) -> u16 {
        let lower = word.to_lowercase();
        let own = stem(&lower);
        let is_term = |(stem, typed): &(String, String)| {
            let by_beginning = typed.chars().count() >= PREFIX_CHARACTERS_MIN;
            own == *stem || (by_beginning && lower.starts_with(typed.as_str()))
        };
        let bits = self.terms.iter().enumerate().filter(|(_, term)| is_term(term));
        bits.fold(0, |all, (bit, _)| all | 1 << bit)
    }

    fn all(&self) -> u16 {
        (1 << self.terms.len()) - 1
    }
}

/// Remembers of each word what it matches: in a journal the same words stand thousands of times.
struct Reading<'a> {
    sought: &'a Sought,
    known: HashMap<String, u16>,
}

impl Reading<'_> {
    fn matching(&mut self, word: &str) -> u16 {
        // Endings go, beginnings stay: most words are told apart by their first letter.
        let first = word.chars().next().and_then(|letter| letter.to_lowercase().next());
        let begins = |(_, typed): &(String, String)| typed.chars().next() == first;
        if !self.sought.terms.iter().any(begins) {
            return 0;
        }
        if let Some(known) = self.known.get(word) {
            return *known;
        }
        let found = self.sought.matching(word);
        self.known.insert(word.to_owned(), found);
        found
    }

    /// The terms that stand in a text.
    fn terms_in(&mut self, text: &str) -> u16 {
        words(text).fold(0, |all, word| all | self.matching(word.text))
    }

    /// A text with what was sought marked, around the first of it when the text is long.
    fn excerpt(&mut self, text: &str) -> Vec<Piece> {
        let first = words(text).find(|word| self.matching(word.text) != 0);
        let from = first.map_or(0, |word| back(text, word.from, BEFORE_CHARACTERS));
        let shown = text.get(from..).unwrap_or_default();
        let end = shown.char_indices().nth(EXCERPT_CHARACTERS).map_or(shown.len(), |(at, _)| at);
        let is_cut = end < shown.len();
        let shown = shown.get(..end).unwrap_or_default();
        let mut pieces = Vec::new();
        if from > 0 {
            pieces.push(("… ".to_owned(), false));
        }
        let mut done = 0;
        for word in words(shown).filter(|word| self.matching(word.text) != 0).collect::<Vec<_>>() {
            let before = shown.get(done..word.from).unwrap_or_default();
            if !before.is_empty() {
                pieces.push((before.to_owned(), false));
            }
            pieces.push((word.text.to_owned(), true));
            done = word.from + word.text.len();
        }
        let rest = shown.get(done..).unwrap_or_default();
        pieces.push((format!("{rest}{}", if is_cut { " …" } else { "" }), false));
        pieces
    }
}

/// So many characters back, and on to where a word begins.
fn back(text: &str, from: usize, characters: usize) -> usize {
    let before = text.get(..from).unwrap_or_default();
    let Some((at, _)) = before.char_indices().rev().nth(characters) else { return 0 };
    let rest = before.get(at..).unwrap_or_default();
    rest.find(char::is_whitespace).map_or(from, |space| (at + space + 1).min(from))
}

/// What of a resource is searched: its title and the rest.
struct Told {
    kind: &'static str,
    title: String,
    body: String,
    date: Option<Moment>,
    by: Option<String>,
    href: String,
    mark: Option<&'static str>,
}

fn all_concepts(node: NodeRef<'_>, name: &str) -> String {
    let told = node.named(name).map(|one| {
        let codes = one.named("coding").filter_map(|coding| text(coding, &["code"]));
        let words = concept(one).unwrap_or_default();
        let codes: Vec<&str> = codes.collect();
        format!("{words} {}", codes.join(" "))
    });
    told.collect::<Vec<_>>().join(" ")
}

fn notes_of(node: NodeRef<'_>) -> String {
    let told = node.named("note").filter_map(|note| text(note, &["text"]));
    told.collect::<Vec<_>>().join(" ")
}

/// The text of an attachment: in place, or in a Binary that was read; none of other kinds of files.
fn attached(attachment: &Attachment, binaries: &Binaries) -> String {
    if !is_text(attachment) {
        return String::new();
    }
    if attachment.media_type == PDF {
        let in_place = attachment.data.as_deref().map(name_in_place);
        let text = in_place.as_ref().or(attachment.binary.as_ref()).and_then(|n| binaries.get(n));
        return text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    }
    let bytes = match (&attachment.data, &attachment.binary) {
        (Some(data), _) => base64::decode(data),
        (None, Some(id)) => binaries.get(id).cloned(),
        (None, None) => None,
    };
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match attachment.media_type.as_str() {
        "text/plain" => text,
        _ => text_of(&text),
    }
}

/// Whether the content of an attachment is searched.
fn is_text(attachment: &Attachment) -> bool {
    ["text/plain", "text/html", "application/xhtml+xml", PDF]
        .contains(&attachment.media_type.as_str())
}

/// The texts of all attachments of a document.
fn all_attached(root: NodeRef<'_>, binaries: &Binaries) -> String {
    let all = attachments(root);
    all.iter().map(|one| attached(one, binaries)).collect::<Vec<_>>().join("\n")
}

/// The documents and reports, the newest first.
fn with_documents(resources: &[Resource]) -> Vec<NodeRef<'_>> {
    let roots = resources.iter().map(Resource::root);
    let mut found: Vec<NodeRef<'_>> = roots
        .filter(|root| ["DocumentReference", "DiagnosticReport"].contains(&root.type_name()))
        .collect();
    let date = |root: &NodeRef<'_>| moment(*root, &["date"]).or_else(|| moment(*root, &["issued"]));
    found.sort_by_key(|root| std::cmp::Reverse(date(root)));
    found
}

/// The Binaries with text that documents and reports refer to, the newest documents' first.
fn referred(resources: &[Resource]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for root in with_documents(resources) {
        let texts = attachments(root).into_iter().filter(|one| is_text(one) && one.data.is_none());
        for id in texts.filter_map(|one| one.binary) {
            if found.len() < BINARIES_MAX && !found.contains(&id) {
                found.push(id);
            }
        }
    }
    found
}

/// What is said of a resource; `None` for what is no part of the journal.
fn tell(patient: &str, resource: &Resource, binaries: &Binaries) -> Option<Told> {
    let root = resource.root();
    let id = text(root, &["id"])?;
    let section = |slug: &str| format!("/pasient/{patient}/{slug}");
    let is_wrong = text(root, &["status"]) == Some("entered-in-error");
    let coded = |name: &str| root.first(name).and_then(concept);
    let told = |kind, title: Option<String>, body: String, slug: &str| {
        let date = ["date", "recordedDate", "authoredOn", "occurrence", "performed", "sent"];
        let date = date.iter().find_map(|name| moment(root, &[name]));
        let date = date.or_else(|| moment(root, &["period", "start"]));
        let by = ["author", "recorder", "requester", "sender"];
        let by = by.iter().find_map(|name| root.first(name).and_then(display));
        Some(Told { kind, title: title?, body, date, by, href: section(slug), mark: None })
    };
    match root.type_name() {
        "DocumentReference" => document(patient, id, root, binaries),
        "DiagnosticReport" => {
            let body = all_attached(root, binaries);
            let conclusion = text(root, &["conclusion"]).unwrap_or_default();
            let href = section(&format!("dokument/DiagnosticReport/{id}"));
            let found =
                told(t("journal.report"), coded("code"), format!("{conclusion} {body}"), "")?;
            let has_form = root.first("presentedForm").is_some();
            let href = if has_form { href } else { section("prover") };
            Some(Told { href, date: moment(root, &["issued"]), ..found })
        }
        _ if is_wrong => None,
        "Condition" => {
            let body = format!("{} {}", all_concepts(root, "code"), notes_of(root));
            told(t("journal.diagnosis"), coded("code"), body, "diagnoser")
        }
        "MedicationRequest" | "MedicationStatement" => {
            let medication = root.first("medication")?;
            let name = concept(medication).or_else(|| display(medication));
            told(t("journal.medicine"), name, of_medicine(root), "legemidler")
        }
        "AllergyIntolerance" => {
            let body = format!("{} {}", all_concepts(root, "code"), notes_of(root));
            told(t("journal.allergy"), coded("code"), body, "diagnoser")
        }
        "Encounter" => {
            let title = coded("type").or_else(|| coded("serviceType"));
            told(t("journal.contact"), title, all_concepts(root, "reasonCode"), "kontakter")
        }
        "Procedure" => {
            let body = format!("{} {}", all_concepts(root, "code"), notes_of(root));
            told(t("journal.procedure"), coded("code"), body, "prosedyrer")
        }
        "Immunization" => told(
            t("journal.vaccination"),
            coded("vaccineCode"),
            all_concepts(root, "vaccineCode"),
            "vaksiner",
        ),
        // What is being written to somebody is its writer's alone.
        "Communication" if matches!(text(root, &["status"]), Some("preparation" | "not-done")) => {
            None
        }
        "Communication" => {
            let payload = root.named("payload").filter_map(|one| text(one, &["content"]));
            let payload = payload.collect::<Vec<_>>().join(" ");
            told(t("journal.message"), Some(t("journal.message").to_owned()), payload, "nytt")
        }
        "CarePlan" => {
            let body = text(root, &["description"]).unwrap_or_default().to_owned();
            let title = text(root, &["title"]).map(str::to_owned);
            told(t("journal.plan"), title, body, "planer")
        }
        _ => None,
    }
}

fn of_medicine(root: NodeRef<'_>) -> String {
    let dosage = root.named("dosageInstruction").chain(root.named("dosage"));
    let dosage: Vec<&str> = dosage.filter_map(|one| text(one, &["text"])).collect();
    format!("{} {} {}", dosage.join(" "), all_concepts(root, "reasonCode"), notes_of(root))
}

fn document(patient: &str, id: &str, root: NodeRef<'_>, binaries: &Binaries) -> Option<Told> {
    let is_draft = text(root, &["docStatus"]) == Some("preliminary");
    match text(root, &["status"]) {
        Some("entered-in-error" | "superseded") if is_draft => return None,
        Some("entered-in-error") if text(root, &["docStatus"]).is_none() => return None,
        _ => {}
    }
    let own_title = text(root, &["description"]).map(str::to_owned);
    let title = own_title.or_else(|| root.first("type").and_then(concept));
    let href = match is_draft {
        true => format!("/pasient/{patient}/notat/{id}"),
        false => format!("/pasient/{patient}/dokument/DocumentReference/{id}"),
    };
    Some(Told {
        kind: t("journal.note"),
        title: title.unwrap_or_else(|| t("documents.untitled").to_owned()),
        body: all_attached(root, binaries),
        date: moment(root, &["date"]),
        by: root.first("author").and_then(display),
        href,
        mark: NoteMark::of(root).and_then(NoteMark::label),
    })
}

/// The hits among these resources, the newest first, and how many there are in all.
pub(crate) fn search(
    patient: &str,
    resources: &[Resource],
    binaries: &Binaries,
    sought: &Sought,
) -> (Vec<Hit>, usize) {
    let mut reading = Reading { sought, known: HashMap::new() };
    let mut told: Vec<Told> = Vec::new();
    for one in resources.iter().filter_map(|resource| tell(patient, resource, binaries)) {
        let by = one.by.as_deref().unwrap_or_default();
        let found =
            reading.terms_in(&one.title) | reading.terms_in(&one.body) | reading.terms_in(by);
        if found == sought.all() {
            told.push(one);
        }
    }
    told.sort_by_key(|one| std::cmp::Reverse(one.date));
    let all = told.len();
    told.truncate(HITS_MAX);
    let hit = |one: Told| Hit {
        kind: one.kind,
        title: reading.excerpt(&one.title),
        date: one.date,
        by: one.by,
        excerpt: match one.body.trim() {
            "" => Vec::new(),
            body => reading.excerpt(body),
        },
        href: one.href,
        mark: one.mark,
    };
    (told.into_iter().map(hit).collect(), all)
}

/// The address of the search.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/pasient/{id}/sok", get(show))
}

async fn show(
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let typed = asked.get("ord").map(|typed| typed.trim()).unwrap_or_default();
    let is_fragment = wants_fragment(&headers);
    if let Err(answer) = opened(&reader, &id, is_fragment).await {
        return *answer;
    }
    let hits = match Sought::of(typed) {
        Some(sought) => reader.searched(&id, &sought).await.map(Some),
        None => Ok(None),
    };
    let hits = match hits {
        Ok(hits) => hits,
        Err(problem) => return response::problem(&problem, Some(&reader.who), is_fragment),
    };
    let (today, hits) = (reader.today(), hits.as_ref());
    if is_fragment {
        return response::html(found(typed, hits, today));
    }
    let part = Part { types: &BANNER_TYPES, looks: false };
    with_part(&reader, &id, part, false, |sight| {
        let title = tf("journal.title", &[("typed", typed)]);
        Ok(sight.own_page(&title, own_page(&id, typed, hits, today)))
    })
    .await
}

impl Reader {
    async fn searched(&self, id: &str, sought: &Sought) -> Result<(Vec<Hit>, usize), Problem> {
        let read = |_, json: &[u8]| Ok(parse_stored(json)?);
        let resources = self.record().read_chart(&self.caller(), id, &TYPES, &read).await?;
        let mut binaries = self.binaries(&referred(&resources)).await?;
        pdf_texts::read_into(&resources, &mut binaries).await;
        Ok(search(id, &resources, &binaries, sought))
    }

    /// The bytes of Binaries: they stand outside the patient's range, and those that the reader is not
    /// shown are not there.
    async fn binaries(&self, ids: &[String]) -> Result<Binaries, Problem> {
        let mut found = Binaries::new();
        for some in ids.chunks(BINARIES_AT_ONCE) {
            let query = format!("_id={}&_count={BINARIES_AT_ONCE}", some.join(","));
            for binary in self.search(&self.caller(), "Binary", query).await? {
                let root = binary.root();
                let data = text(root, &["data"]).and_then(base64::decode);
                if let (Some(id), Some(data)) = (root.resource().id(), data) {
                    found.insert(id.to_owned(), data);
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
