//! What is to be done: open tasks and the appointments to come, the soonest first.

use akson_fhir::model::NodeRef;
use jiff::civil::Date;

use crate::datatypes::{concept, display, moment, text};
use crate::dates::Moment;

/// A task or an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Todo {
    pub text: String,
    /// Who does it, or where it is.
    pub detail: Option<String>,
    /// When it must be done, or when it is.
    pub when: Option<Moment>,
    pub is_appointment: bool,
    pub is_urgent: bool,
}

pub(super) fn read(tasks: &[NodeRef<'_>], appointments: &[NodeRef<'_>], today: Date) -> Vec<Todo> {
    let tasks = tasks.iter().filter_map(|task| open_task(*task));
    let appointments = appointments.iter().filter_map(|one| appointment(*one, today));
    let mut todo: Vec<Todo> = tasks.chain(appointments).collect();
    // What has no date comes last.
    todo.sort_by(|a, b| {
        (a.when.is_none(), a.when, &a.text).cmp(&(b.when.is_none(), b.when, &b.text))
    });
    todo
}

fn open_task(task: NodeRef<'_>) -> Option<Todo> {
    let open = matches!(
        text(task, &["status"])?,
        "requested" | "received" | "accepted" | "ready" | "in-progress" | "on-hold"
    );
    open.then_some(())?;
    Some(Todo {
        text: text(task, &["description"])
            .map(str::to_owned)
            .or_else(|| task.first("code").and_then(concept))?,
        detail: task.first("owner").and_then(display),
        when: moment(task, &["restriction", "period", "end"])
            .or_else(|| moment(task, &["executionPeriod", "end"])),
        is_appointment: false,
        is_urgent: matches!(text(task, &["priority"]), Some("urgent" | "asap" | "stat")),
    })
}

fn appointment(node: NodeRef<'_>, today: Date) -> Option<Todo> {
    let coming = matches!(text(node, &["status"])?, "booked" | "pending" | "arrived");
    let start = moment(node, &["start"]).filter(|start| start.date() >= today)?;
    coming.then_some(())?;
    let actors = node.named("participant").filter_map(|p| p.first("actor"));
    let others: Vec<String> = actors
        .filter(|actor| !text(*actor, &["reference"]).is_some_and(|r| r.contains("Patient/")))
        .filter_map(display)
        .collect();
    Some(Todo {
        text: text(node, &["description"])
            .map(str::to_owned)
            .or_else(|| node.first("serviceType").and_then(concept))
            .or_else(|| node.first("appointmentType").and_then(concept))?,
        detail: (!others.is_empty()).then(|| others.join(", ")),
        when: Some(start),
        is_appointment: true,
        is_urgent: false,
    })
}
