//! The list of changes while two servers write to it: a reader who pages through it or follows it by
//! time misses nothing, meets nothing twice, and finds nothing that came late.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use akson_testkit::server::Server;
use reqwest::Client;
use serde_json::{Value, json};

use super::{JSON, client, database, open, put};
use crate::ask::Answer;

/// Changes of each writer, at most.
const WRITES_MAX: usize = 600;

/// `id/version` of what is changed.
type Places = HashSet<String>;

/// Writes new observations and new versions of them until told to stop; answers all that was
/// acknowledged.
async fn write(fhir: String, writer: usize, stop: Arc<AtomicBool>) -> Places {
    let (client, mut written) = (client(), HashSet::new());
    for n in 0..WRITES_MAX {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        // The reader has the same two cores.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let id = format!("w{writer}-{}", n / 2);
        let body = json!({"resourceType": "Observation", "id": id, "status": "final",
            "code": {"text": format!("{n}")}});
        let request = client.put(format!("{fhir}/Observation/{id}")).header("Content-Type", JSON);
        let answer = Answer::of(request.body(body.to_string()).send().await.unwrap()).await;
        assert!(answer.status < 300, "{}", answer.status);
        written.insert(format!("{id}/{}", answer.text("/meta/versionId")));
    }
    written
}

async fn page(client: &Client, url: &str) -> Value {
    let answer = Answer::of(client.get(url).send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{url}: {}", String::from_utf8_lossy(&answer.bytes));
    answer.json()
}

/// All pages of a history, newest first: the places and their times, each once and in order.
async fn walk(client: &Client, first: String) -> Vec<(String, String)> {
    let (mut found, mut seen) = (Vec::<(String, String)>::new(), HashSet::new());
    let mut next = Some(first);
    while let Some(url) = next {
        let bundle = page(client, &url).await;
        for entry in bundle["entry"].as_array().into_iter().flatten() {
            let meta = &entry["resource"]["meta"];
            let id = entry["resource"]["id"].as_str().unwrap();
            let place = format!("{id}/{}", meta["versionId"].as_str().unwrap());
            let time = meta["lastUpdated"].as_str().unwrap().to_owned();
            assert!(seen.insert(place.clone()), "{place} twice in one walk");
            assert!(found.last().is_none_or(|(_, last)| *last >= time), "{place} out of order");
            found.push((place, time));
        }
        let links = bundle["link"].as_array().cloned().unwrap_or_default();
        let link = links.iter().find(|link| link["relation"] == "next");
        next = link.map(|link| link["url"].as_str().unwrap().to_owned());
    }
    found
}

/// Follows the changes by the time of the last one seen.
async fn follow(client: &Client, history: &str, seen: &mut Places, since: &mut String) {
    let first = match since.as_str() {
        "" => format!("{history}?_count=20"),
        since => format!("{history}?_count=20&_since={}", since.replace('+', "%2B")),
    };
    for (place, time) in walk(client, first).await {
        seen.insert(place);
        if time > *since {
            *since = time;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_changes_misses_nothing_while_two_servers_write() {
    let database = database();
    let servers: [Server; 2] = [open(&database), open(&database)];
    let client = client();
    put(&client, &servers[0], &json!({"resourceType": "Patient", "id": "p"})).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| tokio::spawn(write(servers[writer % 2].fhir(), writer, Arc::clone(&stop))))
        .collect();
    let mut followed = [(Places::new(), String::new()), (Places::new(), String::new())];
    let mut complete = Places::new();
    for round in 0..25 {
        tokio::time::sleep(Duration::from_millis(40)).await;
        let (seen, since) = &mut followed[round % 2];
        let history = format!("{}/Observation/_history", servers[round % 2].fhir());
        follow(&client, &history, seen, since).await;
        if round % 8 == 7 {
            // From the top to the bottom: what an earlier walk found is all there still.
            let history = format!("{}/Observation/_history?_count=50", servers[1].fhir());
            let all: Places = walk(&client, history).await.into_iter().map(|(p, _)| p).collect();
            assert!(complete.is_subset(&all), "something was there and is gone");
            complete = all;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let mut written = Places::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    assert!(written.len() > 100, "{} changes", written.len());
    for (server, (seen, since)) in servers.iter().zip(&mut followed) {
        follow(&client, &format!("{}/Observation/_history", server.fhir()), seen, since).await;
        assert_eq!(*seen, written);
    }
}
