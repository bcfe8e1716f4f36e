//! What a citizen is writing to somebody: kept on the server as it is written, found again by who wrote it
//! wherever they log in, and by nobody else at the same device.
//!
//! A draft is a `Communication` in `preparation`, without `sent` and `recipient`; `about` tells whom it is
//! meant for. There is one of each new message and one of each thread, for each who writes. Sending makes the
//! message of it; files are sent with it and not kept before.
//! Not here: sending (`my_letters`), what the record takes (`record::acts`).
//! Standard: <https://hl7.org/fhir/R4/communication.html>

use akson_base::{Kind, Problem};
use serde_json::{Value, json};

use crate::citizen::Mine;
use crate::dates::Moment;
use crate::fields::{text, text_at};
use crate::forms::Form;
use crate::letters::{MESSAGE, NewLetter, in_response_to};
use crate::my_letters::{TEXT_CHARACTERS_MAX, TOPIC_CHARACTERS_MAX};
use crate::people::quoted;
use crate::sight::Reader;
use crate::systems::MESSAGE_SYSTEM;
use crate::writing::{set, unset};

/// Drafts of one journal that are looked through.
const DRAFTS_MAX: usize = 200;

/// A message that is being written.
#[derive(Clone, Debug)]
pub(crate) struct LetterDraft {
    id: String,
    /// The version that is stored.
    pub version: u32,
    /// The first message of the thread that it answers.
    pub thread: Option<String>,
    /// Reference of whom it is meant for.
    pub to: String,
    pub topic: String,
    pub text: String,
    pub saved: Option<Moment>,
}

/// What came of keeping what was written.
pub(crate) enum Kept {
    /// It is stored; nothing where there was nothing to keep.
    Stored(Option<LetterDraft>),
    /// Another window has stored something else meanwhile.
    Conflict(LetterDraft),
}

impl LetterDraft {
    fn read(draft: &Value) -> Option<Self> {
        let words = text_at(draft, "/payload/0/contentString").unwrap_or_default().to_owned();
        Some(Self {
            id: text_at(draft, "/id")?.to_owned(),
            version: text(draft, "/meta/versionId").parse().ok()?,
            thread: text_at(draft, "/inResponseTo/0/reference")
                .and_then(|to| to.strip_prefix("Communication/").map(str::to_owned)),
            to: text(draft, "/about/0/reference").to_owned(),
            topic: text(draft, "/topic/text").to_owned(),
            text: words,
            saved: Moment::parse(text(draft, "/meta/lastUpdated")),
        })
    }

    /// Whether a message that says this says all that the draft does.
    fn is_within(&self, topic: &str, text: &str) -> bool {
        text.contains(self.text.trim()) && topic.contains(self.topic.trim())
    }

    fn says(&self, to: &str, topic: &str, text: &str) -> bool {
        (&*self.to, &*self.topic, &*self.text) == (to, topic, text)
    }
}

/// Whether two name the same writer: by reference, or by number.
fn is_same_writer(sender: &Value, author: &Value) -> bool {
    let of = |one: &Value, at: &str| text_at(one, at).map(str::to_owned);
    let by = |at: &str| of(author, at).is_some() && of(sender, at) == of(author, at);
    by("/reference") || by("/identifier/value")
}

impl Reader {
    /// What the reader is writing in a journal.
    pub(crate) async fn letter_drafts(&self, mine: &Mine) -> Result<Vec<LetterDraft>, Problem> {
        let query = format!(
            "patient={}&category={}%7C{MESSAGE}&status=preparation&_sort=-_lastUpdated\
             &_count={DRAFTS_MAX}",
            quoted(&mine.person.id),
            quoted(MESSAGE_SYSTEM)
        );
        let author = self.author(mine);
        let found = self.search_json(&self.caller(), "Communication", query).await?;
        let own = found
            .iter()
            .filter(|one| one.get("sender").is_some_and(|sender| is_same_writer(sender, &author)));
        Ok(own.filter_map(LetterDraft::read).collect())
    }

    /// What the reader is writing in a thread, or as a new message.
    pub(crate) async fn letter_draft(
        &self,
        mine: &Mine,
        thread: Option<&str>,
    ) -> Result<Option<LetterDraft>, Problem> {
        let all = self.letter_drafts(mine).await?;
        Ok(all.into_iter().find(|draft| draft.thread.as_deref() == thread))
    }

    /// Keeps what a form holds, made from the version that the form names.
    pub(crate) async fn keep_letter(
        &self,
        mine: &Mine,
        thread: Option<&str>,
        form: &Form,
        to: &str,
    ) -> Result<Kept, Problem> {
        let words = form.field("tekst").replace("\r\n", "\n");
        if words.chars().count() > TEXT_CHARACTERS_MAX {
            let text = format!("A message takes at most {TEXT_CHARACTERS_MAX} characters.");
            return Err(Problem::new(Kind::TooLarge, "WEB-297", text));
        }
        let topic = form.typed("om", TOPIC_CHARACTERS_MAX)?;
        let answers = match thread {
            Some(first) => {
                let all = self.thread(&mine.person.id, first).await?;
                Some(in_response_to(first, all.last_from(to)))
            }
            None => None,
        };
        let before = self.letter_draft(mine, thread).await?;
        let Some(before) = before else {
            if words.trim().is_empty() && topic.is_empty() {
                return Ok(Kept::Stored(None));
            }
            let mut resource = self.draft_resource(mine, thread, (to, topic, &words));
            if let Some(answers) = answers {
                set(&mut resource, "inResponseTo", answers);
            }
            let stored = self.create(&resource).await?;
            let (stored, _) = self.read_json("Communication", &stored.id).await?;
            return Ok(Kept::Stored(LetterDraft::read(&stored)));
        };
        // What was stored and whose answer was lost is sent again: it is there already.
        if before.says(to, topic, &words) {
            return Ok(Kept::Stored(Some(before)));
        }
        if form.field("versjon").parse() != Ok(before.version) {
            return Ok(Kept::Conflict(before));
        }
        let (mut resource, version) = self.read_json("Communication", &before.id).await?;
        fill(&mut resource, (to, topic, &words));
        if let Some(answers) = answers {
            set(&mut resource, "inResponseTo", answers);
        }
        match self.update("Communication", &before.id, before.version, &resource).await {
            Ok(()) => {
                let (stored, _) = self.read_json("Communication", &before.id).await?;
                Ok(Kept::Stored(LetterDraft::read(&stored)))
            }
            Err(problem) if problem.kind == Kind::Conflict => {
                Ok(Kept::Conflict(LetterDraft { version, ..before }))
            }
            Err(problem) => Err(problem),
        }
    }

