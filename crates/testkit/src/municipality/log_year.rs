//! A year of looks into journals: those that work gives, and a few that curiosity gives, each told
//! apart. For measuring what an analysis of the log finds.
//!
//! Here: who works, who lives where, what the year is made of. Ordinary days are in `work`, the
//! curious in `snoops`. Nothing of it is written as resources.

mod snoops;
mod work;

use std::collections::HashMap;

use jiff::civil::{Date, DateTime};

use super::Options;
use super::calendar::Day;
use super::organisations::{self, Service, Town};
use super::people::{self, Person};
use super::places::Address;
use super::random::Random;

/// Days of the year before [`Options::today`].
const DAYS: i32 = 365;

/// Why somebody looked who should not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Snoop {
    /// At a neighbour.
    Neighbour,
    /// At a colleague.
    Colleague,
    /// At somebody they were married to, with the same family name.
    ExPartner,
    /// At somebody everybody talks about.
    Famous,
    /// At very many in a short time.
    Mass,
    /// At an acquaintance whom nothing in any register ties to them.
    Acquaintance,
    /// At a neighbour who is a patient of their own unit.
    NeighbourInCare,
}

/// Somebody at work.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The role's code.
    pub role: &'static str,
    /// Where they work.
    pub unit: &'static str,
    /// Family name.
    pub family: String,
    /// Street and number, and place.
    pub home: (String, String),
    /// Fødselsnummer; synthetic.
    pub national_number: String,
    service: Service,
    zone: usize,
}

/// An inhabitant.
#[derive(Debug, Clone)]
pub struct Inhabitant {
    /// Family name.
    pub family: String,
    /// Street and number, and place.
    pub home: (String, String),
    /// Fødselsnummer or D-number; synthetic.
    pub national_number: String,
    /// Those of the parents, where they live here too.
    pub kin_numbers: Vec<String>,
}

/// One look.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedLook {
    /// Place in [`LogYear::staff`].
    pub staff: usize,
    /// Place in [`LogYear::people`].
    pub person: usize,
    /// When, by the clock on the wall.
    pub at: DateTime,
    /// The ground's code in the log.
    pub ground: &'static str,
    /// Why, if it was curiosity.
    pub snoop: Option<Snoop>,
}

/// A year.
#[derive(Debug, Clone, Default)]
pub struct LogYear {
    /// Those who looked.
    pub staff: Vec<Staff>,
    /// Those who were looked at.
    pub people: Vec<Inhabitant>,
    /// Everything, in no order.
    pub looks: Vec<SimulatedLook>,
}

/// The year before `options.today` in the municipality of these options; `options.seed` also draws
/// who is curious about whom.
pub fn log_year(options: &Options) -> LogYear {
    let today = Day::from_civil(options.today);
    let town = Town::new(options.people, options.seed, today);
    let doctors = organisations::doctors(options.people);
    let roster = people::roster(options.people, options.seed, today, doctors);
    let mut random = Random::new(options.seed, "log-year", 0);
    let mut year = Year {
        log: LogYear { staff: staff(&town, &roster, today, &mut random), ..LogYear::default() },
        first: today.plus(-DAYS),
        patients: HashMap::new(),
        random,
    };
    year.log.people = roster.iter().map(inhabitant).collect();
    year.assign(&roster, today);
    year.work();
    year.snoop();
    year.log
}

fn inhabitant(person: &Person) -> Inhabitant {
    Inhabitant {
        family: person.family.clone(),
        home: home(&person.address),
        national_number: person.number.clone(),
        kin_numbers: person.kin.iter().filter_map(|kin| kin.number.clone()).collect(),
    }
}

fn home(address: &Address) -> (String, String) {
    (address.line.clone(), address.city.to_owned())
}

