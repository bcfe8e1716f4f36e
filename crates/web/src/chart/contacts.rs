//! Contacts with the health service as a timeline, with filters by kind, organisation and year.

use std::collections::BTreeMap;

use akson_fhir::model::NodeRef;

use super::{Document, Index};
use crate::datatypes::{concept, display, moment, target_id, text};
use crate::dates::Moment;
use crate::messages::{code, t};

/// One contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub id: String,
    /// `Encounter.class`: `AMB`, `HH`, `EMER`, `IMP`, …
    pub class: String,
    /// What it was: type or service.
    pub title: String,
    /// Why: the reasons and diagnoses, in words.
    pub reason: Option<String>,
    pub start: Option<Moment>,
    pub end: Option<Moment>,
    pub organisation: Option<String>,
    pub practitioner: Option<String>,
    /// Places of its documents in the chart's list of documents.
    pub documents: Vec<usize>,
}

/// What the reader asked to see of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub class: Option<String>,
    pub organisation: Option<String>,
    pub year: Option<i16>,
}

impl Filter {
    /// Whether nothing is filtered away.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the contact is to be shown.
    pub(crate) fn admits(&self, contact: &Contact) -> bool {
        let class = self.class.as_ref().is_none_or(|class| *class == contact.class);
        let organisation =
            self.organisation.as_ref().is_none_or(|o| Some(o) == contact.organisation.as_ref());
        let year = self.year.is_none_or(|year| contact.start.map(Moment::year) == Some(year));
        class && organisation && year
    }
}

impl Contact {
    /// A planned visit, at home or where somebody lives, with nothing told of it: one of many a day.
    pub(crate) fn is_routine(&self) -> bool {
        let is_short = self.start.zip(self.end).is_some_and(|(a, b)| a.date() == b.date());
        let is_visit = self.class == "HH" || (self.class == "NONAC" && is_short);
        is_visit && self.reason.is_none() && self.documents.is_empty()
    }

    /// The kind in words.
    pub(crate) fn kind(&self) -> &'static str {
        kind_of(&self.class)
    }
}

/// `Encounter.class` in words.
pub(crate) fn kind_of(class: &str) -> &'static str {
    code("encounter-class", class).unwrap_or_else(|| t("contacts.other-kind"))
}

pub(super) fn read<'a>(
    encounters: &[NodeRef<'a>],
    documents: &[Document],
    index: &Index<'a>,
) -> Vec<Contact> {
    let mut by_encounter: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, document) in documents.iter().enumerate() {
        if let Some(encounter) = &document.encounter {
            by_encounter.entry(encounter).or_default().push(place);
        }
    }
    let mut contacts: Vec<Contact> = encounters
        .iter()
        .filter(|e| !matches!(text(**e, &["status"]), Some("entered-in-error" | "cancelled")))
        .filter_map(|encounter| contact(*encounter, &by_encounter, index))
        .collect();
    contacts.sort_by_key(|contact| std::cmp::Reverse(contact.start));
    contacts
}

fn contact<'a>(
    node: NodeRef<'a>,
    documents: &BTreeMap<&str, Vec<usize>>,
    index: &Index<'a>,
) -> Option<Contact> {
    let id = text(node, &["id"])?.to_owned();
    let class = text(node, &["class", "code"]).unwrap_or_default().to_owned();
    let title = node
        .first("type")
        .and_then(concept)
        .or_else(|| node.first("serviceType").and_then(concept))
        .unwrap_or_else(|| kind_of(&class).to_owned());
    let mut reasons: Vec<String> = Vec::new();
    let stated = node.named("reasonCode").filter_map(concept);
    let referred = node.named("reasonReference").filter_map(|reason| index.words(reason));
    let diagnosed = node
        .named("diagnosis")
        .filter_map(|d| d.first("condition"))
        .filter_map(|condition| index.words(condition));
    for reason in stated.chain(referred).chain(diagnosed) {
        if !reasons.contains(&reason) && reason != title {
            reasons.push(reason);
        }
    }
    Some(Contact {
        documents: documents.get(id.as_str()).cloned().unwrap_or_default(),
        id,
        title,
        reason: (!reasons.is_empty()).then(|| reasons.join(", ")),
        start: moment(node, &["period", "start"]),
        end: moment(node, &["period", "end"]),
        organisation: node.first("serviceProvider").and_then(display),
        practitioner: node
            .named("participant")
            .filter_map(|p| p.first("individual"))
            .filter(|individual| !is_patient(*individual))
            .find_map(display),
        class,
    })
}

fn is_patient(reference: NodeRef<'_>) -> bool {
    let patient = text(reference, &["reference"]).is_some_and(|r| r.contains("Patient/"));
    patient && target_id(reference).is_some()
}
