//! What a citizen has let apps do: which app, for whom, what, since when, and taking it back.

use jiff::civil::Date;
use maud::{Markup, html};

use super::consent_page::words;
use super::layout::{Page, hidden, page};
use crate::messages::{t, tf};
use crate::my_apps::Allowed;
use crate::who::Who;

/// The page.
pub(crate) fn allowed(all: &[Allowed], who: &Who, today: Date) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let main = html! {
        div.start.home.my-apps {
            h1 { (t("my-apps.heading")) }
            p { (t("my-apps.what")) }
            @if all.is_empty() { p.muted role="status" { (t("my-apps.none")) } }
            ul.cards { @for one in all { li { (card(one, token, today)) } } }
        }
    };
    let title = t("my-apps.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn card(one: &Allowed, token: &str, today: Date) -> Markup {
    let used = match &one.used {
        Some(used) => tf("my-apps.used", &[("date", &used.short(today))]),
        None => t("my-apps.unused").to_string(),
    };
    let scopes: Vec<&String> =
        one.consent.scopes.iter().filter(|scope| super::consent_page::has_box(scope)).collect();
    html! {
        article.card aria-label=(one.consent.app_name) {
            h2 { (one.consent.app_name) }
            p.muted {
                (tf("my-apps.whose", &[("patient", &one.patient)]))
                @if let Some(since) = &one.since { ", " (tf("my-apps.since", &[("date", &since.short(today))])) }
                ". " (used)
            }
            ul { @for scope in scopes { li { (words(scope)) } } }
            form action=(format!("/mine-apper/{}/trekk", one.consent.id)) method="post" {
                (hidden(token))
                button.ds-button data-variant="secondary" type="submit" {
                    (t("my-apps.withdraw"))
                    span.ds-sr-only { " – " (one.consent.app_name) }
                }
            }
        }
    }
}
