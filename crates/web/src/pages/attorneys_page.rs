//! The citizen's powers of attorney: who has one, taking it back, giving one.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::attorneys::{Attorney, Attorneys};
use crate::messages::{t, tf};
use crate::who::Who;

/// The page.
pub(crate) fn attorneys(shown: &Attorneys, who: &Who, today: Date) -> Markup {
    let address = format!("/pasient/{}/fullmakter", shown.person.id);
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let title = t("attorneys.heading");
    let main = html! {
        div.start.people {
            p.back { a href="/" { (t("attorneys.back")) } }
            h1 { (title) }
            p { (t("attorneys.what")) }
            section aria-labelledby="gitt" {
                h2 id="gitt" { (t("attorneys.standing")) }
                @if shown.standing.is_empty() {
                    p.muted { (t("attorneys.none")) }
                } @else {
                    ul.rows.card {
                        @for one in &shown.standing { li { (row(one, &address, token, today)) } }
                    }
                }
            }
            section aria-labelledby="ny" {
                h2 id="ny" { (t("attorneys.new")) }
                @if let Some(wrong) = shown.wrong.get("") { p.fault role="alert" { (wrong) } }
                form.hiring action=(address) method="post" novalidate {
                    (hidden(token))
                    (field(shown, "nummer", t("attorneys.number"), &shown.typed.number, "text"))
                    (field(shown, "navn", t("attorneys.name"), &shown.typed.name, "text"))
                    (field(shown, "til", t("attorneys.until"), &shown.typed.until, "date"))
                    button.ds-button type="submit" { (t("attorneys.give")) }
                }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn row(one: &Attorney, address: &str, token: &str, today: Date) -> Markup {
    html! {
        span.what { b { (one.name) } }
        span.aside {
            @match one.until {
                Some(until) => (tf("attorneys.holds", &[("date", &until.long())])),
                None => (t("attorneys.always")),
            }
        }
        span.sub {
            @if let Some(since) = one.since { (tf("attorneys.since", &[("date", &since.short(today))])) }
            @if one.consent.is_none() { " " (t("attorneys.registered")) }
        }
        @if let Some(consent) = &one.consent {
            form.take-back action=(format!("{address}/{consent}/trekk")) method="post" {
                (hidden(token))
                button.plain type="submit" { (t("attorneys.take-back")) }
            }
        }
    }
}

fn field(shown: &Attorneys, name: &'static str, label: &str, value: &str, kind: &str) -> Markup {
    let wrong = shown.wrong.get(name);
    let fault = format!("feil-{name}");
    html! {
        div.field {
            label for=(name) { (label) }
            input.ds-input id=(name) name=(name) type=(kind) value=(value) autocomplete="off"
                inputmode=[(name == "nummer").then_some("numeric")]
                aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| fault.as_str())];
            @if let Some(wrong) = wrong { p.fault id=(fault) role="alert" { (wrong) } }
        }
    }
}
