//! `abs ceiling exp floor ln log power round sqrt truncate`, and over a collection `sum`.
//!
//! A result that does not exist is empty. `exp ln log sqrt` and fractional powers go by way of
//! floating point and keep fifteen digits.
//! Standard: <http://hl7.org/fhirpath/N1/#math>

use super::{Function, Invocation, answer, function};
use crate::fhirpath::decimal::Decimal;
use crate::fhirpath::error::EvalError;
use crate::fhirpath::evaluate::{Output, single};
use crate::fhirpath::value::{Collection, Value};

/// Largest whole exponent that is computed exactly.
const EXACT_POWER_MAX: i64 = 128;

pub(super) static FUNCTIONS: [Function; 11] = [
    function("abs", 0, 0, |call| match input(&call)? {
        Some(Value::Integer(value)) => answer(value.checked_abs().map(Value::Integer)),
        Some(Value::Decimal(value)) => answer(Some(Value::Decimal(value.absolute()))),
        Some(Value::Quantity(mut quantity)) => {
            quantity.value = quantity.value.absolute();
            answer(Some(Value::Quantity(quantity)))
        }
        Some(_) | None => Ok(Collection::new()),
    }),
    function("ceiling", 0, 0, |call| to_integer(&call, |value| value.ceiling_to(0))),
    function("floor", 0, 0, |call| to_integer(&call, |value| value.floor_to(0))),
    function("truncate", 0, 0, |call| to_integer(&call, Some)),
    function("exp", 0, 0, |call| by_float(&call, f64::exp)),
    function("ln", 0, 0, |call| by_float(&call, f64::ln)),
    function("sqrt", 0, 0, |call| by_float(&call, f64::sqrt)),
    function("log", 1, 1, |call| {
        let (Some(value), Some(base)) = (number(&call)?, argument(&call)?) else {
            return Ok(Collection::new());
        };
        let result = value.to_f64().ln() / base.to_f64().ln();
        answer(Decimal::from_f64(result).map(Value::Decimal))
    }),
    function("power", 1, 1, power),
    function("round", 0, 1, round),
    function("sum", 0, 0, sum),
];

/// All numbers together; of nothing, nothing. Whole numbers stay whole.
/// Standard: <https://hl7.org/fhirpath/#sum>
fn sum<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut total: Option<Value<'a>> = None;
    for item in &call.input {
        call.spend(1)?;
        let next = match item.value() {
            Some(value @ (Value::Integer(_) | Value::Decimal(_))) => value,
            _ => {
                let given = item.type_name().1;
                return Err(call.error(format!("the input must be numbers, not {given}.")));
            }
        };
        total = match (total, next) {
            (None, next) => Some(next),
            (Some(Value::Integer(left)), Value::Integer(right)) => {
                let Some(both) = left.checked_add(right) else { return Ok(Collection::new()) };
                Some(Value::Integer(both))
            }
            (Some(left), right) => {
                let (Some(left), Some(right)) = (left.number(), right.number()) else {
                    return Ok(Collection::new());
                };
                let Some(both) = left.plus(right) else { return Ok(Collection::new()) };
                Some(Value::Decimal(both))
            }
        };
    }
    answer(total)
}

/// The single number or quantity of the input.
fn input<'a>(call: &Invocation<'_, '_, 'a>) -> Result<Option<Value<'a>>, EvalError> {
    let Some(item) = call.one()? else { return Ok(None) };
    match item.value() {
        Some(value @ (Value::Integer(_) | Value::Decimal(_) | Value::Quantity(_))) => {
            Ok(Some(value))
        }
        _ => Err(call.error(format!("the input must be a number, not {}.", item.type_name().1))),
    }
}

fn number(call: &Invocation<'_, '_, '_>) -> Result<Option<Decimal>, EvalError> {
    match input(call)? {
        None => Ok(None),
        Some(value) => match value.number() {
            Some(number) => Ok(Some(number)),
            None => Err(call.error("the input must be a number, not Quantity.")),
        },
    }
}

fn argument(call: &Invocation<'_, '_, '_>) -> Result<Option<Decimal>, EvalError> {
    let items = call.argument(0)?;
    let Some(item) = single(&items, "An argument", call.at)? else { return Ok(None) };
    match item.value().and_then(|value| value.number()) {
        Some(number) => Ok(Some(number)),
        None => Err(call.error("the argument must be a number.")),
    }
}

fn to_integer<'a>(
    call: &Invocation<'_, '_, 'a>,
    round: fn(Decimal) -> Option<Decimal>,
) -> Output<'a> {
    let value = number(call)?.and_then(round).and_then(Decimal::truncate);
    answer(value.map(Value::Integer))
}

fn by_float<'a>(call: &Invocation<'_, '_, 'a>, compute: fn(f64) -> f64) -> Output<'a> {
    let value = number(call)?.and_then(|value| Decimal::from_f64(compute(value.to_f64())));
    answer(value.map(Value::Decimal))
}

fn power<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let (Some(base), Some(exponent)) = (number(&call)?, argument(&call)?) else {
        return Ok(Collection::new());
    };
    let whole = exponent.truncate().filter(|n| Decimal::from_integer(*n) == exponent);
    let exact = whole
        .filter(|n| (0..=EXACT_POWER_MAX).contains(n))
        .and_then(|n| (0..n).try_fold(Decimal::ONE, |product, _| product.multiply(base)));
    let result = exact.or_else(|| Decimal::from_f64(base.to_f64().powf(exponent.to_f64())));
    let is_integer = matches!(call.one()?.and_then(|item| item.value()), Some(Value::Integer(_)));
    answer(result.map(|result| match result.truncate() {
        Some(n) if is_integer && Decimal::from_integer(n) == result => Value::Integer(n),
        _ => Value::Decimal(result),
    }))
}

fn round<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let places = match call.expression(0) {
        Some(_) => call.integer(0)?,
        None => Some(0),
    };
    let (Some(value), Some(places)) = (number(&call)?, places) else {
        return Ok(Collection::new());
    };
    let Ok(places) = u8::try_from(places) else {
        return Err(call.error("the argument must not be negative."));
    };
    // More places than the number has: nothing to round.
    let result = if places >= value.scale() { Some(value) } else { value.round(places) };
    answer(result.map(Value::Decimal))
}
