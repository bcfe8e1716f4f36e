//! A record that grows to millions of resources: what a read, a search, a chart and a write cost after
//! each third, in processor time of the server and of PostgreSQL together.
//!
//! The people are those of the corpus, copied under other names, ids and days of birth, so that there are
//! more journals and not fuller ones. What is asked for is drawn from all that are there. Processor time
//! is the cost: what else runs on the machine changes how long an answer takes more than what it costs.
//! How much it does change it shows in the constant that is asked for each time. Caches have one size
//! throughout (`shared_buffers`, `cache_mebibytes`).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ten::write_copy;
use super::{Bench, Driven};
use crate::client::Address;
use crate::harvest::{reference_of, scattered, token_of};
use crate::load::{Plan, Ring, Script, drive};
use crate::place::Place;
use crate::probe::{Probe, at, escape, text_at};
use crate::program::{Program, pause, processor_seconds, processor_seconds_of_ended};
use crate::report::{Figure, Target};
use crate::say;
use crate::scripts::Creates;
use crate::search_mix::{Class, classes, requests};

/// Connections that ask.
const CLIENTS: usize = 4;
/// Moments at which the cost is measured.
const PARTS: u64 = 3;
/// What something may cost after the last third, of what it cost after the first.
const FLAT: Target = Target::RatioAtMost(1.3);
/// Size of the constant: that of an Observation.
const CONSTANT_BYTES: u64 = 1_600;
/// Observations that are read by id, of each patient.
const READ_OF_EACH: usize = 50;
/// Patients whose Observations' codes and years are searched for.
const SAMPLE: usize = 200;
/// The server and the database are at rest when both used less than this share of a processor.
const REST: f64 = 0.03;
/// How long they may take to come to rest.
const REST_SECONDS_MAX: u32 = 180;

/// One kind of work and what it cost after each third.
struct Kind {
    name: &'static str,
    unit: &'static str,
    costs: Vec<Cost>,
}

struct Cost {
    resources: u64,
    value: f64,
    details: String,
}

/// What the record is after a third.
#[derive(Default)]
struct Grown {
    resources: u64,
    rounds: u8,
    kinds: Vec<Kind>,
    /// Searches for the first third's values, asked again later.
    mix: Vec<Class>,
}

impl Grown {
    fn add(&mut self, name: &'static str, unit: &'static str, value: f64, details: String) {
        say(&format!("  {name}: {value:.2} {unit}  {details}"));
        let cost = Cost { resources: self.resources, value, details };
        match self.kinds.iter_mut().find(|kind| kind.name == name) {
            Some(kind) => kind.costs.push(cost),
            None => self.kinds.push(Kind { name, unit, costs: vec![cost] }),
        }
    }
}

impl Bench {
    /// Loads round after round, measures after each third, and tells what became of the costs.
    pub(super) fn growth(&mut self, patients: &Path) -> Result<(), String> {
        let place = self.place("growth")?;
        let unpacked = self.unpack(patients)?;
        let patients = unpacked.as_deref().unwrap_or(patients);
        let mut grown = Grown::default();
        for part in 1..=PARTS {
            let wanted = self.resources * part / PARTS;
            say(&format!("growing to {} resources", millions(wanted)));
            self.grow(&mut grown, wanted, patients, &place)?;
            place.settle()?;
            let disk = place.disk_bytes()? as f64 / grown.resources as f64 / 1_000.0;
            grown.add("disk of a resource", "KB", disk, String::new());
            self.ask_all(&mut grown, &place)?;
        }
        grown.kinds.into_iter().filter_map(figure).for_each(|figure| self.add(figure));
        Ok(())
    }

    /// Loads copies until there are so many resources.
    fn grow(
        &self,
        grown: &mut Grown,
        wanted: u64,
        patients: &Path,
        place: &Place,
    ) -> Result<(), String> {
        let (before, mut seconds, mut processor) = (grown.resources, 0.0, 0.0);
        while grown.resources < wanted {
            let folder = self.work.join("round");
            let source = match grown.rounds {
                0 => patients,
                copy => {
                    write_copy(patients, &folder, copy)?;
                    &folder
                }
            };
            let of_database = || place.process().map_or(0.0, processor_seconds);
            let used = || processor_seconds_of_ended() + of_database();
            let (began, used_before) = (Instant::now(), used());
            grown.resources += self.load_round(source, place)?;
            seconds += began.elapsed().as_secs_f64();
            processor += used() - used_before;
            grown.rounds = grown.rounds.checked_add(1).ok_or("too many rounds")?;
            if source == folder {
                std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
            }
            say(&format!("  round {}: {}", grown.rounds, millions(grown.resources)));
        }
        if grown.resources == before {
            return Err("fewer resources than three rounds of the patients".into());
        }
        let loaded = (grown.resources - before) as f64;
        let details = format!("{:.0} resources/s", loaded / seconds);
        grown.add("load of a resource", "µs", processor * 1e6 / loaded, details);
        Ok(())
    }

