//! Elements of a resource as JSON: words, codes and references by where they stand.
//!
//! For resources that are read to be written again. Not here: elements of resources that are only read
//! (`datatypes`), setting them (`writing`).
//! Standard: <https://hl7.org/fhir/R4/datatypes.html>

use serde_json::Value;

use crate::numbers::decimal;

/// The string at a JSON pointer.
pub(crate) fn text_at<'a>(resource: &'a Value, pointer: &str) -> Option<&'a str> {
    resource.pointer(pointer).and_then(Value::as_str)
}

/// The string at a JSON pointer; empty when there is none.
pub(crate) fn text<'a>(resource: &'a Value, pointer: &str) -> &'a str {
    text_at(resource, pointer).unwrap_or_default()
}

/// The id that the reference at a pointer ends in, `fv-00017` of `Patient/fv-00017`.
pub(crate) fn target<'a>(resource: &'a Value, pointer: &str) -> &'a str {
    let reference = text(resource, &format!("{pointer}/reference"));
    let reference = reference.split("/_history/").next().unwrap_or(reference);
    reference.rsplit('/').next().unwrap_or_default()
}

/// The patient that a resource is about.
pub(crate) fn patient(resource: &Value) -> &str {
    match target(resource, "/subject") {
        "" => target(resource, "/patient"),
        subject => subject,
    }
}

/// A CodeableConcept at a pointer in words.
pub(crate) fn words<'a>(resource: &'a Value, pointer: &str) -> &'a str {
    let of = |rest: &str| text(resource, &format!("{pointer}{rest}"));
    [of("/text"), of("/coding/0/display"), of("/coding/0/code")]
        .into_iter()
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

/// The codes of a CodeableConcept at a pointer, each with its system.
pub(crate) fn codes<'a>(
    resource: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let codings = resource.pointer(&format!("{pointer}/coding")).and_then(Value::as_array);
    codings.into_iter().flatten().map(|coding| (text(coding, "/system"), text(coding, "/code")))
}

/// The elements of a list at a pointer.
pub(crate) fn list<'a>(resource: &'a Value, pointer: &str) -> &'a [Value] {
    resource.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A Quantity at a pointer, `1 tablett`.
pub(crate) fn quantity(resource: &Value, pointer: &str) -> Option<String> {
    let value = resource.pointer(&format!("{pointer}/value"))?.as_number()?.to_string();
    let unit = text(resource, &format!("{pointer}/unit"));
    Some(format!("{} {unit}", decimal(&value)).trim().to_owned())
}
