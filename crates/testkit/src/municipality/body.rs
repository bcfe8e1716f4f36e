//! What a measurement would show on a given day, from the person's own constants, the illnesses
//! and how long they have been treated.
//!
//! Smooth courses plus a little noise, so that trends mean something: pressure falls when its
//! treatment begins, HbA1c rises with the years of diabetes, creatinine with those of kidney
//! disease, weight and NT-proBNP before a stay for heart failure.

use super::analyses::Lab;
use super::calendar::Day;
use super::health::{Health, Illness};
use super::people::Person;
use super::random::Random;

/// The constants of one body.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// Adult height in cm.
    height: f64,
    /// Adult body mass index at 40.
    mass_index: f64,
    systolic: f64,
    pulse: f64,
    filtration: f64,
    haemoglobin: f64,
    ldl: f64,
    hdl: f64,
    potassium: f64,
    sodium: f64,
    sugar: f64,
    thyroid: f64,
    /// Where a child lies among others of its age, in deviations.
    growth: f64,
    liver: f64,
}

/// Mean length in cm and weight in kg of children by months of age.
const GROWTH: [(f64, f64, f64, f64); 17] = [
    (0.0, 50.0, 3.5, 35.0),
    (1.5, 56.0, 4.9, 38.0),
    (3.0, 61.5, 6.2, 40.5),
    (6.0, 68.0, 7.9, 43.3),
    (9.0, 72.5, 9.0, 45.1),
    (12.0, 76.5, 9.9, 46.5),
    (18.0, 83.0, 11.3, 48.0),
    (24.0, 88.5, 12.6, 49.0),
    (36.0, 97.0, 14.8, 50.0),
    (48.0, 104.5, 17.1, 50.8),
    (72.0, 118.0, 22.0, 52.0),
    (96.0, 130.0, 27.5, 52.8),
    (120.0, 140.5, 34.0, 53.4),
    (144.0, 152.0, 42.5, 54.0),
    (168.0, 164.0, 53.0, 55.0),
    (192.0, 171.0, 61.0, 55.6),
    (216.0, 174.0, 66.0, 56.0),
];

fn along_growth(months: f64) -> (f64, f64, f64) {
    for pair in GROWTH.windows(2) {
        if let [(m0, l0, w0, h0), (m1, l1, w1, h1)] = pair
            && months <= *m1
        {
            let part = ((months - m0) / (m1 - m0)).clamp(0.0, 1.0);
            return (l0 + part * (l1 - l0), w0 + part * (w1 - w0), h0 + part * (h1 - h0));
        }
    }
    (174.0, 66.0, 56.0)
}

impl Body {
    /// Draw the constants.
    pub(crate) fn new(person: &Person, random: &mut Random) -> Body {
        let woman = person.is_woman();
        let stature = if woman { 167.0 } else { 180.5 };
        Body {
            height: stature + 6.2 * random.normal()
                - (2020.0 - f64::from(person.born.year())) * 0.03,
            mass_index: (26.0 + 3.4 * random.normal()).clamp(18.5, 41.0),
            systolic: 120.0 + 8.0 * random.normal(),
            pulse: 68.0 + 7.0 * random.normal(),
            filtration: 112.0 + 8.0 * random.normal(),
            haemoglobin: if woman { 13.3 } else { 15.0 } + 0.7 * random.normal(),
            ldl: (3.3 + 0.7 * random.normal()).max(1.7),
            hdl: (if woman { 1.6 } else { 1.3 } + 0.25 * random.normal()).max(0.8),
            potassium: 4.1 + 0.2 * random.normal(),
            sodium: 140.5 + 1.2 * random.normal(),
            sugar: 35.0 + 2.0 * random.normal(),
            thyroid: (1.8 + 0.5 * random.normal()).clamp(0.7, 3.4),
            growth: 0.9 * random.normal(),
            liver: (26.0 + 8.0 * random.normal()).clamp(11.0, 60.0),
        }
    }

    /// How far into a worsening of heart failure the day is: 0 none, 1 the first day in hospital.
    fn congestion(health: &Health, day: Day) -> f64 {
        let near = health.decompensations.iter().map(|stay| {
            let days = f64::from(day.since(*stay));
            if (-21.0..=0.0).contains(&days) {
                1.0 + days / 21.0
            } else if (0.0..=9.0).contains(&days) {
                1.0 - days / 9.0
            } else {
                0.0
            }
        });
        near.fold(0.0, f64::max)
    }

