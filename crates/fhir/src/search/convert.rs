//! From an element that a search parameter points to, to the values that a search compares.
//!
//! What a kind does not read from a type (a Period as a token) gives no value.
//! Standard: <https://hl7.org/fhir/R4/search.html#ptypes>

use std::borrow::Cow;

use crate::date::{DateTime, Interval};
use crate::definitions::{Definitions, SearchKind};
use crate::fhirpath::{Item, Value};
use crate::model::NodeRef;

use super::SearchValue;

/// Gives every value of an element.
pub(super) fn convert<'a>(
    kind: SearchKind,
    node: NodeRef<'a>,
    out: &mut impl FnMut(SearchValue<'a>),
) {
    match kind {
        SearchKind::Token => token(node, out),
        SearchKind::String => string(node, out),
        SearchKind::Date => {
            if let Some(Interval { start, end }) = date(node) {
                out(SearchValue::Date { start, end });
            }
        }
        SearchKind::Number => number(node, out),
        SearchKind::Quantity => quantity(node, out),
        SearchKind::Reference => reference(node, out),
        SearchKind::Uri => {
            if let Some(text) = node.text() {
                out(SearchValue::Uri(text));
            }
        }
        SearchKind::Composite | SearchKind::Special => {}
    }
}

/// As [`convert`], for what an expression gave. Of computed values only a boolean is found in the
/// standard (`Patient.deceased.exists() and …`).
pub(super) fn convert_item<'a>(
    kind: SearchKind,
    item: Item<'a>,
    out: &mut impl FnMut(SearchValue<'a>),
) {
    match item {
        Item::Node(node) => convert(kind, node, out),
        Item::Value(Value::Boolean(value)) if kind == SearchKind::Token => {
            let code = Some(Cow::Borrowed(if value { "true" } else { "false" }));
            out(SearchValue::Token { system: None, code, text: None });
        }
        Item::Value(_) => {}
    }
}

fn text_of<'a>(node: NodeRef<'a>, name: &str) -> Option<&'a str> {
    node.first(name).and_then(NodeRef::text)
}

/// <https://hl7.org/fhir/R4/search.html#token>
fn token<'a>(node: NodeRef<'a>, out: &mut impl FnMut(SearchValue<'a>)) {
    let mut push = |system: Option<&'a str>, code: Option<&'a str>, text: Option<&'a str>| {
        if system.is_some() || code.is_some() || text.is_some() {
            out(SearchValue::Token {
                system: system.map(Cow::Borrowed),
                code: code.map(Cow::Borrowed),
                text: text.map(Cow::Borrowed),
            });
        }
    };
    match node.type_name() {
        "Coding" => {
            let (system, code, display) = coding(node);
            push(system, code, display);
        }
        "CodeableConcept" => {
            for child in node.children() {
                match child.name() {
                    "coding" => {
                        let (system, code, display) = coding(child);
                        push(system, code, display);
                    }
                    "text" => push(None, None, child.text()),
                    _ => {}
                }
            }
        }
        "Identifier" => {
            let kind = node.first("type");
            push(
                text_of(node, "system"),
                text_of(node, "value"),
                kind.and_then(|kind| text_of(kind, "text")),
            );
        }
        "ContactPoint" => push(text_of(node, "system"), text_of(node, "value"), None),
        "code" => {
            let Some(code) = node.text() else { return };
            let mut systems = implied_systems(node, code).peekable();
            if systems.peek().is_none() {
                push(None, Some(code), None);
            }
            systems.for_each(|system| push(Some(system), Some(code), None));
        }
        _ => push(None, node.text(), None),
    }
}

/// Where the code of a required binding comes from: one code system, unless the value set takes
/// the code from several. None for a code that is bound to nothing, or to a value set that the
/// definitions do not list (MIME types, languages).
fn implied_systems(node: NodeRef<'_>, code: &str) -> impl Iterator<Item = &'static str> {
    let bound = node.element().required_codes;
    let set = bound.and_then(|position| Definitions::r4().code_set(position));
    set.into_iter().flat_map(move |set| set.systems_of(code))
}

/// System, code, display.
fn coding<'a>(node: NodeRef<'a>) -> (Option<&'a str>, Option<&'a str>, Option<&'a str>) {
    let (mut system, mut code, mut display) = (None, None, None);
    for child in node.children() {
        match child.name() {
            "system" => system = child.text(),
            "code" => code = child.text(),
            "display" => display = child.text(),
            _ => {}
        }
    }
    (system, code, display)
}

/// <https://hl7.org/fhir/R4/search.html#string>
fn string<'a>(node: NodeRef<'a>, out: &mut impl FnMut(SearchValue<'a>)) {
    match node.type_name() {
        "HumanName" => parts(node, &["prefix", "given", "family", "suffix"], out),
        "Address" => {
            parts(node, &["line", "postalCode", "city", "district", "state", "country"], out);
        }
        "CodeableConcept" => {
            for child in node.children() {
                let text =
                    if child.name() == "coding" { text_of(child, "display") } else { child.text() };
                if let Some(text) = text {
                    out(SearchValue::String(Cow::Borrowed(text)));
                }
            }
        }
        _ => {
            if let Some(text) = node.text() {
                out(SearchValue::String(Cow::Borrowed(text)));
            }
        }
    }
}

