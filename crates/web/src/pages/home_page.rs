//! A citizen's home: one idea per card, each acted on in place.

use akson_base::Instant;
use akson_smart::discovery::MANAGE;
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page};
use super::more_page::may_appoint;
use super::my_forms_page::waiting;
use super::my_frame::{Tab, frame};
use super::my_times_page::coming_visit;
use super::trend_figure::sparkline;
use crate::citizens_home::{HomeOfCitizen, NewThing, is_own};
use crate::dates::hour_of;
use crate::messages::{code, t, tf};
use crate::standing::Notice;
use crate::who::Who;

/// The page of somebody who may open no journal.
pub(crate) fn nothing(who: &Who) -> Markup {
    let main = html! {
        div.start { h1 { (t("my.heading")) } p { (t("my.none")) } }
    };
    let title = t("my.heading");
    page(&Page { title, who: Some(who), query: "", search_in_top: false }, html! {}, main)
}

/// The page.
pub(crate) fn home(home: &HomeOfCitizen, who: &Who, now: Instant, today: Date) -> Markup {
    let mine = &home.mine;
    let main = html! {
        @for notice in &home.notices { (message(notice)) }
        div.my-cards {
            (waiting(mine, &home.forms, today))
            section.card aria-labelledby="next" {
                h2 id="next" { (t("my.next")) }
                @match &home.next {
                    Some(visit) => (coming_visit(mine, visit, who, today, true)),
                    None => {
                        p { (t("times.none")) }
                        div.my-acts {
                            a.ds-button href=(mine.path("/timer/ny")) { (t("times.new")) }
                        }
                    }
                }
            }
            section.card aria-labelledby="new" {
                h2 id="new" { (t("my.new")) }
                @if home.news.is_empty() { p.muted { (t("my.nothing-new")) } }
                ul.my-rows { @for thing in &home.news { (new_thing(thing, today)) } }
                a.more href=(mine.path("/meldinger/ny")) { (t("letters.new")) }
            }
            (weight(home))
            (looks(home, who, today))
            (others(home, today))
        }
    };
    let greeting = match hour_of(now) {
        5..=9 => "my.morning",
        10..=17 => "my.day",
        18..=23 | 0..=4 => "my.evening",
        _ => "my.day",
    };
    let title = match mine.is_own() {
        true => tf(greeting, &[("name", mine.first_name())]),
        false => tf("my.of", &[("name", mine.person.name_or_unknown())]),
    };
    frame(mine, Tab::Home, &title, who, main)
}

fn new_thing(thing: &NewThing, today: Date) -> Markup {
    html! {
        li {
            a href=(thing.href) {
                @if thing.is_unread {
                    span.my-dot aria-hidden="true" {}
                    span.ds-sr-only { (t("my.unread")) " " }
                }
                b { (thing.title) }
            }
            time.my-when datetime=(thing.at.machine()) { (thing.at.short(today)) }
            @if let Some(detail) = &thing.detail { p.muted { (detail) } }
        }
    }
}

/// The own measurements.
fn weight(home: &HomeOfCitizen) -> Markup {
    let mine = &home.mine;
    html! {
        section.card aria-labelledby="weight" {
            h2 id="weight" { (if mine.is_own() { t("my.weight") } else { t("my.weight-of") }) }
            @match home.weight.as_ref().and_then(|series| Some((series, series.latest()?))) {
                Some((series, point)) => {
                    p.my-big { (point.value.text) " " (sparkline(series)) }
                    @if let Some(change) = &home.change { p.muted { (change) } }
                }
                None => p.muted { (t("my.no-weight")) },
            }
            a.more href=(mine.path("/journal/malinger")) { (t("my.measure")) }
        }
    }
}

/// Who has looked.
fn looks(home: &HomeOfCitizen, who: &Who, today: Date) -> Markup {
    let has_apps = who.login.as_ref().is_some_and(|login| login.has_apps);
    let (mine, patient) = (&home.mine, &home.mine.person.id);
    if !mine.standing.may_read_log {
        return html! {};
    }
    html! {
        section.card aria-labelledby="looks" {
            h2 id="looks" { (if mine.is_own() { t("my.looks") } else { t("my.looks-of") }) }
            @if home.looks.is_empty() { p.muted { (t("my.no-looks")) } }
            ul.my-rows {
                @for look in &home.looks {
                    li {
                        b { (look.who) }
                        time.my-when datetime=(look.latest.machine()) {
                            (look.latest.short(today))
                            @if let Some(time) = look.latest.clock() { " " (time) }
                        }
                        p.muted { (look.ground) }
                    }
                }
            }
            p.my-links {
                a href=(format!("/pasient/{patient}/innsyn")) { (t("my.log")) }
                @if mine.standing.may_wish {
                    a href=(format!("/pasient/{patient}/sperringer")) { (t("my.wishes")) }
                }
                @if mine.is_own() && may_appoint(&mine.person, today) {
                    a href=(format!("/pasient/{patient}/fullmakter")) { (t("my.attorneys")) }
                }
                @if has_apps { a href=(MANAGE) { (t("my-apps.heading")) } }
            }
        }
    }
}

/// The others whose journal one may open.
fn others(home: &HomeOfCitizen, today: Date) -> Markup {
    let others = home.mine.all.iter().filter(|one| one.person.id != home.mine.person.id);
    html! {
        @for one in others {
            @let address = format!("/pasient/{}", one.person.id);
            article.card aria-label=(one.person.name_or_unknown()) {
                h2 {
                    (one.person.name_or_unknown())
                    @if let Some(age) = one.person.age(today) { ", " (age) }
                }
                p.muted {
                    @if is_own(one.standing.ground) { (t("my.own")) }
                    @else { (code("ground", one.standing.ground.code()).unwrap_or_default()) }
                }
                p.my-links {
                    a href=(address) { (t("my.whole")) }
                    a href=(format!("/min/{}", one.person.id)) { (t("my.go")) }
                }
            }
        }
    }
}

/// A journal was opened in an emergency.
fn message(notice: &Notice) -> Markup {
    html! {
        section.notice aria-label=(t("notice.label")) {
            h2 { (tf("notice.heading", &[("name", &notice.patient)])) }
            p {
                time datetime=(notice.at.machine()) { (notice.at.with_time()) }
                " · " b { (notice.who) }
                @if let Some(place) = &notice.place { ", " (place) }
            }
            @if let Some(reason) = &notice.reason {
                p { (tf("wishes.reason", &[("reason", reason)])) }
            }
            p.muted { (t("notice.what")) }
        }
    }
}
