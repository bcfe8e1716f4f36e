//! The figures, in the order they are measured: loading, start, reading, then what writes.

mod engine_alone;
mod growth;
mod hidden;
mod loading;
mod log;
mod opening;
mod reading;
mod rules;
mod searching;
mod targets;
mod ten;
mod ten_years;
mod tokens;
mod users;
mod writing;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use akson_testkit::postgres::Postgres;
use clap::ValueEnum;

use crate::client::Address;
use crate::harvest::Harvest;
use crate::load::{Measured, Plan};
use crate::place::{Place, postgres};
use crate::probe::Probe;
use crate::program::Program;
use crate::report::Figure;
use crate::say;
use targets::Targets;

/// Turns of two loads that are compared.
const TURNS: u64 = 5;

/// What can be asked for on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Load of the patients, disk and memory it takes
    Load,
    /// Start on the loaded store, and memory when idle
    Start,
    /// Read by id
    Read,
    /// The search mix
    Search,
    /// Each class of the search mix on its own
    SearchClasses,
    /// Patient/[id]/$everything
    Everything,
    /// The fullest patient's page
    Chart,
    /// Durable single creates
    Create,
    /// Create, read, update, delete over nine types
    Crud,
    /// What deciding who may see what costs
    Rules,
    /// Read by id under the rules, with access tokens, bound to a key (DPoP) and not
    Tokens,
    /// Whether time tells what is hidden from what never was; only when named
    Hidden,
    /// One patient's entries in a log of ten million; only when named (slow, 3 GB of disk)
    Log,
    /// Two hundred people in the pages of the demo; only when named (`--seconds 600` for ten minutes)
    Users,
    /// The pages of a patient with ten thousand resources over ten years; only when named
    TenYears,
    /// A record that grows to `--resources`; only when named (slow; in a database
    /// 12 GB of disk for three million)
    Growth,
    /// The HTTP stack alone, answering a constant of 1.6 KB; only when named
    Http,
}

impl Name {
    /// All that are measured when none is named.
    pub(crate) const ALL: [Self; 11] = [
        Self::Load,
        Self::Start,
        Self::Read,
        Self::Search,
        Self::SearchClasses,
        Self::Everything,
        Self::Chart,
        Self::Create,
        Self::Crud,
        Self::Rules,
        Self::Tokens,
    ];

    /// Those that are measured on a database.
    pub(crate) const ON_A_DATABASE: [Self; 8] = [
        Self::Load,
        Self::Start,
        Self::Read,
        Self::Search,
        Self::SearchClasses,
        Self::Create,
        Self::Crud,
        Self::TenYears,
    ];

    /// Whether it is measured on a record of its own.
    fn is_apart(self) -> bool {
        matches!(self, Self::Http | Self::Log | Self::Users | Self::TenYears | Self::Growth)
    }
}

/// One run: what is asked for, where it works, what came of it.
pub(crate) struct Bench {
    names: Vec<Name>,
    seconds: u64,
    /// Folder for data, logs and the figures.
    pub(crate) work: PathBuf,
    akson: PathBuf,
    /// How many resources [`Name::Growth`] goes up to.
    pub(crate) resources: u64,
    /// The server of databases, when records are measured there.
    postgres: Option<Rc<Postgres>>,
    /// What figures should be.
    targets: Targets,
    /// What was measured.
    pub(crate) figures: Vec<Figure>,
}

/// A server to drive, and what it holds.
pub(crate) struct Driven {
    /// Its FHIR base.
    pub(crate) address: Address,
    /// For looking around.
    pub(crate) probe: Probe,
    /// What it holds.
    pub(crate) harvest: Harvest,
}

impl Driven {
    fn at(address: &Address) -> Result<Self, String> {
        let probe = Probe::new(address)?;
        let harvest = Harvest::gather(&probe)?;
        Ok(Self { address: address.clone(), probe, harvest })
    }
}

impl Bench {
    /// Makes the folder `work`, empty.
    pub(crate) fn new(
        names: Vec<Name>,
        seconds: u64,
        work: &Path,
        akson: PathBuf,
    ) -> Result<Self, String> {
        if work.exists() {
            std::fs::remove_dir_all(work).map_err(|e| format!("{}: {e}", work.display()))?;
        }
        std::fs::create_dir_all(work).map_err(|e| format!("{}: {e}", work.display()))?;
        let (postgres, targets, figures) = (None, Targets::IN_A_FOLDER, Vec::new());
        let (work, resources) = (work.to_path_buf(), 0);
        Ok(Self { names, seconds, work, akson, resources, postgres, targets, figures })
    }

    /// An empty place for a record.
    fn place(&self, name: &str) -> Result<Place, String> {
        match &self.postgres {
            Some(server) => Place::database(name, server),
            None => Ok(Place::Folder(self.work.join(name))),
        }
    }

    fn wants(&self, name: Name) -> bool {
        self.names.contains(&name)
    }

    /// A load of so many connections, counted for the seconds asked for.
    fn plan(&self, connections: usize) -> Plan {
        Self::plan_of(connections, self.seconds)
    }

    fn plan_of(connections: usize, seconds: u64) -> Plan {
        let warm_up = Duration::from_millis(seconds * 200);
        Plan { connections, warm_up, measured: Duration::from_secs(seconds) }
    }

