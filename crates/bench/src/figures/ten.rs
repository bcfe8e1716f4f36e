//! Ten times the data: the same patients again under other ids, and what a read and a search of
//! one patient then cost.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Bench, Driven};
use crate::harvest::reference_of;
use crate::load::{Measured, Ring, drive};
use crate::place::Place;
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that read and search.
const CLIENTS: usize = 30;
/// Loads in all.
const TIMES: u8 = 10;

/// A store under measurement and what it is asked.
struct Store {
    program: Program,
    reads: Arc<Vec<Vec<u8>>>,
    searches: Arc<Vec<Vec<u8>>>,
}

impl Bench {
    /// Loads the patients into two stores, nine times more into one of them, and asks both in turns.
    pub(super) fn ten_times(&mut self, patients: &Path) -> Result<(), String> {
        say("ten times the data");
        let (once, ten) = (self.place("once")?, self.place("ten")?);
        self.run_load(patients, &once)?;
        self.run_load(patients, &ten)?;
        for copy in 1..TIMES {
            say(&format!("  copy {copy} of {}", TIMES - 1));
            let folder = self.work.join("copy");
            write_copy(patients, &folder, copy)?;
            self.run_load(&folder, &ten)?;
            std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
        let (once, ten) = (self.store(&once, "once")?, self.store(&ten, "ten")?);
        for (name, of) in [
            ("ten times the data, cost per read", (|s| &s.reads) as fn(&Store) -> &Arc<_>),
            ("ten times the data, cost per patient search", |s| &s.searches),
        ] {
            let both = || Ok((self.ask(&once, of)?, self.ask(&ten, of)?));
            let (in_once, in_ten) = Self::in_turns(both()?, both)?;
            self.add(
                Figure::new(name, 1e6 / in_ten.rate(), "µs")
                    .limit("the data once", 1e6 / in_once.rate())
                    .target(Target::RatioAtMost(1.3)),
            );
        }
        once.program.stop()?;
        ten.program.stop()
    }

    fn store(&self, place: &Place, name: &str) -> Result<Store, String> {
        let log = self.work.join(name).with_extension("log");
        let program = Program::akson(&self.akson, place, &log)?;
        let driven = Driven::at(&program.address)?;
        let requests = |paths: Vec<String>| {
            let all = paths.iter().map(|path| program.address.request("GET", path, b""));
            Arc::new(all.collect::<Vec<_>>())
        };
        let ids = driven.harvest.scattered_observation_ids();
        let reads = requests(ids.iter().map(|id| format!("/{id}")).collect());
        // All of them, so that both stores are asked about equally full journals.
        let patients = driven.probe.resources("/Patient?_count=200&_elements=id", usize::MAX)?;
        let search = |patient: String| {
            let id = patient.split('/').nth(1).unwrap_or_default();
            format!("/Observation?patient={id}&category=vital-signs&_sort=-date&_count=20")
        };
        let searches = requests(patients.iter().filter_map(reference_of).map(search).collect());
        Ok(Store { program, reads, searches })
    }

    fn ask(&self, store: &Store, of: fn(&Store) -> &Arc<Vec<Vec<u8>>>) -> Result<Measured, String> {
        let requests = of(store);
        let script = |connection| Ring::script(requests, connection, CLIENTS, 200);
        let measured = drive(&store.program.address, self.turn(CLIENTS), &script)?;
        match measured.first_error.clone() {
            None => Ok(measured),
            Some(error) => Err(error),
        }
    }
}

/// The bundles of `from` about other people: with other ids, family names, days of birth and social
/// security numbers. The file of practitioners is left out: the copies share them, since bundles name
/// them by a number that is no id.
pub(super) fn write_copy(from: &Path, to: &Path, copy: u8) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(to).map_err(|error| failed(to, error))?;
    let entries = std::fs::read_dir(from).map_err(|error| failed(from, error))?;
    for entry in entries {
        let path = entry.map_err(|error| failed(from, error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if name.contains("practitionerInformation") {
            continue;
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&path).map_err(|error| failed(&path, error))?;
        if name.ends_with(".bz2") {
            let mut decoder = bzip2::read::MultiBzDecoder::new(file);
            decoder.read_to_end(&mut bytes).map_err(|error| failed(&path, error))?;
        } else {
            let mut file = file;
            file.read_to_end(&mut bytes).map_err(|error| failed(&path, error))?;
        }
        other_ids(&mut bytes, copy);
        other_people(&mut bytes, copy);
        // The name is kept: the loader takes files that others refer to first, by their names.
        let target = to.join(name.trim_end_matches(".bz2"));
        std::fs::write(&target, &bytes).map_err(|error| failed(&target, error))?;
    }
    Ok(())
}

/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Length of a UUID as text.
const UUID_BYTES: usize = 36;

/// Changes the first two digits of every UUID in a text by adding `copy` to them, so that the same
/// one becomes the same other one everywhere.
fn other_ids(text: &mut [u8], copy: u8) {
    let mut at = 0;
    while let Some(window) = text.get_mut(at..at + UUID_BYTES) {
        if !is_uuid(window) {
            at += 1;
            continue;
        }
        let digits = std::str::from_utf8(window).ok().and_then(|text| text.get(..2));
        let first = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0);
        let changed = format!("{:02x}", first.wrapping_add(copy));
        for (place, digit) in window.iter_mut().zip(changed.bytes()) {
            *place = digit;
        }
        at += UUID_BYTES;
    }
}

fn is_uuid(window: &[u8]) -> bool {
    window.iter().enumerate().all(|(index, byte)| match HYPHENS.contains(&index) {
        true => *byte == b'-',
        false => byte.is_ascii_hexdigit(),
    })
}

/// Changes the number that ends each family name (Synthea's do), each day of birth within its month and
/// each social security number, so that copies are people of their own, not one person with many records.
fn other_people(text: &mut [u8], copy: u8) {
    let copy = u32::from(copy);
    each_text(text, b"\"family\"", |value| {
        let name = value.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
        let digits = value.get_mut(name..).unwrap_or_default();
        count_on(digits, copy, 0, 10_u32.pow(digits.len().min(9) as u32));
    });
    each_text(text, b"\"birthDate\"", |value| {
        // Every month has 28 days.
        count_on(value.get_mut(8..10).unwrap_or_default(), copy, 1, 28);
    });
    each_text(text, b"\"value\"", |value| {
        if value.starts_with(b"999-") && value.len() == 11 {
            count_on(value.get_mut(7..11).unwrap_or_default(), copy, 0, 10_000);
        }
    });
}

/// Adds to a number of so many digits that begins at `first` and starts over after `many`.
fn count_on(digits: &mut [u8], by: u32, first: u32, many: u32) {
    let number = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u32>().ok());
    let Some(number) = number else { return };
    let number = (number.saturating_sub(first) + by) % many + first;
    let width = digits.len();
    for (place, digit) in digits.iter_mut().zip(format!("{number:0width$}").bytes()) {
        *place = digit;
    }
}

