//! The person as resources: Patient and next of kin.
//!
//! Profiles: no-basis-Patient, no-basis-RelatedPerson
//! (<https://simplifier.net/hl7norwayno-basis>).

use super::chart::Chart;
use super::directory::reference;
use super::organisations::Service;
use super::people::{Civil, Kin, Kinship};
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
}

fn patient(chart: &Chart<'_>) -> Json {
    let person = chart.person;
    let system = if person.temporary_number { identifiers::DNR } else { identifiers::FNR };
    let (language, language_name) = person.culture.language();
    let resident = chart.health.nursing_home.filter(|begin| *begin <= chart.end);
    let home = resident.and_then(|_| chart.town.organisation(Service::NursingHome));
    let address = home.map_or(&person.address, |home| &home.address);
    let doctor = chart.doctor();
    object! {
        "meta": object! { "profile": [Json::from(
            "http://hl7.no/fhir/StructureDefinition/no-basis-Patient",
        )] },
        "extension": person.interpreter.then(|| vec![object! {
            "url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
            "valueBoolean": true,
        }]),
        "identifier": [object! {
            "use": "official",
            "system": system,
            "value": &person.number,
        }],
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
        "address": [address.json("home")],
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
