//! Who lives in the municipality: the roster of people, each with a number, a name, an age, a
//! home and a family. Cheap: no charts here (`chart.rs`, `courses/`).
//!
//! National numbers are synthetic (month + 80, as in Skatteetaten's test population) with valid
//! check digits, and unique within the municipality.

use super::calendar::Day;
use super::households;
use super::names::Culture;
use super::personas::Persona;
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
    /// Whether the number is a D-number.
    pub(crate) temporary_number: bool,
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
}

/// Everybody, household by household; the people worth looking at come first.
pub(crate) fn roster(people: usize, seed: u64, today: Day, doctors: usize) -> Vec<Person> {
    let mut office = NumberOffice::default();
    let mut all: Vec<Person> = Vec::with_capacity(people);
    let mut number = 0;
    while all.len() < people {
        let mut random = Random::new(seed, "household", number);
        let household = households::draw(number as usize, today, &mut random);
        number += 1;
        let doctor = random.between(0, doctors as i32 - 1) as usize;
        for member in household.members {
            if all.len() == people {
                break;
            }
            let foreign = !matches!(household.culture, Culture::Norwegian | Culture::Sami);
            let temporary_number = foreign && member.persona.is_none() && random.chance(0.12);
            let age = today.age(member.born);
            // Couples often keep a doctor each.
            let doctor = if age >= 18 && member.persona.is_none() && random.chance(0.3) {
                random.between(0, doctors as i32 - 1) as usize
            } else {
                doctor
            };
            let index = all.len() + 1;
            let number = office.issue(member.born, member.sex, temporary_number, &mut random);
            all.push(Person {
                index,
                id: format!("fv-{index:05}"),
                number,
                temporary_number,
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
            });
        }
    }
    all
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
            assert_eq!(day > 40, person.temporary_number, "{number}");
        }
        assert!(people.iter().any(|person| person.temporary_number));
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
