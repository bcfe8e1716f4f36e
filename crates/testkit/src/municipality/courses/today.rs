//! The appointments of today at the general practitioners' and at the health station: who comes to
//! the desk this morning.

use crate::municipality::chart::{Chart, Label};
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;

/// Today's appointment, of those who have one.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let office = chart.office();
    let (service, minute, title, minutes) = match chart.person.persona {
        Some(Persona::Healthy) => (office, 9 * 60 + 20, "Kontroll av føflekk", 20),
        Some(Persona::TypeOne) => (office, 13 * 60, "Årskontroll diabetes", 40),
        Some(Persona::Toddler) => (Service::HealthStation, 10 * 60, "Kontroll av vekst", 30),
        Some(Persona::Confiding) => (Service::HealthStation, 12 * 60, "Ny samtale", 30),
        Some(
            Persona::Frail
            | Persona::Expecting
            | Persona::Psychosis
            | Persona::Resident
            | Persona::Cancer
            | Persona::Closed,
        ) => return,
        // Of the others about one in eighty comes to the doctor on a given day.
        None if chart.person.index % 80 == 41 => {
            let minute = 8 * 60 + (chart.person.index as i32 * 20) % 360;
            (office, minute, "Konsultasjon", 20)
        }
        None => return,
    };
    let begin = chart.today.at(minute / 60, minute % 60);
    let book = |chart: &mut Chart<'_>| chart.appoint_at(service, begin, title, minutes);
    if chart.person.persona == Some(Persona::Confiding) {
        chart.in_confidence(Label::Adolescent, book);
    } else {
        book(chart);
    }
}
