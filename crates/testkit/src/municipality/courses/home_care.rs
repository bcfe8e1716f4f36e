//! Home care: the decision, the plan, the visits with what is measured and written.
//!
//! Visits are kept for the last weeks only; before that one evaluation a month, as much as anyone
//! reads again.

use super::care_plan::{self, Area};
use crate::municipality::analyses::Vital;
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::directory::reference;
use crate::municipality::documents::Kind;
use crate::municipality::health::Illness;
use crate::municipality::organisations::Service;
use crate::municipality::personas::Persona;
use crate::municipality::resources::words;
use crate::municipality::visit::{Class, Plan, Visit};
use crate::municipality::write::object;

const FALLS: Area = Area {
    title: "Forebygge fall",
    goal: "Ingen fall hjemme de neste tre månedene",
    measures: &[
        ("Rullator innen rekkevidde, gulvmatter fjernet", "kontrolleres hvert besøk"),
        ("Trygghetsalarm bæres og testes", "hver måned"),
        ("Balanse- og styrketrening", "to ganger i uken"),
    ],
};
const HEART: Area = Area {
    title: "Hjertesvikt hjemme",
    goal: "Stabil vekt i grønn sone; rød sone ved mer enn 2 kg økning på 3 døgn",
    measures: &[
        ("Veiing om morgenen", "daglig etter utskrivning, ellers to ganger i uken"),
        ("Observere pust og ødemer", "hvert morgenbesøk"),
        ("Varsle fastlege i rød sone", "straks"),
    ],
};
const MEDICINES: Area = Area {
    title: "Legemidler",
    goal: "Tar riktige legemidler til rett tid",
    measures: &[
        ("Multidose settes fram", "morgen og kveld"),
        ("Bestilling og kontroll av multidose", "hver 14. dag"),
    ],
};
const NUTRITION: Area = Area {
    title: "Ernæring",
    goal: "Holde vekten",
    measures: &[("Tilrettelegge frokost", "hver dag"), ("Vekt", "hver måned")],
};

/// Everything of home care.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let Some(begin) = chart.health.home_care.filter(|begin| chart.covers(*begin)) else { return };
    let until = chart.health.nursing_home.filter(|moved| *moved <= chart.end);
    let service = Service::HomeCare(chart.person.address.zone);
    let frail = chart.person.persona == Some(Persona::Frail);
    decision(chart, service, begin, frail);
    let Some(team) = care_plan::enrol(chart, service, "Hjemmesykepleie", begin, until) else {
        return;
    };
    for area in areas(chart) {
        care_plan::plan(chart, area, &team, begin.plus(7), until);
    }
    chart.flag("Fallfare", "safety", begin);
    let last = until.map_or(chart.end, |moved| moved.plus(-1));
    let mut day = begin.plus(30);
    while day <= last {
        evaluation(chart, service, day);
        day = day.plus(30 + chart.random.between(-3, 5));
    }
    let per_week = if frail { 14 } else { *chart.random.pick(&[1, 2, 3, 5, 7, 7]) };
    let weeks = if frail { 9 } else { 5 };
    routine(chart, service, last.plus(-weeks * 7).max(begin), last, per_week);
    // Some of those who manage at home wait for a decision about more help.
    if frail || (until.is_none() && chart.person.index % 5 == 2) {
        application(chart);
    }
    if frail {
        incidents(chart, service);
    }
}

/// What has been applied for and is not decided yet: a ServiceRequest to the office that decides.
fn application(chart: &mut Chart<'_>) {
    let Some(office) = chart.town.organisation(Service::Allocation) else { return };
    let day = chart.today.plus(-6);
    if !chart.alive() || !chart.covers(day) {
        return;
    }
    let id = chart.new_id();
    let members = object! {
        "status": "active",
        "intent": "proposal",
        "category": [words("Søknad")],
        "code": words("Søknad om avlastningsopphold på sykehjem"),
        "subject": chart.subject(),
        "authoredOn": day.at(11, 20).iso(),
        "requester": chart.subject(),
        "performer": [reference("Organization", &office.id, office.name)],
    };
    chart.push("ServiceRequest", id, members);
}

