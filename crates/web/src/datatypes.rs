//! FHIR data types as a reader sees them: concepts, names, addresses, quantities, references.
//!
//! Not here: what a section of the chart does with them (`chart`).
//! Standard: https://hl7.org/fhir/R4/datatypes.html

use akson_fhir::model::NodeRef;

use crate::dates::Moment;
use crate::messages::code;
use crate::numbers::decimal;

/// A code with its system, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code {
    /// The code system's URI; empty when not stated.
    pub system: String,
    /// The code.
    pub code: String,
}

/// The text below `names`, if it is a primitive with a value.
pub(crate) fn text<'a>(node: NodeRef<'a>, names: &[&str]) -> Option<&'a str> {
    node.path(names).and_then(NodeRef::text).map(str::trim).filter(|text| !text.is_empty())
}

/// A date or time below `names`.
pub(crate) fn moment(node: NodeRef<'_>, names: &[&str]) -> Option<Moment> {
    text(node, names).and_then(Moment::parse)
}

/// A CodeableConcept (or Coding) in words: its text, else the first display, else the code.
pub(crate) fn concept(node: NodeRef<'_>) -> Option<String> {
    let codings = || node.named("coding").chain((node.type_name() == "Coding").then_some(node));
    // Well-known analyses and vital signs carry English displays: ours are Norwegian.
    let loinc = || codings().filter(|c| text(*c, &["system"]) == Some("http://loinc.org"));
    let known = loinc().find_map(|coding| code("loinc", text(coding, &["code"])?));
    let shortened = || loinc().find_map(|c| text(c, &["display"])).map(without_property);
    known
        .map(str::to_owned)
        .or_else(shortened)
        .or_else(|| text(node, &["text"]).map(without_semantic_tag))
        .or_else(|| codings().find_map(|c| text(c, &["display"])).map(without_semantic_tag))
        .or_else(|| codings().find_map(|c| text(c, &["code"])).map(str::to_owned))
}

/// LOINC's long names carry property and method, `Bilirubin.total [Mass/volume] in Urine by Test
/// strip`: a row says what was measured in what; unit and code say the rest.
fn without_property(text: &str) -> String {
    let mut name = text.to_owned();
    while let (Some(open), Some(close)) = (name.find('['), name.find(']')) {
        if close < open {
            break;
        }
        name.replace_range(open..=close, "");
    }
    let name = name.split(" by ").next().unwrap_or(&name);
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { text.to_owned() } else { name }
}

/// SNOMED CT's fully specified names end in a tag, `(disorder)`, that tells a reader nothing.
fn without_semantic_tag(text: &str) -> String {
    const TAGS: [&str; 12] = [
        "disorder",
        "finding",
        "procedure",
        "situation",
        "regime/therapy",
        "person",
        "event",
        "observable entity",
        "qualifier value",
        "occupation",
        "morphologic abnormality",
        "record artifact",
    ];
    let stripped = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    match stripped {
        Some((name, tag)) if TAGS.contains(&tag) => name.to_owned(),
        _ => text.to_owned(),
    }
}

/// The first coding that a Norwegian clinician knows (ICPC-2, ICD-10, ATC, NLK), else the first.
pub(crate) fn first_code(node: NodeRef<'_>) -> Option<Code> {
    let codings = || {
        node.named("coding").filter_map(|coding| {
            let code = text(coding, &["code"])?;
            Some((text(coding, &["system"]).unwrap_or_default(), code))
        })
    };
    let is_domestic = |(system, _): &(&str, &str)| {
        ["icpc-2", "7170", "icd-10", "7110", "7180", "whocc.no", "7280"]
            .iter()
            .any(|known| system.contains(known))
    };
    let (system, code) = codings().find(is_domestic).or_else(|| codings().next())?;
    Some(Code { system: system.to_owned(), code: code.to_owned() })
}

/// Whether a CodeableConcept has this code in any system.
pub(crate) fn has_code(node: Option<NodeRef<'_>>, wanted: &str) -> bool {
    node.is_some_and(|node| node.named("coding").any(|c| text(c, &["code"]) == Some(wanted)))
}

/// The code of the first coding of a concept below `name` (a status).
pub(crate) fn status<'a>(node: NodeRef<'a>, name: &str) -> Option<&'a str> {
    text(node, &[name, "coding", "code"])
}

