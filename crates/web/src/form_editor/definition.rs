//! A form as administrators see it: one Questionnaire with its state, its version and what was changed.
//!
//! Not here: what it asks (`tree`, `question`), drawing it for those who fill it in (`questionnaires`).
//! Standard: <https://hl7.org/fhir/R4/questionnaire.html>

use serde_json::{Value, json};

use super::question::put_extension;
use crate::dates::Moment;
use crate::fields::{list, text};

/// What was changed in a version, in its author's words.
const CHANGES: &str = "https://akson.no/fhir/StructureDefinition/form-changes";

/// Where a form is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Filled in.
    Active,
    /// Worked on.
    Draft,
    /// No longer filled in: out of use, or followed by a newer version.
    Retired,
    /// A draft that was thrown away.
    Discarded,
}

impl State {
    /// Its word in `code-form-state`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draft => "draft",
            Self::Retired => "retired",
            Self::Discarded => "discarded",
        }
    }
}

/// One Questionnaire.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub id: String,
    /// The record's count of its changes, for what is written on top of it.
    pub stored: u32,
    pub url: String,
    /// Its number as a published form; empty before.
    pub version: String,
    pub title: String,
    pub state: State,
    /// When it was published.
    pub date: Option<Moment>,
    /// What was changed, as its author says.
    pub changes: String,
    pub resource: Value,
}

impl Definition {
    /// Reads a stored Questionnaire, or one that comes along.
    pub(crate) fn read(resource: Value) -> Self {
        let of = |pointer: &str| text(&resource, pointer).to_owned();
        let version = of("/version");
        let state = match text(&resource, "/status") {
            "active" => State::Active,
            "draft" => State::Draft,
            _ if version.is_empty() => State::Discarded,
            _ => State::Retired,
        };
        let title = match text(&resource, "/title") {
            "" => of("/name"),
            title => title.to_owned(),
        };
        let changes = list(&resource, "/extension").iter().find(|one| text(one, "/url") == CHANGES);
        Self {
            id: of("/id"),
            stored: text(&resource, "/meta/versionId").parse().unwrap_or(0),
            url: of("/url"),
            version,
            title,
            state,
            date: Moment::parse(text(&resource, "/date")),
            changes: changes.map_or("", |one| text(one, "/valueString")).to_owned(),
            resource,
        }
    }

    /// The last part of its address: a name for codes of its own.
    pub(crate) fn key(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// Its number as a number; 0 when it has none.
    pub(crate) fn number(&self) -> u32 {
        self.version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// Says in a form what was changed in it.
pub(crate) fn set_changes(resource: &mut Value, words: &str) {
    let value = (!words.is_empty()).then(|| json!({"valueString": words}));
    put_extension(resource, CHANGES, value);
}
