//! Sugar, thyroid, kidneys and gout.

use super::onset::Onset;
use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Stay;
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;

/// Everything metabolic.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Diabetes1) {
        type_one(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Diabetes2) {
        type_two(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Hypothyroid) {
        hypothyroid(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Kidney) {
        kidney(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Gout) {
        gout(chart, day);
    }
}

fn type_two(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::DIABETES_2,
        day: begin,
        vitals: &[Vital::Weight, Vital::BodyMassIndex, Vital::Pressure],
        labs: &[
            Lab::HbA1c,
            Lab::Glucose,
            Lab::Creatinine,
            Lab::Egfr,
            Lab::Ldl,
            Lab::AlbuminCreatinine,
            Lab::Alat,
        ],
        story: "Kommer for å få svar på blodprøver. Litt tørst og slapp i det siste, ellers \
                velbefinnende. Diabetes i familien.",
        plan: "Diabetes type 2. Informert, startkurs på Frisklivssentralen, metformin med \
               opptrapping. Henvist øyelege for netthinnefoto. Kontroll om 3 måneder.",
    });
    let dose = Dose { text: "1 tablett morgen og kveld til mat", ..drugs::TWICE };
    chart.treat(&drugs::METFORMIN, dose, found.day, found.problem, found.visit.as_ref());
    if let Some(visit) = &found.visit {
        let question = "Nyoppdaget diabetes type 2. Ber om netthinneundersøkelse.";
        chart.refer(visit, Service::Eye, &dx::DIABETES_2, question);
    }
    let second = found.day.plus(1460).max(Day::new(2016, 3, 1));
    if chart.covers(second) {
        step_up(chart, second, found.problem);
    }
    let mut eye = found.day.plus(120);
    while eye <= chart.end {
        eyes(chart, eye);
        eye = eye.plus(730 + chart.random.between(-40, 80));
    }
}

fn step_up(chart: &mut Chart<'_>, day: Day, problem: usize) {
    let visit = chart.consultation(day, "Diabeteskontroll", &[&dx::DIABETES_2]);
    let Some(visit) = visit else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::Pressure]);
    chart.labs(&visit, &[Lab::HbA1c, Lab::Creatinine, Lab::Egfr, Lab::Potassium]);
    let ill_heart = chart.health.since(Illness::HeartFailure).is_some()
        || chart.health.since(Illness::Coronary).is_some()
        || chart.health.since(Illness::Kidney).is_some();
    let empagliflozin = ill_heart || chart.random.chance(0.65);
    let drug = if empagliflozin { "empagliflozin" } else { "semaglutid" };
    let text = format!(
        "HbA1c over behandlingsmålet på metformin. Us.: {}.\nVurdering/tiltak: legger til {drug}. \
         Informert om virkning og bivirkninger. Ny HbA1c om 3 måneder.",
        chart.findings(&visit),
    );
    chart.note(&visit, "Diabeteskontroll", &text);
    let from = visit.day();
    if empagliflozin {
        chart.treat(&drugs::EMPAGLIFLOZIN, drugs::MORNING, from, problem, Some(&visit));
    } else {
        let weekly =
            Dose {
                text: "1 injeksjon én gang i uken", amount: 1.0, rhythm: Rhythm::EveryWeeks(1)
            };
        chart.treat(&drugs::SEMAGLUTIDE, weekly, from, problem, Some(&visit));
    }
}

fn eyes(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = chart.outpatient(Service::Eye, day, &[&dx::DIABETES_2]) else { return };
    chart.procedure(&visit, "Netthinnefotografering", visit.day());
    let changed = chart.random.chance(0.12);
    let text = if changed {
        "Netthinnefoto begge øyne: enkelte mikroaneurismer, ingen makulaødem. Mild ikke-proliferativ \
         retinopati. Ny kontroll om 12 måneder."
    } else {
        "Netthinnefoto begge øyne: ingen retinopati. Ny kontroll om 2 år."
    };
    chart.note(&visit, "Svar fra øyelege", text);
}

