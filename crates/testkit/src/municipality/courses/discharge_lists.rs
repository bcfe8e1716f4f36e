//! Three lists of medicines of somebody who came home from hospital yesterday: the discharge note's,
//! the national list and what she says to use; in some lines they differ from what her doctor has.
//!
//! They say what others have written; none of it is thereby in use at the doctor's. Told last, with ids
//! of its own, so that nothing of the other courses moves.

use crate::municipality::calendar::Day;
use crate::municipality::chart::{Chart, Treatment};
use crate::municipality::directory::reference;
use crate::municipality::drugs::{
    Dose, Drug, FUROSEMIDE_40, IBUPROFEN, MORNING, PANTOPRAZOLE, Rhythm, TWICE,
};
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::random::Random;
use crate::municipality::resources::{coding, concept, dosage, medicine};
use crate::municipality::write::{Json, object};

/// Akson's own kinds of lists of medicines.
const LISTS: &str = "https://akson.no/fhir/CodeSystem/medication-list";
/// Letter of the ids.
const LETTER: char = 'l';

const IBUPROFEN_AS_NEEDED: Dose = Dose {
    text: "1 tablett ved behov, høyst 3 ganger i døgnet",
    amount: 1.0,
    rhythm: Rhythm::AsNeeded(3),
};

/// A line of a list.
type Line = (&'static Drug, Dose);

/// The lists of the one who was discharged.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if chart.person.persona != Some(Persona::Frail) || !chart.alive() {
        return;
    }
    let random = Random::new(0, "discharge-lists", chart.person.index as u64);
    chart.tell_apart(LETTER, random, write);
}

fn write(chart: &mut Chart<'_>) {
    let today = chart.today;
    let running =
        |one: &&Treatment| one.from <= today && one.until.is_none_or(|until| until > today);
    let all: Vec<(Line, bool)> = chart
        .treatments()
        .iter()
        .filter(running)
        .map(|one| ((one.drug, one.dose), one.own))
        .collect();
    let prescribed: Vec<Line> = all.iter().map(|(line, _)| *line).collect();
    let yesterday = chart.today.plus(-1);
    let hospital = chart.town.organisation(Service::Lung);
    let by_hospital = hospital.map(|place| reference("Organization", &place.id, place.name));
    list(
        chart,
        ("discharge", "Epikrise"),
        "Lungeavdelingen",
        yesterday,
        by_hospital,
        &discharged(&prescribed),
    );
    list(
        chart,
        ("national", "Nasjonal liste"),
        "Pasientens legemiddelliste",
        yesterday.plus(-30),
        None,
        &prescribed,
    );
    let subject = Some(chart.subject());
    list(
        chart,
        ("patient", "Pasienten oppgir"),
        "Samtale på telefon",
        chart.today,
        subject,
        &used(&prescribed),
    );
}

/// What the hospital changed: furosemide twice a day, no metformin for now, something for the stomach.
fn discharged(before: &[Line]) -> Vec<Line> {
    let kept = before.iter().filter(|(drug, _)| drug.atc != "A10BA02");
    let changed =
        kept.map(|(drug, dose)| (*drug, if drug.atc == FUROSEMIDE_40.atc { TWICE } else { *dose }));
    changed.chain([(&PANTOPRAZOLE, MORNING)]).collect()
}

/// What she takes: as it was, and ibuprofen for the knee that nobody has prescribed.
fn used(before: &[Line]) -> Vec<Line> {
    before.iter().copied().chain([(&IBUPROFEN, IBUPROFEN_AS_NEEDED)]).collect()
}

fn list(
    chart: &mut Chart<'_>,
    (code, name): (&'static str, &'static str),
    title: &'static str,
    day: Day,
    source: Option<Json>,
    lines: &[Line],
) {
    let id = chart.new_id();
    let numbered = || lines.iter().enumerate();
    let contained: Vec<Json> = numbered()
        .map(|(number, (drug, dose))| {
            object! {
                "resourceType": "MedicationStatement",
                "id": format!("m{number}"),
                "status": "active",
                "medicationCodeableConcept": medicine(drug),
                "subject": chart.subject(),
                "dosage": [dosage(drug, *dose, None)],
            }
        })
        .collect();
    let entries: Vec<Json> = numbered()
        .map(|(number, _)| object! { "item": object! { "reference": format!("#m{number}") } })
        .collect();
    let members = object! {
        "contained": contained,
        "status": "current",
        "mode": "snapshot",
        "title": title,
        "code": concept(coding(LISTS, code, name), name),
        "subject": chart.subject(),
        "date": day.at(14, 0).iso(),
        "source": source,
        "entry": entries,
    };
    chart.push("List", id, members);
}
