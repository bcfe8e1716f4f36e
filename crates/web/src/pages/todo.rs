//! The section of what is to be done, with the appointments to come.

use jiff::civil::Date;
use maud::{Markup, html};

use super::section::{Extent, Section, empty, fold, frame};
use crate::chart::{Chart, Todo};
use crate::messages::{t, tf};
use crate::numbers::count;

const SHORT: usize = 6;

pub(crate) fn section(chart: &Chart, extent: Extent, today: Date) -> Markup {
    let todo = &chart.todo;
    let shown = todo.len().min(extent.limit(SHORT));
    let body = html! {
        @if todo.is_empty() { (empty(t("todo.none"))) }
        ul.rows { @for one in todo.iter().take(shown) { (row(one, today)) } }
        (fold(&chart.person.id, Section::Todo, extent, shown, todo.len()))
    };
    let note = if todo.is_empty() { String::new() } else { count(todo.len()) };
    frame(Section::Todo, &note, body)
}

fn row(one: &Todo, today: Date) -> Markup {
    let late = !one.is_appointment && one.when.is_some_and(|when| when.date() < today);
    let when = one.when.map(|when| {
        let date = when.short(today);
        match (one.is_appointment, when.clock()) {
            (true, Some(time)) => tf("todo.at", &[("date", &date), ("time", &time)]),
            (true, None) => date,
            (false, _) if late => tf("todo.late", &[("date", &date)]),
            (false, _) => tf("todo.due", &[("date", &date)]),
        }
    });
    html! {
        li {
            span.what {
                b { (one.text) }
                @if one.is_urgent { " " span.tag.tag-stop { (t("todo.urgent")) } }
            }
            span.aside.late[late] { @if let Some(when) = when { (when) } }
            @if let Some(detail) = &one.detail { span.sub { (detail) } }
        }
    }
}
