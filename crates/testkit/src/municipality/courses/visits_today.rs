//! Today's visits of the temp in home care: those whom the zone helps, and older people who are called on,
//! one after the other.
//!
//! Told last, with ids of its own, so that nothing of the other courses moves. Nobody of the personas.

use crate::municipality::chart::Chart;
use crate::municipality::directory::{location_id, reference};
use crate::municipality::organisations::Service;
use crate::municipality::random::Random;
use crate::municipality::resources::words;
use crate::municipality::write::{Json, object};

/// Letter of the ids.
const LETTER: char = 'r';
/// The zone that has a temp.
const ZONE: usize = 0;
/// The first visit, minutes after midnight, and from one to the next.
const BEGIN: i32 = 450;
const STEP: i32 = 35;
/// Visits before the list begins again from the top.
const PLACES: usize = 9;
/// From this age people who have no help are visited once, to hear how they manage.
const CALLED_ON_YEARS: i32 = 62;
/// The first people of the town are enough for one temp's day.
const PEOPLE: usize = 90;
/// What is to be done.
const KINDS: [&str; 4] =
    ["Morgenstell", "Multidose settes fram", "Sårskift venstre legg", "Blodtrykk og vekt"];

/// A visit today, of those whom the zone helps at home.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let person = chart.person;
    let is_helped = is_helped(chart) || person.age(chart.today) >= CALLED_ON_YEARS;
    let is_home = chart.health.nursing_home.is_none() && chart.bed().is_none();
    if person.index >= PEOPLE {
        return;
    }
    if !is_helped || !is_home || !chart.alive() || person.persona.is_some() {
        return;
    }
    let random = Random::new(0, "visits-today", person.index as u64);
    chart.tell_apart(LETTER, random, visit);
}

fn is_helped(chart: &Chart<'_>) -> bool {
    let own = chart.person.address.zone == ZONE;
    own && chart.health.home_care.is_some_and(|begin| chart.covers(begin))
}

fn visit(chart: &mut Chart<'_>) {
    let town = chart.town;
    let Some(place) = town.organisation(Service::HomeCare(ZONE)) else { return };
    let Some(temp) = place.others.iter().find(|worker| worker.period.is_some()) else { return };
    let number = chart.person.index % PLACES;
    let minute = BEGIN + STEP * i32::try_from(number).unwrap_or(0);
    let begin = chart.today.at(minute / 60, minute % 60);
    let kind = match is_helped(chart) {
        true => KINDS.get(number % KINDS.len()).copied().unwrap_or_default(),
        false => "Oppfølgingssamtale hjemme",
    };
    let id = chart.new_id();
    let actor = |actor: Json| object! { "actor": actor, "status": "accepted" };
    let members = object! {
        "status": "booked",
        "serviceType": [words("Hjemmebesøk")],
        "description": kind.to_owned(),
        "start": begin.iso(),
        "end": begin.plus(20).iso(),
        "minutesDuration": 20,
        "created": chart.end.iso(),
        "participant": [
            actor(chart.subject()),
            actor(reference("Practitioner", &temp.id, &temp.name())),
            actor(reference("Location", &location_id(place), place.name)),
        ],
    };
    chart.push("Appointment", id, members);
}