    /// Centimetres.
    pub(crate) fn height(&self, person: &Person, day: Day) -> f64 {
        let years = day.years_since(person.born);
        if years >= 17.5 {
            return self.height - (years - 65.0).max(0.0) * 0.12;
        }
        let (length, _, _) = along_growth(years * 12.0);
        let towards_adult =
            if person.is_woman() && years > 13.0 { -1.6 * (years - 13.0) } else { 0.0 };
        length + towards_adult + self.growth * (1.2 + years * 0.3)
    }

    /// Kilograms.
    pub(crate) fn weight(
        &self,
        person: &Person,
        health: &Health,
        day: Day,
        random: &mut Random,
    ) -> f64 {
        let years = day.years_since(person.born);
        if years < 17.5 {
            let (_, weight, _) = along_growth(years * 12.0);
            let girl = if person.is_woman() { 0.96 } else { 1.0 };
            return weight * girl * (1.0 + 0.09 * self.growth) + 0.01 * weight * random.normal();
        }
        let metres = self.height / 100.0;
        let settled =
            self.mass_index + (years.min(60.0) - 40.0) * 0.05 - (years - 72.0).max(0.0) * 0.12;
        let diabetes = health.years(Illness::Diabetes2, day);
        let slimming = if diabetes > 4.0 { 0.8 } else { 0.0 };
        let wasting = 0.5 * health.years(Illness::Dementia, day).min(6.0);
        let drugs = if health.has(Illness::Schizophrenia, day) { 3.0 } else { 0.0 };
        let sick = if health.has(Illness::Diabetes2, day) { 3.0 } else { 0.0 };
        let index = (settled + sick + drugs - slimming - wasting).clamp(17.0, 44.0);
        let carrying = health
            .pregnancies
            .iter()
            .filter(|(begin, end)| *begin <= day && day <= *end)
            .map(|(begin, _)| f64::from(day.since(*begin)) / 280.0 * 13.0)
            .fold(0.0, f64::max);
        index * metres * metres
            + carrying
            + 4.2 * Body::congestion(health, day)
            + 0.35 * random.normal()
    }

    /// Circumference of a small child's head in cm.
    pub(crate) fn head(&self, person: &Person, day: Day) -> f64 {
        along_growth(day.years_since(person.born) * 12.0).2 + 0.6 * self.growth
    }

    /// Systolic and diastolic mmHg.
    pub(crate) fn pressure(
        &self,
        person: &Person,
        health: &Health,
        day: Day,
        random: &mut Random,
    ) -> (f64, f64) {
        let years = day.years_since(person.born);
        let mut systolic = self.systolic + (years - 40.0).max(0.0) * 0.35;
        if years < 18.0 {
            systolic = 92.0 + years * 1.6;
        }
        if let Some(begin) = health.since(Illness::Hypertension) {
            let before = f64::from(begin.since(day)) / 365.25;
            systolic = if before > 0.0 {
                systolic.max(152.0 - before * 4.0)
            } else if before > -0.06 {
                systolic.max(158.0)
            } else {
                let steps = (-before / 0.4).min(3.0);
                systolic.max(156.0) - 8.0 * steps
            };
        }
        if health.has(Illness::HeartFailure, day) {
            systolic -= 10.0;
        }
        let systolic = systolic + 5.0 * random.normal();
        let stiff = (years - 60.0).max(0.0) * 0.35;
        let diastolic = 46.0 + systolic * 0.26 - stiff * 0.5 + 3.0 * random.normal();
        (systolic.clamp(78.0, 205.0).round(), diastolic.clamp(44.0, 112.0).round())
    }

    /// Beats a minute at rest without fever.
    pub(crate) fn pulse(
        &self,
        person: &Person,
        health: &Health,
        day: Day,
        random: &mut Random,
    ) -> f64 {
        let years = day.years_since(person.born);
        let child = if years < 12.0 { (12.0 - years) * 4.0 + 10.0 } else { 0.0 };
        let fibrillation = match health.since(Illness::AtrialFibrillation) {
            Some(begin) if day.since(begin).abs() < 8 => 48.0,
            Some(begin) if day > begin => 8.0,
            _ => 0.0,
        };
        self.pulse
            + child
            + fibrillation
            + 18.0 * Body::congestion(health, day)
            + 4.0 * random.normal()
    }

