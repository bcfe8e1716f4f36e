//! What every page shares: head, skip link, top bar with the one search box, main landmark.

use akson_access::Role;
use maud::{DOCTYPE, Markup, html};

use super::accessibility_page::ACCESSIBILITY;
use super::command_box::{command_box, opener};
use super::languages;
use super::menu::menu;
use crate::assets;
use crate::forms::FORM_TOKEN;
use crate::messages::{language, t};
use crate::who::Who;

/// Settings of htmx: no evaluation of text as code, no inline styles.
const HTMX_CONFIG: &str = r#"{"history":false,"includeIndicatorCSS":false,"defaultTimeout":10000}"#;

/// A page.
pub(crate) struct Page<'a> {
    /// In the title bar, before the product's name.
    pub title: &'a str,
    /// Who reads; nobody on the pages of login.
    pub who: Option<&'a Who>,
    /// What stands in the search box.
    pub query: &'a str,
    /// Whether the search box stands in the top bar; the start page has it in the middle.
    pub search_in_top: bool,
}

/// The whole document around a page's content: `before` lies above the main landmark.
pub(crate) fn page(page: &Page<'_>, before: Markup, main: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language().tag()) data-color-scheme="auto" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (page.title) " – " (t("site.name")) }
                link rel="stylesheet" href=(assets::path("style"));
                link rel="icon" type="image/svg+xml" href=(assets::path("icon"));
                script src=(assets::path("script")) defer {}
                script src=(assets::path("components")) defer {}
            }
            body {
                a.ds-skip-link href="#main" { (t("site.skip")) }
                header.top {
                    a.brand href="/" { "ak" i { "son" } }
                    @if page.search_in_top { (search_box(page.query, false)) }
                    @if let Some(who) = page.who { (menu(who)) @if commands(page) { (opener()) } (reader(who)) }
                }
                (before)
                main id="main" tabindex="-1" { (main) }
                @if commands(page) { (command_box()) }
                footer.foot {
                    a href=(ACCESSIBILITY) { (t("accessibility.link")) }
                    @if !is_citizen(page) { (languages::below(page.who)) }
                }
            }
        }
    }
}

/// Whether the page has a command box: those at work do.
fn commands(page: &Page<'_>) -> bool {
    page.who.is_some() && !is_citizen(page)
}

/// Citizens have a page of their own for what else there is.
fn is_citizen(page: &Page<'_>) -> bool {
    page.who.is_some_and(|who| who.actor.role() == Some(Role::Citizen))
}

/// Who reads, in which capacity, and the way out.
fn reader(who: &Who) -> Markup {
    html! {
        div.who {
            p {
                b { (who.display()) }
                @if let Some(place) = who.place() { span { (place) } }
            }
            @if let Some(login) = &who.login {
                @if login.may_switch { a href="/rolle" { (t("login.switch")) } }
                form action="/logg-ut" method="post" {
                    (hidden(&login.form_token))
                    button.plain type="submit" { (t("login.out")) }
                }
            }
        }
    }
}

/// The field that every form carries: without it nothing that is sent is believed.
pub(crate) fn hidden(form_token: &str) -> Markup {
    html! { input type="hidden" name=(FORM_TOKEN) value=(form_token); }
}

/// The one search box: results as one types, a plain form without JavaScript.
pub(crate) fn search_box(query: &str, focus: bool) -> Markup {
    html! {
        search.find {
            form action="/pasienter" method="get" {
                label.ds-sr-only for="q" { (t("search.label")) }
                input.ds-input id="q" name="q" type="search" value=(query) autofocus[focus]
                    autocomplete="off" autocapitalize="none" spellcheck="false"
                    placeholder=(t("search.placeholder"))
                    data-hx-get="/pasienter" data-hx-trigger="input changed delay:100ms"
                    data-hx-target="#hits" data-hx-sync="this:replace";
                kbd aria-hidden="true" { "/" }
                button.ds-button data-variant="secondary" data-size="sm" type="submit" {
                    (t("search.button"))
                }
            }
            @if !focus { div.hits.hits-over id="hits" {} }
        }
    }
}
