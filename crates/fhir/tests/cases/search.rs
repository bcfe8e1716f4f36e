//! Search parameters: all of R4 bind, and what is read from resources, as text to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use akson_fhir::definitions::Definitions;
use akson_fhir::fhirpath::{Context, Expression};
use akson_fhir::json;
use akson_fhir::search::{Extractor, SearchValue, SlotId};

use super::corpora::{corpus, files, golden, unpacked};
use super::round_trip::file_name;

/// Read so that every kind of value occurs.
const EXAMPLES: [&str; 14] = [
    "activitydefinition-administer-zika-virus-exposure-assessment.json",
    "careplan-example-GPVisit.json",
    "chargeitemdefinition-ebm-example.json",
    "condition-example.json",
    "encounter-example-home.json",
    "goal-example-stop-smoking.json",
    "group-example-herd1.json",
    "medicationrequest0302.json",
    "message-response-link.json",
    "observation-example-bloodpressure.json",
    "observation-example.json",
    "patient-example-f001-pieter.json",
    "riskassessment-example.json",
    "servicerequest-example-pt.json",
];

#[test]
fn every_parameter_of_r4_binds() {
    let definitions = Definitions::r4();
    let extractor = Extractor::r4();
    let mut text = String::from("# R4 search parameters that cannot be bound, with the reason.\n");
    for unbound in extractor.unbound() {
        let name = unbound.resource_type.map_or("(all)", |t| definitions.resource_name(t));
        writeln!(text, "{name} {} {}: {}", unbound.code, unbound.url, unbound.reason).unwrap();
    }
    golden("search-unbound.txt", &text);
    let bound: usize = definitions.resource_types().map(|t| extractor.bindings(t).len()).sum();
    assert!(bound > 1_500, "{bound} bindings");
}

#[test]
fn slots_are_numbered_in_order_of_type_kind_and_expression() {
    let extractor = Extractor::r4();
    let definitions = Definitions::r4();
    for (position, slot) in extractor.slots().iter().enumerate() {
        assert_eq!(slot.id, SlotId(position as u16));
        assert_eq!(extractor.slot(slot.id).unwrap().expression, slot.expression);
    }
    let of_types: usize = definitions.resource_types().map(|t| extractor.slots_of(t).len()).sum();
    assert_eq!(of_types, extractor.slots().len(), "each slot belongs to one type");
    let mut text = format!("fingerprint {:016x}, {} slots\n", extractor.fingerprint(), of_types);
    for name in ["Observation", "Patient"] {
        let resource_type = definitions.resource_type(name).unwrap();
        writeln!(text, "\n{name}: slots").unwrap();
        for slot in extractor.slots_of(resource_type) {
            writeln!(text, "  {} {:?} {}", slot.id.0, slot.kind, slot.expression).unwrap();
        }
        writeln!(text, "{name}: parameters").unwrap();
        for binding in extractor.bindings(resource_type) {
            let slots: Vec<u16> = binding.slots.iter().map(|slot| slot.0).collect();
            write!(text, "  {} {:?} {slots:?}", binding.code, binding.kind).unwrap();
            if let Some(target) = binding.only_target {
                write!(text, " only {}", definitions.resource_name(target)).unwrap();
            }
            if let Some(composite) = &binding.composite {
                let parts = composite.parts.iter().zip(&composite.part_slots);
                for (kind, slots) in parts {
                    let slots: Vec<u16> = slots.iter().map(|slot| slot.0).collect();
                    write!(text, " {kind:?} {slots:?}").unwrap();
                }
            }
            text.push('\n');
        }
    }
    golden("search-bindings.txt", &text);
}