    /// How many resources were loaded.
    fn load_round(&self, patients: &Path, place: &Place) -> Result<u64, String> {
        self.run_load(patients, place)?;
        let log = self.work.join("load.log");
        let text = std::fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let number = text.split_once("Loaded ").and_then(|(_, rest)| rest.split_once(" resources"));
        let number = number.map_or("", |(number, _)| number);
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        digits.parse().map_err(|_| format!("{} does not tell what was loaded", log.display()))
    }

    fn ask_all(&self, grown: &mut Grown, place: &Place) -> Result<(), String> {
        let program = Program::akson(&self.akson, place, &self.work.join("growth.log"))?;
        let address = &program.address;
        if grown.mix.is_empty() {
            grown.mix = classes(&Driven::at(address)?.harvest);
        }
        let found = Found::look(address)?;
        rest(&program, place);
        self.ask_a_constant(grown)?;
        for (name, paths) in found.asked() {
            let requests = paths.iter().map(|path| address.request("GET", path, b"")).collect();
            self.get(grown, &program, place, (name, requests))?;
        }
        let root = address.with_path("");
        // Charts are not equally full: neighbours are copies of different people.
        let ids = found.ids();
        let charts = scattered(ids.len()).filter_map(|place| ids.get(place));
        let charts = charts.map(|id| root.request("GET", &format!("/pasient/{id}"), b""));
        self.get(grown, &program, place, ("chart page", charts.collect()))?;
        let mix = requests(&grown.mix, address);
        self.get(grown, &program, place, ("search mix across patients", mix))?;
        let patients = Arc::new(found.patients.iter().filter_map(reference_of).collect());
        // No number twice in all the creates.
        let first = usize::from(grown.rounds) * CLIENTS;
        let script = |connection| Creates::script(address, &patients, first + connection);
        let (value, details) = self.cost(&program, place, &script)?;
        grown.add("durable create", "µs", value, details);
        program.stop()
    }

    /// What the machine itself is worth at the moment: the same HTTP stack, and no record.
    fn ask_a_constant(&self, grown: &mut Grown) -> Result<(), String> {
        let constant = Program::constant(CONSTANT_BYTES)?;
        let requests = vec![constant.address.request("GET", "/Observation/1", b"")];
        let nowhere = Place::Folder(self.work.clone());
        self.get(grown, &constant, &nowhere, ("a constant, no record", requests))
    }

    fn get(
        &self,
        grown: &mut Grown,
        program: &Program,
        place: &Place,
        (name, requests): (&'static str, Vec<Vec<u8>>),
    ) -> Result<(), String> {
        let requests = Arc::new(requests);
        let script = |connection| Ring::script(&requests, connection, CLIENTS, 200);
        let (value, details) = self.cost(program, place, &script)?;
        grown.add(name, "µs", value, format!("{details}; {} different", requests.len()));
        Ok(())
    }

    /// Microseconds of processor time of one request, and what else was seen.
    fn cost(
        &self,
        program: &Program,
        place: &Place,
        script: &dyn Fn(usize) -> Box<dyn Script>,
    ) -> Result<(f64, String), String> {
        let plan = self.plan(CLIENTS);
        // What the warm-up costs would be counted without its requests.
        drive(&program.address, Plan { measured: plan.warm_up, ..plan }, script)?;
        let of_database = || place.process().map_or(0.0, processor_seconds);
        let used = || (processor_seconds(program.id()), of_database());
        let before = used();
        let measured = drive(&program.address, Plan { warm_up: Duration::ZERO, ..plan }, script)?;
        let after = used();
        if let Some(error) = measured.first_error {
            return Err(error);
        }
        let each = |seconds: f64| seconds * 1e6 / measured.requests.max(1) as f64;
        let (server, database) = (each(after.0 - before.0), each(after.1 - before.1));
        let details = format!(
            "server {server:.0}, database {database:.0}; {CLIENTS} clients: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
            measured.rate(),
            measured.milliseconds_at(0.5),
            measured.milliseconds_at(0.99)
        );
        Ok((server + database, details))
    }
}

/// What the record holds, to ask for it.
struct Found {
    /// All of them, whole.
    patients: Vec<Value>,
    /// Some of each patient: id, code and time.
    observations: Vec<Value>,
}

impl Found {
    fn look(address: &Address) -> Result<Self, String> {
        let probe = Probe::new(address)?;
        let patients = probe.resources("/Patient?_count=200", usize::MAX)?;
        let mut found = Self { patients, observations: Vec::new() };
        let mut observations = Vec::new();
        for id in found.ids() {
            let search = format!(
                "/Observation?patient={id}&_count={READ_OF_EACH}&_elements=id,code,effectiveDateTime"
            );
            observations.extend(probe.resources(&search, READ_OF_EACH)?);
        }
        found.observations = observations;
        Ok(found)
    }

    fn ids(&self) -> Vec<&str> {
        self.patients.iter().filter_map(|patient| text_at(patient, &["id"])).collect()
    }

