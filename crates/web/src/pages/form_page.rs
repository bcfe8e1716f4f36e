//! One form at a patient's chart: where it is filled in, and as it is read. The script that stores it as one
//! answers is `assets/forms.js`; without it the form's own buttons do the same.

use akson_questionnaire::Live;
use maud::{Markup, html};

use super::form_fields::{Drawing, answers};
pub(crate) use super::form_fields::{progress, result};
use super::layout::hidden;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::questionnaires::{Filled, State};
use crate::who::Who;

/// What is drawn where a form is filled in.
pub(crate) struct Filling<'d> {
    pub drawing: &'d Drawing<'d>,
    /// Where it is sent.
    pub address: String,
    pub version: u32,
    pub saved: Option<Moment>,
    /// Keys of messages: what was not taken, what is missing besides answers.
    pub refused: &'d [&'static str],
    /// Another window has stored something else.
    pub is_conflict: bool,
    /// A signed form is corrected: nothing is stored until it is signed anew.
    pub is_correction: bool,
    pub why: &'d str,
    /// Answers that do not fit the form.
    pub unfit: &'d [String],
}

/// The form.
pub(crate) fn filling(filling: &Filling<'_>, who: &Who) -> Markup {
    let form = filling.drawing.live.form;
    let title = match filling.is_correction {
        true => tf("forms.correct-heading", &[("title", &form.title)]),
        false => form.title.clone(),
    };
    html! {
        section.card.form-page aria-labelledby="skjema-h" {
            form #skjema action=(filling.address) method="post" enctype="multipart/form-data" novalidate
                data-saving=(t("forms.saving")) data-offline=(t("forms.offline"))
                data-unsaved=(t("forms.unsaved")) data-refused=(t("forms.refused"))
                data-logged-out=(t("forms.logged-out")) data-conflict=(t("forms.conflict")) {
                (hidden(who.login.as_ref().map_or("", |login| login.form_token.as_str())))
                input type="hidden" name="versjon" value=(filling.version);
                @if filling.is_correction { input type="hidden" name="retter" value="ja"; }
                @if filling.drawing.tells_missing { input type="hidden" name="fortell" value="ja"; }
                // Enter in a field stores; it is the form's first button.
                button.ds-sr-only type="submit" name="gjor" value="lagre" tabindex="-1" aria-hidden="true" {
                    (t("forms.save"))
                }
                header.form-head {
                    h1 id="skjema-h" { (title) }
                    @if !form.description.is_empty() { p.muted { (form.description) } }
                    (progress(filling.drawing.live))
                }
                (conflict(filling))
                (filling.drawing.summary())
                (refused(filling.refused))
                (unfit(filling.unfit))
                (filling.drawing.fields())
                @if filling.is_correction { (why(filling.why)) }
                (doors(filling))
            }
        }
    }
}

fn conflict(filling: &Filling<'_>) -> Markup {
    html! {
        div.conflict id="skjema-konflikt" role="alert" hidden[!filling.is_conflict] {
            p { (t("forms.conflict")) }
            div.doors {
                button.ds-button type="submit" name="gjor" value="lagre" data-size="sm" { (t("forms.conflict-mine")) }
                a.ds-button data-variant="secondary" data-size="sm" href=(filling.address) { (t("forms.conflict-theirs")) }
            }
        }
    }
}

