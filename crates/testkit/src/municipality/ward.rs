//! The beds of the nursing home, and who lies in them.
//!
//! Here: which of the inhabitants, in the order of the roster, so that a larger town changes nobody's
//! bed. What happens there is told in `courses/ward.rs`; the places are written by `directory.rs`.

use super::calendar::Day;
use super::health::Health;
use super::people::Person;
use super::personas::Persona;
use super::random::Random;

/// Names of the wards, the one that is told in full first.
pub(crate) const WARDS: [&str; 2] = ["2. etasje", "3. etasje"];
/// Beds of each ward.
pub(crate) const BEDS: usize = 12;
/// Nobody younger comes for a short stay.
const AGE_MIN: i32 = 70;

/// A bed in a ward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bed {
    /// 0 or 1: an index of [`WARDS`].
    pub(crate) ward: usize,
    /// From 0.
    pub(crate) number: usize,
    /// Whether the person lives here.
    pub(crate) for_good: bool,
}

impl Bed {
    /// `201`: floor and number.
    pub(crate) fn room(&self) -> String {
        room(self.ward, self.number)
    }
}

/// `201` for the first bed of the first ward, which is on the second floor.
pub(crate) fn room(ward: usize, number: usize) -> String {
    format!("{}{:02}", ward + 2, number + 1)
}

/// Who lies where, and how far today is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ward {
    beds: Vec<(usize, Bed)>,
    /// Minute of today up to which the rounds have been done; 0 when nothing of today is told.
    pub(crate) until: i32,
}

impl Ward {
    /// Lays the first inhabitants who are old enough into the first ward, and others who live in the
    /// nursing home into the second.
    pub(crate) fn of(roster: &[Person], seed: u64, today: Day, until: i32) -> Ward {
        let mut beds = Vec::new();
        let mut taken = [0, 0];
        for person in roster {
            let told_elsewhere = person.persona.is_some_and(|who| who != Persona::Resident);
            if person.age(today) < AGE_MIN || told_elsewhere || person.protected {
                continue;
            }
            // As the chart itself will draw it.
            let mut random = Random::new(seed, "chart", person.index as u64);
            let health = Health::plan(person, today, &mut random);
            let for_good = health.nursing_home.is_some();
            let [first, second] = &mut taken;
            let place = if *first < BEDS { Some((0, first)) } else { Some((1, second)) };
            let place = place.filter(|(ward, _)| *ward == 0 || for_good);
            if health.death.is_some() {
                continue;
            }
            if let Some((ward, count)) = place.filter(|(_, count)| **count < BEDS) {
                beds.push((person.index, Bed { ward, number: *count, for_good }));
                *count += 1;
            }
        }
        Ward { beds, until }
    }

    /// The bed of the person with this place in the roster.
    pub(crate) fn bed_of(&self, index: usize) -> Option<&Bed> {
        self.beds.iter().find(|(who, _)| *who == index).map(|(_, bed)| bed)
    }
}
