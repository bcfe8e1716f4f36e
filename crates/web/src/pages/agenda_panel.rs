//! The agenda of the day: one row for each appointment, with what can be said of it.

use jiff::civil::Date;
use maud::{Markup, html};

use super::rows::{Act, act, whom};
use super::workday_page::{AtDesk, nothing};
use crate::messages::{t, tf};
use crate::notes::writes_notes;
use crate::who::Who;
use crate::workday::{Agenda, Scope, Slot, SlotState};

/// The panel.
pub(super) fn panel(desk: &AtDesk<'_>, agenda: &Agenda) -> Markup {
    let n = agenda.slots.len().to_string();
    let here = agenda.slots.iter().filter(|slot| slot.state == SlotState::Arrived).count();
    html! {
        section.card.worklist id="dagen" data-panel="" aria-labelledby="dagen-h" {
            header {
                h2 id="dagen-h" { (t("workday.agenda")) }
                span.note {
                    @if agenda.slots.len() == 1 { (t("workday.one-slot")) }
                    @else { (tf("workday.slots", &[("n", &n)])) }
                    @if here > 0 { " · " (tf("workday.here", &[("n", &here.to_string())])) }
                }
            }
            (scopes(agenda.scope))
            @if agenda.slots.is_empty() { (nothing(t("workday.no-slots"), t("workday.no-slots-text"))) }
            ol.slots { @for one in &agenda.slots { (slot(one, desk.who, desk.today)) } }
        }
    }
}

/// Whose agenda it is.
fn scopes(now: Scope) -> Markup {
    let chip = |scope: Scope, label: &'static str| {
        html! {
            li {
                a.chip href=(format!("/?dag={}", scope.word()))
                    aria-current=[(scope == now).then_some("true")] { (label) }
            }
        }
    };
    html! {
        ul.chips aria-label=(t("workday.whose")) {
            (chip(Scope::Mine, t("workday.mine")))
            (chip(Scope::Unit, t("workday.unit")))
            li { a.chip href=(format!("/utskrift/dagliste?dag={}", now.word())) { (t("paper.print")) } }
        }
    }
}

/// One appointment.
pub(crate) fn slot(slot: &Slot, who: &Who, today: Date) -> Markup {
    let class = match slot.state {
        SlotState::Booked => "visit",
        SlotState::Late => "visit visit-late",
        SlotState::Arrived => "visit visit-here",
        SlotState::Done | SlotState::Missed => "visit visit-over",
    };
    let name = slot.person.as_ref().map_or("", |person| person.name_or_unknown());
    html! {
        li class=(class) id=(format!("time-{}", slot.id)) {
            time.at datetime=(slot.start.machine()) { (slot.start.clock().unwrap_or_default()) }
            div.who-why {
                p {
                    @if let Some(person) = &slot.person { (whom(person, today)) }
                    " " (state(slot))
                }
                p.why {
                    @if let Some(reason) = &slot.reason { (reason) }
                    @if let Some(kind) = &slot.kind { span.kind { " · " (kind) } }
                    @if let Some(with) = &slot.with { span.kind { " · " (with) } }
                }
            }
            div.acts { (acts(slot, name, who)) }
        }
    }
}

fn state(slot: &Slot) -> Markup {
    match slot.state {
        SlotState::Booked => html! {},
        SlotState::Late => html! { span.tag.tag-late { (t("workday.late")) } },
        SlotState::Arrived => html! { span.tag.tag-here { (t("workday.arrived")) } },
        SlotState::Done => html! { span.tag { (t("workday.over")) } },
        SlotState::Missed => html! { span.tag { (t("workday.missed")) } },
    }
}

fn acts(slot: &Slot, name: &str, who: &Who) -> Markup {
    let button = |word: &str, label: &'static str| {
        let action = format!("/time/{}/{word}", slot.id);
        act(&Act { action: &action, label, about: name, is_primary: false }, who)
    };
    html! {
        @match slot.state {
            SlotState::Booked => (button("ankommet", t("workday.arrive"))),
            SlotState::Late => {
                (button("ankommet", t("workday.arrive")))
                (button("ikke-mott", t("workday.miss")))
            }
            SlotState::Arrived => {
                @if let Some(person) = slot.person.as_ref().filter(|_| writes_notes(who)) {
                    a.ds-button.begin data-size="sm" href=(format!("/pasient/{}/notat/ny", person.id)) {
                        (t("workday.note")) span.ds-sr-only { " " (name) }
                    }
                }
                (button("angre", t("workday.undo")))
            }
            SlotState::Missed => (button("angre", t("workday.undo"))),
            SlotState::Done => {}
        }
    }
}
