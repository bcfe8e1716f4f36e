//! `where select repeat`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#filtering-and-projection>

use super::{Function, Invocation, function};
use crate::fhirpath::equality::same;
use crate::fhirpath::evaluate::{Output, boolean_of};
use crate::fhirpath::value::{Collection, Item};

pub(super) static FUNCTIONS: [Function; 3] = [
    function("where", 1, 1, filter),
    function("select", 1, 1, select),
    function("repeat", 1, 1, repeat),
];

fn filter<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    for (index, item) in call.input.iter().enumerate() {
        let Some(criteria) = call.expression(0) else { break };
        if boolean_of(&call.for_item(criteria, item, index)?, criteria.start)? == Some(true) {
            out.push(item.clone());
        }
    }
    Ok(out)
}

fn select<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    for (index, item) in call.input.iter().enumerate() {
        let Some(projection) = call.expression(0) else { break };
        out.extend(call.for_item(projection, item, index)?);
    }
    Ok(out)
}

/// Projects again what the projection gave, until nothing new comes. Elements are new when they
/// stand elsewhere, values when none is equal: so it always ends.
fn repeat<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut out = Collection::new();
    let mut seen = rustc_hash::FxHashSet::default();
    let mut queue: Vec<Item<'a>> = call.input.iter().rev().cloned().collect();
    while let Some(item) = queue.pop() {
        let Some(projection) = call.expression(0) else { break };
        let mut found = Vec::new();
        for next in call.for_item(projection, &item, 0)? {
            let is_new = match &next {
                Item::Node(node) => {
                    seen.insert((std::ptr::from_ref(node.resource()), node.index()))
                }
                Item::Value(_) => {
                    call.spend(out.len())?;
                    !out.iter().any(|other| same(&next, other))
                }
            };
            if is_new {
                out.push(next.clone());
                found.push(next);
            }
        }
        queue.extend(found.into_iter().rev());
    }
    Ok(out)
}
