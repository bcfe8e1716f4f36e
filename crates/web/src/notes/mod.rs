//! Writing in the journal: `/pasient/{id}/notat/…`, the codes one chooses from at `/koder`, and one's own
//! drafts at `/notater`.
//!
//! A note is a `DocumentReference`, a draft until it is signed. Not here: who may write (`access`, asked by
//! `record`), HTML (`pages::note_editor`, `pages::note_page`, `pages::my_notes_page`).

mod difference;
mod note;
mod saving;
mod signed;
mod signing;
mod template;

use std::collections::HashMap;
use std::sync::Arc;

use akson_access::rules::Class;
use akson_base::{Kind, Problem};
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

pub(crate) use difference::{Piece, difference};
pub(crate) use note::{
    CHANGE_REASON, Content, Note, Reason, State, Withheld, myself, own_unit, say_why, withhold,
};
pub(crate) use signed::{CoSigner, SignedVersion};
pub(crate) use signing::CO_SIGN;
pub(crate) use template::{Template, of_key, phrases, templates};

use crate::dates::{Moment, local_day};
use crate::forms::Form;
use crate::messages::{t, tf};
use crate::pages::note_editor::{Editing, chosen, editor, found_codes, suggested};
use crate::pages::{my_notes_page, note_page};
use crate::people::quoted;
use crate::response::{self, to};
use crate::routes::with_chart;
use crate::sight::{Desk, Reader};
use crate::terminology::Concept;
use crate::writing::set;
use saving::{Saved, Sent, no_note, not_yours};
use signing::{Missing, Signature, complete, withheld};

/// Codes that are suggested from a text, and that a search shows.
const SUGGESTED_MAX: usize = 5;
const FOUND_MAX: usize = 8;

/// The addresses of writing.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/notater", get(mine))
        .route("/koder", get(codes))
        .route("/pasient/{id}/notat", get(begin_elsewhere).post(act))
        .route("/pasient/{id}/notat/ny", get(begin))
        .route("/pasient/{id}/notat/{note}", get(open).post(act_on_signed))
        .route("/pasient/{id}/notat/{note}/rett", get(begin_correction))
        .route("/pasient/{id}/notat/{note}/versjoner", get(versions))
}

type Asked = Query<HashMap<String, String>>;

/// Whether somebody's role writes notes.
pub(crate) fn writes_notes(who: &crate::who::Who) -> bool {
    who.may_ever_write(Class::Document)
}

fn may_not_write() -> Problem {
    let text = "The reader's role does not write notes.";
    Problem::new(Kind::Refused, "WEB-169", text)
}

async fn begin_elsewhere(Path(id): Path<String>) -> Response {
    to(&format!("/pasient/{id}/notat/ny"))
}

