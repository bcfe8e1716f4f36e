//! What happens to people: one file for each illness or stage of life.
//!
//! Each course reads when its illness begins (`health`), adds contacts, problems, medicines,
//! measurements and letters to the chart, and leaves alone what is not its own. Courses with
//! stays in hospital come first, so that everyday contacts find the days that are left.

mod acute;
mod allergies;
mod childhood;
mod circulation;
mod follow_up;
mod vaccinations;

use super::calendar::Day;
use super::chart::Chart;
use super::organisations::Town;
use super::patient;
use super::people::Person;
use super::write::Entry;

/// The whole chart of one person.
pub(crate) fn chart_of(person: &Person, town: &Town, seed: u64, today: Day) -> Vec<Entry> {
    let mut chart = Chart::new(person, town, seed, today);
    patient::write(&mut chart);
    let courses: [fn(&mut Chart<'_>); 6] = [
        allergies::tell,
        circulation::tell,
        childhood::tell,
        vaccinations::tell,
        follow_up::tell,
        acute::tell,
    ];
    for course in courses {
        course(&mut chart);
    }
    chart.finish()
}
