//! Cancer of the breast, the prostate and the bowel: found, operated, treated, followed.

use super::onset::Onset;
use crate::municipality::analyses::Lab;
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::documents::{Kind, Stay};
use crate::municipality::drugs;
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;

struct Story {
    illness: Illness,
    diagnosis: &'static Diagnosis,
    story: &'static str,
    plan: &'static str,
    question: &'static str,
    operation: &'static str,
    course: &'static str,
    pathology: &'static str,
    nights: i32,
    /// Rounds of chemotherapy, three weeks apart.
    rounds: i32,
}

const STORIES: [Story; 3] = [
    Story {
        illness: Illness::BreastCancer,
        diagnosis: &dx::BREAST_CANCER,
        story: "Kjent en kul i venstre bryst i to uker. Us.: fast, 2 cm stor kul i øvre ytre kvadrant, \
                ingen glandler i armhulen.",
        plan: "Henvist pakkeforløp for brystkreft. Informert om mistanken, ektefelle med på samtalen.",
        question: "Nyoppdaget kul i bryst. Ber om trippeldiagnostikk i pakkeforløp.",
        operation: "Brystbevarende kirurgi med vaktpostlymfeknute",
        course: "Operert med brystbevarende teknikk og vaktpostlymfeknute, ukomplisert. Dren fjernet \
                 før utreise. Sårene pene.",
        pathology: "Infiltrerende karsinom NST, 18 mm, grad 2, frie render. Vaktpostlymfeknute negativ. \
                    ER 95 %, PR 60 %, HER2 negativ, Ki67 22 %.",
        nights: 1,
        rounds: 4,
    },
    Story {
        illness: Illness::ProstateCancer,
        diagnosis: &dx::PROSTATE_CANCER,
        story: "Hyppig vannlating om natten. Us.: hard knute i høyre prostatalapp.",
        plan: "Henvist pakkeforløp for prostatakreft, MR prostata.",
        question: "Forhøyet PSA og suspekt funn ved rektaleksplorasjon. Ber om MR og biopsi.",
        operation: "Robotassistert radikal prostatektomi",
        course: "Operert robotassistert uten komplikasjoner, kateter ved utreise.",
        pathology: "Adenokarsinom i prostata, Gleason 3+4, pT2, frie render.",
        nights: 2,
        rounds: 0,
    },
    Story {
        illness: Illness::ColonCancer,
        diagnosis: &dx::COLON_CANCER,
        story: "Endret avføringsmønster siste måneder og slapphet. Påvist blod i avføringen og lav \
                hemoglobin.",
        plan: "Henvist pakkeforløp for tarmkreft.",
        question: "Jernmangelanemi og endret avføringsmønster. Ber om koloskopi i pakkeforløp.",
        operation: "Laparoskopisk sigmoidreseksjon",
        course: "Operert laparoskopisk med tarmreseksjon og anastomose. Tarmfunksjon i gang tredje dag.",
        pathology: "Adenokarsinom i sigmoideum, pT3N0 (0 av 17 lymfeknuter).",
        nights: 5,
        rounds: 0,
    },
];

/// Everything of cancer.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    for story in &STORIES {
        if let Some(day) = chart.health.since(story.illness) {
            follow(chart, story, day);
        }
    }
}

