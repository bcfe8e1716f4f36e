//! The people worth looking at: fixed stories that any seed tells.
//!
//! Here: who they are. What happens to them is decided by the same courses as everybody's, from
//! the illnesses that `health.rs` gives them.

use super::calendar::Day;
use super::names::Culture;
use super::people::{Civil, Household, Kin, Kinship, Member, Sex};
use super::places::Address;

/// A fixed story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persona {
    /// 84, heart failure, atrial fibrillation, diabetes, COPD; home from hospital yesterday.
    Frail,
    /// 31, in week 30, diabetes of pregnancy; mother of the toddler.
    Expecting,
    /// 2, vaccinations, growth, ears and wheeze.
    Toddler,
    /// 24, type 1 diabetes with a pump.
    TypeOne,
    /// 38, schizophrenia with follow-up by the municipal team.
    Psychosis,
    /// 89, dementia, lives in the nursing home.
    Resident,
    /// 57, treated for breast cancer.
    Cancer,
    /// 45, hardly ever ill.
    Healthy,
}

/// All of them, in the order in which they are listed, with why they are worth a look.
pub(crate) const ALL: [(Persona, &str); 8] = [
    (
        Persona::Frail,
        "84 år, hjertesvikt, atrieflimmer, diabetes, KOLS og nyresvikt; utskrevet fra sykehus i \
         går, hjemmesykepleie to ganger daglig",
    ),
    (Persona::Expecting, "31 år, gravid i uke 30 med svangerskapsdiabetes"),
    (Persona::Toddler, "2 år, vaksiner, vekst, ørebetennelser og obstruktiv bronkitt"),
    (Persona::TypeOne, "24 år, diabetes type 1 med insulinpumpe siden barndommen"),
    (Persona::Psychosis, "38 år, schizofreni, fulgt opp av kommunens team for psykisk helse"),
    (Persona::Resident, "89 år, demens, beboer på sykehjem etter lårhalsbrudd"),
    (Persona::Cancer, "57 år, nordsamisk språk, i etterbehandling for brystkreft"),
    (Persona::Healthy, "45 år, frisk, få kontakter"),
];

struct Script {
    persona: Option<Persona>,
    sex: Sex,
    given: &'static str,
    family: &'static str,
    /// Years and days before today.
    born: (i32, i32),
    civil: Civil,
    kin: &'static [(Kinship, &'static str, &'static str)],
}

