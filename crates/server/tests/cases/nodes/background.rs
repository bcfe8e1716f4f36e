//! Work that every server does beside its requests: done by two at once, it comes out as if one had.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use akson_access::ReadPermit;
use akson_audit::{AccessIndex, Place};
use akson_base::Clock;
use akson_store::Store;
use akson_store::engine::postgres::{Options, PostgresEngine};
use akson_store::keys::PatientNumber;
use serde_json::json;

use super::super::tokens::registers;
use super::{client, database, load, ruled};
use crate::ask::Answer;
use crate::issuer::Issuer;

struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the test stands where the server does")]
    fn now(&self) -> akson_base::Instant {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        akson_base::Instant(now.as_millis() as i64)
    }
}

/// Both servers index every half second what both log; two more do nothing but index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_that_one_of_several_indexes_is_found_once() {
    let (database, issuer) = (database(), Issuer::start());
    load(&database, &registers());
    let servers = [ruled(&database, &issuer), ruled(&database, &issuer)];
    let store = || {
        let engine =
            PostgresEngine::open(&database.url(), &Options::default(), Arc::new(WallClock));
        Arc::new(Store::over(Arc::new(engine.unwrap()), Arc::new(WallClock)).unwrap())
    };
    let stores = [store(), store()];
    let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let indexing: Vec<_> = stores
        .iter()
        .map(|store| {
            let (index, ended) = (AccessIndex::new(Arc::clone(store)), Arc::clone(&ended));
            std::thread::spawn(move || {
                while !ended.load(std::sync::atomic::Ordering::SeqCst) {
                    index.catch_up().unwrap();
                    std::thread::park_timeout(Duration::from_millis(1));
                }
            })
        })
        .collect();
    let (client, token) = (client(), issuer.person("elin", "13818012345", &json!({})));
    for n in 0..300 {
        let url = format!("{}/Patient/ola", servers[n % 2].fhir());
        let request = client.get(url).header("authorization", &token);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    }
    // Once everything is indexed, the index alone answers.
    let began = Instant::now();
    let index = AccessIndex::new(Arc::clone(&stores[0]));
    while index.catch_up().unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "the index does not come to an end");
    }
    ended.store(true, std::sync::atomic::Ordering::SeqCst);
    indexing.into_iter().for_each(|one| one.join().unwrap());
    let snapshot = stores[0].snapshot();
    let patient: PatientNumber =
        stores[0].patient_number(snapshot.as_ref(), "ola").unwrap().unwrap();
    let permit = ReadPermit::for_deciding();
    let found = index.accesses(&permit, patient, Place::END, 1_000).unwrap();
    let reads = found.iter().filter(|access| &*access.entry.interaction == "read").count();
    assert_eq!(reads, 300, "of {} accesses", found.len());
}
