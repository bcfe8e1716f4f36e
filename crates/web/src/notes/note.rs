//! A note as the pages know it, and as it stands in a `DocumentReference`.
//!
//! What the pages do not know of a stored note is kept as it is. Not here: reading and storing
//! (`saving`, `signing`).
//! Standard: <https://hl7.org/fhir/R4/documentreference.html>; document types: Volven 9602.

use akson_access::Actor;
use akson_access::facts::WITHHELD_LABEL;
use akson_record::WITHHELD_UNTIL;
use serde_json::{Value, json};

use crate::base64;
use crate::fields::text_at;
use crate::terminology::Terminology;
use crate::writing::{set, unset};

/// System of the key that an editor gives its note, so that one that is sent twice is stored once.
pub(crate) const KEY_SYSTEM: &str = "https://akson.no/fhir/note-key";
const DOCUMENT_TYPES: &str = "urn:oid:2.16.578.1.12.4.1.1.9602";
const REASON: &str = "https://akson.no/fhir/StructureDefinition/note-reason";
const TEMPLATE: &str = "https://akson.no/fhir/StructureDefinition/note-template";
const WITHHELD_REASON: &str = "https://akson.no/fhir/StructureDefinition/withheld-reason";
/// Why a signed note was corrected, or marked as entered in error.
pub(crate) const CHANGE_REASON: &str = "https://akson.no/fhir/StructureDefinition/change-reason";

/// How far a note has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody has signed it.
    Draft,
    /// A draft that its author has thrown away.
    Discarded,
    /// A draft of a correction that has become one.
    Merged,
    /// Signed.
    Signed,
    /// Signed, and signed again after a correction.
    Amended,
    /// Entered in error.
    Withdrawn,
}

/// A code that was chosen for the contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// `ICPC-2|T90`
    pub key: String,
    /// Its title.
    pub display: String,
    /// Whether it is to stand in the problem list.
    pub is_problem: bool,
}

impl Reason {
    /// Name of the classification and code.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.key.split_once('|').unwrap_or(("", &self.key))
    }

    /// As a CodeableConcept.
    pub(crate) fn concept(&self) -> Value {
        let (system, code) = self.parts();
        let uri = crate::terminology::System::of(system).map_or(system, |system| system.uri());
        json!({"coding": [{"system": uri, "code": code, "display": self.display}],
            "text": self.display})
    }
}

/// Until when, and why, a note is not released to the citizen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Withheld {
    /// The first day on which it is released, `2026-12-01`; none: until somebody releases it.
    pub until: Option<String>,
    /// Why, in words that the patient reads when it is released.
    pub reason: String,
}

/// What somebody writes: what the editor holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub title: String,
    pub text: String,
    /// Key of the template.
    pub template: String,
    pub reasons: Vec<Reason>,
}

/// A stored note.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub id: String,
    pub version: u32,
    pub state: State,
    pub content: Content,
    /// `Practitioner/…` and name of who wrote it.
    pub author: (String, String),
    /// Who signed it last.
    pub signer: Option<(String, String)>,
    /// `DocumentReference.date`.
    pub date: String,
    /// `Encounter/…`
    pub encounter: Option<String>,
    /// `Appointment/…`
    pub appointment: Option<String>,
    pub withheld: Option<Withheld>,
    /// Why it was corrected or withdrawn.
    pub change_reason: Option<String>,
    /// As stored.
    pub resource: Value,
}

fn extensions<'v>(of: &'v Value, url: &'v str) -> impl Iterator<Item = &'v Value> {
    let all = of.get("extension").and_then(Value::as_array).into_iter().flatten();
    all.filter(move |one| text_at(one, "/url") == Some(url))
}

fn extended<'v>(of: &'v Value, url: &'v str, value: &str) -> Option<&'v str> {
    extensions(of, url).find_map(|one| one.get(value).and_then(Value::as_str))
}

fn person(reference: &Value) -> (String, String) {
    let text = |name: &str| reference.get(name).and_then(Value::as_str).unwrap_or_default();
    (text("reference").to_owned(), text("display").to_owned())
}

fn is_withheld_label(label: &Value) -> bool {
    let of = |name: &str| label.get(name).and_then(Value::as_str).unwrap_or_default();
    WITHHELD_LABEL.split_once('|') == Some((of("system"), of("code")))
}

