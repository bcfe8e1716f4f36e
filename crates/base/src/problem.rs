//! The one error shape of the house.
//!
//! Two readers: the caller (no patient data, what would be right) and the operator's log.

use std::fmt;

/// What kind of failure, as the caller must react to it. HTTP status is derived from this in one
/// place only (`api`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is not there, or the caller may not know that it is.
    NotFound,
    /// It was there and has been deleted.
    Gone,
    /// The request breaks a rule of the standard or a limit of form.
    Invalid,
    /// The content is well-formed but breaks a rule of the record.
    Unprocessable,
    /// Someone else changed it first; read again and retry.
    Conflict,
    /// A stated precondition (`If-Match`, several matches of a condition) does not hold.
    Precondition,
    /// No known actor.
    Unauthenticated,
    /// A known actor without a lawful ground.
    Refused,
    /// A part of the standard that this server does not offer.
    Unsupported,
    /// There is such an address, but not with this method.
    NotAllowed,
    /// The media type, character set or content encoding of the request cannot be read.
    MediaType,
    /// The answer cannot be written in a form that the caller accepts.
    NotAcceptable,
    /// Larger than the documented limit.
    TooLarge,
    /// More work than the documented limit of a request.
    TooCostly,
    /// The caller calls too often; retry after the time that the answer says.
    Throttled,
    /// Cannot serve now; retry later (overload, disk full, shutting down).
    Busy,
    /// Our own fault: an invariant broke or the disk lied.
    Fault,
}

/// One failure: its kind, a unique searchable code (explained in `docs/operate/problems.md`), one
/// text for the caller and one for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How the caller must react.
    pub kind: Kind,
    /// Unique and stable, `AREA-NNN`.
    pub code: &'static str,
    /// For the caller: no names or numbers of people, no internals.
    pub for_caller: String,
    /// For the operator: what is needed to act. Empty when there is nothing to add.
    pub for_log: String,
    /// FHIRPath locations in the caller's input, if any (OperationOutcome.issue.expression).
    pub locations: Vec<String>,
    /// More than one thing wrong in the same input: further issues as `(message, location)`.
    pub further: Vec<(String, String)>,
}

impl Problem {
    /// A problem with a text for the caller.
    pub fn new(kind: Kind, code: &'static str, for_caller: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            for_caller: for_caller.into(),
            for_log: String::new(),
            locations: Vec::new(),
            further: Vec::new(),
        }
    }

    /// A fault of ours: the caller learns only that it is, the log learns what.
    pub fn fault(code: &'static str, for_log: impl Into<String>) -> Self {
        let mut problem = Self::new(
            Kind::Fault,
            code,
            "The server failed in a way that is not your fault. The operator's log has the details.",
        );
        problem.for_log = for_log.into();
        problem
    }

    /// Adds what the operator needs to know.
    #[must_use]
    pub fn with_log(mut self, for_log: impl Into<String>) -> Self {
        self.for_log = for_log.into();
        self
    }

    /// Adds a FHIRPath location in the caller's input.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.locations.push(location.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.for_caller)?;
        for location in &self.locations {
            write!(f, " (at {location})")?;
        }
        if !self.for_log.is_empty() {
            write!(f, ": {}", self.for_log)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
