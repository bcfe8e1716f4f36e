//! What is wrong with a resource, where, and what would be right.
//!
//! Messages never repeat values: they may be about people. They name elements, types, and codes
//! of required bindings.
//! Standard: <https://hl7.org/fhir/R4/valueset-issue-type.html>

use std::fmt;
use std::ops::Deref;

use akson_base::limits::JSON_DEPTH_MAX;
use akson_base::{Kind, Problem};

use super::cursor::{Broken, Cursor, TOO_DEEP};

/// How bad it is, in FHIR's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It must be mended.
    Error,
    /// It may stay.
    Warning,
}

impl Severity {
    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The rules that input is held to. Each has a searchable number and one of FHIR's issue types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is told in docs/operate/problems.md")]
pub enum Rule {
    Json,
    Utf8,
    TooLarge,
    TooDeep,
    DuplicateKey,
    ResourceType,
    UnknownElement,
    JsonType,
    Repetition,
    Missing,
    OneType,
    Primitive,
    Code,
    Empty,
    Null,
    Narrative,
    Bundle,
}

impl Rule {
    /// The problem code, explained in `docs/operate/problems.md`.
    pub fn number(self) -> &'static str {
        match self {
            Self::Json => "FHR-001",
            Self::Utf8 => "FHR-002",
            Self::TooLarge => "FHR-003",
            Self::TooDeep => "FHR-004",
            Self::DuplicateKey => "FHR-005",
            Self::ResourceType => "FHR-006",
            Self::UnknownElement => "FHR-007",
            Self::JsonType => "FHR-008",
            Self::Repetition => "FHR-009",
            Self::Missing => "FHR-010",
            Self::OneType => "FHR-011",
            Self::Primitive => "FHR-012",
            Self::Code => "FHR-013",
            Self::Empty => "FHR-014",
            Self::Null => "FHR-015",
            Self::Narrative => "FHR-016",
            Self::Bundle => "FHR-017",
        }
    }

    /// FHIR's issue type.
    pub fn issue_type(self) -> &'static str {
        match self {
            Self::Json
            | Self::Utf8
            | Self::DuplicateKey
            | Self::ResourceType
            | Self::UnknownElement
            | Self::JsonType
            | Self::Repetition
            | Self::OneType
            | Self::Empty
            | Self::Null
            | Self::Narrative
            | Self::Bundle => "structure",
            Self::TooLarge | Self::TooDeep => "too-long",
            Self::Missing => "required",
            Self::Primitive => "value",
            Self::Code => "code-invalid",
        }
    }
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How bad.
    pub severity: Severity,
    /// The rule that is broken.
    pub rule: Rule,
    /// Where, as FHIRPath (`Patient.name[0].given[1]`); `line 3, column 14` while it is not JSON.
    pub location: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Issue {
    /// An error.
    pub fn error(rule: Rule, location: impl Into<String>, message: impl Into<String>) -> Self {
        let (location, message) = (location.into(), message.into());
        Self { severity: Severity::Error, rule, location, message }
    }

    /// What breaks the JSON itself, told by line and column.
    pub(crate) fn broken(cursor: &Cursor<'_>, broken: Broken) -> Self {
        let (line, column) = cursor.line_and_column(broken.at);
        let location = format!("line {line}, column {column}");
        if broken.what == TOO_DEEP {
            let message = format!("{TOO_DEEP}: at most {JSON_DEPTH_MAX} levels");
            return Self::error(Rule::TooDeep, location, message);
        }
        Self::error(Rule::Json, location, format!("this is not JSON: {}", broken.what))
    }

    /// FHIR's issue type, as in `OperationOutcome.issue.code`.
    pub fn code(&self) -> &'static str {
        self.rule.issue_type()
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

/// Everything found wrong in one resource, in document order; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issues(pub Vec<Issue>);

impl Deref for Issues {
    type Target = [Issue];

    fn deref(&self) -> &[Issue] {
        &self.0
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, issue) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{issue}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Issues {}

impl From<Issues> for Problem {
    fn from(issues: Issues) -> Self {
        let mut issues = issues.0.into_iter();
        let Some(first) = issues.next() else {
            return Self::fault("FHR-000", "a resource was refused without an issue");
        };
        let kind = match first.rule {
            Rule::TooLarge | Rule::TooDeep => Kind::TooLarge,
            Rule::Json
            | Rule::Utf8
            | Rule::DuplicateKey
            | Rule::ResourceType
            | Rule::UnknownElement
            | Rule::JsonType
            | Rule::Repetition
            | Rule::Missing
            | Rule::OneType
            | Rule::Primitive
            | Rule::Code
            | Rule::Empty
            | Rule::Null
            | Rule::Narrative
            | Rule::Bundle => Kind::Invalid,
        };
        let mut problem = Self::new(kind, first.rule.number(), first.message).at(first.location);
        problem.further = issues.map(|issue| (issue.message, issue.location)).collect();
        problem
    }
}
