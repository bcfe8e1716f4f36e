//! Random resources and random searches: what is found is what the plain reading of the standard
//! ([`super::naive`]) finds, on pages of any size and in the order asked for.

use std::collections::BTreeSet;

use akson_fhir::json as fhir_json;
use akson_fhir::search::{Extractor, SearchValue};
use serde_json::{Value, json};

use super::naive::{Criterion, GENDER, STATUS, Thing, things};
use super::world::World;

/// xorshift64*: the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

const GIVEN: [&str; 6] = ["Åse", "Kari", "Karianne", "Ole-Jon", "René", "O'Brien"];
const FAMILY: [&str; 5] = ["Nordmann", "Nord", "Lund Åsen", "Østby", "Müller"];
const CODES: [&str; 5] = ["a", "ab", "b", "A", "c-1"];
const SYSTEMS: [&str; 3] = ["http://s", "http://s2", "urn:oid:1.2"];
const UNITS: [&str; 3] = ["kg", "g", "mmHg"];
const NUMBERS: [&str; 10] = ["0", "1", "5.4", "5.40", "5.35", "5.45", "-2", "100", "99.5", "0.125"];
const DATES: [&str; 12] = [
    "2023",
    "2024",
    "2024-03",
    "2024-03-30",
    "2024-03-31",
    "2024-10-27",
    "2024-05-17",
    "2024-05-17T10:00:00+02:00",
    "2024-05-17T10:00:00.5Z",
    "2024-05-17T08:00:00Z",
    "1950-01",
    "2024-12-31T23:59:59Z",
];
const URLS: [&str; 6] =
    ["http://x/a", "http://x/a/b", "http://x/a/b/c", "http://x/ab", "urn:oid:1.2.3", "http://y"];

fn coding(random: &mut Random) -> Value {
    let mut coding = json!({ "code": random.of(&CODES) });
    if !random.chance(4) {
        coding["system"] = random.of(&SYSTEMS).into();
    }
    coding
}

fn concept(random: &mut Random) -> Value {
    let count = random.below(3);
    let codings: Vec<_> = (0..count).map(|_| coding(random)).collect();
    if codings.is_empty() { json!({ "text": "bare tekst" }) } else { json!({ "coding": codings }) }
}

fn number(random: &mut Random) -> Value {
    serde_json::from_str(random.of(&NUMBERS)).unwrap()
}

/// The unit as text may be absent, the code itself, or what is the code of others.
fn quantity(random: &mut Random) -> Value {
    let mut quantity = json!({ "value": number(random) });
    if random.chance(2) {
        quantity["unit"] = random.of(&UNITS).into();
    }
    if !random.chance(3) {
        quantity["code"] = random.of(&UNITS).into();
        if !random.chance(4) {
            quantity["system"] = random.of(&SYSTEMS).into();
        }
    }
    quantity
}

fn patient(random: &mut Random, at: usize) -> Value {
    let mut patient = json!({ "resourceType": "Patient", "id": format!("p{at}") });
    if !random.chance(5) {
        patient["name"] = json!([{
            "given": [random.of(&GIVEN), random.of(&GIVEN)], "family": random.of(&FAMILY),
        }]);
    }
    if !random.chance(3) {
        patient["birthDate"] = random.of(&DATES[..7]).into();
        patient["gender"] = random.of(&["male", "female"]).into();
    }
    if random.chance(2) {
        patient["managingOrganization"] =
            json!({ "reference": format!("Organization/o{}", random.below(4)) });
    }
    if random.chance(3) {
        patient["active"] = random.chance(2).into();
        patient["link"] = json!([{ "type": "seealso",
            "other": { "reference": format!("Patient/p{}", random.below(8)) } }]);
    }
    patient
}

