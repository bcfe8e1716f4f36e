//! A citizen's home.
//!
//! Not here: whom a citizen may act for (`standing`), HTML (`pages::home_page`).

use akson_base::Problem;
use axum::response::Response;
use maud::Markup;

use crate::pages::home_page;
use crate::response;
use crate::sight::Reader;

/// `GET /` for a citizen.
pub(crate) async fn show(reader: Reader) -> Response {
    response::drawn(drawn(&reader).await, &reader.who)
}

async fn drawn(reader: &Reader) -> Result<Markup, Problem> {
    let journals = reader.acted_for().await?;
    let notices = reader.notices(&journals).await?;
    Ok(home_page::home(&journals, &notices, &reader.who, reader.today()))
}
