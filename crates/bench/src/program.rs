//! The programs under measurement: starting them, watching their memory, stopping them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Address;
use crate::place::Place;
use crate::probe::Probe;

/// A server process; killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// Its FHIR base.
    pub(crate) address: Address,
    /// From starting the process until it answered.
    pub(crate) ready_after: Duration,
}

const READY_SECONDS_MAX: u64 = 120;
const STOP_SECONDS_MAX: u64 = 60;

/// Memory of a process in megabytes (10^6 bytes).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident: f64,
    /// Most that was ever resident.
    pub(crate) peak: f64,
}

/// Reads `/proc/[pid]/status`.
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
pub(crate) fn memory(pid: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
        Some(kibibytes * 1024.0 / 1e6)
    };
    Some(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// A port of loopback that was free a moment ago.
fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}

/// Seconds of processor time that a process and its children have used, those that have ended too; its
/// grandchildren's only once they have ended.
pub(crate) fn processor_seconds(process: u32) -> f64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = numbers.filter_map(accounts).filter(|account| account.parent == process);
    let all = accounts(process).into_iter().chain(children);
    all.map(|account| account.own + account.ended).sum()
}

/// Seconds of processor time of the children of this program that have ended.
pub(crate) fn processor_seconds_of_ended() -> f64 {
    accounts(std::process::id()).map_or(0.0, |account| account.ended)
}

/// What Linux has noted of a process.
struct Account {
    parent: u32,
    /// Seconds of the process itself.
    own: f64,
    /// Seconds of its children that have ended and were waited for.
    ended: f64,
}

/// Reads `/proc/[pid]/stat`; `None` when the process is gone.
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
fn accounts(process: u32) -> Option<Account> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything. After it: the state, the parent, and as the 14th to 17th
    // of all the time in user and system mode, of the process and of its children.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let seconds = |place: usize| -> Option<f64> {
        Some(fields.get(place)?.parse::<f64>().ok()? / TICKS_PER_SECOND)
    };
    let parent = fields.get(1)?.parse().ok()?;
    Some(Account { parent, own: seconds(11)? + seconds(12)?, ended: seconds(13)? + seconds(14)? })
}

/// `USER_HZ`: 100 on every machine that this program is measured on.
const TICKS_PER_SECOND: f64 = 100.0;

impl Program {
    /// `akson serve` on a record; waits until `/health/ready` answers 200.
    pub(crate) fn akson(akson: &Path, place: &Place, log: &Path) -> Result<Self, String> {
        Self::akson_with(akson, place, log, &["--open"])
    }

    /// `akson serve` with these further arguments.
    pub(crate) fn akson_with(
        akson: &Path,
        place: &Place,
        log: &Path,
        arguments: &[&str],
    ) -> Result<Self, String> {
        let port = free_port()?;
        let mut command = Command::new(akson);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]);
        Self::start(command.args(place.arguments()).args(arguments), port, log)
    }

    /// `akson demo` on the folder, with so many inhabitants; built when the folder is empty.
    pub(crate) fn demo(
        akson: &Path,
        data: &Path,
        people: &str,
        log: &Path,
    ) -> Result<Self, String> {
        let port = free_port()?;
        let mut command = Command::new(akson);
        command.args(["demo", "--port", &port.to_string(), "--people", people, "--data"]);
        Self::start(command.arg(data), port, log)
    }

    fn start(command: &mut Command, port: u16, log: &Path) -> Result<Self, String> {
        let address = Address::parse(&format!("http://127.0.0.1:{port}/fhir"))?;
        let log = std::fs::File::create(log).map_err(|error| error.to_string())?;
        let begin = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|error| error.to_string())?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        while std::net::TcpStream::connect(&address.authority).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!("akson stopped at once: {status}"));
            }
            if begin.elapsed().as_secs() > READY_SECONDS_MAX {
                drop(child.kill());
                return Err(format!("akson did not listen within {READY_SECONDS_MAX} s"));
            }
            pause(Duration::from_millis(2));
        }
        let reply = Probe::new(&address.with_path(""))?.get("/health/ready")?;
        if reply.status != 200 {
            drop(child.kill());
            return Err(format!("/health/ready answers {}", reply.status));
        }
        Ok(Self { child, address, ready_after: begin.elapsed() })
    }

    /// The constant server of this program, answering `bytes` bytes.
    pub(crate) fn constant(bytes: u64) -> Result<Self, String> {
        Self::own(&["constant", "--bytes", &bytes.to_string()])
    }

    /// The server of this program that does not wait for the access log, on the data folder.
    pub(crate) fn unwaited(data: &Path) -> Result<Self, String> {
        Self::own(&["unwaited", "--data", &data.to_string_lossy()])
    }

    fn own(arguments: &[&str]) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let begin = Instant::now();
        let mut child = Command::new(own)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let authority = line.trim().strip_prefix("listening on ").unwrap_or_default();
        let address = Address::parse(&format!("http://{authority}/fhir"))?;
        Ok(Self { child, address, ready_after: begin.elapsed() })
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the process holds.
    pub(crate) fn memory(&self) -> Memory {
        memory(self.child.id()).unwrap_or_default()
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        asked.map_err(|error| format!("kill: {error}"))?;
        let begin = Instant::now();
        while begin.elapsed().as_secs() < STOP_SECONDS_MAX {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return match status.success() {
                    true => Ok(()),
                    false => Err(format!("the server ended with {status}")),
                };
            }
            pause(Duration::from_millis(10));
        }
        Err(format!("the server did not stop within {STOP_SECONDS_MAX} s"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for another process, which has no event for us"
)]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Runs a command to its end; answers how long it took and its peak memory. Its output goes to
/// `log`.
pub(crate) fn run_measured(
    mut command: Command,
    log: &Path,
    accepted_exit_codes: &[i32],
) -> Result<(Duration, Memory), String> {
    let log_file = std::fs::File::create(log).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log_file.try_clone().map_err(|error| error.to_string())?)
        .stderr(log_file)
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut most = Memory::default();
    let status = loop {
        if let Some(now) = memory(child.id()) {
            most =
                Memory { resident: now.resident.max(most.resident), peak: now.peak.max(most.peak) };
        }
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        pause(Duration::from_millis(5));
    };
    match status.code() {
        Some(code) if accepted_exit_codes.contains(&code) => Ok((begin.elapsed(), most)),
        Some(_) | None => {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let tail: Vec<&str> = text.lines().rev().take(5).collect();
            Err(format!("{status}; last lines, newest first: {}", tail.join(" / ")))
        }
    }
}

/// Bytes of disk that a folder's files take, as `du` counts them (whole blocks).
pub(crate) fn disk_bytes(folder: &Path) -> Result<u64, String> {
    use std::os::unix::fs::MetadataExt;
    let mut sum = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| error.to_string())?;
            let metadata = entry.metadata().map_err(|error| error.to_string())?;
            sum += metadata.blocks() * 512;
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(sum)
}
