//! What users ask, on a few people, as a table: search and who is found.

use akson_base::Kind;
use serde_json::{Value, json};

use super::world::World;

fn patient(id: &str, given: &str, family: &str, gender: &str, birth: &str, more: Value) -> Value {
    let mut patient = json!({
        "resourceType": "Patient",
        "id": id,
        "name": [{ "given": [given], "family": family }],
        "gender": gender,
        "birthDate": birth,
    });
    patient.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    patient
}

fn observation(id: &str, patient: &str, code: &str, date: &str, more: Value) -> Value {
    let mut observation = json!({
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "subject": { "reference": format!("Patient/{patient}") },
        "code": { "coding": [{ "system": "http://loinc.org", "code": code }] },
        "effectiveDateTime": date,
    });
    observation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    observation
}

fn quantity(value: f64, unit: &str) -> Value {
    json!({ "valueQuantity": {
        "value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit,
    }})
}

fn people() -> Vec<Value> {
    let gp = json!({
        "generalPractitioner": [{ "reference": "Practitioner/dr" }],
        "managingOrganization": { "reference": "Organization/west" },
        "identifier": [{ "system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "13870599999" }],
        "active": true,
    });
    let address = json!({
        "address": [{ "line": ["Åsveien 3"], "city": "Ås", "postalCode": "1430" }],
        "telecom": [{ "system": "phone", "value": "99 88 77 66" }],
        "meta": { "tag": [{ "system": "urn:t", "code": "demo" }], "source": "http://gp/1",
            "profile": ["http://hl7.no/fhir/StructureDefinition/no-basis-Patient"] },
    });
    let other = json!({
        "identifier": [{ "value": "X-1" }],
        "managingOrganization": { "reference": "Organization/east" },
        "link": [{ "other": { "reference": "Patient/kari" }, "type": "seealso" }],
    });
    vec![
        patient("kari", "Kari", "Nordmann", "female", "1970-05-13", gp),
        patient("ase", "Åse", "Lund-O'Hara", "female", "1950", address),
        patient("ola", "Ola", "Nordlie", "male", "1970-05", other),
        json!({ "resourceType": "Practitioner", "id": "dr", "name": [{ "family": "Legesen" }] }),
        json!({ "resourceType": "Organization", "id": "west", "name": "Vestre legesenter",
            "partOf": { "reference": "Organization/top" } }),
        json!({ "resourceType": "Organization", "id": "east", "name": "Østre legesenter" }),
        json!({ "resourceType": "Organization", "id": "top", "name": "Kommunen" }),
        observation("w1", "kari", "29463-7", "2024-01-10T10:00:00+01:00", quantity(70.0, "kg")),
        observation("w2", "kari", "29463-7", "2024-03-10", quantity(72.5, "kg")),
        observation("w3", "ola", "29463-7", "2023-12", quantity(88.0, "kg")),
        observation(
            "bp",
            "kari",
            "85354-9",
            "2024-01-10",
            json!({
                "component": [
                    { "code": { "coding": [{ "system": "http://loinc.org", "code": "8480-6" }] },
                      "valueQuantity": { "value": 142, "unit": "mmHg" } },
                    { "code": { "coding": [{ "system": "http://loinc.org", "code": "8462-4" }] },
                      "valueQuantity": { "value": 88, "unit": "mmHg" } },
                ],
                "performer": [{ "reference": "Practitioner/dr" }],
                "category": [{ "coding": [{ "code": "vital-signs" }] }],
            }),
        ),
        json!({ "resourceType": "Observation", "id": "free", "status": "preliminary",
            "code": { "text": "noe annet" },
            "subject": { "identifier": { "system": "urn:x", "value": "17" } },
            "effectivePeriod": { "start": "2024-01-01" } }),
        json!({ "resourceType": "ValueSet", "id": "vs", "status": "active",
            "url": "http://akson.no/fhir/ValueSet/a" }),
        json!({ "resourceType": "RiskAssessment", "id": "risk", "status": "final",
            "subject": { "reference": "Patient/ola" },
            "prediction": [{ "probabilityDecimal": 0.50 }, { "probabilityDecimal": 0.25 }] }),
        json!({ "resourceType": "DetectedIssue", "id": "known", "status": "final" }),
        json!({ "resourceType": "DetectedIssue", "id": "met", "status": "mitigated" }),
        json!({ "resourceType": "Provenance", "id": "prov", "recorded": "2024-01-10T10:00:00Z",
            "target": [{ "reference": "Observation/w1" }, { "reference": "Observation/bp/_history/1" }],
            "agent": [{ "who": { "reference": "Practitioner/dr" } }] }),
    ]
}

const FOUND: &[(&str, &str)] = &[
    ("Patient", "ase kari ola"),
    // Strings.
    ("Patient?name=nord", "kari ola"),
    ("Patient?family=NORDMANN", "kari"),
    ("Patient?name=mann", ""),
    ("Patient?name:contains=mann", "kari"),
    ("Patient?name=ase", "ase"),
    ("Patient?name=%C3%85se", "ase"),
    ("Patient?name:exact=ase", ""),
    ("Patient?name:exact=%C3%85se", "ase"),
    ("Patient?family=lund+ohara", "ase"),
    ("Patient?name=kari+nord", "kari"),
    ("Patient?name=kari&name=nord", "kari"),
    ("Patient?name=kari,ola", "kari ola"),
    ("Patient?address=1430", "ase"),
    ("Organization?name:contains=lege", "east west"),
    // Tokens.
    ("Patient?gender=female", "ase kari"),
    ("Patient?gender:not=female", "ola"),
    // A code has the system of the value set that it is bound to.
    ("Patient?gender=http://hl7.org/fhir/administrative-gender|female", "ase kari"),
    ("Patient?gender=http://hl7.org/fhir/administrative-gender|", "ase kari ola"),
    ("Patient?gender=http://hl7.org/fhir/other|female", ""),
    ("Patient?gender=|female", ""),
    ("Patient?gender:not=http://hl7.org/fhir/administrative-gender|female", "ola"),
    ("Patient?gender:not=|female", "ase kari ola"),
    ("Observation?status=http://hl7.org/fhir/observation-status|preliminary", "free"),
    ("Observation?patient.gender=http://hl7.org/fhir/administrative-gender|male", "w3"),
    (
        "Patient?_has:Observation:patient:status=http://hl7.org/fhir/observation-status|final",
        "kari ola",
    ),
    ("Patient?_has:Observation:patient:status=|final", ""),
    // A value set of two systems: each code has its own.
    ("DetectedIssue?status=http://hl7.org/fhir/observation-status|final", "known"),
    ("DetectedIssue?status=http://hl7.org/fhir/detectedissue-status|mitigated", "met"),
    ("DetectedIssue?status=http://hl7.org/fhir/detectedissue-status|final", ""),
    ("DetectedIssue?status=http://hl7.org/fhir/observation-status|", "known"),
    ("Patient?active=true", "kari"),
    ("Patient?active=|true", "kari"),
    ("Patient?active:missing=true", "ase ola"),
    ("Patient?active:missing=false", "kari"),
    ("Patient?identifier=13870599999", "kari"),
    ("Patient?identifier=urn:oid:2.16.578.1.12.4.1.4.1|13870599999", "kari"),
    ("Patient?identifier=urn:oid:2.16.578.1.12.4.1.4.1|", "kari"),
    ("Patient?identifier=|X-1", "ola"),
    ("Patient?identifier=|13870599999", ""),
    ("Patient?phone=99+88+77+66", "ase"),
    ("Observation?code=http://loinc.org|29463-7", "w1 w2 w3"),
    ("Observation?code=29463-7,85354-9&status=final", "bp w1 w2 w3"),
    ("Observation?code:not=29463-7", "bp free"),
    ("Observation?combo-code=8480-6", "bp"),
    ("Observation?code:missing=true", ""),
    // Dates.
    ("Patient?birthdate=1970-05-13", "kari"),
    ("Patient?birthdate=1970", "kari ola"),
    ("Patient?birthdate=1970-05", "kari ola"),
    ("Patient?birthdate=lt1970", "ase"),
    ("Patient?birthdate=ge1950-06&birthdate=lt1971", "ase kari ola"),
    ("Observation?date=2024-01-10", "bp w1"),
    ("Observation?date=ge2024", "bp free w1 w2"),
    ("Observation?date=gt2024-02", "free w2"),
    ("Observation?date=sa2024-01-31", "w2"),
    ("Observation?date=eb2024-01-10", "w3"),
    ("Observation?date=ne2024-01-10", "free w2 w3"),
    ("Observation?date=ap2024-03-08", "free w2"),
    ("Observation?date=2024-01-10T10:00:00%2B01:00", "w1"),
    ("Observation?date=2024-01-10T09:00:00Z", "w1"),
    // Numbers and quantities.
    ("RiskAssessment?probability=0.5", "risk"),
    ("RiskAssessment?probability=gt0.5", ""),
    ("RiskAssessment?probability=lt0.3", "risk"),
    ("Observation?value-quantity=70", "w1"),
    ("Observation?value-quantity=72", ""),
    ("Observation?value-quantity=72.5||kg", "w2"),
    ("Observation?value-quantity=gt70|http://unitsofmeasure.org|kg", "w2 w3"),
    ("Observation?value-quantity=gt70||g", ""),
    ("Observation?value-quantity=70|http://unitsofmeasure.org|kg", "w1"),
    ("Observation?value-quantity=70|http://unitsofmeasure.org|g", ""),
    ("Observation?value-quantity=70|urn:other|kg", ""),
    ("Observation?value-quantity=ap75", "w1 w2"),
    ("Observation?combo-value-quantity=ge88", "bp w3"),
    ("Observation?component-value-quantity=142||mmHg", "bp"),
    // Composites.
    ("Observation?code-value-quantity=29463-7$gt71", "w2 w3"),
    ("Observation?component-code-value-quantity=8480-6$gt140", "bp"),
    ("Observation?component-code-value-quantity=8462-4$gt140", ""),
    ("Observation?combo-code-value-quantity=8462-4$lt90,29463-7$lt71", "bp w1"),
    // References.
    ("Observation?subject=Patient/kari", "bp w1 w2"),
    ("Observation?subject=kari", "bp w1 w2"),
    ("Observation?patient=ola", "w3"),
    ("Observation?patient=Patient/ola", "w3"),
    ("Observation?subject=http://localhost/fhir/Patient/ola", "w3"),
    ("Observation?subject=http://other/fhir/Patient/ola", ""),
    ("Observation?subject:Patient=ola,kari", "bp w1 w2 w3"),
    ("Observation?subject:Group=ola", ""),
    ("Observation?subject:identifier=urn:x|17", "free"),
    ("Observation?subject:missing=true", ""),
    ("Observation?patient:missing=true", "free"),
    ("Patient?link=Patient/kari", "ola"),
    ("Observation?performer=dr", "bp"),
    ("Provenance?target=Observation/bp", "prov"),
    ("Provenance?target=Observation/bp/_history/1", "prov"),
    ("Provenance?target=Observation/bp/_history/2", ""),
    // Uris.
    ("ValueSet?url=http://akson.no/fhir/ValueSet/a", "vs"),
    ("ValueSet?url=http://akson.no/fhir/ValueSet", ""),
    ("ValueSet?url:below=http://akson.no/fhir", "vs"),
    ("ValueSet?url:below=http://akson.no/fh", ""),
    ("ValueSet?url:above=http://akson.no/fhir/ValueSet/a/b/c", "vs"),
    ("ValueSet?url:above=http://akson.no/fhir/ValueSet/ab", ""),
    // Chains.
    ("Observation?subject:Patient.name=ola", "w3"),
    ("Observation?patient.name=nord&code=29463-7", "w1 w2 w3"),
    ("Observation?subject:Patient.organization.name=vestre", "bp w1 w2"),
    ("Observation?patient.organization.partof.name=kommunen", "bp w1 w2"),
    ("Patient?general-practitioner:Practitioner.family=legesen", "kari"),
    ("Patient?_has:Observation:patient:code=85354-9", "kari"),
    ("Patient?_has:Observation:subject:value-quantity=gt80", "ola"),
    ("Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:status=final", "dr"),
    ("Organization?_has:Patient:organization:name=kari", "west"),
    ("Observation?_has:Provenance:target:agent=Practitioner/dr", "bp w1"),
    // What every resource has.
    ("Patient?_id=ola,kari", "kari ola"),
    ("Patient?_id:not=ola", "ase kari"),
    ("Patient?_id=nobody", ""),
    ("Patient?_tag=urn:t|demo", "ase"),
    ("Patient?_source=http://gp/1", "ase"),
    ("Patient?_profile=http://hl7.no/fhir/StructureDefinition/no-basis-Patient", "ase"),
    ("Patient?_lastUpdated=2024-06-01", "ase kari ola"),
    ("Patient?_lastUpdated=lt2024-06-01", ""),
    ("Patient?_lastUpdated=ge2024-06-01&name=ola", "ola"),
    // Compartments, several types.
    ("Patient/kari/Observation", "bp w1 w2"),
    ("Patient/kari/Observation?code=85354-9", "bp"),
    ("Patient/ola/*?_type=Observation,RiskAssessment", "risk w3"),
    ("Practitioner/dr/Observation", "bp"),
    ("Patient/kari/Patient", "kari"),
    ("Patient/kari/ValueSet", ""),
    ("?_type=Patient,Organization&_id=west,ola", "ola west"),
    ("?_tag=demo", "ase"),
];

#[test]
fn golden_table_of_searches_and_what_they_find() {
    let world = World::with(&people());
    for (path, expected) in FOUND {
        assert_eq!(world.set(path), *expected, "{path}");
    }
}

/// The unit is told by system and code, or by what it is called.
#[test]
fn golden_table_of_units() {
    let measured = |id: &str, quantity: Value| {
        json!({ "resourceType": "Observation", "id": id, "status": "final",
            "code": { "text": "glukose" }, "valueQuantity": quantity })
    };
    let ucum = "http://unitsofmeasure.org";
    let world = World::with(&[
        measured(
            "full",
            json!({ "value": 5.40, "unit": "millimol per liter",
            "system": ucum, "code": "mmol/L" }),
        ),
        measured(
            "same",
            json!({ "value": 5.4, "unit": "mmol/L", "system": ucum, "code": "mmol/L" }),
        ),
        measured("text", json!({ "value": 5.4, "unit": "mmol/L" })),
        measured("other", json!({ "value": 5.4, "system": "urn:other", "code": "mmol/L" })),
        measured(
            "swapped",
            json!({ "value": 5.4, "unit": "mmol/L", "system": ucum, "code": "mg" }),
        ),
        measured("low", json!({ "value": 5.34, "system": ucum, "code": "mmol/L" })),
        measured("bare", json!({ "value": 5.4 })),
    ]);
    let cases = [
        ("5.4|http://unitsofmeasure.org|mmol/L", "full same"),
        ("5.4||mmol/L", "full other same swapped text"),
        ("5.4||millimol+per+liter", "full"),
        ("5.4|http://unitsofmeasure.org|millimol+per+liter", ""),
        ("5.4|http://unitsofmeasure.org|mg", "swapped"),
        ("5.4||mg", "swapped"),
        ("5.4|http://unitsofmeasure.org|", "full same swapped"),
        ("5.4", "bare full other same swapped text"),
        ("5.4||", "bare full other same swapped text"),
        ("lt5.4|http://unitsofmeasure.org|mmol/L", "low"),
        ("le5.4||mmol/L", "full low other same swapped text"),
        ("ne5.4|http://unitsofmeasure.org|mmol/L", "low"),
        ("ap5.0||mmol/L", "full low other same swapped text"),
        ("gt5.4||mmol/L", ""),
        ("5.4||mg,5.4|urn:other|mmol/L", "other swapped"),
        ("5.4||mmol/L,5.4|http://unitsofmeasure.org|mg,5.34", "full low other same swapped text"),
    ];
    for (value, expected) in cases {
        assert_eq!(world.set(&format!("Observation?value-quantity={value}")), expected, "{value}");
    }
}

#[test]
fn golden_table_of_orders() {
    let world = World::with(&people());
    let cases = [
        ("Patient?_sort=family", "ase ola kari"),
        ("Patient?_sort=-family", "kari ola ase"),
        ("Patient?_sort=birthdate", "ase ola kari"),
        ("Patient?_sort=gender,-birthdate", "kari ase ola"),
        ("Patient?_sort=-_id", "ola kari ase"),
        ("Patient?active=true,false&_sort=name", "kari"),
        ("Observation?_sort=-date", "w2 w1 bp free w3"),
        ("Observation?_sort=value-quantity", "w1 w2 w3 free bp"),
        ("Observation?_sort=-value-quantity", "w3 w2 w1 free bp"),
        ("Observation?patient=kari&_sort=date", "bp w1 w2"),
        ("Observation?code=29463-7&_sort=-value-quantity&_count=2", "w3 w2"),
        ("Patient?_sort=active,_id", "kari ase ola"),
    ];
    for (path, expected) in cases {
        assert_eq!(world.ids(path), expected, "{path}");
    }
}

#[test]
fn includes_bring_what_is_referred_to_once() {
    let world = World::with(&people());
    let cases = [
        ("Observation?_id=w1&_include=Observation:subject", "Patient/kari"),
        ("Observation?patient=kari&_include=Observation:patient", "Patient/kari"),
        ("Observation?_id=bp&_include=Observation:performer:Practitioner", "Practitioner/dr"),
        ("Observation?_id=bp&_include=Observation:performer:Patient", ""),
        ("Observation?_id=bp&_include=Observation:*", "Patient/kari Practitioner/dr"),
        ("Observation?_id=bp&_include=*", "Patient/kari Practitioner/dr"),
        (
            "Observation?_id=w1&_include=Observation:subject&_include=Patient:organization",
            "Patient/kari",
        ),
        (
            "Observation?_id=w1&_include=Observation:subject&_include:iterate=Patient:organization\
            &_include:iterate=Organization:partof",
            "Organization/top Organization/west Patient/kari",
        ),
        (
            "Patient?_id=kari&_revinclude=Observation:patient",
            "Observation/bp Observation/w1 Observation/w2",
        ),
        ("Patient?_id=kari&_revinclude=Patient:link", "Patient/ola"),
        ("Observation?_id=w1&_revinclude=Provenance:target", "Provenance/prov"),
        (
            "Patient?_id=kari&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target",
            "Observation/bp Observation/w1 Observation/w2 Provenance/prov",
        ),
        ("Observation?_id=w3&_include=Observation:encounter", ""),
    ];
    for (path, expected) in cases {
        let found = world.search(path).unwrap();
        let mut ids: Vec<_> = found.included.iter().map(|key| world.id(*key)).collect();
        ids.sort();
        assert_eq!(ids.join(" "), expected, "{path}");
    }
}

const REFUSED: &[(&str, Kind, &str)] = &[
    (
        "Patient?strict&birthdat=1970",
        Kind::Invalid,
        "SEA-005 Patient has no search parameter \"birthdat\". Did you mean \"birthdate\"?",
    ),
    (
        "Patient?birthdate=13.05.1970",
        Kind::Invalid,
        "SEA-003 The value of \"birthdate\" is not right: it should be a date such as 2024, \
             2024-05, 2024-05-17 or 2024-05-17T10:00:00+02:00, after a prefix (eq, ne, gt, lt, ge, \
             le, sa, eb, ap) if wanted.",
    ),
    (
        "Observation?value-quantity=heavy",
        Kind::Invalid,
        "SEA-003 The value of \"value-quantity\" is not right: it should be a number of at most \
             30 digits such as 5.4 or 1e3, after a prefix (eq, ne, gt, lt, ge, le, sa, eb, ap) if \
             wanted.",
    ),
    (
        "Observation?value-quantity=5|mg",
        Kind::Invalid,
        "SEA-003 The value of \"value-quantity\" is not right: it should be number, \
             number|system|code or number||unit.",
    ),
    (
        "Patient?identifier=a|b|c",
        Kind::Invalid,
        "SEA-003 The value of \"identifier\" is not right: it should be code, system|code, \
             |code or system|.",
    ),
    (
        "Patient?organization=not+an+id",
        Kind::Invalid,
        "SEA-003 The value of \"organization\" is not right: it should be an id, Type/id or an \
             absolute url.",
    ),
    (
        "Patient?gender:exact=male",
        Kind::Unsupported,
        "SEA-011 \"gender:exact\": the modifier \":exact\" is not supported here; :not and \
             :missing are.",
    ),
    (
        "Patient?gender:text=male",
        Kind::Unsupported,
        "SEA-011 \"gender:text\": the modifier \":text\" is not supported here; :not and \
             :missing are.",
    ),
    (
        "Patient?name:begins=a",
        Kind::Invalid,
        "SEA-011 \"name:begins\": the modifier \":begins\" is unknown here; :exact, :contains \
             and :missing are.",
    ),
    (
        "Patient?gender:missing=yes",
        Kind::Invalid,
        "SEA-003 The value of \"gender:missing\" is not right: it should be true or false.",
    ),
    (
        "Observation?code.name=x",
        Kind::Invalid,
        "SEA-009 \"code\" is not a reference and cannot be chained.",
    ),
    (
        "Observation?subject:Organization.name=x",
        Kind::Invalid,
        "SEA-009 \"subject\" never refers to Organization.",
    ),
    (
        "Observation?code-value-quantity=29463-7",
        Kind::Invalid,
        "SEA-003 The value of \"code-value-quantity\" is not right: it should be 2 values with \
             $ between them.",
    ),
    (
        "Patient?_has:Observation=1",
        Kind::Invalid,
        "SEA-010 \"_has\" should be _has:Type:reference-parameter:parameter=value.",
    ),
    (
        "Patient?_count=many",
        Kind::Invalid,
        "SEA-006 \"_count\" should be a whole number, 0 or more.",
    ),
    (
        "Patient?_cursor=abc",
        Kind::Invalid,
        "SEA-021 \"_cursor\" is not one that this server gave. Follow the links of a page as \
             they are, or search again from the start.",
    ),
    (
        "?_type=Pasient",
        Kind::Invalid,
        "SEA-004 There is no resource type \"Pasient\". Did you mean \"Patient\"?",
    ),
    (
        "Patient?name=%ff",
        Kind::Invalid,
        "SEA-001 The query cannot be read: the value of \"name\" is not percent-encoded UTF-8.",
    ),
];

#[test]
fn golden_table_of_refusals() {
    let world = World::new();
    for (path, kind, text) in REFUSED {
        let problem = world.search(path).unwrap_err();
        assert_eq!((problem.kind, problem.to_string().as_str()), (*kind, *text), "{path}");
    }
}

#[test]
fn what_is_ignored_is_told() {
    let world = World::new();
    let query = world
        .parse("Patient?birthdat=1970&name=&_sort=colour&_include=Patient:gp&family=x&_count=5")
        .unwrap();
    assert_eq!(
        query.warnings(),
        [
            "Patient has no search parameter \"birthdat\". Did you mean \"birthdate\"?",
            "\"name\" has no value and was ignored.",
            "Patient cannot be sorted by \"colour\": no such parameter.",
            "\"_include\": Patient has no reference parameter \"gp\".",
        ]
    );
    assert!(query.used.contains("family=x") && !query.used.contains("birthdat"), "{}", query.used);
    assert_eq!(query.count, 5);
}

#[test]
fn deleted_and_changed_resources_are_found_as_they_are_now() {
    let mut world = World::with(&people());
    world.clock.advance_milliseconds(86_400_000);
    world.delete("Patient", "ola");
    let renamed = patient("kari", "Kari", "Holm", "female", "1970-05-13", json!({}));
    world.put(&[renamed, observation("w2", "ase", "29463-7", "2024-03-10", quantity(1.0, "kg"))]);
    let cases = [
        ("Patient", "ase kari"),
        ("Patient?name=nord", ""),
        ("Patient?name=holm", "kari"),
        ("Patient?active:missing=false", ""),
        ("Observation?patient=kari", "bp w1"),
        ("Observation?patient=ase", "w2"),
        ("Observation?code=29463-7", "w1 w2 w3"),
        ("Observation?subject:Patient.name=holm", "bp w1"),
        ("Observation?subject:Patient.name=ola", ""),
        ("Patient?_lastUpdated=ge2024-06-02", "kari"),
        ("Patient?_lastUpdated=lt2024-06-02", "ase"),
        ("Observation?_lastUpdated=gt2024-06-01", "w2"),
        ("Patient?_id=ola", ""),
    ];
    for (path, expected) in cases {
        assert_eq!(world.set(path), expected, "{path}");
    }
    assert_eq!(world.ids("Patient?_sort=-_lastUpdated"), "kari ase");
    let found = world.search("Observation?_id=w3&_include=Observation:subject").unwrap();
    assert!(found.included.is_empty(), "a deleted patient is not included");
}

#[test]
fn totals_are_exact_when_asked_for_and_free_when_known() {
    let world = World::with(&people());
    let total = |path: &str| world.search(path).unwrap().total;
    assert_eq!(total("Observation?_count=2"), None);
    assert_eq!(total("Observation?_count=2&_total=accurate"), Some(5));
    assert_eq!(total("Observation?_count=20"), Some(5));
    assert_eq!(total("Observation?code=29463-7&_summary=count"), Some(3));
    assert_eq!(total("Observation?patient=kari&_count=0"), Some(3));
    assert_eq!(total("Observation?_sort=date,_id&_count=1"), Some(5));
}
