//! A form that is tried out: answers that somebody gives in the preview, which nobody stores.
//!
//! Items that cannot be filled in yet are left out, so that the rest can be tried while the form is written.

use akson_base::Instant;
use akson_questionnaire::{Answers, Questionnaire, Surroundings};
use serde_json::Value;

use super::tree;
use crate::forms::Form;
use crate::questionnaires::{repeat, take};

/// A form with the answers that were given; nothing when it asks nothing yet, or all of it is wrong.
pub(crate) fn tried(
    resource: &Value,
    sent: Option<&Form>,
    surroundings: &Surroundings,
) -> Option<(Questionnaire, Answers)> {
    let mut form = resource.clone();
    if let Err(findings) = Questionnaire::parse(&form) {
        for finding in findings {
            tree::remove(&mut form, &finding.link_id);
        }
    }
    let form = Questionnaire::parse(&form).ok().filter(|form| !form.items.is_empty())?;
    let mut answers = form.begin(surroundings, &[]);
    if let Some(sent) = sent {
        take(sent, &form, &mut answers, &[]);
        repeat(sent.field("gjor"), &form, &mut answers);
    }
    Some((form, answers))
}

/// What expressions know in a preview: the time, and nobody.
pub(crate) fn nobody_at(now: Instant) -> Surroundings {
    Surroundings::at(now)
}
