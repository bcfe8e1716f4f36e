//! A real PostgreSQL of a test's own: made in a temporary folder, on a free port of 127.0.0.1, ended
//! when the test is.
//!
//! The programs are those of Debian's package `postgresql` (15 or later). They refuse to run as root;
//! then they run as the user `postgres`.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::park_timeout;
use std::time::Duration;

use tempfile::TempDir;

/// Where Debian puts the programs: a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const TRIES_MAX: u32 = 300;

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    port: u16,
    process: Option<Child>,
}

impl Postgres {
    /// Makes a server and starts it; `settings` are lines of `postgresql.conf`.
    ///
    /// # Errors
    /// When the programs are not there, or the server does not start; says what it said.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::start_with(settings, &[])
    }

    /// As [`Postgres::start`], with these files (name and text) in its data folder, which it alone may
    /// read.
    pub fn start_with(settings: &[&str], files: &[(&str, &str)]) -> io::Result<Self> {
        Self::start_in(TempDir::new()?, settings, files)
    }

    /// As [`Postgres::start_with`], in this folder, which is empty and removed at the end.
    pub fn start_in(
        folder: TempDir,
        settings: &[&str],
        files: &[(&str, &str)],
    ) -> io::Result<Self> {
        let user = if is_root(folder.path())? { Some(postgres_user()?) } else { None };
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut server =
            Self { folder, programs: programs()?, user, port: free_port()?, process: None };
        let data = server.data();
        let made = server
            .command("initdb")
            .args([
                "--auth=trust",
                "--username=akson",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .args(["--pgdata".as_ref(), data.as_os_str()])
            .output()?;
        told("initdb", &made)?;
        let mut text = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n\
             logging_collector = off\n",
            server.port
        );
        settings.iter().for_each(|line| text.extend([line, "\n"]));
        fs::write(data.join("postgresql.auto.conf"), text)?;
        for (name, text) in files {
            let place = data.join(name);
            fs::write(&place, text)?;
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600))?;
            server.give(&place)?;
        }
        server.go_on()?;
        Ok(server)
    }

    /// `postgresql://akson@127.0.0.1:PORT/postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of a database of this name.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgresql://akson@127.0.0.1:{}/{database}", self.port)
    }

    /// The number of its process, whose children do the work; `None` while it is not running.
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Makes an empty database and answers its address.
    pub fn database(&self, name: &str) -> io::Result<String> {
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url_of(name))
    }

    /// Runs SQL with `psql` and answers what it prints, values alone.
    pub fn sql(&self, database: &str, text: &str) -> io::Result<String> {
        self.psql(database, &["--command", text])
    }

    /// Runs a file of SQL with `psql`, as the documents say, with these of its variables (`name=value`).
    ///
    /// # Errors
    /// What the program says.
    pub fn run_file(&self, database: &str, file: &Path, set: &[&str]) -> io::Result<String> {
        // Its user may not come to the file.
        let copy = self.folder.path().join("statements.sql");
        fs::copy(file, &copy)?;
        self.give(&copy)?;
        let path = copy.display().to_string();
        let mut arguments = vec!["--single-transaction", "--file", &path];
        set.iter().for_each(|variable| arguments.extend(["--set", variable]));
        self.psql(database, &arguments)
    }

    /// What it has written to its log, all of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.log_path())
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> io::Result<String> {
        let output = self.psql_command(database).args(arguments).output()?;
        told("psql", &output)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn psql_command(&self, database: &str) -> Command {
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args(["--set=ON_ERROR_STOP=1", "--dbname", &self.url_of(database)]);
        psql
    }

    /// Settings with which what it writes ahead is kept for [`Postgres::recovered`].
    pub const ARCHIVING: [&str; 2] =
        ["archive_mode = on", "archive_command = 'mkdir -p ../archive && cp %p ../archive/%f'"];

    /// Copies the folder of the running server (`pg_basebackup`) into one of a new server, that is not
    /// started.
    ///
    /// # Errors
    /// What the program says.
    pub fn base_backup(&self) -> io::Result<Self> {
        let folder = TempDir::new()?;
        if let Some((user, group)) = self.user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let (programs, user) = (self.programs.clone(), self.user);
        let copy = Self { folder, programs, user, port: free_port()?, process: None };
        let (data, port) = (copy.data(), self.port.to_string());
        let made = copy
            .command("pg_basebackup")
            .args(["--host=127.0.0.1", "--username=akson", "--port", &port, "--pgdata"])
            .arg(&data)
            .output()?;
        told("pg_basebackup", &made)?;
        Ok(copy)
    }

    /// Waits until everything that it has written ahead is archived ([`Postgres::ARCHIVING`]).
    ///
    /// # Errors
    /// When it does not come.
    pub fn archive_all(&self) -> io::Result<()> {
        let last = self.sql("postgres", "SELECT pg_walfile_name(pg_switch_wal())")?;
        for _ in 0..TRIES_MAX {
            let sql = "SELECT coalesce(max(last_archived_wal), '') FROM pg_stat_archiver";
            if self.sql("postgres", sql)? >= last {
                return Ok(());
            }
            park_timeout(Duration::from_millis(100));
        }
        Err(io::Error::other("the log was not archived"))
    }

    /// Starts what [`Postgres::base_backup`] made, with what `lost` has archived since, up to a moment
    /// (`2026-11-21 12:00:00.5+00`).
    ///
    /// # Errors
    /// When it does not start, or does not get so far.
    pub fn recovered(mut self, lost: &Self, until: &str) -> io::Result<Self> {
        let archive = self.folder.path().join("archive");
        fs::create_dir(&archive)?;
        for file in fs::read_dir(lost.folder.path().join("archive"))? {
            let file = file?;
            let to = archive.join(file.file_name());
            fs::copy(file.path(), &to)?;
            self.give(&to)?;
        }
        let data = self.data();
        let text = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\n\
             logging_collector = off\nrestore_command = 'cp ../archive/%f %p'\n\
             recovery_target_time = '{until}'\nrecovery_target_action = 'promote'\n",
            self.port
        );
        fs::write(data.join("postgresql.auto.conf"), text)?;
        let signal = data.join("recovery.signal");
        fs::write(&signal, "")?;
        self.give(&signal)?;
        self.go_on()?;
        for _ in 0..TRIES_MAX {
            if self.sql("postgres", "SELECT pg_is_in_recovery()")? == "f" {
                return Ok(self);
            }
            park_timeout(Duration::from_millis(100));
        }
        Err(io::Error::other("the recovery did not end"))
    }

    /// Stops all its processes where they are (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    /// When they cannot be signalled.
    pub fn stand_still(&self) -> io::Result<()> {
        self.signal("STOP")
    }

    /// Lets them go on after [`Postgres::stand_still`].
    ///
    /// # Errors
    /// When they cannot be signalled.
    pub fn move_on(&self) -> io::Result<()> {
        self.signal("CONT")
    }

    /// The server first, so that it starts no more processes; then those it has started.
    fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.process().ok_or_else(|| io::Error::other("PostgreSQL does not run"))?;
        let id = id.to_string();
        let signal = format!("-{name}");
        told("kill", &Command::new("kill").args([&signal, &id]).output()?)?;
        told("pkill", &Command::new("pkill").args([&signal, "--parent", &id]).output()?)
    }

    /// Runs SQL with a `psql` of its own that is not waited for, and is killed when it is dropped.
    ///
    /// # Errors
    /// When it does not start.
    pub fn begin_sql(&self, database: &str, text: &str) -> io::Result<Running> {
        let process = self
            .psql_command(database)
            .args(["--command", text])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Running(process))
    }

    /// Kills it without warning, as a power failure would.
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        // Its children end when they see that it is gone; the next start waits for that.
        process.kill()?;
        process.wait()?;
        Ok(())
    }

    /// Whether it has not ended by itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn is_running(&mut self) -> io::Result<bool> {
        let Some(process) = &mut self.process else { return Ok(false) };
        Ok(process.try_wait()?.is_none())
    }

    /// Starts it again after [`Postgres::kill`].
    pub fn go_on(&mut self) -> io::Result<()> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_path())?;
        for _ in 0..TRIES_MAX {
            let data = self.data();
            let mut process = self
                .command("postgres")
                .args(["-D".as_ref(), data.as_os_str()])
                .stdout(Stdio::null())
                .stderr(log.try_clone()?)
                .spawn()?;
            if self.answers(&mut process)? {
                self.process = Some(process);
                return Ok(());
            }
            park_timeout(Duration::from_millis(100));
        }
        let said = fs::read_to_string(self.log_path()).unwrap_or_default();
        Err(io::Error::other(format!("PostgreSQL did not start: {said}")))
    }

    /// Waits until it takes connections; `false` when it has ended instead.
    fn answers(&self, process: &mut Child) -> io::Result<bool> {
        for _ in 0..TRIES_MAX {
            if process.try_wait()?.is_some() {
                return Ok(false);
            }
            if self.sql("postgres", "SELECT 1").is_ok() {
                return Ok(true);
            }
            park_timeout(Duration::from_millis(100));
        }
        process.kill()?;
        process.wait()?;
        Ok(false)
    }

    /// Makes a file that we have written the server's.
    fn give(&self, file: &Path) -> io::Result<()> {
        match self.user {
            Some((user, group)) => chown(file, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env_clear().env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        // A test that fails here has ended; what is left ends with its parent.
        let _ = self
            .command("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "-D"])
            .arg(data)
            .output();
        let _ = self.kill();
    }
}

/// A program under way. Dropping it kills it.
#[derive(Debug)]
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The environment variable that names a running server for tests to use: when it is set, records are
/// in databases of their own on it, and not in folders.
pub const SHARED: &str = "AKSON_TEST_POSTGRES";

/// A server that somebody else started and will end.
#[derive(Debug)]
pub struct Shared {
    url: String,
}

/// The server of [`SHARED`], if tests run on one.
pub fn shared() -> Option<Shared> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how `cargo xtask test` tells which engine it tests"
    )]
    let url = std::env::var(SHARED).ok()?;
    Some(Shared { url })
}

