//! The section of documents: a list whose entries open in place.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Document, NoteMark};
use crate::messages::t;
use crate::numbers::count;

const SHORT: usize = 6;

pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let documents = &chart.documents;
    let shown = documents.len().min(extent.limit(SHORT));
    let patient = &chart.person.id;
    let body = html! {
        @if documents.is_empty() { (empty(t("documents.none"))) }
        ul.documents {
            @for document in documents.iter().take(shown) {
                @let reading = format!("les-{}", document.id);
                @let href = document_path(patient, document);
                @let is_draft = document.note == Some(NoteMark::Draft);
                li {
                    span {
                        @if is_draft {
                            a href=(note_path(patient, document)) { b { (document.title) } }
                        } @else {
                            a href=(href) data-hx-get=(href) data-hx-target=(format!("#{reading}"))
                                data-hx-swap="innerHTML" { b { (document.title) } }
                        }
                        @if let Some(label) = document.note.and_then(NoteMark::label) {
                            " " span.tag.tag-draft[is_draft] { (label) }
                        }
                    }
                    span.aside { @if let Some(date) = document.date { (date.short(today)) } }
                    span.sub {
                        (joined([document.kind.as_deref(), document.author.as_deref(),
                            document.organisation.as_deref()]))
                    }
                    div.reading id=(reading) {}
                }
            }
        }
        (fold(patient, Section::Documents, extent, shown, documents.len()))
    };
    let note = if documents.is_empty() { String::new() } else { count(documents.len()) };
    frame(Section::Documents, &note, body)
}

/// The parts that are there, with a dot between.
pub(crate) fn joined<const N: usize>(parts: [Option<&str>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Where a note is gone on with, corrected and signed.
pub(crate) fn note_path(patient: &str, document: &Document) -> String {
    format!("/pasient/{patient}/notat/{}", document.id)
}

/// Where a document is read.
pub(crate) fn document_path(patient: &str, document: &Document) -> String {
    format!("/pasient/{patient}/dokument/{}/{}", document.resource_type, document.id)
}
