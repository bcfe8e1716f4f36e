//! The change of shifts: what has happened to the residents of a ward since the reader was last there.
//!
//! The last shift ends with the last dose that the reader said something of, eight hours ago or more;
//! whoever has none is told of a day and a night. Not here: HTML (`pages::handover_page`).

use akson_base::{Instant, Kind, Problem};
use axum::extract::Query;
use axum::response::Response;
use serde_json::{Value, json};

use super::Query_;
use super::administration::{self, LASTING, Outcome};
use super::dose::{began, medicine};
use super::news2::{Reading, SCORE};
use super::place::Place;
use super::read::{Residents, Ward, room, subject};
use crate::chart::{self, Person, Warning};
use crate::dates::Moment;
use crate::fields::{list, patient, text, words};
use crate::forms::Form;
use crate::letters::MESSAGE;
use crate::messages::{code, t, tf};
use crate::pages::handover_page;
use crate::response::{self, to};
use crate::sight::Reader;
use crate::systems::{MESSAGE_SYSTEM, SNOMED};

const HOUR_MILLISECONDS: i64 = 60 * 60 * 1000;
/// A pause of so many hours is between two shifts.
const PAUSE_HOURS: i64 = 8;
/// How far back somebody is told who has no shift before.
const FIRST_HOURS: i64 = 24;
/// How far back somebody is told at most.
const LONGEST_HOURS: i64 = 14 * 24;
/// Resources of one kind for all residents.
const EACH_MAX: usize = 500;
/// Characters of a note that are shown.
const NOTE_CHARACTERS: usize = 280;

/// Characters of a message to the unit.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;
/// It has no text, or too much of it.
pub(crate) const NO_TEXT: &str = "WEB-298";

fn no_text() -> Problem {
    let text = format!("A message to the unit has 1 to {MESSAGE_CHARACTERS_MAX} characters.");
    Problem::new(Kind::Invalid, NO_TEXT, text)
}

/// What a line is about, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Event,
    Score,
    Medicine,
    LeftOut,
    AsNeeded,
    Message,
    Note,
}

impl Topic {
    /// Its word in `code-handover`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Score => "score",
            Self::Medicine => "medicine",
            Self::LeftOut => "left-out",
            Self::AsNeeded => "as-needed",
            Self::Message => "message",
            Self::Note => "note",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub topic: Topic,
    pub at: Option<Moment>,
    pub words: String,
}

/// A resident with what happened.
pub(crate) struct Told {
    pub person: Person,
    pub room: String,
    pub warnings: Vec<Warning>,
    pub lines: Vec<Line>,
}

/// The change of shifts in a ward.
pub(crate) struct Handover {
    pub ward: Ward,
    pub since: Moment,
    /// Whether the reader has a shift before.
    pub is_first: bool,
    /// What was written to the unit about no resident, newest first.
    pub messages: Vec<Line>,
    /// In order of room.
    pub residents: Vec<Told>,
}

