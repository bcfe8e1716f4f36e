//! What a page's form sends: read once at the door, when it is known to come from our own page.
//!
//! Standard: <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>.

use std::sync::Arc;

use akson_base::limits::{FORM_BYTES_MAX, FORM_WITH_FILES_BYTES_MAX};
use akson_base::{Kind, Problem};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::multipart::{self, Part};
use crate::response;

/// The field of the token that every form carries.
pub(crate) const FORM_TOKEN: &str = "skjema";

/// The fields of a form that `door` has let through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    fields: Arc<[(String, String)]>,
    files: Arc<[Part]>,
}

impl Form {
    /// Takes in the body of a request. Refuses what is not a form (`WEB-012`) and what is larger
    /// than [`FORM_BYTES_MAX`] (`WEB-013`).
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default();
        if let Some(boundary) = multipart::boundary(media_type) {
            return Self::with_files(boundary, body).await;
        }
        let media_type = media_type.split(';').next().unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let text = "The pages take forms, application/x-www-form-urlencoded, and with files \
                        multipart/form-data.";
            return Err(Problem::new(Kind::MediaType, "WEB-012", text));
        }
        let bytes = taken_in(body, FORM_BYTES_MAX).await?;
        let fields = url::form_urlencoded::parse(&bytes).into_owned().collect();
        Ok(Self { fields, files: Arc::default() })
    }

    async fn with_files(boundary: &str, body: Body) -> Result<Self, Problem> {
        let bytes = taken_in(body, FORM_WITH_FILES_BYTES_MAX).await?;
        let broken = || {
            let text = "The form is not whole: not multipart/form-data as RFC 7578 has it.";
            Problem::new(Kind::Invalid, "WEB-202", text)
        };
        let parts = multipart::parts(&bytes, boundary).ok_or_else(broken)?;
        let (files, fields): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| part.file_name.is_some());
        let field = |part: Part| String::from_utf8(part.content).ok().map(|text| (part.name, text));
        let fields: Option<Vec<(String, String)>> = fields.into_iter().map(field).collect();
        // A file field that was left empty is sent without a name and content.
        let chosen = files.into_iter().filter(|file| !file.content.is_empty());
        Ok(Self { fields: fields.ok_or_else(broken)?.into(), files: chosen.collect() })
    }

    /// The files that were chosen in a field.
    pub(crate) fn files(&self, name: &str) -> impl Iterator<Item = &Part> {
        self.files.iter().filter(move |file| file.name == name)
    }

    /// The first value of a field, empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut found = self.fields.iter().filter(|(known, _)| known == name);
        found.next().map_or("", |(_, value)| value.as_str())
    }

    /// What was typed into a field, without the space around it. Refuses more than `characters_max`
    /// (`WEB-113`): a text is never cut.
    pub(crate) fn typed(&self, name: &str, characters_max: usize) -> Result<&str, Problem> {
        let text = self.field(name).trim();
        if text.chars().count() > characters_max {
            let text = format!("The field \"{name}\" takes at most {characters_max} characters.");
            return Err(Problem::new(Kind::Invalid, "WEB-113", text));
        }
        Ok(text)
    }

    /// All values of a field that may stand several times.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let found = self.fields.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).collect()
    }
}

async fn taken_in(body: Body, bytes_max: usize) -> Result<axum::body::Bytes, Problem> {
    axum::body::to_bytes(body, bytes_max).await.map_err(|_| {
        let text = format!("A form has at most {bytes_max} bytes.");
        Problem::new(Kind::TooLarge, "WEB-013", text)
    })
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
