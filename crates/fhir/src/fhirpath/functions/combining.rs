//! `union combine`, and the operator `|`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#combining>

use super::{Function, function};
use crate::fhirpath::equality::same;
use crate::fhirpath::error::EvalError;
use crate::fhirpath::evaluate::Evaluator;
use crate::fhirpath::value::Collection;

pub(super) static FUNCTIONS: [Function; 2] = [
    function("union", 1, 1, |mut call| {
        let other = call.argument(0)?;
        union(call.evaluator, std::mem::take(&mut call.input), other, call.at)
    }),
    function("combine", 1, 1, |mut call| {
        let other = call.argument(0)?;
        call.input.extend(other);
        Ok(call.input)
    }),
];

/// Both collections without duplicates.
pub(crate) fn union<'a>(
    evaluator: &Evaluator<'_, 'a>,
    left: Collection<'a>,
    right: Collection<'a>,
    at: u32,
) -> Result<Collection<'a>, EvalError> {
    let mut out = Collection::new();
    for item in left.into_iter().chain(right) {
        evaluator.spend(out.len(), at)?;
        if !out.iter().any(|other| same(&item, other)) {
            out.push(item);
        }
    }
    Ok(out)
}
