//! Drafts: what the editor sends is stored at once, each time on the version that it was made from.
//!
//! Two editors of one draft (two tabs, two machines) do not overwrite each other: the later is told, with
//! the other's text. Not here: signing (`signing`), HTML (`pages::note_editor`).
//! Standard: <https://hl7.org/fhir/R4/http.html#concurrency>

use akson_base::{Kind, Problem};
use bytes::Bytes;
use serde_json::{Value, json};

use super::note::{self, Content, KEY_SYSTEM, Note, Reason, State, reasons, withhold};
use super::template;
use crate::dates::iso;
use crate::forms::Form;
use crate::people::{quoted, type_of};
use crate::sight::Reader;
use crate::writing::set;

/// Drafts of one author that are listed.
const DRAFTS_MAX: usize = 100;
/// Longest title, characters.
const TITLE_CHARACTERS_MAX: usize = 200;

/// What an editor sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The draft's id, when it is stored already.
    pub id: Option<String>,
    /// The version that it was made from.
    pub version: u32,
    /// The editor's own name for a draft that is not stored yet.
    pub key: String,
    pub content: Content,
    /// `Encounter/…` and `Appointment/…` that it is about.
    pub encounter: Option<String>,
    pub appointment: Option<String>,
    /// `DocumentReference/…/_history/…` that it corrects.
    pub corrects: Option<String>,
}

/// How storing ended.
pub(crate) enum Saved {
    /// It is stored, as this.
    Stored(Box<Note>),
    /// Somebody else has stored something else meanwhile: this.
    Conflict(Box<Note>),
    /// It is signed, or thrown away: nothing to store any more.
    Over(Box<Note>),
}

impl Sent {
    /// What a form holds. `before`: codes that the stored draft has.
    ///
    /// # Errors
    /// `WEB-113` for a title that is too long.
    pub(crate) fn of(form: &Form, before: &[Reason], reader: &Reader) -> Result<Self, Problem> {
        let given = |name: &str| Some(form.field(name).trim().to_owned()).filter(|f| !f.is_empty());
        let mut keys = form.all("kode");
        let added = form.field("legg");
        if !added.is_empty() {
            keys.push(added);
        }
        let removed = form.field("fjern");
        keys.retain(|key| *key != removed);
        let chosen = reasons(&keys, &form.all("problem"), before, reader.terminology());
        let title = form.typed("tittel", TITLE_CHARACTERS_MAX)?.to_owned();
        Ok(Self {
            id: given("notat"),
            version: form.field("versjon").parse().unwrap_or(0),
            key: form.field("nokkel").to_owned(),
            content: Content {
                title,
                // Forms send both characters of a new line.
                text: form.field("tekst").replace("\r\n", "\n"),
                template: template::of_key(form.field("mal"))
                    .map(|template| template.key.clone())
                    .unwrap_or_default(),
                reasons: chosen,
            },
            encounter: given("kontakt").filter(|to| to.starts_with("Encounter/")),
            appointment: given("avtale").filter(|to| to.starts_with("Appointment/")),
            corrects: given("retter").filter(|to| to.starts_with("DocumentReference/")),
        })
    }

    fn context(&self) -> Option<Value> {
        let mut context = json!({});
        if let Some(encounter) = &self.encounter {
            set(&mut context, "encounter", json!([{"reference": encounter}]));
        }
        if let Some(appointment) = &self.appointment {
            set(&mut context, "related", json!([{"reference": appointment}]));
        }
        context.as_object().is_some_and(|context| !context.is_empty()).then_some(context)
    }
}

/// There is no such note in this journal.
pub(crate) fn no_note() -> Problem {
    Problem::new(Kind::NotFound, "WEB-161", "This journal has no such note.")
}

/// Only who wrote a note goes on writing in it.
pub(crate) fn not_yours() -> Problem {
    let text = "This note is another's: only who wrote it goes on writing in it, or corrects it.";
    Problem::new(Kind::Refused, "WEB-162", text)
}

impl Reader {
    /// A note of this patient's.
    pub(crate) async fn note(&self, patient: &str, id: &str) -> Result<Note, Problem> {
        let (resource, version) = self.read_json("DocumentReference", id).await?;
        let subject = resource.pointer("/subject/reference").and_then(Value::as_str);
        if subject != Some(format!("Patient/{patient}").as_str()) {
            return Err(no_note());
        }
        Note::read(resource, version).ok_or_else(no_note)
    }

