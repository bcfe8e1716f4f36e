//! Life in the nursing home: moving in, the plan, rounds, weights, reviews of medicines.

use super::care_plan::{self, Area};
use crate::municipality::analyses::{Lab, Vital};
use crate::municipality::calendar::Day;
use crate::municipality::chart::Chart;
use crate::municipality::diagnoses as dx;
use crate::municipality::documents::Kind;
use crate::municipality::drugs::{self, Dose, Rhythm};
use crate::municipality::organisations::Service;
use crate::municipality::visit::{Class, Plan, Visit};

const SECURITY: Area = Area {
    title: "Trygghet og ro",
    goal: "Sover om natten og er rolig om ettermiddagen",
    measures: &[
        ("Fast pleier på dagvakt", "hver dag"),
        ("Musikk og tur i hagen før uroen kommer", "hver ettermiddag"),
        ("Lavt lys og varm melk", "om kvelden"),
    ],
};
const FOOD: Area = Area {
    title: "Ernæring",
    goal: "Vekt over 60 kg",
    measures: &[("Beriket kost og mellommåltider", "fem ganger daglig"), ("Vekt", "hver måned")],
};
const MOVING: Area = Area {
    title: "Forflytning og fall",
    goal: "Går med støtte til måltidene",
    measures: &[
        ("Gange med rullator og én hjelper", "til hvert måltid"),
        ("Sensor ved sengen", "om natten"),
        ("Hoftebeskytter", "hele døgnet"),
    ],
};

/// Everything of the nursing home.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    let Some(begin) = chart.health.nursing_home.filter(|begin| chart.covers(*begin)) else {
        return;
    };
    let service = Service::NursingHome;
    let kind = "Langtidsopphold på sykehjem";
    let Some(team) = care_plan::enrol(chart, service, kind, begin, None) else { return };
    for area in [&SECURITY, &FOOD, &MOVING] {
        care_plan::plan(chart, area, &team, begin.plus(14), None);
    }
    arrival(chart, begin);
    let mut day = begin.plus(30);
    while day <= chart.end {
        monthly(chart, day);
        day = day.plus(30);
    }
    let mut day = begin.plus(60);
    while day <= chart.end {
        review(chart, day);
        day = day.plus(180);
    }
    let mut day = chart.end.plus(-28).max(begin.plus(2));
    while day <= chart.end {
        shift_note(chart, day);
        day = day.plus(chart.random.between(1, 3));
    }
}

fn ward(chart: &mut Chart<'_>, day: Day, title: &str, lead: bool) -> Option<Visit> {
    if chart.away(day) {
        return None;
    }
    chart.contact(&Plan {
        service: Service::NursingHome,
        class: Class::Ward,
        title,
        day,
        hours: (8, 18),
        minutes: 30,
        lead,
        reasons: &[],
    })
}

fn arrival(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = ward(chart, day, "Innkomstsamtale", true) else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::Height, Vital::Pressure, Vital::Pulse]);
    chart.labs(&visit, &[Lab::Hb, Lab::Creatinine, Lab::Egfr, Lab::Sodium, Lab::Potassium]);
    let text = format!(
        "Innkomst langtidsplass. {}. {}\nFlytter inn med familien til stede. Liker kaffe med melk, \
         radio og gamle bilder fra fiskebåten. {}.\nForhåndssamtale med pasient og pårørende: ønsker \
         behandling her, ikke hjerte- og lungeredning. Legemiddelliste gjennomgått.",
        chart.presentation(visit.day()),
        chart.history(visit.day()),
        chart.findings(&visit),
    );
    chart.note(&visit, "Innkomstnotat sykehjem", &text);
    let from = visit.day();
    chart.flag("HLR minus etter forhåndssamtale", "clinical", from);
    let problem = chart.problem(&dx::CONSTIPATION, from, Some(&visit));
    let sachet =
        Dose { text: "1 dosepose om morgenen", amount: 1.0, rhythm: Rhythm::At(&["MORN"]) };
    if !chart.takes("A06A", from) {
        chart.treat(&drugs::MACROGOL, sachet, from, problem, Some(&visit));
    }
}

fn monthly(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = ward(chart, day, "Månedlig måling", false) else { return };
    chart.vitals(&visit, &[Vital::Weight, Vital::Pressure, Vital::Pulse]);
}

fn review(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = ward(chart, day, "Legemiddelgjennomgang", true) else { return };
    chart.vitals(&visit, &[Vital::Pressure]);
    chart.labs(&visit, &[Lab::Hb, Lab::Creatinine, Lab::Egfr, Lab::Potassium, Lab::Albumin]);
    let list = chart.medicines(visit.day()).join("\n");
    let text = format!(
        "Årskontroll og legemiddelgjennomgang sammen med primærsykepleier. {}.\nLegemidler i bruk:\n{}\n\
         Ingen endringer i dag. Smerter vurdert med MOBID-2: 2.",
        chart.findings(&visit),
        if list.is_empty() { "ingen faste" } else { &list },
    );
    chart.note(&visit, "Legemiddelgjennomgang", &text);
}

fn shift_note(chart: &mut Chart<'_>, day: Day) {
    let Some(visit) = ward(chart, day, "Vaktrapport", false) else { return };
    let text = chart.in_turn(&[
        "Spiste god frokost og halv middag. Sang med på sangstunden. Rolig kveld.",
        "Urolig fra kl. 16, lette etter kona. Gikk tur i korridoren, roet seg med musikk.",
        "Sov til kl. 9. Hjulpet med stell av én. Huden hel, litt rød over halebeinet, snudd hver tredje \
         time.",
        "Besøk av datter. Var på tur i hagen i rullestol. Fornøyd.",
        "Ville ikke ta medisinene i dag morges, tok dem i syltetøy etter en halvtime.",
        "Familien ringte. Litt trist etterpå, satt sammen med pleier og så på \
         bilder.",
        "Legemidler gitt etter liste. Ville legge seg tidlig. Sensor ved sengen på.",
        "Gikk til frokost med rullator og én hjelper, 20 meter. Spiste to brødskiver.",
        "Dusjet i dag, trivdes med det. Klippet negler. Hud uten trykksår.",
        "Våken fra kl. 2 til 4, fulgt til toalettet. Sovnet igjen med lys på badet.",
        "Drakk 1,2 liter. Avføring i dag. Temperatur normal.",
    ]);
    chart.document(&visit, Kind::Nursing, "Vaktrapport", text);
}
