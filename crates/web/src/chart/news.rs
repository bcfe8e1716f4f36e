//! What is new: the events of the last days, newest first, each leading to its place.

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use super::{Chart, Direction, Group, Medications, NoteMark};
use crate::datatypes::{display, moment, text};
use crate::dates::{Moment, days_between};
use crate::messages::t;

/// How far back the news look, in days.
pub(crate) const DAYS_MAX: i64 = 90;

/// What happened. Within a day they are shown in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NewsKind {
    /// A contact: its place in the chart's list.
    Contact(usize),
    /// Planned visits at home with nothing told of them: how many, by whom.
    Visits(usize, Option<String>),
    /// A diagnosis new to the patient.
    Diagnosis(String),
    /// A drug whose strength or form was changed: the new one, its dosage, the old one.
    Changed(String, Option<String>, String),
    /// A drug new to the patient, with its dosage.
    Started(String, Option<String>),
    /// A drug that ended.
    Stopped(String),
    /// A value outside what is normal.
    Abnormal {
        /// The series.
        key: String,
        name: String,
        value: String,
        direction: Direction,
        /// The value before.
        before: Option<String>,
    },
    /// A document without a contact: its place in the chart's list.
    Document(usize),
    /// A vaccination.
    Vaccination(String),
    /// A message: who wrote, and its beginning.
    Message(Option<String>, String),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub date: Moment,
    pub kind: NewsKind,
}

/// Collects the events of the last [`DAYS_MAX`] days from the sections.
pub(super) fn read(chart: &Chart, messages: &[NodeRef<'_>], today: Date) -> Vec<News> {
    let recent = |date: Option<Moment>| {
        date.filter(|date| (0..=DAYS_MAX).contains(&days_between(date.date(), today)))
    };
    let mut news: Vec<News> = Vec::new();
    let mut add = |date: Option<Moment>, kind: NewsKind| {
        if let Some(date) = recent(date) {
            news.push(News { date, kind });
        }
    };
    let mut routine = chart.contacts.iter().filter(|c| c.is_routine() && recent(c.start).is_some());
    let visits = routine.clone().count();
    if let Some(latest) = routine.next() {
        add(latest.start, NewsKind::Visits(visits, latest.organisation.clone()));
    }
    for (place, contact) in chart.contacts.iter().enumerate().filter(|(_, c)| !c.is_routine()) {
        // A stay is news when it ends.
        let is_stay = contact.start.map(Moment::date) != contact.end.map(Moment::date);
        let date = if is_stay { contact.end.or(contact.start) } else { contact.start };
        add(date, NewsKind::Contact(place));
    }
    for diagnosis in &chart.diagnoses.active {
        add(diagnosis.since, NewsKind::Diagnosis(diagnosis.text.clone()));
    }
    for (date, kind) in drugs(&chart.medications) {
        add(date, kind);
    }
    for vaccination in &chart.vaccinations {
        add(vaccination.date, NewsKind::Vaccination(vaccination.text.clone()));
    }
    let documents = chart.documents.iter().enumerate();
    // What nobody has signed is no news yet.
    for (place, document) in documents.filter(|(_, one)| one.note != Some(NoteMark::Draft)) {
        let of_contact = chart.contacts.iter().any(|contact| contact.documents.contains(&place));
        if !of_contact {
            add(document.date, NewsKind::Document(place));
        }
    }
    for series in chart.series.iter().filter(|series| series.group != Group::Other) {
        if let Some(latest) = series.latest()
            && let Some(direction) = latest.direction
        {
            let before = series.points.get(1).map(|point| point.value.text.clone());
            let (key, name) = (series.key.clone(), series.name.clone());
            let value = latest.value.text.clone();
            add(latest.date, NewsKind::Abnormal { key, name, value, direction, before });
        }
    }
    for message in messages {
        let Some(content) = text(*message, &["payload", "content"]) else { continue };
        add(moment(*message, &["sent"]), NewsKind::Message(writer(*message), content.to_owned()));
    }
    news.sort_by_key(|one| (std::cmp::Reverse(one.date.date()), rank(&one.kind)));
    news
}

/// Who wrote a message, when that can be told: the patient, or whoever is named.
fn writer(message: NodeRef<'_>) -> Option<String> {
    let sender = message.first("sender")?;
    let is_patient =
        text(sender, &["reference"]).is_some_and(|reference| reference.starts_with("Patient/"));
    if is_patient {
        return Some(t("news.patient-wrote").to_string());
    }
    display(sender).map(|name| format!("{name}:"))
}

fn rank(kind: &NewsKind) -> u8 {
    match kind {
        NewsKind::Contact(_) => 0,
        NewsKind::Message(..) => 1,
        NewsKind::Document(_) => 2,
        NewsKind::Diagnosis(_) => 3,
        NewsKind::Changed(..) => 4,
        NewsKind::Started(..) => 5,
        NewsKind::Stopped(_) => 6,
        NewsKind::Abnormal { .. } => 7,
        NewsKind::Vaccination(_) => 8,
        NewsKind::Visits(..) => 9,
    }
}

/// What began, ended and was changed among the drugs. A drug that ends on the day when another
/// strength of it begins was changed.
fn drugs(medications: &Medications) -> Vec<(Option<Moment>, NewsKind)> {
    let substance = |text: &str| text.split_whitespace().next().unwrap_or(text).to_lowercase();
    let day = |moment: Option<Moment>| moment.map(Moment::date);
    let mut events = Vec::new();
    let mut replaced: Vec<&str> = Vec::new();
    for drug in &medications.in_use {
        let before = medications.former.iter().find(|former| {
            let near = day(former.until).zip(day(drug.since));
            near.is_some_and(|(end, begin)| days_between(end, begin).abs() <= 1)
                && substance(&former.text) == substance(&drug.text)
        });
        let (text, dosage) = (drug.text.clone(), drug.dosage.clone());
        events.push(match before {
            Some(before) => {
                replaced.push(&before.text);
                (drug.since, NewsKind::Changed(text, dosage, before.text.clone()))
            }
            None => (drug.since, NewsKind::Started(text, dosage)),
        });
    }
    let ended =
        medications.former.iter().filter(|former| !replaced.contains(&former.text.as_str()));
    events.extend(ended.map(|former| (former.until, NewsKind::Stopped(former.text.clone()))));
    events
}
