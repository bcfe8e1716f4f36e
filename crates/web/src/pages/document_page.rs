//! One document: its text where it can be read in place, else a file to fetch.

use maud::{Markup, html};

use crate::chart::Document;
use crate::messages::{t, tf};

/// What is known of one attachment when the page is drawn.
pub(crate) enum Content {
    /// Plain text, decoded.
    Text(String),
    /// Something else: its media type, size in bytes, and where it is fetched.
    File {
        /// `application/pdf`
        media_type: String,
        /// Decoded size.
        bytes: usize,
        /// Address of the download.
        href: String,
    },
    /// The record has a description of the document but not the document.
    Absent,
}

/// The document's article; also the fragment that opens in place in a list.
pub(crate) fn article(
    patient: &str,
    document: &Document,
    contents: &[Content],
    close: Option<&str>,
) -> Markup {
    html! {
        article.document {
            header {
                h3 { (document.title) }
                p.sub {
                    @if let Some(date) = document.date { (date.with_time()) " · " }
                    (super::documents::joined([document.author.as_deref(), document.organisation.as_deref()]))
                }
                @if let Some(close) = close {
                    button.ds-button.close data-variant="tertiary" data-size="sm" type="button"
                        data-close=(close) { (t("documents.close")) }
                }
            }
            @for content in contents { (show(content)) }
            @if contents.is_empty() { (show(&Content::Absent)) }
            @if document.note.is_some() {
                p { a.more href=(super::documents::note_path(patient, document)) { (t("documents.note")) } }
            }
        }
    }
}

fn show(content: &Content) -> Markup {
    match content {
        Content::Text(text) => html! { div.prose { (prose(text)) } },
        Content::File { media_type, bytes, href } => html! {
            p {
                a.ds-button data-variant="secondary" data-size="sm" href=(href) download {
                    (t("documents.fetch"))
                }
                " " span.muted { (media_type) ", " (tf("documents.size", &[("n", &bytes.div_ceil(1024).to_string())])) }
            }
        },
        Content::Absent => html! { p.muted { (t("documents.absent")) } },
    }
}

/// Plain text as paragraphs; `#` headings and `-` lists, which notes often have, become their own.
pub(crate) fn prose(text: &str) -> Markup {
    let mut blocks: Vec<Markup> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        if let Some(heading) = heading(trimmed) {
            blocks.push(html! { h4 { (heading) } });
        } else if let Some(item) = list_item(trimmed) {
            let mut items = vec![item.to_owned()];
            while let Some(next) = lines.next_if(|next| list_item(next.trim()).is_some()) {
                items.extend(list_item(next.trim()).map(str::to_owned));
            }
            blocks.push(html! { ul { @for item in &items { li { (item) } } } });
        } else {
            let mut paragraph = vec![trimmed.to_owned()];
            let plain = |next: &&str| {
                let next = next.trim();
                !next.is_empty() && heading(next).is_none() && list_item(next).is_none()
            };
            while let Some(next) = lines.next_if(|next| plain(next)) {
                paragraph.push(next.trim().to_owned());
            }
            blocks.push(html! { p.lines { (paragraph.join("\n")) } });
        }
    }
    html! { @for block in &blocks { (block) } }
}

/// `# Heading`, or a short line in capitals: `DIAGNOSER`.
fn heading(line: &str) -> Option<&str> {
    let marked = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim());
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = letters >= 4
        && line.chars().count() <= 60
        && !line.ends_with('.')
        && line.chars().all(|c| !c.is_lowercase());
    marked.or_else(|| capitals.then_some(line))
}

fn list_item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(|| line.strip_prefix("• "))
}
