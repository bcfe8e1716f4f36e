//! Who lives in the municipality: the roster of people, each with a number, a name, an age, a
//! home and a family. Cheap: no charts here (`chart.rs`, `courses/`).
//!
//! National numbers are synthetic (month + 80, as in Skatteetaten's test population) with valid
//! check digits, and unique within the municipality.

use super::bookings::{self, Booking};
use super::calendar::Day;
use super::households;
use super::names::Culture;
use super::personas::{self, Persona};
use super::places::Address;
use super::random::Random;
use akson_base::identifiers;
use std::collections::HashSet;

/// Administrative sex, as the national register has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sex {
    Female,
    Male,
}

impl Sex {
    /// A code of FHIR's administrative-gender.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Sex::Female => "female",
            Sex::Male => "male",
        }
    }

    /// Norwegian, indefinite: "kvinne".
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Sex::Female => "kvinne",
            Sex::Male => "mann",
        }
    }
}

/// What someone is to the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinship {
    Spouse,
    Partner,
    Mother,
    Father,
    Daughter,
    Son,
    Friend,
}

/// One next of kin.
#[derive(Debug, Clone)]
pub(crate) struct Kin {
    pub(crate) kinship: Kinship,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) phone: String,
    /// Fødselsnummer of a parent who lives here too.
    pub(crate) number: Option<String>,
}

/// Somebody who may act for the patient, by a decision or by the patient's own wish.
#[derive(Debug, Clone)]
pub(crate) struct Representative {
    /// A code of v3-RoleCode: `GUARD`, `POWATT`.
    pub(crate) code: &'static str,
    /// The Norwegian word.
    pub(crate) word: &'static str,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) number: String,
    /// Days before today on which it began.
    pub(crate) since_days: i32,
}

/// Civil status, in codes of v3-MaritalStatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Civil {
    Unmarried,
    Married,
    Cohabiting,
    Divorced,
    Widowed,
}

/// One inhabitant.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Place in the roster, from 1.
    pub(crate) index: usize,
    /// Id of the Patient resource; ids of everything in the chart begin with it.
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) sex: Sex,
    pub(crate) born: Day,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) culture: Culture,
    /// Speaks too little Norwegian for a conversation about health.
    pub(crate) interpreter: bool,
    pub(crate) civil: Civil,
    pub(crate) address: Address,
    pub(crate) phone: Option<String>,
    pub(crate) kin: Vec<Kin>,
    /// Birthdays of the children this woman has borne.
    pub(crate) births: Vec<Day>,
    /// Which general practitioner of the municipality has this person on the list.
    pub(crate) doctor: usize,
    pub(crate) persona: Option<Persona>,
    pub(crate) representatives: Vec<Representative>,
    /// Whether the address is strictly confidential.
    pub(crate) protected: bool,
    /// The part in today's work at the desks, of those who have one.
    pub(crate) booking: Option<Booking>,
}

impl Person {
    /// Whole years of age on a day.
    pub(crate) fn age(&self, day: Day) -> i32 {
        day.age(self.born)
    }

    pub(crate) fn is_woman(&self) -> bool {
        self.sex == Sex::Female
    }

    /// Given and family name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// Members of the scripted households.
pub(crate) const SCRIPTED_PEOPLE: usize = 17;

/// Gives out national numbers, none twice.
#[derive(Debug, Default)]
struct NumberOffice {
    given: HashSet<String>,
}

impl NumberOffice {
    fn issue(&mut self, born: Day, sex: Sex, temporary: bool, random: &mut Random) -> String {
        let (year, month, day) = born.civil();
        let (low, high) = if year < 2000 { (0, 499) } else { (500, 999) };
        let span = high - low + 1;
        let parity = i32::from(sex == Sex::Male);
        let day = if temporary { day + 40 } else { day };
        let first = random.between(0, span - 1);
        // At most 500 tries, and no two people in the world need all of one day's numbers.
        let found = (0..span).find_map(|step| {
            let serial = low + (first + step) % span;
            let nine = format!("{day:02}{:02}{:02}{serial:03}", month + 80, year.rem_euclid(100));
            let [k1, k2] = identifiers::person_check_digits(&nine)?;
            let number = format!("{nine}{k1}{k2}");
            (serial % 2 == parity && !self.given.contains(&number)).then_some(number)
        });
        let number = found.unwrap_or_default();
        self.given.insert(number.clone());
        number
    }
}

/// What a household says of one of its members before the number and the list are given.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) sex: Sex,
    pub(crate) born: Day,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) civil: Civil,
    pub(crate) kin: Vec<Kin>,
    pub(crate) births: Vec<Day>,
    pub(crate) phone: Option<String>,
    pub(crate) persona: Option<Persona>,
}

