//! A citizen's messages.

use jiff::civil::Date;
use maud::{Markup, html};

use super::my_frame::{Tab, frame, token};
use crate::citizen::Mine;
use crate::letters::{ANSWER_DAYS, Letter, Thread};
use crate::messages::{t, tf};
use crate::my_letters::{TEXT_CHARACTERS_MAX, TOPIC_CHARACTERS_MAX};
use crate::who::Who;

/// What somebody is writing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Writing<'a> {
    /// Reference of whom it is to.
    pub to: &'a str,
    pub topic: &'a str,
    pub text: &'a str,
    /// What was wrong with it.
    pub fault: Option<&'static str>,
}

/// All threads.
pub(crate) fn list(
    mine: &Mine,
    threads: &[Thread],
    is_sent: bool,
    who: &Who,
    today: Date,
) -> Markup {
    let main = html! {
        @if is_sent { p.told role="status" { (t("letters.sent")) " " (answer_time()) } }
        p { a.ds-button href=(mine.path("/meldinger/ny")) { (t("letters.new")) } }
        @if threads.is_empty() { p.muted { (t("letters.none")) } }
        @if !threads.is_empty() {
            section.card aria-label=(t("my.letters")) {
                ul.my-rows { @for thread in threads { (row(mine, thread, today)) } }
            }
        }
    };
    frame(mine, Tab::Letters, t("my.letters"), who, main)
}

fn row(mine: &Mine, thread: &Thread, today: Date) -> Markup {
    let Some(latest) = thread.latest() else { return html! {} };
    let other = thread.other_side().map(|(_, name)| name).unwrap_or_default();
    html! {
        li {
            a href=(mine.path(&format!("/meldinger/{}", thread.id))) {
                @if thread.is_new_to_patient() {
                    span.my-dot aria-hidden="true" {}
                    span.ds-sr-only { (t("my.unread")) " " }
                }
                b { (thread.topic().unwrap_or(&other)) }
            }
            @if let Some(sent) = latest.sent {
                time.my-when datetime=(sent.machine()) { (sent.short(today)) }
            }
            p.muted { (other) " · " (standing(latest)) }
        }
    }
}

/// How it stands with the newest message of a thread.
fn standing(latest: &Letter) -> &'static str {
    match (latest.is_from_patient(), latest.received.is_some()) {
        (true, true) => t("letters.is-read"),
        (true, false) => t("letters.waits"),
        (false, _) => t("letters.answered"),
    }
}

/// One thread.
pub(crate) fn thread(
    mine: &Mine,
    thread: &Thread,
    writing: &Writing<'_>,
    who: &Who,
    today: Date,
) -> Markup {
    let other = thread.other_side().map(|(_, name)| name).unwrap_or_default();
    let action = mine.path(&format!("/meldinger/{}", thread.id));
    let main = html! {
        p.back { a href=(mine.path("/meldinger")) { (t("letters.back")) } }
        @for letter in &thread.letters { (one(mine, letter, today)) }
        form.my-write action=(action) method="post" enctype="multipart/form-data" {
            (token(who))
            @if let Some(fault) = writing.fault { p.fault role="alert" { (fault) } }
            (text_field(t("letters.answer"), writing.text))
            (file_field())
            p.muted { (tf("letters.to", &[("name", &other)])) " " (answer_time()) }
            button.ds-button type="submit" { (t("letters.send")) }
        }
    };
    let title = thread.topic().map_or(other.clone(), str::to_string);
    frame(mine, Tab::Letters, &title, who, main)
}

fn one(mine: &Mine, letter: &Letter, today: Date) -> Markup {
    let class =
        if letter.is_from_patient() { "card my-letter my-letter-own" } else { "card my-letter" };
    html! {
        article class=(class) {
            h2 {
                @if letter.sender.is_empty() { (mine.person.name_or_unknown()) }
                @else { (letter.sender) }
                @if let Some(sent) = letter.sent {
                    " " time.my-when datetime=(sent.machine()) {
                        (sent.short(today))
                        @if let Some(clock) = sent.clock() { " " (t("date.at")) " " (clock) }
                    }
                }
            }
            p.my-text { (letter.text) }
            @if !letter.files.is_empty() {
                ul.my-files {
                    @for file in &letter.files {
                        li {
                            a href=(mine.path(&format!("/meldinger/{}/fil/{}", letter.id, file.number)))
                                download=(file.title) { (file.title) }
                        }
                    }
                }
            }
            @if letter.is_from_patient() {
                p.muted {
                    @match letter.received {
                        Some(at) => (tf("letters.read-at", &[("when", &at.short(today))])),
                        None => (t("letters.not-read")),
                    }
                }
            }
        }
    }
}

/// A new message.
pub(crate) fn new(
    mine: &Mine,
    recipients: &[(String, String)],
    writing: &Writing<'_>,
    who: &Who,
) -> Markup {
    let main = html! {
        p.back { a href=(mine.path("/meldinger")) { (t("letters.back")) } }
        @if recipients.is_empty() { p { (t("letters.nobody")) } }
        @if !recipients.is_empty() {
            form.my-write action=(mine.path("/meldinger/ny")) method="post"
                enctype="multipart/form-data" {
                (token(who))
                @if let Some(fault) = writing.fault { p.fault role="alert" { (fault) } }
                label for="til" { (t("letters.recipient")) }
                select.ds-input id="til" name="til" {
                    @for (reference, name) in recipients {
                        option value=(reference) selected[reference == writing.to] { (name) }
                    }
                }
                label for="om" { (t("letters.topic")) }
                input.ds-input id="om" name="om" maxlength=(TOPIC_CHARACTERS_MAX) autocomplete="off"
                    value=(writing.topic);
                (text_field(t("letters.text"), writing.text))
                (file_field())
                p.muted { (answer_time()) " " (t("letters.urgent")) }
                button.ds-button type="submit" { (t("letters.send")) }
            }
        }
    };
    frame(mine, Tab::Letters, t("letters.new"), who, main)
}

fn text_field(label: &str, text: &str) -> Markup {
    html! {
        label for="tekst" { (label) }
        textarea.ds-input id="tekst" name="tekst" rows="6" maxlength=(TEXT_CHARACTERS_MAX) required {
            (text)
        }
    }
}

fn file_field() -> Markup {
    html! {
        label for="fil" { (t("letters.files")) }
        p.muted id="fil-hint" { (t("letters.files-hint")) }
        input.ds-input id="fil" name="fil" type="file" multiple aria-describedby="fil-hint"
            accept="image/jpeg,image/png,application/pdf";
    }
}

fn answer_time() -> String {
    tf("letters.answer-time", &[("n", ANSWER_DAYS)])
}
