//! create, update and delete, with and without conditions.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#create>, `#update`, `#delete`, `#cond-update`

use std::borrow::Cow;

use akson_base::limits::RESOURCE_BYTES_MAX;
use akson_base::{Kind, Problem};
use akson_fhir::definitions::ResourceType;
use akson_record::request::{Did, Written};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::Bytes;

use crate::answer::{empty, json, put_location, put_version};
use crate::body;
use crate::conditions::{Return, if_match, preferred_return};
use crate::format::without_format;
use crate::outcome::well;
use crate::service::Call;

type Answer = Result<Response<Body>, Problem>;

pub(crate) async fn create(call: &Call<'_>, ty: ResourceType, body: Body) -> Answer {
    let condition = create_condition(call)?;
    let taken = body::fhir(call.room(), call.headers, body, RESOURCE_BYTES_MAX).await?;
    let body = taken.bytes.clone();
    let written = call.record().create(call.caller, ty, body, condition.as_deref()).await?;
    Ok(answer(call, &written))
}

/// `If-None-Exist`; or the search parameters of the address, which some clients send instead and
/// which must not be passed over: a duplicate would be made.
fn create_condition<'a>(call: &'a Call<'_>) -> Result<Option<Cow<'a, str>>, Problem> {
    let address = without_format(call.query);
    let header = match call.headers.get("if-none-exist") {
        Some(value) => value.to_str().ok(),
        None if address.is_empty() => return Ok(None),
        None => return Ok(Some(address)),
    };
    match header {
        // Some clients send the whole address; the parameters follow the question mark.
        Some(header) if address.is_empty() => {
            Ok(Some(header.rsplit_once('?').map_or(header, |(_, query)| query).into()))
        }
        Some(_) | None => Err(Problem::new(
            Kind::Invalid,
            "API-015",
            "If-None-Exist must be plain ASCII, and be the only condition of a create.",
        )),
    }
}

pub(crate) async fn update(call: &Call<'_>, ty: ResourceType, body: Body) -> Answer {
    let if_match = if_match(call.headers)?;
    let taken = body::fhir(call.room(), call.headers, body, RESOURCE_BYTES_MAX).await?;
    let body = taken.bytes.clone();
    let id = &call.target.id;
    let written = call.record().update(call.caller, ty, id, body, if_match).await?;
    Ok(answer(call, &written))
}

pub(crate) async fn update_conditional(call: &Call<'_>, ty: ResourceType, body: Body) -> Answer {
    let if_match = if_match(call.headers)?;
    let query = condition(call)?;
    let taken = body::fhir(call.room(), call.headers, body, RESOURCE_BYTES_MAX).await?;
    let body = taken.bytes.clone();
    let record = call.record();
    let written = record.update_conditional(call.caller, ty, &query, body, if_match).await?;
    Ok(answer(call, &written))
}

pub(crate) async fn delete(call: &Call<'_>, ty: ResourceType) -> Answer {
    let if_match = if_match(call.headers)?;
    let written = call.record().delete(call.caller, ty, &call.target.id, if_match).await?;
    Ok(answer(call, &written))
}

pub(crate) async fn delete_conditional(call: &Call<'_>, ty: ResourceType) -> Answer {
    let query = condition(call)?;
    let written = call.record().delete_conditional(call.caller, ty, &query).await?;
    Ok(answer(call, &written))
}

fn condition(call: &Call<'_>) -> Result<String, Problem> {
    let query = without_format(call.query);
    if query.is_empty() {
        return Err(Problem::new(
            Kind::Invalid,
            "API-016",
            "An update or delete without an id needs search parameters that say which resource, \
             as in Patient?identifier=system|value.",
        ));
    }
    Ok(query.into_owned())
}

fn answer(call: &Call<'_>, written: &Written) -> Response<Body> {
    let (status, text) = match written.did {
        Did::Created => (StatusCode::CREATED, "The resource was created."),
        Did::Updated => (StatusCode::OK, "The resource was updated."),
        Did::Found => (StatusCode::OK, "The resource was there already; nothing was changed."),
        Did::Deleted => (StatusCode::NO_CONTENT, "The resource is deleted."),
    };
    let wanted = preferred_return(call.headers);
    let mut response = match (written.did, wanted) {
        (Did::Deleted, Return::Outcome) => json(StatusCode::OK, well(text), call.pretty),
        (Did::Deleted, Return::Minimal | Return::Representation) => empty(status),
        (Did::Created | Did::Updated | Did::Found, Return::Outcome) => {
            json(status, well(text), call.pretty)
        }
        (Did::Created | Did::Updated | Did::Found, Return::Minimal) => empty(status),
        (Did::Created | Did::Updated | Did::Found, Return::Representation) => {
            let body = written.version.as_ref().map_or_else(Bytes::new, |v| v.json.clone());
            json(status, body, call.pretty)
        }
    };
    if let Some(version) = &written.version {
        put_version(response.headers_mut(), version);
        if written.did != Did::Deleted {
            put_location(response.headers_mut(), &call.caller.base, version);
        }
    }
    response
}