fn observation(random: &mut Random, at: usize) -> Value {
    let mut observation = json!({
        "resourceType": "Observation", "id": format!("b{at}"),
        "status": random.of(&["final", "amended"]), "code": concept(random),
    });
    let other = random.below(8);
    match random.below(7) {
        0 => {}
        1 => observation["subject"] = json!({ "reference": format!("Group/p{other}") }),
        2 => observation["subject"] = json!({ "reference": format!("http://h/Patient/p{other}") }),
        3 => {
            observation["subject"] = json!({ "reference": format!("Patient/p{other}/_history/2"),
                "identifier": { "system": random.of(&SYSTEMS), "value": random.of(&CODES) } });
        }
        _ => observation["subject"] = json!({ "reference": format!("Patient/p{other}") }),
    }
    match random.below(4) {
        0 => observation["effectiveDateTime"] = random.of(&DATES).into(),
        1 => {
            let (a, b) = (random.of(&DATES[..7]), random.of(&DATES[..7]));
            let mut period = json!({ "start": a.min(b) });
            if random.chance(2) {
                period["end"] = a.max(b).into();
            }
            observation["effectivePeriod"] = period;
        }
        2 => observation["effectiveInstant"] = random.of(&DATES[7..10]).into(),
        _ => {}
    }
    if random.chance(2) {
        observation["valueQuantity"] = quantity(random);
    }
    if random.chance(3) {
        observation["component"] = (0..2)
            .map(|_| json!({ "code": concept(random), "valueQuantity": quantity(random) }))
            .collect();
    }
    if random.chance(3) {
        observation["performer"] = json!([
            { "reference": format!("Organization/o{}", random.below(4)) },
            { "reference": format!("Patient/p{}", random.below(8)) },
        ]);
    }
    observation
}

fn resources(random: &mut Random) -> Vec<Value> {
    let mut all: Vec<Value> = (0..8).map(|at| patient(random, at)).collect();
    for at in 0..4 {
        let mut organization = json!({ "resourceType": "Organization", "id": format!("o{at}"),
            "name": random.of(&FAMILY) });
        if at > 0 {
            organization["partOf"] = json!({ "reference": format!("Organization/o{}", at - 1) });
        }
        all.push(organization);
    }
    all.extend((0..50).map(|at| observation(random, at)));
    for at in 0..6 {
        all.push(json!({ "resourceType": "ValueSet", "id": format!("v{at}"), "status": "active",
            "url": random.of(&URLS), "version": random.of(&CODES) }));
        all.push(json!({ "resourceType": "RiskAssessment", "id": format!("r{at}"), "status": "final",
            "subject": { "reference": format!("Patient/p{}", random.below(8)) },
            "prediction": [{ "probabilityDecimal": number(random) }, { "probabilityDecimal": number(random) }] }));
    }
    all
}

fn or_list(random: &mut Random, value: impl Fn(&mut Random) -> String) -> Vec<String> {
    let count = if random.chance(3) { 3 } else { 1 };
    (0..count).map(|_| value(random)).collect()
}

fn token_value(random: &mut Random) -> String {
    code_value(random, &SYSTEMS, &CODES)
}

fn code_value(random: &mut Random, systems: &[&str], codes: &[&str]) -> String {
    let (system, code) = (random.of(systems), random.of(codes));
    match random.below(4) {
        0 => format!("{system}|{code}"),
        1 => format!("|{code}"),
        2 => format!("{system}|"),
        _ => code.to_string(),
    }
}

fn prefixed(random: &mut Random, list: &[&str]) -> String {
    let prefix = random.of(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]);
    format!("{prefix}{}", random.of(list))
}

fn quantity_value(random: &mut Random) -> String {
    let number = prefixed(random, &NUMBERS);
    match random.below(3) {
        0 if random.chance(3) => format!("{number}|{}|", random.of(&SYSTEMS)),
        0 => format!("{number}|{}|{}", random.of(&SYSTEMS), random.of(&UNITS)),
        1 => format!("{number}||{}", random.of(&UNITS)),
        _ => number,
    }
}

fn string_value(random: &mut Random) -> String {
    let list = if random.chance(2) { &GIVEN[..] } else { &FAMILY[..] };
    let text: Vec<char> = random.of(list).chars().collect();
    let begin = if random.chance(3) { random.below(text.len()) } else { 0 };
    let end = begin + 1 + random.below(text.len() - begin);
    let cut: String = text[begin..end].iter().collect();
    let cut = if random.chance(2) { cut.to_lowercase() } else { cut };
    if cut.chars().any(char::is_alphanumeric) { cut } else { "a".into() }
}

fn plain(code: &str, modifier: Option<&str>, values: Vec<String>) -> Criterion {
    Criterion::Plain { code: code.into(), modifier: modifier.map(Into::into), values }
}

