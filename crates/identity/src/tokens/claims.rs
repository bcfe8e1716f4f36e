//! The claims that every access token must have: from whom, for whom, and when.
//!
//! Standard: RFC 9068 section 4, RFC 7519 section 4.1

use serde_json::{Map, Value};

use super::denial::Denial;
use super::jws::quoted;

/// Latest time that is read, in seconds: the end of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// A verified token's claims.
#[derive(Debug)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

/// What a token's claims are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) now: i64,
    pub(crate) skew: i64,
}

impl Claims {
    /// A text, or `None` when the claim is not there. A claim of another type is refused.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Denial> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(malformed(name, "a text"))
            }
        }
    }

    /// A text or a whole number as text.
    pub(crate) fn text_or_number(&self, name: &str) -> Result<Option<String>, Denial> {
        match self.0.get(name) {
            Some(Value::Number(number)) if number.is_u64() => Ok(Some(number.to_string())),
            Some(_) | None => Ok(self.text(name)?.map(str::to_string)),
        }
    }

    /// A list of texts: an array, or one text.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, Denial> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(|| malformed(name, "a list of texts")))
                .collect(),
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                Err(malformed(name, "a text or a list of texts"))
            }
        }
    }

    /// A point in time, in seconds since 1970; fractions are dropped.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<i64>, Denial> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let number = value.as_f64().filter(|seconds| (0.0..=SECONDS_MAX as f64).contains(seconds));
        match number {
            Some(seconds) => Ok(Some(seconds as i64)),
            None => Err(malformed(name, "seconds since 1970")),
        }
    }

    /// Holds issuer, audience and times against what is expected; answers when the token expires.
    pub(crate) fn check(&self, expected: &Expected<'_>) -> Result<i64, Denial> {
        let required = |name: &str| missing(name);
        let issuer = self.text("iss")?.ok_or_else(|| required("iss"))?;
        if issuer != expected.issuer {
            let text = "The token is from an issuer that this server does not trust.";
            return Err(Denial::token("IDN-008", text).with_log(format!(
                "iss {}, expected {}",
                quoted(issuer),
                expected.issuer
            )));
        }
        let audience = self.texts("aud")?;
        if audience.is_empty() {
            return Err(required("aud"));
        }
        if !audience.contains(&expected.audience) {
            let text = format!(
                "The token is for another audience. Ask for one whose aud is {}.",
                expected.audience
            );
            let told: Vec<String> = audience.into_iter().take(5).map(quoted).collect();
            return Err(Denial::token("IDN-009", text).with_log(format!("aud {}", told.join(" "))));
        }
        self.check_times(expected)
    }

    fn check_times(&self, expected: &Expected<'_>) -> Result<i64, Denial> {
        let Expected { now, skew, .. } = *expected;
        let expires = self.seconds("exp")?.ok_or_else(|| missing("exp"))?;
        if now >= expires + skew {
            let text = "The token has expired. Ask for a new one.";
            return Err(
                Denial::token("IDN-010", text).with_log(format!("exp {expires}, now {now}"))
            );
        }
        let issued = self.seconds("iat")?.ok_or_else(|| missing("iat"))?;
        let starts = self.seconds("nbf")?.unwrap_or(issued).max(issued);
        if now + skew < starts {
            let text = "The token is not valid yet. Compare the clocks.";
            return Err(
                Denial::token("IDN-011", text).with_log(format!("nbf or iat {starts}, now {now}"))
            );
        }
        Ok(expires)
    }
}

/// A claim that must be there and is not.
pub(crate) fn missing(name: &str) -> Denial {
    Denial::token("IDN-012", format!("The token lacks the claim {name}."))
}

/// A claim that is not what it should be. Its value is never told: it may be about a person.
pub(crate) fn malformed(name: &str, expected: &str) -> Denial {
    Denial::token("IDN-012", format!("The token's claim {name} is not {expected}."))
}
