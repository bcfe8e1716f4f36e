//! The end of a prescription, with its reason.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::prescription::{End, ended};
use super::{AtChart, Stored, medication_of};
use crate::forms::Form;
use crate::messages::{recorded_code, t, tf};
use crate::pages::renewal_page;
use crate::response::{self, to};
use crate::routes::wants_fragment;
use crate::sight::Reader;

/// Reasons that one click gives; what else there may be is written.
pub(crate) const REASONS: [&str; 5] =
    ["side-effect", "no-effect", "not-needed", "interaction", "wish"];
/// Longest reason, characters.
const REASON_MAX: usize = 500;

/// `/pasient/{id}/resept/{prescription}/seponer`.
pub(super) async fn offer(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let fragment = wants_fragment(&headers);
    draw(&reader, &id, &prescription, None, fragment).await
}

async fn draw(
    reader: &Reader,
    id: &str,
    prescription: &str,
    wrong: Option<&str>,
    fragment: bool,
) -> Response {
    let at = match AtChart::to_prescribe(reader, id, fragment).await {
        Ok(at) => at,
        Err(answer) => return *answer,
    };
    match Stored::in_force(reader, id, prescription).await {
        Ok(stored) => {
            let heading = tf("prescribing.stop-what", &[("drug", stored.name())]);
            let token = reader.who.form_token();
            let content = renewal_page::stop(id, prescription, &heading, wrong, token);
            at.page(reader, &heading, content, fragment)
        }
        Err(problem) => response::problem(&problem, Some(&reader.who), fragment),
    }
}

/// Stores the end.
pub(super) async fn stop(
    reader: Reader,
    Path((id, prescription)): Path<(String, String)>,
    sent: Form,
) -> Response {
    let chosen = sent.field("grunn");
    let chosen = REASONS.contains(&chosen).then(|| recorded_code("stop-reason", chosen)).flatten();
    let reason = chosen.unwrap_or_else(|| sent.field("tekst").trim());
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let wrong = Some(t("prescribing.wrong-stop"));
        let page = draw(&reader, &id, &prescription, wrong, false).await;
        return (StatusCode::BAD_REQUEST, page).into_response();
    }
    let done = async {
        let stored = Stored::in_force(&reader, &id, &prescription).await?;
        let old = ended(&stored.json, End::Stopped(reason), reader.today());
        reader.update("MedicationRequest", &stored.id, stored.version, &old).await
    };
    match done.await {
        Ok(()) => to(&medication_of(&id)),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}
