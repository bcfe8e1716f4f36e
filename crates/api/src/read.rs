//! read, vread and conditional read.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#read>, <https://hl7.org/fhir/R4/http.html#cread>

use akson_base::Problem;
use akson_fhir::definitions::ResourceType;
use akson_record::request::Version;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::answer::{empty, json, put_version};
use crate::conditions::not_modified;
use crate::service::Call;

pub(crate) async fn read(call: &Call<'_>, ty: ResourceType) -> Result<Response<Body>, Problem> {
    let version = call.record().read(call.caller, ty, &call.target.id).await?;
    Ok(answer(call, version))
}

pub(crate) async fn vread(call: &Call<'_>, ty: ResourceType) -> Result<Response<Body>, Problem> {
    let target = &call.target;
    let version = call.record().vread(call.caller, ty, &target.id, &target.version).await?;
    Ok(answer(call, version))
}

fn answer(call: &Call<'_>, version: Version) -> Response<Body> {
    let mut response = if not_modified(call.headers, &version) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        json(StatusCode::OK, version.json.clone(), call.pretty)
    };
    put_version(response.headers_mut(), &version);
    response
}