    /// Paths to ask for by kind, neighbours far apart.
    fn asked(&self) -> [(&'static str, Vec<String>); 5] {
        let references = self.observations.iter().filter_map(reference_of);
        let reads = references.map(|reference| format!("/{reference}")).collect();
        let of_one = |id: &&str| {
            format!("/Observation?patient={id}&category=vital-signs&_sort=-date&_count=20")
        };
        let kinds: [(&'static str, Vec<String>); 5] = [
            ("read by id", reads),
            ("search of one patient", self.ids().iter().map(of_one).collect()),
            ("search by identifier", self.patients.iter().filter_map(by_identifier).collect()),
            ("search by name and birth date", self.patients.iter().filter_map(by_name).collect()),
            ("search by code and date", self.by_code()),
        ];
        kinds.map(|(name, paths)| {
            let places = scattered(paths.len());
            (name, places.filter_map(|place| paths.get(place).cloned()).collect())
        })
    }

    /// Codes of whole patients' Observations, since some year.
    fn by_code(&self) -> Vec<String> {
        let step = self.observations.len().div_ceil(SAMPLE * READ_OF_EACH).max(1);
        let search = |observation: &Value| {
            let code = token_of(at(observation, &["code", "coding", "0"])?)?;
            let year = text_at(observation, &["effectiveDateTime"])?.get(..4)?;
            Some(format!("/Observation?code={}&date=ge{year}&_count=20", escape(&code)))
        };
        self.observations.iter().step_by(step).filter_map(search).collect()
    }
}

fn by_identifier(patient: &Value) -> Option<String> {
    let identifier = at(patient, &["identifier", "0"])?;
    let (system, value) = (text_at(identifier, &["system"])?, text_at(identifier, &["value"])?);
    Some(format!("/Patient?identifier={}%7C{value}", escape(system)))
}

fn by_name(patient: &Value) -> Option<String> {
    let (family, born) =
        (text_at(patient, &["name", "0", "family"])?, text_at(patient, &["birthDate"])?);
    Some(format!("/Patient?family={}&birthdate={born}", escape(family)))
}

/// Waits until server and database have done what a start or a load leaves to do.
fn rest(program: &Program, place: &Place) {
    let used = || processor_seconds(program.id()) + place.process().map_or(0.0, processor_seconds);
    for _ in 0..REST_SECONDS_MAX {
        let before = used();
        pause(Duration::from_secs(1));
        if used() - before < REST {
            return;
        }
    }
    say("  the server or the database is still at work");
}

/// The cost after the last third beside that after the first; what it was each time as details.
fn figure(kind: Kind) -> Option<Figure> {
    let (first, last) = (kind.costs.first()?, kind.costs.last()?);
    let name = format!("{}, at {}", kind.name, millions(last.resources));
    let told = |cost: &Cost| {
        let value = format!("at {} {:.2} {}", millions(cost.resources), cost.value, kind.unit);
        match cost.details.is_empty() {
            true => value,
            false => format!("{value} ({})", cost.details),
        }
    };
    let details: Vec<String> = kind.costs.iter().map(told).collect();
    let figure = Figure::new(&name, last.value, kind.unit).target(FLAT);
    let first_at = format!("at {}", millions(first.resources));
    Some(figure.limit(&first_at, first.value).details(details.join("; ")))
}

/// `1.00 million`.
fn millions(resources: u64) -> String {
    format!("{:.2} million", resources as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Cost, FLAT, Found, Kind, figure};

    #[test]
    fn what_is_asked_for_is_what_is_there() {
        let patient = json!({"resourceType": "Patient", "id": "1", "birthDate": "1950-01-02",
            "name": [{"family": "Berg"}], "identifier": [{"system": "urn:a", "value": "7"}]});
        let observation = json!({"resourceType": "Observation", "id": "2",
            "effectiveDateTime": "2020-02-03", "code": {"coding": [{"system": "s", "code": "c"}]}});
        let found = Found { patients: vec![patient], observations: vec![observation] };
        let paths = found.asked().map(|(_, paths)| paths.concat());
        let expected = [
            "/Observation/2",
            "/Observation?patient=1&category=vital-signs&_sort=-date&_count=20",
            "/Patient?identifier=urn%3Aa%7C7",
            "/Patient?family=Berg&birthdate=1950-01-02",
            "/Observation?code=s%7Cc&date=ge2020&_count=20",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn the_last_cost_stands_beside_the_first() {
        let cost = |resources, value| Cost { resources, value, details: String::new() };
        let costs = vec![cost(1_000_000, 10.0), cost(2_000_000, 11.0), cost(3_000_000, 12.0)];
        let figure = figure(Kind { name: "read by id", unit: "µs", costs }).unwrap();
        assert_eq!((figure.name.as_str(), figure.value), ("read by id, at 3.00 million", 12.0));
        assert_eq!(figure.limit.unwrap().value, 10.0);
        assert_eq!(figure.target, Some(FLAT));
    }
}
