//! The form of a new employee, and of one more role for somebody who works here.

use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use super::people_page::in_words;
use crate::hiring::{Hiring, TEMPLATES};
use crate::messages::{t, tf};
use crate::people::{LIST, PostState};
use crate::who::Who;

/// The page.
pub(crate) fn hiring(hiring: &Hiring<'_>, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let title = match hiring.person {
        Some(_) => t("hiring.heading-role"),
        None => t("hiring.heading"),
    };
    let back = hiring.person.map_or(LIST.to_owned(), |person| format!("{LIST}/{}", person.id));
    let main = html! {
        div.start.people {
            p.back { a href=(back) { (t("hiring.back")) } }
            h1 { (title) }
            @if !hiring.wrong.is_empty() {
                p.fault role="alert" { (hiring.wrong.get("").copied().unwrap_or(t("hiring.look"))) }
            }
            form.hiring action="/ansatte/ny" method="post" novalidate {
                (hidden(token))
                (person(hiring))
                (role(hiring))
                (place(hiring))
                button.ds-button type="submit" {
                    @if hiring.person.is_some() { (t("hiring.give")) } @else { (t("hiring.invite")) }
                }
                p.muted { (t("hiring.how")) }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn person(hiring: &Hiring<'_>) -> Markup {
    let typed = hiring.typed;
    html! {
        @match hiring.person {
            Some(person) => {
                input type="hidden" name="person" value=(person.id);
                input type="hidden" name="nummer" value=(typed.number);
                @if hiring.is_found {
                    p.told role="status" { (tf("hiring.found", &[("name", &person.name)])) }
                }
                div.card.known {
                    b { (person.name) }
                    @if let Some(hpr) = &person.hpr { span { (tf("people.hpr", &[("n", hpr)])) } }
                    @for role in person.roles.iter().filter(|role| role.state != PostState::Ended) {
                        span.muted { (in_words(role)) }
                    }
                }
            }
            None => {
                (field(hiring, "nummer", t("hiring.number"), &typed.number, "text", Some(t("hiring.number-help"))))
                div.pair {
                    (field(hiring, "fornavn", t("hiring.given"), &typed.given, "text", None))
                    (field(hiring, "etternavn", t("hiring.family"), &typed.family, "text", None))
                }
            }
        }
    }
}

/// A labelled field with what is wrong with it.
fn field(
    hiring: &Hiring<'_>,
    name: &'static str,
    label: &str,
    value: &str,
    kind: &str,
    help: Option<&str>,
) -> Markup {
    let wrong = hiring.wrong.get(name);
    let described = match (wrong, help) {
        (Some(_), _) => Some(format!("feil-{name}")),
        (None, Some(_)) => Some(format!("hjelp-{name}")),
        (None, None) => None,
    };
    html! {
        div.field {
            label for=(name) { (label) }
            @if let Some(help) = help { p.muted id=(format!("hjelp-{name}")) { (help) } }
            input.ds-input id=(name) name=(name) type=(kind) value=(value) autocomplete="off"
                inputmode=[(name == "nummer").then_some("numeric")]
                autofocus[name == "nummer" && hiring.wrong.is_empty()]
                aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[described];
            @if let Some(wrong) = wrong { p.fault id=(format!("feil-{name}")) { (wrong) } }
        }
    }
}

fn role(hiring: &Hiring<'_>) -> Markup {
    let wrong = hiring.wrong.get("rolle");
    html! {
        fieldset.templates aria-describedby=[wrong.map(|_| "feil-rolle")] {
            legend { (t("hiring.role")) }
            div.pills {
                @for template in &TEMPLATES {
                    label.pill {
                        input type="radio" name="rolle" value=(template.code)
                            checked[hiring.typed.role == template.code];
                        span { (template.shown()) }
                    }
                }
            }
            @if let Some(wrong) = wrong { p.fault id="feil-rolle" { (wrong) } }
        }
    }
}

fn place(hiring: &Hiring<'_>) -> Markup {
    let typed = hiring.typed;
    let wrong = hiring.wrong.get("enhet");
    html! {
        div.field {
            label for="enhet" { (t("hiring.unit")) }
            select.ds-input id="enhet" name="enhet" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| "feil-enhet")] {
                option value="" { (t("hiring.choose-unit")) }
                @for (name, reference) in hiring.units {
                    option value=(reference) selected[*reference == typed.unit] { (name) }
                }
            }
            @if let Some(wrong) = wrong { p.fault id="feil-enhet" { (wrong) } }
        }
        div.pair {
            (field(hiring, "fra", t("hiring.from"), &typed.from, "date", None))
            (field(hiring, "til", t("hiring.until"), &typed.until, "date", Some(t("hiring.until-help"))))
        }
    }
}
