//! A note as it is read: its text, who signed it, and what can be done with it; and its versions with
//! what was changed.

use jiff::civil::Date;
use maud::{Markup, html};

use super::document_page::prose;
use super::layout::hidden;
use super::note_editor::{co_signer, release_fields};
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::notes::{
    CoSigner, Note, Piece, SignedVersion, State, Withheld, difference, note_saved, writes_notes,
};
use crate::who::Who;

/// What the page of a note is drawn from.
pub(crate) struct NotePage<'a> {
    pub note: &'a Note,
    pub co_signers: Vec<CoSigner>,
    pub colleagues: Vec<(String, String)>,
    /// What was missing in what was sent, as a key of the messages.
    pub wrong: Option<&'static str>,
    pub today: Date,
}

/// Until when a note is not released, in words.
fn withheld_words(withheld: &Withheld) -> String {
    let until = withheld.until.as_deref().and_then(Moment::parse);
    match until {
        Some(until) => {
            tf("note.withheld", &[("date", &until.long()), ("reason", &withheld.reason)])
        }
        None => tf("note.withheld-open", &[("reason", &withheld.reason)]),
    }
}

/// What must be known of a note before it is read: that it is no more than a draft, was corrected or
/// withdrawn, or is not released.
pub(crate) fn told(note: &Note, today: Date) -> Vec<String> {
    let why = note.change_reason.as_deref().unwrap_or_default();
    let state = match note.state {
        State::Draft => Some(tf("note.state-draft", &[("name", &note.author.1)])),
        State::Discarded => Some(t("note.state-discarded").to_owned()),
        State::Merged => Some(t("note.state-merged").to_owned()),
        State::Withdrawn => Some(tf("note.state-withdrawn", &[("why", why)])),
        State::Amended if why.is_empty() => Some(t("note.state-amended").to_owned()),
        State::Amended => Some(tf("note.state-amended-why", &[("why", why)])),
        State::Signed => None,
    };
    let withheld = note.withheld.as_ref().filter(|withheld| is_withheld(withheld, today));
    state.into_iter().chain(withheld.map(withheld_words)).collect()
}

fn is_withheld(withheld: &Withheld, today: Date) -> bool {
    let until = withheld.until.as_deref().and_then(Moment::parse);
    until.is_none_or(|until| until.date() > today)
}

/// Who signed a note, or wrote it as far as it is, and when.
pub(crate) fn signed_by(note: &Note) -> String {
    let when = match note.state {
        State::Draft | State::Discarded | State::Merged => note_saved(note),
        State::Signed | State::Amended | State::Withdrawn => Moment::parse(&note.date),
    };
    let when = when.map(Moment::with_time).unwrap_or_default();
    match &note.signer {
        Some((_, name)) => tf("note.signed-by", &[("name", name), ("when", &when)]),
        None => tf("note.written-by", &[("name", &note.author.1), ("when", &when)]),
    }
}

