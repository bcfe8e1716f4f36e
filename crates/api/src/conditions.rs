//! ETags, `If-Match`, `If-None-Match`, `If-Modified-Since`, and the `Prefer` header.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#concurrency>, RFC 9110 section 13, RFC 7240

use std::time::{Duration, UNIX_EPOCH};

use akson_base::{Instant, Kind, Problem};
use akson_record::request::Version;
use axum::http::HeaderMap;
use axum::http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH};

/// What a write's answer should carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Return {
    Minimal,
    Representation,
    Outcome,
}

/// `Prefer: return=…`; the whole resource when nothing (or something unknown) is asked for.
pub(crate) fn preferred_return(headers: &HeaderMap) -> Return {
    let asked = preference(headers, "return");
    match asked.as_deref() {
        Some("minimal") => Return::Minimal,
        Some("OperationOutcome") => Return::Outcome,
        Some(_) | None => Return::Representation,
    }
}

/// `Prefer: handling=strict`.
pub(crate) fn strict(headers: &HeaderMap) -> bool {
    preference(headers, "handling").as_deref() == Some("strict")
}

fn preference(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"').to_string())
}

/// The version that `If-Match` names, `W/"3"` or `"3"`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let version = value.to_str().ok().and_then(version_in_tag);
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::new(
            Kind::Invalid,
            "API-005",
            "If-Match must be the ETag of one version, as in If-Match: W/\"3\".",
        )),
    }
}

fn version_in_tag(tag: &str) -> Option<u32> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

/// Whether the caller already has this version (304).
pub(crate) fn not_modified(headers: &HeaderMap, version: &Version) -> bool {
    // RFC 9110 13.1.3: If-Modified-Since is ignored when If-None-Match is there.
    if headers.contains_key(IF_NONE_MATCH) {
        return headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| tag.trim() == "*" || version_in_tag(tag) == Some(version.version));
    }
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let Some(since) = since.and_then(|value| httpdate::parse_http_date(value).ok()) else {
        return false;
    };
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(version.time.0).unwrap_or_default() / 1000 <= since.as_secs()
}

/// A time as HTTP writes it: `Sat, 21 Nov 2026 22:08:00 GMT`.
pub(crate) fn http_date(time: Instant) -> String {
    let milliseconds = u64::try_from(time.0).unwrap_or_default();
    // Past the year 9999 the format has no form.
    let milliseconds = milliseconds.min(253_402_300_799_000);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(milliseconds))
}
