//! A version of a form that is, or was, filled in; and what is different between two versions.

use akson_base::Instant;
use maud::{Markup, html};

use super::form_preview::preview;
use super::layout::{Page, hidden, page};
use crate::fields::text;
use crate::form_editor::{
    Change, Definition, Different, LIST, State, described, differences, rows, version_name,
};
use crate::forms::Form;
use crate::messages::{code, t, tf};
use crate::notes::{Piece, difference};
use crate::who::Who;

/// What is shown.
pub(crate) struct Shown<'a> {
    pub form: &'a Definition,
    pub versions: &'a [Definition],
    pub said: Option<&'static str>,
    /// What was answered in the preview, and when.
    pub sent: Option<&'a Form>,
    pub now: Instant,
}

/// The page of a version.
pub(crate) fn version(shown: &Shown<'_>, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let form = shown.form;
    let main = html! {
        div.def-editor data-form-editor {
            p.back { a href=(LIST) { (t("definition.back")) } }
            div.heading {
                h1 { (form.title) }
                span.tag { (code("form-state", form.state.code()).unwrap_or_default()) }
                @if !form.version.is_empty() { span.muted { (version_name(form)) } }
            }
            @if let Some(said) = shown.said { p.told role="status" { (said) } }
            (acts(shown, token))
            div.def-columns {
                div.def-left {
                    (about(form))
                    (versions(shown))
                    details.def-card.def-content {
                        summary { (t("definition.content")) }
                        ol.def-outline {
                            @for row in rows(&form.resource) {
                                li data-depth=(row.depth.min(6)) {
                                    span.def-number { (row.number) }
                                    p { (described(&form.resource, row.item)) }
                                }
                            }
                        }
                    }
                }
                div.def-right {
                    (preview(form, shown.sent, shown.now, who))
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

fn acts(shown: &Shown<'_>, token: &str) -> Markup {
    let form = shown.form;
    let has_draft = shown.versions.iter().any(|one| one.state == State::Draft);
    let has_active = shown.versions.iter().any(|one| one.state == State::Active);
    let button = |value: &str, label: &str, variant: &str| {
        html! {
            button.ds-button data-variant=(variant) type="submit" name="gjor" value=(value) { (label) }
        }
    };
    html! {
        form.def-buttons method="post" action=(format!("{LIST}/{}/status", form.id)) {
            (hidden(token))
            @match form.state {
                State::Active => {
                    (button("ny-versjon", if has_draft { t("definition.go-on") } else { t("definition.next") }, "secondary"))
                    (button("ut", t("definition.retire"), "tertiary"))
                }
                State::Retired => {
                    @if !has_active { (button("inn", t("definition.unretire"), "secondary")) }
                    @if !has_draft { (button("ny-versjon", t("definition.next-from"), "tertiary")) }
                }
                State::Discarded => { @if !has_draft { (button("hent", t("definition.undiscard"), "secondary")) } }
                State::Draft => {}
            }
            a.ds-button data-variant="tertiary" href=(format!("{LIST}/{}/fil", form.id)) { (t("definition.export")) }
        }
    }
}

fn about(form: &Definition) -> Markup {
    let of = |element: &str| text(&form.resource, &format!("/{element}")).to_owned();
    html! {
        section.def-card aria-labelledby="om" {
            h2 id="om" { (t("definition.about")) }
            @for (label, words) in [
                (t("definition.description"), of("description")),
                (t("definition.purpose"), of("purpose")),
                (t("definition.copyright"), of("copyright")),
                (t("definition.changes"), form.changes.clone()),
            ] {
                @if !words.is_empty() { p { b { (label) } br; (words) } }
            }
        }
    }
}

fn versions(shown: &Shown<'_>) -> Markup {
    let published: Vec<&Definition> =
        shown.versions.iter().filter(|one| !one.version.is_empty()).collect();
    html! {
        section.def-card aria-labelledby="versjoner" {
            h2 id="versjoner" { (t("definition.versions")) }
            ul.def-versions {
                @for (place, one) in published.iter().enumerate() {
                    li {
                        @if one.id == shown.form.id { b { (version_name(one)) } }
                        @else { a href=(format!("{LIST}/{}", one.id)) { (version_name(one)) } }
                        span.muted {
                            " " (code("form-state", one.state.code()).unwrap_or_default())
                            @if let Some(date) = one.date { " · " (date.long()) }
                        }
                        @if !one.changes.is_empty() { p { (one.changes) } }
                        @if let Some(before) = published.get(place + 1) {
                            p {
                                a href=(format!("{LIST}/{}/endringer?fra={}", one.id, before.id)) {
                                    (tf("definition.since", &[("n", &before.version)]))
                                    span.ds-sr-only { " – " (version_name(one)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The page of what is different between two versions.
pub(crate) fn changes(old: &Definition, new: &Definition, who: &Who) -> Markup {
    let all = differences(&old.resource, &new.resource);
    let (from, to) = (version_name(old), version_name(new));
    let title = tf("definition.between", &[("from", &from), ("to", &to)]);
    let main = html! {
        div.start.people {
            p.back { a href=(format!("{LIST}/{}", new.id)) { (new.title) } }
            h1 { (title) }
            @if all.is_empty() { p { (t("definition.no-difference")) } }
            ul.def-differences {
                @for one in &all { li.def-card { (different(one)) } }
            }
        }
    };
    page(&Page { title: &title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn different(one: &Different) -> Markup {
    html! {
        h2 {
            span.tag { (code("form-change", one.change.code()).unwrap_or_default()) }
            @if !one.number.is_empty() { " " span.def-number { (one.number) } }
            " " (one.name)
        }
        p.def-described {
            @match one.change {
                Change::Added => ins { (one.after) },
                Change::Removed => del { (one.before) },
                Change::Moved => (one.after),
                Change::Altered => @for piece in difference(&one.before, &one.after) {
                    @match piece {
                        Piece::Same(words) => (words),
                        Piece::Removed(words) => del { (words) },
                        Piece::Added(words) => ins { (words) },
                    }
                },
            }
        }
    }
}
