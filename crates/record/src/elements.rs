//! The few elements that the record itself must understand: references, codes, periods.
//!
//! Standard: <https://hl7.org/fhir/R4/datatypes.html>

use akson_access::facts::Window;
use akson_base::Instant;
use akson_base::identifiers::{DNR, FNR};
use akson_fhir::date::{DateTime, norway};
use akson_fhir::model::NodeRef;
use akson_fhir::reference::Reference;

/// Numbers by which a person logs in.
pub(crate) const NATIONAL_NUMBER_SYSTEMS: [&str; 2] = [FNR, DNR];

/// A moment, milliseconds since 1970, on Norway's clocks; `None` far outside any calendar.
pub(crate) fn in_norway(milliseconds: i64) -> Option<jiff::Zoned> {
    let moment = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Some(moment.to_zoned(norway().clone()))
}

/// The text below `names`, if it is a primitive with a value.
pub(crate) fn text<'a>(node: NodeRef<'a>, names: &[&str]) -> Option<&'a str> {
    node.path(names).and_then(NodeRef::text).map(str::trim).filter(|text| !text.is_empty())
}

/// Whether a boolean element says `false`.
pub(crate) fn is_false(node: NodeRef<'_>, name: &str) -> bool {
    text(node, &[name]) == Some("false")
}

/// `Type/id` of a Reference to a resource of ours.
pub(crate) fn reference(node: NodeRef<'_>) -> Option<String> {
    let (resource_type, id) = Reference::parse(text(node, &["reference"])?).local(None)?;
    Some(format!("{}/{id}", crate::interactions::type_name(resource_type)))
}

/// System, code and display of each Coding of a CodeableConcept.
pub(crate) fn codings<'a>(
    concept: NodeRef<'a>,
) -> impl Iterator<Item = (Option<&'a str>, Option<&'a str>, Option<&'a str>)> {
    concept.named("coding").map(|coding| {
        (text(coding, &["system"]), text(coding, &["code"]), text(coding, &["display"]))
    })
}

/// When a Period is; always, when it is not there. A bound that is a day includes the day, in
/// Norwegian time. A bound that cannot be read bounds at once: what is unclear opens nothing.
pub(crate) fn period(node: Option<NodeRef<'_>>) -> Window {
    let Some(node) = node else { return Window::default() };
    let bound = |name: &str| {
        text(node, &[name]).map(|text| DateTime::parse_search(text).map(|d| d.interval_in_norway()))
    };
    Window {
        from: bound("start").map(|b| b.map_or(Instant(i64::MAX), |i| Instant(i.start))),
        until: bound("end").map(|b| b.map_or(Instant(i64::MIN), |i| Instant(i.end))),
    }
}

/// The fødselsnummer and D-numbers of a person.
pub(crate) fn national_numbers(person: NodeRef<'_>) -> Vec<Box<str>> {
    let is_national = |node: &NodeRef<'_>| {
        text(*node, &["system"]).is_some_and(|system| NATIONAL_NUMBER_SYSTEMS.contains(&system))
    };
    let numbers = person.named("identifier").filter(is_national);
    numbers.filter_map(|node| text(node, &["value"])).map(Box::from).collect()
}
