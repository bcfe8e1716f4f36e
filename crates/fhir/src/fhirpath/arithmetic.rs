//! `+ - * / div mod &` on numbers, strings, quantities, dates and times.
//!
//! A result that does not exist (division by zero, overflow) is empty.
//! Standard: <http://hl7.org/fhirpath/N1/#math>, <http://hl7.org/fhirpath/N1/#datetime-arithmetic>

use smallvec::smallvec;

use super::ast::Math;
use super::decimal::Decimal;
use super::equality::as_quantity;
use super::error::EvalError;
use super::evaluate::{Output, single};
use super::functions::string::text_item;
use super::temporal::{Moment, Precision};
use super::units::{self, CalendarUnit};
use super::value::{Collection, Item, Quantity, Unit, Value};

fn one<'a>(value: Option<Value<'a>>) -> Collection<'a> {
    value.map(Item::Value).into_iter().collect()
}

fn wrong_types(operator: Math, left: &Value<'_>, right: &Value<'_>, at: u32) -> EvalError {
    let message = format!(
        "\"{}\" has no meaning between {} and {}.",
        operator.symbol(),
        left.type_name(),
        right.type_name()
    );
    EvalError::new(message, at)
}

/// The opposite of a number or quantity.
pub(crate) fn negate<'a>(item: Option<&Item<'a>>, at: u32) -> Output<'a> {
    let Some(item) = item else { return Ok(smallvec![]) };
    let wrong = || {
        let message = format!("A sign needs a number or quantity, not {}.", item.type_name().1);
        EvalError::new(message, at)
    };
    match item.value().ok_or_else(wrong)? {
        Value::Integer(value) => Ok(one(value.checked_neg().map(Value::Integer))),
        Value::Decimal(value) => Ok(one(Some(Value::Decimal(value.negated())))),
        Value::Quantity(mut quantity) => {
            quantity.value = quantity.value.negated();
            Ok(one(Some(Value::Quantity(quantity))))
        }
        Value::Boolean(_)
        | Value::String(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Type(..) => Err(wrong()),
    }
}

pub(crate) fn binary<'a>(
    operator: Math,
    left: &[Item<'a>],
    right: &[Item<'a>],
    at: u32,
) -> Output<'a> {
    let what = format!("\"{}\"", operator.symbol());
    let left = single(left, &what, at)?;
    let right = single(right, &what, at)?;
    let (Some(left), Some(right)) = (left, right) else { return Ok(smallvec![]) };
    let (Some(left_value), Some(right_value)) = (left.value(), right.value()) else {
        let message = format!(
            "{what} has no meaning between {} and {}.",
            left.type_name().1,
            right.type_name().1
        );
        return Err(EvalError::new(message, at));
    };
    match (&left_value, &right_value) {
        (Value::Integer(left), Value::Integer(right)) => Ok(one(integers(operator, *left, *right))),
        (Value::String(left), Value::String(right)) if operator == Math::Add => {
            text_item(format!("{left}{right}"), at)
        }
        (
            Value::Date(moment) | Value::DateTime(moment) | Value::Time(moment),
            Value::Quantity(quantity),
        ) if matches!(operator, Math::Add | Math::Subtract) => {
            let sum = shift(*moment, &left_value, quantity, operator == Math::Subtract, at)?;
            let is_date = matches!(left_value, Value::Date(_));
            let is_time = matches!(left_value, Value::Time(_));
            Ok(one(sum.map(|sum| match (is_date, is_time) {
                (true, _) => Value::Date(sum),
                (_, true) => Value::Time(sum),
                (false, false) => Value::DateTime(sum),
            })))
        }
        _ => match (left_value.number(), right_value.number()) {
            (Some(left), Some(right)) => Ok(one(decimals(operator, left, right))),
            _ => match (as_quantity(&left_value), as_quantity(&right_value)) {
                (Some(left), Some(right)) => quantities(operator, &left, &right, at),
                _ => Err(wrong_types(operator, &left_value, &right_value, at)),
            },
        },
    }
}

