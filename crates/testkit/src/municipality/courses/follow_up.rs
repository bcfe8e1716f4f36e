//! The planned controls of everybody with a lasting illness: one visit for all illnesses
//! together, more often for those with several, measuring what each of them calls for.

use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::health::Illness;

struct Care {
    illness: Illness,
    diagnosis: &'static Diagnosis,
    vitals: &'static [Vital],
    labs: &'static [Lab],
    /// What the patient says when things go well.
    well: &'static [&'static str],
    plan: &'static str,
}

const CARES: [Care; 14] = [
    Care {
        illness: Illness::Diabetes2,
        diagnosis: &dx::DIABETES_2,
        vitals: &[Vital::Pressure, Vital::Weight],
        labs: &[
            Lab::HbA1c,
            Lab::Creatinine,
            Lab::Egfr,
            Lab::AlbuminCreatinine,
            Lab::Ldl,
            Lab::Potassium,
        ],
        well: &[
            "Måler blodsukker noen ganger i uken, ingen føling.",
            "Går tur daglig, kostholdet går i bølger.",
            "Ingen sår på føttene. Monofilament u.a.",
        ],
        plan: "HbA1c om 3–6 måneder, øyelege annethvert år, årlig fotundersøkelse.",
    },
    Care {
        illness: Illness::Hypertension,
        diagnosis: &dx::HYPERTENSION,
        vitals: &[Vital::Pressure],
        labs: &[Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::Sodium],
        well: &[
            "Måler hjemme innimellom, stort sett fine verdier.",
            "Ingen hodepine eller svimmelhet.",
            "Tåler medisinene godt.",
        ],
        plan: "Uendret blodtrykksbehandling, ny kontroll om et år.",
    },
    Care {
        illness: Illness::HeartFailure,
        diagnosis: &dx::HEART_FAILURE,
        vitals: &[Vital::Pressure, Vital::Pulse, Vital::Weight],
        labs: &[Lab::NtProBnp, Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::Sodium, Lab::Hb],
        well: &[
            "Går i ett plan uten pauser, NYHA II. Litt ankelødem mot kvelden.",
            "Sover med to puter. Stabil vekt.",
            "Trøtt, men ikke mer tungpust enn før.",
        ],
        plan: "Veier seg, kontakt ved vektøkning over 2 kg på 3 døgn.",
    },
    Care {
        illness: Illness::AtrialFibrillation,
        diagnosis: &dx::ATRIAL_FIBRILLATION,
        vitals: &[Vital::Pressure, Vital::Pulse],
        labs: &[Lab::Hb, Lab::Creatinine, Lab::Egfr, Lab::Platelets],
        well: &["Merker lite til rytmen. Ingen blødning.", "Ingen blåmerker eller neseblødning."],
        plan: "Fortsetter antikoagulasjon, dose vurdert etter alder, vekt og nyrefunksjon.",
    },
    Care {
        illness: Illness::Coronary,
        diagnosis: &dx::CORONARY,
        vitals: &[Vital::Pressure, Vital::Pulse],
        labs: &[Lab::Ldl, Lab::Hdl, Lab::Cholesterol, Lab::HbA1c],
        well: &["Ingen anginaplager i det daglige.", "Har ikke brukt nitroglyserin siste halvår."],
        plan: "LDL-mål under 1,8 mmol/L. Fysisk aktivitet oppmuntret.",
    },
    Care {
        illness: Illness::Copd,
        diagnosis: &dx::COPD,
        vitals: &[Vital::Saturation, Vital::Respiration, Vital::Weight],
        labs: &[Lab::Crp, Lab::Hb],
        well: &[
            "Hoster mest om morgenen. Klarer en trapp i rolig tempo.",
            "Inhalasjonsteknikken gjennomgått, god.",
        ],
        plan: "Egenbehandlingsplan for forverring, influensavaksine hver høst.",
    },
    Care {
        illness: Illness::Kidney,
        diagnosis: &dx::KIDNEY,
        vitals: &[Vital::Pressure],
        labs: &[
            Lab::Creatinine,
            Lab::Egfr,
            Lab::Potassium,
            Lab::Hb,
            Lab::Calcium,
            Lab::AlbuminCreatinine,
        ],
        well: &["Ingen plager fra nyrene. Unngår betennelsesdempende smertestillende."],
        plan: "Legemiddeldoser vurdert mot eGFR.",
    },
    Care {
        illness: Illness::Hypothyroid,
        diagnosis: &dx::HYPOTHYROID,
        vitals: &[],
        labs: &[Lab::Tsh, Lab::FreeT4],
        well: &["Stabilt stoffskifte, ingen symptomer.", "Føler seg i form."],
        plan: "Uendret levotyroksindose.",
    },
    Care {
        illness: Illness::Lipids,
        diagnosis: &dx::LIPIDS,
        vitals: &[Vital::Pressure],
        labs: &[Lab::Cholesterol, Lab::Ldl, Lab::Hdl, Lab::Alat],
        well: &["Ingen muskelsmerter av statin."],
        plan: "Fortsetter statin.",
    },
    Care {
        illness: Illness::Diabetes1,
        diagnosis: &dx::DIABETES_1,
        vitals: &[Vital::Pressure, Vital::Weight],
        labs: &[Lab::HbA1c, Lab::Creatinine, Lab::Egfr, Lab::AlbuminCreatinine, Lab::Tsh],
        well: &["Ingen alvorlige følinger. Bruker sensor.", "Følger opplegget fra poliklinikken."],
        plan: "Resepter fornyet, videre kontroll på sykehuset.",
    },
    Care {
        illness: Illness::Asthma,
        diagnosis: &dx::ASTHMA,
        vitals: &[Vital::Saturation],
        labs: &[],
        well: &["Astma under kontroll, bruker sjelden anfallsmedisin."],
        plan: "Inhalasjonsteknikk kontrollert.",
    },
    Care {
        illness: Illness::Rheumatoid,
        diagnosis: &dx::RHEUMATOID,
        vitals: &[],
        labs: &[Lab::Crp, Lab::Hb, Lab::Leukocytes, Lab::Platelets, Lab::Alat, Lab::Creatinine],
        well: &["Lite morgenstivhet, ingen hovne ledd i dag."],
        plan: "Blodprøver hver tredje måned ved metotreksat.",
    },
    Care {
        illness: Illness::Gout,
        diagnosis: &dx::GOUT,
        vitals: &[],
        labs: &[Lab::Urate, Lab::Creatinine],
        well: &["Ingen nye anfall."],
        plan: "Fortsetter allopurinol, urat-mål under 360.",
    },
    Care {
        illness: Illness::Prostate,
        diagnosis: &dx::PROSTATE,
        vitals: &[],
        labs: &[Lab::Psa, Lab::Creatinine],
        well: &["Står opp én gang om natten. Grei stråle."],
        plan: "Fortsetter tamsulosin.",
    },
];

