//! What was ordered of the laboratory: the orders that the results of today answer, and one whose answer
//! should have come.
//!
//! Ids of orders follow from the ids of their reports, and what is late is told last with ids of its own,
//! so that nothing of the other courses moves.

use crate::municipality::bookings::Booking;
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::directory::reference;
use crate::municipality::organisations::Worker;
use crate::municipality::random::Random;
use crate::municipality::resources::{coding, concept, words};
use crate::municipality::write::object;

/// Letter of the ids of what is late.
const LETTER: char = 'q';
/// The place among today's appointments of whom an answer is late.
const LATE_PLACE: usize = 2;
/// Days since it was ordered.
const LATE_DAYS: i32 = 16;

/// Id of the order that a report answers.
pub(crate) fn order_of(report: &str) -> String {
    format!("{report}-best")
}

/// The order that a report answers.
pub(crate) fn order(
    chart: &mut Chart<'_>,
    doctor: &Worker,
    (report, title): (&str, &'static str),
    day: Day,
) {
    write(chart, doctor, order_of(report), title, day);
}

/// An order of the doctor's that nobody has answered.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if chart.person.booking != Some(Booking::Doctor(LATE_PLACE)) || !chart.alive() {
        return;
    }
    let random = Random::new(0, "answers", chart.person.index as u64);
    chart.tell_apart(LETTER, random, |chart| {
        let town = chart.town;
        let Some((_, doctor)) = town.general_practitioner(0) else { return };
        let id = chart.new_id();
        write(chart, doctor, id, "Avføring: okkult blod", chart.today.plus(-LATE_DAYS));
    });
}

fn write(chart: &mut Chart<'_>, doctor: &Worker, id: String, title: &'static str, day: Day) {
    let category = coding("http://snomed.info/sct", "108252007", "Laboratory procedure");
    let members = object! {
        "status": "active",
        "intent": "order",
        "category": [concept(category, "Laboratory procedure")],
        "priority": "routine",
        "code": words(title),
        "subject": chart.subject(),
        "authoredOn": day.at(10, 20).iso(),
        "requester": reference("Practitioner", &doctor.id, &doctor.name()),
        "reasonCode": [words("Oppfølging etter konsultasjon")],
    };
    chart.push("ServiceRequest", id, members);
}
