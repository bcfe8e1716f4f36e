//! FHIRPath beyond the official suite: FHIR's own functions, errors as text, limits, and that no
//! expression whatever makes it panic.

use akson_base::Instant;
use akson_fhir::definitions::Definitions;
use akson_fhir::fhirpath::{Collection, Context, Expression, Item};
use akson_fhir::json;
use akson_fhir::model::{NodeRef, Resource};
use proptest::prelude::*;

const OBSERVATION: &str = r##"{
  "resourceType": "Observation", "id": "o",
  "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1974-12-25"}],
  "status": "final",
  "code": {"coding": [
    {"system": "http://loinc.org", "code": "8480-6"},
    {"system": "http://loinc.org", "code": "8462-4"}], "text": "Blodtrykk"},
  "subject": {"reference": "#p"},
  "performer": [{"reference": "Practitioner/7"}],
  "effectivePeriod": {"start": "2020-02-01", "end": "2020-02-03T10:00:00+01:00"},
  "valueQuantity": {"value": 1.10, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"},
  "component": [
    {"code": {"text": "a"}, "valueInteger": 3},
    {"code": {"text": "b"}, "valueString": "x"}]
}"##;

const BUNDLE: &str = r#"{
  "resourceType": "Bundle", "type": "collection",
  "entry": [
    {"fullUrl": "urn:uuid:1f8e0000-0000-4000-8000-000000000001",
     "resource": {"resourceType": "Patient", "id": "1", "active": true}},
    {"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "t"},
     "subject": {"reference": "urn:uuid:1f8e0000-0000-4000-8000-000000000001"},
     "performer": [{"reference": "Patient/1"}]}}]
}"#;

const NOW: Instant = Instant(1_795_298_880_123);

fn resource(text: &str) -> Resource {
    json::parse_stored(text.as_bytes()).unwrap()
}

fn shown(items: &Collection<'_>) -> String {
    let one = |item: &Item<'_>| match item.value() {
        Some(value) => value.to_string(),
        None => format!("<{}>", item.type_name().1),
    };
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn answer(resource: &Resource, source: &str) -> String {
    let expression = match Expression::compile(source) {
        Ok(expression) => expression,
        Err(error) => return format!("SYNTAX {error}"),
    };
    match expression.evaluate(&Context::of(resource.root(), NOW), resource.root()) {
        Ok(items) => shown(&items),
        Err(error) => format!("ERROR {error}"),
    }
}

/// Expression on `OBSERVATION` and what it answers.
const ANSWERS: [(&str, &str); 44] = [
    ("subject.resolve().birthDate", "1974-12-25"),
    ("subject.resolve() is Patient", "true"),
    ("performer.resolve()", ""),
    ("contained.id | id", "p, o"),
    ("%resource.id & %rootResource.id", "oo"),
    ("%context.status", "final"),
    ("value.value", "1.10"),
    ("value", "1.10 'g'"),
    ("value = 1100 'mg'", "true"),
    ("value + 100 'mg'", "1.20 'g'"),
    ("value > 1 'm'", ""),
    ("value.ofType(Quantity).unit", "g"),
    ("value.ofType(string)", ""),
    ("component.value", "3, x"),
    ("component.value.ofType(integer)", "3"),
    ("component.where(value is string).code.text", "b"),
    ("component.select(code.text & $index.toString())", "a0, b1"),
    ("code.coding.code.join('/')", "8480-6/8462-4"),
    ("code.coding[1].code", "8462-4"),
    ("code.coding[2].code", ""),
    ("effective.start + 1 month", "2020-03-01"),
    ("effective.end - 10 hours", "2020-02-03T00:00:00+01:00"),
    ("effective.start <= effective.end", "true"),
    ("now()", "2026-11-21T22:08:00.123Z"),
    ("today() - 1 year", "2025-11-21"),
    ("timeOfDay() + 2 hours", "00:08:00.123"),
    ("@2020-02-29 + 1 year", "2021-02-28"),
    ("@2014 + 25 months", "2016"),
    ("descendants().where($this is Coding).count()", "2"),
    ("code.coding.all(system = %loinc)", "true"),
    ("iif(status = 'final', 'ja', 'nei')", "ja"),
    ("0.1 + 0.2 = 0.3", "true"),
    (
        "10 div 3, 1",
        "SYNTAX Unexpected \",\": the expression is complete before it. (at character 8 of the expression)",
    ),
    ("9223372036854775807 + 1", ""),
    ("1 / 0", ""),
    ("'a'.repeat($this & 'a')", "ERROR"),
    (
        "status.memberOf('x')",
        "SYNTAX The function memberOf() is not offered here: it needs a terminology server. (at character 7 of the expression)",
    ),
    ("status.nope()", "SYNTAX There is no function nope(). (at character 7 of the expression)"),
    (
        "status.substring()",
        "SYNTAX substring() takes 1 to 2 arguments, not 0. (at character 7 of the expression)",
    ),
    (
        "value is Quantiti",
        "SYNTAX There is no type \"Quantiti\" in FHIR R4 or FHIRPath. (at character 9 of the expression)",
    ),
    ("%nope", "ERROR There is no variable %nope. (at character 0 of the expression)"),
    (
        "code.coding.code.length()",
        "ERROR length() needs a single item, not 2. (at character 0 of the expression)",
    ),
    (
        "status + 1",
        "ERROR \"+\" has no meaning between String and Integer. (at character 0 of the expression)",
    ),
    ("'x'.matches('(')", "ERROR matches(): not a regular expression"),
];

