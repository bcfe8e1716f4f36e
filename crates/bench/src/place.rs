//! Where a record under measurement is: in a folder, or in a database of a PostgreSQL that is started for it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

use akson_testkit::postgres::Postgres;

use crate::program::disk_bytes;

/// What an operator of a machine of this size would set; all else is as Debian ships it, durable commits too.
const SETTINGS: [&str; 3] =
    ["shared_buffers = '1GB'", "max_wal_size = '4GB'", "effective_cache_size = '4GB'"];

/// A place for one record.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A folder; made when it is filled.
    Folder(PathBuf),
    /// A database of this name.
    Database(String, Rc<Postgres>),
}

/// A PostgreSQL on a free port of loopback, its files in a temporary folder.
pub(crate) fn postgres() -> Result<Rc<Postgres>, String> {
    Postgres::start(&SETTINGS).map(Rc::new).map_err(|error| format!("PostgreSQL: {error}"))
}

impl Place {
    /// An empty database on a server.
    pub(crate) fn database(name: &str, server: &Rc<Postgres>) -> Result<Self, String> {
        let name = name.replace('-', "_");
        server.database(&name).map_err(|error| format!("database {name}: {error}"))?;
        Ok(Self::Database(name, Rc::clone(server)))
    }

    /// How the command line names it.
    pub(crate) fn arguments(&self) -> [OsString; 2] {
        match self {
            Self::Folder(folder) => ["--data".into(), folder.into()],
            Self::Database(name, server) => ["--database".into(), server.url_of(name).into()],
        }
    }

    /// The process of the database's server, whose children do its work; `None` for a folder.
    pub(crate) fn process(&self) -> Option<u32> {
        match self {
            Self::Folder(_) => None,
            Self::Database(_, server) => server.process(),
        }
    }

    /// Has the database do now what it would do in the background after a load: tidy, count and write
    /// out. A folder's server does it when it starts.
    pub(crate) fn settle(&self) -> Result<(), String> {
        let Self::Database(name, server) = self else { return Ok(()) };
        for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
            server.sql(name, statement).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Bytes of disk that it takes: of a database its tables and indexes, with what is kept aside for
    /// readers, and without the write-ahead log, which PostgreSQL uses over and over.
    pub(crate) fn disk_bytes(&self) -> Result<u64, String> {
        match self {
            Self::Folder(folder) => disk_bytes(folder),
            Self::Database(name, server) => {
                let asked = server.sql(name, &format!("SELECT pg_database_size('{name}')"));
                let told = asked.map_err(|error| error.to_string())?;
                told.parse().map_err(|error| format!("the size of {name}: {error}"))
            }
        }
    }
}
