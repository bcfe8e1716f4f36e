//! From the published search parameters to slots and bindings, once.
//!
//! A union expression is split; each part that belongs to a resource type becomes a slot of it,
//! and parameters whose parts are written alike share the slot.

use std::collections::BTreeMap;

use crate::definitions::{Definitions, ResourceType, SearchKind, SearchParameter, TypeId};
use crate::fhirpath::Expression;
use crate::fhirpath::ast::{Expr, ExprKind, Operator};
use crate::fhirpath::check;
use crate::fhirpath::parser;
use crate::fhirpath::types::is_subtype;

use super::composite::{Composite, Part};
use super::extractor::Unbound;
use super::path::Path;
use super::single::is_single;
use super::{Binding, CompositeBinding, Slot, SlotId};

/// Answered by the server itself, not from the resource's content.
const WITHOUT_SLOT: [&str; 5] = ["_id", "_lastUpdated", "_content", "_text", "_query"];

/// How a slot is read.
#[derive(Debug)]
pub(super) enum Program {
    Path(Path),
    General(Expression),
}

/// The alternative of a union that belongs to one type.
struct Alternative<'e> {
    root: TypeId,
    expr: &'e Expr,
    program: AlternativeProgram,
}

enum AlternativeProgram {
    Path(Path),
    General(Box<str>),
}

/// Everything that is known before the first resource is seen.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub(super) slots: Vec<Slot>,
    /// As `slots`.
    pub(super) programs: Vec<Program>,
    /// By resource type number, each sorted by code.
    pub(super) bindings: Vec<Vec<Binding>>,
    pub(super) composites: Vec<Composite>,
    pub(super) unbound: Vec<Unbound>,
}

/// How a kind is written in the standard.
pub(super) fn kind_name(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Number => "number",
        SearchKind::Date => "date",
        SearchKind::String => "string",
        SearchKind::Token => "token",
        SearchKind::Reference => "reference",
        SearchKind::Composite => "composite",
        SearchKind::Quantity => "quantity",
        SearchKind::Uri => "uri",
        SearchKind::Special => "special",
    }
}

/// What tells slots apart, in the order that numbers them.
type SlotKey = (ResourceType, &'static str, Box<str>);

type Programs = BTreeMap<SlotKey, (SearchKind, Program)>;

/// A binding whose slots have no numbers yet.
struct Draft<'d> {
    parameter: &'d SearchParameter,
    resource_type: ResourceType,
    slots: Vec<SlotKey>,
    only_target: Option<ResourceType>,
}

/// Binds all parameters of the definitions.
pub(super) fn bind(definitions: &'static Definitions) -> Bound {
    let mut bound = Bound::default();
    let mut programs = BTreeMap::new();
    let mut drafts = Vec::new();
    let mut composites = Vec::new();
    for parameter in definitions.search_parameters() {
        if WITHOUT_SLOT.contains(&&*parameter.code) {
            continue;
        }
        if parameter.kind == SearchKind::Composite {
            composites.push(parameter);
            continue;
        }
        if let Err(reason) =
            drafts_of(definitions, parameter, &mut programs, &mut drafts, &mut bound.unbound)
        {
            bound.unbound.push(Unbound::new(parameter, None, reason));
        }
    }
    number(&mut bound, programs, drafts);
    for parameter in composites {
        bind_composite(definitions, &mut bound, parameter);
    }
    for bindings in &mut bound.bindings {
        bindings.sort_by(|a, b| a.code.cmp(&b.code));
    }
    bound
}

/// Reads one parameter and drafts its binding for each type that it applies to.
fn drafts_of<'d>(
    definitions: &'static Definitions,
    parameter: &'d SearchParameter,
    programs: &mut Programs,
    drafts: &mut Vec<Draft<'d>>,
    unbound: &mut Vec<Unbound>,
) -> Result<(), String> {
    let root = parsed(parameter)?;
    let alternatives = alternatives(&root, parameter)?;
    for resource_type in resource_types(definitions, parameter) {
        match draft(definitions, parameter, resource_type, &alternatives, programs) {
            Ok(draft) => drafts.push(draft),
            Err(reason) => unbound.push(Unbound::new(parameter, Some(resource_type), reason)),
        }
    }
    Ok(())
}

/// The concrete types that a parameter applies to.
fn resource_types(
    definitions: &'static Definitions,
    parameter: &SearchParameter,
) -> Vec<ResourceType> {
    let applies = |type_id: TypeId| parameter.base.iter().any(|base| is_subtype(type_id, *base));
    definitions
        .resource_types()
        .filter(|resource_type| {
            definitions.type_named(definitions.resource_name(*resource_type)).is_some_and(applies)
        })
        .collect()
}

fn parsed(parameter: &SearchParameter) -> Result<Expr, String> {
    if parameter.expression.is_empty() {
        return Err("the standard gives no expression".to_owned());
    }
    parser::parse(&parameter.expression).map_err(|error| error.to_string())
}

