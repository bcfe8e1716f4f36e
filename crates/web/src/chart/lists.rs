//! Lists of medicines from elsewhere that wait to be reconciled, and when it was last done.

use akson_fhir::model::NodeRef;

use crate::datatypes::{display, moment, text};
use crate::dates::Moment;
use crate::reconciling::sources::{LIST_SYSTEM, RECONCILED, SOURCE_CODES};

/// How it stands with the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    /// How many wait.
    pub waiting: usize,
    /// When medicines were last reconciled, and by whom.
    pub reconciled: Option<(Moment, Option<String>)>,
}

pub(super) fn read(lists: &[NodeRef<'_>]) -> Lists {
    let mut found = Lists::default();
    for list in lists.iter().filter(|list| text(**list, &["status"]) == Some("current")) {
        let codings = list.first("code").into_iter().flat_map(|code| code.named("coding"));
        let own = codings.into_iter().find(|c| text(*c, &["system"]) == Some(LIST_SYSTEM));
        let Some(code) = own.and_then(|coding| text(coding, &["code"])) else { continue };
        if SOURCE_CODES.contains(&code) {
            found.waiting += 1;
        }
        let date = moment(*list, &["date"]).filter(|_| code == RECONCILED);
        let newer = |date: &Moment| found.reconciled.as_ref().is_none_or(|(known, _)| known < date);
        if let Some(date) = date.filter(newer) {
            found.reconciled = Some((date, list.first("source").and_then(display)));
        }
    }
    found
}
