//! What the parts of a chart look like as FHIR R4 resources.
//!
//! Pure functions from facts to JSON; when and why is decided by `chart.rs` and `courses/`.
//! Standard: <https://hl7.org/fhir/R4/resourcelist.html>

use super::analyses::{Lab, Report, Score, Vital};
use super::calendar::{Day, Moment};
use super::chart::{Chart, Problem, Treatment};
use super::courses::ward;
use super::diagnoses::Diagnosis;
use super::directory::reference;
use super::documents::{self, Kind};
use super::drugs::{Dose, Drug, Rhythm};
use super::organisations::{Organisation, Service, Worker};
use super::visit::{Class, Plan, Visit};
use super::write::{Json, base64, object};

pub(crate) const ICPC_2: &str = "http://hl7.org/fhir/sid/icpc-2";
pub(crate) const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10-no";
pub(crate) const ATC: &str = "urn:oid:2.16.578.1.12.4.1.1.7180";
pub(crate) const TASKS: &str = "https://akson.no/fhir/CodeSystem/task";
pub(crate) const MESSAGES: &str = "https://akson.no/fhir/CodeSystem/message";
const UCUM: &str = "http://unitsofmeasure.org";

/// A reference without words.
pub(crate) fn reference_to(kind: &str, id: &str) -> Json {
    object! { "reference": format!("{kind}/{id}") }
}

/// One coding.
pub(crate) fn coding(system: &'static str, code: &'static str, display: &'static str) -> Json {
    object! { "system": system, "code": code, "display": display }
}

/// A concept with one coding and words.
pub(crate) fn concept(coding: Json, text: &str) -> Json {
    object! { "coding": [coding], "text": text.to_owned() }
}

/// A concept in words only.
pub(crate) fn words(text: &str) -> Json {
    object! { "text": text.to_owned() }
}

/// A concept of one of HL7's own code systems.
pub(crate) fn hl7(system: &'static str, code: &'static str) -> Json {
    object! { "coding": [object! { "system": system, "code": code }] }
}

/// Whether a service classifies in ICD-10.
pub(crate) fn is_hospital(service: Service) -> bool {
    match service {
        Service::Municipality
        | Service::Office(_)
        | Service::OutOfHours
        | Service::HomeCare(_)
        | Service::NursingHome
        | Service::HealthStation
        | Service::MentalHealth
        | Service::Physiotherapy
        | Service::Allocation
        | Service::Dental => false,
        Service::Hospital
        | Service::Medicine
        | Service::Lung
        | Service::Surgery
        | Service::Maternity
        | Service::Children
        | Service::Psychiatry
        | Service::Oncology
        | Service::Eye
        | Service::Radiology => true,
    }
}

fn diagnosis(diagnosis: &Diagnosis, service: Option<Service>) -> Json {
    let (code, title) = diagnosis.icpc;
    let icpc = coding(ICPC_2, code, title);
    let icd = diagnosis.icd.map(|(code, title)| coding(ICD_10, code, title));
    let codings = match (service.is_some_and(is_hospital), icd) {
        (true, Some(icd)) => vec![icd],
        (false | true, _) => vec![icpc],
    };
    object! { "coding": codings, "text": diagnosis.name }
}

/// A contact.
pub(crate) fn encounter(subject: Json, plan: &Plan<'_>, visit: &Visit) -> Json {
    let reasons: Vec<Json> =
        plan.reasons.iter().map(|reason| diagnosis(reason, Some(visit.service))).collect();
    let (worker, name) = &visit.worker;
    let (organisation, organisation_name) = &visit.organisation;
    let home = object! { "dischargeDisposition": object! {
        "coding": [coding(
            "http://terminology.hl7.org/CodeSystem/discharge-disposition",
            "home",
            "Home",
        )],
        "text": "Hjem",
    } };
    object! {
        "status": "finished",
        "class": plan.class.json(),
        "type": [words(plan.title)],
        "subject": subject,
        "participant": [object! { "individual": reference("Practitioner", worker, name) }],
        "period": object! { "start": visit.begin.iso(), "end": visit.end.iso() },
        "reasonCode": reasons,
        "hospitalization": (plan.class == Class::Inpatient).then_some(home),
        "serviceProvider": reference("Organization", organisation, organisation_name),
    }
}

