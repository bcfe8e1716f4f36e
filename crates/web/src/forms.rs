//! What a page's form sends: read once at the door, when it is known to come from our own page.
//!
//! Standard: <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>.

use std::sync::Arc;

use akson_base::limits::FORM_BYTES_MAX;
use akson_base::{Kind, Problem};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::response;

/// The field of the token that every form carries.
pub(crate) const FORM_TOKEN: &str = "skjema";

/// The fields of a form that `door` has let through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    fields: Arc<[(String, String)]>,
}

impl Form {
    /// Takes in the body of a request. Refuses what is not a form (`WEB-012`) and what is larger
    /// than [`FORM_BYTES_MAX`] (`WEB-013`).
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|text| text.split(';').next()).unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let text = "The pages take forms, application/x-www-form-urlencoded.";
            return Err(Problem::new(Kind::MediaType, "WEB-012", text));
        }
        let bytes = axum::body::to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| {
            let text = format!("A form has at most {FORM_BYTES_MAX} bytes.");
            Problem::new(Kind::TooLarge, "WEB-013", text)
        })?;
        Ok(Self { fields: url::form_urlencoded::parse(&bytes).into_owned().collect() })
    }

    /// The first value of a field, empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut found = self.fields.iter().filter(|(known, _)| known == name);
        found.next().map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field that may stand several times.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let found = self.fields.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Response;

    /// The form that `door` has checked. A handler cannot come by another.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            let problem = Problem::fault("WEB-014", "a form that nobody checked was asked for");
            response::problem(&problem, None, false)
        })
    }
}
