//! `is as ofType type`.
//!
//! Standard: <http://hl7.org/fhirpath/N1/#types>, <http://hl7.org/fhirpath/N1/#reflection>

use super::{Function, Invocation, answer, function, type_function};
use crate::fhirpath::evaluate::Output;
use crate::fhirpath::types::TypeSpecifier;
use crate::fhirpath::value::{Collection, Item, Value};

pub(super) static FUNCTIONS: [Function; 4] = [
    type_function("is", |call| {
        let Some(item) = call.one()? else { return Ok(Collection::new()) };
        answer(wanted(&call).map(|wanted| Value::Boolean(wanted.includes(item))))
    }),
    type_function("as", |call| {
        let kept =
            call.one()?.filter(|item| wanted(&call).is_some_and(|wanted| wanted.keeps(item)));
        Ok(kept.cloned().into_iter().collect())
    }),
    type_function("ofType", of_type),
    function("type", 0, 0, |call| {
        let names = call.input.iter().map(Item::type_name);
        Ok(names.map(|(namespace, name)| Item::Value(Value::Type(namespace, name))).collect())
    }),
];

fn wanted<'a>(call: &Invocation<'_, '_, 'a>) -> Option<&'a TypeSpecifier> {
    call.call.type_argument.as_ref()
}

fn of_type<'a>(call: Invocation<'_, '_, 'a>) -> Output<'a> {
    let Some(wanted) = wanted(&call) else { return Ok(Collection::new()) };
    Ok(call.input.into_iter().filter(|item| wanted.keeps(item)).collect())
}
