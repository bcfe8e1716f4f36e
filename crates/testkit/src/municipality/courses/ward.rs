//! Daily life in a bed of the nursing home as a round needs it: the stay with its room, short stays,
//! medicines that are given at the bedside, what was given, refused and forgotten, early-warning scores.
//!
//! Told last and apart, with ids (`…-k1`) and chance of its own: everybody's chart is else as before.
//! What was given ends where `Ward::until` says; the rest of today is left to do.
//! Standard: <https://hl7.org/fhir/R4/medicationadministration.html>

use super::care_plan;
use crate::municipality::analyses::Vital;
use crate::municipality::calendar::{Day, Moment};
use crate::municipality::chart::{Chart, Treatment};
use crate::municipality::diagnoses as dx;
use crate::municipality::directory::{reference, room_id, ward_id};
use crate::municipality::documents::Kind;
use crate::municipality::drugs::{self, Dose, Drug, Rhythm};
use crate::municipality::organisations::{Organisation, Service, Worker};
use crate::municipality::random::Random;
use crate::municipality::resources::{ATC, coding, concept, hl7, reference_to, words};
use crate::municipality::visit::{Class, Plan, Visit};
use crate::municipality::ward::{Bed, WARDS};
use crate::municipality::write::{Json, object};

/// System of how a medicine is handed out: `multidose`, packed by the pharmacy in one pouch per time.
pub(crate) const DISPENSING: &str = "https://akson.no/fhir/CodeSystem/dispensing";
/// System of why a dose was not given.
const NOT_GIVEN: &str = "https://akson.no/fhir/CodeSystem/not-given";
/// What names a planned dose: the prescription and the planned time.
const PLANNED_DOSE: &str = "https://akson.no/fhir/NamingSystem/planned-dose";
/// When a dose was planned; when it was given is `effective`.
const PLANNED_TIME: &str = "https://akson.no/fhir/StructureDefinition/planned-time";
/// Days back of which every dose is told.
const DAYS: i32 = 3;
/// A pouch is packed two weeks ahead: what was changed since is not in it.
const PACKED_DAYS: i32 = 14;

/// Whether the pharmacy packs a medicine into this patient's pouches.
pub(crate) fn is_in_pouch(chart: &Chart<'_>, treatment: &Treatment) -> bool {
    let solid = ["tablett", "depottablett", "enterotablett", "kapsel", "depotkapsel"];
    chart.bed().is_some_and(|bed| bed.number % 4 != 3)
        && solid.contains(&treatment.drug.form)
        && !treatment.drug.atc.starts_with("N02AA")
        && matches!(treatment.dose.rhythm, Rhythm::At(_) | Rhythm::PerDay(_))
        && !treatment.limited
        && treatment.until.is_none()
        && chart.today.since(treatment.from) > PACKED_DAYS
}

/// Everything of the bed.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let Some(bed) = chart.bed().filter(|_| chart.alive()) else { return };
    let Some(home) = chart.town.organisation(Service::NursingHome) else { return };
    let random = Random::new(chart.person.index as u64, "ward", bed.number as u64);
    chart.tell_apart('k', random, |chart| {
        let begin = match chart.health.nursing_home.filter(|_| bed.for_good) {
            Some(begin) => begin,
            None => short_stay(chart, home, bed),
        };
        stay(chart, home, bed, begin);
        if bed.ward == 0 {
            medicines(chart, bed);
            measurements(chart, bed);
            events(chart, bed);
        }
        given(chart, home, bed);
    });
}

fn short_stay(chart: &mut Chart<'_>, home: &Organisation, bed: &Bed) -> Day {
    let begin = chart.today.plus(-4 - (bed.number as i32 * 3) % 14);
    care_plan::enrol(chart, Service::NursingHome, "Korttidsopphold på sykehjem", begin, None);
    let Some(visit) = contact(chart, begin, "Innkomstsamtale", (10, 13)) else { return begin };
    let text = format!(
        "Innkomst korttidsopphold, {}. {}.\nKommer for vurdering og opptrening etter en tid med \
         økende hjelpebehov hjemme. Går med rullator. Legemidler gitt av personalet.",
        home.name,
        chart.presentation(visit.day()),
    );
    chart.note(&visit, "Innkomstnotat korttid", &text);
    begin
}

fn contact(chart: &mut Chart<'_>, day: Day, title: &str, hours: (i32, i32)) -> Option<Visit> {
    chart.contact(&Plan {
        service: Service::NursingHome,
        class: Class::Ward,
        title,
        day,
        hours,
        minutes: 20,
        lead: title == "Legevisitt",
        reasons: &[],
    })
}

