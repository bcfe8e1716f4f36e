//! The rest of life: skin, prostate, teeth, sight, gallstones and appendix, broken wrists, what
//! people take on their own, and the appointments that lie ahead.

use super::onset::Onset;
use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::documents::{Kind, Stay};
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::visit::{Class, Plan};

/// What belongs to stays in hospital: told before the everyday contacts.
pub(crate) fn stays(chart: &mut Chart<'_>) {
    if chart.person.persona.is_some() {
        return;
    }
    let days = chart.end.since(chart.start);
    if days < 400 {
        return;
    }
    let age = chart.age(chart.today);
    let day = chart.start.plus(chart.random.between(30, days - 30));
    if (8..60).contains(&age) && chart.age(day) >= 7 && chart.random.chance(0.013) {
        operation(chart, day, &dx::APPENDICITIS, "Laparoskopisk appendektomi", 1);
    }
    if age > 30 && chart.random.chance(0.02) {
        operation(chart, day.plus(9), &dx::GALLSTONES, "Laparoskopisk kolecystektomi", 1);
    }
    let fragile = chart.person.is_woman() && age > 55;
    if chart.random.chance(if fragile { 0.12 } else { 0.03 }) {
        wrist(chart, day.plus(14));
    }
}

fn operation(
    chart: &mut Chart<'_>,
    day: Day,
    diagnosis: &'static Diagnosis,
    name: &'static str,
    nights: i32,
) {
    let Some(visit) = chart.stay(Service::Surgery, day, nights, &[diagnosis]) else { return };
    let crp = chart.random.within(20.0, 140.0);
    chart.vital_as(&visit, visit.moment(4), Vital::Temperature, 38.1);
    chart.lab_as(&visit, visit.moment(20), Lab::Crp, crp);
    chart.lab_as(&visit, visit.moment(20), Lab::Leukocytes, 13.2);
    chart.labs(&visit, &[Lab::Hb, Lab::Creatinine, Lab::Alat]);
    chart.procedure(&visit, name, day);
    chart.ailment(diagnosis, &visit, 21);
    let letter = Stay {
        diagnoses: &[diagnosis],
        cause: "Innlagt med tiltagende magesmerter og kvalme siste døgn.",
        course: "Operert laparoskopisk uten komplikasjoner. Mat og drikke tolereres, smertefri på \
                 paracetamol.",
        changes: "",
        follow_up: "Ingen planlagt kontroll. Sykmeldt i 10 dager. Suturer løser seg opp.",
    };
    chart.discharge_letter(&visit, &letter);
}

fn wrist(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = chart.emergency(day, &[&dx::WRIST_FRACTURE]) else { return };
    let problem = chart.ailment(&dx::WRIST_FRACTURE, &visit, 45);
    chart.procedure(&visit, "Gipslaske på underarm", visit.day());
    let dose = drugs::PAIN_AS_NEEDED;
    chart.cure(&drugs::PARACETAMOL, dose, &visit, 14, problem);
    let text = "Falt på glatt føre og tok seg for med hånden. Feilstilling i håndleddet, normal \
                sirkulasjon og følelse.\nRøntgen: udislosert distal radiusfraktur. Gips i 5 uker, \
                kontrollrøntgen om 10 dager.";
    chart.note(&visit, "Håndleddsbrudd", text);
    let answer = "Røntgen håndledd: fraktur i distale radius med minimal dorsal vinkling. Ingen \
                  leddaffeksjon.";
    chart.image(&visit, "Røntgen håndledd", answer);
    if let Some(visit) = chart.consultation(day.plus(36), "Kontroll", &[&dx::WRIST_FRACTURE]) {
        chart.note(&visit, "Kontroll brudd", "Gips fjernet. Lite smerter, stiv. Øvelser vist.");
    }
}

/// Everything else.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Eczema) {
        eczema(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Prostate) {
        prostate(chart, day);
    }
    cataract(chart);
    teeth(chart);
    own_medicines(chart);
    last_days(chart);
    ahead(chart);
}

fn eczema(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::ECZEMA,
        day: begin,
        vitals: &[],
        labs: &[],
        story: "Kløende, tørt eksem i albue- og knebøyer, verst om vinteren.",
        plan: "Atopisk eksem. Fuktighetskrem daglig, kortisonkrem i kurer.",
    });
    let dose =
        Dose { text: "Smøres tynt én gang daglig i kurer på 10 dager", ..drugs::CREAM_TWICE };
    chart.treat(&drugs::HYDROCORTISONE, dose, found.day, found.problem, found.visit.as_ref());
    let child = chart.age(begin) < 8;
    let well = begin.plus(1500);
    if child && well <= chart.end {
        chart.stop_class("D07", well, "Eksemet er vokst av");
        chart.resolve(found.problem, well);
    }
}

fn prostate(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::PROSTATE,
        day: begin,
        vitals: &[],
        labs: &[Lab::Psa, Lab::Creatinine],
        story: "Svak stråle, må opp to–tre ganger om natten. Prostata glatt og forstørret.",
        plan: "Godartet forstørret prostata. Tamsulosin, kontroll om 2 måneder.",
    });
    let dose = Dose { text: "1 kapsel om morgenen", ..drugs::MORNING };
    chart.treat(&drugs::TAMSULOSIN, dose, found.day, found.problem, found.visit.as_ref());
}

