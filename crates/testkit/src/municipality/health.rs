//! Which illnesses someone has and since when: decided first, so that drugs, measurements and
//! contacts can be told in step.
//!
//! Prevalences by age and sex follow what Norwegian registers report, roughly.

use super::calendar::Day;
use super::people::Person;
use super::personas::Persona;
use super::random::Random;

/// A long illness with a course of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illness {
    Hypertension,
    Diabetes2,
    Diabetes1,
    HeartFailure,
    AtrialFibrillation,
    Coronary,
    Copd,
    Asthma,
    Hypothyroid,
    Depression,
    Anxiety,
    Schizophrenia,
    Dementia,
    Kidney,
    Osteoporosis,
    KneeArthrosis,
    HipArthrosis,
    Prostate,
    BreastCancer,
    ProstateCancer,
    ColonCancer,
    Stroke,
    Parkinson,
    Epilepsy,
    Migraine,
    Rheumatoid,
    Eczema,
    Adhd,
    Rhinitis,
    Gout,
    Lipids,
    HipFracture,
}

/// What happens to one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    since: Vec<(Illness, Day)>,
    /// First days of stays for worsening heart failure.
    pub(crate) decompensations: Vec<Day>,
    /// Days of COPD exacerbations, and whether each needed a hospital.
    pub(crate) exacerbations: Vec<(Day, bool)>,
    pub(crate) home_care: Option<Day>,
    pub(crate) nursing_home: Option<Day>,
    pub(crate) death: Option<Day>,
    /// Conception and (expected) day of birth of pregnancies, oldest first.
    pub(crate) pregnancies: Vec<(Day, Day)>,
    pub(crate) smoker: bool,
    /// Day of the reaction to penicillin, if there was one.
    pub(crate) penicillin: Option<Day>,
}

/// Share with the illness per ten years of age, from 0–9 to 90 and over.
struct Prevalence {
    illness: Illness,
    women: [f64; 10],
    men: [f64; 10],
    /// Longest time since the beginning, in years.
    years: i32,
    /// No beginning before this age.
    from_age: i32,
}

