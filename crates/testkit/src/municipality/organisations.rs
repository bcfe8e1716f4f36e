//! The services of the municipality and the hospital outside it, with the people who work there.
//!
//! Here: what exists and who works where. Written as resources by `directory.rs`; who of them can
//! be logged in as is in `logins.rs`.
//! Organisation numbers are valid by their check digit and begin with 31, HPR numbers with 565:
//! neither series is in use for real ones.

use super::calendar::Day;
use super::names::Culture;
use super::people::Sex;
use super::places::{self, Address};
use super::random::Random;
use super::ward::Ward;
use akson_base::identifiers;

/// One service, as people speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Municipality,
    /// A general practitioners' office, by number.
    Office(usize),
    OutOfHours,
    /// Home care, by zone: 0 west, 1 east.
    HomeCare(usize),
    NursingHome,
    HealthStation,
    MentalHealth,
    Physiotherapy,
    /// The office that decides on services.
    Allocation,
    Dental,
    Hospital,
    Medicine,
    Lung,
    Surgery,
    Maternity,
    Children,
    Psychiatry,
    Oncology,
    Eye,
    Radiology,
}

/// A profession: the Norwegian word, and the code of register 9060.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Profession {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

const DOCTOR: Profession = Profession { code: "LE", name: "Lege" };
const NURSE: Profession = Profession { code: "SP", name: "Sykepleier" };
const HEALTH_WORKER: Profession = Profession { code: "HF", name: "Helsefagarbeider" };
const MIDWIFE: Profession = Profession { code: "JO", name: "Jordmor" };
const PHYSIOTHERAPIST: Profession = Profession { code: "FT", name: "Fysioterapeut" };
const DENTIST: Profession = Profession { code: "TL", name: "Tannlege" };
const HYGIENIST: Profession = Profession { code: "TP", name: "Tannpleier" };
const PSYCHOLOGIST: Profession = Profession { code: "PS", name: "Psykolog" };

/// Someone who works in one of the services.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) id: String,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) sex: Sex,
    /// Fødselsnummer: what a login proves of everybody.
    pub(crate) number: String,
    /// Number in the register of health personnel, of those who have a profession there.
    pub(crate) hpr: Option<String>,
    pub(crate) profession: Option<Profession>,
    /// The job, where the register's profession does not say it.
    pub(crate) job: Option<Job>,
    /// First and last day, of those who come for a while.
    pub(crate) period: Option<(Day, Day)>,
    /// A second place of work.
    pub(crate) also: Option<Service>,
}

/// A job that HPR has no category for: Akson's own code system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

const HEALTH_STATION_NURSE: Job = Job { code: "health-station-nurse", name: "Helsesykepleier" };
pub(crate) const CASE_WORKER: Job = Job { code: "case-worker", name: "Saksbehandler" };
pub(crate) const RECEPTIONIST: Job = Job { code: "receptionist", name: "Resepsjonist" };
pub(crate) const PRIVACY_OFFICER: Job = Job { code: "privacy-officer", name: "Personvernombud" };
pub(crate) const ADMINISTRATOR: Job = Job { code: "administrator", name: "Administrator" };

/// Days that the temp stays.
const TEMP_DAYS: i32 = 42;

impl Worker {
    /// Given and family name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// One organisation with its staff.
#[derive(Debug, Clone)]
pub(crate) struct Organisation {
    pub(crate) service: Service,
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) number: String,
    pub(crate) parent: Option<Service>,
    pub(crate) address: Address,
    pub(crate) phone: String,
    /// Those whom patients meet.
    pub(crate) staff: Vec<Worker>,
    /// Those who work here without a part in any chart yet: at the desk, in the office, new today.
    pub(crate) others: Vec<Worker>,
}

/// Everything that exists in the town apart from its people.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    pub(crate) organisations: Vec<Organisation>,
    /// Who lies where in the nursing home; nobody before the roster is known.
    pub(crate) ward: Ward,
}

/// Patients per doctor's list: small, as in a municipality with room for more.
const LIST: usize = 450;
/// Doctors in one office.
const DOCTORS_PER_OFFICE: usize = 4;

