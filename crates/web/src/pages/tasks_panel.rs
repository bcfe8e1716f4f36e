//! What is to be done, with deadlines.

use maud::{Markup, html};

use super::rows::{Act, act, whom};
use super::workday_page::{AtDesk, nothing, tally};
use crate::messages::t;
use crate::workday::ToDo;

/// The panel.
pub(super) fn panel(desk: &AtDesk<'_>, tasks: &[ToDo]) -> Markup {
    html! {
        section.card.worklist id="oppgaver" data-panel="" aria-labelledby="oppgaver-h" {
            header {
                h2 id="oppgaver-h" { (t("workday.tasks")) }
                (tally("tasks", tasks.len()))
            }
            @if tasks.is_empty() { (nothing(t("workday.no-tasks"), t("workday.no-tasks-text"))) }
            ul.duties { @for one in tasks { (task(desk, one)) } }
        }
    }
}

fn task(desk: &AtDesk<'_>, task: &ToDo) -> Markup {
    let action = format!("/oppgave/{}/ferdig", task.id);
    let done =
        Act { action: &action, label: t("workday.finish"), about: &task.text, is_primary: false };
    html! {
        li.duty data-waits="" id=(format!("oppgave-{}", task.id)) {
            div {
                p { b { (task.text) } }
                p.why {
                    @if let Some(person) = &task.person { (whom(person, desk.today)) }
                    @if let Some(by) = task.by {
                        " · "
                        span.late[task.is_late] {
                            @if task.is_late { (t("workday.over-due")) " " }
                            @else if !task.is_today { (t("workday.due")) " " }
                            time datetime=(by.machine()) { (by.short(desk.today)) }
                        }
                    }
                }
            }
            (act(&done, desk.who))
        }
    }
}
