//! The real binary, running: started on a free port of 127.0.0.1, ended when the test is.
//!
//! Not here: what is asked of it. A test gives the binary's path (`env!("CARGO_BIN_EXE_akson")`).

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

use crate::postgres;

/// A running `akson serve` or `akson demo`. Dropping it kills the process and removes its folder.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    folder: TempDir,
    /// The command with all that it is given but the folder.
    arguments: Vec<String>,
    process: Child,
    address: String,
}

impl Server {
    /// Starts `akson serve --open` on an empty folder; returns when it takes requests.
    pub fn start(binary: impl AsRef<Path>) -> io::Result<Self> {
        Self::start_with(binary, &["--open"])
    }

    /// Starts `akson serve` with these further arguments on an empty folder.
    pub fn start_with(binary: impl AsRef<Path>, arguments: &[&str]) -> io::Result<Self> {
        Self::start_in(binary, TempDir::new()?, arguments)
    }

    /// Starts `akson serve` on the record in `folder`'s subfolder `data`.
    pub fn start_in(
        binary: impl AsRef<Path>,
        folder: TempDir,
        arguments: &[&str],
    ) -> io::Result<Self> {
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        Self::run(binary.as_ref(), folder, serve.into_iter().chain(arguments.iter().copied()))
    }

    /// Builds a municipality of so many people with `akson demo`; returns when it takes requests.
    pub fn start_demo(binary: impl AsRef<Path>, people: usize) -> io::Result<Self> {
        let people = people.to_string();
        let demo = ["demo", "--port", "0", "--people", people.as_str()];
        Self::run(binary.as_ref(), TempDir::new()?, demo.into_iter())
    }

    /// As [`Server::start_demo`], as if it were this time of the day: `08:20`.
    pub fn start_demo_at(binary: impl AsRef<Path>, people: usize, time: &str) -> io::Result<Self> {
        Self::start_demo_with(binary, people, &["--at", time])
    }

    /// As [`Server::start_demo`], with these further arguments.
    pub fn start_demo_with(
        binary: impl AsRef<Path>,
        people: usize,
        arguments: &[&str],
    ) -> io::Result<Self> {
        let people = people.to_string();
        let demo = ["demo", "--port", "0", "--people", people.as_str()];
        let demo = demo.into_iter().chain(arguments.iter().copied());
        Self::run(binary.as_ref(), TempDir::new()?, demo)
    }

    fn run<'a>(
        binary: &Path,
        folder: TempDir,
        arguments: impl Iterator<Item = &'a str>,
    ) -> io::Result<Self> {
        let binary = binary.to_path_buf();
        let arguments: Vec<String> = arguments.map(ToString::to_string).collect();
        let (process, address) = spawn(&binary, folder.path(), &arguments)?;
        Ok(Self { binary, folder, arguments, process, address })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn root(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT/fhir`.
    pub fn fhir(&self) -> String {
        format!("{}/fhir", self.address)
    }

    /// The process's id, for signals of a test's own.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The folder of the record.
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }

    /// How a command line names the record: `--data DIR`, or `--database URL` when tests run on
    /// PostgreSQL.
    pub fn place(&self) -> io::Result<[String; 2]> {
        place_in(self.folder.path())
    }

    /// What the server has written to its log so far.
    pub fn log(&self) -> String {
        log(self.folder.path())
    }

    /// Kills the process at once (SIGKILL), as a power cut would, and waits until it is gone.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(|_| ())
    }

    /// Asks the process to stop (SIGTERM) and waits for it.
    pub fn stop(&mut self) -> io::Result<ExitStatus> {
        terminate(&self.process)?;
        self.process.wait()
    }

    /// Starts again on the same folder, at a new port, after [`Server::kill`] or [`Server::stop`].
    pub fn restart(&mut self) -> io::Result<()> {
        (self.process, self.address) = spawn(&self.binary, self.folder.path(), &self.arguments)?;
        Ok(())
    }

    /// Kills the process and hands over its folder, the record in its subfolder `data`.
    pub fn into_folder(mut self) -> io::Result<TempDir> {
        self.kill()?;
        let fresh = TempDir::new()?;
        Ok(std::mem::replace(&mut self.folder, fresh))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.kill();
    }
}

/// How a command line names the record that [`Server::start_in`] of this folder serves: for loading
/// into it before. The folder's own, or, when tests run on PostgreSQL, a database that is made the first
/// time.
pub fn place_in(folder: &Path) -> io::Result<[String; 2]> {
    let Some(server) = postgres::shared() else {
        return Ok(["--data".to_owned(), data(folder).display().to_string()]);
    };
    let noted = folder.join("database-url");
    if !noted.exists() {
        std::fs::write(&noted, server.new_database()?)?;
    }
    Ok(["--database".to_owned(), std::fs::read_to_string(noted)?])
}

/// Sends SIGTERM.
pub fn terminate(process: &Child) -> io::Result<()> {
    let command = format!("kill -TERM {}", process.id());
    let status = Command::new("sh").args(["-c", &command]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("kill -TERM failed")) }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("server.log")).unwrap_or_default()
}

fn spawn(binary: &Path, folder: &Path, arguments: &[String]) -> io::Result<(Child, String)> {
    let log_file = File::options().create(true).append(true).open(folder.join("server.log"))?;
    let mut command = Command::new(binary);
    command.args(arguments);
    if !arguments.iter().any(|argument| ["--data", "--database"].contains(&argument.as_str())) {
        let place = place_in(folder)?;
        // A demo has a folder in any case.
        if arguments.first().is_some_and(|first| first == "demo") && place[0] != "--data" {
            command.arg("--data").arg(data(folder));
        }
        command.args(place);
    }
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file).spawn()?;
    let mut line = String::new();
    if let Some(out) = process.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    match line.trim().split_once("listens on ") {
        Some((_, address)) => Ok((process, address.to_string())),
        None => {
            let _ = process.kill();
            let status = process.wait()?;
            Err(io::Error::other(format!("akson ended ({status}): {}", log(folder))))
        }
    }
}
