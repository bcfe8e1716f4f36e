//! One row of the round list: the time, what is given, and the one thing to do about it.

use maud::{Markup, html};

use super::layout::hidden;
use super::round_page::Sight;
use crate::messages::{t, tf};
use crate::round::{Administration, Kind, Needed, Outcome, Resident, Row, State, UNDO_SECONDS};
use crate::who::Who;
use crate::witness_login::HERE;

/// The row. `me` is the reader as `Practitioner/…`.
pub(crate) fn row(sight: &Sight<'_>, resident: &Resident, one: &Row, me: Option<&str>) -> Markup {
    let key = one.key();
    let is_late = one.state == State::Due { late: true };
    html! {
        div.dose id=(format!("rad-{key}")) tabindex="-1" {
            p.dose-time.late[is_late && one.is_planned()] { (time(one, is_late)) }
            div.dose-what {
                p {
                    b { (title(one)) } " "
                    @if let Some(amount) = &one.amount { (amount) " " }
                    @if let Some(change) = &one.change { span.tag.tag-new { (change) } " " }
                    @if one.is_controlled { span.tag { (t("round.controlled")) } }
                }
                (below(one))
            }
            div.dose-act { (act(sight, resident, one, &key, me)) }
            div.dose-more id=(format!("mer-{key}")) {}
        }
    }
}

fn time(one: &Row, is_late: bool) -> Markup {
    let Some(at) = one.planned else {
        let words =
            if one.kind == Kind::Unclear { t("round.unclear") } else { t("round.as-needed") };
        return html! { (words) };
    };
    html! {
        (format!("{:02}.{:02}", at.hour(), at.minute()))
        @if is_late { " " span.late-word { "! " (t("round.late")) } }
    }
}

fn title(one: &Row) -> String {
    match &one.kind {
        Kind::Pouch(content) => {
            let count = content.len().to_string();
            match content.len() {
                1 => t("round.pouch-one").to_owned(),
                _ => tf("round.pouch", &[("n", &count)]),
            }
        }
        Kind::Single | Kind::AsNeeded(_) | Kind::Unclear => one.title.clone(),
    }
}

/// What must be known of it: the reason, the content of a pouch, what was given before.
fn below(one: &Row) -> Markup {
    match &one.kind {
        Kind::Pouch(content) => html! {
            details.pouch {
                summary { (t("round.content")) }
                ul { @for medicine in content { li { (medicine) } } }
            }
        },
        Kind::AsNeeded(needed) => html! { p.sub { (last(needed)) } },
        Kind::Unclear => html! {
            p.sub.held { (t("round.read-dosage")) " " (one.dosage) }
        },
        Kind::Single => html! {
            @if let Some(reason) = &one.reason { p.sub { (reason) } }
        },
    }
}

/// `sist i går 22.10 · 1 av maks 4 siste døgn`
fn last(needed: &Needed) -> String {
    let said = counted(needed);
    match &needed.last {
        Some(last) => {
            let time = last.at.clock().unwrap_or_default();
            let day = crate::dates::day_month(last.at.date());
            format!("{} · {said}", tf("round.last", &[("date", &day), ("time", &time)]))
        }
        None => format!("{} · {said}", t("round.never")),
    }
}

/// `1 av maks 4 siste døgn`
pub(crate) fn counted(needed: &Needed) -> String {
    let count = needed.count.to_string();
    match needed.most {
        Some(most) => tf("round.count-of", &[("n", &count), ("most", &most.to_string())]),
        None => tf("round.count", &[("n", &count)]),
    }
}

/// The one thing to do, or what was done.
fn act(sight: &Sight<'_>, resident: &Resident, one: &Row, key: &str, me: Option<&str>) -> Markup {
    let writes = me.is_some();
    match (&one.state, &one.kind) {
        (State::Done(all), _) => done(sight, all, key, me),
        (_, Kind::AsNeeded(needed)) => html! {
            @if let Some(last) = fresh(needed, sight, me) { (done(sight, last, key, me)) }
            @if writes {
                a.ds-button.round-button data-variant="secondary" href=(address(sight, one, key, "behov"))
                    data-hx-get=(address(sight, one, key, "behov"))
                    data-hx-target=(format!("#mer-{key}")) data-hx-swap="innerHTML" {
                    (t("round.give-now"))
                    span.ds-sr-only { ": " (one.title) ", " (resident.person.name_or_unknown()) }
                }
            }
        },
        (_, Kind::Unclear) => html! {
            a href=(format!("/pasient/{}/legemidler", resident.person.id)) { (t("round.see-medicines")) }
        },
        (State::Coming, _) => html! { span.muted { (t("round.coming")) } },
        (State::Due { .. }, _) => html! { @if writes { (buttons(sight, resident, one, key)) } },
    }
}

/// «Gitt», and the way to say that it was not.
fn buttons(sight: &Sight<'_>, resident: &Resident, one: &Row, key: &str) -> Markup {
    let label = if one.is_controlled { t("round.give-witness") } else { t("round.give") };
    let what = format!(": {}, {}", title(one), resident.person.name_or_unknown());
    let more = address(sight, one, key, "ikke-gitt");
    html! {
        form action="/runde/gi" method="post" data-hx-post="/runde/gi" data-hx-target="#runde"
            data-hx-swap="outerHTML" {
            (fields(sight.who, sight.place, one, key))
            button.ds-button.round-button type="submit" { (label) span.ds-sr-only { (what) } }
        }
        a.ds-button.round-more data-variant="secondary" href=(more) data-hx-get=(more)
            data-hx-target=(format!("#mer-{key}")) data-hx-swap="innerHTML" {
            span aria-hidden="true" { "…" }
            span.ds-sr-only { (t("round.not-given")) (what) }
        }
    }
}

