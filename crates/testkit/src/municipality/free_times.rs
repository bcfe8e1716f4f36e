//! Free times that the general practitioners give out on the net: a Schedule for each, with Slots on the
//! workdays of the next two weeks.
//!
//! They lie at the ends of the day, where no appointment of the courses lies: those begin at 08.30 at
//! the earliest (on the day itself at 08.00) and end at 15.00 at the latest.
//! Standard: <https://hl7.org/fhir/R4/slot.html>

use super::calendar::Day;
use super::directory::{location_id, reference};
use super::organisations::{Organisation, Service, Worker};
use super::write::{Entry, object};

/// Days ahead that times are given out for.
const DAYS: i32 = 14;
/// Minutes of one time.
const MINUTES: i32 = 15;
/// Minute of the day at which each time begins.
const BEGINS: [i32; 6] = [8 * 60, 8 * 60 + 15, 15 * 60, 15 * 60 + 15, 15 * 60 + 30, 15 * 60 + 45];

/// The times of an organisation's doctors, when it is a general practice.
pub(crate) fn entries(organisation: &Organisation, today: Day) -> Vec<Entry> {
    if !matches!(organisation.service, Service::Office(_)) {
        return Vec::new();
    }
    let doctors = organisation
        .staff
        .iter()
        .filter(|worker| worker.profession.is_some_and(|profession| profession.code == "LE"));
    doctors.flat_map(|doctor| of_doctor(organisation, doctor, today)).collect()
}

fn of_doctor(organisation: &Organisation, doctor: &Worker, today: Day) -> Vec<Entry> {
    let schedule = doctor.id.replace("helsepersonell", "timeplan");
    let mut entries = vec![Entry {
        kind: "Schedule",
        id: schedule.clone(),
        members: object! {
            "active": true,
            "serviceType": [object! { "text": "Konsultasjon hos fastlege" }],
            "actor": [
                reference("Practitioner", &doctor.id, &doctor.name()),
                reference("Location", &location_id(organisation), organisation.name),
            ],
            "planningHorizon": object! {
                "start": today.iso(), "end": today.plus(DAYS).iso(),
            },
        },
    }];
    for ahead in 0..DAYS {
        let day = today.plus(ahead);
        if day.workday() != day {
            continue;
        }
        for minute in BEGINS {
            // Today's appointments begin earlier than those of other days.
            if ahead == 0 && minute < 15 * 60 {
                continue;
            }
            let begin = day.at(minute / 60, minute % 60);
            entries.push(Entry {
                kind: "Slot",
                id: format!("{}-{}-{minute}", schedule.replace("timeplan", "tid"), day.iso()),
                members: object! {
                    "schedule": object! { "reference": format!("Schedule/{schedule}") },
                    "status": "free",
                    "start": begin.iso(),
                    "end": begin.plus(MINUTES).iso(),
                },
            });
        }
    }
    entries
}
