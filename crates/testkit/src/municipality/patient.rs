//! The person as resources: Patient and next of kin.
//!
//! Profiles: no-basis-Patient, no-basis-RelatedPerson
//! (<https://simplifier.net/hl7norwayno-basis>).

use super::calendar::Day;
use super::chart::Chart;
use super::directory::reference;
use super::organisations::Service;
use super::people::{Civil, Kin, Kinship, Representative};
use super::places::phone_json;
use super::write::{Json, object};
use akson_base::identifiers;

/// Add the Patient and the next of kin.
pub(crate) fn write(chart: &mut Chart<'_>) {
    let members = patient(chart);
    chart.push("Patient", chart.person.id.clone(), members);
    let person = chart.person;
    for (place, kin) in person.kin.iter().enumerate() {
        let id = chart.new_id();
        let members = related_person(chart.subject(), kin, place);
        chart.push("RelatedPerson", id, members);
    }
    for representative in &person.representatives {
        let id = chart.new_id();
        let since = chart.today.plus(-representative.since_days);
        let members = acting(chart.subject(), representative, since);
        chart.push("RelatedPerson", id, members);
    }
}

/// Somebody who may act for the patient from a day on, for three years.
fn acting(subject: Json, representative: &Representative, since: Day) -> Json {
    object! {
        "identifier": [official(&representative.number)],
        "active": true,
        "patient": subject,
        "relationship": [object! {
            "coding": [object! {
                "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
                "code": representative.code,
            }],
            "text": representative.word,
        }],
        "name": [object! {
            "use": "official",
            "family": &representative.family,
            "given": [Json::from(&representative.given)],
        }],
        "period": object! { "start": since.iso(), "end": since.plus_years(3).iso() },
    }
}

fn official(number: &String) -> Json {
    // A D-number's day is 40 too high.
    let is_temporary = number.starts_with(['4', '5', '6', '7']);
    let system = if is_temporary { identifiers::DNR } else { identifiers::FNR };
    object! { "use": "official", "system": system, "value": number }
}

fn patient(chart: &Chart<'_>) -> Json {
    let person = chart.person;
    let (language, language_name) = person.culture.language();
    let resident = chart.health.nursing_home.filter(|begin| *begin <= chart.end);
    let home = resident.and_then(|_| chart.town.organisation(Service::NursingHome));
    let address = home.map_or(&person.address, |home| &home.address);
    let doctor = chart.doctor();
    object! {
        "meta": object! {
            "profile": [Json::from("http://hl7.no/fhir/StructureDefinition/no-basis-Patient")],
            "security": person.protected.then(|| vec![very_restricted()]),
        },
        "extension": person.interpreter.then(|| vec![object! {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
            "valueBoolean": true,
        }]),
        "identifier": [official(&person.number)],
        "active": true,
        "name": [object! {
            "use": "official",
            "family": &person.family,
            "given": person.given.split(' ').map(|name| Json::from(name.to_owned()))
                .collect::<Vec<_>>(),
        }],
        "telecom": person.phone.as_ref().map(|phone| vec![phone_json(phone, "mobile")]),
        "gender": person.sex.code(),
        "birthDate": person.born.iso(),
        "deceasedDateTime": chart.health.death.map(|day| day.iso()),
        "address": [if person.protected { hidden(address.json("home")) } else { address.json("home") }],
        "maritalStatus": marital_status(person.civil),
        "communication": [object! {
            "language": object! {
                "coding": [object! { "system": "urn:ietf:bcp:47", "code": language }],
                "text": language_name,
            },
            "preferred": true,
        }],
        "generalPractitioner": doctor
            .map(|(_, doctor)| vec![reference("Practitioner", &doctor.id, &doctor.name())]),
        "managingOrganization": doctor
            .map(|(office, _)| reference("Organization", &office.id, office.name)),
    }
}

/// The mark of an address that is strictly confidential (strengt fortrolig). Norway's base profiles
/// have none of their own; HL7's label for security is used.
fn very_restricted() -> Json {
    object! {
        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "code": "V",
        "display": "very restricted",
    }
}

/// An address with the mark on itself (FHIR Data Segmentation for Privacy).
fn hidden(address: Json) -> Json {
    let mark = object! {
        "url": "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label",
        "valueCoding": very_restricted(),
    };
    let Json::Object(mut members) = address else { return Json::Absent };
    members.insert(0, ("extension", vec![mark].into()));
    Json::Object(members)
}

fn marital_status(civil: Civil) -> Json {
    let (code, text) = match civil {
        Civil::Unmarried => ("S", "Ugift"),
        Civil::Married => ("M", "Gift"),
        Civil::Cohabiting => ("T", "Samboer"),
        Civil::Divorced => ("D", "Skilt"),
        Civil::Widowed => ("W", "Enke eller enkemann"),
    };
    let system = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
    object! { "coding": [object! { "system": system, "code": code }], "text": text }
}

fn related_person(subject: Json, kin: &Kin, place: usize) -> Json {
    let (code, text, gender) = match kin.kinship {
        Kinship::Spouse => ("SPS", "Ektefelle", None),
        Kinship::Partner => ("DOMPART", "Samboer", None),
        Kinship::Mother => ("MTH", "Mor", Some("female")),
        Kinship::Father => ("FTH", "Far", Some("male")),
        Kinship::Daughter => ("DAUC", "Datter", Some("female")),
        Kinship::Son => ("SONC", "Sønn", Some("male")),
        Kinship::Friend => ("FRND", "Venn", None),
    };
    let role = object! {
        "coding": [object! {
            "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
            "code": code,
        }],
        "text": text,
    };
    let first = object! {
        "coding": [object! {
            "system": "http://terminology.hl7.org/CodeSystem/v2-0131",
            "code": "N",
            "display": "Next-of-Kin",
        }],
        "text": "Nærmeste pårørende",
    };
    let relationships = if place == 0 { vec![role, first] } else { vec![role] };
    object! {
        "identifier": kin.number.as_ref().map(|number| vec![official(number)]),
        "active": true,
        "patient": subject,
        "relationship": relationships,
        "name": [object! {
            "use": "official",
            "family": &kin.family,
            "given": [Json::from(&kin.given)],
        }],
        "telecom": (!kin.phone.is_empty()).then(|| vec![phone_json(&kin.phone, "mobile")]),
        "gender": gender,
    }
}
