//! Organisations, locations, services, practitioners and their roles as resources: what every
//! chart refers to, and therefore loaded first.
//!
//! Profiles: <https://simplifier.net/hl7norwayno-basis>.

use super::calendar::Day;
use super::free_times;
use super::organisations::{Job, Organisation, Profession, Service, Town, Worker};
use super::places::phone_json;
use super::resources::hl7;
use super::ward;
use super::write::{Entry, Json, object};
use akson_base::identifiers;

/// Akson's own code system of jobs, for those that HPR has no category for.
const JOBS: &str = "https://akson.no/fhir/CodeSystem/role";

/// One transaction per organisation, parents first.
pub(crate) fn bundles(town: &Town, today: Day) -> Vec<Vec<Entry>> {
    town.organisations.iter().map(|organisation| bundle(town, organisation, today)).collect()
}

fn bundle(town: &Town, organisation: &Organisation, today: Day) -> Vec<Entry> {
    let mut entries = vec![organisation_entry(town, organisation), location(organisation)];
    if organisation.service == Service::NursingHome {
        entries.extend(wards(organisation));
    }
    if !organisation.staff.is_empty() {
        entries.push(healthcare_service(organisation));
    }
    for worker in organisation.staff.iter().chain(&organisation.others) {
        entries.push(practitioner(worker));
        entries.push(role(organisation, worker, "rolle"));
        let also = worker.also.and_then(|service| town.organisation(service));
        entries.extend(also.map(|second| role(second, worker, "birolle")));
    }
    entries.extend(free_times::entries(organisation, today));
    entries
}

/// A literal reference with what to show for it.
pub(crate) fn reference(kind: &str, id: &str, display: &str) -> Json {
    object! { "reference": format!("{kind}/{id}"), "display": display.to_owned() }
}

/// What kind of service this is, in words and in the municipal list 8663 or the hospital's 8655.
fn kind_of(service: Service) -> (&'static str, &'static str) {
    match service {
        Service::Municipality => ("govt", "Kommune"),
        Service::Office(_) => ("prov", "Fastlegekontor"),
        Service::OutOfHours => ("prov", "Legevakt"),
        Service::HomeCare(_) => ("prov", "Hjemmesykepleie"),
        Service::NursingHome => ("prov", "Sykehjem"),
        Service::HealthStation => ("prov", "Helsestasjon- og skolehelsetjeneste"),
        Service::MentalHealth => ("prov", "Psykisk helse- og rustjeneste"),
        Service::Physiotherapy => ("prov", "Fysioterapitjeneste"),
        Service::Allocation => ("govt", "Tildelingskontor"),
        Service::Dental => ("prov", "Tannhelsetjeneste"),
        Service::Hospital => ("prov", "Sykehus"),
        Service::Medicine => ("dept", "Indremedisin"),
        Service::Lung => ("dept", "Lungesykdommer"),
        Service::Surgery => ("dept", "Kirurgi og ortopedi"),
        Service::Maternity => ("dept", "Fødselshjelp og kvinnesykdommer"),
        Service::Children => ("dept", "Barnesykdommer"),
        Service::Psychiatry => ("dept", "Psykisk helsevern for voksne"),
        Service::Oncology => ("dept", "Onkologi"),
        Service::Eye => ("dept", "Øyesykdommer"),
        Service::Radiology => ("dept", "Radiologi"),
    }
}

fn organisation_entry(town: &Town, organisation: &Organisation) -> Entry {
    let (code, words) = kind_of(organisation.service);
    let parent = organisation.parent.and_then(|service| town.organisation(service));
    Entry {
        kind: "Organization",
        id: organisation.id.clone(),
        members: object! {
            "identifier": [object! {
                "system": identifiers::ORGANISATION,
                "value": &organisation.number,
            }],
            "active": true,
            "type": [object! {
                "coding": [object! {
                    "system": "http://terminology.hl7.org/CodeSystem/organization-type",
                    "code": code,
                }],
                "text": words,
            }],
            "name": organisation.name,
            "telecom": [phone_json(&organisation.phone, "work")],
            "address": [organisation.address.json("work")],
            "partOf": parent.map(|parent| reference("Organization", &parent.id, parent.name)),
        },
    }
}

/// Id of the place where an organisation works.
pub(crate) fn location_id(organisation: &Organisation) -> String {
    organisation.id.replace("virksomhet", "sted")
}

