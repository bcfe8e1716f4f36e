//! search of a type, of everything and of a compartment, and how a search would be run.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#search>

use akson_base::Problem;
use akson_record::page_json;
use akson_record::request::SearchRequest;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;

use crate::answer::{SaysNo, json};
use crate::body;
use crate::conditions::strict;
use crate::format::without_format;
use crate::service::Call;

pub(crate) async fn search(call: &Call<'_>) -> Result<Response<Body>, Problem> {
    run(call, without_format(call.query).into_owned()).await
}

/// The parameters may stand in the form, in the address, or in both.
pub(crate) async fn search_form(call: &Call<'_>, body: Body) -> Result<Response<Body>, Problem> {
    let form = body::form(call.headers, body).await?;
    let mut query = without_format(call.query).into_owned();
    if !query.is_empty() && !form.is_empty() {
        query.push('&');
    }
    query.push_str(&without_format(&form));
    run(call, query).await
}

async fn run(call: &Call<'_>, query: String) -> Result<Response<Body>, Problem> {
    let page = call.record().search(call.caller, request(call, query)).await?;
    let body = page_json(&page, &call.caller.base, "searchset");
    let response = json(StatusCode::OK, body, call.pretty);
    Ok(if page.entries.is_empty() { SaysNo::Empty.on(response) } else { response })
}

fn request(call: &Call<'_>, query: String) -> SearchRequest {
    let target = &call.target;
    SearchRequest {
        resource_type: target.resource_type,
        compartment: target.compartment.map(|ty| (ty, target.id.to_string())),
        query,
        strict: strict(call.headers),
    }
}

pub(crate) async fn explain(call: &Call<'_>) -> Result<Response<Body>, Problem> {
    let request = request(call, without_format(call.query).into_owned());
    let plan = call.record().explain(call.caller, request).await?;
    let mut response = json(StatusCode::OK, Bytes::from(plan.to_string()), call.pretty);
    // Not a resource, so not FHIR's media type.
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