/// The stay that goes on, with ward and room: an Encounter in progress.
fn stay(chart: &mut Chart<'_>, home: &Organisation, bed: &Bed, begin: Day) {
    let kind = if bed.for_good { "Langtidsopphold" } else { "Korttidsopphold" };
    let ward = WARDS.get(bed.ward).copied().unwrap_or_default();
    let at = |id: String, name: &str, form: &'static str| {
        object! {
            "location": reference("Location", &id, name),
            "status": "active",
            "physicalType":
                hl7("http://terminology.hl7.org/CodeSystem/location-physical-type", form),
        }
    };
    let members = object! {
        "status": "in-progress",
        "class": Class::Inpatient.json(),
        "type": [words(kind)],
        "subject": chart.subject(),
        "period": object! { "start": begin.at(12, 0).iso() },
        "location": [
            at(ward_id(home, bed.ward), ward, "wa"),
            at(room_id(home, bed.ward, bed.number), &bed.room(), "ro"),
        ],
        "serviceProvider": reference("Organization", &home.id, home.name),
    };
    let id = chart.new_id();
    chart.push("Encounter", id, members);
}

const fn dose(text: &'static str, amount: f64, rhythm: Rhythm) -> Dose {
    Dose { text, amount, rhythm }
}

/// What the nurses give by hand, by bed: changed yesterday, controlled, at their own times.
fn medicines(chart: &mut Chart<'_>, bed: &Bed) {
    let yesterday = chart.today.plus(-1);
    let visit = contact(chart, yesterday, "Legevisitt", (10, 14));
    let (visit, long) = (visit.as_ref(), chart.today.plus(-40));
    let start = |chart: &mut Chart<'_>, drug, dose, from, diagnosis| {
        let problem = chart.problem(diagnosis, from, visit);
        chart.treat(drug, dose, from, problem, visit);
    };
    match bed.number {
        0 => start(chart, &drugs::LATANOPROST, EYE, long, &dx::CATARACT),
        2 => start(chart, &drugs::OXYCODONE_DEPOT, OXYCODONE_TWICE, long, &dx::HIP_FRACTURE),
        3 => start(chart, &drugs::PARACETAMOL_1G, FOUR_TIMES, long, &dx::HIP_ARTHROSIS),
        4 => {
            chart.stop_class("C03CA01", long, "Redusert til 20 mg");
            let older = chart.problem(&dx::HEART_FAILURE, chart.today.plus(-700), visit);
            let old = chart.treat(&drugs::FUROSEMIDE_20, drugs::MORNING, long, older, visit);
            chart.stop(old, yesterday, "Økt til 40 mg på grunn av vektøkning");
            chart.treat(&drugs::FUROSEMIDE_40, drugs::MORNING, yesterday, older, visit);
        }
        5 => {
            if let Some(visit) = visit {
                let problem = chart.ailment(&dx::CYSTITIS, visit, 9);
                chart.cure(&drugs::PIVMECILLINAM, THREE_TIMES, visit, 5, problem);
            }
        }
        7 => start(chart, &drugs::GLARGINE, INSULIN, long, &dx::DIABETES_2),
        9 => start(chart, &drugs::LEVODOPA, OWN_TIMES, long, &dx::PARKINSON),
        _ => {}
    }
    if bed.number % 3 == 1 {
        start(chart, &drugs::PARACETAMOL_1G, PAIN, long, &dx::KNEE_ARTHROSIS);
    }
    if bed.number % 4 == 2 {
        start(chart, &drugs::OXAZEPAM, CALM, long, &dx::ANXIETY);
    }
    if bed.number.is_multiple_of(5) {
        start(chart, &drugs::MIRTAZAPINE, NIGHT, long, &dx::SLEEP);
    }
}

const EYE: Dose = dose("1 dråpe i hvert øye om kvelden", 2.0, Rhythm::At(&["EVE"]));
const OXYCODONE_TWICE: Dose =
    dose("1 depottablett morgen og kveld", 1.0, Rhythm::At(&["MORN", "EVE"]));
const FOUR_TIMES: Dose = dose("1 tablett 4 ganger daglig", 1.0, Rhythm::PerDay(4));
const THREE_TIMES: Dose = dose("1 tablett 3 ganger daglig i 5 dager", 1.0, Rhythm::PerDay(3));
const INSULIN: Dose = dose("14 E om morgenen", 14.0, Rhythm::At(&["MORN"]));
const OWN_TIMES: Dose = dose(
    "1 tablett kl. 07.30, 11.00, 15.00 og 19.00",
    1.0,
    Rhythm::AtTimes(&["07:30", "11:00", "15:00", "19:00"]),
);
const PAIN: Dose =
    dose("1 tablett ved behov mot smerter, høyst 4 i døgnet", 1.0, Rhythm::AsNeeded(4));
const CALM: Dose = dose("1 tablett ved behov mot uro, høyst 2 i døgnet", 1.0, Rhythm::AsNeeded(2));
const NIGHT: Dose = dose("1 tablett til natten", 1.0, Rhythm::At(&["HS"]));