/// Splits a union and reads each part.
fn alternatives<'e>(
    root: &'e Expr,
    parameter: &SearchParameter,
) -> Result<Vec<Alternative<'e>>, String> {
    let expression = &*parameter.expression;
    let mut parts = Vec::new();
    split(root, &mut parts);
    parts.into_iter().map(|part| alternative(part, expression, &parameter.base)).collect()
}

/// The operands of a tree of `|`.
pub(super) fn split<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    if let ExprKind::Binary { operator: Operator::Union, left, right } = &expr.kind {
        split(left, parts);
        split(right, parts);
    } else {
        parts.push(expr);
    }
}

/// The text that an expression was read from.
pub(super) fn source<'s>(expr: &Expr, whole: &'s str) -> &'s str {
    whole.get(expr.start as usize..expr.end as usize).unwrap_or("").trim()
}

/// A path that begins with no type (`InsurancePlan`'s `name`) is about the parameter's only base.
fn alternative<'e>(
    expr: &'e Expr,
    whole: &str,
    bases: &[TypeId],
) -> Result<Alternative<'e>, String> {
    let begins = || format!("\"{}\" does not begin with a type", source(expr, whole));
    if let Some(path) = Path::of(expr) {
        let only_base = match bases {
            [only] => Some(*only),
            _ => None,
        };
        let root = path.root.or(only_base).ok_or_else(begins)?;
        return Ok(Alternative { root, expr, program: AlternativeProgram::Path(path) });
    }
    let text = source(expr, whole);
    let first = text.trim_start_matches('(');
    let end = first.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(first.len());
    let root = first.get(..end).and_then(|name| Definitions::r4().type_named(name));
    let root = root.ok_or_else(begins)?;
    Ok(Alternative { root, expr, program: AlternativeProgram::General(text.into()) })
}

/// The slots of one parameter on one type.
fn draft<'d>(
    definitions: &'static Definitions,
    parameter: &'d SearchParameter,
    resource_type: ResourceType,
    alternatives: &[Alternative<'_>],
    programs: &mut Programs,
) -> Result<Draft<'d>, String> {
    let name = definitions.resource_name(resource_type);
    let type_id = definitions.type_named(name).ok_or("the type is not known")?;
    let mut draft = Draft { parameter, resource_type, slots: Vec::new(), only_target: None };
    if parameter.kind == SearchKind::Special {
        return Ok(draft);
    }
    let mut targets = Vec::new();
    for alternative in alternatives.iter().filter(|part| is_subtype(type_id, part.root)) {
        // A step that the type does not have would never find anything.
        check::check(alternative.expr, type_id).map_err(|error| error.to_string())?;
        let (text, program) = match &alternative.program {
            AlternativeProgram::Path(path) => {
                targets.push(path.only_target);
                let path = Path { root: Some(type_id), only_target: None, ..path.clone() };
                (path.to_string().into_boxed_str(), Program::Path(path))
            }
            AlternativeProgram::General(text) => {
                targets.push(None);
                let expression = Expression::compile(text).map_err(|error| error.to_string())?;
                (text.clone(), Program::General(expression))
            }
        };
        let key = (resource_type, kind_name(parameter.kind), text);
        programs.entry(key.clone()).or_insert((parameter.kind, program));
        if !draft.slots.contains(&key) {
            draft.slots.push(key);
        }
    }
    let [first, rest @ ..] = targets.as_slice() else {
        return Err("no part of the expression is about this type".to_owned());
    };
    if rest.iter().any(|target| target != first) {
        return Err("its parts restrict the target of a reference differently".to_owned());
    }
    draft.only_target = match first {
        Some(target) => match definitions.type_def(*target).resource_type {
            Some(target) => Some(target),
            None => return Err("the target of the reference is not a resource type".to_owned()),
        },
        None => None,
    };
    Ok(draft)
}

/// Numbers the slots in order and turns drafts into bindings.
fn number(bound: &mut Bound, programs: Programs, drafts: Vec<Draft<'_>>) {
    let mut numbers = BTreeMap::new();
    for (key, (kind, program)) in programs {
        let id = SlotId(bound.slots.len() as u16);
        let (resource_type, _, expression) = key.clone();
        let single = match &program {
            Program::Path(path) => is_single(path, kind),
            Program::General(_) => false,
        };
        bound.slots.push(Slot { id, resource_type, kind, expression, single });
        bound.programs.push(program);
        numbers.insert(key, id);
    }
    for draft in drafts {
        let binding = Binding {
            code: draft.parameter.code.clone(),
            kind: draft.parameter.kind,
            slots: draft.slots.iter().filter_map(|key| numbers.get(key).copied()).collect(),
            only_target: draft.only_target,
            targets: targets(draft.parameter),
            composite: None,
        };
        add_binding(bound, draft.resource_type, draft.parameter, binding);
    }
}

fn targets(parameter: &SearchParameter) -> Box<[ResourceType]> {
    let definitions = Definitions::r4();
    parameter.targets.iter().filter_map(|id| definitions.type_def(*id).resource_type).collect()
}