/// Those who work in the municipality; half of them live in it, as somebody on the roster.
fn staff(town: &Town, roster: &[Person], today: Day, random: &mut Random) -> Vec<Staff> {
    let grown: Vec<&Person> =
        roster.iter().filter(|person| (22..67).contains(&person.age(today))).collect();
    let mut taken = Vec::new();
    let mut all = Vec::new();
    for place in &town.organisations {
        for worker in place.staff.iter().chain(&place.others) {
            let code = worker.profession.map_or("", |profession| profession.code);
            let role = match (worker.job, code) {
                (Some(job), _) => job.code,
                (None, "LE" | "TL" | "PS") => "doctor",
                (None, "SP" | "JO") => "nurse",
                (None, "FT" | "TP") => "therapist",
                (None, _) => "healthcare-worker",
            };
            let mut one = Staff {
                role,
                unit: place.name,
                family: worker.family.clone(),
                home: home(&Address::draw(random)),
                national_number: worker.number.clone(),
                service: place.service,
                zone: place.address.zone,
            };
            let person = *random.pick(&grown);
            let lives_here = place.parent != Some(Service::Hospital) && random.chance(0.5);
            if lives_here && !taken.contains(&person.index) {
                taken.push(person.index);
                one.family = person.family.clone();
                one.home = home(&person.address);
                one.national_number = person.number.clone();
            }
            all.push(one);
        }
    }
    all
}

/// A relationship of a unit with a patient: person, first and last day of the year.
type Spell = (usize, i32, i32);

struct Year {
    log: LogYear,
    first: Day,
    /// Whom each unit has as patients, and when.
    patients: HashMap<&'static str, Vec<Spell>>,
    random: Random,
}

impl Year {
    /// Gives each unit its patients of the year.
    fn assign(&mut self, roster: &[Person], today: Day) {
        let mut units: Vec<(&'static str, Service, usize)> =
            self.log.staff.iter().map(|one| (one.unit, one.service, one.zone)).collect();
        units.dedup();
        for (unit, service, _) in units {
            let random = &mut self.random;
            let mut spells = Vec::new();
            for (at, person) in roster.iter().enumerate() {
                let age = person.age(today);
                let is_theirs = match service {
                    Service::Office(number) => person.doctor / 4 == number,
                    Service::HomeCare(zone) => {
                        person.address.zone == zone
                            && random.chance(if age > 74 { 0.5 } else { 0.02 })
                    }
                    Service::NursingHome => age > 82 && random.chance(0.4),
                    Service::HealthStation => age < 7 || random.chance(0.05),
                    Service::OutOfHours | Service::Municipality | Service::Allocation => false,
                    Service::MentalHealth | Service::Physiotherapy => random.chance(0.06),
                    Service::Dental => random.chance(0.4),
                    Service::Hospital
                    | Service::Medicine
                    | Service::Lung
                    | Service::Surgery
                    | Service::Maternity
                    | Service::Children
                    | Service::Psychiatry
                    | Service::Oncology
                    | Service::Eye
                    | Service::Radiology => random.chance(0.04),
                };
                if !is_theirs {
                    continue;
                }
                let whole = matches!(service, Service::Office(_)) || random.chance(0.5);
                let begin = if whole { 0 } else { random.between(0, DAYS - 60) };
                let end = if whole { DAYS } else { begin + random.between(20, 120) };
                spells.push((at, begin, end));
            }
            self.patients.insert(unit, spells);
        }
    }

    fn moment(&self, day: i32, minute: i32) -> DateTime {
        let (year, month, date) = self.first.plus(day + minute.div_euclid(1_440)).civil();
        let minute = minute.rem_euclid(1_440);
        Date::new(year as i16, month as i8, date as i8).unwrap_or_default().at(
            (minute / 60) as i8,
            (minute % 60) as i8,
            0,
            0,
        )
    }

    fn look(
        &mut self,
        (staff, person): (usize, usize),
        (day, minute): (i32, i32),
        ground: &'static str,
        snoop: Option<Snoop>,
    ) {
        let at = self.moment(day, minute);
        self.log.looks.push(SimulatedLook { staff, person, at, ground, snoop });
    }

    fn anyone(&mut self) -> usize {
        self.random.between(0, self.log.people.len() as i32 - 1) as usize
    }
}
