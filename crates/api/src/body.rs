//! The body of a request: media type, encoding and size judged before the record sees it.
//!
//! Limits: `akson_base::limits`, described in `docs/operate/limits.md`.

use std::io::Read;

use akson_base::limits::REQUEST_BODIES_MEBIBYTES_MAX;
use akson_base::{Kind, Problem};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::format::is_r4;

/// Largest form with search parameters.
pub(crate) const FORM_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a body over its limit that are read and thrown away before it is refused.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Room for request bodies: the server's memory is shared out, not overrun.
pub(crate) struct Room(Semaphore);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(REQUEST_BODIES_MEBIBYTES_MAX as usize))
    }

    /// Waits for room for a body; small ones need none. A body whose size is not told, or that is
    /// compressed, may be as large as its limit.
    async fn take(&self, headers: &HeaderMap, limit: usize) -> Option<SemaphorePermit<'_>> {
        let told = declared(headers).filter(|_| !headers.contains_key(CONTENT_ENCODING));
        let mebibytes = told.unwrap_or(limit).min(limit) >> 20;
        let permits = u32::try_from(mebibytes).unwrap_or(u32::MAX);
        let permits = permits.min(REQUEST_BODIES_MEBIBYTES_MAX);
        if permits == 0 { None } else { self.0.acquire_many(permits).await.ok() }
    }
}

/// A body in memory, with its room. Keep it until the body has been dealt with.
pub(crate) struct Taken<'a> {
    pub(crate) bytes: Bytes,
    _room: Option<SemaphorePermit<'a>>,
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A FHIR body: JSON by its media type, at most `limit_bytes` after decompression.
pub(crate) async fn fhir<'a>(
    room: &'a Room,
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
) -> Result<Taken<'a>, Problem> {
    let json = ["application/fhir+json", "application/json", "text/json"];
    if !has_type(headers, &json) {
        return Err(Problem::new(
            Kind::MediaType,
            "API-007",
            "The body must be FHIR R4 as JSON: Content-Type: application/fhir+json, UTF-8.",
        ));
    }
    let room = room.take(headers, limit_bytes).await;
    let bytes = bytes(headers, body, limit_bytes).await?;
    Ok(Taken { bytes, _room: room })
}

/// A form of search parameters, still percent-encoded. An empty body needs no media type.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<String, Problem> {
    let is_form = has_type(headers, &["application/x-www-form-urlencoded"]);
    let bytes = bytes(headers, body, FORM_BYTES_MAX).await?;
    if !is_form && !bytes.is_empty() {
        return Err(Problem::new(
            Kind::MediaType,
            "API-008",
            "A search by POST has its parameters in a form: \
             Content-Type: application/x-www-form-urlencoded.",
        ));
    }
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::new(Kind::Invalid, "API-009", "The form is not UTF-8."))
}

fn has_type(headers: &HeaderMap, expected: &[&str]) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';');
    let media = parts.next().unwrap_or_default().trim();
    expected.iter().any(|name| media.eq_ignore_ascii_case(name))
        && parts.all(|parameter| match parameter.trim().split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                let charset = charset.trim_matches('"');
                ["utf-8", "utf8", "us-ascii"].iter().any(|c| charset.eq_ignore_ascii_case(c))
            }
            Some((name, version)) if name.eq_ignore_ascii_case("fhirVersion") => is_r4(version),
            Some(_) | None => true,
        })
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let value = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
    match value.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(Encoding::Plain),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some("zstd") => Ok(Encoding::Zstd),
        Some(_) => Err(Problem::new(
            Kind::MediaType,
            "API-010",
            "Content-Encoding must be gzip or zstd, or absent.",
        )),
    }
}

async fn bytes(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<Bytes, Problem> {
    let encoding = encoding(headers)?;
    let bytes = collect(headers, body, limit_bytes).await?;
    match encoding {
        Encoding::Plain => Ok(bytes),
        Encoding::Gzip | Encoding::Zstd => {
            // Inflating takes long enough to hold up the requests that share this thread.
            tokio::task::spawn_blocking(move || inflate(&bytes, encoding, limit_bytes))
                .await
                .map_err(|error| Problem::fault("API-012", error.to_string()))?
        }
    }
}

/// Takes the body in. Of one that is too large so much is read and thrown away that a client which
/// sends first and listens afterwards hears the answer, and not a broken connection.
async fn collect(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let declared = declared(headers);
    let mut is_too_large = declared.is_some_and(|length| length > limit);
    let mut first = Bytes::new();
    let mut all = Vec::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Problem::new(Kind::Invalid, "API-011", "The body did not arrive whole.")
                .with_log(error.to_string())
        })?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        is_too_large |= seen > limit;
        if is_too_large {
            (first, all) = (Bytes::new(), Vec::new());
            if seen > limit.saturating_add(DISCARDED_BYTES_MAX) {
                break;
            }
        } else if seen == data.len() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(declared.unwrap_or(seen * 2));
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    if is_too_large {
        return Err(too_large(limit));
    }
    Ok(if all.is_empty() { first } else { Bytes::from(all) })
}

fn inflate(bytes: &[u8], encoding: Encoding, limit_bytes: usize) -> Result<Bytes, Problem> {
    let broken = |error: std::io::Error| {
        Problem::new(Kind::Invalid, "API-013", "The body is not what its Content-Encoding says.")
            .with_log(error.to_string())
    };
    let mut out = Vec::new();
    let up_to = limit_bytes as u64 + 1;
    match encoding {
        Encoding::Plain => out.extend_from_slice(bytes),
        Encoding::Gzip => {
            let decoder = flate2::read::MultiGzDecoder::new(bytes);
            decoder.take(up_to).read_to_end(&mut out).map_err(broken)?;
        }
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(bytes).map_err(broken)?;
            decoder.take(up_to).read_to_end(&mut out).map_err(broken)?;
        }
    }
    if out.len() > limit_bytes {
        return Err(too_large(limit_bytes));
    }
    Ok(Bytes::from(out))
}

fn too_large(limit_bytes: usize) -> Problem {
    let text = format!("The body is larger than {limit_bytes} bytes, the limit at this address.");
    Problem::new(Kind::TooLarge, "API-014", text)
}