#[rustfmt::skip]
const PREVALENCES: [Prevalence; 27] = {
    use Illness::*;
    const fn p(illness: Illness, years: i32, from_age: i32, women: [f64; 10], men: [f64; 10]) -> Prevalence {
        Prevalence { illness, women, men, years, from_age }
    }
    [
        p(Hypertension, 18, 30, [0., 0., 0., 0.03, 0.09, 0.20, 0.35, 0.50, 0.58, 0.55], [0., 0., 0.01, 0.05, 0.13, 0.25, 0.40, 0.50, 0.53, 0.50]),
        p(Lipids, 12, 35, [0., 0., 0., 0.01, 0.05, 0.14, 0.24, 0.28, 0.22, 0.10], [0., 0., 0., 0.03, 0.09, 0.18, 0.27, 0.28, 0.20, 0.10]),
        p(Diabetes2, 17, 35, [0., 0., 0., 0.01, 0.02, 0.05, 0.09, 0.13, 0.13, 0.11], [0., 0., 0., 0.01, 0.03, 0.07, 0.12, 0.16, 0.15, 0.12]),
        p(Diabetes1, 30, 4, [0.002, 0.005, 0.006, 0.006, 0.006, 0.005, 0.005, 0.003, 0.002, 0.], [0.002, 0.006, 0.007, 0.007, 0.007, 0.006, 0.005, 0.003, 0.002, 0.]),
        p(AtrialFibrillation, 12, 50, [0., 0., 0., 0., 0.002, 0.01, 0.04, 0.10, 0.18, 0.22], [0., 0., 0., 0.002, 0.006, 0.02, 0.07, 0.15, 0.22, 0.26]),
        p(Coronary, 15, 45, [0., 0., 0., 0., 0.004, 0.02, 0.05, 0.09, 0.14, 0.16], [0., 0., 0., 0.001, 0.015, 0.05, 0.12, 0.19, 0.24, 0.22]),
        p(HeartFailure, 8, 55, [0., 0., 0., 0., 0.001, 0.004, 0.01, 0.04, 0.10, 0.18], [0., 0., 0., 0., 0.002, 0.008, 0.025, 0.06, 0.13, 0.19]),
        p(Copd, 14, 45, [0., 0., 0., 0., 0.01, 0.03, 0.07, 0.10, 0.08, 0.05], [0., 0., 0., 0., 0.01, 0.03, 0.07, 0.10, 0.09, 0.06]),
        p(Asthma, 20, 2, [0.06, 0.08, 0.07, 0.06, 0.06, 0.06, 0.05, 0.05, 0.04, 0.02], [0.08, 0.09, 0.06, 0.05, 0.04, 0.04, 0.04, 0.04, 0.03, 0.02]),
        p(Hypothyroid, 20, 20, [0., 0.002, 0.015, 0.03, 0.05, 0.07, 0.09, 0.10, 0.10, 0.08], [0., 0., 0.003, 0.007, 0.01, 0.015, 0.02, 0.03, 0.03, 0.03]),
        p(Depression, 9, 15, [0., 0.03, 0.07, 0.08, 0.08, 0.08, 0.06, 0.05, 0.06, 0.06], [0., 0.015, 0.04, 0.05, 0.05, 0.05, 0.04, 0.03, 0.04, 0.04]),
        p(Anxiety, 10, 15, [0., 0.02, 0.05, 0.05, 0.05, 0.04, 0.03, 0.03, 0.03, 0.02], [0., 0.01, 0.03, 0.03, 0.03, 0.02, 0.02, 0.01, 0.01, 0.01]),
        p(Schizophrenia, 20, 20, [0., 0., 0.003, 0.005, 0.005, 0.005, 0.004, 0.002, 0., 0.], [0., 0., 0.004, 0.006, 0.006, 0.005, 0.004, 0.002, 0., 0.]),
        p(Dementia, 6, 65, [0., 0., 0., 0., 0., 0.001, 0.01, 0.05, 0.20, 0.40], [0., 0., 0., 0., 0., 0.001, 0.01, 0.05, 0.17, 0.33]),
        p(Kidney, 8, 55, [0., 0., 0., 0.001, 0.005, 0.015, 0.05, 0.12, 0.24, 0.32], [0., 0., 0., 0.001, 0.005, 0.015, 0.05, 0.12, 0.22, 0.30]),
        p(Osteoporosis, 12, 55, [0., 0., 0., 0., 0.002, 0.02, 0.07, 0.15, 0.24, 0.28], [0., 0., 0., 0., 0., 0.005, 0.01, 0.03, 0.05, 0.08]),
        p(KneeArthrosis, 14, 45, [0., 0., 0., 0., 0.02, 0.06, 0.11, 0.15, 0.16, 0.15], [0., 0., 0., 0., 0.02, 0.05, 0.08, 0.10, 0.12, 0.12]),
        p(HipArthrosis, 12, 50, [0., 0., 0., 0., 0.005, 0.02, 0.05, 0.09, 0.11, 0.10], [0., 0., 0., 0., 0.005, 0.02, 0.04, 0.06, 0.08, 0.08]),
        p(Prostate, 14, 50, [0.; 10], [0., 0., 0., 0., 0.01, 0.06, 0.15, 0.24, 0.28, 0.28]),
        p(BreastCancer, 14, 35, [0., 0., 0., 0.002, 0.009, 0.02, 0.035, 0.045, 0.05, 0.05], [0.; 10]),
        p(ProstateCancer, 12, 50, [0.; 10], [0., 0., 0., 0., 0.001, 0.01, 0.04, 0.08, 0.10, 0.10]),
        p(ColonCancer, 9, 45, [0., 0., 0., 0., 0.001, 0.005, 0.012, 0.022, 0.03, 0.03], [0., 0., 0., 0., 0.001, 0.006, 0.014, 0.025, 0.03, 0.03]),
        p(Stroke, 10, 50, [0., 0., 0., 0.001, 0.003, 0.01, 0.02, 0.05, 0.10, 0.12], [0., 0., 0., 0.001, 0.004, 0.015, 0.035, 0.07, 0.12, 0.14]),
        p(Parkinson, 10, 55, [0., 0., 0., 0., 0., 0.001, 0.004, 0.011, 0.016, 0.015], [0., 0., 0., 0., 0., 0.001, 0.006, 0.015, 0.022, 0.02]),
        p(Epilepsy, 30, 3, [0.005, 0.007, 0.007, 0.007, 0.007, 0.007, 0.008, 0.009, 0.01, 0.01], [0.005, 0.007, 0.007, 0.007, 0.007, 0.007, 0.008, 0.009, 0.01, 0.01]),
        p(Migraine, 20, 12, [0., 0.03, 0.07, 0.09, 0.09, 0.06, 0.03, 0.02, 0.01, 0.], [0., 0.015, 0.025, 0.03, 0.03, 0.02, 0.01, 0.01, 0., 0.]),
        p(Rheumatoid, 18, 30, [0., 0., 0.002, 0.004, 0.008, 0.011, 0.015, 0.018, 0.015, 0.01], [0., 0., 0.001, 0.002, 0.003, 0.005, 0.008, 0.01, 0.01, 0.008]),
    ]
};
#[rustfmt::skip]
const YOUNG: [Prevalence; 4] = {
    use Illness::*;
    [
        Prevalence { illness: Eczema, years: 8, from_age: 0, women: [0.13, 0.07, 0.04, 0.03, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01], men: [0.13, 0.06, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01] },
        Prevalence { illness: Adhd, years: 9, from_age: 7, women: [0.005, 0.03, 0.03, 0.025, 0.015, 0., 0., 0., 0., 0.], men: [0.012, 0.05, 0.04, 0.025, 0.015, 0., 0., 0., 0., 0.] },
        Prevalence { illness: Rhinitis, years: 15, from_age: 5, women: [0.04, 0.11, 0.12, 0.10, 0.09, 0.07, 0.04, 0.02, 0.01, 0.], men: [0.05, 0.13, 0.12, 0.10, 0.08, 0.06, 0.04, 0.02, 0.01, 0.] },
        Prevalence { illness: Gout, years: 12, from_age: 40, women: [0., 0., 0., 0., 0.001, 0.005, 0.012, 0.02, 0.03, 0.03], men: [0., 0., 0., 0.004, 0.015, 0.025, 0.04, 0.05, 0.05, 0.05] },
    ]
};