/// All planned controls.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let begins: Vec<Day> =
        CARES.iter().filter_map(|care| chart.health.since(care.illness)).collect();
    let Some(first) = begins.iter().min().copied() else { return };
    let mut day = first.max(chart.start).plus(chart.random.between(100, 260));
    while day <= chart.end {
        let cares = current(chart, day);
        let gap = match cares.len() {
            0 | 1 => 760,
            2 => 600,
            3 => 450,
            4 => 320,
            _ => 220,
        };
        control(chart, day, &cares);
        day = day.plus(gap + chart.random.between(-30, 40));
    }
    let cares = current(chart, chart.end);
    if !cares.is_empty() && chart.random.chance(0.4) {
        let days = chart.random.between(2, 75);
        chart.appoint(chart.office(), days, title(&cares), 20);
    }
}

fn current(chart: &Chart<'_>, day: Day) -> Vec<&'static Care> {
    CARES.iter().filter(|care| chart.health.has(care.illness, day.plus(-60))).collect()
}

fn title(cares: &[&'static Care]) -> &'static str {
    match cares {
        [only] => match only.illness == Illness::Diabetes2 {
            true => "Årskontroll diabetes",
            false => "Årskontroll",
        },
        [first, ..] if first.illness == Illness::Diabetes2 => "Årskontroll diabetes",
        _ => "Kontroll kroniske sykdommer",
    }
}

fn control(chart: &mut Chart<'_>, day: Day, cares: &[&'static Care]) {
    let reasons: Vec<&'static Diagnosis> =
        cares.iter().take(3).map(|care| care.diagnosis).collect();
    if reasons.is_empty() {
        return;
    }
    let Some(visit) = chart.consultation(day, title(cares), &reasons) else { return };
    let mut vitals: Vec<Vital> = Vec::new();
    let mut labs: Vec<Lab> = Vec::new();
    for care in cares {
        vitals.extend(
            care.vitals.iter().filter(|vital| !vitals.contains(vital)).copied().collect::<Vec<_>>(),
        );
        labs.extend(
            care.labs.iter().filter(|lab| !labs.contains(lab)).copied().collect::<Vec<_>>(),
        );
    }
    chart.vitals(&visit, &vitals);
    if chart.random.chance(0.85) {
        // Not every laboratory form has every box ticked.
        labs.retain(|lab| {
            let first = [Lab::HbA1c, Lab::Creatinine, Lab::Tsh, Lab::NtProBnp].contains(lab);
            first || chart.random.chance(0.72)
        });
        chart.labs(&visit, &labs);
    }
    if !chart.random.chance(0.6) {
        return;
    }
    let mut text = format!("Kommer til avtalt kontroll. {}\n", chart.history(visit.day()));
    for care in cares.iter().take(4) {
        let words: &str = chart.random.pick::<&str>(care.well);
        text.push_str(words);
        text.push('\n');
    }
    let findings = chart.findings(&visit);
    if !findings.is_empty() {
        text.push_str(&format!("Us.: {findings}.\n"));
    }
    text.push_str("Vurdering/tiltak: ");
    let plans: Vec<&str> = cares.iter().take(3).map(|care| care.plan).collect();
    text.push_str(&plans.join(" "));
    chart.note(&visit, title(cares), &text);
}
