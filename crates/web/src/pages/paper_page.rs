//! A document for paper as a page: the same words as its PDF, and the ways to print it.

use akson_pdf::{Block, Table, Text};
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::messages::t;
use crate::paper::Paper;
use crate::who::Who;

/// The page. `file` is the address of the document as PDF.
pub(crate) fn paper(paper: &Paper, file: &str, who: &Who) -> Markup {
    let document = &paper.document;
    let title = format!("{} – {}", document.title, document.about);
    let main = html! {
        article.paper lang=(document.language) {
            p.back.deeds {
                a href=(paper.back) { (t("paper.back")) }
                span.deeds {
                    a.ds-button data-variant="secondary" href=(file) type="application/pdf" { (t("paper.pdf")) }
                    button.ds-button data-print type="button" { (t("paper.print")) }
                }
            }
            @for (at, one) in document.blocks.iter().enumerate() {
                (block(one, heading(document.blocks.get(..at).unwrap_or_default())))
            }
        }
    };
    page(&Page { title: &title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

/// The newest heading of what comes before.
fn heading(before: &[Block]) -> &str {
    let headings = before.iter().rev().filter_map(|block| match block {
        Block::Heading(text) => Some(text.as_str()),
        Block::Title(_)
        | Block::Text(_)
        | Block::Note(_)
        | Block::Alert(_)
        | Block::Facts(_)
        | Block::Table(_)
        | Block::Signature(_) => None,
    });
    headings.into_iter().next().unwrap_or_default()
}

/// `heading` is what it stands under.
fn block(block: &Block, heading: &str) -> Markup {
    html! {
        @match block {
            Block::Title(text) => { h1 { (text) } },
            Block::Heading(text) => { h2 { (text) } },
            Block::Text(words) => { p.words { (text(words)) } },
            Block::Note(words) => { p.muted { (text(words)) } },
            Block::Alert(lines) => { ul.alerts { @for line in lines { li { (text(line)) } } } },
            Block::Facts(facts) => {
                dl.facts {
                    @for (label, value) in facts { div { dt { (label) } dd { (text(value)) } } }
                }
            },
            Block::Table(one) => { (table(one, heading)) },
            Block::Signature(words) => { p.signature { (words) } },
        }
    }
}

fn table(table: &Table, heading: &str) -> Markup {
    let labels: Vec<&str> = table.columns.iter().map(|column| column.label.as_str()).collect();
    // Two tables may have the same columns.
    let name = format!("{heading}: {}", labels.join(", "));
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name.trim_start_matches(": ")) {
            table {
                thead { tr { @for label in &labels { th scope="col" { (label) } } } }
                tbody { @for row in &table.rows {
                    tr {
                        @for (at, cell) in row.iter().enumerate() {
                            @if at == 0 { th scope="row" { (text(cell)) } } @else { td { (text(cell)) } }
                        }
                    }
                } }
            }
        }
    }
}

fn text(text: &Text) -> Markup {
    html! {
        @for span in &text.0 {
            @if span.is_bold { b { (span.text) } } @else { (span.text) }
        }
    }
}
