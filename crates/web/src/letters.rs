//! Messages between a citizen and those who care for them: the shape that both sides read and write.
//!
//! A message is a `Communication` of the category [`MESSAGE_SYSTEM`]`|`[`MESSAGE`]: `subject` the
//! patient; `sender` and `recipient` the patient or a Practitioner or Organization; who acts for the
//! patient is a `sender` with number and name instead of a reference; `topic.text` what it is about (of
//! the first of a thread); `payload` a text, then files in place; `inResponseTo` the first of the thread;
//! `sent`; `received` when it was read. What a citizen may send is in `access/rules/acts.tsv`.
//! Not here: the citizen's pages (`my_letters`).
//! Standard: <https://hl7.org/fhir/R4/communication.html>

use akson_base::{Instant, Problem};
use serde_json::{Value, json};

use crate::dates::Moment;
use crate::fields::text_at;
use crate::people::quoted;
use crate::sight::Reader;
use crate::systems::MESSAGE_SYSTEM;

/// The category.
pub(crate) const MESSAGE: &str = "message";
/// Working days within which a message is answered.
pub(crate) const ANSWER_DAYS: &str = "5";
/// Messages of one journal that are read at a time.
const LETTERS_MAX: usize = 300;

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub id: String,
    /// The first of its thread, when it is another.
    pub answers: Option<String>,
    /// Who wrote it, by name.
    pub sender: String,
    /// `Practitioner/…` or `Organization/…` that wrote it; nothing when the patient's side did.
    pub sender_reference: Option<String>,
    /// Reference and name of whom it is to.
    pub recipient: (String, String),
    pub topic: Option<String>,
    pub text: String,
    pub files: Vec<LetterFile>,
    pub sent: Option<Moment>,
    /// When it was read.
    pub received: Option<Moment>,
}

/// A file of a message.
#[derive(Clone, Debug)]
pub(crate) struct LetterFile {
    /// Its place among the message's payloads.
    pub number: usize,
    pub title: String,
}

impl Letter {
    /// Whether the patient's side wrote it.
    pub(crate) fn is_from_patient(&self) -> bool {
        self.sender_reference.is_none()
    }

    /// Whether it waits for the patient's side to read it.
    pub(crate) fn is_new_to_patient(&self) -> bool {
        !self.is_from_patient() && self.received.is_none()
    }

    /// Reads a Communication; nothing of one that nobody has got: it is being written, or was thrown away.
    pub(crate) fn read(json: &Value) -> Option<Self> {
        let text = |at: &str| text_at(json, at).map(str::to_string);
        if matches!(text_at(json, "/status"), Some("preparation" | "not-done")) {
            return None;
        }
        let moment = |at: &str| text_at(json, at).and_then(Moment::parse);
        let sender = text("/sender/reference");
        let payloads = json.get("payload").and_then(Value::as_array);
        let payloads: &[Value] = payloads.map_or(&[], Vec::as_slice);
        let words: Vec<&str> =
            payloads.iter().filter_map(|part| part.get("contentString")?.as_str()).collect();
        let files = payloads.iter().enumerate().filter_map(|(number, part)| {
            let file = part.get("contentAttachment")?;
            let of = |name: &str| file.get(name).and_then(Value::as_str).map(str::to_string);
            Some(LetterFile { number, title: of("title").or_else(|| of("contentType"))? })
        });
        Some(Self {
            id: text("/id")?,
            answers: text("/inResponseTo/0/reference")
                .and_then(|to| to.strip_prefix("Communication/").map(str::to_string)),
            sender: text("/sender/display").unwrap_or_default(),
            sender_reference: sender.filter(|to| !to.starts_with("Patient/")),
            recipient: (
                text("/recipient/0/reference").unwrap_or_default(),
                text("/recipient/0/display").unwrap_or_default(),
            ),
            topic: text("/topic/text"),
            text: words.join("\n\n"),
            files: files.collect(),
            sent: moment("/sent"),
            received: moment("/received"),
        })
    }
}

/// Messages that belong together, the oldest first; never empty.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    /// The id of the first.
    pub id: String,
    pub letters: Vec<Letter>,
}

impl Thread {
    /// The newest message.
    pub(crate) fn latest(&self) -> Option<&Letter> {
        self.letters.last()
    }

    /// What it is about, as its first message says.
    pub(crate) fn topic(&self) -> Option<&str> {
        self.letters.iter().find_map(|letter| letter.topic.as_deref())
    }

    /// Whether something of it waits for the patient's side to read it.
    pub(crate) fn is_new_to_patient(&self) -> bool {
        self.letters.iter().any(Letter::is_new_to_patient)
    }

    /// Reference and name of the other side: whom the patient's side wrote to, or who wrote.
    pub(crate) fn other_side(&self) -> Option<(String, String)> {
        self.letters.iter().rev().find_map(|letter| match &letter.sender_reference {
            Some(to) => Some((to.clone(), letter.sender.clone())),
            None => Some(letter.recipient.clone()).filter(|(to, _)| !to.is_empty()),
        })
    }

    /// The id of the last message that somebody wrote, by reference.
    pub(crate) fn last_from(&self, sender: &str) -> Option<&str> {
        let is_by = |letter: &&Letter| letter.sender_reference.as_deref() == Some(sender);
        self.letters.iter().rev().find(is_by).map(|letter| &*letter.id)
    }
}

