//! Many clients whose transactions change overlapping sets in whatever order, on two servers: nothing
//! waits for ever, and what was answered with success is there, all of it and once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{JSON, Random, client, database, open};
use crate::ask::Answer;

const CLIENTS: u64 = 200;
const EACH: usize = 2;
const PATIENTS: usize = 24;
const TOGETHER: usize = 5;
/// For an answer, with everybody at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A transaction that changes some of the patients, in any order.
fn transaction(random: &mut Random) -> (Vec<usize>, Value) {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < TOGETHER {
        let one = random.below(PATIENTS);
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    let entries: Vec<Value> = chosen
        .iter()
        .map(|one| {
            let name = format!("n{}", random.below(1_000_000));
            json!({"request": {"method": "PUT", "url": format!("Patient/p{one}")},
                "resource": {"resourceType": "Patient", "id": format!("p{one}"),
                    "name": [{"family": name}]}})
        })
        .collect();
    (chosen, json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_over_the_same_resources_on_two_servers_end_soon_and_are_whole() {
    let database = database();
    let servers = [open(&database), open(&database)];
    let addresses = Arc::new([servers[0].fhir(), servers[1].fhir()]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let addresses = Arc::clone(&addresses);
            tokio::spawn(async move {
                let (client, mut random) = (client(), Random(number + 1));
                let mut answers = Vec::new();
                for _ in 0..EACH {
                    let (chosen, body) = transaction(&mut random);
                    let request = client.post(&addresses[number as usize % 2]);
                    let request = request.header("Content-Type", JSON).timeout(PATIENCE);
                    let answer = request.body(body.to_string()).send().await.unwrap();
                    let answer = Answer::of(answer).await;
                    let is_later = answer.status == 503 && !answer.header("Retry-After").is_empty();
                    assert!(
                        matches!(answer.status, 200 | 409 | 412) || is_later,
                        "{} {}",
                        answer.status,
                        String::from_utf8_lossy(&answer.bytes)
                    );
                    answers.push((answer.status, chosen));
                }
                answers
            })
        })
        .collect();
    let mut made: BTreeMap<usize, u64> = BTreeMap::new();
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for one in clients {
        for (status, chosen) in one.await.unwrap() {
            *statuses.entry(status).or_default() += 1;
            if status == 200 {
                chosen.into_iter().for_each(|one| *made.entry(one).or_default() += 1);
            }
        }
    }
    println!("{statuses:?}");
    assert!(statuses[&200] > CLIENTS as usize, "{statuses:?}");
    let client = client();
    for (one, versions) in made {
        let url = format!("{}/Patient/p{one}/_history?_count=1", addresses[one % 2]);
        let history = Answer::of(client.get(url).send().await.unwrap()).await;
        assert_eq!(history.text("/total"), versions.to_string(), "p{one}");
    }
}
