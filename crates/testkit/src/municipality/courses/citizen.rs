//! What citizens themselves have written and measured, and what was written to them: so that their own
//! pages have something to show on the first day.
//!
//! Told last, with chance of nobody: nothing of the other courses moves.

use crate::municipality::chart::Chart;
use crate::municipality::directory::reference;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::resources::{MESSAGES, hl7, words};
use crate::municipality::write::{Json, object};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// Days ago, and kilos.
const WEIGHTS: [(i32, &str); 6] =
    [(38, "93.9"), (31, "93.6"), (24, "93.2"), (17, "92.9"), (9, "92.5"), (2, "92.1")];
/// Days ago, systolic and diastolic pressure.
const PRESSURES: [(i32, i32, i32); 4] = [(30, 136, 86), (21, 133, 85), (12, 131, 83), (3, 128, 82)];

/// The own part of those whom one can log in as.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    match chart.person.persona {
        Some(Persona::TypeOne) => measuring(chart),
        Some(Persona::Frail) => frail(chart),
        Some(Persona::Expecting) => {
            let text = "Hei, Marte. Ta med deg urinprøve og blodsukkermålingene dine til neste \
                        kontroll. Skriv hit hvis du lurer på noe før det.";
            from_service(chart, "Neste svangerskapskontroll", 1, text);
        }
        Some(Persona::Toddler) => {
            let text = "Hei! Emil får vaksine på neste kontroll. Si fra hvis han har feber den dagen, \
                        så finner vi en ny tid.";
            from_service(chart, "Neste kontroll", 2, text);
        }
        _ => {}
    }
}

fn measuring(chart: &mut Chart<'_>) {
    let question = "Hei. Jeg har målt blodtrykket hjemme noen uker, slik vi avtalte, og lagt det inn \
                    her. Er det greit å fortsette uten medisin?";
    let first = message(chart, 3, "Blodtrykk hjemme", question, None, true);
    let answer = "Hei, Jonas. Så fint at du måler. Trykket er på vei ned, og vi venter med medisin. \
                  Fortsett å måle én gang i uken, så ser vi på det sammen på neste time.";
    message(chart, 1, "Blodtrykk hjemme", answer, first, false);
    for (days_ago, kilos) in WEIGHTS {
        let value = object! {
            "value": Json::Digits(kilos.to_owned()),
            "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg",
        };
        measured(chart, days_ago, ("29463-7", "Body weight", "Vekt"), value, Vec::new());
    }
    for (days_ago, systolic, diastolic) in PRESSURES {
        let part = |code: &'static str, name: &'static str, value: i32| {
            object! {
                "code": loinc(code, name, name),
                "valueQuantity": object! {
                    "value": value, "unit": "mmHg",
                    "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
                },
            }
        };
        let parts = vec![
            part("8480-6", "Systolic blood pressure", systolic),
            part("8462-4", "Diastolic blood pressure", diastolic),
        ];
        let code = ("85354-9", "Blood pressure panel", "Blodtrykk");
        measured(chart, days_ago, code, Json::Absent, parts);
    }
}

fn frail(chart: &mut Chart<'_>) {
    let text = "Hei, Ingrid. Bra at du sa fra om svimmelheten. Reis deg sakte, og sett deg hvis det \
                går rundt. Hjemmesykepleien måler blodtrykket ditt i morgen, og jeg ser på medisinene.";
    message(chart, 0, "Svimmel", text, None, false);
}

/// A message between the patient and the doctor; its id, for what answers it.
fn message(
    chart: &mut Chart<'_>,
    days_ago: i32,
    topic: &'static str,
    text: &str,
    answers: Option<String>,
    is_from_patient: bool,
) -> Option<String> {
    let (_, doctor) = chart.doctor()?;
    let doctor = reference("Practitioner", &doctor.id, &doctor.name());
    let patient = reference("Patient", &chart.person.id, &chart.person.name());
    let (sender, recipient) = if is_from_patient { (patient, doctor) } else { (doctor, patient) };
    let hour = if is_from_patient { 19 } else { 8 };
    let read = is_from_patient.then(|| chart.today.plus(1 - days_ago).at(7, 40).iso());
    Some(written(chart, (sender, recipient), topic, (days_ago, hour), text, answers, read))
}

/// A message from the health station.
fn from_service(chart: &mut Chart<'_>, topic: &'static str, days_ago: i32, text: &str) {
    let Some(station) = chart.town.organisation(Service::HealthStation) else { return };
    let sender = reference("Organization", &station.id, station.name);
    let patient = reference("Patient", &chart.person.id, &chart.person.name());
    written(chart, (sender, patient), topic, (days_ago, 13), text, None, None);
}

fn written(
    chart: &mut Chart<'_>,
    (sender, recipient): (Json, Json),
    topic: &'static str,
    (days_ago, hour): (i32, i32),
    text: &str,
    answers: Option<String>,
    received: Option<String>,
) -> String {
    let id = chart.new_id();
    let members = object! {
        "inResponseTo": answers.map(|first| vec![object! {
            "reference": format!("Communication/{first}"),
        }]),
        "status": "completed",
        "category": [hl7(MESSAGES, "message")],
        "subject": chart.subject(),
        "topic": words(topic),
        "sent": chart.today.plus(-days_ago).at(hour, 12).iso(),
        "received": received,
        "recipient": [recipient],
        "sender": sender,
        "payload": [object! { "contentString": text.to_owned() }],
    };
    chart.push("Communication", id.clone(), members);
    id
}

fn loinc(code: &'static str, display: &'static str, text: &'static str) -> Json {
    let coding = object! { "system": "http://loinc.org", "code": code, "display": display };
    object! { "coding": [coding], "text": text }
}

/// Something that the patient has measured at home.
fn measured(
    chart: &mut Chart<'_>,
    days_ago: i32,
    (code, display, text): (&'static str, &'static str, &'static str),
    value: Json,
    parts: Vec<Json>,
) {
    let id = chart.new_id();
    let members = object! {
        "status": "final",
        "category": [hl7(CATEGORY, "vital-signs")],
        "code": loinc(code, display, text),
        "subject": chart.subject(),
        "effectiveDateTime": chart.today.plus(-days_ago).at(7, 15).iso(),
        "performer": [reference("Patient", &chart.person.id, &chart.person.name())],
        "valueQuantity": value,
        "component": parts,
    };
    chart.push("Observation", id, members);
}
