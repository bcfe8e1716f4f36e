//! Where pieces go: the record in a data folder, or a FHIR server by HTTP.

use std::sync::Arc;
use std::time::Duration;

use akson_base::{Kind, Problem};
use akson_record::Record;
use akson_record::request::Caller;
use bytes::Bytes;
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::failure::Failure;
use crate::wiring;

/// Longest wait for a server's answer to one bundle.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(900);

/// Why something was not taken.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// A problem code, or the server's HTTP status.
    pub(crate) code: String,
    pub(crate) reason: String,
    /// FHIRPath locations in what was sent.
    pub(crate) locations: Vec<String>,
}

impl Refusal {
    /// A refusal before anything was sent.
    pub(crate) fn ours(code: &'static str, reason: String) -> Self {
        Self { code: code.into(), reason, locations: Vec::new() }
    }
}

/// What became of a piece.
pub(crate) enum Outcome {
    /// The answering Bundle.
    Applied(Bytes),
    /// It was there from before, by its key.
    AppliedBefore,
    /// It was refused whole; nothing of it is there.
    Refused(Refusal),
}

/// A record or a server.
pub(crate) enum Target {
    Record(Arc<Record>, Box<Caller>),
    Server(Client, String),
}

impl Target {
    pub(crate) fn record(record: Arc<Record>) -> Self {
        Self::Record(record, Box::new(wiring::operator("load")))
    }

    pub(crate) fn server(url: &str) -> Result<Self, Failure> {
        if !url.starts_with("http://") {
            return Err(Failure::Usage(format!(
                "--to {url}: give a FHIR base address that begins with http:// \
                 (there is no TLS here yet), as in http://127.0.0.1:8080/fhir"
            )));
        }
        let client = Client::builder()
            .timeout(ANSWER_TIME_MAX)
            .build()
            .map_err(|error| Failure::Failed(format!("cannot make an HTTP client: {error}")))?;
        Ok(Self::Server(client, url.trim_end_matches('/').to_string()))
    }

    /// Applies a bundle unless its key was applied before. An error stops the load: going on would
    /// only refuse everything that follows.
    pub(crate) async fn apply(&self, body: Bytes, key: &str) -> Result<Outcome, Failure> {
        match self {
            Self::Record(record, caller) => match record.bundle_once(caller, body, key).await {
                Ok(Some(answer)) => Ok(Outcome::Applied(answer.json)),
                Ok(None) => Ok(Outcome::AppliedBefore),
                Err(problem) if stops(problem.kind) => Err(problem.into()),
                Err(problem) => Ok(Outcome::Refused(refusal(problem))),
            },
            Self::Server(client, base) => post(client, base, body, key).await,
        }
    }
}

/// Whether the same would be answered to everything else.
fn stops(kind: Kind) -> bool {
    match kind {
        Kind::Unauthenticated | Kind::Refused | Kind::Throttled | Kind::Busy | Kind::Fault => true,
        Kind::NotFound
        | Kind::Gone
        | Kind::Invalid
        | Kind::Unprocessable
        | Kind::Conflict
        | Kind::Precondition
        | Kind::Unsupported
        | Kind::NotAllowed
        | Kind::MediaType
        | Kind::NotAcceptable
        | Kind::TooLarge
        | Kind::TooCostly => false,
    }
}

fn refusal(problem: Problem) -> Refusal {
    let Problem { code, for_caller, mut locations, further, .. } = problem;
    let mut reason = for_caller;
    for (message, location) in further {
        reason.push_str(" | ");
        reason.push_str(&message);
        locations.push(location);
    }
    Refusal { code: code.into(), reason, locations }
}

async fn post(client: &Client, base: &str, body: Bytes, key: &str) -> Result<Outcome, Failure> {
    let unreachable = |error: reqwest::Error| {
        Failure::Failed(format!("{base} does not answer: {error}; run the same command to go on"))
    };
    let request = client
        .post(base)
        .header("Content-Type", "application/fhir+json")
        .header("Prefer", "return=minimal")
        .header("Idempotency-Key", key)
        .body(body);
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let answer = response.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        return Ok(if is_outcome(&answer) {
            Outcome::AppliedBefore
        } else {
            Outcome::Applied(answer)
        });
    }
    let refusal = refusal_in(status, &answer);
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
        || status.is_server_error()
    {
        let Refusal { code, reason, .. } = refusal;
        return Err(Failure::Failed(format!("{base} answered {status}: {code} {reason}")));
    }
    Ok(Outcome::Refused(refusal))
}

/// A server that has seen the key answers with an OperationOutcome and no Bundle.
fn is_outcome(answer: &[u8]) -> bool {
    let head = answer.get(..100).unwrap_or(answer);
    String::from_utf8_lossy(head).contains("\"OperationOutcome\"")
}

fn refusal_in(status: StatusCode, answer: &[u8]) -> Refusal {
    let outcome: Value = serde_json::from_slice(answer).unwrap_or_default();
    issue(&outcome, status.as_str())
}

/// The first issue of an OperationOutcome; `code` where it has no code of its own.
pub(crate) fn issue(outcome: &Value, code: &str) -> Refusal {
    let text = |pointer| outcome.pointer(pointer).and_then(Value::as_str);
    let locations = outcome.pointer("/issue/0/expression").and_then(Value::as_array);
    Refusal {
        code: text("/issue/0/details/coding/0/code").unwrap_or(code).to_string(),
        reason: text("/issue/0/diagnostics")
            .or_else(|| text("/issue/0/details/text"))
            .unwrap_or("no reason given")
            .to_string(),
        locations: locations
            .into_iter()
            .flatten()
            .filter_map(|location| location.as_str().map(str::to_string))
            .collect(),
    }
}
