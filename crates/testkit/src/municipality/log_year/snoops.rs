//! The curious: a few people, each in their own way, some of whom nothing gives away.

use super::super::organisations::Service;
use super::{DAYS, Snoop, Staff, Year};

impl Year {
    pub(super) fn snoop(&mut self) {
        self.pairs(Snoop::Neighbour, 5, |staff, person| {
            let near = |a: &str, b: &str| {
                let (a, b) = (split(a), split(b));
                a.0 == b.0 && a.1.abs_diff(b.1) <= 3
            };
            staff.home.1 == person.home.1
                && near(&staff.home.0, &person.home.0)
                && staff.home != person.home
        });
        self.pairs(Snoop::ExPartner, 3, |staff, person| {
            staff.family == person.family && staff.home != person.home
        });
        let numbers: Vec<(String, &'static str)> =
            self.log.staff.iter().map(|one| (one.national_number.clone(), one.unit)).collect();
        self.pairs(Snoop::Colleague, 5, |staff, person| {
            staff.national_number != person.national_number
                && numbers.contains(&(person.national_number.clone(), staff.unit))
        });
        self.pairs(Snoop::Acquaintance, 3, |_, _| true);
        self.neighbours_in_care();
        self.famous();
        self.mass();
    }

    fn clinicians(&self) -> Vec<usize> {
        let is_one = |one: &Staff| {
            matches!(one.role, "doctor" | "nurse" | "healthcare-worker" | "therapist")
                && one.service != Service::OutOfHours
        };
        let all = self.log.staff.iter().enumerate().filter(|(_, one)| is_one(one));
        all.map(|(at, _)| at).collect()
    }

    /// So many pairs of this kind, as far as there are any, who have nothing to do with each other
    /// at work.
    fn pairs(
        &mut self,
        snoop: Snoop,
        count: usize,
        fits: impl Fn(&Staff, &super::Inhabitant) -> bool,
    ) {
        let clinicians = self.clinicians();
        let mut found = Vec::new();
        for _ in 0..200_000 {
            let (staff, person) = (*self.random.pick(&clinicians), self.anyone());
            let pair = self.log.staff.get(staff).zip(self.log.people.get(person));
            let is_one = pair.is_some_and(|(staff, person)| fits(staff, person));
            if is_one && !self.is_patient(staff, person) && !found.contains(&(staff, person)) {
                found.push((staff, person));
            }
            if found.len() == count {
                break;
            }
        }
        for pair in found {
            for _ in 0..self.random.between(1, 4) {
                self.secretly(pair, snoop);
            }
        }
    }

    fn is_patient(&self, staff: usize, person: usize) -> bool {
        let unit = self.log.staff.get(staff).map_or("", |one| one.unit);
        let spells = self.patients.get(unit).map_or(&[][..], Vec::as_slice);
        spells.iter().any(|(patient, _, _)| *patient == person)
    }

    /// A working day of somebody, and a minute of it, or of the evening after.
    fn occasion(&mut self, staff: usize) -> (i32, i32) {
        let looks = self.log.looks.len() as i32;
        for _ in 0..10_000 {
            let drawn = self.random.between(0, looks - 1) as usize;
            let Some(look) = self.log.looks.get(drawn).filter(|look| look.staff == staff) else {
                continue;
            };
            let (date, minute) =
                (look.at.date(), i32::from(look.at.hour()) * 60 + i32::from(look.at.minute()));
            let day = super::Day::from_civil(date).since(self.first);
            let late = if self.random.chance(0.3) { self.random.between(120, 600) } else { 3 };
            return (day, minute + late);
        }
        (self.random.between(0, DAYS - 1), 9 * 60)
    }

    fn secretly(&mut self, pair: (usize, usize), snoop: Snoop) {
        let (day, minute) = self.occasion(pair.0);
        let ground = match self.random.between(0, 9) {
            0 | 1 => "emergency",
            2 => "look-up",
            3 => "refused",
            _ => "decided",
        };
        for page in 0..self.random.between(1, 6) {
            self.look(pair, (day, minute + page), ground, Some(snoop));
        }
    }

    /// Curious where the work would have given the access anyway.
    fn neighbours_in_care(&mut self) {
        let related: Vec<usize> = (0..self.log.looks.len())
            .filter(|at| {
                let Some(look) = self.log.looks.get(*at) else { return false };
                let pair = self.log.staff.get(look.staff).zip(self.log.people.get(look.person));
                let is_near = pair.is_some_and(|(staff, person)| {
                    staff.home.1 == person.home.1
                        && split(&staff.home.0).0 == split(&person.home.0).0
                        && split(&staff.home.0).1.abs_diff(split(&person.home.0).1) <= 3
                });
                is_near && look.ground == "care-relationship"
            })
            .collect();
        for _ in 0..if related.is_empty() { 0 } else { 2 } {
            let at = *self.random.pick(&related);
            let Some(look) = self.log.looks.get(at) else { continue };
            let pair = (look.staff, look.person);
            let (day, minute) = self.occasion(pair.0);
            let snoop = Some(Snoop::NeighbourInCare);
            self.look(pair, (day, minute), "care-relationship", snoop);
        }
    }

    /// Three days in which somebody is talked about.
    fn famous(&mut self) {
        let person = self.anyone();
        let begin = self.random.between(30, DAYS - 30);
        let clinicians = self.clinicians();
        for _ in 0..9 {
            let staff = *self.random.pick(&clinicians);
            if self.is_patient(staff, person) {
                continue;
            }
            let at = (begin + self.random.between(0, 2), self.random.between(8 * 60, 20 * 60));
            let ground = if self.random.chance(0.5) { "decided" } else { "look-up" };
            self.look((staff, person), at, ground, Some(Snoop::Famous));
        }
    }

    /// Two who went through the register, an hour at a time.
    fn mass(&mut self) {
        let clinicians = self.clinicians();
        for _ in 0..2 {
            let staff = *self.random.pick(&clinicians);
            let (day, minute) = self.occasion(staff);
            for step in 0..self.random.between(10, 25) {
                let person = self.anyone();
                if !self.is_patient(staff, person) {
                    let at = (day, minute + step * 2);
                    self.look((staff, person), at, "look-up", Some(Snoop::Mass));
                }
            }
        }
    }
}

/// Street and number of a line.
fn split(line: &str) -> (&str, u32) {
    let at = line.find(|c: char| c.is_ascii_digit()).unwrap_or(line.len());
    let (street, rest) = line.split_at(at);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (street, rest.get(..end).and_then(|number| number.parse().ok()).unwrap_or(0))
}
