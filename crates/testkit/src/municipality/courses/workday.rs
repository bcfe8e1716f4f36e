//! What waits for those who work at a desk today: a doctor's day of appointments, messages, requests
//! for renewal, results to sign and tasks with deadlines; less at the nursing home, the health
//! station and the office that decides on services.
//!
//! Told last, so that nothing of the other courses moves. Who has a part in it: `bookings.rs`.

use super::answers;
use crate::municipality::analyses::Lab;
use crate::municipality::bookings::Booking;
use crate::municipality::calendar::Moment;
use crate::municipality::chart::Chart;
use crate::municipality::directory::{location_id, reference};
use crate::municipality::organisations::{self, Organisation, Service, Worker};
use crate::municipality::personas::Persona;
use crate::municipality::resources::{
    self, ICPC_2, MESSAGES, TASKS, coding, concept, hl7, reference_to, words,
};
use crate::municipality::visit::{Class, Plan, Visit};
use crate::municipality::write::{Json, object};

/// Minute of the day, minutes and status of each time of the doctor's that no persona has.
const TIMES: [(i32, i32, &str); 12] = [
    (480, 20, "fulfilled"),
    (500, 20, "fulfilled"),
    (520, 20, "noshow"),
    (540, 20, "arrived"),
    (580, 20, "arrived"),
    (600, 20, "booked"),
    (620, 20, "booked"),
    (640, 20, "booked"),
    (720, 20, "booked"),
    (740, 20, "booked"),
    (820, 20, "booked"),
    (840, 40, "booked"),
];

