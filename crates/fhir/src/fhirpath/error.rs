//! What can go wrong with an expression: when it is read, and when it is evaluated.

use std::fmt;

use akson_base::{Kind, Problem};

/// The expression is not FHIRPath, or uses what this engine does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong and what would be right.
    pub message: String,
    /// Byte offset in the expression.
    pub offset: u32,
}

/// The expression could not be evaluated on this input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What is wrong. Names types and functions, never values from the input.
    pub message: String,
    /// Byte offset of the part that failed in the expression.
    pub offset: u32,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, offset: u32) -> Self {
        Self { message: message.into(), offset }
    }
}

impl EvalError {
    pub(crate) fn new(message: impl Into<String>, offset: u32) -> Self {
        Self { message: message.into(), offset }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {} of the expression)", self.message, self.offset)
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {} of the expression)", self.message, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
impl std::error::Error for EvalError {}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Self {
        Problem::new(
            Kind::Invalid,
            "FHR-060",
            format!("The FHIRPath expression cannot be read. {error}"),
        )
    }
}

impl From<EvalError> for Problem {
    fn from(error: EvalError) -> Self {
        Problem::new(
            Kind::Unprocessable,
            "FHR-061",
            format!("The FHIRPath expression cannot be evaluated. {error}"),
        )
    }
}
