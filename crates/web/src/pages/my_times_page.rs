//! A citizen's appointments, and the free times to book.

use jiff::civil::Date;
use maud::{Markup, html};

use super::my_frame::{Tab, frame, token};
use crate::citizen::Mine;
use crate::dates::{Moment, day_words};
use crate::messages::{t, tf};
use crate::my_times::{Booking, REASON_CHARACTERS_MAX, Visit};
use crate::who::Who;

/// Appointments that were, shown below those to come.
const PAST_MAX: usize = 5;
/// Days of free times shown at once.
const DAYS_MAX: usize = 10;

/// What comes and what was.
pub(crate) fn list(
    mine: &Mine,
    visits: &[Visit],
    done: Option<&str>,
    who: &Who,
    today: Date,
) -> Markup {
    let told = match done {
        Some("bestilt") => Some(t("times.booked")),
        Some("avlyst") => Some(t("times.cancelled")),
        Some(_) | None => None,
    };
    let coming: Vec<&Visit> = visits.iter().filter(|visit| visit.is_coming).collect();
    let past = visits.iter().filter(|visit| !visit.is_coming).take(PAST_MAX);
    let past: Vec<&Visit> = past.collect();
    let main = html! {
        @if let Some(told) = told { p.told role="status" { (told) } }
        p { a.ds-button href=(mine.path("/timer/ny")) { (t("times.new")) } }
        @if coming.is_empty() { p.muted { (t("times.none")) } }
        @for visit in &coming {
            article.card { (coming_visit(mine, visit, who, today, false)) }
        }
        @if !past.is_empty() {
            section.card aria-labelledby="past" {
                h2 id="past" { (t("times.past")) }
                ul.my-rows {
                    @for visit in past {
                        li {
                            b { (visit.title) }
                            span.my-when { (visit.start.short(today)) }
                            p.muted {
                                @if visit.is_cancelled { (t("times.was-cancelled")) " · " }
                                (with(visit))
                            }
                        }
                    }
                }
            }
        }
    };
    frame(mine, Tab::Times, t("my.times"), who, main)
}

/// An appointment to come with what can be done about it. `next`: it stands on the home page, under a
/// heading of its own.
pub(crate) fn coming_visit(
    mine: &Mine,
    visit: &Visit,
    who: &Who,
    today: Date,
    next: bool,
) -> Markup {
    let when = when(visit, today);
    html! {
        @if next { p.my-big { (when) } } @else { h2.my-big { (when) } }
        p.muted { (visit.title) @if !with(visit).is_empty() { " · " (with(visit)) } }
        div.my-acts {
            details.my-sure {
                summary { (t("times.cancel")) }
                form action=(mine.path(&format!("/timer/{}/avlys", visit.id))) method="post" {
                    (token(who))
                    p { (tf("times.cancel-what", &[("when", &when)])) }
                    button.ds-button type="submit" { (t("times.cancel-yes")) }
                }
            }
            a.ds-button data-variant="secondary"
                href=(mine.path(&format!("/timer/ny?flytt={}", visit.id))) { (t("times.move")) }
            @if let Some(to) = &visit.practitioner {
                a.ds-button href=(mine.path(&format!("/meldinger/ny?til={to}"))) { (t("times.write")) }
            }
        }
    }
}

/// `I dag kl. 09.20–09.40`.
fn when(visit: &Visit, today: Date) -> String {
    let day = day_words(visit.start.date(), today);
    let from = visit.start.clock().unwrap_or_default();
    match visit.end.and_then(Moment::clock) {
        Some(until) => tf("times.between", &[("day", &day), ("from", &from), ("until", &until)]),
        None => tf("times.at", &[("day", &day), ("from", &from)]),
    }
}

fn with(visit: &Visit) -> String {
    let parts = visit.with.iter().chain(&visit.place);
    parts.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The free times.
pub(crate) fn booking(booking: &Booking, who: &Who, today: Date) -> Markup {
    let mine = &booking.mine;
    let main = html! {
        p.back { a href=(mine.path("/timer")) { (t("times.back")) } }
        @if let Some(fault) = booking.fault { p.fault role="alert" { (fault) } }
        @if let Some(moved) = &booking.moved {
            p.told { (tf("times.moving", &[("when", &when(moved, today))])) }
        }
        @match &booking.host {
            None => p { (t("times.no-doctor")) },
            Some((_, name)) => p.muted { (tf("times.with", &[("name", name)])) },
        }
        @if booking.host.is_some() && booking.days.is_empty() { p { (t("times.nothing-free")) } }
        @if !booking.days.is_empty() {
            form.my-booking action=(mine.path("/timer/ny")) method="post" {
                (token(who))
                @if let Some(moved) = &booking.moved {
                    input type="hidden" name="flytt" value=(moved.id);
                }
                label for="grunn" { (t("times.reason")) }
                input.ds-input id="grunn" name="grunn" maxlength=(REASON_CHARACTERS_MAX)
                    autocomplete="off" value=(booking.reason);
                p.muted { (t("times.choose")) }
                @for (day, times) in booking.days.iter().take(DAYS_MAX) {
                    section.card aria-label=(day_words(*day, today)) {
                        h2 { (day_words(*day, today)) }
                        div.my-times {
                            @for time in times {
                                button.ds-button data-variant="secondary" type="submit"
                                    name="time" value=(time.id) {
                                    (time.start.clock().unwrap_or_default())
                                    span.ds-sr-only {
                                        "–" (time.end.clock().unwrap_or_default()) " "
                                        (day_words(*day, today))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    let title = if booking.moved.is_some() { t("times.move-title") } else { t("times.new") };
    frame(mine, Tab::Times, title, who, main)
}
