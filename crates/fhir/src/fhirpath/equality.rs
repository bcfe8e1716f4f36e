//! `=`, `~`, `<` and what they rest on.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#equality>, <http://hl7.org/fhirpath/N1/#comparison>

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::error::EvalError;
use super::evaluate::Evaluator;
use super::temporal::Moment;
use super::units::{self, Canonical};
use super::value::{Item, Quantity, Unit, Value};
use crate::model::NodeRef;

/// `=` of two collections: `None` when either is empty or the answer is open.
pub(crate) fn equal_collections<'a>(
    evaluator: &Evaluator<'_, 'a>,
    left: &[Item<'a>],
    right: &[Item<'a>],
    at: u32,
) -> Result<Option<bool>, EvalError> {
    if left.is_empty() || right.is_empty() {
        return Ok(None);
    }
    if left.len() != right.len() {
        return Ok(Some(false));
    }
    let mut open = false;
    for (left, right) in left.iter().zip(right) {
        evaluator.spend(1, at)?;
        match equal(left, right) {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => open = true,
        }
    }
    Ok((!open).then_some(true))
}

/// `~` of two collections: the same items in any order.
pub(crate) fn equivalent_collections<'a>(
    evaluator: &Evaluator<'_, 'a>,
    left: &[Item<'a>],
    right: &[Item<'a>],
    at: u32,
) -> Result<bool, EvalError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut unmatched: Vec<&Item<'a>> = right.iter().collect();
    for item in left {
        evaluator.spend(unmatched.len(), at)?;
        match unmatched.iter().position(|other| equivalent(item, other)) {
            Some(position) => drop(unmatched.swap_remove(position)),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether two items are one and the same for `distinct`, `in`, union and the like: equal for
/// certain.
pub(crate) fn same(left: &Item<'_>, right: &Item<'_>) -> bool {
    equal(left, right) == Some(true)
}

/// `=` of two items.
pub(crate) fn equal(left: &Item<'_>, right: &Item<'_>) -> Option<bool> {
    if let (Item::Node(left), Item::Node(right)) = (left, right)
        && std::ptr::eq(left.resource(), right.resource())
        && left.index() == right.index()
    {
        return Some(true);
    }
    match (left.value(), right.value()) {
        (Some(left), Some(right)) => equal_values(&left, &right),
        (None, None) => match (left, right) {
            (Item::Node(left), Item::Node(right)) => Some(equal_nodes(*left, *right)),
            _ => Some(false),
        },
        (Some(_), None) | (None, Some(_)) => Some(false),
    }
}

fn equal_values(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => Some(left == right),
        (Value::String(left), Value::String(right)) => Some(left == right),
        (Value::Time(left), Value::Time(right)) => equal_moments(*left, *right),
        (
            Value::Date(left) | Value::DateTime(left),
            Value::Date(right) | Value::DateTime(right),
        ) => equal_moments(*left, *right),
        (Value::Type(namespace, name), Value::Type(other_namespace, other)) => {
            Some(namespace == other_namespace && name == other)
        }
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => Some(left == right),
            _ => match (as_quantity(left), as_quantity(right)) {
                (Some(left), Some(right)) => equal_quantities(&left, &right),
                _ => Some(false),
            },
        },
    }
}

fn equal_moments(left: Moment, right: Moment) -> Option<bool> {
    left.compare(right).map(Ordering::is_eq)
}

/// A quantity, or a number as one without unit.
pub(crate) fn as_quantity<'a>(value: &Value<'a>) -> Option<Quantity<'a>> {
    if let Value::Quantity(quantity) = value {
        return Some((**quantity).clone());
    }
    value.number().map(|value| Quantity { value, unit: Unit::Ucum("1".into()) })
}

/// Two quantities in the unit of the left one; `None` when they measure different things.
pub(crate) fn in_one_unit(left: &Quantity<'_>, right: &Quantity<'_>) -> Option<(Decimal, Decimal)> {
    let code = |unit: &Unit<'_>| match unit {
        Unit::Calendar(unit) => unit.ucum().to_owned(),
        Unit::Ucum(unit) => unit.clone().into_owned(),
    };
    let (left_code, right_code) = (code(&left.unit), code(&right.unit));
    if left_code == right_code {
        return Some((left.value, right.value));
    }
    let (from, to) = (units::canonical(&right_code)?, units::canonical(&left_code)?);
    if from.dimensions != to.dimensions {
        return None;
    }
    Some((left.value, convert(right.value, &from, &to)?))
}

fn convert(value: Decimal, from: &Canonical, to: &Canonical) -> Option<Decimal> {
    let top = value.multiply(from.numerator)?.multiply(to.denominator)?;
    let bottom = from.denominator.multiply(to.numerator)?;
    top.divide(bottom)
}