    /// Percent of oxygen in the blood at rest.
    pub(crate) fn saturation(&self, health: &Health, day: Day, random: &mut Random) -> f64 {
        let lungs = health.years(Illness::Copd, day).min(8.0) * 0.45;
        let fluid = 5.5 * Body::congestion(health, day);
        (98.2 - lungs - fluid + 0.6 * random.normal()).clamp(82.0, 100.0)
    }

    /// Breaths a minute.
    pub(crate) fn respiration(&self, health: &Health, day: Day, random: &mut Random) -> f64 {
        let lungs = health.years(Illness::Copd, day).min(6.0) * 0.5;
        15.0 + lungs + 11.0 * Body::congestion(health, day) + 1.3 * random.normal()
    }

    fn filtration(&self, person: &Person, health: &Health, day: Day) -> f64 {
        let years = day.years_since(person.born);
        let aged = self.filtration - (years - 30.0).max(0.0) * 0.72;
        let kidney = match health.since(Illness::Kidney) {
            Some(begin) if day >= begin => 54.0_f64.min(aged) - 2.9 * day.years_since(begin),
            Some(begin) => aged.min(54.0 + begin.years_since(day) * 4.5),
            None => aged,
        };
        (kidney * (1.0 - 0.22 * Body::congestion(health, day))).clamp(14.0, 128.0)
    }

    fn sugar(&self, person: &Person, health: &Health, day: Day) -> f64 {
        if let Some(begin) = health.since(Illness::Diabetes1) {
            let years = day.years_since(begin);
            return match years {
                ..-0.2 => self.sugar,
                ..0.15 => 98.0,
                _ => 60.0 + 4.0 * (years * 1.7).sin() + self.growth * 4.0,
            };
        }
        if let Some(begin) = health.since(Illness::Diabetes2) {
            let years = day.years_since(begin);
            let severe = 3.0 * self.growth;
            return if years < 0.0 {
                (46.0 + years * 2.2).max(self.sugar)
            } else if years < 0.12 {
                58.0 + severe.abs() * 3.0
            } else if years < 4.0 {
                // Metformin, then a slow rise until something is added after about four years.
                48.0 + severe + years * 2.3
            } else {
                51.0 + severe + (years - 4.0).min(12.0) * 0.8
            };
        }
        let age = day.years_since(person.born);
        self.sugar + (age - 40.0).max(0.0) * 0.07
    }

    fn ldl(&self, health: &Health, day: Day) -> f64 {
        let begins = [Illness::Lipids, Illness::Coronary, Illness::Stroke];
        let first = begins.iter().filter_map(|illness| health.since(*illness)).min();
        match first {
            Some(begin) if day.since(begin) > 40 => (self.ldl + 1.0) * 0.5,
            Some(_) => self.ldl + 1.2,
            None => self.ldl,
        }
    }

    fn thyroid(&self, health: &Health, day: Day) -> (f64, f64) {
        match health.since(Illness::Hypothyroid) {
            Some(begin) => match day.since(begin) {
                ..-900 => (self.thyroid, 15.0),
                -900..=-30 => (4.4, 13.0),
                -29..=35 => (11.8 + 2.0 * self.growth.abs(), 8.6),
                36..=120 => (5.2, 12.0),
                _ => (self.thyroid + 0.3, 17.0),
            },
            None => (self.thyroid, 15.0),
        }
    }

