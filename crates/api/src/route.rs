//! From method and path to one row of the list, with the names in the address checked.
//!
//! Not here: what rows there are (`interactions`).

use std::borrow::Cow;

use akson_base::{Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use axum::http::Method;

use crate::interactions::{INTERACTIONS, Interaction, Step, Verb};
use crate::nearest::nearest;

/// The longest address we answer: `Patient/1/Observation/_search`, `Patient/1/_history/2`.
const STEPS_MAX: usize = 4;

/// A request's place in the list.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) interaction: &'static Interaction,
    /// The type in the address: of the resource, or of the search in a compartment.
    pub(crate) resource_type: Option<ResourceType>,
    pub(crate) compartment: Option<ResourceType>,
    pub(crate) id: Cow<'a, str>,
    pub(crate) version: Cow<'a, str>,
}

/// Why there is no place.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) problem: Box<Problem>,
    /// The `Allow` header of a 405.
    pub(crate) allow: Option<String>,
}

impl From<Problem> for Lost {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), allow: None }
    }
}

/// Finds the interaction for `path`, which is what follows the base, with or without its slash.
pub(crate) fn route<'a>(method: &Method, path: &'a str) -> Result<Target<'a>, Lost> {
    let steps = steps(path)?;
    let steps = steps.as_slice();
    let verb = verb(method);
    let mut others = Vec::new();
    for interaction in INTERACTIONS {
        if interaction.path.len() != steps.len() {
            continue;
        }
        if Some(interaction.verb) == verb {
            if let Some(target) = fit(interaction, steps) {
                return Ok(target);
            }
        } else if fit(interaction, steps).is_some() {
            others.push(interaction.verb);
        }
    }
    Err(lost(method, steps, others))
}

/// The methods that an address answers, for `OPTIONS` and `Allow`.
pub(crate) fn allowed(path: &str) -> String {
    let Ok(steps) = steps(path) else {
        return String::new();
    };
    let steps = steps.as_slice();
    let rows = INTERACTIONS.iter().filter(|row| row.path.len() == steps.len());
    allow(rows.filter(|row| fit(row, steps).is_some()).map(|row| row.verb).collect())
}

fn allow(verbs: Vec<Verb>) -> String {
    let mut text = String::new();
    for verb in [Verb::Get, Verb::Post, Verb::Put, Verb::Delete] {
        if verbs.contains(&verb) {
            text.push_str(verb.allow());
            text.push_str(", ");
        }
    }
    text.push_str("OPTIONS");
    text
}

fn verb(method: &Method) -> Option<Verb> {
    match *method {
        Method::GET | Method::HEAD => Some(Verb::Get),
        Method::POST => Some(Verb::Post),
        Method::PUT => Some(Verb::Put),
        Method::DELETE => Some(Verb::Delete),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Steps<'a> {
    steps: [Cow<'a, str>; STEPS_MAX],
    count: usize,
}

impl<'a> Steps<'a> {
    fn as_slice(&self) -> &[Cow<'a, str>] {
        self.steps.get(..self.count).unwrap_or_default()
    }
}

fn steps(path: &str) -> Result<Steps<'_>, Lost> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut steps = Steps::default();
    if path.is_empty() {
        return Ok(steps);
    }
    for part in path.split('/') {
        let Some(slot) = steps.steps.get_mut(steps.count) else {
            return Err(nowhere().into());
        };
        *slot = percent_encoding::percent_decode_str(part)
            .decode_utf8()
            .map_err(|_| Problem::new(Kind::Invalid, "API-001", "The address is not UTF-8."))?;
        steps.count += 1;
    }
    Ok(steps)
}

fn fit<'a>(interaction: &'static Interaction, steps: &[Cow<'a, str>]) -> Option<Target<'a>> {
    let mut target = Target {
        interaction,
        resource_type: None,
        compartment: None,
        id: Cow::Borrowed(""),
        version: Cow::Borrowed(""),
    };
    let definitions = Definitions::r4();
    for (expected, step) in interaction.path.iter().zip(steps) {
        match expected {
            Step::Word(word) => (word == step).then_some(())?,
            Step::Type => target.resource_type = Some(definitions.resource_type(step)?),
            Step::Compartment => {
                definitions.compartment(step)?;
                target.compartment = definitions.resource_type(step);
            }
            Step::TypeOrAll if step == "*" => {}
            Step::TypeOrAll => target.resource_type = Some(definitions.resource_type(step)?),
            Step::Id => target.id = named(step)?,
            Step::Version => target.version = named(step)?,
        }
    }
    Some(target)
}

/// An id never begins as an operation or one of our words does.
fn named<'a>(step: &Cow<'a, str>) -> Option<Cow<'a, str>> {
    (!step.is_empty() && !step.starts_with(['_', '$'])).then(|| step.clone())
}