    fn draft_resource(
        &self,
        mine: &Mine,
        thread: Option<&str>,
        content: (&str, &str, &str),
    ) -> Value {
        let letter = NewLetter {
            patient: &mine.person.id,
            sender: self.author(mine),
            recipient: Value::Null,
            topic: "",
            text: "",
            files: &[],
            answers: thread,
            answered: None,
            now: self.now(),
        };
        let mut resource = letter.resource();
        set(&mut resource, "status", json!("preparation"));
        unset(&mut resource, "sent");
        unset(&mut resource, "recipient");
        fill(&mut resource, content);
        resource
    }

    /// Sends a message made from this version of the draft, and makes it of the draft. What another
    /// window has written stays a draft.
    pub(crate) async fn send_letter(
        &self,
        mine: &Mine,
        letter: &NewLetter<'_>,
        version: &str,
    ) -> Result<(), Problem> {
        let mut resource = letter.resource();
        let draft = self.letter_draft(mine, letter.answers).await?;
        let draft = draft.filter(|draft| {
            version.parse() == Ok(draft.version) || draft.is_within(letter.topic, letter.text)
        });
        let Some(draft) = draft else { return self.create(&resource).await.map(drop) };
        set(&mut resource, "id", json!(draft.id));
        match self.update("Communication", &draft.id, draft.version, &resource).await {
            Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => {}
            done => return done,
        }
        // Another window has kept something in it at this moment, or sent it: pressed twice is sent once.
        let (stored, _) = self.read_json("Communication", &draft.id).await?;
        let words = text_at(&stored, "/payload/0/contentString");
        if text(&stored, "/status") == "completed" && words == Some(letter.text) {
            return Ok(());
        }
        unset(&mut resource, "id");
        self.create(&resource).await.map(drop)
    }

    /// Throws away what was being written.
    pub(crate) async fn throw_letter_away(
        &self,
        mine: &Mine,
        thread: Option<&str>,
    ) -> Result<(), Problem> {
        let Some(draft) = self.letter_draft(mine, thread).await? else { return Ok(()) };
        let (mut resource, version) = self.read_json("Communication", &draft.id).await?;
        if version != draft.version {
            return Err(overtaken());
        }
        set(&mut resource, "status", json!("not-done"));
        match self.update("Communication", &draft.id, version, &resource).await {
            Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Precondition) => {
                Err(overtaken())
            }
            done => done,
        }
    }
}

/// Another window was faster.
pub(crate) fn overtaken() -> Problem {
    let text = "Another window has changed the draft meanwhile.";
    Problem::new(Kind::Conflict, "WEB-301", text)
}

/// Puts what is written into a draft.
fn fill(resource: &mut Value, (to, topic, words): (&str, &str, &str)) {
    set(resource, "about", json!([{"reference": to}]));
    match topic {
        "" => unset(resource, "topic"),
        topic => set(resource, "topic", json!({"text": topic})),
    }
    // FHIR has no empty texts.
    match words {
        "" => unset(resource, "payload"),
        words => set(resource, "payload", json!([{"contentString": words}])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_its_writers_alone() {
        let patient = json!({"reference": "Patient/p", "display": "Sara"});
        let mother = json!({"type": "RelatedPerson", "display": "Hilde",
            "identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "1"}});
        let mut father = mother.clone();
        father["identifier"]["value"] = json!("2");
        assert!(is_same_writer(&patient, &patient) && is_same_writer(&mother, &mother));
        assert!(!is_same_writer(&patient, &mother) && !is_same_writer(&mother, &patient));
        assert!(!is_same_writer(&father, &mother));
        assert!(!is_same_writer(&json!({}), &json!({})), "nobody is nobody");
    }

    #[test]
    fn a_draft_reads_back_as_it_was_written() {
        let mut draft = json!({"resourceType": "Communication", "id": "c",
            "meta": {"versionId": "3", "lastUpdated": "2026-11-22T10:00:00Z"},
            "inResponseTo": [{"reference": "Communication/t"}]});
        fill(&mut draft, ("Practitioner/d", "Utslett", " Hei\n"));
        let read = LetterDraft::read(&draft).unwrap();
        assert!(read.says("Practitioner/d", "Utslett", " Hei\n"));
        assert_eq!((read.version, read.thread.as_deref()), (3, Some("t")));
        fill(&mut draft, ("Practitioner/d", "", ""));
        let read = LetterDraft::read(&draft).unwrap();
        assert!(read.says("Practitioner/d", "", "") && draft.get("payload").is_none());
    }
}
