//! Dementia: forgetfulness noticed, examined, treated, and what it does to daily life.
//!
//! Help at home and the nursing home are told in `home_care.rs` and `nursing_home.rs`.

use super::onset::Onset;
use crate::municipality::analyses::{self, Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::drugs;
use crate::municipality::health::Illness;

/// Everything of dementia.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let Some(begin) = chart.health.since(Illness::Dementia) else { return };
    let found = chart.recognise(&Onset {
        diagnosis: &dx::DEMENTIA,
        day: begin,
        vitals: &[Vital::Pressure, Vital::Weight],
        labs: &[Lab::Hb, Lab::Tsh, Lab::B12, Lab::Calcium, Lab::Sodium, Lab::Glucose],
        story: "Pårørende er bekymret: glemmer avtaler, gjentar seg, har kjørt seg bort på kjente \
                veier. Mener selv det går bra. Klokketest mangelfull.",
        plan: "Demensutredning med hukommelsesteam: sannsynlig Alzheimers sykdom. Førerkort frarådes. \
               Samtale med pasient og pårørende om fremtidsfullmakt.",
    });
    if let Some(visit) = &found.visit {
        let score = f64::from(chart.random.between(20, 24));
        chart.score(visit, &analyses::MMSE, score);
        chart.procedure(visit, "Demensutredning i primærhelsetjenesten", visit.day());
    }
    let visit = found.visit.as_ref();
    let donepezil =
        chart.treat(&drugs::DONEPEZIL, drugs::EVENING, found.day.plus(30), found.problem, visit);
    let mut day = found.day.plus(200);
    let mut score = 21.0;
    while day <= chart.end {
        score = (score - chart.random.within(0.8, 2.2)).max(4.0);
        control(chart, day, score);
        day = day.plus(240 + chart.random.between(-20, 40));
    }
    if let Some(moved) = chart.health.nursing_home.filter(|moved| *moved <= chart.end) {
        chart.stop(donepezil, moved.plus(40), "Ikke lenger sikker nytte");
        chart.treat(&drugs::MEMANTINE, drugs::MORNING, moved.plus(40), found.problem, None);
    }
    chart.remark(found.problem, stage(score));
    chart.flag("Demens: involver pårørende i avtaler", "clinical", found.day.plus(60));
}

fn stage(score: f64) -> String {
    let degree = match score as i32 {
        20.. => "mild",
        11..=19 => "moderat",
        _ => "alvorlig",
    };
    format!("Alzheimers sykdom, {degree} grad")
}

fn control(chart: &mut Chart<'_>, day: Day, score: f64) {
    let visit = chart.consultation(day, "Kontroll hukommelse", &[&dx::DEMENTIA]);
    let Some(visit) = visit else { return };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Weight]);
    chart.score(&visit, &analyses::MMSE, score.round());
    let text = format!(
        "Kommer sammen med pårørende. {}. Trenger mer hjelp i det daglige, spiser dårligere når hun \
         eller han er alene. Ingen vrangforestillinger.\nVurdering/tiltak: gradvis forverring. \
         Legemidler gjennomgått. Kontakt med kommunens demenskoordinator.",
        chart.findings(&visit),
    );
    chart.note(&visit, "Kontroll hukommelse", &text);
}
