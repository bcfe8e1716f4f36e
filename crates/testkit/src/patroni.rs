//! Two PostgreSQL servers of a test's own, one following the other synchronously, and Patroni with etcd
//! (Debian's packages) to say who leads. All on free ports of 127.0.0.1, in a temporary folder.
//!
//! Killing a member is as if its machine were lost: Patroni, PostgreSQL and all its processes at once.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::postgres::{free_port, is_root, postgres_user, programs, told};

/// Until a leader and its synchronous standby are there.
const WHOLE_SECONDS_MAX: u64 = 120;

/// A running cluster. Dropping it kills everything and removes its folder.
#[derive(Debug)]
pub struct Patroni {
    folder: TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    etcd: Option<Child>,
    a: Member,
    b: Member,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Led first.
    A,
    /// Followed first.
    B,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    /// Of PostgreSQL, and of Patroni's own answers.
    ports: [u16; 2],
    process: Option<Child>,
}

impl Patroni {
    /// Seconds after which a leader that is not heard of is replaced.
    pub const TTL_SECONDS: u32 = 10;

    /// Starts all; returns when there is a leader with a synchronous standby.
    ///
    /// # Errors
    /// When the programs are not there, or do not get so far; says what they said.
    pub fn start() -> io::Result<Self> {
        let folder = TempDir::new()?;
        let user = if is_root(folder.path())? { Some(postgres_user()?) } else { None };
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let member = |name| -> io::Result<Member> {
            Ok(Member { name, ports: [free_port()?, free_port()?], process: None })
        };
        let (a, b) = (member("a")?, member("b")?);
        let mut cluster = Self { folder, programs: programs()?, user, etcd: None, a, b };
        let etcd = free_port()?;
        cluster.etcd = Some(cluster.start_etcd(etcd)?);
        for member in [&cluster.a, &cluster.b] {
            let text = cluster.settings(member, etcd);
            fs::write(cluster.folder.path().join(format!("{}.yml", member.name)), text)?;
        }
        cluster.go_on(Name::A)?;
        cluster.wait_for("/primary", Name::A)?;
        cluster.go_on(Name::B)?;
        cluster.whole()?;
        Ok(cluster)
    }