impl NotePage<'_> {
    /// The page.
    pub(crate) fn draw(&self, patient: &str, who: &Who) -> Markup {
        let note = self.note;
        html! {
            section.card.note-read {
                (self.state())
                @if let Some(wrong) = self.wrong { p.fault role="alert" { (t(wrong)) } }
                article.document {
                    header {
                        h2 { (note.content.title) }
                        p.sub { (signed_by(note)) }
                    }
                    @if !note.content.reasons.is_empty() {
                        ul.chosen aria-label=(t("note.chosen")) {
                            @for reason in &note.content.reasons {
                                @let (_, code) = reason.parts();
                                li { span { b { (code) } " " (reason.display) } }
                            }
                        }
                    }
                    div.prose.withdrawn[note.state == State::Withdrawn] { (prose(&note.content.text)) }
                }
                (self.co_signed())
                (self.what_can_be_done(patient, who))
            }
        }
    }

    fn state(&self) -> Markup {
        html! { @for told in told(self.note, self.today) { p.told { (told) } } }
    }

    fn co_signed(&self) -> Markup {
        html! {
            @if !self.co_signers.is_empty() {
                ul.co-signers {
                    @for one in &self.co_signers {
                        li {
                            @match one.at {
                                Some(at) => (tf("note.co-signed", &[("name", &one.name), ("when", &at.with_time())])),
                                None => (tf("note.co-sign-waits", &[("name", &one.name)])),
                            }
                        }
                    }
                }
            }
        }
    }

    fn what_can_be_done(&self, patient: &str, who: &Who) -> Markup {
        let note = self.note;
        let address = format!("/pasient/{patient}/notat/{}", note.id);
        let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
        let act = |gjor: &str, label: &str, is_first: bool| {
            html! {
                form action=(address) method="post" {
                    (hidden(token))
                    button.ds-button type="submit" name="gjor" value=(gjor)
                        data-sign[gjor == "medsigner"]
                        aria-keyshortcuts=[(gjor == "medsigner").then_some("Control+Enter")]
                        data-variant=[(!is_first).then_some("secondary")] {
                        (label)
                        @if gjor == "medsigner" { " " kbd aria-hidden="true" { "Ctrl Enter" } }
                    }
                }
            }
        };
        let is_mine = note.is_by(&who.actor) && writes_notes(who);
        let is_signed = matches!(note.state, State::Signed | State::Amended);
        html! {
            div.doors {
                @if self.co_signers.iter().any(|one| one.is_me) {
                    (act("medsigner", t("note.co-sign"), true))
                }
                @if note.state == State::Discarded && is_mine { (act("hent", t("note.take-back"), true)) }
                @if is_signed && is_mine {
                    a.ds-button data-variant="secondary" href=(format!("{address}/rett")) {
                        (t("note.correct"))
                    }
                }
                @if is_mine && note.withheld.as_ref().is_some_and(|one| is_withheld(one, self.today)) {
                    (act("frigi", t("note.release"), false))
                }
                a.ds-button data-variant="tertiary" href=(format!("{address}/utskrift")) { (t("paper.print")) }
                @if matches!(note.state, State::Amended | State::Withdrawn) {
                    a.ds-button data-variant="tertiary" href=(format!("{address}/versjoner")) {
                        (t("note.versions"))
                    }
                }
            }
            @if is_signed && is_mine { (self.seldom(&address, token)) }
        }
    }

    /// What is seldom done with a signed note.
    fn seldom(&self, address: &str, token: &str) -> Markup {
        html! {
            details.more-signing open[self.wrong.is_some()] {
                summary { (t("note.seldom")) }
                @if !self.colleagues.is_empty() {
                    form action=(address) method="post" {
                        (hidden(token))
                        (co_signer(&self.colleagues))
                        button.ds-button data-variant="secondary" data-size="sm" type="submit"
                            name="gjor" value="be-medsigner" { (t("note.ask")) }
                    }
                }
                form action=(address) method="post" {
                    (hidden(token))
                    (release_fields(self.today))
                    button.ds-button data-variant="secondary" data-size="sm" type="submit"
                        name="gjor" value="utsett" { (t("note.withhold")) }
                }
                form action=(address) method="post" {
                    (hidden(token))
                    div.field {
                        label for="hvorfor" { (t("note.why-withdrawn")) }
                        input.ds-input id="hvorfor" name="hvorfor" autocomplete="off";
                    }
                    button.ds-button.stop data-variant="secondary" data-size="sm" type="submit"
                        name="gjor" value="feilfor" { (t("note.withdraw")) }
                }
            }
        }
    }
}

/// All signed versions, newest first, each with what it changed in the one before.
pub(crate) fn versions(patient: &str, current: &Note, versions: &[SignedVersion]) -> Markup {
    html! {
        section.card.note-read {
            header {
                h2 { (current.content.title) }
                p.note {
                    a href=(format!("/pasient/{patient}/notat/{}", current.id)) { (t("note.to-note")) }
                }
            }
            ol.versions {
                @for (number, version) in versions.iter().enumerate() {
                    @let before = versions.get(number + 1);
                    @let name = version.note.signer.as_ref().map_or("", |(_, name)| name.as_str());
                    li {
                        h3 {
                            (tf("note.version", &[("n", &(versions.len() - number).to_string()),
                                ("name", name), ("when", &version.at.with_time())]))
                        }
                        @if let Some(why) = &version.note.change_reason { p.sub { (why) } }
                        @if version.note.state == State::Withdrawn { p.told { (t("note.withdrawn-here")) } }
                        p.lines { (changes(before, version)) }
                    }
                }
            }
        }
    }
}

/// The text of a version with what it changed. Said as well as shown: colour and line alone carry nothing.
fn changes(before: Option<&SignedVersion>, version: &SignedVersion) -> Markup {
    let text = &version.note.content.text;
    let Some(before) = before else { return html! { (text) } };
    html! {
        @for piece in difference(&before.note.content.text, text) {
            @match piece {
                Piece::Same(text) => (text),
                Piece::Removed(text) => {
                    del { span.ds-sr-only { (t("note.removed")) " " } (text) }
                }
                Piece::Added(text) => {
                    ins { span.ds-sr-only { (t("note.added")) " " } (text) }
                }
            }
        }
    }
}
