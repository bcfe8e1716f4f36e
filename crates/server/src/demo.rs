//! `akson demo`: a synthetic municipality in the browser.
//!
//! The people are made by `testkit::municipality` and go into the record as any other transaction
//! does. What was built is remembered in `demo.json` in the folder: a demo that was stopped half
//! way is finished with the same people.

mod filled_forms;
mod forms;
mod looks;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use akson_access::{Identity, Policy};
use akson_base::Clock;
use akson_store::engine::Engine;
use akson_testkit::municipality;
use akson_web::{DemoLogin, DemoPerson};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::cli::DemoArguments;
use crate::clock::{ShiftedClock, WallClock};
use crate::config::{AppSettings, DowntimeSettings, LimitSettings, Settings};
use crate::failure::Failure;
use crate::load::target::{Outcome, Target};
use crate::say::thousands;
use crate::serve::Login;
use crate::wiring::Place;
use crate::{logging, runtime, say, serve, wiring};

/// Charts that are put into the record at the same time.
const LANES: usize = 3;

/// What a demo folder was built from.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Built {
    people: usize,
    seed: u64,
    /// Year, month, day on which the charts end.
    today: (i16, i8, i8),
    complete: bool,
    /// Minute of the day up to which the nursing home's rounds are done.
    #[serde(default)]
    minute: u16,
    /// [`EDITION`] of the program that built it; 0 before editions were counted.
    #[serde(default)]
    edition: u32,
    /// Whether the record is in a database.
    #[serde(default)]
    is_in_database: bool,
}

/// Counts the changes of the municipality that a folder built before does not have: people to log in
/// as, the rules' words for their roles, what was looked at before.
const EDITION: u32 = 9;

impl Built {
    /// Where a folder remembers it.
    fn file(folder: &Path) -> PathBuf {
        folder.join("demo.json")
    }

    fn options(self) -> Result<municipality::Options, Failure> {
        let Self { people, seed, today: (year, month, day), .. } = self;
        let today = jiff::civil::Date::new(year, month, day)
            .map_err(|error| Failure::Failed(format!("demo.json: {error}")))?;
        Ok(municipality::Options { people, seed, today })
    }

    fn of(folder: &Path, arguments: &DemoArguments) -> Result<Self, Failure> {
        let file = Self::file(folder);
        if file.exists() {
            let text = std::fs::read_to_string(&file).map_err(|error| error.to_string());
            let built: Self = text
                .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))
                .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
            if built.edition != EDITION {
                return Err(Failure::Usage(format!(
                    "{} holds a demo of another version of akson, whose people are others; remove \
                     it or give another folder with --data",
                    folder.display()
                )));
            }
            if built.is_in_database != arguments.database.is_some() {
                return Err(Failure::Usage(format!(
                    "the demo of {} has its record {}; give another folder with --data",
                    folder.display(),
                    if built.is_in_database { "in a database" } else { "in that folder" }
                )));
            }
            return Ok(built);
        }
        let is_empty =
            std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty {
            return Err(Failure::Usage(format!(
                "{} is not empty and not a demo's; give another folder with --data",
                folder.display()
            )));
        }
        let people = arguments.people as usize;
        let now = local(&ShiftedClock(ahead(arguments)?))?;
        let (today, time) = (now.date(), now.time());
        Ok(Self {
            people,
            seed: arguments.seed,
            today: (today.year(), today.month(), today.day()),
            minute: round_before(time),
            complete: false,
            edition: EDITION,
            is_in_database: arguments.database.is_some(),
        })
    }

    fn remember(self, folder: &Path) -> Result<(), Failure> {
        let file = Self::file(folder);
        let text = serde_json::to_string(&self).unwrap_or_default();
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| Failure::Failed(format!("cannot write {}: {error}", file.display())))
    }
}

fn local(clock: &dyn Clock) -> Result<jiff::Zoned, Failure> {
    let failed = |error: jiff::Error| Failure::Failed(format!("what day is it? {error}"));
    let now = jiff::Timestamp::from_millisecond(clock.now().0).map_err(failed)?;
    now.in_tz("Europe/Oslo").map_err(failed)
}

/// Milliseconds that the demo's clock is ahead of the machine's.
fn ahead(arguments: &DemoArguments) -> Result<i64, Failure> {
    let Some(at) = arguments.at else { return Ok(0) };
    let now = local(&WallClock)?.time();
    let milliseconds = |time: jiff::civil::Time| {
        (i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()))
            * 1000
    };
    Ok(milliseconds(at) - milliseconds(now))
}

/// Minute of the day up to which the rounds before this time are done: the round of now is left to do.
fn round_before(time: jiff::civil::Time) -> u16 {
    match time.hour() {
        0..11 => 5 * 60,
        11..17 => 11 * 60,
        17..21 => 17 * 60,
        _ => 21 * 60,
    }
}

