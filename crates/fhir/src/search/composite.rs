//! The values of a composite parameter: its parts must hold on the same element, so they are read
//! together from the parsed resource.
//!
//! Standard: <https://hl7.org/fhir/R4/search.html#composite>

use akson_base::Instant;

use crate::definitions::{ResourceType, SearchKind, TypeId};
use crate::fhirpath::{Context, Expression};
use crate::model::{NodeRef, Resource};

use super::SearchValue;
use super::bind::{Program, source, split};
use super::convert::{convert, convert_item};
use super::path::Path;
use crate::fhirpath::parser;

/// A compiled composite of one resource type.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) resource_type: ResourceType,
    /// Where the elements are that the parts are read from.
    pub(super) bases: Vec<Path>,
    pub(super) parts: Vec<Part>,
}

/// One part: its kind and the alternatives of its expression, seen from the base element.
#[derive(Debug)]
pub(super) struct Part {
    kind: SearchKind,
    programs: Vec<Program>,
}

impl Part {
    pub(super) fn compile(kind: SearchKind, expression: &str) -> Result<Part, String> {
        let root = parser::parse(expression).map_err(|error| error.to_string())?;
        let mut alternatives = Vec::new();
        split(&root, &mut alternatives);
        let mut programs = Vec::new();
        for alternative in alternatives {
            let path = Path::of(alternative).filter(|path| path.root.is_none());
            programs.push(match path {
                Some(path) => Program::Path(path),
                None => {
                    let text = source(alternative, expression);
                    Program::General(Expression::compile(text).map_err(|error| error.to_string())?)
                }
            });
        }
        Ok(Part { kind, programs })
    }

    /// The part's paths as expressions on a type; `None` when one is not a path.
    pub(super) fn expressions(&self, root: TypeId) -> Option<Vec<String>> {
        let of = |program: &Program| match program {
            Program::Path(path) => Some(Path { root: Some(root), ..path.clone() }.to_string()),
            Program::General(_) => None,
        };
        self.programs.iter().map(of).collect()
    }

    fn values<'a>(&'static self, node: NodeRef<'a>) -> Vec<SearchValue<'a>> {
        let mut values = Vec::new();
        for program in &self.programs {
            match program {
                Program::Path(path) => {
                    let mut nodes = Vec::new();
                    path.collect(node, &mut nodes);
                    for node in nodes {
                        convert(self.kind, node, &mut |value| values.push(value));
                    }
                }
                Program::General(expression) => {
                    // No published part asks for the time.
                    let context = Context::of(node, Instant(0));
                    for item in expression.evaluate(&context, node).unwrap_or_default() {
                        convert_item(self.kind, item, &mut |value| values.push(value));
                    }
                }
            }
        }
        values
    }
}

impl Composite {
    /// For each base element the values of each part; elements that lack a part match nothing and
    /// are left out.
    pub(super) fn values<'a>(
        &'static self,
        resource: &'a Resource,
    ) -> Vec<Vec<Vec<SearchValue<'a>>>> {
        if resource.resource_type() != Some(self.resource_type) {
            return Vec::new();
        }
        let mut bases = Vec::new();
        for path in &self.bases {
            path.collect(resource.root(), &mut bases);
        }
        bases
            .into_iter()
            .map(|node| self.parts.iter().map(|part| part.values(node)).collect::<Vec<_>>())
            .filter(|parts| parts.iter().all(|values| !values.is_empty()))
            .collect()
    }
}