/// A problem or diagnosis in the state it has on the last day.
pub(crate) fn condition(subject: Json, problem: &Problem, last: Day) -> Json {
    let abated = problem.abated.filter(|day| *day <= last);
    let status = if abated.is_some() { "resolved" } else { "active" };
    let category = if problem.lasting { "problem-list-item" } else { "encounter-diagnosis" };
    let visit = problem.visit.as_ref();
    let service = visit.map(|visit| visit.service).filter(|_| !problem.lasting);
    let code = diagnosis(problem.diagnosis, service);
    object! {
        "clinicalStatus":
            hl7("http://terminology.hl7.org/CodeSystem/condition-clinical", status),
        "verificationStatus":
            hl7("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "category": [hl7("http://terminology.hl7.org/CodeSystem/condition-category", category)],
        "code": code,
        "subject": subject,
        "encounter": visit.map(|visit| reference_to("Encounter", &visit.id)),
        "onsetDateTime": problem.onset.iso(),
        "abatementDateTime": abated.map(Day::iso),
        "recordedDate": visit.map(|visit| visit.day().iso()),
        "recorder": visit.map(|visit| reference("Practitioner", &visit.worker.0, &visit.worker.1)),
        "note": problem.note.as_ref().map(|text| vec![object! { "text": text }]),
    }
}

/// How a medicine is taken, as words and as numbers.
pub(crate) fn dosage(drug: &Drug, dose: Dose, bounds: Option<(Day, Option<Day>)>) -> Json {
    let bounds = bounds.map(|(from, until)| {
        object! { "start": from.iso(), "end": until.map(Day::iso) }
    });
    let mut as_needed = None;
    let repeat = match dose.rhythm {
        Rhythm::At(when) => object! {
            "boundsPeriod": bounds,
            "frequency": 1,
            "period": 1,
            "periodUnit": "d",
            "when": when.iter().map(|when| Json::from(*when)).collect::<Vec<_>>(),
        },
        Rhythm::AtTimes(times) => object! {
            "boundsPeriod": bounds,
            "frequency": 1,
            "period": 1,
            "periodUnit": "d",
            "timeOfDay":
                times.iter().map(|time| Json::from(format!("{time}:00"))).collect::<Vec<_>>(),
        },
        Rhythm::PerDay(times) => object! {
            "boundsPeriod": bounds,
            "frequency": times,
            "period": 1,
            "periodUnit": "d",
        },
        Rhythm::EveryWeeks(weeks) => object! {
            "boundsPeriod": bounds,
            "frequency": 1,
            "period": weeks,
            "periodUnit": "wk",
        },
        Rhythm::AsNeeded(most) => {
            as_needed = Some(true);
            object! {
                "boundsPeriod": bounds,
                "frequency": 1,
                "frequencyMax": most,
                "period": 1,
                "periodUnit": "d",
            }
        }
    };
    let decimals = usize::from(dose.amount.fract() != 0.0);
    object! {
        "text": dose.text,
        "timing": object! { "repeat": repeat },
        "asNeededBoolean": as_needed,
        "doseAndRate": [object! { "doseQuantity": object! {
            "value": Json::decimal(dose.amount, decimals),
            "unit": drug.unit,
        } }],
    }
}

/// A medicine by its code and name.
pub(crate) fn medicine(drug: &Drug) -> Json {
    let Drug { atc, substance, strength, form, .. } = drug;
    concept(coding(ATC, atc, substance), &format!("{substance} {strength} {form}"))
}

/// A prescription, or a statement of what the patient takes on her own.
pub(crate) fn medication(
    chart: &Chart<'_>,
    treatment: &Treatment,
    problem: Option<&Problem>,
    doctor: Option<(&Organisation, &Worker)>,
    last: Day,
) -> (&'static str, Json) {
    let mut until = treatment.until.filter(|day| *day <= last);
    let mut why = treatment.why_stopped.filter(|_| until.is_some());
    if until.is_none() && !chart.alive() {
        until = Some(last);
        why = Some("Pasienten er død");
    }
    let status = match (until, treatment.limited && why.is_none()) {
        (None, _) => "active",
        (Some(_), true) => "completed",
        (Some(_), false) => "stopped",
    };
    let planned_end = if treatment.limited { treatment.until } else { until };
    if treatment.own {
        let statement = object! {
            "status": status,
            "medicationCodeableConcept": medicine(treatment.drug),
            "subject": chart.subject(),
            "effectivePeriod": object! {
                "start": treatment.from.iso(),
                "end": until.map(Day::iso),
            },
            "informationSource": chart.subject(),
            "note": [object! { "text": "Tas uten resept, oppgitt av pasienten" }],
            "dosage": [dosage(treatment.drug, treatment.dose, None)],
        };
        return ("MedicationStatement", statement);
    }
    let visit = treatment.visit.as_ref();
    let requester = visit.map_or_else(
        || doctor.map(|(_, doctor)| reference("Practitioner", &doctor.id, &doctor.name())),
        |visit| Some(reference("Practitioner", &visit.worker.0, &visit.worker.1)),
    );
    let bounds = (treatment.from, planned_end);
    let community =
        hl7("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "community");
    let pouch = ward::is_in_pouch(chart, treatment).then(|| {
        object! {
            "coding": [object! { "system": ward::DISPENSING, "code": "multidose" }],
            "text": "Multidose",
        }
    });
    let request = object! {
        "status": status,
        "statusReason": why.map(words),
        "intent": "order",
        "category": std::iter::once(community).chain(pouch).collect::<Vec<_>>(),
        "medicationCodeableConcept": medicine(treatment.drug),
        "subject": chart.subject(),
        "encounter": visit.map(|visit| reference_to("Encounter", &visit.id)),
        "authoredOn": visit.map_or_else(|| treatment.from.iso(), |visit| visit.end.iso()),
        "requester": requester,
        "reasonCode": problem.map(|problem| vec![diagnosis(problem.diagnosis, None)]),
        "reasonReference":
            problem.map(|problem| vec![reference_to("Condition", &problem.id)]),
        "courseOfTherapyType": hl7(
            "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy",
            if treatment.limited { "acute" } else { "continuous" },
        ),
        "dosageInstruction": [dosage(treatment.drug, treatment.dose, Some(bounds))],
    };
    ("MedicationRequest", request)
}

fn quantity(value: f64, report: &Report) -> Json {
    let (unit, ucum) = report.unit;
    object! {
        "value": Json::decimal(value, report.decimals),
        "unit": if unit.is_empty() { None } else { Some(unit) },
        "system": UCUM,
        "code": ucum,
    }
}

fn observation(
    subject: Json,
    visit: &Visit,
    at: Moment,
    report: &Report,
    category: &'static str,
) -> Vec<(&'static str, Json)> {
    let category = hl7("http://terminology.hl7.org/CodeSystem/observation-category", category);
    let (worker, name) = &visit.worker;
    vec![
        ("status", "final".into()),
        ("category", [category].into()),
        ("code", concept(coding(report.system, report.code, report.name), report.name)),
        ("subject", subject),
        ("encounter", reference_to("Encounter", &visit.id)),
        ("effectiveDateTime", at.iso().into()),
        ("performer", [reference("Practitioner", worker, name)].into()),
    ]
}

/// Weight, pulse and so on.
pub(crate) fn vital(subject: Json, visit: &Visit, at: Moment, vital: Vital, value: f64) -> Json {
    let report = vital.report();
    let mut members = observation(subject, visit, at, &report, "vital-signs");
    members.push(("valueQuantity", quantity(value, &report)));
    Json::Object(members)
}

/// Systolic and diastolic pressure in one.
pub(crate) fn pressure(
    subject: Json,
    visit: &Visit,
    at: Moment,
    systolic: f64,
    diastolic: f64,
) -> Json {
    let report = Vital::Pressure.report();
    let mut members = observation(subject, visit, at, &report, "vital-signs");
    let part = |code, name, value| {
        object! {
            "code": concept(coding(report.system, code, name), name),
            "valueQuantity": quantity(value, &report),
        }
    };
    let high = systolic >= 140.0 || diastolic >= 90.0;
    members.push(("interpretation", high.then(|| vec![interpretation_json("H")]).into()));
    members.push((
        "component",
        [
            part("8480-6", "Systolisk blodtrykk", systolic),
            part("8462-4", "Diastolisk blodtrykk", diastolic),
        ]
        .into(),
    ));
    Json::Object(members)
}

/// A score or special examination.
pub(crate) fn score(subject: Json, visit: &Visit, score: &Score, value: f64) -> Json {
    let mut members = observation(subject, visit, visit.moment(10), &score.report, score.category);
    members.push(("valueQuantity", quantity(value, &score.report)));
    Json::Object(members)
}

/// `H`, `L` or `N` of the value as printed.
pub(crate) fn interpretation(
    value: f64,
    (low, high): (Option<f64>, Option<f64>),
    decimals: usize,
) -> &'static str {
    let printed: f64 = format!("{value:.decimals$}").parse().unwrap_or(value);
    if high.is_some_and(|high| printed > high) {
        "H"
    } else if low.is_some_and(|low| printed < low) {
        "L"
    } else {
        "N"
    }
}

fn interpretation_json(code: &'static str) -> Json {
    let text = match code {
        "H" => "Høy",
        "L" => "Lav",
        _ => "Normal",
    };
    let system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    object! { "coding": [object! { "system": system, "code": code }], "text": text }
}

/// A laboratory result with its reference range.
pub(crate) fn lab(
    subject: Json,
    visit: &Visit,
    at: Moment,
    lab: Lab,
    value: f64,
    range: (Option<f64>, Option<f64>),
) -> Json {
    let report = lab.report();
    let mut members = observation(subject, visit, at, &report, "laboratory");
    members.push(("valueQuantity", quantity(value, &report)));
    let mark = interpretation(value, range, report.decimals);
    members.push(("interpretation", [interpretation_json(mark)].into()));
    let bound = |bound: f64| quantity(bound, &report);
    let (low, high) = range;
    members.push((
        "referenceRange",
        [object! { "low": low.map(bound), "high": high.map(bound) }].into(),
    ));
    Json::Object(members)
}

/// A document with its text.
pub(crate) fn document(subject: Json, visit: &Visit, kind: Kind, title: &str, text: &str) -> Json {
    let (worker, name) = &visit.worker;
    let (organisation, organisation_name) = &visit.organisation;
    object! {
        "status": "current",
        "docStatus": "final",
        "type": documents::type_of(kind),
        "category": [documents::category_of(kind)],
        "subject": subject,
        "date": visit.end.iso(),
        "author": [reference("Practitioner", worker, name)],
        "custodian": reference("Organization", organisation, organisation_name),
        "content": [object! { "attachment": object! {
            "contentType": "text/plain;charset=UTF-8",
            "language": "nb",
            "data": base64(text.as_bytes()),
            "title": title.to_owned(),
            "creation": visit.end.iso(),
        } }],
        "context": object! {
            "encounter": [reference_to("Encounter", &visit.id)],
            "period": object! { "start": visit.begin.iso(), "end": visit.end.iso() },
        },
    }
}