fn location(organisation: &Organisation) -> Entry {
    Entry {
        kind: "Location",
        id: location_id(organisation),
        members: object! {
            "status": "active",
            "name": organisation.name,
            "mode": "instance",
            "telecom": [phone_json(&organisation.phone, "work")],
            "address": organisation.address.json("work"),
            "managingOrganization":
                reference("Organization", &organisation.id, organisation.name),
        },
    }
}

/// Id of a ward of the nursing home.
pub(crate) fn ward_id(home: &Organisation, ward: usize) -> String {
    format!("{}-{}", location_id(home), ward + 2)
}

/// Id of a room of a ward.
pub(crate) fn room_id(home: &Organisation, number_of_ward: usize, number: usize) -> String {
    format!("{}-{}", location_id(home), ward::room(number_of_ward, number))
}

/// The wards of the nursing home and their rooms.
fn wards(home: &Organisation) -> Vec<Entry> {
    let place = |id: String, name: String, form: &'static str, part_of: String| Entry {
        kind: "Location",
        id,
        members: object! {
            "status": "active",
            "name": name,
            "mode": "instance",
            "physicalType":
                hl7("http://terminology.hl7.org/CodeSystem/location-physical-type", form),
            "managingOrganization": reference("Organization", &home.id, home.name),
            "partOf": object! { "reference": format!("Location/{part_of}") },
        },
    };
    let mut entries = Vec::new();
    for (number, name) in ward::WARDS.into_iter().enumerate() {
        let own = ward_id(home, number);
        entries.push(place(own.clone(), name.to_owned(), "wa", location_id(home)));
        entries.extend((0..ward::BEDS).map(|bed| {
            place(room_id(home, number, bed), ward::room(number, bed), "ro", own.clone())
        }));
    }
    entries
}

fn healthcare_service(organisation: &Organisation) -> Entry {
    let (_, words) = kind_of(organisation.service);
    Entry {
        kind: "HealthcareService",
        id: organisation.id.replace("virksomhet", "tjeneste"),
        members: object! {
            "active": true,
            "providedBy": reference("Organization", &organisation.id, organisation.name),
            "type": [object! { "text": words }],
            "location": [reference("Location", &location_id(organisation), organisation.name)],
            "name": format!("{words}, {}", organisation.name),
            "telecom": [phone_json(&organisation.phone, "work")],
        },
    }
}

fn practitioner(worker: &Worker) -> Entry {
    let (system, value) = match &worker.hpr {
        Some(hpr) => (identifiers::HPR, hpr),
        None => (identifiers::FNR, &worker.number),
    };
    let qualification =
        worker.profession.map(|profession| vec![object! { "code": profession_json(profession) }]);
    Entry {
        kind: "Practitioner",
        id: worker.id.clone(),
        members: object! {
            "identifier": [object! { "system": system, "value": value }],
            "active": true,
            "name": [object! {
                "use": "official",
                "text": worker.name(),
                "family": &worker.family,
                "given": worker.given.split(' ').map(|name| Json::from(name.to_owned()))
                    .collect::<Vec<_>>(),
            }],
            "gender": worker.sex.code(),
            "qualification": qualification,
        },
    }
}

fn profession_json(profession: Profession) -> Json {
    object! {
        "coding": [object! {
            "system": "urn:oid:2.16.578.1.12.4.1.1.9060",
            "code": profession.code,
            "display": profession.name,
        }],
        "text": profession.name,
    }
}

fn job_json(job: Job) -> Json {
    object! {
        "coding": [object! { "system": JOBS, "code": job.code, "display": job.name }],
        "text": job.name,
    }
}

fn role(organisation: &Organisation, worker: &Worker, word: &str) -> Entry {
    let service = organisation.id.replace("virksomhet", "tjeneste");
    let offers = !organisation.staff.is_empty();
    let code: Vec<Json> = worker
        .job
        .map(job_json)
        .into_iter()
        .chain(worker.profession.map(profession_json))
        .collect();
    Entry {
        kind: "PractitionerRole",
        id: worker.id.replace("helsepersonell", word),
        members: object! {
            "active": true,
            "period": worker.period.map(|(from, until)| {
                object! { "start": from.iso(), "end": until.iso() }
            }),
            "practitioner": reference("Practitioner", &worker.id, &worker.name()),
            "organization": reference("Organization", &organisation.id, organisation.name),
            "code": code,
            "location": [reference("Location", &location_id(organisation), organisation.name)],
            "healthcareService": offers.then(|| vec![
                reference("HealthcareService", &service, kind_of(organisation.service).1),
            ]),
            "telecom": [phone_json(&organisation.phone, "work")],
        },
    }
}