fn labels(resource: &Value) -> impl Iterator<Item = &Value> {
    resource.pointer("/meta/security").and_then(Value::as_array).into_iter().flatten()
}

/// The reference to who acts, with what the patient reads of them.
pub(crate) fn myself(actor: &Actor) -> Value {
    match actor.practitioner() {
        Some(own) => json!({"reference": own, "display": &*actor.display}),
        None => json!({"display": &*actor.display}),
    }
}

/// The unit for which somebody works now.
pub(crate) fn own_unit(actor: &Actor) -> Option<Value> {
    let personnel = actor.personnel()?;
    let unit = personnel.organisations.first()?;
    Some(json!({"reference": &**unit, "display": &*personnel.organisation_name}))
}

impl Note {
    /// A stored DocumentReference; `None` when it is no note in plain text of ours.
    pub(crate) fn read(resource: Value, version: u32) -> Option<Self> {
        if text_at(&resource, "/resourceType") != Some("DocumentReference") {
            return None;
        }
        let attachment = resource.pointer("/content/0/attachment")?;
        let media_type = text_at(attachment, "/contentType").unwrap_or_default();
        if media_type.split(';').next().map(str::trim) != Some("text/plain") {
            return None;
        }
        let bytes = base64::decode(text_at(attachment, "/data").unwrap_or_default())?;
        let state = match (text_at(&resource, "/status"), text_at(&resource, "/docStatus")) {
            (Some("entered-in-error"), Some("preliminary")) => State::Discarded,
            (Some("superseded"), Some("preliminary")) => State::Merged,
            (Some("entered-in-error"), _) => State::Withdrawn,
            (_, Some("preliminary")) => State::Draft,
            (_, Some("amended")) => State::Amended,
            _ => State::Signed,
        };
        let kind = text_at(&resource, "/type/text");
        let title = text_at(&resource, "/description").or(kind).unwrap_or_default();
        let content = Content {
            title: title.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            template: extended(&resource, TEMPLATE, "valueCode").unwrap_or_default().to_owned(),
            reasons: extensions(&resource, REASON).filter_map(reason).collect(),
        };
        let related = resource.pointer("/context/related").and_then(Value::as_array);
        let mut related = related.into_iter().flatten().filter_map(|to| text_at(to, "/reference"));
        let label = labels(&resource).find(|label| is_withheld_label(label));
        let owned = |path: &str| text_at(&resource, path).map(str::to_owned);
        Some(Self {
            id: owned("/id")?,
            version,
            state,
            content,
            author: resource.pointer("/author/0").map(person).unwrap_or_default(),
            signer: resource.get("authenticator").map(person),
            date: owned("/date").unwrap_or_default(),
            encounter: owned("/context/encounter/0/reference"),
            appointment: related.find(|to| to.starts_with("Appointment/")).map(str::to_owned),
            withheld: label.filter(|_| state != State::Draft).map(|label| Withheld {
                until: extended(label, WITHHELD_UNTIL, "valueDateTime").map(str::to_owned),
                reason: extended(label, WITHHELD_REASON, "valueString").unwrap_or_default().into(),
            }),
            change_reason: extended(&resource, CHANGE_REASON, "valueString").map(str::to_owned),
            resource,
        })
    }

    /// Whether `actor` wrote it. Where nobody logs in, everybody did.
    pub(crate) fn is_by(&self, actor: &Actor) -> bool {
        match actor.practitioner() {
            Some(own) => self.author.0 == own,
            None => self.author.0.is_empty() && self.author.1 == *actor.display,
        }
    }

    /// The resource with other content.
    pub(crate) fn with(&self, content: &Content) -> Value {
        let mut resource = self.resource.clone();
        fill(&mut resource, content);
        resource
    }
}

fn reason(extension: &Value) -> Option<Reason> {
    let coding = extensions(extension, "code").next()?.pointer("/valueCodeableConcept/coding/0")?;
    let system = crate::terminology::System::of(text_at(coding, "/system")?)?;
    let is_problem = extensions(extension, "problem")
        .any(|one| one.get("valueBoolean").and_then(Value::as_bool) == Some(true));
    Some(Reason {
        key: format!("{}|{}", system.name(), text_at(coding, "/code")?),
        display: text_at(coding, "/display").unwrap_or_default().to_owned(),
        is_problem,
    })
}

