//! The editor of a draft: its texts, its items as a tree, a new question, publishing, and the preview.
//!
//! Not here: the fields of one item (`form_item_fields`), what a change does (`form_editor`).

use akson_base::Instant;
use akson_questionnaire::Finding;
use maud::{Markup, html};

use super::form_item_fields::Fields;
use super::form_preview::preview;
use super::layout::{Page, hidden, page};
use crate::dates::Moment;
use crate::fields::text;
use crate::form_editor::{
    ABOUT, Conflict, Definition, Editing, KINDS, LIST, Question, Row, State, described,
    finding_words, has_options, kind_name, kind_of, link_id, rows, version_name,
};
use crate::messages::{t, tf};
use crate::who::Who;

/// A draft with what is known of it.
pub(crate) struct Draft<'a> {
    pub form: &'a Definition,
    pub findings: &'a [Finding],
    /// All versions of the form.
    pub before: &'a [Definition],
    pub editing: &'a Editing<'a>,
    pub now: Instant,
}

/// The page.
pub(crate) fn editor(draft: &Draft<'_>, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let form = draft.form;
    let active = draft.before.iter().find(|one| one.state == State::Active);
    let all = rows(&form.resource);
    let main = html! {
        div.def-editor data-form-editor data-unsaved=(t("definition.unsaved")) data-failed=(t("definition.failed")) {
            p.back { a href=(LIST) { (t("definition.back")) } }
            div.heading {
                h1 { (form.title) }
                span.tag { (t("definition.draft")) }
                @if let Some(active) = active {
                    a href=(format!("{LIST}/{}/endringer?fra={}", form.id, active.id)) {
                        (tf("definition.since", &[("n", &active.version)]))
                    }
                }
            }
            @if let Some(said) = draft.editing.said { p.told role="status" { (said) } }
            (removed(draft, token))
            (saved(form, None))
            div.def-columns {
                div.def-left {
                    (findings(draft.findings))
                    (about(draft, token))
                    ol.def-items { @for row in &all { (item(draft, row, token)) } }
                    (new_item(draft, token))
                    (publishing(draft, token, active))
                }
                div.def-right {
                    (preview(form, draft.editing.sent, draft.now, who))
                }
            }
        }
    };
    page(
        &Page { title: &form.title, who: Some(who), query: "", search_in_top: false },
        html! {},
        main,
    )
}

/// What a stored change makes of the page: each part has an id, by which it takes its place.
pub(crate) fn stored(draft: &Draft<'_>, link: &str, is_new_shape: bool, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let all = rows(&draft.form.resource);
    html! {
        (saved(draft.form, Some(draft.now)))
        (findings(draft.findings))
        @for row in &all {
            (summary(draft, row))
            (item_findings(draft, row))
            @if is_new_shape && link_id(row.item) == link {
                (fields(draft, row, None, token))
            }
        }
    }
}

/// That it is stored, and the version that the next change is made from.
fn saved(form: &Definition, now: Option<Instant>) -> Markup {
    let clock = now.and_then(|now| Moment::from_instant(now).clock());
    html! {
        p.def-saved.muted id="lagret" role="status" data-versjon=(form.stored) {
            @match clock {
                Some(clock) => (tf("definition.saved-at", &[("time", &clock)])),
                None => (t("definition.saves-itself")),
            }
        }
    }
}

/// What was taken out, with the way back.
fn removed(draft: &Draft<'_>, token: &str) -> Markup {
    let Some((link, before)) = &draft.editing.removed else { return html! {} };
    html! {
        div.told role="status" {
            span { (t("definition.removed")) }
            form action=(format!("{LIST}/{}/angre", draft.form.id)) method="post" {
                (hidden(token))
                input type="hidden" name="versjon" value=(draft.form.stored);
                input type="hidden" name="punkt" value=(link);
                input type="hidden" name="fra" value=(before);
                button.ds-button data-variant="secondary" type="submit" autofocus {
                    (t("definition.undo"))
                }
            }
        }
    }
}