#[test]
fn slots_know_whether_a_resource_can_have_several_values() {
    let single = |type_name: &str, code: &str| {
        let resource_type = Definitions::r4().resource_type(type_name).unwrap();
        let binding = Extractor::r4().binding(resource_type, code).unwrap();
        let slots = binding.slots.iter().map(|slot| Extractor::r4().slot(*slot).unwrap().single);
        slots.collect::<Vec<_>>()
    };
    let cases = [
        ("Patient", "birthdate", vec![true]),
        ("Patient", "gender", vec![true]),
        ("Patient", "family", vec![false]),
        ("Patient", "identifier", vec![false]),
        ("Observation", "status", vec![true]),
        ("Observation", "code", vec![false]),
        ("Observation", "date", vec![true]),
        ("Observation", "value-quantity", vec![true, true]),
        ("Observation", "component-value-quantity", vec![false, false]),
        ("Encounter", "class", vec![true]),
        ("Encounter", "date", vec![true]),
        ("Organization", "name", vec![true, false]),
        ("Condition", "onset-age", vec![true, false]),
    ];
    for (type_name, code, expected) in cases {
        assert_eq!(single(type_name, code), expected, "{type_name} {code}");
    }
}

#[test]
fn a_wrong_code_has_a_neighbour() {
    let patient = Definitions::r4().resource_type("Patient").unwrap();
    assert_eq!(Extractor::r4().nearest(patient, "birthdat"), Some("birthdate"));
    assert_eq!(Extractor::r4().nearest(patient, "zzzzzzzz"), None);
}

#[test]
fn restricted_references_share_a_slot() {
    let extractor = Extractor::r4();
    let observation = Definitions::r4().resource_type("Observation").unwrap();
    let patient = extractor.binding(observation, "patient").unwrap();
    let subject = extractor.binding(observation, "subject").unwrap();
    assert_eq!(patient.slots, subject.slots);
    assert_eq!(patient.only_target, Definitions::r4().resource_type("Patient"));
    assert_eq!(subject.only_target, None);
    let code = extractor.binding(observation, "code").unwrap();
    let component = extractor.binding(observation, "component-code").unwrap();
    let combo = extractor.binding(observation, "combo-code").unwrap();
    assert_eq!(combo.slots.to_vec(), [&code.slots[..], &component.slots[..]].concat());
}

fn shown(value: &SearchValue<'_>) -> String {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    match value {
        SearchValue::Token { system, code, text } => format!(
            "{} | {} | {}",
            or_dash(system.as_deref()),
            or_dash(code.as_deref()),
            or_dash(text.as_deref())
        ),
        SearchValue::String(text) => format!("{text:?}"),
        SearchValue::Date { start, end } => {
            let side = |at: i64| match at {
                i64::MIN | i64::MAX => "open".to_owned(),
                at => akson_base::Instant(at).to_fhir(),
            };
            format!("[{}, {})", side(*start), side(*end))
        }
        SearchValue::Number(digits) => (*digits).to_owned(),
        SearchValue::Quantity { value, comparator, system, code, unit } => format!(
            "{}{value} {} | {} | {}",
            comparator.unwrap_or(""),
            or_dash(*system),
            or_dash(*code),
            or_dash(*unit)
        ),
        SearchValue::Reference { reference, type_name, identifier_system, identifier_value } => {
            format!(
                "{} (type {}, identifier {} | {})",
                or_dash(*reference),
                or_dash(*type_name),
                or_dash(*identifier_system),
                or_dash(*identifier_value)
            )
        }
        SearchValue::Uri(uri) => (*uri).to_owned(),
    }
}

#[test]
fn what_is_read_from_the_examples() {
    let Some(folder) = unpacked("r4-examples/r4-examples.tar.xz") else { return };
    let extractor = Extractor::r4();
    let all = files(&folder, ".json");
    let mut text = String::new();
    for example in EXAMPLES {
        let path = all.iter().find(|path| file_name(path) == example);
        let path = path.unwrap_or_else(|| panic!("there is no example {example}"));
        let resource = json::parse_stored(&std::fs::read(path).unwrap()).unwrap();
        let mut values = Vec::new();
        extractor.extract(&resource, &mut values);
        values.sort_by_key(|(slot, _)| *slot);
        writeln!(text, "## {example}").unwrap();
        for (slot, value) in &values {
            writeln!(text, "{} = {}", extractor.slot(*slot).unwrap().expression, shown(value))
                .unwrap();
        }
        for binding in extractor.bindings(resource.resource_type().unwrap()) {
            let Some(composite) = &binding.composite else { continue };
            for parts in extractor.composite_values(composite.index, &resource) {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| part.iter().map(shown).collect::<Vec<_>>().join(", "))
                    .collect();
                writeln!(text, "{} = ({})", binding.code, parts.join(") $ (")).unwrap();
            }
        }
        text.push('\n');
    }
    golden("search-values.txt", &text);
}

