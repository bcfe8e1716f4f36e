//! A synthetic Norwegian municipality: its services, its people and ten years of their charts.
//!
//! Deterministic: the same [`Options`] give the same bytes, and one person's chart does not depend
//! on another's. Nobody in it is real: numbers have month + 80 and the telephone numbers begin
//! with 000.
//!
//! The way through: `people` and `households` say who lives here, `organisations` who works here,
//! `health` which illnesses come when, `body` what a measurement shows, `courses` what happens,
//! `chart` keeps it consistent, `resources` and `write` turn it into JSON. Not here: loading.

mod analyses;
mod body;
mod bookings;
mod calendar;
mod chart;
mod courses;
mod diagnoses;
mod directory;
mod documents;
mod drugs;
mod free_times;
mod health;
mod households;
mod log_year;
mod logins;
mod names;
mod orders;
mod organisations;
mod patient;
mod people;
mod personas;
mod places;
mod random;
mod resources;
mod visit;
mod ward;
mod wishes;
mod write;

pub use log_year::{Inhabitant, LogYear, SimulatedLook, Snoop, Staff, log_year};
pub use logins::{Login, logins};

use calendar::Day;
use organisations::Town;
use ward::Ward;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Number of inhabitants. The people of [`highlights`] are among the first ten.
    pub people: usize,
    /// Another seed gives another municipality (the scripted people stay who they are).
    pub seed: u64,
    /// The day on which the charts end: contacts up to the day before, appointments after it.
    pub today: jiff::civil::Date,
}

impl Options {
    /// 2,000 inhabitants, seed 1, as of this day.
    pub fn new(today: jiff::civil::Date) -> Options {
        Options { people: 2000, seed: 1, today }
    }
}

/// Someone whose chart is worth opening first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// Id of the Patient resource.
    pub patient_id: String,
    /// Given and family name.
    pub name: String,
    /// What there is to see, in Norwegian.
    pub why: &'static str,
}

/// Transaction Bundles as JSON, to be loaded in this order: one for each organisation, then one for
/// each person. Every entry is a PUT under its own id, and refers only to resources of its own
/// or an earlier bundle. Lazy: a chart is made when it is asked for. Nothing of today is told.
pub fn generate(options: &Options) -> impl Iterator<Item = Vec<u8>> + Send + use<> {
    generate_until(options, 0)
}

/// As [`generate`], with the rounds of today in the nursing home done up to this minute of the day.
pub fn generate_until(
    options: &Options,
    minute: u16,
) -> impl Iterator<Item = Vec<u8>> + Send + use<> {
    let Options { people, seed, today } = *options;
    let today = Day::from_civil(today);
    let mut town = Town::new(people, seed, today);
    let services = directory::bundles(&town, today);
    let roster = people::roster(people, seed, today, organisations::doctors(people));
    town.ward = Ward::of(&roster, seed, today, minute.into());
    let charts = roster
        .into_iter()
        .map(move |person| write::transaction(&courses::chart_of(&person, &town, seed, today)));
    services.into_iter().map(|entries| write::transaction(&entries)).chain(charts)
}

/// How many bundles [`generate`] will give.
pub fn bundle_count(options: &Options) -> usize {
    Town::new(options.people, options.seed, Day::from_civil(options.today)).organisations.len()
        + options.people
}

/// The people worth looking at, those of them who fit among `people`.
pub fn highlights(options: &Options) -> Vec<Highlight> {
    let today = Day::from_civil(options.today);
    // The first seven households hold ten people in all.
    let few = options.people.min(10);
    let doctors = organisations::doctors(options.people);
    let roster = people::roster(few, options.seed, today, doctors);
    personas::ALL
        .iter()
        .filter_map(|(persona, why)| {
            let person = roster.iter().find(|person| person.persona == Some(*persona))?;
            Some(Highlight { patient_id: person.id.clone(), name: person.name(), why })
        })
        .collect()
}