fn reference(random: &mut Random, code: &str) -> Criterion {
    let id = format!("p{}", random.below(9));
    let (modifier, values) = match random.below(6) {
        0 => (None, vec![id]),
        1 => (Some("Patient"), vec![id]),
        2 => (None, vec![format!("Group/{id}")]),
        3 if code != "patient" => (None, vec![format!("http://h/Patient/{id}")]),
        4 => (Some("identifier"), or_list(random, token_value)),
        _ => (None, vec![format!("Patient/{id}"), format!("Patient/p{}", random.below(9))]),
    };
    plain(code, modifier, values)
}

fn missing(random: &mut Random, codes: &[&str]) -> Criterion {
    plain(random.of(codes), Some("missing"), vec![random.chance(2).to_string()])
}

fn criterion(random: &mut Random, type_name: &str, depth: usize) -> Criterion {
    let draw = random.below(12);
    match (type_name, draw) {
        (_, 0) => plain(
            "_id",
            None,
            (0..3)
                .map(|_| format!("{}{}", random.of(&["p", "b", "o", "v", "r"]), random.below(9)))
                .collect(),
        ),
        ("Patient", _) => patient_criterion(random, draw, depth),
        ("Observation", _) => observation_criterion(random, draw, depth),
        ("Organization", 1..=3) if depth < 2 => {
            let inner = Box::new(criterion(random, "Organization", depth + 1));
            Criterion::Chain { code: "partof".into(), target: "Organization".into(), inner }
        }
        ("Organization", 4) => missing(random, &["partof"]),
        ("Organization", _) => {
            plain("name", [None, Some("contains")][random.below(2)], or_list(random, string_value))
        }
        ("ValueSet", 1..=8) => plain(
            "url",
            [None, Some("below"), Some("above")][random.below(3)],
            or_list(random, |r| r.of(&URLS).to_string()),
        ),
        ("ValueSet", _) => plain("version", None, or_list(random, |r| r.of(&CODES).to_string())),
        ("RiskAssessment", 1..=7) => {
            plain("probability", None, or_list(random, |r| prefixed(r, &NUMBERS)))
        }
        ("RiskAssessment", _) => reference(random, "subject"),
        (other, _) => panic!("{other}"),
    }
}

fn patient_criterion(random: &mut Random, draw: usize, depth: usize) -> Criterion {
    match draw {
        1..=3 => {
            let modifier = [None, Some("exact"), Some("contains")][random.below(3)];
            let code = random.of(&["name", "given", "family"]);
            plain(code, modifier, or_list(random, string_value))
        }
        4 | 5 => plain("birthdate", None, or_list(random, |r| prefixed(r, &DATES))),
        6 => plain(
            "gender",
            [None, Some("not")][random.below(2)],
            or_list(random, |r| code_value(r, &[GENDER, STATUS], &["male", "female"])),
        ),
        7 => missing(random, &["active", "birthdate", "organization"]),
        8 | 9 if depth < 2 => {
            let inner = Box::new(criterion(random, "Organization", depth + 1));
            Criterion::Chain { code: "organization".into(), target: "Organization".into(), inner }
        }
        10 | 11 if depth < 2 => {
            let (source, code) =
                [("Observation", "subject"), ("Observation", "performer"), ("Patient", "link")]
                    [random.below(3)];
            let inner = Box::new(criterion(random, source, depth + 1));
            Criterion::Has { source: source.into(), code: code.into(), inner }
        }
        _ => reference(random, "link"),
    }
}

