//! Everyday illness: infections, backs, skin, sleep and small injuries, by age, sex and season.

use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::{Day, Moment};
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses::{self as dx, Diagnosis};
use crate::municipality::drugs::{self, Dose, Drug, Rhythm};
use crate::municipality::personas::Persona;
use crate::municipality::visit::Visit;

struct Ailment {
    diagnosis: &'static Diagnosis,
    women_only: bool,
    ages: (i32, i32),
    weight: i32,
    /// Days until it has passed.
    days: i32,
    /// Lowest and highest CRP, when one is taken.
    crp: Option<(i32, i32)>,
    /// Degrees, when fever is measured.
    fever: Option<f64>,
    drug: Option<(&'static Drug, Dose, i32)>,
    /// Share of the visits that take place at the out-of-hours clinic.
    evening: f64,
    story: &'static str,
    plan: &'static str,
}

const fn capsule(text: &'static str, times: i32) -> Dose {
    Dose { text, amount: 1.0, rhythm: Rhythm::PerDay(times) }
}

const BASE: Ailment = Ailment {
    diagnosis: &dx::COLD,
    women_only: false,
    ages: (0, 105),
    weight: 10,
    days: 10,
    crp: None,
    fever: None,
    drug: None,
    evening: 0.0,
    story: "",
    plan: "",
};

const AILMENTS: [Ailment; 41] = [
    Ailment {
        diagnosis: &dx::COLD,
        evening: 0.12,
        weight: 24,
        crp: Some((3, 24)),
        fever: Some(37.6),
        story: "Snørr, hoste og sår hals i noen dager. Us.: lett rød i svelg, rene lunger.",
        plan: "Viral infeksjon. Ro, drikke, paracetamol. Kontakt ved forverring.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::TONSILLITIS,
        evening: 0.12,
        ages: (3, 40),
        weight: 9,
        crp: Some((35, 110)),
        fever: Some(38.9),
        drug: Some((&drugs::PENICILLIN, capsule("1 tablett 3 ganger daglig", 3), 7)),
        story: "Vondt i halsen og feber, uten hoste. Us.: belegg på tonsillene, ømme glandler. \
                Strep A positiv.",
        plan: "Fenoksymetylpenicillin i 7 dager.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SINUSITIS,
        ages: (16, 80),
        weight: 6,
        crp: Some((12, 60)),
        drug: Some((&drugs::PENICILLIN, capsule("1 tablett 4 ganger daglig", 4), 7)),
        story: "Forkjølet i to uker, nå trykk over kjevehulene og purulent snue.",
        plan: "Saltvann og avsvellende nesespray; penicillin siden det har vart over 10 dager.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::OTITIS,
        ages: (0, 7),
        weight: 26,
        crp: Some((10, 70)),
        fever: Some(38.6),
        evening: 0.35,
        drug: Some((
            &drugs::PENICILLIN_MIXTURE,
            capsule("Mikstur 3 ganger daglig etter vekt", 3),
            5,
        )),
        story: "Våknet i natt med vondt i øret, feber. Us.: rød, buktende trommehinne.",
        plan: "Smertelindring. Antibiotika da barnet er medtatt.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CROUP,
        ages: (0, 5),
        weight: 8,
        fever: Some(37.8),
        evening: 0.9,
        days: 4,
        story: "Gjøende hoste og pipende innpust fra i kveld. Us.: lett stridor ved gråt, god farge.",
        plan: "Kald luft hjalp, én dose deksametason. Observert, reist hjem i god form.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CHICKENPOX,
        ages: (1, 8),
        weight: 6,
        days: 12,
        story: "Kløende blemmer over hele kroppen, flere i barnehagen har det samme.",
        plan: "Kløestillende. Barnehage når alle blemmer er tørre.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::GASTROENTERITIS,
        weight: 8,
        days: 5,
        evening: 0.3,
        story: "Oppkast og diaré i to døgn. Us.: fuktige slimhinner, myk mage, ikke dehydrert.",
        plan: "Rikelig drikke i små porsjoner, hjemme til 48 timer symptomfri.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CONJUNCTIVITIS,
        evening: 0.12,
        weight: 6,
        drug: Some((&drugs::CHLORAMPHENICOL, capsule("1 dråpe i øyet 4 ganger daglig", 4), 5)),
        story: "Rødt øye med puss om morgenen. Normalt syn, ingen lysskyhet.",
        plan: "Renses med lunkent vann, øyedråper ved rikelig puss.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::BRONCHITIS,
        evening: 0.12,
        ages: (18, 100),
        weight: 9,
        days: 21,
        crp: Some((4, 40)),
        fever: Some(37.5),
        story: "Hostet i to uker med litt slim. Us.: slimlyder som hostes bort, SpO₂ normal.",
        plan: "Ikke grunnlag for antibiotika. Hosten kan vare i flere uker.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::PNEUMONIA,
        ages: (18, 100),
        weight: 4,
        days: 28,
        crp: Some((70, 210)),
        fever: Some(38.8),
        evening: 0.35,
        drug: Some((&drugs::PENICILLIN, capsule("1 tablett 4 ganger daglig", 4), 7)),
        story: "Feber, hoste og stikkende smerter ved innpust. Us.: knatrelyder basalt.",
        plan: "Pneumoni, CRB-65 0. Penicillin, kontroll om 3 dager hvis ikke bedre.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::INFLUENZA,
        evening: 0.12,
        weight: 5,
        crp: Some((8, 45)),
        fever: Some(39.1),
        story: "Brått syk med høy feber, verk i kroppen og tørrhoste. Hurtigtest influensa A positiv.",
        plan: "Ro og væske, febernedsettende. Sykmeldt ved behov.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CYSTITIS,
        women_only: true,
        ages: (16, 100),
        weight: 18,
        days: 7,
        evening: 0.2,
        drug: Some((&drugs::PIVMECILLINAM, capsule("1 tablett 3 ganger daglig", 3), 3)),
        story: "Svie og hyppig vannlating siden i går. Ingen feber eller flankesmerter. Stix: \
                leukocytter 3+, nitritt positiv.",
        plan: "Ukomplisert cystitt, pivmecillinam i 3 dager.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::PYELONEPHRITIS,
        women_only: true,
        ages: (18, 90),
        weight: 2,
        crp: Some((90, 230)),
        fever: Some(39.0),
        evening: 0.5,
        drug: Some((&drugs::CIPROFLOXACIN, capsule("1 tablett 2 ganger daglig", 2), 7)),
        story: "Feber, frysninger og flankesmerter. Bankeøm over høyre nyre. Urin sendt til dyrking.",
        plan: "Pyelonefritt i god allmenntilstand, behandles hjemme. Kontroll i morgen.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::LOW_BACK,
        evening: 0.12,
        ages: (18, 85),
        weight: 18,
        days: 30,
        drug: Some((&drugs::IBUPROFEN, capsule("1 tablett 3 ganger daglig med mat", 3), 7)),
        story: "Akutte korsryggsmerter etter løft. Us.: stiv, normal kraft og reflekser, Lasègue \
                negativ.",
        plan: "Gode utsikter. Holde seg i bevegelse, ikke behov for bilder.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SCIATICA,
        ages: (30, 70),
        weight: 4,
        days: 80,
        drug: Some((&drugs::PARACETAMOL_1G, capsule("1 tablett 4 ganger daglig", 4), 14)),
        story: "Smerter fra korsryggen ned baksiden av beinet til foten. Lasègue positiv ved 45°, \
                ingen pareser.",
        plan: "Isjias. Aktiv som smerten tillater, fysioterapi. MR hvis ikke bedre om 6 uker.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SHOULDER,
        ages: (35, 80),
        weight: 8,
        days: 90,
        story: "Skuldersmerter ved løft over hodet. Us.: smertebue, normal passiv bevegelse.",
        plan: "Øvelser, henvist fysioterapi.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::ANKLE_SPRAIN,
        ages: (8, 50),
        weight: 7,
        days: 30,
        evening: 0.5,
        story: "Tråkket over på trening. Hovent og ømt over fremre ligament, Ottawa negativ.",
        plan: "Støttebandasje, elevasjon, tidlig opptrening.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::MUSCLE,
        ages: (20, 90),
        weight: 8,
        days: 40,
        story: "Muskelsmerter i nakke og skuldre, mye stillesitting.",
        plan: "Variasjon, trening, paracetamol ved behov.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::HEADACHE,
        ages: (12, 75),
        weight: 7,
        days: 20,
        story: "Trykkende hodepine på ettermiddagen, ingen kvalme. Nevrologisk status normal.",
        plan: "Tensjonshodepine. Hodepinedagbok, søvn og pauser.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::VERTIGO,
        ages: (30, 95),
        weight: 5,
        days: 14,
        story: "Karusellsvimmel når hun eller han snur seg i sengen. Dix-Hallpike positiv.",
        plan: "Krystallsyke, Epleys manøver utført med god effekt.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::FATIGUE,
        ages: (15, 90),
        weight: 9,
        days: 60,
        story: "Sliten over lang tid, sover greit, stemningsleiet er godt.",
        plan: "Blodprøver tatt; ingen alarmsymptomer. Ny time for gjennomgang.",
        crp: Some((1, 4)),
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SLEEP,
        ages: (25, 95),
        weight: 7,
        days: 60,
        drug: Some((&drugs::ZOPICLONE, drugs::NIGHT_AS_NEEDED, 14)),
        story: "Vansker med innsovning og tidlig oppvåkning. Søvnhygiene gjennomgått.",
        plan: "Søvnrestriksjon. Få tabletter til kortvarig bruk.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::STRESS,
        ages: (17, 66),
        weight: 8,
        days: 90,
        story: "Belastet livssituasjon, gråter lett, sover dårlig. Ingen selvmordstanker.",
        plan: "Støttesamtale, gradert sykmelding, ny time om to uker.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SKIN_INFECTION,
        evening: 0.12,
        weight: 7,
        crp: Some((5, 60)),
        drug: Some((&drugs::DICLOXACILLIN, capsule("1 kapsel 4 ganger daglig", 4), 7)),
        ages: (12, 100),
        story: "Rød, varm og øm hud rundt et lite sår. Avgrenset med tusj.",
        plan: "Dikloksacillin i 7 dager, kontakt hvis rødheten brer seg.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CONTACT_DERMATITIS,
        weight: 7,
        days: 21,
        drug: Some((&drugs::HYDROCORTISONE, drugs::CREAM_TWICE, 10)),
        story: "Kløende eksem på hendene.",
        plan: "Kortisonkrem i 10 dager og fuktighetskrem, unngå såpe.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::MOLE,
        ages: (20, 85),
        weight: 6,
        days: 30,
        story: "Ønsker vurdering av en føflekk. Dermatoskopi: regelmessig, ingen mistenkelige trekk.",
        plan: "Godartet. Informert om hva man skal se etter.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::WART,
        ages: (5, 25),
        weight: 6,
        days: 90,
        story: "Vorter under foten.",
        plan: "Salisylsyre, tålmodighet.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::EARWAX,
        ages: (20, 100),
        weight: 6,
        days: 1,
        story: "Tett øre. Voksblokk i øregangen.",
        plan: "Skylt, trommehinnen fin etterpå.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::WOUND,
        weight: 6,
        days: 14,
        evening: 0.6,
        story: "Kuttet seg med kniv. Rent sår, normal sensibilitet og bevegelse.",
        plan: "Renset og sydd. Suturer fjernes om 10 dager. Stivkrampevaksine er gyldig.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CONCUSSION,
        ages: (4, 60),
        weight: 2,
        days: 21,
        evening: 0.7,
        story: "Slo hodet, kortvarig kvalm. GCS 15, pupiller like, nevrologisk normal.",
        plan: "Observasjon hjemme med råd om oppvekking. Gradvis tilbake til skole/arbeid.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::ECZEMA_HERPES,
        ages: (45, 95),
        weight: 3,
        days: 30,
        drug: Some((&drugs::VALACICLOVIR, capsule("2 tabletter 3 ganger daglig", 3), 7)),
        story: "Brennende smerter og blemmer i et belte på høyre side av brystkassen.",
        plan: "Valaciklovir startet innen 72 timer.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CONTRACEPTION,
        women_only: true,
        ages: (15, 38),
        weight: 12,
        days: 365,
        drug: Some((&drugs::PILL, drugs::EVENING, 365)),
        story: "Ønsker prevensjon. Røyker ikke, ingen trombose i familien, ingen migrene med aura.",
        plan: "P-pille, informert om bivirkninger og hva man gjør ved glemt tablett.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CERVIX_CHECK,
        women_only: true,
        ages: (25, 69),
        weight: 12,
        days: 1,
        evening: 0.0,
        story: "Livmorhalsprøve etter innkalling. Normale forhold ved undersøkelse.",
        plan: "HPV-test sendt. Svar kommer på Helsenorge.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CONSTIPATION,
        ages: (65, 105),
        weight: 7,
        days: 30,
        drug: Some((&drugs::MACROGOL, capsule("1 dosepose 1–2 ganger daglig", 1), 30)),
        story: "Hard avføring, går sjelden på toalettet. Myk mage.",
        plan: "Makrogol, drikke og bevegelse.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::REFLUX,
        ages: (25, 85),
        weight: 7,
        days: 60,
        drug: Some((&drugs::PANTOPRAZOLE, capsule("1 tablett om morgenen før frokost", 1), 28)),
        story: "Halsbrann og sure oppstøt, verst når hun eller han legger seg. Ingen alarmsymptomer.",
        plan: "Reflukssykdom. Pantoprazol i 4 uker, kostråd, hev hodeenden.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::ACNE,
        ages: (13, 22),
        weight: 9,
        days: 180,
        story: "Kviser i ansikt og på rygg siste året, plaget av det.",
        plan: "Benzoylperoksid og adapalen om kvelden, kontroll om 3 måneder.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::FEBRILE,
        ages: (0, 5),
        weight: 12,
        days: 5,
        crp: Some((4, 30)),
        fever: Some(39.1),
        evening: 0.4,
        story: "Feber i to døgn uten sikkert fokus. Våken og kontaktbar, drikker. Ingen utslett, \
                nakken myk. Urin stix negativ.",
        plan: "Trolig virus. Febernedsettende etter vekt, drikke, tilbake ved slapphet eller utslett.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::IRON_DEFICIENCY,
        women_only: true,
        ages: (15, 50),
        weight: 6,
        days: 120,
        drug: Some((&drugs::IRON, capsule("1 tablett annenhver dag", 1), 90)),
        story: "Sliten, rikelige menstruasjoner. Tungpust i motbakke.",
        plan: "Jernmangel. Jerntabletter i 3 måneder, kontroll av ferritin.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SPIRAL,
        women_only: true,
        ages: (24, 47),
        weight: 6,
        days: 1825,
        story: "Ønsker hormonspiral. Undersøkelse normal, graviditetstest negativ.",
        plan: "Hormonspiral satt inn uten problemer. Kontroll av tråder etter 6 uker.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::CHEST_PAIN,
        ages: (30, 85),
        weight: 5,
        days: 14,
        evening: 0.5,
        story: "Stikkende smerter på venstre side av brystet, verre ved bevegelse. EKG normalt, troponin \
                negativ. Trykkøm over ribbein.",
        plan: "Muskulære brystsmerter. Beroliget, paracetamol ved behov.",
        ..BASE
    },
    Ailment {
        diagnosis: &dx::SKIN_INFECTION,
        ages: (1, 11),
        weight: 7,
        drug: Some((&drugs::FUSIDIC_ACID, drugs::CREAM_TWICE, 7)),
        story: "Væskende, honninggule skorper rundt munnen, flere i barnehagen eller klassen.",
        plan: "Brennkopper. Vask, fusidinsyre i 7 dager. Hjemme til sårene er tørre.",
        ..BASE
    },
];

/// Contacts a year for everyday illness.
fn rate(chart: &Chart<'_>, day: Day) -> f64 {
    let by_age = match chart.age(day) {
        0..=4 => 0.7,
        5..=15 => 0.22,
        16..=44 => 0.29,
        45..=66 => 0.32,
        67..=79 => 0.38,
        _ => 0.45,
    };
    let sex = if chart.person.is_woman() { 1.2 } else { 0.85 };
    let persona = if chart.person.persona == Some(Persona::Healthy) { 1.3 } else { 1.0 };
    by_age * sex * persona
}

/// All everyday contacts.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    // Some people come often, most seldom.
    let habit = (0.85 + 0.45 * chart.random.normal()).clamp(0.2, 2.2);
    let mut day = chart.start.plus(chart.random.between(10, 200));
    while day <= chart.end {
        strike(chart, day);
        let per_year = rate(chart, day) * habit;
        let wait = 365.0 / per_year * chart.random.within(0.4, 1.6);
        day = day.plus(wait as i32 + 12);
    }
}

