//! `toX` and `convertsToX`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#conversion>

use super::{Function, Invocation, answer, function, truth};
use crate::fhirpath::decimal::Decimal;
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::temporal::{Moment, Precision};
use crate::fhirpath::units::CalendarUnit;
use crate::fhirpath::value::{Collection, Quantity, Unit, Value};

type Conversion = for<'v> fn(&Value<'v>) -> Option<Value<'v>>;

pub(super) static FUNCTIONS: [Function; 16] = [
    function("toBoolean", 0, 0, |call| to(call, boolean)),
    function("convertsToBoolean", 0, 0, |call| converts(call, boolean)),
    function("toInteger", 0, 0, |call| to(call, integer)),
    function("convertsToInteger", 0, 0, |call| converts(call, integer)),
    function("toDecimal", 0, 0, |call| to(call, decimal)),
    function("convertsToDecimal", 0, 0, |call| converts(call, decimal)),
    function("toString", 0, 0, |call| to(call, string)),
    function("convertsToString", 0, 0, |call| converts(call, string)),
    function("toDate", 0, 0, |call| to(call, date)),
    function("convertsToDate", 0, 0, |call| converts(call, date)),
    function("toDateTime", 0, 0, |call| to(call, date_time)),
    function("convertsToDateTime", 0, 0, |call| converts(call, date_time)),
    function("toTime", 0, 0, |call| to(call, time)),
    function("convertsToTime", 0, 0, |call| converts(call, time)),
    function("toQuantity", 0, 1, |call| to(call, quantity)),
    function("convertsToQuantity", 0, 1, |call| converts(call, quantity)),
];

fn to<'a>(call: Invocation<'_, '_, 'a>, conversion: Conversion) -> Output<'a> {
    let value = call.one()?.and_then(|item| item.value());
    answer(value.as_ref().and_then(conversion))
}

fn converts<'a>(call: Invocation<'_, '_, 'a>, conversion: Conversion) -> Output<'a> {
    match call.one()? {
        None => Ok(Collection::new()),
        Some(item) => truth(item.value().as_ref().and_then(conversion).is_some()),
    }
}

fn boolean<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    let found = match value {
        Value::Boolean(value) => Some(*value),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Quantity(_)
        | Value::Type(..) => match value.number() {
            Some(number) if number == Decimal::ONE => Some(true),
            Some(number) if number.is_zero() => Some(false),
            _ => None,
        },
    };
    found.map(Value::Boolean)
}

fn integer<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    let found = match value {
        Value::Integer(value) => Some(*value),
        Value::Boolean(value) => Some(i64::from(*value)),
        Value::String(text) => text.strip_prefix('+').unwrap_or(text).parse().ok(),
        Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Quantity(_)
        | Value::Type(..) => None,
    };
    found.map(Value::Integer)
}

fn decimal<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    number(value).map(Value::Decimal)
}

fn number(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Boolean(value) => Some(Decimal::from_integer(i64::from(*value))),
        Value::String(text) => plain_number(text),
        Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Quantity(_)
        | Value::Type(..) => value.number(),
    }
}

/// Digits without an exponent.
fn plain_number(text: &str) -> Option<Decimal> {
    Decimal::parse(text).filter(|_| !text.contains(['e', 'E']))
}

fn string<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    match value {
        Value::Type(..) => None,
        Value::String(text) => Some(Value::String(text.clone())),
        Value::Boolean(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Quantity(_) => Some(Value::String(value.to_string().into())),
    }
}

fn date<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    moment(value).map(|moment| Value::Date(moment.truncated(Precision::Day)))
}

fn date_time<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    moment(value).map(Value::DateTime)
}

/// A date, with or without a time.
fn moment(value: &Value<'_>) -> Option<Moment> {
    match value {
        Value::Date(moment) | Value::DateTime(moment) => Some(*moment),
        Value::String(text) => Moment::parse_date_time(text),
        Value::Boolean(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Time(_)
        | Value::Quantity(_)
        | Value::Type(..) => None,
    }
}

fn time<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    let found = match value {
        Value::Time(moment) => Some(*moment),
        Value::String(text) => Moment::parse_time(text.strip_prefix('T').unwrap_or(text)),
        Value::Boolean(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Quantity(_)
        | Value::Type(..) => None,
    };
    found.map(Value::Time)
}

fn quantity<'v>(value: &Value<'v>) -> Option<Value<'v>> {
    let found = match value {
        Value::Quantity(quantity) => Some((**quantity).clone()),
        Value::String(text) => written_quantity(text),
        Value::Boolean(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Time(_)
        | Value::Type(..) => {
            number(value).map(|value| Quantity { value, unit: Unit::Ucum("1".into()) })
        }
    };
    found.map(|quantity| Value::Quantity(Box::new(quantity)))
}

/// `1`, `1 'mg'`, `1 day`.
fn written_quantity<'v>(text: &str) -> Option<Quantity<'v>> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    let value = plain_number(number)?;
    let unit = rest.trim();
    let unit = if unit.is_empty() {
        Unit::Ucum("1".into())
    } else if let Some(code) = unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\'')) {
        (!code.is_empty()).then(|| Unit::Ucum(code.to_owned().into()))?
    } else {
        Unit::Calendar(CalendarUnit::named(unit)?)
    };
    Some(Quantity { value, unit })
}
