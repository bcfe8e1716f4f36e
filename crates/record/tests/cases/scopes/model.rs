//! Scopes, once more: written from SMART App Launch 2.2 as text, on resources as JSON, knowing
//! nothing of how `access` reads scopes or of how the record keeps search values.
//!
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>

use serde_json::Value;

use crate::cases::rules::model::Asker;

/// A token: its scope words and the patient in the launch context.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) words: Vec<String>,
    pub(crate) launch: Option<String>,
}

impl Token {
    /// The words that can say something for this asker: `user/` is for people, `system/` for
    /// systems that act for themselves.
    fn words(&self, asker: &Asker) -> impl Iterator<Item = Word<'_>> {
        let own = match asker {
            Asker::Personnel(_) | Asker::Citizen(_) => "user",
            Asker::System(_) => "system",
        };
        let words = self.words.iter().map(|word| Word::of(word));
        words.filter(move |word| word.context == "patient" || word.context == own)
    }

    /// Whether the token says anything of the type with one of these letters: else 403.
    pub(crate) fn speaks_of(&self, asker: &Asker, type_name: &str, letters: &str) -> bool {
        self.words(asker).any(|word| word.is_of(type_name) && word.has(letters))
    }

    /// Whether one of these letters is allowed on a resource that belongs to the patient (`None`: to
    /// nobody).
    pub(crate) fn allows(
        &self,
        asker: &Asker,
        letters: &str,
        patient: Option<&str>,
        resource: &Value,
    ) -> bool {
        let name = resource["resourceType"].as_str().unwrap();
        self.words(asker).any(|word| {
            let in_context =
                word.context != "patient" || patient.is_none() || patient == self.launch.as_deref();
            word.is_of(name) && word.has(letters) && in_context && word.fits(resource)
        })
    }
}

struct Word<'a> {
    context: &'a str,
    type_name: &'a str,
    letters: &'a str,
    query: &'a str,
}

impl<'a> Word<'a> {
    fn of(text: &'a str) -> Self {
        let (head, query) = text.split_once('?').unwrap_or((text, ""));
        let (context, rest) = head.split_once('/').unwrap();
        let (type_name, letters) = rest.split_once('.').unwrap();
        let letters = match letters {
            "read" => "rs",
            "write" => "cud",
            "*" => "cruds",
            letters => letters,
        };
        Self { context, type_name, letters, query }
    }

    fn is_of(&self, type_name: &str) -> bool {
        self.type_name == "*" || self.type_name == type_name
    }

    fn has(&self, letters: &str) -> bool {
        letters.chars().any(|letter| self.letters.contains(letter))
    }

    /// All parameters must be fulfilled, each by one of its values.
    fn fits(&self, resource: &Value) -> bool {
        self.query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
            let (name, values) = pair.split_once('=').unwrap();
            let (code, modifier) = name.split_once(':').unwrap_or((name, ""));
            let has = found(resource, code);
            let hit = values.split(',').any(|value| has.iter().any(|one| one.is(value)));
            match modifier {
                "" => hit,
                "not" => !hit,
                "missing" => has.is_empty() == (values == "true"),
                other => panic!("the model does not know {other}"),
            }
        })
    }
}

/// A value that a search parameter finds.
enum Found {
    Code { system: Option<String>, code: String },
    Reference(String),
    Date(String),
}

impl Found {
    fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Code { system, code } => match wanted.split_once('|') {
                None => code == wanted,
                Some(("", wanted)) => system.is_none() && code == wanted,
                Some((wanted, "")) => system.as_deref() == Some(wanted),
                Some((of, wanted)) => system.as_deref() == Some(of) && code == wanted,
            },
            Self::Reference(to) => {
                to == wanted || to.split_once('/').is_some_and(|(_, id)| id == wanted)
            }
            Self::Date(date) => match (wanted.get(..2), wanted.get(2..)) {
                (Some("lt"), Some(bound)) => date.as_str() < bound,
                (Some("ge"), Some(bound)) => date.as_str() >= bound,
                _ => date == wanted,
            },
        }
    }
}

fn found(resource: &Value, code: &str) -> Vec<Found> {
    let codes = |node: &Value| -> Vec<Found> {
        let all = node.as_array().cloned().unwrap_or_default();
        let text = |node: &Value| node.as_str().map(str::to_string);
        all.iter()
            .map(|one| Found::Code {
                system: text(&one["system"]),
                code: text(one.get("code").unwrap_or(&one["value"])).unwrap(),
            })
            .collect()
    };
    let reference = |node: &Value| -> Vec<Found> {
        node["reference"].as_str().map(|to| Found::Reference(to.into())).into_iter().collect()
    };
    match code {
        "_security" => codes(&resource["meta"]["security"]),
        "identifier" => codes(&resource["identifier"]),
        // What is to be created has none that the scope could know.
        "_id" => {
            let id = resource["id"].as_str();
            id.map(|id| Found::Code { system: None, code: id.into() }).into_iter().collect()
        }
        "status" => {
            let status = resource["status"].as_str();
            let code = |code: &str| Found::Code { system: None, code: code.into() };
            status.map(code).into_iter().collect()
        }
        "patient" => ["subject", "patient", "for", "beneficiary"]
            .iter()
            .flat_map(|name| reference(&resource[*name]))
            .collect(),
        "encounter" => reference(&resource["encounter"]),
        "birthdate" => {
            resource["birthDate"].as_str().map(|d| Found::Date(d.into())).into_iter().collect()
        }
        other => panic!("the model does not know {other}"),
    }
}
