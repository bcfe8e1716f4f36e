//! The editor of a note: template, text, codes, and how it is signed. One form, which works without the
//! script that stores it as one types (`assets/writing.js`).

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::hidden;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::notes::{Content, Note, Reason, note_saved, phrases, templates};
use crate::terminology::Concept;
use crate::who::Who;

/// What the editor is drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Editing {
    /// The draft's id, when it is stored.
    pub id: Option<String>,
    pub version: u32,
    /// The name of a draft that is not stored yet.
    pub key: String,
    pub content: Content,
    pub saved: Option<Moment>,
    pub appointment: Option<String>,
    pub encounter: Option<String>,
    /// `DocumentReference/…/_history/…` that it corrects.
    pub corrects: Option<String>,
    /// What another has stored meanwhile.
    pub other: Option<Box<Note>>,
    /// What is missing, as a key of the messages.
    pub wrong: Option<&'static str>,
    pub suggested: Vec<Concept>,
    /// Codes that a search found.
    pub found: Vec<Concept>,
    /// Who can be asked to sign too.
    pub colleagues: Vec<(String, String)>,
    /// Other drafts of the reader's with this patient.
    pub drafts: Vec<Note>,
    pub today: Date,
}

/// The editor.
pub(crate) fn editor(patient: &str, editing: &Editing, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let heading = match editing.corrects {
        Some(_) => t("note.correct-heading"),
        None => t("note.new"),
    };
    let address = editing.id.as_ref().map(|id| format!("/pasient/{patient}/notat/{id}"));
    html! {
        section.card.note-editor aria-labelledby="notat-h" {
            form #notat action=(format!("/pasient/{patient}/notat")) method="post"
                data-patient=(patient) data-author=(who.actor.id) data-address=[address]
                data-saving=(t("note.saving")) data-offline=(t("note.offline"))
                data-logged-out=(t("note.logged-out")) data-unsaved=(t("note.unsaved"))
                data-restored=(t("note.restored")) data-refused=(t("note.refused")) {
                (hidden(token))
                (kept(editing))
                header {
                    h1 id="notat-h" { (heading) }
                }
                (drafts(patient, &editing.drafts))
                p.fault role="alert" id="notat-mangler" hidden[editing.wrong.is_none()] {
                    @if let Some(wrong) = editing.wrong { (t(wrong)) }
                }
                (conflict(editing.other.as_deref()))
                (template_and_title(editing))
                label for="tekst" { (t("note.text")) }
                textarea.ds-input id="tekst" name="tekst" rows="14" autofocus spellcheck="true"
                    lang="nb" aria-describedby="notat-lagret" { "\n" (editing.content.text) }
                (phrase_list())
                (codes(editing))
                @if editing.corrects.is_some() {
                    div.field.why {
                        label for="hvorfor" { (t("note.why-corrected")) }
                        input.ds-input id="hvorfor" name="hvorfor" autocomplete="off";
                    }
                } @else {
                    (more(editing))
                }
                (doors(editing))
            }
        }
    }
}

/// What goes with the form unseen.
fn kept(editing: &Editing) -> Markup {
    let optional = [
        ("kontakt", &editing.encounter),
        ("avtale", &editing.appointment),
        ("retter", &editing.corrects),
    ];
    html! {
        input type="hidden" name="notat" value=(editing.id.as_deref().unwrap_or_default());
        input type="hidden" name="versjon" value=(editing.version);
        input type="hidden" name="nokkel" value=(editing.key);
        @for (name, value) in optional {
            @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
        }
        // Enter in a field stores; it is the form's first button.
        button.ds-sr-only type="submit" name="gjor" value="lagre" tabindex="-1" aria-hidden="true" {
            (t("note.save"))
        }
    }
}

fn drafts(patient: &str, drafts: &[Note]) -> Markup {
    html! {
        @if !drafts.is_empty() {
            ul.told {
                @for draft in drafts {
                    li {
                        (tf("note.unfinished", &[("title", &draft.content.title),
                            ("when", &note_saved(draft).map(Moment::with_time).unwrap_or_default())]))
                        " "
                        a href=(format!("/pasient/{patient}/notat/{}", draft.id)) { (t("note.go-on")) }
                    }
                }
            }
        }
    }
}

/// Another has stored something else meanwhile: both texts are there, and one is chosen.
fn conflict(other: Option<&Note>) -> Markup {
    let text = other.map(|other| other.content.text.as_str()).unwrap_or_default();
    html! {
        div.conflict id="notat-konflikt" role="alert" hidden[other.is_none()] {
            h2 { (t("note.conflict")) }
            p { (t("note.conflict-text")) }
            label for="notat-andre" { (t("note.conflict-other")) }
            textarea.ds-input id="notat-andre" rows="6" readonly tabindex="0" { "\n" (text) }
            div.doors {
                button.ds-button type="submit" name="gjor" value="lagre" data-size="sm" {
                    (t("note.conflict-mine"))
                }
                a.ds-button data-variant="secondary" data-size="sm" id="notat-bruk-andre" href="" {
                    (t("note.conflict-theirs"))
                }
            }
        }
    }
}

fn template_and_title(editing: &Editing) -> Markup {
    html! {
        div.template-row {
            div.field {
                label for="mal" { (t("note.template")) }
                select.ds-input id="mal" name="mal" {
                    @for template in templates() {
                        option value=(template.key) lang="nb"
                            selected[template.key == editing.content.template] { (template.name) }
                    }
                }
            }
            button.ds-button.no-script data-variant="secondary" data-size="sm" type="submit" name="gjor" value="mal" {
                (t("note.use-template"))
            }
            div.field.grow {
                label for="tittel" { (t("note.title")) }
                input.ds-input id="tittel" name="tittel" value=(editing.content.title)
                    autocomplete="off" maxlength="200";
            }
        }
    }
}

