//! Elements of a form's JSON, and the extensions that are read from it.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaire-profiles.html>,
//! <https://hl7.org/fhir/uv/sdc/STU3/artifacts.html>

use serde_json::Value;

/// Where FHIR's own extensions stand.
pub(crate) const FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Where those of Structured Data Capture stand.
pub(crate) const SDC: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/";
/// What was typed and is no value of its type, kept in a draft.
pub(crate) const TYPED: &str = "https://akson.no/fhir/StructureDefinition/typed";

/// The strings of an element; empty when there is none.
pub(crate) fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn flag(of: &Value, name: &str) -> bool {
    of.get(name).and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The extensions with this name, FHIR's or SDC's.
pub(crate) fn extensions<'a>(of: &'a Value, name: &'a str) -> impl Iterator<Item = &'a Value> {
    list(of, "extension").iter().filter(move |one| {
        let url = text(one, "url");
        [FHIR, SDC].iter().any(|base| url.strip_prefix(base) == Some(name))
    })
}

pub(crate) fn extension<'a>(of: &'a Value, name: &'a str) -> Option<&'a Value> {
    extensions(of, name).next()
}

/// The `value[x]` of an extension or an answer: the type's name (`Coding`) and the value.
pub(crate) fn value<'a>(of: &'a Value, prefix: &str) -> Option<(&'a str, &'a Value)> {
    let members = of.as_object()?;
    members.iter().find_map(|(name, value)| {
        let kind = name.strip_prefix(prefix)?;
        kind.starts_with(|c: char| c.is_ascii_uppercase()).then_some((kind, value))
    })
}

/// The value of an extension, whatever its type.
pub(crate) fn extension_value<'a>(of: &'a Value, name: &'a str) -> Option<&'a Value> {
    extension(of, name).and_then(|one| value(one, "value")).map(|(_, value)| value)
}

pub(crate) fn extension_flag(of: &Value, name: &str) -> bool {
    extension_value(of, name).and_then(Value::as_bool).unwrap_or_default()
}

/// The weight of an option: `ordinalValue`, or `itemWeight` as SDC names it later.
pub(crate) fn weight(of: &Value) -> Option<&Value> {
    ["ordinalValue", "itemWeight", "valueset-ordinalValue", "codesystem-ordinalValue"]
        .into_iter()
        .find_map(|name| extension_value(of, name))
        .filter(|value| value.is_number())
}
