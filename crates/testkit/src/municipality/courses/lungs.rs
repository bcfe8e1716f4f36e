//! Lungs and airways: COPD with its exacerbations, asthma, hay fever.

use super::onset::Onset;
use crate::municipality::analyses::{self, Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Stay;
use crate::municipality::drugs::{self, Dose, Drug, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;

/// Everything of the lungs.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Copd) {
        copd(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Asthma) {
        asthma(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Rhinitis) {
        hay_fever(chart, day);
    }
    if chart.person.persona == Some(Persona::Toddler) {
        wheeze(chart);
    }
}

fn copd(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::COPD,
        day: begin,
        vitals: &[Vital::Saturation, Vital::Weight, Vital::Respiration],
        labs: &[Lab::Hb, Lab::Crp],
        story: "Tungpust i bakker siste året, morgenhoste med slim. Har røykt rundt 30 pakkeår. \
                Lungelyder svekket med forlenget ekspirium.",
        plan: "Spirometri bekrefter KOLS. Røykeslutt drøftet. Starter langtidsvirkende \
               bronkodilator, henvist lungerehabilitering.",
    });
    let frail = chart.person.persona == Some(Persona::Frail);
    let severity = if frail { 2 } else { chart.random.between(1, 3) };
    let (grade, volume) = match severity {
        1 => ("GOLD 1", 2.3),
        2 => ("GOLD 2", 1.6),
        _ => ("GOLD 3", 1.05),
    };
    chart.remark(found.problem, format!("{grade}, tidligere røyker"));
    if let Some(visit) = &found.visit {
        let ratio = chart.random.within(0.52, 0.68);
        let liters = volume + chart.random.within(-0.15, 0.15);
        chart.score(visit, &analyses::FEV1, liters);
        chart.score(visit, &analyses::FEV1_FVC, ratio);
        chart.procedure(visit, "Spirometri med reversibilitetstest", visit.day());
    }
    let visit = found.visit.as_ref();
    chart.treat(&drugs::TIOTROPIUM, drugs::INHALE_MORNING, found.day, found.problem, visit);
    chart.treat(&drugs::SALBUTAMOL, drugs::INHALE_AS_NEEDED, found.day, found.problem, visit);
    let worse = found.day.plus(1300).max(Day::new(2016, 1, 5));
    if severity > 1 && chart.random.chance(0.6) && chart.person.persona.is_none() {
        chart.stop_class("R03BB", worse, "Byttet til kombinasjon");
        chart.treat(
            &drugs::INDACATEROL_GLYCOPYRRONIUM,
            drugs::INHALE_MORNING,
            worse,
            found.problem,
            None,
        );
    }
    for (day, hospital) in chart.health.exacerbations.clone() {
        if hospital {
            severe(chart, day);
        } else {
            exacerbation(chart, day);
        }
    }
}

/// What is given against the bacteria, allergy considered.
fn antibiotic(chart: &Chart<'_>) -> (&'static Drug, Dose, i32) {
    if chart.allergic_to_penicillin() || chart.person.index.is_multiple_of(3) {
        let text = "2 tabletter første dag, deretter 1 tablett daglig";
        (&drugs::DOXYCYCLINE, Dose { text, amount: 1.0, rhythm: Rhythm::PerDay(1) }, 7)
    } else {
        let text = "1 kapsel 3 ganger daglig";
        (&drugs::AMOXICILLIN, Dose { text, amount: 1.0, rhythm: Rhythm::PerDay(3) }, 7)
    }
}

fn steroid() -> Dose {
    Dose { text: "2 tabletter om morgenen i 5 dager", amount: 2.0, rhythm: Rhythm::At(&["MORN"]) }
}