fn follow(chart: &mut Chart<'_>, story: &'static Story, begin: Day) {
    let labs: &[Lab] = match story.illness == Illness::ProstateCancer {
        true => &[Lab::Creatinine, Lab::Hb],
        false => &[Lab::Hb, Lab::Ferritin, Lab::Alat],
    };
    let found = chart.recognise(&Onset {
        diagnosis: story.diagnosis,
        day: begin,
        vitals: &[],
        labs,
        story: story.story,
        plan: story.plan,
    });
    if let Some(visit) = &found.visit {
        if story.illness == Illness::ProstateCancer {
            chart.lab_as(visit, visit.moment(9), Lab::Psa, 11.4);
        }
        chart.refer(visit, Service::Surgery, story.diagnosis, story.question);
    }
    let operation = found.day.plus(24).workday();
    let stay = chart.stay(Service::Surgery, operation, story.nights, &[story.diagnosis]);
    if let Some(visit) = &stay {
        chart.labs(visit, &[Lab::Hb, Lab::Creatinine]);
        chart.procedure(visit, story.operation, operation);
        let letter = Stay {
            diagnoses: &[story.diagnosis],
            cause: "Planlagt innlagt for operasjon i pakkeforløp for kreft.",
            course: story.course,
            changes: "",
            follow_up: "Svar på vevsprøver og plan for videre behandling gis poliklinisk om 2 uker. \
                        Kreftkoordinator i kommunen er kontaktet.",
        };
        chart.discharge_letter(visit, &letter);
    }
    let answer = operation.plus(story.nights + 14);
    if let Some(visit) = chart.outpatient(Service::Oncology, answer, &[story.diagnosis]) {
        let text = format!(
            "Histologi: {}\nVurdert i tverrfaglig møte. Informert sammen med pårørende.",
            story.pathology
        );
        chart.document(&visit, Kind::OutpatientNote, "Svar på vevsprøver og plan", &text);
    }
    let after = chemotherapy(chart, story, answer.plus(20));
    if story.illness == Illness::BreastCancer {
        let drug = &drugs::LETROZOLE;
        let hormone = chart.treat(drug, drugs::MORNING, after, found.problem, None);
        chart.stop(hormone, after.plus(1826), "Ferdig behandlet etter 5 år");
    }
    if story.illness == Illness::ProstateCancer && chart.random.chance(0.3) {
        chart.treat(&drugs::BICALUTAMIDE, drugs::MORNING, after, found.problem, None);
    }
    controls(chart, story, after.plus(90));
    if chart.end.since(after) > 1900 {
        chart.resolve(found.problem, after.plus(1826));
    }
}

fn chemotherapy(chart: &mut Chart<'_>, story: &Story, from: Day) -> Day {
    for round in 0..story.rounds {
        let day = from.plus(round * 21).workday();
        let visit = chart.outpatient(Service::Oncology, day, &[story.diagnosis]);
        let Some(visit) = visit else { continue };
        chart.labs(&visit, &[Lab::Hb, Lab::Platelets, Lab::Alat, Lab::Creatinine]);
        let white = 4.6 - 0.5 * f64::from(round);
        chart.lab_as(&visit, visit.moment(8), Lab::Leukocytes, white);
        let text = format!(
            "Kur {} av {} (EC90). {}. Kvalme to dager, ellers greit. Går på jobb \
             halve dager.",
            round + 1,
            story.rounds,
            chart.findings(&visit)
        );
        chart.document(&visit, Kind::OutpatientNote, "Cellegiftkur", &text);
    }
    from.plus(story.rounds * 21)
}

fn controls(chart: &mut Chart<'_>, story: &'static Story, from: Day) {
    let mut day = from;
    let stop = from.plus(1826);
    while day <= chart.end.min(stop) {
        if let Some(visit) = chart.outpatient(Service::Oncology, day, &[story.diagnosis]) {
            if story.illness == Illness::ProstateCancer {
                chart.lab_as(&visit, visit.moment(8), Lab::Psa, 0.1);
            }
            chart.labs(&visit, &[Lab::Hb]);
            let text = format!(
                "Kontroll etter kreftbehandling. {}. Ingen tegn til tilbakefall. Trøtt i \
                 perioder, ellers i jobb og aktivitet.",
                chart.findings(&visit)
            );
            chart.document(&visit, Kind::OutpatientNote, "Kontroll etter kreftbehandling", &text);
        }
        day = day.plus(182);
    }
    if chart.today.since(stop) < 0 {
        let days = chart.random.between(20, 120);
        chart.appoint(Service::Oncology, days, "Kontroll etter kreftbehandling", 30);
    }
    if chart.person.persona == Some(Persona::Cancer) {
        chart.flag("Ønsker tolk på nordsamisk ved viktige samtaler", "contact", from.plus(-200));
        chart.message(3, "Hei! Jeg er stiv og øm i leddene om morgenen. Kan det være av letrozol?");
        chart.task("Svar på melding: leddsmerter, mulig bivirkning av letrozol", 2);
    }
}
