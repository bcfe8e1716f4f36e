//! Pregnancy, birth and the weeks after, for the mothers of the children in town and for those
//! who are pregnant today.
//!
//! Programme of controls: the Directorate of Health's guideline for antenatal care.

use super::care_plan;
use crate::municipality::analyses::{self, Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::documents::{Kind, Stay};
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::visit::{Class, Plan};

/// Weeks of the ordinary controls; every second is the midwife's.
const WEEKS: [i32; 6] = [10, 24, 28, 32, 36, 39];

/// Everything of pregnancy.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    for (begin, birth) in chart.health.pregnancies.clone() {
        if birth > chart.start {
            pregnancy(chart, begin, birth);
        }
    }
}

fn pregnancy(chart: &mut Chart<'_>, begin: Day, birth: Day) {
    let expecting = chart.person.persona == Some(Persona::Expecting) && birth > chart.today;
    let sugar = expecting || chart.random.chance(0.06);
    let first = begin.plus(56);
    let visit = chart.consultation(first, "Første svangerskapskontroll", &[&dx::PREGNANCY]);
    let problem = chart.problem(&dx::PREGNANCY, first.max(begin.plus(40)), visit.as_ref());
    let term = begin.plus(280);
    if birth > chart.end && chart.covers(first) {
        care_plan::episode(chart, Service::HealthStation, "Svangerskapsomsorg", first, None);
    }
    chart.remark(problem, format!("Termin {}", term.text()));
    if birth <= chart.end {
        chart.resolve(problem, birth);
    }
    if let Some(visit) = &visit {
        chart.vitals(visit, &[Vital::Weight, Vital::Height, Vital::Pressure]);
        chart.labs(visit, &[Lab::Hb, Lab::Ferritin, Lab::HbA1c, Lab::Tsh]);
        let text = format!(
            "Positiv graviditetstest. Termin etter siste menstruasjon {}. Litt kvalm. {}.\nTar folat. \
             Røyker ikke, ikke alkohol. Blodtype, infeksjonsprøver tatt. Henvist ultralyd og jordmor.",
            term.text(),
            chart.findings(visit),
        );
        chart.note(visit, "Første svangerskapskontroll", &text);
        let question = "Gravid. Ber om ultralydscreening i uke 18 og tidlig ultralyd i uke 12.";
        chart.refer(visit, Service::Maternity, &dx::PREGNANCY, question);
    }
    ultrasound(chart, begin);
    for (number, week) in WEEKS.iter().enumerate() {
        let day = begin.plus(week * 7);
        // Of births long past only two controls are kept.
        let kept = birth > chart.today.plus(-1500) || matches!(week, 24 | 36);
        if day < birth && kept {
            control(chart, day, *week, number % 2 == 0, birth > chart.today.plus(-500));
        }
    }
    if sugar {
        diabetes(chart, begin, birth);
    }
    if birth <= chart.end {
        delivery(chart, birth, begin);
    } else {
        chart.appoint(Service::HealthStation, 12, "Svangerskapskontroll hos jordmor", 30);
        chart.appoint(Service::Maternity, 33, "Ultralyd, vekstkontroll", 30);
        chart.flag("Gravid, vurder legemiddelvalg", "clinical", first);
    }
}

fn ultrasound(chart: &mut Chart<'_>, begin: Day) {
    let visit = chart.outpatient(Service::Maternity, begin.plus(128), &[&dx::PREGNANCY]);
    let Some(visit) = visit else { return };
    chart.procedure(&visit, "Ultralydscreening i svangerskap", visit.day());
    let text = "Ett levende foster. Biometri stemmer med termin, normal anatomi, fostervann og \
                morkake. Morkaken ligger fritt fra indre mormunn.";
    chart.document(&visit, Kind::Birth, "Ultralyd uke 18", text);
}

fn control(chart: &mut Chart<'_>, day: Day, week: i32, midwife: bool, recent: bool) {
    let title = format!("Svangerskapskontroll uke {week}");
    let reasons: [&'static Diagnosis; 1] = [&dx::PREGNANCY];
    let visit = if midwife {
        chart.contact(&Plan {
            service: Service::HealthStation,
            class: Class::Ambulatory,
            title: &title,
            day,
            hours: (8, 14),
            minutes: 30,
            lead: false,
            reasons: &reasons,
        })
    } else {
        chart.consultation(day, &title, &reasons)
    };
    let Some(visit) = visit else { return };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Weight]);
    if week >= 24 {
        let height = f64::from(week) - 2.0 + chart.random.normal();
        chart.score(&visit, &analyses::FUNDAL_HEIGHT, height.round());
        if recent {
            let beats = f64::from(chart.random.between(128, 154));
            chart.score(&visit, &analyses::FETAL_HEART, beats);
        }
    }
    if week == 28 {
        let blood = 11.9 + 0.5 * chart.random.normal();
        chart.lab_as(&visit, visit.moment(8), Lab::Hb, blood);
    }
    // Of births long past only the figures are kept.
    if !recent {
        return;
    }
    let text = format!(
        "Uke {week}. Føler seg bra, merker liv. {}. Urin stix negativ. Hodet kjennes ned.\nNeste \
         kontroll avtalt.",
        chart.findings(&visit),
    );
    chart.document(&visit, Kind::Birth, &title, &text);
}

