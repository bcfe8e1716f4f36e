//! Mind: depression, anxiety, psychosis, attention disorder.

use super::care_plan;
use super::onset::Onset;
use crate::municipality::analyses::{self, Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::{Chart, Label};
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Stay;
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::visit::{Class, Plan};

/// Everything of the mind.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Schizophrenia) {
        chart.in_confidence(Label::Psychiatry, |chart| psychosis(chart, day));
    }
    if let Some(day) = chart.health.since(Illness::Depression) {
        depression(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Anxiety) {
        anxiety(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Adhd) {
        attention(chart, day);
    }
}

fn depression(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::DEPRESSION,
        day: begin,
        vitals: &[],
        labs: &[Lab::Hb, Lab::Tsh, Lab::VitaminD],
        story: "Nedstemt, gledesløs og sliten de siste månedene. Sover dårlig og orker lite. Ingen \
                konkrete selvmordstanker, ingen planer.",
        plan: "Depressiv episode. Samtaleterapi, råd om søvn og aktivitet, vurderer medikamentell \
               behandling. Tett oppfølging.",
    });
    let mut score = f64::from(chart.random.between(14, 21));
    if let Some(visit) = &found.visit {
        chart.score(visit, &analyses::PHQ_9, score);
    }
    let medicated = chart.random.chance(0.65);
    let drug = match (chart.age(begin) > 70, chart.random.chance(0.5)) {
        (true, _) => &drugs::MIRTAZAPINE,
        (false, true) => &drugs::ESCITALOPRAM,
        (false, false) => &drugs::SERTRALINE,
    };
    let visit = found.visit.as_ref();
    let dose = if drug.atc == "N06AX11" { drugs::EVENING } else { drugs::MORNING };
    let treatment =
        medicated.then(|| chart.treat(drug, dose, found.day.plus(14), found.problem, visit));
    for weeks in [3, 7, 16] {
        score = (score * 0.68).max(2.0);
        let day = found.day.plus(weeks * 7);
        let Some(visit) = chart.consultation(day, "Samtale", &[&dx::DEPRESSION]) else { continue };
        chart.score(&visit, &analyses::PHQ_9, score);
        let text = format!(
            "{}. Litt lettere enn sist, sover bedre. Går turer, har fortalt det til familien. Ingen \
             selvmordstanker.\nFortsetter behandlingen, ny time avtalt.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Samtale", &text);
    }
    let well = found.day.plus(chart.random.between(250, 800));
    if well <= chart.end && chart.random.chance(0.75) {
        if let Some(treatment) = treatment {
            chart.stop(treatment, well, "Frisk, trappet ned");
        }
        chart.resolve(found.problem, well);
    }
}

fn anxiety(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::ANXIETY,
        day: begin,
        vitals: &[Vital::Pulse, Vital::Pressure],
        labs: &[Lab::Tsh],
        story: "Mye bekymring, uro i kroppen og anfall med hjertebank. Unngår butikker og bussen.",
        plan: "Angstlidelse. Informasjon, veiledet selvhjelp, henvist kommunens tilbud.",
    });
    if let Some(visit) = &found.visit {
        let question =
            "Angstlidelse med unngåelse. Ber om kognitiv terapi, Rask psykisk helsehjelp.";
        chart.refer(visit, Service::MentalHealth, &dx::ANXIETY, question);
    }
    for week in 0..7 {
        talk(chart, found.day.plus(30 + week * 9), "Samtale, kognitiv terapi", Class::Ambulatory);
    }
    if chart.random.chance(0.35) && !chart.takes("N06A", found.day) {
        let from = found.day.plus(60);
        chart.treat(&drugs::ESCITALOPRAM, drugs::MORNING, from, found.problem, None);
    }
}