/// Each part, the text that the sender gave, and the whole in reading order (`order`).
fn parts<'a>(node: NodeRef<'a>, order: &[&str], out: &mut impl FnMut(SearchValue<'a>)) {
    let mut found: Vec<(usize, &'a str)> = Vec::new();
    let mut whole_text = None;
    for child in node.children() {
        let Some(text) = child.text() else { continue };
        if child.name() == "text" {
            whole_text = Some(text);
        } else if let Some(position) = order.iter().position(|name| *name == child.name()) {
            found.push((position, text));
        }
    }
    // Stable: several given names keep their order.
    found.sort_by_key(|(position, _)| *position);
    for (_, text) in &found {
        out(SearchValue::String(Cow::Borrowed(text)));
    }
    let mut joined = None;
    if found.len() > 1 {
        let texts: Vec<&str> = found.iter().map(|(_, text)| *text).collect();
        joined = Some(texts.join(" "));
    }
    if let Some(text) = whole_text
        && joined.as_deref() != Some(text)
        && !found.iter().any(|(_, part)| *part == text)
    {
        out(SearchValue::String(Cow::Borrowed(text)));
    }
    if let Some(joined) = joined {
        out(SearchValue::String(Cow::Owned(joined)));
    }
}

/// <https://hl7.org/fhir/R4/search.html#date>
fn date(node: NodeRef<'_>) -> Option<Interval> {
    match node.type_name() {
        "Period" => period(node),
        "Timing" => timing(node),
        _ => moment(node),
    }
}

fn moment(node: NodeRef<'_>) -> Option<Interval> {
    DateTime::parse_date_time(node.text()?).ok().map(|date| date.interval_in_norway())
}

/// Open where a side is not told; nothing when neither is.
fn period(node: NodeRef<'_>) -> Option<Interval> {
    let start = node.first("start").and_then(moment);
    let end = node.first("end").and_then(moment);
    if start.is_none() && end.is_none() {
        return None;
    }
    Some(Interval {
        start: start.map_or(i64::MIN, |interval| interval.start),
        end: end.map_or(i64::MAX, |interval| interval.end),
    })
}

/// The outer limits of the events and of the repetition; nothing when neither tells any.
fn timing(node: NodeRef<'_>) -> Option<Interval> {
    let mut limits: Option<Interval> = None;
    for child in node.children() {
        let interval = match child.name() {
            "event" => moment(child),
            "repeat" => child
                .first("bounds")
                .filter(|bounds| bounds.type_name() == "Period")
                .and_then(period),
            _ => None,
        };
        limits = match (limits, interval) {
            (Some(a), Some(b)) => {
                Some(Interval { start: a.start.min(b.start), end: a.end.max(b.end) })
            }
            (known, None) => known,
            (None, found) => found,
        };
    }
    limits
}

/// <https://hl7.org/fhir/R4/search.html#number>
fn number<'a>(node: NodeRef<'a>, out: &mut impl FnMut(SearchValue<'a>)) {
    if node.type_name() == "Range" {
        for side in node.children() {
            if let Some(digits) = text_of(side, "value") {
                out(SearchValue::Number(digits));
            }
        }
    } else if let Some(digits) = node.text() {
        out(SearchValue::Number(digits));
    }
}

/// <https://hl7.org/fhir/R4/search.html#quantity>. A Range gives both its ends.
fn quantity<'a>(node: NodeRef<'a>, out: &mut impl FnMut(SearchValue<'a>)) {
    match node.type_name() {
        "Range" => {
            for side in node.children().filter(|side| matches!(side.name(), "low" | "high")) {
                quantity(side, out);
            }
        }
        "SampledData" => {
            if let Some(origin) = node.first("origin") {
                quantity(origin, out);
            }
        }
        "Money" => {
            let (value, currency) = (text_of(node, "value"), text_of(node, "currency"));
            if let Some(value) = value {
                let system = currency.map(|_| "urn:iso:std:iso:4217");
                out(SearchValue::Quantity {
                    value,
                    comparator: None,
                    system,
                    code: currency,
                    unit: currency,
                });
            }
        }
        _ => {
            let (mut value, mut comparator, mut system, mut code, mut unit) =
                (node.text(), None, None, None, None);
            for child in node.children() {
                match child.name() {
                    "value" => value = child.text(),
                    "comparator" => comparator = child.text(),
                    "system" => system = child.text(),
                    "code" => code = child.text(),
                    "unit" => unit = child.text(),
                    _ => {}
                }
            }
            if let Some(value) = value {
                out(SearchValue::Quantity { value, comparator, system, code, unit });
            }
        }
    }
}

/// <https://hl7.org/fhir/R4/search.html#reference>
fn reference<'a>(node: NodeRef<'a>, out: &mut impl FnMut(SearchValue<'a>)) {
    let (mut reference, mut type_name) = (node.text(), None);
    let (mut identifier_system, mut identifier_value) = (None, None);
    if node.is_resource() {
        // `Bundle.entry[0].resource`: what is inside is known by the url of its entry.
        type_name = Some(node.type_name());
        reference = node.parent().and_then(|entry| text_of(entry, "fullUrl"));
    } else {
        for child in node.children() {
            match child.name() {
                "reference" => reference = child.text(),
                "type" => type_name = child.text(),
                "identifier" => {
                    identifier_system = text_of(child, "system");
                    identifier_value = text_of(child, "value");
                }
                _ => {}
            }
        }
    }
    if reference.is_some() || identifier_value.is_some() {
        out(SearchValue::Reference { reference, type_name, identifier_system, identifier_value });
    }
}
