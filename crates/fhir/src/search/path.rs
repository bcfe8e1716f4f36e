//! The form that nearly all search expressions have: steps from a type, some of them restricted.
//!
//! `Observation.value.ofType(Quantity)`, `Patient.telecom.where(system='phone')`,
//! `Observation.subject.where(resolve() is Patient)`. Such a path needs no evaluator.
//! Not here: expressions of another form (`bind` keeps them as [`Expression`](crate::fhirpath)).

use std::fmt;

use crate::definitions::{Definitions, TypeId};
use crate::fhirpath::Value;
use crate::fhirpath::ast::{Call, Expr, ExprKind, Operator};
use crate::fhirpath::names::{NameId, Names};
use crate::fhirpath::types::{self, TypeSpecifier};
use crate::model::NodeRef;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) text: Box<str>,
    pub(super) name: NameId,
    /// `.ofType(Quantity)`.
    pub(super) only_type: Option<TypeId>,
    /// `.where(system='phone')`.
    pub(super) equals: Option<Condition>,
}

/// A child that must have this text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    text: Box<str>,
    name: NameId,
    value: Box<str>,
}

/// Steps, from a type or (in the part of a composite) from wherever one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The type that the path begins with.
    pub(super) root: Option<TypeId>,
    pub(super) steps: Vec<Step>,
    /// `.where(resolve() is Patient)` at the end.
    pub(super) only_target: Option<TypeId>,
}

impl Step {
    /// Whether a node is one that this step leads to.
    pub(super) fn accepts(&self, names: &'static Names, node: NodeRef<'_>) -> bool {
        names.of(node.element_id()) == self.name
            && self.only_type.is_none_or(|wanted| types::keeps_type(node.type_id(), wanted))
            && self.equals.as_ref().is_none_or(|condition| condition.holds(names, node))
    }
}

impl Condition {
    fn holds(&self, names: &'static Names, node: NodeRef<'_>) -> bool {
        names.children(node, self.name).any(|child| child.text() == Some(&*self.value))
    }
}

impl Path {
    /// The path that an expression is; `None` when it is of another form.
    pub(super) fn of(expr: &Expr) -> Option<Path> {
        let mut path = Path { root: None, steps: Vec::new(), only_target: None };
        path.follow(expr)?;
        Some(path)
    }

    fn follow(&mut self, expr: &Expr) -> Option<()> {
        if let ExprKind::Start(name) = &expr.kind {
            let is_type = name.text.starts_with(|c: char| c.is_ascii_uppercase());
            match Definitions::r4().type_named(&name.text).filter(|_| is_type) {
                Some(type_id) => self.root = Some(type_id),
                None => self.push(&name.text, name.number),
            }
            return Some(());
        }
        if let ExprKind::Member { base, name } = &expr.kind {
            self.follow(base)?;
            // Nothing may follow the restriction of a reference's target.
            return self.only_target.is_none().then(|| self.push(&name.text, name.number));
        }
        if let ExprKind::As { operand, type_ } = &expr.kind {
            self.follow(operand)?;
            return self.restrict(type_);
        }
        let ExprKind::Call { base: Some(base), call } = &expr.kind else { return None };
        self.follow(base)?;
        self.call(call)
    }

    fn push(&mut self, text: &str, name: NameId) {
        self.steps.push(Step { text: text.into(), name, only_type: None, equals: None });
    }

    fn call(&mut self, call: &Call) -> Option<()> {
        match (call.function.name, &*call.arguments) {
            ("as" | "ofType", _) => self.restrict(call.type_argument.as_ref()?),
            ("where", [criteria]) => self.filter(criteria),
            _ => None,
        }
    }

    /// `as` counts as `ofType`: the published expressions use it on several items. They also say
    /// `DateTime` where they mean `dateTime`.
    fn restrict(&mut self, wanted: &TypeSpecifier) -> Option<()> {
        let wanted = wanted.fhir.or_else(|| {
            let mut name = wanted.system?.to_owned();
            name.get_mut(..1)?.make_ascii_lowercase();
            Definitions::r4().type_named(&name)
        })?;
        let last = self.steps.last_mut().filter(|step| step.only_type.is_none())?;
        last.only_type = Some(wanted);
        Some(())
    }

    fn filter(&mut self, criteria: &Expr) -> Option<()> {
        if let ExprKind::Is { operand, type_ } = &criteria.kind {
            let ExprKind::Call { base: None, call } = &operand.kind else { return None };
            if call.function.name != "resolve" || self.only_target.is_some() {
                return None;
            }
            self.only_target = Some(type_.fhir?);
            return Some(());
        }
        let ExprKind::Binary { operator: Operator::Equal, left, right } = &criteria.kind else {
            return None;
        };
        let ExprKind::Start(name) = &left.kind else { return None };
        let ExprKind::Literal(Value::String(value)) = &right.kind else { return None };
        let last = self.steps.last_mut().filter(|step| step.equals.is_none())?;
        let (text, value) = (name.text.clone(), value.clone().into());
        last.equals = Some(Condition { text, name: name.number, value });
        Some(())
    }

    /// Adds the nodes that the steps lead to from `node`.
    pub(super) fn collect<'a>(&self, node: NodeRef<'a>, out: &mut Vec<NodeRef<'a>>) {
        walk(Names::r4(), &self.steps, node, out);
    }
}

fn walk<'a>(names: &'static Names, steps: &[Step], node: NodeRef<'a>, out: &mut Vec<NodeRef<'a>>) {
    let Some((step, rest)) = steps.split_first() else {
        out.push(node);
        return;
    };
    for child in node.children().filter(|child| step.accepts(names, *child)) {
        walk(names, rest, child, out);
    }
}

impl fmt::Display for Path {
    /// The one way of writing it, by which slots are told apart. Without the restriction of the
    /// reference's target, which is the binding's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definitions = Definitions::r4();
        let mut first = true;
        if let Some(root) = self.root {
            f.write_str(&definitions.type_def(root).name)?;
            first = false;
        }
        for step in &self.steps {
            write!(f, "{}{}", if first { "" } else { "." }, step.text)?;
            first = false;
            if let Some(type_id) = step.only_type {
                write!(f, ".ofType({})", definitions.type_def(type_id).name)?;
            }
            if let Some(Condition { text, value, .. }) = &step.equals {
                write!(f, ".where({text}='{value}')")?;
            }
        }
        Ok(())
    }
}
