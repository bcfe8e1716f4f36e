//! From a raw query string to a [`Query`]: which parameters are criteria, which say how to
//! present the result, and what to tell about the rest.
//!
//! Not here: one criterion with its modifiers and chains (`criterion`), values (`values`).
//! Standard: <https://hl7.org/fhir/R4/search.html#Summary>

use akson_base::{Instant, Kind, Problem, limits};
use akson_fhir::definitions::{Definitions, ResourceType, SearchKind};
use akson_fhir::search::Extractor;
use xxhash_rust::xxh3::xxh3_64;

use super::criterion::{Criteria, Unfit};
use super::query::{Include, Part, Query, Sort, SortBy, Summary, Total};
use super::suggest::suggestion;
use super::syntax;

/// A search as it stands in the URL.
#[derive(Clone, Copy)]
pub struct ParseInput<'a> {
    /// The type searched; `None` for a search over several types.
    pub resource_type: Option<ResourceType>,
    /// `Patient/123/Observation`: the compartment's type and id.
    pub compartment: Option<(ResourceType, &'a str)>,
    /// Raw query (and form body, joined with `&`), still percent-encoded.
    pub query: &'a str,
    /// Whether an unknown parameter is refused (`Prefer: handling=strict`, and every condition)
    /// rather than ignored with a warning.
    pub strict: bool,
    /// For `ap`.
    pub now: Instant,
    /// This server's own base address, without a slash at the end: references to it are local.
    pub base: Option<&'a str>,
}

/// Parses a search.
///
/// # Errors
/// `Invalid` for a value or modifier that is not right, naming the parameter; for an unknown
/// parameter too, when strict. `Unsupported` for a modifier of the standard that is not offered.
pub fn parse(input: &ParseInput<'_>) -> Result<Query, Problem> {
    let pairs = syntax::pairs(input.query)?;
    let types = types(input, &pairs)?;
    let mut parser = Parser {
        input,
        criteria: Criteria::new(input),
        query: Query {
            count: limits::PAGE_ENTRIES_DEFAULT,
            total: Total::None,
            summary: Summary::False,
            elements: Vec::new(),
            warnings: Vec::new(),
            used: String::new(),
            parts: Vec::new(),
            includes: Vec::new(),
            revincludes: Vec::new(),
            cursor: None,
            fingerprint: 0,
        },
        identity: format!("{:?} {:?}", input.resource_type, input.compartment),
    };
    for resource_type in types {
        let clauses = match input.compartment {
            Some((compartment, id)) => {
                vec![parser.criteria.compartment(resource_type, compartment, id)?]
            }
            None => Vec::new(),
        };
        parser.query.parts.push(Part { resource_type, clauses, sort: Vec::new() });
    }
    if pairs.len() > limits::SEARCH_PARAMETERS_MAX {
        let text = format!(
            "The search has {} parameters; {} are allowed. Several values of one may stand in a \
             list, with commas between them.",
            pairs.len(),
            limits::SEARCH_PARAMETERS_MAX
        );
        return Err(Problem::new(Kind::TooCostly, "SEA-012", text));
    }
    for (name, value) in &pairs {
        parser.pair(name, value)?;
    }
    parser.query.fingerprint = xxh3_64(parser.identity.as_bytes());
    Ok(parser.query)
}

fn types(input: &ParseInput<'_>, pairs: &[(String, String)]) -> Result<Vec<ResourceType>, Problem> {
    let definitions = Definitions::r4();
    if let Some(resource_type) = input.resource_type {
        return Ok(vec![resource_type]);
    }
    let wanted = pairs.iter().filter(|(name, _)| name == "_type");
    let names: Vec<&str> = wanted.flat_map(|(_, value)| value.split(',')).collect();
    if names.is_empty() {
        return Ok(definitions.resource_types().collect());
    }
    let mut types = Vec::with_capacity(names.len());
    for name in names {
        let resource_type = definitions.resource_type(name).ok_or_else(|| {
            let all = definitions.resource_types().map(|t| definitions.resource_name(t));
            let text = format!("There is no resource type \"{name}\".{}", suggestion(name, all));
            Problem::new(Kind::Invalid, "SEA-004", text)
        })?;
        if !types.contains(&resource_type) {
            types.push(resource_type);
        }
    }
    Ok(types)
}

