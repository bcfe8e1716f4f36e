//! How a [`Problem`] looks from outside: its HTTP status and its OperationOutcome.
//!
//! The one place where a status is chosen; `api` uses it for answers, bundles for their entries.
//! Standard: <https://hl7.org/fhir/R4/operationoutcome.html>

use akson_base::{Kind, Problem};
use serde_json::{Value, json};

/// Code system of our problem codes.
pub const PROBLEM_SYSTEM: &str = "https://akson.no/problem";

/// HTTP status and FHIR issue type of a kind.
pub fn status_and_code(kind: Kind) -> (u16, &'static str) {
    match kind {
        Kind::NotFound => (404, "not-found"),
        Kind::Gone => (410, "deleted"),
        Kind::Invalid => (400, "invalid"),
        Kind::Unprocessable => (422, "processing"),
        Kind::Conflict => (409, "conflict"),
        Kind::Precondition => (412, "conflict"),
        Kind::Unauthenticated => (401, "login"),
        Kind::Refused => (403, "forbidden"),
        // 501 would say that no resource of ours can do it; 400 is what the standard's search page asks.
        Kind::Unsupported => (400, "not-supported"),
        Kind::NotAllowed => (405, "not-supported"),
        Kind::MediaType => (415, "not-supported"),
        Kind::NotAcceptable => (406, "not-supported"),
        Kind::TooLarge => (413, "too-long"),
        Kind::TooCostly => (422, "too-costly"),
        Kind::Throttled => (429, "throttled"),
        Kind::Busy => (503, "transient"),
        Kind::Fault => (500, "exception"),
    }
}

/// A status line as in `Bundle.entry.response.status`: `404 Not Found`.
pub fn status_line(status: u16) -> &'static str {
    match status {
        200 => "200 OK",
        201 => "201 Created",
        204 => "204 No Content",
        304 => "304 Not Modified",
        400 => "400 Bad Request",
        401 => "401 Unauthorized",
        403 => "403 Forbidden",
        404 => "404 Not Found",
        405 => "405 Method Not Allowed",
        406 => "406 Not Acceptable",
        409 => "409 Conflict",
        410 => "410 Gone",
        412 => "412 Precondition Failed",
        413 => "413 Payload Too Large",
        415 => "415 Unsupported Media Type",
        422 => "422 Unprocessable Entity",
        429 => "429 Too Many Requests",
        503 => "503 Service Unavailable",
        _ => "500 Internal Server Error",
    }
}

/// The OperationOutcome of a problem: one issue for it and one for each further one.
pub fn operation_outcome(problem: &Problem) -> Value {
    let (_, code) = status_and_code(problem.kind);
    let details = json!({
        "coding": [{"system": PROBLEM_SYSTEM, "code": problem.code}],
        "text": problem.for_caller,
    });
    let mut first = json!({
        "severity": if problem.kind == Kind::Fault { "fatal" } else { "error" },
        "code": code,
        "details": details,
        "diagnostics": problem.for_caller,
    });
    if !problem.locations.is_empty()
        && let Some(issue) = first.as_object_mut()
    {
        issue.insert("expression".into(), json!(problem.locations));
    }
    let mut issues = vec![first];
    for (message, location) in &problem.further {
        issues.push(json!({
            "severity": "error",
            "code": code,
            "diagnostics": message,
            "expression": [location],
        }));
    }
    json!({"resourceType": "OperationOutcome", "issue": issues})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_with_two_faults_becomes_two_located_issues() {
        let mut problem = Problem::new(Kind::Invalid, "FHR-001", "wrong").at("Patient.gender");
        problem.further.push(("also wrong".into(), "Patient.name".into()));
        let outcome = operation_outcome(&problem);
        assert_eq!(outcome["issue"][0]["expression"][0], "Patient.gender");
        assert_eq!(outcome["issue"][0]["details"]["coding"][0]["code"], "FHR-001");
        assert_eq!(outcome["issue"][1]["expression"][0], "Patient.name");
    }
}
