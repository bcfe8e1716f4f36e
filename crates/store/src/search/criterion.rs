//! One criterion of a search: its parameter, modifier, chain or reverse chain, and values.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#modifiers>,
//! <https://hl7.org/fhir/R4/search.html#chaining>, <https://hl7.org/fhir/R4/search.html#has>

use akson_base::{Kind, Problem, limits};
use akson_fhir::definitions::{Definitions, ResourceType, SearchKind};
use akson_fhir::search::{Binding, Extractor, SlotId};

use super::matcher::{Matcher, ReferenceTest};
use super::parse::{ParseInput, codes, reference_codes};
use super::query::{Clause, Part, Test};
use super::suggest::suggestion;
use super::syntax::{split, unescape};
use super::values::{Reading, Way};

/// Why a criterion cannot be used.
pub(super) enum Unfit {
    /// No such parameter: ignored with this warning, unless strict.
    Unknown(String),
    /// Refused in any case.
    Problem(Box<Problem>),
}

impl From<Problem> for Unfit {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Reads criteria; numbers the chains so that their outcomes can be remembered.
pub(super) struct Criteria<'a> {
    now: i64,
    base: Option<&'a str>,
    chains: usize,
}

impl<'a> Criteria<'a> {
    pub(super) fn new(input: &ParseInput<'a>) -> Self {
        Self { now: input.now.0, base: input.base, chains: 0 }
    }

    /// Membership of a compartment: one of the linking parameters refers to its resource.
    pub(super) fn compartment(
        &self,
        resource_type: ResourceType,
        compartment: ResourceType,
        id: &str,
    ) -> Result<Clause, Problem> {
        let definitions = Definitions::r4();
        let name = definitions.resource_name(compartment);
        let Some(known) = definitions.compartment(name) else {
            let text = format!(
                "{name} has no compartment. Patient, Encounter, RelatedPerson, Practitioner and Device have."
            );
            return Err(Problem::new(Kind::Invalid, "SEA-007", text));
        };
        let codes = known.members.iter().find(|(member, _)| *member == resource_type);
        let codes = codes.map_or(&[][..], |(_, codes)| codes);
        let label = format!("{name} compartment");
        if resource_type == compartment {
            let test = Test::Id { ids: vec![id.to_string()], negated: false };
            return Ok(Clause { label, test });
        }
        let slots: Vec<SlotId> = codes
            .iter()
            .filter_map(|code| Extractor::r4().binding(resource_type, code))
            .flat_map(|binding| binding.slots.iter().copied())
            .collect();
        let matchers = vec![Matcher::Reference(ReferenceTest::Resource {
            id: id.into(),
            type_name: Some(name.into()),
            version: None,
            owner: None,
        })];
        let test = if slots.is_empty() {
            Test::Never
        } else {
            Test::Any { slots: sorted(slots), matchers, negated: false }
        };
        Ok(Clause { label, test })
    }

    /// Reads `name=value` on a type. `depth` counts the links of a chain.
    pub(super) fn clause(
        &mut self,
        resource_type: ResourceType,
        name: &str,
        value: &str,
        depth: usize,
    ) -> Result<Clause, Unfit> {
        if depth > limits::CHAIN_DEPTH_MAX {
            let text =
                format!("A chain may have {} links; this one has more.", limits::CHAIN_DEPTH_MAX);
            return Err(Problem::new(Kind::TooCostly, "SEA-008", text).into());
        }
        let label = name.to_string();
        if let Some(rest) = name.strip_prefix("_has:") {
            let test = self.has(rest, value, depth)?;
            return Ok(Clause { label, test });
        }
        if let Some((head, rest)) = name.split_once('.') {
            let test = self.chain(resource_type, head, rest, value, depth)?;
            return Ok(Clause { label, test });
        }
        let (code, modifier) = match name.split_once(':') {
            Some((code, modifier)) => (code, Some(modifier)),
            None => (name, None),
        };
        let reading = Reading { name, now: self.now, base: self.base };
        let test = match code {
            "_id" => id(&reading, modifier, value)?,
            "_lastUpdated" => {
                no_modifier(&reading, modifier)?;
                let dates = reading.pieces(value)?;
                let dates: Result<_, _> =
                    dates.into_iter().map(|date| reading.date(date)).collect();
                Test::LastUpdated(dates?)
            }
            _ => self.plain(resource_type, code, modifier, value, &reading)?,
        };
        Ok(Clause { label, test })
    }

