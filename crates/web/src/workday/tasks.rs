//! What is to be done by when: the open tasks that are neither something to sign nor requests about prescriptions.

use jiff::civil::Date;

use super::{Tasks, code_of};
use crate::chart::Person;
use crate::datatypes::{concept, moment, text};
use crate::dates::Moment;
use crate::notes::CO_SIGN;
use crate::reconciling::proposals;

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct ToDo {
    pub id: String,
    pub text: String,
    pub person: Option<Person>,
    /// The last day.
    pub by: Option<Moment>,
    /// The last day is over.
    pub is_late: bool,
    pub is_today: bool,
}

/// The tasks, the most urgent first.
pub(super) fn to_do(tasks: &Tasks<'_>, today: Date) -> Vec<ToDo> {
    let others = tasks.all.iter().filter(|task| {
        !matches!(code_of(**task), Some("renew" | "sign-result" | CO_SIGN | proposals::CODE))
    });
    let mut all: Vec<ToDo> = others
        .filter_map(|task| {
            let by = moment(*task, &["restriction", "period", "end"]);
            Some(ToDo {
                id: text(*task, &["id"])?.to_owned(),
                text: text(*task, &["description"])
                    .map(str::to_owned)
                    .or_else(|| task.first("code").and_then(concept))?,
                person: tasks.person(*task).cloned(),
                by,
                is_late: by.is_some_and(|by| by.date() < today),
                is_today: by.is_some_and(|by| by.date() == today),
            })
        })
        .collect();
    all.sort_by(|a, b| {
        (a.by.is_none(), a.by, &a.text, &a.id).cmp(&(b.by.is_none(), b.by, &b.text, &b.id))
    });
    all
}