    /// Stores what an editor holds.
    pub(crate) async fn save(&self, patient: &str, sent: &Sent) -> Result<Saved, Problem> {
        let before = match &sent.id {
            Some(id) => Some(self.note(patient, id).await?),
            None => self.note_of_key(patient, &sent.key).await?,
        };
        let Some(before) = before else { return self.store_first(patient, sent).await };
        if !before.is_by(&self.who.actor) {
            return Err(not_yours());
        }
        if before.state != State::Draft {
            return Ok(Saved::Over(Box::new(before)));
        }
        // What was stored and whose answer was lost is sent again: it is there already.
        if before.content == sent.content {
            return Ok(Saved::Stored(Box::new(before)));
        }
        if before.version != sent.version {
            return Ok(Saved::Conflict(Box::new(before)));
        }
        let resource = before.with(&sent.content);
        match self.update("DocumentReference", &before.id, before.version, &resource).await {
            Ok(()) => Ok(Saved::Stored(Box::new(self.note(patient, &before.id).await?))),
            Err(problem) if problem.kind == Kind::Conflict => {
                Ok(Saved::Conflict(Box::new(self.note(patient, &before.id).await?)))
            }
            Err(problem) => Err(problem),
        }
    }

    async fn note_of_key(&self, patient: &str, key: &str) -> Result<Option<Note>, Problem> {
        if key.is_empty() {
            return Ok(None);
        }
        let found = self.notes(&format!("{}&patient={}", by_key(key), quoted(patient))).await?;
        Ok(found.into_iter().next())
    }

    async fn store_first(&self, patient: &str, sent: &Sent) -> Result<Saved, Problem> {
        let key = if sent.key.is_empty() { self.note_key() } else { sent.key.clone() };
        let (now, actor) = (iso(self.now()), &self.who.actor);
        let mut resource = note::draft(patient, &key, &now, actor, &sent.content);
        if let Some(context) = sent.context() {
            set(&mut resource, "context", context);
        }
        if let Some(corrected) = &sent.corrects {
            let target = json!({"reference": corrected});
            set(&mut resource, "relatesTo", json!([{"code": "replaces", "target": target}]));
        }
        let body = Bytes::from(resource.to_string());
        let of = type_of("DocumentReference")?;
        let only_once = Some(by_key(&key));
        let stored =
            self.record().create(&self.caller(), of, body, only_once.as_deref()).await?.version;
        let id =
            stored.ok_or_else(|| Problem::fault("WEB-163", "a note was stored as nothing"))?.id;
        let note = self.note(patient, &id).await?;
        // Another tab of the same editor was faster.
        Ok(match note.content == sent.content {
            true => Saved::Stored(Box::new(note)),
            false => Saved::Conflict(Box::new(note)),
        })
    }

    /// A name for a note that is not stored yet.
    pub(crate) fn note_key(&self) -> String {
        let patient_free = self.caller().trace;
        format!("note-{patient_free}")
    }

    /// The notes that a search finds.
    pub(crate) async fn notes(&self, query: &str) -> Result<Vec<Note>, Problem> {
        let query = format!("{query}&_count={DRAFTS_MAX}");
        let found = self.search_json(&self.caller(), "DocumentReference", query).await?;
        let read = |resource: Value| {
            let version = resource.pointer("/meta/versionId").and_then(Value::as_str);
            let version = version.and_then(|version| version.parse().ok()).unwrap_or(0);
            Note::read(resource, version)
        };
        Ok(found.into_iter().filter_map(read).collect())
    }

    /// The reader's own drafts, newest first: of one patient, or of all. `state`: those that stand, or
    /// those that were thrown away.
    pub(crate) async fn drafts(
        &self,
        patient: Option<&str>,
        state: State,
    ) -> Result<Vec<Note>, Problem> {
        let label = quoted(akson_access::facts::WITHHELD_LABEL);
        let mut query = format!("_security={label}&_sort=-_lastUpdated");
        match self.who.actor.practitioner() {
            Some(own) => query.push_str(&format!("&author={}", quoted(own))),
            // Without a login there is nobody whose drafts these are, but the patient's there are.
            None if patient.is_none() => return Ok(Vec::new()),
            None => {}
        }
        if let Some(patient) = patient {
            query.push_str(&format!("&patient={}", quoted(patient)));
        }
        let mut found = self.notes(&query).await?;
        found.retain(|note| note.state == state && note.is_by(&self.who.actor));
        Ok(found)
    }

    /// Throws a draft away, or takes it back: its text is kept.
    pub(crate) async fn discard(
        &self,
        patient: &str,
        id: &str,
        is_back: bool,
    ) -> Result<Note, Problem> {
        let note = self.note(patient, id).await?;
        if !note.is_by(&self.who.actor) {
            return Err(not_yours());
        }
        let (from, to) = match is_back {
            true => (State::Discarded, "current"),
            false => (State::Draft, "entered-in-error"),
        };
        if note.state == from {
            let mut resource = note.resource.clone();
            set(&mut resource, "status", json!(to));
            withhold(&mut resource, Some(&note::Withheld::default()));
            self.update("DocumentReference", id, note.version, &resource).await?;
        }
        Ok(note)
    }
}

fn by_key(key: &str) -> String {
    format!("identifier={}", quoted(&format!("{KEY_SYSTEM}|{key}")))
}