pub(crate) fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    logging::start("warn", false)?;
    let folder = &arguments.data;
    let mut built = Built::of(folder, arguments)?;
    let runtime = runtime()?;
    let ahead = ahead(arguments)?;
    let database = arguments.database.as_deref();
    let place = database.map_or(Place::Folder(folder), Place::Database);
    let open = |policy| wiring::open_by_clock(place, policy, None, Arc::new(ShiftedClock(ahead)));
    if !built.complete {
        if let Some(url) = database
            && !Built::file(folder).exists()
            && wiring::database(url)?.last_commit().commit > 0
        {
            let text = "the database holds a record that is not this demo's; give an empty one";
            return Err(Failure::Usage(text.into()));
        }
        let house = open(Policy::Operator)?;
        built.remember(folder)?;
        let options = built.options()?;
        build(
            runtime.handle(),
            &Target::record(Arc::clone(&house.record)),
            &options,
            built.minute,
        )?;
        let logins = municipality::logins(&options);
        runtime.block_on(filled_forms::fill(&house, &options, &logins))?;
        runtime.block_on(looks::look(&house, &logins))?;
        house.store.settle()?;
        built.complete = true;
        built.remember(folder)?;
    }
    let options = built.options()?;
    let settings = Settings {
        data: folder.clone(),
        database: arguments.database.clone(),
        listen: format!("127.0.0.1:{}", arguments.port),
        limits: LimitSettings::demo(),
        apps: Some(AppSettings::demo(folder)?),
        downtime: arguments.downtime.as_ref().map(|directory| DowntimeSettings {
            directory: directory.clone(),
            every_seconds: arguments.downtime_every,
            passphrase_file: arguments.downtime_passphrase.clone(),
            encrypt: arguments.downtime_passphrase.is_some(),
        }),
        ..Settings::default()
    };
    runtime.block_on(async {
        let addresses = serve::addresses(&settings.listen, Policy::Rules).await?;
        let house = open(Policy::Rules)?;
        let logins = municipality::logins(&options);
        let login = Login::Demo(DemoLogin { people: logins.iter().map(person).collect() });
        let welcome = |address| welcome(address, &options, &logins);
        serve::serve(&settings, Policy::Rules, login, house, (&addresses, None), welcome).await
    })
}

/// Somebody to log in as, with what HelseID or ID-porten would prove of them.
fn person(login: &municipality::Login) -> DemoPerson {
    DemoPerson {
        name: login.name.clone(),
        title: login.title.into(),
        organisation: login.organisation.map(str::to_string),
        why: login.why.into(),
        identity: Identity {
            national_number: Some(login.national_number.clone()),
            hpr_number: login.hpr_number.clone(),
            legal_entity: login.legal_entity_number.clone(),
            unit: login.organisation_number.clone(),
            security_level: 4,
            is_citizen: login.is_citizen,
            ..Identity::default()
        },
    }
}

/// Puts services and people into the record: the services one by one, since all refer to them.
fn build(
    handle: &Handle,
    target: &Target,
    options: &municipality::Options,
    minute: u16,
) -> Result<(), Failure> {
    let all = municipality::bundle_count(options);
    let bar = ProgressBar::new(all as u64 + 1);
    if let Ok(style) =
        ProgressStyle::with_template("Building the municipality {bar:30} {pos}/{len}  {eta} left")
    {
        bar.set_style(style);
    }
    let municipality::Options { people, seed, today } = options;
    let key = |number| format!("demo-{people}-{seed}-{today}-{number}");
    let put = |number: usize, bundle: Vec<u8>| {
        let outcome = handle.block_on(target.apply(bundle.into(), &key(number)))?;
        bar.inc(1);
        match outcome {
            Outcome::Applied(_) | Outcome::AppliedBefore => Ok(()),
            Outcome::Refused(refusal) => Err(Failure::Failed(format!(
                "bundle {number} of the municipality was refused: {} {} {:?}",
                refusal.code, refusal.reason, refusal.locations
            ))),
        }
    };
    let mut bundles = municipality::generate_until(options, minute).enumerate();
    for (number, bundle) in bundles.by_ref().take(all.saturating_sub(options.people)) {
        put(number, bundle)?;
    }
    // Numbered after all others.
    put(all, forms::in_use()?)?;
    let bundles = Mutex::new(bundles);
    let next = || bundles.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = || {
        while let Some((number, bundle)) = next() {
            put(number, bundle)?;
        }
        Ok(())
    };
    let done: Result<(), Failure> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        let gone = || Err(Failure::Failed("a building thread ended without saying why".into()));
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|_| gone()))
    });
    bar.finish_and_clear();
    done
}

/// What there is to look at.
fn welcome(address: SocketAddr, options: &municipality::Options, logins: &[municipality::Login]) {
    say::line("");
    say::line(&format!(
        "A synthetic municipality of {} people (seed {}). Nobody in it is real.",
        thousands(options.people as u64),
        options.seed
    ));
    say::line(&format!("  Pages      http://{address}/"));
    say::line(&format!("  FHIR R4    http://{address}/fhir"));
    say::line(&format!("  Offered    http://{address}/fhir/metadata"));
    say::line("");
    say::line("Log in on the pages, with one click, as one of these:");
    for login in logins {
        let place = login.organisation.unwrap_or("as a citizen");
        say::line(&format!("  {:<28} {}, {place}", login.name, login.title));
        say::line(&format!("  {:<28} {}", "", login.why));
    }
    say::line("");
    say::line("Journals worth opening, for those who may:");
    for person in municipality::highlights(options) {
        say::line(&format!("  {:<28} {}", person.name, person.why));
        say::line(&format!("  {:<28} http://{address}/pasient/{}", "", person.patient_id));
    }
    say::line("");
    say::line(
        "Anybody may log in as any of them, so it listens on this machine only. Ctrl-C stops it.",
    );
}
