//! The standard's rules once more, as plainly as they read, on the extracted values themselves: no
//! keys, no facets, no plan. What the search finds is compared with what these find.

use akson_fhir::date::DateTime;
use akson_fhir::definitions::{ResourceType, SearchKind};
use akson_fhir::model::Resource;
use akson_fhir::search::{Binding, Extractor, SearchValue, SlotId};

use super::world::{NOW, type_of};

/// The systems of bound codes, written down once more: what the extractor says is not trusted.
pub(super) const GENDER: &str = "http://hl7.org/fhir/administrative-gender";
pub(super) const STATUS: &str = "http://hl7.org/fhir/observation-status";

pub(super) struct Thing<'a> {
    pub(super) resource: &'a Resource,
    pub(super) resource_type: ResourceType,
    pub(super) name: String,
    pub(super) id: &'a str,
    pub(super) values: Vec<(SlotId, SearchValue<'a>)>,
}

pub(super) fn things(resources: &[Resource]) -> Vec<Thing<'_>> {
    let thing = |resource| {
        let resource: &Resource = resource;
        let mut values = Vec::new();
        Extractor::r4().extract(resource, &mut values);
        let (name, id) = (resource.root().type_name(), resource.id().unwrap());
        let resource_type = resource.resource_type().unwrap();
        Thing { resource, resource_type, name: format!("{name}/{id}"), id, values }
    };
    resources.iter().map(thing).collect()
}

/// A criterion as it stands in the query.
#[derive(Clone, Debug)]
pub(super) enum Criterion {
    Plain { code: String, modifier: Option<String>, values: Vec<String> },
    Chain { code: String, target: String, inner: Box<Criterion> },
    Has { source: String, code: String, inner: Box<Criterion> },
}

impl Criterion {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Plain { code, modifier: None, .. } => code.clone(),
            Self::Plain { code, modifier: Some(modifier), .. } => format!("{code}:{modifier}"),
            Self::Chain { code, target, inner } => format!("{code}:{target}.{}", inner.name()),
            Self::Has { source, code, inner } => format!("_has:{source}:{code}:{}", inner.name()),
        }
    }

    pub(super) fn values(&self) -> String {
        match self {
            Self::Plain { values, .. } => values.join(","),
            Self::Chain { inner, .. } | Self::Has { inner, .. } => inner.values(),
        }
    }

    pub(super) fn holds(&self, thing: &Thing<'_>, all: &[Thing<'_>]) -> bool {
        match self {
            Self::Plain { code, modifier, values } => {
                plain(thing, code, modifier.as_deref(), values)
            }
            Self::Chain { code, target, inner } => all.iter().any(|other| {
                other.resource_type == type_of(target)
                    && refers(thing, code, &other.name)
                    && inner.holds(other, all)
            }),
            Self::Has { source, code, inner } => all.iter().any(|other| {
                other.resource_type == type_of(source)
                    && refers(other, code, &thing.name)
                    && inner.holds(other, all)
            }),
        }
    }
}

fn binding(thing: &Thing<'_>, code: &str) -> &'static Binding {
    Extractor::r4().binding(thing.resource_type, code).unwrap_or_else(|| panic!("{code}"))
}

fn of<'t, 'a>(
    thing: &'t Thing<'a>,
    binding: &'t Binding,
) -> impl Iterator<Item = &'t SearchValue<'a>> {
    thing.values.iter().filter(|(slot, _)| binding.slots.contains(slot)).map(|(_, value)| value)
}

fn unversioned(reference: &str) -> &str {
    reference.split("/_history/").next().unwrap()
}

fn refers(thing: &Thing<'_>, code: &str, target: &str) -> bool {
    of(thing, binding(thing, code)).any(|value| {
        matches!(value, SearchValue::Reference { reference: Some(text), .. }
            if unversioned(text) == target)
    })
}

fn plain(thing: &Thing<'_>, code: &str, modifier: Option<&str>, values: &[String]) -> bool {
    if code == "_id" {
        return values.iter().any(|id| id == thing.id);
    }
    let binding = binding(thing, code);
    let only = binding.only_target.map(|_| "Patient/");
    let counts = |value: &SearchValue<'_>| match (only, value) {
        (Some(prefix), SearchValue::Reference { reference, .. }) => {
            reference.is_some_and(|text| text.starts_with(prefix))
        }
        _ => true,
    };
    if let Some(composite) = &binding.composite {
        let tuples = Extractor::r4().composite_values(composite.index, thing.resource);
        return values.iter().any(|wanted| {
            let wanted: Vec<&str> = wanted.split('$').collect();
            tuples.iter().any(|tuple| {
                (0..wanted.len()).all(|at| {
                    tuple[at].iter().any(|v| one(composite.parts[at], None, wanted[at], v))
                })
            })
        });
    }
    let implied = match code {
        "gender" => Some(GENDER),
        "status" => Some(STATUS),
        _ => None,
    };
    if let Some(system) = implied {
        let codes = of(thing, binding).map(|value| {
            let SearchValue::Token { code: Some(code), .. } = value else {
                panic!("{value:?} is no code")
            };
            code
        });
        let found = codes.into_iter().any(|code| values.iter().any(|w| token(w, system, code)));
        return found != (modifier == Some("not"));
    }
    match modifier {
        Some("missing") => (values[0] == "true") != of(thing, binding).any(counts),
        Some("not") => {
            !of(thing, binding).any(|v| values.iter().any(|w| one(binding.kind, None, w, v)))
        }
        _ => of(thing, binding)
            .filter(|v| modifier == Some("identifier") || counts(v))
            .any(|v| values.iter().any(|w| one(binding.kind, modifier, w, v))),
    }
}

