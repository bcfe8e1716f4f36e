//! A citizen's messages: the threads, one thread, a new message with files.
//!
//! To open a thread marks what was written to the patient as read. Files lie in the message itself and
//! are fetched, never shown among our pages.
//! Not here: the shape of a message (`letters`), what is being written (`letter_drafts`), HTML (`pages::my_letters_page`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use crate::citizen::Mine;
use crate::fields::text_at;
use crate::forms::Form;
use crate::letter_drafts::{Kept, LetterDraft, overtaken};
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
        let drafts = reader.letter_drafts(&mine).await?;
        let is_sent = asked.contains_key("sendt");
        let all = my_letters_page::All { threads: &threads, drafts: &drafts, is_sent };
        Ok(my_letters_page::list(&mine, &all, &reader.who, reader.today()))
    };
    response::drawn(drawn.await, &reader.who)
}

async fn begin(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let chosen = asked.get("til").map_or("", String::as_str);
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let draft = reader.letter_draft(&mine, None).await?;
        let mut writing = Writing::of(draft.as_ref());
        // Whoever comes from a name writes to that one, and what was begun is still there.
        if !chosen.is_empty() {
            writing.to = chosen;
        }
        written_page(&reader, &id, &writing).await
    };
    response::drawn(drawn.await, &reader.who)
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

async fn send(reader: Reader, Path(id): Path<String>, headers: HeaderMap, form: Form) -> Response {
    written(&reader, &id, None, &headers, &form).await
}

async fn answer(
    reader: Reader,
    Path((id, thread)): Path<(String, String)>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    written(&reader, &id, Some(&thread), &headers, &form).await
}