/// The walk that extracts finds what the expression finds when the FHIRPath engine evaluates it;
/// and what is found gives a value, but for the types listed in the golden file.
#[test]
fn the_walk_agrees_with_fhirpath() {
    let Some(folder) = unpacked("r4-examples/r4-examples.tar.xz") else { return };
    let extractor = Extractor::r4();
    let expressions: Vec<Expression> = extractor
        .slots()
        .iter()
        .map(|slot| Expression::compile(&slot.expression).unwrap())
        .collect();
    let mut met = BTreeSet::new();
    let mut without: BTreeMap<String, usize> = BTreeMap::new();
    for path in files(&folder, ".json") {
        let Ok(resource) = json::parse_stored(&std::fs::read(&path).unwrap()) else { continue };
        let mut values = Vec::new();
        extractor.extract(&resource, &mut values);
        let mut with_value = BTreeSet::<SlotId>::new();
        for (slot, value) in &values {
            let first = with_value.insert(*slot);
            let slot = extractor.slot(*slot).unwrap();
            let name = file_name(&path);
            assert!(first || !slot.single, "{name}: {} has {value:?}, too", slot.expression);
        }
        let context = Context::of(resource.root(), akson_base::Instant(0));
        for slot in extractor.slots_of(resource.resource_type().unwrap()) {
            let expression = &expressions[usize::from(slot.id.0)];
            let items = expression.evaluate(&context, resource.root()).unwrap();
            if items.is_empty() {
                let name = file_name(&path);
                assert!(!with_value.contains(&slot.id), "{name}: {} has a value", slot.expression);
            } else if with_value.contains(&slot.id) {
                met.insert(slot.id);
            } else {
                let type_name = items[0].type_name().1.into_owned();
                let line = format!("{:?} {} ({type_name})", slot.kind, slot.expression);
                *without.entry(line).or_default() += 1;
            }
        }
    }
    let mut text = String::from(
        "# Slots whose expression finds an element in some example that gives no value, with the\n\
         # type of the element and the number of examples: an element that has only extensions or\n\
         # only what a search does not look at, or a type that the kind does not read.\n",
    );
    for (line, count) in without {
        writeln!(text, "{line}: {count}").unwrap();
    }
    golden("search-without-value.txt", &text);
    // The examples do not fill every element.
    assert!(met.len() * 5 > extractor.slots().len() * 2, "{} slots are met", met.len());
}

/// How long reading one resource takes:
/// `cargo test --release -p akson-fhir -- --ignored --nocapture how_long`.
#[test]
#[ignore = "measures; run it by name, in release"]
fn how_long_extracting_takes() {
    let Some(folder) = corpus("patients/synthea-120") else { return };
    let file =
        files(&folder, ".json.bz2").into_iter().find(|path| !file_name(path).starts_with('0'));
    let bundle = std::process::Command::new("bzcat").arg(file.unwrap()).output().unwrap().stdout;
    let bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    let mut by_type: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in bundle["entry"].as_array().unwrap() {
        let name = entry["resource"]["resourceType"].as_str().unwrap().to_owned();
        by_type.entry(name).or_default().push(entry["resource"].to_string());
    }
    let start = std::time::Instant::now();
    let extractor = Extractor::r4();
    println!("compiling all parameters: {:?}", start.elapsed());
    for (name, texts) in by_type {
        let resources: Vec<_> =
            texts.iter().filter_map(|text| json::parse_stored(text.as_bytes()).ok()).collect();
        let mut count = 0;
        let rounds = 20_000 / resources.len().max(1) + 1;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            for resource in &resources {
                let mut values = Vec::with_capacity(32);
                extractor.extract(resource, &mut values);
                count += values.len();
            }
        }
        let turns = rounds * resources.len();
        let each = start.elapsed().as_secs_f64() * 1e6 / turns as f64;
        println!("{name:24} {each:6.2} µs, {:5.1} values", count as f64 / turns as f64);
    }
}