fn talk(chart: &mut Chart<'_>, day: Day, title: &str, class: Class) {
    let reason: &[&'static dx::Diagnosis] =
        if class == Class::Home { &[&dx::SCHIZOPHRENIA] } else { &[&dx::ANXIETY] };
    let visit = chart.contact(&Plan {
        service: Service::MentalHealth,
        class,
        title,
        day: day.workday(),
        hours: (9, 14),
        minutes: 50,
        lead: false,
        reasons: reason,
    });
    if let Some(visit) = visit
        && chart.random.chance(0.4)
    {
        let text = match class == Class::Home {
            true => chart.in_turn(&[
                "Depotinjeksjon satt i venstre overarm, tålt godt. Snakket om jul hos moren og om \
                 hvordan det var i fjor. Sover 7–8 timer.",
                "Var ikke hjemme til avtalt tid, ringte tilbake. Møttes på kafé i stedet. Litt stresset \
                 av støy fra naboen, lagt plan for å ta det opp.",
                "Gikk tur sammen rundt vannet. Ønsker å prøve arbeidstrening to dager i uken, kontakt med \
                 NAV avtalt.",
                "Økonomi gjennomgått, regninger betalt. Spiser mye ferdigmat, laget middag sammen.",
                "Hjemmebesøk. Leiligheten er ryddig. Forteller om turer og musikk. Hører stemmer av \
                 og til, lar seg avlede. Tar medisiner som avtalt. Ingen tegn til forverring etter \
                 kriseplanens varselsignaler.",
            ]),
            false => chart.in_turn(&[
                "Kartlegging av unngåelse og sikkerhetsatferd. Laget angsttrapp sammen.",
                "Tankeskjema gjennomgått: «alle ser på meg». Prøvd ut alternative tanker.",
                "Tilbakefallsforebygging. Har klart butikken alene to ganger.",
                "Arbeidet med eksponering etter plan. Klarte bussturen denne uken, angsten gikk ned \
                 etter ti minutter. Ny hjemmeoppgave avtalt.",
            ]),
        };
        chart.note(&visit, title, text);
    }
}

fn psychosis(chart: &mut Chart<'_>, begin: Day) {
    let problem = chart.problem(&dx::SCHIZOPHRENIA, begin, None);
    let tablets = chart.treat(&drugs::OLANZAPINE, drugs::EVENING, begin, problem, None);
    let known = begin.max(chart.start);
    care_plan::episode(chart, Service::MentalHealth, "Oppfølging ved psykisk lidelse", known, None);
    let relapse = chart.today.plus(-1900).max(begin.plus(400));
    let stay = chart.stay(Service::Psychiatry, relapse, 24, &[&dx::SCHIZOPHRENIA]);
    if let Some(visit) = &stay {
        chart.vitals(visit, &[Vital::Weight, Vital::Pressure]);
        chart.labs(visit, &[Lab::HbA1c, Lab::Ldl, Lab::Alat, Lab::Hb]);
        let letter = Stay {
            diagnoses: &[&dx::SCHIZOPHRENIA],
            cause: "Frivillig innlagt med økende stemmehøring, lite søvn og tilbaketrekning etter at \
                    tablettene ble sluttet med.",
            course: "Gjenopptok olanzapin, god effekt i løpet av to uker. Ønsket selv depotsprøyte \
                     for å slippe daglige tabletter. Kriseplan laget sammen med pasient, mor og \
                     kommunens team.",
            changes: "olanzapin erstattes av paliperidon depot hver 4. uke.",
            follow_up: "FACT-samarbeid med kommunens psykisk helse og rus. Metabolsk kontroll hos \
                        fastlege hvert halvår.",
        };
        chart.discharge_letter(visit, &letter);
        let out = visit.end.day;
        chart.stop(tablets, out, "Byttet til depotinjeksjon");
        let dose = Dose {
            text: "1 injeksjon hver 4. uke, settes av sykepleier",
            amount: 1.0,
            rhythm: Rhythm::EveryWeeks(4),
        };
        chart.treat(&drugs::PALIPERIDONE, dose, out, problem, Some(visit));
    }
    let mut day = chart.today.plus(-730).max(begin.plus(30));
    while day <= chart.end {
        talk(chart, day, "Hjemmebesøk, psykisk helse", Class::Home);
        day = day.plus(14);
    }
    let mut day = begin.max(chart.start).plus(90);
    while day <= chart.end {
        metabolic(chart, day);
        day = day.plus(185);
    }
    chart.flag("Kriseplan finnes: varselsignaler og avtaler", "behavioral", relapse.plus(24));
    chart.appoint(Service::MentalHealth, 9, "Depotinjeksjon og samtale", 30);
}

fn metabolic(chart: &mut Chart<'_>, day: Day) {
    let title = "Metabolsk kontroll";
    let Some(visit) = chart.consultation(day, title, &[&dx::SCHIZOPHRENIA]) else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::BodyMassIndex, Vital::Pressure]);
    chart.labs(&visit, &[Lab::HbA1c, Lab::Ldl, Lab::Hdl, Lab::Alat]);
    let text = format!(
        "Halvårlig kontroll ved antipsykotika. {}.\nVektråd, treningstilbud i kommunen. Røyker \
         fortsatt litt. EKG normal QTc.",
        chart.findings(&visit),
    );
    chart.note(&visit, title, &text);
}

fn attention(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::ADHD,
        day: begin,
        vitals: &[Vital::Weight, Vital::Height, Vital::Pressure, Vital::Pulse],
        labs: &[],
        story: "Utredet etter henvisning: konsentrasjonsvansker og uro på flere arenaer.",
        plan: "ADHD. Metylfenidat startes, tilrettelegging på skole eller arbeid.",
    });
    let visit = found.visit.as_ref();
    chart.treat(&drugs::METHYLPHENIDATE, drugs::MORNING, found.day, found.problem, visit);
    let mut day = found.day.plus(180);
    while day <= chart.end {
        if let Some(visit) = chart.consultation(day, "ADHD-kontroll", &[&dx::ADHD]) {
            let list = [Vital::Weight, Vital::Height, Vital::Pressure, Vital::Pulse];
            chart.vitals(&visit, &list);
        }
        day = day.plus(330 + chart.random.between(-30, 60));
    }
}
