//! What is wrong with a form, or with what was answered in it.

use std::fmt;

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable, for a text in the reader's language: `too-long`, `link-id-twice`.
    pub code: &'static str,
    /// The item's linkId; empty when it is about the whole form, or the item has none.
    pub link_id: String,
    /// Which occurrence of an answer (`2.0.1.0`); empty when it is about the form itself.
    pub path: String,
    /// What a text about it names: a limit, an id, what a form's author wrote. Never an answer.
    pub arguments: Vec<String>,
    /// In English, for who makes forms: what is wrong and what would be right.
    pub message: String,
}

impl Finding {
    /// About an item of a form, or with an empty `link_id` about all of it.
    pub fn of_form(code: &'static str, link_id: &str, message: impl Into<String>) -> Self {
        let (link_id, message) = (link_id.to_owned(), message.into());
        Self { code, link_id, path: String::new(), arguments: Vec::new(), message }
    }

    /// About what was answered at a place.
    pub fn of_answer(
        code: &'static str,
        link_id: &str,
        path: &str,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), ..Self::of_form(code, link_id, message) }
    }

    /// With what its text names.
    #[must_use]
    pub fn with(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.link_id.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", self.link_id, self.message),
        }
    }
}