/// `GET /vaktskifte`
pub(super) async fn show(reader: Reader, Query(asked): Query_) -> Response {
    let place = Place::of(&reader, |name| asked.get(name).map(String::as_str));
    match reader.handover(&place).await {
        Ok(Some(told)) => {
            response::html(handover_page::page(&told, &place, &reader.who, reader.today()))
        }
        Ok(None) => to("/"),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// `POST /vaktskifte`: a message to everybody in the unit.
pub(super) async fn write(reader: Reader, form: Form) -> Response {
    let place = Place::of_form(&reader, &form);
    match reader.write_to_unit(form.field("tekst").trim()).await {
        Ok(()) => to(&format!("/vaktskifte?{}", place.query())),
        Err(problem) => super::refused(&reader, &place, &problem).await,
    }
}

impl Reader {
    async fn write_to_unit(&self, words: &str) -> Result<(), Problem> {
        let (Some(unit), Some(me)) = (self.own_unit(), self.who.author()) else {
            return Err(no_text());
        };
        if words.is_empty() || words.chars().count() > MESSAGE_CHARACTERS_MAX {
            return Err(no_text());
        }
        let place = self.who.place().unwrap_or_default();
        self.create(&json!({
            "resourceType": "Communication", "status": "completed",
            "category": [{"coding": [{"system": MESSAGE_SYSTEM, "code": MESSAGE}]}],
            "sender": me, "recipient": [{"reference": unit, "display": place}],
            "sent": self.now().to_fhir(), "payload": [{"contentString": words}],
        }))
        .await
        .map(drop)
    }

    /// When the reader's last shift ended, and whether there was one.
    async fn last_shift(&self) -> Result<(Instant, bool), Problem> {
        let now = self.now().0;
        let first = (Instant(now - FIRST_HOURS * HOUR_MILLISECONDS), true);
        let Some(me) = self.giver() else { return Ok(first) };
        let before = Instant(now - PAUSE_HOURS * HOUR_MILLISECONDS).to_fhir();
        let query = format!(
            "performer={}&effective-time=lt{before}&_sort=-effective-time&_count=1",
            me.reference
        );
        let found = self.search_json(&self.caller(), "MedicationAdministration", query).await?;
        let last = found.iter().find_map(administration::read).map(|one| one.at_millisecond);
        Ok(last.map_or(first, |last| {
            (Instant(last.max(now - LONGEST_HOURS * HOUR_MILLISECONDS)), false)
        }))
    }

    /// What happened in a ward. Nothing where the reader's unit has none.
    async fn handover(&self, place: &Place) -> Result<Option<Handover>, Problem> {
        let Some(found) = self.residents(place.ward.as_deref()).await? else { return Ok(None) };
        let Residents { ward, stays, .. } = found;
        let (since, is_first) = self.last_shift().await?;
        let messages = self.messages_to_unit(since).await?;
        let (since_moment, residents) = (Moment::from_instant(since), Vec::new());
        let mut told = Handover { ward, since: since_moment, is_first, messages, residents };
        if stays.is_empty() {
            return Ok(Some(told));
        }
        let all = self.happened(&stays, since).await?;
        told.residents = stays.iter().map(|stay| all.told(stay, told.since)).collect();
        told.residents.sort_by(|a, b| a.room.cmp(&b.room));
        Ok(Some(told))
    }

    /// What was written to the unit itself: messages that speak of a resident stand with the resident.
    async fn messages_to_unit(&self, since: Instant) -> Result<Vec<Line>, Problem> {
        let Some(unit) = self.own_unit() else { return Ok(Vec::new()) };
        let query = format!(
            "recipient={unit}&sent=ge{}&status=completed,in-progress&_count={EACH_MAX}",
            since.to_fhir()
        );
        let found = self.search_json(&self.caller(), "Communication", query).await?;
        let to_all = found.iter().filter(|one| text(one, "/subject/reference").is_empty());
        let mut lines: Vec<Line> = to_all.filter_map(message).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        Ok(lines)
    }

    async fn happened(&self, stays: &[Value], since: Instant) -> Result<Happened, Problem> {
        let ids = stays.iter().map(patient).collect::<Vec<_>>().join(",");
        let (caller, from) = (self.caller(), since.to_fhir());
        let each = format!("patient={ids}&_count={EACH_MAX}");
        let (people, allergies, flags, notes, requests, said, scores, events, messages) = tokio::try_join!(
            self.search(&caller, "Patient", format!("_id={ids}&_count={EACH_MAX}")),
            self.search(&caller, "AllergyIntolerance", each.clone()),
            self.search(&caller, "Flag", each.clone()),
            self.search_json(&caller, "DocumentReference", format!("{each}&date=ge{from}")),
            self.search_json(
                &caller,
                "MedicationRequest",
                format!("{each}&status=active,stopped,completed&intent=order")
            ),
            self.search_json(
                &caller,
                "MedicationAdministration",
                format!("{each}&effective-time=ge{from}&status={LASTING}")
            ),
            self.search_json(
                &caller,
                "Observation",
                format!("{each}&code={SNOMED}|{SCORE}&date=ge{from}")
            ),
            self.search_json(
                &caller,
                "AdverseEvent",
                format!("subject={ids}&date=ge{from}&_count={EACH_MAX}")
            ),
            self.search_json(
                &caller,
                "Communication",
                format!("{each}&sent=ge{from}&status=completed,in-progress")
            ),
        )?;
        let people = people.into_iter().chain(allergies).chain(flags);
        let people = people.map(|one| (subject(&one), one)).collect();
        Ok(Happened { people, notes, requests, said, scores, events, messages })
    }
}

/// What was read of all residents.
struct Happened {
    people: Vec<(String, akson_fhir::model::Resource)>,
    notes: Vec<Value>,
    requests: Vec<Value>,
    said: Vec<Value>,
    scores: Vec<Value>,
    events: Vec<Value>,
    messages: Vec<Value>,
}

impl Happened {
    fn told(&self, stay: &Value, since: Moment) -> Told {
        let id = patient(stay);
        let own: Vec<akson_fhir::model::Resource> =
            self.people.iter().filter(|(of, _)| of == id).map(|(_, one)| one.clone()).collect();
        let chart = chart::build(&own, since.date());
        let of = |all: &'_ [Value]| -> Vec<Value> {
            all.iter().filter(|one| patient(one) == id).cloned().collect()
        };
        let mut lines: Vec<Line> = Vec::new();
        lines.extend(of(&self.events).iter().map(|event| Line {
            topic: Topic::Event,
            at: Moment::parse(text(event, "/date")),
            words: words(event, "/event").to_owned(),
        }));
        lines.extend(of(&self.scores).iter().filter_map(Reading::read).map(|one| Line {
            topic: Topic::Score,
            at: Some(one.at),
            words: format!("NEWS2 {}", one.score),
        }));
        lines.extend(of(&self.requests).iter().filter_map(|one| changed(one, since)));
        lines.extend(of(&self.said).iter().filter_map(doses));
        lines.extend(of(&self.messages).iter().filter_map(message));
        lines.extend(of(&self.notes).iter().filter_map(note));
        lines.sort_by(|a, b| (a.topic, b.at).cmp(&(b.topic, a.at)));
        Told { person: chart.person, room: room(stay), warnings: chart.warnings, lines }
    }
}

/// A prescription that began or was stopped.
fn changed(request: &Value, since: Moment) -> Option<Line> {
    let name = medicine(request);
    let is_stopped = matches!(text(request, "/status"), "stopped");
    let end = text(request, "/dosageInstruction/0/timing/repeat/boundsPeriod/end");
    if let Some(end) = Moment::parse(end).filter(|_| is_stopped) {
        let why = words(request, "/statusReason");
        let words = match why {
            "" => tf("handover.stopped", &[("medicine", &name)]),
            why => tf("handover.stopped-why", &[("medicine", &name), ("why", why)]),
        };
        return (end.date() >= since.date()).then_some(Line {
            topic: Topic::Medicine,
            at: Some(end),
            words,
        });
    }
    let begun = began(request)?;
    (text(request, "/status") == "active" && begun >= since.date()).then(|| Line {
        topic: Topic::Medicine,
        at: Moment::parse(&begun.to_string()),
        words: tf(
            "handover.started",
            &[("medicine", &name), ("dosage", text(request, "/dosageInstruction/0/text"))],
        ),
    })
}

/// A dose that was not given, or was given as needed.
fn doses(said: &Value) -> Option<Line> {
    let one = administration::read(said)?;
    let is_planned = one.name.as_ref().is_some_and(|name| name.contains("@2"));
    let (topic, words) = match one.outcome {
        Outcome::NotGiven => {
            let why = one.why.as_deref().unwrap_or(t("handover.no-reason"));
            (Topic::LeftOut, tf("handover.left-out", &[("medicine", &one.medicine), ("why", why)]))
        }
        Outcome::Given if !is_planned => {
            let who = [("medicine", &*one.medicine), ("who", &*one.by.1)];
            (Topic::AsNeeded, tf("handover.given", &who))
        }
        Outcome::Unwitnessed => {
            (Topic::LeftOut, tf("handover.unwitnessed", &[("medicine", &one.medicine)]))
        }
        Outcome::Given => return None,
    };
    Some(Line { topic, at: Some(one.at), words })
}

/// A message about the resident: from whom, and its beginning.
fn message(message: &Value) -> Option<Line> {
    let contents = list(message, "/payload").iter();
    let said: Vec<&str> = contents.map(|one| text(one, "/contentString")).collect();
    let short = beginning(said.join(" ").trim());
    if short.is_empty() {
        return None;
    }
    let words = match text(message, "/sender/display") {
        "" => short,
        sender => format!("{sender}: {short}"),
    };
    Some(Line { topic: Topic::Message, at: Moment::parse(text(message, "/sent")), words })
}

/// The first characters of a text, and that there is more.
fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(NOTE_CHARACTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A note with its beginning.
fn note(document: &Value) -> Option<Line> {
    if text(document, "/status") == "entered-in-error" {
        return None;
    }
    let attachment = list(document, "/content").first()?.get("attachment")?;
    let title = match text(attachment, "/title") {
        "" => words(document, "/type"),
        title => title,
    };
    let is_text = text(attachment, "/contentType").starts_with("text/plain");
    let body = crate::base64::decode(text(attachment, "/data")).filter(|_| is_text);
    let body = body.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let short = beginning(&body);
    let words = if short.is_empty() { title.to_owned() } else { format!("{title}: {short}") };
    Some(Line { topic: Topic::Note, at: Moment::parse(text(document, "/date")), words })
}

/// What a topic is called.
pub(crate) fn called(topic: Topic) -> &'static str {
    code("handover", topic.code()).unwrap_or_default()
}
