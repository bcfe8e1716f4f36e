//! Style, script and icon: embedded, named by content, compressed ahead of time.
//!
//! Not here: what they are made of (`assets/bundle.mjs`, run by `build.rs`).

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// One embedded file in the three forms that a browser may take.
struct Asset {
    name: &'static str,
    /// File name with the hash of its content.
    file: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The content never changes under its name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The address of an asset by its plain name: `style` is `/assets/style-<hash>.css`.
pub(crate) fn path(name: &str) -> String {
    let file = ASSETS.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.file);
    format!("/assets/{file}")
}

/// `GET /assets/{file}`
pub(crate) async fn serve(Path(file): Path<String>, request: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let text = |name| request.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (body, encoding) = choose(asset, text(header::ACCEPT_ENCODING));
    let tag = format!("\"{}-{encoding}\"", asset.file);
    let known = text(header::IF_NONE_MATCH).split(',').any(|one| one.trim() == tag);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if encoding != "plain" {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    (headers, Bytes::from_static(body)).into_response()
}

/// The smallest form that the browser takes. `q=0` says no.
fn choose(asset: &Asset, accept: &str) -> (&'static [u8], &'static str) {
    let takes = |coding: &str| {
        accept.split(',').any(|offer| {
            let (name, quality) = offer.split_once(';').unwrap_or((offer, ""));
            let refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(coding) && !refused
        })
    };
    if takes("br") {
        (asset.brotli, "br")
    } else if takes("gzip") {
        (asset.gzip, "gzip")
    } else {
        (asset.plain, "plain")
    }
}
