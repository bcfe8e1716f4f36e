//! Vaccinations: the childhood programme by age, influenza and covid-19 every autumn for the old
//! and the ill.
//!
//! Programme: the Norwegian Institute of Public Health's. Given vaccines are kept from birth,
//! as the national register does, not only for the ten years of the chart.

use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::directory::reference;
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::resources::{ATC, coding, concept};
use crate::municipality::write::object;

struct Vaccine {
    atc: &'static str,
    name: &'static str,
    /// What it protects against, in words.
    target: &'static str,
}

const ROTA: Vaccine = Vaccine { atc: "J07BH01", name: "Rotavirusvaksine", target: "Rotavirus" };
const SIX: Vaccine = Vaccine {
    atc: "J07CA09",
    name: "DTP-IPV-Hib-HepB-vaksine",
    target: "Difteri, stivkrampe, kikhoste, polio, Hib og hepatitt B",
};
const PNEUMO: Vaccine =
    Vaccine { atc: "J07AL02", name: "Pneumokokkvaksine, konjugat", target: "Pneumokokker" };
const MMR: Vaccine =
    Vaccine { atc: "J07BD52", name: "MMR-vaksine", target: "Meslinger, kusma og røde hunder" };
const FOUR: Vaccine = Vaccine {
    atc: "J07CA02",
    name: "DTP-IPV-vaksine",
    target: "Difteri, stivkrampe, kikhoste og polio",
};
const HPV: Vaccine =
    Vaccine { atc: "J07BM03", name: "HPV-vaksine", target: "Humant papillomavirus" };
const INFLUENZA: Vaccine =
    Vaccine { atc: "J07BB02", name: "Influensavaksine, inaktivert", target: "Influensa" };
const COVID: Vaccine =
    Vaccine { atc: "J07BN01", name: "Covid-19-vaksine, mRNA", target: "Covid-19" };
const PPV23: Vaccine =
    Vaccine { atc: "J07AL01", name: "Pneumokokkvaksine, polysakkarid", target: "Pneumokokker" };

/// Age in days, dose number, vaccine.
const PROGRAMME: [(i32, i32, &Vaccine); 15] = [
    (44, 1, &ROTA),
    (93, 2, &ROTA),
    (93, 1, &SIX),
    (93, 1, &PNEUMO),
    (154, 2, &SIX),
    (154, 2, &PNEUMO),
    (368, 3, &SIX),
    (368, 3, &PNEUMO),
    (460, 1, &MMR),
    (2730, 4, &FOUR),
    (4230, 2, &MMR),
    (4600, 1, &HPV),
    (4790, 2, &HPV),
    (5600, 5, &FOUR),
    (5660, 1, &COVID),
];

/// Everything given to this person.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    childhood(chart);
    autumns(chart);
    old_age(chart);
}

fn childhood(chart: &mut Chart<'_>) {
    // Whoever grew up before the register and elsewhere has no entries from childhood.
    let born = chart.person.born;
    let refuses = chart.random.chance(0.025);
    if born.year() < 2004 || refuses {
        return;
    }
    for (age, dose, vaccine) in PROGRAMME {
        let day = born.plus(age + chart.random.between(0, 12)).workday();
        let rota_or_pneumo_too_early = born.year() < 2014 && vaccine.atc == ROTA.atc;
        let boys_before = chart.person.sex.code() == "male" && born.year() < 2006;
        let hpv_too_early = vaccine.atc == HPV.atc && boys_before;
        let covid = vaccine.atc == COVID.atc;
        let covid_window = (2021..=2022).contains(&day.year());
        if rota_or_pneumo_too_early || hpv_too_early || (covid && !covid_window) {
            continue;
        }
        give(chart, vaccine, day, Some(dose), Service::HealthStation);
    }
}

fn autumns(chart: &mut Chart<'_>) {
    let willing = chart.random.chance(0.68) || chart.person.persona.is_some();
    let (first, last) = (chart.start.year(), chart.end.year());
    for year in first..=last {
        let day = Day::new(year, 10, 8 + chart.random.between(0, 48)).workday();
        let at_risk = [
            Illness::HeartFailure,
            Illness::Copd,
            Illness::Diabetes1,
            Illness::Diabetes2,
            Illness::Coronary,
            Illness::Kidney,
            Illness::Rheumatoid,
        ];
        let offered =
            chart.age(day) >= 65 || at_risk.iter().any(|illness| chart.health.has(*illness, day));
        let comes = chart.random.chance(0.9);
        // She was in hospital this autumn; it is on the doctor's list.
        let waits = chart.person.persona == Some(Persona::Frail) && year == last;
        if waits || !(willing && offered && comes) || !chart.covers(day) || chart.away(day) {
            continue;
        }
        let service = chart.primary(day);
        give(chart, &INFLUENZA, day, None, service);
        if year >= 2022 && (chart.age(day) >= 75 || chart.random.chance(0.3)) {
            give(chart, &COVID, day, None, service);
        }
    }
    // The first round against covid-19, by age, in the spring and summer of 2021.
    let first_dose = Day::new(2021, 2, 20).plus((90 - chart.age(Day::new(2021, 2, 1))).max(0) * 2);
    if chart.age(first_dose) >= 18 && chart.random.chance(0.9) && first_dose > chart.start {
        let service = Service::HealthStation;
        give(chart, &COVID, first_dose.workday(), Some(1), service);
        if chart.age(first_dose) >= 65 {
            give(chart, &COVID, first_dose.plus(49).workday(), Some(2), service);
        }
    }
}

fn old_age(chart: &mut Chart<'_>) {
    let day = chart.person.born.plus_years(66).plus(chart.random.between(0, 300)).workday();
    if chart.random.chance(0.35) && chart.covers(day) && !chart.away(day) {
        let service = chart.primary(day);
        give(chart, &PPV23, day, Some(1), service);
    }
}

fn give(
    chart: &mut Chart<'_>,
    vaccine: &'static Vaccine,
    day: Day,
    dose: Option<i32>,
    service: Service,
) {
    if day > chart.end {
        return;
    }
    let Some(organisation) = chart.town.organisation(service) else {
        return;
    };
    let nurse = organisation.with_profession("SP");
    let id = chart.new_id();
    let members = object! {
        "status": "completed",
        "vaccineCode": concept(coding(ATC, vaccine.atc, vaccine.name), vaccine.name),
        "patient": chart.subject(),
        "occurrenceDateTime": day.iso(),
        "primarySource": true,
        "performer": nurse.map(|nurse| vec![
            object! { "actor": reference("Practitioner", &nurse.id, &nurse.name()) },
            object! { "actor": reference("Organization", &organisation.id, organisation.name) },
        ]),
        "protocolApplied": dose.map(|dose| vec![object! {
            "targetDisease": [object! { "text": vaccine.target }],
            "doseNumberPositiveInt": dose,
        }]),
    };
    chart.push("Immunization", id, members);
}