const FRAIL: [Script; 1] = [Script {
    persona: Some(Persona::Frail),
    sex: Sex::Female,
    given: "Ingrid",
    family: "Solbakken",
    born: (84, 121),
    civil: Civil::Widowed,
    kin: &[(Kinship::Son, "Knut", "Solbakken"), (Kinship::Daughter, "Marit", "Solbakken Lie")],
}];
const FAMILY: [Script; 3] = [
    Script {
        persona: Some(Persona::Expecting),
        sex: Sex::Female,
        given: "Marte",
        family: "Tveit Haugland",
        born: (31, 77),
        civil: Civil::Cohabiting,
        kin: &[(Kinship::Partner, "Sondre", "Haugland")],
    },
    Script {
        persona: Some(Persona::Toddler),
        sex: Sex::Male,
        given: "Emil",
        family: "Haugland",
        born: (2, 215),
        civil: Civil::Unmarried,
        kin: &[
            (Kinship::Mother, "Marte", "Tveit Haugland"),
            (Kinship::Father, "Sondre", "Haugland"),
        ],
    },
    Script {
        persona: None,
        sex: Sex::Male,
        given: "Sondre",
        family: "Haugland",
        born: (33, 190),
        civil: Civil::Cohabiting,
        kin: &[(Kinship::Partner, "Marte", "Tveit Haugland")],
    },
];
const TYPE_ONE: [Script; 1] = [Script {
    persona: Some(Persona::TypeOne),
    sex: Sex::Male,
    given: "Jonas",
    family: "Myklebust",
    born: (24, 40),
    civil: Civil::Unmarried,
    kin: &[(Kinship::Mother, "Heidi", "Myklebust"), (Kinship::Father, "Geir", "Myklebust")],
}];
const PSYCHOSIS: [Script; 1] = [Script {
    persona: Some(Persona::Psychosis),
    sex: Sex::Male,
    given: "Thomas",
    family: "Brekke",
    born: (38, 301),
    civil: Civil::Unmarried,
    kin: &[(Kinship::Mother, "Anita", "Brekke")],
}];
const RESIDENT: [Script; 1] = [Script {
    persona: Some(Persona::Resident),
    sex: Sex::Male,
    given: "Asbjørn",
    family: "Lunde",
    born: (89, 12),
    civil: Civil::Widowed,
    kin: &[(Kinship::Daughter, "Bente", "Lunde Moen")],
}];
const CANCER: [Script; 2] = [
    Script {
        persona: Some(Persona::Cancer),
        sex: Sex::Female,
        given: "Elle Máret",
        family: "Eira",
        born: (57, 88),
        civil: Civil::Married,
        kin: &[(Kinship::Spouse, "Nils Ante", "Eira")],
    },
    Script {
        persona: None,
        sex: Sex::Male,
        given: "Nils Ante",
        family: "Eira",
        born: (60, 17),
        civil: Civil::Married,
        kin: &[(Kinship::Spouse, "Elle Máret", "Eira")],
    },
];
const HEALTHY: [Script; 1] = [Script {
    persona: Some(Persona::Healthy),
    sex: Sex::Female,
    given: "Cathrine",
    family: "Rønning",
    born: (45, 260),
    civil: Civil::Divorced,
    kin: &[(Kinship::Friend, "Unni", "Aune")],
}];

/// The scripted household with this number, if there is one.
pub(crate) fn household(number: usize, today: Day) -> Option<Household> {
    let (scripts, culture, line): (&[Script], _, _) = match number {
        0 => (&FRAIL, Culture::Norwegian, "Strandveien 12"),
        1 => (&FAMILY, Culture::Norwegian, "Skoleveien 7"),
        2 => (&TYPE_ONE, Culture::Norwegian, "Havnegata 21B"),
        3 => (&PSYCHOSIS, Culture::Norwegian, "Torggata 3"),
        4 => (&RESIDENT, Culture::Norwegian, "Kirkegata 40"),
        5 => (&CANCER, Culture::Sami, "Bryggeveien 15"),
        6 => (&HEALTHY, Culture::Norwegian, "Storgata 55"),
        _ => return None,
    };
    let toddler = FAMILY.get(1).map(|script| born(script, today));
    let member = |script: &Script| Member {
        sex: script.sex,
        born: born(script, today),
        given: script.given.to_owned(),
        family: script.family.to_owned(),
        civil: script.civil,
        kin: script.kin.iter().enumerate().map(|(place, kin)| next_of_kin(place, kin)).collect(),
        births: match script.persona {
            Some(Persona::Expecting) => toddler.into_iter().collect(),
            _ => Vec::new(),
        },
        phone: (script.persona != Some(Persona::Toddler))
            .then(|| format!("000 40 {number}{}0", script.given.len() % 10)),
        persona: script.persona,
    };
    Some(Household {
        culture,
        address: Address::central(line),
        members: scripts.iter().map(member).collect(),
    })
}

fn born(script: &Script, today: Day) -> Day {
    let (years, days) = script.born;
    today.plus_years(-years).plus(-days)
}

fn next_of_kin(place: usize, kin: &(Kinship, &str, &str)) -> Kin {
    let (kinship, given, family) = *kin;
    Kin {
        kinship,
        given: given.to_owned(),
        family: family.to_owned(),
        phone: format!("000 41 {:02}{place}", (given.len() * 7 + family.len() * 3) % 100),
    }
}
