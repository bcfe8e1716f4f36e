//! Documents: letters, notes and reports, and the attachments that hold their text.
//!
//! The chart keeps no document text: opening one is a read of its own, with its own log entry.

use std::collections::HashSet;

use akson_fhir::model::NodeRef;

use crate::datatypes::{concept, display, moment, target_id, text};
use crate::dates::Moment;
use crate::messages::t;

/// One document as a line in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// `DocumentReference` or `DiagnosticReport`.
    pub resource_type: &'static str,
    pub id: String,
    pub title: String,
    /// The kind, when the title says something else.
    pub kind: Option<String>,
    pub date: Option<Moment>,
    pub author: Option<String>,
    pub organisation: Option<String>,
    /// Id of the contact that it belongs to.
    pub encounter: Option<String>,
    /// How it stands, of what is written on the pages; `None` for what came from elsewhere.
    pub note: Option<NoteMark>,
}

/// How a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteMark {
    Signed,
    Draft,
    Amended,
    Withdrawn,
}

impl NoteMark {
    /// `None` for a document whose text is not written on the pages.
    pub(crate) fn of(node: NodeRef<'_>) -> Option<Self> {
        let media_type = text(node, &["content", "attachment", "contentType"])?;
        let status = text(node, &["docStatus"])?;
        if media_type.split(';').next() != Some("text/plain") {
            return None;
        }
        Some(match (text(node, &["status"]), status) {
            (Some("entered-in-error"), _) => Self::Withdrawn,
            (_, "preliminary") => Self::Draft,
            (_, "amended") => Self::Amended,
            _ => Self::Signed,
        })
    }

    /// What the list says of it; nothing of what is signed and stands.
    pub(crate) fn label(self) -> Option<&'static str> {
        match self {
            Self::Signed => None,
            Self::Draft => Some(t("documents.draft")),
            Self::Amended => Some(t("documents.amended")),
            Self::Withdrawn => Some(t("documents.withdrawn")),
        }
    }
}

/// What a document holds: bytes in place or in a Binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// As stated, without parameters, lower case: `text/plain`.
    pub media_type: String,
    /// Base64 as it stands in the resource.
    pub data: Option<String>,
    /// Id of a Binary in this record.
    pub binary: Option<String>,
    pub title: Option<String>,
}

/// A DocumentReference, taken apart while its journal is read: its text is most of it, and no chart tells it.
#[derive(Clone, Debug)]
pub(crate) struct Filed {
    /// Nothing of what is no document in the journal any more.
    document: Option<Document>,
    /// The last parts of its identifiers: ids of the reports that it is the text of.
    known_as: Vec<String>,
}

impl Filed {
    pub(super) fn read(reference: NodeRef<'_>) -> Self {
        let values = reference
            .named("identifier")
            .filter_map(|identifier| text(identifier, &["value"]))
            .filter_map(|value| value.rsplit(':').next());
        let known_as = values.map(str::to_owned).collect();
        Self { document: document_reference(reference), known_as }
    }
}

pub(super) fn read(filed: Vec<Filed>, reports: &[NodeRef<'_>]) -> Vec<Document> {
    let (documents, known_as): (Vec<_>, Vec<_>) =
        filed.into_iter().map(|one| (one.document, one.known_as)).unzip();
    let mut documents: Vec<Document> = documents.into_iter().flatten().collect();
    // A report whose text is also filed as a document (same identifier) is listed once.
    let filed: HashSet<&str> = known_as.iter().flatten().map(String::as_str).collect();
    let reports = reports
        .iter()
        .filter(|report| report.first("presentedForm").is_some())
        .filter(|report| !text(**report, &["id"]).is_some_and(|id| filed.contains(id)))
        .filter(|report| !is_copy(**report, &documents))
        .filter_map(|report| diagnostic_report(*report))
        .collect::<Vec<_>>();
    documents.extend(reports);
    documents.sort_by_key(|document| std::cmp::Reverse(document.date));
    documents
}

/// A report of the same contact and moment as a filed document is its copy: servers that give new
/// ids on load break the link by identifier.
fn is_copy(report: NodeRef<'_>, documents: &[Document]) -> bool {
    let date = moment(report, &["issued"]);
    let encounter = report.first("encounter").and_then(target_id);
    date.is_some()
        && documents
            .iter()
            .any(|document| document.date == date && document.encounter.as_deref() == encounter)
}

fn document_reference(node: NodeRef<'_>) -> Option<Document> {
    let note = NoteMark::of(node);
    // A draft that was thrown away, or has become a correction, is nothing in the journal; a signed note
    // that was entered in error is still read, as what it is.
    match (text(node, &["status"]), text(node, &["docStatus"])) {
        (Some("entered-in-error" | "superseded"), Some("preliminary")) => return None,
        (Some("entered-in-error"), _) if note.is_none() => return None,
        _ => {}
    }
    let kind = node.first("type").and_then(concept);
    let title = text(node, &["description"])
        .or_else(|| text(node, &["content", "attachment", "title"]))
        .map(str::to_owned);
    Some(Document {
        resource_type: "DocumentReference",
        id: text(node, &["id"])?.to_owned(),
        kind: if title.is_some() {
            kind.clone().filter(|k| Some(k) != title.as_ref())
        } else {
            None
        },
        title: title.or(kind).unwrap_or_else(|| t("documents.untitled").to_owned()),
        date: moment(node, &["date"])
            .or_else(|| moment(node, &["context", "period", "start"]))
            .or_else(|| moment(node, &["content", "attachment", "creation"])),
        author: node.first("author").and_then(display),
        organisation: node.first("custodian").and_then(display),
        encounter: node.path(&["context", "encounter"]).and_then(target_id).map(str::to_owned),
        note,
    })
}

fn diagnostic_report(node: NodeRef<'_>) -> Option<Document> {
    Some(Document {
        resource_type: "DiagnosticReport",
        id: text(node, &["id"])?.to_owned(),
        title: node.first("code").and_then(concept)?,
        kind: None,
        date: moment(node, &["issued"]).or_else(|| moment(node, &["effective"])),
        author: node.first("performer").and_then(display),
        organisation: None,
        encounter: node.first("encounter").and_then(target_id).map(str::to_owned),
        note: None,
    })
}

/// The attachments of a DocumentReference or DiagnosticReport, in order.
pub(crate) fn attachments(node: NodeRef<'_>) -> Vec<Attachment> {
    let content = node.named("content").filter_map(|content| content.first("attachment"));
    content.chain(node.named("presentedForm")).map(attachment).collect()
}

fn attachment(node: NodeRef<'_>) -> Attachment {
    let media_type = text(node, &["contentType"]).unwrap_or("application/octet-stream");
    let media_type = media_type.split(';').next().unwrap_or(media_type).trim();
    Attachment {
        media_type: media_type.to_ascii_lowercase(),
        data: text(node, &["data"]).map(str::to_owned),
        binary: text(node, &["url"])
            .and_then(|url| url.rsplit_once("Binary/"))
            .map(|(_, id)| id.split('/').next().unwrap_or(id).to_owned()),
        title: text(node, &["title"]).map(str::to_owned),
    }
}