const OFFICES: [(&str, &str); 6] = [
    ("Fjordgata legekontor", "Fjordgata 8"),
    ("Havna legesenter", "Havnegata 2"),
    ("Øvre Fjordvik legekontor", "Storgata 70"),
    ("Nesbygda legekontor", "Bryggeveien 31"),
    ("Storvatn legekontor", "Torggata 18"),
    ("Torget legesenter", "Torggata 1"),
];

/// How many general practitioners serve this many people.
pub(crate) fn doctors(people: usize) -> usize {
    people.div_ceil(LIST).clamp(4, OFFICES.len() * DOCTORS_PER_OFFICE)
}

type Plan = (Service, &'static str, Option<Service>, &'static str, &'static [(Profession, usize)]);

const SERVICES: [Plan; 19] = [
    (Service::Municipality, places::MUNICIPALITY, None, "Kirkegata 1", &[]),
    (
        Service::OutOfHours,
        "Fjordvik legevakt",
        Some(Service::Municipality),
        "Kirkegata 3",
        &[(DOCTOR, 3), (NURSE, 3)],
    ),
    (
        Service::HomeCare(0),
        "Hjemmetjenesten Vest",
        Some(Service::Municipality),
        "Strandveien 30",
        &[(NURSE, 5), (HEALTH_WORKER, 6)],
    ),
    (
        Service::HomeCare(1),
        "Hjemmetjenesten Øst",
        Some(Service::Municipality),
        "Storgata 88",
        &[(NURSE, 5), (HEALTH_WORKER, 6)],
    ),
    (
        Service::NursingHome,
        "Furutun sykehjem",
        Some(Service::Municipality),
        "Skoleveien 44",
        &[(DOCTOR, 1), (NURSE, 6), (HEALTH_WORKER, 8)],
    ),
    (
        Service::HealthStation,
        "Fjordvik helsestasjon",
        Some(Service::Municipality),
        "Torggata 10",
        &[(NURSE, 3), (MIDWIFE, 1), (DOCTOR, 1)],
    ),
    (
        Service::MentalHealth,
        "Fjordvik psykisk helse og rus",
        Some(Service::Municipality),
        "Torggata 12",
        &[(NURSE, 3), (PSYCHOLOGIST, 1)],
    ),
    (
        Service::Physiotherapy,
        "Fjordvik fysioterapi",
        Some(Service::Municipality),
        "Havnegata 9",
        &[(PHYSIOTHERAPIST, 3)],
    ),
    (
        Service::Allocation,
        "Fjordvik tildelingskontor",
        Some(Service::Municipality),
        "Kirkegata 1",
        &[],
    ),
    (Service::Dental, "Fjordvik tannklinikk", None, "Kirkegata 9", &[(DENTIST, 2), (HYGIENIST, 1)]),
    (Service::Hospital, "Nordfjell sykehus", None, "Øvre Bakke 100", &[]),
    (
        Service::Medicine,
        "Nordfjell sykehus, medisinsk avdeling",
        Some(Service::Hospital),
        "Øvre Bakke 100",
        &[(DOCTOR, 5), (NURSE, 4)],
    ),
    (
        Service::Lung,
        "Nordfjell sykehus, lungeavdelingen",
        Some(Service::Hospital),
        "Øvre Bakke 100",
        &[(DOCTOR, 3), (NURSE, 3)],
    ),
    (
        Service::Surgery,
        "Nordfjell sykehus, kirurgisk og ortopedisk avdeling",
        Some(Service::Hospital),
        "Øvre Bakke 100",
        &[(DOCTOR, 4), (NURSE, 3)],
    ),
    (
        Service::Maternity,
        "Nordfjell sykehus, føde- og barselavdelingen",
        Some(Service::Hospital),
        "Øvre Bakke 102",
        &[(DOCTOR, 2), (MIDWIFE, 4)],
    ),
    (
        Service::Children,
        "Nordfjell sykehus, barneavdelingen",
        Some(Service::Hospital),
        "Øvre Bakke 102",
        &[(DOCTOR, 3), (NURSE, 3)],
    ),
    (
        Service::Psychiatry,
        "Nordfjell sykehus, distriktspsykiatrisk senter",
        Some(Service::Hospital),
        "Øvre Bakke 110",
        &[(DOCTOR, 3), (PSYCHOLOGIST, 2), (NURSE, 2)],
    ),
    (
        Service::Oncology,
        "Nordfjell sykehus, kreftavdelingen",
        Some(Service::Hospital),
        "Øvre Bakke 100",
        &[(DOCTOR, 3), (NURSE, 3)],
    ),
    (
        Service::Eye,
        "Nordfjell sykehus, øyeavdelingen",
        Some(Service::Hospital),
        "Øvre Bakke 100",
        &[(DOCTOR, 2)],
    ),
];
const RADIOLOGY: Plan = (
    Service::Radiology,
    "Nordfjell sykehus, radiologisk avdeling",
    Some(Service::Hospital),
    "Øvre Bakke 100",
    &[(DOCTOR, 2)],
);

/// Somebody with a name of their own: who is to be found in every municipality.
type Colleague = (Service, &'static str, &'static str, Sex, Option<Profession>, Option<Job>);

const COLLEAGUES: [Colleague; 6] = [
    (Service::Office(0), "Turid", "Kvam", Sex::Female, None, Some(RECEPTIONIST)),
    (Service::HomeCare(0), "Amina", "Yusuf", Sex::Female, Some(HEALTH_WORKER), None),
    (Service::Allocation, "Kjersti", "Holm", Sex::Female, None, Some(CASE_WORKER)),
    (Service::Municipality, "Per Arne", "Vik", Sex::Male, None, Some(PRIVACY_OFFICER)),
    (Service::Municipality, "Line", "Strand", Sex::Female, None, Some(ADMINISTRATOR)),
    (Service::NursingHome, "Jonas", "Berg", Sex::Male, Some(NURSE), None),
];

/// A fødselsnummer for somebody at work, by their place in the register. The serial numbers 900–999
/// are for those born 1940–1999, and the inhabitants' (`people.rs`) lie below: none is given twice.
fn national_number(place: usize, sex: Sex) -> String {
    // Two months apart: nobody shares a birthday.
    let (year, month, day) = Day::new(1962, 1, 5).plus(place as i32 * 61).civil();
    let parity = i32::from(sex == Sex::Male);
    let found = (0..50).find_map(|step| {
        let serial = 900 + parity + 2 * step;
        let nine = format!("{day:02}{:02}{:02}{serial:03}", month + 80, year.rem_euclid(100));
        let [k1, k2] = identifiers::person_check_digits(&nine)?;
        Some(format!("{nine}{k1}{k2}"))
    });
    found.unwrap_or_default()
}

/// Hands out numbers and names to organisations and workers.
struct Registry {
    random: Random,
    workers: usize,
    organisations: u32,
}

impl Registry {
    fn organisation_number(&mut self) -> String {
        loop {
            self.organisations += 7;
            let eight = format!("31{:06}", self.organisations);
            let found = (0..10)
                .map(|check| format!("{eight}{check}"))
                .find(|number| identifiers::is_organisation_number(number));
            if let Some(number) = found {
                return number;
            }
        }
    }

    fn worker(&mut self, profession: Profession) -> Worker {
        self.workers += 1;
        let random = &mut self.random;
        let men = if profession == DOCTOR || profession == DENTIST { 0.5 } else { 0.15 };
        let sex = if random.chance(men) && profession != MIDWIFE { Sex::Male } else { Sex::Female };
        let culture = Culture::draw(random);
        Worker {
            id: format!("fv-helsepersonell-{:03}", self.workers),
            given: culture.given(sex, random.between(1962, 1999), random),
            family: culture.family(random),
            sex,
            number: national_number(self.workers, sex),
            hpr: Some(hpr_number(self.workers)),
            profession: Some(profession),
            job: None,
            period: None,
            also: None,
        }
    }

    fn colleague(&mut self, colleague: &Colleague, today: Day) -> Worker {
        self.workers += 1;
        let (service, given, family, sex, profession, job) = *colleague;
        let is_temp = matches!(service, Service::HomeCare(_) | Service::NursingHome);
        Worker {
            id: format!("fv-helsepersonell-{:03}", self.workers),
            given: given.to_owned(),
            family: family.to_owned(),
            sex,
            number: national_number(self.workers, sex),
            hpr: profession.map(|_| hpr_number(self.workers)),
            profession,
            job,
            period: is_temp.then(|| (today, today.plus(TEMP_DAYS))),
            also: None,
        }
    }

    fn organisation(&mut self, plan: &Plan) -> Organisation {
        let (service, name, parent, line, staff) = plan;
        let count = self.organisations / 7;
        let staff = staff
            .iter()
            .flat_map(|(profession, number)| std::iter::repeat_n(*profession, *number))
            .map(|profession| self.worker(profession))
            .collect();
        Organisation {
            service: *service,
            id: format!("fv-virksomhet-{:02}", count + 1),
            name,
            number: self.organisation_number(),
            parent: *parent,
            address: Address::central(line),
            phone: places::phone(&mut self.random),
            staff,
            others: Vec::new(),
        }
    }
}

fn hpr_number(place: usize) -> String {
    // Nine digits, as the register has at most; 7919 has no divisor in common with 900,000, so that
    // each place has its own.
    format!("565{:06}", 100_000 + (3 + place * 7_919) % 900_000)
}

impl Town {
    /// The town that serves this many people on this day.
    pub(crate) fn new(people: usize, seed: u64, today: Day) -> Town {
        let random = Random::new(seed, "town", 0);
        let mut registry = Registry { random, workers: 0, organisations: 0 };
        let mut organisations: Vec<Organisation> =
            SERVICES.iter().chain([&RADIOLOGY]).map(|plan| registry.organisation(plan)).collect();
        let mut left = doctors(people);
        for (number, (name, line)) in OFFICES.iter().enumerate() {
            let count = left.min(DOCTORS_PER_OFFICE);
            left -= count;
            if count == 0 {
                break;
            }
            let staff = [(DOCTOR, count), (NURSE, 2)];
            let parent = Some(Service::Municipality);
            let mut office =
                registry.organisation(&(Service::Office(number), name, parent, line, &[]));
            office.staff = staff
                .iter()
                .flat_map(|(profession, number)| std::iter::repeat_n(*profession, *number))
                .map(|profession| registry.worker(profession))
                .collect();
            organisations.push(office);
        }
        for colleague in &COLLEAGUES {
            let worker = registry.colleague(colleague, today);
            let at = organisations.iter_mut().find(|place| place.service == colleague.0);
            at.into_iter().for_each(|place| place.others.push(worker.clone()));
        }
        let station =
            organisations.iter_mut().find(|place| place.service == Service::HealthStation);
        for worker in station.into_iter().flat_map(|station| station.staff.iter_mut()) {
            match worker.profession {
                Some(NURSE) => worker.job = Some(HEALTH_STATION_NURSE),
                // Small municipalities share their doctors.
                Some(DOCTOR) => worker.also = Some(Service::OutOfHours),
                Some(_) | None => {}
            }
        }
        Town { organisations, ward: Ward::default() }
    }

    /// The organisation of a service. Every service that the courses name exists.
    pub(crate) fn organisation(&self, service: Service) -> Option<&Organisation> {
        self.organisations.iter().find(|organisation| organisation.service == service)
    }

    /// The office and the doctor who has list number `doctor`.
    pub(crate) fn general_practitioner(&self, doctor: usize) -> Option<(&Organisation, &Worker)> {
        let office = self.organisation(Service::Office(doctor / DOCTORS_PER_OFFICE))?;
        let worker = office.staff.get(doctor % DOCTORS_PER_OFFICE)?;
        Some((office, worker))
    }
}

impl Organisation {
    /// The first profession of the plan does most of the work in each service; `lead` asks for it.
    pub(crate) fn someone(&self, lead: bool, random: &mut Random) -> Option<&Worker> {
        let first = self.staff.first()?.profession;
        let among: Vec<&Worker> =
            self.staff.iter().filter(|worker| !lead || worker.profession == first).collect();
        (!among.is_empty()).then(|| *random.pick(&among))
    }

    /// Anybody here with this profession.
    pub(crate) fn with_profession(&self, code: &str) -> Option<&Worker> {
        self.staff.iter().find(|worker| worker.profession.is_some_and(|known| known.code == code))
    }
}