/// What keeps the form from being published.
fn findings(all: &[Finding]) -> Markup {
    html! {
        div id="funn" tabindex="-1" {
            @if !all.is_empty() {
                div.notice {
                    h2 { (tf("definition.findings", &[("n", &all.len().to_string())])) }
                    ul.def-findings {
                        @for finding in all {
                            li {
                                @if finding.link_id.is_empty() { (finding_words(finding)) }
                                @else { a href=(format!("#punkt-{}", finding.link_id)) { (finding_words(finding)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn about(draft: &Draft<'_>, token: &str) -> Markup {
    let form = draft.form;
    let typed = draft.editing.conflict.as_ref().filter(|conflict| !conflict.about.is_empty());
    let value = |element: &str| {
        let mine = typed.and_then(|one| one.about.iter().find(|(name, _)| *name == element));
        mine.map_or(text(&form.resource, &format!("/{element}")), |(_, words)| words.as_str())
            .to_owned()
    };
    html! {
        details.def-card.def-about open[typed.is_some()] {
            summary { (t("definition.about")) }
            @if let Some(conflict) = typed {
                (collision(conflict, &ABOUT.map(|(_, element)| text(&form.resource, &format!("/{element}"))).join("\n"), form))
            }
            form method="post" action=(format!("{LIST}/{}/om", form.id)) data-autosave[typed.is_none()] {
                (hidden(token))
                input type="hidden" name="versjon" value=(form.stored);
                label for="om-tittel" { (t("definition.title")) }
                input.ds-input id="om-tittel" name="tittel" value=(value("title")) maxlength="200"
                    autocomplete="off";
                @for (name, element, label) in [
                    ("beskrivelse", "description", t("definition.description")),
                    ("formal", "purpose", t("definition.purpose")),
                    ("kilde", "copyright", t("definition.copyright")),
                ] {
                    label for=(format!("om-{name}")) { (label) }
                    textarea.ds-input id=(format!("om-{name}")) name=(name) rows="2" { (value(element)) }
                }
                div.def-buttons {
                    button.ds-button.def-store data-variant="secondary" type="submit" { (t("definition.store")) }
                }
            }
        }
    }
}

fn item(draft: &Draft<'_>, row: &Row<'_>, token: &str) -> Markup {
    let link = link_id(row.item);
    let open = draft.editing.open == link;
    let conflict = draft.editing.conflict.as_ref();
    let mine = conflict.and_then(|one| one.mine.as_ref()).filter(|typed| typed.link == link);
    html! {
        li.def-card data-depth=(row.depth.min(6)) {
            details id=(format!("punkt-{link}")) open[open] {
                (summary(draft, row))
                (item_findings(draft, row))
                @if let (Some(conflict), Some(_)) = (conflict, mine) {
                    (collision(conflict, &described(&draft.form.resource, row.item), draft.form))
                }
                (fields(draft, row, mine, token))
            }
        }
    }
}

/// The fields of an item: what is stored, or what was typed while another stored something else.
fn fields(draft: &Draft<'_>, row: &Row<'_>, mine: Option<&Question>, token: &str) -> Markup {
    let (form, stored) = (draft.form, Question::of(row.item));
    Fields {
        root: &form.resource,
        id: &form.id,
        row,
        question: mine.unwrap_or(&stored),
        token,
        stored: form.stored,
        is_collided: mine.is_some(),
    }
    .form()
}

/// Another's text, and how to choose.
fn collision(conflict: &Conflict, theirs: &str, form: &Definition) -> Markup {
    let (by, at) = conflict
        .latest
        .as_ref()
        .map_or((String::new(), None), |latest| (latest.by.clone(), latest.at.clock()));
    let by = if by.is_empty() { t("definition.somebody").to_owned() } else { by };
    let words = tf("definition.collision", &[("who", &by), ("time", &at.unwrap_or_default())]);
    html! {
        div.notice.def-collision role="alert" {
            p { (words) }
            p.def-theirs { (theirs) }
            p { (t("definition.collision-choose")) }
            p { a.ds-button data-variant="secondary" href=(format!("{LIST}/{}", form.id)) { (t("definition.keep-theirs")) } }
        }
    }
}

fn summary(draft: &Draft<'_>, row: &Row<'_>) -> Markup {
    let link = link_id(row.item);
    let words = text(row.item, "/text");
    let question = Question::of(row.item);
    let is_wrong = draft.findings.iter().any(|finding| finding.link_id == link);
    html! {
        summary id=(format!("rad-{link}")) {
            span.def-number { (row.number) }
            span.def-words { @if words.is_empty() { (t("definition.no-words")) } @else { (words) } }
            span.def-marks {
                (kind_name(kind_of(row.item)))
                @if question.is_required { " · " (t("definition.required")) }
                @if !question.conditions.is_empty() { " · " (t("definition.conditional")) }
                @if is_wrong { " · " strong { (t("definition.wrong")) } }
            }
        }
    }
}

fn item_findings(draft: &Draft<'_>, row: &Row<'_>) -> Markup {
    let link = link_id(row.item);
    html! {
        div id=(format!("feil-{link}")) {
            @for finding in draft.findings.iter().filter(|finding| finding.link_id == link) {
                p.fault { (finding_words(finding)) }
            }
        }
    }
}

fn new_item(draft: &Draft<'_>, token: &str) -> Markup {
    let next = match draft.editing.next_kind {
        "" => "string",
        kind => kind,
    };
    // Whoever just added one goes on; at first the first question is asked for.
    let is_next = !draft.editing.next_kind.is_empty() && draft.editing.open.is_empty();
    let focus = is_next || rows(&draft.form.resource).is_empty();
    html! {
        section.def-card.def-new id="nytt-punkt" aria-labelledby="nytt-tittel" {
            h2 id="nytt-tittel" { (t("definition.new-item")) }
            form method="post" action=(format!("{LIST}/{}/nytt-punkt", draft.form.id)) {
                (hidden(token))
                input type="hidden" name="versjon" value=(draft.form.stored);
                label for="ny-tekst" { (t("definition.words")) }
                input.ds-input id="ny-tekst" name="tekst" autocomplete="off" autofocus[focus];
                fieldset.def-kinds {
                    legend { (t("definition.kind")) }
                    div.pills {
                        @for kind in KINDS {
                            label.pill {
                                input type="radio" name="type" value=(kind) checked[kind == next]
                                    data-has-options[has_options(kind)];
                                span { (kind_name(kind)) }
                            }
                        }
                    }
                }
                div.def-new-options {
                    label for="ny-alternativer" { (t("definition.new-options")) }
                    p.muted id="hjelp-alternativer" { (t("definition.new-options-help")) }
                    textarea.ds-input id="ny-alternativer" name="alternativer" rows="4"
                        aria-describedby="hjelp-alternativer" {}
                }
                button.ds-button data-variant="secondary" type="submit" { (t("definition.add")) }
            }
        }
    }
}

fn publishing(draft: &Draft<'_>, token: &str, active: Option<&Definition>) -> Markup {
    let form = draft.form;
    html! {
        section.def-card.def-publish aria-labelledby="publiser-tittel" {
            h2 id="publiser-tittel" { (t("definition.publishing")) }
            form method="post" action=(format!("{LIST}/{}/status", form.id)) {
                (hidden(token))
                input type="hidden" name="versjon" value=(form.stored);
                @if let Some(active) = active {
                    p.muted { (tf("definition.publishing-next", &[("version", &version_name(active))])) }
                    label for="endret" { (t("definition.changes")) }
                    textarea.ds-input id="endret" name="endret" rows="2" {}
                } @else {
                    p.muted { (t("definition.publishing-first")) }
                }
                div.def-buttons {
                    button.ds-button type="submit" name="gjor" value="publiser" { (t("definition.publish")) }
                    a.ds-button data-variant="tertiary" href=(format!("{LIST}/{}/fil", form.id)) { (t("definition.export")) }
                    button.ds-button data-variant="tertiary" type="submit" name="gjor" value="forkast" {
                        (t("definition.discard"))
                    }
                }
            }
        }
    }
}