/// The name of a person: the official one, else the usual, else the first that is not old.
pub(crate) fn human_name(person: NodeRef<'_>) -> Option<String> {
    let rank = |name: &NodeRef<'_>| match text(*name, &["use"]) {
        Some("official") => 0,
        Some("usual") => 1,
        Some("old" | "maiden") => 9,
        Some(_) | None => 2,
    };
    let name = person.named("name").min_by_key(rank)?;
    let parts: Vec<&str> = name
        .named("given")
        .chain(name.named("family"))
        .filter_map(NodeRef::text)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() { text(name, &["text"]).map(str::to_owned) } else { Some(parts.join(" ")) }
}

/// `Strandveien 12, 3540 Nesbyen`: the home address, else the first that is not old.
pub(crate) fn address(person: NodeRef<'_>) -> Option<String> {
    let rank = |address: &NodeRef<'_>| match text(*address, &["use"]) {
        Some("home") => 0,
        Some("old") => 9,
        Some(_) | None => 1,
    };
    let address = person.named("address").min_by_key(rank)?;
    let lines = address.named("line").filter_map(NodeRef::text).map(str::to_owned);
    let place: Vec<&str> =
        [&["postalCode"], &["city"]].into_iter().filter_map(|n| text(address, n)).collect();
    let place = (!place.is_empty()).then(|| place.join(" "));
    let all: Vec<String> = lines.chain(place).filter(|part| !part.trim().is_empty()).collect();
    if all.is_empty() { text(address, &["text"]).map(str::to_owned) } else { Some(all.join(", ")) }
}

/// The telephone: a mobile one before others.
pub(crate) fn telephone(person: NodeRef<'_>) -> Option<String> {
    let rank = |telecom: &NodeRef<'_>| u8::from(text(*telecom, &["use"]) != Some("mobile"));
    let phones = person.named("telecom").filter(|t| text(*t, &["system"]) == Some("phone"));
    phones.min_by_key(rank).and_then(|t| text(t, &["value"])).map(group_telephone)
}

/// Eight Norwegian digits are read in groups: `900 00 001`; a country code stands first.
fn group_telephone(number: &str) -> String {
    let bare: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    let (prefix, digits) = bare.strip_prefix("+47").map_or(("", bare.as_str()), |d| ("+47 ", d));
    match (digits.len(), digits.get(..3), digits.get(3..5), digits.get(5..)) {
        (8, Some(a), Some(b), Some(c)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{prefix}{a}\u{a0}{b}\u{a0}{c}")
        }
        _ => number.to_owned(),
    }
}

/// A Quantity in words: `< 12,1 g/dL`.
pub(crate) fn quantity(node: NodeRef<'_>) -> Option<String> {
    let value = decimal(text(node, &["value"])?);
    let mut out = String::new();
    if let Some(comparator) = text(node, &["comparator"]) {
        out.push_str(comparator);
        out.push('\u{a0}');
    }
    out.push_str(&value);
    if let Some(unit) = unit(node) {
        out.push('\u{a0}');
        out.push_str(&unit);
    }
    Some(out)
}

/// The unit of a Quantity as it is read: UCUM's `[in_i]`, `{score}` and `mm[Hg]` in plain letters.
pub(crate) fn unit(node: NodeRef<'_>) -> Option<String> {
    let unit = text(node, &["unit"]).or_else(|| text(node, &["code"]))?;
    let plain = code("unit", unit).map_or_else(|| unit.to_owned(), str::to_owned);
    let annotation = plain.starts_with('{') && plain.ends_with('}');
    (plain != "1" && !annotation && !plain.is_empty()).then_some(plain)
}

/// Numeric value of a Quantity, for drawing only.
pub(crate) fn number(node: NodeRef<'_>) -> Option<f64> {
    text(node, &["value"])?.parse().ok()
}

/// What a Reference calls its target.
pub(crate) fn display(reference: NodeRef<'_>) -> Option<String> {
    text(reference, &["display"]).map(without_semantic_tag)
}

/// The id that a Reference points to: the last part of `Type/id`, `urn:uuid:id` or a longer URL.
pub(crate) fn target_id(reference: NodeRef<'_>) -> Option<&str> {
    let reference = text(reference, &["reference"])?;
    let versionless = reference.split("/_history/").next().unwrap_or(reference);
    versionless.rsplit(['/', ':']).next().filter(|id| !id.is_empty())
}
