//! From a data folder or a database to a record: the one place where the parts are put together.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use akson_access::{Actor, Policy};
use akson_base::{Clock, Problem};
use akson_record::Record;
use akson_record::request::Caller;
use akson_store::Store;
use akson_store::engine::filling::{self, Again, Filling};
use akson_store::engine::fjall_engine::{FjallEngine, Options};
use akson_store::engine::high_water::Mark;
use akson_store::engine::postgres::{self, PostgresEngine};
use akson_store::engine::{Engine, folder};
use akson_store::kept::Kept;

use crate::clock::WallClock;
use crate::failure::Failure;
use crate::memory;

/// An open record and what it stands on.
pub(crate) struct House {
    pub(crate) store: Arc<Store>,
    pub(crate) record: Arc<Record>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl House {
    /// What is kept between requests: logins, tokens, and what waits.
    pub(crate) fn kept(&self) -> Result<Arc<Kept>, Problem> {
        Ok(Arc::new(Kept::open(Arc::clone(&self.store))?))
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// In a folder, which one process has to itself.
    Folder(&'a Path),
    /// In a PostgreSQL database, by its address.
    Database(&'a str),
}

impl<'a> Place<'a> {
    /// What a command line names with one word: an address of PostgreSQL, else a folder.
    pub(crate) fn named(word: &'a str) -> Self {
        let is_address = ["postgresql://", "postgres://"].iter().any(|s| word.starts_with(s));
        if is_address { Self::Database(word) } else { Self::Folder(Path::new(word)) }
    }

    /// The one that a command line gives, in an option of its own.
    pub(crate) fn given(data: Option<&'a Path>, database: Option<&'a str>) -> Option<Self> {
        data.map(Self::Folder).or(database.map(Self::Database))
    }
}

impl fmt::Display for Place<'_> {
    /// Without the database's address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Database(_) => f.write_str("the database"),
        }
    }
}

/// Opens (or makes) the record at a place.
pub(crate) fn open(place: Place<'_>, policy: Policy) -> Result<House, Failure> {
    open_with_cache(place, policy, None)
}

/// As [`open`], with so many mebibytes of tables' blocks in memory.
pub(crate) fn open_with_cache(
    place: Place<'_>,
    policy: Policy,
    cache_mebibytes: Option<u64>,
) -> Result<House, Failure> {
    open_by_clock(place, policy, cache_mebibytes, Arc::new(WallClock))
}

/// The engine of a record that is there; none is made in a folder.
pub(crate) fn engine(place: Place<'_>) -> Result<Box<dyn Engine>, Failure> {
    let clock = Arc::new(WallClock);
    Ok(match place {
        Place::Folder(data) => {
            folder::check_folder_format(data)?;
            Box::new(FjallEngine::open(data, &Options::default(), clock)?)
        }
        Place::Database(url) => Box::new(database(url)?),
    })
}

/// The engine of the record in a database.
pub(crate) fn database(url: &str) -> Result<PostgresEngine, Failure> {
    database_by_clock(url, Arc::new(WallClock))
}

fn database_by_clock(url: &str, clock: Arc<dyn Clock>) -> Result<PostgresEngine, Failure> {
    Ok(PostgresEngine::open(url, &postgres::Options::default(), clock)?)
}

/// Begins to fill an empty place with what has this newest commit.
pub(crate) fn fill(
    place: Place<'_>,
    mark: Mark,
    again: Again,
) -> Result<Box<dyn Filling>, Problem> {
    match place {
        Place::Folder(data) => {
            filling::folder(data, &Options::default(), Arc::new(WallClock), (mark, again))
        }
        Place::Database(url) => filling::database(url, (mark, again)),
    }
}

/// As [`open_with_cache`], by another clock than the machine's.
pub(crate) fn open_by_clock(
    place: Place<'_>,
    policy: Policy,
    cache_mebibytes: Option<u64>,
    clock: Arc<dyn Clock>,
) -> Result<House, Failure> {
    let store = match place {
        Place::Folder(data) => {
            let mebibytes = cache_mebibytes.unwrap_or_else(memory::cache_mebibytes);
            let cache_bytes = mebibytes.saturating_mul(1 << 20);
            let options = Options { cache_bytes, ..Options::default() };
            Store::open(data, &options, Arc::clone(&clock))?
        }
        Place::Database(url) => {
            let engine = database_by_clock(url, Arc::clone(&clock))?;
            Store::over(Arc::new(engine), Arc::clone(&clock))?
        }
    };
    let store = Arc::new(store);
    let record = Arc::new(Record::new(Arc::clone(&store), policy));
    Ok(House { store, record, clock })
}

/// The caller that a command on the data folder is.
pub(crate) fn operator(command: &str) -> Caller {
    Caller {
        actor: Arc::new(Actor::operator()),
        trace: command.to_string(),
        base: Arc::from("http://localhost/fhir"),
    }
}