/// The threads of messages in any order, the one with the newest message first.
pub(crate) fn threads(letters: Vec<Letter>) -> Vec<Thread> {
    let known: Vec<String> = letters.iter().map(|letter| letter.id.clone()).collect();
    let mut threads: Vec<Thread> = Vec::new();
    let mut oldest_first = letters;
    oldest_first.sort_by(|a, b| (a.sent, &a.id).cmp(&(b.sent, &b.id)));
    for letter in oldest_first {
        let first = letter.answers.clone().filter(|id| known.contains(id));
        let first = first.unwrap_or_else(|| letter.id.clone());
        let holds = |thread: &&mut Thread| {
            thread.id == first || thread.letters.iter().any(|known| known.id == first)
        };
        match threads.iter_mut().find(holds) {
            Some(thread) => thread.letters.push(letter),
            None => threads.push(Thread { id: first, letters: vec![letter] }),
        }
    }
    threads.sort_by_key(|thread| std::cmp::Reverse(thread.latest().map(|letter| letter.sent)));
    threads
}

/// What a new message says.
pub(crate) struct NewLetter<'a> {
    /// Id of the patient.
    pub patient: &'a str,
    /// `Communication.sender`.
    pub sender: Value,
    /// `Communication.recipient`.
    pub recipient: Value,
    pub topic: &'a str,
    pub text: &'a str,
    /// `Attachment`s, their bytes in place.
    pub files: &'a [Value],
    /// Id of the first message of the thread.
    pub answers: Option<&'a str>,
    /// Id of the message of the recipient's that is answered, where it is another than the first: who
    /// wrote may be answered, also by those with nothing else to do with each other.
    pub answered: Option<&'a str>,
    pub now: Instant,
}

/// `Communication.inResponseTo`: the first message of the thread, and the one that is answered.
pub(crate) fn in_response_to(first: &str, answered: Option<&str>) -> Value {
    let last = answered.filter(|last| *last != first);
    let to = |id| json!({"reference": format!("Communication/{id}")});
    let all: Vec<Value> = std::iter::once(first).chain(last).map(to).collect();
    json!(all)
}

impl NewLetter<'_> {
    /// The Communication.
    pub(crate) fn resource(&self) -> Value {
        let mut payload = vec![json!({"contentString": self.text})];
        payload.extend(self.files.iter().map(|file| json!({"contentAttachment": file})));
        let mut body = json!({
            "resourceType": "Communication",
            "status": "completed",
            "category": [{"coding": [{"system": MESSAGE_SYSTEM, "code": MESSAGE}]}],
            "subject": {"reference": format!("Patient/{}", self.patient)},
            "sender": self.sender,
            "recipient": [self.recipient],
            "sent": self.now.to_fhir(),
            "payload": payload,
        });
        if let Some(members) = body.as_object_mut() {
            if !self.topic.is_empty() {
                members.insert("topic".into(), json!({"text": self.topic}));
            }
            if let Some(first) = self.answers {
                members.insert("inResponseTo".into(), in_response_to(first, self.answered));
            }
        }
        body
    }
}

impl Reader {
    /// The messages of a journal.
    pub(crate) async fn letters(&self, patient: &str) -> Result<Vec<Thread>, Problem> {
        let query = format!(
            "patient={}&category={}%7C{MESSAGE}&_sort=-sent&_count={LETTERS_MAX}",
            quoted(patient),
            quoted(MESSAGE_SYSTEM)
        );
        let found = self.search_json(&self.caller(), "Communication", query).await?;
        Ok(threads(found.iter().filter_map(Letter::read).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(id: &str, sent: &str, answers: Option<&str>) -> Value {
        let letter = NewLetter {
            patient: "p",
            sender: json!({"reference": "Patient/p", "display": "Kari"}),
            recipient: json!({"reference": "Practitioner/d", "display": "Dr. Dahl"}),
            topic: "",
            text: "Hei",
            files: &[json!({"contentType": "image/png", "title": "utslett.png", "data": "aGVp"})],
            answers,
            answered: Some("m2"),
            now: Instant(0),
        };
        let mut body = letter.resource();
        body["id"] = json!(id);
        body["sent"] = json!(sent);
        body
    }

    #[test]
    fn answers_stand_with_what_they_answer_and_the_newest_thread_first() {
        let all = [
            letter("c", "2026-11-03T10:00:00Z", Some("a")),
            letter("b", "2026-11-02T10:00:00Z", None),
            letter("a", "2026-11-01T10:00:00Z", None),
            letter("d", "2026-11-01T11:00:00Z", Some("gone")),
        ];
        let threads = threads(all.iter().filter_map(Letter::read).collect());
        let ids = |t: &Thread| t.letters.iter().map(|l| l.id.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(threads.iter().map(ids).collect::<Vec<_>>(), ["a c", "b", "d"]);
    }

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let read = Letter::read(&letter("a", "2026-11-01T10:00:00Z", None)).unwrap();
        assert_eq!((&*read.text, &*read.sender, read.is_from_patient()), ("Hei", "Kari", true));
        assert_eq!(
            read.files.first().map(|file| (file.number, &*file.title)),
            Some((1, "utslett.png"))
        );
        assert_eq!(read.recipient.0, "Practitioner/d");
    }
}
