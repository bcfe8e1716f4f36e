//! Ordinary working days: by role, shift and unit, with what is out of the ordinary and yet right.
//! Covering for others, a call back at home, a wrong person clicked on.

use super::super::organisations::Service;
use super::Year;

/// Of the looks at work, the share at somebody who is no patient of the unit (yet), with a reason.
const COVERING: f64 = 0.006;
/// Of the looks, the share done at home or long after the shift.
const AFTER_HOURS: f64 = 0.004;
/// Of the looks, the share that is refused: a wrong person, a block, an old list.
const WRONG: f64 = 0.002;
/// Of those whose relationship ended, looks afterwards that are right: a bill, a letter.
const AFTERWARDS: f64 = 0.003;

impl Year {
    pub(super) fn work(&mut self) {
        for staff in 0..self.log.staff.len() {
            for day in 0..super::DAYS {
                self.day(staff, day);
            }
        }
    }

    /// The first minute and the length of the shift of this day, if there is one.
    fn shift(&mut self, staff: usize, day: i32) -> Option<(i32, i32)> {
        let one = self.log.staff.get(staff)?;
        let (service, role) = (one.service, one.role);
        let weekday = self.first.plus(day).weekday();
        let week = day / 7 + staff as i32;
        match service {
            Service::HomeCare(_) | Service::NursingHome if role != "doctor" => {
                let free = weekday > 4 && week % 3 != 0 || weekday < 5 && self.random.chance(0.25);
                let begin = match (staff % 5, week % 3) {
                    (4, _) => 22 * 60,
                    (_, 1) => 15 * 60,
                    _ => 7 * 60,
                };
                (!free).then_some((begin, 7 * 60 + 30))
            }
            Service::OutOfHours => {
                let free = (day + staff as i32) % 3 != 0;
                let begin = [8 * 60, 15 * 60, 22 * 60].get((week % 3) as usize).copied();
                begin.filter(|_| !free).map(|begin| (begin, 8 * 60))
            }
            Service::Medicine | Service::Lung | Service::Surgery | Service::Maternity => {
                let free = (day + staff as i32) % 4 == 0 || self.random.chance(0.2);
                let begin = if (day / 5 + staff as i32) % 4 == 0 { 15 * 60 } else { 7 * 60 + 30 };
                (!free).then_some((begin, 8 * 60))
            }
            Service::HomeCare(_)
            | Service::NursingHome
            | Service::Municipality
            | Service::Office(_)
            | Service::HealthStation
            | Service::MentalHealth
            | Service::Physiotherapy
            | Service::Allocation
            | Service::Dental
            | Service::Hospital
            | Service::Children
            | Service::Psychiatry
            | Service::Oncology
            | Service::Eye
            | Service::Radiology => {
                let free = weekday > 4 || self.random.chance(0.12);
                (!free).then_some((8 * 60, 7 * 60 + 30))
            }
        }
    }

    fn day(&mut self, staff: usize, day: i32) {
        let Some((begin, length)) = self.shift(staff, day) else { return };
        let Some(one) = self.log.staff.get(staff) else { return };
        let (unit, service, role) = (one.unit, one.service, one.role);
        if service == Service::OutOfHours {
            for _ in 0..self.random.between(5, 14) {
                let patient = self.anyone();
                let ground = if self.random.chance(0.06) { "emergency" } else { "decided" };
                let minute = begin + self.random_minute(length);
                self.visit(staff, patient, (day, minute), ground);
            }
            return;
        }
        let looks = match role {
            "privacy-officer" | "administrator" => 0,
            "case-worker" => 0,
            _ => self.random.between(4, 14),
        };
        if role == "case-worker" {
            for _ in 0..self.random.between(1, 4) {
                let patient = self.anyone();
                let minute = begin + self.random_minute(length);
                self.visit(staff, patient, (day, minute), "decided");
            }
        }
        if role == "receptionist" {
            for _ in 0..self.random.between(2, 6) {
                let patient = self.anyone();
                let minute = begin + self.random_minute(length);
                self.visit(staff, patient, (day, minute), "look-up");
            }
        }
        for _ in 0..looks {
            let spells = self.patients.get(unit).map_or(&[][..], Vec::as_slice);
            if spells.is_empty() {
                return;
            }
            let drawn = self.random.between(0, spells.len() as i32 - 1) as usize;
            let Some(&(patient, first, last)) = spells.get(drawn) else { return };
            let is_now = (first..last).contains(&day);
            let is_afterwards = !is_now && day > last && self.random.chance(AFTERWARDS);
            if !is_now && !is_afterwards {
                continue;
            }
            let mut minute = begin + self.random_minute(length);
            if self.random.chance(AFTER_HOURS) {
                minute = begin + length + self.random.between(30, 300);
            }
            let ground = if is_now { "care-relationship" } else { "decided" };
            self.visit(staff, patient, (day, minute), ground);
            self.odd(staff, (day, minute));
        }
    }

    /// What happens now and then, and is right.
    fn odd(&mut self, staff: usize, (day, minute): (i32, i32)) {
        if self.random.chance(COVERING) {
            let patient = self.anyone();
            let ground = if self.random.chance(0.1) { "emergency" } else { "decided" };
            self.visit(staff, patient, (day, minute), ground);
        }
        if self.random.chance(WRONG) {
            let patient = self.anyone();
            self.look((staff, patient), (day, minute), "refused", None);
        }
    }

    /// One patient: a few pages.
    fn visit(&mut self, staff: usize, patient: usize, at: (i32, i32), ground: &'static str) {
        for page in 0..self.random.between(1, 4) {
            self.look((staff, patient), (at.0, at.1 + page), ground, None);
        }
    }

    fn random_minute(&mut self, length: i32) -> i32 {
        self.random.between(0, length - 5)
    }
}