    fn start_etcd(&self, port: u16) -> io::Result<Child> {
        let (own, peer) =
            (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", free_port()?));
        self.spawn("etcd", "etcd", |command| {
            command
                .args(["--data-dir", "etcd", "--name", "one"])
                .args(["--listen-client-urls", &own, "--advertise-client-urls", &own])
                .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
                .args(["--initial-cluster", &format!("one={peer}")]);
        })
    }

    fn settings(&self, member: &Member, etcd: u16) -> String {
        let (name, [port, answers]) = (member.name, member.ports);
        let (programs, ttl) = (self.programs.display(), Self::TTL_SECONDS);
        let folder = self.folder.path().display();
        format!(
            "scope: akson
name: {name}
restapi: {{listen: '127.0.0.1:{answers}', connect_address: '127.0.0.1:{answers}'}}
etcd3: {{host: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: {ttl}
    loop_wait: 1
    retry_timeout: 3
    synchronous_mode: true
    postgresql: {{use_pg_rewind: true}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
postgresql:
  listen: '127.0.0.1:{port}'
  connect_address: '127.0.0.1:{port}'
  data_dir: '{folder}/data-{name}'
  bin_dir: '{programs}'
  pgpass: '{folder}/pgpass-{name}'
  authentication:
    superuser: {{username: akson}}
    replication: {{username: akson}}
    rewind: {{username: akson}}
  parameters: {{unix_socket_directories: '', logging_collector: 'off'}}
  pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']
  remove_data_directory_on_diverged_timelines: true
  remove_data_directory_on_rewind_failure: true
"
        )
    }

    /// The address of a database by both servers, whichever leads.
    pub fn url(&self, database: &str) -> String {
        let ([a, _], [b, _]) = (self.a.ports, self.b.ports);
        format!(
            "postgresql://akson@127.0.0.1:{a},127.0.0.1:{b}/{database}\
             ?target_session_attrs=read-write"
        )
    }

    /// Makes an empty database and answers its address.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn database(&self, name: &str) -> io::Result<String> {
        let output = self
            .command(&self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--dbname", &self.url("postgres")])
            .args(["--command", &format!("CREATE DATABASE {name}")])
            .output()?;
        told("psql", &output)?;
        Ok(self.url(name))
    }

    /// Waits until one leads and the other follows synchronously, so that it would be made the leader;
    /// answers which leads.
    ///
    /// # Errors
    /// When it does not come to that; says what Patroni said.
    pub fn whole(&self) -> io::Result<Name> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(WHOLE_SECONDS_MAX) {
            for (leader, follower) in [(Name::A, Name::B), (Name::B, Name::A)] {
                if self.says("/primary", leader) && self.says("/sync", follower) {
                    return Ok(leader);
                }
            }
            park_timeout(Duration::from_millis(100));
        }
        Err(self.not_whole())
    }

    /// Kills a member without warning, as the loss of its machine would.
    ///
    /// # Errors
    /// When its processes cannot be found.
    pub fn kill(&mut self, name: Name) -> io::Result<()> {
        let member = self.member(name);
        let Some(mut process) = member.process.take() else { return Ok(()) };
        let noted = format!("data-{}/postmaster.pid", member.name);
        let noted = self.folder.path().join(noted);
        let postmaster = fs::read_to_string(noted).ok();
        let postmaster = postmaster.and_then(|text| text.lines().next()?.trim().parse().ok());
        let mut lost = vec![process.id()];
        if let Some(postmaster) = postmaster.filter(|process| is_postgres(*process)) {
            // Stopped, it starts no process that we would not see.
            signal("STOP", &[postmaster])?;
            lost.push(postmaster);
            lost.extend(children(postmaster)?);
        }
        signal("KILL", &lost)?;
        process.wait()?;
        Ok(())
    }

    /// Starts a member, also after [`Patroni::kill`]. It finds its place by itself: see
    /// [`Patroni::whole`].
    ///
    /// # Errors
    /// When Patroni cannot be started.
    pub fn go_on(&mut self, name: Name) -> io::Result<()> {
        let log = self.member(name).name;
        let settings = format!("{log}.yml");
        let process = self.spawn("patroni", log, |command| {
            command.arg(&settings);
        })?;
        self.member(name).process = Some(process);
        Ok(())
    }

    fn wait_for(&self, path: &str, name: Name) -> io::Result<()> {
        let began = Instant::now();
        while !self.says(path, name) {
            if began.elapsed() > Duration::from_secs(WHOLE_SECONDS_MAX) {
                return Err(self.not_whole());
            }
            park_timeout(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Whether a member's Patroni answers 200 to this path.
    fn says(&self, path: &str, name: Name) -> bool {
        let [_, port] = match name {
            Name::A => self.a.ports,
            Name::B => self.b.ports,
        };
        let ask = || -> io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        ask().is_ok_and(|answer| answer.split(' ').nth(1) == Some("200"))
    }

    fn member(&mut self, name: Name) -> &mut Member {
        match name {
            Name::A => &mut self.a,
            Name::B => &mut self.b,
        }
    }

    fn not_whole(&self) -> io::Error {
        let said = |name| {
            let text = fs::read_to_string(self.folder.path().join(format!("{name}.log")));
            let text = text.unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(20).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        io::Error::other(format!("no whole cluster:\n{}\n\n{}", said("a"), said("b")))
    }

    fn spawn(&self, program: &str, log: &str, set: impl Fn(&mut Command)) -> io::Result<Child> {
        let log = self.folder.path().join(format!("{log}.log"));
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = self.command(Path::new(program));
        set(&mut command);
        command.stdout(log.try_clone()?).stderr(log).spawn().map_err(|error| {
            io::Error::other(format!("{program}: {error}; `cargo xtask prepare` installs it"))
        })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("LC_ALL", "C").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        // A test that fails has ended; we do what can be done.
        let _ = self.kill(Name::A);
        let _ = self.kill(Name::B);
        if let Some(mut etcd) = self.etcd.take() {
            let _ = etcd.kill();
            let _ = etcd.wait();
        }
    }
}

/// The parent of a process, when the process is one of PostgreSQL's.
fn parent_of_postgres(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // `PID (name) state parent …`
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    if name != "postgres" {
        return None;
    }
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn is_postgres(process: u32) -> bool {
    parent_of_postgres(process).is_some()
}

fn children(parent: u32) -> io::Result<Vec<u32>> {
    let all = fs::read_dir("/proc")?;
    let processes = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(processes.filter(|process| parent_of_postgres(*process) == Some(parent)).collect())
}

/// Sends a signal to processes that we have started; one that has ended meanwhile is as good.
fn signal(name: &str, processes: &[u32]) -> io::Result<()> {
    let numbers: Vec<String> = processes.iter().map(u32::to_string).collect();
    let command = format!("kill -{name} {} 2>&1", numbers.join(" "));
    let _: Output = Command::new("sh").args(["-c", &command]).output()?;
    Ok(())
}
