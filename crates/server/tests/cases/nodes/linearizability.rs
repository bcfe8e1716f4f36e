//! Updates by version and creates by condition, against two servers on one database of which one is
//! killed and started again: is every history one that a single server could have answered?
//!
//! Of some calls nobody knows the outcome: they may have happened at any time after they began, or never.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use akson_testkit::linearizability;
use reqwest::Client;
use serde_json::json;

use super::{JSON, Random, client, database, open, put};
use crate::ask::Answer;

const CLIENTS: u64 = 6;
const REGISTERS: usize = 3;
const KILLS: usize = 3;

/// What is known of one resource: a register's version and what was written last, or of an identifier
/// whether somebody has it (1) and who (0: nobody has said).
type State = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Read(State),
    /// The expected version, what is written, and whether it went through, when that is known.
    Update(u64, u64, Option<bool>),
    /// Whether a resource was made and which it is, when that is known.
    Create(Option<(bool, u64)>),
}

type Call = linearizability::Call<Operation>;

/// The states in which a call can leave what it finds in a state; none when its answer does not fit.
fn apply(state: State, operation: Operation) -> Vec<State> {
    let (first, second) = state;
    let if_so = |fits: bool, then: State| if fits { vec![then] } else { Vec::new() };
    match operation {
        Operation::Read(read) => if_so(read == state, state),
        Operation::Update(expected, new, Some(true)) => if_so(expected == first, (first + 1, new)),
        Operation::Update(expected, _, Some(false)) => if_so(expected != first, state),
        Operation::Update(expected, new, None) if expected == first => vec![(first + 1, new)],
        Operation::Update(..) => vec![state],
        Operation::Create(Some((true, id))) => if_so(first == 0, (1, id)),
        Operation::Create(Some((false, id))) => {
            if_so(first == 1 && (second == id || second == 0), (1, id))
        }
        Operation::Create(None) if first == 0 => vec![(1, 0)],
        Operation::Create(None) => vec![state],
    }
}

fn is_linearizable(first: State, calls: Vec<Call>) -> bool {
    linearizability::is_linearizable(first, calls, apply)
}

fn call(begun: u64, ended: u64, operation: Operation) -> Call {
    Call { begun, ended, operation }
}

#[test]
fn the_checker_tells_good_histories_from_bad_ones() {
    use Operation::{Create, Read, Update};
    let is_linearizable = |calls| is_linearizable((0, 0), calls);
    let unheard = call(0, u64::MAX, Update(0, 7, None));
    assert!(is_linearizable(vec![unheard, call(1, 2, Read((0, 0))), call(3, 4, Read((1, 7)))]));
    assert!(!is_linearizable(vec![unheard, call(1, 2, Read((1, 7))), call(3, 4, Read((0, 0)))]));
    let update = |begun, new| call(begun, begun + 9, Update(0, new, Some(true)));
    assert!(!is_linearizable(vec![update(0, 1), update(1, 2)]));
    assert!(!is_linearizable(vec![call(0, 1, Update(0, 7, Some(false)))]));
    let create = |begun, made, id| call(begun, begun + 9, Create(Some((made, id))));
    assert!(is_linearizable(vec![create(0, false, 5), create(1, true, 5)]));
    assert!(!is_linearizable(vec![create(0, true, 4), create(1, true, 5)]));
    assert!(!is_linearizable(vec![create(0, true, 4), create(20, false, 5)]));
    assert!(is_linearizable(vec![call(0, u64::MAX, Create(None)), create(1, false, 5)]));
}

/// What the clients share.
struct World {
    /// Where the servers answer now.
    addresses: RwLock<[String; 2]>,
    clock: AtomicU64,
    stop: AtomicBool,
    calls: Mutex<BTreeMap<String, Vec<Call>>>,
    /// Answers that said that nothing was stored, or that it is not known.
    unsaid: AtomicU64,
}

impl World {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn note(&self, of: &str, begun: u64, operation: Operation) {
        let is_known =
            !matches!(operation, Operation::Update(_, _, None) | Operation::Create(None));
        let ended = if is_known { self.now() } else { u64::MAX };
        let mut calls = self.calls.lock().unwrap();
        calls.entry(of.to_owned()).or_default().push(Call { begun, ended, operation });
    }

    fn url(&self, server: usize, path: &str) -> String {
        format!("{}/{path}", self.addresses.read().unwrap()[server])
    }
}

/// The version and what was written, as a number; of what is not there, zeros.
fn state_of(answer: &Answer) -> Option<State> {
    match answer.status {
        200 | 201 => {
            let version = answer.text("/meta/versionId").parse().unwrap();
            Some((version, answer.text("/name/0/family").trim_start_matches('n').parse().unwrap()))
        }
        404 => Some((0, 0)),
        _ => None,
    }
}

/// One server's client: reads, updates by version and creates by condition, at random.
struct Caller {
    world: Arc<World>,
    client: Client,
    server: usize,
    random: Random,
    next: u64,
}