/// Why somebody comes: in the patient's words, and in ICPC-2.
type Reason = (&'static str, &'static str, &'static str);

const ADULTS: [Reason; 12] = [
    ("Hoste i tre uker", "R05", "Hoste"),
    ("Blodtrykkskontroll", "K86", "Hypertensjon ukomplisert"),
    ("Vondt i korsryggen", "L03", "Korsrygg symptomer/plager"),
    ("Sliten, ønsker blodprøver", "A04", "Slapphet/tretthet"),
    ("Vondt i kneet etter fall", "L15", "Kne symptomer/plager"),
    ("Sover dårlig", "P06", "Søvnforstyrrelse"),
    ("Svimmel når jeg reiser meg", "N17", "Svimmelhet IKA"),
    ("Svie ved vannlating", "U01", "Smerte vannlating"),
    ("Føflekk på ryggen", "S82", "Pigmentnevus"),
    ("Magesmerter etter måltid", "D01", "Abdominalsmerte/krampe generell"),
    ("Kontroll av stoffskiftet", "T86", "Hypotyreose/myksødem"),
    ("Oppfølging av sykmelding", "A04", "Slapphet/tretthet"),
];
const CHILDREN: [Reason; 4] = [
    ("Feber og vondt i øret", "H01", "Øresmerte/øreverk"),
    ("Utslett på magen", "S07", "Utbredt utslett hud"),
    ("Hoster om natten", "R05", "Hoste"),
    ("Vondt i magen før skolen", "D01", "Abdominalsmerte/krampe generell"),
];
const STATION: [(&str, i32, i32); 5] = [
    ("Kontroll av vekst og utvikling", 510, 30),
    ("Vaksinasjon", 560, 20),
    ("Samtale om søvn", 660, 30),
    ("Kontroll av syn og språk", 780, 30),
    ("Vaksinasjon", 830, 20),
];

/// A set of analyses: what it is called, and each with its values, the oldest first.
type Panel = (&'static str, &'static [(Lab, [f64; 4])]);

const KIDNEY: Panel = (
    "Nyreprøver og elektrolytter",
    &[
        (Lab::Creatinine, [88.0, 97.0, 112.0, 138.0]),
        (Lab::Egfr, [74.0, 66.0, 55.0, 43.0]),
        (Lab::Potassium, [4.4, 4.6, 4.9, 5.6]),
        (Lab::Sodium, [140.0, 139.0, 140.0, 138.0]),
    ],
);
const IRON: Panel = (
    "Blodprosent og jernlager",
    &[
        (Lab::Hb, [13.4, 12.8, 11.6, 10.3]),
        (Lab::Ferritin, [48.0, 30.0, 16.0, 7.0]),
        (Lab::B12, [310.0, 300.0, 322.0, 298.0]),
        (Lab::Crp, [1.0, 2.0, 2.0, 1.0]),
    ],
);
const DIABETES: Panel = (
    "Årskontroll diabetes",
    &[
        (Lab::HbA1c, [58.0, 61.0, 64.0, 73.0]),
        (Lab::Ldl, [2.1, 2.3, 2.4, 2.2]),
        (Lab::AlbuminCreatinine, [1.2, 1.4, 1.9, 4.6]),
        (Lab::Creatinine, [74.0, 76.0, 75.0, 78.0]),
    ],
);
const THYROID: Panel = (
    "Stoffskifteprøver",
    &[(Lab::Tsh, [2.1, 2.8, 3.9, 7.2]), (Lab::FreeT4, [15.0, 15.0, 14.0, 11.0])],
);
const NORMAL: Panel = (
    "Rutineprøver",
    &[
        (Lab::Hb, [14.1, 14.0, 14.2, 14.1]),
        (Lab::Crp, [1.0, 1.0, 2.0, 1.0]),
        (Lab::HbA1c, [35.0, 36.0, 35.0, 36.0]),
        (Lab::Tsh, [1.8, 2.0, 1.7, 1.9]),
    ],
);
/// Days between today and the earlier samples of a panel.
const EARLIER_DAYS: [i32; 3] = [731, 402, 189];

/// Somebody's part in today's work.
pub(crate) fn tell(chart: &mut Chart<'_>) {
    if !chart.alive() {
        return;
    }
    match (chart.person.persona, chart.person.booking) {
        (Some(Persona::TypeOne), _) => type_one(chart),
        (Some(Persona::Healthy), _) => healthy(chart),
        (Some(Persona::Frail), _) => frail(chart),
        (_, Some(Booking::Doctor(place))) => doctors(chart, place),
        (_, Some(Booking::Colleague(place))) => colleagues(chart, place),
        (_, Some(Booking::Station(place))) => station(chart, place),
        (_, None) => {}
    }
    nursing_home(chart);
}

fn type_one(chart: &mut Chart<'_>) {
    let Some((_, doctor)) = chart.doctor() else { return };
    result(chart, doctor, &DIABETES, 2, 1);
    let text = "Hei! Sensoren har falt av tre ganger denne uken, og jeg får utslett under plasteret. \
                Kan jeg få prøve en annen type?";
    write_to(chart, worker(doctor), "Utslett av sensor", 1, 20, text);
    renewal(chart, doctor, 1);
}

fn healthy(chart: &mut Chart<'_>) {
    let Some((_, doctor)) = chart.doctor() else { return };
    result(chart, doctor, &NORMAL, 1, 2);
    let text = "Føflekken jeg skal vise deg i dag har klødd de siste ukene. Jeg har tatt bilder, skal jeg \
                ta dem med?";
    write_to(chart, worker(doctor), "Timen i dag", 0, 7, text);
}

/// The office that decides on services has the clocks of the law running.
fn frail(chart: &mut Chart<'_>) {
    let Some(office) = chart.town.organisation(Service::Allocation) else { return };
    let officer = office.others.iter().find(|one| one.job == Some(organisations::CASE_WORKER));
    let Some(officer) = officer else { return };
    for (text, days) in [
        ("Søknad om korttidsopphold: fullfør kartleggingen", 0),
        ("Send foreløpig svar, fire ukers frist", 3),
        ("Vedtak om trygghetsalarm: evaluer tiltaket", 12),
    ] {
        let deadline = chart.today.plus(days).iso();
        task(chart, officer, text, None, None, (4, deadline));
    }
}

fn doctors(chart: &mut Chart<'_>, place: usize) {
    let town = chart.town;
    let Some((office, doctor)) = town.general_practitioner(0) else { return };
    let is_home = chart.bed().is_none() && chart.health.nursing_home.is_none();
    if let Some((minute, minutes, status)) = TIMES.get(place).copied().filter(|_| is_home) {
        let reasons: &[Reason] =
            if chart.person.age(chart.today) < 16 { &CHILDREN } else { &ADULTS };
        let reason = reasons.get(place % reasons.len()).copied();
        let at = chart.today.at(minute / 60, minute % 60);
        let title = if minutes > 20 { "Lang konsultasjon" } else { "Konsultasjon" };
        book(chart, (office, doctor), (at, minutes, status), title, reason);
    }
    let is_adult = chart.person.age(chart.today) >= 16;
    match place {
        1 if is_adult => result(chart, doctor, &KIDNEY, 1, 1),
        4 if is_adult => result(chart, doctor, &IRON, 2, 1),
        7 if is_adult => result(chart, doctor, &THYROID, 4, -1),
        9 => result(chart, doctor, &NORMAL, 1, 2),
        0 => {
            let deadline = chart.today.iso();
            task(chart, doctor, "Ring om svar fra MR", None, None, (2, deadline));
        }
        6 => {
            let deadline = chart.today.plus(2).iso();
            task(chart, doctor, "Skriv legeerklæring til NAV", None, None, (9, deadline));
            renewal(chart, doctor, 0);
        }
        3 => renewal(chart, doctor, 0),
        5 => {
            let text =
                "Jeg ble ikke bedre av kuren. Fortsatt feber om kvelden. Må jeg komme inn igjen?";
            write_to(chart, worker(doctor), "Fortsatt syk", 0, 6, text);
        }
        8 => {
            let text = "Kan dere sende henvisning til fysioterapeut? Jeg fikk beskjed om at dere ordner det.";
            let to = reference("Organization", &office.id, office.name);
            write_to(chart, to, "Henvisning", 1, 13, text);
        }
        _ => {}
    }
}

/// A colleague has not signed: the first one's time is over.
fn colleagues(chart: &mut Chart<'_>, place: usize) {
    let Some((_, doctor)) = chart.doctor() else { return };
    match place {
        0 => result(chart, doctor, &KIDNEY, 5, -1),
        _ => result(chart, doctor, &NORMAL, 1, 2),
    }
}

fn station(chart: &mut Chart<'_>, place: usize) {
    let town = chart.town;
    let Some(station) = town.organisation(Service::HealthStation) else { return };
    let Some(nurse) = station.with_profession("SP") else { return };
    let Some((title, minute, minutes)) = STATION.get(place).copied() else { return };
    let at = chart.today.at(minute / 60, minute % 60);
    let status = if place == 0 { "arrived" } else { "booked" };
    book(chart, (station, nurse), (at, minutes, status), title, None);
    if place == 1 {
        let deadline = chart.today.plus(1).iso();
        task(chart, nurse, "Ring hjem om vaksinekortet", None, None, (3, deadline));
    }
}

fn nursing_home(chart: &mut Chart<'_>) {
    let town = chart.town;
    let Some(home) = town.organisation(Service::NursingHome) else { return };
    let Some(doctor) = home.with_profession("LE") else { return };
    let is_lunde = chart.person.persona == Some(Persona::Resident);
    let Some(bed) = chart.bed().filter(|bed| bed.ward == 0).map(|bed| bed.number) else { return };
    if !is_lunde && bed % 3 != 1 {
        return;
    }
    let minute = if is_lunde { 570 } else { 585 + 5 * bed as i32 };
    let at = chart.today.at(minute / 60, minute % 60);
    book(chart, (home, doctor), (at, 15, "booked"), "Legevisitt", None);
    if is_lunde {
        result(chart, doctor, &IRON, 1, 1);
        let deadline = chart.today.iso();
        task(chart, doctor, "Legemiddelgjennomgang med sykepleier", None, None, (6, deadline));
    } else if bed == 4 {
        result(chart, doctor, &KIDNEY, 2, 0);
    }
}

fn worker(worker: &Worker) -> Json {
    reference("Practitioner", &worker.id, &worker.name())
}

/// A booked time: where and with whom, when, for how long and how far it has come.
fn book(
    chart: &mut Chart<'_>,
    (place, with): (&Organisation, &Worker),
    (begin, minutes, status): (Moment, i32, &'static str),
    title: &'static str,
    reason: Option<Reason>,
) {
    let id = chart.new_id();
    let actor = |actor: Json| object! { "actor": actor, "status": "accepted" };
    let members = object! {
        "status": status,
        "serviceType": [words(title)],
        "reasonCode": reason.map(|(text, code, name)| vec![concept(coding(ICPC_2, code, name), text)]),
        "description": reason.map_or(title, |(text, _, _)| text),
        "start": begin.iso(),
        "end": begin.plus(minutes).iso(),
        "minutesDuration": minutes,
        "created": chart.end.iso(),
        "participant": [
            actor(chart.subject()),
            actor(worker(with)),
            actor(reference("Location", &location_id(place), place.name)),
        ],
    };
    chart.push("Appointment", id, members);
}

/// A message from the patient some days ago.
fn write_to(
    chart: &mut Chart<'_>,
    to: Json,
    topic: &'static str,
    days_ago: i32,
    hour: i32,
    text: &'static str,
) {
    let id = chart.new_id();
    let members = object! {
        "status": "completed",
        "category": [hl7(MESSAGES, "message")],
        "topic": words(topic),
        "subject": chart.subject(),
        "sent": chart.today.plus(-days_ago).at(hour, 12).iso(),
        "recipient": [to],
        "sender": chart.subject(),
        "payload": [object! { "contentString": text }],
    };
    chart.push("Communication", id, members);
}

/// Asks the doctor to renew the first running prescription.
fn renewal(chart: &mut Chart<'_>, doctor: &Worker, days_ago: i32) {
    let Some((prescription, drug)) = chart.running_prescription() else { return };
    let name = format!("{} {}", drug.substance, drug.strength);
    let focus = reference("MedicationRequest", &prescription, &name);
    let deadline = chart.today.plus(2 - days_ago).iso();
    let text = format!("Ønsker ny resept: {name}");
    task(chart, doctor, &text, Some(("renew", "Fornye resept")), Some(focus), (days_ago, deadline));
}

/// Something to do: for whom, what, of which kind, about what, authored so many days ago and to be
/// done by then.
fn task(
    chart: &mut Chart<'_>,
    owner: &Worker,
    text: &str,
    code: Option<(&'static str, &'static str)>,
    focus: Option<Json>,
    (days_ago, deadline): (i32, String),
) {
    let id = chart.new_id();
    let authored = chart.today.plus(-days_ago).at(7, 5).iso();
    let by_patient = code.is_some_and(|(code, _)| code == "renew").then(|| chart.subject());
    let members = object! {
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": code.map(|(code, name)| concept(coding(TASKS, code, name), name)),
        "description": text.to_owned(),
        "focus": focus,
        "for": chart.subject(),
        "authoredOn": &authored,
        "lastModified": &authored,
        "requester": by_patient,
        "owner": worker(owner),
        "restriction": object! { "period": object! { "end": deadline } },
    };
    chart.push("Task", id, members);
}

/// A sample: who took it, and its results as Observations; references to them.
fn sample(
    chart: &mut Chart<'_>,
    place: &Organisation,
    days_ago: i32,
    values: impl Iterator<Item = (Lab, f64)>,
) -> Option<(Visit, Vec<Json>)> {
    let by = place.with_profession("SP").or(place.staff.first())?;
    let day = chart.today.plus(-days_ago);
    let visit = Visit {
        id: chart.new_id(),
        service: place.service,
        begin: day.at(8, 5),
        end: day.at(8, 15),
        worker: (by.id.clone(), by.name()),
        organisation: (place.id.clone(), place.name),
    };
    let plan = Plan {
        service: place.service,
        class: Class::Ambulatory,
        title: "Blodprøvetaking",
        day,
        hours: (8, 9),
        minutes: 10,
        lead: false,
        reasons: &[],
    };
    let encounter = resources::encounter(chart.subject(), &plan, &visit);
    chart.push("Encounter", visit.id.clone(), encounter);
    let mut results = Vec::new();
    for (lab, value) in values {
        let range = lab.range(chart.person, chart.age(day));
        let id = chart.new_id();
        let members = resources::lab(chart.subject(), &visit, visit.moment(5), lab, value, range);
        results.push(reference_to("Observation", &id));
        chart.push("Observation", id, members);
    }
    Some((visit, results))
}

/// A panel that came some days ago, to be signed within some days from today; with its history.
fn result(chart: &mut Chart<'_>, doctor: &Worker, panel: &Panel, days_ago: i32, within_days: i32) {
    let town = chart.town;
    let place =
        town.organisations.iter().find(|place| place.staff.iter().any(|one| one.id == doctor.id));
    let Some(place) = place else { return };
    let (title, analyses) = *panel;
    for (number, earlier) in EARLIER_DAYS.iter().enumerate() {
        let day = chart.today.plus(-earlier);
        if day < chart.person.born || day < chart.start {
            continue;
        }
        let values = analyses.iter().filter_map(|(lab, values)| Some((*lab, *values.get(number)?)));
        sample(chart, place, *earlier, values);
    }
    let values = analyses.iter().filter_map(|(lab, values)| Some((*lab, *values.last()?)));
    let Some((visit, results)) = sample(chart, place, days_ago + 1, values) else { return };
    let id = chart.new_id();
    let laboratory = town.organisation(Service::Medicine);
    let category = hl7("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB");
    let members = object! {
        "basedOn": [reference_to("ServiceRequest", &answers::order_of(&id))],
        "status": "final",
        "category": [category],
        "code": words(title),
        "subject": chart.subject(),
        "encounter": reference_to("Encounter", &visit.id),
        "effectiveDateTime": visit.moment(5).iso(),
        "issued": chart.today.plus(-days_ago).at(6, 40).iso(),
        "performer": laboratory.map(|one| vec![reference("Organization", &one.id, one.name)]),
        "result": results,
    };
    let focus = reference("DiagnosticReport", &id, title);
    answers::order(chart, doctor, (&id, title), chart.today.plus(-days_ago - 2));
    chart.push("DiagnosticReport", id, members);
    let deadline = chart.today.plus(within_days).at(16, 0).iso();
    let text = format!("Prøvesvar: {title}");
    let code = Some(("sign-result", "Signere svar"));
    task(chart, doctor, &text, code, Some(focus), (days_ago, deadline));
}
