//! How an actor and a patient are tied outside work.

use rustc_hash::FxHashMap;

use crate::facts::{ActorFacts, Facts, PatientFacts};
use crate::signal::{NEIGHBOUR_NUMBERS, Reason, Signal};

/// A family name that fewer than one in this many bear is rare.
const RARE_ONE_IN: u32 = 200;

/// Points of a tie: without relationship, where that is the unit's everyday, with relationship.
#[derive(Clone, Copy)]
pub(crate) enum Weighing {
    Unrelated,
    Routine,
    Related,
}

impl Weighing {
    fn of(self, unrelated: u32, related: u32) -> u32 {
        match self {
            Self::Unrelated => unrelated,
            Self::Routine => unrelated.midpoint(related),
            Self::Related => related,
        }
    }
}

/// Everybody's names and places of work, turned round for looking up.
pub(crate) struct Ties<'a> {
    facts: &'a Facts,
    bearers: FxHashMap<&'a str, u32>,
    /// National number to the units where its owner works.
    at_work: FxHashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Ties<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        let mut bearers: FxHashMap<&str, u32> = FxHashMap::default();
        for family in facts.patients.values().filter_map(|patient| patient.family.as_deref()) {
            *bearers.entry(family).or_default() += 1;
        }
        let mut at_work: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for actor in facts.actors.values() {
            if let Some(number) = actor.national_number.as_deref() {
                at_work.entry(number).or_default().push(&actor.unit);
            }
        }
        Self { facts, bearers, at_work }
    }

    /// Adds what ties the two.
    pub(crate) fn add(
        &self,
        actor: &ActorFacts,
        patient: &PatientFacts,
        weighing: Weighing,
        reasons: &mut Vec<Reason>,
    ) {
        let own = actor.national_number.as_ref();
        if own.is_some_and(|own| patient.national_numbers.contains(own)) {
            // Whoever looks at the own journal is everything else to it, too.
            reasons.push(Reason::new(Signal::OwnJournal, weighing.of(45, 40)));
            return;
        }
        let is_kin = own.is_some_and(|own| patient.kin_numbers.contains(own));
        let homes = actor.home.as_ref().zip(patient.home.as_ref());
        let apart = homes.and_then(|(one, other)| one.apart(other));
        if is_kin || apart.is_some_and(|(_, is_same)| is_same) {
            reasons.push(Reason::new(Signal::Household, weighing.of(45, 30)));
        } else if let Some((numbers, _)) = apart.filter(|(n, _)| *n <= NEIGHBOUR_NUMBERS) {
            let neighbour = Reason::new(Signal::Neighbour, weighing.of(30, 6));
            reasons.push(neighbour.counted(numbers, 0));
        }
        let units = patient.national_numbers.iter().find_map(|own| self.at_work.get(&**own));
        if let Some(units) = units {
            let (signal, points) = match units.contains(&&*actor.unit) {
                true => (Signal::Colleague, weighing.of(35, 8)),
                false => (Signal::ColleagueElsewhere, weighing.of(12, 2)),
            };
            reasons.push(Reason::new(signal, points));
        }
        if let Some(family) = actor.family.as_deref().filter(|_| actor.family == patient.family) {
            let bearers = self.bearers.get(family).copied().unwrap_or(1);
            let all = self.facts.patients.len() as u32;
            let is_rare = bearers.saturating_mul(RARE_ONE_IN) < all;
            let points = if is_rare { weighing.of(25, 5) } else { weighing.of(10, 2) };
            reasons.push(Reason::new(Signal::Surname, points).counted(bearers, all));
        }
    }
}
