//! What happens to people: one file for each illness or stage of life.
//!
//! Each course reads when its illness begins (`health`), adds contacts, problems, medicines,
//! measurements and letters to the chart, and leaves alone what is not its own. Courses with
//! stays in hospital come first, so that everyday contacts find the days that are left.

mod acute;
mod allergies;
mod answers;
mod bones;
mod brain;
mod cancer;
mod care_plan;
mod childhood;
mod circulation;
mod citizen;
mod dementia;
mod discharge_lists;
mod everyday;
mod follow_up;
mod home_care;
mod lungs;
mod metabolic;
mod mind;
mod nursing_home;
mod onset;
mod pregnancy;
mod today;
mod vaccinations;
mod visits_today;
pub(crate) mod ward;
mod workday;

use super::calendar::Day;
use super::chart::Chart;
use super::organisations::Town;
use super::patient;
use super::people::Person;
use super::wishes;
use super::write::Entry;

/// The whole chart of one person.
pub(crate) fn chart_of(person: &Person, town: &Town, seed: u64, today: Day) -> Vec<Entry> {
    let mut chart = Chart::new(person, town, seed, today);
    patient::write(&mut chart);
    let courses: [fn(&mut Chart<'_>); 26] = [
        allergies::tell,
        circulation::tell,
        metabolic::tell,
        brain::tell,
        cancer::tell,
        bones::tell,
        lungs::tell,
        mind::tell,
        pregnancy::tell,
        dementia::tell,
        everyday::stays,
        childhood::tell,
        vaccinations::tell,
        nursing_home::tell,
        home_care::tell,
        follow_up::tell,
        everyday::tell,
        acute::tell,
        today::tell,
        wishes::tell,
        ward::tell,
        workday::tell,
        citizen::tell,
        discharge_lists::tell,
        answers::tell,
        visits_today::tell,
    ];
    for course in courses {
        course(&mut chart);
    }
    chart.finish()
}
