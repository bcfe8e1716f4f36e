//! A running server and rows of what is asked of it.
//!
//! A row: request line, headers, body, expected status, facts. A fact is one of
//! - `Name: text`: the answer has the header and its value contains the text (`!Name`: it has not)
//! - `/json/pointer=value`: the value there, as text; `/json/pointer~text`: contains;
//!   `/json/pointer#3`: so many items; `!/json/pointer`: nothing there
//! - `empty`: no body

use akson_testkit::server::Server;
use reqwest::{Client, Method, Response};
use serde_json::Value;

/// One request and what must be true of its answer.
pub(crate) type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    u16,
    &'static [&'static str],
);

/// FHIR's media type as the only header.
pub(crate) const FHIR: &[(&str, &str)] = &[("Content-Type", "application/fhir+json")];
/// No headers.
pub(crate) const NONE: &[(&str, &str)] = &[];

/// A server of its own for one test.
pub(crate) struct Ask {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The text at a JSON pointer; numbers as their digits.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.json().pointer(pointer).map(as_text).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap().to_string());
        value.unwrap_or_default()
    }

    fn holds(&self, fact: &str) -> bool {
        if fact == "empty" {
            return self.bytes.is_empty();
        }
        if let Some(pointer) = fact.strip_prefix("!/") {
            return self.json().pointer(&format!("/{pointer}")).is_none();
        }
        if let Some(name) = fact.strip_prefix('!') {
            return !self.headers.contains_key(name);
        }
        if !fact.starts_with('/') {
            let (name, text) = fact.split_once(": ").expect("a header fact is `Name: text`");
            return self.headers.contains_key(name) && self.header(name).contains(text);
        }
        let json = self.json();
        let operator = fact.find(['=', '~', '#']).expect("a body fact has =, ~ or #");
        let (pointer, expected) = (&fact[..operator], &fact[operator + 1..]);
        let Some(value) = json.pointer(pointer) else {
            return fact[operator..].starts_with("#0");
        };
        match &fact[operator..=operator] {
            "=" => as_text(value) == expected,
            "~" => as_text(value).contains(expected),
            _ => value.as_array().map_or(0, Vec::len).to_string() == expected,
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

impl Ask {
    pub(crate) fn start() -> Self {
        Self::with(&["--open"])
    }

    pub(crate) fn with(arguments: &[&str]) -> Self {
        let server = Server::start_with(env!("CARGO_BIN_EXE_akson"), arguments).unwrap();
        Self { server, client: Client::builder().no_proxy().build().unwrap() }
    }

    /// Sends `METHOD /path`; a path that begins with `//` stands outside `/fhir`.
    pub(crate) async fn send(
        &self,
        request: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let (method, path) = request.split_once(' ').unwrap_or((request, ""));
        let url = match path.strip_prefix("//") {
            Some(path) => format!("{}/{path}", self.server.root()),
            None => format!("{}{path}", self.server.fhir()),
        };
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.body(body).send().await.unwrap()).await
    }

    /// Puts a resource and expects it to be taken.
    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        let answer = self.send(&format!("PUT {path}"), FHIR, body.to_string()).await;
        assert!(
            answer.status < 300,
            "PUT {path}: {} {}",
            answer.status,
            answer.text("/issue/0/diagnostics")
        );
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), NONE, "").await
    }

    /// Runs rows in order; tells of every one that does not hold.
    pub(crate) async fn rows(&self, rows: &[Row]) {
        let mut wrong = Vec::new();
        for (request, headers, body, status, facts) in rows {
            let answer = self.send(request, headers, *body).await;
            let mut missing: Vec<String> = facts
                .iter()
                .filter(|fact| !answer.holds(fact))
                .map(|f| format!("  not: {f}"))
                .collect();
            if answer.status != *status {
                missing.insert(0, format!("  status {} and not {status}", answer.status));
            }
            if !missing.is_empty() {
                let body =
                    String::from_utf8_lossy(&answer.bytes).chars().take(600).collect::<String>();
                let headers = &answer.headers;
                wrong.push(format!("{request}\n{}\n  {headers:?}\n  {body}", missing.join("\n")));
            }
        }
        assert!(wrong.is_empty(), "\n{}\n\nlog:\n{}", wrong.join("\n\n"), self.server.log());
    }
}
