//! A signed token in its compact form: taken apart, its signature not yet checked.
//!
//! Standard: RFC 7515 sections 3.1 and 4.1, RFC 8725 (best practices)

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::key::Key;

/// The protected header. Fields that are not read here (`jku`, `x5u` …) have no effect: keys come
/// from the provider's own address only.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) typ: Option<String>,
    pub(crate) kid: Option<String>,
    pub(crate) jwk: Option<Value>,
    /// Extensions that must be understood; none is.
    crit: Option<Value>,
}

/// A compact JWS with a JSON object in it.
#[derive(Debug)]
pub(crate) struct Jws<'a> {
    pub(crate) header: Header,
    /// Not to be believed before [`Jws::signed_by`].
    pub(crate) claims: Map<String, Value>,
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token of at most so many bytes apart. The error says what is wrong with its form.
    pub(crate) fn parse(text: &'a str, bytes_max: usize) -> Result<Self, &'static str> {
        if text.len() > bytes_max {
            return Err("is too long");
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(NOT_COMPACT)?;
        let (header, payload) = signed.split_once('.').ok_or(NOT_COMPACT)?;
        if payload.contains('.') {
            return Err(NOT_COMPACT);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "is not base64url");
        let header: Header = serde_json::from_slice(&decode(header)?)
            .map_err(|_| "has a header that is not a JSON object with \"alg\"")?;
        if header.crit.is_some() {
            return Err("has a critical header (\"crit\") that is not understood");
        }
        let claims =
            serde_json::from_slice(&decode(payload)?).map_err(|_| "does not hold a JSON object")?;
        Ok(Self { header, claims, signed: signed.as_bytes(), signature: decode(signature)? })
    }

    /// Whether the signature is this key's.
    pub(crate) fn signed_by(&self, key: &Key, algorithm: Algorithm) -> bool {
        key.signed(algorithm, self.signed, &self.signature)
    }

    /// Whether `typ` is this media type, whose `application/` may be left out.
    pub(crate) fn is_type(&self, name: &str) -> bool {
        self.header.typ.as_deref().is_some_and(|typ| {
            let bare = typ.get(..12).filter(|start| start.eq_ignore_ascii_case("application/"));
            let typ = bare.and_then(|_| typ.get(12..)).unwrap_or(typ);
            typ.eq_ignore_ascii_case(name)
        })
    }
}

const NOT_COMPACT: &str = "is not a signed JWT of three parts";

/// What a caller sent, for the log: quoted, with control characters escaped, and short.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    format!("{short:?}")
}
