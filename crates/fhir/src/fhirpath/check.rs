//! Tells without input that a path cannot exist: `Patient.nam` is a mistake, not an empty answer.
//!
//! Follows the definitions from a given type. Where the type cannot be known (`resolve()`,
//! `contained`, `descendants()`) everything is allowed.
//! Standard: <http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation>

use super::ast::{Call, Expr, ExprKind, Name, Operator};
use super::error::SyntaxError;
use super::types::{TypeSpecifier, is_subtype, keeps_type};
use crate::definitions::{Definitions, ElementId, TypeId, TypeKind};

/// What the items of a collection may be.
#[derive(Clone, Debug)]
struct Shape {
    /// `None` when it cannot be known.
    known: Option<Vec<(ElementId, TypeId)>>,
    /// Whether the order of the items means something.
    ordered: bool,
}

const UNKNOWN: Shape = Shape { known: None, ordered: true };

/// Finds the first step that cannot exist when the input is of type `root`.
pub(crate) fn check(expr: &Expr, root: TypeId) -> Result<(), SyntaxError> {
    let element = Definitions::r4().type_def(root).root;
    let focus = Shape { known: Some(vec![(element, root)]), ordered: true };
    shape(expr, &focus).map(|_| ())
}

fn shape(expr: &Expr, focus: &Shape) -> Result<Shape, SyntaxError> {
    let at = expr.start;
    match &expr.kind {
        ExprKind::Empty
        | ExprKind::Literal(_)
        | ExprKind::Index
        | ExprKind::Total
        | ExprKind::Variable(_) => Ok(UNKNOWN),
        ExprKind::This => Ok(focus.clone()),
        ExprKind::Start(name) => start(name, focus, at),
        ExprKind::Member { base, name } => {
            let base = shape(base, focus)?;
            member(name, &base, expr.end.saturating_sub(name.text.len() as u32))
        }
        ExprKind::Call { base, call } => {
            let base = match base {
                Some(base) => shape(base, focus)?,
                None => focus.clone(),
            };
            called(call, base, focus, at)
        }
        ExprKind::At { base, index } => {
            shape(index, focus)?;
            in_order(shape(base, focus)?, "An index", at)
        }
        ExprKind::Negate(operand) | ExprKind::Plus(operand) => {
            shape(operand, focus)?;
            Ok(UNKNOWN)
        }
        ExprKind::Binary { operator, left, right } => {
            let (left, right) = (shape(left, focus)?, shape(right, focus)?);
            if *operator != Operator::Union {
                return Ok(UNKNOWN);
            }
            let known = left.known.zip(right.known).map(|(left, right)| [left, right].concat());
            Ok(Shape { known, ordered: left.ordered && right.ordered })
        }
        ExprKind::Is { operand, .. } => {
            shape(operand, focus)?;
            Ok(UNKNOWN)
        }
        ExprKind::As { operand, type_ } => Ok(restricted(shape(operand, focus)?, type_)),
    }
}

/// An identifier that begins a path: a type that the focus may be of, else a child of it.
fn start(name: &Name, focus: &Shape, at: u32) -> Result<Shape, SyntaxError> {
    let Some(known) = &focus.known else { return Ok(UNKNOWN) };
    let is_upper = name.text.starts_with(|c: char| c.is_ascii_uppercase());
    if is_upper && let Some(wanted) = Definitions::r4().type_named(&name.text) {
        if known.iter().any(|(_, own)| is_subtype(*own, wanted)) {
            return Ok(focus.clone());
        }
        let message = format!("The input is never a {}: it is {}.", name.text, listed(known));
        return Err(SyntaxError::new(message, at));
    }
    member(name, focus, at)
}

fn listed(known: &[(ElementId, TypeId)]) -> String {
    let mut names: Vec<&str> =
        known.iter().map(|(_, own)| &*Definitions::r4().type_def(*own).name).collect();
    names.dedup();
    names.truncate(5);
    names.join(" or ")
}

fn member(name: &Name, base: &Shape, at: u32) -> Result<Shape, SyntaxError> {
    let definitions = Definitions::r4();
    let Some(known) = &base.known else { return Ok(UNKNOWN) };
    let mut found = Vec::new();
    for (element, own) in known {
        let holder = definitions.holder(*element, *own);
        let Some(child) = definitions.child(holder, &name.text) else { continue };
        for type_id in &definitions.element(child).types {
            // Any resource may stand there.
            if definitions.type_def(*type_id).kind == TypeKind::Resource {
                return Ok(UNKNOWN);
            }
            found.push((child, *type_id));
        }
    }
    if found.is_empty() && !known.is_empty() {
        let mut message = format!("{} has no element \"{}\".", listed(known), name.text);
        if let Some(hint) = choice_hint(name, known) {
            message.push_str(&hint);
        }
        return Err(SyntaxError::new(message, at));
    }
    Ok(Shape { known: Some(found), ordered: base.ordered })
}

/// `valueQuantity` is how JSON writes it; a path says `value.ofType(Quantity)`.
fn choice_hint(name: &Name, known: &[(ElementId, TypeId)]) -> Option<String> {
    let definitions = Definitions::r4();
    known.iter().find_map(|(element, own)| {
        let child = definitions.json_child(definitions.holder(*element, *own), &name.text)?;
        let bare = &definitions.element(child.element).name;
        let type_name = &definitions.type_def(child.type_id).name;
        Some(format!(" Write {bare}.ofType({type_name})."))
    })
}

fn restricted(base: Shape, wanted: &TypeSpecifier) -> Shape {
    let known = base.known.zip(wanted.fhir).map(|(known, wanted)| {
        let kept = known.into_iter();
        kept.filter(|(_, own)| keeps_type(*own, wanted) || is_subtype(wanted, *own))
            .map(
                |(element, own)| {
                    if is_subtype(own, wanted) { (element, own) } else { (element, wanted) }
                },
            )
            .collect()
    });
    Shape { known, ordered: base.ordered }
}

fn in_order(base: Shape, what: &str, at: u32) -> Result<Shape, SyntaxError> {
    if base.ordered {
        return Ok(base);
    }
    let message = format!("{what} has no meaning here: these items have no order.");
    Err(SyntaxError::new(message, at))
}

/// A call: its arguments, and what it answers.
fn called(call: &Call, base: Shape, focus: &Shape, at: u32) -> Result<Shape, SyntaxError> {
    let name = call.function.name;
    // Whose arguments are evaluated for each item of the input.
    let by_item = matches!(
        name,
        "where" | "select" | "exists" | "all" | "repeat" | "aggregate" | "sort" | "iif" | "trace"
    );
    let mut answers = Vec::new();
    for argument in &call.arguments {
        answers.push(shape(argument, if by_item { &base } else { focus })?);
    }
    match name {
        "where" | "distinct" | "single" | "trace" | "intersect" | "exclude" => Ok(base),
        "sort" => Ok(Shape { ordered: true, ..base }),
        "first" | "last" | "tail" | "skip" | "take" => in_order(base, &format!("{name}()"), at),
        "select" => Ok(answers.into_iter().next().unwrap_or(UNKNOWN)),
        "as" | "ofType" => Ok(match &call.type_argument {
            Some(wanted) => restricted(base, wanted),
            None => UNKNOWN,
        }),
        "children" | "descendants" => Ok(Shape { known: None, ordered: false }),
        _ => Ok(UNKNOWN),
    }
}
