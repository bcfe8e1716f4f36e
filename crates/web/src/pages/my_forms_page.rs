//! A form on a citizen's own page: to fill in and send, and as it was sent. The script that stores it as one
//! answers is `assets/forms.js`; without it the form's own buttons do the same.

use akson_questionnaire::Live;
use jiff::civil::Date;
use maud::{Markup, html};

use super::form_fields::{Drawing, answers, progress};
use super::form_page::refused;
use super::my_frame::{Tab, frame, token};
use crate::citizen::Mine;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::questionnaires::{Asked, Filled, State};
use crate::who::Who;

/// What is drawn where a form is filled in.
pub(crate) struct Answering<'d> {
    pub mine: &'d Mine,
    pub asked: &'d Asked,
    pub drawing: &'d Drawing<'d>,
    /// Of what is stored; 0 where nothing is.
    pub version: u32,
    pub saved: Option<Moment>,
    /// Keys of messages: what was not taken.
    pub refused: &'d [&'static str],
    /// Another window has stored something else.
    pub is_conflict: bool,
}

/// The form.
pub(crate) fn answering(page: &Answering<'_>, who: &Who, today: Date) -> Markup {
    let form = page.drawing.live.form;
    let address = page.mine.path(&format!("/skjema/{}", page.asked.task));
    let main = html! {
        p.muted { (asks(page.asked, today)) }
        section.card.form-page aria-label=(form.title) {
            form #skjema action=(address) method="post" enctype="multipart/form-data" novalidate
                data-saving=(t("my-forms.saving")) data-offline=(t("my-forms.offline"))
                data-unsaved=(t("my-forms.unsaved")) data-refused=(t("my-forms.refused"))
                data-logged-out=(t("my-forms.logged-out")) data-conflict=(t("my-forms.conflict")) {
                (token(who))
                input type="hidden" name="versjon" value=(page.version);
                @if page.drawing.tells_missing { input type="hidden" name="fortell" value="ja"; }
                // Enter in a field stores; it is the form's first button.
                button.ds-sr-only type="submit" name="gjor" value="lagre" tabindex="-1" aria-hidden="true" {
                    (t("my-forms.save"))
                }
                header.form-head {
                    @if !form.description.is_empty() { p.muted { (form.description) } }
                    (progress(page.drawing.live))
                }
                div.conflict id="skjema-konflikt" role="alert" hidden[!page.is_conflict] {
                    p { (t("my-forms.conflict")) }
                    div.doors {
                        button.ds-button type="submit" name="gjor" value="lagre" data-size="sm" { (t("my-forms.conflict-mine")) }
                        a.ds-button data-variant="secondary" data-size="sm" href=(address) { (t("my-forms.conflict-other")) }
                    }
                }
                (page.drawing.summary())
                (refused(page.refused))
                (page.drawing.fields())
                (doors(page))
            }
        }
    };
    frame(page.mine, Tab::Home, &form.title, who, main)
}

/// `Kari Dahl ber deg svare innen 6. des.`
pub(crate) fn asks(asked: &Asked, today: Date) -> String {
    let name = asked.requester.as_str();
    match asked.by.map(|by| by.short(today)) {
        Some(by) if asked.is_late => tf("my-forms.asked-late", &[("name", name), ("by", &by)]),
        Some(by) => tf("my-forms.asked-by", &[("name", name), ("by", &by)]),
        None => tf("my-forms.asked", &[("name", name)]),
    }
}

fn doors(page: &Answering<'_>) -> Markup {
    let state = match (page.is_conflict, page.saved.map(Moment::with_time)) {
        (true, _) => t("my-forms.conflict").to_owned(),
        (false, Some(when)) => tf("my-forms.saved-at", &[("when", &when)]),
        (false, None) => t("my-forms.not-begun").to_owned(),
    };
    html! {
        div.form-doors {
            div.doors {
                button.ds-button type="submit" name="gjor" value="signer" id="skjema-signer" data-sign { (t("my-forms.send")) }
                button.ds-button data-variant="secondary" type="submit" name="gjor" value="lagre" { (t("my-forms.save")) }
                p.save-state.bad[page.is_conflict] id="skjema-lagret" role="status" { (state) }
            }
        }
    }
}

/// A form that waits no more: as it was sent, or that it was taken back.
pub(crate) fn over(
    mine: &Mine,
    asked: &Asked,
    sent: Option<&Filled>,
    live: &Live<'_>,
    who: &Who,
) -> Markup {
    let main = html! {
        @match sent {
            Some(sent) => {
                @let when = sent.authored.map(Moment::with_time).unwrap_or_default();
                @let is_withdrawn = sent.state == State::Withdrawn;
                p.told role="status" {
                    @if is_withdrawn { (withdrawn(sent)) }
                    @else { (tf("my-forms.sent", &[("when", &when), ("name", &asked.requester)])) }
                }
                section.card.form-page.form-read aria-labelledby="svar" {
                    h2 id="svar" { (t("my-forms.answers")) }
                    div.withdrawn[is_withdrawn] { (answers(live, None)) }
                }
            }
            None => p.told role="status" { (t("my-forms.taken-back")) },
        }
        p { a.ds-button data-variant="secondary" href=(mine.path("")) { (t("my-forms.home")) } }
    };
    frame(mine, Tab::Home, &live.form.title, who, main)
}

/// That somebody has marked it as entered in error, when and why.
pub(crate) fn withdrawn(sent: &Filled) -> String {
    let when = sent.saved().map(Moment::with_time).unwrap_or_default();
    let why = sent.why.as_deref().unwrap_or_default();
    tf("my-forms.withdrawn", &[("when", &when), ("why", why)])
}

/// What waits for an answer, on the home page.
pub(crate) fn waiting(mine: &Mine, forms: &[Asked], today: Date) -> Markup {
    html! {
        @if !forms.is_empty() {
            section.card aria-labelledby="forms" {
                h2 id="forms" { (t("my-forms.heading")) }
                ul.my-rows {
                    @for one in forms {
                        li {
                            a href=(mine.path(&format!("/skjema/{}", one.task))) { b { (one.title) } }
                            p.muted { (asks(one, today)) }
                        }
                    }
                }
            }
        }
    }
}