fn areas(chart: &Chart<'_>) -> Vec<&'static Area> {
    let mut areas = vec![&FALLS, &MEDICINES];
    if chart.health.since(Illness::HeartFailure).is_some() {
        areas.insert(0, &HEART);
    }
    if chart.health.since(Illness::Dementia).is_some() {
        areas.push(&NUTRITION);
    }
    areas
}

/// The municipality's decision on services: an order and a letter.
fn decision(chart: &mut Chart<'_>, service: Service, begin: Day, frail: bool) {
    let visit = chart.contact(&Plan {
        service,
        class: Class::Home,
        title: "Kartleggingsbesøk",
        day: begin,
        hours: (10, 13),
        minutes: 60,
        lead: true,
        reasons: &[&dx::CARE],
    });
    let Some(visit) = visit else { return };
    let scope = if frail {
        "morgen og kveld hver dag"
    } else {
        "etter behov, nærmere avtalt i tiltaksplan"
    };
    let text = format!(
        "VEDTAK OM HELSE- OG OMSORGSTJENESTER\n\nDu er innvilget hjemmesykepleie {scope} og \
         trygghetsalarm fra {}.\n\nHjemmel: helse- og omsorgstjenesteloven § 3-2 første ledd nr. 6 \
         bokstav a. Vedtaket bygger på kartlegging i hjemmet {} og samtale med deg og dine \
         nærmeste.\n\nDu kan klage innen fire uker til kommunen. Klagen sendes til statsforvalteren \
         hvis vedtaket ikke endres.\n\nVennlig hilsen\n{}\n{}\n",
        begin.text(),
        visit.day().text(),
        visit.worker.1,
        visit.organisation.1,
    );
    chart.document(&visit, Kind::Decision, "Vedtak: hjemmesykepleie og trygghetsalarm", &text);
    let id = chart.new_id();
    let over = !chart.alive() || chart.health.nursing_home.is_some();
    let members = object! {
        "status": if over { "completed" } else { "active" },
        "intent": "order",
        "category": [words("Vedtak")],
        "code": words("Hjemmesykepleie og trygghetsalarm"),
        "subject": chart.subject(),
        "occurrencePeriod": object! { "start": begin.iso() },
        "authoredOn": visit.end.iso(),
        "requester": reference("Practitioner", &visit.worker.0, &visit.worker.1),
        "performer": [reference("Organization", &visit.organisation.0, visit.organisation.1)],
        "patientInstruction": format!("Hjemmesykepleie {scope}"),
    };
    chart.push("ServiceRequest", id, members);
}

fn call(
    chart: &mut Chart<'_>,
    service: Service,
    day: Day,
    evening: bool,
    title: &str,
) -> Option<Visit> {
    if chart.away(day) {
        return None;
    }
    chart.contact(&Plan {
        service,
        class: Class::Home,
        title,
        day,
        hours: if evening { (18, 20) } else { (7, 10) },
        minutes: 20,
        lead: false,
        reasons: &[],
    })
}

fn evaluation(chart: &mut Chart<'_>, service: Service, day: Day) {
    let Some(visit) = call(chart, service, day, false, "Evaluering av tiltaksplan") else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::Pressure]);
    if !chart.random.chance(0.5) {
        return;
    }
    let state = *chart.random.pick(&[
        "Greier seg godt mellom besøkene.",
        "Noe mer sliten enn forrige måned, spiser litt mindre.",
        "Går sikkert med rullator inne. Ønsker hjelp til dusj to ganger i uken.",
        "Bruker alarmen riktig. Pårørende er innom i helgene.",
    ]);
    let text =
        format!("Tiltaksplan evaluert. {state} {}. Tiltakene videreføres.", chart.findings(&visit));
    chart.document(&visit, Kind::Nursing, "Evaluering av tiltaksplan", &text);
}

fn routine(chart: &mut Chart<'_>, service: Service, from: Day, last: Day, per_week: i32) {
    let heart = chart.health.since(Illness::HeartFailure).is_some();
    let mut day = from;
    while day <= last {
        let turn = day.since(from);
        // Spread the week's visits evenly; more than seven means evenings too.
        let due =
            per_week >= 7 || (turn % 7) * per_week / 7 != (turn % 7 - 1).max(-1) * per_week / 7;
        if due || turn % 7 == 0 {
            morning(chart, service, day, heart && (turn % 3 == 0 || last.since(day) < 3));
            if per_week > 7 {
                call(chart, service, day, true, "Kveldsbesøk");
            }
        }
        day = day.plus(1);
    }
}

