//! What some patients have asked for: that a person, an organisation, or everybody is kept out of the
//! journal or of a part of it. Written as Consent.
//!
//! Law: pasient- og brukerrettighetsloven § 5-3, pasientjournalloven § 17.
//! Standard: <https://hl7.org/fhir/R4/consent.html>.

use super::chart::{Chart, Label};
use super::directory::reference;
use super::organisations::Service;
use super::personas::Persona;
use super::resources::{coding, hl7, reference_to};
use super::write::{Json, object};

/// HL7's code system of acts, whose information sensitivity policies mark what is delicate.
pub(crate) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// Days before today on which a wish was given.
const GIVEN_DAYS_AGO: i32 = 12;

/// The wish of this person, if the story has one.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let provision = match chart.person.persona {
        Some(Persona::Healthy) => person(chart),
        Some(Persona::Cancer) => organisation(chart),
        Some(Persona::TypeOne) => contact(chart),
        Some(Persona::Psychosis) => Some(object! { "securityLabel": [Label::Psychiatry.json()] }),
        Some(Persona::Closed) => Some(object! {}),
        Some(
            Persona::Frail
            | Persona::Expecting
            | Persona::Toddler
            | Persona::Resident
            | Persona::Confiding,
        )
        | None => None,
    };
    if let Some(Json::Object(provision)) = provision {
        consent(chart, provision);
    }
}

/// The one at the general practitioner's desk is a neighbour.
fn person(chart: &Chart<'_>) -> Option<Json> {
    let office = chart.town.organisation(chart.office())?;
    let neighbour = office.others.first()?;
    Some(object! { "actor": [barred("Practitioner", &neighbour.id, &neighbour.name())] })
}

/// A relative works in home care.
fn organisation(chart: &Chart<'_>) -> Option<Json> {
    let place = chart.town.organisation(Service::HomeCare(0))?;
    Some(object! { "actor": [barred("Organization", &place.id, place.name)] })
}

fn contact(chart: &Chart<'_>) -> Option<Json> {
    let id = chart.last_contact()?;
    Some(object! { "data": [object! {
        "meaning": "instance",
        "reference": reference_to("Encounter", id),
    }] })
}

fn barred(kind: &str, id: &str, name: &str) -> Json {
    object! {
        "role": hl7("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
        "reference": reference(kind, id, name),
    }
}

fn consent(chart: &mut Chart<'_>, what: Vec<(&'static str, Json)>) {
    let given = chart.today.plus(-GIVEN_DAYS_AGO);
    let mut provision = vec![("type", "deny".into()), ("period", object! { "start": given.iso() })];
    provision.extend(what);
    let id = chart.new_id();
    let category = coding("http://loinc.org", "59284-0", "Consent Document");
    let members = object! {
        "status": "active",
        "scope": hl7("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [object! { "coding": [category] }],
        "patient": chart.subject(),
        "dateTime": given.at(18, 30).iso(),
        "performer": [chart.subject()],
        "policyRule": hl7(ACT_CODE, "OPTOUT"),
        "provision": Json::Object(provision),
    };
    chart.push("Consent", id, members);
}