fn one(kind: SearchKind, modifier: Option<&str>, wanted: &str, value: &SearchValue<'_>) -> bool {
    match value {
        SearchValue::Token { system, code, .. } => {
            token(wanted, system.as_deref().unwrap_or(""), code.as_deref().unwrap_or(""))
        }
        SearchValue::String(text) => string(modifier, wanted, text),
        SearchValue::Date { start, end } => date(wanted, *start, *end),
        SearchValue::Number(digits) => number(wanted, digits),
        SearchValue::Quantity { value, system, code, unit, .. } => {
            let parts: Vec<&str> = wanted.split('|').collect();
            let right_unit = match parts.as_slice() {
                [_] => true,
                [_, "", unit_or_code] => [*code, *unit].contains(&Some(*unit_or_code)),
                [_, wanted_system, ""] => *system == Some(*wanted_system),
                [_, wanted_system, wanted_code] => {
                    *system == Some(*wanted_system) && *code == Some(*wanted_code)
                }
                _ => panic!("{wanted}"),
            };
            right_unit && number(parts[0], value)
        }
        SearchValue::Reference { reference, identifier_system, identifier_value, .. } => {
            if modifier == Some("identifier") {
                return identifier_value
                    .is_some_and(|value| token(wanted, identifier_system.unwrap_or(""), value));
            }
            let Some(reference) = reference else { return false };
            let stored =
                if wanted.contains("/_history/") { reference } else { unversioned(reference) };
            let typed = modifier.map(|type_name| format!("{type_name}/{wanted}"));
            match typed {
                Some(typed) => stored == typed,
                None if wanted.contains('/') => stored == wanted,
                None => {
                    let parts: Vec<&str> = stored.split('/').collect();
                    matches!(parts.as_slice(), [_, id] if *id == wanted)
                }
            }
        }
        SearchValue::Uri(uri) => {
            assert_eq!(kind, SearchKind::Uri);
            let below = |low: &str, high: &str| low == high || low.starts_with(&format!("{high}/"));
            match modifier {
                Some("below") => below(uri, wanted),
                Some("above") => below(wanted, uri),
                _ => *uri == wanted,
            }
        }
    }
}

fn token(wanted: &str, system: &str, code: &str) -> bool {
    match wanted.split_once('|') {
        None => code == wanted,
        Some((wanted_system, "")) => system == wanted_system,
        Some((wanted_system, wanted_code)) => system == wanted_system && code == wanted_code,
    }
}

fn fold(text: &str) -> String {
    let lower = text.to_lowercase().replace('\'', "");
    let plain: String = lower
        .chars()
        .map(|c| match c {
            'å' => 'a',
            'é' => 'e',
            'ü' => 'u',
            '-' | '.' | ',' => ' ',
            other => other,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn string(modifier: Option<&str>, wanted: &str, text: &str) -> bool {
    match modifier {
        Some("exact") => text == wanted,
        Some("contains") => fold(text).contains(&fold(wanted)),
        _ => fold(text).starts_with(&fold(wanted)),
    }
}

fn prefix(text: &str) -> (&str, &str) {
    if text.starts_with(|c: char| c.is_ascii_lowercase()) { text.split_at(2) } else { ("eq", text) }
}

fn date(wanted: &str, start: i64, end: i64) -> bool {
    let (prefix, text) = prefix(wanted);
    let searched = DateTime::parse_search(text).unwrap().interval_in_norway();
    let value = (start, end);
    let contains = |a: (i64, i64), b: (i64, i64)| a.0 <= b.0 && b.1 <= a.1;
    let overlap = |a: (i64, i64), b: (i64, i64)| a.0.max(b.0) < a.1.min(b.1);
    let range = (searched.start, searched.end);
    let (below, above) = ((i64::MIN, range.0), (range.1, i64::MAX));
    match prefix {
        "eq" => contains(range, value),
        "ne" => !contains(range, value),
        "gt" => overlap(above, value),
        "lt" => overlap(below, value),
        "ge" => overlap(above, value) || contains(range, value),
        "le" => overlap(below, value) || contains(range, value),
        "sa" => !overlap(range, value) && contains(above, value),
        "eb" => !overlap(range, value) && contains(below, value),
        "ap" => {
            let gap = if NOW < range.0 { range.0 - NOW } else { (NOW - range.1).max(0) } / 10;
            overlap((range.0 - gap, range.1 + gap), value)
        }
        other => panic!("{other}"),
    }
}

/// In millionths, for digits without an exponent and at most three decimals.
fn millionths(digits: &str) -> i64 {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<6}").parse().unwrap()
}

fn number(wanted: &str, digits: &str) -> bool {
    let (prefix, text) = prefix(wanted);
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let (wanted, value) = (millionths(text), millionths(digits));
    let half = 500_000 / 10_i64.pow(decimals as u32);
    let same = (wanted - half..wanted + half).contains(&value);
    match prefix {
        "eq" => same,
        "ne" => !same,
        "gt" | "sa" => value > wanted,
        "lt" | "eb" => value < wanted,
        "ge" => value >= wanted,
        "le" => value <= wanted,
        "ap" => (value - wanted).abs() * 10 <= wanted.abs(),
        other => panic!("{other}"),
    }
}
