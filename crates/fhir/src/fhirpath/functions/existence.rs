//! Is there anything, and how much: `empty exists all allTrue … count distinct not`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#existence>

use smallvec::smallvec;

use super::{Function, Invocation, function, truth};
use crate::fhirpath::equality::same;
use crate::fhirpath::error::EvalError;
use crate::fhirpath::evaluate::{Output, boolean_of};
use crate::fhirpath::value::{Collection, Item, Value};

pub(super) static FUNCTIONS: [Function; 13] = [
    function("empty", 0, 0, |call| truth(call.input.is_empty())),
    function("exists", 0, 1, exists),
    function("all", 1, 1, all),
    function("allTrue", 0, 0, |call| Ok(of(booleans(&call)?.iter().all(|b| *b)))),
    function("anyTrue", 0, 0, |call| Ok(of(booleans(&call)?.iter().any(|b| *b)))),
    function("allFalse", 0, 0, |call| Ok(of(booleans(&call)?.iter().all(|b| !*b)))),
    function("anyFalse", 0, 0, |call| Ok(of(booleans(&call)?.iter().any(|b| !*b)))),
    function("subsetOf", 1, 1, |call| {
        let other = call.argument(0)?;
        call.spend(call.input.len() * other.len())?;
        truth(is_subset(&call.input, &other))
    }),
    function("supersetOf", 1, 1, |call| {
        let other = call.argument(0)?;
        call.spend(call.input.len() * other.len())?;
        truth(is_subset(&other, &call.input))
    }),
    function("count", 0, 0, |call| Ok(smallvec![Item::integer(call.input.len() as i64)])),
    function("distinct", 0, 0, distinct),
    function("isDistinct", 0, 0, |call| {
        let count = call.input.len();
        Ok(of(distinct(call)?.len() == count))
    }),
    function("not", 0, 0, |call| {
        let value = boolean_of(&call.input, call.at)?;
        Ok(value.map(|value| Item::boolean(!value)).into_iter().collect())
    }),
];

fn of<'a>(value: bool) -> Collection<'a> {
    smallvec![Item::boolean(value)]
}

fn exists<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let Some(criteria) = call.expression(0) else { return truth(!call.input.is_empty()) };
    for (index, item) in call.input.iter().enumerate() {
        if boolean_of(&call.for_item(criteria, item, index)?, criteria.start)? == Some(true) {
            return truth(true);
        }
    }
    truth(false)
}

fn all<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let Some(criteria) = call.expression(0) else { return truth(true) };
    for (index, item) in call.input.iter().enumerate() {
        if boolean_of(&call.for_item(criteria, item, index)?, criteria.start)? != Some(true) {
            return truth(false);
        }
    }
    truth(true)
}

fn booleans(call: &Invocation<'_, '_, '_>) -> Result<Vec<bool>, EvalError> {
    call.input
        .iter()
        .map(|item| match item.value() {
            Some(Value::Boolean(value)) => Ok(value),
            _ => Err(call.error(format!("needs booleans, not {}.", item.type_name().1))),
        })
        .collect()
}

fn is_subset(small: &[Item<'_>], large: &[Item<'_>]) -> bool {
    small.iter().all(|item| large.iter().any(|other| same(item, other)))
}

fn distinct<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    for item in &call.input {
        call.spend(out.len())?;
        if !out.iter().any(|other| same(item, other)) {
            out.push(item.clone());
        }
    }
    Ok(out)
}
