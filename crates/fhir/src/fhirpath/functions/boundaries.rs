//! `lowBoundary highBoundary precision comparable`: what the last digit leaves open.
//!
//! Standard: <https://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time>

use super::{Function, Invocation, answer, function, truth};
use crate::fhirpath::decimal::Decimal;
use crate::fhirpath::equality::{as_quantity, comparable};
use crate::fhirpath::evaluate::{Output, single};
use crate::fhirpath::temporal::{Moment, Precision};
use crate::fhirpath::value::{Collection, Value};

pub(super) static FUNCTIONS: [Function; 4] = [
    function("lowBoundary", 0, 1, |call| boundary(call, Side::Low)),
    function("highBoundary", 0, 1, |call| boundary(call, Side::High)),
    function("precision", 0, 0, |call| {
        let value = call.one()?.and_then(|item| item.value());
        answer(value.as_ref().and_then(precision).map(Value::Integer))
    }),
    function("comparable", 1, 1, |call| {
        let other = call.argument(0)?;
        let other = single(&other, "An argument", call.at)?.and_then(|item| item.value());
        let own = call.one()?.and_then(|item| item.value());
        let quantity = |value: Option<Value<'_>>| value.as_ref().and_then(as_quantity).is_some();
        match (&own, &other) {
            (Some(left), Some(right)) if quantity(own.clone()) && quantity(other.clone()) => {
                let both = as_quantity(left).zip(as_quantity(right));
                truth(both.is_some_and(|(left, right)| comparable(&left, &right)))
            }
            (Some(_), Some(_)) => Err(call.error("needs two quantities.")),
            _ => Ok(Collection::new()),
        }
    }),
];

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Low,
    High,
}

/// Digits after the point when no precision is asked for.
const DECIMAL_PLACES: i64 = 8;
/// Most digits after the point that can be asked for.
const DECIMAL_PLACES_MAX: i64 = 28;
/// Minutes of the zones that reach furthest: +14:00 comes first, -12:00 last.
const FIRST_ZONE: i16 = 14 * 60;
const LAST_ZONE: i16 = -12 * 60;

fn boundary<'a>(call: Invocation<'_, '_, 'a>, side: Side) -> Output<'a> {
    let asked = match call.expression(0) {
        None => None,
        Some(_) => match call.integer(0)? {
            Some(asked) => Some(asked),
            None => return Ok(Collection::new()),
        },
    };
    let Some(item) = call.one()? else { return Ok(Collection::new()) };
    let wrong = || call.error("the input must be a number, quantity, date, dateTime or time.");
    let value = item.value().ok_or_else(wrong)?;
    let of_moment = |moment: Moment, default: i64, digits: fn(i64) -> Option<Precision>| {
        digits(asked.unwrap_or(default)).map(|wanted| moment_boundary(moment, wanted, side))
    };
    answer(match value {
        Value::Integer(value) => {
            decimal_boundary(Decimal::from_integer(value), asked, side).map(Value::Decimal)
        }
        Value::Decimal(value) => decimal_boundary(value, asked, side).map(Value::Decimal),
        Value::Quantity(mut quantity) => {
            decimal_boundary(quantity.value, asked, side).map(|value| {
                quantity.value = value;
                Value::Quantity(quantity)
            })
        }
        Value::Date(moment) => of_moment(moment, 8, date_precision).map(Value::Date),
        Value::DateTime(moment) => of_moment(moment, 17, |digits| {
            date_precision(digits).or(match digits {
                10 => Some(Precision::Hour),
                12 => Some(Precision::Minute),
                14 => Some(Precision::Second),
                17 => Some(Precision::Millisecond),
                _ => None,
            })
        })
        .map(|moment| Value::DateTime(zoned(moment, side))),
        Value::Time(moment) => of_moment(moment, 9, |digits| match digits {
            2 => Some(Precision::Hour),
            4 => Some(Precision::Minute),
            6 => Some(Precision::Second),
            9 => Some(Precision::Millisecond),
            _ => None,
        })
        .map(Value::Time),
        Value::Boolean(_) | Value::String(_) | Value::Type(..) => return Err(wrong()),
    })
}

fn date_precision(digits: i64) -> Option<Precision> {
    match digits {
        4 => Some(Precision::Year),
        6 => Some(Precision::Month),
        8 => Some(Precision::Day),
        _ => None,
    }
}

/// The first or last value that rounds to this one, rounded outward to the places asked for.
fn decimal_boundary(value: Decimal, asked: Option<i64>, side: Side) -> Option<Decimal> {
    let places = asked.unwrap_or(DECIMAL_PLACES);
    let places = u8::try_from(places).ok().filter(|_| places <= DECIMAL_PLACES_MAX)?;
    let half = value.half_step()?;
    match side {
        Side::Low => value.minus(half)?.floor_to(places),
        Side::High => value.plus(half)?.ceiling_to(places),
    }
}

fn moment_boundary(moment: Moment, wanted: Precision, side: Side) -> Moment {
    let filled = match side {
        Side::Low => moment,
        Side::High => moment.last(),
    };
    Moment { precision: Precision::Millisecond, ..filled }.truncated(wanted)
}

/// A dateTime without a zone begins in the easternmost and ends in the westernmost.
fn zoned(moment: Moment, side: Side) -> Moment {
    if moment.precision <= Precision::Day || moment.offset.is_some() {
        return moment;
    }
    let zone = if side == Side::Low { FIRST_ZONE } else { LAST_ZONE };
    Moment { offset: Some(zone), ..moment }
}

/// How many digits are known.
fn precision(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(_) => Some(0),
        Value::Decimal(value) => Some(i64::from(value.scale())),
        Value::Date(moment) | Value::DateTime(moment) => Some(match moment.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14,
            Precision::Millisecond => 17,
        }),
        Value::Time(moment) => Some(match moment.precision {
            Precision::Year | Precision::Month | Precision::Day | Precision::Hour => 2,
            Precision::Minute => 4,
            Precision::Second => 6,
            Precision::Millisecond => 9,
        }),
        Value::Boolean(_) | Value::String(_) | Value::Quantity(_) | Value::Type(..) => None,
    }
}
