//! Brain and nerves: stroke, Parkinson's disease, epilepsy, migraine.

use super::bones::training;
use super::onset::Onset;
use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Stay;
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;

/// Everything of the brain but dementia.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Stroke) {
        stroke(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Parkinson) {
        parkinson(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Epilepsy) {
        epilepsy(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Migraine) {
        migraine(chart, day);
    }
}

fn stroke(chart: &mut Chart<'_>, begin: Day) {
    let nights = chart.random.between(5, 12);
    let stay = chart.stay(Service::Medicine, begin, nights, &[&dx::STROKE]);
    let problem = chart.problem(&dx::STROKE, begin, stay.as_ref());
    let side = if chart.random.chance(0.5) { "høyre" } else { "venstre" };
    chart.remark(problem, format!("Sekvele: lett kraftsvikt i {side} arm"));
    let out = begin.plus(nights);
    if !chart.takes("B01A", out) {
        chart.treat(&drugs::CLOPIDOGREL, drugs::MORNING, out, problem, stay.as_ref());
    }
    if !chart.takes("C10AA", out) {
        chart.treat(&drugs::ATORVASTATIN, drugs::EVENING, out, problem, stay.as_ref());
    }
    let Some(visit) = stay else { return };
    chart.pressure_as(&visit, visit.moment(4), 178.0, 94.0);
    chart.vitals(&visit, &[Vital::Pulse, Vital::Saturation]);
    chart.labs(&visit, &[Lab::Hb, Lab::Glucose, Lab::Ldl, Lab::Creatinine, Lab::Inr]);
    chart.procedure(&visit, "CT caput med angiografi", visit.day());
    chart.procedure(&visit, "MR caput", begin.plus(1));
    let course = format!(
        "CT uten blødning, MR med diffusjonsinnskrenkning som ved ferskt infarkt. Utenfor tidsvindu \
         for trombolyse. Kraftsvikt i {side} arm bedret seg under oppholdet. Svelgtest normal. Tidlig \
         mobilisert i slagenhet av tverrfaglig team.",
    );
    let letter = Stay {
        diagnoses: &[&dx::STROKE],
        cause: "Innlagt med akutt oppstått talevansker og kraftsvikt i arm, oppdaget av pårørende ved \
                oppvåkning.",
        course: &course,
        changes: "platehemmer og statin som sekundærprofylakse.",
        follow_up: "Slagpoliklinikk om 3 måneder. Ikke bilkjøring inntil vurdert. Opptrening i \
                    kommunen. Blodtrykk under 130/80.",
    };
    chart.discharge_letter(&visit, &letter);
    training(chart, out.plus(10), &dx::STROKE, 8);
    if let Some(visit) = chart.outpatient(Service::Medicine, out.plus(92), &[&dx::STROKE]) {
        chart.vitals(&visit, &[Vital::Pressure]);
        chart.labs(&visit, &[Lab::Ldl, Lab::HbA1c]);
        let text = format!(
            "Kontroll tre måneder etter hjerneinfarkt. God bedring, selvhjulpen hjemme. {}. \
             Sekundærprofylakse fortsetter.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Slagpoliklinikk", &text);
    }
}

fn parkinson(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::PARKINSON,
        day: begin,
        vitals: &[Vital::Pressure],
        labs: &[Lab::Hb, Lab::Tsh],
        story: "Skjelving i høyre hånd i hvile, mindre skrift og langsommere gange. Tannhjulsrigiditet.",
        plan: "Mistanke om Parkinsons sykdom, henvist nevrolog. Levodopa startet etter deres råd.",
    });
    let dose = Dose { text: "1 tablett 4 ganger daglig", amount: 1.0, rhythm: Rhythm::PerDay(4) };
    chart.treat(&drugs::LEVODOPA, dose, found.day.plus(40), found.problem, found.visit.as_ref());
    let mut day = found.day.plus(60);
    while day <= chart.end {
        if let Some(visit) = chart.outpatient(Service::Medicine, day, &[&dx::PARKINSON]) {
            chart.vitals(&visit, &[Vital::Pressure, Vital::Weight]);
            let text = format!(
                "Parkinsons sykdom. {}. God effekt av levodopa, noe svingninger før dosene. Går med \
                 kortere skritt, ingen fall siste halvår. Uendret behandling.",
                chart.findings(&visit),
            );
            chart.note(&visit, "Poliklinisk notat, nevrologi", &text);
        }
        day = day.plus(200);
    }
    training(chart, found.day.plus(100), &dx::PARKINSON, 6);
}

fn epilepsy(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::EPILEPSY,
        day: begin,
        vitals: &[],
        labs: &[Lab::Hb, Lab::Sodium, Lab::Alat],
        story: "To anfall med bevissthetstap og rykninger siste måned. EEG med epileptiform aktivitet.",
        plan: "Epilepsi. Lamotrigin i opptrapping. Førerkort inndras til 12 måneder uten anfall.",
    });
    chart.treat(&drugs::LAMOTRIGINE, drugs::TWICE, found.day, found.problem, found.visit.as_ref());
    let mut day = found.day.plus(120);
    while day <= chart.end {
        if let Some(visit) = chart.consultation(day, "Epilepsikontroll", &[&dx::EPILEPSY]) {
            chart.labs(&visit, &[Lab::Alat, Lab::Sodium]);
        }
        day = day.plus(400);
    }
}

fn migraine(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::MIGRAINE,
        day: begin,
        vitals: &[Vital::Pressure],
        labs: &[],
        story: "Anfall av ensidig, bankende hodepine med kvalme og lysskyhet, varer et døgn. \
                Nevrologisk status normal.",
        plan: "Migrene uten aura. Sumatriptan ved anfall, hodepinedagbok.",
    });
    let visit = found.visit.as_ref();
    chart.treat(&drugs::SUMATRIPTAN, drugs::TABLET_AS_NEEDED, found.day, found.problem, visit);
}
