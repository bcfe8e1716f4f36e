//! A citizen's messages: the threads, one thread, a new message with files.
//!
//! To open a thread marks what was written to the patient as read. Files lie in the message itself and
//! are fetched, never shown among our pages.
//! Not here: the shape of a message (`letters`), HTML (`pages::my_letters_page`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::citizen::Mine;
use crate::fields::text_at;
use crate::forms::Form;
use crate::letters::{NewLetter, Thread};
use crate::messages::t;
use crate::multipart::Part;
use crate::pages::my_letters_page::{self, Writing};
use crate::people::quoted;
use crate::response::{self, to};
use crate::sight::{Desk, Reader};

/// Characters of one message.
pub(crate) const TEXT_CHARACTERS_MAX: usize = 10_000;
/// Characters of what it is about.
pub(crate) const TOPIC_CHARACTERS_MAX: usize = 100;
/// Files of one message.
const FILES_MAX: usize = 5;
/// Bytes of all files of one message.
const FILES_BYTES_MAX: usize = 5 * 1024 * 1024;
/// What can be attached, with the bytes that each begins with.
const KINDS: [(&str, &[u8]); 3] = [
    ("image/jpeg", &[0xff, 0xd8, 0xff]),
    ("image/png", &[0x89, b'P', b'N', b'G']),
    ("application/pdf", b"%PDF-"),
];

/// The addresses of messages.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/min/{id}/meldinger", get(list))
        .route("/min/{id}/meldinger/ny", get(begin).post(send))
        .route("/min/{id}/meldinger/{thread}", get(thread).post(answer))
        .route("/min/{id}/meldinger/{letter}/fil/{number}", get(file))
        .route("/melding/{letter}/vedlegg/{number}", get(enclosed))
}

type Asked = Query<HashMap<String, String>>;

