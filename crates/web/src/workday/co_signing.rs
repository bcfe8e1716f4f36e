//! Notes that a colleague asks the reader to sign too.
//!
//! They are signed where they are read: the row leads to the note. Not here: signing (`notes::signed`).

use super::Tasks;
use crate::chart::Person;
use crate::datatypes::{display, moment, target_id, text};
use crate::dates::Moment;
use crate::notes::CO_SIGN;

/// A note that waits for the reader's signature.
#[derive(Clone, Debug)]
pub(crate) struct ToCoSign {
    pub task: String,
    pub person: Person,
    /// Id of the DocumentReference.
    pub note: String,
    pub title: String,
    /// Who asks.
    pub by: Option<String>,
    pub asked: Option<Moment>,
}

/// The requests among the tasks, the oldest first.
pub(super) fn to_co_sign(tasks: &Tasks<'_>) -> Vec<ToCoSign> {
    let mut all: Vec<ToCoSign> = tasks
        .with_code(CO_SIGN)
        .filter_map(|task| {
            Some(ToCoSign {
                task: text(task, &["id"])?.to_owned(),
                person: tasks.person(task)?.clone(),
                note: task.first("focus").and_then(target_id)?.to_owned(),
                title: text(task, &["description"]).unwrap_or_default().to_owned(),
                by: task.first("requester").and_then(display),
                asked: moment(task, &["authoredOn"]),
            })
        })
        .collect();
    all.sort_by(|a, b| (a.asked, &a.task).cmp(&(b.asked, &b.task)));
    all
}