fn phrase_list() -> Markup {
    html! {
        details.phrases {
            summary { (t("note.phrases")) }
            dl {
                @for (key, text) in phrases() {
                    div lang="nb" { dt data-phrase=(key) { (key) } dd { (text) } }
                }
            }
        }
    }
}

fn codes(editing: &Editing) -> Markup {
    html! {
        fieldset.codes {
            legend { (t("note.codes")) }
            div id="koder-valgte" { (chosen(&editing.content.reasons)) }
            div id="koder-forslag" aria-live="polite" { (suggested(&editing.suggested)) }
            div.field {
                label for="kodesok" { (t("note.code-search")) }
                input.ds-input id="kodesok" name="kodesok" type="search" autocomplete="off"
                    aria-controls="koder-funnet" placeholder=(t("note.code-example"))
                    data-hx-get="/koder" data-hx-trigger="input changed delay:150ms"
                    data-hx-target="#koder-funnet" data-hx-sync="this:replace";
            }
            div id="koder-funnet" {
                @if !editing.found.is_empty() {
                    (found_codes("", &editing.found.iter().collect::<Vec<_>>()))
                }
            }
        }
    }
}

/// The chosen codes, each with its place in the problem list and the way out.
pub(crate) fn chosen(reasons: &[Reason]) -> Markup {
    html! {
        @if reasons.is_empty() {
            p.muted { (t("note.no-codes")) }
        }
        ul.chosen aria-label=(t("note.chosen")) hidden[reasons.is_empty()] {
            @for reason in reasons {
                @let (_, code) = reason.parts();
                li {
                    input type="hidden" name="kode" value=(reason.key);
                    span { b { (code) } " " (reason.display) }
                    label {
                        input type="checkbox" name="problem" value=(reason.key)
                            checked[reason.is_problem];
                        " " (t("note.problem"))
                    }
                    button.plain-remove type="submit" name="fjern" value=(reason.key) {
                        "×" span.ds-sr-only { " " (tf("note.remove", &[("code", &reason.display)])) }
                    }
                }
            }
        }
    }
}

/// Codes that the text speaks of, each one click away.
pub(crate) fn suggested(concepts: &[Concept]) -> Markup {
    html! {
        @if !concepts.is_empty() {
            p.muted.small { (t("note.suggested")) }
            (code_buttons(&concepts.iter().collect::<Vec<_>>()))
        }
    }
}

/// What a search for codes found; also the fragment that is swapped in as one types.
pub(crate) fn found_codes(typed: &str, concepts: &[&Concept]) -> Markup {
    html! {
        @if concepts.is_empty() && !typed.is_empty() {
            p.muted role="status" { (t("note.code-none")) }
        }
        (code_buttons(concepts))
    }
}

fn code_buttons(concepts: &[&Concept]) -> Markup {
    html! {
        @if !concepts.is_empty() {
            ul.code-buttons {
                @for concept in concepts {
                    li {
                        button.code-button type="submit" name="legg" value=(concept.key()) {
                            span aria-hidden="true" { "+ " }
                            b { (concept.code) } " " (concept.display)
                            span.system { " " (concept.system.name()) }
                        }
                    }
                }
            }
        }
    }
}

/// What is seldom needed: a colleague's signature, and a later release.
fn more(editing: &Editing) -> Markup {
    html! {
        details.more-signing open[editing.wrong.is_some_and(|w| w.contains("withheld"))] {
            summary { (t("note.more")) }
            (co_signer(&editing.colleagues))
            label.together {
                input type="checkbox" name="utsett" value="ja";
                " " (t("note.withhold"))
            }
            (release_fields(editing.today))
        }
    }
}

/// The choice of whom to ask for a signature.
pub(crate) fn co_signer(colleagues: &[(String, String)]) -> Markup {
    html! {
        @if !colleagues.is_empty() {
            div.field {
                label for="medsigner" { (t("note.co-signer")) }
                select.ds-input id="medsigner" name="medsigner" {
                    option value="" { (t("note.nobody")) }
                    @for (to, name) in colleagues { option value=(to) { (name) } }
                }
            }
        }
    }
}

/// Until when, and why, something is not released to the patient.
pub(crate) fn release_fields(today: Date) -> Markup {
    let first = today.tomorrow().unwrap_or(today).to_string();
    html! {
        div.pair {
            div.field {
                label for="utsett-til" { (t("note.withhold-until")) }
                input.ds-input id="utsett-til" name="utsett-til" type="date" min=(first);
            }
            div.field.grow {
                label for="utsett-grunn" { (t("note.withhold-reason")) }
                input.ds-input id="utsett-grunn" name="utsett-grunn" autocomplete="off";
            }
        }
    }
}

fn doors(editing: &Editing) -> Markup {
    html! {
        div.doors.note-doors {
            button.ds-button type="submit" name="gjor" value="signer" id="notat-signer"
                aria-keyshortcuts="Control+Enter" {
                (t("note.sign")) " " kbd aria-hidden="true" { "Ctrl ↵" }
            }
            button.ds-button data-variant="secondary" type="submit" name="gjor" value="lagre" {
                (t("note.save"))
            }
            button.ds-button data-variant="tertiary" type="submit" name="gjor" value="forkast" {
                (t("note.discard"))
            }
            p.save-state role="status" id="notat-lagret" {
                @match editing.saved.and_then(Moment::clock) {
                    Some(clock) => (tf("note.saved", &[("time", &clock)])),
                    None => (t("note.not-saved")),
                }
            }
        }
    }
}
