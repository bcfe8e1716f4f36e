//! Heart and vessels: blood pressure, cholesterol, atrial fibrillation, coronary disease and
//! heart failure with its worsenings.

use crate::municipality::analyses::{self, Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Stay;
use crate::municipality::drugs;
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;

/// Everything of heart and vessels.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if let Some(day) = chart.health.since(Illness::Hypertension) {
        hypertension(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Lipids) {
        lipids(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::AtrialFibrillation) {
        fibrillation(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::Coronary) {
        coronary(chart, day);
    }
    if let Some(day) = chart.health.since(Illness::HeartFailure) {
        failure(chart, day);
    }
}

fn hypertension(chart: &mut Chart<'_>, begin: Day) {
    let visit = chart.consultation(begin, "Konsultasjon", &[&dx::HYPERTENSION]);
    let begin = visit.as_ref().map_or(begin, |visit| visit.day());
    let problem = chart.problem(&dx::HYPERTENSION, begin, visit.as_ref());
    if let Some(visit) = &visit {
        chart.vitals(visit, &[Vital::Pressure, Vital::Pulse]);
        let labs = [Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::Ldl, Lab::HbA1c];
        chart.labs(visit, &labs);
        let text = format!(
            "Høyt blodtrykk ved gjentatte målinger, også hjemme. Ingen hodepine eller brystsmerter. \
             Us.: {}. EKG: sinusrytme.\nVurdering/tiltak: Primær hypertensjon. Råd om salt, vekt og \
             mosjon. Starter behandling om målingene holder seg.",
            chart.findings(visit),
        );
        chart.note(visit, "Hypertensjon", &text);
    }
    let kidneys = chart.health.since(Illness::Kidney).is_some()
        || chart.health.since(Illness::Diabetes2).is_some();
    let first = match (kidneys, chart.random.between(0, 2)) {
        (true, _) | (false, 0) => &drugs::LOSARTAN,
        (false, 1) => &drugs::AMLODIPINE,
        (false, _) => &drugs::CANDESARTAN,
    };
    chart.treat(first, drugs::MORNING, begin.plus(21), problem, visit.as_ref());
    if chart.random.chance(0.55) {
        let from = begin.plus(150);
        let control = chart.consultation(from, "Blodtrykkskontroll", &[&dx::HYPERTENSION]);
        if let Some(control) = &control {
            chart.vitals(control, &[Vital::Pressure]);
            let text =
                format!("{}. Fortsatt over målet, legger til et middel.", chart.findings(control));
            chart.note(control, "Blodtrykkskontroll", &text);
        }
        let from = control.as_ref().map_or(from, |visit| visit.day());
        let second = match first.atc.starts_with("C08") {
            true => &drugs::CANDESARTAN,
            false => &drugs::AMLODIPINE,
        };
        // Amlodipine is not wanted once the heart fails.
        let drug = chart.treat(second, drugs::MORNING, from, problem, control.as_ref());
        if let Some(day) = chart.health.since(Illness::HeartFailure) {
            chart.stop(drug, day, "Hjertesvikt, byttet til annen behandling");
        }
    }
}

fn lipids(chart: &mut Chart<'_>, begin: Day) {
    let visit = chart.consultation(begin, "Konsultasjon", &[&dx::LIPIDS]);
    let begin = visit.as_ref().map_or(begin, |visit| visit.day());
    let problem = chart.problem(&dx::LIPIDS, begin, visit.as_ref());
    if let Some(visit) = &visit {
        chart.labs(visit, &[Lab::Cholesterol, Lab::Ldl, Lab::Hdl, Lab::Alat]);
        let text = format!(
            "Gjennomgang av prøver: {}. Samlet risiko for hjerte- og karsykdom vurdert med NORRISK \
             2.\nTiltak: starter statin, kostråd, kontroll av lipider om 3 måneder.",
            chart.findings(visit),
        );
        chart.note(visit, "Kolesterol", &text);
    }
    let modern = begin.year() >= 2014 || chart.person.persona == Some(Persona::Frail);
    let drug = if modern { &drugs::ATORVASTATIN } else { &drugs::SIMVASTATIN };
    chart.treat(drug, drugs::EVENING, begin, problem, visit.as_ref());
}

fn fibrillation(chart: &mut Chart<'_>, begin: Day) {
    let visit = chart.consultation(begin, "Konsultasjon", &[&dx::PALPITATIONS]);
    let begin = visit.as_ref().map_or(begin, |visit| visit.day());
    let problem = chart.problem(&dx::ATRIAL_FIBRILLATION, begin, visit.as_ref());
    if let Some(visit) = &visit {
        chart.vitals(visit, &[Vital::Pulse, Vital::Pressure]);
        chart.labs(visit, &[Lab::Hb, Lab::Creatinine, Lab::Egfr, Lab::Tsh, Lab::NtProBnp]);
        chart.procedure(visit, "EKG", visit.day());
        let text = format!(
            "Uregelmessig hjertebank og tungpust i bakker siste ukene. Us.: uregelmessig puls, \
             {}. EKG: atrieflimmer.\nVurdering/tiltak: Nyoppdaget atrieflimmer, CHA2DS2-VASc \
             tilsier antikoagulasjon. Starter apiksaban og metoprolol, henvises ekkokardiografi.",
            chart.findings(visit),
        );
        chart.note(visit, "Atrieflimmer", &text);
        chart.refer(
            visit,
            Service::Medicine,
            &dx::ATRIAL_FIBRILLATION,
            "Nyoppdaget atrieflimmer. Ber om ekkokardiografi og vurdering av rytmestrategi.",
        );
    }
    if let Some(visit) =
        chart.outpatient(Service::Medicine, begin.plus(40), &[&dx::ATRIAL_FIBRILLATION])
    {
        let fails = chart.health.has(Illness::HeartFailure, visit.day());
        let fraction = if fails { 40.0 } else { f64::from(chart.random.between(54, 62)) };
        chart.score(&visit, &analyses::EJECTION_FRACTION, fraction);
        chart.procedure(&visit, "Ekkokardiografi", visit.day());
        let text = format!(
            "{}. Atrieflimmer med frekvens under kontroll. Ekko: {}. Forstørret venstre atrium, \
             ingen klaffefeil av betydning.\nFrekvenskontroll anbefales. Fortsetter \
             antikoagulasjon livslangt.",
            chart.presentation(visit.day()),
            chart.findings(&visit),
        );
        chart.note(&visit, "Poliklinisk notat, hjerte", &text);
    }
    let old_drug = begin.year() < 2013;
    if old_drug {
        let warfarin = chart.treat(&drugs::WARFARIN, drugs::EVENING, begin, problem, None);
        let switch = Day::new(2017, 5, 9);
        chart.stop(warfarin, switch, "Byttet til apiksaban");
        chart.treat(&drugs::APIXABAN, drugs::TWICE, switch, problem, None);
    } else {
        chart.treat(&drugs::APIXABAN, drugs::TWICE, begin, problem, visit.as_ref());
    }
    chart.treat(&drugs::METOPROLOL, drugs::MORNING, begin, problem, visit.as_ref());
    chart.flag("Blodfortynnende: apiksaban", "drug", begin.max(Day::new(2017, 5, 9)));
}

fn coronary(chart: &mut Chart<'_>, begin: Day) {
    let infarction = chart.random.chance(0.55);
    let stay =
        if infarction { chart.stay(Service::Medicine, begin, 4, &[&dx::INFARCTION]) } else { None };
    let problem = chart.problem(&dx::CORONARY, begin, stay.as_ref());
    let anticoagulated = chart.takes("B01AF", begin.plus(5));
    let out = begin.plus(4);
    if let Some(visit) = &stay {
        chart.vitals(visit, &[Vital::Pressure, Vital::Pulse, Vital::Saturation]);
        let troponin = f64::from(chart.random.between(180, 1900));
        chart.lab_as(visit, visit.moment(50), Lab::TroponinT, troponin);
        chart.labs(visit, &[Lab::Hb, Lab::Creatinine, Lab::Ldl, Lab::HbA1c]);
        chart.procedure(visit, "Koronar angiografi med PCI og stent (LAD)", begin.plus(1));
        if !chart.health.has(Illness::HeartFailure, out) {
            chart.score(visit, &analyses::EJECTION_FRACTION, 52.0);
        }
    }
    if !anticoagulated {
        chart.treat(&drugs::ASPIRIN, drugs::MORNING, out, problem, stay.as_ref());
    }
    if infarction {
        let second = chart.treat(&drugs::CLOPIDOGREL, drugs::MORNING, out, problem, stay.as_ref());
        chart.stop(second, out.plus(365), "Ferdig behandlet etter 12 måneder");
    }
    if !chart.takes("C07AB", out) {
        chart.treat(&drugs::METOPROLOL, drugs::MORNING, out, problem, stay.as_ref());
    }
    if chart.health.since(Illness::Lipids).is_none() {
        chart.treat(&drugs::ATORVASTATIN, drugs::EVENING, out, problem, stay.as_ref());
    }
    chart.treat(&drugs::NITROGLYCERIN, drugs::TABLET_AS_NEEDED, out, problem, stay.as_ref());
    if let Some(visit) = &stay {
        let letter = Stay {
            diagnoses: &[&dx::INFARCTION],
            cause: "Innlagt med klemmende brystsmerter med utstråling til venstre arm i to timer.",
            course: "EKG uten ST-elevasjon, stigning i troponin T. Angiografi dagen etter viste \
                     tett stenose i LAD som ble behandlet med stent. Ukomplisert forløp, mobilisert \
                     og smertefri.",
            changes: "Platehemming i 12 måneder, betablokker og statin.",
            follow_up: "Kontroll hos fastlege om 2–4 uker med lipider og blodtrykk. Tilbud om \
                        hjerterehabilitering. Bilkjøring frarådes i 1 uke.",
        };
        chart.discharge_letter(visit, &letter);
    } else {
        let visit = chart.consultation(begin, "Konsultasjon", &[&dx::ANGINA]);
        if let Some(visit) = &visit {
            chart.vitals(visit, &[Vital::Pressure, Vital::Pulse]);
            chart.labs(visit, &[Lab::Hb, Lab::Ldl, Lab::HbA1c, Lab::Creatinine]);
            chart.refer(
                visit,
                Service::Medicine,
                &dx::ANGINA,
                "Trykk i brystet ved anstrengelse, lindres av hvile. Ber om utredning.",
            );
        }
        let angina = chart.problem(&dx::ANGINA, begin, visit.as_ref());
        chart.resolve(angina, begin.plus(400));
    }
}

fn failure(chart: &mut Chart<'_>, begin: Day) {
    let stays = chart.health.decompensations.clone();
    let problem = chart.problem(&dx::HEART_FAILURE, begin, None);
    let frail = chart.person.persona == Some(Persona::Frail);
    let fraction = if frail { 38 } else { chart.random.between(32, 44) };
    chart.remark(problem, format!("LVEF {fraction} % ved ekkokardiografi, NYHA II–III"));
    let mut diuretic =
        chart.treat(&drugs::FUROSEMIDE_20, drugs::MORNING, begin.plus(5), problem, None);
    if !chart.takes("C07AB", begin.plus(5)) {
        chart.treat(&drugs::METOPROLOL, drugs::MORNING, begin.plus(5), problem, None);
    }
    if !chart.takes("C09", begin.plus(5)) {
        chart.treat(&drugs::RAMIPRIL, drugs::MORNING, begin.plus(5), problem, None);
    }
    if chart.random.chance(0.5) && !frail {
        chart.treat(&drugs::SPIRONOLACTONE, drugs::MORNING, begin.plus(60), problem, None);
    }
    let latest = begin.max(Day::new(2021, 9, 1)).plus(90);
    let diabetic = chart.health.since(Illness::Diabetes2).is_some();
    if !diabetic && chart.random.chance(0.6) {
        chart.treat(&drugs::EMPAGLIFLOZIN, drugs::MORNING, latest, problem, None);
    }
    for (number, day) in stays.iter().enumerate() {
        let recent = frail && chart.today.since(*day) < 20;
        worsening(chart, *day, number, f64::from(fraction), recent);
        // The dose goes up with the second stay, for good.
        let up = if frail { recent } else { number == 1 };
        if up && *day <= chart.end {
            let out = day.plus(7).min(chart.end);
            chart.stop(diuretic, out, "Dosen er økt");
            diuretic = chart.treat(&drugs::FUROSEMIDE_40, drugs::MORNING, out, problem, None);
        }
    }
}

const STAY_LABS: [Lab; 7] = [
    Lab::NtProBnp,
    Lab::Creatinine,
    Lab::Egfr,
    Lab::Potassium,
    Lab::Sodium,
    Lab::Hb,
    Lab::TroponinT,
];

fn worsening(chart: &mut Chart<'_>, day: Day, number: usize, fraction: f64, pneumonia: bool) {
    let nights = if pneumonia { 7 } else { chart.random.between(4, 8) };
    let service = if pneumonia { Service::Lung } else { Service::Medicine };
    let reasons: &[&dx::Diagnosis] = match pneumonia {
        true => &[&dx::PNEUMONIA, &dx::HEART_FAILURE],
        false => &[&dx::HEART_FAILURE],
    };
    let Some(visit) = chart.stay(service, day, nights, reasons) else { return };
    chart.vitals(&visit, &[Vital::Pressure, Vital::Saturation, Vital::Respiration, Vital::Weight]);
    chart.labs(&visit, &STAY_LABS);
    if pneumonia {
        chart.vital_as(&visit, visit.moment(6), Vital::Temperature, 38.9);
        chart.vital_as(&visit, visit.moment(4), Vital::Pulse, 108.0);
    } else {
        chart.vitals(&visit, &[Vital::Pulse]);
    }
    let course: [f64; 4] =
        if pneumonia { [164.0, 121.0, 58.0, 24.0] } else { [14.0, 11.0, 8.0, 6.0] };
    for (step, crp) in course.iter().enumerate() {
        let morning = day.plus((step as i32 * nights) / 3);
        let at = if step == 0 { visit.moment(55) } else { visit.morning(morning) };
        chart.lab_as(&visit, at, Lab::Crp, *crp);
    }
    let out = day.plus(nights);
    for morning in [day.plus(nights / 2), out] {
        chart.vitals_on(&visit, morning, &[Vital::Weight]);
        chart.labs_on(&visit, morning, &[Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::Hb]);
    }
    chart.labs_on(&visit, out, &[Lab::NtProBnp]);
    chart.vitals_on(&visit, out, &[Vital::Pressure, Vital::Pulse, Vital::Respiration]);
    let saturation = chart.random.within(92.0, 95.0);
    chart.vital_as(&visit, visit.morning(out), Vital::Saturation, saturation);
    if pneumonia {
        chart.vital_as(&visit, visit.morning(out), Vital::Temperature, 36.9);
    }
    if number == 0 || pneumonia {
        chart.procedure(&visit, "Ekkokardiografi", day.plus(1));
        chart.score(&visit, &analyses::EJECTION_FRACTION, fraction);
    }
    let image = match pneumonia {
        true => {
            "Røntgen thorax, liggende: Infiltrat basalt på høyre side. Forstørret hjerteskygge, \
             karstuvning og små pleuravæsker. Forenlig med pneumoni og hjertesvikt."
        }
        false => {
            "Røntgen thorax: Forstørret hjerteskygge, karstuvning og bilateral pleuravæske. Ingen \
             sikre infiltrater. Forenlig med hjertesvikt."
        }
    };
    chart.image(&visit, "Røntgen thorax", image);
    if pneumonia {
        let problem = chart.ailment(&dx::PNEUMONIA, &visit, 25);
        let dose =
            drugs::Dose { text: "1 tablett daglig", amount: 1.0, rhythm: drugs::Rhythm::PerDay(1) };
        chart.cure(&drugs::DOXYCYCLINE, dose, &visit, 7, problem);
    }
    let letter = if pneumonia { with_pneumonia() } else { plain(number) };
    chart.discharge_letter(&visit, &letter);
    after(chart, out);
}

fn with_pneumonia() -> Stay<'static> {
    Stay {
        diagnoses: &[&dx::PNEUMONIA, &dx::HEART_FAILURE, &dx::ATRIAL_FIBRILLATION, &dx::COPD],
        cause: "Innlagt fra legevakt med feber, hoste, økende tungpust og vektøkning på fire kilo \
                over to uker.",
        course: "Røntgen thorax viste infiltrat basalt på høyre side og tegn til stuvning. Ga \
                 doksysyklin på grunn av penicillinallergi (anafylaksi), oksygen de to første \
                 døgnene og intravenøst furosemid. Fallende CRP, negativ væskebalanse og klar bedring. \
                 Kreatinin steg noe under diuretikabehandlingen. Fysioterapeut har vurdert \
                 forflytning: falltendens, går med rullator.",
        changes: "furosemid økt fra 20 til 40 mg, doksysyklin nytt i 7 dager. Apiksaban 5 mg × 2 er \
                  videreført; dosen bes vurdert etter ny kreatinin.",
        follow_up: "Hjemmesykepleie to ganger daglig fra utskrivning. Fastlege innen 1 uke: vekt, \
                    blodtrykk, kreatinin, kalium. Samstemming av legemidler. Røntgen kontroll om 6 \
                    uker.",
    }
}

fn plain(number: usize) -> Stay<'static> {
    let (cause, changes) = if number == 0 {
        (
            "Innlagt med økende tungpust, ankelødem og vektøkning siste ukene.",
            "startet furosemid, ACE-hemmer/AII-blokker og betablokker i opptrappende dose.",
        )
    } else {
        ("Innlagt med ny forverring av tungpust og vektøkning.", "diuretikadosen er justert.")
    };
    Stay {
        diagnoses: &[&dx::HEART_FAILURE],
        cause,
        course: "Klinisk og radiologisk stuvning. Behandlet med intravenøst furosemid med god effekt, \
                 vekttap og bedre pust. Overvåket kreatinin og elektrolytter. Undervist av \
                 sykepleier om daglig veiing og væskerestriksjon.",
        changes,
        follow_up: "Fastlege om 1–2 uker med vekt, blodtrykk, kreatinin og kalium. Kontakt ved \
                    vektøkning over 2 kg på 3 døgn.",
    }
}

fn after(chart: &mut Chart<'_>, out: Day) {
    let title = "Kontroll etter sykehusopphold";
    if let Some(visit) = chart.consultation(out.plus(9), title, &[&dx::HEART_FAILURE]) {
        chart.vitals(&visit, &[Vital::Pressure, Vital::Pulse, Vital::Weight]);
        chart.labs(&visit, &[Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::NtProBnp]);
        let text = format!(
            "Kontroll etter innleggelse for hjertesvikt. Puster bedre, sover flatt. Us.: {}. Ingen \
             ødemer.\nLegemiddellisten samstemt med epikrisen. Veier seg hver morgen.",
            chart.findings(&visit),
        );
        chart.note(&visit, title, &text);
    }
}