async fn list(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let threads = reader.letters(&id).await?;
        let is_sent = asked.contains_key("sendt");
        Ok(my_letters_page::list(&mine, &threads, is_sent, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn begin(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let chosen = asked.get("til").map_or("", String::as_str);
    let writing = Writing { to: chosen, ..Writing::default() };
    response::drawn(written_page(&reader, &id, &writing).await, &reader.who)
}

async fn written_page(
    reader: &Reader,
    id: &str,
    writing: &Writing<'_>,
) -> Result<maud::Markup, Problem> {
    let mine = reader.mine(Some(id)).await?;
    let recipients = reader.recipients(id).await?;
    Ok(my_letters_page::new(&mine, &recipients, writing, &reader.who))
}

async fn send(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let (to_whom, topic, text) = (form.field("til"), form.field("om"), form.field("tekst"));
    match reader.send(&id, None, &form).await {
        Ok(None) => to(&format!("/min/{id}/meldinger?sendt=1")),
        Ok(Some(fault)) => {
            let writing = Writing { to: to_whom, topic, text, fault: Some(fault) };
            again(&reader, written_page(&reader, &id, &writing).await)
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn thread(reader: Reader, Path((id, thread)): Path<(String, String)>) -> Response {
    response::drawn(thread_page(&reader, &id, &thread, "", None).await, &reader.who)
}

async fn thread_page(
    reader: &Reader,
    id: &str,
    thread: &str,
    text: &str,
    fault: Option<&'static str>,
) -> Result<maud::Markup, Problem> {
    let mine = reader.mine(Some(id)).await?;
    let thread = reader.thread(id, thread).await?;
    reader.mark_read(&mine, &thread).await?;
    let writing = Writing { text, fault, ..Writing::default() };
    Ok(my_letters_page::thread(&mine, &thread, &writing, &reader.who, reader.today()))
}

async fn answer(
    reader: Reader,
    Path((id, thread)): Path<(String, String)>,
    form: Form,
) -> Response {
    match reader.send(&id, Some(&thread), &form).await {
        Ok(None) => to(&format!("/min/{id}/meldinger/{thread}")),
        Ok(Some(fault)) => {
            let page = thread_page(&reader, &id, &thread, form.field("tekst"), Some(fault)).await;
            again(&reader, page)
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// The page again with what was written, and what was wrong with it.
fn again(reader: &Reader, page: Result<maud::Markup, Problem>) -> Response {
    let problem = Problem::new(Kind::Unprocessable, "WEB-203", "The message could not be sent.");
    match page {
        Ok(markup) => response::told(&problem, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn file(
    reader: Reader,
    Path((id, letter, number)): Path<(String, String, usize)>,
) -> Response {
    let found = reader.letter_file(&id, &letter, number).await;
    fetched(&reader, found)
}

/// The same for whoever may read the message: a file by its place among the files, from 1.
async fn enclosed(reader: Reader, Path((letter, number)): Path<(String, usize)>) -> Response {
    let found = async {
        let (json, _) = reader.read_json("Communication", &letter).await?;
        let payloads = json.get("payload").and_then(Value::as_array);
        let mut files = payloads.into_iter().flatten().filter_map(|p| p.get("contentAttachment"));
        content(number.checked_sub(1).and_then(|place| files.nth(place)))
    };
    let found = found.await;
    fetched(&reader, found)
}

/// Fetched, never shown: what came from outside does not run among our pages.
fn fetched(reader: &Reader, found: Result<(String, Vec<u8>), Problem>) -> Response {
    match found {
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
        Ok((media_type, bytes)) => {
            let mut headers = HeaderMap::new();
            let kind = HeaderValue::from_str(&media_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream"));
            headers.insert(header::CONTENT_TYPE, kind);
            headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
            (headers, bytes).into_response()
        }
    }
}

impl Reader {
    /// Those whom one can write to: reference and name. The own doctor first, then the services that
    /// one has now.
    async fn recipients(&self, patient: &str) -> Result<Vec<(String, String)>, Problem> {
        let mut all: Vec<(String, String)> = self.doctor(patient).await?.into_iter().collect();
        let query = format!("patient={}&status=active&_count=20", quoted(patient));
        let episodes = self.search_json(&self.caller(), "EpisodeOfCare", query).await?;
        for episode in &episodes {
            let text = |at: &str| text_at(episode, at);
            let to = text("/managingOrganization/reference");
            let name = text("/managingOrganization/display");
            if let (Some(to), Some(name)) = (to, name)
                && !all.iter().any(|(known, _)| known == to)
            {
                all.push((to.to_string(), name.to_string()));
            }
        }
        Ok(all)
    }

    async fn thread(&self, patient: &str, id: &str) -> Result<Thread, Problem> {
        let all = self.letters(patient).await?;
        all.into_iter().find(|thread| thread.id == id).ok_or_else(no_letter)
    }

    /// Says of what was written to the reader that it is read now: to the patient, or by number to the
    /// one who acts for the patient.
    async fn mark_read(&self, mine: &Mine, thread: &Thread) -> Result<(), Problem> {
        let patient = format!("Patient/{}", mine.person.id);
        let is_to_reader = |letter: &&crate::letters::Letter| {
            let to = &letter.recipient.0;
            letter.is_new_to_patient() && (*to == patient || (to.is_empty() && !mine.is_own()))
        };
        for letter in thread.letters.iter().filter(is_to_reader) {
            let (mut json, version) = self.read_json("Communication", &letter.id).await?;
            if let Some(members) = json.as_object_mut() {
                members.insert("received".into(), json!(self.now().to_fhir()));
            }
            match self.update("Communication", &letter.id, version, &json).await {
                // Read in two windows at once: read all the same.
                Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Sends what a form says; what is wrong with it, when it is not sent.
    async fn send(
        &self,
        id: &str,
        answers: Option<&str>,
        form: &Form,
    ) -> Result<Option<&'static str>, Problem> {
        let mine = self.mine(Some(id)).await?;
        let text = form.field("tekst").trim();
        if text.is_empty() {
            return Ok(Some(t("letters.no-text")));
        }
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            return Ok(Some(t("letters.long-text")));
        }
        let files = match files(form) {
            Ok(files) => files,
            Err(fault) => return Ok(Some(fault)),
        };
        let topic = form.typed("om", TOPIC_CHARACTERS_MAX)?;
        let recipient = match answers {
            Some(thread) => self.thread(id, thread).await?.other_side(),
            None => {
                let all = self.recipients(id).await?;
                all.into_iter().find(|(known, _)| known == form.field("til"))
            }
        };
        let Some((reference, display)) = recipient else {
            return Ok(Some(t("letters.no-recipient")));
        };
        let letter = NewLetter {
            patient: id,
            sender: self.author(&mine),
            recipient: json!({"reference": reference, "display": display}),
            topic,
            text,
            files: &files,
            answers,
            now: self.now(),
        };
        self.create(&letter.resource()).await?;
        Ok(None)
    }

    async fn letter_file(
        &self,
        id: &str,
        letter: &str,
        number: usize,
    ) -> Result<(String, Vec<u8>), Problem> {
        let Mine { person, .. } = self.mine(Some(id)).await?;
        let (json, _) = self.read_json("Communication", letter).await?;
        let subject = json.pointer("/subject/reference").and_then(Value::as_str);
        if subject != Some(&*format!("Patient/{}", person.id)) {
            return Err(no_letter());
        }
        content(json.pointer(&format!("/payload/{number}/contentAttachment")))
    }
}

/// Media type and bytes of an Attachment that has them in place.
fn content(file: Option<&Value>) -> Result<(String, Vec<u8>), Problem> {
    let of = |name: &str| file?.get(name)?.as_str();
    let (Some(media_type), Some(data)) = (of("contentType"), of("data")) else {
        return Err(no_letter());
    };
    let bytes = crate::base64::decode(data).ok_or_else(no_letter)?;
    Ok((media_type.to_string(), bytes))
}

/// The files of a form as `Attachment`s, or what is wrong with them.
fn files(form: &Form) -> Result<Vec<Value>, &'static str> {
    let mut files = Vec::new();
    let mut bytes = 0;
    for file in form.files("fil") {
        bytes += file.content.len();
        files.push(attached(file).ok_or_else(|| t("letters.wrong-file"))?);
    }
    if files.len() > FILES_MAX || bytes > FILES_BYTES_MAX {
        return Err(t("letters.large-file"));
    }
    Ok(files)
}

/// A file as an `Attachment`; `None` when it is of a kind that is not taken, or too large.
pub(crate) fn attached(file: &Part) -> Option<Value> {
    if file.content.len() > FILES_BYTES_MAX {
        return None;
    }
    // What it is, its first bytes say; a name can say anything.
    let (media_type, _) = KINDS.iter().find(|(_, start)| file.content.starts_with(start))?;
    let title = file.file_name.as_deref().unwrap_or_default();
    let title: String =
        title.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(120).collect();
    Some(json!({
        "contentType": media_type,
        "title": if title.is_empty() { *media_type } else { &*title },
        "data": crate::base64::encode(&file.content),
    }))
}

/// There is no such message.
fn no_letter() -> Problem {
    Problem::new(Kind::NotFound, "WEB-204", "There is no such message in this journal.")
}