impl Shared {
    /// Makes an empty database and answers its address.
    pub fn new_database(&self) -> io::Result<String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let output = Command::new(programs()?.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--dbname", &self.url])
            .args(["--command", &format!("CREATE DATABASE {name}")])
            .output()?;
        told("psql", &output)?;
        let (server, _) = self.url.rsplit_once('/').unwrap_or((&self.url, ""));
        Ok(format!("{server}/{name}"))
    }
}

pub(crate) fn told(program: &str, output: &Output) -> io::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{program}: {}", said.trim())))
}

pub(crate) fn programs() -> io::Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(VERSIONS)
        .map(|entries| {
            let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
            let versions = folders.filter_map(|folder| {
                let version = folder.file_name()?.to_str()?.parse().ok()?;
                Some((version, folder.join("bin")))
            });
            versions.collect()
        })
        .unwrap_or_default();
    found.retain(|(_, programs)| programs.join("initdb").exists());
    found.sort();
    found.pop().map(|(_, programs)| programs).ok_or_else(|| {
        io::Error::other("PostgreSQL is not installed; `cargo xtask prepare` installs it")
    })
}

pub(crate) fn is_root(made_by_us: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(made_by_us)?.uid() == 0)
}

pub(crate) fn postgres_user() -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let numbers = line.and_then(|line| {
        let mut parts = line.split(':').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    numbers.ok_or_else(|| io::Error::other("there is no user postgres to run the server as"))
}

pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