fn cataract(chart: &mut Chart<'_>) {
    let day = chart.person.born.plus_years(76).plus(chart.random.between(0, 3200));
    if !chart.random.chance(0.4) || !chart.covers(day.plus(120)) || !chart.covers(day) {
        return;
    }
    let visit = chart.consultation(day, "Konsultasjon", &[&dx::CATARACT]);
    let problem = chart.problem(&dx::CATARACT, day, visit.as_ref());
    if let Some(visit) = &visit {
        let question = "Økende tåkesyn på begge øyne, visus 0,4. Ber om vurdering for operasjon.";
        chart.refer(visit, Service::Eye, &dx::CATARACT, question);
    }
    let operated = chart.outpatient(Service::Eye, day.plus(90), &[&dx::CATARACT]);
    if let Some(visit) = operated {
        chart.procedure(&visit, "Kataraktoperasjon med linseimplantat", visit.day());
        chart.resolve(problem, visit.day());
        let text = "Operert for grå stær i dagkirurgi, ukomplisert. Øyedråper i fire uker. Synsprøve om \
                    5 uker.";
        chart.document(&visit, Kind::OutpatientNote, "Kataraktoperasjon", text);
    }
}

fn teeth(chart: &mut Chart<'_>) {
    // Public dental care: children and youth, and those under nursing care.
    let mut day = chart.start.plus(chart.random.between(60, 500));
    while day <= chart.end {
        let age = chart.age(day);
        let cared = chart.health.home_care.is_some_and(|begin| begin <= day);
        if (3..=19).contains(&age) || cared {
            let visit = chart.contact(&Plan {
                service: Service::Dental,
                class: Class::Ambulatory,
                title: "Tannundersøkelse",
                day,
                hours: (8, 14),
                minutes: 30,
                lead: false,
                reasons: &[&dx::DENTAL_CHECK],
            });
            if let Some(visit) = visit
                && chart.random.chance(0.4)
            {
                let text = *chart.random.pick(&[
                    "Ingen hull. God munnhygiene. Fluor.",
                    "Ett hull i jeksel, fylt. Råd om puss og sukker.",
                    "Litt tannstein, fjernet. Innkalles om 18 måneder.",
                ]);
                chart.note(&visit, "Tannundersøkelse", text);
            }
        }
        day = day.plus(700 + chart.random.between(-60, 160));
    }
}

/// The talk about how the last time should be, for those who have died.
fn last_days(chart: &mut Chart<'_>) {
    let Some(death) = chart.health.death else { return };
    let day = death.plus(-chart.random.between(12, 40));
    let visit = chart.consultation(day, "Samtale om lindrende plan", &[&dx::CARE]);
    let Some(visit) = visit else { return };
    let text = format!(
        "{}. {}\nTiltagende svak de siste ukene, spiser lite. Forhåndssamtale sammen med nærmeste \
         pårørende: ønsker å være der hun eller han er, ingen flere innleggelser. Lindrende plan laget, \
         medikamentskrin tilgjengelig.",
        chart.presentation(visit.day()),
        chart.history(visit.day()),
    );
    chart.note(&visit, "Lindrende plan", &text);
    chart.flag("Lindrende plan, ingen innleggelse uten avtale", "clinical", visit.day());
}

fn own_medicines(chart: &mut Chart<'_>) {
    let age = chart.age(chart.today);
    if age > 60 && chart.random.chance(0.25) {
        let spoon = Dose {
            text: "1 spiseskje (5 ml) om morgenen",
            amount: 5.0,
            rhythm: Rhythm::At(&["MORN"]),
        };
        let from = chart.today.plus(-chart.random.between(300, 3000)).max(chart.start);
        chart.own_medicine(&drugs::COD_LIVER_OIL, spoon, from);
    } else if age > 40 && chart.random.chance(0.12) {
        let from = chart.today.plus(-chart.random.between(200, 2000)).max(chart.start);
        let dose = Dose { text: "1 kapsel daglig", ..drugs::MORNING };
        chart.own_medicine(&drugs::OMEGA_3, dose, from);
    }
    let frail = chart.person.persona == Some(Persona::Frail);
    if frail || (age > 70 && chart.random.chance(0.3)) {
        let from = chart.today.plus(-chart.random.between(100, 900)).max(chart.start);
        chart.own_medicine(&drugs::PARACETAMOL, drugs::PAIN_AS_NEEDED, from);
    }
}

fn ahead(chart: &mut Chart<'_>) {
    let office = chart.office();
    let (in_days, dental) = (chart.random.between(1, 40), chart.random.between(5, 90));
    if chart.person.persona.is_some() {
        return;
    }
    if chart.random.chance(0.05) && chart.health.nursing_home.is_none() {
        chart.appoint(office, in_days, "Konsultasjon hos fastlege", 20);
    }
    let age = chart.age(chart.today);
    if (3..=18).contains(&age) && chart.random.chance(0.12) {
        chart.appoint(Service::Dental, dental, "Tannundersøkelse", 30);
    }
    if age < 2 {
        chart.appoint(Service::HealthStation, dental / 2 + 1, "Kontroll på helsestasjonen", 30);
    }
}