/// A family or a single person at one address.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) culture: Culture,
    pub(crate) address: Address,
    pub(crate) members: Vec<Member>,
    /// Whose list they are on, where the story says it.
    pub(crate) doctor: Option<usize>,
    /// Whether the address is strictly confidential.
    pub(crate) protected: bool,
}

/// Everybody, household by household; the people worth looking at come first.
///
/// The scripted households are always made, whole: their charts speak of each other.
pub(crate) fn roster(people: usize, seed: u64, today: Day, doctors: usize) -> Vec<Person> {
    let mut office = NumberOffice::default();
    let mut all: Vec<Person> = Vec::with_capacity(people);
    let mut number = 0;
    while all.len() < people || number < personas::HOUSEHOLDS {
        let mut random = Random::new(seed, "household", number as u64);
        let household = households::draw(number, today, &mut random);
        number += 1;
        settle(household, doctors, today, &mut office, &mut random, &mut all);
    }
    personas::appoint(&mut all);
    bookings::book(&mut all, SCRIPTED_PEOPLE, today);
    all.truncate(people);
    all
}

/// Gives the members of a household their numbers, their doctors and their places in the roster.
fn settle(
    household: Household,
    doctors: usize,
    today: Day,
    office: &mut NumberOffice,
    random: &mut Random,
    all: &mut Vec<Person>,
) {
    let first = all.len();
    let drawn = random.between(0, doctors as i32 - 1) as usize;
    let doctor = household.doctor.unwrap_or(drawn);
    for member in household.members {
        let foreign = !matches!(household.culture, Culture::Norwegian | Culture::Sami);
        let temporary_number = foreign && member.persona.is_none() && random.chance(0.12);
        let age = today.age(member.born);
        // Couples often keep a doctor each.
        let own = age >= 18 && member.persona.is_none() && random.chance(0.3);
        let doctor = match (own, household.doctor) {
            (true, None) => random.between(0, doctors as i32 - 1) as usize,
            (true, Some(_)) | (false, _) => doctor,
        };
        let index = all.len() + 1;
        let number = office.issue(member.born, member.sex, temporary_number, random);
        all.push(Person {
            index,
            id: format!("fv-{index:05}"),
            number,
            sex: member.sex,
            born: member.born,
            given: member.given,
            family: member.family,
            culture: household.culture,
            interpreter: foreign && age > 18 && random.chance(0.3),
            civil: member.civil,
            address: household.address.clone(),
            phone: member.phone,
            kin: member.kin,
            births: member.births,
            doctor,
            persona: member.persona,
            representatives: Vec::new(),
            protected: household.protected,
            booking: None,
        });
    }
    let (_, family) = all.split_at_mut(first);
    recognise_parents(family);
}

/// Writes the parents' numbers into the children's next of kin.
fn recognise_parents(family: &mut [Person]) {
    let numbers: Vec<(String, String)> =
        family.iter().map(|person| (person.name(), person.number.clone())).collect();
    let kin = family.iter_mut().flat_map(|person| person.kin.iter_mut());
    for kin in kin.filter(|kin| matches!(kin.kinship, Kinship::Mother | Kinship::Father)) {
        let name = format!("{} {}", kin.given, kin.family);
        let found = numbers.iter().find(|(known, _)| *known == name);
        kin.number = found.map(|(_, number)| number.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn town() -> Vec<Person> {
        roster(2000, 1, Day::new(2026, 11, 21), 5)
    }

    #[test]
    fn numbers_are_unique_synthetic_and_valid() {
        let people = town();
        let mut seen = HashSet::new();
        for person in &people {
            let number = &person.number;
            assert!(identifiers::has_person_check_digits(number), "{number}");
            assert!(seen.insert(number.clone()), "{number} twice");
            let month: i32 = number[2..4].parse().unwrap();
            assert!((81..=92).contains(&month), "{number}");
            let day: i32 = number[0..2].parse().unwrap();
            assert!(matches!(day, 1..=31 | 41..=71), "{number}");
        }
        assert!(people.iter().any(|person| person.number.as_bytes()[0] >= b'4'), "no D-number");
    }

    #[test]
    fn ages_are_spread_as_in_a_small_town() {
        let today = Day::new(2026, 11, 21);
        let people = town();
        let share = |low: i32, high: i32| {
            let inside = |p: &&Person| (low..=high).contains(&p.age(today));
            people.iter().filter(inside).count() * 100 / people.len()
        };
        assert_eq!(people.len(), 2000);
        assert!((16..=26).contains(&share(0, 17)), "{}", share(0, 17));
        assert!((15..=25).contains(&share(67, 120)), "{}", share(67, 120));
        assert!((3..=8).contains(&share(80, 120)), "{}", share(80, 120));
        let women = people.iter().filter(|p| p.is_woman()).count();
        assert!((900..=1100).contains(&women), "{women}");
        assert!(people.iter().all(|p| p.born <= today));
    }
}
