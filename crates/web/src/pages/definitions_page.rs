//! The list of forms: in use, drafts, those that come along, and those out of use.

use akson_questionnaire::Finding;
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::fields::text;
use crate::form_editor::{Definition, Forms, LIST, State, finding_words};
use crate::messages::{t, tf};
use crate::who::Who;

/// Why a file was not taken in.
pub(crate) enum Refused<'a> {
    /// No JSON, at this line and column.
    NotJson(usize, usize),
    Findings(&'a [Finding]),
}

/// The page.
pub(crate) fn forms(
    forms: &Forms,
    said: Option<&'static str>,
    refused: Option<&Refused<'_>>,
    who: &Who,
    today: Date,
) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let of = |state: State| {
        let mut found: Vec<&Definition> =
            forms.all.iter().filter(|one| one.state == state).collect();
        found.sort_by_key(|one| one.title.to_lowercase());
        found
    };
    let active = of(State::Active);
    let retired: Vec<&Definition> =
        of(State::Retired).into_iter().filter(|one| is_last(one, &forms.all)).collect();
    let discarded = of(State::Discarded);
    let main = html! {
        div.start.people.def-list {
            h1 { (t("definition.heading")) }
            @if let Some(said) = said { p.told role="status" { (said) } }
            @if let Some(refused) = refused { (why(refused)) }
            (begin(token))
            (section("i-bruk", t("definition.in-use"), &active, forms, today))
            @if active.is_empty() { p.muted { (t("definition.none")) } }
            (section("kladder", t("definition.drafts"), &of(State::Draft), forms, today))
            @if !forms.offered.is_empty() { (offered(&forms.offered, token)) }
            @if !retired.is_empty() || !discarded.is_empty() {
                details.def-old {
                    summary { (t("definition.old")) }
                    (section("ute", t("definition.retired"), &retired, forms, today))
                    (section("forkastet", t("definition.discarded"), &discarded, forms, today))
                }
            }
            (import(token))
        }
    };
    let title = t("definition.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

/// Whether a form that is out of use has no version in use: then it is told, else its successor is.
fn is_last(form: &Definition, all: &[Definition]) -> bool {
    let newer = |one: &&Definition| {
        one.url == form.url && (one.state == State::Active || one.number() > form.number())
    };
    all.iter().find(newer).is_none()
}

fn begin(token: &str) -> Markup {
    html! {
        form.def-begin action=(LIST) method="post" {
            (hidden(token))
            label for="tittel" { (t("definition.new")) }
            div.line {
                input.ds-input id="tittel" name="tittel" autocomplete="off" required maxlength="200"
                    placeholder=(t("definition.new-example"));
                button.ds-button type="submit" { (t("definition.begin")) }
            }
        }
    }
}

fn section(id: &str, heading: &str, all: &[&Definition], forms: &Forms, today: Date) -> Markup {
    html! {
        @if !all.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (heading) }
                ul.staff.card { @for form in all { li { (line(form, forms, today)) } } }
            }
        }
    }
}

fn line(form: &Definition, forms: &Forms, today: Date) -> Markup {
    let draft = forms.all.iter().find(|one| {
        form.state == State::Active && one.state == State::Draft && one.url == form.url
    });
    html! {
        a.employee href=(format!("{LIST}/{}", form.id)) {
            b { (form.title) }
            span.aside {
                @if !form.version.is_empty() { (tf("definition.version", &[("n", &form.version)])) }
                @if let Some(date) = form.date.filter(|_| !form.version.is_empty()) {
                    " · " (date.short(today))
                }
            }
            @let about = text(&form.resource, "/description");
            @if !about.is_empty() { span.sub { (about) } }
            @if draft.is_some() { span.sub.def-has-draft { (t("definition.has-draft")) } }
        }
    }
}

fn offered(all: &[Definition], token: &str) -> Markup {
    html! {
        section aria-labelledby="tilbys" {
            h2 id="tilbys" { (t("definition.offered")) }
            p.muted { (t("definition.offered-help")) }
            ul.staff.card.def-offered {
                @for form in all {
                    li {
                        div {
                            b { (form.title) }
                            span.sub { (text(&form.resource, "/description")) }
                            details {
                                summary { (t("definition.source")) }
                                p { (text(&form.resource, "/purpose")) }
                                p { (text(&form.resource, "/copyright")) }
                            }
                        }
                        form action="/skjemaer/ta-i-bruk" method="post" {
                            (hidden(token))
                            input type="hidden" name="url" value=(form.url);
                            button.ds-button data-variant="secondary" type="submit" {
                                (t("definition.take")) span.ds-sr-only { " " (form.title) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn import(token: &str) -> Markup {
    html! {
        details.def-import {
            summary { (t("definition.import")) }
            form action="/skjemaer/fil" method="post" enctype="multipart/form-data" {
                (hidden(token))
                label for="fil" { (t("definition.file")) }
                p.muted id="hjelp-fil" { (t("definition.file-help")) }
                div.line {
                    input.ds-input id="fil" name="fil" type="file" required
                        accept=".json,application/json,application/fhir+json"
                        aria-describedby="hjelp-fil";
                    button.ds-button data-variant="secondary" type="submit" { (t("definition.fetch")) }
                }
            }
        }
    }
}

fn why(refused: &Refused<'_>) -> Markup {
    html! {
        div.notice role="alert" {
            h2 { (t("definition.refused")) }
            @match refused {
                Refused::NotJson(line, column) => {
                    p { (tf("definition.not-json", &[("line", &line.to_string()), ("column", &column.to_string())])) }
                }
                Refused::Findings(findings) => {
                    p { (t("definition.refused-help")) }
                    ul.def-findings {
                        @for finding in *findings {
                            li {
                                @if !finding.link_id.is_empty() { code { (finding.link_id) } ": " }
                                (finding_words(finding))
                            }
                        }
                    }
                }
            }
        }
    }
}