fn type_one(chart: &mut Chart<'_>, begin: Day) {
    let young = chart.age(begin) < 18;
    let service = if young { Service::Children } else { Service::Medicine };
    let stay = chart.stay(service, begin, 6, &[&dx::KETOACIDOSIS]);
    let problem = chart.problem(&dx::DIABETES_1, begin, stay.as_ref());
    let basal = Dose { text: "22 E til kvelden", amount: 22.0, rhythm: Rhythm::At(&["EVE"]) };
    let meal = Dose { text: "6–10 E til hvert måltid", amount: 8.0, rhythm: Rhythm::PerDay(3) };
    let glargine = chart.treat(&drugs::GLARGINE, basal, begin, problem, stay.as_ref());
    let pen = chart.treat(&drugs::ASPART, meal, begin, problem, stay.as_ref());
    if let Some(visit) = &stay {
        chart.vitals(visit, &[Vital::Pulse, Vital::Pressure, Vital::Weight]);
        chart.lab_as(visit, visit.moment(30), Lab::Glucose, 28.4);
        chart.labs(visit, &[Lab::HbA1c, Lab::Sodium, Lab::Creatinine]);
        chart.lab_as(visit, visit.moment(35), Lab::Potassium, 5.2);
        chart.labs_on(visit, begin.plus(3), &[Lab::Potassium, Lab::Sodium]);
        chart.lab_as(visit, visit.morning(visit.end.day), Lab::Glucose, 8.1);
        let letter = Stay {
            diagnoses: &[&dx::KETOACIDOSIS],
            cause: "Innlagt som øyeblikkelig hjelp etter to uker med tørste, hyppig vannlating og \
                    vekttap, siste døgn kvalme og magesmerter.",
            course: "pH 7,18 og ketoner 5,6 ved innkomst. Behandlet med væske og insulininfusjon \
                     etter protokoll, over på insulin under huden andre døgn. Opplæring av pasient og \
                     familie i måling, insulin, kost og føling.",
            changes: "insulin glargin og insulin aspart er nye.",
            follow_up: "Poliklinisk kontroll hos oss om 2 uker, deretter hver 3. måned. Resepter hos \
                        fastlege.",
        };
        chart.discharge_letter(visit, &letter);
    }
    let pump_day = begin.plus(600).max(Day::new(2014, 1, 10));
    if chart.random.chance(0.7) && pump_day <= chart.end {
        chart.stop(glargine, pump_day, "Byttet til insulinpumpe");
        chart.stop(pen, pump_day, "Byttet til insulinpumpe");
        let pump = Dose {
            text: "I insulinpumpe, ca. 45 E i døgnet",
            amount: 45.0,
            rhythm: Rhythm::PerDay(1),
        };
        chart.treat(&drugs::ASPART, pump, pump_day, problem, None);
        chart.remark(problem, format!("Insulinpumpe med sensor siden {}", pump_day.year()));
    }
    let mut day = begin.plus(20);
    while day <= chart.end {
        diabetes_clinic(chart, day);
        day = day.plus(if chart.age(day) < 18 { 100 } else { 185 } + chart.random.between(-12, 12));
    }
    chart.appoint(
        if chart.age(chart.today) < 18 { Service::Children } else { Service::Medicine },
        40,
        "Diabetespoliklinikk",
        40,
    );
}

fn diabetes_clinic(chart: &mut Chart<'_>, day: Day) {
    let service = if chart.age(day) < 18 { Service::Children } else { Service::Medicine };
    let Some(visit) = chart.outpatient(service, day, &[&dx::DIABETES_1]) else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::Pressure]);
    chart.labs(&visit, &[Lab::HbA1c]);
    if chart.random.chance(0.5) {
        chart.labs(&visit, &[Lab::AlbuminCreatinine, Lab::Creatinine, Lab::Tsh, Lab::Ldl]);
    }
    if chart.random.chance(0.5) {
        let range = chart.random.between(58, 79);
        let text = format!(
            "Diabetes type 1. {}. Tid i målområdet {range} % siste 14 dager. Ingen alvorlig \
             hypoglykemi eller ketoacidose siden sist. Injeksjons- og infusjonssteder fine.\nJusterer \
             karbohydratforhold til frokost.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Poliklinisk notat, diabetes", &text);
    }
}

fn hypothyroid(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::HYPOTHYROID,
        day: begin,
        vitals: &[Vital::Pulse, Vital::Weight],
        labs: &[Lab::Tsh, Lab::FreeT4, Lab::Hb, Lab::Ferritin],
        story: "Sliten, frossen og litt tyngre i kroppen gjennom vinteren. Tørr hud.",
        plan: "Primær hypotyreose. Anti-TPO positiv. Starter levotyroksin 50 mikrog, kontroll om 6–8 \
               uker.",
    });
    let low = chart.treat(
        &drugs::LEVOTHYROXINE_50,
        drugs::MORNING,
        found.day,
        found.problem,
        found.visit.as_ref(),
    );
    let up = found.day.plus(50);
    let visit = chart.consultation(up, "Stoffskiftekontroll", &[&dx::HYPOTHYROID]);
    if let Some(visit) = &visit {
        chart.labs(visit, &[Lab::Tsh, Lab::FreeT4]);
        let text = format!("{}. Bedre, men TSH fortsatt høy. Øker dosen.", chart.findings(visit));
        chart.note(visit, "Stoffskiftekontroll", &text);
    }
    let up = visit.as_ref().map_or(up, |visit| visit.day());
    if chart.random.chance(0.7) {
        chart.stop(low, up, "Dosen er økt");
        chart.treat(&drugs::LEVOTHYROXINE_100, drugs::MORNING, up, found.problem, visit.as_ref());
    }
}

fn kidney(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::KIDNEY,
        day: begin,
        vitals: &[Vital::Pressure],
        labs: &[Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::AlbuminCreatinine, Lab::Hb],
        story: "Gjentatte prøver over tre måneder viser nedsatt nyrefunksjon. Ingen plager.",
        plan: "Kronisk nyresykdom, følges årlig. Unngå NSAIDs. Legemidler doseres etter eGFR.",
    });
    let years = chart.end.years_since(found.day).max(0.0);
    let stage = if years > 3.2 { "stadium 3b (eGFR 30–44)" } else { "stadium 3a (eGFR 45–59)" };
    chart.remark(found.problem, format!("KDIGO {stage}"));
}

fn gout(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::GOUT,
        day: begin,
        vitals: &[],
        labs: &[Lab::Urate, Lab::Crp, Lab::Creatinine],
        story: "Våknet med intense smerter i stortåens grunnledd, rødt og hovent.",
        plan: "Urinsyregikt. Prednisolon i 5 dager, deretter allopurinol.",
    });
    if let Some(visit) = &found.visit {
        let dose = Dose { text: "1 tablett om morgenen i 5 dager", ..drugs::MORNING };
        chart.cure(&drugs::PREDNISOLONE, dose, visit, 5, found.problem);
    }
    let day = found.day.plus(30);
    chart.treat(&drugs::ALLOPURINOL, drugs::MORNING, day, found.problem, found.visit.as_ref());
}