struct Parser<'a> {
    input: &'a ParseInput<'a>,
    criteria: Criteria<'a>,
    query: Query,
    identity: String,
}

impl Parser<'_> {
    fn pair(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let presentation = match name {
            "_count" => self.count(value)?,
            "_total" => self.total(value)?,
            "_summary" => self.summary(value)?,
            "_elements" => {
                self.query.elements.extend(value.split(',').map(str::to_string));
                true
            }
            "_include" | "_include:iterate" | "_include:recurse" => {
                self.include(name, value, false)?
            }
            "_revinclude" | "_revinclude:iterate" | "_revinclude:recurse" => {
                self.include(name, value, true)?
            }
            "_format" | "_pretty" => return Ok(()),
            "_cursor" => {
                self.query.cursor = Some(value.to_string());
                return Ok(());
            }
            "_type" if self.input.resource_type.is_none() => false,
            "_sort" => {
                self.sort(value)?;
                false
            }
            _ if value.is_empty() => {
                self.query.warnings.push(format!("\"{name}\" has no value and was ignored."));
                return Ok(());
            }
            _ => {
                if !self.criterion(name, value)? {
                    return Ok(());
                }
                false
            }
        };
        self.used(name, value, presentation);
        Ok(())
    }

    fn used(&mut self, name: &str, value: &str, presentation: bool) {
        let used = &mut self.query.used;
        if !used.is_empty() {
            used.push('&');
        }
        syntax::encode_into(name, used);
        used.push('=');
        syntax::encode_into(value, used);
        if !presentation {
            self.identity.push_str(&format!("&{name}={value}"));
        }
    }

    /// A criterion must fit every type searched; else it is ignored for all, or refused.
    fn criterion(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        let mut clauses = Vec::with_capacity(self.query.parts.len());
        for part in &self.query.parts {
            match self.criteria.clause(part.resource_type, name, value, 0) {
                Ok(clause) => clauses.push(clause),
                Err(Unfit::Problem(problem)) => return Err(*problem),
                Err(Unfit::Unknown(text)) => {
                    self.ignore(text)?;
                    return Ok(false);
                }
            }
        }
        for (part, clause) in self.query.parts.iter_mut().zip(clauses) {
            part.clauses.push(clause);
        }
        Ok(true)
    }

    fn ignore(&mut self, text: String) -> Result<(), Problem> {
        if self.input.strict {
            return Err(Problem::new(Kind::Invalid, "SEA-005", text));
        }
        self.query.warnings.push(text);
        Ok(())
    }

    fn count(&mut self, value: &str) -> Result<bool, Problem> {
        let count: usize = value.parse().map_err(|_| {
            Problem::new(
                Kind::Invalid,
                "SEA-006",
                "\"_count\" should be a whole number, 0 or more.",
            )
        })?;
        self.query.count = count.min(limits::PAGE_ENTRIES_MAX);
        if count == 0 {
            self.query.summary = Summary::Count;
        }
        Ok(true)
    }

    fn total(&mut self, value: &str) -> Result<bool, Problem> {
        self.query.total = match value {
            "none" => Total::None,
            "accurate" | "estimate" => Total::Accurate,
            _ => {
                let text = "\"_total\" should be none, estimate or accurate.";
                return Err(Problem::new(Kind::Invalid, "SEA-006", text));
            }
        };
        Ok(true)
    }

    fn summary(&mut self, value: &str) -> Result<bool, Problem> {
        self.query.summary = match value {
            "true" => Summary::True,
            "text" => Summary::Text,
            "data" => Summary::Data,
            "count" => Summary::Count,
            "false" => Summary::False,
            _ => {
                let text = "\"_summary\" should be true, text, data, count or false.";
                return Err(Problem::new(Kind::Invalid, "SEA-006", text));
            }
        };
        Ok(true)
    }

    fn sort(&mut self, value: &str) -> Result<(), Problem> {
        for key in value.split(',').filter(|key| !key.is_empty()) {
            let (descending, code) = match key.strip_prefix('-') {
                Some(code) => (true, code),
                None => (false, key),
            };
            let types = self.query.parts.iter().map(|part| part.resource_type);
            let found: Result<Vec<_>, _> = types.map(|of_type| sort_by(of_type, code)).collect();
            match found {
                Ok(found) => {
                    for (part, by) in self.query.parts.iter_mut().zip(found) {
                        part.sort.push(Sort { by, descending });
                    }
                }
                // What one of the types cannot be sorted by sorts none.
                Err(text) => self.ignore(text)?,
            }
        }
        Ok(())
    }

    fn include(&mut self, name: &str, value: &str, reverse: bool) -> Result<bool, Problem> {
        let iterate = name.ends_with(":iterate") || name.ends_with(":recurse");
        match include(value, reverse) {
            Ok(include) => {
                let list =
                    if reverse { &mut self.query.revincludes } else { &mut self.query.includes };
                list.push(Include { iterate, ..include });
            }
            Err(text) => self.ignore(format!("\"{name}\": {text}"))?,
        }
        Ok(true)
    }
}