fn exacerbation(chart: &mut Chart<'_>, day: Day) {
    let visit = chart.consultation(day, "Konsultasjon", &[&dx::COPD_EXACERBATION]);
    let Some(visit) = visit else { return };
    chart.vitals(&visit, &[Vital::Respiration]);
    let saturation = chart.random.within(88.0, 93.0);
    chart.vital_as(&visit, visit.moment(4), Vital::Saturation, saturation);
    let crp = chart.random.within(18.0, 75.0);
    chart.lab_as(&visit, visit.moment(6), Lab::Crp, crp);
    let problem = chart.ailment(&dx::COPD_EXACERBATION, &visit, 14);
    let (drug, dose, days) = antibiotic(chart);
    chart.cure(drug, dose, &visit, days, problem);
    chart.cure(&drugs::PREDNISOLONE, steroid(), &visit, 5, problem);
    let text = format!(
        "Mer tungpust, mer og misfarget oppspytt i tre dager. Us.: {}. Pipelyder over begge \
         lunger.\nVurdering/tiltak: KOLS-forverring, behandles hjemme med {} og prednisolon. Ny \
         kontroll om to dager, ring før ved forverring.",
        chart.findings(&visit),
        drug.substance.to_lowercase(),
    );
    chart.note(&visit, "KOLS-forverring", &text);
}

fn severe(chart: &mut Chart<'_>, day: Day) {
    let nights = chart.random.between(3, 7);
    let Some(visit) = chart.stay(Service::Lung, day, nights, &[&dx::COPD_EXACERBATION]) else {
        return;
    };
    let out = visit.end.day;
    let saturation = chart.random.within(82.0, 87.0);
    chart.vital_as(&visit, visit.moment(4), Vital::Saturation, saturation);
    chart.vitals(&visit, &[Vital::Pulse, Vital::Pressure]);
    let rate = chart.random.within(26.0, 33.0);
    chart.vital_as(&visit, visit.moment(5), Vital::Respiration, rate);
    let crp = chart.random.within(40.0, 160.0);
    chart.lab_as(&visit, visit.moment(30), Lab::Crp, crp);
    chart.labs(&visit, &[Lab::Hb, Lab::Leukocytes, Lab::Sodium, Lab::Potassium, Lab::Creatinine]);
    chart.lab_as(&visit, visit.morning(day.plus(nights / 2)), Lab::Crp, crp * 0.5);
    chart.lab_as(&visit, visit.morning(out), Lab::Crp, crp * 0.15);
    chart.vital_as(&visit, visit.morning(out), Vital::Saturation, 92.0);
    let image = "Røntgen thorax: Hyperinflaterte lunger med avflatede mellomgulv. Ingen infiltrater, \
                 ingen stuvning.";
    chart.image(&visit, "Røntgen thorax", image);
    let problem = chart.ailment(&dx::COPD_EXACERBATION, &visit, 21);
    let (drug, dose, _) = antibiotic(chart);
    chart.cure(drug, dose, &visit, 4, problem);
    chart.cure(&drugs::PREDNISOLONE, steroid(), &visit, 3, problem);
    let letter = Stay {
        diagnoses: &[&dx::COPD_EXACERBATION],
        cause: "Innlagt med økende tungpust, hoste og misfarget oppspytt, ikke effekt av behandling \
                hjemme.",
        course: "Respirasjonssvikt type 1, ingen CO₂-retensjon. Behandlet med inhalasjoner, \
                 prednisolon, antibiotika og kontrollert oksygen til SpO₂ 88–92 %. Røntgen uten \
                 sikkert infiltrat. Lungefysioterapi.",
        changes: "kort kur prednisolon og antibiotika avsluttes hjemme.",
        follow_up: "Fastlege om 2–3 uker. Inhalasjonsteknikk repetert. Vurder lungerehabilitering.",
    };
    chart.discharge_letter(&visit, &letter);
}

