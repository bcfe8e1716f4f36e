//! Opening a journal: `/pasient/{id}/apne`, and what stands at `/pasient/{id}` for one who has no
//! ground yet.
//!
//! Not here: whether it opens (`access`, asked by `record`), HTML (`pages::opening_page`).

use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_record::PatientStanding;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use crate::forms::Form;
use crate::messages::t;
use crate::pages::{log_page, opening_page};
use crate::response::{self, to};
use crate::sight::{Desk, Reader};

/// The addresses of opening.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/pasient/{id}/apne", get(offer).post(open))
}

/// What is shown instead of a journal that does not open: the way to open it, or to those who read
/// the log and not the journal the log.
async fn instead(reader: &Reader, id: &str, standing: &PatientStanding) -> Response {
    let drawn = async {
        let person = reader.person(id).await?;
        if standing.may_read_log {
            let looks = reader.looks(id).await?;
            return Ok(log_page::log(&person, &looks, &reader.who, reader.today()));
        }
        Ok(opening_page::opening(&person, standing, &reader.who, reader.today(), None))
    };
    response::drawn(drawn.await, &reader.who)
}

/// How the reader stands with a patient whose journal opens; else what is answered instead.
pub(crate) async fn opened(
    reader: &Reader,
    id: &str,
    fragment: bool,
) -> Result<PatientStanding, Box<Response>> {
    match reader.standing(id).await {
        Ok(standing) if standing.opens => Ok(standing),
        Ok(standing) => Err(Box::new(instead(reader, id, &standing).await)),
        Err(problem) => Err(Box::new(response::problem(&problem, Some(&reader.who), fragment))),
    }
}

/// The journal does not open for the reader.
pub(crate) fn no_ground() -> Problem {
    let text = "There is no ground on which this reader may open this journal.";
    Problem::new(Kind::Refused, "WEB-005", text)
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