/// What was not taken, and what is missing besides answers.
pub(crate) fn refused(keys: &[&'static str]) -> Markup {
    html! {
        div id="skjema-avvist" {
            @if !keys.is_empty() {
                div.form-summary role="alert" { @for key in keys { p { (t(key)) } } }
            }
        }
    }
}

fn unfit(unfit: &[String]) -> Markup {
    html! {
        @if !unfit.is_empty() {
            div.told {
                p { (t("forms.unfit")) }
                ul { @for one in unfit { li { (one) } } }
            }
        }
    }
}

fn why(why: &str) -> Markup {
    html! {
        div.form-question {
            label for="hvorfor" { (t("forms.why")) }
            input.ds-input id="hvorfor" name="hvorfor" value=(why) autocomplete="off" maxlength="1000";
        }
    }
}

fn doors(filling: &Filling<'_>) -> Markup {
    let saved = filling.saved.map(Moment::with_time).unwrap_or_default();
    let state = match (filling.is_correction, filling.is_conflict) {
        (true, _) => t("forms.not-stored").to_owned(),
        (false, true) => t("forms.conflict").to_owned(),
        (false, false) => tf("forms.saved-at", &[("when", &saved)]),
    };
    let sign = if filling.is_correction { t("forms.correct-sign") } else { t("forms.sign") };
    html! {
        div.form-doors {
            (result(filling.drawing.live))
            div.doors {
                button.ds-button type="submit" name="gjor" value="signer" id="skjema-signer" data-sign
                    aria-keyshortcuts="Control+Enter" { (sign) " " kbd aria-hidden="true" { "Ctrl ⏎" } }
                @if !filling.is_correction {
                    button.ds-button data-variant="secondary" type="submit" name="gjor" value="lagre" { (t("forms.save")) }
                    button.ds-button data-variant="tertiary" type="submit" name="gjor" value="forkast" { (t("forms.throw-away")) }
                }
                p.save-state.bad[filling.is_conflict] id="skjema-lagret" role="status" { (state) }
            }
        }
    }
}

/// What is drawn of a form that is read.
pub(crate) struct Reading<'d> {
    pub live: &'d Live<'d>,
    pub filled: &'d Filled,
    pub address: String,
    pub unfit: &'d [String],
    /// What is missing for what was asked.
    pub wrong: Option<&'static str>,
    /// Whether the reader may correct it.
    pub may_correct: bool,
    /// Whether the reader may mark it as entered in error.
    pub may_withdraw: bool,
}

/// The form as it was filled in.
pub(crate) fn reading(page: &Reading<'_>, who: &Who) -> Markup {
    let files = format!("{}/fil/", page.address);
    let is_withdrawn = page.filled.state == State::Withdrawn;
    html! {
        section.card.form-page.form-read {
            @if let Some(wrong) = page.wrong { p.fault role="alert" { (wrong) } }
            @if let Some(state) = state(page.filled) { p.told { (state) } }
            header.form-head {
                h2 { (page.live.form.title) }
                @if page.filled.state != State::Draft {
                    p.muted { (signed_by(page.filled)) }
                }
            }
            div.withdrawn[is_withdrawn] {
                (result(page.live))
                (answers(page.live, Some(&files)))
            }
            (unfit(page.unfit))
            @if page.may_withdraw { (changes(page, who)) }
        }
    }
}

fn state(filled: &Filled) -> Option<String> {
    let why = filled.why.as_deref().unwrap_or_default();
    match filled.state {
        State::Signed => None,
        State::Draft => Some(tf("forms.state-draft", &[("name", &filled.author.1)])),
        State::Amended if why.is_empty() => Some(t("forms.state-amended-bare").to_owned()),
        State::Amended => Some(tf("forms.state-amended", &[("why", why)])),
        State::Withdrawn => Some(tf("forms.state-withdrawn", &[("why", why)])),
    }
}

fn signed_by(filled: &Filled) -> String {
    let when = filled.authored.map(Moment::with_time).unwrap_or_default();
    let values = [("when", &*when), ("name", &*filled.author.1)];
    match filled.is_by_patient() {
        true => tf("forms.sent-by", &values),
        false => tf("forms.signed-by", &values),
    }
}

fn changes(page: &Reading<'_>, who: &Who) -> Markup {
    html! {
        div.doors.form-changes {
            @if page.may_correct {
                a.ds-button data-variant="secondary" href=(format!("{}?rett=1", page.address)) { (t("forms.correct")) }
            }
            details.more-signing {
                summary { (t("forms.withdraw")) }
                form action=(page.address) method="post" {
                    (hidden(who.login.as_ref().map_or("", |login| login.form_token.as_str())))
                    p {
                        (t("forms.withdraw-what"))
                        @if page.filled.is_by_patient() { " " (t("forms.withdraw-told")) }
                    }
                    div.field {
                        label for="feilfort" { (t("forms.withdraw-why")) }
                        input.ds-input id="feilfort" name="hvorfor" required autocomplete="off" maxlength="1000";
                    }
                    button.ds-button data-variant="secondary" type="submit" name="gjor" value="feilfort" { (t("forms.withdraw-do")) }
                }
            }
        }
    }
}
