//! Who of the people has a part in today's work at the desks: the first ones of each list, so that a
//! day is full in a town of sixty as in one of thousands.
//!
//! Not here: what their part is (`courses/workday.rs`).

use super::calendar::Day;
use super::people::Person;

/// A place in somebody's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Booking {
    /// A patient of the first doctor's today.
    Doctor(usize),
    /// On the list of the doctor beside.
    Colleague(usize),
    /// A small child who comes to the health station.
    Station(usize),
}

/// Places in the first doctor's day.
const DOCTOR: usize = 12;
const COLLEAGUE: usize = 2;
const STATION: usize = 5;
/// Children who come to the health station's controls are younger.
const STATION_YEARS: i32 = 7;

/// Gives the places out, in the order of the roster; the scripted people have their own.
pub(crate) fn book(roster: &mut [Person], scripted: usize, today: Day) {
    let (mut doctor, mut colleague, mut station) = (0, 0, 0);
    for person in roster.iter_mut().skip(scripted) {
        let is_small = person.age(today) < STATION_YEARS;
        let (next, max, booking): (&mut usize, usize, fn(usize) -> Booking) = match person.doctor {
            _ if is_small => (&mut station, STATION, Booking::Station),
            0 => (&mut doctor, DOCTOR, Booking::Doctor),
            // Colleagues are away, and some of theirs come too.
            2 | 3 if doctor % 2 == 1 => (&mut doctor, DOCTOR, Booking::Doctor),
            1 => (&mut colleague, COLLEAGUE, Booking::Colleague),
            _ => continue,
        };
        if *next < max {
            person.booking = Some(booking(*next));
            *next += 1;
        }
    }
}
