//! Allergies and intolerances, with how dangerous they are and how they showed.

use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::drugs;
use crate::municipality::health::Illness;
use crate::municipality::people::Person;
use crate::municipality::personas::Persona;
use crate::municipality::resources::{ATC, coding, concept, hl7, words};
use crate::municipality::write::{Json, object};

struct Reaction {
    substance: &'static str,
    /// ATC code where the substance is a medicine.
    atc: Option<&'static str>,
    category: &'static str,
    criticality: &'static str,
    manifestation: &'static str,
    severity: &'static str,
    kind: &'static str,
    share: f64,
}

const REACTIONS: [Reaction; 9] = [
    Reaction {
        substance: "Bjørkepollen",
        atc: None,
        category: "environment",
        criticality: "low",
        manifestation: "Rhinokonjunktivitt",
        severity: "mild",
        kind: "allergy",
        share: 0.05,
    },
    Reaction {
        substance: "Katt",
        atc: None,
        category: "environment",
        criticality: "low",
        manifestation: "Nysing og kløende øyne",
        severity: "mild",
        kind: "allergy",
        share: 0.02,
    },
    Reaction {
        substance: "Peanøtter",
        atc: None,
        category: "food",
        criticality: "high",
        manifestation: "Hevelse i ansiktet og elveblest",
        severity: "severe",
        kind: "allergy",
        share: 0.008,
    },
    Reaction {
        substance: "Skalldyr",
        atc: None,
        category: "food",
        criticality: "high",
        manifestation: "Elveblest",
        severity: "moderate",
        kind: "allergy",
        share: 0.007,
    },
    Reaction {
        substance: "Laktose",
        atc: None,
        category: "food",
        criticality: "low",
        manifestation: "Magesmerter og luft",
        severity: "mild",
        kind: "intolerance",
        share: 0.02,
    },
    Reaction {
        substance: "Trimetoprim og sulfametoksazol",
        atc: Some("J01EE01"),
        category: "medication",
        criticality: "low",
        manifestation: "Utslett",
        severity: "moderate",
        kind: "allergy",
        share: 0.01,
    },
    Reaction {
        substance: "Nikkel",
        atc: None,
        category: "environment",
        criticality: "low",
        manifestation: "Kontakteksem",
        severity: "mild",
        kind: "allergy",
        share: 0.03,
    },
    Reaction {
        substance: "Kodein",
        atc: Some("R05DA04"),
        category: "medication",
        criticality: "low",
        manifestation: "Kvalme og oppkast",
        severity: "moderate",
        kind: "intolerance",
        share: 0.012,
    },
    Reaction {
        substance: "Vepsestikk",
        atc: None,
        category: "environment",
        criticality: "high",
        manifestation: "Anafylaksi",
        severity: "severe",
        kind: "allergy",
        share: 0.006,
    },
];

const PENICILLIN_RASH: Reaction = Reaction {
    substance: "Penicillin",
    atc: Some("J01C"),
    category: "medication",
    criticality: "low",
    manifestation: "Utslett",
    severity: "moderate",
    kind: "allergy",
    share: 0.0,
};
const PENICILLIN_SHOCK: Reaction = Reaction {
    criticality: "high",
    manifestation: "Anafylaksi",
    severity: "severe",
    ..PENICILLIN_RASH
};

impl Chart<'_> {
    /// Whether penicillin must not be given: known on the first day of the history or later.
    pub(crate) fn allergic_to_penicillin(&self) -> bool {
        self.health.penicillin.is_some()
    }
}

/// All allergies of this person.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.penicillin {
        let shock = chart.person.persona == Some(Persona::Frail) || chart.random.chance(0.12);
        let reaction = if shock { &PENICILLIN_SHOCK } else { &PENICILLIN_RASH };
        add(chart, reaction, day);
        if shock {
            let text = format!("Penicillin: anafylaksi {}", day.year());
            chart.flag(&text, "drug", day);
        }
    }
    if chart.person.persona.is_some() {
        return;
    }
    for reaction in &REACTIONS {
        let hay_fever = chart.health.since(Illness::Rhinitis).is_some()
            && reaction.category == "environment"
            && reaction.criticality == "low";
        let share = if hay_fever { 0.45 } else { reaction.share };
        let age = chart.age(chart.today);
        if !chart.random.chance(share) || age < 3 {
            continue;
        }
        let day = first_reaction(chart.person, chart.today, chart.random.within(0.2, 0.9));
        add(chart, reaction, day);
        if reaction.manifestation == "Anafylaksi" {
            let text = format!("{}: anafylaksi {}", reaction.substance, day.year());
            chart.flag(&text, "safety", day);
            chart.own_medicine(
                &drugs::EPINEPHRINE,
                drugs::Dose {
                    text: "1 injeksjon i låret ved alvorlig allergisk reaksjon",
                    amount: 1.0,
                    rhythm: drugs::Rhythm::AsNeeded(2),
                },
                day,
            );
        }
    }
}

fn first_reaction(person: &Person, today: Day, part: f64) -> Day {
    let days = f64::from(today.since(person.born)) * part;
    person.born.plus(days as i32)
}

fn add(chart: &mut Chart<'_>, reaction: &Reaction, day: Day) {
    if day > chart.end {
        return;
    }
    let id = chart.new_id();
    let substance = || match reaction.atc {
        Some(atc) => concept(coding(ATC, atc, reaction.substance), reaction.substance),
        None => words(reaction.substance),
    };
    let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    let verified = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    let certain = if reaction.severity == "severe" { "confirmed" } else { "unconfirmed" };
    let members = object! {
        "clinicalStatus": hl7(system, "active"),
        "verificationStatus": hl7(verified, certain),
        "type": reaction.kind,
        "category": [Json::from(reaction.category)],
        "criticality": reaction.criticality,
        "code": substance(),
        "patient": chart.subject(),
        "onsetDateTime": day.iso(),
        "recordedDate": day.iso(),
        "reaction": [object! {
            "substance": substance(),
            "manifestation": [words(reaction.manifestation)],
            "onset": day.iso(),
            "severity": reaction.severity,
        }],
    };
    chart.push("AllergyIntolerance", id, members);
}