#[test]
fn answers() {
    let observation = resource(OBSERVATION);
    for (source, expected) in ANSWERS {
        let answer = answer(&observation, source);
        let same =
            answer == expected || (expected.starts_with("ERROR") && answer.starts_with(expected));
        assert!(same, "{source}: {answer}, not {expected}");
    }
}

#[test]
fn references_inside_a_bundle_are_resolved() {
    let bundle = resource(BUNDLE);
    assert_eq!(answer(&bundle, "entry.resource.subject.resolve().active"), "true");
    assert_eq!(answer(&bundle, "entry.resource.performer.resolve().id"), "1");
}

#[test]
fn the_resolver_finds_what_is_elsewhere() {
    let observation = resource(OBSERVATION);
    let practitioner = resource(r#"{"resourceType": "Practitioner", "id": "7"}"#);
    let expression = Expression::compile("performer.resolve().id").unwrap();
    let find = |reference: &str| -> Option<NodeRef<'_>> {
        (reference == "Practitioner/7").then(|| practitioner.root())
    };
    let context = Context { resolver: Some(&find), ..Context::of(observation.root(), NOW) };
    assert_eq!(shown(&expression.evaluate(&context, observation.root()).unwrap()), "7");
}

#[test]
fn a_check_finds_paths_that_cannot_exist() {
    let observation = Definitions::r4().type_named("Observation").unwrap();
    let cases = [
        ("Observation.component.value.ofType(Quantity).unit", ""),
        ("Observation.contained.anything", ""),
        ("Observation.descendants().anything", ""),
        ("Observation.extension('x').value.as(Coding).code", ""),
        ("Observation.subject.resolve().name", ""),
        (
            "Observation.valueQuantity",
            "Observation has no element \"valueQuantity\". Write value.ofType(Quantity). (at character 12 of the expression)",
        ),
        (
            "code.coding.where(cod = 'x')",
            "Coding has no element \"cod\". (at character 18 of the expression)",
        ),
        (
            "Patient.name",
            "The input is never a Patient: it is Observation. (at character 0 of the expression)",
        ),
        (
            "children().first()",
            "first() has no meaning here: these items have no order. (at character 0 of the expression)",
        ),
    ];
    for (source, expected) in cases {
        let found = Expression::compile(source).unwrap().check(observation);
        let found = found.map_or_else(|error| error.to_string(), |()| String::new());
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn limits_are_refusals() {
    let observation = resource(OBSERVATION);
    let refused = |source: &str, part: &str| {
        let answer = answer(&observation, source);
        assert!(answer.contains(part), "{answer}");
    };
    let levels = "more than 200 levels";
    refused(&format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)), levels);
    refused(&format!("a{}", ".a".repeat(5_000)), levels);
    refused(&format!("1{}", " + 1".repeat(5_000)), levels);
    refused(&format!("{}1", "-".repeat(5_000)), levels);
    refused(&" ".repeat(100_000), "longer than 65536 bytes");
    let thirty = (0..30).map(|n| n.to_string()).collect::<Vec<_>>().join("|");
    refused(&format!("({thirty}).aggregate($total & $total, 'ab')"), "longer than");
    let nested = format!("({thirty}).all(").repeat(6) + "true" + &")".repeat(6);
    refused(&nested, "steps");
    refused("'a'.replaceMatches('a{1000}{1000}', 'b')", "regular expression");
}

