//! Bones and joints: osteoporosis, worn joints and their replacement, broken hips, rheumatoid
//! arthritis.

use super::onset::Onset;
use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::documents::Stay;
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::visit::{Class, Plan};

/// Everything of bones and joints.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::HipFracture) {
        broken_hip(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Osteoporosis) {
        osteoporosis(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::KneeArthrosis) {
        worn_joint(chart, day, &dx::KNEE_ARTHROSIS);
    }
    if let Some(day) = chart.health.since(Illness::HipArthrosis) {
        worn_joint(chart, day, &dx::HIP_ARTHROSIS);
    }
    if let Some(day) = chart.health.since(Illness::Rheumatoid) {
        rheumatoid(chart, day);
    }
}

fn broken_hip(chart: &mut Chart<'_>, day: Day) {
    let nights = chart.random.between(5, 8);
    let Some(visit) = chart.stay(Service::Surgery, day, nights, &[&dx::HIP_FRACTURE]) else {
        return;
    };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Pulse, Vital::Saturation]);
    chart.labs(&visit, &[Lab::Hb, Lab::Creatinine, Lab::Potassium, Lab::Sodium]);
    let blood = chart.random.within(9.1, 10.9);
    chart.lab_as(&visit, visit.morning(day.plus(2)), Lab::Hb, blood);
    let crp = chart.random.within(60.0, 140.0);
    chart.lab_as(&visit, visit.morning(day.plus(2)), Lab::Crp, crp);
    chart.lab_as(&visit, visit.morning(visit.end.day), Lab::Hb, blood + 0.7);
    chart.procedure(&visit, "Hemiprotese i hofte", day.plus(1));
    let image = "Røntgen bekken og hofte: Dislosert medial lårhalsfraktur, Garden 4.";
    chart.image(&visit, "Røntgen bekken og hofte", image);
    let problem = chart.problem(&dx::HIP_FRACTURE, visit.day(), Some(&visit));
    chart.remark(problem, "Operert med hemiprotese".to_owned());
    chart.resolve(problem, visit.end.day.plus(180));
    let need = Dose {
        text: "1 kapsel ved behov mot smerter, høyst 4 i døgnet",
        amount: 1.0,
        rhythm: Rhythm::AsNeeded(4),
    };
    chart.cure(&drugs::OXYCODONE, need, &visit, 14, problem);
    let fixed = Dose { text: "1 tablett 4 ganger daglig", amount: 1.0, rhythm: Rhythm::PerDay(4) };
    chart.cure(&drugs::PARACETAMOL_1G, fixed, &visit, 42, problem);
    let letter = Stay {
        diagnoses: &[&dx::HIP_FRACTURE],
        cause: "Falt på vei til toalettet om natten. Smerter i hoften, forkortet og utadrotert bein.",
        course: "Røntgen viste dislosert lårhalsbrudd. Operert med hemiprotese første døgn uten \
                 komplikasjoner. Mobilisert til stol dagen etter og gangtrening med rullator. \
                 Postoperativt fall i hemoglobin, ikke transfusjonskrevende.",
        changes: "paracetamol fast og oksykodon ved behov i inntil to uker.",
        follow_up: "Full belastning. Agraffer fjernes etter 14 dager. Beinskjørhet utredes og behandles \
                    hos fastlege. Opptrening i kommunen.",
    };
    chart.discharge_letter(&visit, &letter);
    chart.flag("Fallfare", "safety", visit.end.day);
    if chart.health.nursing_home.is_none() {
        training(chart, visit.end.day.plus(14), &dx::HIP_FRACTURE, 6);
    }
}

/// Visits to the physiotherapist, once a week.
pub(super) fn training(chart: &mut Chart<'_>, from: Day, reason: &'static Diagnosis, times: i32) {
    for number in 0..times {
        let visit = chart.contact(&Plan {
            service: Service::Physiotherapy,
            class: Class::Ambulatory,
            title: "Fysioterapi",
            day: from.plus(number * 7),
            hours: (8, 15),
            minutes: 45,
            lead: true,
            reasons: &[reason],
        });
        let (Some(visit), true) = (visit, number == 0 || number == times - 1) else { continue };
        let text = if number == 0 {
            "Førstegangsundersøkelse. Nedsatt styrke og bevegelighet, går usikkert. Mål: gå tur uten \
             støtte. Øvelser vist og skrevet ned."
        } else {
            "Avsluttende undersøkelse. God framgang, reiser seg 12 ganger på 30 sekunder. Fortsetter \
             egentrening."
        };
        chart.note(&visit, "Fysioterapi", text);
    }
}

