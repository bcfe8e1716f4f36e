//! The page of those who work at a desk: agenda, inbox, tasks and results side by side.
//!
//! Each list is a panel of its own that is replaced when something has changed. Not here: what is in
//! them (`workday`).

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, page};
use super::rows;
use super::{agenda_panel, inbox_panel, signing_panel, tasks_panel};
use crate::dates::weekday_and_date;
use crate::messages::t;
use crate::who::Who;
use crate::workday::{Part, Scope, Workday};

pub(crate) use super::agenda_panel::slot;

/// What the page is made from.
pub(crate) struct AtDesk<'a> {
    pub day: &'a Workday,
    pub who: &'a Who,
    pub today: Date,
    pub part: Part,
}

impl AtDesk<'_> {
    /// The whole page. `done` is a task that was closed just now without JavaScript.
    pub(crate) fn page(&self, done: Option<&str>) -> Markup {
        let title = match self.part {
            Part::Whole => t("workday.title"),
            Part::Inbox => t("workday.inbox"),
            Part::Signing => t("workday.signing"),
        };
        let main = html! {
            div.dayline {
                h1 { (title) }
                p { (self.date()) }
                @if let Some(task) = done {
                    ul { (rows::undoable(task, t("workday.done"), "", self.who)) }
                }
            }
            (self.panels())
        };
        page(&Page { title, who: Some(self.who), query: "", search_in_top: true }, html! {}, main)
    }

    /// The lists, with what an open page asks after.
    pub(crate) fn panels(&self) -> Markup {
        let day = self.day;
        let scope = day.agenda.as_ref().map(|agenda| agenda.scope);
        let is_over = day.to_sign.iter().any(|one| one.owner.is_some());
        html! {
            div.workday id="arbeidsdag" data-newest=(day.newest)
                data-next=[day.next.map(|next| next.0)]
                data-unit[scope == Some(Scope::Unit)] data-over[is_over] {
                @match self.part {
                    Part::Whole => (self.columns()),
                    Part::Inbox => div.column { (inbox_panel::panel(self, &day.inbox)) },
                    Part::Signing => div.column { (signing_panel::panel(self, &day.to_sign)) },
                }
            }
        }
    }

    fn columns(&self) -> Markup {
        let day = self.day;
        let signs = super::menu::signs(self.who);
        html! {
            @if let Some(agenda) = &day.agenda {
                div.column { (agenda_panel::panel(self, agenda)) }
            }
            div.column {
                (inbox_panel::panel(self, &day.inbox))
                (tasks_panel::panel(self, &day.tasks))
            }
            @if signs { div.column { (signing_panel::panel(self, &day.to_sign)) } }
        }
    }

    /// `lørdag 21. november`
    fn date(&self) -> String {
        weekday_and_date(self.today)
    }
}

/// How many things wait in a list.
pub(super) fn tally(of: &'static str, n: usize) -> Markup {
    html! { span.note.tally data-tally=(of) { (n) } }
}

/// What an empty list says: that it is empty, and how something comes into it.
pub(super) fn nothing(said: &str, how: &str) -> Markup {
    html! {
        div.nothing {
            p { b { (said) } }
            p.muted { (how) }
        }
    }
}
