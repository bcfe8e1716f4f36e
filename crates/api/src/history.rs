//! history of a resource, a type and everything.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#history>

use akson_base::Problem;
use akson_record::page_json;
use akson_record::request::{HistoryRequest, HistoryScope};
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::answer::json;
use crate::format::without_format;
use crate::service::Call;

pub(crate) async fn history(
    call: &Call<'_>,
    scope: HistoryScope,
) -> Result<Response<Body>, Problem> {
    let request = HistoryRequest { scope, query: without_format(call.query).into_owned() };
    let page = call.record().history(call.caller, request).await?;
    let body = page_json(&page, &call.caller.base, "history");
    Ok(json(StatusCode::OK, body, call.pretty))
}