fn add_binding(
    bound: &mut Bound,
    resource_type: ResourceType,
    parameter: &SearchParameter,
    binding: Binding,
) {
    let at = usize::from(resource_type.0);
    if bound.bindings.len() <= at {
        bound.bindings.resize_with(at + 1, Vec::new);
    }
    let Some(list) = bound.bindings.get_mut(at) else { return };
    if list.iter().any(|other| other.code == binding.code) {
        let reason = "another parameter of this type has the same code".to_owned();
        bound.unbound.push(Unbound::new(parameter, Some(resource_type), reason));
    } else {
        list.push(binding);
    }
}

fn bind_composite(
    definitions: &'static Definitions,
    bound: &mut Bound,
    parameter: &SearchParameter,
) {
    for resource_type in resource_types(definitions, parameter) {
        match composite(definitions, bound, parameter, resource_type) {
            Ok((composite, parts, part_slots, whole)) => {
                let index = bound.composites.len();
                bound.composites.push(composite);
                let binding = Binding {
                    code: parameter.code.clone(),
                    kind: SearchKind::Composite,
                    slots: Box::default(),
                    only_target: None,
                    targets: Box::default(),
                    composite: Some(CompositeBinding { index, parts, part_slots, whole }),
                };
                add_binding(bound, resource_type, parameter, binding);
            }
            Err(reason) => {
                bound.unbound.push(Unbound::new(parameter, Some(resource_type), reason));
            }
        }
    }
}

type BoundComposite = (Composite, Box<[SearchKind]>, Box<[Box<[SlotId]>]>, bool);

fn composite(
    definitions: &'static Definitions,
    bound: &Bound,
    parameter: &SearchParameter,
    resource_type: ResourceType,
) -> Result<BoundComposite, String> {
    let type_id = definitions.type_named(definitions.resource_name(resource_type));
    let mut composite = Composite { resource_type, bases: Vec::new(), parts: Vec::new() };
    let root = parsed(parameter)?;
    for alternative in alternatives(&root, parameter)? {
        match alternative.program {
            AlternativeProgram::Path(path) if Some(alternative.root) == type_id => {
                composite.bases.push(path);
            }
            AlternativeProgram::Path(_) => {}
            AlternativeProgram::General(text) => {
                return Err(format!("\"{text}\" is not a path"));
            }
        }
    }
    if composite.bases.is_empty() {
        return Err("no part of the expression is about this type".to_owned());
    }
    let (mut kinds, mut part_slots) = (Vec::new(), Vec::new());
    for (url, expression) in &parameter.components {
        let own = definitions.search_parameters().iter().find(|other| other.url == *url);
        let own = own.ok_or_else(|| format!("the part {url} is not defined"))?;
        let slots = bound
            .bindings
            .get(usize::from(resource_type.0))
            .and_then(|bindings| bindings.iter().find(|binding| binding.code == own.code))
            .map_or_else(Box::default, |binding| binding.slots.clone());
        composite.parts.push(Part::compile(own.kind, expression)?);
        kinds.push(own.kind);
        part_slots.push(slots);
    }
    if let Some(exact) = type_id.and_then(|root| exact_slots(bound, &composite, &kinds, root)) {
        return Ok((composite, kinds.into(), exact, true));
    }
    Ok((composite, kinds.into(), part_slots.into(), false))
}

/// The slots that read exactly what the parts of a composite read, when its parts are read from
/// the resource itself.
fn exact_slots(
    bound: &Bound,
    composite: &Composite,
    kinds: &[SearchKind],
    root: TypeId,
) -> Option<Box<[Box<[SlotId]>]>> {
    let [base] = composite.bases.as_slice() else {
        return None;
    };
    if !base.steps.is_empty() {
        return None;
    }
    let slot_of = |kind: SearchKind, expression: &str| {
        let same = |slot: &&Slot| {
            slot.resource_type == composite.resource_type
                && slot.kind == kind
                && *slot.expression == *expression
        };
        bound.slots.iter().find(same).map(|slot| slot.id)
    };
    let parts = composite.parts.iter().zip(kinds);
    parts
        .map(|(part, kind)| {
            let expressions = part.expressions(root)?;
            expressions.iter().map(|expression| slot_of(*kind, expression)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Extractor;

    #[test]
    fn composites_on_the_resource_itself_know_their_exact_slots() {
        let observation = Definitions::r4().resource_type("Observation").unwrap();
        let whole = |code: &str| {
            let binding = Extractor::r4().binding(observation, code).unwrap();
            let composite = binding.composite.as_ref().unwrap();
            let slots = composite.part_slots.iter().flat_map(|slots| slots.iter());
            let expressions = slots.map(|slot| &*Extractor::r4().slot(*slot).unwrap().expression);
            (composite.whole, expressions.collect::<Vec<_>>().join(", "))
        };
        let (is_whole, slots) = whole("code-value-quantity");
        assert!(is_whole, "{slots}");
        assert!(slots.starts_with("Observation.code, Observation.value"), "{slots}");
        assert!(!slots.contains("SampledData"), "{slots}");
        assert!(!whole("component-code-value-quantity").0);
        assert!(!whole("combo-code-value-quantity").0);
    }
}
