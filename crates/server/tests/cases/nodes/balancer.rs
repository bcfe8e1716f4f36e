//! Two servers behind haproxy (Debian's), under the work of people with tokens: one is killed, and
//! another takes its place. Nothing that was acknowledged is lost, nothing fails but what was on its way,
//! and what is blocked is never shown.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use akson_testkit::server::Server;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::tokens::registers;
use super::coherence::{KARI, block, observation};
use super::{JSON, client, database, load, open, put, ruled};
use crate::ask::Answer;
use crate::issuer::Issuer;

/// At work for the first unit, each with a connection of their own.
const CLIENTS: usize = 10;

/// A running haproxy with room for three servers.
struct Balancer {
    folder: TempDir,
    process: Child,
    address: String,
}

impl Balancer {
    fn start(servers: [&Server; 2]) -> Self {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let [a, b] = servers.map(|server| server.root().trim_start_matches("http://").to_owned());
        let socket = socket(folder.path());
        let text = format!(
            "global\n  stats socket {socket} level admin\n\
             defaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  \
             timeout server 60s\n  option redispatch 1\n  retries 2\n  \
             retry-on conn-failure empty-response response-timeout\n\
             frontend all\n  bind 127.0.0.1:{port}\n  default_backend nodes\n\
             backend nodes\n  balance roundrobin\n  \
             http-request disable-l7-retry unless METH_GET\n  option httpchk GET /health/ready\n  \
             default-server check inter 200ms fall 2 rise 1\n  \
             server a {a}\n  server b {b}\n  server c 127.0.0.1:1 disabled\n"
        );
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, text).unwrap();
        let process = Command::new("haproxy")
            .args(["-db".as_ref(), "-f".as_ref(), file.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(10), "haproxy does not start");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Self { folder, process, address: format!("http://127.0.0.1:{port}/fhir") }
    }

    fn say(&self, command: &str) -> String {
        let mut stream = UnixStream::connect(socket(self.folder.path())).unwrap();
        writeln!(stream, "{command}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends requests to another server too.
    fn add(&self, server: &Server) {
        let port = server.root().rsplit(':').next().unwrap();
        self.say(&format!("set server nodes/c addr 127.0.0.1 port {port}"));
        self.say("enable health nodes/c");
        self.say("set server nodes/c state ready");
        let began = Instant::now();
        loop {
            let state = self.say("show stat");
            let c = state.lines().find(|line| line.starts_with("nodes,c,")).unwrap_or_default();
            if c.contains(",UP,") {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{state}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}

fn socket(folder: &Path) -> String {
    folder.join("s").display().to_string()
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What somebody did.
#[derive(Default)]
struct Done {
    answered: usize,
    /// Ids of observations whose storing was acknowledged.
    written: Vec<String>,
    /// When a request that failed was sent, what it was, and how it failed.
    failed: Vec<(Instant, &'static str, String)>,
}

/// Writes, reads, searches and tries what is blocked, until told to stop.
async fn work(address: String, token: String, stop: Arc<AtomicBool>) -> Done {
    let (client, mut done) = (client(), Done::default());
    for n in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let began = Instant::now();
        let (method, path, body) = match n % 5 {
            0 | 1 => ("POST", "Observation", observation("new", "ola").to_string()),
            2 => ("GET", "Observation?patient=ola&_count=5", String::new()),
            3 => ("GET", "Patient/ola", String::new()),
            _ => ("GET", "Observation/blocked", String::new()),
        };
        match send(&client, method, &format!("{address}/{path}"), &token, body).await {
            Ok(answer) if matches!(answer.status, 502..=504) => {
                done.failed.push((began, method, answer.status.to_string()));
            }
            Ok(answer) => {
                let expected = [201, 201, 200, 200, 404][n % 5];
                let body = String::from_utf8_lossy(&answer.bytes);
                assert_eq!(answer.status, expected, "{method} {path}: {body}");
                done.answered += 1;
                if method == "POST" {
                    done.written.push(answer.text("/id"));
                }
            }
            Err(error) => done.failed.push((began, method, error.to_string())),
        }
    }
    done
}

async fn send(
    client: &Client,
    method: &str,
    url: &str,
    token: &str,
    body: String,
) -> Result<Answer, reqwest::Error> {
    let request = client.request(method.parse().unwrap(), url).header("Content-Type", JSON);
    let answer = request.header("authorization", token).body(body).send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    // A body that breaks off is a failure too.
    Ok(Answer { status, headers, bytes: answer.bytes().await?.to_vec() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_balancer_a_kill_costs_no_more_than_what_was_on_its_way() {
    if Command::new("haproxy").arg("-v").output().is_err() {
        println!("SKIPPED: haproxy is not installed (cargo xtask prepare)");
        return;
    }
    let (database, issuer) = (database(), Issuer::start());
    load(&database, &registers());
    {
        let (server, client) = (open(&database), client());
        for body in [
            json!({"resourceType": "Patient", "id": "per"}),
            observation("blocked", "per"),
            block("per", true),
            json!({"resourceType": "CareTeam", "id": "of-per", "status": "active",
                "subject": {"reference": "Patient/per"},
                "participant": [{"member": {"reference": "Organization/vest"}}]}),
        ] {
            put(&client, &server, &body).await;
        }
    }
    let mut first = ruled(&database, &issuer);
    let second = ruled(&database, &issuer);
    let balancer = Balancer::start([&first, &second]);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let token = issuer.person("elin", KARI, &json!({}));
            tokio::spawn(work(balancer.address.clone(), token, Arc::clone(&stop)))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(3)).await;
    first.kill().unwrap();
    let gone = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let third = tokio::task::block_in_place(|| {
        let third = ruled(&database, &issuer);
        balancer.add(&third);
        third
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    stop.store(true, Ordering::SeqCst);
    let mut all = Done::default();
    for one in clients {
        let one = one.await.unwrap();
        all.answered += one.answered;
        all.written.extend(one.written);
        all.failed.extend(one.failed);
    }
    println!("{} answered, failed: {:?}", all.answered, all.failed);
    assert!(all.answered > 300, "too little happened");
    // A read is asked again of another server. A write that was on its way may have been done: its sender
    // is told that nobody knows. A server that is killed closes its connections one by one, so what fails
    // at the first may be sent to the next.
    for (began, method, why) in &all.failed {
        let late = began.saturating_duration_since(gone);
        assert!(*method == "POST" && *began < gone, "{method}: {why}, {late:?} after the end");
    }
    let (client, token) = (client(), issuer.person("elin", KARI, &json!({})));
    for id in &all.written {
        let url = format!("{}/Observation/{id}", third.fhir());
        let answer = client.get(url).header("authorization", &token).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["meta"]["versionId"], "1", "{id}: {body}");
    }
}
