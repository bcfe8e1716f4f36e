//! Children: controls at the health station with growth, school health.
//!
//! Programme of controls: the Directorate of Health's guideline for the health station.

use super::care_plan;
use crate::municipality::analyses::Vital;
use crate::municipality::calendar::Day;
use crate::municipality::chart::{Chart, Label};
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Kind;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::visit::{Class, Plan};

struct Control {
    /// Age in days.
    age: i32,
    title: &'static str,
    text: &'static str,
}

const CONTROLS: [Control; 12] = [
    Control {
        age: 10,
        title: "Hjemmebesøk etter fødsel",
        text: "Hjemmebesøk. Barnet er våkent og rosa. Ammer godt, blir mett. Navlen tørr. \
               Foreldrene virker trygge. Informert om D-vitamin fra 1 uke og trygg søvn.",
    },
    Control {
        age: 43,
        title: "6-ukerskontroll",
        text: "Smiler og fester blikket. Hofter stabile, god abduksjon. Hjertelyder uten bilyd, \
               lysker u.a. Rotavaksine gitt.",
    },
    Control {
        age: 93,
        title: "3-månederskontroll",
        text: "God hodekontroll, pludrer. Følger kurvene sine. Vaksinert uten problemer.",
    },
    Control {
        age: 154,
        title: "5-månederskontroll",
        text: "Triller rundt, griper. Snakket om å begynne med fast føde. Vaksinert.",
    },
    Control {
        age: 245,
        title: "8-månederskontroll",
        text: "Sitter støtt, på vei til å krabbe. Spiser variert. Språkstimulering drøftet.",
    },
    Control {
        age: 368,
        title: "1-årskontroll",
        text: "Reiser seg og går langs møbler. Noen få ord. Undersøkt av lege: normale funn. \
               Vaksinert.",
    },
    Control {
        age: 460,
        title: "15-månederskontroll",
        text: "Går alene. Peker og viser interesse. MMR gitt, informert om mulig feber etter 8–10 \
               dager.",
    },
    Control {
        age: 735,
        title: "2-årskontroll",
        text: "Setter sammen to ord, løper, leker ved siden av andre. Tannpuss gjennomgått.",
    },
    Control {
        age: 1465,
        title: "4-årskontroll",
        text: "Språk, syn og motorikk vurdert: alderssvarende. Tegner hodefoting.",
    },
    Control {
        age: 2180,
        title: "Skolestartundersøkelse",
        text: "Klar for skole. Syn og hørsel normale. Ingen bekymringer hjemme eller i barnehagen.",
    },
    Control {
        age: 3100,
        title: "Vekt og høyde, 3. trinn",
        text: "Måling i regi av skolehelsetjenesten. Foreldre informert.",
    },
    Control {
        age: 5000,
        title: "Vekt, høyde og helsesamtale, 8. trinn",
        text: "Helsesamtale: trives på skolen, sover greit, ingen ting å bemerke.",
    },
];

/// The controls that this child has come to.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    newborn(chart);
    followed(chart);
    for control in &CONTROLS {
        let day = chart.person.born.plus(control.age + chart.random.between(0, 9));
        if chart.covers(day) {
            visit(chart, control, day);
        }
    }
}

/// The health station, and the nurse at school, follow everybody under 18.
fn followed(chart: &mut Chart<'_>) {
    let (born, grown) = (chart.person.born, chart.person.born.plus_years(18));
    if grown <= chart.start || !chart.covers(born.max(chart.start)) {
        return;
    }
    let until = (grown <= chart.today).then_some(grown);
    let kind = "Helsestasjon- og skolehelsetjeneste";
    care_plan::episode(chart, Service::HealthStation, kind, born.max(chart.start), until);
    if chart.person.persona == Some(Persona::Confiding) {
        chart.in_confidence(Label::Adolescent, confidence);
    }
}

/// What a girl of 13 told the nurse at school and does not want her mother to read.
fn confidence(chart: &mut Chart<'_>) {
    let visit = chart.contact(&Plan {
        service: Service::HealthStation,
        class: Class::Ambulatory,
        title: "Samtale hos helsesykepleier",
        day: chart.today.plus(-16).workday(),
        hours: (9, 13),
        minutes: 40,
        lead: true,
        reasons: &[],
    });
    let Some(visit) = visit else { return };
    let text = "Kom på åpen dør. Forteller at hun er lei seg og sover dårlig etter at faren flyttet, \
                og at hun har vært sammen med en gutt i klassen over. Ber om at moren ikke får vite \
                om samtalen nå. Ingen selvskading, ingen tegn til at noen gjør henne vondt.\n\
                Vurdering: forståelig reaksjon, trygg hjemme. Opplysningene holdes tilbake for \
                forelder etter hennes ønske, pasient- og brukerrettighetsloven § 3-4. Ny samtale \
                om to uker.";
    chart.note(&visit, "Samtale hos helsesykepleier", text);
}

/// The first days, in the maternity ward, for those born within the history.
fn newborn(chart: &mut Chart<'_>) {
    let born = chart.person.born;
    let Some(visit) = chart.stay(Service::Maternity, born, 2, &[&dx::BORN]) else { return };
    let list = [Vital::Weight, Vital::Height, Vital::HeadCircumference];
    chart.vitals(&visit, &list);
    chart.procedure(&visit, "Nyfødtundersøkelse", born.plus(1));
    chart.procedure(&visit, "Nyfødtscreening og hørselstest", born.plus(2));
    let text = format!(
        "Født til termin. Apgar 9-10-10. {}. Undersøkt av barnelege andre døgn: normale funn, hofter \
         stabile, rød refleks begge øyne. Nyfødtscreening tatt, hørselstest bestått. Ammes.",
        chart.findings(&visit),
    );
    chart.document(&visit, Kind::Birth, "Nyfødtundersøkelse", &text);
}

fn visit(chart: &mut Chart<'_>, control: &Control, day: Day) {
    let home = control.age < 20;
    let visit = chart.contact(&Plan {
        service: Service::HealthStation,
        class: if home { Class::Home } else { Class::Ambulatory },
        title: control.title,
        day: day.workday(),
        hours: (9, 14),
        minutes: 30,
        lead: true,
        reasons: &[&dx::HEALTH_CHECK],
    });
    let Some(visit) = visit else { return };
    chart.vitals(&visit, &[Vital::Weight]);
    if !home {
        chart.vitals(&visit, &[Vital::Height]);
    }
    if control.age < 400 {
        chart.vitals(&visit, &[Vital::HeadCircumference]);
    }
    if !chart.random.chance(0.55) && chart.person.persona.is_none() {
        return;
    }
    let text = format!("{} {}.", control.text, chart.findings(&visit));
    chart.note(&visit, control.title, &text);
}