/// A new draft.
pub(crate) fn draft(
    patient: &str,
    key: &str,
    now: &str,
    actor: &Actor,
    content: &Content,
) -> Value {
    let mut resource = json!({
        "resourceType": "DocumentReference",
        "meta": {"security": [withheld_label(&Withheld::default())]},
        "identifier": [{"system": KEY_SYSTEM, "value": key}],
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [{"system": DOCUMENT_TYPES, "code": "B02-2", "display": "Journalnotat"}],
            "text": "Journalnotat"},
        "category": [{"coding": [{"system": DOCUMENT_TYPES, "code": "B00-1",
            "display": "Kontinuerlig/løpende journal"}]}],
        "subject": {"reference": format!("Patient/{patient}")},
        "date": now,
        "author": [myself(actor)],
    });
    if let Some(unit) = own_unit(actor) {
        set(&mut resource, "custodian", unit);
    }
    fill(&mut resource, content);
    resource
}

fn fill(resource: &mut Value, content: &Content) {
    // FHIR knows no empty text: what is empty is left out.
    let mut attachment = json!({"contentType": "text/plain; charset=utf-8", "language": "nb"});
    if content.title.is_empty() {
        unset(resource, "description");
    } else {
        set(resource, "description", json!(content.title));
        set(&mut attachment, "title", json!(content.title));
    }
    if !content.text.is_empty() {
        set(&mut attachment, "data", json!(base64::encode(content.text.as_bytes())));
    }
    set(resource, "content", json!([{"attachment": attachment}]));
    let mut kept = others(resource, &[REASON, TEMPLATE]);
    if !content.template.is_empty() {
        kept.push(json!({"url": TEMPLATE, "valueCode": content.template}));
    }
    kept.extend(content.reasons.iter().map(|reason| {
        json!({"url": REASON, "extension": [
            {"url": "code", "valueCodeableConcept": reason.concept()},
            {"url": "problem", "valueBoolean": reason.is_problem}]})
    }));
    put_list(resource, "extension", kept);
}

/// The extensions but these.
fn others(resource: &Value, urls: &[&str]) -> Vec<Value> {
    let all = resource.get("extension").and_then(Value::as_array).into_iter().flatten();
    let is_other = |one: &&Value| text_at(one, "/url").is_none_or(|url| !urls.contains(&url));
    all.filter(is_other).cloned().collect()
}

/// A list; the member goes when it is empty, as FHIR wants it.
fn put_list(resource: &mut Value, name: &str, list: Vec<Value>) {
    if list.is_empty() {
        unset(resource, name);
    } else {
        set(resource, name, list.into());
    }
}

/// Says why it was changed; takes an earlier reason away when there is none.
pub(crate) fn say_why(resource: &mut Value, why: &str) {
    let mut kept = others(resource, &[CHANGE_REASON]);
    if !why.trim().is_empty() {
        kept.push(json!({"url": CHANGE_REASON, "valueString": why.trim()}));
    }
    put_list(resource, "extension", kept);
}

fn withheld_label(withheld: &Withheld) -> Value {
    let (system, code) = WITHHELD_LABEL.split_once('|').unwrap_or_default();
    let mut label = json!({"system": system, "code": code});
    let mut told = Vec::new();
    if let Some(until) = &withheld.until {
        told.push(json!({"url": WITHHELD_UNTIL, "valueDateTime": until}));
    }
    if !withheld.reason.is_empty() {
        told.push(json!({"url": WITHHELD_REASON, "valueString": withheld.reason}));
    }
    put_list(&mut label, "extension", told);
    label
}

/// Sets or takes away the label of what is not released; other labels stay.
pub(crate) fn withhold(resource: &mut Value, withheld: Option<&Withheld>) {
    let mut kept: Vec<Value> =
        labels(resource).filter(|label| !is_withheld_label(label)).cloned().collect();
    kept.extend(withheld.map(withheld_label));
    let mut meta = resource.get("meta").cloned().unwrap_or_else(|| json!({}));
    put_list(&mut meta, "security", kept);
    match meta.as_object().is_some_and(|meta| !meta.is_empty()) {
        true => set(resource, "meta", meta),
        false => unset(resource, "meta"),
    }
}

