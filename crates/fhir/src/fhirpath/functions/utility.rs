//! `iif trace now today timeOfDay aggregate sort`.
//!
//! Standards: <http://hl7.org/fhirpath/N1/#utility-functions>, `sort` from FHIRPath 3.0.

use std::cmp::Ordering;

use super::{Function, Invocation, answer, function};
use crate::fhirpath::ast::{Expr, ExprKind};
use crate::fhirpath::equality::compare;
use crate::fhirpath::error::EvalError;
use crate::fhirpath::evaluate::{Output, Scope};
use crate::fhirpath::temporal::Moment;
use crate::fhirpath::value::{Collection, Item, Value};

pub(super) static FUNCTIONS: [Function; 7] = [
    function("iif", 2, 3, iif),
    // What it would show may be patient data, so it shows nothing.
    function("trace", 1, 2, |call| {
        call.text(0)?;
        if let Some(projection) = call.expression(1) {
            for (index, item) in call.input.iter().enumerate() {
                call.for_item(projection, item, index)?;
            }
        }
        Ok(call.input)
    }),
    function("now", 0, 0, |call| {
        answer(Some(Value::DateTime(Moment::from_instant(call.evaluator.context.now))))
    }),
    function("today", 0, 0, |call| {
        answer(Some(Value::Date(Moment::day_of_instant(call.evaluator.context.now))))
    }),
    function("timeOfDay", 0, 0, |call| {
        let now = Moment::from_instant(call.evaluator.context.now);
        answer(Moment::parse_time(&now.time_text()).map(Value::Time))
    }),
    function("aggregate", 1, 2, aggregate),
    function("sort", 0, 16, sort),
];

fn iif<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let item = call.one()?;
    let focus = item.map_or(&[][..], std::slice::from_ref);
    let scope = Scope { focus, ..*call.scope };
    let eval = |position: usize| match call.expression(position) {
        Some(expr) => call.evaluator.eval(expr, &scope),
        None => Ok(Collection::new()),
    };
    let criterion = eval(0)?;
    let is_true = match criterion.as_slice() {
        [] => false,
        [item] => match item.value() {
            Some(Value::Boolean(value)) => value,
            _ => return Err(call.error("the first argument must be a boolean.")),
        },
        _ => return Err(call.error("the first argument must be a single boolean.")),
    };
    eval(if is_true { 1 } else { 2 })
}

fn aggregate<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut total = call.argument(1)?;
    for (index, item) in call.input.iter().enumerate() {
        let Some(aggregator) = call.expression(0) else { break };
        let focus = std::slice::from_ref(item);
        let scope = Scope { focus, index: Some(index), total: Some(&total) };
        total = call.evaluator.eval(aggregator, &scope)?;
    }
    Ok(total)
}

/// One key of one item: the sign tells the direction.
struct SortKey<'a> {
    value: Option<Item<'a>>,
    descending: bool,
}

/// A leading `-` sorts downwards, whatever the type of the key.
fn sort_key<'a>(
    call: &Invocation<'_, '_, 'a>,
    expr: &'a Expr,
    item: &Item<'a>,
    index: usize,
) -> Result<SortKey<'a>, EvalError> {
    let (key, descending) =
        if let ExprKind::Negate(inner) = &expr.kind { (&**inner, true) } else { (expr, false) };
    let items = call.for_item(key, item, index)?;
    match items.as_slice() {
        [] => Ok(SortKey { value: None, descending }),
        [one] => Ok(SortKey { value: Some(one.clone()), descending }),
        _ => Err(call.error("a key must be a single item.")),
    }
}

fn sort<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let mut rows: Vec<(Vec<SortKey<'a>>, Item<'a>)> = Vec::with_capacity(call.input.len());
    for (index, item) in call.input.iter().enumerate() {
        let mut keys = Vec::new();
        for expr in &call.call.arguments {
            keys.push(sort_key(&call, expr, item, index)?);
        }
        if call.call.arguments.is_empty() {
            keys.push(SortKey { value: Some(item.clone()), descending: false });
        }
        rows.push((keys, item.clone()));
    }
    let mut failed = None;
    rows.sort_by(|(left, _), (right, _)| {
        for (left, right) in left.iter().zip(right) {
            let order = match (&left.value, &right.value) {
                (Some(left), Some(right)) => match compare(left, right, call.at) {
                    Ok(order) => order.unwrap_or(Ordering::Equal),
                    Err(error) => {
                        failed.get_or_insert(error);
                        Ordering::Equal
                    }
                },
                // What has no key comes last, and first downwards.
                (left, right) => left.is_none().cmp(&right.is_none()),
            };
            let order = if left.descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(rows.into_iter().map(|(_, item)| item).collect()),
    }
}