    fn binding(&self, resource_type: ResourceType, code: &str) -> Result<&'static Binding, Unfit> {
        Extractor::r4().binding(resource_type, code).ok_or_else(|| {
            let type_name = Definitions::r4().resource_name(resource_type);
            if matches!(code, "_text" | "_content" | "_list" | "_query" | "_filter") {
                return Unfit::Unknown(format!("\"{code}\" is not supported."));
            }
            let own = ["_id", "_lastUpdated"].into_iter();
            let near = suggestion(code, codes(resource_type).chain(own));
            Unfit::Unknown(format!("{type_name} has no search parameter \"{code}\".{near}"))
        })
    }

    fn plain(
        &self,
        resource_type: ResourceType,
        code: &str,
        modifier: Option<&str>,
        value: &str,
        reading: &Reading<'_>,
    ) -> Result<Test, Unfit> {
        let binding = self.binding(resource_type, code)?;
        let only = binding.only_target.map(|only| Definitions::r4().resource_name(only));
        if modifier == Some("missing") {
            let missing = match value {
                "true" => true,
                "false" => false,
                _ => return Err(reading.wrong("true or false").into()),
            };
            let slots = slots_or_first_part(binding);
            let references = binding.kind == SearchKind::Reference;
            return Ok(Test::Missing { slots, only: only.map(Into::into), missing, references });
        }
        if binding.kind == SearchKind::Special {
            return Err(Unfit::Unknown(format!("\"{code}\" is not supported.")));
        }
        let mut negated = false;
        let way = match (modifier, binding.kind) {
            (None, SearchKind::Reference) => only.map_or(Way::Plain, Way::OfType),
            (None, _) => Way::Plain,
            (Some("not"), SearchKind::Token) => {
                negated = true;
                Way::Plain
            }
            (Some("exact"), SearchKind::String) => Way::Exact,
            (Some("contains"), SearchKind::String) => Way::Contains,
            (Some("below"), SearchKind::Uri) => Way::Below,
            (Some("above"), SearchKind::Uri) => Way::Above,
            (Some("identifier"), SearchKind::Reference) => Way::Identifier,
            (Some(name), SearchKind::Reference) if is_type(name) => Way::OfType(name),
            (Some(modifier), kind) => {
                return Err(wrong_modifier(reading.name, modifier, kind).into());
            }
        };
        if let Some(composite) = &binding.composite {
            return composite_test(reading, composite, value).map_err(Unfit::from);
        }
        let mut matchers = reading.list(binding.kind, way, value)?;
        if let ([target], Way::Plain) = (&*binding.targets, way) {
            narrow(&mut matchers, Definitions::r4().resource_name(*target));
        }
        Ok(Test::Any { slots: binding.slots.clone(), matchers, negated })
    }

    fn chain(
        &mut self,
        resource_type: ResourceType,
        head: &str,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Result<Test, Unfit> {
        let (code, type_name) = match head.split_once(':') {
            Some((code, type_name)) => (code, Some(type_name)),
            None => (head, None),
        };
        let binding = self.binding(resource_type, code)?;
        if binding.kind != SearchKind::Reference {
            let near = suggestion(code, reference_codes(resource_type));
            let text = format!("\"{code}\" is not a reference and cannot be chained.{near}");
            return Err(Problem::new(Kind::Invalid, "SEA-009", text).into());
        }
        let types = self.chain_types(binding, type_name)?;
        let (mut targets, mut unknown) = (Vec::new(), None);
        for target in types {
            match self.clause(target, rest, value, depth + 1) {
                Ok(clause) => {
                    let clauses = vec![clause];
                    targets.push(Part { resource_type: target, clauses, sort: Vec::new() });
                }
                // A parameter that only some of the possible types have.
                Err(Unfit::Unknown(text)) => unknown = unknown.or(Some(text)),
                Err(Unfit::Problem(problem)) => return Err(Unfit::Problem(problem)),
            }
        }
        if targets.is_empty() {
            let text = unknown.unwrap_or_else(|| format!("\"{head}\" points to no known type."));
            return Err(Unfit::Unknown(text));
        }
        Ok(Test::Chain { slots: binding.slots.clone(), targets, number: self.number() })
    }

    fn chain_types(
        &self,
        binding: &Binding,
        type_name: Option<&str>,
    ) -> Result<Vec<ResourceType>, Unfit> {
        let definitions = Definitions::r4();
        if let Some(name) = type_name {
            let found = definitions.resource_type(name).ok_or_else(|| {
                let text = format!("There is no resource type \"{name}\".");
                Problem::new(Kind::Invalid, "SEA-004", text)
            })?;
            let possible = binding.targets.is_empty() || binding.targets.contains(&found);
            let only = binding.only_target.is_none_or(|only| only == found);
            if !(possible && only) {
                let text = format!("\"{}\" never refers to {name}.", binding.code);
                return Err(Problem::new(Kind::Invalid, "SEA-009", text).into());
            }
            return Ok(vec![found]);
        }
        Ok(match binding.only_target {
            Some(only) => vec![only],
            None if binding.targets.is_empty() => definitions.resource_types().collect(),
            None => binding.targets.to_vec(),
        })
    }

    /// `Observation:patient:code` after `_has:`.
    fn has(&mut self, name: &str, value: &str, depth: usize) -> Result<Test, Unfit> {
        let mut pieces = name.splitn(3, ':');
        let (Some(type_name), Some(code), Some(rest)) =
            (pieces.next(), pieces.next(), pieces.next())
        else {
            let text = "\"_has\" should be _has:Type:reference-parameter:parameter=value.";
            return Err(Problem::new(Kind::Invalid, "SEA-010", text).into());
        };
        let source = Definitions::r4().resource_type(type_name).ok_or_else(|| {
            let text = format!("There is no resource type \"{type_name}\".");
            Problem::new(Kind::Invalid, "SEA-004", text)
        })?;
        let binding = self.binding(source, code)?;
        if binding.kind != SearchKind::Reference {
            let near = suggestion(code, reference_codes(source));
            let text = format!("\"{code}\" of {type_name} is not a reference.{near}");
            return Err(Problem::new(Kind::Invalid, "SEA-009", text).into());
        }
        let clause = self.clause(source, rest, value, depth + 1)?;
        let part = Part { resource_type: source, clauses: vec![clause], sort: Vec::new() };
        Ok(Test::Has { part: Box::new(part), slots: binding.slots.clone(), number: self.number() })
    }

    fn number(&mut self) -> usize {
        self.chains += 1;
        self.chains
    }
}

