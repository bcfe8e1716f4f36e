//! The form of a new patient.

use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::messages::{code, t};
use crate::registering::{GENDERS, Typed, Wrong};
use crate::who::Who;

/// The page.
pub(crate) fn registering(typed: &Typed, wrong: &Wrong, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let title = t("registering.heading");
    let field = |name: &str, label: &str, kind: &str| field(typed, wrong, name, label, kind);
    let main = html! {
        div.start.people {
            p.back { a href="/" { (t("registering.back")) } }
            h1 { (title) }
            @if !wrong.is_empty() { p.fault role="alert" { (t("hiring.look")) } }
            form.hiring action="/pasienter/ny" method="post" novalidate {
                (hidden(token))
                (field("nummer", t("registering.number"), "text"))
                div.pair {
                    (field("fornavn", t("hiring.given"), "text"))
                    (field("etternavn", t("hiring.family"), "text"))
                }
                div.pair {
                    (field("fodt", t("registering.born"), "date"))
                    (gender(typed, wrong))
                }
                (field("adresse", t("registering.address"), "text"))
                div.pair {
                    (field("postnummer", t("registering.code"), "text"))
                    (field("poststed", t("registering.city"), "text"))
                }
                (field("telefon", t("registering.telephone"), "tel"))
                button.ds-button type="submit" { (t("registering.register")) }
                p.muted { (t("registering.how")) }
            }
        }
    };
    page(&Page { title, who: Some(who), query: "", search_in_top: true }, html! {}, main)
}

fn field(typed: &Typed, wrong: &Wrong, name: &str, label: &str, kind: &str) -> Markup {
    let value = typed.get(name).map_or("", String::as_str);
    let wrong = wrong.get(name);
    let fault = format!("feil-{name}");
    let is_number = matches!(name, "nummer" | "postnummer");
    html! {
        div.field {
            label for=(name) { (label) }
            input.ds-input id=(name) name=(name) type=(kind) value=(value) autocomplete="off"
                inputmode=[is_number.then_some("numeric")]
                autofocus[name == "fornavn" && wrong.is_none() && typed.len() == 1]
                aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| fault.as_str())];
            @if let Some(wrong) = wrong { p.fault id=(fault) { (wrong) } }
        }
    }
}

fn gender(typed: &Typed, wrong: &Wrong) -> Markup {
    let chosen = typed.get("kjonn").map_or("", String::as_str);
    let wrong = wrong.get("kjonn");
    html! {
        div.field {
            label for="kjonn" { (t("registering.gender")) }
            select.ds-input id="kjonn" name="kjonn" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| "feil-kjonn")] {
                option value="" { (t("registering.choose")) }
                @for gender in GENDERS {
                    option value=(gender) selected[gender == chosen] {
                        (code("gender", gender).unwrap_or_default())
                    }
                }
            }
            @if let Some(wrong) = wrong { p.fault id="feil-kjonn" { (wrong) } }
        }
    }
}
