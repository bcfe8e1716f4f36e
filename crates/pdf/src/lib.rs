//! Documents for paper: headings, facts and tables as PDF that screen readers can read, too.
//!
//! A [`Document`] says what stands there (`document`); `lines` breaks text, `layout` puts it on pages of
//! A4, `paint` writes the file as PDF/UA-1 and PDF/A-2a, tagged. It does no I/O: whoever calls brings the
//! fonts. `reading` tells the text of a PDF that came from outside, for searching. Not here: what a document of the journal says (`web::paper`).
//! Standards: ISO 14289-1 (PDF/UA), ISO 19005-2 (PDF/A-2), ISO 32000-1 (PDF 1.7).

mod document;
mod faces;
mod layout;
mod lines;
mod paint;
mod reading;

pub use document::{Block, Column, Document, Moment, Span, Table, Text};
pub use faces::Faces;
pub use paint::write;
pub use reading::text_of;