fn morning(chart: &mut Chart<'_>, service: Service, day: Day, weigh: bool) {
    let Some(visit) = call(chart, service, day, false, "Morgenbesøk") else { return };
    if weigh {
        chart.vitals(&visit, &[Vital::Weight]);
    }
    if day.weekday() == 2 {
        chart.vitals(&visit, &[Vital::Pressure, Vital::Pulse]);
    }
    if !chart.random.chance(0.16) {
        return;
    }
    let findings = chart.findings(&visit);
    let found = if findings.is_empty() { String::new() } else { format!(" {findings}.") };
    let text = chart.in_turn(&[
        "Hjulpet med morgenstell, medisiner tatt. I godt humør.",
        "Medisiner gitt. Sovet dårlig i natt, litt trøtt.",
        "Multidose satt fram og tatt. Spist frokost.",
        "Ankler litt hovne i går kveld, ellers som vanlig.",
        "Pratsom, gleder seg til besøk i helgen. Trygghetsalarm testet, virker.",
        "Ny multidoserull kontrollert mot listen, stemmer.",
        "Lite matlyst, fikk næringsdrikk. Drakk godt.",
        "Dusjet, huden er hel. Kompresjonsstrømper på.",
        "Ville ikke stå opp med en gang, kom tilbake senere. Medisiner tatt.",
    ]);
    chart.document(&visit, Kind::Nursing, "Morgenbesøk", &format!("{text}{found}"));
}

/// What happened to the frail woman in the weeks before and after her stay.
fn incidents(chart: &mut Chart<'_>, service: Service) {
    let told = [
        (
            14,
            "Avvik: fall på badet",
            "Ble funnet sittende på badegulvet da vi kom. Hadde glidd på matten, ingen skade, ikke \
             slått hodet. Hjulpet opp med to. Gulvmatten er fjernet, fallrisiko vurdert som høy. \
             Datter informert.",
        ),
        (
            11,
            "Avvik: fall i stuen",
            "Snublet i dørterskelen i går kveld, kom seg opp selv. Blåmerke på høyre underarm, bruker \
             apiksaban. Observert, ingen hodepine. Mer tungpust enn før og opp 3 kg, fastlegen er \
             varslet.",
        ),
    ];
    for (days_ago, title, text) in told {
        let day = chart.today.plus(-days_ago);
        if let Some(visit) = call(chart, service, day, true, "Uplanlagt besøk") {
            chart.vitals(&visit, &[Vital::Pressure, Vital::Saturation, Vital::Weight]);
            chart.document(&visit, Kind::Nursing, title, text);
        }
    }
    let day = chart.today.plus(-9);
    if let Some(visit) = chart.consultation(day, "Konsultasjon", &[&dx::DYSPNOEA]) {
        chart.vitals(&visit, &[Vital::Pressure, Vital::Pulse, Vital::Saturation, Vital::Weight]);
        let text = format!(
            "Økende tungpust den siste uken, våknet i natt og måtte sitte opp. To fall hjemme. {}. \
             Knatrelyder basalt, ankelødemer.\nVurdering/tiltak: forverring av hjertesvikt. En \
             ekstra tablett furosemid i to dager, hjemmetjenesten veier daglig. Lav terskel for \
             innleggelse.",
            chart.findings(&visit),
        );
        chart.note(&visit, "Tungpust", &text);
    }
    chart.flag("Infeksjon: fullfører doksysyklin etter pneumoni", "clinical", chart.end);
    chart.message(0, "Hei. Jeg ble svimmel da jeg reiste meg i dag. Er det den nye medisinen?");
    let reconcile = ("reconcile", "Samstemme legemidler");
    chart.task_of(reconcile, "Samstem legemidler etter utskriving: epikrise fra i går", 0);
    chart.task("Blodtrykk liggende og stående", 0);
    chart.task("Ny kreatinin og kalium, vurder apiksabandose", 6);
    chart.task("Influensavaksine", 10);
    let office = chart.office();
    chart.appoint(office, 6, "Kontroll etter sykehusopphold", 30);
    chart.appoint(Service::Radiology, 42, "Røntgen thorax, kontroll", 15);
}