fn lost(method: &Method, steps: &[Cow<'_, str>], others: Vec<Verb>) -> Lost {
    if !others.is_empty() {
        let allow = allow(others);
        let text = format!("{method} is not offered at this address. It answers {allow}.");
        return Lost {
            problem: Box::new(Problem::new(Kind::NotAllowed, "API-002", text)),
            allow: Some(allow),
        };
    }
    let definitions = Definitions::r4();
    let unknown = steps.first().filter(|first| {
        !first.starts_with(['_', '$']) && definitions.resource_type(first).is_none()
    });
    match unknown {
        Some(name) => unknown_type(name).into(),
        None => nowhere().into(),
    }
}

fn unknown_type(name: &str) -> Problem {
    let definitions = Definitions::r4();
    let names: Vec<&str> =
        definitions.resource_types().map(|t| definitions.resource_name(t)).collect();
    let near = match nearest(name, names.iter().copied()) {
        Some(near) => format!(" Did you mean \"{near}\"?"),
        None => String::new(),
    };
    let shown: String = name.chars().take(64).collect();
    let text = format!("FHIR R4 has no resource type \"{shown}\".{near}");
    Problem::new(Kind::NotFound, "API-003", text)
}

fn nowhere() -> Problem {
    let text = "There is nothing at this address. GET [base]/metadata tells what is offered.";
    Problem::new(Kind::NotFound, "API-004", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(request: &str) -> String {
        let (method, path) = request.split_once(' ').unwrap();
        match route(&method.parse().unwrap(), path) {
            Ok(target) => {
                let Target { interaction, id, version, resource_type, compartment } = target;
                let names = [compartment, resource_type]
                    .map(|ty| ty.map_or("-", |ty| Definitions::r4().resource_name(ty)));
                format!("{:?} {} {} {id} {version}", interaction.op, names[0], names[1])
            }
            Err(lost) => format!("{} {}", lost.problem.code, lost.allow.unwrap_or_default()),
        }
    }

    #[test]
    fn the_golden_table_of_addresses() {
        for (request, expected) in [
            ("GET /Patient/1", "Read - Patient 1 "),
            ("HEAD /Patient/1", "Read - Patient 1 "),
            ("GET /Patient/1/_history/2", "Vread - Patient 1 2"),
            ("GET /Patient/1/_history", "HistoryInstance - Patient 1 "),
            ("GET /Patient/_history", "HistoryType - Patient  "),
            ("GET /_history", "HistorySystem - -  "),
            ("GET /Patient", "SearchType - Patient  "),
            ("GET /Patient/", "SearchType - Patient  "),
            ("POST /Patient/_search", "SearchTypeForm - Patient  "),
            ("GET /Patient/1/Observation", "SearchCompartment Patient Observation 1 "),
            ("GET /Patient/1/*", "SearchCompartment Patient - 1 "),
            ("GET /Observation/1/Patient", "API-004 "),
            ("GET ", "SearchSystem - -  "),
            ("GET /", "SearchSystem - -  "),
            ("POST /", "Bundle - -  "),
            ("POST /_search", "SearchSystemForm - -  "),
            ("PUT /Patient/1", "Update - Patient 1 "),
            ("PUT /Patient", "UpdateConditional - Patient  "),
            ("DELETE /Patient", "DeleteConditional - Patient  "),
            ("GET /Patient/1/$everything", "Everything - - 1 "),
            ("GET /Patient/1/%24everything", "Everything - - 1 "),
            ("GET /Encounter/1/$everything", "API-004 "),
            ("GET /metadata", "Capabilities - -  "),
            ("GET /patient/1", "API-003 "),
            ("GET /Patient/1/2/3/4/5", "API-004 "),
            ("GET /Patient/_nothing", "API-004 "),
            ("GET /Patient/%FF", "API-001 "),
            ("PATCH /Patient/1", "API-002 GET, HEAD, PUT, DELETE, OPTIONS"),
            ("POST /Patient/1", "API-002 GET, HEAD, PUT, DELETE, OPTIONS"),
            ("PUT /", "API-002 GET, HEAD, POST, OPTIONS"),
        ] {
            assert_eq!(routed(request), expected, "{request}");
        }
    }
}
