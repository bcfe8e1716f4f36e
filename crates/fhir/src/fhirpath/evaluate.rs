//! Walks the syntax tree: paths, indexers, variables, logic, and calls of functions.
//!
//! Not here: what `=` and `~` mean (`equality`), what `+` does (`arithmetic`), the functions.

use std::cell::Cell;

use smallvec::smallvec;

use super::arithmetic;
use super::ast::{Call, Expr, ExprKind, Logic, Name, Operator, Order};
use super::equality;
use super::error::EvalError;
use super::names::{Names, UNKNOWN};
use super::types;
use super::value::{Collection, Item, Value};
use super::{Context, functions};
use crate::definitions::Definitions;
use crate::model::NodeRef;

/// Items and calls that one evaluation may produce.
const EVALUATION_STEPS_MAX: u64 = 5_000_000;

/// What evaluating answers.
pub(crate) type Output<'a> = Result<Collection<'a>, EvalError>;

pub(crate) fn evaluate<'a>(
    expr: &'a Expr,
    context: &Context<'a>,
    input: &[Item<'a>],
) -> Output<'a> {
    let evaluator = Evaluator { context: *context, input, steps: Cell::new(0) };
    evaluator.eval(expr, &Scope { focus: input, index: None, total: None })
}

/// One evaluation: what does not change while it runs.
pub(crate) struct Evaluator<'e, 'a> {
    pub(crate) context: Context<'a>,
    /// `%context`.
    input: &'e [Item<'a>],
    steps: Cell<u64>,
}

/// What `$this`, `$index` and `$total` are at one place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s, 'a> {
    pub(crate) focus: &'s [Item<'a>],
    pub(crate) index: Option<usize>,
    pub(crate) total: Option<&'s Collection<'a>>,
}

/// The truth of a collection where one boolean is expected; an item of another type counts as
/// true. Standard: <http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections>
pub(crate) fn boolean_of(items: &[Item<'_>], at: u32) -> Result<Option<bool>, EvalError> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(match item.value() {
            Some(Value::Boolean(value)) => value,
            Some(_) | None => true,
        })),
        _ => {
            Err(EvalError::new(format!("One boolean is expected, not {} items.", items.len()), at))
        }
    }
}

/// The single item, if any.
pub(crate) fn single<'i, 'a>(
    items: &'i [Item<'a>],
    what: &str,
    at: u32,
) -> Result<Option<&'i Item<'a>>, EvalError> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(EvalError::new(format!("{what} needs a single item, not {}.", items.len()), at)),
    }
}

fn of_boolean<'a>(value: Option<bool>) -> Collection<'a> {
    value.map(Item::boolean).into_iter().collect()
}

impl<'e, 'a> Evaluator<'e, 'a> {
    /// Counts work, so that no expression runs for long.
    pub(crate) fn spend(&self, steps: usize, at: u32) -> Result<(), EvalError> {
        let spent = self.steps.get() + steps as u64 + 1;
        self.steps.set(spent);
        if spent > EVALUATION_STEPS_MAX {
            let message = format!("The expression takes more than {EVALUATION_STEPS_MAX} steps.");
            return Err(EvalError::new(message, at));
        }
        Ok(())
    }

    pub(crate) fn eval(&self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Output<'a> {
        let at = expr.start;
        self.spend(0, at)?;
        match &expr.kind {
            ExprKind::Empty => Ok(smallvec![]),
            ExprKind::Literal(value) => Ok(smallvec![Item::Value(value.clone())]),
            ExprKind::This => Ok(scope.focus.iter().cloned().collect()),
            ExprKind::Index => {
                Ok(scope.index.map(|index| Item::integer(index as i64)).into_iter().collect())
            }
            ExprKind::Total => Ok(scope.total.cloned().unwrap_or_default()),
            ExprKind::Variable(name) => self.variable(name, at),
            ExprKind::Start(name) => self.start(name, scope.focus, at),
            ExprKind::Member { base, name } => {
                let items = self.eval(base, scope)?;
                self.members(&items, name, at)
            }
            ExprKind::Call { base, call } => {
                let input = match base {
                    Some(base) => self.eval(base, scope)?,
                    None => scope.focus.iter().cloned().collect(),
                };
                self.call(call, input, scope, at)
            }
            ExprKind::At { base, index } => self.at_index(base, index, scope),
            ExprKind::Negate(operand) => {
                let items = self.eval(operand, scope)?;
                arithmetic::negate(single(&items, "\"-\"", at)?, at)
            }
            ExprKind::Plus(operand) => {
                let items = self.eval(operand, scope)?;
                arithmetic::negate(single(&items, "\"+\"", at)?, at)?;
                Ok(items)
            }
            ExprKind::Binary { operator, left, right } => {
                self.binary(*operator, left, right, scope)
            }
            ExprKind::Is { operand, type_ } => {
                let items = self.eval(operand, scope)?;
                let item = single(&items, "\"is\"", at)?;
                Ok(of_boolean(item.map(|item| type_.includes(item))))
            }
            ExprKind::As { operand, type_ } => {
                let items = self.eval(operand, scope)?;
                let item = single(&items, "\"as\"", at)?;
                Ok(item.filter(|item| type_.keeps(item)).cloned().into_iter().collect())
            }
        }
    }