/// The chosen codes of a form: those of the terminology, and those that the draft had already.
pub(crate) fn reasons(
    keys: &[&str],
    problems: &[&str],
    before: &[Reason],
    terminology: &Terminology,
) -> Vec<Reason> {
    let mut chosen: Vec<Reason> = Vec::new();
    for key in keys {
        let known = terminology.get(key).map(|concept| concept.display.clone());
        let earlier = before.iter().find(|one| one.key == *key).map(|one| one.display.clone());
        let Some(display) = known.or(earlier) else { continue };
        if chosen.iter().all(|one| one.key != *key) {
            let is_problem = problems.contains(key);
            chosen.push(Reason { key: (*key).to_owned(), display, is_problem });
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        let reason = |key: &str, is_problem| Reason {
            key: key.into(),
            display: "Diabetes type 2".into(),
            is_problem,
        };
        Content {
            title: "Årskontroll".into(),
            text: text.into(),
            template: "diabetes".into(),
            reasons: vec![reason("ICPC-2|T90", true), reason("ICD-10|E11.9", false)],
        }
    }

    fn stored(mut resource: Value) -> Note {
        set(&mut resource, "id", json!("n1"));
        Note::read(resource, 3).unwrap()
    }

    #[test]
    fn what_was_written_is_read_back_letter_for_letter() {
        for text in ["", "Aktuelt: æøå\n\n  to mellomrom  \n", "<b>&\"'\u{1F600}"] {
            let resource = draft("p1", "k", "2026-11-22T10:00:00Z", &Actor::open(), &content(text));
            let note = stored(resource);
            assert_eq!(note.content, content(text));
            assert_eq!((note.state, note.version), (State::Draft, 3));
            assert!(note.is_by(&Actor::open()) && !note.is_by(&Actor::operator()));
            assert_eq!(note.withheld, None, "that a draft is withheld says nothing of the note");
        }
    }

    #[test]
    fn a_draft_carries_the_label_and_other_labels_are_kept() {
        let mut resource = draft("p1", "k", "2026", &Actor::open(), &content("x"));
        assert_eq!(labels(&resource).count(), 1);
        withhold(&mut resource, None);
        assert!(resource.get("meta").is_none());
        let other = json!({"system": "x", "code": "PSY"});
        set(&mut resource, "meta", json!({"security": [other]}));
        set(&mut resource, "docStatus", json!("final"));
        let until = Some("2026-12-01".to_owned());
        let withheld = Withheld { until, reason: "Samtale først".into() };
        withhold(&mut resource, Some(&withheld));
        withhold(&mut resource, Some(&withheld));
        assert_eq!(labels(&resource).count(), 2);
        let note = stored(resource.clone());
        assert_eq!((note.state, note.withheld), (State::Signed, Some(withheld)));
        withhold(&mut resource, None);
        assert_eq!(labels(&resource).cloned().collect::<Vec<_>>(), [other]);
    }

    #[test]
    fn what_the_pages_do_not_know_is_kept() {
        let mut resource = draft("p1", "k", "2026", &Actor::open(), &content("x"));
        set(&mut resource, "extension", json!([{"url": "https://other", "valueCode": "y"}]));
        let note = stored(resource);
        let mut again = note.with(&Content::default());
        assert_eq!(again["extension"], json!([{"url": "https://other", "valueCode": "y"}]));
        say_why(&mut again, " feil side ");
        let note = stored(again);
        assert_eq!(note.change_reason.as_deref(), Some("feil side"));
    }

    #[test]
    fn only_codes_that_exist_are_chosen_and_each_once() {
        let terminology = Terminology::built_in();
        let old =
            [Reason { key: "ICD-10|X99".into(), display: "Gammel".into(), is_problem: false }];
        let keys = ["ICPC-2|T90", "ICPC-2|T90", "ICPC-2|Q99", "x", "ICD-10|X99"];
        let chosen = reasons(&keys, &["ICPC-2|T90"], &old, &terminology);
        let told: Vec<(&str, bool)> =
            chosen.iter().map(|one| (one.key.as_str(), one.is_problem)).collect();
        assert_eq!(told, [("ICPC-2|T90", true), ("ICD-10|X99", false)]);
    }
}
