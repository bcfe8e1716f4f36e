//! Problems and good news as HTTP answers. Status and OperationOutcome are `record::outcome`'s.

use akson_base::Problem;
use akson_record::outcome::{operation_outcome, status_and_code};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::json;

/// The HTTP status of a problem.
pub fn status(problem: &Problem) -> StatusCode {
    let (status, _) = status_and_code(problem.kind);
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The OperationOutcome of a problem, as JSON.
pub fn outcome_json(problem: &Problem) -> Bytes {
    Bytes::from(operation_outcome(problem).to_string())
}

/// An OperationOutcome that says that all went well (`Prefer: return=OperationOutcome`).
pub(crate) fn well(text: &str) -> Bytes {
    let issue = json!({ "severity": "information", "code": "informational", "diagnostics": text });
    Bytes::from(json!({ "resourceType": "OperationOutcome", "issue": [issue] }).to_string())
}
