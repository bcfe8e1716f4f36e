//! The command line, as `akson --help` tells it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::failure::Failure;
use crate::wiring::Place;

/// A shared health record: one citizen, one journal.
///
/// FHIR R4 on /fhir, pages on /, one data folder or one PostgreSQL database.
#[derive(Debug, Parser)]
#[command(name = "akson", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a synthetic Norwegian municipality and look at it in a browser
    Demo(DemoArguments),
    /// Serve the record in a data folder or a PostgreSQL database
    Serve(ServeArguments),
    /// Load bundles, resources and NDJSON from files, folders and archives
    Load(LoadArguments),
    /// Check every byte of a record: files, commit chain, indexes
    Check(CheckArguments),
    /// Write a record to one file
    Backup(BackupArguments),
    /// Make a record from a backup
    Restore(RestoreArguments),
    /// Move a record between a data folder and a PostgreSQL database
    Copy(CopyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder of the demo's record; built if it is empty
    #[arg(long, value_name = "DIR", default_value = "akson-demo")]
    pub(crate) data: PathBuf,
    /// Keep the record in this PostgreSQL database, which must be empty the first time; the folder
    /// remembers whose demo it is
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Port on this machine
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Number of inhabitants
    #[arg(long, value_name = "N", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) people: u32,
    /// The same seed makes the same people
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Let the demo's clock begin at this time of day, so that rounds and agendas are those of then
    #[arg(long, value_name = "HH:MM")]
    pub(crate) at: Option<jiff::civil::Time>,
    /// Keep a copy for downtime in this folder, unlocked unless a passphrase is given
    #[arg(long, value_name = "DIR")]
    pub(crate) downtime: Option<PathBuf>,
    /// File with the passphrase that locks the copy for downtime
    #[arg(long, value_name = "FILE", requires = "downtime")]
    pub(crate) downtime_passphrase: Option<PathBuf>,
    /// Seconds between two copies for downtime
    #[arg(long, value_name = "N", default_value_t = 300, requires = "downtime",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) downtime_every: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Folder of the record; made if it is not there [default: akson-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// PostgreSQL that holds the record: postgresql://user@host:5432/name; tables are made if they
    /// are not there
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub(crate) database: Option<String>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// Configuration file (TOML); options on the command line go before it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// No login: whoever reaches the server may do everything. Only for synthetic data, and only
    /// on an address that other machines cannot reach
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("target").required(true))]
pub(crate) struct LoadArguments {
    /// Files (.json, .ndjson, also .gz, .bz2, .zst), folders, archives (.tar, .tgz, .tar.gz)
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Load into the record in this folder, which no server may have open
    #[arg(long, value_name = "DIR", group = "target")]
    pub(crate) data: Option<PathBuf>,
    /// Load into the record in this PostgreSQL database
    #[arg(long, value_name = "URL", group = "target")]
    pub(crate) database: Option<String>,
    /// Load into a running FHIR server, by its base address: http://127.0.0.1:8080/fhir
    #[arg(long, value_name = "URL", group = "target")]
    pub(crate) to: Option<String>,
    /// Where refused resources are listed with the reasons
    #[arg(long, value_name = "FILE", default_value = "akson-load-refused.ndjson")]
    pub(crate) refused: PathBuf,
}

/// Where the record is that a command works on.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct PlaceArguments {
    /// Folder of the record, which no server may have open
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL that holds the record, which servers may use meanwhile
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl PlaceArguments {
    /// The place; clap sees to that there is one.
    pub(crate) fn place(&self) -> Result<Place<'_>, Failure> {
        Place::given(self.data.as_deref(), self.database.as_deref())
            .ok_or_else(|| Failure::Usage("say --data DIR or --database URL".into()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// Signed checkpoints, from where they were kept; compared with the commit chain
    #[arg(long, value_name = "FILE", requires = "checkpoint_key")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// The public key that they are signed with (PEM)
    #[arg(long, value_name = "FILE", requires = "checkpoints")]
    pub(crate) checkpoint_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    /// The file to write; must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// A file that `akson backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: NewPlaceArguments,
}

/// Where a record is made.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct NewPlaceArguments {
    /// Folder to make; must not exist or be empty
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL database to fill; must be empty
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl NewPlaceArguments {
    /// The place; clap sees to that there is one.
    pub(crate) fn place(&self) -> Result<Place<'_>, Failure> {
        Place::given(self.data.as_deref(), self.database.as_deref())
            .ok_or_else(|| Failure::Usage("say --data DIR or --database URL".into()))
    }
}

#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The record to copy: a folder or a database (postgresql://…), which no server should use
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) from: String,
    /// Where to: a folder or a database, empty or begun before
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) to: String,
}