/// The deepest expressions that are read are also evaluated, on the stack of an ordinary thread.
#[test]
fn the_deepest_expressions_are_evaluated() {
    let observation = resource(OBSERVATION);
    let nested = |before: &str, inner: &str, after: &str| {
        let levels = 190;
        answer(&observation, &format!("{}{inner}{}", before.repeat(levels), after.repeat(levels)))
    };
    assert_eq!(nested("iif(true, ", "1", ")"), "1");
    assert_eq!(nested("", "1", ".select($this + 1)").parse::<i64>().ok(), Some(191));
    assert!(nested("status.where(", "true", ").exists()").contains("more than 200 levels"));
    assert_eq!(nested("%resource.select(", "1", ")"), "1");
    assert_eq!(nested("", "1", " + 1"), "191");
    assert_eq!(nested("", "%resource", ".where(true)"), "<Observation>");
}

/// Words that expressions are made of.
const WORDS: [&str; 64] = [
    "(",
    ")",
    "[",
    "]",
    "{}",
    ".",
    ",",
    "+",
    "-",
    "*",
    "/",
    "&",
    "|",
    "=",
    "~",
    "!=",
    "!~",
    "<",
    ">=",
    "%resource",
    "%x",
    "$this",
    "$index",
    "$total",
    " and ",
    " or ",
    " implies ",
    " xor ",
    " in ",
    " contains ",
    " is ",
    " as ",
    " div ",
    " mod ",
    "code",
    "coding",
    "value",
    "component",
    "Observation",
    "Quantity",
    "System.String",
    "1",
    "0",
    "-1",
    "2.50",
    "9223372036854775807",
    "'a'",
    "''",
    "'2020-02-29'",
    "4 days",
    "3 'mg'",
    "@2020-02-29",
    "@2020-02-29T10:00:00.5Z",
    "@T23:59",
    "where(",
    "select(",
    "exists(",
    "repeat(",
    "substring(",
    "toString()",
    "lowBoundary()",
    "first()",
    "power(",
    "sort(",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_panics(words in prop::collection::vec(0..WORDS.len(), 1..14)) {
        let source: String = words.iter().map(|word| WORDS[*word]).collect();
        let observation = resource(OBSERVATION);
        answer(&observation, &source);
        if let Ok(expression) = Expression::compile(&source) {
            let _ = expression.check(observation.root().type_id());
            let _ = expression.evaluate_on(&Context::empty(NOW), &[]);
        }
    }

    #[test]
    fn no_text_panics(source in "[ -~\\n`æ]{0,40}") {
        answer(&resource(OBSERVATION), &source);
    }

    #[test]
    fn every_function_takes_every_input(
        name in 0..FUNCTIONS.len(),
        input in 0..INPUTS.len(),
        argument in 0..INPUTS.len(),
    ) {
        let observation = resource(OBSERVATION);
        let (name, input, argument) = (FUNCTIONS[name], INPUTS[input], INPUTS[argument]);
        answer(&observation, &format!("({input}).{name}()"));
        answer(&observation, &format!("({input}).{name}({argument})"));
        answer(&observation, &format!("({input}).{name}({argument}, {input})"));
    }
}

const FUNCTIONS: [&str; 46] = [
    "all",
    "allTrue",
    "subsetOf",
    "distinct",
    "not",
    "where",
    "single",
    "skip",
    "take",
    "intersect",
    "exclude",
    "union",
    "iif",
    "toBoolean",
    "toInteger",
    "toDecimal",
    "toDate",
    "toDateTime",
    "toTime",
    "toQuantity",
    "indexOf",
    "substring",
    "startsWith",
    "upper",
    "replace",
    "matches",
    "replaceMatches",
    "length",
    "split",
    "join",
    "encode",
    "decode",
    "escape",
    "unescape",
    "abs",
    "ceiling",
    "exp",
    "ln",
    "log",
    "power",
    "round",
    "sqrt",
    "truncate",
    "lowBoundary",
    "highBoundary",
    "comparable",
];

const INPUTS: [&str; 18] = [
    "{}",
    "true",
    "1",
    "-9223372036854775807",
    "0.000000001",
    "99999999999999999999.5",
    "'abæ'",
    "'base64'",
    "@2020-02-29",
    "@0001-01-01",
    "@9999-12-31T23:59:59.999Z",
    "@T23:59:59",
    "4 years",
    "2 'mg'",
    "1|2|3",
    "%resource",
    "%resource.code",
    "%resource.value",
];
