//! The people worth looking at: fixed stories that any seed tells.
//!
//! Here: who they are. What happens to them is decided by the same courses as everybody's, from
//! the illnesses that `health.rs` gives them.

use super::calendar::Day;
use super::names::Culture;
use super::people::{Civil, Household, Kin, Kinship, Member, Person, Representative, Sex};
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
    /// 13, has told the nurse at school something that her mother is not to read.
    Confiding,
    /// 60, has blocked the whole journal.
    Closed,
}

/// Those to open first, in the order in which they are listed, with why they are worth a look.
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
        persona: Some(Persona::Closed),
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

const CONFIDING: [Script; 2] = [
    Script {
        persona: None,
        sex: Sex::Female,
        given: "Hilde",
        family: "Nygård",
        born: (41, 150),
        civil: Civil::Divorced,
        kin: &[(Kinship::Friend, "Berit", "Sæther")],
    },
    Script {
        persona: Some(Persona::Confiding),
        sex: Sex::Female,
        given: "Sara",
        family: "Nygård",
        born: (13, 190),
        civil: Civil::Unmarried,
        kin: &[(Kinship::Mother, "Hilde", "Nygård")],
    },
];
const PROTECTED: [Script; 3] = [
    Script {
        persona: None,
        sex: Sex::Female,
        given: "Silje",
        family: "Aas",
        born: (34, 20),
        civil: Civil::Divorced,
        kin: &[],
    },
    Script {
        persona: None,
        sex: Sex::Female,
        given: "Oda",
        family: "Aas",
        born: (7, 130),
        civil: Civil::Unmarried,
        kin: &[(Kinship::Mother, "Silje", "Aas")],
    },
    Script {
        persona: None,
        sex: Sex::Male,
        given: "Jakob",
        family: "Aas",
        born: (4, 65),
        civil: Civil::Unmarried,
        kin: &[(Kinship::Mother, "Silje", "Aas")],
    },
];
const ATTORNEY: [Script; 1] = [Script {
    persona: None,
    sex: Sex::Female,
    given: "Marit",
    family: "Solbakken Lie",
    born: (58, 33),
    civil: Civil::Divorced,
    kin: &[(Kinship::Mother, "Ingrid", "Solbakken")],
}];
const GUARDIAN: [Script; 1] = [Script {
    persona: None,
    sex: Sex::Female,
    given: "Bente",
    family: "Lunde Moen",
    born: (62, 240),
    civil: Civil::Divorced,
    kin: &[(Kinship::Friend, "Arild", "Moen")],
}];

/// How many households are scripted.
pub(crate) const HOUSEHOLDS: usize = 11;

/// The scripted household with this number, if there is one.
pub(crate) fn household(number: usize, today: Day) -> Option<Household> {
    // Scripts, street, and which doctor of the first office they go to.
    let (scripts, line, doctor): (&[Script], _, _) = match number {
        0 => (&FRAIL, "Strandveien 12", 0),
        1 => (&FAMILY, "Skoleveien 7", 1),
        2 => (&TYPE_ONE, "Havnegata 21B", 0),
        3 => (&PSYCHOSIS, "Torggata 3", 1),
        4 => (&RESIDENT, "Kirkegata 40", 2),
        5 => (&CANCER, "Bryggeveien 15", 3),
        6 => (&HEALTHY, "Storgata 55", 0),
        7 => (&CONFIDING, "Skoleveien 19", 1),
        8 => (&PROTECTED, "Prestegårdsveien 4", 2),
        9 => (&ATTORNEY, "Fjordgata 33", 3),
        10 => (&GUARDIAN, "Øvre Bakke 6", 3),
        _ => return None,
    };
    let member = |script: &Script| Member {
        sex: script.sex,
        born: born(script, today),
        given: script.given.to_owned(),
        family: script.family.to_owned(),
        civil: script.civil,
        kin: script.kin.iter().enumerate().map(|(place, kin)| next_of_kin(place, kin)).collect(),
        births: scripts
            .iter()
            .filter(|child| child.kin.contains(&(Kinship::Mother, script.given, script.family)))
            .map(|child| born(child, today))
            .collect(),
        phone: (script.born.0 >= 10)
            .then(|| format!("000 40 {:03}", number * 10 + script.given.len() % 10)),
        persona: script.persona,
    };
    Some(Household {
        culture: if number == 5 { Culture::Sami } else { Culture::Norwegian },
        address: Address::central(line),
        members: scripts.iter().map(member).collect(),
        doctor: Some(doctor),
        protected: number == 8,
    })
}

/// Who acts for whom: patient, who for them, code and word, and since how many days.
const REPRESENTATIVES: [(&str, &str, &str, &str, i32); 2] = [
    ("Ingrid Solbakken", "Marit Solbakken Lie", "POWATT", "Fullmektig", 210),
    ("Asbjørn Lunde", "Bente Lunde Moen", "GUARD", "Verge", 400),
];

/// Writes into the charts of the scripted people who may act for them.
pub(crate) fn appoint(roster: &mut [Person]) {
    for (patient, name, code, word, since_days) in REPRESENTATIVES {
        let found = roster
            .iter()
            .find(|person| person.name() == name)
            .map(|person| (person.given.clone(), person.family.clone(), person.number.clone()));
        let patient = roster.iter_mut().find(|person| person.name() == patient);
        if let (Some(patient), Some((given, family, number))) = (patient, found) {
            let one = Representative { code, word, given, family, number, since_days };
            patient.representatives.push(one);
        }
    }
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
        number: None,
    }
}