/// Visits every text that stands in the members of a quoted name.
fn each_text(text: &mut [u8], name: &[u8], mut change: impl FnMut(&mut [u8])) {
    let mut at = 0;
    while let Some(found) = find(text.get(at..).unwrap_or_default(), name) {
        at += found + name.len();
        let rest = text.get_mut(at..).unwrap_or_default();
        let between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b':';
        let Some(opening) = rest.iter().position(|byte| !between(byte)) else { return };
        if rest.get(opening) != Some(&b'"') {
            continue;
        }
        let value = rest.get_mut(opening + 1..).unwrap_or_default();
        let Some(end) = value.iter().position(|byte| *byte == b'"') else { return };
        change(value.get_mut(..end).unwrap_or_default());
        at += opening + 1 + end;
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::{other_ids, other_people};

    #[test]
    fn copies_are_other_people() {
        let text =
            r#""family": "Cormier289","birthDate" : "1929-03-28","value":"999-82-5655","value":7"#;
        let mut copied = text.as_bytes().to_vec();
        other_people(&mut copied, 2);
        let expected = text.replace("289", "291").replace("03-28", "03-02").replace("5655", "5657");
        assert_eq!(String::from_utf8(copied).unwrap(), expected);
    }

    #[test]
    fn the_same_id_becomes_the_same_other_id_everywhere() {
        let id = "fff3f581-4467-35fb-94c5-e5b0ff9ac59e";
        let mut text = format!("\"id\":\"{id}\",\"urn:uuid:{id}\" 1234-5").into_bytes();
        other_ids(&mut text, 2);
        let other = id.replacen("ff", "01", 1);
        let expected = format!("\"id\":\"{other}\",\"urn:uuid:{other}\" 1234-5");
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
