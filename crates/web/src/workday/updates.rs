//! What a page that is open asks every few seconds: whether anything of the reader's has changed.
//!
//! The answer is nothing (204) or that there is; it reads no patient's journal and leaves nothing in
//! the log. Only when there is something does the page read its parts again, which does.

use std::collections::{HashMap, HashSet};

use akson_base::Problem;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::mine;
use crate::response;
use crate::routes::no_page;
use crate::sight::Reader;

/// What is looked for.
const TYPES: [&str; 3] = ["Appointment", "Task", "Communication"];

/// `GET /min-dag/nytt?siden=COMMIT&neste=MILLISECONDS`; with `enhet` the page shows the unit's agenda,
/// with `over` it shows results of colleagues.
pub(crate) async fn news(reader: Reader, Query(asked): Query<HashMap<String, String>>) -> Response {
    match is_new(&reader, &asked).await {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => response::problem(&problem, Some(&reader.who), true),
    }
}

async fn is_new(reader: &Reader, asked: &HashMap<String, String>) -> Result<bool, Problem> {
    let Some(personnel) = reader.who.actor.personnel() else { return Err(no_page()) };
    let number = |name: &str| asked.get(name).and_then(|value| value.parse::<u64>().ok());
    let now = u64::try_from(reader.now().0).unwrap_or(0);
    if number("neste").is_some_and(|next| next <= now) {
        return Ok(true);
    }
    let since = number("siden").unwrap_or(0);
    let unit = reader.unit(personnel).await?;
    let (record, caller) = (reader.record(), reader.caller());
    let mut addresses: HashSet<String> = mine(personnel).into_iter().map(str::to_owned).collect();
    if asked.contains_key("enhet") {
        addresses.extend(unit.places.iter().cloned());
    }
    if record.stirring(&caller, &TYPES, &addresses, since)?.is_there {
        return Ok(true);
    }
    if !asked.contains_key("over") {
        return Ok(false);
    }
    let colleagues = unit.colleagues.iter().cloned().collect();
    Ok(record.stirring(&caller, &["Task"], &colleagues, since)?.is_there)
}