fn strike(chart: &mut Chart<'_>, day: Day) {
    let age = chart.age(day);
    let woman = chart.person.is_woman();
    let fits = |ailment: &&Ailment| {
        (woman || !ailment.women_only) && (ailment.ages.0..=ailment.ages.1).contains(&age)
    };
    let possible: Vec<&Ailment> = AILMENTS.iter().filter(fits).collect();
    let total: i32 = possible.iter().map(|ailment| ailment.weight).sum();
    let mut drawn = chart.random.between(0, total - 1);
    let chosen = possible.into_iter().find(|ailment| {
        drawn -= ailment.weight;
        drawn < 0
    });
    let Some(ailment) = chosen else { return };
    let prevention = [&dx::CONTRACEPTION, &dx::SPIRAL].contains(&ailment.diagnosis);
    if expecting(chart, day) && prevention {
        return;
    }
    let evening = chart.random.chance(ailment.evening);
    let reasons = [ailment.diagnosis];
    let visit = if evening {
        chart.emergency(day, &reasons)
    } else {
        chart.consultation(day, "Konsultasjon", &reasons)
    };
    if let Some(visit) = visit {
        meet(chart, ailment, &visit);
    }
}

/// Pregnant, or a mother of some weeks.
fn expecting(chart: &Chart<'_>, day: Day) -> bool {
    chart.health.pregnancies.iter().any(|(begin, end)| (*begin..=end.plus(60)).contains(&day))
}

