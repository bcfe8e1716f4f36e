//! What one server remembers holds no longer than what another has answered for: blocks, care teams and
//! roles changed on one, read on the other, while both have much to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use akson_testkit::server::Server;
use reqwest::Client;
use serde_json::{Value, json};

use super::super::tokens::registers;
use super::{client, database, load, open, put, ruled};
use crate::ask::Answer;
use crate::issuer::Issuer;

pub(super) const KARI: &str = "13818012345";
const ROUNDS: u64 = 60;

pub(super) fn block(of: &str, is_active: bool) -> Value {
    let status = if is_active { "active" } else { "inactive" };
    json!({"resourceType": "Consent", "id": "block", "status": status,
        "patient": {"reference": format!("Patient/{of}")},
        "policyRule": {"text": "x"}, "category": [{"text": "x"}],
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
            "code": "patient-privacy"}]},
        "provision": {"type": "deny", "actor": [{"role": {"text": "x"},
            "reference": {"reference": "Practitioner/kari"}}]}})
}

pub(super) fn observation(id: &str, of: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
        "subject": {"reference": format!("Patient/{of}")}})
}

/// A caller with a token.
#[derive(Clone)]
struct Reader {
    client: Client,
    fhir: String,
    token: String,
}

impl Reader {
    fn at(server: &Server, issuer: &Issuer) -> Self {
        let token = issuer.person("elin", KARI, &json!({}));
        Self { client: client(), fhir: server.fhir(), token }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = self.client.get(format!("{}/{path}", self.fhir));
        Answer::of(request.header("authorization", &self.token).send().await.unwrap()).await
    }

    /// Whether the observation is shown, in each of the ways in which it can be asked for in turn.
    async fn sees(&self, way: u64) -> bool {
        let path = match way % 4 {
            0 => "Observation/secret",
            1 => "Observation?patient=ola&_id=secret",
            2 => "Patient/ola/Observation?_id=secret",
            _ => "Observation/secret/_history",
        };
        let answer = self.get(path).await;
        match answer.status {
            200 if [1, 2].contains(&(way % 4)) => answer.text("/total") == "1",
            200 => true,
            404 => false,
            _ => panic!("{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.bytes)),
        }
    }
}

/// Writes of other things, so that what is told of a commit is one among many.
fn write_on(server: &Server, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<()> {
    let (client, fhir, stop) = (client(), server.fhir(), Arc::clone(stop));
    tokio::spawn(async move {
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let body = observation(&format!("other{}", n % 50), ["ola", "per"][n % 2]);
            let url = format!("{fhir}/Observation/other{}", n % 50);
            let request = client.put(url).header("Content-Type", super::JSON);
            request.body(body.to_string()).send().await.unwrap();
        }
    })
}

/// Reads without pause; `held` is even while the block holds, odd while it does not, and changes
/// before and after each write. Answers how many reads fell into a quiet time.
async fn read_on(reader: Reader, held: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> usize {
    let mut quiet = 0;
    for way in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let before = held.load(Ordering::SeqCst);
        let sees = reader.sees(way).await;
        if before == held.load(Ordering::SeqCst) && before.is_multiple_of(2) {
            assert_eq!(sees, before % 4 == 2, "way {way}, at {before}");
            quiet += 1;
        }
    }
    quiet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_made_on_one_server_holds_on_the_other_when_its_answer_has_come() {
    let (database, issuer) = (database(), Issuer::start());
    load(&database, &registers());
    let (writer, other) = (open(&database), ruled(&database, &issuer));
    let (client, reader) = (client(), Reader::at(&other, &issuer));
    put(&client, &writer, &json!({"resourceType": "Patient", "id": "per"})).await;
    put(&client, &writer, &observation("secret", "ola")).await;
    for way in 0..4 {
        assert!(reader.sees(way).await, "way {way}");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writing = write_on(&writer, &stop);
    // 2: lifted.
    let held = Arc::new(AtomicU64::new(2));
    let reading: Vec<_> = (0..3)
        .map(|_| tokio::spawn(read_on(reader.clone(), Arc::clone(&held), Arc::clone(&stop))))
        .collect();
    for round in 0..ROUNDS {
        held.fetch_add(1, Ordering::SeqCst);
        put(&client, &writer, &block("ola", true)).await;
        held.fetch_add(1, Ordering::SeqCst);
        assert!(!reader.sees(round).await, "round {round}: a block that was answered for");
        held.fetch_add(1, Ordering::SeqCst);
        // Lifted by a new status, or by becoming somebody else's.
        let lifted = if round % 2 == 0 { block("ola", false) } else { block("per", true) };
        put(&client, &writer, &lifted).await;
        held.fetch_add(1, Ordering::SeqCst);
        assert!(reader.sees(round).await, "round {round}: a block that was lifted");
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    let mut quiet = 0;
    for one in reading {
        quiet += one.await.unwrap();
    }
    assert!(quiet > 20, "{quiet} reads in a quiet time");
}

#[tokio::test]
async fn a_care_team_and_a_role_that_end_on_one_server_have_ended_on_the_other() {
    let (database, issuer) = (database(), Issuer::start());
    load(&database, &registers());
    let (writer, other) = (open(&database), ruled(&database, &issuer));
    let (client, reader) = (client(), Reader::at(&other, &issuer));
    put(&client, &writer, &observation("secret", "ola")).await;
    let all = registers();
    let find = |id: &str| {
        let entries = all["entry"].as_array().unwrap().iter();
        entries.map(|entry| &entry["resource"]).find(|one| one["id"] == id).unwrap().clone()
    };
    for round in 0..20 {
        assert!(reader.sees(round).await, "round {round}");
        let mut team = find("team");
        team["status"] = "inactive".into();
        put(&client, &writer, &team).await;
        assert!(!reader.sees(round).await, "round {round}: the team has ended");
        put(&client, &writer, &find("team")).await;
        assert!(reader.sees(round).await, "round {round}: the team is back");
        let mut role = find("kari-vest");
        role["active"] = false.into();
        put(&client, &writer, &role).await;
        let refused = reader.get("Observation/secret").await;
        let code = refused.text("/issue/0/details/coding/0/code");
        assert_eq!((refused.status, &*code), (403, "IDN-040"), "round {round}: the role has ended");
        put(&client, &writer, &find("kari-vest")).await;
    }
}