/// Whether one of them counts calendar years or months and the other a definite duration: they
/// are never certainly equal.
fn indefinite(left: &Unit<'_>, right: &Unit<'_>) -> bool {
    match (left, right) {
        (Unit::Calendar(unit), Unit::Ucum(_)) | (Unit::Ucum(_), Unit::Calendar(unit)) => {
            unit.is_indefinite()
        }
        (Unit::Calendar(left), Unit::Calendar(right)) => {
            left.is_indefinite() != right.is_indefinite()
        }
        (Unit::Ucum(_), Unit::Ucum(_)) => false,
    }
}

fn equal_quantities(left: &Quantity<'_>, right: &Quantity<'_>) -> Option<bool> {
    if indefinite(&left.unit, &right.unit) {
        return None;
    }
    // Units that cannot be compared: certainly not equal when both are known.
    Some(in_one_unit(left, right).is_some_and(|(left, right)| left == right))
}

/// Whether two units measure the same kind of thing.
pub(crate) fn comparable(left: &Quantity<'_>, right: &Quantity<'_>) -> bool {
    in_one_unit(left, right).is_some()
}

/// The same name, type of value and children, in the same order.
fn equal_nodes(left: NodeRef<'_>, right: NodeRef<'_>) -> bool {
    left.type_id() == right.type_id() && {
        let mut rights = right.children();
        let all = left.children().all(|child| {
            rights.next().is_some_and(|other| {
                child.name() == other.name()
                    && child.text() == other.text()
                    && equal_nodes(child, other)
            })
        });
        all && rights.next().is_none()
    }
}

/// `~` of two items.
pub(crate) fn equivalent(left: &Item<'_>, right: &Item<'_>) -> bool {
    match (left.value(), right.value()) {
        (Some(left), Some(right)) => equivalent_values(&left, &right),
        (None, None) => match (left, right) {
            (Item::Node(left), Item::Node(right)) => equivalent_nodes(*left, *right),
            _ => false,
        },
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn equivalent_values(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => folded(left) == folded(right),
        (
            Value::Date(left) | Value::DateTime(left),
            Value::Date(right) | Value::DateTime(right),
        )
        | (Value::Time(left), Value::Time(right)) => left.equivalent(*right),
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => left.equivalent(right),
            _ => match (as_quantity(left), as_quantity(right)) {
                (Some(left), Some(right)) => {
                    in_one_unit(&left, &right).is_some_and(|(left, right)| left.equivalent(right))
                }
                _ => equal_values(left, right) == Some(true),
            },
        },
    }
}

/// Lower case, and every run of white space one space.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// As [`equal_nodes`], in any order and with `~` for the values.
fn equivalent_nodes(left: NodeRef<'_>, right: NodeRef<'_>) -> bool {
    if left.type_id() != right.type_id() {
        return false;
    }
    let mut unmatched: Vec<NodeRef<'_>> = right.children().collect();
    for child in left.children() {
        let position = unmatched.iter().position(|other| {
            child.name() == other.name() && equivalent(&Item::Node(child), &Item::Node(*other))
        });
        match position {
            Some(position) => drop(unmatched.swap_remove(position)),
            None => return false,
        }
    }
    unmatched.is_empty()
}

/// Which of two items comes first; `None` when the precision leaves it open or the units cannot
/// be compared. An error when the types have no order between them.
pub(crate) fn compare(
    left: &Item<'_>,
    right: &Item<'_>,
    at: u32,
) -> Result<Option<Ordering>, EvalError> {
    let (left_type, right_type) = (left.type_name().1, right.type_name().1);
    let wrong = || {
        let message = format!("{left_type} and {right_type} cannot be compared by < or >.");
        EvalError::new(message, at)
    };
    let (Some(left), Some(right)) = (left.value(), right.value()) else {
        return Err(wrong());
    };
    match (&left, &right) {
        (Value::String(left), Value::String(right)) => Ok(Some(left.cmp(right))),
        (
            Value::Date(left) | Value::DateTime(left),
            Value::Date(right) | Value::DateTime(right),
        )
        | (Value::Time(left), Value::Time(right)) => Ok(left.compare(*right)),
        _ => match (left.number(), right.number()) {
            (Some(left), Some(right)) => Ok(Some(left.cmp(&right))),
            _ => match (as_quantity(&left), as_quantity(&right)) {
                (Some(left), Some(right)) if indefinite(&left.unit, &right.unit) => Ok(None),
                (Some(left), Some(right)) => {
                    Ok(in_one_unit(&left, &right).map(|(left, right)| left.cmp(&right)))
                }
                _ => Err(wrong()),
            },
        },
    }
}