fn sorted(mut slots: Vec<SlotId>) -> Box<[SlotId]> {
    slots.sort_unstable();
    slots.dedup();
    slots.into_boxed_slice()
}

fn is_type(name: &str) -> bool {
    Definitions::r4().resource_type(name).is_some()
}

/// An id without a type can only mean the one type that the parameter refers to.
fn narrow(matchers: &mut [Matcher], target: &str) {
    for matcher in matchers {
        if let Matcher::Reference(ReferenceTest::Resource { type_name, .. }) = matcher {
            type_name.get_or_insert_with(|| target.into());
        }
    }
}

/// A composite is present when its first part is.
fn slots_or_first_part(binding: &Binding) -> Box<[SlotId]> {
    match &binding.composite {
        Some(composite) => composite.part_slots.first().cloned().unwrap_or_default(),
        None => binding.slots.clone(),
    }
}

fn id(reading: &Reading<'_>, modifier: Option<&str>, value: &str) -> Result<Test, Problem> {
    let negated = modifier == Some("not");
    if !negated {
        no_modifier(reading, modifier)?;
    }
    let ids = reading.pieces(value)?.into_iter().map(unescape).collect();
    Ok(Test::Id { ids, negated })
}

fn no_modifier(reading: &Reading<'_>, modifier: Option<&str>) -> Result<(), Problem> {
    modifier.map_or(Ok(()), |modifier| {
        let text =
            format!("\"{}\": the modifier \":{modifier}\" is not offered here.", reading.name);
        Err(Problem::new(Kind::Unsupported, "SEA-011", text))
    })
}

/// The standard: a server shall reject a modifier that it does not support.
fn wrong_modifier(name: &str, modifier: &str, kind: SearchKind) -> Problem {
    let offered = match kind {
        SearchKind::Token => ":not and :missing",
        SearchKind::String => ":exact, :contains and :missing",
        SearchKind::Reference => ":identifier, :missing and the name of a resource type",
        SearchKind::Uri => ":below, :above and :missing",
        SearchKind::Number
        | SearchKind::Date
        | SearchKind::Quantity
        | SearchKind::Composite
        | SearchKind::Special => ":missing",
    };
    let known =
        ["text", "in", "not-in", "of-type", "above", "below", "not", "exact", "contains", "type"];
    let (kind, what) = if known.contains(&modifier) {
        (Kind::Unsupported, "is not supported")
    } else {
        (Kind::Invalid, "is unknown")
    };
    let text = format!("\"{name}\": the modifier \":{modifier}\" {what} here; {offered} are.");
    Problem::new(kind, "SEA-011", text)
}

fn composite_test(
    reading: &Reading<'_>,
    composite: &akson_fhir::search::CompositeBinding,
    value: &str,
) -> Result<Test, Problem> {
    let mut alternatives = Vec::new();
    for piece in reading.pieces(value)? {
        let parts = split(piece, '$');
        if parts.len() != composite.parts.len() || parts.contains(&"") {
            let count = composite.parts.len();
            return Err(reading.wrong(&format!("{count} values with $ between them")));
        }
        let kinds = composite.parts.iter();
        let matchers: Result<Vec<_>, _> = parts
            .iter()
            .zip(kinds)
            .map(|(part, kind)| reading.one(*kind, Way::Plain, part))
            .collect();
        alternatives.push(matchers?);
    }
    let slots = composite.part_slots.to_vec();
    Ok(Test::Composite { index: composite.index, alternatives, slots, whole: composite.whole })
}