/// Measurements of the last days, with the early-warning score; one resident is getting worse.
fn measurements(chart: &mut Chart<'_>, bed: &Bed) {
    // Respiration, saturation, systolic, diastolic, pulse, temperature, score.
    type Set = (f64, f64, f64, f64, f64, f64, i32);
    let sets: &[(i32, i32, Set)] = match bed.number {
        4 => &[
            (-2, 9, (18.0, 96.0, 132.0, 76.0, 82.0, 37.0, 0)),
            (-1, 9, (20.0, 95.0, 128.0, 74.0, 88.0, 37.4, 1)),
            (-1, 21, (22.0, 94.0, 118.0, 70.0, 96.0, 37.8, 4)),
        ],
        5 => &[
            (-2, 10, (19.0, 96.0, 126.0, 70.0, 94.0, 38.4, 2)),
            (-1, 10, (18.0, 97.0, 130.0, 72.0, 84.0, 37.6, 0)),
        ],
        8 => &[(-1, 4, (16.0, 96.0, 138.0, 80.0, 92.0, 36.6, 1))],
        _ => return,
    };
    for (day, hour, (breath, saturation, systolic, diastolic, pulse, temperature, score)) in sets {
        let at = chart.today.plus(*day).at(*hour, 10);
        if at.day > chart.end {
            continue;
        }
        let Some(visit) = contact(chart, at.day, "Måling", (*hour, *hour)) else { continue };
        chart.vital_as(&visit, at, Vital::Respiration, *breath);
        chart.vital_as(&visit, at, Vital::Saturation, *saturation);
        chart.pressure_as(&visit, at, *systolic, *diastolic);
        chart.vital_as(&visit, at, Vital::Pulse, *pulse);
        chart.vital_as(&visit, at, Vital::Temperature, *temperature);
        let id = chart.new_id();
        let members = object! {
            "status": "final",
            "category": [hl7(
                "http://terminology.hl7.org/CodeSystem/observation-category",
                "vital-signs",
            )],
            "code": news2_code(),
            "subject": chart.subject(),
            "encounter": reference_to("Encounter", &visit.id),
            "effectiveDateTime": at.iso(),
            "performer": [reference("Practitioner", &visit.worker.0, &visit.worker.1)],
            "valueInteger": *score,
        };
        chart.push("Observation", id, members);
    }
}

/// SNOMED CT, Royal College of Physicians NEWS2 total score.
fn news2_code() -> Json {
    let display = "Royal College of Physicians National Early Warning Score 2 total score";
    concept(coding("http://snomed.info/sct", "1104051000000101", display), "NEWS2")
}

/// What the next shift must know.
fn events(chart: &mut Chart<'_>, bed: &Bed) {
    let yesterday = chart.today.plus(-1);
    let note = match bed.number {
        1 => "Ville ikke spise middag. Drakk 900 ml i løpet av dagen. Følg med på drikke.",
        4 => {
            "Tung pust i går kveld, hovne legger, vekt opp 2,3 kg på tre dager. Furosemid økt til \
              40 mg av tilsynslegen. NEWS2 gjentas før frokost."
        }
        5 => "Dag 2 med pivmecillinam for urinveisinfeksjon. Feberfri i går kveld, mindre svie.",
        6 => "Datter ringte: kommer i dag kl. 14 og vil snakke med primærkontakten.",
        8 => {
            "Fant pasienten sittende på gulvet ved sengen kl. 03.40. Ingen smerter, beveger seg \
              som før. Blodtrykk og puls målt. Sensor satt på, lege orientert."
        }
        _ => return,
    };
    if bed.number == 8 {
        let id = chart.new_id();
        let members = object! {
            "actuality": "actual",
            "event": words("Fall ved sengen, uten skade"),
            "subject": chart.subject(),
            "date": yesterday.at(3, 40).iso(),
            "recordedDate": yesterday.at(4, 15).iso(),
        };
        if yesterday <= chart.end {
            chart.push("AdverseEvent", id, members);
        }
    }
    let hours = if bed.number == 8 { (4, 4) } else { (21, 21) };
    let Some(visit) = contact(chart, yesterday, "Vaktrapport", hours) else { return };
    chart.document(&visit, Kind::Nursing, "Vaktrapport", note);
    if bed.number == 6 && !chart.allergic_to_penicillin() {
        let text = format!("Penicillin: anafylaksi {}", chart.today.year() - 9);
        chart.flag(&text, "drug", chart.today.plus(-9 * 365));
    }
}