    /// What the laboratory reports on this day without an acute illness.
    pub(crate) fn lab(
        &self,
        lab: Lab,
        person: &Person,
        health: &Health,
        day: Day,
        random: &mut Random,
    ) -> f64 {
        let noise = random.normal();
        let years = day.years_since(person.born);
        let filtration = self.filtration(person, health, day);
        let congestion = Body::congestion(health, day);
        match lab {
            Lab::Hb => {
                let kidney = (50.0 - filtration).max(0.0) * 0.045;
                let child = if years < 12.0 { 1.9 } else { 0.0 };
                self.haemoglobin - kidney - child - (years - 75.0).max(0.0) * 0.03 + 0.25 * noise
            }
            Lab::Leukocytes => (6.4 + 1.2 * noise).clamp(3.4, 11.5),
            Lab::Platelets => 258.0 + 42.0 * noise,
            Lab::Crp => (1.6 + noise).max(1.0),
            Lab::Egfr => filtration + noise,
            Lab::Creatinine => creatinine(filtration, person, years) * (1.0 + 0.015 * noise),
            Lab::Potassium => self.potassium + (52.0 - filtration).max(0.0) * 0.012 + 0.15 * noise,
            Lab::Sodium => self.sodium - 4.0 * congestion + noise,
            Lab::HbA1c => self.sugar(person, health, day) + 1.3 * noise,
            Lab::Glucose => (self.sugar(person, health, day) * 0.145 + 0.2 + 0.35 * noise).max(3.8),
            Lab::Ldl => (self.ldl(health, day) + 0.15 * noise).max(0.9),
            Lab::Hdl => (self.hdl + 0.08 * noise).max(0.6),
            Lab::Cholesterol => self.ldl(health, day) + self.hdl + 0.55 + (0.2 * noise).abs(),
            Lab::Tsh => (self.thyroid(health, day).0 * (1.0 + 0.09 * noise)).max(0.1),
            Lab::FreeT4 => self.thyroid(health, day).1 + 0.8 * noise,
            Lab::NtProBnp => {
                natriuretic(health, day, years, congestion) * (1.0 + 0.1 * noise).max(0.5)
            }
            Lab::Inr => 1.0 + 0.05 * noise.abs(),
            Lab::Ferritin => {
                (if person.is_woman() { 62.0 } else { 150.0 }) * (1.0 + 0.2 * noise).max(0.2)
            }
            Lab::B12 => (360.0 + 70.0 * noise).max(130.0),
            Lab::VitaminD => (66.0 + 16.0 * noise).max(18.0),
            Lab::Alat => self.liver * (1.0 + 0.1 * noise),
            Lab::Albumin => 43.0 - (years - 60.0).max(0.0) * 0.12 - 4.0 * congestion + noise,
            Lab::AlbuminCreatinine => albuminuria(health, day, noise),
            Lab::Urate => {
                let gout = if health.has(Illness::Gout, day) { 90.0 } else { 0.0 };
                300.0 + gout + (60.0 - filtration).max(0.0) * 2.5 + 25.0 * noise
            }
            Lab::Psa => {
                let large = if health.has(Illness::Prostate, day) { 2.6 } else { 0.9 };
                (large + 0.3 * noise).max(0.2)
            }
            Lab::Calcium => 2.34 + 0.05 * noise,
            Lab::TroponinT => {
                (7.0 + (60.0 - filtration).max(0.0) * 0.5 + 20.0 * congestion + 1.5 * noise)
                    .max(4.0)
            }
        }
    }
}

/// µmol/L that CKD-EPI (2009) would turn back into about this filtration; by halving the interval.
fn creatinine(filtration: f64, person: &Person, years: f64) -> f64 {
    if years < 18.0 {
        return 18.0 + years * 2.6;
    }
    let (kappa, alpha, factor) =
        if person.is_woman() { (61.9, -0.329, 144.0) } else { (79.6, -0.411, 141.0) };
    let estimate = |micromoles: f64| {
        let ratio: f64 = micromoles / kappa;
        let power = if ratio <= 1.0 { alpha } else { -1.209 };
        factor * ratio.powf(power) * 0.993_f64.powf(years)
    };
    let (mut low, mut high) = (20.0, 600.0);
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        if estimate(middle) > filtration {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

fn natriuretic(health: &Health, day: Day, years: f64, congestion: f64) -> f64 {
    let aged = 45.0 + (years - 50.0).max(0.0) * 4.0;
    let fibrillation = if health.has(Illness::AtrialFibrillation, day) { 450.0 } else { 0.0 };
    let failing = match health.since(Illness::HeartFailure) {
        Some(begin) if day >= begin => 900.0 + 90.0 * day.years_since(begin),
        _ => 0.0,
    };
    aged + fibrillation + failing + congestion * 2900.0
}

fn albuminuria(health: &Health, day: Day, noise: f64) -> f64 {
    let sugar = health.years(Illness::Diabetes2, day) + 0.4 * health.years(Illness::Diabetes1, day);
    let kidney = if health.has(Illness::Kidney, day) { 5.0 } else { 0.0 };
    (0.9 + 0.22 * sugar + kidney + 0.5 * noise).max(0.3)
}
