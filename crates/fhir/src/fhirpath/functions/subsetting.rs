//! `single first last tail skip take intersect exclude`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#subsetting>

use super::{Function, Invocation, function};
use crate::fhirpath::equality::same;
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::value::Collection;

pub(super) static FUNCTIONS: [Function; 8] = [
    function("single", 0, 0, |call| Ok(call.one()?.cloned().into_iter().collect())),
    function("first", 0, 0, |call| Ok(call.input.into_iter().take(1).collect())),
    function("last", 0, 0, |call| Ok(call.input.into_iter().next_back().into_iter().collect())),
    function("tail", 0, 0, |call| Ok(call.input.into_iter().skip(1).collect())),
    function("skip", 1, 1, |call| match call.integer(0)? {
        None => Ok(Collection::new()),
        Some(count) => Ok(call.input.into_iter().skip(at_least_zero(count)).collect()),
    }),
    function("take", 1, 1, |call| match call.integer(0)? {
        None => Ok(Collection::new()),
        Some(count) => Ok(call.input.into_iter().take(at_least_zero(count)).collect()),
    }),
    function("intersect", 1, 1, intersect),
    function("exclude", 1, 1, exclude),
];

fn at_least_zero(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

fn intersect<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let other = call.argument(0)?;
    let mut out = Collection::new();
    for item in &call.input {
        call.spend(other.len() + out.len())?;
        if other.iter().any(|theirs| same(item, theirs)) && !out.iter().any(|own| same(item, own)) {
            out.push(item.clone());
        }
    }
    Ok(out)
}

/// Keeps order and duplicates.
fn exclude<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let other = call.argument(0)?;
    let mut out = Collection::new();
    for item in &call.input {
        call.spend(other.len())?;
        if !other.iter().any(|theirs| same(item, theirs)) {
            out.push(item.clone());
        }
    }
    Ok(out)
}
