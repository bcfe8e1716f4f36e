//! Whom one can log in as: people at work in the services, and citizens, with what a login by
//! HelseID or ID-porten proves of them.
//!
//! Not here: what they may see; the resources that say where they work (`directory.rs`) and for
//! whom they may act (`patient.rs`).

use super::Options;
use super::calendar::Day;
use super::organisations::{self, Job, Organisation, Service, Town, Worker};
use super::people::{self, Person};
use super::personas::Persona;

/// Somebody to log in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Given and family name.
    pub name: String,
    /// What they are, in bokmål: "Fastlege".
    pub title: &'static str,
    /// Fødselsnummer, synthetic.
    pub national_number: String,
    /// Number in the register of health personnel, of those who are in it.
    pub hpr_number: Option<String>,
    /// Name of the unit that they work for; of nobody who comes as a citizen.
    pub organisation: Option<&'static str>,
    /// Organisation number of that unit. `None` also for somebody with several places of work, who
    /// says after login for which one.
    pub organisation_number: Option<String>,
    /// Organisation number of the legal entity that the unit is part of.
    pub legal_entity_number: Option<String>,
    /// Whether they come as a citizen (ID-porten) and not as personnel (HelseID).
    pub is_citizen: bool,
    /// What there is to see as this person, in bokmål.
    pub why: &'static str,
}

/// The people to log in as, those of them who fit in the municipality: at work first, then
/// citizens.
pub fn logins(options: &Options) -> Vec<Login> {
    let today = Day::from_civil(options.today);
    let town = Town::new(options.people, options.seed, today);
    let doctors = organisations::doctors(options.people);
    let roster =
        people::roster(options.people.min(people::SCRIPTED_PEOPLE), options.seed, today, doctors);
    let mut all = at_work(&town, &roster);
    all.extend(CITIZENS.iter().filter_map(|citizen| as_citizen(&roster, citizen)));
    all
}

fn at_work(town: &Town, roster: &[Person]) -> Vec<Login> {
    let frail = roster.iter().find(|person| person.persona == Some(Persona::Frail));
    let zone = frail.map_or(0, |person| person.address.zone);
    let own_doctor = town.general_practitioner(frail.map_or(0, |person| person.doctor));
    let staff = |service, code: &str| {
        let place = town.organisation(service)?;
        Some((place, place.with_profession(code)?))
    };
    let employed = |service, job: Job| {
        let place = town.organisation(service)?;
        Some((place, place.others.iter().find(|worker| worker.job == Some(job))?))
    };
    let temp = town.organisation(Service::HomeCare(0)).and_then(|place| {
        Some((place, place.others.iter().find(|worker| worker.period.is_some())?))
    });
    let nurse = town.organisation(Service::NursingHome).and_then(|place| {
        Some((place, place.others.iter().find(|worker| worker.period.is_some())?))
    });
    let station = Service::HealthStation;
    let people = [
        (own_doctor, "Fastlege", "har Ingrid Solbakken, Jonas Myklebust og flere på listen sin"),
        (staff(Service::HomeCare(zone), "SP"), "Sykepleier", "følger opp Ingrid Solbakken hjemme"),
        (staff(Service::NursingHome, "LE"), "Sykehjemslege", "har tilsyn med Asbjørn Lunde"),
        (staff(station, "SP"), "Helsesykepleier", "følger barn, ungdom og gravide"),
        (
            employed(Service::Allocation, organisations::CASE_WORKER),
            "Saksbehandler",
            "behandler en søknad fra Ingrid Solbakken, ser ikke hele journalen",
        ),
        (
            employed(Service::Office(0), organisations::RECEPTIONIST),
            "Resepsjonist",
            "tar imot dem som har time på legekontoret i dag",
        ),
        (temp, "Vikar", "helsefagarbeider, første dag i hjemmetjenesten"),
        (
            employed(Service::Municipality, organisations::PRIVACY_OFFICER),
            "Personvernombud",
            "leser loggen, ikke journalen",
        ),
        (
            employed(Service::Municipality, organisations::ADMINISTRATOR),
            "Administrator",
            "styrer brukere og roller, uten klinisk tilgang",
        ),
        (staff(station, "LE"), "Lege", "har to arbeidssteder og velger rolle etter innlogging"),
        (
            staff(Service::NursingHome, "SP"),
            "Sykepleier på sykehjem",
            "går runden med legemidler i 2. etasje på Furutun",
        ),
        (
            staff(Service::NursingHome, "HF"),
            "Helsefagarbeider",
            "er på runden sammen med sykepleieren, og vitne for A-preparater",
        ),
        (nurse, "Sykepleiervikar", "første vakt på sykehjemmet"),
    ];
    people
        .into_iter()
        .filter_map(|(found, title, why)| {
            found.map(|(place, worker)| as_personnel(town, place, worker, title, why))
        })
        .collect()
}

fn as_personnel(
    town: &Town,
    place: &Organisation,
    worker: &Worker,
    title: &'static str,
    why: &'static str,
) -> Login {
    let parent = place.parent.and_then(|service| town.organisation(service));
    Login {
        name: worker.name(),
        title,
        national_number: worker.number.clone(),
        hpr_number: worker.hpr.clone(),
        organisation: Some(place.name),
        organisation_number: worker.also.is_none().then(|| place.number.clone()),
        legal_entity_number: Some(parent.unwrap_or(place).number.clone()),
        is_citizen: false,
        why,
    }
}

/// Name, title, why.
type Citizen = (&'static str, &'static str, &'static str);

const CITIZENS: [Citizen; 5] = [
    ("Jonas Myklebust", "Innbygger", "leser sin egen journal; har sperret én kontakt"),
    ("Marte Tveit Haugland", "Forelder", "gravid, og mor til Emil på 2 år"),
    ("Hilde Nygård", "Forelder", "mor til Sara på 13 år, som har fortalt noe i fortrolighet"),
    ("Bente Lunde Moen", "Verge", "verge for faren, Asbjørn Lunde på sykehjemmet"),
    ("Marit Solbakken Lie", "Fullmektig", "har fullmakt fra moren, Ingrid Solbakken"),
];

fn as_citizen(roster: &[Person], citizen: &Citizen) -> Option<Login> {
    let (name, title, why) = *citizen;
    let person = roster.iter().find(|person| person.name() == name)?;
    Some(Login {
        name: person.name(),
        title,
        national_number: person.number.clone(),
        hpr_number: None,
        organisation: None,
        organisation_number: None,
        legal_entity_number: None,
        is_citizen: true,
        why,
    })
}