/// `&`: strings joined, empty counting as the empty string.
pub(crate) fn concatenate<'a>(left: &[Item<'a>], right: &[Item<'a>], at: u32) -> Output<'a> {
    let text = |items: &[Item<'a>]| match single(items, "\"&\"", at)? {
        None => Ok(String::new()),
        Some(item) => item.text().map(String::from).ok_or_else(|| {
            let message = format!("\"&\" needs strings, not {}.", item.type_name().1);
            EvalError::new(message, at)
        }),
    };
    text_item(format!("{}{}", text(left)?, text(right)?), at)
}

fn integers<'a>(operator: Math, left: i64, right: i64) -> Option<Value<'a>> {
    let whole = match operator {
        Math::Add => left.checked_add(right),
        Math::Subtract => left.checked_sub(right),
        Math::Multiply => left.checked_mul(right),
        Math::Div => left.checked_div(right),
        Math::Mod => left.checked_rem(right),
        Math::Divide => {
            let (left, right) = (Decimal::from_integer(left), Decimal::from_integer(right));
            return left.divide(right).map(Value::Decimal);
        }
    };
    whole.map(Value::Integer)
}

fn decimals<'a>(operator: Math, left: Decimal, right: Decimal) -> Option<Value<'a>> {
    let result = match operator {
        Math::Add => left.plus(right),
        Math::Subtract => left.minus(right),
        Math::Multiply => left.multiply(right),
        Math::Divide => left.divide(right),
        Math::Mod => left.remainder(right),
        Math::Div => {
            let whole = left.whole_quotient(right)?;
            return i64::try_from(whole).ok().map(Value::Integer);
        }
    };
    result.map(Value::Decimal)
}

fn quantities<'a>(
    operator: Math,
    left: &Quantity<'a>,
    right: &Quantity<'a>,
    at: u32,
) -> Output<'a> {
    let code = |unit: &Unit<'a>| match unit {
        Unit::Calendar(unit) => unit.ucum().to_owned(),
        Unit::Ucum(unit) => unit.clone().into_owned(),
    };
    let (left_code, right_code) = (code(&left.unit), code(&right.unit));
    let made = |value: Option<Decimal>, unit: Unit<'a>| {
        Ok(one(value.map(|value| Value::Quantity(Box::new(Quantity { value, unit })))))
    };
    match operator {
        Math::Multiply => {
            let unit = match (left_code.as_str(), right_code.as_str()) {
                ("1", _) => right_code,
                (_, "1") => left_code,
                _ => format!("{left_code}.{right_code}"),
            };
            made(left.value.multiply(right.value), Unit::Ucum(unit.into()))
        }
        Math::Divide => {
            let unit = match (left_code.as_str(), right_code.as_str()) {
                (_, "1") => left_code,
                (left, right) if left == right => "1".to_owned(),
                (_, right) if right.contains(['.', '/']) => format!("{left_code}/({right_code})"),
                _ => format!("{left_code}/{right_code}"),
            };
            made(left.value.divide(right.value), Unit::Ucum(unit.into()))
        }
        Math::Add | Math::Subtract => {
            let Some((mine, other)) = super::equality::in_one_unit(left, right) else {
                return Ok(smallvec![]);
            };
            let sum = if operator == Math::Add { mine.plus(other) } else { mine.minus(other) };
            made(sum, left.unit.clone())
        }
        Math::Div | Math::Mod => {
            let message = format!("\"{}\" has no meaning between quantities.", operator.symbol());
            Err(EvalError::new(message, at))
        }
    }
}

/// A date, dateTime or time moved by a duration. What is finer than the date knows is counted in
/// its own precision and the rest dropped: `@2014 + 25 months` is `@2016`.
fn shift(
    moment: Moment,
    value: &Value<'_>,
    quantity: &Quantity<'_>,
    back: bool,
    at: u32,
) -> Result<Option<Moment>, EvalError> {
    let unit = match &quantity.unit {
        Unit::Calendar(unit) => Some(*unit),
        Unit::Ucum(code) => CalendarUnit::named(code).or_else(|| CalendarUnit::of_ucum(code)),
    };
    let is_time = matches!(value, Value::Time(_));
    let coarse = |unit: CalendarUnit| unit >= CalendarUnit::Day;
    let Some(unit) = unit.filter(|unit| !(is_time && coarse(*unit))) else {
        let message = match &quantity.unit {
            Unit::Ucum(code) if units::canonical(code).is_some() => format!(
                "A {} cannot be moved by '{code}': use a calendar unit such as years, months or days.",
                value.type_name()
            ),
            Unit::Ucum(_) | Unit::Calendar(_) => {
                format!("A {} cannot be moved by this unit.", value.type_name())
            }
        };
        return Err(EvalError::new(message, at));
    };
    let amount = if back { quantity.value.negated() } else { quantity.value };
    if is_time {
        return Ok(milliseconds(amount, unit).map(|by| moment.plus_on_the_clock(by)));
    }
    Ok(match (moment.precision, unit) {
        (_, CalendarUnit::Year) => whole(amount, 1).and_then(|n| moment.plus_months(n * 12)),
        (Precision::Year, CalendarUnit::Month) => {
            whole(amount, 12).and_then(|years| moment.plus_months(years * 12))
        }
        (_, CalendarUnit::Month) => whole(amount, 1).and_then(|n| moment.plus_months(n)),
        (precision @ (Precision::Year | Precision::Month), _) => {
            // Thirty days to the month, twelve months to the year.
            let days = milliseconds(amount, unit).map(|by| by / 86_400_000);
            let months = days.map(|days| days / 30);
            if precision == Precision::Year {
                months.and_then(|months| moment.plus_months(months / 12 * 12))
            } else {
                months.and_then(|months| moment.plus_months(months))
            }
        }
        (precision, _) => {
            let step = match precision {
                Precision::Day => 86_400_000,
                Precision::Hour => 3_600_000,
                Precision::Minute => 60_000,
                Precision::Year | Precision::Month | Precision::Second | Precision::Millisecond => {
                    1
                }
            };
            milliseconds(amount, unit).and_then(|by| moment.plus_milliseconds(by / step * step))
        }
    }
    .map(|sum| Moment { precision: moment.precision, ..sum }))
}

/// How many whole times `divisor` goes into the amount.
fn whole(amount: Decimal, divisor: i64) -> Option<i64> {
    // More than ten thousand years cannot be the distance of two dates.
    amount.truncate().map(|n| n / divisor).filter(|n| n.abs() < 1_000_000)
}

/// Milliseconds in an amount; the fraction counts for seconds and milliseconds only.
fn milliseconds(amount: Decimal, unit: CalendarUnit) -> Option<i64> {
    let per_unit = match unit {
        CalendarUnit::Millisecond => return amount.truncate(),
        CalendarUnit::Second => return amount.multiply(Decimal::from_integer(1000))?.truncate(),
        CalendarUnit::Minute => 60_000,
        CalendarUnit::Hour => 3_600_000,
        CalendarUnit::Day => 86_400_000,
        CalendarUnit::Week => 7 * 86_400_000,
        CalendarUnit::Month => 30 * 86_400_000,
        CalendarUnit::Year => 365 * 86_400_000,
    };
    amount.truncate()?.checked_mul(per_unit)
}
