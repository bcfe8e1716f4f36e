//! batch and transaction.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#transaction>

use akson_base::limits::REQUEST_BYTES_MAX;
use akson_base::{Kind, Problem};
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::answer::{SaysNo, json};
use crate::body;
use crate::outcome::well;
use crate::service::Call;

/// Longest `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 128;

pub(crate) async fn bundle(call: &Call<'_>, body: Body) -> Result<Response<Body>, Problem> {
    let key = key(call)?;
    let taken = body::fhir(call.room(), call.headers, body, REQUEST_BYTES_MAX).await?;
    let body = taken.bytes.clone();
    let answer = match key {
        None => Some(call.record().bundle(call.caller, body).await?),
        // A client that lost our answer sends the same key again and changes nothing twice.
        Some(key) => call.record().bundle_once(call.caller, body, key).await?,
    };
    let Some(answer) = answer else {
        let told = well("A bundle with this Idempotency-Key was applied before; nothing was done.");
        return Ok(json(StatusCode::OK, told, call.pretty));
    };
    let response = json(StatusCode::OK, answer.json, call.pretty);
    Ok(if answer.says_no { SaysNo::Refused.on(response) } else { response })
}

fn key<'a>(call: &'a Call<'_>) -> Result<Option<&'a str>, Problem> {
    let Some(value) = call.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let plain = |key: &&str| {
        !key.is_empty() && key.len() <= KEY_CHARS_MAX && key.bytes().all(|b| b.is_ascii_graphic())
    };
    match value.to_str().ok().map(|key| key.trim_matches('"')).filter(plain) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::new(
            Kind::Invalid,
            "API-017",
            "Idempotency-Key must be 1 to 128 visible ASCII characters.",
        )),
    }
}