/// What comes of a form about a message: a new one, or an answer in a thread.
async fn written(
    reader: &Reader,
    id: &str,
    thread: Option<&str>,
    headers: &HeaderMap,
    form: &Form,
) -> Response {
    let done = reader.write(id, thread, form).await;
    if response::wants_json(headers) {
        return told(done);
    }
    let refused = || Problem::new(Kind::Unprocessable, "WEB-203", "The message could not be sent.");
    let (problem, fault, draft) = match done {
        Ok(Done::Next(address)) => return to(&address),
        Ok(Done::Kept(Kept::Stored(_))) => {
            return to(&format!("/min/{id}/meldinger/{}", thread.unwrap_or("ny")));
        }
        // What another window has stored stays; what was typed here is shown again, and not lost.
        Ok(Done::Kept(Kept::Conflict(draft))) => (overtaken(), t("letters.conflict"), Some(draft)),
        Ok(Done::Refused(fault, draft)) => (refused(), fault, draft),
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let writing = Writing::sent(form, fault, draft.as_ref());
    let page = match thread {
        Some(thread) => thread_page(reader, id, thread, &writing).await,
        None => written_page(reader, id, &writing).await,
    };
    match page {
        Ok(markup) => response::told(&problem, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What came of a form about a message.
enum Done {
    /// It is sent or thrown away: on to this page.
    Next(String),
    /// What was written is kept.
    Kept(Kept),
    /// It is not sent, and this is why; what of it is kept.
    Refused(&'static str, Option<LetterDraft>),
}

/// The same for the script that keeps what is written as it is written.
fn told(done: Result<Done, Problem>) -> Response {
    let answer = |status, draft: Option<&LetterDraft>, fault: Option<&'static str>| {
        let version = draft.map_or(0, |draft| draft.version);
        let saved = my_letters_page::saved_words(draft);
        let parts = [my_letters_page::refused(fault).0];
        response::json(status, &json!({"versjon": version, "lagret": saved, "deler": parts}))
    };
    match done {
        Ok(Done::Next(address)) => response::json(StatusCode::OK, &json!({"videre": address})),
        Ok(Done::Kept(Kept::Stored(draft))) => answer(StatusCode::OK, draft.as_ref(), None),
        Ok(Done::Kept(Kept::Conflict(draft))) => answer(StatusCode::CONFLICT, Some(&draft), None),
        Ok(Done::Refused(fault, draft)) => answer(StatusCode::OK, draft.as_ref(), Some(fault)),
        Err(problem) => response::json_problem(&problem),
    }
}

async fn thread(reader: Reader, Path((id, thread)): Path<(String, String)>) -> Response {
    let drawn = async {
        let mine = reader.mine(Some(&id)).await?;
        let draft = reader.letter_draft(&mine, Some(&thread)).await?;
        thread_page(&reader, &id, &thread, &Writing::of(draft.as_ref())).await
    };
    response::drawn(drawn.await, &reader.who)
}

async fn thread_page(
    reader: &Reader,
    id: &str,
    thread: &str,
    writing: &Writing<'_>,
) -> Result<maud::Markup, Problem> {
    let mine = reader.mine(Some(id)).await?;
    let thread = reader.thread(id, thread).await?;
    reader.mark_read(&mine, &thread).await?;
    Ok(my_letters_page::thread(&mine, &thread, writing, &reader.who, reader.today()))
}

async fn file(
    reader: Reader,
    Path((id, letter, number)): Path<(String, String, usize)>,
) -> Response {
    let found = reader.letter_file(&id, &letter, number).await;
    response::file(found, &reader.who)
}

/// The same for whoever may read the message: a file by its place among the files, from 1.
async fn enclosed(reader: Reader, Path((letter, number)): Path<(String, usize)>) -> Response {
    let found = async {
        let (json, _) = reader.read_json("Communication", &letter).await?;
        let payloads = json.get("payload").and_then(Value::as_array);
        let mut files = payloads.into_iter().flatten().filter_map(|p| p.get("contentAttachment"));
        content(number.checked_sub(1).and_then(|place| files.nth(place)))
    };
    response::file(found.await, &reader.who)
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

    pub(crate) async fn thread(&self, patient: &str, id: &str) -> Result<Thread, Problem> {
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
            let to = text_at(&json, "/recipient/0/identifier/value");
            // What another who acts for the patient was written is theirs to have read.
            let is_anothers = to.is_some() && to != self.own_number();
            let Some(members) = json.as_object_mut().filter(|_| !is_anothers) else { continue };
            if members.contains_key("received") {
                continue;
            }
            members.insert("received".into(), json!(self.now().to_fhir()));
            match self.update("Communication", &letter.id, version, &json).await {
                // Read in two windows at once: read all the same.
                Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Whom a form's message is to: who wrote in the thread, or who was chosen.
    async fn addressee(
        &self,
        id: &str,
        thread: Option<&str>,
        form: &Form,
    ) -> Result<Option<(String, String)>, Problem> {
        match thread {
            Some(thread) => Ok(self.thread(id, thread).await?.other_side()),
            None => {
                let all = self.recipients(id).await?;
                Ok(all.into_iter().find(|(known, _)| known == form.field("til")))
            }
        }
    }

    /// Does what the pressed button says of a message, or keeps it while it is written.
    async fn write(&self, id: &str, thread: Option<&str>, form: &Form) -> Result<Done, Problem> {
        let mine = self.mine(Some(id)).await?;
        let list = mine.path("/meldinger");
        match form.field("gjor") {
            "forkast" => {
                self.throw_letter_away(&mine, thread).await?;
                Ok(Done::Next(list))
            }
            "lagre" => match self.addressee(id, thread, form).await? {
                Some((whom, _)) => {
                    Ok(Done::Kept(self.keep_letter(&mine, thread, form, &whom).await?))
                }
                None => Ok(Done::Refused(t("letters.no-recipient"), None)),
            },
            _ => match (self.send(id, thread, form).await?, thread) {
                (None, None) => Ok(Done::Next(format!("{list}?sendt=1"))),
                (None, Some(thread)) => Ok(Done::Next(format!("{list}/{thread}"))),
                (Some(fault), _) => {
                    Ok(Done::Refused(fault, self.letter_draft(&mine, thread).await?))
                }
            },
        }
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
        let Some((reference, display)) = self.addressee(id, answers, form).await? else {
            return Ok(Some(t("letters.no-recipient")));
        };
        let thread = match answers {
            Some(thread) => Some(self.thread(id, thread).await?),
            None => None,
        };
        let letter = NewLetter {
            patient: id,
            sender: self.author(&mine),
            recipient: json!({"reference": reference, "display": display}),
            topic,
            text,
            files: &files,
            answers,
            answered: thread.as_ref().and_then(|thread| thread.last_from(&reference)),
            now: self.now(),
        };
        self.send_letter(&mine, &letter, form.field("versjon")).await?;
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