fn sort_by(resource_type: ResourceType, code: &str) -> Result<SortBy, String> {
    match code {
        "_lastUpdated" => return Ok(SortBy::LastUpdated),
        "_id" => return Ok(SortBy::Id),
        _ => {}
    }
    let type_name = Definitions::r4().resource_name(resource_type);
    let Some(binding) = Extractor::r4().binding(resource_type, code) else {
        let near = suggestion(code, codes(resource_type));
        return Err(format!(
            "{type_name} cannot be sorted by \"{code}\": no such parameter.{near}"
        ));
    };
    match binding.kind {
        SearchKind::Composite | SearchKind::Special => {
            Err(format!("{type_name} cannot be sorted by \"{code}\": its values have no order."))
        }
        SearchKind::Number
        | SearchKind::Date
        | SearchKind::String
        | SearchKind::Token
        | SearchKind::Reference
        | SearchKind::Quantity
        | SearchKind::Uri => {
            let indexed = binding.kind != SearchKind::Reference;
            Ok(SortBy::Slots { slots: binding.slots.clone(), indexed })
        }
    }
}

/// `Observation:subject:Patient`, `Observation:*` or `*`.
fn include(value: &str, reverse: bool) -> Result<Include, String> {
    let definitions = Definitions::r4();
    let right = "it should be Type:parameter, Type:parameter:TargetType or Type:*";
    if value == "*" {
        return if reverse {
            Err(format!("\"*\" would ask for everything; {right}."))
        } else {
            Ok(Include { source: None, slots: None, target: None, iterate: false })
        };
    }
    let mut parts = value.split(':');
    let (Some(source), Some(code)) = (parts.next(), parts.next()) else {
        return Err(format!("{right}."));
    };
    let source = definitions
        .resource_type(source)
        .ok_or_else(|| format!("there is no resource type \"{source}\"; {right}."))?;
    let target = match parts.next() {
        None | Some("") => None,
        Some(name) => Some(
            definitions
                .resource_type(name)
                .ok_or_else(|| format!("there is no resource type \"{name}\"; {right}."))?,
        ),
    };
    if code == "*" {
        return Ok(Include { source: Some(source), slots: None, target, iterate: false });
    }
    let binding = Extractor::r4().binding(source, code);
    let Some(binding) = binding.filter(|binding| binding.kind == SearchKind::Reference) else {
        let near = suggestion(code, reference_codes(source));
        let name = definitions.resource_name(source);
        return Err(format!("{name} has no reference parameter \"{code}\".{near}"));
    };
    let slots = Some(binding.slots.clone());
    let target = target.or(binding.only_target);
    Ok(Include { source: Some(source), slots, target, iterate: false })
}

/// The parameters of a type.
pub(super) fn codes(resource_type: ResourceType) -> impl Iterator<Item = &'static str> {
    Extractor::r4().bindings(resource_type).iter().map(|binding| &*binding.code)
}

/// The reference parameters of a type.
pub(super) fn reference_codes(resource_type: ResourceType) -> impl Iterator<Item = &'static str> {
    let bindings = Extractor::r4().bindings(resource_type).iter();
    bindings.filter(|b| b.kind == SearchKind::Reference).map(|b| &*b.code)
}