fn asthma(chart: &mut Chart<'_>, begin: Day) {
    let child = chart.age(begin) < 12;
    let found = chart.recognise(&Onset {
        diagnosis: &dx::ASTHMA,
        day: begin,
        vitals: &[Vital::Saturation],
        labs: &[],
        story: if child {
            "Hoster om natten og ved løping, pipende pust ved forkjølelse. Eksem i familien."
        } else {
            "Tetthet i brystet og hoste ved anstrengelse og i kulde."
        },
        plan: "Astma. Starter inhalasjonssteroid, salbutamol ved behov. Opplæring i teknikk.",
    });
    let visit = found.visit.as_ref();
    let controller = if child { &drugs::FLUTICASONE } else { &drugs::BUDESONIDE_FORMOTEROL };
    let drug = chart.treat(controller, drugs::INHALE_TWICE, found.day, found.problem, visit);
    chart.treat(&drugs::SALBUTAMOL, drugs::INHALE_AS_NEEDED, found.day, found.problem, visit);
    if child && chart.random.chance(0.5) {
        let well = found.day.plus(900 + chart.random.between(0, 900));
        if well <= chart.end {
            chart.stop(drug, well, "Symptomfri over lang tid");
        }
    }
}

fn hay_fever(chart: &mut Chart<'_>, begin: Day) {
    // Pollen flies from April on.
    let spring = Day::new(begin.year(), 4, 22);
    let day = if spring >= begin { spring } else { Day::new(begin.year() + 1, 4, 22) };
    let day = if day > chart.end { begin } else { day };
    let found = chart.recognise(&Onset {
        diagnosis: &dx::RHINITIS,
        day,
        vitals: &[],
        labs: &[],
        story: "Nysing, tett nese og kløende øyne hver vår når bjørka blomstrer.",
        plan: "Pollenallergi. Antihistamin i sesongen, nesespray.",
    });
    let drug = if chart.random.chance(0.5) { &drugs::CETIRIZINE } else { &drugs::DESLORATADINE };
    let dose = Dose { text: "1 tablett daglig i pollensesongen", ..drugs::MORNING };
    chart.treat(drug, dose, found.day, found.problem, found.visit.as_ref());
}

/// The small child whose colds go to the chest.
fn wheeze(chart: &mut Chart<'_>) {
    for days_ago in [640, 300, 45] {
        let day = chart.today.plus(-days_ago);
        let Some(visit) = chart.emergency(day, &[&dx::WHEEZE]) else { continue };
        chart.vital_as(&visit, visit.moment(4), Vital::Temperature, 38.2);
        chart.vital_as(&visit, visit.moment(4), Vital::Saturation, 94.0);
        chart.vital_as(&visit, visit.moment(5), Vital::Respiration, 44.0);
        let problem = chart.ailment(&dx::WHEEZE, &visit, 9);
        let dose = Dose {
            text: "2 doser i kammer hver 4. time ved behov",
            amount: 2.0,
            rhythm: Rhythm::AsNeeded(6),
        };
        chart.cure(&drugs::SALBUTAMOL, dose, &visit, 10, problem);
        let text = format!(
            "Forkjølet i to dager, tungpustet fra i kveld. {}. Lette inndragninger, pipelyder \
             bilateralt.\nGod effekt av salbutamol på kammer. Drikker godt. Reist hjem med foreldrene, \
             rådet om når de skal komme tilbake.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Obstruktiv bronkitt", &text);
    }
    for days_ago in [410, 120] {
        let day = chart.today.plus(-days_ago);
        if let Some(visit) = chart.consultation(day, "Konsultasjon", &[&dx::OTITIS]) {
            chart.vital_as(&visit, visit.moment(4), Vital::Temperature, 38.7);
            let problem = chart.ailment(&dx::OTITIS, &visit, 8);
            let dose =
                Dose { text: "5 ml 3 ganger daglig", amount: 5.0, rhythm: Rhythm::PerDay(3) };
            chart.cure(&drugs::PENICILLIN_MIXTURE, dose, &visit, 5, problem);
            let text = "Gråt i natt, drar seg i øret. Høyre trommehinne rød og buktende. \
                        Fenoksymetylpenicillin i 5 dager, paracetamol mot smerter.";
            chart.note(&visit, "Ørebetennelse", text);
        }
    }
    let days = chart.random.between(10, 20);
    chart.appoint(Service::HealthStation, days, "Kontroll av vekst og språk", 30);
}
