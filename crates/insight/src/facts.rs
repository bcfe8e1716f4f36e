//! What an analysis is made of: looks, and what the registers know of those who looked and of the
//! patients. No names leave this crate: cases speak of numbers that the caller gave.

use jiff::civil::DateTime;
use rustc_hash::FxHashMap;

/// On what basis somebody looked, as the log's ground says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A care relationship.
    Relationship,
    /// Access that the reader decided on with a written reason.
    Decided,
    /// Access taken in an emergency.
    Emergency,
    /// The person was found in a search, not the journal.
    LookUp,
    /// It was tried, and refused.
    Refused,
}

impl Basis {
    /// The basis of a ground's code in the log; `None` for those that say nothing about people at
    /// work with a patient (a citizen's own access, registers, the operator).
    pub fn of_ground(code: &str) -> Option<Self> {
        Some(match code {
            "care-relationship" => Self::Relationship,
            "decided" => Self::Decided,
            "emergency" => Self::Emergency,
            "look-up" => Self::LookUp,
            "refused" => Self::Refused,
            _ => return None,
        })
    }
}

/// Somebody at work looked at somebody's data, or tried to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Who, a key of [`Facts::actors`].
    pub actor: u32,
    /// Whose, a key of [`Facts::patients`].
    pub patient: u32,
    /// When, by the clock on the wall in Norway.
    pub at: DateTime,
    /// On what basis.
    pub basis: Basis,
}

/// A home: street and place in small letters, and the number in the street.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    street: Box<str>,
    number: u32,
    /// The letter of the entrance and the like.
    rest: Box<str>,
}

impl Home {
    /// Reads "Fjordgata 8 B" with the postcode or the place; `None` without a number in the
    /// street.
    pub fn parse(line: &str, place: &str) -> Option<Self> {
        let line = line.trim().to_lowercase();
        let at = line.find(|c: char| c.is_ascii_digit())?;
        let (street, numbered) = line.split_at(at);
        let end = numbered.find(|c: char| !c.is_ascii_digit()).unwrap_or(numbered.len());
        let (number, rest) = numbered.split_at(end);
        let street = street.trim();
        if street.is_empty() {
            return None;
        }
        Some(Self {
            street: format!("{street}, {}", place.trim().to_lowercase()).into(),
            number: number.parse().ok()?,
            rest: rest.trim().into(),
        })
    }

    /// Numbers between the two in the same street; `None` for different streets. The second tells
    /// whether it is the same home.
    pub(crate) fn apart(&self, other: &Self) -> Option<(u32, bool)> {
        (self.street == other.street).then(|| (self.number.abs_diff(other.number), self == other))
    }
}

/// What is known of somebody at work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActorFacts {
    /// The role's code.
    pub role: Box<str>,
    /// Where they work.
    pub unit: Box<str>,
    /// Family name.
    pub family: Option<Box<str>>,
    /// Where they live.
    pub home: Option<Home>,
    /// Fødselsnummer or D-number.
    pub national_number: Option<Box<str>>,
}

/// What is known of a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientFacts {
    /// Family name.
    pub family: Option<Box<str>>,
    /// Where they live.
    pub home: Option<Home>,
    /// Fødselsnummer, D-number, older ones too.
    pub national_numbers: Vec<Box<str>>,
    /// Those of next of kin, where they are known.
    pub kin_numbers: Vec<Box<str>>,
}

/// Everything that is known of those whom the looks speak of. Who is not in it has no ties.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// By the number in [`Look::actor`].
    pub actors: FxHashMap<u32, ActorFacts>,
    /// By the number in [`Look::patient`].
    pub patients: FxHashMap<u32, PatientFacts>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_compared_by_street_place_and_number() {
        let home = |line| Home::parse(line, "9990");
        let at = home("Fjordgata 8").unwrap();
        assert_eq!(at.apart(&home("FJORDGATA  8").unwrap()), Some((0, true)));
        assert_eq!(at.apart(&home("Fjordgata 8 B").unwrap()), Some((0, false)));
        assert_eq!(at.apart(&home("Fjordgata 12").unwrap()), Some((4, false)));
        assert_eq!(at.apart(&home("Havnegata 8").unwrap()), None);
        assert_eq!(at.apart(&Home::parse("Fjordgata 8", "9992").unwrap()), None);
        for line in ["", "Storgården", "8", "Fjordgata 99999999999"] {
            assert_eq!(home(line), None, "{line}");
        }
    }
}
