//! In which form the caller wants the answer (`Accept`, `_format`, `_pretty`), and the parameters
//! that belong to HTTP and not to a search.
//!
//! Standard: <https://hl7.org/fhir/R4/http.html#mime-type>

use std::borrow::Cow;

use akson_base::{Kind, Problem};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The media type of every answer.
pub(crate) const FHIR_JSON: &str = "application/fhir+json;charset=utf-8";

/// Judges `Accept` and `_format`; answers whether `_pretty=true` was asked for.
pub(crate) fn negotiate(headers: &HeaderMap, query: &str) -> Result<bool, Problem> {
    // `_format` overrides the header: https://hl7.org/fhir/R4/http.html#parameters
    match parameter(query, "_format") {
        Some(format) if is_json_format(&format) => {}
        Some(_) => return Err(not_acceptable()),
        None => accept(headers)?,
    }
    Ok(parameter(query, "_pretty").as_deref() == Some("true"))
}

fn is_json_format(format: &str) -> bool {
    let format = format.split(';').next().unwrap_or_default().trim();
    // An unescaped `+` in a query is a blank.
    matches!(
        format,
        "json"
            | "application/json"
            | "application/fhir+json"
            | "application/fhir json"
            | "text/json"
    )
}

fn accept(headers: &HeaderMap) -> Result<(), Problem> {
    let mut any = false;
    for value in headers.get_all(ACCEPT) {
        let Ok(value) = value.to_str() else { continue };
        any = true;
        if value.split(',').any(accepts_ours) {
            return Ok(());
        }
    }
    if any { Err(not_acceptable()) } else { Ok(()) }
}

fn accepts_ours(range: &str) -> bool {
    let mut parts = range.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let ours = matches!(
        media.as_str(),
        "*/*" | "application/*" | "application/fhir+json" | "application/json" | "text/json"
    );
    ours && parts.all(|parameter| match parameter.trim().split_once('=') {
        Some(("q", quality)) => quality.trim().parse::<f32>().is_ok_and(|q| q > 0.0),
        Some(("fhirVersion", version)) => is_r4(version),
        Some(_) | None => true,
    })
}

pub(crate) fn is_r4(version: &str) -> bool {
    matches!(version.trim().trim_matches('"'), "4.0" | "4.0.1")
}

fn not_acceptable() -> Problem {
    Problem::new(
        Kind::NotAcceptable,
        "API-006",
        "This server writes FHIR R4 as JSON: ask for application/fhir+json (or _format=json).",
    )
}

/// The first value of a parameter, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    let blanks = value.replace('+', " ");
    Some(percent_encoding::percent_decode_str(&blanks).decode_utf8_lossy().into_owned())
}

/// The query without `_format` and `_pretty`, which are dealt with here.
pub(crate) fn without_format(query: &str) -> Cow<'_, str> {
    let is_ours = |pair: &str| {
        let key = pair.split('=').next().unwrap_or_default();
        matches!(key, "_format" | "_pretty")
    };
    if !query.split('&').any(is_ours) {
        return Cow::Borrowed(query);
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_ours(pair)).collect();
    Cow::Owned(rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str, query: &str) -> bool {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        negotiate(&headers, query).is_ok()
    }

    #[test]
    fn the_golden_matrix_of_formats() {
        for (accept, query, expected) in [
            ("", "", true),
            ("*/*", "", true),
            ("application/fhir+json", "", true),
            ("application/fhir+json; fhirVersion=4.0", "", true),
            ("application/fhir+json; fhirVersion=5.0", "", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", true),
            ("application/fhir+xml", "", false),
            ("application/fhir+xml, application/json;q=0.5", "", true),
            ("application/json;q=0", "", false),
            ("application/fhir+xml", "_format=json", true),
            ("", "_format=xml", false),
            ("", "_count=1&_format=application/fhir+json", true),
            ("", "_format=application%2Ffhir%2Bjson", true),
        ] {
            assert_eq!(super::tests::accepted(accept, query), expected, "{accept} {query}");
        }
    }

    #[test]
    fn our_own_parameters_are_taken_out() {
        assert_eq!(without_format("a=1&_format=json&b=2&_pretty=true"), "a=1&b=2");
        assert_eq!(without_format("a=1"), "a=1");
    }
}
