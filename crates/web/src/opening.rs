//! Opening a journal: `/pasient/{id}/apne`, and what stands at `/pasient/{id}` for one who has no
//! ground yet.
//!
//! Not here: whether it opens (`access`, asked by `record`), HTML (`pages::opening_page`).

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_record::PatientStanding;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::forms::Form;
use crate::messages::t;
use crate::pages::{log_page, opening_page};
use crate::response;
use crate::sight::{Desk, Reader};

/// The addresses of opening.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/pasient/{id}/apne", get(offer).post(open))
}

/// What is shown instead of a journal that does not open: the way to open it, or to those who read
/// the log and not the journal the log.
pub(crate) async fn instead(reader: &Reader, id: &str, standing: &PatientStanding) -> Response {
    let drawn = async {
        let person = reader.person(id).await?;
        if standing.may_read_log {
            let looks = reader.looks(id).await?;
            return Ok(log_page::log(&person, &looks, &reader.who, reader.today()));
        }
        Ok(opening_page::opening(&person, standing, &reader.who, reader.today(), None))
    };
    match drawn.await {
        Ok(markup) => response::html(markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn offer(reader: Reader, Path(id): Path<String>) -> Response {
    match reader.standing(&id).await {
        Ok(standing) if standing.opens && !standing.may_take_emergency => {
            to(&format!("/pasient/{id}"))
        }
        Ok(standing) => instead(&reader, &id, &standing).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

async fn open(reader: Reader, Path(id): Path<String>, form: Form) -> Response {
    let is_emergency = !form.field("nod").is_empty();
    let opened = reader.open(&id, is_emergency, form.field("grunn"), form.field("tekst")).await;
    match opened {
        Ok(()) => to(&format!("/pasient/{id}")),
        Err(problem) if problem.kind == Kind::Invalid => wrong(&reader, &id, &problem).await,
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// The page again, with what was wrong with the reason.
async fn wrong(reader: &Reader, id: &str, problem: &Problem) -> Response {
    let drawn = async {
        let standing = reader.standing(id).await?;
        let person = reader.person(id).await?;
        let wrong = Some(t("opening.reason-wrong"));
        Ok(opening_page::opening(&person, &standing, &reader.who, reader.today(), wrong))
    };
    match drawn.await {
        Ok(markup) => response::told(problem, markup),
        Err(problem) => response::problem(&problem, Some(&reader.who), false),
    }
}

/// To another of our pages.
pub(crate) fn to(address: &str) -> Response {
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}
