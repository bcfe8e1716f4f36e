//! One resource as a register: reads, writes and compare-and-set by `If-Match` from many clients
//! must look as if they had happened one after the other, each between its request and its answer.
//!
//! Versions number the writes, so the order is given and only has to be checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::ask::Ask;

#[derive(Clone, Debug)]
struct Event {
    asked: u128,
    answered: u128,
    did: Did,
}

#[derive(Clone, Debug)]
enum Did {
    /// Saw this version with this value.
    Read(u32, String),
    /// Made this version with this value, on this one if it was compare-and-set.
    Wrote(u32, String, Option<u32>),
    /// Was refused because this version was not the current one.
    Refused(u32),
}

/// The first thing that no single order explains, if any.
fn violation(events: &[Event]) -> Option<String> {
    let mut values = HashMap::new();
    for event in events {
        if let Did::Wrote(version, value, on) = &event.did {
            if values.insert(*version, (value.clone(), event.asked)).is_some() {
                return Some(format!("version {version} was made twice"));
            }
            if on.is_some_and(|on| on + 1 != *version) {
                return Some(format!("version {version} was made on {on:?}"));
            }
        }
    }
    let made = values.len() as u32;
    if let Some(missing) = (1..=made).find(|version| !values.contains_key(version)) {
        return Some(format!("version {missing} was never acknowledged, but {made} were made"));
    }
    for event in events {
        match &event.did {
            Did::Read(version, value) => match values.get(version) {
                Some((written, asked)) if written == value && *asked <= event.answered => {}
                other => return Some(format!("{event:?} read what was not written: {other:?}")),
            },
            // Refused on `on`: a later version must have been on its way by then.
            Did::Refused(on) => match values.get(&(on + 1)) {
                Some((_, asked)) if *asked <= event.answered => {}
                other => return Some(format!("{event:?} was refused for nothing: {other:?}")),
            },
            Did::Wrote(..) => {}
        }
    }
    stale(events)
}

/// What was answered before something was asked may not have seen more than it.
fn stale(events: &[Event]) -> Option<String> {
    let at = |event: &Event| match &event.did {
        Did::Read(version, _) | Did::Wrote(version, ..) => *version,
        // It saw at least the one after.
        Did::Refused(on) => on + 1,
    };
    for earlier in events {
        for later in events.iter().filter(|later| later.asked > earlier.answered) {
            let too_old = match &later.did {
                Did::Wrote(version, ..) => {
                    *version <= at(earlier) && !matches!(earlier.did, Did::Refused(_))
                }
                Did::Read(version, _) => *version < at(earlier),
                Did::Refused(_) => false,
            };
            if too_old {
                return Some(format!("{later:?} came after {earlier:?}"));
            }
        }
    }
    None
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let event = |asked, answered, did| Event { asked, answered, did };
    let wrote = |version, value: &str, on| Did::Wrote(version, value.into(), on);
    let good = vec![
        event(0, 1, wrote(1, "a", None)),
        event(2, 5, wrote(2, "b", Some(1))),
        event(3, 4, Did::Read(1, "a".into())),
        event(3, 6, Did::Refused(1)),
    ];
    assert_eq!(violation(&good), None);
    let mut lost = good.clone();
    lost.push(event(7, 8, Did::Read(1, "a".into())));
    assert!(violation(&lost).is_some(), "a stale read");
    let mut twice = good.clone();
    twice.push(event(7, 8, wrote(2, "c", Some(1))));
    assert!(violation(&twice).is_some(), "two winners");
    let mut torn = good.clone();
    torn.push(event(7, 8, Did::Read(2, "a".into())));
    assert!(violation(&torn).is_some(), "another version's value");
    let mut early = good;
    early.push(event(0, 1, Did::Refused(1)));
    assert!(violation(&early).is_some(), "refused before there was a reason");
}

fn body(value: &str) -> String {
    format!(r#"{{"resourceType":"Basic","id":"r","code":{{"text":"{value}"}}}}"#)
}

/// `None` when the server gave up after too many lost races (409): nothing happened.
async fn act(
    ask: &Ask,
    client: usize,
    step: usize,
    known: &mut u32,
    began: Instant,
) -> Option<Event> {
    let value = format!("{client}-{step}");
    let asked = began.elapsed().as_nanos();
    let (answer, on) = match (client + step) % 3 {
        0 => (ask.get("/Basic/r").await, None),
        1 => {
            let headers = [("Content-Type", "application/fhir+json")];
            (ask.send("PUT /Basic/r", &headers, body(&value)).await, None)
        }
        _ => {
            let tag = format!("W/\"{known}\"");
            let headers = [("Content-Type", "application/fhir+json"), ("If-Match", tag.as_str())];
            (ask.send("PUT /Basic/r", &headers, body(&value)).await, Some(*known))
        }
    };
    let answered = began.elapsed().as_nanos();
    let version: u32 = answer.text("/meta/versionId").parse().unwrap_or(0);
    let did = match (answer.status, on, (client + step) % 3) {
        (412, Some(on), _) => Did::Refused(on),
        (200, None, 0) => Did::Read(version, answer.text("/code/text")),
        (200, on, _) => Did::Wrote(version, value, on),
        (409, None, 1) => return None,
        (status, ..) => panic!("{status}: {}", answer.text("/issue/0/diagnostics")),
    };
    // A refused client reads again before it tries again.
    *known = if version > 0 { version } else { *known + 1 };
    Some(Event { asked, answered, did })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_explains_what_every_client_saw() {
    let ask = Arc::new(Ask::start());
    let began = Instant::now();
    let first = Event {
        asked: 0,
        answered: {
            assert_eq!(ask.put("/Basic/r", &body("first")).await.status, 201);
            began.elapsed().as_nanos()
        },
        did: Did::Wrote(1, "first".into(), None),
    };
    let clients: Vec<_> = (0..12)
        .map(|client| {
            let ask = Arc::clone(&ask);
            tokio::spawn(async move {
                let (mut events, mut known) = (Vec::new(), 1);
                for step in 0..60 {
                    events.extend(act(&ask, client, step, &mut known, began).await);
                }
                events
            })
        })
        .collect();
    let mut events = vec![first];
    for client in clients {
        events.extend(client.await.unwrap());
    }
    assert_eq!(violation(&events), None);
    let won = events.iter().filter(|e| matches!(e.did, Did::Wrote(_, _, Some(_)))).count();
    let lost = events.iter().filter(|e| matches!(e.did, Did::Refused(_))).count();
    assert!(won > 5 && lost > 5, "too little contention to prove anything: {won} won, {lost} lost");
}
