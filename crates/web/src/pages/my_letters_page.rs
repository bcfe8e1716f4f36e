//! A citizen's messages.

use jiff::civil::Date;
use maud::{Markup, html};

use super::my_frame::{Tab, frame, token};
use crate::citizen::Mine;
use crate::forms::Form;
use crate::letter_drafts::LetterDraft;
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
    /// What of it is kept.
    pub draft: Option<&'a LetterDraft>,
}

impl<'a> Writing<'a> {
    /// What was kept of it; nothing where nothing was.
    pub(crate) fn of(draft: Option<&'a LetterDraft>) -> Self {
        draft.map_or_else(Self::default, |kept| Self {
            to: &kept.to,
            topic: &kept.topic,
            text: &kept.text,
            fault: None,
            draft,
        })
    }

    /// What a form held that was not sent.
    pub(crate) fn sent(
        form: &'a Form,
        fault: &'static str,
        draft: Option<&'a LetterDraft>,
    ) -> Self {
        let (to, topic, text) = (form.field("til"), form.field("om"), form.field("tekst"));
        Self { to, topic, text, fault: Some(fault), draft }
    }
}

/// What the list shows.
pub(crate) struct All<'a> {
    pub threads: &'a [Thread],
    /// What the reader is writing.
    pub drafts: &'a [LetterDraft],
    /// One was sent just now.
    pub is_sent: bool,
}

/// All threads.
pub(crate) fn list(mine: &Mine, all: &All<'_>, who: &Who, today: Date) -> Markup {
    let threads = all.threads;
    let main = html! {
        @if all.is_sent { p.told role="status" { (t("letters.sent")) " " (answer_time()) } }
        p { a.ds-button href=(mine.path("/meldinger/ny")) { (t("letters.new")) } }
        @if !all.drafts.is_empty() {
            section.card aria-labelledby="begun" {
                h2 id="begun" { (t("letters.begun")) }
                ul.my-rows { @for draft in all.drafts { (begun(mine, draft, threads, today)) } }
            }
        }
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

/// What is being written: it leads to where one goes on.
fn begun(mine: &Mine, draft: &LetterDraft, threads: &[Thread], today: Date) -> Markup {
    let answered = threads.iter().find(|thread| Some(&thread.id) == draft.thread.as_ref());
    let topic = match answered {
        Some(thread) => thread.topic().unwrap_or_default(),
        None => &draft.topic,
    };
    let short: String = draft.text.chars().take(60).collect();
    let place = draft.thread.as_deref().unwrap_or("ny");
    html! {
        li {
            a href=(mine.path(&format!("/meldinger/{place}"))) {
                b { @if topic.is_empty() { (t("letters.new")) } @else { (topic) } }
            }
            @if let Some(at) = draft.saved { time.my-when datetime=(at.machine()) { (at.short(today)) } }
            p.muted { (t("letters.not-sent")) @if !short.trim().is_empty() { " · " (short) } }
        }
    }
}

/// When what is written was kept, in words.
pub(crate) fn saved_words(draft: Option<&LetterDraft>) -> String {
    match draft.and_then(|draft| draft.saved) {
        Some(at) => tf("letters.saved-at", &[("when", &at.with_time())]),
        None => t("letters.saving-as-you-write").to_owned(),
    }
}

/// Why it was not sent.
pub(crate) fn refused(fault: Option<&'static str>) -> Markup {
    html! {
        div id="skjema-avvist" { @if let Some(fault) = fault { p.fault role="alert" { (fault) } } }
    }
}

/// A form in which a message is written: the script of forms (`assets/forms.js`) keeps it on the server as it
/// is written, without it the form's own buttons do.
fn writing_form(
    mine: &Mine,
    action: &str,
    writing: &Writing<'_>,
    who: &Who,
    fields: Markup,
) -> Markup {
    let version = writing.draft.map_or(0, |draft| draft.version);
    html! {
        form #skjema.my-write action=(action) method="post" enctype="multipart/form-data"
            data-saving=(t("my-forms.saving")) data-offline=(t("my-forms.offline"))
            data-unsaved=(t("my-forms.unsaved")) data-refused=(t("my-forms.refused"))
            data-logged-out=(t("my-forms.logged-out")) data-conflict=(t("letters.conflict")) {
            (token(who))
            input type="hidden" name="versjon" value=(version);
            div id="skjema-mangler" tabindex="-1" {}
            (refused(writing.fault))
            div.conflict id="skjema-konflikt" role="alert" hidden {
                p { (t("letters.conflict")) }
                div.doors {
                    button.ds-button type="submit" name="gjor" value="lagre" data-size="sm" {
                        (t("my-forms.conflict-mine"))
                    }
                    a.ds-button data-variant="secondary" data-size="sm" href=(action) {
                        (t("my-forms.conflict-other"))
                    }
                }
            }
            (fields)
            div.doors {
                button.ds-button type="submit" name="gjor" value="signer" { (t("letters.send")) }
                button.ds-button data-variant="secondary" type="submit" name="gjor" value="lagre"
                    formnovalidate { (t("my-forms.save")) }
                button.ds-button data-variant="tertiary" type="submit" name="gjor" value="forkast"
                    formnovalidate { (t("letters.throw-away")) }
                p.save-state id="skjema-lagret" role="status" { (saved_words(writing.draft)) }
            }
            p { a href=(mine.path("/meldinger")) { (t("letters.back")) } }
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
        (writing_form(mine, &action, writing, who, html! {
            (text_field(t("letters.answer"), writing.text))
            (file_field())
            p.muted { (tf("letters.to", &[("name", &other)])) " " (answer_time()) }
        }))
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
            (writing_form(mine, &mine.path("/meldinger/ny"), writing, who, html! {
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
            }))
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
        p.muted id="fil-hint" { (t("letters.files-hint")) " " (t("letters.files-not-kept")) }
        input.ds-input id="fil" name="fil" type="file" multiple data-once aria-describedby="fil-hint"
            accept="image/jpeg,image/png,application/pdf";
    }
}

fn answer_time() -> String {
    tf("letters.answer-time", &[("n", ANSWER_DAYS)])
}