/// An empty note, with the template that the reason for contact asks for.
async fn begin(reader: Reader, Path(id): Path<String>, Query(asked): Asked) -> Response {
    let given = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let prepared = async {
        if !writes_notes(&reader.who) {
            return Err(may_not_write());
        }
        let why = reader.why_here(&id, given("avtale")).await?;
        let template = of_key(given("mal")).or_else(|| template::for_reason(&why.reason));
        let template = template.or_else(|| templates().first());
        let content = Content {
            title: template.map(|one| one.title.clone()).unwrap_or_default(),
            text: template.map(|one| one.text.clone()).unwrap_or_default(),
            template: template.map(|one| one.key.clone()).unwrap_or_default(),
            reasons: Vec::new(),
        };
        let mut editing = reader.editing(content).await?;
        editing.key = reader.note_key();
        editing.appointment = why.appointment;
        editing.encounter = why.encounter;
        editing.drafts = reader.drafts(Some(&id), State::Draft).await?;
        Ok(editing)
    };
    match prepared.await {
        Ok(editing) => reader.drawn_editor(&id, &editing).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// A note: where its author goes on writing while it is a draft, else to be read.
async fn open(
    reader: Reader,
    Path((id, note)): Path<(String, String)>,
    Query(asked): Asked,
) -> Response {
    let note = match reader.note(&id, &note).await {
        Ok(note) => note,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    if note.state == State::Draft && note.is_by(&reader.who.actor) {
        let sought = asked.get("kodesok").map(|typed| typed.trim()).unwrap_or_default();
        let found = reader.terminology().search(sought, FOUND_MAX).into_iter().cloned().collect();
        return match reader.editing_of(&note).await {
            Ok(editing) => reader.drawn_editor(&id, &Editing { found, ..editing }).await,
            Err(problem) => response::problem(&problem, Some(&reader.who), false),
        };
    }
    reader.drawn_note(&id, &note, None).await
}

async fn begin_correction(reader: Reader, Path((id, note)): Path<(String, String)>) -> Response {
    let prepared = async {
        let note = reader.note(&id, &note).await?;
        if !matches!(note.state, State::Signed | State::Amended) {
            return Err(no_note());
        }
        let mut editing = reader.editing(note.content.clone()).await?;
        editing.key = reader.note_key();
        editing.corrects = Some(format!("DocumentReference/{}/_history/{}", note.id, note.version));
        Ok(editing)
    };
    match prepared.await {
        Ok(editing) => reader.drawn_editor(&id, &editing).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What the editor's buttons and its autosave do.
async fn act(reader: Reader, Path(id): Path<String>, headers: HeaderMap, form: Form) -> Response {
    let is_script = response::wants_json(&headers);
    match reader.act(&id, &form).await {
        Ok(outcome) if is_script => told(&reader, &id, outcome),
        Ok(outcome) => reader.shown(&id, outcome, &form).await,
        Err(problem) if is_script => response::json_problem(&problem),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// What came of an act in the editor.
enum Outcome {
    /// Stored, and still a draft.
    Stored(Box<Note>),
    /// Not stored: another has stored this meanwhile. With what was sent.
    Conflict(Box<Note>, Box<Sent>),
    /// Something is missing: the note is stored, and not signed.
    Missing(Box<Note>, Missing),
    /// Done here; on with this address.
    Next(String),
}

impl Reader {
    async fn act(&self, patient: &str, form: &Form) -> Result<Outcome, Problem> {
        if !writes_notes(&self.who) {
            return Err(may_not_write());
        }
        let before = match form.field("notat") {
            "" => Vec::new(),
            id => self.note(patient, id).await?.content.reasons,
        };
        let mut sent = Sent::of(form, &before, self)?;
        let act = form.field("gjor");
        if act == "forkast" {
            self.throw_away(patient, &sent).await?;
            return Ok(Outcome::Next(format!("/pasient/{patient}")));
        }
        if act == "mal"
            && let Some(template) = of_key(form.field("mal"))
        {
            sent.content = changed_template(&sent.content, template);
        }
        let note = match self.save(patient, &sent).await? {
            Saved::Stored(note) => note,
            Saved::Conflict(note) => return Ok(Outcome::Conflict(note, Box::new(sent))),
            Saved::Over(note) => {
                return Ok(Outcome::Next(format!("/pasient/{patient}/notat/{}", note.id)));
            }
        };
        if act != "signer" {
            return Ok(Outcome::Stored(note));
        }
        let signature = match Signature::of(form, self.today()) {
            Ok(signature) => signature,
            Err(missing) => return Ok(Outcome::Missing(note, missing)),
        };
        let content = match complete(&note.content) {
            Ok(content) => content,
            Err(missing) => return Ok(Outcome::Missing(note, missing)),
        };
        let signed = self.sign(patient, &note, &content, &signature).await?;
        Ok(Outcome::Next(format!("/pasient/{patient}/notat/{signed}")))
    }

    /// Stores what is thrown away first: it can be taken back.
    async fn throw_away(&self, patient: &str, sent: &Sent) -> Result<(), Problem> {
        let template = of_key(&sent.content.template);
        let is_empty = template::without_empty_lines(&sent.content.text, template).is_empty();
        if sent.id.is_none() && is_empty {
            return Ok(());
        }
        // Of two texts the stored one is kept: it is the one that another window goes on with.
        let (Saved::Stored(note) | Saved::Conflict(note) | Saved::Over(note)) =
            self.save(patient, sent).await?;
        self.discard(patient, &note.id, false).await.map(drop)
    }

    /// The page after an act, for a browser that does without the script.
    async fn shown(&self, patient: &str, outcome: Outcome, form: &Form) -> Response {
        let editing = match outcome {
            Outcome::Next(address) => return to(&address),
            Outcome::Stored(note) => {
                let sought = form.field("kodesok").trim();
                let query = match sought.is_empty() {
                    true => String::new(),
                    false => format!("?kodesok={}", quoted(sought)),
                };
                return to(&format!("/pasient/{patient}/notat/{}{query}", note.id));
            }
            Outcome::Missing(note, missing) => self
                .editing_of(&note)
                .await
                .map(|editing| Editing { wrong: Some(missing), ..editing }),
            Outcome::Conflict(note, sent) => {
                let own = self.editing_of(&note).await;
                own.map(|editing| Editing { content: sent.content, other: Some(note), ..editing })
            }
        };
        match editing {
            Ok(editing) => self.drawn_editor(patient, &editing).await,
            Err(problem) => response::problem(&problem, Some(&self.who), false),
        }
    }

    async fn drawn_editor(&self, patient: &str, editing: &Editing) -> Response {
        let title = match editing.corrects {
            Some(_) => t("note.correct-heading"),
            None => t("note.new"),
        };
        let who = &self.who;
        with_chart(self, patient, false, false, |sight| {
            Ok(sight.beside(title, &editor(patient, editing, who)))
        })
        .await
    }

    async fn drawn_note(&self, patient: &str, note: &Note, wrong: Option<Missing>) -> Response {
        let gathered = async {
            let co_signers = self.co_signers(&note.id).await?;
            let colleagues = match writes_notes(&self.who) {
                true => self.colleagues().await?,
                false => Vec::new(),
            };
            Ok((co_signers, colleagues))
        };
        let (co_signers, colleagues) = match gathered.await {
            Ok(gathered) => gathered,
            Err(problem) => return response::problem(&problem, Some(&self.who), false),
        };
        let today = self.today();
        let page = note_page::NotePage { note, co_signers, colleagues, wrong, today };
        with_chart(self, patient, false, false, |sight| {
            let content = page.draw(patient, sight.who);
            Ok(sight.own_page(&note.content.title, content))
        })
        .await
    }

    /// An editor with this content.
    async fn editing(&self, content: Content) -> Result<Editing, Problem> {
        let suggested = self.suggested(&content);
        let colleagues = self.colleagues().await?;
        Ok(Editing { content, suggested, colleagues, today: self.today(), ..Editing::default() })
    }

    /// The editor of a stored draft.
    async fn editing_of(&self, note: &Note) -> Result<Editing, Problem> {
        let editing = self.editing(note.content.clone()).await?;
        let corrects = note.resource.pointer("/relatesTo/0/target/reference");
        Ok(Editing {
            id: Some(note.id.clone()),
            version: note.version,
            saved: note_saved(note),
            appointment: note.appointment.clone(),
            encounter: note.encounter.clone(),
            corrects: corrects.and_then(Value::as_str).map(str::to_owned),
            ..editing
        })
    }

    /// The codes that a note speaks of and that are not chosen yet.
    fn suggested(&self, content: &Content) -> Vec<Concept> {
        let terminology = self.terminology();
        let template = of_key(&content.template);
        let written = template::without_empty_lines(&content.text, template);
        let said = terminology.suggest(&written, SUGGESTED_MAX + content.reasons.len());
        let of_template = template.into_iter().flat_map(|template| &template.codes);
        let of_template = of_template.filter_map(|key| terminology.get(key));
        let mut all: Vec<Concept> = Vec::new();
        for concept in of_template.chain(said) {
            let key = concept.key();
            let is_chosen = content.reasons.iter().any(|one| one.key == key);
            if !is_chosen && all.iter().all(|known| known.key() != key) {
                all.push(concept.clone());
            }
        }
        all.truncate(SUGGESTED_MAX);
        all
    }

    /// Why the patient is here today: the appointment that is named, or today's with the reader; a
    /// contact of today that is still going on.
    async fn why_here(&self, patient: &str, appointment: &str) -> Result<Why, Problem> {
        let mut why = Why::default();
        let Some(own) = self.who.actor.practitioner() else { return Ok(why) };
        let (caller, patient, own) = (self.caller(), quoted(patient), quoted(own));
        let today = self.today();
        let query = format!("patient={patient}&actor={own}&date={today}&_sort=date&_count=10");
        let booked = self.search_json(&caller, "Appointment", query).await?;
        let text =
            |of: &Value, path: &str| of.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let is_open = |one: &&Value| {
            matches!(text(one, "/status").as_deref(), Some("booked" | "arrived" | "checked-in"))
        };
        let is_named = |one: &&Value| text(one, "/id").as_deref() == Some(appointment);
        let one = booked.iter().find(is_named).or_else(|| booked.iter().find(is_open));
        if let Some(one) = one {
            why.appointment = text(one, "/id").map(|id| format!("Appointment/{id}"));
            let told = ["/description", "/reasonCode/0/text", "/serviceType/0/text", "/comment"];
            let told: Vec<String> = told.iter().filter_map(|path| text(one, path)).collect();
            why.reason = told.join(" ");
        }
        let query = format!(
            "patient={patient}&participant={own}&status=in-progress,arrived&_sort=-date&_count=5"
        );
        let open = self.search_json(&caller, "Encounter", query).await?;
        let is_today = |one: &&Value| {
            let start = text(one, "/period/start").and_then(|start| Moment::parse(&start));
            start.is_some_and(|start| start.date() == today)
        };
        if let Some(one) = open.iter().find(is_today) {
            why.encounter = text(one, "/id").map(|id| format!("Encounter/{id}"));
            let told = ["/type/0/text", "/reasonCode/0/text"];
            let told: Vec<String> = told.iter().filter_map(|path| text(one, path)).collect();
            why.reason = format!("{} {}", why.reason, told.join(" "));
        }
        Ok(why)
    }
}

/// Why the patient is here.
#[derive(Debug, Default)]
struct Why {
    appointment: Option<String>,
    encounter: Option<String>,
    /// In words.
    reason: String,
}

/// Another template: its text takes the place of an untouched one, and stands below what was written.
fn changed_template(before: &Content, template: &Template) -> Content {
    let old = of_key(&before.template);
    let is_untouched = templates().iter().any(|one| one.text.trim() == before.text.trim());
    let text = match before.text.trim().is_empty() || is_untouched {
        true => template.text.clone(),
        false => format!("{}\n\n{}", before.text.trim_end(), template.text),
    };
    let is_own_title = templates().iter().all(|one| one.title != before.title)
        && !before.title.is_empty()
        && old.is_none_or(|old| old.title != before.title);
    let title = if is_own_title { before.title.clone() } else { template.title.clone() };
    Content { title, text, template: template.key.clone(), reasons: before.reasons.clone() }
}

/// When a note was stored last.
pub(crate) fn note_saved(note: &Note) -> Option<Moment> {
    note.resource.pointer("/meta/lastUpdated").and_then(Value::as_str).and_then(Moment::parse)
}

/// What came of an act, for the page's own script.
fn told(reader: &Reader, patient: &str, outcome: Outcome) -> Response {
    let stored = |note: &Note| {
        let clock = note_saved(note).and_then(Moment::clock).unwrap_or_default();
        json!({
            "notat": note.id,
            "versjon": note.version,
            "adresse": format!("/pasient/{patient}/notat/{}", note.id),
            "lagret": tf("note.saved", &[("time", &clock)]),
            "tittel": note.content.title,
            "tekst": note.content.text,
            "valgte": chosen(&note.content.reasons).into_string(),
            "forslag": suggested(&reader.suggested(&note.content)).into_string(),
        })
    };
    let with = |mut told: Value, name: &str, value: Value| {
        set(&mut told, name, value);
        told
    };
    let (status, body) = match outcome {
        Outcome::Stored(note) => (StatusCode::OK, stored(&note)),
        Outcome::Missing(note, missing) => {
            (StatusCode::OK, with(stored(&note), "mangler", json!(t(missing))))
        }
        Outcome::Conflict(note, _) => (StatusCode::CONFLICT, stored(&note)),
        Outcome::Next(address) => (StatusCode::OK, json!({"videre": address})),
    };
    response::json(status, &body)
}

/// What is done with a signed note, or a draft that was thrown away.
async fn act_on_signed(
    reader: Reader,
    Path((id, note)): Path<(String, String)>,
    form: Form,
) -> Response {
    let address = format!("/pasient/{id}/notat/{note}");
    let found = match reader.note(&id, &note).await {
        Ok(found) => found,
        Err(problem) => return response::problem(&problem, Some(&reader.who), false),
    };
    let is_draft = matches!(found.state, State::Draft | State::Discarded | State::Merged);
    let done = match form.field("gjor") {
        "hent" => reader.discard(&id, &note, true).await.map(drop),
        _ if is_draft => Err(no_note()),
        "feilfor" if form.field("hvorfor").trim().is_empty() => {
            return reader.drawn_note(&id, &found, Some("note.wrong-why")).await;
        }
        "feilfor" => reader.withdraw_note(&found, form.field("hvorfor")).await,
        "utsett" => match withheld(&form, local_day(reader.now())) {
            Ok(withheld) => reader.release(&id, &found, Some(&withheld)).await,
            Err(missing) => return reader.drawn_note(&id, &found, Some(missing)).await,
        },
        "frigi" => reader.release(&id, &found, None).await,
        "be-medsigner" => reader.ask_to_sign(&id, &found, form.field("medsigner")).await,
        "medsigner" => reader.co_sign(&id, &found).await,
        _ => Err(no_note()),
    };
    match done {
        Ok(()) => to(&address),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn versions(reader: Reader, Path((id, note)): Path<(String, String)>) -> Response {
    let read = async {
        let current = reader.note(&id, &note).await?;
        Ok((current, reader.versions(&note).await?))
    };
    match read.await {
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
        Ok((current, versions)) => {
            with_chart(&reader, &id, false, false, |sight| {
                let content = note_page::versions(&id, &current, &versions);
                Ok(sight.own_page(t("note.versions"), content))
            })
            .await
        }
    }
}

/// The codes that a search finds, as buttons of the editor.
async fn codes(reader: Reader, Query(asked): Asked) -> Response {
    let typed = asked.get("kodesok").map(|typed| typed.trim()).unwrap_or_default();
    let found = reader.terminology().search(typed, FOUND_MAX);
    response::html(found_codes(typed, &found))
}

/// One's own drafts, and those that one threw away.
async fn mine(reader: Reader) -> Response {
    let read = async {
        if !writes_notes(&reader.who) {
            return Err(not_yours());
        }
        let drafts = reader.drafts(None, State::Draft).await?;
        let discarded = reader.drafts(None, State::Discarded).await?;
        let mut names = HashMap::new();
        for note in drafts.iter().chain(&discarded) {
            let subject = note.resource.pointer("/subject/reference").and_then(Value::as_str);
            let patient = subject.and_then(|to| to.strip_prefix("Patient/")).unwrap_or_default();
            if !names.contains_key(patient) {
                // A draft stays the author's; the patient may have blocked the name since.
                let name = reader.person(patient).await.ok();
                let name = name.map(|person| person.name_or_unknown().to_owned());
                names.insert(patient.to_owned(), name.unwrap_or_default());
            }
        }
        Ok(my_notes_page::mine(&drafts, &discarded, &names, &reader.who, reader.today()))
    };
    response::drawn(read.await, &reader.who)
}
