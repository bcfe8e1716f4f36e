//! `$explain-access`: why somebody sees a resource or does not.
//!
//! Not here: who may ask, and the answer (`record`).

use akson_base::Problem;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::Bytes;

use crate::answer::json;
use crate::service::Call;

/// What it takes and tells, for the CapabilityStatement to contain.
pub(crate) const DEFINITION: &str = include_str!("explain_access.json");

pub(crate) async fn explain_access(call: &Call<'_>) -> Result<Response<Body>, Problem> {
    let parameters = call.record().explain_access(call.caller, call.query).await?;
    Ok(json(StatusCode::OK, Bytes::from(parameters.to_string()), call.pretty))
}
