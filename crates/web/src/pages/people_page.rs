//! The administrator's home: roles that end soon, and everybody who works here.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page};
use crate::apps;
use crate::messages::{t, tf};
use crate::people::{Employee, LIST, People, Post, PostState, quoted};
use crate::who::Who;

/// Roles of one person that stand on a line of the list.
const ROLES_SHOWN: usize = 3;

/// The page.
pub(crate) fn people(people: &People, who: &Who, today: Date) -> Markup {
    let main = html! {
        div.start.people {
            div.heading {
                h1 { (t("people.heading")) }
                a.ds-button href="/ansatte/ny" { (t("people.new")) }
            }
            @if who.login.as_ref().is_some_and(|login| login.has_apps) {
                p { a href=(apps::LIST) { (t("apps.heading")) } }
            }
            (search(&people.query))
            @if !people.soon.is_empty() {
                h2 { (t("people.soon")) }
                ul.staff.card { @for (person, role) in &people.soon { li { (ending(person, role, today)) } } }
            }
            h2 { @if people.query.is_empty() { (t("people.all")) } @else { (t("people.found")) } }
            @if people.people.is_empty() { p.muted role="status" { (t("people.none")) } }
            ul.staff.card { @for person in &people.people { li { (line(person)) } } }
            @if let Some(next) = &people.next {
                p {
                    a.ds-button data-variant="secondary"
                        href=(format!("{LIST}?q={}&videre={}", quoted(&people.query), quoted(next))) {
                        (t("people.next"))
                    }
                }
            }
        }
    };
    let title = t("people.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

fn search(query: &str) -> Markup {
    html! {
        search {
            form.words action=(LIST) method="get" {
                label for="q" { (t("people.search")) }
                div.line {
                    input.ds-input id="q" name="q" type="search" value=(query) autocomplete="off"
                        autocapitalize="none" spellcheck="false";
                    button.ds-button data-variant="secondary" type="submit" { (t("search.button")) }
                }
            }
        }
    }
}

fn ending(person: &Employee, role: &Post, today: Date) -> Markup {
    html! {
        a.employee href=(address(person)) {
            b { (person.name) }
            span.aside { (tf("people.ends", &[("date", &until(role, today))])) }
            span.sub { (in_words(role)) }
        }
    }
}

fn until(role: &Post, today: Date) -> String {
    role.until.map(|until| until.short(today)).unwrap_or_default()
}

fn line(person: &Employee) -> Markup {
    let current: Vec<&Post> =
        person.roles.iter().filter(|role| role.state != PostState::Ended).collect();
    html! {
        a.employee href=(address(person)) {
            b { (person.name) }
            span.aside {
                @if let Some(hpr) = &person.hpr { (tf("people.hpr", &[("n", hpr)])) }
            }
            @for role in current.iter().take(ROLES_SHOWN) {
                span.sub {
                    (in_words(role))
                    @if role.state == PostState::Coming {
                        " · " (tf("people.from", &[("date", &role.from.map(|f| f.long()).unwrap_or_default())]))
                    }
                    @if let Some(until) = role.until {
                        " · " (tf("people.until", &[("date", &until.long())]))
                    }
                }
            }
            @if current.len() > ROLES_SHOWN {
                span.sub { (tf("people.more-roles", &[("n", &(current.len() - ROLES_SHOWN).to_string())])) }
            }
            @if current.is_empty() { span.sub.over { (t("people.no-role")) } }
        }
    }
}

fn address(person: &Employee) -> String {
    format!("{LIST}/{}", person.id)
}

/// `Sykepleier, Hjemmetjenesten Vest`
pub(crate) fn in_words(role: &Post) -> String {
    format!("{}, {}", role.title, role.unit_name)
}
