//! One request at a time, for looking around before a load: ids, codes and values to ask for.

use serde_json::Value;

use crate::client::{Address, Connection};

/// A blocking client.
pub(crate) struct Probe {
    runtime: tokio::runtime::Runtime,
    address: Address,
}

/// An answer on its own.
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// `Server-Timing`, if given.
    pub(crate) server_timing: Option<String>,
    /// `DPoP-Nonce`, if given.
    pub(crate) nonce: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Longest wait for one answer.
const ANSWER_SECONDS_MAX: u64 = 60;

impl Probe {
    /// A client of the server at `address`.
    pub(crate) fn new(address: &Address) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("runtime: {error}"))?;
        Ok(Self { runtime, address: address.clone() })
    }

    /// Sends prepared bytes on a connection of its own.
    pub(crate) fn send(&self, request: &[u8]) -> Result<Reply, String> {
        let exchange = async {
            let mut connection =
                Connection::open(&self.address).await.map_err(|error| error.to_string())?;
            let answer = connection.exchange(request).await.map_err(|error| error.to_string())?;
            Ok(Reply {
                status: answer.status,
                // The parts and the whole stand in headers of their own.
                server_timing: Some(answer.headers("server-timing").collect::<Vec<_>>().join(", "))
                    .filter(|timing| !timing.is_empty()),
                nonce: answer.header("dpop-nonce").map(str::to_owned),
                body: answer.body.to_vec(),
            })
        };
        let limit = std::time::Duration::from_secs(ANSWER_SECONDS_MAX);
        self.runtime
            .block_on(async { tokio::time::timeout(limit, exchange).await })
            .map_err(|_| format!("no answer within {ANSWER_SECONDS_MAX} s"))?
    }

    /// `GET` below the FHIR base; any status.
    pub(crate) fn get(&self, path: &str) -> Result<Reply, String> {
        self.send(&self.address.request("GET", path, b""))
    }

    /// `GET` below the FHIR base; must answer 200 with JSON.
    pub(crate) fn json(&self, path: &str) -> Result<Value, String> {
        let reply = self.get(path)?;
        if reply.status != 200 {
            let body = String::from_utf8_lossy(&reply.body);
            let body: String = body.chars().take(300).collect();
            return Err(format!("GET {path}: status {}: {body}", reply.status));
        }
        serde_json::from_slice(&reply.body).map_err(|error| format!("GET {path}: {error}"))
    }

    /// Up to `limit` resources of a search, page after page.
    pub(crate) fn resources(&self, search: &str, limit: usize) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        let mut page = self.json(search)?;
        let root = Self { runtime: self.second_runtime()?, address: self.address.with_path("") };
        loop {
            let entries = page.get_mut("entry").and_then(Value::as_array_mut);
            let entries = entries.map(std::mem::take).unwrap_or_default();
            found.extend(entries.into_iter().filter_map(|mut entry| {
                let resource = entry.get_mut("resource").map(Value::take)?;
                (resource.get("resourceType") != Some(&Value::from("OperationOutcome")))
                    .then_some(resource)
            }));
            let next = next_link(&page);
            match next {
                Some(next) if found.len() < limit => page = root.json(&next)?,
                Some(_) | None => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    fn second_runtime(&self) -> Result<tokio::runtime::Runtime, String> {
        Ok(Self::new(&self.address)?.runtime)
    }

    /// `Bundle.total` of a search.
    pub(crate) fn count(&self, search: &str) -> Result<u64, String> {
        let separator = if search.contains('?') { '&' } else { '?' };
        let page = self.json(&format!("{search}{separator}_summary=count"))?;
        page.get("total")
            .and_then(Value::as_u64)
            .ok_or_else(|| format!("{search}: the count has no total"))
    }
}

/// The path and query of a page's `next` link.
fn next_link(page: &Value) -> Option<String> {
    let links = page.get("link")?.as_array()?;
    let next = links.iter().find(|link| link.get("relation") == Some(&Value::from("next")))?;
    let url = next.get("url")?.as_str()?;
    match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| format!("/{path}")),
        None => Some(url.to_owned()),
    }
}

/// Text at a path of object fields and array positions: `["code", "coding", "0", "code"]`.
pub(crate) fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path).and_then(Value::as_str)
}

/// The value at such a path.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(step),
    })
}

/// A text as a value in a query: everything but letters, digits and `-._~` is escaped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_links_lose_their_host() {
        let page = |url: &str| serde_json::json!({"link": [{"relation": "next", "url": url}]});
        assert_eq!(next_link(&page("http://h:1/fhir/X?a=b")).as_deref(), Some("/fhir/X?a=b"));
        assert_eq!(next_link(&page("/fhir/X?a=b")).as_deref(), Some("/fhir/X?a=b"));
        assert_eq!(next_link(&serde_json::json!({})), None);
    }

    #[test]
    fn paths_lead_through_objects_and_arrays() {
        let value = serde_json::json!({"code": {"coding": [{"code": "x"}]}});
        assert_eq!(text_at(&value, &["code", "coding", "0", "code"]), Some("x"));
        assert_eq!(text_at(&value, &["code", "coding", "1", "code"]), None);
        assert_eq!(escape("a|b c"), "a%7Cb%20c");
    }
}
