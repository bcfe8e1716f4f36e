//! The pieces of a row that something can be done from: its buttons, and what stands there when it is
//! done.
//!
//! Every button is a form: with JavaScript its answer takes the row's place. Not here: the rows of
//! each list (`agenda_panel`, `inbox_panel`, `signing_panel`, `tasks_panel`).

use akson_base::{Kind, Problem};
use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::hidden;
use crate::chart::Person;
use crate::dates::Moment;
use crate::messages::{t, tf};
use crate::who::Who;

/// A button of a row.
pub(crate) struct Act<'a> {
    pub action: &'a str,
    pub label: &'static str,
    /// What it is done to, for those who do not see the row.
    pub about: &'a str,
    pub is_primary: bool,
}

/// A button that does something at once.
pub(crate) fn act(act: &Act<'_>, who: &Who) -> Markup {
    html! {
        form.row-act method="post" action=(act.action) data-hx-post=(act.action)
            data-hx-target="closest li" data-hx-swap="outerHTML" {
            (token(who))
            button.ds-button type="submit" data-size="sm"
                data-variant=[(!act.is_primary).then_some("secondary")] {
                (act.label)
                @if !act.about.is_empty() { span.ds-sr-only { " " (act.about) } }
            }
        }
    }
}

/// The token that every form carries.
pub(crate) fn token(who: &Who) -> Markup {
    who.login.as_ref().map_or_else(|| html! {}, |login| hidden(&login.form_token))
}

/// Whose row it is: the name leads to the chart.
pub(crate) fn whom(person: &Person, today: Date) -> Markup {
    html! {
        a.whom href=(format!("/pasient/{}", person.id)) { (person.name_or_unknown()) }
        @if let Some(age) = person.age(today) { span.age { ", " (age) } }
    }
}

/// What was done, and the way back for ten seconds.
pub(crate) fn undoable(task: &str, said: &str, what: &str, who: &Who) -> Markup {
    let action = format!("/oppgave/{task}/angre");
    let undo = Act { action: &action, label: t("workday.undo"), about: what, is_primary: false };
    html! {
        li.row-said.undoable {
            p role="status" { b { (said) } @if !what.is_empty() { ": " (what) } }
            (act(&undo, who))
        }
    }
}

/// It is open again; the list comes anew.
pub(crate) fn taken_back() -> Markup {
    html! { li.row-said data-again="" { p role="status" { (t("workday.taken-back")) } } }
}

/// A result was signed, and something is to be done.
pub(crate) fn followed_up(what: &str, by: Date, is_told: bool, today: Date) -> Markup {
    let by = Moment::day(by).short(today);
    html! {
        li.row-said {
            p role="status" {
                b { (t("workday.signed")) } ". " (tf("workday.follows", &[("what", what), ("by", &by)]))
                @if is_told { " " (t("workday.told")) }
            }
        }
    }
}

/// A message was answered.
pub(crate) fn answered(at: Moment, text: &str) -> Markup {
    let at = at.clock().unwrap_or_default();
    html! {
        li.row-said {
            p role="status" { b { (tf("workday.answered", &[("at", &at)])) } }
            p.lines.muted { (text) }
        }
    }
}

/// A message was taken care of without an answer.
pub(crate) fn archived() -> Markup {
    html! { li.row-said { p role="status" { b { (t("workday.archived")) } } } }
}

/// The answers to a form were seen.
pub(crate) fn seen() -> Markup {
    html! { li.row-said { p role="status" { b { (t("workday.seen")) } } } }
}

/// It was not done.
pub(crate) fn failed(problem: &Problem) -> Markup {
    let text = if matches!(problem.kind, Kind::Conflict | Kind::Precondition) {
        t("workday.changed")
    } else if problem.kind == Kind::Invalid {
        t("workday.incomplete")
    } else {
        t("workday.failed")
    };
    html! {
        li.row-said.fault data-again="" {
            p role="alert" { (text) " " span.muted { (t("problem.code")) " " (problem.code) } }
        }
    }
}