/// Planned minutes of a day, as the round reads the same rhythm.
fn planned(rhythm: Rhythm) -> Vec<i32> {
    match rhythm {
        Rhythm::At(events) => events
            .iter()
            .map(|event| match *event {
                "MORN" => 8 * 60,
                "NOON" => 12 * 60,
                "AFT" => 14 * 60,
                "EVE" => 20 * 60,
                _ => 22 * 60,
            })
            .collect(),
        Rhythm::AtTimes(times) => times
            .iter()
            .filter_map(|time| {
                let (hour, minute) = time.split_once(':')?;
                Some(hour.parse::<i32>().ok()? * 60 + minute.parse::<i32>().ok()?)
            })
            .collect(),
        Rhythm::PerDay(times) => match times {
            1 => vec![8 * 60],
            2 => vec![8 * 60, 20 * 60],
            3 => vec![8 * 60, 14 * 60, 20 * 60],
            _ => vec![8 * 60, 12 * 60, 18 * 60, 22 * 60],
        },
        Rhythm::EveryWeeks(_) | Rhythm::AsNeeded(_) => Vec::new(),
    }
}

/// Every dose of the last days, and what was given as needed.
fn given(chart: &mut Chart<'_>, home: &Organisation, bed: &Bed) {
    let treatments: Vec<Treatment> =
        chart.treatments().iter().filter(|one| !one.own).cloned().collect();
    let (today, until) = (chart.today, chart.town.ward.until);
    for treatment in &treatments {
        for day in (1 - DAYS..=0).map(|back| today.plus(back)) {
            let on = treatment.from <= day && treatment.until.is_none_or(|until| until > day);
            // What was begun yesterday at the doctor's round is given from today.
            let is_new = treatment.from == day;
            for minute in planned(treatment.dose.rhythm) {
                if on && !is_new && (day < today || minute < until) {
                    dose_given(chart, home, bed, treatment, day.at(minute / 60, minute % 60));
                }
            }
        }
        if matches!(treatment.dose.rhythm, Rhythm::AsNeeded(_)) && bed.ward == 0 {
            let night = today.plus(-1).at(22, 10);
            administration(chart, home, treatment, None, night, None);
        }
    }
}

fn dose_given(
    chart: &mut Chart<'_>,
    home: &Organisation,
    bed: &Bed,
    treatment: &Treatment,
    at: Moment,
) {
    let late = 2 + (bed.number as i32 * 5 + at.minute / 60) % 19;
    let back = chart.today.since(at.day);
    let why = match (bed.number, back, at.minute) {
        (1, 1, 1200) => Some(("refused", "Ville ikke")),
        (5, 0, 480) => Some(("nausea", "Kvalme")),
        (9, 1, 660) => Some(("asleep", "Sov")),
        _ => None,
    };
    administration(chart, home, treatment, Some(at), at.plus(late), why);
}

fn nurse(home: &Organisation, at: Moment) -> Option<&Worker> {
    let nurses: Vec<&Worker> = home
        .staff
        .iter()
        .filter(|worker| worker.profession.is_some_and(|known| known.code == "SP"))
        .collect();
    nurses.get((at.minute / 480) as usize % nurses.len().max(1)).copied()
}

fn administration(
    chart: &mut Chart<'_>,
    home: &Organisation,
    treatment: &Treatment,
    planned: Option<Moment>,
    at: Moment,
    why: Option<(&'static str, &'static str)>,
) {
    let (Some(nurse), id) = (nurse(home, at), chart.new_id()) else { return };
    let Drug { atc, substance, strength, form, unit } = treatment.drug;
    let name = planned.map(|planned| {
        let minute = planned.minute;
        let time = format!("{}T{:02}:{:02}", planned.day.iso(), minute / 60, minute % 60);
        vec![object! {
            "system": PLANNED_DOSE,
            "value": format!("{}@{time}", treatment.id),
        }]
    });
    let when = planned
        .map(|planned| vec![object! { "url": PLANNED_TIME, "valueDateTime": planned.iso() }]);
    let reason = why.map(|(code, text)| vec![concept(coding(NOT_GIVEN, code, text), text)]);
    let decimals = usize::from(treatment.dose.amount.fract() != 0.0);
    let members = object! {
        "extension": when,
        "identifier": name,
        "status": if why.is_some() { "not-done" } else { "completed" },
        "statusReason": reason,
        "medicationCodeableConcept":
            concept(coding(ATC, atc, substance), &format!("{substance} {strength} {form}")),
        "subject": chart.subject(),
        "effectiveDateTime": at.iso(),
        "performer": [object! {
            "actor": reference("Practitioner", &nurse.id, &nurse.name()),
        }],
        "request": reference_to("MedicationRequest", &treatment.id),
        "dosage": why.is_none().then(|| object! {
            "text": treatment.dose.text,
            "dose": object! {
                "value": Json::decimal(treatment.dose.amount, decimals),
                "unit": *unit,
            },
        }),
    };
    chart.push("MedicationAdministration", id, members);
}