/// An illness is so many times as common in those who have another.
const TOGETHER: [(Illness, Illness, f64); 12] = [
    (Illness::Coronary, Illness::Diabetes2, 1.8),
    (Illness::Stroke, Illness::Diabetes2, 1.6),
    (Illness::Stroke, Illness::AtrialFibrillation, 1.5),
    (Illness::HeartFailure, Illness::Coronary, 2.2),
    (Illness::HeartFailure, Illness::AtrialFibrillation, 2.0),
    (Illness::Kidney, Illness::Diabetes2, 1.8),
    (Illness::Kidney, Illness::Diabetes1, 1.8),
    (Illness::Lipids, Illness::Diabetes2, 2.0),
    (Illness::Diabetes2, Illness::Hypertension, 1.5),
    (Illness::Diabetes1, Illness::Diabetes2, 0.0),
    (Illness::Asthma, Illness::Copd, 0.0),
    (Illness::Rhinitis, Illness::Asthma, 2.5),
];

impl Health {
    /// Since when, if ever.
    pub(crate) fn since(&self, illness: Illness) -> Option<Day> {
        self.since.iter().find(|(which, _)| *which == illness).map(|(_, day)| *day)
    }

    /// Whether the illness has begun on that day.
    pub(crate) fn has(&self, illness: Illness, day: Day) -> bool {
        self.since(illness).is_some_and(|begin| begin <= day)
    }

    /// Years since the beginning, 0 before it.
    pub(crate) fn years(&self, illness: Illness, day: Day) -> f64 {
        self.since(illness).map_or(0.0, |begin| day.years_since(begin).max(0.0))
    }

    fn set(&mut self, illness: Illness, day: Day) {
        if self.since(illness).is_none() {
            self.since.push((illness, day));
        }
    }

    /// What this person gets.
    pub(crate) fn plan(person: &Person, today: Day, random: &mut Random) -> Health {
        let mut health = Health { smoker: random.chance(0.11), ..Health::default() };
        match person.persona {
            Some(persona) => health.script(persona, today),
            None => health.draw(person, today, random),
        }
        health.pregnancies(person, today, random);
        if person.persona.is_none() {
            health.consequences(person, today, random);
        }
        health.worsenings(person, today, random);
        let reacts = random.chance(0.035) && person.persona.is_none();
        let age = f64::from(person.age(today));
        if reacts && age > 3.0 {
            let days = random.within(0.1, 0.9) * age.min(40.0) * 365.0;
            health.penicillin = Some(today.plus(-(days as i32)));
        }
        health
    }