fn diabetes(chart: &mut Chart<'_>, begin: Day, birth: Day) {
    let day = begin.plus(26 * 7);
    let visit = chart.consultation(day, "Glukosebelastning", &[&dx::GESTATIONAL_DIABETES]);
    let Some(visit) = visit else { return };
    chart.lab_as(&visit, visit.moment(8), Lab::Glucose, 9.8);
    chart.labs(&visit, &[Lab::HbA1c]);
    let problem = chart.problem(&dx::GESTATIONAL_DIABETES, visit.day(), Some(&visit));
    let text = format!(
        "Glukosebelastning med 75 g, verdi etter to timer: {}.\nSvangerskapsdiabetes. Kostveiledning, måler blodsukker \
         fire ganger daglig. Mål fastende < 5,3, to timer etter måltid < 6,7.",
        chart.findings(&visit),
    );
    chart.note(&visit, "Svangerskapsdiabetes", &text);
    for weeks in [28, 30, 33, 36] {
        let day = begin.plus(weeks * 7 - 2);
        if day >= birth {
            break;
        }
        let reason = [&dx::GESTATIONAL_DIABETES];
        if let Some(visit) = chart.outpatient(Service::Maternity, day, &reason) {
            let value = chart.random.within(4.7, 5.6);
            chart.lab_as(&visit, visit.moment(8), Lab::Glucose, value);
            chart.vitals(&visit, &[Vital::Weight, Vital::Pressure]);
            let text = format!(
                "Svangerskapsdiabetes uke {weeks}. {}. Verdiene hjemme stort sett under målene med kost \
                 alene. Vekstultralyd: +6 %.",
                chart.findings(&visit),
            );
            chart.document(&visit, Kind::OutpatientNote, "Diabetes i svangerskapet", &text);
        }
    }
    if birth <= chart.end {
        chart.resolve(problem, birth);
    }
}

fn delivery(chart: &mut Chart<'_>, birth: Day, begin: Day) {
    // Born at night or in the day after coming in; home on the third day.
    let Some(visit) = chart.stay(Service::Maternity, birth, 3, &[&dx::BIRTH]) else { return };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Pulse]);
    let blood = 10.9 + 0.7 * chart.random.normal();
    chart.lab_as(&visit, visit.morning(birth.plus(1)), Lab::Hb, blood);
    let section = chart.random.chance(0.16);
    let (name, how) = if section {
        ("Keisersnitt", "Akutt keisersnitt på grunn av langsom framgang, mor og barn i god form.")
    } else {
        ("Vaginal fødsel", "Spontan fødsel i hodeleie, liten rift som ble sydd.")
    };
    chart.procedure(&visit, name, birth);
    let weeks = birth.since(begin) / 7;
    let grams = 3480 + chart.random.between(-60, 60) * 10;
    let bled = chart.random.between(20, 55) * 10;
    let course = format!(
        "{how} Svangerskapslengde {weeks} uker. Barnet veide {grams} g, Apgar 9-10-10. Blødning {bled} \
         ml. Ammingen er i gang."
    );
    let letter = Stay {
        diagnoses: &[&dx::BIRTH],
        cause: "Innlagt i spontan fødsel.",
        course: &course,
        changes: "",
        follow_up: "Hjemmebesøk av jordmor og helsesykepleier. Etterkontroll hos fastlege eller jordmor \
                    4–6 uker etter fødsel.",
    };
    chart.discharge_letter(&visit, &letter);
    let after = birth.plus(42);
    if let Some(visit) = chart.consultation(after, "Etterkontroll", &[&dx::HEALTH_CHECK]) {
        chart.vitals(&visit, &[Vital::Pressure, Vital::Weight]);
        let text = format!(
            "Etterkontroll seks uker etter fødsel. {}. Ammer, sover når barnet sover. Bekkenbunn grei. \
             Prevensjon drøftet.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Etterkontroll", &text);
    }
}
