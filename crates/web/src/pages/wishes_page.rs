//! The patient's blocks: what stands, taking it back, and blocking more.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page};
use crate::messages::{t, tf};
use crate::who::Who;
use crate::wishes::{Choice, Wish, Wishes};

/// The page.
pub(crate) fn wishes(wishes: &Wishes, who: &Who, today: Date) -> Markup {
    let name = wishes.person.name_or_unknown();
    let address = format!("/pasient/{}/sperringer", wishes.person.id);
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let blocks: Vec<&Wish> = wishes.wishes.iter().filter(|wish| !wish.is_opening).collect();
    let openings: Vec<&Wish> = wishes.wishes.iter().filter(|wish| wish.is_opening).collect();
    let main = html! {
        div.start.wishes {
            h1 { (t("wishes.heading")) " – " (name) }
            p { (t("wishes.what")) }
            section aria-labelledby="satt" {
                h2 id="satt" { (t("wishes.standing")) }
                @if blocks.is_empty() { p.muted { (t("wishes.none")) } }
                ul.rows {
                    @for wish in &blocks { li { (row(wish, today)) (take_back(&address, token, wish)) } }
                }
            }
            section aria-labelledby="ny" {
                h2 id="ny" { (t("wishes.new")) }
                (choose(&address, token, "person", t("wishes.person"), &wishes.people))
                (choose(&address, token, "virksomhet", t("wishes.organisation"), &wishes.organisations))
                (choose(&address, token, "kontakt", t("wishes.contact"), &wishes.contacts))
                form action=(address) method="post" {
                    (hidden(token))
                    p.muted { (t("wishes.all-text")) }
                    button.ds-button data-variant="secondary" type="submit" name="hva" value="all" {
                        (t("wishes.all"))
                    }
                }
            }
            section aria-labelledby="apnet" {
                h2 id="apnet" { (t("wishes.openings")) }
                @if openings.is_empty() { p.muted { (t("wishes.no-openings")) } }
                ul.rows { @for wish in &openings { li { (row(wish, today)) } } }
            }
        }
    };
    let title = t("wishes.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn row(wish: &Wish, today: Date) -> Markup {
    let who =
        if wish.who.is_empty() { t("wishes.everybody").to_owned() } else { wish.who.join(", ") };
    html! {
        span.what { b { (who) } }
        span.aside {
            @if let Some(since) = &wish.since { (since.short(today)) }
            @if let Some(until) = &wish.until { " – " (until.short(today)) }
        }
        span.sub {
            @if let Some(reason) = wish.reason.as_ref().filter(|_| wish.is_opening) {
                (tf("wishes.reason", &[("reason", reason)]))
            } @else if wish.parts.is_empty() {
                (t("wishes.whole"))
            } @else {
                (tf("wishes.part", &[("part", &wish.parts.join(", "))]))
            }
        }
    }
}

fn take_back(address: &str, token: &str, wish: &Wish) -> Markup {
    html! {
        form.take-back action=(format!("{address}/{}/opphev", wish.id)) method="post" {
            (hidden(token))
            button.plain type="submit" { (t("wishes.take-back")) }
        }
    }
}

fn choose(address: &str, token: &str, id: &str, label: &str, choices: &[Choice]) -> Markup {
    html! {
        @if !choices.is_empty() {
            form.words action=(address) method="post" {
                (hidden(token))
                label for=(id) { (label) }
                div.line {
                    select.ds-input id=(id) name="hva" {
                        @for (value, name) in choices { option value=(value) { (name) } }
                    }
                    button.ds-button data-variant="secondary" type="submit" { (t("wishes.block")) }
                }
            }
        }
    }
}