fn osteoporosis(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::OSTEOPOROSIS,
        day: begin,
        vitals: &[Vital::Height, Vital::Weight],
        labs: &[Lab::Calcium, Lab::VitaminD, Lab::Creatinine, Lab::Egfr],
        story: "Beintetthetsmåling viser T-skår −2,8 i lårhals. Har krympet noen centimeter. Mor hadde \
                lårhalsbrudd.",
        plan: "Osteoporose. Kalsium og vitamin D, alendronat én gang i uken. Fallforebygging, styrke.",
    });
    let visit = found.visit.as_ref();
    let alendronate =
        chart.treat(&drugs::ALENDRONATE, drugs::WEEKLY, found.day, found.problem, visit);
    chart.treat(&drugs::CALCIUM_D, drugs::MORNING, found.day, found.problem, visit);
    let five_years = found.day.plus(1826);
    if five_years <= chart.end {
        chart.stop(alendronate, five_years, "Pause etter 5 års behandling");
    }
}

fn worn_joint(chart: &mut Chart<'_>, begin: Day, diagnosis: &'static Diagnosis) {
    let knee = *diagnosis == dx::KNEE_ARTHROSIS;
    let story = match knee {
        true => {
            "Smerter i kneet i trapper og ved gange, stivt etter ro. Krepitasjon, lett hydrops."
        }
        false => "Lyskesmerter ved gange og vansker med å ta på sokker. Nedsatt innrotasjon.",
    };
    let found = chart.recognise(&Onset {
        diagnosis,
        day: begin,
        vitals: &[],
        labs: &[],
        story,
        plan: "Artrose. Trening i grupper (AktivA), vektreduksjon, paracetamol ved behov.",
    });
    let visit = found.visit.as_ref();
    let dose = drugs::PAIN_AS_NEEDED;
    chart.treat(&drugs::PARACETAMOL, dose, found.day, found.problem, visit);
    training(chart, found.day.plus(25), diagnosis, 4);
    let day = found.day.plus(chart.random.between(700, 2200)).workday();
    if chart.random.chance(0.35) && chart.age(day) < 86 {
        replacement(chart, day, diagnosis, knee, found.problem);
    }
}

fn replacement(
    chart: &mut Chart<'_>,
    day: Day,
    diagnosis: &'static Diagnosis,
    knee: bool,
    problem: usize,
) {
    let Some(visit) = chart.stay(Service::Surgery, day, 3, &[diagnosis]) else { return };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Weight]);
    chart.labs(&visit, &[Lab::Hb, Lab::Creatinine]);
    let (name, course) = match knee {
        true => (
            "Totalprotese i kne",
            "Operert med totalprotese i kneet samme dag, spinalanestesi, ukomplisert. Bøyer 90° ved \
             utreise, går med krykker.",
        ),
        false => (
            "Totalprotese i hofte",
            "Operert med totalprotese i hoften samme dag, spinalanestesi, ukomplisert. Går med \
             krykker, full belastning.",
        ),
    };
    chart.procedure(&visit, name, day);
    chart.resolve(problem, visit.end.day);
    let letter = Stay {
        diagnoses: &[diagnosis],
        cause: "Planlagt innlagt for protesekirurgi etter lang tids smerter uten tilstrekkelig effekt \
                av trening og smertestillende.",
        course,
        changes: "smertestillende etter skjema de første ukene.",
        follow_up: "Suturfjerning etter 14 dager hos fastlege. Fysioterapi. Kontroll hos oss om 3 \
                    måneder.",
    };
    chart.discharge_letter(&visit, &letter);
    training(chart, visit.end.day.plus(12), diagnosis, 6);
}

fn rheumatoid(chart: &mut Chart<'_>, begin: Day) {
    let found = chart.recognise(&Onset {
        diagnosis: &dx::RHEUMATOID,
        day: begin,
        vitals: &[],
        labs: &[Lab::Crp, Lab::Hb, Lab::Leukocytes, Lab::Alat],
        story: "Hovne, ømme fingerledd og morgenstivhet over en time i to måneder. Anti-CCP positiv.",
        plan: "Mistanke om revmatoid artritt. Henvist revmatolog som øyeblikkelig prioritet.",
    });
    let day = found.day.plus(25);
    if let Some(visit) = &found.visit {
        let question = "Nyoppstått polyartritt med positiv anti-CCP. Ber om rask vurdering.";
        chart.refer(visit, Service::Medicine, &dx::RHEUMATOID, question);
    }
    let weekly = Dose {
        text: "6 tabletter (15 mg) én gang i uken",
        amount: 6.0,
        rhythm: Rhythm::EveryWeeks(1),
    };
    let folic = Dose { text: "1 tablett daglig, ikke på metotreksatdagen", ..drugs::MORNING };
    chart.treat(&drugs::METHOTREXATE, weekly, day, found.problem, None);
    chart.treat(&drugs::FOLIC_ACID, folic, day, found.problem, None);
    let mut day = found.day.plus(25);
    while day <= chart.end {
        if let Some(visit) = chart.outpatient(Service::Medicine, day, &[&dx::RHEUMATOID]) {
            chart.labs(&visit, &[Lab::Crp, Lab::Hb, Lab::Alat, Lab::Leukocytes]);
        }
        day = day.plus(370);
    }
}
