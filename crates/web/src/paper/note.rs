//! A signed note for paper, or a draft that says that it is one.

use akson_base::Instant;
use akson_pdf::{Block, Text};

use super::Paper;
use crate::messages::{t, tf};
use crate::notes::{CoSigner, Note};
use crate::pages::chart_page::Sight;
use crate::pages::note_page::{signed_by, told};

/// The document.
pub(super) fn note(sight: &Sight<'_>, note: &Note, co_signers: &[CoSigner], now: Instant) -> Paper {
    let mut paper =
        Paper::about(&sight.chart.person, t("paper.one-note"), "notat", (sight.who, now));
    paper.back = format!("/pasient/{}/notat/{}", sight.chart.person.id, note.id);
    let told = told(note, sight.today);
    if !told.is_empty() {
        paper.push(Block::Alert(told.into_iter().map(Text::bold).collect()));
    }
    paper.push(Block::Heading(note.content.title.clone()));
    paper.push(Block::Note(signed_by(note).into()));
    let reasons = note.content.reasons.iter().map(|reason| {
        let (_, code) = reason.parts();
        (code.to_owned(), Text::from(&reason.display))
    });
    let reasons: Vec<(String, Text)> = reasons.collect();
    if !reasons.is_empty() {
        paper.push(Block::Facts(reasons));
    }
    for paragraph in note.content.text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        paper.push(Block::Text(paragraph.trim_matches('\n').into()));
    }
    for one in co_signers.iter().filter_map(|one| Some((one, one.at?))) {
        let (one, at) = one;
        let said = tf("note.co-signed", &[("name", &one.name), ("when", &at.with_time())]);
        paper.push(Block::Note(said.into()));
    }
    paper
}