    fn draw(&mut self, person: &Person, today: Day, random: &mut Random) {
        let age = person.age(today);
        let decade = (age / 10).clamp(0, 9) as usize;
        for prevalence in PREVALENCES.iter().chain(&YOUNG) {
            let shares = if person.is_woman() { &prevalence.women } else { &prevalence.men };
            let mut share = shares.get(decade).copied().unwrap_or(0.0);
            share *= self.multiplied(prevalence.illness, today);
            // One draw for each illness whether or not it strikes keeps the stream in step.
            let strikes = random.chance(share.min(0.9));
            let longest = (age - prevalence.from_age).min(prevalence.years);
            let ago = random.within(0.08, 1.0) * f64::from(longest.max(0)) * 365.0;
            if strikes && longest > 0 {
                self.set(prevalence.illness, today.plus(-(ago as i32) - 20));
            }
        }
    }

    /// Illnesses come together.
    fn multiplied(&self, illness: Illness, today: Day) -> f64 {
        let smoke = if illness == Illness::Copd && self.smoker { 3.5 } else { 1.0 };
        TOGETHER
            .iter()
            .filter(|(which, given, _)| *which == illness && self.has(*given, today))
            .fold(smoke, |factor, (_, _, more)| factor * more)
    }

    /// Falls, need of help, and death, which follow from the rest.
    fn consequences(&mut self, person: &Person, today: Day, random: &mut Random) {
        let age = person.age(today);
        let frail = age >= 75;
        let hip = if self.has(Illness::Osteoporosis, today) { 0.16 } else { 0.03 };
        if frail && random.chance(hip) {
            self.set(Illness::HipFracture, today.plus(-random.between(40, 2200)));
        }
        let burden = [
            Illness::HeartFailure,
            Illness::Dementia,
            Illness::Stroke,
            Illness::Parkinson,
            Illness::HipFracture,
            Illness::Copd,
        ];
        let count = burden.iter().filter(|illness| self.has(**illness, today)).count();
        let need = 0.04 + 0.2 * count as f64 + if age >= 85 { 0.3 } else { 0.0 };
        if age >= 70 && random.chance(need) {
            let begin = today.plus(-random.between(60, 1500));
            let latest =
                self.since(Illness::Dementia).map_or(begin, |day| day.plus(120).max(begin));
            self.home_care = Some(latest.min(today.plus(-30)));
        }
        let lost = self.since(Illness::Dementia).is_some_and(|day| today.since(day) > 700);
        if lost && age >= 75 && random.chance(0.45) {
            let begin = today.plus(-random.between(60, 700));
            self.nursing_home = Some(begin);
            self.home_care = Some(begin.plus(-random.between(200, 700)));
        }
        if age >= 68 && random.chance(0.012 + 0.02 * count as f64) {
            self.death = Some(today.plus(-random.between(5, 1100)));
        }
    }

    fn pregnancies(&mut self, person: &Person, today: Day, random: &mut Random) {
        for birth in &person.births {
            self.pregnancies.push((birth.plus(-280 + random.between(-9, 12)), *birth));
        }
        let age = person.age(today);
        let last = person.births.iter().max().copied();
        let rested = last.is_none_or(|birth| today.since(birth) > 600);
        let fertile = person.is_woman() && (20..=40).contains(&age);
        let new = person.persona.is_none() && fertile && rested && random.chance(0.03);
        if person.persona == Some(Persona::Expecting) {
            self.pregnancies.push((today.plus(-212), today.plus(68)));
        } else if new {
            let conceived = today.plus(-random.between(70, 255));
            self.pregnancies.push((conceived, conceived.plus(280)));
        }
    }