fn observation_criterion(random: &mut Random, draw: usize, depth: usize) -> Criterion {
    match draw {
        1 | 2 => plain(
            random.of(&["code", "combo-code"]),
            [None, Some("not")][random.below(2)],
            or_list(random, token_value),
        ),
        3 | 4 => plain("date", None, or_list(random, |r| prefixed(r, &DATES))),
        5 => plain(
            random.of(&["value-quantity", "component-value-quantity", "combo-value-quantity"]),
            None,
            or_list(random, quantity_value),
        ),
        6 => {
            let code = random.of(&[
                "code-value-quantity",
                "component-code-value-quantity",
                "combo-code-value-quantity",
            ]);
            plain(
                code,
                None,
                or_list(random, |r| format!("{}${}", token_value(r), quantity_value(r))),
            )
        }
        7 => missing(random, &["subject", "patient", "date", "code", "value-quantity"]),
        8 | 9 if depth < 2 => {
            let inner = Box::new(criterion(random, "Patient", depth + 1));
            Criterion::Chain {
                code: random.of(&["subject", "patient", "performer"]).into(),
                target: "Patient".into(),
                inner,
            }
        }
        10 => plain(
            "status",
            [None, Some("not")][random.below(2)],
            or_list(random, |r| code_value(r, &[STATUS, GENDER], &["final", "amended"])),
        ),
        _ => {
            let code = random.of(&["subject", "patient", "performer"]);
            reference(random, code)
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

/// What a resource is sorted by: its smallest value, or largest.
fn sort_value(thing: &Thing<'_>, code: &str, descending: bool) -> Option<String> {
    let binding = Extractor::r4().binding(thing.resource_type, code).unwrap();
    let values = thing.values.iter().filter(|(slot, _)| binding.slots.contains(slot));
    let values = values.map(|(_, value)| match value {
        SearchValue::Date { start, .. } => format!("{:020}", i128::from(*start) + (1 << 64)),
        SearchValue::Token { code, .. } => code.as_deref().unwrap_or("").to_string(),
        SearchValue::Number(digits) | SearchValue::Quantity { value: digits, .. } => {
            format!("{:020}", (digits.parse::<f64>().unwrap() * 1e6) as i64 + 1_000_000_000_000)
        }
        SearchValue::String(_) | SearchValue::Reference { .. } | SearchValue::Uri(_) => {
            panic!("{value:?} is not sorted here")
        }
    });
    if descending { values.max() } else { values.min() }
}

const SORTS: [(&str, &[&str]); 5] = [
    ("Patient", &["birthdate", "gender"]),
    ("Observation", &["date", "status", "value-quantity"]),
    ("Organization", &[]),
    ("ValueSet", &["version"]),
    ("RiskAssessment", &["probability"]),
];

fn check_order(search: &str, found: &[String], all: &[Thing<'_>], code: &str, descending: bool) {
    let by_name = |name: &String| all.iter().find(|thing| thing.name == *name).unwrap();
    let values: Vec<_> =
        found.iter().map(|name| sort_value(by_name(name), code, descending)).collect();
    let right = values.windows(2).all(|pair| match (&pair[0], &pair[1]) {
        (Some(a), Some(b)) => {
            if descending {
                a >= b
            } else {
                a <= b
            }
        }
        (None, Some(_)) => false,
        (_, None) => true,
    });
    assert!(right, "{search}: {values:?}");
}

fn one_search(random: &mut Random, world: &World, all: &[Thing<'_>]) -> usize {
    let (type_name, sorts) = SORTS[[0, 1, 1, 1, 2, 3, 4][random.below(7)]];
    let criteria: Vec<_> =
        (0..1 + random.below(3)).map(|_| criterion(random, type_name, 0)).collect();
    let mut query: Vec<String> =
        criteria.iter().map(|c| format!("{}={}", c.name(), encoded(&c.values()))).collect();
    let sort =
        (!sorts.is_empty() && random.chance(2)).then(|| (random.of(sorts), random.chance(2)));
    if let Some((code, descending)) = sort {
        query.push(format!("_sort={}{code}", if descending { "-" } else { "" }));
    }
    query.push(format!("_count={}", [1, 2, 5, 1000][random.below(4)]));
    let search = format!("{type_name}?{}", query.join("&"));
    let found = world.pages(&search).concat();
    let expected: BTreeSet<_> = all
        .iter()
        .filter(|thing| thing.name.split('/').next() == Some(type_name))
        .filter(|thing| criteria.iter().all(|criterion| criterion.holds(thing, all)))
        .map(|thing| thing.name.clone())
        .collect();
    let set: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(set, expected, "{search}\n{criteria:?}");
    assert_eq!(set.len(), found.len(), "{search} repeats");
    if let Some((code, descending)) = sort {
        check_order(&search, &found, all, code, descending);
    }
    let total = world.search(&format!("{search}&_summary=count")).unwrap().total;
    assert_eq!(total, Some(expected.len() as u64), "{search}");
    found.len()
}

#[test]
fn random_searches_find_what_the_standard_says() {
    for seed in 1..=6 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let resources = resources(&mut random);
        let world = World::with(&resources);
        let parsed: Vec<_> = resources
            .iter()
            .map(|resource| fhir_json::parse(&serde_json::to_vec(resource).unwrap()).unwrap())
            .collect();
        let all = things(&parsed);
        let found: usize = (0..250).map(|_| one_search(&mut random, &world, &all)).sum();
        assert!(found > 500, "the searches find too little to tell anything: {found}");
    }
}