    /// An identifier at the beginning of a path: a type that the focus is of, or a child.
    fn start(&self, name: &'a Name, focus: &[Item<'a>], at: u32) -> Output<'a> {
        let first_is_upper = name.text.starts_with(|c: char| c.is_ascii_uppercase());
        if first_is_upper && let Some(wanted) = Definitions::r4().type_named(&name.text) {
            let of_type = |item: &&Item<'a>| {
                item.node().is_some_and(|node| types::is_subtype(node.type_id(), wanted))
            };
            let kept: Collection<'a> = focus.iter().filter(of_type).cloned().collect();
            if !kept.is_empty() {
                return Ok(kept);
            }
        }
        self.members(focus, name, at)
    }

    /// The children of this name, of every item.
    fn members(&self, items: &[Item<'a>], name: &'a Name, at: u32) -> Output<'a> {
        let mut out = Collection::new();
        for item in items {
            match item {
                Item::Node(node) if name.number != UNKNOWN => {
                    out.extend(Names::r4().children(*node, name.number).map(Item::Node));
                }
                Item::Node(_) => {}
                Item::Value(value) => out.extend(value_member(value, &name.text)),
            }
        }
        self.spend(out.len(), at)?;
        Ok(out)
    }

    fn at_index(&self, base: &'a Expr, index: &'a Expr, scope: &Scope<'_, 'a>) -> Output<'a> {
        let items = self.eval(base, scope)?;
        let position = self.eval(index, scope)?;
        let Some(item) = single(&position, "An index", index.start)? else {
            return Ok(smallvec![]);
        };
        let Some(Value::Integer(position)) = item.value() else {
            return Err(EvalError::new("An index must be an integer.", index.start));
        };
        let found = usize::try_from(position).ok().and_then(|position| items.get(position));
        Ok(found.cloned().into_iter().collect())
    }

    fn call(
        &self,
        call: &'a Call,
        input: Collection<'a>,
        scope: &Scope<'_, 'a>,
        at: u32,
    ) -> Output<'a> {
        self.spend(input.len(), at)?;
        let answer =
            (call.function.run)(functions::Invocation { evaluator: self, scope, input, call, at })?;
        self.spend(answer.len(), at)?;
        Ok(answer)
    }

    fn variable(&self, name: &str, at: u32) -> Output<'a> {
        let url = |url: String| Ok(smallvec![Item::string(url)]);
        let node = |node: Option<NodeRef<'a>>| Ok(node.map(Item::Node).into_iter().collect());
        if let Some((_, value)) = self.context.variables.iter().find(|(known, _)| *known == name) {
            return Ok(value.iter().cloned().collect());
        }
        match name {
            "context" => Ok(self.input.iter().cloned().collect()),
            "resource" => node(self.context.resource),
            "rootResource" => node(self.context.root_resource),
            "sct" => url("http://snomed.info/sct".to_owned()),
            "loinc" => url("http://loinc.org".to_owned()),
            "ucum" => url("http://unitsofmeasure.org".to_owned()),
            _ => {
                if let Some(id) = name.strip_prefix("vs-") {
                    url(format!("http://hl7.org/fhir/ValueSet/{id}"))
                } else if let Some(id) = name.strip_prefix("ext-") {
                    url(format!("http://hl7.org/fhir/StructureDefinition/{id}"))
                } else {
                    Err(EvalError::new(format!("There is no variable %{name}."), at))
                }
            }
        }
    }

    fn binary(
        &self,
        operator: Operator,
        left: &'a Expr,
        right: &'a Expr,
        scope: &Scope<'_, 'a>,
    ) -> Output<'a> {
        let at = left.start;
        if let Operator::Logic(logic) = operator {
            return self.logic(logic, left, right, scope);
        }
        let left_items = self.eval(left, scope)?;
        let right_items = self.eval(right, scope)?;
        self.spend(left_items.len() + right_items.len(), at)?;
        let both = |f: fn(Option<bool>) -> Option<bool>| {
            equality::equal_collections(self, &left_items, &right_items, at)
                .map(|e| of_boolean(f(e)))
        };
        match operator {
            Operator::Equal => both(|equal| equal),
            Operator::NotEqual => both(|equal| equal.map(|equal| !equal)),
            Operator::Equivalent | Operator::NotEquivalent => {
                let same = equality::equivalent_collections(self, &left_items, &right_items, at)?;
                Ok(of_boolean(Some(same == (operator == Operator::Equivalent))))
            }
            Operator::Union => functions::combining::union(self, left_items, right_items, at),
            Operator::In => membership(self, &left_items, &right_items, at),
            Operator::Contains => membership(self, &right_items, &left_items, at),
            Operator::Order(wanted) => {
                let left = single(&left_items, "A comparison", at)?;
                let right = single(&right_items, "A comparison", right.start)?;
                let (Some(left), Some(right)) = (left, right) else { return Ok(smallvec![]) };
                let order = equality::compare(left, right, at)?;
                Ok(of_boolean(order.map(|order| match wanted {
                    Order::Less => order.is_lt(),
                    Order::LessOrEqual => order.is_le(),
                    Order::Greater => order.is_gt(),
                    Order::GreaterOrEqual => order.is_ge(),
                })))
            }
            Operator::Concatenate => arithmetic::concatenate(&left_items, &right_items, at),
            Operator::Math(math) => arithmetic::binary(math, &left_items, &right_items, at),
            // Decided above: the right side is evaluated only when it matters.
            Operator::Logic(_) => Ok(smallvec![]),
        }
    }

    /// Three-valued logic. Standard: <http://hl7.org/fhirpath/N1/#boolean-logic>
    fn logic(
        &self,
        logic: Logic,
        left: &'a Expr,
        right: &'a Expr,
        scope: &Scope<'_, 'a>,
    ) -> Output<'a> {
        let left_value = boolean_of(&self.eval(left, scope)?, left.start)?;
        let decided = match (logic, left_value) {
            (Logic::And, Some(false)) => Some(false),
            (Logic::Or, Some(true)) | (Logic::Implies, Some(false)) => Some(true),
            _ => None,
        };
        if decided.is_some() {
            return Ok(of_boolean(decided));
        }
        let right_value = boolean_of(&self.eval(right, scope)?, right.start)?;
        Ok(of_boolean(match (logic, left_value, right_value) {
            (Logic::And, _, Some(false)) => Some(false),
            (Logic::And, Some(true), Some(true)) => Some(true),
            (Logic::Or, _, Some(true)) => Some(true),
            (Logic::Or, Some(false), Some(false)) => Some(false),
            (Logic::Xor, Some(left), Some(right)) => Some(left != right),
            (Logic::Implies, _, Some(true)) => Some(true),
            (Logic::Implies, Some(true), right) => right,
            _ => None,
        }))
    }
}

/// `item in collection`.
fn membership<'a>(
    evaluator: &Evaluator<'_, 'a>,
    item: &[Item<'a>],
    collection: &[Item<'a>],
    at: u32,
) -> Output<'a> {
    let Some(item) = single(item, "\"in\" and \"contains\"", at)? else {
        return Ok(smallvec![]);
    };
    evaluator.spend(collection.len(), at)?;
    Ok(of_boolean(Some(collection.iter().any(|other| equality::same(item, other)))))
}

/// The members of computed values: `type().name`, `(4 'mg').value`.
fn value_member<'a>(value: &Value<'a>, name: &str) -> Option<Item<'a>> {
    match (value, name) {
        (Value::Type(namespace, _), "namespace") => Some(Item::string(*namespace)),
        (Value::Type(_, own), "name") => Some(Item::string(own.clone())),
        (Value::Quantity(quantity), "value") => Some(Item::Value(Value::Decimal(quantity.value))),
        (Value::Quantity(quantity), "unit" | "code") => Some(Item::string(match &quantity.unit {
            super::value::Unit::Calendar(unit) => unit.word().into(),
            super::value::Unit::Ucum(unit) => unit.clone(),
        })),
        _ => None,
    }
}