    fn worsenings(&mut self, person: &Person, today: Day, random: &mut Random) {
        let end = self.death.unwrap_or(today);
        if let Some(begin) = self.since(Illness::HeartFailure) {
            self.decompensations.push(begin);
            let mut day = begin.plus(random.between(250, 800));
            while today.since(day) > 60 {
                self.decompensations.push(day);
                day = day.plus(random.between(350, 1200));
            }
            if person.persona == Some(Persona::Frail) {
                self.decompensations.retain(|day| today.since(*day) > 200);
                self.decompensations.push(today.plus(-8));
            }
        }
        if let Some(begin) = self.since(Illness::Copd) {
            let mut day = begin.plus(random.between(200, 700));
            while end.since(day) > 120 {
                self.exacerbations.push((day, random.chance(0.3)));
                day = day.plus(random.between(260, 900));
            }
        }
    }

    fn script(&mut self, persona: Persona, today: Day) {
        let ago = |years: i32, days: i32| today.plus_years(-years).plus(-days);
        self.smoker = false;
        match persona {
            Persona::Frail => {
                self.set(Illness::Hypertension, ago(21, 40));
                self.set(Illness::Diabetes2, ago(18, 100));
                self.set(Illness::Lipids, ago(17, 10));
                self.set(Illness::Copd, ago(10, 80));
                self.set(Illness::Osteoporosis, ago(8, 33));
                self.set(Illness::AtrialFibrillation, ago(7, 190));
                self.set(Illness::HeartFailure, ago(5, 62));
                self.set(Illness::Kidney, ago(3, 140));
                self.home_care = Some(ago(1, 150));
                self.penicillin = Some(ago(15, 130));
            }
            Persona::TypeOne => self.set(Illness::Diabetes1, ago(9, 214)),
            Persona::Psychosis => self.set(Illness::Schizophrenia, ago(15, 77)),
            Persona::Resident => {
                self.set(Illness::Hypertension, ago(19, 5));
                self.set(Illness::Prostate, ago(12, 71));
                self.set(Illness::Dementia, ago(4, 260));
                self.set(Illness::HipFracture, ago(1, 190));
                self.home_care = Some(ago(3, 200));
                self.nursing_home = Some(ago(1, 150));
            }
            Persona::Cancer => {
                self.set(Illness::Hypothyroid, ago(12, 201));
                self.set(Illness::BreastCancer, ago(1, 320));
            }
            Persona::Expecting
            | Persona::Toddler
            | Persona::Healthy
            | Persona::Confiding
            | Persona::Closed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::municipality::people;

    /// Share in percent of those in the ages who have the illness.
    fn share(illness: Illness, ages: std::ops::RangeInclusive<i32>) -> usize {
        let today = Day::new(2026, 11, 21);
        let roster = people::roster(4000, 1, today, 9);
        let inside: Vec<_> =
            roster.iter().filter(|person| ages.contains(&person.age(today))).collect();
        let ill = inside.iter().filter(|person| {
            let mut random = Random::new(1, "test", person.index as u64);
            Health::plan(person, today, &mut random).has(illness, today)
        });
        ill.count() * 100 / inside.len()
    }

    #[test]
    fn illnesses_are_as_common_as_in_norway() {
        let expected = [
            (Illness::Hypertension, 67..=120, 40..=62),
            (Illness::Diabetes2, 45..=66, 4..=10),
            (Illness::Diabetes2, 67..=120, 12..=24),
            (Illness::HeartFailure, 80..=120, 10..=26),
            (Illness::AtrialFibrillation, 80..=120, 15..=28),
            (Illness::Dementia, 80..=120, 14..=32),
            (Illness::Asthma, 2..=17, 4..=12),
            (Illness::Depression, 20..=66, 3..=9),
        ];
        for (illness, ages, percent) in expected {
            let found = share(illness, ages.clone());
            assert!(percent.contains(&found), "{illness:?} {ages:?}: {found} %");
        }
    }

    #[test]
    fn nobody_is_ill_before_the_age_at_which_it_begins() {
        let today = Day::new(2026, 11, 21);
        for person in people::roster(1500, 2, today, 4) {
            let mut random = Random::new(2, "test", person.index as u64);
            let health = Health::plan(&person, today, &mut random);
            for prevalence in PREVALENCES.iter().chain(&YOUNG) {
                if let Some(day) =
                    health.since(prevalence.illness).filter(|_| person.persona.is_none())
                {
                    assert!(person.age(day) >= prevalence.from_age - 1, "{:?}", prevalence.illness);
                    assert!(day < today, "{:?}", prevalence.illness);
                }
            }
        }
    }
}