    /// One turn of a load that takes turns with another.
    fn turn(&self, connections: usize) -> Plan {
        Self::plan_of(connections, self.seconds.div_ceil(TURNS))
    }

    /// Goes on from the first turn of two loads: the machine's own speed changes from one second to
    /// the next.
    fn in_turns(
        first: (Measured, Measured),
        both: impl Fn() -> Result<(Measured, Measured), String>,
    ) -> Result<(Measured, Measured), String> {
        (1..TURNS).try_fold(first, |(one, other), _| {
            let (more_of_one, more_of_other) = both()?;
            Ok((one.and_then(&more_of_one)?, other.and_then(&more_of_other)?))
        })
    }

    fn add(&mut self, figure: Figure) {
        say(&format!("  {}: {:.1} {}  {}", figure.name, figure.value, figure.unit, figure.details));
        self.figures.push(figure);
    }

    /// Everything that can be measured on a server that is somebody else's.
    pub(crate) fn measure_target(&mut self, url: &str) -> Result<(), String> {
        let address = Address::parse(url)?;
        say(&format!("looking around at {url}"));
        let driven = Driven::at(&address)?;
        self.drive(&driven)
    }

    /// Starts what it needs and measures all of it.
    pub(crate) fn measure_akson(&mut self, patients: &Path, ten: bool) -> Result<(), String> {
        if !patients.is_dir() {
            return Err(format!(
                "{} is not there: give a folder of bundles with --patients, \
                 or a running server with --target",
                patients.display()
            ));
        }
        if self.wants(Name::Http) {
            self.http_alone()?;
        }
        if self.wants(Name::Log) {
            self.log()?;
        }
        if self.wants(Name::Users) {
            self.users()?;
        }
        if self.wants(Name::TenYears) {
            self.ten_years()?;
        }
        if self.wants(Name::Growth) {
            self.growth(patients)?;
        }
        if self.names.iter().all(|name| name.is_apart()) {
            return Ok(());
        }
        let data = self.work.join("data");
        let driven = self.loaded(patients)?;
        if self.wants(Name::Read) {
            self.reads_unwaited(&data, &driven)?;
        }
        if self.wants(Name::Create) {
            self.engine_alone(&data, &driven.harvest.patient_references())?;
        }
        if self.wants(Name::Rules) || self.wants(Name::Tokens) {
            rules::prepare(&data, &driven.harvest.patient_references())?;
        }
        if self.wants(Name::Rules) {
            self.rules(&data, &driven)?;
        }
        if self.wants(Name::Tokens) {
            self.tokens(&data, &driven)?;
        }
        if self.wants(Name::Hidden) {
            self.hidden(&data, &driven)?;
        }
        if ten {
            self.ten_times(patients)?;
        }
        Ok(())
    }

    /// Loads the patients, serves them and measures what can be measured on any server.
    fn loaded(&mut self, patients: &Path) -> Result<Driven, String> {
        let place = self.place("data")?;
        self.load(patients, &place)?;
        let program = Program::akson(&self.akson, &place, &self.work.join("serve.log"))?;
        self.start(&program, &place)?;
        let driven = Driven::at(&program.address)?;
        self.drive(&driven)?;
        self.after(&program);
        program.stop()?;
        Ok(driven)
    }

    /// As [`Bench::measure_akson`], of a record in PostgreSQL; the server of databases is started here and
    /// shares the machine.
    pub(crate) fn measure_on_a_database(&mut self, patients: &Path) -> Result<(), String> {
        let can = |name: &Name| *name == Name::Growth || Name::ON_A_DATABASE.contains(name);
        let other = self.names.iter().find(|name| !can(name));
        if let Some(name) = other.and_then(ValueEnum::to_possible_value) {
            return Err(format!("{} is not measured on a database", name.get_name()));
        }
        self.postgres = Some(postgres()?);
        self.targets = Targets::IN_A_DATABASE;
        if self.wants(Name::TenYears) {
            self.ten_years()?;
        }
        if self.wants(Name::Growth) {
            self.growth(patients)?;
        }
        if !self.names.iter().all(|name| name.is_apart()) {
            self.loaded(patients)?;
        }
        Ok(())
    }

    fn drive(&mut self, driven: &Driven) -> Result<(), String> {
        if self.wants(Name::Read) {
            self.reads(driven)?;
        }
        if self.wants(Name::Search) || self.wants(Name::SearchClasses) {
            self.searches(driven)?;
        }
        if self.wants(Name::Everything) {
            self.everything(driven)?;
        }
        if self.wants(Name::Chart) {
            self.chart(driven)?;
        }
        if self.wants(Name::Create) {
            self.creates(driven)?;
        }
        if self.wants(Name::Crud) {
            self.lives(driven)?;
        }
        Ok(())
    }
}

/// The latencies of a load in one line, with its errors if there were any.
fn latencies(measured: &Measured) -> String {
    let at = |share| measured.milliseconds_at(share);
    let mut line = format!(
        "p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.1} ms",
        at(0.5),
        at(0.95),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    if measured.errors > 0 {
        let what = measured.first_error.as_deref().unwrap_or("");
        line.push_str(&format!("; {} ERRORS, first: {what}", measured.errors));
    }
    line
}