/// Medicines that another choice or none replaces in pregnancy.
fn unwanted_in_pregnancy(drug: &Drug) -> bool {
    ["N05CF", "J01MA", "R06A"].iter().any(|atc| drug.atc.starts_with(atc))
}

fn meet(chart: &mut Chart<'_>, ailment: &Ailment, visit: &Visit) {
    let at: Moment = visit.moment(5);
    if let Some(fever) = ailment.fever {
        let value = fever + 0.4 * chart.random.normal();
        chart.vital_as(visit, at, Vital::Temperature, value);
    }
    let lungs = [&dx::PNEUMONIA, &dx::BRONCHITIS, &dx::INFLUENZA];
    if lungs.contains(&ailment.diagnosis) {
        chart.vitals(visit, &[Vital::Saturation]);
    }
    let quick_test = chart.random.chance(0.6);
    if let Some((low, high)) = ailment.crp.filter(|_| quick_test) {
        let value = f64::from(chart.random.between(low, high));
        chart.lab_as(visit, at, Lab::Crp, value);
    }
    if *ailment.diagnosis == dx::IRON_DEFICIENCY {
        let (blood, ferritin) = (chart.random.within(9.6, 11.4), chart.random.within(4.0, 13.0));
        chart.lab_as(visit, at, Lab::Hb, blood);
        chart.lab_as(visit, at, Lab::Ferritin, ferritin);
    }
    if *ailment.diagnosis == dx::FATIGUE {
        chart.labs(visit, &[Lab::Hb, Lab::Ferritin, Lab::Tsh, Lab::B12, Lab::HbA1c]);
    }
    let problem = chart.ailment(ailment.diagnosis, visit, ailment.days);
    let mut plan = ailment.plan;
    let day = visit.day();
    if let Some((drug, dose, days)) = ailment.drug {
        let unsafe_here = drug.atc.starts_with("M01A")
            && (expecting(chart, day)
                || chart.takes("B01A", day)
                || chart.takes("C03C", day)
                || chart.age(day) > 75);
        let allergic = drug.atc.starts_with("J01C") && chart.allergic_to_penicillin();
        let running = chart.takes(drug.atc, day);
        if allergic {
            plan = "Penicillinallergi: valgte erytromycin i stedet.";
            let dose = capsule("1 tablett 2 ganger daglig", 2);
            chart.cure(&drugs::ERYTHROMYCIN, dose, visit, days, problem);
        } else if unsafe_here {
            plan = "Paracetamol; betennelsesdempende frarådes her.";
        } else if !(running || expecting(chart, day) && unwanted_in_pregnancy(drug)) {
            chart.cure(drug, dose, visit, days, problem);
        }
    }
    if chart.random.chance(0.45) {
        let findings = chart.findings(visit);
        let found = if findings.is_empty() { String::new() } else { format!(" {findings}.") };
        let text = format!("{}{found}\nVurdering/tiltak: {plan}", ailment.story);
        chart.note(visit, ailment.diagnosis.name, &text);
    }
}