/// The hidden fields that name a dose and the round that it stands in.
pub(crate) fn fields(who: &Who, place: &crate::round::Place, one: &Row, key: &str) -> Markup {
    html! {
        @if let Some(login) = &who.login { (hidden(&login.form_token)) }
        (place_fields(place, key))
        input type="hidden" name="pasient" value=(one.patient);
        @for request in &one.requests { input type="hidden" name="ordinasjon" value=(request); }
        @if let Some(at) = one.planned {
            input type="hidden" name="tid" value=(crate::round::stamp(at));
        }
    }
}

/// The hidden fields that lead back to the round.
pub(crate) fn place_fields(place: &crate::round::Place, key: &str) -> Markup {
    html! {
        input type="hidden" name="avdeling" value=(place.ward.as_deref().unwrap_or_default());
        input type="hidden" name="dato" value=(place.day);
        input type="hidden" name="runde" value=(place.slot.hour());
        input type="hidden" name="rad" value=(key);
    }
}

/// The address of a form about this row.
fn address(sight: &Sight<'_>, one: &Row, key: &str, of: &str) -> String {
    let mut address =
        format!("/runde/{of}?{}&rad={key}&pasient={}", sight.place.query(), one.patient);
    for request in &one.requests {
        address.push_str("&ordinasjon=");
        address.push_str(request);
    }
    if let Some(at) = one.planned {
        address.push_str("&tid=");
        address.push_str(&crate::round::stamp(at));
    }
    address
}

/// A dose as needed that was just given, or that waits for its witness.
fn fresh<'n>(
    needed: &'n Needed,
    sight: &Sight<'_>,
    me: Option<&str>,
) -> Option<&'n [Administration]> {
    let last = needed.last.as_ref()?;
    let is_mine = me == Some(&*last.by.0);
    let seconds = seconds_left(last, sight.round.now_millisecond);
    let shown = last.outcome == Outcome::Unwitnessed || (is_mine && seconds > 0);
    shown.then(|| std::slice::from_ref(last))
}

fn seconds_left(one: &Administration, now_millisecond: i64) -> i64 {
    UNDO_SECONDS - (now_millisecond - one.at_millisecond).max(0) / 1000
}

/// What was said of a dose, by whom, and how it is taken back.
fn done(sight: &Sight<'_>, all: &[Administration], key: &str, me: Option<&str>) -> Markup {
    let Some(one) = all.first() else { return html! {} };
    let time = one.at.clock().unwrap_or_default();
    let is_mine = me == Some(&*one.by.0);
    let who = if is_mine { t("round.you") } else { &one.by.1 };
    let said = [("time", &*time), ("who", who)];
    let left = seconds_left(one, sight.round.now_millisecond);
    let undoes = is_mine && left > 0 && all.iter().all(|one| one.witness.is_none());
    html! {
        p.dose-said {
            @match one.outcome {
                Outcome::Given => {
                    span.given { "✓ " (tf("round.given-at", &said)) }
                    @if let Some(witness) = &one.witness {
                        " " span.sub { (tf("round.witness", &[("who", witness)])) }
                    }
                },
                Outcome::Unwitnessed => span.held { "◔ " (tf("round.unwitnessed", &said)) },
                Outcome::NotGiven => {
                    span.held {
                        "– " (tf("round.left-out", &said))
                        @if let Some(why) = &one.why { " – " (why) }
                    }
                },
            }
        }
        @if one.outcome == Outcome::Unwitnessed && !is_mine && me.is_some() {
            form action="/runde/vitne" method="post" data-hx-post="/runde/vitne"
                data-hx-target="#runde" data-hx-swap="outerHTML" {
                (of_said(sight, all, key))
                button.ds-button.round-button type="submit" { (t("round.confirm-witness")) }
            }
        }
        @if one.outcome == Outcome::Unwitnessed && is_mine && sight.who.login.is_some() {
            @let ids: Vec<&str> = all.iter().map(|one| &*one.id).collect();
            a.ds-button.round-button data-variant="secondary" href=(format!(
                "{HERE}?{}&rad={key}&id={}", sight.place.query(), ids.join(",")
            )) { (t("witness.here")) span.ds-sr-only { ": " (one.medicine) } }
        }
        @if undoes {
            form.undo action="/runde/angre" method="post" data-hx-post="/runde/angre"
                data-hx-target="#runde" data-hx-swap="outerHTML" data-seconds=(left) {
                (of_said(sight, all, key))
                button.plain.undo-button type="submit" {
                    (t("round.undo")) " " span.undo-left aria-hidden="true" { "(" (left) " s)" }
                }
            }
        }
        @if me.is_some() {
            @let ids: Vec<&str> = all.iter().map(|one| &*one.id).collect();
            a.change hidden[undoes] href=(format!(
                "/runde/endre?{}&rad={key}&id={}", sight.place.query(), ids.join(",")
            )) { (t("round.change")) span.ds-sr-only { ": " (one.medicine) } }
        }
    }
}

fn of_said(sight: &Sight<'_>, all: &[Administration], key: &str) -> Markup {
    html! {
        @if let Some(login) = &sight.who.login { (hidden(&login.form_token)) }
        (place_fields(sight.place, key))
        @for one in all { input type="hidden" name="id" value=(one.id); }
    }
}