impl Caller {
    /// The answer; `None` when nobody heard it.
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let heard = async {
            let answer = request.timeout(Duration::from_secs(20)).send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let bytes = answer.bytes().await?.to_vec();
            Ok::<_, reqwest::Error>(Answer { status, headers, bytes })
        };
        heard.await.ok()
    }

    /// Waits for the server, after it was killed.
    async fn wait(&self) {
        while self.send(self.client.get(self.world.url(self.server, "metadata"))).await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn read(&self, of: &str) -> Option<State> {
        let begun = self.world.now();
        let url = self.world.url(self.server, &format!("Patient/{of}"));
        let state = state_of(&self.send(self.client.get(url)).await?)?;
        self.world.note(of, begun, Operation::Read(state));
        Some(state)
    }

    async fn update(&mut self, of: &str) {
        let Some((version, _)) = self.read(of).await else { return };
        self.next += 1;
        let new = self.next;
        let body = json!({"resourceType": "Patient", "id": of,
            "name": [{"family": format!("n{new}")}]});
        let url = self.world.url(self.server, &format!("Patient/{of}"));
        let request = self.client.put(url).header("Content-Type", JSON);
        let request = request.header("If-Match", format!("W/\"{version}\""));
        let begun = self.world.now();
        let outcome = match self.send(request.body(body.to_string())).await {
            Some(answer) if matches!(answer.status, 200 | 201) => Some(true),
            Some(answer) if answer.status == 412 => Some(false),
            // Others were faster, again and again: nothing was stored.
            Some(answer) if answer.status == 409 => {
                self.world.unsaid.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Some(answer) => {
                assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.bytes));
                assert!(!answer.header("Retry-After").is_empty());
                None
            }
            None => None,
        };
        self.world.note(of, begun, Operation::Update(version, new, outcome));
    }

    async fn create(&mut self, of: &str) {
        let url = self.world.url(self.server, "Patient");
        let body = json!({"resourceType": "Patient",
            "identifier": [{"system": "urn:n", "value": of}]});
        let request = self.client.post(url).header("Content-Type", JSON);
        let request = request.header("If-None-Exist", format!("identifier=urn:n|{of}"));
        let begun = self.world.now();
        let outcome = match self.send(request.body(body.to_string())).await {
            Some(answer) if matches!(answer.status, 200 | 201) => {
                let id = answer.text("/id");
                let number = id.bytes().fold(7u64, |all, byte| {
                    all.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(byte))
                });
                Some((answer.status == 201, number | 1))
            }
            Some(answer) if answer.status == 409 => {
                self.world.unsaid.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Some(answer) => {
                assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.bytes));
                None
            }
            None => None,
        };
        self.world.note(of, begun, Operation::Create(outcome));
    }

    async fn run(mut self) {
        for step in 0.. {
            if self.world.stop.load(Ordering::SeqCst) {
                return;
            }
            let register = format!("r{}", self.random.below(REGISTERS));
            match self.random.below(4) {
                0 => drop(self.read(&register).await),
                1 | 2 => self.update(&register).await,
                // All are at the same few identifiers at the same time.
                _ => self.create(&format!("i{}", step / 12)).await,
            }
            self.wait().await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_answer_as_one_would_also_when_one_is_killed() {
    let database = database();
    let mut servers = [open(&database), open(&database)];
    let world = Arc::new(World {
        addresses: RwLock::new([servers[0].fhir(), servers[1].fhir()]),
        clock: AtomicU64::new(1),
        stop: AtomicBool::new(false),
        calls: Mutex::default(),
        unsaid: AtomicU64::new(0),
    });
    let one = client();
    for register in 0..REGISTERS {
        let name = json!([{"family": "n0"}]);
        let body = json!({"resourceType": "Patient", "id": format!("r{register}"), "name": name});
        put(&one, &servers[0], &body).await;
    }
    let callers: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let caller = Caller {
                world: Arc::clone(&world),
                client: client(),
                server: number as usize % 2,
                random: Random(number + 1),
                next: (number + 1) * 1_000_000,
            };
            tokio::spawn(caller.run())
        })
        .collect();
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let server = &mut servers[kill % 2];
        tokio::task::block_in_place(|| {
            server.kill().unwrap();
            server.restart().unwrap();
        });
        world.addresses.write().unwrap()[kill % 2] = server.fhir();
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    world.stop.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    let calls = std::mem::take(&mut *world.calls.lock().unwrap());
    let all = || calls.values().flatten();
    let count =
        |operation: fn(&Operation) -> bool| all().filter(|c| operation(&c.operation)).count();
    let updated = count(|one| matches!(one, Operation::Update(_, _, Some(true))));
    let lost = count(|one| matches!(one, Operation::Update(_, _, Some(false))));
    let found = count(|one| matches!(one, Operation::Create(Some((false, _)))));
    let unheard = all().filter(|call| call.ended == u64::MAX).count();
    let unsaid = world.unsaid.load(Ordering::SeqCst);
    println!(
        "{} calls: {updated} updates, {lost} lost, {found} found, {unheard} unheard of, {unsaid} 409",
        all().count()
    );
    assert!(updated > 50 && lost > 5 && found > 20, "too little happened");
    assert!(unheard <= KILLS * CLIENTS as usize, "more than was in flight");
    for (of, calls) in calls {
        let history = format!("{calls:?}");
        // Registers are there from the beginning.
        let first = if of.starts_with('r') { (1, 0) } else { (0, 0) };
        assert!(is_linearizable(first, calls), "{of}: {history}");
    }
}
