//! Why a command did not do what it was asked, and the exit code that says so.

use akson_base::Problem;

/// How a command ends when it does not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the configuration asks for something that cannot be: exit code 2.
    Usage(String),
    /// It was tried and did not work: exit code 1.
    Failed(String),
}

impl Failure {
    /// One line for standard error.
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Usage(text) | Self::Failed(text) => format!("akson: {text}"),
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.code {
            // The address of a database is part of the command line or the settings.
            "STO-076" => Self::Usage(problem.to_string()),
            _ => Self::Failed(problem.to_string()),
        }
    }
}
